/* errand.h - a job in a process of its own, which may reach only the folders of that job. A disk or
 * share that hangs takes only this process with it. */
#ifndef CARRY_ERRAND_H
#define CARRY_ERRAND_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "carry/job.h"

struct errand {
	int launcher;       /* the session's end to it */
	pid_t pid;          /* 0 when none is under way */
	int fd;             /* its events, as lines; an empty line is a sign of life */
	int64_t id;         /* of the order */
	int64_t heard_ms;   /* last sign of life, monotonic */
	int64_t stop_ms;    /* when it is killed, since it was asked to end; 0: it was not */
	struct buf partial; /* a line not yet ended */
	struct buf done;    /* its last line, kept until it has ended */
};

/** Start it. The job stays the caller's. */
PMJ_MUST_CHECK enum pmj_code errand_start(
    struct errand *out, const struct job *job, int64_t id, struct pmj_error *err);
/**
 * Read what it said; whole lines are added to out.
 *
 * Returns  false when it has ended (or was given up): then *good says whether all went well, and
 *          the errand is free for the next.
 */
bool errand_read(struct errand *errand, struct buf *out, bool *good);
/** Ask it to end between two files; where it does not come to that, it is killed in a moment. */
void errand_stop(struct errand *errand);
/** Give it up: it was silent for too long, or does not stop. What it did stands. */
void errand_kill(struct errand *errand);

/** Be one: in a process that the launcher forked for it. order: what handover_put wrote; out:
 * where lines go. */
_Noreturn void errand_work(int order, int out, const char *home, struct ticket_shelf *tickets);

#endif
