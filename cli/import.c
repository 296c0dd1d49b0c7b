#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pace.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/rows.h"
#include "cli/term.h"
#include "pamoja/limits.h"

#define IMPORT_FILE_MAX (64u * 1024 * 1024)
#define IMPORT_SHOWN_MAX 20u

const struct option import_options[] = {
    {"kind", "KIND", "what the rows are; CSV needs it"},
    {"dry-run", NULL, "only check: nothing is saved"},
    {NULL, NULL, NULL},
};

static enum pmj_code
read_csv(struct cli *cli, struct rows *rows, const struct buf *file, const char *kind,
    struct pmj_error *err)
{
	const json_t *declared;
	enum pmj_code rc;
	struct csv csv;

	if (kind == NULL) {
		(void)pmj_fail(err, PMJ_USAGE, "say what the rows of this table are");
		pmj_hint(err, "add --kind, for example --kind person");
		return PMJ_USAGE;
	}
	if ((declared = kinds_named(cli, kind)) == NULL) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "there is no kind \"%.40s\"", kind);
		pmj_hint(err, "`pamoja kinds` lists them");
		return PMJ_NOT_FOUND;
	}
	if ((rc = csv_read(&csv, buf_text(file), file->len, err)) != PMJ_OK)
		return rc;
	rc = rows_read_csv(rows, &csv, declared, err);
	csv_close(&csv);
	return rc;
}

/* Names the import to the daemon, which keeps what is saved of one until all of it is: the same for
 * the same file. A mistaken likeness would need the same 64 bits (FNV-1a) and the same size, by
 * chance, of the very import that broke off last. */
static char *
import_name(const struct buf *file, const char *kind)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < file->len; i++)
		sum = (sum ^ file->bytes[i]) * 0x100000001b3u;
	return mem_printf(
	    "%016llx-%zu-%s", (unsigned long long)sum, file->len, kind != NULL ? kind : "");
}

/* *name is the caller's. */
static enum pmj_code
read_file(struct cli *cli, struct rows *rows, char **name, const char *path, const char *kind,
    struct pmj_error *err)
{
	const json_t *kinds = NULL;
	enum pmj_code rc;
	struct buf file;
	size_t start;

	buf_init(&file, 0);
	if ((rc = kinds_load(cli, &kinds, err)) != PMJ_OK ||
	    (rc = term_slurp(&file, path, IMPORT_FILE_MAX, err)) != PMJ_OK)
		goto out;
	start = strncmp(buf_text(&file), "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	start += strspn(buf_text(&file) + start, " \t\r\n");
	if (buf_text(&file)[start] == '{')
		rc = rows_read_lines(rows, buf_text(&file), file.len, kind, err);
	else
		rc = read_csv(cli, rows, &file, kind, err);
	*name = import_name(&file, kind);
	if (rc == PMJ_OK)
		rc = rows_link(rows, kinds, err);
	if (rc != PMJ_OK)
		pmj_context(err, "%s", path);
out:
	buf_wipe(&file);
	return rc;
}

/* Every row has its answer: nothing need be kept of this import any more. */
static enum pmj_code
say_done(struct cli *cli, const char *name, struct pmj_error *err)
{
	json_t *body = json_pack("{s:[], s:s, s:b}", "rows", "import", name, "done", 1);
	json_t *answer = NULL;
	enum pmj_code rc = client_post(&cli->client, &answer, "/v1/import", body, err);

	json_decref(body);
	json_decref(answer);
	return rc;
}

/* All rows, or as many as Ctrl-C leaves time for: a request that is under way is waited for, so
 * that what is saved is known. name: NULL for what is not to be gone on with. */
static enum pmj_code
send_rows(struct cli *cli, struct rows *rows, const char *name, bool dry_run, struct pmj_error *err)
{
	bool progress = term_can_ask() && !cli->json && rows->count > ROWS_BATCH_MAX;
	json_t *body, *answer;
	enum pmj_code rc = PMJ_OK;
	/* A request that takes long makes somebody else wait: the next has fewer rows; with room
	 * for its sync, and for one row more than fits. A dry run sends what a row needs along with
	 * it, so the fewer the more work. */
	struct pace pace = {dry_run ? ROWS_BATCH_MAX : ROWS_BATCH_FIRST,
	    dry_run ? ROWS_BATCH_MAX : ROWS_BATCH_MIN, ROWS_BATCH_MAX, PMJ_STEP_MS * 3 / 5};
	struct batch batch = {.rows = NULL};
	size_t next = 0;
	bool all = false;

	while (!term_stopped()) {
		int64_t began = os_real.mono_ms(os_real.ctx);

		rows_batch(&batch, rows, &next, (size_t)pace.amount, dry_run);
		all = batch.count == 0;
		if (all)
			break;
		answer = NULL;
		body = json_pack(
		    "{s:O, s:b, s:s*}", "rows", batch.rows, "dry_run", dry_run, "import", name);
		rc = client_post(&cli->client, &answer, "/v1/import", body, err);
		if (rc == PMJ_OK || rc == PMJ_PARTIAL)
			rc = rows_take(rows, &batch, json_arr(answer, "items"), err);
		pace_learn(&pace, (int64_t)batch.count, os_real.mono_ms(os_real.ctx) - began);
		json_decref(body);
		json_decref(answer);
		if (rc != PMJ_OK)
			break;
		batch_close(&batch);
		if (progress)
			term_progress("%zu of %zu", next, rows->count);
	}
	if (progress)
		term_note("\n");
	batch_close(&batch);
	if (rc == PMJ_OK && all && name != NULL && !dry_run)
		rc = say_done(cli, name, err);
	return rc;
}

static json_t *
report(const struct rows *rows, size_t done, size_t failed, bool dry_run)
{
	json_t *items = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];
		json_t *item = json_pack("{s:I}", "line", (json_int_t)row->line);

