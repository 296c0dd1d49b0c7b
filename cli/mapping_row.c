/* mapping_row.c - one row of a table, as the fields of a record. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/kinds.h"
#include "cli/mapping.h"

static const char *
cell_at(const struct csv_row *cells, size_t column)
{
	return column > 0 && column <= cells->count ? cells->cells[column - 1] : "";
}

bool
mapping_wants(const struct mapping *map, const struct csv_row *cells)
{
	if (map->state > 0 && strcmp(cell_at(cells, map->state), "voided") == 0)
		return false;
	return map->only == 0 || text_same(cell_at(cells, map->only), map->only_value);
}

const char *
mapping_ref(const struct mapping *map, const struct csv_row *cells)
{
	const char *ref = cell_at(cells, map->ref);

	return *ref != '\0' ? ref : NULL;
}

size_t
mapping_column(const struct mapping *map, const char *field)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->list[i].field, field) == 0)
			return map->list[i].column_count > 0 ? map->list[i].columns[0] + 1 : 0;
	return 0;
}

/* What the file says a word of the form means; itself where it says nothing. */
static const char *
translated(const struct mapping *map, const struct mapped *m, const char *text)
{
	const struct conf_item *item;
	char *key;

	if (m->section == NULL)
		return text;
	key = mem_printf("map.%s", text);
	item = conf_get(&map->conf, m->section, key);
	free(key);
	return item != NULL ? item->value : text;
}

/* Day, month and year in the form's order, the first ten characters or so of a time; *out is
 * YYYY-MM-DD. */
static bool
read_date(char out[static 11], const char *text, enum mapping_date order)
{
	int a, b, c, used = 0;

	if (sscanf(text, "%4d%*[-/. ]%2d%*[-/. ]%4d%n", &a, &b, &c, &used) != 3 || used == 0)
		return false;
	if (text[used] != '\0' && text[used] != 'T' && text[used] != ' ')
		return false;
	if (order == DATES_DMY || order == DATES_MDY) {
		int year = c, month = order == DATES_DMY ? b : a;

		b = order == DATES_DMY ? a : b;
		a = year;
		c = b;
		b = month;
	}
	if (a < 1 || a > 9999 || b < 1 || b > 12 || c < 1 || c > 31)
		return false;
	(void)snprintf(out, 11, "%04d-%02d-%02d", a, b, c);
	return date_is_day(out);
}

static enum pmj_code
fail_date(const struct mapped *m, const char *text, struct pmj_error *err)
{
	static const char *const shown[] = {"2026-03-31", "31/03/2026", "03/31/2026", "2026/03/31"};

	(void)pmj_fail(
	    err, PMJ_INVALID, "%s: \"%.40s\" is no date as the mapping has them", m->field, text);
	pmj_hint(err, "write it like %s, or say dates = in the mapping", shown[m->dates]);
	return PMJ_INVALID;
}

/* Several values in one cell are told apart by ';' or '|', as people write them, or by the spaces
 * of a form's select-many. */
static json_t *
value_list(const struct mapping *map, const struct mapped *m, const char *text)
{
	char *copy = mem_strdup(text), *rest = copy, *part;
	json_t *list = json_array();

	while ((part = strsep(&rest, m->spaces ? " " : ";|,")) != NULL) {
		while (isspace((unsigned char)*part))
			part++;
		while (*part != '\0' && isspace((unsigned char)part[strlen(part) - 1]))
			part[strlen(part) - 1] = '\0';
		if (*part != '\0' && *translated(map, m, part) != '\0')
			(void)json_array_append_new(list, json_string(translated(map, m, part)));
	}
	mem_free_wiped(copy);
	return list;
}

static enum pmj_code
parent_of(json_t **out, const struct mapped *m, const char *key, struct pmj_error *err)
{
	*out = json_pack("{s:s, s:s}", "parent", m->parent, "key", key);
	if (*key != '\0')
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "%s: the key is missing", m->field);
	pmj_hint(err, "write the key of the %s that this was repeated in, or take the line out",
	    m->parent);
	json_decref(*out);
	*out = NULL;
	return PMJ_INVALID;
}

