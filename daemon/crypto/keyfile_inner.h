/* keyfile_inner.h - an unlocked key file and its rewriting, shared by keyfile.c, keyfile_change.c,
 * keyfile_open.c and keyfile_write.c only. */
#ifndef CRYPTO_KEYFILE_INNER_H
#define CRYPTO_KEYFILE_INNER_H
#include "crypto/image.h"
#include "crypto/keyfile.h"
#include "crypto/secret.h"

struct keyfile {
	const struct os *os;
	char *path;
	uint8_t head[IMAGE_AT_RING_LEN]; /* the file's first part as last read or written: fields,
	                                    slots */
	struct secret *kek;              /* KEK_1: re-wraps MK, and opens it again for a rewrite */
	bool has_kek;                    /* not after a recovery, until a passphrase is set */
};

/* With no head and no KEK yet. The caller frees it with keyfile_free. */
PMJ_MUST_CHECK enum pmj_code keyfile_alloc(
    struct keyfile **out, const struct os *os, const char *path, struct pmj_error *err);
/* Guarded room for the keys in between; *work lies in *secret, which the caller frees. */
PMJ_MUST_CHECK enum pmj_code keyfile_work_begin(
    struct secret **secret, struct image_work **work, struct pmj_error *err);
void keyfile_keep_kek(struct keyfile *keys, const uint8_t kek[static 32]);
/* PMJ_REFUSED: they were opened by the recovery code, and have no passphrase yet. */
PMJ_MUST_CHECK enum pmj_code keyfile_need_kek(const struct keyfile *keys, struct pmj_error *err);

/* One rewrite under way: the bytes to be, and the KEK of their passphrase slot. */
struct rewrite {
	uint8_t *image;
	struct secret *secret; /* *work */
	struct image_work *work;
};

/* The new image starts as the old head, with the KEK kept so far. End with rewrite_end. */
PMJ_MUST_CHECK enum pmj_code rewrite_begin(
    struct rewrite *rw, const struct keyfile *keys, struct pmj_error *err);
void rewrite_end(struct rewrite *rw);
/* work->kek and the passphrase slot, anew. PMJ_INVALID: a cost out of range. */
PMJ_MUST_CHECK enum pmj_code rewrite_passphrase(struct rewrite *rw, unsigned index,
    const struct os *os, const char *passphrase, const struct keyfile_cost *cost,
    struct pmj_error *err);
/* The recovery slot of the code in work->code; and of a new code, whose text is put out. */
void rewrite_recovery(struct rewrite *rw, unsigned index);
void rewrite_new_recovery(struct rewrite *rw, unsigned index, char *recovery_out);
/* Wrap work->mk, seal the ring, replace the file; keys follow what is on the disk. shred: overwrite
 * the old inode. */
PMJ_MUST_CHECK enum pmj_code rewrite_commit(
    struct rewrite *rw, struct keyfile *keys, struct ring *ring, bool shred, struct pmj_error *err);
/* The same with a new MK and the old inode overwritten (security 4.3). */
PMJ_MUST_CHECK enum pmj_code rewrite_rotate(
    struct rewrite *rw, struct keyfile *keys, struct ring *ring, struct pmj_error *err);
/* After a failed write: is the new file there all the same (renamed, but its folder not synced)? */
bool rewrite_in_place(const struct keyfile *keys, const uint8_t *image);

#endif
