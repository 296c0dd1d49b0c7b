/* folder.h - mailboxes as bare repositories in a folder: a disk of this machine, or a share. Not
 * through libgit2's local transport, which asks nobody and overwrites others' moves. */
#ifndef CARRY_FOLDER_H
#define CARRY_FOLDER_H
#include "carry/exchange.h"

/**
 * Exchange one mailbox, DIR/<mailbox-hex>.git. Both directions are tried; the first failure is
 * reported.
 *
 * Errors   PMJ_UNREACHED when the folder or the mailbox is not there; PMJ_INTEGRITY when what is in
 *          it is not as segments make it; PMJ_PARTIAL when a run could not be sent.
 */
PMJ_MUST_CHECK enum pmj_code folder_exchange(struct exchange *ex,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *dir, struct pmj_error *err);

#endif
