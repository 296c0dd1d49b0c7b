/* import_step.c - requests of an import, in steps between others' requests. Rows of several steps
 * share a transaction, for a commit costs a wait for the disk, and pages that many rows change are
 * sealed once. A request is answered when all its rows are durable; one that is given again,
 * because its answer was lost, saves nothing twice. */
#include <stdlib.h>
#include <string.h>

#include "api/import_inner.h"
#include "api/import_past.h"
#include "base/diag.h"
#include "base/mem.h"

#define IMPORT_ROWS_MAX 500
#define IMPORT_DRY_ROWS_MAX 50   /* in one step: it is taken back, so it cannot rest */
#define IMPORT_SHARED_FRAMES 400 /* pages of a commit, about: one checkpoint has them all */

static bool
is_dry(const struct import *import)
{
	return json_flag(import->call.body, "dry_run");
}

static void
end_import(struct core *core, json_t *out, const struct pmj_error *err)
{
	struct import *import = core->imports;

	core->imports = import->next;
	if (out != NULL)
		server_reply(import->request, out);
	else
		server_fail(import->request, err);
	json_decref(import->items);
	json_decref(import->made);
	free(import);
}

static void
answer_import(struct core *core)
{
	struct import *import = core->imports;

	if (!is_dry(import) && json_array_size(import->rows) > 0)
		core_written(core, import->urgent);
	end_import(
	    core, json_pack("{s:O,s:b}", "items", import->items, "more", import->more), NULL);
}

/* It all, and back again. */
static enum pmj_code
try_rows(struct import *import, struct pmj_error *err)
{
	struct journal *journal = import->call.core->journal;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	rc = import_rows(import, 0, err);
	journal_rollback(journal);
	return rc;
}

static const char *
mapping_mark(const struct import *import)
{
	const char *mark = json_str(import->call.body, "mapping");

	return mark != NULL ? mark : "";
}

/* Which rows of a file are saved is told by their numbers, and another mapping may count others.
 * Caller frees. */
static char *
name_of_kept(const struct import *import)
{
	return mem_printf("%s %s", json_str(import->call.body, "import"), mapping_mark(import));
}

/* May it begin? Not where all of it is in, nor where it broke off as another mapping read it: none
 * of its rows would be known again. */
static enum pmj_code
import_may_begin(const struct import *import, const char *kept, struct pmj_error *err)
{
	const struct core *core = import->call.core;
	const char *name = json_str(import->call.body, "import");
	enum pmj_code rc = import_past_check(core, name, mapping_mark(import), err);

	if (rc != PMJ_OK || !import_kept_otherwise(core->journal, name, kept))
		return rc;
	(void)pmj_fail(err, PMJ_NOT_CONFIRMED,
	    "an import of this file by another mapping broke off, and rows of it are saved; "
	    "nothing was saved now");
	pmj_hint(err, "finish it with that mapping first; or save the rows of this one as new "
	              "records: add --again");
	return PMJ_NOT_CONFIRMED;
}

