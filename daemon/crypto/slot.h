/* slot.h - one of the eight 256-byte slots of the file `keys` (security 4.2): a way to MK. Pure: no
 * disk. Whether a cost is high enough is image.h's question, not this file's. */
#ifndef CRYPTO_SLOT_H
#define CRYPTO_SLOT_H
#include <stddef.h>
#include <stdint.h>

#include "base/keyshape.h"
#include "pamoja/error.h"

#define SLOT_BYTES 256
#define SLOT_KEY_BYTES 32

/* Where the other fields lie; those that are told without a key stand in keyshape.h. */
#define SLOT_AT_SALT 16
#define SLOT_AT_PK 32
#define SLOT_AT_EPK 64
#define SLOT_AT_COMMIT 96
#define SLOT_AT_NONCE 128
#define SLOT_AT_CT 152
#define SLOT_AT_HOLDER 200

/* Scratch for the calls below; it belongs into guarded memory, which also wipes it. */
struct slot_work {
	uint8_t x[32];
	uint8_t kek_commit[64]; /* KEK, then commitment */
	uint8_t esk[32];
	uint8_t shared[32];
};

/** Empty the slot, then type, alg and (type 1) cost with a fresh salt. */
void slot_begin(
    uint8_t slot[static SLOT_BYTES], enum slot_type type, uint32_t ops, uint32_t mem_kib);
/** x of a passphrase slot: Argon2id with the slot's own salt and cost. PMJ_NO_MEMORY. */
PMJ_MUST_CHECK enum pmj_code slot_stretch(uint8_t x[static 32],
    const uint8_t slot[static SLOT_BYTES], const char *passphrase, struct pmj_error *err);
/** work->kek_commit = KDF(64, "pmj slot key v1", work->x, store_uuid || le32(index) ||
 * slot[0..96)). */
void slot_keys(struct slot_work *work, const uint8_t store_uuid[static 16], uint32_t index,
    const uint8_t slot[static SLOT_BYTES]);
/** Do KEK and commitment of work belong to this slot? Constant time. */
int slot_commits(const struct slot_work *work, const uint8_t slot[static SLOT_BYTES]);
/** nonce and ct = AEAD(kek, MK) of a slot whose first 128 bytes stand. */
void slot_seal(uint8_t slot[static SLOT_BYTES], const uint8_t store_uuid[static 16],
    const uint8_t kek[static 32], const uint8_t mk[static SLOT_KEY_BYTES]);
/** MK out of the slot; -1 when not authentic. */
PMJ_MUST_CHECK int slot_open(uint8_t mk[static SLOT_KEY_BYTES],
    const uint8_t slot[static SLOT_BYTES], const uint8_t store_uuid[static 16],
    const uint8_t kek[static 32]);
/** Seal MK to the slot's own slot_pk with a fresh epk (types 2 and 3). -1 when slot_pk is no good
 * key. */
PMJ_MUST_CHECK int slot_seal_public(uint8_t slot[static SLOT_BYTES],
    const uint8_t store_uuid[static 16], uint32_t index, const uint8_t mk[static SLOT_KEY_BYTES],
    struct slot_work *work);
/** work->x of a public-key slot by the holder's secret key; -1 for a low-order epk. */
PMJ_MUST_CHECK int slot_x_public(struct slot_work *work, const uint8_t slot[static SLOT_BYTES],
    const uint8_t slot_sk[static 32]);

#endif