		if (json_str(row->request, "ref") != NULL)
			(void)json_object_set(item, "ref", json_object_get(row->request, "ref"));
		if (row->id != NULL)
			(void)json_object_set_new(item, "id", json_string(row->id));
		if (row->saved != NULL)
			(void)json_object_set(
			    item, "new_words", json_object_get(row->saved, "new_words"));
		if (row->error != NULL)
			(void)json_object_set(item, "error", row->error);
		(void)json_array_append_new(items, item);
	}
	return json_pack("{s:I, s:I, s:b, s:o}", "imported", (json_int_t)done, "failed",
	    (json_int_t)failed, "dry_run", dry_run, "items", items);
}

/* Words beside an open list, perhaps mistyped: they were taken as they stand. */
static void
say_new_words(struct cli *cli, const struct rows *rows, bool dry_run)
{
	size_t shown = 0, all = 0, j;
	const json_t *word;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		if (row->saved == NULL || ++all > IMPORT_SHOWN_MAX)
			continue;
		shown++;
		if (!dry_run) {
			term_note("line %zu: ", row->line);
			kinds_say_new_words(
			    kinds_named(cli, json_str(row->request, "kind")), row->saved);
			continue;
		}
		json_array_foreach(json_arr(row->saved, "new_words"), j, word)
		{
			term_note("line %zu: %s=%s is no word of the list. Was %s meant?\n",
			    row->line, json_str(word, "field"), json_str(word, "value"),
			    json_str(word, "near"));
		}
	}
	if (all > shown)
		term_note("and %zu more; --json lists all\n", all - shown);
}

static void
say_failed(const struct rows *rows, size_t failed)
{
	size_t shown = 0;

	for (size_t i = 0; i < rows->count && shown < IMPORT_SHOWN_MAX; i++) {
		const struct row *row = &rows->list[i];
		const char *hint = json_str(row->error, "hint");

		if (row->state != ROW_FAILED)
			continue;
		term_note("line %zu: %s%s%s\n", row->line, json_str(row->error, "message"),
		    hint != NULL && *hint != '\0' ? "; " : "", hint != NULL ? hint : "");
		shown++;
	}
	if (failed > shown)
		term_note("and %zu more; --json lists all\n", failed - shown);
}

