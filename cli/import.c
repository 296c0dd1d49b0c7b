#include "cli/import.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/forms.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/rows.h"
#include "cli/term.h"

#define IMPORT_FILE_MAX (256u * 1024 * 1024)
#define IMPORT_SHOWN_MAX 20u
#define IMPORT_LISTED_MAX 10000u /* rows of --json: of more, only those to be looked at */

const struct option import_options[] = {
    {"kind", "KIND", "what the rows are; CSV needs it"},
    {"map", "FILE", "which column goes into which field, written down once"},
    {"hsds", NULL, "a directory of services: Open Referral HSDS, JSON or folder"},
    {"dry-run", NULL, "only check: nothing is saved"},
    {"all-or-nothing", NULL, "check all first: one bad row, and nothing is saved"},
    {"again", NULL, "a file that was imported already: save its rows once more, as new ones"},
    {NULL, NULL, NULL},
};

/* What the file is: kind of its rows, and how its columns are read. */
struct reading {
	const char *kind;
	struct mapping map;
	bool mapped, hsds;
	bool package; /* a folder of tables, of which one was made already */
};

static enum pmj_code
need_kind(const json_t **out, struct cli *cli, const char *kind, struct pmj_error *err)
{
	*out = NULL;
	if (kind == NULL) {
		(void)pmj_fail(err, PMJ_USAGE, "say what the rows of this table are");
		pmj_hint(err, "add --kind, for example --kind person");
		return PMJ_USAGE;
	}
	if ((*out = kinds_named(cli, kind)) == NULL) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "there is no kind \"%.40s\"", kind);
		pmj_hint(err, "`pamoja kinds` lists them");
		return PMJ_NOT_FOUND;
	}
	return PMJ_OK;
}

/* The tables of an older directory, one after the other behind each other's place in files. */
static enum pmj_code
read_package(struct buf *table, json_t *refused, const char *dir, struct pmj_error *err)
{
	struct buf files[HSDS_PACKAGE_FILES];
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++) {
		char *path = fs_join(dir, hsds_package_names[i]);

		buf_init(&files[i], 0);
		if (rc == PMJ_OK && fs_exists(&os_real, path))
			rc = term_slurp(&files[i], path, IMPORT_FILE_MAX, err);
		free(path);
	}
	if (rc == PMJ_OK)
		rc = hsds_package_to_table(table, refused, files, err);
	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++)
		buf_wipe(&files[i]);
	return rc;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A table, or what is made into one. */
static enum pmj_code
read_table(struct cli *cli, struct rows *rows, const struct buf *file, struct reading *as,
    struct pmj_error *err)
{
	bool made = as->hsds || (as->mapped && forms_is_json(buf_text(file), file->len));
	const json_t *kind;
	struct buf table;
	enum pmj_code rc;

	if ((rc = need_kind(&kind, cli, as->hsds ? "resource" : as->kind, err)) != PMJ_OK)
		return rc;
	if (!made || as->package)
		return rows_read_csv(rows, buf_text(file), file->len, kind,
		    as->mapped ? &as->map : NULL, as->package, err);
	buf_init(&table, 0);
	rc = as->hsds ? hsds_to_table(&table, rows->refused, buf_text(file), file->len, err)
	              : forms_to_table(&table, rows->refused, buf_text(file), file->len, err);
	if (rc == PMJ_OK)
		rc = rows_read_csv(rows, buf_text(&table), table.len, kind,
		    as->mapped ? &as->map : NULL, true, err);
	buf_wipe(&table);
	return rc;
}

/* Names the import to the daemon, which keeps what is saved of one until all of it is: the same for
 * the same file. A mistaken likeness would need the same 64 bits (FNV-1a) and the same size, by
 * chance, of the import that broke off last or one of the few that are remembered as over. */
static char *
import_name(const struct buf *file, const char *kind)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < file->len; i++)
		sum = (sum ^ file->bytes[i]) * 0x100000001b3u;
	return mem_printf(
	    "%016llx-%zu-%s", (unsigned long long)sum, file->len, kind != NULL ? kind : "");
}

/* Does it hold JSON lines? A document of a form server begins alike, but comes with a mapping. */
static bool
is_lines(const struct buf *file, const struct reading *as)
{
	size_t start = strncmp(buf_text(file), "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	start += strspn(buf_text(file) + start, " \t\r\n");
	return buf_text(file)[start] == '{' && !as->mapped && !as->hsds;
}

/* A packed file is not unpacked here: what would come out of it has no bound, and any file manager
 * does it. */
static enum pmj_code
check_unpacked(const struct buf *file, struct pmj_error *err)
{
	if (file->len < 4 || memcmp(file->bytes, "PK\3\4", 4) != 0)
		return PMJ_OK;
	(void)pmj_fail(
	    err, PMJ_INVALID, "this is a packed file: a .zip, or a spreadsheet such as .xlsx");
	pmj_hint(err, "unpack it and name the file inside (of an HSDS package the folder); save a "
	              "spreadsheet as \"CSV UTF-8\"");
	return PMJ_INVALID;
}

static enum pmj_code
check_is_file(const struct reading *as, const char *path, struct pmj_error *err)
{
	if (as->hsds || !is_folder(path))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "this is a folder");
	pmj_hint(
	    err, "name a file in it; of an unpacked HSDS directory: pamoja import FOLDER --hsds");
	return PMJ_INVALID;
}

