/* plan.c - `person plan ID`: what a person takes home, to be printed or read out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/sheet.h"
#include "cli/term.h"

static void
say_item(const json_t *item)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_arr(item, "lines"), i, line)
	{
		if (i == 0)
			term_say("  - ");
		else
			term_say("    %s: ", json_str(line, "label"));
		print_wrapped_after(4, json_str(line, "text"));
	}
}

static json_t *
section_named(const json_t *plan, const char *kind)
{
	json_t *section;
	size_t i;

	json_array_foreach(json_object_get(plan, "sections"), i, section)
	{
		if (strcmp(json_str(section, "kind"), kind) == 0)
			return section;
	}
	return NULL;
}

/* A section that came in two pieces is one, by its days: of one day the order stands. */
static void
join_items(json_t *items, const json_t *more)
{
	json_t *item;
	size_t i;

	json_array_foreach(more, i, item)
	{
		size_t at = json_array_size(items);

		while (at > 0 && strcmp(json_str(json_array_get(items, at - 1), "due"),
		                     json_str(item, "due")) > 0)
			at--;
		(void)json_array_insert(items, at, item);
	}
}

static void
join_piece(json_t *plan, const json_t *piece)
{
	json_t *section, *known;
	size_t i;

	json_array_foreach(json_object_get(piece, "sections"), i, section)
	{
		known = section_named(plan, json_str(section, "kind"));
		if (known == NULL)
			(void)json_array_append(json_object_get(plan, "sections"), section);
		else
			join_items(json_object_get(known, "items"), json_arr(section, "items"));
	}
	(void)json_object_set_new(plan, "left_out",
	    json_integer(json_int(plan, "left_out", 0) + json_int(piece, "left_out", 0)));
}

/* However many pieces it comes in. */
static enum pmj_code
get_plan(struct cli *cli, json_t **out, const char *typed, struct pmj_error *err)
{
	enum pmj_code rc = record_about(cli, out, typed, "/plan", NULL, err);
	const char *next = rc == PMJ_OK ? json_str(*out, "next") : NULL;
	json_t *piece = NULL;

	while (rc == PMJ_OK && next != NULL) {
		char *tail = mem_printf("/plan?from=%s", next);
		json_t *before = piece;

		piece = NULL;
		if ((rc = record_about(cli, &piece, typed, tail, NULL, err)) == PMJ_OK) {
			join_piece(*out, piece);
			next = json_str(piece, "next");
		}
		free(tail);
		json_decref(before);
	}
	json_decref(piece);
	if (rc == PMJ_OK)
		(void)json_object_del(*out, "next");
	return rc;
}

static void
plan_section(struct sheet *sheet, const json_t *section)
{
	const json_t *item, *line;
	size_t i, l;

	sheet_heading(sheet, json_str(section, "title"));
	json_array_foreach(json_arr(section, "items"), i, item)
	{
		json_array_foreach(json_arr(item, "lines"), l, line)
		{
			if (l == 0)
				sheet_strong(sheet, json_str(line, "text"));
			else
				sheet_pair(sheet, json_str(line, "label"), json_str(line, "text"));
		}
		sheet_gap(sheet);
	}
}

/* A page to print, or a file to keep. */
static enum pmj_code
plan_sheet(struct cli *cli, const struct args *args, const json_t *plan, struct pmj_error *err)
{
	struct sheet *sheet = NULL;
	const json_t *section;
	char *title;
	enum pmj_code rc = sheet_new(&sheet, args, cli->client.lang, err);
	size_t i;

	if (rc != PMJ_OK)
		return rc;
	title = mem_printf("%s   %s", json_str(plan, "name"), json_str(plan, "on"));
	sheet_title(sheet, title);
	json_array_foreach(json_arr(plan, "sections"), i, section) plan_section(sheet, section);
	if ((rc = sheet_put(sheet, err)) == PMJ_OK && sheet_path(sheet) != NULL)
		term_note("Written to %s, readable by you alone.\n", sheet_path(sheet));
	free(title);
	sheet_free(sheet);
	return rc;
}

enum pmj_code
record_plan(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *answer = NULL;
	const json_t *section, *item;
	enum pmj_code rc;
	size_t i, j;

	rc = get_plan(cli, &answer, typed, err);
	if (rc == PMJ_OK &&
	    (args_value(args, "out") != NULL || args_value(args, "format") != NULL)) {
		rc = plan_sheet(cli, args, answer, err);
	} else if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		long left_out = (long)json_int(answer, "left_out", 0);

		term_put(stdout, PAINT_BOLD, json_str(answer, "name"));
		term_say("   %s\n", json_str(answer, "on"));
		json_array_foreach(json_arr(answer, "sections"), i, section)
		{
			term_say("\n%s\n", json_str(section, "title"));
			json_array_foreach(json_arr(section, "items"), j, item) say_item(item);
		}
		if (json_array_size(json_arr(answer, "sections")) == 0)
			term_note("Nothing to print yet: add a goal, or what helps.\n");
		if (left_out > 0)
			term_note("Not on it, since Pamoja noted it for you: %ld. To put one on "
			          "it: `pamoja "
			          "edit ID take_home=yes`.\n",
			    left_out);
	}
	json_decref(answer);
	free(typed);
	return rc;
}
