/* record_list.c - several records as a table: any list, `find`, `today`. */
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

/* One answer more, behind those that came before it; *answer: the one before, if any. */
static enum pmj_code
next_answer(struct cli *cli, json_t *items, json_t **answer, const char *path, long limit,
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
		rc = next_answer(cli, items, &answer, path, left > 0 ? left : 1, err);
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

/* Whom a record is about, as words; NULL when nobody. */
static const char *
subject(struct cli *cli, const json_t *item)
{
	const char *kind = json_str(item, "kind");
	const json_t *subjects = json_arr(kinds_named(cli, kind != NULL ? kind : ""), "subjects");
	const char *field = json_string_value(json_array_get(subjects, 0));

	return field != NULL ? json_str(json_obj(item, "texts"), field) : NULL;
}

/* At the office: how much of the directory is to be looked after. */
static void
say_stale(const json_t *answer)
{
	const json_t *one;
	size_t i;

	if (json_str(answer, "last_day") != NULL) {
		char *text = lang_message(json_str(answer, "last_day"));

		term_say("Careful: %s\n", text);
		free(text);
	}
	json_array_foreach(json_arr(answer, "stale"), i, one)
	    term_say("Not checked for %lld days: %lld of %s. See them: pamoja %s list --stale\n",
	        (long long)json_int(one, "days", 0), (long long)json_int(one, "count", 0),
	        json_str(one, "plural"), json_str(one, "kind"));
}

/* In the week's view: what a worker needs for themselves. */
static void
say_expected(const json_t *answer)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(answer, "expected"), i, one)
	{
		long long minutes = (long long)json_int(one, "minutes", 0),
		          of = (long long)json_int(one, "of", 0);

		term_say("%s this month: %lld:%02lld of %lld:%02lld hours; in the last seven days: "
		         "%lld of %lld\n",
		    json_str(one, "title"), minutes / 60, minutes % 60, of / 60, of % 60,
		    (long long)json_int(one, "times", 0), (long long)json_int(one, "times_of", 0));
	}
}

/* Does it come before the other? What is urgent does, a crisis before a form that is weeks late;
 * then by the day that is shown: what runs out in some weeks is told now, and comes after what is
 * due now. */
static bool
comes_before(const json_t *item, const json_t *other)
{
	const char *due = json_str(item, "due"), *then = json_str(other, "due");

	if (json_flag(item, "urgent") != json_flag(other, "urgent"))
		return json_flag(item, "urgent");
	return due != NULL && then != NULL && strcmp(due, then) < 0;
}

const char *
record_due_mark(const json_t *item)
{
	if (json_flag(item, "urgent"))
		return lang_text(" (urgent)"); /* that it is late is seen by the day */
	return json_flag(item, "overdue") ? lang_text(" (overdue)") : "";
}

/* Of one day the daemon's order stands. */
void
record_by_day(json_t *items)
{
	for (size_t i = 1; i < json_array_size(items); i++) {
		json_t *item = json_incref(json_array_get(items, i));
		size_t at = i;

		while (at > 0 && comes_before(item, json_array_get(items, at - 1)))
			at--;
		(void)json_array_remove(items, i);
		(void)json_array_insert_new(items, at, item);
	}
}

/* Of a list that is longer than a screen only its end is seen. */
#define DUE_COUNTED 20

static void
say_how_many(const json_t *answer)
{
	const json_t *items = json_arr(answer, "items"), *item;
	size_t overdue = 0, urgent = 0, i;

	json_array_foreach(items, i, item)
	{
		overdue += json_flag(item, "overdue");
		urgent += json_flag(item, "urgent");
	}
	if (json_array_size(items) > DUE_COUNTED)
		term_say(json_array_size(json_arr(answer, "left")) > 0
		             ? LANG_N("\n%zu are shown: %zu urgent (at the top), %zu overdue.\n")
		             : LANG_N("\n%zu in all: %zu urgent (at the top), %zu overdue.\n"),
		    json_array_size(items), urgent, overdue);
}

