#include "carry/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/folder.h"
#include "carry/parcel.h"

void
job_close(struct job *job)
{
	for (size_t i = 0; i < job->remote_count; i++)
		free(job->remotes[i].url);
	free(job->remotes);
	free(job->parcel);
	free(job->ex.spool);
	free(job->ex.store);
	places_close(&job->ex.have);
	places_close(&job->ex.acked);
	memset(job, 0, sizeof(*job));
}

void
job_add_remote(struct job *job, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *url)
{
	struct job_remote *remote;

	if (job->remote_count == job->remote_room) {
		job->remote_room = job->remote_room == 0 ? 8 : job->remote_room * 2;
		job->remotes = mem_grow(job->remotes, job->remote_room, sizeof(*job->remotes));
	}
	remote = &job->remotes[job->remote_count++];
	memcpy(remote->mailbox, mailbox, sizeof(remote->mailbox));
	remote->url = mem_strdup(url);
}

enum pmj_code
job_check_url(const char *url, struct pmj_error *err)
{
	if (strncmp(url, "https://", 8) == 0 || strncmp(url, "ssh://", 6) == 0) {
		(void)pmj_fail(err, PMJ_INVALID, "%.80s: only folders are served today", url);
		pmj_hint(
		    err, "name the folder that holds the mailboxes, such as /media/office/mail");
		return PMJ_INVALID;
	}
	if (url[0] != '/') {
		(void)pmj_fail(err, PMJ_INVALID, "%.80s is not a folder's full path", url);
		pmj_hint(err, "begin it with /");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

/* The first failure speaks; one that was not reached gives way to one that was and went wrong. */
static void
note_failure(struct pmj_error *first, const struct pmj_error *why)
{
	if (first->code == PMJ_OK || (first->code == PMJ_UNREACHED && why->code != PMJ_UNREACHED))
		*first = *why;
}

static enum pmj_code
run_remotes(struct job *job, struct pmj_error *err)
{
	struct pmj_error first = {0};
	size_t good = 0;

	for (size_t i = 0; i < job->remote_count; i++) {
		struct job_remote *remote = &job->remotes[i];
		struct pmj_error why = {0};
		enum pmj_code rc;

		exchange_beat(&job->ex);
		rc = job_check_url(remote->url, &why);
		if (rc == PMJ_OK)
			rc = folder_exchange(&job->ex, remote->mailbox, remote->url, &why);
		if (rc == PMJ_OK)
			good++;
		else
			note_failure(&first, &why);
	}
	if (first.code == PMJ_OK)
		return PMJ_OK;
	if (err != NULL)
		*err = first;
	/* Damage is told as such also when it concerns one mailbox of many. */
	if (good == 0 || first.code == PMJ_INTEGRITY)
		return first.code;
	if (err != NULL)
		err->code = PMJ_PARTIAL;
	pmj_context(err, "%zu of %zu mailboxes", job->remote_count - good, job->remote_count);
	return PMJ_PARTIAL;
}

/* A stick that goes away under our hands shows as a missing file, or as a device that answers no
 * more. */
static enum pmj_code
run_parcel(struct job *job, struct pmj_error *err)
{
	enum pmj_code rc = parcel_exchange(job, err);

	if (rc != PMJ_NOT_FOUND && rc != PMJ_IO)
		return rc;
	err->code = PMJ_UNREACHED;
	pmj_hint(err, "is the stick still plugged in? nothing is lost; try again with it");
	return PMJ_UNREACHED;
}

enum pmj_code
job_run(struct job *job, struct pmj_error *err)
{
	enum pmj_code rc;

	if (job->parcel == NULL && job->remote_count == 0) {
		(void)pmj_fail(err, PMJ_UNREACHED, "no mailbox is known yet");
		pmj_hint(err, "%s",
		    job->ex.create ? "enrol a worker first: pamoja hub enrol REQUEST --role peer"
		                   : "enrol this laptop first, or carry a parcel");
		return PMJ_UNREACHED;
	}
	rc = exchange_begin(&job->ex, err);
	if (rc == PMJ_OK)
		rc = job->parcel != NULL ? run_parcel(job, err) : run_remotes(job, err);
	exchange_end(&job->ex);
	return rc;
}
