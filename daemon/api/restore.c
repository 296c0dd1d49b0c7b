/* restore.c - a backup comes in parts from the client, is opened with the recovery code or the two
 * halves of a hub's backup key, and becomes this home's journal; the key file is written last, and
 * only with it the home begins to be one. Or it is only looked at (`check`). */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/restore_mark.h"
#include "api/restore_take.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/restored.h"

#define IDLE_MS (30LL * 60 * 1000) /* somebody writes six words on paper */

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

static void
restore_free(struct restore *restore)
{
	loop_timer_free(restore->timer);
	restore_take_close(&restore->take);
	ring_free(restore->opens);
	buf_close(&restore->pending);
	mem_free_wiped(restore->code);
	mem_free_wiped(restore->passphrase);
	mem_wipe(restore->new_code, sizeof(restore->new_code));
	free(restore);
}

void
core_restore_drop(struct core *core)
{
	struct restore *restore = core->restore;

	if (restore == NULL || restore->finishing) /* its thread holds it */
		return;
	core->restore = NULL;
	restore_free(restore);
}

void
core_restore_yield(struct core *core)
{
	if (core->restore != NULL && !core->restore->take.check)
		core_restore_drop(core);
}

static void
gone(void *ctx)
{
	diag("a restore was given up: nobody went on with it");
	core_restore_drop(ctx);
}

static enum pmj_code
may_begin(struct core *core, bool check, struct pmj_error *err)
{
	enum pmj_code rc;

	if (core->restore != NULL && core->restore->finishing)
		return pmj_fail(err, PMJ_BUSY, "a restore is being finished; wait a few seconds");
	if (check)
		return PMJ_OK;
	if (core->state != CORE_EMPTY || core->stretching) {
		rc = pmj_fail(err, PMJ_BUSY, "this home has records already; nothing was changed");
		pmj_hint(err, "restore into an empty one: pamoja --home DIR restore FILE");
		return rc;
	}
	core_restore_drop(core);
	rc = core_revoked_make_way(core, err);
	return rc == PMJ_OK ? restore_mark_tidy(core, err) : rc;
}

/* The halves are of the key that the file names on its outside. */
static enum pmj_code
check_same_key(
    const struct backup_head *head, const struct restored_halves *halves, struct pmj_error *err)
{
	char file_day[11], day[11];
	enum pmj_code rc;

	if (head->key_day == halves->day && head->key_number % 16 == halves->number)
		return PMJ_OK;
	text_days_date(file_day, head->key_day);
	text_days_date(day, halves->day);
	rc = pmj_fail(err, PMJ_WRONG_PASSPHRASE,
	    "this file is for backup key %u, made %s; these halves are of one made %s",
	    head->key_number, file_day, day);
	pmj_hint(err, "take the papers on which that date and number stand");
	return rc;
}

/* The key that opens the file; *code receives the recovery code, if that is it. */
static enum pmj_code
make_reader(const struct call *call, struct ring **out, const char **code,
    const struct backup_head *head, struct pmj_error *err)
{
	struct typed_halves typed;
	enum pmj_code rc;

	*code = NULL;
	if (head->key_number == 0) {
		if ((rc = call_text(call, code, "code", err)) != PMJ_OK)
			return rc;
		return restored_reader(out, *code, head->store_uuid, err);
	}
	if ((rc = typed_halves_read(&typed, call, err)) == PMJ_OK)
		rc = restored_reader_halves(out, &typed.halves, head->store_uuid, err);
	if (rc == PMJ_OK && (rc = check_same_key(head, &typed.halves, err)) != PMJ_OK) {
		ring_free(*out);
		*out = NULL;
	}
	typed_halves_close(&typed);
	return rc;
}

