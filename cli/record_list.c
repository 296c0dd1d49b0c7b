/* record_list.c - several records as a table: any list, `find`. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

/* Columns of a list of one kind: what its records are called by, then the fields any record has, as
 * many as fit. */
#define COLUMNS_MAX 12

struct columns {
	const char *fields[COLUMNS_MAX]; /* NULL: short, title, kind or state by head */
	const char *heads[COLUMNS_MAX];
	size_t count;
};

static void
put_column(struct columns *to, const char *head, const char *field)
{
	if (to->count == COLUMNS_MAX)
		return;
	to->heads[to->count] = head;
	to->fields[to->count++] = field;
}

static bool
any_has(const json_t *items, const char *field)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *text = json_str(json_obj(item, "texts"), field);

		if (text != NULL && *text != '\0')
			return true;
	}
	return false;
}

/* Another column, where there is room and any record has something in it. */
static void
put_if_any(
    struct columns *to, size_t most, const json_t *items, const json_t *kind, const json_t *field)
{
	const char *name = json_str(field, "name"), *shows = json_str(kind, "shows");

	if (name != NULL && to->count < most + 1 && (shows == NULL || strcmp(name, shows) != 0) &&
	    any_has(items, name))
		put_column(to, kinds_label(field), name);
}

static void
put_named(
    struct columns *to, size_t most, const json_t *items, const json_t *kind, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	    put_if_any(to, most, items, kind, kinds_field(kind, json_string_value(name)));
}

static void
choose_columns(struct columns *to, const json_t *items, const json_t *kind)
{
	size_t columns = term_columns(), most = columns == 0 ? 9 : columns / 18, i;
	const char *shows = json_str(kind, "shows");
	const json_t *field;

	put_column(to, "ID", NULL);
	put_column(to,
	    kind == NULL || shows == NULL ? LANG_N("TITLE") : kinds_label(kinds_field(kind, shows)),
	    shows);
	if (kind == NULL)
		put_column(to, LANG_N("KIND"), NULL);
	/* Whom it is about, what matters most, the rest. */
	put_named(to, most, items, kind, json_arr(kind, "subjects"));
	put_named(to, most, items, kind, json_arr(kind, "brief"));
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *name = json_str(field, "name"), *type = json_str(field, "type");

		if (type != NULL && strcmp(type, "note") != 0 &&
		    !kinds_lists(json_arr(kind, "subjects"), name) &&
		    !kinds_lists(json_arr(kind, "brief"), name))
			put_if_any(to, most, items, kind, field);
	}
	put_column(to, LANG_N("STATE"), NULL);
}

static const char *
cell(const json_t *item, const char *head, const char *field)
{
	if (field != NULL)
		return json_str(json_obj(item, "texts"), field);
	if (strcmp(head, "ID") == 0)
		return json_str(item, "short");
	if (strcmp(head, "KIND") == 0)
		return json_str(item, "kind");
	if (strcmp(head, "STATE") == 0)
		return json_flag(item, "conflict") ? lang_text("conflict")
		       : json_flag(item, "voided") ? lang_text("voided")
		       : json_flag(item, "stale")  ? lang_text("to be checked")
		                                   : json_str(item, "state_label");
	return json_str(item, "title");
}

void
record_print_items(const json_t *items, const json_t *kind)
{
	struct columns columns = {0};
	struct table *table;
	const json_t *item;
	size_t i;

	if (json_array_size(items) == 0) {
		if (kind == NULL)
			term_say("Nothing here.\n");
		else
			term_say("Nothing here yet.\n  Add one: pamoja %s add\n",
			    json_str(kind, "name"));
		return;
	}
	choose_columns(&columns, items, kind);
	table = table_new(columns.heads, columns.count);
	json_array_foreach(items, i, item)
	{
		const char *cells[COLUMNS_MAX];

		for (size_t c = 0; c < columns.count; c++)
			cells[c] = cell(item, columns.heads[c], columns.fields[c]);
		table_row(table, cells);
	}
	table_print(table);
}

enum pmj_code
record_next_answer(struct cli *cli, json_t *items, json_t **answer, const char *path, long limit,
    struct pmj_error *err)
{
	const char *next = json_str(*answer, "next");
	char *page = mem_printf("%s%slimit=%ld%s%s", path, strchr(path, '?') != NULL ? "&" : "?",
	    limit, next != NULL ? "&from=" : "", next != NULL ? next : "");
	json_t *before = *answer;
	enum pmj_code rc;

	*answer = NULL;
	rc = client_get(&cli->client, answer, page, err);
	if (rc == PMJ_OK)
		(void)json_array_extend(items, json_object_get(*answer, "items"));
	mem_free_wiped(page);
	json_decref(before);
	return rc;
}

/* Each answer holds what the daemon finds time for between others' requests; this asks on. An
 * answer may hold nothing, and yet say where it goes on: so much was looked through. */
enum pmj_code
record_list_get(struct cli *cli, json_t **out, const char *path, long limit, struct pmj_error *err)
{
	json_t *items = json_array(), *answer = NULL;
	bool more = false;
	enum pmj_code rc;

	do {
		long left = limit - (long)json_array_size(items);

		/* Enough, and whether there is one more is not known yet. */
		rc = record_next_answer(cli, items, &answer, path, left > 0 ? left : 1, err);
		more = json_flag(answer, "more") || (long)json_array_size(items) > limit;
	} while (rc == PMJ_OK && json_str(answer, "next") != NULL &&
	         !(more && (long)json_array_size(items) >= limit));
	while ((long)json_array_size(items) > limit)
		(void)json_array_remove(items, json_array_size(items) - 1);
	if (rc == PMJ_OK)
		*out = json_pack("{s:O,s:b,s:O*}", "items", items, "more", more, "near",
		    json_object_get(answer, "near"));
	json_decref(answer);
	json_decref(items);
	return rc;
}

enum pmj_code
record_find(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *words = args_join(args, 0);
	json_t *answer = NULL;
	enum pmj_code rc;
	struct buf path;
	long limit;

	buf_init(&path, 0);
	rc = args_number(&limit, args, "limit", 50, err);
	buf_putf(&path, "/v1/find?limit=%ld&q=", limit);
	http_escape(&path, words);
	if (rc == PMJ_OK)
		rc = client_get(&cli->client, &answer, buf_text(&path), err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0) {
		term_say("Nothing found for \"%s\". The beginning of a word is enough.\n", words);
	} else if (rc == PMJ_OK) {
		if (json_flag(answer, "sounds_alike"))
			term_say("Nothing is written like that; this sounds alike:\n\n");
		record_print_items(json_arr(answer, "items"), NULL);
		if (json_flag(answer, "more"))
			term_note("There are more: raise --limit, or add a word.\n");
	}
	json_decref(answer);
	buf_wipe(&path);
	mem_free_wiped(words);
	return rc;
}
