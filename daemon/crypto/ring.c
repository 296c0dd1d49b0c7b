#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/ring_inner.h"
#include "crypto/secret.h"

struct ring_secrets *
ring_secrets_use(struct ring *ring)
{
	return (struct ring_secrets *)secret_use(ring->secrets);
}

void
ring_secrets_done(struct ring *ring)
{
	secret_done(ring->secrets);
}

static void
derive_image(struct ring *ring, enum ring_key which, const uint8_t *sign_pk)
{
	struct ring_image *image = &ring->image[which];

	if (prim_sign_image_pk(image->pk, sign_pk) != 0) /* of an own pair it never fails */
		memset(image->pk, 0, sizeof(image->pk));
	prim_seal_key_id(image->key_id, image->pk);
}

void
ring_derive_sign(struct ring *ring, struct ring_secrets *s)
{
	prim_sign_pair(ring->sign_pk, s->sk, s->seed);
	derive_image(ring, RING_KEY_DEVICE, ring->sign_pk);
	prim_device_id(ring->device_id, ring->sign_pk);
}

void
ring_derive_op(struct ring *ring, struct ring_secrets *s)
{
	prim_sign_pair(ring->op_pk, s->op_sk, s->op_seed);
	derive_image(ring, RING_KEY_OP, ring->op_pk);
	ring->hub = true;
}

void
ring_derive_epoch(struct ring_epoch *epoch, const uint8_t *sk)
{
	prim_dh_public(epoch->pk, sk);
	prim_seal_key_id(epoch->key_id, epoch->pk);
}

enum pmj_code
ring_alloc(struct ring **out, struct pmj_error *err)
{
	struct ring *ring = mem_new(sizeof(*ring));
	enum pmj_code rc;

	*out = NULL;
	if ((rc = secret_new(&ring->secrets, sizeof(struct ring_secrets), err)) != PMJ_OK) {
		ring_free(ring);
		return rc;
	}
	*out = ring;
	return PMJ_OK;
}

void
ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	secret_free(ring->secrets);
	secret_free(ring->strange);
	prim_wipe(ring, sizeof(*ring));
	free(ring);
}

enum pmj_code
ring_new(struct ring **out, bool hub, uint64_t now_ms, struct pmj_error *err)
{
	struct ring_secrets *s;
	struct ring *ring;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = ring_alloc(&ring, err)) != PMJ_OK)
		return rc;
	s = ring_secrets_use(ring);
	prim_random(s->seed, sizeof(s->seed));
	ring_derive_sign(ring, s);
	prim_random(s->dek, sizeof(s->dek));
	if (hub) {
		prim_random(s->op_seed, sizeof(s->op_seed));
		ring_derive_op(ring, s);
	}
	ring_secrets_done(ring);
	prim_random(ring->file_id, sizeof(ring->file_id));
	prim_random(ring->incarnation, sizeof(ring->incarnation));
	ring_epoch_add(ring, now_ms);
	ring_epoch_state(ring, 1, 2);
	*out = ring;
	return PMJ_OK;
}

/* ---- who and what ---- */

const uint8_t *
ring_sign_pk(const struct ring *ring)
{
	return ring->sign_pk;
}

const uint8_t *
ring_device_id(const struct ring *ring)
{
	return ring->device_id;
}

bool
ring_is_hub(const struct ring *ring)
{
	return ring->hub;
}

const uint8_t *
ring_op_pk(const struct ring *ring)
{
	return ring->hub ? ring->op_pk : NULL;
}

void
ring_sign(struct ring *ring, enum ring_key which, uint8_t sig[static 64], const char *label,
    const struct prim_part *parts, size_t count)
{
	const struct ring_secrets *s;

	assert(which == RING_KEY_DEVICE || ring->hub);
	s = ring_secrets_use(ring);
	prim_sign(sig, label, which == RING_KEY_OP ? s->op_sk : s->sk, parts, count);
	ring_secrets_done(ring);
}

