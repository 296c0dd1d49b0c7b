/* records.c - records merged whole; their people. */
#include "store/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/picture.h"
#include "store/records_inner.h"

#define ABOUT_AT_ONCE "64"

/* {field: [value]}, or [] where it is handed over: null is a value of its own. */
static json_t *
shown_values(const struct merge_record *record)
{
	json_t *all = json_object();

	for (size_t i = 0; i < record->field_count; i++) {
		const struct merge_field *field = &record->fields[i];
		const json_t *value = field->values[field->shown].value;
		json_t *holder = json_array();

		if (value != NULL)
			(void)json_array_append(holder, (json_t *)value);
		(void)json_object_set_new(all, field->name, holder);
	}
	return all;
}

enum pmj_code
records_values(struct journal *journal, json_t **out, const uint8_t *rec, struct pmj_error *err)
{
	const struct entry **entries;
	struct merge_record merged;
	struct entry_row *rows;
	size_t count;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = entries_of_record(journal, &rows, &count, rec, true, err)) != PMJ_OK)
		return rc;
	entries = mem_array(count, sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		entries[i] = &rows[i].entry;
	if (count > 0) {
		merge_record(&merged, picture_kind_of(journal, entries, count), entries, count);
		*out = shown_values(&merged);
		merge_record_close(&merged);
	} else {
		*out = json_object();
	}
	free(entries);
	entry_rows_free(rows, count);
	return PMJ_OK;
}

/* ---- whole records ---- */

enum pmj_code
records_load(struct journal *journal, struct record_full *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	const struct entry **admitted;
	const struct kind *kind = NULL;
	size_t count = 0;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = entries_of_record(journal, &out->rows, &out->row_count, rec, false, err)) !=
	    PMJ_OK)
		return rc;
	if (out->row_count == 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no such record");
	admitted = mem_array(out->row_count, sizeof(*admitted));
	for (size_t i = 0; i < out->row_count; i++)
		if (out->rows[i].status == ENTRY_ADMITTED)
			admitted[count++] = &out->rows[i].entry;
	merge_record(&out->merged, NULL, admitted, count);
	if (out->merged.kind != NULL &&
	    (kind = kinds_get(journal->kinds, out->merged.kind)) != NULL) {
		merge_record_close(&out->merged);
		merge_record(&out->merged, kind, admitted, count);
	}
	memcpy(out->merged.rec, rec, PMJ_RECORD_BYTES);
	free(admitted);
	return PMJ_OK;
}

void
record_full_close(struct record_full *record)
{
	merge_record_close(&record->merged);
	entry_rows_free(record->rows, record->row_count);
	memset(record, 0, sizeof(*record));
}

/* ---- people ---- */

enum pmj_code
records_ids(
    struct sql *sql, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count, struct pmj_error *err)
{
	uint8_t(*list)[PMJ_RECORD_BYTES] = NULL;
	size_t used = 0, room = 0;
	enum pmj_code rc;
	bool row = false;

	*out = NULL;
	*count = 0;
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (used == room) {
			room = room * 2 + 8;
			list = mem_grow(list, room, sizeof(*list));
		}
		if (sql_col_copy(sql, 0, list[used], PMJ_RECORD_BYTES))
			used++;
	}
	if (rc != PMJ_OK) {
		free(list);
		return rc;
	}
	*out = list;
	*count = used;
	return PMJ_OK;
}

enum pmj_code
records_subjects(struct journal *journal, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT person FROM pmj_subject WHERE _num = (SELECT num "
	                     "FROM pmj_record WHERE rec = ?1) ORDER BY person");

	return records_ids(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), out, count, err);
}

enum pmj_code
records_of_person(struct journal *journal, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT r.rec FROM pmj_subject s CROSS JOIN pmj_record r ON r.num = s._num WHERE"
	    " s.person = ?1 ORDER BY r.rec = ?1 DESC, r.rec");

	return records_ids(sql_blob(sql, 1, person, PMJ_RECORD_BYTES), out, count, err);
}

/* The kind's own table says which of the person's records are of it: it is small, where a row of
 * pmj_record each is a page each. */
enum pmj_code
records_about(struct journal *journal, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count,
    const uint8_t person[static PMJ_RECORD_BYTES], const char *kind, struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;
	char *text;

	*out = NULL;
	*count = 0;
	if (schema_table(journal, kind) == NULL)
		return PMJ_OK;
	text = mem_printf("SELECT r.rec FROM pmj_subject s CROSS JOIN \"%s\" t ON t._num = s._num"
	                  " CROSS JOIN pmj_record r ON r.num = s._num WHERE s.person = ?1"
	                  " ORDER BY r.rec",
	    kind);
	sql = sql_new(journal, text);
	rc = records_ids(sql_blob(sql, 1, person, PMJ_RECORD_BYTES), out, count, err);
	sql_free(sql);
	free(text);
	return rc;
}

