/* stretch.h - Argon2id, in memory that the kernel is asked to give in large pages. */
#ifndef CRYPTO_STRETCH_H
#define CRYPTO_STRETCH_H
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

/** Argon2id13, 32 bytes out. Returns PMJ_NO_MEMORY when it cannot have the memory. */
PMJ_MUST_CHECK enum pmj_code stretch_argon2id(uint8_t out[static 32], const uint8_t *pass,
    size_t pass_len, const uint8_t salt[static 16], uint32_t ops, uint32_t mem_kib,
    struct pmj_error *err);

#endif
