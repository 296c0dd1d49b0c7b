#include "cli/rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/kinds.h"

void
rows_init(struct rows *rows)
{
	*rows = (struct rows){.by_ref = json_object()};
}

void
rows_close(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		json_decref(rows->list[i].request);
		json_decref(rows->list[i].saved);
		json_decref(rows->list[i].error);
		free(rows->list[i].id);
	}
	free(rows->list);
	json_decref(rows->by_ref);
	*rows = (struct rows){0};
}

/* Takes the request over, also on failure. */
static enum pmj_code
add_row(struct rows *rows, size_t line, json_t *request, struct pmj_error *err)
{
	const char *ref = json_str(request, "ref");
	char *text;

	if (rows->count == ROWS_MAX) {
		json_decref(request);
		(void)pmj_fail(err, PMJ_TOO_BIG, "more than %u rows", ROWS_MAX);
		pmj_hint(err, "import it in parts");
		return PMJ_TOO_BIG;
	}
	if (ref != NULL && json_object_get(rows->by_ref, ref) != NULL) {
		(void)pmj_fail(
		    err, PMJ_INVALID, "line %zu: ref \"%.60s\" is there twice", line, ref);
		json_decref(request);
		return PMJ_INVALID;
	}
	if (ref != NULL)
		(void)json_object_set_new(rows->by_ref, ref, json_integer((json_int_t)rows->count));
	if (rows->count == rows->room) {
		rows->room = rows->room == 0 ? 64 : rows->room * 2;
		rows->list = mem_grow(rows->list, rows->room, sizeof(*rows->list));
	}
	text = json_text(request);
	rows->list[rows->count++] =
	    (struct row){.line = line, .request = request, .bytes = strlen(text)};
	free(text);
	return PMJ_OK;
}

static enum pmj_code
read_line(struct rows *rows, size_t line, const char *text, size_t len, const char *kind,
    struct pmj_error *err)
{
	static const char *const known[] = {"kind", "ref", "fields", NULL};
	const char *stranger;
	json_t *request = NULL;
	enum pmj_code rc;

	if ((rc = json_read(&request, text, len, &json_limits_entry, err)) != PMJ_OK) {
		pmj_context(err, "line %zu", line);
		pmj_hint(err, "each line is {\"kind\":\"person\",\"fields\":{\"name\":\"…\"}}; "
		              "for CSV add --kind KIND");
		return rc;
	}
	if (!json_is_object(request) || json_obj(request, "fields") == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "line %zu: \"fields\" is missing", line);
	else if ((stranger = json_stranger(request, known)) != NULL)
		rc = pmj_fail(err, PMJ_INVALID,
		    "line %zu: \"%.40s\" does not belong here; use kind, ref, fields", line,
		    stranger);
	else if (json_str(request, "kind") == NULL && kind == NULL)
		rc = pmj_fail(
		    err, PMJ_INVALID, "line %zu: \"kind\" is missing (or add --kind)", line);
	else if (json_object_get(request, "ref") != NULL && json_str(request, "ref") == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "line %zu: \"ref\" must be text", line);
	if (rc != PMJ_OK) {
		json_decref(request);
		return rc;
	}
	if (json_str(request, "kind") == NULL)
		(void)json_object_set_new(request, "kind", json_string(kind));
	return add_row(rows, line, request, err);
}

enum pmj_code
rows_read_lines(
    struct rows *rows, const char *text, size_t len, const char *kind, struct pmj_error *err)
{
	enum pmj_code rc;
	size_t at = 0, line = 1;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	for (; at < len; line++) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline != NULL ? (size_t)(newline - text) : len, stop = end;

		while (at < stop && isspace((unsigned char)text[at]))
			at++;
		while (stop > at && isspace((unsigned char)text[stop - 1]))
			stop--;
		if (stop > at &&
		    (rc = read_line(rows, line, text + at, stop - at, kind, err)) != PMJ_OK)
			return rc;
		at = end + 1;
	}
	if (rows->count == 0)
		return pmj_fail(err, PMJ_INVALID, "the file is empty");
	return PMJ_OK;
}

/* The field a column's head means: by name, or by label as people write it. NULL: none. */
static const char *
field_of_head(const json_t *kind, const char *head)
{
	const json_t *field;
	size_t i;

	if (kinds_field(kind, head) != NULL)
		return head;
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *label = json_str(field, "label"), *name = json_str(field, "name");

		if (text_same(head, name) || (label != NULL && text_same(head, label)))
			return name;
	}
	return text_same(head, "ref") ? "ref" : NULL;
}

