/* launch.h - two processes make a carrier. The session speaks with pamojad, its errands and the
 * bell, and may open no file; the launcher, which it was forked from, has the rights of its user,
 * reads nothing from outside, and does three things that it is asked for: start an errand, end it,
 * open a bell. A fence cannot be widened, and which stick comes is known only later. */
#ifndef CARRY_LAUNCH_H
#define CARRY_LAUNCH_H
#include <stdbool.h>
#include <sys/types.h>

#include "pamoja/error.h"

/* ---- in the session; fd is its end ---- */

/** Start an errand. job: a descriptor with what handover_put wrote; out: where it says its lines.
 * Both stay the caller's. */
PMJ_MUST_CHECK enum pmj_code launch_errand(
    pid_t *out, int fd, int job, int out_fd, struct pmj_error *err);
/** Has it ended, and well? With `wait` only then it returns. */
bool launch_ended(bool *good, int fd, pid_t errand, bool wait);
/** Ask the errand that was started last to end: SIGTERM, which is blocked there. */
void launch_stop(int fd);
/** Kill the errand that was started last, where it runs. */
void launch_kill(int fd);
/** The pipe of a bell in this folder (bell_make), or -1. */
int launch_bell(int fd, const char *folder);

/* ---- in the launcher ---- */

/** Serve until the session ends; then the errand does, too. SIGTERM, SIGINT and SIGCHLD must be
 * blocked. Returns what the session ended with. */
PMJ_MUST_CHECK enum pmj_code launch_serve(
    int fd, const char *home, pid_t session, struct pmj_error *err);

#endif
