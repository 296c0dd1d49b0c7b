/* mapping_file.c - fields and their columns, as a file says: its sections and keys, found in a
 * header. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/forms.h"
#include "cli/kinds.h"
#include "cli/mapping_inner.h"

static enum pmj_code
check_file(struct mapping *map, const char **kind, struct pmj_error *err)
{
	static const char *const import_keys[] = {
	    "kind", "source", "dates", "only", "repeat", "main", NULL};
	static const char *const field_keys[] = {
	    "column", "columns", "between", "value", "dates", "split", "parent", NULL};

	/* Also those without a line of their own. */
	for (size_t i = 0; i < map->conf.section_count; i++) {
		const struct conf_section *section = &map->conf.sections[i];

		if (strcmp(section->name, "import") == 0 ||
		    strncmp(section->name, "field ", 6) == 0)
			continue;
		(void)conf_fail(
		    err, &map->conf, section->line, "there is no section [%s]", section->name);
		pmj_hint(err, "use [import] and [field NAME]");
		return PMJ_INVALID;
	}
	for (size_t i = 0; i < map->conf.count; i++) {
		const struct conf_item *item = &map->conf.items[i];
		bool head = strcmp(item->section, "import") == 0, known = false;
		const char *const *keys = head ? import_keys : field_keys;

		for (size_t k = 0; keys[k] != NULL; k++)
			known = known || strcmp(item->key, keys[k]) == 0;
		if (known || (!head && strncmp(item->key, "map.", 4) == 0))
			continue;
		(void)conf_fail(
		    err, &map->conf, item->line, "[%s] knows no %.60s", item->section, item->key);
		pmj_hint(err, "%s",
		    head ? "it knows kind, source, dates, only, repeat and main"
		         : "it knows column, columns, between, value, dates, split, parent and "
		           "map.WORD");
		return PMJ_INVALID;
	}
	if (conf_get(&map->conf, "import", "kind") != NULL)
		*kind = conf_get(&map->conf, "import", "kind")->value;
	return PMJ_OK;
}

/* rc: of the reading. */
static enum pmj_code
read_done(struct mapping *out, const char **kind, enum pmj_code rc, struct pmj_error *err)
{
	out->has_file = rc == PMJ_OK;
	if (rc == PMJ_OK && (rc = check_file(out, kind, err)) != PMJ_OK)
		mapping_close(out);
	return rc;
}

enum pmj_code
mapping_read(struct mapping *out, const char **kind, const char *path, struct pmj_error *err)
{
	*out = (struct mapping){0};
	return read_done(out, kind, conf_read(&out->conf, &os_real, path, err), err);
}

enum pmj_code
mapping_read_text(struct mapping *out, const char **kind, const char *name, const char *text,
    size_t len, struct pmj_error *err)
{
	*out = (struct mapping){0};
	return read_done(out, kind, conf_read_text(&out->conf, name, text, len, err), err);
}

const char *
mapping_says(const struct mapping *map, const char *key)
{
	const struct conf_item *item = map->has_file ? conf_get(&map->conf, "import", key) : NULL;

	return item != NULL ? item->value : NULL;
}

/* "A is B". What is before it is the caller's. NULL: it is not written so. */
static const char *
split_is(char **before, const struct mapping *map, const struct conf_item *item,
    const char *example, struct pmj_error *err)
{
	const char *is = strstr(item->value, " is ");

	if (is == NULL) {
		(void)conf_fail(
		    err, &map->conf, item->line, "%.20s = is not understood", item->key);
		pmj_hint(err, "write %s", example);
		return NULL;
	}
	*before = mem_strndup(item->value, (size_t)(is - item->value));
	return is + strlen(" is ");
}

enum pmj_code
mapping_main(const struct mapping *map, char **own, char **theirs, struct pmj_error *err)
{
	const char *after = split_is(own, map, conf_get(&map->conf, "import", "main"),
	    "main = COLUMN is COLUMN OF THE MAIN TABLE", err);

	if (after == NULL)
		return PMJ_INVALID;
	*theirs = mem_strdup(after);
	return PMJ_OK;
}

