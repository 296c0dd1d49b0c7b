/* ended.h - runs that ended long ago and were taken in whole (security 11.6): a hub drops their
 * branches from its folder of mailboxes and from its own store, with what they were made of. */
#ifndef CARRY_ENDED_H
#define CARRY_ENDED_H
#include "carry/exchange.h"

/**
 * Drop those of ex->ended that belong to a mailbox in a folder, and tell of each that is not there
 * any more. One that holds more than its place says is left alone.
 *
 * path     of the mailbox.
 */
PMJ_MUST_CHECK enum pmj_code ended_drop(struct exchange *ex, const char *path,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);

#endif