static enum pmj_code
value_of(json_t **out, const struct mapping *map, const struct mapped *m, const char *text,
    struct pmj_error *err)
{
	const char *type = json_str(m->declared, "type");
	char day[11];

	*out = NULL;
	if (m->parent != NULL)
		return parent_of(out, m, text, err);
	if (type != NULL && strcmp(type, "choices") == 0) {
		*out = value_list(map, m, text);
		return PMJ_OK;
	}
	text = translated(map, m, text);
	if (*text == '\0')
		return PMJ_OK;
	if (m->section != NULL && m->value == NULL && type != NULL && strcmp(type, "date") == 0) {
		if (!read_date(day, text, m->dates))
			return fail_date(m, text, err);
		text = day;
	}
	*out = json_string(text);
	return PMJ_OK;
}

/* Of several, so that "a b" and "c" make another key than "a" and "b c". */
static void
put_part_of_key(struct buf *out, const char *cell)
{
	for (; *cell != '\0'; cell++) {
		if (*cell == ' ' || *cell == '\\')
			buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)*cell);
	}
}

/* The cells of a field, with what stands between them. Caller frees. */
static char *
cells_of(const struct mapped *m, const struct csv_row *cells)
{
	struct buf all;
	char *text;

	if (m->value != NULL)
		return mem_strdup(m->value);
	if (m->column_count == 1)
		return mem_strdup(cell_at(cells, m->columns[0] + 1));
	buf_init(&all, 0);
	for (size_t i = 0; i < m->column_count; i++) {
		const char *cell = cell_at(cells, m->columns[i] + 1);

		if (*cell == '\0')
			continue;
		buf_put_text(&all, all.len > 0 ? m->between : "");
		if (m->parent != NULL) /* as its source is put together */
			put_part_of_key(&all, cell);
		else
			buf_put_text(&all, cell);
	}
	text = mem_strdup(buf_text(&all));
	buf_wipe(&all);
	return text;
}

/* Of several columns, all of them: half a key would be another's. Caller frees. */
static char *
source_of(const struct mapping *map, const struct csv_row *cells)
{
	struct buf all;
	char *text;

	buf_init(&all, 0);
	for (size_t i = 0; i < map->source_count; i++) {
		const char *cell = cell_at(cells, map->sources[i]);

		if (*cell == '\0') {
			buf_wipe(&all);
			return mem_strdup("");
		}
		buf_put_text(&all, i > 0 ? " " : "");
		if (map->source_count > 1)
			put_part_of_key(&all, cell);
		else
			buf_put_text(&all, cell);
	}
	text = mem_strdup(buf_text(&all));
	buf_wipe(&all);
	return text;
}

enum pmj_code
mapping_request(json_t **out, const struct mapping *map, const json_t *kind,
    const struct csv_row *cells, size_t *column, struct pmj_error *err)
{
	json_t *request = json_pack("{s:s}", "kind", json_str(kind, "name"));
	json_t *fields = json_object(), *value;
	const char *ref = mapping_ref(map, cells);
	char *source = source_of(map, cells);
	enum pmj_code rc = PMJ_OK;

	*out = NULL;
	for (size_t i = 0; i < map->count && rc == PMJ_OK; i++) {
		const struct mapped *m = &map->list[i];
		char *text = cells_of(m, cells);
		bool asked = *text != '\0' || m->parent != NULL;

		if (asked && (rc = value_of(&value, map, m, text, err)) != PMJ_OK)
			*column = m->column_count > 0 ? m->columns[0] + 1 : 0;
		else if (asked && value != NULL)
			(void)json_object_set_new(fields, m->field, value);
		mem_free_wiped(text);
	}
	if (ref != NULL)
		(void)json_object_set_new(request, "ref", json_string(ref));
	if (*source != '\0')
		(void)json_object_set_new(request, "source", json_string(source));
	mem_free_wiped(source);
	(void)json_object_set_new(request, "fields", fields);
	if (rc == PMJ_OK)
		*out = request;
	else
		json_decref(request);
	return rc;
}
