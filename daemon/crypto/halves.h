/* halves.h - the backup key of a hub on two papers (security 11.5): each half is 15 words, one half
 * alone says nothing of the key. Pure.
 *
 * Shape  165 bits, big-endian: share 128 | which half 1 (0: the first) | day it was made 16, since
 *        1970-01-01 | number of the key 4, mod 16 | check 16. The check is the first 16 bits of
 *        H("pmj bak half v1", the bits before it, zeros to 19 bytes): a wrong word, or two in each
 *        other's place, passes once in 65,536.
 * Key    KDF(32, "pmj bak key v1", H("pmj bak both v1", share 1 xor share 2), store_uuid), X25519.
 */
#ifndef CRYPTO_HALVES_H
#define CRYPTO_HALVES_H
#include <stdbool.h>
#include <stdint.h>

#include "crypto/words.h"
#include "pamoja/error.h"

#define HALF_BYTES 16
#define HALF_WORDS 15
#define HALF_TEXT_MAX 136 /* of one half as words, with its NUL */

struct half {
	uint8_t share[HALF_BYTES];
	uint8_t which;  /* 1 or 2 */
	uint16_t day;   /* when the key was made; the same in both halves */
	uint8_t number; /* of the key, mod 16 */
};

/** Two new halves; both belong into guarded memory, or are wiped after use. */
void halves_new(struct half out[static 2], uint16_t day, uint32_t number);
/** As written on paper: words with spaces. Wipe after use. */
void half_text(const struct words *words, char out[static HALF_TEXT_MAX], const struct half *half);
/**
 * As typed from paper: any spaces and lines, either case; a line that begins with # is a remark.
 *
 * lists   count of them: the words may be of any one list. Read only.
 * second  of the two that are typed, for the message.
 * Errors  PMJ_INVALID: how many words there are, the place of one that is in no list, or that a
 *         word was mistyped; never a word itself.
 */
PMJ_MUST_CHECK enum pmj_code half_read(struct half *out, const struct words *const *lists,
    size_t count, const char *text, bool second, struct pmj_error *err);
/** The key's secret half. PMJ_INVALID: the same half twice, or halves of two keys. */
PMJ_MUST_CHECK enum pmj_code halves_sk(uint8_t sk[static 32], const struct half halves[static 2],
    const uint8_t store_uuid[static 16], struct pmj_error *err);

#endif
