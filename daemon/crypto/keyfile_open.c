/* keyfile_open.c - the key file opened, by passphrase or by the paper code. */
#include <string.h>

#include "base/fs.h"
#include "crypto/keyfile_inner.h"
#include "crypto/recovery.h"

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

/* A key file being opened: its bytes, and guarded room for the keys in between. */
struct opening {
	struct keyfile *keys;
	struct secret *secret; /* *work */
	struct image_work *work;
	struct buf image;
};

static enum pmj_code
opening_begin(struct opening *o, const struct os *os, const char *path, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(o, 0, sizeof(*o));
	buf_init(&o->image, 0);
	if ((rc = load(&o->image, os, path, err)) != PMJ_OK)
		return rc;
	if ((rc = keyfile_alloc(&o->keys, os, path, err)) != PMJ_OK)
		return rc;
	return keyfile_work_begin(&o->secret, &o->work, err);
}

/* The keys are the caller's when rc is PMJ_OK. */
static enum pmj_code
opening_end(struct opening *o, struct keyfile **out, enum pmj_code rc)
{
	if (rc == PMJ_OK) {
		memcpy(o->keys->head, o->image.bytes, sizeof(o->keys->head));
		*out = o->keys;
		o->keys = NULL;
	}
	secret_free(o->secret);
	keyfile_free(o->keys);
	buf_close(&o->image);
	return rc;
}

enum pmj_code
keyfile_unlock(struct keyfile **out, struct ring **ring, const struct os *os, const char *path,
    const char *passphrase, struct pmj_error *err)
{
	struct opening o;
	enum pmj_code rc;
	unsigned index;

	*out = NULL;
	*ring = NULL;
	if ((rc = opening_begin(&o, os, path, err)) != PMJ_OK)
		goto out;
	index = (unsigned)image_find(o.image.bytes, SLOT_PASSPHRASE); /* image_check saw it */
	rc = slot_stretch(o.work->slot.x, image_slot_at(o.image.bytes, index), passphrase, err);
	if (rc != PMJ_OK)
		goto out;
	rc = image_open(ring, o.image.bytes, index, o.work, err);
	if (rc == PMJ_OK)
		keyfile_keep_kek(o.keys, o.work->slot.kek_commit);
out:
	return opening_end(&o, out, rc);
}

enum pmj_code
keyfile_recover(struct keyfile **out, struct ring **ring, const struct os *os, const char *path,
    const char *code, struct pmj_error *err)
{
	struct opening o;
	const uint8_t *slot;
	enum pmj_code rc;
	int index;

	*out = NULL;
	*ring = NULL;
	if ((rc = opening_begin(&o, os, path, err)) != PMJ_OK)
		goto out;
	if ((rc = recovery_parse(o.work->code, code, err)) != PMJ_OK)
		goto out;
	if ((index = image_find(o.image.bytes, SLOT_RECOVERY)) < 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "this key file has no recovery code");
		goto out;
	}
	slot = image_slot_at(o.image.bytes, (unsigned)index);
	recovery_slot_sk(o.work->slot_sk, o.work->code, o.image.bytes + IMAGE_AT_UUID);
	if (slot_x_public(&o.work->slot, slot, o.work->slot_sk)) {
		rc = pmj_fail(err, PMJ_DAMAGED_KEYS, "the key file is damaged: its recovery slot");
		goto out;
	}
	rc = image_open(ring, o.image.bytes, (unsigned)index, o.work, err);
	if (rc == PMJ_WRONG_PASSPHRASE) {
		(void)pmj_fail(err, rc, "this is not the recovery code of these keys");
		pmj_hint(err, "a newer code may have been printed since; look for that paper");
	}
out:
	return opening_end(&o, out, rc);
}
