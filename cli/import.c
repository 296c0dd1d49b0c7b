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
    {"hsds", NULL, "a directory of services: Open Referral HSDS, JSON, folder or .zip"},
    {"dry-run", NULL, "only check: nothing is saved"},
    {"all-or-nothing", NULL, "check all first: one bad row, and nothing is saved"},
    {"alike", "WAY", "people who may be here already: take (and say so), skip or refuse"},
    {"again", NULL, "a file that was imported already: save its rows once more, as new ones"},
    {NULL, NULL, NULL},
};

/* How rows are sent. */
struct sending {
	const char *name;  /* of the file, for the daemon */
	const char *mark;  /* of how it is read */
	const char *alike; /* NULL: nobody is looked for */
	bool dry_run, again;
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
begin_import(struct cli *cli, const struct sending *how, struct pmj_error *err)
{
	return forget_kept(cli,
	    json_pack("{s:[], s:s, s:s, s:b, s:b}", "rows", "import", how->name, "mapping",
	        how->mark, "begin", 1, "again", how->again),
	    err);
}

/* How many are saved is remembered with it. Rows that come with ids of their source are known by
 * them: with nothing but such the file may be given as often as one likes, and 0 says so. */
static enum pmj_code
end_import(struct cli *cli, const struct rows *rows, const struct sending *how, bool keyless,
    struct pmj_error *err)
{
	size_t saved = import_count(rows).done;

	return forget_kept(cli,
	    json_pack("{s:[], s:s, s:s, s:b, s:I, s:I}", "rows", "import", how->name, "mapping",
	        how->mark, "done", 1, "saved", (json_int_t)(keyless ? saved : 0), "of",
	        (json_int_t)rows->count),
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
 * that what is saved is known. */
static enum pmj_code
send_rows(struct cli *cli, struct rows *rows, const struct sending *how, struct pmj_error *err)
{
	bool progress = term_can_ask() && !cli->json && rows->count > ROWS_BATCH_MAX;
	json_t *body, *answer;
	enum pmj_code rc = PMJ_OK;
	struct batch batch = {.rows = NULL};
	size_t next = 0;
	bool all = false, keyless = false;

	if (!how->dry_run)
		rc = begin_import(cli, how, err);
	while (rc == PMJ_OK && !term_stopped()) {
		rows_batch(&batch, rows, &next, how->dry_run);
		all = batch.count == 0;
		if (all)
			break;
		keyless = keyless || has_keyless(batch.rows);
		answer = NULL;
		body = json_pack("{s:O, s:b, s:s*, s:s*, s:s*}", "rows", batch.rows, "dry_run",
		    how->dry_run, "import", how->dry_run ? NULL : how->name, "mapping", how->mark,
		    "alike", how->alike);
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
	if (rc == PMJ_OK && all && !how->dry_run)
		rc = end_import(cli, rows, how, keyless, err);
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
		rc = send_rows(cli, &rows, &(struct sending){.name = name, .mark = ""}, err);
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
check_all(
    struct cli *cli, struct rows *rows, const struct sending *how, bool *bad, struct pmj_error *err)
{
	struct sending dry = {.dry_run = true, .alike = how->alike};
	enum pmj_code rc = send_rows(cli, rows, &dry, err);

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
	bool dry_run = args_has(args, "dry-run"), all = args_has(args, "all-or-nothing");
	struct reading as = {.kind = NULL};
	struct sending how;
	struct import_counts n;
	char *name = NULL;
	enum pmj_code rc;
	struct rows rows;

	rows_init(&rows, NULL);
	if ((rc = import_choose(&as, args, err)) != PMJ_OK ||
	    (rc = import_read(cli, &rows, &name, args->words[0], &as, err)) != PMJ_OK)
		goto out;
	how = (struct sending){name, as.mark, as.alike, dry_run, args_has(args, "again")};
	term_hold_stop();
	if (all && !dry_run)
		rc = check_all(cli, &rows, &how, &dry_run, err);
	if (rc == PMJ_OK && (!all || !dry_run))
		rc = send_rows(cli, &rows, &how, err);
	if (rc == PMJ_NOT_CONFIRMED)
		goto out;
	n = import_count(&rows);
	if (rc != PMJ_OK && !dry_run)
		rc = import_broke_off(&rows, err);
	else if (rc == PMJ_OK && n.done + n.failed + n.skipped < rows.count)
		rc = import_was_stopped(&rows, dry_run, err);
	else if (rc == PMJ_OK)
		rc = import_outcome(&rows, dry_run, err);
	import_say(cli, &rows, dry_run);
out:
	mapping_close(&as.map);
	rows_close(&rows);
	free(name);
	return rc;
}
