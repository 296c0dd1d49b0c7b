/* fence.h - what the gate gives up once it knows its mailbox. */
#ifndef GATE_FENCE_H
#define GATE_FENCE_H
#include <stdint.h>

#include "pamoja/error.h"
#include "pamoja/limits.h"

/** No network, no other program, and of all folders only this mailbox's to write. */
PMJ_MUST_CHECK enum pmj_code fence_mailbox(
    const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);

#endif
