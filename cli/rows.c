#include "cli/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/kinds.h"

void
rows_init(struct rows *rows, const json_t *kinds)
{
	*rows = (struct rows){.by_ref = json_object(),
	    .refused = json_object(),
	    .repeats = json_object(),
	    .kinds = kinds};
}

void
rows_close(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		json_decref(rows->list[i].saved);
		json_decref(rows->list[i].error);
	}
	free(rows->list);
	json_decref(rows->by_ref);
	json_decref(rows->refused);
	json_decref(rows->repeats);
	rows_main_close(rows->main);
	buf_wipe(&rows->lines);
	csv_close(&rows->csv);
	csv_row_close(&rows->header);
	mapping_close(&rows->map);
	*rows = (struct rows){0};
}

void
row_fail(struct rows *rows, struct row *row, const struct pmj_error *err, size_t column)
{
	row->state = ROW_FAILED;
	json_decref(row->error);
	row->error = json_pack("{s:s, s:s, s:s}", "code", pmj_code_name(err->code), "message",
	    err->message, "hint", err->hint);
	if (column == 0)
		return;
	(void)json_object_set_new(row->error, "column", json_integer((json_int_t)column));
	if (column <= rows->header.count)
		(void)json_object_set_new(
		    row->error, "head", json_string(rows->header.cells[column - 1]));
}

/* *out: of the list until the next one is added. */
static enum pmj_code
add_row(struct rows *rows, struct row **out, size_t at, size_t line, struct pmj_error *err)
{
	if (rows->count == ROWS_MAX) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "more than %u rows", ROWS_MAX);
		pmj_hint(err, "import it in parts");
		return PMJ_TOO_BIG;
	}
	if (rows->count == rows->room) {
		rows->room = rows->room == 0 ? 64 : rows->room * 2;
		rows->list = mem_grow(rows->list, rows->room, sizeof(*rows->list));
	}
	*out = &rows->list[rows->count++];
	**out = (struct row){.at = at, .line = (unsigned)line};
	return PMJ_OK;
}

static void
note_ref(struct rows *rows, struct row *row, const char *ref)
{
	struct pmj_error err = {0};

	if (json_object_get(rows->by_ref, ref) == NULL) {
		(void)json_object_set_new(
		    rows->by_ref, ref, json_integer((json_int_t)(row - rows->list)));
		return;
	}
	(void)pmj_fail(&err, PMJ_INVALID, "ref \"%.60s\" is there twice", ref);
	pmj_hint(&err, "each row has a ref of its own, or none");
	row_fail(rows, row, &err, 0);
}

/* ---- JSON lines ---- */

/* What an export says beside its records: nothing to be saved. */
static bool
is_aside(const json_t *line)
{
	return json_str(line, "notice") != NULL || json_obj(line, "consent") != NULL;
}

static enum pmj_code
check_line(const json_t *line, const json_t *kind, struct pmj_error *err)
{
	static const char *const known[] = {
	    "kind", "ref", "id", "state", "fields", "by", "made_at", "voided", NULL};
	const char *stranger;

	if (!json_is_object(line) || json_obj(line, "fields") == NULL)
		return pmj_fail(err, PMJ_INVALID, "\"fields\" is missing");
	if ((stranger = json_stranger(line, known)) != NULL)
		return pmj_fail(err, PMJ_INVALID,
		    "\"%.40s\" does not belong here; use kind, ref, fields", stranger);
	if (json_str(line, "kind") == NULL && kind == NULL)
		return pmj_fail(err, PMJ_INVALID, "\"kind\" is missing (or add --kind)");
	if (json_object_get(line, "ref") != NULL && json_str(line, "ref") == NULL)
		return pmj_fail(err, PMJ_INVALID, "\"ref\" must be text");
	return PMJ_OK;
}

