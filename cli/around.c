/* around.c - what stands beside a person in `show`: what is promised and waits, the consents, the
 * last contacts, what else is open. Whoever takes over from another reads it and goes on. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

#define AROUND_INDENT 11
#define AROUND_LAST 3 /* of what merely happened */

static const json_t *
around_kind(struct cli *cli, const json_t *item)
{
	const char *name = json_str(item, "kind");

	return name != NULL ? kinds_named(cli, name) : NULL;
}

static bool
has_states(const json_t *kind)
{
	return json_array_size(json_arr(kind, "states")) > 0;
}

/* The day something happened: its first date. */
static const char *
day_field(const json_t *kind)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *type = json_str(field, "type");

		if (type != NULL && strcmp(type, "date") == 0)
			return json_str(field, "name");
	}
	return NULL;
}

static const char *
around_day(const json_t *kind, const json_t *item)
{
	const char *field = day_field(kind);

	return field != NULL ? json_str(json_obj(item, "texts"), field) : NULL;
}

/* "What was done: ..." of each of the kind's brief fields that says something; a "no" does not. */
static void
say_brief(const json_t *kind, const json_t *item, const char *but)
{
	const json_t *name, *field;
	size_t i;

	json_array_foreach(json_arr(kind, "brief"), i, name)
	{
		const char *key = json_string_value(name);
		const char *text = json_str(json_obj(item, "texts"), key);
		char *line;

		field = kinds_field(kind, key);
		if (field == NULL || text == NULL || *text == '\0' ||
		    (but != NULL && strcmp(key, but) == 0) ||
		    json_is_false(json_object_get(json_obj(item, "fields"), key)))
			continue;
		line = mem_printf("%s: %s", kinds_label(field), text);
		print_wrapped(AROUND_INDENT, line);
		mem_free_wiped(line);
	}
}

static void
say_around_title(const char *title)
{
	term_say("\n");
	term_put(stdout, PAINT_BOLD, title);
	term_say("\n");
}

void
record_say_uncovered(const json_t *item, size_t indent)
{
	const char *uncovered = json_str(item, "uncovered");
	char *why, *line;

	if (uncovered == NULL)
		return;
	why = lang_message(uncovered);
	line = mem_printf("%s %s", lang_text("Tell them nothing now:"), why);
	print_wrapped(indent, line);
	free(why);
	free(line);
}

/* ---- what is promised and waits ---- */

static bool
waits(const json_t *kind, const json_t *item)
{
	return json_str(item, "due") != NULL && !json_flag(kind, "revocation_wins");
}

static void
say_waiting(struct cli *cli, const json_t *item)
{
	const json_t *kind = around_kind(cli, item);
	const char *why = json_str(item, "why"), *title = json_str(item, "title");
	const char *state = json_str(item, "state_label");
	bool plain = why != NULL && state != NULL && strcmp(why, state) == 0;
	char *line = mem_printf("%s%s  %s: %s%s%s", json_str(item, "due"), record_due_mark(item),
	    kinds_label(kind), title != NULL ? title : "", !plain && why != NULL ? ": " : "",
	    !plain && why != NULL ? why : "");

	term_say("  %-7s  ", json_str(item, "short"));
	print_wrapped_after(AROUND_INDENT, line);
	record_say_uncovered(item, AROUND_INDENT);
	say_brief(kind, item, json_str(kind, "due"));
	mem_free_wiped(line);
}

static void
say_all_waiting(struct cli *cli, const json_t *items)
{
	json_t *due = json_array(), *item;
	size_t i;

	json_array_foreach((json_t *)items, i, item)
	{
		if (waits(around_kind(cli, item), item))
			(void)json_array_append(due, item);
	}
	record_by_day(due);
	if (json_array_size(due) > 0)
		say_around_title(lang_text("What is promised, and what waits"));
	json_array_foreach(due, i, item) say_waiting(cli, item);
	json_decref(due);
}

/* ---- the rest, kind by kind ---- */

/* "  k3x9d    2026-11-27  visit   Neema" */
static void
say_around_one(const json_t *kind, const json_t *item)
{
	const char *day = has_states(kind) ? NULL : around_day(kind, item);
	const char *state = json_str(item, "state_label"), *by = json_str(item, "by");

	term_say("  %-7s  %s%s%s", json_str(item, "short"), day != NULL ? day : "",
	    day != NULL ? "  " : "",
	    json_str(item, "title") != NULL ? json_str(item, "title") : "");
	if (state != NULL)
		term_say(" (%s)", state);
	if (day != NULL && by != NULL)
		term_say("   %s", by);
	term_say("\n");
	say_brief(kind, item, has_states(kind) ? NULL : day_field(kind));
}

static int
later_first(const void *a, const void *b)
{
	const char *x = json_str(*(json_t *const *)a, "around_day"),
	           *y = json_str(*(json_t *const *)b, "around_day");

	return strcmp(y != NULL ? y : "", x != NULL ? x : "");
}

