/* keywork.h - work with a passphrase, which is stretched on the worker thread for a second: what it
 * needs, where it is done, and what follows on the loop. */
#ifndef API_KEYWORK_H
#define API_KEYWORK_H
#include "api/handlers.h"

struct keywork {
	struct core *core;
	struct request *request;
	enum lang lang;
	void (*work)(struct keywork *job);     /* on the worker thread */
	void (*done)(struct keywork *job);     /* on the loop */
	void (*given_up)(struct keywork *job); /* instead, when the daemon ends; NULL: done */
	char *passphrase;
	char *next; /* the new passphrase */
	char *code; /* recovery code */
	char *name, *role, *mailboxes;
	char *path; /* of the key file */
	bool hub, practice;
	struct keyfile *keys; /* until core_open takes them */
	struct ring *ring;
	struct keyfile_change *change; /* of the passphrase of keys that are open */
	char recovery[KEYFILE_RECOVERY_CHARS + 1];
	enum pmj_code rc;
	struct pmj_error err;
};

/** One at a time (PMJ_BUSY), and, where it counts, at most five tries a minute (4.3). */
PMJ_MUST_CHECK enum pmj_code keywork_may_try(struct core *core, bool counts, struct pmj_error *err);
/** For this request; then fill in what the work needs and begin it, or free it. */
struct keywork *keywork_new(const struct call *call, struct request *request,
    void (*work)(struct keywork *job), void (*done)(struct keywork *job));
/** On the worker thread; `done` answers, and what was begun is freed after it. */
void keywork_begin(struct keywork *job);
/** Everything secret in it is wiped. */
void keywork_free(struct keywork *job);

/** A string member of the body, for the caller to free; NULL without it. */
char *keywork_copied(const struct call *call, const char *name);
/** What the thread made is this home's from now on. */
PMJ_MUST_CHECK enum pmj_code keywork_open(struct keywork *job, bool fresh, struct pmj_error *err);
/** The answer when the daemon ends and nothing was changed. */
void keywork_fail_ending(struct keywork *job);

#endif