static enum pmj_code
parse_line(json_t **out, const struct rows *rows, const struct row *row, struct pmj_error *err)
{
	enum pmj_code rc =
	    json_read(out, buf_text(&rows->lines) + row->at, row->bytes, &json_limits_entry, err);

	if (rc != PMJ_OK)
		pmj_hint(err, "each line is {\"kind\":\"person\",\"fields\":{\"name\":\"…\"}}; "
		              "for CSV add --kind KIND");
	else if (is_aside(*out))
		return PMJ_OK;
	else if ((rc = check_line(*out, rows->kind, err)) != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

static enum pmj_code
read_line(struct rows *rows, size_t at, size_t bytes, size_t line, struct pmj_error *err)
{
	struct pmj_error why = {0};
	struct row *row;
	json_t *parsed = NULL;
	enum pmj_code rc;

	if ((rc = add_row(rows, &row, at, line, err)) != PMJ_OK)
		return rc;
	row->bytes = (unsigned)bytes;
	if (parse_line(&parsed, rows, row, &why) != PMJ_OK)
		row_fail(rows, row, &why, 0);
	else if (is_aside(parsed) || json_flag(parsed, "voided"))
		rows->count--;
	else if (json_str(parsed, "ref") != NULL)
		note_ref(rows, row, json_str(parsed, "ref"));
	json_decref(parsed);
	return PMJ_OK;
}

enum pmj_code
rows_read_lines(
    struct rows *rows, const char *text, size_t len, const json_t *kind, struct pmj_error *err)
{
	enum pmj_code rc;
	size_t at = 0, line = 1;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	rows->kind = kind;
	buf_put(&rows->lines, text, len);
	text = buf_text(&rows->lines);
	for (; at < len; line++) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline != NULL ? (size_t)(newline - text) : len, stop = end;

		while (at < stop && isspace((unsigned char)text[at]))
			at++;
		while (stop > at && isspace((unsigned char)text[stop - 1]))
			stop--;
		if (stop > at && (rc = read_line(rows, at, stop - at, line, err)) != PMJ_OK)
			return rc;
		at = end + 1;
	}
	if (rows->count == 0)
		return pmj_fail(err, PMJ_INVALID, "the file is empty");
	return PMJ_OK;
}

/* ---- tables ---- */

static bool
all_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i][0] != '\0')
			return false;
	return true;
}

/* Why the row of this number is empty. */
static enum pmj_code
check_refused(const struct rows *rows, size_t number, struct pmj_error *err)
{
	char *name = mem_printf("%zu", number);
	const json_t *why = json_object_get(rows->refused, name);

	free(name);
	if (why == NULL)
		return PMJ_OK;
	*err = (struct pmj_error){.code = PMJ_INVALID};
	(void)snprintf(err->message, sizeof(err->message), "%s", json_str(why, "message"));
	(void)snprintf(err->hint, sizeof(err->hint), "%s", json_str(why, "hint"));
	return PMJ_INVALID;
}

enum pmj_code
rows_read_csv(struct rows *rows, const char *text, size_t len, const json_t *kind,
    struct mapping *map, bool numbered, struct pmj_error *err)
{
	struct pmj_error why;
	struct csv_row cells;
	struct row *row;
	const char *ref;
	enum pmj_code rc, read;
	size_t number = 0, column;
	bool more = true;

	rows->kind = kind;
	rows->numbered = numbered;
	if (map != NULL) {
		rows->map = *map;
		*map = (struct mapping){0};
	}
	rows->map.lenient = numbered;
	if ((rc = csv_open(&rows->csv, &rows->header, text, len, err)) != PMJ_OK ||
	    (rc = rows_join_header(rows, err)) != PMJ_OK ||
	    (rc = mapping_bind(&rows->map, kind, &rows->header, err)) != PMJ_OK ||
	    (rc = mapping_check_parents(&rows->map, rows->kinds, err)) != PMJ_OK)
		return rc;
	for (;;) {
		why = (struct pmj_error){0};
		read = csv_next(&rows->csv, &cells, &more, &why);
		if (read == PMJ_OK && !more)
			break;
		number++;
		column = read == PMJ_OK ? 0 : rows->csv.column;
		if (read == PMJ_OK && all_empty(&cells))
			read = check_refused(rows, number, &why);
		else if (read == PMJ_OK && (read = rows_join(rows, &cells, &why)) != PMJ_OK)
			column = rows_column_of_main(rows);
		if (read == PMJ_OK && (all_empty(&cells) || !mapping_wants(&rows->map, &cells))) {
			csv_row_close(&cells);
			continue;
		}
		rc = add_row(rows, &row, cells.at, numbered ? number : cells.line, err);
		if (rc == PMJ_OK && read != PMJ_OK)
			row_fail(rows, row, &why, column);
		else if (rc == PMJ_OK && (ref = mapping_ref(&rows->map, &cells)) != NULL)
			note_ref(rows, row, ref);
		csv_row_close(&cells);
		if (rc != PMJ_OK)
			return rc;
	}
	if (rows->count > 0)
		return PMJ_OK;
	if (number > 0)
		return pmj_fail(
		    err, PMJ_INVALID, "no row of the file is one that the mapping wants");
	return pmj_fail(err, PMJ_INVALID, "the file has no rows under its header");
}

