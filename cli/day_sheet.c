/* day_sheet.c - `today --print`: the day on paper, where a laptop cannot go: what is due, with room
 * to write, and empty lines for what happens. Entered later, with the day it was. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/record.h"
#include "cli/sheet.h"
#include "cli/term.h"

#define EMPTY_LINES 6
#define SHEET_MOST 200 /* due */
#define LINE "______________________________________________________________"

/* Whoever finds the paper is to learn as little as may be: "Asha Wanjiru" is "A. W." */
static char *
initials(const char *name)
{
	struct buf b;
	char *out;

	buf_init(&b, 0);
	for (const char *at = name; at != NULL && *at != '\0';) {
		size_t len = 1;

		while ((at[len] & 0xC0) == 0x80)
			len++;
		if (*at != ' ') {
			buf_putf(&b, "%s%.*s.", b.len > 0 ? " " : "", (int)len, at);
			at += strcspn(at, " ");
		}
		at += strspn(at, " ");
	}
	out = mem_strdup(buf_text(&b));
	buf_close(&b);
	return out;
}

static void
put_due(struct sheet *sheet, const json_t *items, bool names)
{
	const json_t *item;
	size_t i;

	sheet_heading(sheet, lang_text("To do"));
	json_array_foreach(items, i, item)
	{
		const char *name = json_str(json_obj(item, "texts"), "person");
		char *who = names ? mem_strdup(name != NULL ? name : "") : initials(name);
		char *line = mem_printf("[ ] %s  %s  %s  %s", json_str(item, "short"),
		    json_str(item, "due"), who, json_str(item, "title"));

		sheet_text(sheet, line);
		sheet_text(sheet, "    " LINE);
		free(line);
		free(who);
	}
	if (json_array_size(items) == 0)
		sheet_text(sheet, lang_text("Nothing is due."));
}

static void
put_empty(struct sheet *sheet)
{
	sheet_heading(sheet, lang_text("What happened"));
	for (int i = 0; i < EMPTY_LINES; i++) {
		char *line = mem_printf("%s ________   %s ______   %s ____________________",
		    lang_text("Day"), lang_text("Minutes"), lang_text("Who"));
		char *done = mem_printf("%s " LINE, lang_text("What was done"));
		char *next = mem_printf("%s " LINE, lang_text("What comes next"));

		sheet_text(sheet, line);
		sheet_text(sheet, done);
		sheet_text(sheet, next);
		sheet_gap(sheet);
		free(line);
		free(done);
		free(next);
	}
	sheet_text(
	    sheet, lang_text("Type it in when you are back, then burn or shred this sheet."));
	sheet_text(sheet, "pamoja contact add person=ID on=2026-11-29 minutes=30 note=\"...\"");
}

enum pmj_code
day_sheet(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct sheet *sheet = NULL;
	json_t *answer = NULL;
	enum pmj_code rc;
	long limit;

	if ((rc = sheet_new(&sheet, args, cli->client.lang, err)) != PMJ_OK ||
	    (rc = args_number(&limit, args, "limit", SHEET_MOST, err)) != PMJ_OK ||
	    (rc = record_due_get(cli, &answer, "/v1/today", limit, err)) != PMJ_OK)
		goto out;
	sheet_title(sheet, lang_text("The day"));
	put_due(sheet, json_arr(answer, "items"), args_has(args, "names"));
	sheet_gap(sheet);
	put_empty(sheet);
	if ((rc = sheet_put(sheet, err)) == PMJ_OK && sheet_path(sheet) != NULL)
		term_note("Written to %s, readable by you alone.\n", sheet_path(sheet));
out:
	json_decref(answer);
	sheet_free(sheet);
	return rc;
}
