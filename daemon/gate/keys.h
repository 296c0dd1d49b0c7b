/* keys.h - what sshd is told of a key that is shown to it: the one command that it may run. */
#ifndef GATE_KEYS_H
#define GATE_KEYS_H
#include "pamoja/error.h"

/**
 * Print the line of authorized_keys for a key, with this program as its forced command; nothing for
 * one that is not let in.
 *
 * key     base64, as sshd has it.
 * Errors  PMJ_INVALID: root or our own path cannot stand in such a line; a malformed file.
 */
PMJ_MUST_CHECK enum pmj_code keys_print(const char *root, const char *key, struct pmj_error *err);

#endif
