/* ring_bytes.c - the ring as bytes and back: a table of records, each with its two directions. */
#include <string.h>

#include "crypto/ring_inner.h"
#include "crypto/secret.h"

#define LANE_BYTES 97
#define ANCHOR_BYTES 40
#define EPOCH_BYTES 49
#define RING_BYTES_MAX 14224 /* what the key file holds, without the tag */

static void
out_head(struct bytes_out *o, uint16_t type, size_t len)
{
	uint8_t le[4];

	put_le16(le, type);
	put_le16(le + 2, (uint16_t)len);
	out_bytes(o, le, sizeof(le));
}

/* Copy count bytes of a record whose length was checked before. */
static void
take(void *to, struct bytes_in *in, size_t count)
{
	const uint8_t *from = in_bytes(in, count);

	if (from != NULL)
		memcpy(to, from, count);
}

static void
seed_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	(void)ring;
	out_head(o, 1, sizeof(s->seed));
	out_bytes(o, s->seed, sizeof(s->seed));
}

static void
seed_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	take(s->seed, in, sizeof(s->seed));
	ring_derive_sign(ring, s);
}

static void
epoch_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	for (size_t i = 0; i < ring->epochs; i++) {
		out_head(o, 2, EPOCH_BYTES - 4);
		out_u32(o, ring->epoch[i].epoch);
		out_bytes(o, s->epoch_sk[i], 32);
		out_u64(o, ring->epoch[i].created_ms);
		out_u8(o, ring->epoch[i].state);
	}
}

static void
epoch_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	struct ring_epoch *epoch = &ring->epoch[ring->epochs];

	if (ring->epochs == RING_EPOCHS_MAX) {
		in->bad = true;
		return;
	}
	epoch->epoch = in_u32(in);
	take(s->epoch_sk[ring->epochs], in, 32);
	epoch->created_ms = in_u64(in);
	epoch->state = in_u8(in);
	for (size_t i = 0; i < ring->epochs; i++)
		if (ring->epoch[i].epoch == epoch->epoch)
			in->bad = true;
	if (epoch->state < 1 || epoch->state > 3)
		in->bad = true;
	ring_derive_epoch(epoch, s->epoch_sk[ring->epochs]);
	ring->epochs++;
}

static void
journal_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	out_head(o, 3, sizeof(ring->file_id) + sizeof(s->dek));
	out_bytes(o, ring->file_id, sizeof(ring->file_id));
	out_bytes(o, s->dek, sizeof(s->dek));
}

static void
journal_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	take(ring->file_id, in, sizeof(ring->file_id));
	take(s->dek, in, sizeof(s->dek));
}

static void
anchor_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	const struct ring_anchor *a = &ring->anchor;

	(void)s;
	out_head(o, 4, ANCHOR_BYTES + a->lanes * LANE_BYTES);
	out_u64(o, a->count);
	out_bytes(o, a->j, 32);
	for (size_t i = 0; i < a->lanes; i++) {
		out_u8(o, a->lane[i].lane);
		out_bytes(o, a->lane[i].incarnation, 16);
		out_u64(o, a->lane[i].segno);
		out_bytes(o, a->lane[i].segment_id, 32);
		out_u64(o, a->lane[i].seq);
		out_bytes(o, a->lane[i].chain, 32);
	}
}

static void
anchor_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	struct ring_anchor *a = &ring->anchor;

	(void)s;
	if (in->left < ANCHOR_BYTES || (in->left - ANCHOR_BYTES) % LANE_BYTES != 0 ||
	    (in->left - ANCHOR_BYTES) / LANE_BYTES > RING_ANCHOR_LANES_MAX) {
		in->bad = true;
		return;
	}
	a->count = in_u64(in);
	take(a->j, in, 32);
	for (a->lanes = 0; in->left > 0 && !in->bad; a->lanes++) {
		struct ring_lane *lane = &a->lane[a->lanes];

		lane->lane = in_u8(in);
		take(lane->incarnation, in, 16);
		lane->segno = in_u64(in);
		take(lane->segment_id, in, 32);
		lane->seq = in_u64(in);
		take(lane->chain, in, 32);
	}
}

static void
pin_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	(void)s;
	if (!ring->pin.set)
		return;
	out_head(o, 5, 100);
	out_bytes(o, ring->pin.root_pk, 32);
	out_bytes(o, ring->pin.next_root_hash, 32);
	out_u32(o, ring->pin.serial);
	out_bytes(o, ring->pin.cert_hash, 32);
}

static void
pin_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	(void)s;
	ring->pin.set = true;
	take(ring->pin.root_pk, in, 32);
	take(ring->pin.next_root_hash, in, 32);
	ring->pin.serial = in_u32(in);
	take(ring->pin.cert_hash, in, 32);
}

static void
roster_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	(void)s;
	if (ring->roster_version == 0)
		return;
	out_head(o, 6, 40);
	out_u64(o, ring->roster_version);
	out_bytes(o, ring->roster_head, 32);
}

static void
roster_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	(void)s;
	ring->roster_version = in_u64(in);
	take(ring->roster_head, in, 32);
}

static void
incarnation_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	(void)s;
	out_head(o, 7, 16);
	out_bytes(o, ring->incarnation, 16);
}

static void
incarnation_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	(void)s;
	take(ring->incarnation, in, 16);
}

static void
hub_time_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	(void)s;
	if (ring->hub_time == 0)
		return;
	out_head(o, 8, 8);
	out_u64(o, ring->hub_time);
}

