/* image.h - the 16384 bytes of the file `keys` (security 4.2): checked, sealed, opened. Pure: no
 * disk, no passphrase. */
#ifndef CRYPTO_IMAGE_H
#define CRYPTO_IMAGE_H
#include <stddef.h>
#include <stdint.h>

#include "base/keyshape.h"
#include "crypto/ring.h"
#include "crypto/slot.h"

#define IMAGE_BYTES KEYSHAPE_BYTES
#define IMAGE_SLOTS KEYSHAPE_SLOTS
#define IMAGE_AT_VERSION KEYSHAPE_AT_VERSION
#define IMAGE_AT_GENERATION KEYSHAPE_AT_GENERATION
#define IMAGE_AT_UUID KEYSHAPE_AT_UUID
#define IMAGE_AT_SLOT_COUNT KEYSHAPE_AT_SLOT_COUNT
#define IMAGE_AT_SLOTS KEYSHAPE_AT_SLOTS
#define IMAGE_AT_RING_LEN KEYSHAPE_AT_RING_LEN
#define IMAGE_AT_RING_NONCE 2116
#define IMAGE_AT_RING 2140
#define IMAGE_RING_MAX KEYSHAPE_RING_MAX /* ciphertext with its tag */

/* Scratch of one opening or rewriting; it belongs into guarded memory. Bytes only, so it has no
 * alignment. */
struct image_work {
	struct slot_work slot;
	uint8_t mk[SLOT_KEY_BYTES];
	uint8_t ring_key[32];
	uint8_t kek[32];  /* the passphrase slot's, while it is being replaced */
	uint8_t code[20]; /* the recovery code's bytes */
	uint8_t slot_sk[32];
	uint8_t plain[IMAGE_RING_MAX - PRIM_TAG_BYTES];
};

/** An image without slots and ring: magic, version, generation 0, this store_uuid. */
void image_begin(uint8_t image[static IMAGE_BYTES], const uint8_t store_uuid[static 16]);
/** Everything that can be told without a key: magic, sizes, zero fields, costs. PMJ_DAMAGED_KEYS
 * says which. */
PMJ_MUST_CHECK enum pmj_code image_check(const uint8_t *image, size_t len, struct pmj_error *err);
/** Within floors and ceilings? */
int image_cost_ok(uint32_t ops, uint32_t mem_kib);
uint8_t *image_slot(uint8_t image[static IMAGE_AT_RING_LEN], unsigned index);
const uint8_t *image_slot_at(const uint8_t image[static IMAGE_AT_RING_LEN], unsigned index);
/** Index of the first slot of this type, or -1. */
int image_find(const uint8_t image[static IMAGE_AT_RING_LEN], enum slot_type type);

/**
 * Open a checked image through slot `index`, whose x is in work->slot.x.
 *
 * work    receives the KEK (slot.kek_commit, first half) and MK.
 * Errors  PMJ_WRONG_PASSPHRASE: the commitment differs. PMJ_DAMAGED_KEYS: anything after it.
 */
PMJ_MUST_CHECK enum pmj_code image_open(struct ring **out, const uint8_t image[static IMAGE_BYTES],
    unsigned index, struct image_work *work, struct pmj_error *err);
/** The ring alone, by work->mk. PMJ_DAMAGED_KEYS. */
PMJ_MUST_CHECK enum pmj_code image_open_ring(struct ring **out,
    const uint8_t image[static IMAGE_BYTES], struct image_work *work, struct pmj_error *err);
/** Seal the ring under work->mk and the image's generation, after the slots and all other fields
 * stand; random bytes to the end. */
PMJ_MUST_CHECK enum pmj_code image_seal(uint8_t image[static IMAGE_BYTES], struct ring *ring,
    struct image_work *work, struct pmj_error *err);

#endif
