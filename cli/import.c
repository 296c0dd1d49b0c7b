#include "cli/import_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "cli/term.h"

const struct option import_options[] = {
    {"kind", "KIND", "what the rows are; CSV needs it"},
    {"map", "FILE", "which column goes into which field, written down once"},
    {"main", "FILE", "with --map: the form's main table, for a table of what it repeats"},
    {"hsds", NULL, "a directory of services: Open Referral HSDS, JSON or folder"},
    {"dry-run", NULL, "only check: nothing is saved"},
    {"all-or-nothing", NULL, "check all first: one bad row, and nothing is saved"},
    {"again", NULL, "a file that was imported already: save its rows once more, as new ones"},
    {NULL, NULL, NULL},
};

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

enum pmj_code
import_practice(struct cli *cli, size_t *saved, struct pmj_error *err)
{
	char *path = mem_printf("%s/practice.jsonl", conf_dir()), *name = NULL;
	struct reading as = {.kind = NULL};
	enum pmj_code rc;
	struct rows rows;

	*saved = 0;
	rows_init(&rows, NULL);
	if ((rc = import_read(cli, &rows, &name, path, &as, err)) == PMJ_OK)
		rc = send_rows(cli, &rows, name, false, false, err);
	for (size_t i = 0; i < rows.count; i++)
		*saved += rows.list[i].state == ROW_DONE;
	rows_close(&rows);
	free(path);
	free(name);
	return rc;
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
	if ((rc = import_choose(&as, args, err)) != PMJ_OK ||
	    (rc = import_read(cli, &rows, &name, args->words[0], &as, err)) != PMJ_OK)
		goto out;
	term_hold_stop();
	if (args_has(args, "all-or-nothing") && !dry_run)
		rc = check_all(cli, &rows, &dry_run, err);
	if (rc == PMJ_OK && (!args_has(args, "all-or-nothing") || !dry_run))
		rc = send_rows(cli, &rows, name, dry_run, args_has(args, "again"), err);
	if (rc == PMJ_NOT_CONFIRMED)
		goto out;
	import_count(&rows, &done, &failed, &before);
	if (rc != PMJ_OK && !dry_run)
		rc = import_broke_off(&rows, done, err);
	else if (rc == PMJ_OK && done + failed < rows.count)
		rc = import_was_stopped(&rows, done, dry_run, err);
	else if (rc == PMJ_OK)
		rc = import_outcome(&rows, done, failed, dry_run, err);
	import_say(cli, &rows, dry_run);
out:
	mapping_close(&as.map);
	rows_close(&rows);
	free(name);
	return rc;
}
