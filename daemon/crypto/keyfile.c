#include "crypto/keyfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "crypto/cost.h"
#include "crypto/image.h"
#include "crypto/recovery.h"
#include "crypto/secret.h"

_Static_assert(KEYFILE_BYTES == IMAGE_BYTES, "key file size");
_Static_assert(KEYFILE_RECOVERY_CHARS == RECOVERY_CHARS, "recovery code size");

struct keyfile {
	const struct os *os;
	char *path;
	uint8_t head[IMAGE_AT_RING_LEN]; /* the file's first part as last read or written: fields,
	                                    slots */
	struct secret *kek;              /* KEK_1: re-wraps MK, and opens it again for a rewrite */
	bool has_kek;                    /* not after a recovery, until a passphrase is set */
};

/* One rewrite under way: the bytes to be, and the KEK of their passphrase slot. */
struct rewrite {
	uint8_t *image;
	struct secret *secret; /* *work */
	struct image_work *work;
};

static enum pmj_code
work_begin(struct secret **secret, struct image_work **work, struct pmj_error *err)
{
	enum pmj_code rc = secret_new(secret, sizeof(struct image_work), err);

	if (rc == PMJ_OK)
		*work = (struct image_work *)secret_use(*secret);
	return rc;
}

static enum pmj_code
keyfile_alloc(struct keyfile **out, const struct os *os, const char *path, struct pmj_error *err)
{
	struct keyfile *keys = mem_new(sizeof(*keys));
	enum pmj_code rc;

	*out = NULL;
	keys->os = os;
	keys->path = mem_strdup(path);
	if ((rc = secret_new(&keys->kek, 32, err)) != PMJ_OK) {
		keyfile_free(keys);
		return rc;
	}
	*out = keys;
	return PMJ_OK;
}

void
keyfile_free(struct keyfile *keys)
{
	if (keys == NULL)
		return;
	secret_free(keys->kek);
	free(keys->path);
	free(keys);
}

const uint8_t *
keyfile_store_uuid(const struct keyfile *keys)
{
	return keys->head + IMAGE_AT_UUID;
}

static void
keep_kek(struct keyfile *keys, const uint8_t kek[static 32])
{
	memcpy(secret_use(keys->kek), kek, 32);
	secret_done(keys->kek);
	keys->has_kek = true;
}

/* ---- writing ---- */

/* The new image starts as the old head, with the KEK kept so far. */
static enum pmj_code
rewrite_begin(struct rewrite *rw, const struct keyfile *keys, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(rw, 0, sizeof(*rw));
	if ((rc = work_begin(&rw->secret, &rw->work, err)) != PMJ_OK)
		return rc;
	rw->image = mem_new(IMAGE_BYTES);
	memcpy(rw->image, keys->head, sizeof(keys->head));
	if (keys->has_kek) {
		memcpy(rw->work->kek, secret_use(keys->kek), 32);
		secret_done(keys->kek);
	}
	return PMJ_OK;
}

static void
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

/* After a failed write: is the new file there all the same (renamed, but its folder not synced)? */
static bool
is_in_place(const struct keyfile *keys, const uint8_t *image)
{
	struct buf there;
	bool same;

	buf_init(&there, 0);
	same = fs_read(&there, keys->os, keys->path, IMAGE_BYTES, NULL) == PMJ_OK &&
	       there.len == IMAGE_BYTES && memcmp(there.bytes, image, IMAGE_BYTES) == 0;
	buf_close(&there);
	return same;
}

/*
 * Wrap work->mk, seal the ring, replace the file. The old inode is opened before it loses its name,
 * so that it can be overwritten after.
 */
