/* seen.h - what a hub saw of each of its mailboxes in folders when it last looked into them, so
 * that of thousands only those are looked into where something changed since. By when the folders
 * of its branches changed, as the disk says it; what is not sure is looked into all the same. */
#ifndef CARRY_SEEN_H
#define CARRY_SEEN_H
#include "carry/job.h"

struct seen_row;

struct seen {
	const struct exchange *ex;
	char *path;
	struct seen_row *rows; /* as they were kept, by mailbox */
	size_t count;
	struct seen_row *now; /* of this run */
	size_t now_count;
	bool changed;
};

/* One look at one mailbox, from before it is looked into. */
struct seen_look {
	uint8_t key[20], state[20];
	int64_t now_ms;
	size_t ahead;
};

/** What was kept in the store; what cannot be read is as good as none. */
void seen_open(struct seen *out, const struct exchange *ex);
/** Keep nothing: the next look goes into every mailbox. */
void seen_forget(const char *store);
/** Look from outside. True: nothing changed since it was looked into, so it need not be again. */
bool seen_before(struct seen *seen, struct seen_look *look, const struct job_remote *remote);
/** It was looked into, and all went well. */
void seen_note(struct seen *seen, const struct seen_look *look);
/** Keep it, where it is not what was kept. keeps: of mailboxes that were not asked about, too. */
void seen_close(struct seen *seen, bool keeps);

#endif
