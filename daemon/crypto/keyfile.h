/* keyfile.h - the file `keys` (security 4.2): exactly 16384 bytes, slots that wrap MK, the sealed ring. Replaced atomically;
 * never overwritten when it cannot be read. */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H
#include <stdbool.h>

#include "base/os.h"
#include "crypto/ring.h"

#define KEYFILE_BYTES 16384
#define KEYFILE_RECOVERY_CHARS 42 /* 8 groups of 4 and 2 check characters, dashes between: XXXX-...-XXXX-CC is 42 long */

struct keyfile; /* an unlocked key file: store_uuid, generation, KEK_1 (guarded), slots; not MK, not the passphrase */

struct keyfile_cost {
	uint32_t ops;
	uint32_t mem_kib;
};
/** Argon2id steps of 4.4 for this machine: 256 MiB x 3 down to 64 MiB x 3 within unlock_ms, then ops up to half of it. */
void keyfile_calibrate(struct keyfile_cost *out, const struct os *os, uint32_t unlock_ms);

/**
 * Make the file at path (which must not exist: PMJ_BUSY) with a passphrase slot and a recovery slot.
 * recovery_out receives the code as printed, NUL ended; show it once and wipe it.
 */
PMJ_MUST_CHECK enum pmj_code keyfile_create(struct keyfile **out, const struct os *os, const char *path,
                                            struct ring *ring, const char *passphrase, const struct keyfile_cost *cost,
                                            char recovery_out[static KEYFILE_RECOVERY_CHARS + 1], struct pmj_error *err);
/** Errors PMJ_WRONG_PASSPHRASE (the commitment differs) or PMJ_DAMAGED_KEYS (anything else); PMJ_PERMISSION for modes. */
PMJ_MUST_CHECK enum pmj_code keyfile_unlock(struct keyfile **out, struct ring **ring, const struct os *os,
                                            const char *path, const char *passphrase, struct pmj_error *err);
/** The same with the paper code (case, spaces, dashes do not matter; o/0 i/l/1 alike). A mistyped one is PMJ_INVALID by its check
 *  characters; a wrong one PMJ_WRONG_PASSPHRASE. Then set a new passphrase with keyfile_set_passphrase. */
PMJ_MUST_CHECK enum pmj_code keyfile_recover(struct keyfile **out, struct ring **ring, const struct os *os,
                                             const char *path, const char *code, struct pmj_error *err);
/** Rewrite with the ring as it is now. `rotate`: with a new MK, and the old inode overwritten (4.3). */
PMJ_MUST_CHECK enum pmj_code keyfile_save(struct keyfile *keys, struct ring *ring, bool rotate, struct pmj_error *err);
/** Replace the passphrase slot (rotates MK). cost NULL keeps the old cost. */
PMJ_MUST_CHECK enum pmj_code keyfile_set_passphrase(struct keyfile *keys, struct ring *ring, const char *passphrase,
                                                    const struct keyfile_cost *cost, struct pmj_error *err);
/** Is this the passphrase of the slot? PMJ_WRONG_PASSPHRASE if not. */
PMJ_MUST_CHECK enum pmj_code keyfile_check_passphrase(const struct keyfile *keys, const char *passphrase, struct pmj_error *err);
const uint8_t *keyfile_store_uuid(const struct keyfile *keys); /* 16 */
/** Wipes KEK and forgets. */
void keyfile_free(struct keyfile *keys);

/** Rules of 4.4 for an own choice: >= 14 characters, not among the commonest, without worker or programme name. PMJ_INVALID says which. */
PMJ_MUST_CHECK enum pmj_code keyfile_passphrase_rules(const char *passphrase, const char *worker, struct pmj_error *err);

#endif