bool
mapping_same_column(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		bool parts_a = strchr("-/.:", *a) != NULL, parts_b = strchr("-/.:", *b) != NULL;

		if (*a != *b && !(parts_a && parts_b))
			return false;
	}
	return *a == *b;
}

/* *at: from 0. */
static enum pmj_code
find_column(size_t *at, const struct mapping *map, const struct conf_item *item, const char *named,
    const struct csv_row *header, struct pmj_error *err)
{
	const char *near;

	for (int pass = 0; pass < 3; pass++)
		for (*at = 0; *at < header->count; ++*at) {
			const char *head = header->cells[*at];

			if (pass == 0   ? strcmp(head, named) == 0
			    : pass == 1 ? mapping_same_column(head, named)
			                : text_same(head, named))
				return PMJ_OK;
		}
	near = text_nearest(named, (const char *const *)header->cells, header->count);
	(void)conf_fail(err, &map->conf, item->line, "the file has no column \"%.80s\"", named);
	if (near != NULL)
		pmj_hint(err, "did you mean %.80s?", near);
	else
		pmj_hint(err, "its first line names the columns");
	return PMJ_INVALID;
}

/* "A | B | C" into m->columns. */
static enum pmj_code
find_columns(struct mapped *m, const struct mapping *map, const struct conf_item *item,
    const struct csv_row *header, struct pmj_error *err)
{
	char *copy = mem_strdup(item->value), *rest = copy, *part;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && (part = strsep(&rest, "|")) != NULL) {
		size_t len;

		part += strspn(part, " \t");
		len = strlen(part);
		while (len > 0 && (part[len - 1] == ' ' || part[len - 1] == '\t'))
			part[--len] = '\0';
		if (m->column_count == MAPPING_COLUMNS_MAX) {
			rc = conf_fail(
			    err, &map->conf, item->line, "at most %u columns", MAPPING_COLUMNS_MAX);
			break;
		}
		rc = find_column(&m->columns[m->column_count], map, item, part, header, err);
		if (rc == PMJ_OK)
			m->column_count++;
		else if (map->lenient)
			rc = PMJ_OK;
	}
	free(copy);
	return rc;
}

static enum pmj_code
read_dates(
    enum mapping_date *out, const struct mapping *map, const char *section, struct pmj_error *err)
{
	static const char *const names[] = {"y-m-d", "d/m/y", "m/d/y", "y/m/d"};
	const struct conf_item *item = conf_get(&map->conf, section, "dates");

	for (size_t i = 0; item != NULL && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(item->value, names[i]) == 0) {
			*out = (enum mapping_date)i;
			return PMJ_OK;
		}
	if (item == NULL)
		return PMJ_OK;
	(void)conf_fail(
	    err, &map->conf, item->line, "dates = %.20s is not understood", item->value);
	pmj_hint(err, "write y-m-d, d/m/y, m/d/y or y/m/d");
	return PMJ_INVALID;
}

/* parent = KIND: the rows are what a form repeats, below a record of another file. */
static enum pmj_code
bind_parent(struct mapped *m, const struct mapping *map, struct pmj_error *err)
{
	const struct conf_item *parent = conf_get(&map->conf, m->section, "parent");

	m->parent = parent != NULL ? parent->value : NULL;
	if (parent == NULL || json_str(m->declared, "link") != NULL)
		return PMJ_OK;
	(void)conf_fail(err, &map->conf, parent->line, "%.40s is not found by a parent", m->field);
	pmj_hint(err, "parent = goes with a field that names another record, such as person");
	return PMJ_INVALID;
}

