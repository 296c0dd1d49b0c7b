/* backup.c - a backup is made in parts, each asked for by the client, which writes them to the
 * person's file: so others are answered in between. Whatever was acknowledged before the first
 * request is in it. Exchanges wait meanwhile, so that the lanes that are written at the end belong
 * to the entries that were written before. */
#include <stdlib.h>
#include <string.h>

#include "api/backup_tables.h"
#include "api/handlers.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/restored.h"
#include "log/backup.h"

#define PART_RAW_BYTES (96 * 1024) /* compressed in about 5 ms */
#define PART_MS 8
#define ROWS_MOST 200
#define IDLE_MS 30000 /* a client that has gone */
#define LINES_MOST 4000
#define DAY_MS (24LL * 60 * 60 * 1000)

enum stage { STAGE_HEAD, STAGE_ENTRIES, STAGE_TABLES, STAGE_END, STAGE_DONE };

struct backup {
	struct core *core;
	char id[33];
	struct backup_writer writer;
	struct backup_until until;
	uint8_t j[32]; /* the journal's chain there */
	int64_t at;    /* when it was begun */
	enum stage stage;
	int64_t n; /* last entry that was written */
	struct backup_place place;
	struct loop_timer *timer;
};

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
gone(void *ctx)
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
		loop_timer_set((*out)->timer, IDLE_MS);
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
	backup->timer = loop_timer_new(core->loop, gone, core);
	loop_timer_set(backup->timer, IDLE_MS);
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

/* ---- lines of one part ---- */

struct part {
	struct backup *backup;
	struct buf raw; /* the lines, one after the other */
	size_t at[LINES_MOST + 8], count;
	int64_t began_ms;
};

static bool
is_full(const struct part *part)
{
	const struct os *os = part->backup->core->os;

	return part->count > 0 &&
	       (part->count >= LINES_MOST - 2 || part->raw.len >= PART_RAW_BYTES ||
	           os->mono_ms(os->ctx) - part->began_ms >= PART_MS);
}

static void
put_bytes(struct part *part, const void *bytes, size_t len)
{
	part->at[part->count++] = part->raw.len;
	buf_put(&part->raw, bytes, len);
}

/* Steals the object. */
static void
put_object(struct part *part, json_t *object)
{
	part->at[part->count++] = part->raw.len;
	json_put(&part->raw, object);
	json_decref(object);
}

static enum pmj_code
put_head(struct part *part, struct pmj_error *err)
{
	struct backup *backup = part->backup;
	struct core *core = backup->core;
	json_t *settings = NULL, *ring = NULL;
	struct buf records;
	enum pmj_code rc;

	buf_init(&records, 0);
	if ((rc = restored_records(&records, core->ring, err)) == PMJ_OK &&
	    (rc = backup_settings(core->journal, &settings, err)) == PMJ_OK) {
		ring = json_hex(records.bytes, records.len);
		put_object(part,
		    json_pack("{s:s,s:i,s:s,s:I,s:b,s:I,s:I,s:O,s:O}", "kind", "bak.head", "v",
		        BACKUP_VERSION, "program", PAMOJA_VERSION, "at", (json_int_t)backup->at,
		        "hub", core->is_hub, "entries", (json_int_t)backup->until.n, "epoch",
		        (json_int_t)restored_last_epoch(core->ring), "ring", ring, "settings",
		        settings));
		mem_wipe((char *)(uintptr_t)json_string_value(ring), json_string_length(ring));
	}
	json_decref(ring);
	json_decref(settings);
	buf_wipe(&records);
	backup->stage = STAGE_ENTRIES;
	return rc;
}

#define ENTRY_COLUMNS                                                                              \
	"n, kind, status, origin, line, recv, recv_counter, reason, mark, e, rec, by, pt, "        \
	"counter, rv, was"

/* What no line says, where it is not what one would think of an own line. */
static void
put_note(struct part *part, struct sql *sql)
{
	bool control = strncmp(sql_col_text(sql, 1), "ctl.", 4) == 0;
	json_t *note;

	if (sql_col_int(sql, 2) == (control ? ENTRY_CONTROL : ENTRY_ADMITTED) &&
	    sql_col_int(sql, 3) == ENTRY_OWN && sql_col_null(sql, 5) && sql_col_null(sql, 7) &&
	    sql_col_null(sql, 8))
		return;
	note = json_pack("{s:s,s:I,s:I}", "kind", "bak.note", "s", (json_int_t)sql_col_int(sql, 2),
	    "o", (json_int_t)sql_col_int(sql, 3));
	if (!sql_col_null(sql, 5))
		(void)json_object_set_new(note, "recv",
		    json_pack(
		        "[I,I]", (json_int_t)sql_col_int(sql, 5), (json_int_t)sql_col_int(sql, 6)));
	if (!sql_col_null(sql, 7))
		(void)json_object_set_new(note, "reason", json_string(sql_col_text(sql, 7)));
	if (!sql_col_null(sql, 8))
		(void)json_object_set_new(note, "mark", json_string(sql_col_text(sql, 8)));
	put_object(part, note);
}

