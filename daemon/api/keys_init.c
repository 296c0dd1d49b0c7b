/* keys_init.c - init: keys, journal and recovery code; for a hub also its root. */
#include <stdlib.h>
#include <string.h>

#include "api/keywork.h"
#include "base/diag.h"
#include "base/mem.h"
#include "domain/value.h"

#define WORKER_NAME_MAX 100 /* bytes */

static void
init_work(struct keywork *job)
{
	struct core *core = job->core;
	const struct keyfile_cost cost = {.unlock_ms = (uint32_t)core->settings.unlock_ms};

	job->rc = core_fresh_begin(core, &job->err);
	if (job->rc == PMJ_OK)
		job->rc = ring_new(&job->ring, job->hub, (uint64_t)os_now(core->os), &job->err);
	if (job->rc == PMJ_OK)
		job->rc = keyfile_create(&job->keys, core->os, job->path, job->ring,
		    job->passphrase, &cost, job->recovery, &job->err);
}

static enum pmj_code
write_profile(struct keywork *job, struct pmj_error *err)
{
	struct journal *journal = job->core->journal;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_text(journal, "name", job->name, err)) == PMJ_OK &&
	    (rc = journal_put_text(journal, "role", job->role, err)) == PMJ_OK &&
	    (rc = journal_put_int(journal, "practice", job->practice, err)) == PMJ_OK &&
	    (rc = journal_event(journal, "init", "ok", "this journal was made", err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

/* The six words that people compare: the hub's root, or the laptop's request. */
static char *
own_words(struct keywork *job, struct pmj_error *err)
{
	struct core *core = job->core;
	uint8_t key[64];
	struct ring_epoch epoch;

	if (core->is_hub) {
		if (hub_root_pk(core->hub, key, err) != PMJ_OK)
			return NULL;
		return words_text(core, job->lang, key, 32, err);
	}
	ring_epoch_current(core->ring, &epoch);
	memcpy(key, ring_sign_pk(core->ring), 32);
	memcpy(key + 32, epoch.pk, 32);
	return words_text(core, job->lang, key, 64, err);
}

static enum pmj_code
init_finish(struct keywork *job, json_t **out, struct pmj_error *err)
{
	struct core *core = job->core;
	struct buf root;
	char *words = NULL;
	enum pmj_code rc;

	buf_init(&root, 4096);
	if ((rc = keywork_open(job, true, err)) != PMJ_OK)
		return rc;
	if ((rc = write_profile(job, err)) != PMJ_OK)
		goto out;
	if (job->hub) {
		if ((rc = hub_init(core->journal, job->name, job->mailboxes, &root, err)) !=
		        PMJ_OK ||
		    (rc = core_begin_hub(core, err)) != PMJ_OK)
			goto out;
	} else if ((rc = device_new(&core->device, core->journal, err)) != PMJ_OK) {
		goto out;
	}
	if ((rc = core_save_anchor(core, err)) != PMJ_OK)
		goto out;
	core_keep_kinds(core);
	words = own_words(job, err);
	*out = json_pack("{s:o,s:s?,s:s,s:s,s:s,s:b}", "device",
	    json_hex(ring_device_id(core->ring), PMJ_DEVICE_BYTES), "words", words, "recovery_code",
	    job->recovery, "role", job->role, "name", job->name, "locked", 0);
	if (job->hub) {
		(void)json_object_set_new(*out, "root_key", json_string(buf_text(&root)));
		(void)json_object_set_new(
		    *out, "root_words", json_string(words != NULL ? words : ""));
	}
out:
	free(words);
	buf_wipe(&root);
	return rc;
}

/* A home that could not be made whole is none. */
static void
init_undo(struct core *core)
{
	struct pmj_error err;

	core_lock(core);
	if (core_fresh_sweep(core, &err) != PMJ_OK)
		diag_error("undoing init", &err);
	else
		core->state = CORE_EMPTY;
}

static void
init_done(struct keywork *job)
{
	json_t *out = NULL;

	if (job->rc == PMJ_OK)
		job->rc = init_finish(job, &out, &job->err);
	if (job->rc != PMJ_OK) {
		init_undo(job->core);
		server_fail(job->request, &job->err);
		return;
	}
	job->core->unseen = true;
	server_reply(job->request, out);
}

/* Nobody will see its recovery code. */
static void
init_given_up(struct keywork *job)
{
	init_undo(job->core);
	keywork_fail_ending(job);
}

/* That it was asked is enough: see serve() in routes.c. */
enum pmj_code
keys_seen(const struct call *call, json_t **out, struct pmj_error *err)
{
	(void)call;
	(void)err;
	*out = json_object();
	return PMJ_OK;
}

static enum pmj_code
check_init(const struct call *call, struct pmj_error *err)
{
	static const char *const roles[] = {
	    "peer", "ally", "volunteer", "supervisor", "coordinator"};
	const char *name, *passphrase, *role = json_str(call->body, "role");
	const char *mailboxes = json_str(call->body, "mailboxes");
	bool hub = json_flag(call->body, "hub"), known = false;
	enum pmj_code rc;

	if (call->core->state != CORE_EMPTY) {
		rc = pmj_fail(err, PMJ_BUSY, "there is a journal here already");
		pmj_hint(
		    err, "use another home (--home DIR), or go on with this one: pamoja unlock");
		return rc;
	}
	if ((rc = call_text(call, &name, "name", err)) != PMJ_OK ||
	    (rc = call_text(call, &passphrase, "passphrase", err)) != PMJ_OK)
		return rc;
	if ((rc = value_worker_name(name, WORKER_NAME_MAX, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		known = known || (role != NULL && strcmp(role, roles[i]) == 0);
	if (!known && !hub) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is not a role", role != NULL ? role : "nothing");
		pmj_hint(err, "roles: peer, ally, volunteer, supervisor, coordinator");
		return rc;
	}
	if (hub && (mailboxes == NULL || mailboxes[0] == '\0')) {
		rc = pmj_fail(err, PMJ_USAGE, "a hub needs the folder of its mailboxes");
		pmj_hint(err, "add --mailboxes DIR");
		return rc;
	}
	if (hub && mailboxes[0] != '/') {
		rc = pmj_fail(err, PMJ_USAGE, "mailboxes must be a folder with its full path");
		pmj_hint(err, "https:// and ssh:// come with a later version");
		return rc;
	}
	return keyfile_passphrase_rules(passphrase, name, err);
}

void
keys_init(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct keywork *job;
	const char *role = json_str(call->body, "role");

	if (keywork_may_try(call->core, false, &err) != PMJ_OK ||
	    check_init(call, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	if (core_revoked_make_way(call->core, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_restore_yield(call->core);
	job = keywork_new(call, request, init_work, init_done);
	job->given_up = init_given_up;
	job->passphrase = keywork_copied(call, "passphrase");
	job->name = keywork_copied(call, "name");
	job->hub = json_flag(call->body, "hub");
	job->role = mem_strdup(job->hub ? "coordinator" : role);
	job->mailboxes = keywork_copied(call, "mailboxes");
	job->practice = json_flag(call->body, "practice");
	keywork_begin(job);
}