void
ring_vouch(struct ring *ring, uint8_t out[static RING_VOUCH_BYTES], const void *bytes, size_t len)
{
	const struct ring_secrets *s;

	assert(ring->hub);
	s = ring_secrets_use(ring);
	prim_kdf(out, RING_VOUCH_BYTES, "pmj hub word v1", s->op_seed, PRIM_PARTS({bytes, len}));
	ring_secrets_done(ring);
}

/* ---- seal epochs ---- */

/* Which of the images has this id; -1: neither. */
static int
find_image(const struct ring *ring, const uint8_t *key_id)
{
	for (int i = RING_KEY_DEVICE; i <= (ring->hub ? RING_KEY_OP : RING_KEY_DEVICE); i++)
		if (memcmp(ring->image[i].key_id, key_id, PRIM_KEY_ID_BYTES) == 0)
			return i;
	return -1;
}

bool
ring_reader_pk(
    const struct ring *ring, const uint8_t key_id[static PRIM_KEY_ID_BYTES], uint8_t pk[static 32])
{
	int image = find_image(ring, key_id);

	for (size_t i = 0; i < ring->epochs; i++)
		if (memcmp(ring->epoch[i].key_id, key_id, PRIM_KEY_ID_BYTES) == 0) {
			memcpy(pk, ring->epoch[i].pk, 32);
			return true;
		}
	if (image >= 0)
		memcpy(pk, ring->image[image].pk, 32);
	return image >= 0;
}

static int
image_dh(struct ring *ring, int which, uint8_t out[static 32], const uint8_t pk[static 32])
{
	struct ring_secrets *s = ring_secrets_use(ring);
	int bad;

	prim_sign_image_sk(s->image_sk, which == RING_KEY_OP ? s->op_sk : s->sk);
	bad = prim_dh(out, s->image_sk, pk);
	prim_wipe(s->image_sk, sizeof(s->image_sk));
	ring_secrets_done(ring);
	return bad;
}

enum pmj_code
ring_dh(struct ring *ring, const uint8_t key_id[static PRIM_KEY_ID_BYTES], uint8_t out[static 32],
    const uint8_t pk[static 32], struct pmj_error *err)
{
	int bad = 0, image = find_image(ring, key_id);
	size_t i = 0;

	while (i < ring->epochs && memcmp(ring->epoch[i].key_id, key_id, PRIM_KEY_ID_BYTES) != 0)
		i++;
	if (i < ring->epochs) {
		bad = prim_dh(out, ring_secrets_use(ring)->epoch_sk[i], pk);
		ring_secrets_done(ring);
	} else if (image >= 0) {
		bad = image_dh(ring, image, out, pk);
	} else {
		return pmj_fail(err, PMJ_NOT_FOUND, "the key it was sealed to is no longer held");
	}
	return bad ? pmj_fail(err, PMJ_INTEGRITY, "the sender's key is not a usable one") : PMJ_OK;
}

size_t
ring_epochs(const struct ring *ring, struct ring_epoch *out, size_t room)
{
	size_t count = ring->epochs < room ? ring->epochs : room;

	memcpy(out, ring->epoch, count * sizeof(*out));
	return count;
}

void
ring_epoch_current(const struct ring *ring, struct ring_epoch *out)
{
	const struct ring_epoch *best = NULL;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ring->epochs; i++) {
		const struct ring_epoch *e = &ring->epoch[i];

		/* Between the two calls that end one and begin the next, none is current: the
		 * newest stands in. */
		if (best == NULL || (e->state == 2) > (best->state == 2) ||
		    ((e->state == 2) == (best->state == 2) && e->epoch > best->epoch))
			best = e;
	}
	if (best != NULL)
		*out = *best;
}

