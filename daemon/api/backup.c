/* backup.c - a backup is made in parts, each asked for by the client, which writes them to the
 * person's file: so others are answered in between. Whatever was acknowledged before the first
 * request is in it. Exchanges wait meanwhile, so that the lanes that are written at the end belong
 * to the entries that were written before. */
#include <stdlib.h>
#include <string.h>

#include "api/backup_inner.h"
#include "api/handlers.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"

#define BACKUP_IDLE_MS 30000 /* a client that has gone */

void
core_backup_drop(struct core *core)
{
	if (core->backup == NULL)
		return;
	loop_timer_free(core->backup->timer);
	backup_place_close(&core->backup->place);
	free(core->backup);
	core->backup = NULL;
	core_wake(core); /* exchanges that waited */
}

static void
client_gone(void *ctx)
{
	diag("a backup was given up: nobody asked for its next part");
	core_backup_drop(ctx);
}

static enum pmj_code
under_way(const struct call *call, struct backup **out, struct pmj_error *err)
{
	enum pmj_code rc;

	*out = call->core->backup;
	if (*out != NULL && strcmp(call->part[0], (*out)->id) == 0) {
		loop_timer_set((*out)->timer, BACKUP_IDLE_MS);
		return PMJ_OK;
	}
	rc = pmj_fail(err, PMJ_NOT_FOUND, "this backup was given up meanwhile");
	pmj_hint(err, "make it again: pamoja backup FILE");
	return rc;
}

/* Whom the file is for, and his key: the recovery code's slot, or (reader "halves") the two people
 * who hold the backup key. */
static enum pmj_code
choose_reader(
    const struct call *call, struct backup_head *head, uint8_t pk[static 32], struct pmj_error *err)
{
	const char *reader = json_str(call->body, "reader");
	struct core *core = call->core;
	struct hub_backup_key key;
	enum pmj_code rc;

	if (reader == NULL || strcmp(reader, "recovery") == 0)
		return keyfile_recovery_pk(core->keys, pk, err);
	if (strcmp(reader, "halves") != 0)
		return pmj_fail(err, PMJ_USAGE, "\"reader\" is recovery or halves");
	if (core->hub == NULL || !hub_backup_key(core->hub, &key)) {
		rc = pmj_fail(err, PMJ_REFUSED, "there is no backup key to seal to");
		pmj_hint(err, "at the hub, with two people: pamoja hub backup-key");
		return rc;
	}
	memcpy(pk, key.pk, sizeof(key.pk));
	head->key_number = key.number;
	head->key_day = (uint32_t)(key.made_ms / DAY_MS);
	return PMJ_OK;
}

enum pmj_code
backup_begin(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct backup_head head = {.key_number = 0};
	struct backup *backup;
	uint8_t mailbox[PMJ_MAILBOX_BYTES] = {0}, pk[32], id[16];
	char text[4 * BACKUP_HEAD_MAX], hex[33];
	uint64_t count;
	struct buf bytes;
	enum pmj_code rc;

	/* What an exchange took in and left open is made durable first: nothing is saved that may
	 * yet be undone. */
	if ((rc = choose_reader(call, &head, pk, err)) != PMJ_OK ||
	    (rc = journal_settle(core->journal, err)) != PMJ_OK)
		return rc;
	if (!core->is_hub && device_enrolled(core->journal) &&
	    (rc = device_mailbox(core->journal, mailbox, err)) != PMJ_OK)
		return rc;
	core_backup_drop(core);
	backup = mem_new(sizeof(*backup));
	backup->core = core;
	backup->timer = loop_timer_new(core->loop, client_gone, core);
	loop_timer_set(backup->timer, BACKUP_IDLE_MS);
	core->os->random(core->os->ctx, id, sizeof(id));
	(void)text_hex(backup->id, id, sizeof(id));
	backup_writer_init(&backup->writer, mailbox, pk);
	journal_head(core->journal, &count, backup->j);
	backup->until.n = (int64_t)count;
	backup->until.roster = core->hub != NULL ? hub_roster_version(core->hub) : 0;
	backup->at = os_now(core->os);
	core->backup = backup;
	memcpy(head.store_uuid, keyfile_store_uuid(core->keys), sizeof(head.store_uuid));
	memcpy(head.sign_pk, ring_sign_pk(core->ring), sizeof(head.sign_pk));
	buf_init(&bytes, 0);
	backup_head_put(&bytes, &head);
	*out = json_pack("{s:s,s:s,s:s,s:I}", "id", backup->id, "store",
	    text_hex(hex, head.store_uuid, sizeof(head.store_uuid)), "head",
	    text_base64(text, bytes.bytes, bytes.len), "entries", (json_int_t)count);
	if (core->hub != NULL)
		(void)json_object_set_new(*out, "backup_key", hub_backup_key_state(core->hub));
	buf_close(&bytes);
	return PMJ_OK;
}

static enum pmj_code
seal_part(struct backup_part *part, struct buf *out, struct pmj_error *err)
{
	struct segment_line *lines = mem_array(part->count, sizeof(*lines));
	enum pmj_code rc;

	for (size_t i = 0; i < part->count; i++) {
		size_t end = i + 1 < part->count ? part->at[i + 1] : part->raw.len;

		lines[i].bytes = (const char *)part->raw.bytes + part->at[i];
		lines[i].len = end - part->at[i];
	}
	rc = backup_seal(
	    &part->backup->writer, out, lines, part->count, part->backup->core->ring, err);
	free(lines);
	return rc;
}

enum pmj_code
backup_part(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	struct backup_part *part = NULL;
	struct backup *backup;
	struct buf bytes;
	char *text = NULL;
	enum pmj_code rc;

	if ((rc = under_way(call, &backup, err)) != PMJ_OK)
		return rc;
	part = mem_new(sizeof(*part));
	part->backup = backup;
	part->began_ms = os->mono_ms(os->ctx);
	buf_init(&part->raw, 0);
	buf_init(&bytes, 0);
	if (backup->stage != STAGE_DONE && (rc = backup_gather(part, err)) == PMJ_OK)
		rc = seal_part(part, &bytes, err);
	if (rc != PMJ_OK) {
		core_backup_drop(call->core);
		goto out;
	}
	text = mem_new(bytes.len * 4 / 3 + 8);
	*out = json_pack("{s:s,s:b,s:I}", "bytes", text_base64(text, bytes.bytes, bytes.len),
	    "done", backup->stage == STAGE_DONE, "entries", (json_int_t)backup->n);
out:
	free(text);
	buf_close(&bytes);
	buf_wipe(&part->raw);
	free(part);
	return rc;
}

/* The client has the file, whole and durable, in its place. */
static enum pmj_code
remember_made(const struct backup *backup, struct pmj_error *err)
{
	struct journal *journal = backup->core->journal;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_int(journal, "backup.at", backup->at, err)) == PMJ_OK &&
	    (rc = journal_put_int(journal, "backup.entries", backup->until.n, err)) == PMJ_OK &&
	    (rc = journal_event(journal, "backup", "ok", "a backup was made", err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

enum pmj_code
backup_kept(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct backup *backup;
	enum pmj_code rc;

	if ((rc = under_way(call, &backup, err)) != PMJ_OK)
		return rc;
	if (backup->stage != STAGE_DONE)
		return pmj_fail(err, PMJ_USAGE, "this backup is not at its end yet");
	rc = remember_made(backup, err);
	if (rc == PMJ_OK)
		*out = json_pack("{s:I,s:I}", "at", (json_int_t)backup->at, "entries",
		    (json_int_t)backup->until.n);
	core_backup_drop(call->core);
	return rc;
}