enum pmj_code
restore_begin(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	bool check = json_flag(call->body, "check");
	const char *code, *text;
	struct backup_head head;
	struct ring *opens = NULL;
	struct restore *restore;
	struct buf bytes;
	uint8_t id[16];
	enum pmj_code rc;

	buf_init(&bytes, 4096);
	if ((rc = call_text(call, &text, "head", err)) != PMJ_OK)
		goto out;
	if (!text_unbase64_buf(&bytes, text))
		rc = pmj_fail(err, PMJ_INVALID, "\"head\" is not base64");
	if (rc != PMJ_OK || (rc = backup_head_read(&head, bytes.bytes, bytes.len, err)) != PMJ_OK ||
	    (rc = may_begin(core, check, err)) != PMJ_OK ||
	    (rc = make_reader(call, &opens, &code, &head, err)) != PMJ_OK)
		goto out;
	core_restore_drop(core);
	restore = mem_new(sizeof(*restore));
	restore->core = core;
	restore->opens = opens;
	restore->partial = json_flag(call->body, "partial");
	restore->code = code != NULL ? mem_strdup(code) : NULL;
	restore->timer = loop_timer_new(core->loop, gone, core);
	loop_timer_set(restore->timer, IDLE_MS);
	core->os->random(core->os->ctx, id, sizeof(id));
	(void)text_hex(restore->id, id, sizeof(id));
	backup_reader_init(&restore->reader, &head);
	buf_init(&restore->pending, PMJ_SEGMENT_FILE_MAX + PMJ_HTTP_BODY_MAX);
	restore->take.core = core;
	restore->take.check = check;
	restore->take.outside = head;
	core->restore = restore;
	*out = json_pack("{s:s}", "id", restore->id);
out:
	buf_close(&bytes);
	return rc;
}

static enum pmj_code
under_way(const struct call *call, struct restore **out, struct pmj_error *err)
{
	enum pmj_code rc;

	*out = call->core->restore;
	if (*out != NULL && !(*out)->finishing && strcmp(call->part[0], (*out)->id) == 0) {
		loop_timer_set((*out)->timer, IDLE_MS);
		return PMJ_OK;
	}
	rc = pmj_fail(
	    err, PMJ_NOT_FOUND, "this restore was given up meanwhile; nothing was changed");
	pmj_hint(err, "begin again: pamoja restore FILE");
	return rc;
}

static void
drop_front(struct buf *b, size_t count)
{
	memmove(b->bytes, b->bytes + count, b->len - count);
	b->len -= count;
}

/* What is whole of the bytes that came is opened and taken. */
static enum pmj_code
take_pending(struct restore *restore, struct pmj_error *err)
{
	size_t len = 0;
	enum pmj_code rc;

	for (;;) {
		struct segment_open opened;

		rc = backup_next(
		    &restore->reader, &len, restore->pending.bytes, restore->pending.len, err);
		if (rc != PMJ_OK || len == 0 || len > restore->pending.len)
			return rc;
		rc = backup_open(
		    &restore->reader, &opened, restore->pending.bytes, len, restore->opens, err);
		if (rc == PMJ_OK)
			rc = restore_take_segment(&restore->take, &opened, err);
		segment_open_close(&opened);
		if (rc != PMJ_OK)
			return rc;
		drop_front(&restore->pending, len);
	}
}

static void
hint_partial(const struct restore *restore, struct pmj_error *err)
{
	if (restore->take.head == NULL)
		pmj_hint(err, "look for another copy of it, or for an older backup");
	else
		pmj_hint(err,
		    "the %lld entries before that place are whole: add --partial to take them, or "
		    "look for another copy",
		    (long long)restore->take.entries);
}

enum pmj_code
restore_part(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct restore *restore;
	const char *text;
	enum pmj_code rc;

	if ((rc = under_way(call, &restore, err)) != PMJ_OK ||
	    (rc = call_text(call, &text, "bytes", err)) != PMJ_OK)
		return rc;
	if (restore->fault.code != PMJ_OK) {
		*err = restore->fault;
		return restore->fault.code;
	}
	if (!text_unbase64_buf(&restore->pending, text))
		return pmj_fail(err, PMJ_INVALID, "\"bytes\" is not base64");
	if ((rc = buf_check(&restore->pending, err)) == PMJ_OK)
		rc = take_pending(restore, err);
	if (rc == PMJ_INTEGRITY && restore->take.head != NULL && restore->partial) {
		restore->fault = *err; /* what was read before it can still be had */
	} else if (rc != PMJ_OK) {
		if (rc == PMJ_INTEGRITY)
			hint_partial(restore, err);
		core_restore_drop(call->core);
	} else {
		*out = json_pack("{s:I,s:b}", "entries", (json_int_t)restore->take.entries, "ended",
		    restore->take.ended && restore->pending.len == 0);
	}
	return rc;
}

/* ---- the end ---- */

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
	hint_partial(restore, err);
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

	if (under_way(call, &restore, &err) != PMJ_OK) {
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