/* *name is the caller's. */
static enum pmj_code
read_file(struct cli *cli, struct rows *rows, char **name, const char *path, struct reading *as,
    struct pmj_error *err)
{
	const json_t *kinds = NULL, *kind = NULL;
	enum pmj_code rc;
	struct buf file;

	buf_init(&file, 0);
	if ((rc = kinds_load(cli, &kinds, err)) != PMJ_OK)
		goto out;
	as->package = as->hsds && is_folder(path);
	if ((rc = check_is_file(as, path, err)) == PMJ_OK)
		rc = as->package ? read_package(&file, rows->refused, path, err)
		                 : term_slurp(&file, path, IMPORT_FILE_MAX, err);
	if (rc == PMJ_OK && !as->package && (rc = check_unpacked(&file, err)) != PMJ_OK)
		pmj_context(err, "%s", path);
	if (rc != PMJ_OK)
		goto out;
	rows->kinds = kinds;
	if (!is_lines(&file, as))
		rc = read_table(cli, rows, &file, as, err);
	else if (as->kind == NULL || (rc = need_kind(&kind, cli, as->kind, err)) == PMJ_OK)
		rc = rows_read_lines(rows, buf_text(&file), file.len, kind, err);
	*name = import_name(&file, as->kind);
	if (rc != PMJ_OK)
		pmj_context(err, "%s", path);
out:
	buf_wipe(&file);
	return rc;
}

/* What the daemon keeps of an import goes, piece by piece. body: "begin": of others than this, so
 * that nothing of them stands in its way; "done": of this, since every row has its answer. */
static enum pmj_code
forget_kept(struct cli *cli, json_t *body, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;
	bool more;

	do {
		rc = client_post(&cli->client, &answer, "/v1/import", body, err);
		more = json_flag(answer, "more");
		json_decref(answer);
		answer = NULL;
	} while (rc == PMJ_OK && more);
	json_decref(body);
	return rc;
}

/* A file that was imported already is refused here, before any row is sent, unless it is meant. */
static enum pmj_code
begin_import(struct cli *cli, const char *name, bool again, struct pmj_error *err)
{
	return forget_kept(cli,
	    json_pack("{s:[], s:s, s:b, s:b}", "rows", "import", name, "begin", 1, "again", again),
	    err);
}

/* How many are saved is remembered with it. Rows that come with ids of their source are known by
 * them: with nothing but such the file may be given as often as one likes, and 0 says so. */
static enum pmj_code
end_import(
    struct cli *cli, const struct rows *rows, const char *name, bool keyless, struct pmj_error *err)
{
	size_t saved = 0;

	for (size_t i = 0; i < rows->count; i++)
		saved += rows->list[i].state == ROW_DONE;
	return forget_kept(cli,
	    json_pack("{s:[], s:s, s:b, s:I, s:I}", "rows", "import", name, "done", 1, "saved",
	        (json_int_t)(keyless ? saved : 0), "of", (json_int_t)rows->count),
	    err);
}

static bool
has_keyless(const json_t *list)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)list, i, row)
	{
		if (json_str(row, "source") == NULL)
			return true;
	}
	return false;
}

/* All rows, or as many as Ctrl-C leaves time for: a request that is under way is waited for, so
 * that what is saved is known. name: NULL for what is not to be gone on with. */
static enum pmj_code
send_rows(struct cli *cli, struct rows *rows, const char *name, bool dry_run, bool again,
    struct pmj_error *err)
{
	bool progress = term_can_ask() && !cli->json && rows->count > ROWS_BATCH_MAX;
	json_t *body, *answer;
	enum pmj_code rc = PMJ_OK;
	struct batch batch = {.rows = NULL};
	size_t next = 0;
	bool all = false, keyless = false;

