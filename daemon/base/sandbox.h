/* sandbox.h - what a daemon gives up for good: dumps, privileges, network, and what the kernel says
 * is in force. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H
#include <stdbool.h>
#include <stddef.h>

#include "pamoja/error.h"

/** umask 077, RLIMIT_CORE 0, not dumpable (unless built with PAMOJA_ALLOW_DUMPS), SIGPIPE and
 * SIGXFSZ ignored: both come back as errors of the call. */
void sandbox_basics(void);
/** No new privileges, and by seccomp no socket but AF_UNIX, no ptrace, no exec. Must come after
 * everything was forked. */
PMJ_MUST_CHECK enum pmj_code sandbox_no_network(struct pmj_error *err);
/** The same, but the network stays. */
PMJ_MUST_CHECK enum pmj_code sandbox_no_programs(struct pmj_error *err);
/** Landlock: only these folders may be read and written from now on (and read-only ones read).
 * PMJ_OK with *in_force false where the kernel has no Landlock. */
PMJ_MUST_CHECK enum pmj_code sandbox_folders(bool *in_force, const char *const *writable,
    size_t writable_count, const char *const *readable, size_t readable_count,
    struct pmj_error *err);

/** Landlock: nothing may be opened from now on; only the names in this folder and those below it
 * may be listed. */
PMJ_MUST_CHECK enum pmj_code sandbox_names(
    bool *in_force, const char *folder, struct pmj_error *err);

struct sandbox_state { /* read from /proc and the kernel, never from what was asked */
	bool no_new_privs;
	bool seccomp_filter;
	bool folders_only; /* Landlock is in force: the root folder cannot be listed */
	bool dumpable;
	bool swap_on;        /* any swap */
	bool swap_encrypted; /* every swap is on dm-crypt, however deep, or zram */
	long locked_kib;     /* RLIMIT_MEMLOCK */
};
void sandbox_state(struct sandbox_state *out);

#endif
