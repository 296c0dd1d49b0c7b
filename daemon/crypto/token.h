/* token.h - what lets a device into its mailbox over a network: made by the hub, known at the host
 * only by its hash. */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H
#include "crypto/prim.h"
#include "pamoja/limits.h"

#define TOKEN_BYTES 16
#define TOKEN_CHARS 22 /* base64url */

/** KDF(16, "pmj gate key v1", key, mailbox id): the same whenever the hub needs it. */
void token_make(uint8_t out[static TOKEN_BYTES], const uint8_t key[static PRIM_KEY_BYTES],
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
/** H("pmj gate tok v1", token). */
void token_hash(uint8_t out[static PRIM_HASH_BYTES], const uint8_t token[static TOKEN_BYTES]);

#endif
