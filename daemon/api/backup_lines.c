/* backup_lines.c - what stands in a backup, line by line: its head, the entries in their order, the
 * tables beside them, the end. */
#include <string.h>

#include "api/backup_inner.h"
#include "base/mem.h"
#include "crypto/restored.h"

#define PART_RAW_BYTES (40 * 1024) /* compressed in about 6 ms */
#define PART_MS 8
#define ROWS_MOST 200

static bool
is_full(const struct backup_part *part)
{
	const struct os *os = part->backup->core->os;

	return part->count > 0 &&
	       (part->count >= BACKUP_LINES_MOST - 2 || part->raw.len >= PART_RAW_BYTES ||
	           os->mono_ms(os->ctx) - part->began_ms >= PART_MS);
}

static void
put_bytes(struct backup_part *part, const void *bytes, size_t len)
{
	part->at[part->count++] = part->raw.len;
	buf_put(&part->raw, bytes, len);
}

/* Steals the object. */
static void
put_object(struct backup_part *part, json_t *object)
{
	part->at[part->count++] = part->raw.len;
	json_put(&part->raw, object);
	json_decref(object);
}

static enum pmj_code
put_head(struct backup_part *part, struct pmj_error *err)
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
	"n, pmj_long(kind), status, origin, " ENTRY_LINE                                           \
	", recv, recv_counter, reason, mark, " ENTRY_HASH ", rec, pmj_long(by), pt, "              \
	"counter, rv, was"

/* What no line says, where it is not what one would think of an own line. */
static void
put_note(struct backup_part *part, struct sql *sql)
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
put_stub(struct backup_part *part, struct sql *sql)
{
	const char *was = sql_col_text(sql, 15);

	put_object(part, json_pack("{s:s,s:o,s:s,s:o,s:o,s:[I,I],s:I,s:s}", "kind", "bak.stub", "e",
	                     hex_of(sql, 9), "k", sql_col_text(sql, 1), "rec", hex_of(sql, 10),
	                     "by", hex_of(sql, 11), "at", (json_int_t)sql_col_int(sql, 12),
	                     (json_int_t)sql_col_int(sql, 13), "rv",
	                     (json_int_t)sql_col_int(sql, 14), "line", was != NULL ? was : "{}"));
}

static enum pmj_code
put_entries(struct backup_part *part, struct pmj_error *err)
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
put_rows(struct backup_part *part, struct pmj_error *err)
{
	struct backup *backup = part->backup;
	json_t *rows = NULL, *row;
	enum pmj_code rc = PMJ_OK;
	bool done = false;
	size_t i;

	while (!done && !is_full(part) && part->count + ROWS_MOST < BACKUP_LINES_MOST) {
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

enum pmj_code
backup_gather(struct backup_part *part, struct pmj_error *err)
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