enum pmj_code
record_due_get(struct cli *cli, json_t **out, const char *path, long limit, struct pmj_error *err)
{
	json_t *items = json_array(), *answer = NULL;
	enum pmj_code rc;

	do
		rc = next_answer(cli, items, &answer, path, limit, err);
	while (rc == PMJ_OK && json_str(answer, "next") != NULL);
	if (rc == PMJ_OK) {
		record_by_day(items);
		(void)json_object_set(answer, "items", items);
		*out = json_incref(answer);
	}
	json_decref(answer);
	json_decref(items);
	return rc;
}

/* Each kind shows its first; how many of it are left. */
static void
say_left(const json_t *answer)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(answer, "left"), i, one)
	    term_say(json_flag(one, "many") ? LANG_N("Not shown: %lld or more of %s\n")
	                                    : LANG_N("Not shown: %lld of %s\n"),
	        (long long)json_int(one, "count", 0), json_str(one, "plural"));
	if (json_array_size(json_arr(answer, "left")) > 0)
		term_say("Show more of them: --limit 500\n");
}

/* What is due as a table, and what a person needs beneath it. */
static void
print_due(struct cli *cli, const json_t *answer)
{
	static const char *const heads[] = {
	    "ID", LANG_N("DUE"), LANG_N("WHO"), LANG_N("WHAT"), LANG_N("WHY")};
	struct table *table = table_new(heads, COUNT(heads));
	const json_t *item;
	size_t i;

	table_keep_whole(table, 3);
	table_keep_whole(table, 4);
	json_array_foreach(json_arr(answer, "items"), i, item)
	{
		const char *due = json_str(item, "due");
		char *text = mem_printf("%s%s", due != NULL ? due : "", record_due_mark(item));
		const char *kind = json_str(item, "kind"), *why = json_str(item, "why");
		char *reason =
		    mem_printf("%s%s%s", kinds_label(kinds_named(cli, kind != NULL ? kind : "")),
		        why != NULL ? ": " : "", why != NULL ? why : "");
		const char *cells[] = {json_str(item, "short"), text, subject(cli, item),
		    json_str(item, "title"), reason};

		table_row(table, cells);
		free(text);
		free(reason);
	}
	table_print(table);
	say_how_many(answer);
	term_say("\nOpen one: pamoja show ID\n");
	say_left(answer);
}

static enum pmj_code
say_due(struct cli *cli, const char *path, const char *nothing, const struct args *args,
    struct pmj_error *err)
{
	json_t *answer = NULL, *kinds = NULL;
	enum pmj_code rc;
	long limit;

	if ((rc = args_number(&limit, args, "limit", 50, err)) != PMJ_OK ||
	    (rc = record_due_get(cli, &answer, path, limit, err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
	} else if ((rc = kinds_of(cli, &kinds, json_arr(answer, "items"), err)) == PMJ_OK) {
		if (json_array_size(json_arr(answer, "items")) == 0)
			term_say("%s", lang_text(nothing));
		else
			print_due(cli, answer);
		say_stale(answer);
		say_expected(answer);
	}
	json_decref(kinds);
	json_decref(answer);
	return rc;
}

enum pmj_code
record_today(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *const needs[] = {"out", "format", "names"};

	if (args_has(args, "print"))
		return day_sheet(cli, args, err);
	for (size_t i = 0; i < COUNT(needs); i++)
		if (args_has(args, needs[i]) || args_value(args, needs[i]) != NULL) {
			(void)pmj_fail(err, PMJ_USAGE, "--%s is of the paper", needs[i]);
			pmj_hint(err, "add --print");
			return PMJ_USAGE;
		}
	return say_due(cli, "/v1/today", LANG_N("Nothing is due today.\n"), args, err);
}

enum pmj_code
record_week(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return say_due(
	    cli, "/v1/today?days=6", LANG_N("Nothing is due in the next seven days.\n"), args, err);
}
