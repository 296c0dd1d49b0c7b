#include "crypto/token.h"

void
token_make(uint8_t out[static TOKEN_BYTES], const uint8_t key[static PRIM_KEY_BYTES],
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	prim_kdf(
	    out, TOKEN_BYTES, "pmj gate key v1", key, PRIM_PARTS({mailbox, PMJ_MAILBOX_BYTES}));
}

void
token_hash(uint8_t out[static PRIM_HASH_BYTES], const uint8_t token[static TOKEN_BYTES])
{
	prim_hash(out, "pmj gate tok v1", PRIM_PARTS({token, TOKEN_BYTES}));
}
