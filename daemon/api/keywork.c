#include "api/keywork.h"

#include <stdlib.h>

#include "base/mem.h"

void
keywork_free(struct keywork *job)
{
	mem_free_wiped(job->passphrase);
	mem_free_wiped(job->next);
	mem_free_wiped(job->code);
	free(job->name);
	free(job->role);
	free(job->mailboxes);
	free(job->path);
	ring_free(job->ring);
	keyfile_free(job->keys);
	keyfile_change_free(job->change);
	mem_wipe(job->recovery, sizeof(job->recovery));
	free(job);
}

static void
on_thread(void *ctx)
{
	struct keywork *job = ctx;

	job->work(job);
}

static void
on_loop(void *ctx)
{
	struct keywork *job = ctx;

	job->core->stretching = false;
	if (job->core->ending && job->given_up != NULL)
		job->given_up(job);
	else
		job->done(job);
	keywork_free(job);
}

enum pmj_code
keywork_open(struct keywork *job, bool fresh, struct pmj_error *err)
{
	struct keyfile *keys = job->keys;
	struct ring *ring = job->ring;

	job->keys = NULL;
	job->ring = NULL;
	return core_open(job->core, keys, ring, fresh, err);
}

void
keywork_fail_ending(struct keywork *job)
{
	struct pmj_error err;

	(void)pmj_fail(&err, PMJ_LOCKED, "pamojad is just being ended; nothing was changed");
	pmj_hint(&err, "give the command once more");
	server_fail(job->request, &err);
}

char *
keywork_copied(const struct call *call, const char *name)
{
	const char *text = json_str(call->body, name);

	return text != NULL ? mem_strdup(text) : NULL;
}

void
keywork_begin(struct keywork *job)
{
	job->core->stretching = true;
	loop_off_thread(job->core->loop, on_thread, on_loop, job);
}

struct keywork *
keywork_new(const struct call *call, struct request *request, void (*work)(struct keywork *),
    void (*done)(struct keywork *))
{
	struct keywork *job = mem_new(sizeof(*job));

	job->core = call->core;
	job->request = request;
	job->lang = call->lang;
	job->work = work;
	job->done = done;
	job->path = core_path(call->core, "keys");
	return job;
}

enum pmj_code
keywork_may_try(struct core *core, bool counts, struct pmj_error *err)
{
	enum pmj_code rc;

	if (core->stretching) {
		rc = pmj_fail(err, PMJ_BUSY, "another unlock is under way");
		pmj_hint(err, "wait a few seconds");
		return rc;
	}
	return counts ? keyfile_tries_take(&core->tries, core->os, err) : PMJ_OK;
}
