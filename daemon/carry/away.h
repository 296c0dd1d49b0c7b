/* away.h - the places of an errand that gave no answer: each is tried once, however many mailboxes
 * are there. */
#ifndef CARRY_AWAY_H
#define CARRY_AWAY_H
#include "carry/job.h"

struct away {
	struct {
		const struct job_remote *remote; /* the first that was looked for there */
		struct pmj_error why;
	} * places;
	size_t count;
};

/** Is it known that nobody answers where this one is? Then why, as it was told the first time. */
bool away_known(const struct away *away, const struct job_remote *remote, struct pmj_error *why);
/** Nobody answered there; remote outlives it. */
void away_note(struct away *away, const struct job_remote *remote, const struct pmj_error *why);
void away_close(struct away *away);

#endif
