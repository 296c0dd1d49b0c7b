/* restore.c - a backup comes in parts from the client, is opened with the recovery code or the two
 * halves of a hub's backup key, and becomes this home's journal; the key file is written last, and
 * only with it the home begins to be one. Or it is only looked at (`check`). */
#include <stdlib.h>
#include <string.h>

#include "api/restore_inner.h"
#include "api/restore_mark.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"

#define RESTORE_IDLE_MS (30 * MINUTE_MS) /* somebody writes six words on paper */

void
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
restore_gone(void *ctx)
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
	date_of_days(file_day, head->key_day);
	date_of_days(day, halves->day);
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
	restore->timer = loop_timer_new(core->loop, restore_gone, core);
	loop_timer_set(restore->timer, RESTORE_IDLE_MS);
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

enum pmj_code
restore_under_way(const struct call *call, struct restore **out, struct pmj_error *err)
{
	enum pmj_code rc;

	*out = call->core->restore;
	if (*out != NULL && !(*out)->finishing && strcmp(call->part[0], (*out)->id) == 0) {
		loop_timer_set((*out)->timer, RESTORE_IDLE_MS);
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

void
restore_hint_partial(const struct restore *restore, struct pmj_error *err)
{
	if (restore->take.head == NULL)
		pmj_hint(err, "look for another copy of it, or for an older backup");
	else
		pmj_hint(err,
		    "what is before that place is whole, %lld in all: add --partial to take it, or "
		    "look for another copy",
		    (long long)restore->take.entries);
}

enum pmj_code
restore_part(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct restore *restore;
	const char *text;
	enum pmj_code rc;

	if ((rc = restore_under_way(call, &restore, err)) != PMJ_OK ||
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
			restore_hint_partial(restore, err);
		core_restore_drop(call->core);
	} else {
		*out = json_pack("{s:I,s:b}", "entries", (json_int_t)restore->take.entries, "ended",
		    restore->take.ended && restore->pending.len == 0);
	}
	return rc;
}