static void
hub_time_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	(void)s;
	ring->hub_time = in_u64(in);
}

static void
op_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	if (!ring->hub)
		return;
	out_head(o, 9, sizeof(s->op_seed));
	out_bytes(o, s->op_seed, sizeof(s->op_seed));
}

static void
op_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	take(s->op_seed, in, sizeof(s->op_seed));
	ring_derive_op(ring, s);
}

static void
tombstone_put(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s)
{
	if (!ring->has_tombstone)
		return;
	out_head(o, 10, sizeof(s->tombstone));
	out_bytes(o, s->tombstone, sizeof(s->tombstone));
}

static void
tombstone_take(struct ring *ring, struct ring_secrets *s, struct bytes_in *in)
{
	ring->has_tombstone = true;
	take(s->tombstone, in, sizeof(s->tombstone));
}

#define MANY 1
#define NEEDED 2
static const struct record {
	uint16_t type;
	int flags;
	void (*put)(struct bytes_out *o, const struct ring *ring, const struct ring_secrets *s);
	void (*take)(struct ring *ring, struct ring_secrets *s, struct bytes_in *in);
} records[] = {
    {1, NEEDED, seed_put, seed_take},
    {2, MANY, epoch_put, epoch_take},
    {3, NEEDED, journal_put, journal_take},
    {4, 0, anchor_put, anchor_take},
    {5, 0, pin_put, pin_take},
    {6, 0, roster_put, roster_take},
    {7, NEEDED, incarnation_put, incarnation_take},
    {8, 0, hub_time_put, hub_time_take},
    {9, 0, op_put, op_take},
    {10, 0, tombstone_put, tombstone_take},
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

enum pmj_code
ring_pack(uint8_t *out, size_t room, size_t *len, struct ring *ring, struct pmj_error *err)
{
	struct bytes_out o = {out, room, false};
	struct ring_secrets *s = ring_secrets_use(ring);

	for (size_t i = 0; i < RECORDS; i++)
		records[i].put(&o, ring, s);
	ring_secrets_done(ring);
	if (ring->strange != NULL) {
		out_bytes(&o, secret_use(ring->strange), ring->strange_len);
		secret_done(ring->strange);
	}
	if (o.bad)
		return pmj_fail(err, PMJ_TOO_BIG, "the ring of keys is more than %zu bytes", room);
	*len = room - o.left;
	return PMJ_OK;
}

/* A record of a newer program: kept whole, head and all, and written back. */
static enum pmj_code
keep_strange(struct ring *ring, uint16_t type, const struct bytes_in *value, struct pmj_error *err)
{
	struct bytes_out o = {NULL, 0, false};
	enum pmj_code rc;

	if (ring->strange == NULL &&
	    (rc = secret_new(&ring->strange, RING_BYTES_MAX, err)) != PMJ_OK)
		return rc;
	o.at = secret_use(ring->strange) + ring->strange_len;
	o.left = RING_BYTES_MAX - ring->strange_len;
	out_head(&o, type, value->left);
	out_bytes(&o, value->at, value->left);
	secret_done(ring->strange);
	if (o.bad)
		return pmj_fail(err, PMJ_DAMAGED_KEYS, "the ring of keys is too long");
	ring->strange_len = RING_BYTES_MAX - o.left;
	return PMJ_OK;
}

/* Take all records; those seen are counted in `seen`, beside `records`. */
static enum pmj_code
take_records(struct ring *ring, struct ring_secrets *s, struct bytes_in *in, unsigned *seen,
    struct pmj_error *err)
{
	while (in->left > 0) {
		uint16_t type = in_u16(in);
		uint16_t len = in_u16(in);
		struct bytes_in value = {in_bytes(in, len), len, false};
		enum pmj_code rc;
		size_t i = 0;

		if (in->bad)
			return pmj_fail(err, PMJ_DAMAGED_KEYS, "the ring of keys is cut short");
		while (i < RECORDS && records[i].type != type)
			i++;
		if (i == RECORDS) {
			if ((rc = keep_strange(ring, type, &value, err)) != PMJ_OK)
				return rc;
			continue;
		}
		if (seen[i]++ > 0 && !(records[i].flags & MANY))
			return pmj_fail(
			    err, PMJ_DAMAGED_KEYS, "the ring has record %u twice", type);
		records[i].take(ring, s, &value);
		if (value.bad || value.left > 0)
			return pmj_fail(err, PMJ_DAMAGED_KEYS,
			    "record %u of the ring is not as it should be", type);
	}
	return PMJ_OK;
}

enum pmj_code
ring_decode(struct ring **out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct bytes_in in = {bytes, len, false};
	unsigned seen[RECORDS] = {0};
	struct ring *ring = NULL;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = ring_alloc(&ring, err)) != PMJ_OK)
		goto out;
	rc = take_records(ring, ring_secrets_use(ring), &in, seen, err);
	ring_secrets_done(ring);
	if (rc != PMJ_OK)
		goto out;
	for (size_t i = 0; i < RECORDS; i++) {
		if (seen[i] == 0 && (records[i].flags & NEEDED)) {
			rc = pmj_fail(
			    err, PMJ_DAMAGED_KEYS, "the ring has no record %u", records[i].type);
			goto out;
		}
	}
	*out = ring;
	ring = NULL;
out:
	ring_free(ring);
	return rc;
}
