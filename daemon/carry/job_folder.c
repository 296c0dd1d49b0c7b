#include "carry/job_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/within.h"
#include "carry/bare.h"
#include "carry/ended.h"
#include "carry/folder.h"
#include "carry/letin.h"
#include "carry/room.h"
#include "carry/seen.h"

#define SILENT_MS 5000

/* A dead share hangs whoever looks into it: it answers this, or it is left out. */
static int
asks_folder(void *ctx)
{
	struct statvfs about;

	return statvfs(ctx, &about) == 0 || errno == ENOENT ? 0 : 1;
}

static bool
is_silent(char *folder)
{
	struct buf none;
	bool silent;

	buf_init(&none, 1);
	silent = within(&none, SILENT_MS, asks_folder, folder) < 0;
	buf_close(&none);
	return silent;
}

/* Where the mailboxes were before must keep nobody from where they are now. Asked once a folder,
 * whose mailboxes follow each other. */
void
job_leave_silent(struct job *job)
{
	const char *asked = NULL;
	bool silent = false;
	size_t kept = 0;

	for (size_t i = 0; i < job->remote_count; i++) {
		struct job_remote *remote = &job->remotes[i];

		if (remote->old && remote->url[0] == '/' &&
		    (asked == NULL || strcmp(asked, remote->url) != 0)) {
			silent = is_silent(remote->url);
			asked = remote->url;
		}
		if (!remote->old || remote->url[0] != '/' || !silent)
			job->remotes[kept++] = *remote;
	}
	job->remote_count = kept;
}

/* A hub that makes the mailbox says there, too, who may use it over the network. */
static enum pmj_code
exchange_folder(struct job *job, const struct job_remote *remote, struct pmj_error *err)
{
	char *path = bare_path(remote->url, remote->mailbox);
	enum pmj_code rc = folder_exchange(&job->ex, remote->mailbox, remote->url, err);

	if (rc == PMJ_OK && job->ex.create && remote->writers != NULL)
		rc = bare_put_text(path, BARE_WRITERS, remote->writers, err);
	if (rc == PMJ_OK && job->ex.create && remote->tokens != NULL)
		rc = bare_put_text(path, BARE_TOKENS, remote->tokens, err);
	if (rc == PMJ_OK && job->ex.create && remote->limit != NULL)
		rc = bare_put_text(path, ROOM_LIMIT, remote->limit, err);
	if (rc == PMJ_OK && job->ex.create && remote->keys != NULL)
		rc = letin_put(remote->url, remote->mailbox, remote->keys, err);
	if (rc == PMJ_OK && job->ex.create && remote->shut != NULL)
		rc = letin_shut(remote->url, remote->shut, err);
	if (rc == PMJ_OK && job->ex.create && !remote->old)
		rc = ended_drop(&job->ex, path, remote->mailbox, err);
	free(path);
	return rc;
}

/* Of a hub's thousands only those where something changed. */
enum pmj_code
job_run_folder(struct job *job, const struct job_remote *remote, struct pmj_error *err)
{
	struct seen_look look;
	enum pmj_code rc;

	if (job->seen == NULL)
		return exchange_folder(job, remote, err);
	if (seen_before(job->seen, &look, remote))
		return PMJ_OK;
	rc = exchange_folder(job, remote, err);
	if (rc == PMJ_OK)
		seen_note(job->seen, &look);
	return rc;
}