/* Those of one kind that are not told as waiting; of what happened the last, by its own day. */
static void
say_kind(const json_t *kind, const json_t *items)
{
	json_t **list = mem_array(json_array_size(items) + 1, sizeof(*list)), *item;
	size_t count = 0, i;

	json_array_foreach((json_t *)items, i, item)
	{
		const char *name = json_str(item, "kind"), *day = around_day(kind, item);

		if (name == NULL || strcmp(name, json_str(kind, "name")) != 0 || waits(kind, item))
			continue;
		if (!has_states(kind) && day != NULL)
			(void)json_object_set_new(item, "around_day", json_string(day));
		list[count++] = item;
	}
	if (count > 0) {
		char *title = mem_printf("%s%s", json_str(kind, "plural"),
		    has_states(kind) ? "" : lang_text(", the last"));

		say_around_title(title);
		free(title);
	}
	if (!has_states(kind)) {
		if (count > 0)
			qsort((void *)list, count, sizeof(*list), later_first);
		count = count > AROUND_LAST ? AROUND_LAST : count;
	}
	for (i = 0; i < count; i++)
		say_around_one(kind, list[i]);
	free((void *)list);
}

/* Consents first, for they say what may be done; then what happened, then the rest. */
static int
around_rank(const json_t *kind)
{
	return json_flag(kind, "revocation_wins") ? 0 : !has_states(kind) ? 1 : 2;
}

/* Of a kind without states the client shows fewer than it was given. */
static json_int_t
not_shown(const json_t *kind, const json_t *items, const json_t *left)
{
	const char *name = json_str(kind, "name");
	json_int_t more = json_int(left, name, 0);
	size_t count = 0, i;
	const json_t *item;

	json_array_foreach(items, i, item) count += strcmp(json_str(item, "kind"), name) == 0;
	if (!has_states(kind) && count > AROUND_LAST)
		more += (json_int_t)(count - AROUND_LAST);
	return more;
}

/* Whoever takes over must not take this for all there is. */
static void
say_there_is_more(const json_t *kinds, const json_t *answer, const char *person)
{
	const json_t *kind;
	bool said = false;
	size_t i;

	json_array_foreach(kinds, i, kind)
	{
		json_int_t more =
		    not_shown(kind, json_arr(answer, "items"), json_obj(answer, "left"));

		if (more == 0)
			continue;
		if (!said)
			say_around_title(lang_text("There is more than is shown here"));
		said = true;
		term_say("  %s: %lld more: pamoja %s list %s=%s\n", json_str(kind, "plural"),
		    (long long)more, json_str(kind, "name"),
		    json_string_value(json_array_get(json_arr(kind, "subjects"), 0)), person);
	}
}

static void
say_heard(const json_t *heard)
{
	char when[PRINT_WHEN_MAX];
	const json_t *one;
	size_t i;

	json_array_foreach(heard, i, one)
	{
		if (i == 0)
			term_say("\n");
		term_say("The newest from %s about this person is of %s.\n"
		         "What was written since has not come yet.\n",
		    json_str(one, "name"), print_when(when, json_object_get(one, "at")));
	}
}

/* Until when each other's words have come, the newest of all pieces. */
static void
take_heard(json_t *heard, const json_t *piece)
{
	const json_t *one;
	size_t i, j;

	json_array_foreach(piece, i, one)
	{
		json_t *known = NULL;

		for (j = 0; j < json_array_size(heard) && known == NULL; j++)
			if (strcmp(json_str(json_array_get(heard, j), "name"),
			        json_str(one, "name")) == 0)
				known = json_array_get(heard, j);
		if (known == NULL)
			(void)json_array_append(heard, (json_t *)one);
		else if (json_int(known, "at", 0) < json_int(one, "at", 0))
			(void)json_object_set(known, "at", json_object_get(one, "at"));
	}
}

/* Of each kind how many there are besides, of all pieces. */
static void
add_left(json_t *left, const json_t *piece)
{
	const char *kind;
	json_t *count;

	json_object_foreach((json_t *)piece, kind, count)(void) json_object_set_new(
	    left, kind, json_integer(json_int(left, kind, 0) + json_integer_value(count)));
}

enum pmj_code
record_get_around(struct cli *cli, json_t **out, const char *id, struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/around", id);
	json_t *piece, *items = json_array(), *heard = json_array(), *left = json_object();
	enum pmj_code rc;

	do {
		rc = client_get(&cli->client, &piece, path, err);
		free(path);
		path = NULL;
		if (rc != PMJ_OK)
			break;
		(void)json_array_extend(items, json_object_get(piece, "items"));
		take_heard(heard, json_arr(piece, "heard"));
		add_left(left, json_obj(piece, "left"));
		if (json_str(piece, "next") != NULL)
			path =
			    mem_printf("/v1/record/%s/around?from=%s", id, json_str(piece, "next"));
		json_decref(piece);
	} while (path != NULL);
	if (rc == PMJ_OK)
		*out = json_pack("{s:O, s:O, s:O}", "items", items, "heard", heard, "left", left);
	json_decref(left);
	json_decref(items);
	json_decref(heard);
	return rc;
}

enum pmj_code
record_around(struct cli *cli, const json_t *answer, const char *person, struct pmj_error *err)
{
	const json_t *kind, *items = json_arr(answer, "items");
	json_t *kinds = NULL;
	enum pmj_code rc;
	size_t i;

	if ((rc = kinds_of(cli, &kinds, items, err)) != PMJ_OK)
		goto out;
	say_all_waiting(cli, items);
	for (int rank = 0; rank < 3; rank++)
		json_array_foreach(kinds, i, kind)
		{
			if (around_rank(kind) == rank)
				say_kind(kind, items);
		}
	say_there_is_more(kinds, answer, person);
	say_heard(json_arr(answer, "heard"));
out:
	json_decref(kinds);
	return rc;
}