	if (name != NULL && !dry_run)
		rc = begin_import(cli, name, again, err);
	while (rc == PMJ_OK && !term_stopped()) {
		rows_batch(&batch, rows, &next, dry_run);
		all = batch.count == 0;
		if (all)
			break;
		keyless = keyless || has_keyless(batch.rows);
		answer = NULL;
		body = json_pack(
		    "{s:O, s:b, s:s*}", "rows", batch.rows, "dry_run", dry_run, "import", name);
		rc = client_post(&cli->client, &answer, "/v1/import", body, err);
		if (rc == PMJ_OK || rc == PMJ_PARTIAL)
			rc = rows_take(rows, &batch, json_arr(answer, "items"), err);
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
		rc = end_import(cli, rows, name, keyless, err);
	return rc;
}

static json_t *
report(const struct rows *rows, size_t done, size_t failed, bool dry_run)
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

/* "line 7, column 3 (birth_year)" Caller frees. */
static char *
place_of(const struct rows *rows, const struct row *row)
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
		place = place_of(rows, row);
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
	    "%zu of %zu rows cannot be taken; the first: line %u: %s", failed, rows->count,
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
	struct reading as = {.kind = NULL};
	enum pmj_code rc;
	struct rows rows;

	*saved = 0;
	rows_init(&rows, NULL);
	if ((rc = read_file(cli, &rows, &name, path, &as, err)) == PMJ_OK)
		rc = send_rows(cli, &rows, name, false, false, err);
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

static void
count_rows(const struct rows *rows, size_t *done, size_t *failed, size_t *before)
{
	*done = *failed = *before = 0;
	for (size_t i = 0; i < rows->count; i++) {
		*done += rows->list[i].state == ROW_DONE;
		*before += rows->list[i].before;
		*failed += rows->list[i].state == ROW_FAILED;
	}
}

/* With all-or-nothing everything is checked first, and nothing is sent when a row is not good. What
 * was good a moment ago is saved then; what breaks off in between goes on when it is typed again.
 */
static enum pmj_code
check_all(struct cli *cli, struct rows *rows, bool *bad, struct pmj_error *err)
{
	enum pmj_code rc = send_rows(cli, rows, NULL, true, false, err);

	*bad = rc != PMJ_OK || term_stopped();
	for (size_t i = 0; i < rows->count; i++)
		*bad = *bad || rows->list[i].state == ROW_FAILED;
	for (size_t i = 0; i < rows->count && !*bad; i++) {
		rows->list[i].state = ROW_WAITS;
		rows->list[i].before = false;
		json_decref(rows->list[i].saved);
		rows->list[i].saved = NULL;
	}
	return rc;
}

static enum pmj_code
choose_reading(struct reading *as, const struct args *args, struct pmj_error *err)
{
	const char *named = NULL;
	enum pmj_code rc = PMJ_OK;

	as->hsds = args_has(args, "hsds");
	as->mapped = args_has(args, "map");
	if (as->hsds && as->mapped)
		return pmj_fail(err, PMJ_USAGE, "--hsds and --map do not go together");
	if (as->mapped)
		rc = mapping_read(&as->map, &named, args_value(args, "map"), err);
	as->kind = args_has(args, "kind") ? args_value(args, "kind") : named;
	return rc;
}

static void
say_outcome(struct cli *cli, const struct rows *rows, bool dry_run)
{
	size_t done, failed, before;
	json_t *document;

	count_rows(rows, &done, &failed, &before);
	if (done + failed == 0)
		return;
	if (cli->json) {
		document = report(rows, dry_run ? 0 : done, failed, dry_run);
		print_json(document);
		json_decref(document);
		return;
	}
	say_failed(rows, failed);
	say_new_words(cli, rows, dry_run);
	term_say(dry_run ? LANG_N("Checked: %zu of %zu rows are good; nothing was saved.\n")
	                 : LANG_N("Saved %zu of %zu rows.\n"),
	    done, rows->count);
	if (before > 0 && !dry_run)
		term_say("%zu of them there already; none was saved twice.\n", before);
}

enum pmj_code
import_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool dry_run = args_has(args, "dry-run");
	size_t done, failed, before;
	struct reading as = {.kind = NULL};
	char *name = NULL;
	enum pmj_code rc;
	struct rows rows;

	rows_init(&rows, NULL);
	if ((rc = choose_reading(&as, args, err)) != PMJ_OK ||
	    (rc = read_file(cli, &rows, &name, args->words[0], &as, err)) != PMJ_OK)
		goto out;
	term_hold_stop();
	if (args_has(args, "all-or-nothing") && !dry_run)
		rc = check_all(cli, &rows, &dry_run, err);
	if (rc == PMJ_OK && (!args_has(args, "all-or-nothing") || !dry_run))
		rc = send_rows(cli, &rows, name, dry_run, args_has(args, "again"), err);
	if (rc == PMJ_NOT_CONFIRMED)
		goto out;
	count_rows(&rows, &done, &failed, &before);
	if (rc != PMJ_OK && !dry_run)
		rc = broke_off(&rows, done, err);
	else if (rc == PMJ_OK && done + failed < rows.count)
		rc = was_stopped(&rows, done, dry_run, err);
	else if (rc == PMJ_OK)
		rc = outcome(&rows, done, failed, dry_run, err);
	say_outcome(cli, &rows, dry_run);
out:
	mapping_close(&as.map);
	rows_close(&rows);
	free(name);
	return rc;
}
