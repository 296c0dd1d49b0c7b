/* restore_finish.c - the end of a restore: is all of it here, what it holds, and, where it becomes
 * a home, the key file under a new passphrase. */
#include <stdlib.h>

#include "api/restore_inner.h"
#include "base/diag.h"
#include "base/mem.h"

static json_t *
summary(const struct restore *restore, bool partial)
{
	const struct restore_take *take = &restore->take;
	const json_t *settings = json_obj(take->head, "settings");
	json_t *out;

	out = json_pack("{s:I,s:I,s:I,s:I,s:b,s:b,s:o}", "entries", (json_int_t)take->entries,
	    "records", (json_int_t)take->records, "at", (json_int_t)json_int(take->head, "at", 0),
	    "newest", (json_int_t)take->newest_ms, "hub", ring_is_hub(take->ring), "partial",
	    partial, "device", json_hex(ring_device_id(take->ring), PMJ_DEVICE_BYTES));
	(void)json_object_set_new(out, "name",
	    json_string(json_str(settings, "name") != NULL ? json_str(settings, "name") : ""));
	(void)json_object_set_new(out, "role",
	    json_string(json_str(settings, "role") != NULL ? json_str(settings, "role") : ""));
	return out;
}

/* Is all of it here, or as much as the person asked for? */
static enum pmj_code
check_whole(const struct restore *restore, struct pmj_error *err)
{
	const struct restore_take *take = &restore->take;
	enum pmj_code rc;

	if (take->head != NULL && take->ended && restore->pending.len == 0 &&
	    restore->fault.code == PMJ_OK)
		return PMJ_OK;
	if (restore->partial && take->head != NULL && !ring_is_hub(take->ring))
		return PMJ_OK;
	if (restore->partial && take->head != NULL) {
		rc = pmj_fail(err, PMJ_REFUSED, "a hub cannot go on from a part of a backup");
		pmj_hint(err, "look for another copy of it, or for an older backup");
		return rc;
	}
	if (restore->fault.code != PMJ_OK) {
		*err = restore->fault;
		return restore->fault.code;
	}
	rc = pmj_fail(err, PMJ_INTEGRITY,
	    "the backup is cut off in its part %llu, which begins at byte %llu",
	    (unsigned long long)restore->reader.segno + 1,
	    (unsigned long long)restore->reader.offset);
	restore_hint_partial(restore, err);
	return rc;
}

static void
finish_work(void *ctx)
{
	struct restore *restore = ctx;
	struct core *core = restore->core;
	struct keyfile_restored what = {.passphrase = restore->passphrase,
	    .code = restore->code,
	    .new_code = restore->new_code,
	    .store_uuid = restore->take.outside.store_uuid};
	const struct keyfile_cost cost = {.unlock_ms = (uint32_t)core->settings.unlock_ms};
	char *path = core_path(core, "keys");

	restore->rc = restore->code == NULL ? core_fresh_begin(core, &restore->err) : PMJ_OK;
	if (restore->rc == PMJ_OK)
		restore->rc = keyfile_restore(&restore->keys, core->os, path, restore->take.ring,
		    &what, &cost, &restore->err);
	free(path);
}

static void
finish_done(void *ctx)
{
	struct restore *restore = ctx;
	struct core *core = restore->core;
	struct request *request = restore->request;
	bool partial = !restore->take.ended, made = restore->rc == PMJ_OK;
	json_t *out = NULL;

	core->stretching = false;
	core->restore = NULL;
	core->unseen = restore->code == NULL; /* its new recovery code */
	if (!made && core_fresh_seen(core, NULL) != PMJ_OK)
		diag("HOME/unseen could not be removed");
	if (made) {
		out = summary(restore, partial);
		if (restore->new_code[0] != '\0')
			(void)json_object_set_new(
			    out, "recovery_code", json_string(restore->new_code));
		core->state = CORE_LOCKED; /* there are keys now, whatever comes */
		restore->rc = core_open(
		    core, restore->keys, restore_take_ring(&restore->take), false, &restore->err);
		if (restore->rc == PMJ_OK) {
			core_keep_kinds(core);
			core_queued(core, true);
		}
	}
	if (restore->rc == PMJ_OK) {
		diag("restored from a backup");
		server_reply(request, out);
	} else {
		json_decref(out);
		server_fail(request, &restore->err);
	}
	restore_free(restore);
}

static enum pmj_code
prepare(struct restore *restore, const struct call *call, struct pmj_error *err)
{
	const json_t *settings = json_obj(restore->take.head, "settings");
	const char *passphrase;
	enum pmj_code rc;

	if ((rc = call_text(call, &passphrase, "passphrase", err)) != PMJ_OK ||
	    (rc = keyfile_passphrase_rules(passphrase, json_str(settings, "name"), err)) != PMJ_OK)
		return rc;
	if ((rc = restore_take_finish(&restore->take, err)) != PMJ_OK) {
		core_restore_drop(call->core);
		return rc;
	}
	restore->passphrase = mem_strdup(passphrase);
	return PMJ_OK;
}

void
restore_finish(const struct call *call, struct request *request)
{
	struct core *core = call->core;
	struct restore *restore;
	struct pmj_error err;

	if (restore_under_way(call, &restore, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	if (check_whole(restore, &err) != PMJ_OK) {
		core_restore_drop(core);
		server_fail(request, &err);
		return;
	}
	if (restore->take.check) {
		server_reply(request, summary(restore, !restore->take.ended));
		core_restore_drop(core);
		return;
	}
	if (core->stretching || core->state != CORE_EMPTY) {
		(void)pmj_fail(&err, PMJ_BUSY, "this home is made by somebody else just now");
		pmj_hint(&err, "restore into an empty one: pamoja --home DIR restore FILE");
		server_fail(request, &err);
		return;
	}
	if (prepare(restore, call, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	restore->request = request;
	restore->finishing = core->stretching = true;
	loop_off_thread(core->loop, finish_work, finish_done, restore);
}
