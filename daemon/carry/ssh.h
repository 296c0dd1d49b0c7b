/* ssh.h - requests to a gate that ssh runs at a host, over a connection that is kept: each behind
 * its length, and so its answer. */
#ifndef CARRY_SSH_H
#define CARRY_SSH_H
#include "base/buf.h"
#include "carry/sshrun.h"

struct ssh;

/** run stays the caller's. beat is called as long as bytes move; it may be NULL, as may moved, to
 * which what goes to and comes from the gate is added. */
struct ssh *ssh_new(
    struct sshrun *run, int patience_s, void (*beat)(void *ctx), void *ctx, uint64_t *moved);
/** Closes the connection. To up and down (may be NULL) the bytes of all connections are added:
 * above TCP where ssh told them, else what went to and came from the gate. */
void ssh_free(struct ssh *ssh, uint64_t *up, uint64_t *down);

/**
 * Ask the gate at the host `which` of those that run was started with.
 *
 * url      of that host, for messages.
 * answer   receives the message; at most its limit.
 * Errors   those of sshsays_read; PMJ_UNREACHED: the link went silent; PMJ_INTEGRITY:
 *          more than was asked for.
 */
PMJ_MUST_CHECK enum pmj_code ssh_ask(struct ssh *ssh, size_t which, const char *url,
    const struct buf *request, struct buf *answer, struct pmj_error *err);

/** The list of what a mailbox has, as git shows it there. The connection stays: what is asked of
 * the same program next goes over it. */
PMJ_MUST_CHECK enum pmj_code ssh_git_list(struct ssh *ssh, size_t which, const char *url,
    enum sshrun_program program, struct buf *answer, struct pmj_error *err);
/** Ask git there; the answer ends as the program does, so it may have been cut off. */
PMJ_MUST_CHECK enum pmj_code ssh_git_ask(struct ssh *ssh, size_t which, const char *url,
    enum sshrun_program program, const struct buf *request, struct buf *answer,
    struct pmj_error *err);
/** Did the host let us in, and had no gate to run? */
bool ssh_no_gate(const struct ssh *ssh);

/** Did the last failure come in the middle, so that the same may go well at once? */
bool ssh_broke(const struct ssh *ssh);
/** Grows with whatever came from a gate or git at a host. */
size_t ssh_heard(const struct ssh *ssh);

#endif