size_t
rows_column(const struct rows *rows, const char *field)
{
	return mapping_column(&rows->map, field);
}

/* ---- what is sent ---- */

static enum pmj_code
parse_cells(
    json_t **out, struct rows *rows, const struct row *row, size_t *column, struct pmj_error *err)
{
	struct csv_row cells, at = {.at = row->at, .line = row->line};
	bool more;
	enum pmj_code rc;

	csv_seek(&rows->csv, &at);
	if ((rc = csv_next(&rows->csv, &cells, &more, err)) != PMJ_OK)
		return rc;
	if ((rc = rows_join(rows, &cells, err)) == PMJ_OK)
		rc = mapping_request(out, &rows->map, rows->kind, &cells, column, err);
	csv_row_close(&cells);
	return rc;
}

/* "@ref" in a link field means a row above it. */
static enum pmj_code
link_row(struct rows *rows, size_t at, json_t *request, struct pmj_error *err)
{
	json_t *fields = json_object_get(request, "fields"), *value;
	const json_t *kind = kinds_in(rows->kinds, json_str(request, "kind"));
	const char *name;
	void *next;

	json_object_foreach_safe(fields, next, name, value)
	{
		const char *text = json_string_value(value);
		const json_t *meant;

		if (text == NULL || text[0] != '@' ||
		    json_str(kinds_field(kind, name), "link") == NULL)
			continue;
		meant = json_object_get(rows->by_ref, text + 1);
		if (meant == NULL || (size_t)json_integer_value(meant) >= at) {
			(void)pmj_fail(
			    err, PMJ_INVALID, "%s = %.60s names no row above it", name, text);
			pmj_hint(err,
			    "give the row that is meant \"ref\":\"%.60s\" and put it higher up",
			    text + 1);
			return PMJ_INVALID;
		}
		(void)json_object_set_new(fields, name, json_pack("{s:s}", "ref", text + 1));
	}
	return PMJ_OK;
}

/* The id that an export gave a record names it for ever, wherever it is imported. */
static void
tidy_line(const struct rows *rows, json_t *line)
{
	if (json_str(line, "kind") == NULL)
		(void)json_object_set_new(line, "kind", json_string(json_str(rows->kind, "name")));
	if (json_str(line, "id") != NULL) {
		(void)json_object_set(line, "source", json_object_get(line, "id"));
		(void)json_object_del(line, "id");
	}
	(void)json_object_del(line, "by");
	(void)json_object_del(line, "made_at");
	(void)json_object_del(line, "state");
}

json_t *
rows_request(struct rows *rows, size_t at)
{
	struct row *row = &rows->list[at];
	struct pmj_error err = {0};
	json_t *request = NULL;
	size_t column = 0;
	enum pmj_code rc;

	if (rows->lines.len > 0) {
		if ((rc = parse_line(&request, rows, row, &err)) == PMJ_OK)
			tidy_line(rows, request);
	} else {
		rc = parse_cells(&request, rows, row, &column, &err);
	}
	if (rc == PMJ_OK)
		rc = link_row(rows, at, request, &err);
	if (rc == PMJ_OK)
		return request;
	json_decref(request);
	row_fail(rows, row, &err, column);
	return NULL;
}
