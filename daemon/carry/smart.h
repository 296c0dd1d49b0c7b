/* smart.h - mailboxes behind git's smart protocol, over libgit2's transports. Pushes go in small
 * steps, since a pack that is cut is lost whole; nothing counts as sent that the far side did not
 * say it took and does not show afterwards. Not yet reachable by settings (job.c). */
#ifndef CARRY_SMART_H
#define CARRY_SMART_H
#include "carry/exchange.h"

/** Exchange one mailbox at url, the address of its repository. As folder_exchange. */
PMJ_MUST_CHECK enum pmj_code smart_exchange(struct exchange *ex,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *url, struct pmj_error *err);

/** The far branches of a lane, from the advertisement. */
PMJ_MUST_CHECK enum pmj_code smart_tips(git_repository *own, const char *url,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct branch_tips *out,
    struct pmj_error *err);

/**
 * Fetch one branch into refs/far/... of a store that holds no other run (negotiation walks all it
 * finds there).
 *
 * objects  how many came; may be NULL.
 * Errors   PMJ_TOO_BIG above 64 MiB or 20,000 objects; PMJ_UNREACHED when the link broke.
 */
PMJ_MUST_CHECK enum pmj_code smart_fetch(git_repository *store, const char *url,
    const struct shape_place *run, size_t *objects, struct pmj_error *err);

#endif
