/* job.h - one errand from beginning to end: an exchange with every mailbox, or with a parcel. */
#ifndef CARRY_JOB_H
#define CARRY_JOB_H
#include "carry/exchange.h"

/* Where a mailbox is. All but the first two may be NULL. */
struct job_remote {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	char *url;    /* a folder's full path, or https://HOST/PATH */
	char *token;  /* https: lets us in; in memory only */
	char *pin;    /* https: sha256//HASH of the host's public key */
	char *ca;     /* https: PEM of who signed the host's certificate */
	char *tokens; /* a hub's folder: text of the gate's two files of this mailbox */
	char *writers;
};

struct job {
	struct exchange ex;
	struct job_remote *remotes;
	size_t remote_count;
	size_t remote_room;
	char *parcel; /* a folder: exchange with the parcel there, not with the remotes */
};

void job_close(struct job *job);
void job_remote_copy(struct job_remote *out, const struct job_remote *from);
/** Its token is wiped. */
void job_remote_close(struct job_remote *remote);
/** Add a copy. url, if not NULL, stands in place of its own; a token goes to no other address. */
void job_add_remote(struct job *job, const struct job_remote *remote, const char *url);
/** Does it need the network? */
bool job_by_network(const struct job *job);

/** May a mailbox be reached so? The absolute path of a folder, or https. PMJ_INVALID says why not.
 */
PMJ_MUST_CHECK enum pmj_code job_check_url(const char *url, struct pmj_error *err);

/**
 * Do it.
 *
 * Errors   the only failure's code; PMJ_PARTIAL when some mailboxes were exchanged and some not;
 *          PMJ_UNREACHED when none was reached.
 */
PMJ_MUST_CHECK enum pmj_code job_run(struct job *job, struct pmj_error *err);

#endif