static json_t *
hex_of(struct sql *sql, int col)
{
	size_t len;
	const uint8_t *bytes = sql_col_blob(sql, col, &len);

	return bytes != NULL ? json_hex(bytes, len) : json_null();
}

static void
put_stub(struct part *part, struct sql *sql)
{
	const char *was = sql_col_text(sql, 15);

	put_object(part, json_pack("{s:s,s:o,s:s,s:o,s:o,s:[I,I],s:I,s:s}", "kind", "bak.stub", "e",
	                     hex_of(sql, 9), "k", sql_col_text(sql, 1), "rec", hex_of(sql, 10),
	                     "by", hex_of(sql, 11), "at", (json_int_t)sql_col_int(sql, 12),
	                     (json_int_t)sql_col_int(sql, 13), "rv",
	                     (json_int_t)sql_col_int(sql, 14), "line", was != NULL ? was : "{}"));
}

static enum pmj_code
put_entries(struct part *part, struct pmj_error *err)
{
	struct backup *backup = part->backup;
	struct sql *sql = sql_get(backup->core->journal,
	    "SELECT " ENTRY_COLUMNS " FROM pmj_entry WHERE n > ?1 AND n <= ?2 ORDER BY n");
	const uint8_t *line;
	size_t len;
	enum pmj_code rc = PMJ_OK;
	bool row = false;

	(void)sql_int(sql_int(sql, 1, backup->n), 2, backup->until.n);
	while (!is_full(part) && (rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		put_note(part, sql);
		if (sql_col_null(sql, 4)) {
			put_stub(part, sql);
		} else {
			line = sql_col_blob(sql, 4, &len);
			put_bytes(part, line, len);
		}
		backup->n = sql_col_int(sql, 0);
	}
	sql_done(sql);
	if (backup->n == backup->until.n)
		backup->stage = STAGE_TABLES;
	return rc;
}

static enum pmj_code
put_rows(struct part *part, struct pmj_error *err)
{
	struct backup *backup = part->backup;
	json_t *rows = NULL, *row;
	enum pmj_code rc = PMJ_OK;
	bool done = false;
	size_t i;

	while (!done && !is_full(part) && part->count + ROWS_MOST < LINES_MOST) {
		rc = backup_tables_next(backup->core->journal, &rows, &backup->place,
		    &backup->until, ROWS_MOST, &done, err);
		if (rc != PMJ_OK)
			return rc;
		json_array_foreach(rows, i, row)
		{
			put_object(part, json_incref(row));
		}
		json_decref(rows);
	}
	if (done)
		backup->stage = STAGE_END;
	return PMJ_OK;
}

static enum pmj_code
gather(struct part *part, struct pmj_error *err)
{
	struct backup *backup = part->backup;
	enum pmj_code rc = PMJ_OK;

	if (backup->stage == STAGE_HEAD)
		rc = put_head(part, err);
	if (rc == PMJ_OK && backup->stage == STAGE_ENTRIES)
		rc = put_entries(part, err);
	if (rc == PMJ_OK && backup->stage == STAGE_TABLES && !is_full(part))
		rc = put_rows(part, err);
	if (rc == PMJ_OK && backup->stage == STAGE_END) {
		put_object(part,
		    json_pack("{s:s,s:I,s:o}", "kind", "bak.end", "entries",
		        (json_int_t)backup->until.n, "j", json_hex(backup->j, sizeof(backup->j))));
		backup->stage = STAGE_DONE;
	}
	return rc == PMJ_OK ? buf_check(&part->raw, err) : rc;
}

static enum pmj_code
seal_part(struct part *part, struct buf *out, struct pmj_error *err)
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
	struct part *part = NULL;
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
	if (backup->stage != STAGE_DONE && (rc = gather(part, err)) == PMJ_OK)
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
remember(const struct backup *backup, struct pmj_error *err)
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
	rc = remember(backup, err);
	if (rc == PMJ_OK)
		*out = json_pack("{s:I,s:I}", "at", (json_int_t)backup->at, "entries",
		    (json_int_t)backup->until.n);
	core_backup_drop(call->core);
	return rc;
}
