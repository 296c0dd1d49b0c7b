/* mapping.c - fields and their columns, found by name and label where no file says them. */
#include "cli/mapping_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/kinds.h"

void
mapping_close(struct mapping *map)
{
	if (map->has_file)
		conf_close(&map->conf);
	free(map->list);
	*map = (struct mapping){0};
}

struct mapped *
mapping_add(struct mapping *map, const json_t *kind, const char *field)
{
	struct mapped *m;

	map->list = mem_grow(map->list, map->count + 1, sizeof(*map->list));
	m = &map->list[map->count++];
	*m = (struct mapped){.field = field, .declared = kinds_field(kind, field), .between = " "};
	return m;
}

/* The field a column's head means: by name, or by label as people write it. NULL: none. */
static const char *
field_of_head(const json_t *kind, const char *head)
{
	const json_t *field;
	size_t i;

	if (kinds_field(kind, head) != NULL)
		return json_str(kinds_field(kind, head), "name");
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *label = json_str(field, "label"), *name = json_str(field, "name");

		if (text_same(head, name) || (label != NULL && text_same(head, label)))
			return name;
	}
	return NULL;
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

/* Columns that an export of ours has beside the fields. */
static bool
is_of_an_export(struct mapping *map, const json_t *kind, const char *head, size_t at)
{
	size_t len = strlen(head);

	if (strcmp(head, "id") == 0) {
		map->sources[0] = at + 1;
		map->source_count = 1;
		return true;
	}
	if (strcmp(head, "state") == 0) {
		map->state = at + 1;
		return true;
	}
	if (strcmp(head, "told_under") == 0)
		return true;
	if (len > 5 && strcmp(head + len - 5, "_name") == 0) {
		char *field = mem_strndup(head, len - 5);
		bool known = kinds_field(kind, field) != NULL;

		free(field);
		return known;
	}
	return false;
}

static enum pmj_code
bind_header(
    struct mapping *map, const json_t *kind, const struct csv_row *heads, struct pmj_error *err)
{
	for (size_t i = 0; i < heads->count; i++) {
		const char *field = field_of_head(kind, heads->cells[i]);
		struct mapped *m;

		if (field == NULL && text_same(heads->cells[i], "ref")) {
			map->ref = i + 1;
			continue;
		}
		if (field == NULL && is_of_an_export(map, kind, heads->cells[i], i))
			continue;
		if (field == NULL)
			return fail_head(kind, heads, i, err);
		for (size_t j = 0; j < map->count; j++)
			if (strcmp(map->list[j].field, field) == 0)
				return pmj_fail(err, PMJ_INVALID, "line %zu: two columns are %s",
				    heads->line, field);
		m = mapping_add(map, kind, field);
		m->columns[m->column_count++] = i;
	}
	return PMJ_OK;
}

enum pmj_code
mapping_bind(
    struct mapping *map, const json_t *kind, const struct csv_row *header, struct pmj_error *err)
{
	return map->has_file ? mapping_bind_file(map, kind, header, err)
	                     : bind_header(map, kind, header, err);
}