static enum pmj_code
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
	if (rc == PMJ_OK || is_in_place(keys, rw->image)) {
		memcpy(keys->head, rw->image, sizeof(keys->head));
		keep_kek(keys, rw->work->kek);
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

/* work->kek and the passphrase slot, anew. */
static enum pmj_code
new_passphrase(struct rewrite *rw, unsigned index, const struct os *os, const char *passphrase,
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

/* The recovery slot of the code in work->code. */
static void
put_recovery(struct rewrite *rw, unsigned index)
{
	uint8_t *slot = image_slot(rw->image, index);

	recovery_slot_sk(rw->work->slot_sk, rw->work->code, rw->image + IMAGE_AT_UUID);
	slot_begin(slot, SLOT_RECOVERY, 0, 0);
	prim_dh_public(slot + SLOT_AT_PK, rw->work->slot_sk);
}

static void
new_recovery(struct rewrite *rw, unsigned index, char *recovery_out)
{
	prim_random(rw->work->code, sizeof(rw->work->code));
	recovery_text(recovery_out, rw->work->code);
	put_recovery(rw, index);
}

/* Does the path stand free for a new key file? */
static enum pmj_code
check_free(const struct os *os, const char *path, struct pmj_error *err)
{
	if (!fs_exists(os, path))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_BUSY, "%s is there already", path);
	pmj_hint(err, "this home has its keys; use another --home, or unlock this one");
	return PMJ_BUSY;
}

enum pmj_code
keyfile_create(struct keyfile **out, const struct os *os, const char *path, struct ring *ring,
    const char *passphrase, const struct keyfile_cost *cost,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err)
{
	struct keyfile *keys = NULL;
	struct rewrite rw = {0};
	uint8_t uuid[16];
	enum pmj_code rc;

	*out = NULL;
	recovery_out[0] = '\0';
	if ((rc = check_free(os, path, err)) != PMJ_OK)
		return rc;
	if ((rc = keyfile_alloc(&keys, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	prim_random(uuid, sizeof(uuid));
	image_begin(rw.image, uuid);
	if ((rc = new_passphrase(&rw, 0, os, passphrase, cost, err)) != PMJ_OK)
		goto out;
	new_recovery(&rw, 1, recovery_out);
	prim_random(rw.work->mk, sizeof(rw.work->mk));
	if ((rc = rewrite_commit(&rw, keys, ring, false, err)) != PMJ_OK)
		goto out;
	*out = keys;
	keys = NULL;
out:
	if (rc != PMJ_OK) {
		/* A file whose recovery code nobody will see must not stay. */
		if (rw.image != NULL && is_in_place(keys, rw.image))
			(void)os->unlink(os->ctx, path);
		prim_wipe(recovery_out, KEYFILE_RECOVERY_CHARS + 1);
	}
	rewrite_end(&rw);
	keyfile_free(keys);
	return rc;
}

enum pmj_code
keyfile_restore(struct keyfile **out, const struct os *os, const char *path, struct ring *ring,
    const struct keyfile_restored *what, const struct keyfile_cost *cost, struct pmj_error *err)
{
	struct keyfile *keys = NULL;
	struct rewrite rw = {0};
	enum pmj_code rc;

	*out = NULL;
	if ((rc = check_free(os, path, err)) != PMJ_OK)
		return rc;
	if ((rc = keyfile_alloc(&keys, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	what->new_code[0] = '\0';
	if (what->code != NULL && (rc = recovery_parse(rw.work->code, what->code, err)) != PMJ_OK)
		goto out;
	image_begin(rw.image, what->store_uuid);
	if ((rc = new_passphrase(&rw, 0, os, what->passphrase, cost, err)) != PMJ_OK)
		goto out;
	if (what->code != NULL)
		put_recovery(&rw, 1);
	else
		new_recovery(&rw, 1, what->new_code);
	prim_random(rw.work->mk, sizeof(rw.work->mk));
	if ((rc = rewrite_commit(&rw, keys, ring, false, err)) != PMJ_OK)
		goto out;
	*out = keys;
	keys = NULL;
out:
	/* Renamed, but its folder not synced: not there is better than perhaps there. */
	if (rc != PMJ_OK && rw.image != NULL && is_in_place(keys, rw.image))
		(void)os->unlink(os->ctx, path);
	rewrite_end(&rw);
	keyfile_free(keys);
	return rc;
}

enum pmj_code
keyfile_recovery_pk(const struct keyfile *keys, uint8_t pk[static 32], struct pmj_error *err)
{
	int index = image_find(keys->head, SLOT_RECOVERY);

	if (index < 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "these keys have no recovery code");
	memcpy(pk, image_slot_at(keys->head, (unsigned)index) + SLOT_AT_PK, 32);
	return PMJ_OK;
}

static enum pmj_code
need_kek(const struct keyfile *keys, struct pmj_error *err)
{
	if (keys->has_kek)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_REFUSED, "the keys were opened by the recovery code");
	pmj_hint(err, "set a new passphrase first");
	return PMJ_REFUSED;
}

enum pmj_code
keyfile_save(struct keyfile *keys, struct ring *ring, bool rotate, struct pmj_error *err)
{
	int index = image_find(keys->head, SLOT_PASSPHRASE);
	struct rewrite rw = {0};
	enum pmj_code rc;

	if ((rc = need_kek(keys, err)) != PMJ_OK)
		return rc;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	assert(index >= 0);
	if (rotate)
		prim_random(rw.work->mk, sizeof(rw.work->mk));
	else if (slot_open(rw.work->mk, image_slot_at(keys->head, (unsigned)index),
	             keyfile_store_uuid(keys), rw.work->kek) != 0) {
		rc = pmj_fail(err, PMJ_DAMAGED_KEYS, "the key in memory does not fit its slot");
		goto out;
	}
	rc = rewrite_commit(&rw, keys, ring, rotate, err);
out:
	rewrite_end(&rw);
	return rc;
}

enum pmj_code
keyfile_check_file(const struct keyfile *keys, struct pmj_error *err)
{
	struct rewrite rw = {0};
	struct ring *ring = NULL;
	struct buf file;
	enum pmj_code rc;

	buf_init(&file, 0);
	if ((rc = need_kek(keys, err)) != PMJ_OK || (rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	if ((rc = fs_read(&file, keys->os, keys->path, IMAGE_BYTES, err)) != PMJ_OK ||
	    (rc = image_check(file.bytes, file.len, err)) != PMJ_OK)
		goto out;
	if (slot_open(rw.work->mk,
	        image_slot_at(file.bytes, (unsigned)image_find(file.bytes, SLOT_PASSPHRASE)),
	        file.bytes + IMAGE_AT_UUID, rw.work->kek) != 0)
		rc = pmj_fail(err, PMJ_DAMAGED_KEYS, "the key file does not open any more");
	else
		rc = image_open_ring(&ring, file.bytes, rw.work, err);
out:
	ring_free(ring);
	buf_close(&file);
	rewrite_end(&rw);
	return rc;
}

/* ---- another passphrase ---- */

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
	return new_passphrase(&change->rw, change->index, change->os, next, cost, err);
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
	prim_random(rw->work->mk, sizeof(rw->work->mk));
	return rewrite_commit(rw, keys, ring, true, err);
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

enum pmj_code
keyfile_new_recovery(struct keyfile *keys, struct ring *ring,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err)
{
	int index = image_find(keys->head, SLOT_RECOVERY);
	struct rewrite rw = {0};
	enum pmj_code rc;

	recovery_out[0] = '\0';
	if (index < 0)
		index = image_find(keys->head, SLOT_EMPTY);
	if (index < 0)
		return pmj_fail(err, PMJ_TOO_BIG, "the key file has no free slot");
	if ((rc = need_kek(keys, err)) != PMJ_OK)
		return rc;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	new_recovery(&rw, (unsigned)index, recovery_out);
	prim_random(rw.work->mk, sizeof(rw.work->mk));
	rc = rewrite_commit(&rw, keys, ring, true, err);
	if (memcmp(keys->head, rw.image, sizeof(keys->head)) != 0)
		prim_wipe(recovery_out, KEYFILE_RECOVERY_CHARS + 1);
out:
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
	int index = find_holder(keys, holder);
	struct rewrite rw = {0};
	enum pmj_code rc;
	uint8_t *slot;

	if (index < 0)
		index = image_find(keys->head, SLOT_EMPTY);
	if (index < 0)
		return pmj_fail(err, PMJ_TOO_BIG, "the key file has no free slot");
	if ((rc = need_kek(keys, err)) != PMJ_OK)
		return rc;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	slot = image_slot(rw.image, (unsigned)index);
	slot_begin(slot, SLOT_ESCROW, 0, 0);
	memcpy(slot + SLOT_AT_PK, holder_pk, 32);
	memcpy(slot + SLOT_AT_HOLDER, holder, 16);
	prim_random(rw.work->mk, sizeof(rw.work->mk));
	rc = rewrite_commit(&rw, keys, ring, true, err);
out:
	rewrite_end(&rw);
	return rc;
}

enum pmj_code
keyfile_remove_escrow(
    struct keyfile *keys, struct ring *ring, const uint8_t holder[static 16], struct pmj_error *err)
{
	int index = find_holder(keys, holder);
	struct rewrite rw = {0};
	enum pmj_code rc;

	if (index < 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "no escrow slot of that device");
	if ((rc = need_kek(keys, err)) != PMJ_OK)
		return rc;
	if ((rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
		goto out;
	memset(image_slot(rw.image, (unsigned)index), 0, SLOT_BYTES);
	prim_random(rw.work->mk, sizeof(rw.work->mk));
	rc = rewrite_commit(&rw, keys, ring, true, err);
out:
	rewrite_end(&rw);
	return rc;
}

/* ---- opening ---- */

/* The file's bytes, private, whole and checked. */
static enum pmj_code
load(struct buf *out, const struct os *os, const char *path, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = fs_check_private(os, path, err)) != PMJ_OK)
		return rc;
	rc = fs_read(out, os, path, IMAGE_BYTES, err);
	if (rc != PMJ_OK && rc != PMJ_TOO_BIG) {
		pmj_context(err, "reading the key file");
		return rc;
	}
	return image_check(out->bytes, rc == PMJ_OK ? out->len : IMAGE_BYTES + 1, err);
}

enum pmj_code
keyfile_unlock(struct keyfile **out, struct ring **ring, const struct os *os, const char *path,
    const char *passphrase, struct pmj_error *err)
{
	struct image_work *work = NULL;
	struct keyfile *keys = NULL;
	struct secret *secret = NULL;
	struct buf image;
	enum pmj_code rc;
	unsigned index;

	*out = NULL;
	*ring = NULL;
	buf_init(&image, 0);
	if ((rc = load(&image, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = keyfile_alloc(&keys, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = work_begin(&secret, &work, err)) != PMJ_OK)
		goto out;
	index = (unsigned)image_find(image.bytes, SLOT_PASSPHRASE); /* image_check saw it */
	rc = slot_stretch(work->slot.x, image_slot_at(image.bytes, index), passphrase, err);
	if (rc != PMJ_OK)
		goto out;
	if ((rc = image_open(ring, image.bytes, index, work, err)) != PMJ_OK)
		goto out;
	memcpy(keys->head, image.bytes, sizeof(keys->head));
	keep_kek(keys, work->slot.kek_commit);
	*out = keys;
	keys = NULL;
out:
	secret_free(secret);
	keyfile_free(keys);
	buf_close(&image);
	return rc;
}

enum pmj_code
keyfile_recover(struct keyfile **out, struct ring **ring, const struct os *os, const char *path,
    const char *code, struct pmj_error *err)
{
	struct image_work *work = NULL;
	struct keyfile *keys = NULL;
	struct secret *secret = NULL;
	struct buf image;
	enum pmj_code rc;
	int index;

	*out = NULL;
	*ring = NULL;
	buf_init(&image, 0);
	if ((rc = load(&image, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = keyfile_alloc(&keys, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = work_begin(&secret, &work, err)) != PMJ_OK)
		goto out;
	if ((rc = recovery_parse(work->code, code, err)) != PMJ_OK)
		goto out;
	if ((index = image_find(image.bytes, SLOT_RECOVERY)) < 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "this key file has no recovery code");
		goto out;
	}
	recovery_slot_sk(work->slot_sk, work->code, image.bytes + IMAGE_AT_UUID);
	if (slot_x_public(
	        &work->slot, image_slot_at(image.bytes, (unsigned)index), work->slot_sk)) {
		rc = pmj_fail(err, PMJ_DAMAGED_KEYS, "the key file is damaged: its recovery slot");
		goto out;
	}
	rc = image_open(ring, image.bytes, (unsigned)index, work, err);
	if (rc == PMJ_WRONG_PASSPHRASE) {
		(void)pmj_fail(err, rc, "this is not the recovery code of these keys");
		pmj_hint(err, "a newer code may have been printed since; look for that paper");
	}
	if (rc != PMJ_OK)
		goto out;
	memcpy(keys->head, image.bytes, sizeof(keys->head));
	*out = keys;
	keys = NULL;
out:
	secret_free(secret);
	keyfile_free(keys);
	buf_close(&image);
	return rc;
}
