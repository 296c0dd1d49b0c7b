/* keyfile_write.c - one rewrite of the key file: its slots, its ring, and the old inode after. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "crypto/cost.h"
#include "crypto/keyfile_inner.h"
#include "crypto/recovery.h"

enum pmj_code
rewrite_begin(struct rewrite *rw, const struct keyfile *keys, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(rw, 0, sizeof(*rw));
	if ((rc = keyfile_work_begin(&rw->secret, &rw->work, err)) != PMJ_OK)
		return rc;
	rw->image = mem_new(IMAGE_BYTES);
	memcpy(rw->image, keys->head, sizeof(keys->head));
	if (keys->has_kek) {
		memcpy(rw->work->kek, secret_use(keys->kek), 32);
		secret_done(keys->kek);
	}
	return PMJ_OK;
}

void
rewrite_end(struct rewrite *rw)
{
	secret_free(rw->secret);
	free(rw->image);
}

/* Put work->mk into every slot that is not empty. */
static enum pmj_code
wrap_slots(struct rewrite *rw, struct pmj_error *err)
{
	const uint8_t *uuid = rw->image + IMAGE_AT_UUID;

	for (unsigned i = 0; i < IMAGE_SLOTS; i++) {
		uint8_t *slot = image_slot(rw->image, i);

		if (slot[SLOT_AT_TYPE] == SLOT_PASSPHRASE)
			slot_seal(slot, uuid, rw->work->kek, rw->work->mk);
		else if (slot[SLOT_AT_TYPE] != SLOT_EMPTY &&
		         slot_seal_public(slot, uuid, i, rw->work->mk, &rw->work->slot) != 0)
			return pmj_fail(
			    err, PMJ_INVALID, "slot %u of the key file: no usable public key", i);
	}
	return PMJ_OK;
}

/* Random bytes over the old inode, which has no name any more. Best effort: a flash disk keeps what
 * it likes. */
static void
shred_old(const struct os *os, int fd)
{
	uint8_t noise[4096];
	size_t left = IMAGE_BYTES;

	while (left > 0) {
		ssize_t put;

		prim_random(noise, sizeof(noise));
		put = os->write(os->ctx, fd, noise, left < sizeof(noise) ? left : sizeof(noise));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		left -= (size_t)put;
	}
	(void)os->fsync(os->ctx, fd);
}

bool
rewrite_in_place(const struct keyfile *keys, const uint8_t *image)
{
	struct buf there;
	bool same;

	buf_init(&there, 0);
	same = fs_read(&there, keys->os, keys->path, IMAGE_BYTES, NULL) == PMJ_OK &&
	       there.len == IMAGE_BYTES && memcmp(there.bytes, image, IMAGE_BYTES) == 0;
	buf_close(&there);
	return same;
}

/* The old inode is opened before it loses its name, so that it can be overwritten after. */
enum pmj_code
rewrite_commit(
    struct rewrite *rw, struct keyfile *keys, struct ring *ring, bool shred, struct pmj_error *err)
{
	const struct os *os = keys->os;
	enum pmj_code rc;
	int old = -1;

	put_le32(rw->image + IMAGE_AT_GENERATION, get_le32(rw->image + IMAGE_AT_GENERATION) + 1);
	if ((rc = wrap_slots(rw, err)) != PMJ_OK)
		return rc;
	if ((rc = image_seal(rw->image, ring, rw->work, err)) != PMJ_OK)
		return rc;
	if (shred)
		old = os->open(os->ctx, keys->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	rc = fs_write(os, keys->path, rw->image, IMAGE_BYTES, err);
	if (rc != PMJ_OK)
		pmj_context(err, "saving the key file");
	/* What is on the disk is what we must be able to rewrite, confirmed or not. */
	if (rc == PMJ_OK || rewrite_in_place(keys, rw->image)) {
		memcpy(keys->head, rw->image, sizeof(keys->head));
		keyfile_keep_kek(keys, rw->work->kek);
	}
	if (rc == PMJ_OK && old >= 0)
		shred_old(os, old);
	if (old >= 0)
		(void)os->close(os->ctx, old);
	return rc;
}

static enum pmj_code
stretch_as_told(uint8_t *slot, struct slot_work *work, const char *passphrase,
    const struct keyfile_cost *cost, struct pmj_error *err)
{
	if (!image_cost_ok(cost->ops, cost->mem_kib))
		return pmj_fail(err, PMJ_INVALID,
		    "cost of %u passes and %u KiB is out of range; use 3 to 16 passes and 65536 to "
		    "1048576 KiB",
		    cost->ops, cost->mem_kib);
	slot_begin(slot, SLOT_PASSPHRASE, cost->ops, cost->mem_kib);
	return slot_stretch(work->x, slot, passphrase, err);
}

enum pmj_code
rewrite_passphrase(struct rewrite *rw, unsigned index, const struct os *os, const char *passphrase,
    const struct keyfile_cost *cost, struct pmj_error *err)
{
	uint8_t *slot = image_slot(rw->image, index);
	enum pmj_code rc;

	rc = cost->unlock_ms != 0
	         ? cost_fit(slot, &rw->work->slot, os, passphrase, cost->unlock_ms, err)
	         : stretch_as_told(slot, &rw->work->slot, passphrase, cost, err);
	if (rc != PMJ_OK)
		return rc;
	slot_keys(&rw->work->slot, rw->image + IMAGE_AT_UUID, index, slot);
	memcpy(slot + SLOT_AT_COMMIT, rw->work->slot.kek_commit + 32, 32);
	memcpy(rw->work->kek, rw->work->slot.kek_commit, 32);
	return PMJ_OK;
}

void
rewrite_recovery(struct rewrite *rw, unsigned index)
{
	uint8_t *slot = image_slot(rw->image, index);

	recovery_slot_sk(rw->work->slot_sk, rw->work->code, rw->image + IMAGE_AT_UUID);
	slot_begin(slot, SLOT_RECOVERY, 0, 0);
	prim_dh_public(slot + SLOT_AT_PK, rw->work->slot_sk);
}

void
rewrite_new_recovery(struct rewrite *rw, unsigned index, char *recovery_out)
{
	prim_random(rw->work->code, sizeof(rw->work->code));
	recovery_text(recovery_out, rw->work->code);
	rewrite_recovery(rw, index);
}

enum pmj_code
rewrite_rotate(struct rewrite *rw, struct keyfile *keys, struct ring *ring, struct pmj_error *err)
{
	prim_random(rw->work->mk, sizeof(rw->work->mk));
	return rewrite_commit(rw, keys, ring, true, err);
}
