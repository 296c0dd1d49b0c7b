/* cost.h - how hard a passphrase is stretched on this machine (security 4.4). */
#ifndef CRYPTO_COST_H
#define CRYPTO_COST_H
#include "base/os.h"
#include "crypto/slot.h"

/**
 * Make the slot a passphrase slot with a fresh salt and the cost that fits this machine, and
 * stretch the passphrase by it into work->x: 256 MiB x 3 down to 64 MiB x 3 within unlock_ms, then
 * ops up to half of it. What is timed is the passphrase itself, so the try that fits is not made
 * twice.
 *
 * Errors   PMJ_NO_MEMORY: not even the least cost.
 */
PMJ_MUST_CHECK enum pmj_code cost_fit(uint8_t slot[static SLOT_BYTES], struct slot_work *work,
    const struct os *os, const char *passphrase, uint32_t unlock_ms, struct pmj_error *err);

#endif
