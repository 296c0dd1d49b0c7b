#include "crypto/restored.h"

#include <assert.h>
#include <string.h>

#include "crypto/halves.h"
#include "crypto/recovery.h"
#include "crypto/secret.h"

#define ROOM 14224 /* what the key file holds of a ring */

/* Types of ring records (4.2). */
enum {
	SEED = 1,
	EPOCH = 2,
	JOURNAL = 3,
	PIN = 5,
	ROSTER = 6,
	INCARNATION = 7,
	HUB_TIME = 8,
	OP_SEED = 9,
	TOMBSTONE = 10
};

static bool
may_travel(uint16_t type)
{
	static const uint16_t types[] = {SEED, PIN, ROSTER, HUB_TIME, OP_SEED, TOMBSTONE};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

enum pmj_code
restored_records(struct buf *out, struct ring *ring, struct pmj_error *err)
{
	struct secret *plain = NULL;
	struct bytes_in in = {NULL, 0, false};
	enum pmj_code rc;

	if ((rc = secret_new(&plain, ROOM, err)) != PMJ_OK)
		return rc;
	in.at = secret_use(plain);
	if ((rc = ring_pack(secret_use(plain), ROOM, &in.left, ring, err)) != PMJ_OK)
		goto out;
	while (in.left > 0) {
		const uint8_t *head = in.at;
		uint16_t type = in_u16(&in);
		uint16_t len = in_u16(&in);

		if (in_bytes(&in, len) != NULL && may_travel(type))
			buf_put(out, head, 4 + (size_t)len);
	}
	rc = buf_check(out, err);
out:
	secret_done(plain);
	secret_done(plain);
	secret_free(plain);
	return rc;
}

uint32_t
restored_last_epoch(const struct ring *ring)
{
	struct ring_epoch epochs[RING_EPOCHS_MAX];
	size_t count = ring_epochs(ring, epochs, RING_EPOCHS_MAX);
	uint32_t last = 0;

	for (size_t i = 0; i < count; i++)
		last = epochs[i].epoch > last ? epochs[i].epoch : last;
	return last;
}

/* Records being written into guarded memory. */
struct draft {
	uint8_t *at;
	size_t used;
};

static uint8_t *
record(struct draft *draft, uint16_t type, uint16_t len)
{
	uint8_t *value = draft->at + draft->used + 4;

	assert(draft->at != NULL);
	put_le16(draft->at + draft->used, type);
	put_le16(draft->at + draft->used + 2, len);
	draft->used += 4 + (size_t)len;
	return value;
}

/* Journal key, incarnation and one seal key in use; sk NULL: a random one. */
static void
add_own(struct draft *draft, uint32_t epoch, uint64_t now_ms, const uint8_t *sk)
{
	uint8_t *value = record(draft, EPOCH, 45);

	put_le32(value, epoch);
	if (sk != NULL)
		memcpy(value + 4, sk, 32);
	else
		prim_random(value + 4, 32);
	put_le64(value + 36, now_ms);
	value[44] = 2;
	prim_random(record(draft, JOURNAL, 40), 40);
	prim_random(record(draft, INCARNATION, 16), 16);
}

/* Only what a backup may hold, each record whole. */
static enum pmj_code
check_records(const uint8_t *records, size_t len, struct pmj_error *err)
{
	struct bytes_in in = {records, len, false};

	while (in.left > 0 && !in.bad) {
		uint16_t type = in_u16(&in);

		if (in_bytes(&in, in_u16(&in)) == NULL || !may_travel(type))
			in.bad = true;
	}
	if (in.bad || len > ROOM - 256)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "the keys in the backup are not as they should be");
	return PMJ_OK;
}

enum pmj_code
restored_ring(struct ring **out, const uint8_t *records, size_t len, uint32_t last_epoch,
    uint64_t now_ms, struct pmj_error *err)
{
	uint32_t epoch = (uint32_t)(now_ms / 1000);
	struct secret *plain = NULL;
	struct draft draft = {NULL, 0};
	enum pmj_code rc;

	*out = NULL;
	if ((rc = check_records(records, len, err)) != PMJ_OK ||
	    (rc = secret_new(&plain, ROOM, err)) != PMJ_OK)
		return rc;
	draft.at = secret_use(plain);
	if (len > 0)
		memcpy(draft.at, records, len);
	draft.used = len;
	add_own(&draft, epoch > last_epoch ? epoch : last_epoch + 1, now_ms, NULL);
	rc = ring_decode(out, draft.at, draft.used, err);
	secret_done(plain);
	secret_free(plain);
	if (rc == PMJ_DAMAGED_KEYS)
		rc = pmj_fail(
		    err, PMJ_INTEGRITY, "the keys in the backup are not as they should be");
	return rc;
}

/* Scratch in guarded memory. */
struct reader_work {
	uint8_t code[RECOVERY_BYTES];
	struct half halves[2];
	uint8_t sk[32];
	uint8_t records[256];
};

/* A ring with nothing in it but work->sk as its seal key. */
static enum pmj_code
reader_ring(struct ring **out, struct reader_work *work, struct pmj_error *err)
{
	struct draft draft = {work->records, 0};

	prim_random(record(&draft, SEED, 32), 32);
	add_own(&draft, 1, 0, work->sk);
	return ring_decode(out, draft.at, draft.used, err);
}

enum pmj_code
restored_reader(
    struct ring **out, const char *code, const uint8_t store_uuid[static 16], struct pmj_error *err)
{
	struct secret *secret = NULL;
	struct reader_work *work;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = secret_new(&secret, sizeof(*work), err)) != PMJ_OK)
		return rc;
	work = (struct reader_work *)secret_use(secret);
	if ((rc = recovery_parse(work->code, code, err)) == PMJ_OK) {
		recovery_slot_sk(work->sk, work->code, store_uuid);
		rc = reader_ring(out, work, err);
	}
	secret_done(secret);
	secret_free(secret);
	return rc;
}

enum pmj_code
restored_reader_halves(struct ring **out, struct restored_halves *typed,
    const uint8_t store_uuid[static 16], struct pmj_error *err)
{
	struct secret *secret = NULL;
	struct reader_work *work;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = secret_new(&secret, sizeof(*work), err)) != PMJ_OK)
		return rc;
	work = (struct reader_work *)secret_use(secret);
	for (size_t i = 0; i < 2 && rc == PMJ_OK; i++)
		rc = half_read(
		    &work->halves[i], typed->lists, typed->count, typed->text[i], i == 1, err);
	if (rc == PMJ_OK && (rc = halves_sk(work->sk, work->halves, store_uuid, err)) == PMJ_OK) {
		typed->day = work->halves[0].day;
		typed->number = work->halves[0].number;
		rc = reader_ring(out, work, err);
	}
	secret_done(secret);
	secret_free(secret);
	return rc;
}
