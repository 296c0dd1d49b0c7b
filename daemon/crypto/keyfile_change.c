/* keyfile_change.c - the ways into the key file changed: passphrase, paper code, escrow. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/cost.h"
#include "crypto/keyfile_inner.h"

struct keyfile_change {
	const struct os *os;
	struct rewrite rw; /* of the head as it was, with the new slot and its KEK once stretched */
	unsigned index;
};

enum pmj_code
keyfile_change_new(struct keyfile_change **out, const struct keyfile *keys, struct pmj_error *err)
{
	struct keyfile_change *change = mem_new(sizeof(*change));
	int index = image_find(keys->head, SLOT_PASSPHRASE);
	enum pmj_code rc;

	assert(index >= 0);
	*out = NULL;
	change->os = keys->os;
	change->index = (unsigned)index;
	if ((rc = rewrite_begin(&change->rw, keys, err)) != PMJ_OK) {
		keyfile_change_free(change);
		return rc;
	}
	*out = change;
	return PMJ_OK;
}

void
keyfile_change_free(struct keyfile_change *change)
{
	if (change == NULL)
		return;
	rewrite_end(&change->rw);
	free(change);
}

/* Is this the passphrase of the slot that stands? */
static enum pmj_code
check_passphrase(struct keyfile_change *change, const char *passphrase, struct pmj_error *err)
{
	const uint8_t *slot = image_slot_at(change->rw.image, change->index);
	struct slot_work *work = &change->rw.work->slot;
	enum pmj_code rc;

	if ((rc = slot_stretch(work->x, slot, passphrase, err)) != PMJ_OK)
		return rc;
	slot_keys(work, change->rw.image + IMAGE_AT_UUID, change->index, slot);
	return slot_commits(work, slot) ? PMJ_OK
	                                : pmj_fail(err, PMJ_WRONG_PASSPHRASE, "wrong passphrase");
}

enum pmj_code
keyfile_change_stretch(struct keyfile_change *change, const char *old, const char *next,
    const struct keyfile_cost *cost, struct pmj_error *err)
{
	enum pmj_code rc;

	if (old != NULL && (rc = check_passphrase(change, old, err)) != PMJ_OK)
		return rc;
	return rewrite_passphrase(&change->rw, change->index, change->os, next, cost, err);
}

enum pmj_code
keyfile_change_put(
    struct keyfile_change *change, struct keyfile *keys, struct ring *ring, struct pmj_error *err)
{
	struct rewrite *rw = &change->rw;
	uint8_t slot[SLOT_BYTES];

	/* The rest of the head as it is by now: it may have been saved meanwhile. */
	memcpy(slot, image_slot(rw->image, change->index), sizeof(slot));
	memcpy(rw->image, keys->head, sizeof(keys->head));
	memcpy(image_slot(rw->image, change->index), slot, sizeof(slot));
	return rewrite_rotate(rw, keys, ring, err);
}

enum pmj_code
keyfile_set_passphrase(struct keyfile *keys, struct ring *ring, const char *passphrase,
    const struct keyfile_cost *cost, struct pmj_error *err)
{
	struct keyfile_change *change = NULL;
	struct keyfile_cost old = {0};
	enum pmj_code rc;

	if ((rc = keyfile_change_new(&change, keys, err)) != PMJ_OK)
		return rc;
	old.ops = get_le32(image_slot_at(keys->head, change->index) + SLOT_AT_OPS);
	old.mem_kib = get_le32(image_slot_at(keys->head, change->index) + SLOT_AT_MEM_KIB);
	rc = keyfile_change_stretch(change, NULL, passphrase, cost != NULL ? cost : &old, err);
	if (rc == PMJ_OK)
		rc = keyfile_change_put(change, keys, ring, err);
	keyfile_change_free(change);
	return rc;
}

/* ---- slots of others ---- */

/* The slot to write: the one that is there, else (index -1) an empty one. */
static enum pmj_code
choose_slot(unsigned *out, const struct keyfile *keys, int index, struct pmj_error *err)
{
	if (index < 0)
		index = image_find(keys->head, SLOT_EMPTY);
	if (index < 0)
		return pmj_fail(err, PMJ_TOO_BIG, "the key file has no free slot");
	*out = (unsigned)index;
	return PMJ_OK;
}

/* A rewrite that makes the file's key anew; end it also on failure. */
static enum pmj_code
begin_rotation(struct rewrite *rw, const struct keyfile *keys, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(rw, 0, sizeof(*rw));
	if ((rc = keyfile_need_kek(keys, err)) != PMJ_OK)
		return rc;
	return rewrite_begin(rw, keys, err);
}

enum pmj_code
keyfile_new_recovery(struct keyfile *keys, struct ring *ring,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err)
{
	struct rewrite rw;
	enum pmj_code rc;
	unsigned index = 0;

	recovery_out[0] = '\0';
	if ((rc = choose_slot(&index, keys, image_find(keys->head, SLOT_RECOVERY), err)) != PMJ_OK)
		return rc;
	if ((rc = begin_rotation(&rw, keys, err)) == PMJ_OK) {
		rewrite_new_recovery(&rw, index, recovery_out);
		rc = rewrite_rotate(&rw, keys, ring, err);
		if (memcmp(keys->head, rw.image, sizeof(keys->head)) != 0)
			prim_wipe(recovery_out, KEYFILE_RECOVERY_CHARS + 1);
	}
	rewrite_end(&rw);
	return rc;
}

static int
find_holder(const struct keyfile *keys, const uint8_t *holder)
{
	for (unsigned i = 0; i < IMAGE_SLOTS; i++) {
		const uint8_t *slot = image_slot_at(keys->head, i);

		if (slot[SLOT_AT_TYPE] == SLOT_ESCROW &&
		    memcmp(slot + SLOT_AT_HOLDER, holder, 16) == 0)
			return (int)i;
	}
	return -1;
}

enum pmj_code
keyfile_add_escrow(struct keyfile *keys, struct ring *ring, const uint8_t holder[static 16],
    const uint8_t holder_pk[static 32], struct pmj_error *err)
{
	struct rewrite rw;
	enum pmj_code rc;
	unsigned index = 0;
	uint8_t *slot;

	if ((rc = choose_slot(&index, keys, find_holder(keys, holder), err)) != PMJ_OK)
		return rc;
	if ((rc = begin_rotation(&rw, keys, err)) == PMJ_OK) {
		slot = image_slot(rw.image, index);
		slot_begin(slot, SLOT_ESCROW, 0, 0);
		memcpy(slot + SLOT_AT_PK, holder_pk, 32);
		memcpy(slot + SLOT_AT_HOLDER, holder, 16);
		rc = rewrite_rotate(&rw, keys, ring, err);
	}
	rewrite_end(&rw);
	return rc;
}

enum pmj_code
keyfile_remove_escrow(
    struct keyfile *keys, struct ring *ring, const uint8_t holder[static 16], struct pmj_error *err)
{
	int index = find_holder(keys, holder);
	struct rewrite rw;
	enum pmj_code rc;

	if (index < 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "no escrow slot of that device");
	if ((rc = begin_rotation(&rw, keys, err)) == PMJ_OK) {
		memset(image_slot(rw.image, (unsigned)index), 0, SLOT_BYTES);
		rc = rewrite_rotate(&rw, keys, ring, err);
	}
	rewrite_end(&rw);
	return rc;
}
