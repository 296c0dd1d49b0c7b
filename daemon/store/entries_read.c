/* entries_read.c - entries by number, by hash and by record, as they stand. */
#include "store/entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/entries_inner.h"

#define ROW_COLUMNS                                                                                \
	"n, e, pmj_long(kind), rec, pmj_long(by), pt, counter, status, origin, " ENTRY_LINE        \
	", was, recv, recv_counter, "                                                              \
	"reason, mark"

/* What the columns say, for a stub and for a held line that is none. */
static enum pmj_code
read_stub(struct entry *out, struct sql *sql, const uint8_t *e, struct pmj_error *err)
{
	uint8_t rec[PMJ_RECORD_BYTES], by[PMJ_DEVICE_BYTES];
	const char *text = sql_col_text(sql, 10);
	json_t *was = NULL;
	enum pmj_code rc;

	if (text == NULL)
		was = json_object();
	else if ((rc = json_read(&was, text, strlen(text), &json_limits_entry, err)) != PMJ_OK)
		return rc;
	(void)sql_col_copy(sql, 3, rec, sizeof(rec));
	(void)sql_col_copy(sql, 4, by, sizeof(by));
	entry_stub(out, e, sql_col_text(sql, 2), rec, by, sql_col_int(sql, 5),
	    (uint16_t)sql_col_int(sql, 6), was);
	out->has_rec = !sql_col_null(sql, 3);
	return PMJ_OK;
}

enum pmj_code
entries_read_row(struct entry_row *out, struct sql *sql, struct pmj_error *err)
{
	const char *reason = sql_col_text(sql, 13), *mark = sql_col_text(sql, 14);
	uint8_t e[PMJ_ENTRY_BYTES];
	const uint8_t *line;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	out->n = sql_col_int(sql, 0);
	out->status = (enum entry_status)sql_col_int(sql, 7);
	out->origin = (enum entry_origin)sql_col_int(sql, 8);
	out->recv_ms = sql_col_int(sql, 11);
	out->recv_counter = (uint16_t)sql_col_int(sql, 12);
	out->reason = reason != NULL ? mem_strdup(reason) : NULL;
	out->mark = mark != NULL ? mem_strdup(mark) : NULL;
	if (sql_col_null(sql, 9)) {
		(void)sql_col_copy(sql, 1, e, sizeof(e));
		rc = read_stub(&out->entry, sql, e, err);
	} else {
		line = sql_col_blob(sql, 9, &out->len);
		out->line = mem_strndup(line != NULL ? (const char *)line : "", out->len);
		if (!sql_col_copy(sql, 1, e, sizeof(e)))
			prim_hash(e, "pmj entry v1", PRIM_PARTS({out->line, out->len}));
		rc = line_read(&out->entry, out->line, out->len, e, err);
		/* A bad line inside a good segment is kept, held. */
		if (rc != PMJ_OK && out->status != ENTRY_ADMITTED)
			rc = read_stub(&out->entry, sql, e, err);
	}
	if (rc != PMJ_OK) {
		pmj_context(err, "entry %lld", (long long)out->n);
		entry_row_close(out);
		return err != NULL ? (err->code = PMJ_INTEGRITY) : PMJ_INTEGRITY;
	}
	return PMJ_OK;
}

static enum pmj_code
read_one(struct entry_row *out, struct sql *sql, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	if ((rc = sql_row(sql, &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no such entry");
	rc = entries_read_row(out, sql, err);
	sql_done(sql);
	return rc;
}

enum pmj_code
entries_get(struct journal *journal, struct entry_row *out, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT " ROW_COLUMNS " FROM pmj_entry WHERE n = ?1");

	return read_one(out, sql_int(sql, 1, n), err);
}

enum pmj_code
entries_raw(struct journal *journal, struct entry_raw *out, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT pmj_long(kind), recv, recv_counter, " ENTRY_LINE
	                                   " FROM pmj_entry WHERE n = ?1");
	const char *kind;
	const uint8_t *line;
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	if ((rc = sql_row(sql_int(sql, 1, n), &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no such entry");
	if ((kind = sql_col_text(sql, 0)) != NULL && strlen(kind) < sizeof(out->kind))
		(void)snprintf(out->kind, sizeof(out->kind), "%s", kind);
	out->control = line_is_control(out->kind);
	out->recv_ms = sql_col_int(sql, 1);
	out->recv_counter = (uint16_t)sql_col_int(sql, 2);
	if (!sql_col_null(sql, 3)) {
		line = sql_col_blob(sql, 3, &out->len);
		out->line = mem_strndup(line != NULL ? (const char *)line : "", out->len);
	}
	sql_done(sql);
	return PMJ_OK;
}

enum pmj_code
entries_find(struct journal *journal, struct entry_row *out,
    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT " ROW_COLUMNS " FROM pmj_entry WHERE rec = ?2 AND " ENTRY_HASH " = ?1"
	    " UNION ALL SELECT " ROW_COLUMNS " FROM pmj_entry WHERE " ENTRY_FOUND_BY("?1"));

	(void)sql_blob(sql, 1, e, PMJ_ENTRY_BYTES);
	return read_one(out, sql_blob(sql, 2, e, PMJ_RECORD_BYTES), err);
}

enum pmj_code
entries_maker(struct journal *journal, struct entry_row *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT " ROW_COLUMNS " FROM pmj_entry WHERE rec = ?1 AND"
	                     " e IS NULL ORDER BY n LIMIT 1");

	return read_one(out, sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), err);
}

void
entry_row_close(struct entry_row *row)
{
	free(row->reason);
	free(row->mark);
	free(row->line);
	entry_close(&row->entry);
	memset(row, 0, sizeof(*row));
}

enum pmj_code
entries_of_record(struct journal *journal, struct entry_row **out, size_t *count,
    const uint8_t rec[static PMJ_RECORD_BYTES], bool admitted_only, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT " ROW_COLUMNS
	    " FROM pmj_entry WHERE rec = ?1 AND (status = 0 OR (?2 AND status <> 3)) ORDER BY n");
	struct entry_row *rows = NULL;
	size_t used = 0, room = 0;
	enum pmj_code rc;
	bool row = false;

	*out = NULL;
	*count = 0;
	(void)sql_int(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, !admitted_only);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (used == room) {
			room = room * 2 + 4;
			rows = mem_grow(rows, room, sizeof(*rows));
		}
		if ((rc = entries_read_row(&rows[used], sql, err)) != PMJ_OK)
			break;
		used++;
	}
	sql_done(sql);
	if (rc != PMJ_OK) {
		entry_rows_free(rows, used);
		return rc;
	}
	*out = rows;
	*count = used;
	return PMJ_OK;
}

void
entry_rows_free(struct entry_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		entry_row_close(&rows[i]);
	free(rows);
}