static enum pmj_code
fail_head(const json_t *kind, const struct csv_row *heads, size_t at, struct pmj_error *err)
{
	const char *names[CSV_COLUMNS_MAX], *near;
	const json_t *field;
	size_t count = 0, i;
	struct buf all;

	buf_init(&all, 0);
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		if (count == CSV_COLUMNS_MAX)
			break;
		names[count++] = json_str(field, "name");
		buf_putf(&all, "%s%s", i > 0 ? ", " : "", json_str(field, "name"));
	}
	near = text_nearest(heads->cells[at], names, count);
	(void)pmj_fail(err, PMJ_INVALID, "line %zu: column %zu \"%.60s\" is no field of %s",
	    heads->line, at + 1, heads->cells[at], json_str(kind, "name"));
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "its fields: %s", buf_text(&all));
	buf_close(&all);
	return PMJ_INVALID;
}

/* Several values in one cell are told apart by ';' or '|', as people write them. */
static json_t *
cell_value(const json_t *field, const char *text)
{
	const char *type = json_str(field, "type");
	char *copy, *rest, *part;
	json_t *list;

	if (type == NULL || strcmp(type, "choices") != 0)
		return json_string(text);
	copy = rest = mem_strdup(text);
	list = json_array();
	while ((part = strsep(&rest, ";|,")) != NULL) {
		while (isspace((unsigned char)*part))
			part++;
		while (*part != '\0' && isspace((unsigned char)part[strlen(part) - 1]))
			part[strlen(part) - 1] = '\0';
		if (*part != '\0')
			(void)json_array_append_new(list, json_string(part));
	}
	free(copy);
	return list;
}

static enum pmj_code
add_csv_row(struct rows *rows, const struct csv_row *row, const char *const *names,
    const json_t *kind, struct pmj_error *err)
{
	json_t *request = json_pack("{s:s}", "kind", json_str(kind, "name"));
	json_t *fields = json_object();

	for (size_t i = 0; i < row->count && names[i] != NULL; i++) {
		if (row->cells[i][0] == '\0')
			continue;
		if (strcmp(names[i], "ref") == 0 && kinds_field(kind, "ref") == NULL)
			(void)json_object_set_new(request, "ref", json_string(row->cells[i]));
		else
			(void)json_object_set_new(fields, names[i],
			    cell_value(kinds_field(kind, names[i]), row->cells[i]));
	}
	if (json_object_size(fields) == 0) { /* ";;;;" is how spreadsheets end */
		json_decref(request);
		json_decref(fields);
		return PMJ_OK;
	}
	(void)json_object_set_new(request, "fields", fields);
	return add_row(rows, row->line, request, err);
}

enum pmj_code
rows_read_csv(struct rows *rows, const struct csv *csv, const json_t *kind, struct pmj_error *err)
{
	const char *names[CSV_COLUMNS_MAX] = {NULL};
	const struct csv_row *heads;
	enum pmj_code rc;

	if (csv->count < 2)
		return pmj_fail(err, PMJ_INVALID, "the file has no rows under its header");
	heads = &csv->rows[0];
	for (size_t i = 0; i < heads->count; i++) {
		if ((names[i] = field_of_head(kind, heads->cells[i])) == NULL)
			return fail_head(kind, heads, i, err);
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[j], names[i]) == 0)
				return pmj_fail(err, PMJ_INVALID, "line %zu: two columns are %s",
				    heads->line, names[i]);
	}
	for (size_t i = 1; i < csv->count; i++)
		if ((rc = add_csv_row(rows, &csv->rows[i], names, kind, err)) != PMJ_OK)
			return rc;
	if (rows->count == 0)
		return pmj_fail(err, PMJ_INVALID, "the file has no rows under its header");
	return PMJ_OK;
}

static enum pmj_code
link_row(struct rows *rows, size_t at, const json_t *kinds, struct pmj_error *err)
{
	struct row *row = &rows->list[at];
	json_t *fields = json_object_get(row->request, "fields"), *value;
	const json_t *kind = kinds_in(kinds, json_str(row->request, "kind"));
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
			(void)pmj_fail(err, PMJ_INVALID,
			    "line %zu: %s = %.60s names no row above it", row->line, name, text);
			pmj_hint(err,
			    "give the row that is meant \"ref\":\"%.60s\" and put it higher up",
			    text + 1);
			return PMJ_INVALID;
		}
		(void)json_object_set_new(fields, name, json_pack("{s:s}", "ref", text + 1));
	}
	return PMJ_OK;
}

enum pmj_code
rows_link(struct rows *rows, const json_t *kinds, struct pmj_error *err)
{
	enum pmj_code rc;

	for (size_t i = 0; i < rows->count; i++)
		if ((rc = link_row(rows, i, kinds, err)) != PMJ_OK)
			return rc;
	return PMJ_OK;
}
