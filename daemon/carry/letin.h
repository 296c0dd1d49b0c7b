/* letin.h - who may come in by ssh: a folder `keys` beside the mailboxes, with a file for each key,
 * which a hub writes and pamoja-gate reads when sshd asks it. */
#ifndef CARRY_LETIN_H
#define CARRY_LETIN_H
#include <stdint.h>

#include "pamoja/error.h"
#include "pamoja/limits.h"

#define LETIN_FOLDER "keys"
#define LETIN_KEY_BYTES 32

/** The key of "ssh-ed25519 BASE64" or of that base64 alone. PMJ_INVALID. Pure. */
PMJ_MUST_CHECK enum pmj_code letin_key(
    uint8_t key[static LETIN_KEY_BYTES], const char *text, struct pmj_error *err);

/** Let a key (as text) into a mailbox of ROOT, to write lane 1. Written where it says another. */
PMJ_MUST_CHECK enum pmj_code letin_put(const char *root,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *key, struct pmj_error *err);

/** Let a key in no more. It need not be there. */
PMJ_MUST_CHECK enum pmj_code letin_shut(const char *root, const char *key, struct pmj_error *err);

/** Where a key may go. PMJ_NOT_FOUND; PMJ_INVALID for a malformed file. */
PMJ_MUST_CHECK enum pmj_code letin_find(uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t *lane,
    const char *root, const char *key, struct pmj_error *err);

#endif