static enum pmj_code
bind_section(struct mapping *map, const json_t *kind, const struct conf_section *section,
    const struct csv_row *header, struct pmj_error *err)
{
	const char *field = section->name + strlen("field ");
	const struct conf_item *column = conf_get(&map->conf, section->name, "column"),
	                       *columns = conf_get(&map->conf, section->name, "columns"),
	                       *value = conf_get(&map->conf, section->name, "value"),
	                       *between = conf_get(&map->conf, section->name, "between"),
	                       *split = conf_get(&map->conf, section->name, "split");
	struct mapped *m;
	enum pmj_code rc;

	if (kinds_field(kind, field) == NULL) {
		(void)conf_fail(err, &map->conf, section->line, "a %s has no field %.40s",
		    json_str(kind, "name"), field);
		pmj_hint(err, "`pamoja %s --help` shows its fields", json_str(kind, "name"));
		return PMJ_INVALID;
	}
	m = mapping_add(map, kind, field);
	m->section = section->name;
	m->dates = DATES_ISO;
	if ((rc = bind_parent(m, map, err)) != PMJ_OK ||
	    (rc = read_dates(&m->dates, map, "import", err)) != PMJ_OK ||
	    (rc = read_dates(&m->dates, map, section->name, err)) != PMJ_OK)
		return rc;
	if (between != NULL) /* a space beside it would not survive the file */
		m->between = strcmp(between->value, ",") == 0 ? ", " : between->value;
	m->spaces = split != NULL && strcmp(split->value, "spaces") == 0;
	if (value != NULL)
		m->value = value->value;
	else if (column != NULL || columns != NULL)
		return find_columns(m, map, column != NULL ? column : columns, header, err);
	else
		return conf_fail(err, &map->conf, section->line,
		    "[%s] needs column = or value =", section->name);
	return PMJ_OK;
}

/* only = COLUMN is VALUE */
static enum pmj_code
bind_only(struct mapping *map, const struct csv_row *header, struct pmj_error *err)
{
	const struct conf_item *item = conf_get(&map->conf, "import", "only");
	char *column = NULL;
	enum pmj_code rc;

	if (item == NULL)
		return PMJ_OK;
	map->only_value = split_is(&column, map, item, "only = COLUMN is VALUE", err);
	if (map->only_value == NULL)
		return PMJ_INVALID;
	if ((rc = find_column(&map->only, map, item, column, header, err)) == PMJ_OK)
		map->only++;
	free(column);
	return rc;
}

/* What a document repeats has its key made already; else it is one column, or several. */
static enum pmj_code
bind_source(struct mapping *map, const struct csv_row *header, struct pmj_error *err)
{
	const struct conf_item *item = conf_get(&map->conf, "import", "source");
	struct mapped all = {.field = NULL};
	enum pmj_code rc;

	if (item == NULL)
		return PMJ_OK;
	if (mapping_says(map, "repeat") != NULL) {
		rc = find_column(&all.columns[0], map, item, FORMS_KEY, header, err);
		all.column_count = 1;
	} else {
		rc = find_columns(&all, map, item, header, err);
	}
	for (size_t i = 0; i < all.column_count && rc == PMJ_OK; i++)
		map->sources[map->source_count++] = all.columns[i] + 1;
	return rc;
}

enum pmj_code
mapping_bind_file(
    struct mapping *map, const json_t *kind, const struct csv_row *header, struct pmj_error *err)
{
	enum pmj_code rc;
	bool found = false;

	if ((rc = bind_only(map, header, err)) != PMJ_OK ||
	    (rc = bind_source(map, header, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < map->conf.section_count && rc == PMJ_OK; i++)
		if (strcmp(map->conf.sections[i].name, "import") != 0)
			rc = bind_section(map, kind, &map->conf.sections[i], header, err);
	for (size_t i = 0; i < map->count; i++)
		found = found || map->list[i].column_count > 0;
	if (rc == PMJ_OK && map->count > 0 && !found) {
		rc = conf_fail(err, &map->conf, 0, "the file has none of its columns");
		pmj_hint(err, "is it the mapping of another form?");
	}
	if (rc == PMJ_OK && map->count == 0)
		rc = conf_fail(err, &map->conf, 0, "it maps no field: write [field NAME]");
	return rc;
}

enum pmj_code
mapping_check_parents(const struct mapping *map, const json_t *kinds, struct pmj_error *err)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct mapped *m = &map->list[i];

		if (m->parent == NULL || kinds_in(kinds, m->parent) != NULL)
			continue;
		(void)conf_fail(err, &map->conf, conf_get(&map->conf, m->section, "parent")->line,
		    "there is no kind \"%.40s\"", m->parent);
		pmj_hint(err, "parent = names a kind; `pamoja kinds` lists them");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}