/* Before the first row of an import, and after its last: what is kept of others, and of it. */
static enum pmj_code
forget_kept(struct import *import, const char *kept, struct pmj_error *err)
{
	const struct core *core = import->call.core;
	const json_t *body = import->call.body;
	const char *name = json_str(body, "import");
	int64_t saved = json_int(body, "saved", 0);
	bool done = json_flag(body, "done"), anew;
	enum pmj_code rc;

	anew = !done && json_flag(body, "again") &&
	       (import_past_has(core->journal, name) ||
	           import_kept_otherwise(core->journal, name, kept));
	if (!done && !anew && (rc = import_may_begin(import, kept, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	/* With the first piece that is forgotten: whoever is killed after it finds it over. */
	if (done && saved > 0)
		rc = import_past_put(
		    core, name, mapping_mark(import), saved, json_int(body, "of", saved), err);
	if (rc == PMJ_OK)
		rc = import_kept_forget(
		    core->journal, done || anew ? NULL : kept, &import->more, err);
	/* From here on it is one that may break off, and is gone on with. */
	if (rc == PMJ_OK && anew && !import->more)
		rc = import_past_drop(core->journal, name, err);
	if (rc == PMJ_OK)
		return journal_commit(core->journal, err);
	journal_rollback(core->journal);
	return rc;
}

static enum pmj_code
begin_or_end(struct import *import, struct pmj_error *err)
{
	char *kept = name_of_kept(import);
	enum pmj_code rc = forget_kept(import, kept, err);

	free(kept);
	return rc;
}

/* Some milliseconds of rows. The transaction stays open. */
static enum pmj_code
take_rows(struct import *import, struct pmj_error *err)
{
	struct core *core = import->call.core;
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS;
	char *kept;
	enum pmj_code rc;

	if ((rc = journal_begin_more(core->journal, err)) != PMJ_OK)
		return rc;
	import->keeps = json_str(import->call.body, "import") != NULL;
	if (import->keeps) {
		kept = name_of_kept(import);
		rc = import_kept_begin(&import->kept, core->journal, kept, err);
		free(kept);
	}
	if (rc == PMJ_OK)
		rc = import_rows(import, until_ms, err);
	if (rc == PMJ_OK && import->keeps)
		rc = import_kept_save(&import->kept, err);
	if (rc != PMJ_OK) {
		journal_rollback(core->journal);
		return rc;
	}
	import->resting = true;
	import->transaction = journal_rest(core->journal);
	return PMJ_OK;
}

/* A step of its own, for it has a sync to wait for. How many rows it may hold is learned from the
 * processor's time: that the disk is slow is no reason to ask it more often. */
static enum pmj_code
settle_rows(struct import *import, struct pmj_error *err)
{
	struct core *core = import->call.core;
	int64_t began_us = core->os->cpu_us(core->os->ctx), rows, frames;
	struct pace *share = &core->import_share;
	enum pmj_code rc;

	frames = journal_wal_frames(core->journal);
	if ((rc = journal_settle(core->journal, err)) != PMJ_OK)
		return rc;
	rows = (int64_t)(import->at - import->settled);
	pace_learn(share, rows, (core->os->cpu_us(core->os->ctx) - began_us) / 1000);
	frames = journal_wal_frames(core->journal) - frames;
	if (frames > IMPORT_SHARED_FRAMES && share->amount > rows * IMPORT_SHARED_FRAMES / frames)
		share->amount = rows * IMPORT_SHARED_FRAMES / frames;
	if (share->amount < share->least)
		share->amount = share->least;
	import->resting = false;
	import->settled = import->at;
	return PMJ_OK;
}

/* Somebody's own transaction came between: it committed what rested, or could not. */
static enum pmj_code
look_at_fate(struct import *import, struct pmj_error *err)
{
	enum journal_fate fate;

	if (!import->resting)
		return PMJ_OK;
	fate = journal_fate(import->call.core->journal, import->transaction);
	if (fate == JOURNAL_LOST)
		return pmj_fail(err, PMJ_IO, "rows that were being saved could not be kept");
	if (fate == JOURNAL_DURABLE) {
		import->resting = false;
		import->settled = import->at;
	}
	return PMJ_OK;
}

static enum pmj_code
step_rows(struct import *import, bool *done, struct pmj_error *err)
{
	size_t count = json_array_size(import->rows);
	enum pmj_code rc;

	if ((rc = look_at_fate(import, err)) == PMJ_OK) {
		if (import->resting &&
		    (import->at == count || (int64_t)(import->at - import->settled) >=
		                                import->call.core->import_share.amount))
			rc = settle_rows(import, err);
		else if (import->at < count)
			rc = take_rows(import, err);
	}
	*done = import->at == count && !import->resting;
	return rc;
}

bool
core_import_step(struct core *core)
{
	struct import *import = core->imports;
	struct pmj_error err;
	bool done = true;
	enum pmj_code rc;

	if (import == NULL)
		return false;
	core->step_name = "import";
	if (is_dry(import))
		rc = try_rows(import, &err);
	else if (json_str(import->call.body, "import") != NULL &&
	         (json_flag(import->call.body, "begin") || json_flag(import->call.body, "done")))
		rc = begin_or_end(import, &err);
	else
		rc = step_rows(import, &done, &err);
	if (rc != PMJ_OK)
		end_import(core, NULL, &err);
	else if (done)
		answer_import(core);
	return true;
}

void
core_import_drop(struct core *core, const struct pmj_error *err)
{
	struct pmj_error why;

	/* Whoever types it again finds them saved. */
	if (core->imports != NULL && core->imports->resting &&
	    journal_settle(core->journal, &why) != PMJ_OK)
		diag_error("saving rows of an import", &why);
	while (core->imports != NULL)
		end_import(core, NULL, err);
}

void
record_import(const struct call *call, struct request *request)
{
	const json_t *rows = json_arr(call->body, "rows");
	size_t most = json_flag(call->body, "dry_run") ? IMPORT_DRY_ROWS_MAX : IMPORT_ROWS_MAX;
	struct import **last = &call->core->imports, *import;
	struct pmj_error err;

	if (rows == NULL || json_array_size(rows) > most) {
		(void)pmj_fail(&err, PMJ_USAGE, "\"rows\" must be a list of at most %zu", most);
		server_fail(request, &err);
		return;
	}
	import = mem_new(sizeof(*import));
	import->request = request;
	import->call = *call;
	import->rows = rows;
	import->items = json_array();
	import->made = json_object();
	while (*last != NULL)
		last = &(*last)->next;
	*last = import;
	core_wake(call->core);
}
