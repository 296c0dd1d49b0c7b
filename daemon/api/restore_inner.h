/* restore_inner.h - a restore under way. Private to restore.c and restore_finish.c. */
#ifndef API_RESTORE_INNER_H
#define API_RESTORE_INNER_H
#include "api/handlers.h"
#include "api/restore_take.h"

struct restore {
	struct core *core;
	char id[33];
	char *code; /* NULL: opened with the halves of a backup key */
	char new_code[KEYFILE_RECOVERY_CHARS + 1];
	struct ring *opens; /* the key of the slot, or the backup key */
	struct backup_reader reader;
	struct buf pending; /* bytes of a segment that is not whole yet */
	struct restore_take take;
	struct pmj_error fault; /* the first thing that could not be taken; code PMJ_OK: none */
	bool partial;           /* what is whole of a damaged one is wanted */
	bool finishing;
	struct loop_timer *timer;
	/* the last step, on the worker thread */
	struct request *request;
	char *passphrase;
	struct keyfile *keys;
	enum pmj_code rc;
	struct pmj_error err;
};

void restore_free(struct restore *restore);
/** The restore that the request names, or PMJ_NOT_FOUND: it was given up. */
PMJ_MUST_CHECK enum pmj_code restore_under_way(
    const struct call *call, struct restore **out, struct pmj_error *err);
/** What a person can do about a backup that is damaged or cut off where it was read last. */
void restore_hint_partial(const struct restore *restore, struct pmj_error *err);

#endif
