/* keys.c - unlock, recover, lock, passphrase. */
#include <stdlib.h>
#include <string.h>

#include "api/keywork.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"

/* --- unlock, recover --- */

static void
unlock_work(struct keywork *job)
{
	if (job->code != NULL)
		job->rc = keyfile_recover(
		    &job->keys, &job->ring, job->core->os, job->path, job->code, &job->err);
	else
		job->rc = keyfile_unlock(
		    &job->keys, &job->ring, job->core->os, job->path, job->passphrase, &job->err);
	if (job->rc == PMJ_OK && job->next != NULL) {
		const struct keyfile_cost cost = {
		    .unlock_ms = (uint32_t)job->core->settings.unlock_ms};

		job->rc = keyfile_set_passphrase(job->keys, job->ring, job->next, &cost, &job->err);
	}
}

static int64_t
notes_waiting(struct core *core)
{
	json_t *list = NULL;
	int64_t count = 0;

	if (locked_note_list(&list, core->os, core->home, core->ring, NULL) == PMJ_OK)
		count = (int64_t)json_array_size(json_arr(list, "items"));
	json_decref(list);
	return count;
}

static void
unlock_done(struct keywork *job)
{
	struct core *core = job->core;

	if (job->rc == PMJ_OK)
		job->rc = keywork_open(job, false, &job->err);
	if (job->rc != PMJ_OK) {
		server_fail(job->request, &job->err);
		return;
	}
	memset(&core->tries, 0, sizeof(core->tries));
	diag("unlocked");
	if (core->state == CORE_RENEWING) {
		server_reply(job->request,
		    json_pack("{s:b,s:o}", "locked", 1, "renewing", core_renewing(core)));
		return;
	}
	server_reply(job->request, json_pack("{s:b,s:I,s:s}", "locked", 0, "notes_waiting",
	                               (json_int_t)notes_waiting(core), "warning", core->warning));
}

/* Asked before anybody types a passphrase or a code in vain: where it would not be taken, the
 * route's needs have refused. */
enum pmj_code
keys_may_be_typed(const struct call *call, json_t **out, struct pmj_error *err)
{
	(void)call;
	(void)out;
	(void)err;
	return PMJ_OK;
}

void
keys_unlock(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct keywork *job;
	const char *passphrase;

	if (call->core->state == CORE_RENEWING) {
		server_reply(request,
		    json_pack("{s:b,s:o}", "locked", 1, "renewing", core_renewing(call->core)));
		return;
	}
	if (call->core->state == CORE_OPEN) {
		server_reply(request, json_pack("{s:b,s:I}", "locked", 0, "notes_waiting",
		                          (json_int_t)notes_waiting(call->core)));
		return;
	}
	if (call_text(call, &passphrase, "passphrase", &err) != PMJ_OK ||
	    fs_check_private(call->core->os, call->core->home, &err) != PMJ_OK ||
	    keywork_may_try(call->core, true, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_lock(call->core); /* one that is under way is finished first */
	job = keywork_new(call, request, unlock_work, unlock_done);
	job->given_up = keywork_fail_ending;
	job->passphrase = mem_strdup(passphrase);
	keywork_begin(job);
}

void
keys_recover(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct keywork *job;
	const char *code, *next;

	if (call_text(call, &code, "code", &err) != PMJ_OK ||
	    call_text(call, &next, "new", &err) != PMJ_OK ||
	    keyfile_passphrase_rules(next, "", &err) != PMJ_OK ||
	    keywork_may_try(call->core, true, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_lock(call->core);
	job = keywork_new(call, request, unlock_work, unlock_done);
	job->code = mem_strdup(code);
	job->next = mem_strdup(next);
	keywork_begin(job);
}

void
keys_lock(const struct call *call, struct request *request)
{
	struct core *core = call->core;
	struct pmj_error err;

	if (core->state == CORE_EMPTY) {
		(void)pmj_fail(&err, PMJ_NOT_INITIALISED, "there is nothing to lock here yet");
		server_fail(request, &err);
	} else if (core->state == CORE_OPEN) { /* also while another passphrase is stretched */
		core_lock_begin(core, request);
	} else if (core->stretching) {
		(void)pmj_fail(&err, PMJ_BUSY, "an unlock is under way; wait a few seconds");
		server_fail(request, &err);
	} else {
		core_lock(core); /* a lock that is under way is finished first */
		server_reply(request, json_pack("{s:b}", "locked", 1));
	}
}

/* --- passphrase --- */

/* The old one is checked and the new slot made while the journal stays open and in use: on copies.
 */
static void
change_work(struct keywork *job)
{
	const struct keyfile_cost cost = {.unlock_ms = (uint32_t)job->core->settings.unlock_ms};

	job->rc = keyfile_change_stretch(job->change, job->passphrase, job->next, &cost, &job->err);
}

static void
change_done(struct keywork *job)
{
	struct core *core = job->core;

	if (job->rc == PMJ_OK && core->state != CORE_OPEN) {
		job->rc = pmj_fail(&job->err, PMJ_LOCKED,
		    "Pamoja was locked meanwhile; the passphrase is the old one still");
		pmj_hint(&job->err, "unlock it with: pamoja unlock");
	}
	if (job->rc == PMJ_OK)
		job->rc = keyfile_change_put(job->change, core->keys, core->ring, &job->err);
	if (job->rc != PMJ_OK)
		server_fail(job->request, &job->err);
	else
		server_reply(job->request, NULL);
}

void
keys_passphrase(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct keywork *job;
	const char *old, *next;
	char *name = journal_text(call->core->journal, "name");
	enum pmj_code rc;

	if ((rc = call_text(call, &old, "old", &err)) == PMJ_OK &&
	    (rc = call_text(call, &next, "new", &err)) == PMJ_OK &&
	    (rc = keyfile_passphrase_rules(next, name, &err)) == PMJ_OK)
		rc = keywork_may_try(call->core, true, &err);
	free(name);
	if (rc != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	job = keywork_new(call, request, change_work, change_done);
	if (keyfile_change_new(&job->change, call->core->keys, &err) != PMJ_OK) {
		keywork_free(job);
		server_fail(request, &err);
		return;
	}
	job->passphrase = mem_strdup(old);
	job->next = mem_strdup(next);
	keywork_begin(job);
}
