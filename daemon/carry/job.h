/* job.h - one errand from beginning to end: an exchange with every mailbox, or with a parcel. */
#ifndef CARRY_JOB_H
#define CARRY_JOB_H
#include "carry/exchange.h"

struct job_remote {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	char *url;
};

struct job {
	struct exchange ex;
	struct job_remote *remotes;
	size_t remote_count;
	size_t remote_room;
	char *parcel; /* a folder: exchange with the parcel there, not with the remotes */
};

void job_close(struct job *job);
void job_add_remote(
    struct job *job, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *url);

/** May a mailbox be reached so? Today: the absolute path of a folder. PMJ_INVALID says why not. */
PMJ_MUST_CHECK enum pmj_code job_check_url(const char *url, struct pmj_error *err);

/**
 * Do it.
 *
 * Errors   the only failure's code; PMJ_PARTIAL when some mailboxes were exchanged and some not;
 *          PMJ_UNREACHED when none was reached.
 */
PMJ_MUST_CHECK enum pmj_code job_run(struct job *job, struct pmj_error *err);

#endif
