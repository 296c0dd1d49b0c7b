/* daemon.h - the daemon as a whole: builds the parts, hands each what it needs, closes them in
 * reverse. */
#ifndef DAEMON_H
#define DAEMON_H
#include <stdbool.h>

#include "pamoja/error.h"

struct daemon;
struct daemon_options {
	const char *home;
	bool foreground; /* messages to standard error, no fork */
	bool no_carry;   /* a service manager starts pamoja-carry */
	int ready_fd;    /* written one byte when serving; -1: none */
};
/** Take the home (PMJ_BUSY says who holds it), start serving. */
PMJ_MUST_CHECK enum pmj_code daemon_new(
    struct daemon **out, const struct daemon_options *options, struct pmj_error *err);
/** Serve until SIGTERM or SIGINT. */
void daemon_run(struct daemon *daemon);
void daemon_free(struct daemon *daemon);

#endif
