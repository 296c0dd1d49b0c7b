/* keyshape.h - the outside of the file `keys` (security 4.2): what can be told of its bytes without
 * a key. Pure. Here, because the client looks at it when no daemon can. */
#ifndef BASE_KEYSHAPE_H
#define BASE_KEYSHAPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYSHAPE_BYTES 16384
#define KEYSHAPE_MAGIC "PMJKEYS1"
#define KEYSHAPE_SLOTS 8
#define KEYSHAPE_SLOT_BYTES 256
#define KEYSHAPE_AT_VERSION 8
#define KEYSHAPE_AT_FLAGS 10
#define KEYSHAPE_AT_GENERATION 12
#define KEYSHAPE_AT_UUID 16
#define KEYSHAPE_AT_SLOT_COUNT 32
#define KEYSHAPE_AT_ZERO 36
#define KEYSHAPE_AT_SLOTS 64
#define KEYSHAPE_AT_RING_LEN 2112
#define KEYSHAPE_RING_MAX 14240 /* ciphertext with its tag */
#define KEYSHAPE_TAG_BYTES 16

enum slot_type { SLOT_EMPTY, SLOT_PASSPHRASE, SLOT_RECOVERY, SLOT_ESCROW };

/* Where the fields of a slot lie that are not secret-bearing. */
#define SLOT_AT_TYPE 0
#define SLOT_AT_ALG 1
#define SLOT_AT_OPS 4
#define SLOT_AT_MEM_KIB 8
#define SLOT_AT_ZERO 216

/* Argon2id: floors of 4.4, ceilings of 4.2. */
#define KEYSHAPE_OPS_MIN 3
#define KEYSHAPE_OPS_MAX 16
#define KEYSHAPE_MEM_KIB_MIN (64u * 1024)
#define KEYSHAPE_MEM_KIB_MAX (1024u * 1024)

/** Within floors and ceilings? */
bool keyshape_cost_ok(uint32_t ops, uint32_t mem_kib);
/** What is wrong with the whole file, or NULL. *newer: its version is above ours, and nothing more
 * can be said. */
const char *keyshape_fault(const uint8_t *bytes, size_t len, bool *newer);
/** Is there a slot of this type? Of a file without a fault. */
bool keyshape_has(const uint8_t *bytes, enum slot_type type);

#endif
