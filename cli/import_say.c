/* import_say.c - what has become of the rows, for people and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/import_inner.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define IMPORT_LISTED_MAX 10000u /* rows of --json: of more, only those to be looked at */

struct import_counts
import_count(const struct rows *rows)
{
	struct import_counts n = {0};

	for (size_t i = 0; i < rows->count; i++) {
		n.done += rows->list[i].state == ROW_DONE;
		n.before += rows->list[i].before;
		n.failed += rows->list[i].state == ROW_FAILED;
		n.skipped += rows->list[i].state == ROW_SKIPPED;
	}
	return n;
}

static json_t *
report(const struct rows *rows, const struct import_counts *n, bool dry_run)
{
	json_t *items = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];
		json_t *item;

		if (rows->count > IMPORT_LISTED_MAX && row->error == NULL && row->saved == NULL)
			continue;
		item = json_pack("{s:I}", "line", (json_int_t)row->line);
		if (row->id[0] != '\0')
			(void)json_object_set_new(item, "id", json_string(row->id));
		if (row->before)
			(void)json_object_set_new(item, "before", json_true());
		if (row->state == ROW_SKIPPED)
			(void)json_object_set_new(item, "skipped", json_true());
		for (size_t j = 0; row->saved != NULL && j < 2; j++) {
			static const char *const names[] = {"new_words", "alike"};

			(void)json_object_set(
			    item, names[j], json_object_get(row->saved, names[j]));
		}
		if (row->error != NULL)
			(void)json_object_set(item, "error", row->error);
		(void)json_array_append_new(items, item);
	}
	return json_pack("{s:I, s:I, s:I, s:b, s:o, s:O}", "imported",
	    (json_int_t)(dry_run ? 0 : n->done), "failed", (json_int_t)n->failed, "skipped",
	    (json_int_t)n->skipped, "dry_run", dry_run, "items", items, "repeats", rows->repeats);
}

/* Words beside an open list, perhaps mistyped: they were taken as they stand. */
static void
say_new_words(struct cli *cli, const struct rows *rows, bool dry_run)
{
	size_t shown = 0, all = 0, j;
	const json_t *word;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		if (row->saved == NULL || json_arr(row->saved, "new_words") == NULL ||
		    ++all > IMPORT_SHOWN_MAX)
			continue;
		shown++;
		if (!dry_run) {
			term_note("line %u: ", row->line);
			kinds_say_new_words(
			    kinds_named(cli, json_str(row->saved, "kind")), row->saved);
			continue;
		}
		json_array_foreach(json_arr(row->saved, "new_words"), j, word)
		{
			term_note("line %u: %s=%s is no word of the list. Was %s meant?\n",
			    row->line, json_str(word, "field"), json_str(word, "value"),
			    json_str(word, "near"));
		}
	}
	if (all > shown)
		term_note("and %zu more; --json lists all\n", all - shown);
}

char *
import_place(const struct rows *rows, const struct row *row)
{
	const char *what = rows->numbered ? lang_text("record") : lang_text("line");
	long long column = (long long)json_int(row->error, "column", 0);
	const char *head = json_str(row->error, "head");

	if (column == 0)
		return mem_printf("%s %u", what, row->line);
	if (head == NULL)
		return mem_printf("%s %u, %s %lld", what, row->line, lang_text("column"), column);
	return mem_printf(
	    "%s %u, %s %lld (%s)", what, row->line, lang_text("column"), column, head);
}

static const char *
import_words(const char *text)
{
	return text != NULL ? text : "";
}

static void
say_failed(const struct rows *rows, size_t failed)
{
	size_t shown = 0;

	for (size_t i = 0; i < rows->count && shown < IMPORT_SHOWN_MAX; i++) {
		const struct row *row = &rows->list[i];
		char *place, *message, *hint;

		if (row->state != ROW_FAILED)
			continue;
		place = import_place(rows, row);
		message = lang_message(import_words(json_str(row->error, "message")));
		hint = lang_message(import_words(json_str(row->error, "hint")));
		term_note("%s: %s%s%s\n", place, message, *hint != '\0' ? "; " : "", hint);
		free(place);
		free(message);
		free(hint);
		shown++;
	}
	if (failed > shown)
		term_note("and %zu more; --json lists all\n", failed - shown);
}