/* The outcome of all rows as one code: in part, or what the first failed of. */
static enum pmj_code
outcome(const struct rows *rows, size_t done, size_t failed, bool dry_run, struct pmj_error *err)
{
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
	    "%zu of %zu rows cannot be taken; the first: line %zu: %s", failed, rows->count,
	    rows->list[i].line, json_str(rows->list[i].error, "message"));
	pmj_hint(err, "%s",
	    json_str(rows->list[i].error, "hint") != NULL ? json_str(rows->list[i].error, "hint")
	                                                  : "mend these lines and import again");
	return err->code;
}

enum pmj_code
import_practice(struct cli *cli, size_t *saved, struct pmj_error *err)
{
	char *path = mem_printf("%s/practice.jsonl", conf_dir()), *name = NULL;
	enum pmj_code rc;
	struct rows rows;

	*saved = 0;
	rows_init(&rows);
	if ((rc = read_file(cli, &rows, &name, path, NULL, err)) == PMJ_OK)
		rc = send_rows(cli, &rows, name, false, err);
	for (size_t i = 0; i < rows.count; i++)
		*saved += rows.list[i].state == ROW_DONE;
	rows_close(&rows);
	free(path);
	free(name);
	return rc;
}

/* It broke off between two requests, or within one whose answer never came. */
static enum pmj_code
broke_off(const struct rows *rows, size_t done, struct pmj_error *err)
{
	if (err->hint[0] == '\0')
		pmj_hint(err, "look with `pamoja status`");
	term_note("Then type the same command again: no row is saved twice.\n");
	if (done == 0)
		return err->code;
	pmj_context(err, "at least %zu of %zu rows were saved, then", done, rows->count);
	return err->code = PMJ_PARTIAL;
}

/* By Ctrl-C, between two requests. */
static enum pmj_code
was_stopped(const struct rows *rows, size_t done, bool dry_run, struct pmj_error *err)
{
	enum pmj_code rc = done > 0 && !dry_run ? PMJ_PARTIAL : PMJ_FAILED;

	if (dry_run)
		return pmj_fail(err, rc, "stopped before all %zu rows were checked", rows->count);
	(void)pmj_fail(err, rc, "stopped; %zu of %zu rows are saved", done, rows->count);
	pmj_hint(err, "to go on, type the same command again: no row is saved twice");
	return rc;
}

enum pmj_code
import_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool dry_run = args_has(args, "dry-run");
	size_t done = 0, failed = 0, before = 0;
	char *name = NULL;
	enum pmj_code rc;
	struct rows rows;
	json_t *document;

	rows_init(&rows);
	if ((rc = read_file(cli, &rows, &name, args->words[0], args_value(args, "kind"), err)) !=
	    PMJ_OK)
		goto out;
	term_hold_stop();
	rc = send_rows(cli, &rows, name, dry_run, err);
	for (size_t i = 0; i < rows.count; i++) {
		done += rows.list[i].state == ROW_DONE;
		before += rows.list[i].before;
		failed += rows.list[i].state == ROW_FAILED;
	}
	if (rc != PMJ_OK && !dry_run)
		rc = broke_off(&rows, done, err);
	else if (rc == PMJ_OK && done + failed < rows.count)
		rc = was_stopped(&rows, done, dry_run, err);
	else if (rc == PMJ_OK)
		rc = outcome(&rows, done, failed, dry_run, err);
	if (done + failed == 0)
		goto out;
	if (cli->json) {
		document = report(&rows, dry_run ? 0 : done, failed, dry_run);
		print_json(document);
		json_decref(document);
	} else {
		say_failed(&rows, failed);
		say_new_words(cli, &rows, dry_run);
		term_say(dry_run ? LANG_N("Checked: %zu of %zu rows are good; nothing was saved.\n")
		                 : LANG_N("Saved %zu of %zu rows.\n"),
		    done, rows.count);
		if (before > 0)
			term_say("%zu of them were saved before this was begun again.\n", before);
	}
out:
	rows_close(&rows);
	free(name);
	return rc;
}