/* The index of pmj_subject has a person's numbers in order, so that a piece costs what it brings.
 */
enum pmj_code
records_about_next(struct journal *journal, uint8_t (**out)[PMJ_RECORD_BYTES], size_t *count,
    const uint8_t person[static PMJ_RECORD_BYTES], const char *kind, const uint8_t *after,
    struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;
	char *text;

	*out = NULL;
	*count = 0;
	if (schema_table(journal, kind) == NULL)
		return PMJ_OK;
	text = mem_printf("SELECT r.rec FROM pmj_subject s CROSS JOIN \"%s\" t ON t._num = s._num"
	                  " CROSS JOIN pmj_record r ON r.num = s._num WHERE s.person = ?1 AND "
	                  "s._num > ifnull((SELECT num FROM pmj_record WHERE rec = ?2), 0)"
	                  " ORDER BY s._num LIMIT " ABOUT_AT_ONCE,
	    kind);
	sql = sql_blob(sql_new(journal, text), 1, person, PMJ_RECORD_BYTES);
	if (after != NULL)
		sql_blob(sql, 2, after, PMJ_RECORD_BYTES);
	rc = records_ids(sql, out, count, err);
	sql_free(sql);
	free(text);
	return rc;
}

/* Is the person's id in what is shown of the record? */
static enum pmj_code
shows_person(
    struct journal *journal, bool *out, const uint8_t *rec, const char *id, struct pmj_error *err)
{
	json_t *values = NULL;
	enum pmj_code rc = records_values(journal, &values, rec, err);
	char *shown;

	*out = false;
	if (rc != PMJ_OK)
		return rc;
	shown = json_text(values);
	*out = strstr(shown, id) != NULL;
	mem_free_wiped(shown);
	json_decref(values);
	return PMJ_OK;
}

/* A line that names the person tells which to look at; what is shown of the record now decides. */
enum pmj_code
records_naming(struct journal *journal, struct records_named *at,
    const uint8_t person[static PMJ_RECORD_BYTES], int64_t most, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT n, rec, pmj_long(kind) FROM pmj_entry x WHERE n > ?1 AND n <= "
	                     "?2 AND rec IS NOT NULL AND"
	                     " instr(" ENTRY_LINE_OF("x") ", ?3) > 0 ORDER BY n LIMIT 1");
	char id[PMJ_RECORD_CHARS + 1];
	uint8_t j[PRIM_HASH_BYTES];
	uint64_t head;
	enum pmj_code rc;
	bool row = false;

	at->found = false;
	journal_head(journal, &head, j);
	(void)text_base32(id, person, PMJ_RECORD_BYTES);
	(void)sql_int(sql_int(sql, 1, at->n), 2, at->n + most);
	if ((rc = sql_row(sql_text(sql, 3, id), &row, err)) == PMJ_OK && row) {
		at->n = sql_col_int(sql, 0);
		(void)sql_col_copy(sql, 1, at->rec, sizeof(at->rec));
		(void)snprintf(at->kind, sizeof(at->kind), "%s", sql_col_text(sql, 2));
	} else {
		at->n += most;
	}
	sql_done(sql);
	if (rc == PMJ_OK && row)
		rc = shows_person(journal, &at->found, at->rec, id, err);
	at->end = !at->found && at->n >= (int64_t)head;
	return rc;
}

enum pmj_code
records_newest(struct journal *journal, int64_t *made, int64_t *changed, const struct kind *kind,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct buf ors;
	char *text;
	struct sql *sql;
	enum pmj_code rc;
	bool row = false;

	*made = *changed = 0;
	if (schema_table(journal, kind->name) == NULL)
		return PMJ_OK;
	buf_init(&ors, 0);
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].type == FIELD_LINK && kind->fields[i].link_kind != NULL &&
		    !schema_is_subject(kind, &kind->fields[i]) &&
		    strcmp(kind->fields[i].link_kind, "person") == 0)
			buf_putf(&ors, " UNION SELECT _num FROM \"%s\" WHERE \"%s\" = ?1",
			    kind->name, kind->fields[i].name);
	text = mem_printf(
	    "SELECT max(r.changed_pt - coalesce(r.made_ago, 0)), max(r.changed_pt) FROM (SELECT "
	    "s._num "
	    "FROM pmj_subject s CROSS JOIN \"%s\" t ON t._num = s._num WHERE s.person = ?1%s) n "
	    "CROSS JOIN pmj_record r ON r.num = n._num",
	    kind->name, buf_text(&ors));
	sql = sql_new(journal, text);
	(void)sql_blob(sql, 1, person, PMJ_RECORD_BYTES);
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		*made = sql_col_int(sql, 0);
		*changed = sql_col_int(sql, 1);
	}
	sql_free(sql);
	free(text);
	buf_close(&ors);
	return rc;
}