enum pmj_code
import_outcome(const struct rows *rows, bool dry_run, struct pmj_error *err)
{
	size_t done = import_count(rows).done, failed = import_count(rows).failed;
	const char *code;
	size_t i = 0;

	if (failed == 0)
		return PMJ_OK;
	if (done > 0 && !dry_run) {
		(void)pmj_fail(err, PMJ_PARTIAL, "%zu of %zu rows were saved, %zu were not", done,
		    rows->count, failed);
		pmj_hint(err, "mend those lines and import them alone; the others are saved");
		return PMJ_PARTIAL;
	}
	while (rows->list[i].state != ROW_FAILED)
		i++;
	code = json_str(rows->list[i].error, "code");
	(void)pmj_fail(err, code != NULL ? pmj_code_from_name(code) : PMJ_FAILED,
	    "%zu of %zu rows cannot be taken; the first: line %u: %s", failed, rows->count,
	    rows->list[i].line, json_str(rows->list[i].error, "message"));
	pmj_hint(err, "%s",
	    json_str(rows->list[i].error, "hint") != NULL ? json_str(rows->list[i].error, "hint")
	                                                  : "mend these lines and import again");
	return err->code;
}

enum pmj_code
import_broke_off(const struct rows *rows, struct pmj_error *err)
{
	size_t done = import_count(rows).done;

	if (err->hint[0] == '\0')
		pmj_hint(err, "look with `pamoja status`");
	term_note("Then type the same command again: no row is saved twice.\n");
	if (done == 0)
		return err->code;
	pmj_context(err, "at least %zu of %zu rows were saved, then", done, rows->count);
	return err->code = PMJ_PARTIAL;
}

enum pmj_code
import_was_stopped(const struct rows *rows, bool dry_run, struct pmj_error *err)
{
	size_t done = import_count(rows).done;
	enum pmj_code rc = done > 0 && !dry_run ? PMJ_PARTIAL : PMJ_FAILED;

	if (dry_run)
		return pmj_fail(err, rc, "stopped before all %zu rows were checked", rows->count);
	(void)pmj_fail(err, rc, "stopped; %zu of %zu rows are saved", done, rows->count);
	pmj_hint(err, "to go on, type the same command again: no row is saved twice");
	return rc;
}

/* What is repeated in a document comes in by a mapping of its own. */
static void
say_repeats(const struct rows *rows)
{
	const char *path;
	json_t *times;

	if (mapping_says(&rows->map, "repeat") != NULL)
		return;
	json_object_foreach(rows->repeats, path, times) term_note(
	    "Not in these records: %s, which is repeated %lld times. A mapping of its own takes "
	    "it, with \"repeat = %s\".\n",
	    path, (long long)json_integer_value(times), path);
}

void
import_say(struct cli *cli, const struct rows *rows, bool dry_run)
{
	struct import_counts n = import_count(rows);
	json_t *document;

	if (n.done + n.failed + n.skipped == 0)
		return;
	if (cli->json) {
		document = report(rows, &n, dry_run);
		print_json(document);
		json_decref(document);
		return;
	}
	say_failed(rows, n.failed);
	say_new_words(cli, rows, dry_run);
	import_say_alike(rows, dry_run);
	say_repeats(rows);
	term_say(dry_run ? LANG_N("Checked: %zu of %zu rows are good; nothing was saved.\n")
	                 : LANG_N("Saved %zu of %zu rows.\n"),
	    n.done, rows->count);
	if (n.before > 0 && !dry_run)
		term_say("%zu of them there already; none was saved twice.\n", n.before);
}
