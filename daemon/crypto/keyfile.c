/* keyfile.c - the key file made, restored, saved, looked at. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "crypto/keyfile_inner.h"
#include "crypto/recovery.h"

_Static_assert(KEYFILE_BYTES == IMAGE_BYTES, "key file size");
_Static_assert(KEYFILE_RECOVERY_CHARS == RECOVERY_CHARS, "recovery code size");

enum pmj_code
keyfile_work_begin(struct secret **secret, struct image_work **work, struct pmj_error *err)
{
	enum pmj_code rc = secret_new(secret, sizeof(struct image_work), err);

	if (rc == PMJ_OK)
		*work = (struct image_work *)secret_use(*secret);
	return rc;
}

enum pmj_code
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

void
keyfile_keep_kek(struct keyfile *keys, const uint8_t kek[static 32])
{
	memcpy(secret_use(keys->kek), kek, 32);
	secret_done(keys->kek);
	keys->has_kek = true;
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

/* A key file being made where there is none. */
struct making {
	const struct os *os;
	const char *path;
	struct keyfile *keys;
	struct rewrite rw;
};

static enum pmj_code
making_begin(struct making *m, const struct os *os, const char *path, struct pmj_error *err)
{
	enum pmj_code rc;

	*m = (struct making){.os = os, .path = path};
	if ((rc = check_free(os, path, err)) != PMJ_OK)
		return rc;
	if ((rc = keyfile_alloc(&m->keys, os, path, err)) != PMJ_OK)
		return rc;
	return rewrite_begin(&m->rw, m->keys, err);
}

/* Write it, unless rc says that it could not be made; the keys are the caller's when all went well.
 */
static enum pmj_code
making_end(struct making *m, struct keyfile **out, struct ring *ring, enum pmj_code rc,
    struct pmj_error *err)
{
	if (rc == PMJ_OK) {
		prim_random(m->rw.work->mk, sizeof(m->rw.work->mk));
		rc = rewrite_commit(&m->rw, m->keys, ring, false, err);
	}
	if (rc == PMJ_OK) {
		*out = m->keys;
		m->keys = NULL;
	} else if (m->rw.image != NULL && rewrite_in_place(m->keys, m->rw.image)) {
		/* Renamed, but its folder not synced: not there is better than perhaps there, and
		 * a file whose recovery code nobody will see must not stay. */
		(void)m->os->unlink(m->os->ctx, m->path);
	}
	rewrite_end(&m->rw);
	keyfile_free(m->keys);
	return rc;
}

enum pmj_code
keyfile_create(struct keyfile **out, const struct os *os, const char *path, struct ring *ring,
    const char *passphrase, const struct keyfile_cost *cost,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err)
{
	struct making m;
	uint8_t uuid[16];
	enum pmj_code rc;

	*out = NULL;
	recovery_out[0] = '\0';
	if ((rc = making_begin(&m, os, path, err)) == PMJ_OK) {
		prim_random(uuid, sizeof(uuid));
		image_begin(m.rw.image, uuid);
		rc = rewrite_passphrase(&m.rw, 0, os, passphrase, cost, err);
	}
	if (rc == PMJ_OK)
		rewrite_new_recovery(&m.rw, 1, recovery_out);
	if ((rc = making_end(&m, out, ring, rc, err)) != PMJ_OK)
		prim_wipe(recovery_out, KEYFILE_RECOVERY_CHARS + 1);
	return rc;
}

enum pmj_code
keyfile_restore(struct keyfile **out, const struct os *os, const char *path, struct ring *ring,
    const struct keyfile_restored *what, const struct keyfile_cost *cost, struct pmj_error *err)
{
	struct making m;
	enum pmj_code rc;

	*out = NULL;
	what->new_code[0] = '\0';
	if ((rc = making_begin(&m, os, path, err)) == PMJ_OK && what->code != NULL)
		rc = recovery_parse(m.rw.work->code, what->code, err);
	if (rc == PMJ_OK) {
		image_begin(m.rw.image, what->store_uuid);
		rc = rewrite_passphrase(&m.rw, 0, os, what->passphrase, cost, err);
	}
	if (rc == PMJ_OK && what->code != NULL)
		rewrite_recovery(&m.rw, 1);
	else if (rc == PMJ_OK)
		rewrite_new_recovery(&m.rw, 1, what->new_code);
	return making_end(&m, out, ring, rc, err);
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

enum pmj_code
keyfile_need_kek(const struct keyfile *keys, struct pmj_error *err)
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

	if ((rc = keyfile_need_kek(keys, err)) != PMJ_OK)
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
	if ((rc = keyfile_need_kek(keys, err)) != PMJ_OK ||
	    (rc = rewrite_begin(&rw, keys, err)) != PMJ_OK)
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
