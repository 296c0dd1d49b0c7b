/* record_due.c - what is due, and when: `today`, `week`. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

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
		rc = record_next_answer(cli, items, &answer, path, limit, err);
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