void
ring_epoch_add(struct ring *ring, uint64_t now_ms)
{
	struct ring_epoch *epoch = &ring->epoch[ring->epochs];
	struct ring_secrets *s;
	uint32_t last = 0;

	assert(ring->epochs < RING_EPOCHS_MAX);
	for (size_t i = 0; i < ring->epochs; i++)
		if (ring->epoch[i].epoch > last)
			last = ring->epoch[i].epoch;
	epoch->epoch = last + 1;
	epoch->created_ms = now_ms;
	epoch->state = 1;
	s = ring_secrets_use(ring);
	prim_random(s->epoch_sk[ring->epochs], 32);
	ring_derive_epoch(epoch, s->epoch_sk[ring->epochs]);
	ring_secrets_done(ring);
	ring->epochs++;
}

void
ring_epoch_state(struct ring *ring, uint32_t epoch, uint8_t state)
{
	assert(state >= 1 && state <= 3);
	for (size_t i = 0; i < ring->epochs; i++)
		if (ring->epoch[i].epoch == epoch)
			ring->epoch[i].state = state;
}

void
ring_epoch_destroy(struct ring *ring, uint32_t epoch)
{
	struct ring_secrets *s;
	size_t i = 0, after;

	while (i < ring->epochs && ring->epoch[i].epoch != epoch)
		i++;
	if (i == ring->epochs)
		return;
	after = ring->epochs - i - 1;
	s = ring_secrets_use(ring);
	memmove(s->epoch_sk[i], s->epoch_sk[i + 1], after * 32);
	prim_wipe(s->epoch_sk[ring->epochs - 1], 32);
	ring_secrets_done(ring);
	memmove(&ring->epoch[i], &ring->epoch[i + 1], after * sizeof(ring->epoch[0]));
	ring->epochs--;
}

/* ---- journal, anchor, pins ---- */

const uint8_t *
ring_file_id(const struct ring *ring)
{
	return ring->file_id;
}

void
ring_dek(struct ring *ring, uint8_t out[static 32])
{
	memcpy(out, ring_secrets_use(ring)->dek, 32);
	ring_secrets_done(ring);
}

void
ring_set_journal(struct ring *ring, const uint8_t file_id[static 8], const uint8_t dek[static 32])
{
	memcpy(ring->file_id, file_id, sizeof(ring->file_id));
	memcpy(ring_secrets_use(ring)->dek, dek, 32);
	ring_secrets_done(ring);
}

void
ring_anchor(const struct ring *ring, struct ring_anchor *out)
{
	*out = ring->anchor;
}

void
ring_set_anchor(struct ring *ring, const struct ring_anchor *anchor)
{
	assert(anchor->lanes <= RING_ANCHOR_LANES_MAX);
	ring->anchor = *anchor;
}

void
ring_pin(const struct ring *ring, struct ring_pin *out)
{
	*out = ring->pin;
}

void
ring_set_pin(struct ring *ring, const struct ring_pin *pin)
{
	ring->pin = *pin;
}

void
ring_roster(const struct ring *ring, uint64_t *version, uint8_t head[static 32])
{
	*version = ring->roster_version;
	memcpy(head, ring->roster_head, 32);
}

void
ring_set_roster(struct ring *ring, uint64_t version, const uint8_t head[static 32])
{
	ring->roster_version = version;
	memcpy(ring->roster_head, head, 32);
}

const uint8_t *
ring_incarnation(const struct ring *ring)
{
	return ring->incarnation;
}

void
ring_set_incarnation(struct ring *ring, const uint8_t incarnation[static 16])
{
	memcpy(ring->incarnation, incarnation, sizeof(ring->incarnation));
}

uint64_t
ring_hub_time(const struct ring *ring)
{
	return ring->hub_time;
}

void
ring_set_hub_time(struct ring *ring, uint64_t ms)
{
	ring->hub_time = ms;
}

bool
ring_has_tombstone_key(const struct ring *ring)
{
	return ring->has_tombstone;
}

void
ring_tombstone_key(struct ring *ring, uint8_t out[static 32])
{
	struct ring_secrets *s = ring_secrets_use(ring);

	if (!ring->has_tombstone) {
		prim_random(s->tombstone, sizeof(s->tombstone));
		ring->has_tombstone = true;
	}
	memcpy(out, s->tombstone, sizeof(s->tombstone));
	ring_secrets_done(ring);
}
