/* recovery.h - the paper code: 160 bits as 8 groups of 4 Crockford base32 characters, then 2 check
 * characters. Pure.
 *
 * Check value = the 160 bits, read as one big-endian number, mod 1021; it is written as a 10-bit
 * number, upper five bits first. 1021 is prime and 32 is no divisor, so any one wrong character and
 * any two swapped neighbours are noticed. */
#ifndef CRYPTO_RECOVERY_H
#define CRYPTO_RECOVERY_H
#include <stdint.h>

#include "pamoja/error.h"

#define RECOVERY_BYTES 20
#define RECOVERY_CHARS 42 /* XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-CC */

/** As printed: upper case, dashes, NUL ended. */
void recovery_text(char out[static RECOVERY_CHARS + 1], const uint8_t code[static RECOVERY_BYTES]);
/** As typed: case, spaces and dashes do not matter, o is 0, i and l are 1. PMJ_INVALID says what is
 * wrong, never the code. */
PMJ_MUST_CHECK enum pmj_code recovery_parse(
    uint8_t code[static RECOVERY_BYTES], const char *text, struct pmj_error *err);
/** The recovery slot's secret key (4.4): KDF(32, "pmj recovery v1", BLAKE2b-256(code), store_uuid).
 * Both belong into guarded memory. */
void recovery_slot_sk(uint8_t slot_sk[static 32], const uint8_t code[static RECOVERY_BYTES],
    const uint8_t store_uuid[static 16]);

#endif
