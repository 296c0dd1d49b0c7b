/* keyfile.h - the file `keys` (security 4.2): exactly 16384 bytes, slots that wrap MK, the sealed
 * ring. Replaced atomically; never overwritten when it cannot be read. */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H
#include <stdbool.h>

#include "base/os.h"
#include "crypto/ring.h"

#define KEYFILE_BYTES 16384
/* 8 groups of 4 and 2 check characters, dashes between: XXXX-...-XXXX-CC. */
#define KEYFILE_RECOVERY_CHARS 42

/* An unlocked key file: store_uuid, generation, KEK_1 (guarded), slots; not MK, not the passphrase.
 */
struct keyfile;

/* How hard a new passphrase is stretched. */
struct keyfile_cost {
	uint32_t unlock_ms; /* as hard as fits into this (cost.h); 0: as told in the next two */
	uint32_t ops;
	uint32_t mem_kib;
};

/**
 * Make the file at path (which must not exist: PMJ_BUSY) with a passphrase slot and a recovery
 * slot. recovery_out receives the code as printed, NUL ended; show it once and wipe it.
 */
PMJ_MUST_CHECK enum pmj_code keyfile_create(struct keyfile **out, const struct os *os,
    const char *path, struct ring *ring, const char *passphrase, const struct keyfile_cost *cost,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err);
struct keyfile_restored {
	const char *passphrase; /* the new one */
	const char *code;       /* the recovery code that opened the backup; it stays valid. NULL:
	                           it was opened without, and a new one is made */
	char *new_code;         /* KEYFILE_RECOVERY_CHARS + 1; receives that one, or "". Show it
	                           once and wipe it */
	const uint8_t *store_uuid; /* 16: of the backup */
};
/** Make the file at path (which must not exist: PMJ_BUSY) for a store that came out of a backup. */
PMJ_MUST_CHECK enum pmj_code keyfile_restore(struct keyfile **out, const struct os *os,
    const char *path, struct ring *ring, const struct keyfile_restored *what,
    const struct keyfile_cost *cost, struct pmj_error *err);
/** The public half of the recovery slot: what a backup is sealed to. PMJ_NOT_FOUND. */
PMJ_MUST_CHECK enum pmj_code keyfile_recovery_pk(
    const struct keyfile *keys, uint8_t pk[static 32], struct pmj_error *err);
/** Errors PMJ_WRONG_PASSPHRASE (the commitment differs) or PMJ_DAMAGED_KEYS (anything else);
 * PMJ_PERMISSION for modes. */
PMJ_MUST_CHECK enum pmj_code keyfile_unlock(struct keyfile **out, struct ring **ring,
    const struct os *os, const char *path, const char *passphrase, struct pmj_error *err);
/** The same with the paper code of recovery.h (case, spaces, dashes do not matter; o/0 i/l/1
 * alike). A mistyped one is PMJ_INVALID by its check characters; a wrong one PMJ_WRONG_PASSPHRASE.
 * Then set a new passphrase with keyfile_set_passphrase. */
PMJ_MUST_CHECK enum pmj_code keyfile_recover(struct keyfile **out, struct ring **ring,
    const struct os *os, const char *path, const char *code, struct pmj_error *err);
/** Rewrite with the ring as it is now. PMJ_REFUSED after keyfile_recover until a new passphrase is
 * set. On any failure the old file or the new one is there, whole. `rotate`: with a new MK, and the
 * old inode overwritten (4.3). */
PMJ_MUST_CHECK enum pmj_code keyfile_save(
    struct keyfile *keys, struct ring *ring, bool rotate, struct pmj_error *err);
/** Replace the passphrase slot (rotates MK). cost NULL keeps the old cost. */
PMJ_MUST_CHECK enum pmj_code keyfile_set_passphrase(struct keyfile *keys, struct ring *ring,
    const char *passphrase, const struct keyfile_cost *cost, struct pmj_error *err);
/* The same in three parts, because only the middle one takes long: it works on copies, so another
 * thread may do it while the keys are used, saved or freed. */
struct keyfile_change;
PMJ_MUST_CHECK enum pmj_code keyfile_change_new(
    struct keyfile_change **out, const struct keyfile *keys, struct pmj_error *err);
/** old: the slot's passphrase, else PMJ_WRONG_PASSPHRASE; NULL: not asked for. */
PMJ_MUST_CHECK enum pmj_code keyfile_change_stretch(struct keyfile_change *change, const char *old,
    const char *next, const struct keyfile_cost *cost, struct pmj_error *err);
/** Into the file, with keys and ring as they are now. */
PMJ_MUST_CHECK enum pmj_code keyfile_change_put(
    struct keyfile_change *change, struct keyfile *keys, struct ring *ring, struct pmj_error *err);
void keyfile_change_free(struct keyfile_change *change);
/** A new paper code in place of the old one, which no longer opens anything (rotates MK).
 * recovery_out is "" when the old code stands; when it is not, show it, also on failure: the new
 * code is in the file, though not confirmed by the disk. */
PMJ_MUST_CHECK enum pmj_code keyfile_new_recovery(struct keyfile *keys, struct ring *ring,
    char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err);
/** An escrow slot for a supervisor's X25519 key (4.4), and its removal, which rotates MK.
 * PMJ_TOO_BIG: no slot is free; PMJ_INVALID: no usable key; PMJ_NOT_FOUND: no such holder. */
PMJ_MUST_CHECK enum pmj_code keyfile_add_escrow(struct keyfile *keys, struct ring *ring,
    const uint8_t holder[static 16], const uint8_t holder_pk[static 32], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code keyfile_remove_escrow(struct keyfile *keys, struct ring *ring,
    const uint8_t holder[static 16], struct pmj_error *err);
/** Does the file that lies on the disk now open as it will have to at the next unlock?
 * PMJ_DAMAGED_KEYS; PMJ_REFUSED after keyfile_recover until a new passphrase is set. Changes
 * nothing. */
PMJ_MUST_CHECK enum pmj_code keyfile_check_file(const struct keyfile *keys, struct pmj_error *err);
const uint8_t *keyfile_store_uuid(const struct keyfile *keys); /* 16 */
/** Wipes KEK and forgets. */
void keyfile_free(struct keyfile *keys);

/* At most 5 tries a minute (4.3), kept by whoever takes passphrases; zero it first. */
#define KEYFILE_TRIES 5
struct keyfile_tries {
	int64_t at_ms[KEYFILE_TRIES];
	unsigned next;
};
/** Take one try; PMJ_BUSY says how many seconds to wait. Forget them after a right passphrase by
 * zeroing. */
PMJ_MUST_CHECK enum pmj_code keyfile_tries_take(
    struct keyfile_tries *tries, const struct os *os, struct pmj_error *err);

/**
 * Rules of 4.4 for an own choice: >= 14 characters, not among the commonest, without worker or
 * programme name.
 *
 * worker   the worker's name, and after a space the programme's where it is known; NULL or "" for
 *          none.
 * Errors   PMJ_INVALID says which rule; the passphrase is never repeated. PMJ_NOT_FOUND without
 *          words/common-passphrases.txt, read in $PAMOJA_CONF, else where it was installed.
 */
PMJ_MUST_CHECK enum pmj_code keyfile_passphrase_rules(
    const char *passphrase, const char *worker, struct pmj_error *err);

#endif
