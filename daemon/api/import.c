/* import.c - rows of records, up to 50 a request, each checked like a record typed by hand; one
 * transaction a request. A request that is given again, because its answer was lost, saves nothing
 * twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/import_kept.h"
#include "api/record_inner.h"

#define IMPORT_ROWS_MAX 50

/* A row of an earlier request of a dry run has no id; its ref stands as this. */
static const char no_id_yet[] = "0000000000000000";

/* {"ref":R} becomes the id of the row of this request that was made under that name. */
static json_t *
with_refs(const json_t *fields, const json_t *made, bool dry)
{
	json_t *out = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)fields, name, value)
	{
		const char *ref = json_is_object(value) ? json_str(value, "ref") : NULL;
		json_t *id = ref != NULL ? json_object_get(made, ref) : NULL;

		if (ref != NULL && id == NULL && dry)
			(void)json_object_set_new(out, name, json_string(no_id_yet));
		else
			(void)json_object_set(out, name, id != NULL ? id : value);
	}
	return out;
}

struct import { /* one request */
	const struct call *call;
	json_t *made; /* {ref: id} of its rows */
	bool urgent;
	bool keeps; /* kept knows which of its rows are saved */
	struct import_kept kept;
};

static enum pmj_code
save_row(struct import *import, json_t **item, const json_t *row,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	const struct call *call = import->call;
	const json_t *given = json_obj(row, "fields");
	struct record_new wanted = {.kind = json_str(row, "kind"), .verb = json_str(row, "do")};
	json_t *fields, *set, *knows;
	struct core_draft draft;
	enum pmj_code rc;

	if (wanted.kind == NULL || given == NULL)
		return pmj_fail(err, PMJ_INVALID, "a row needs \"kind\" and \"fields\"");
	wanted.fields = fields = with_refs(given, import->made, json_flag(call->body, "dry_run"));
	rc = record_prepare(call, &draft, &set, &knows, &wanted, err);
	if (rc == PMJ_OK &&
	    (rc = core_append_inside(call->core, &draft, rec, &import->urgent, err)) == PMJ_OK)
		*item = record_saved(call, rec, draft.kind, set);
	json_decref(set);
	json_decref(knows);
	json_decref(fields);
	return rc;
}

static enum pmj_code
import_one(struct import *import, json_t **item, const json_t *row, struct pmj_error *err)
{
	int64_t number = json_int(row, "row", -1);
	const char *ref = json_str(row, "ref");
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool saved = false;

	if (import->keeps)
		rc = import_kept_row(&import->kept, number, &saved, rec, err);
	if (rc == PMJ_OK && saved) {
		*item = call_id(import->call, rec);
		(void)json_object_set_new(*item, "before", json_true());
	} else if (rc == PMJ_OK && (rc = save_row(import, item, row, rec, err)) == PMJ_OK &&
	           import->keeps) {
		import_kept_put(&import->kept, number, rec);
	}
	if (rc == PMJ_OK && ref != NULL)
		(void)json_object_set(import->made, ref, json_object_get(*item, "id"));
	return rc;
}

/* Could the journal itself not take it? Then no row of the request is kept. */
static bool
is_fatal(enum pmj_code rc)
{
	return rc == PMJ_IO || rc == PMJ_FULL || rc == PMJ_READ_ONLY || rc == PMJ_NO_MEMORY ||
	       rc == PMJ_INTEGRITY || rc == PMJ_FAILED;
}

static enum pmj_code
import_rows(struct import *import, json_t *items, const json_t *rows, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	size_t index;
	json_t *row;

	json_array_foreach((json_t *)rows, index, row)
	{
		json_t *item = NULL;

		rc = import_one(import, &item, row, err);
		if (rc != PMJ_OK && is_fatal(rc)) {
			json_decref(item);
			return rc;
		}
		if (rc != PMJ_OK) {
			json_decref(item);
			item = json_pack("{s:{s:s,s:s,s:s}}", "error", "code",
			    pmj_code_name(err->code), "message", err->message, "hint", err->hint);
		}
		(void)json_array_append_new(items, item);
	}
	return PMJ_OK;
}

/* All of a request, inside its transaction. */
static enum pmj_code
import_inside(struct import *import, json_t *items, const json_t *rows, struct pmj_error *err)
{
	const json_t *body = import->call->body;
	const char *name = json_str(body, "import");
	struct journal *journal = import->call->core->journal;
	enum pmj_code rc;

	if (name == NULL || json_flag(body, "dry_run"))
		return import_rows(import, items, rows, err);
	import->keeps = true;
	if ((rc = import_kept_begin(&import->kept, journal, name, err)) != PMJ_OK ||
	    (rc = import_rows(import, items, rows, err)) != PMJ_OK ||
	    (rc = import_kept_save(&import->kept, err)) != PMJ_OK)
		return rc;
	return json_flag(body, "done") ? journal_forget(journal, IMPORT_KEPT, err) : PMJ_OK;
}

enum pmj_code
record_import(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct journal *journal = call->core->journal;
	const json_t *rows = json_arr(call->body, "rows");
	struct import import = {.call = call};
	json_t *items;
	enum pmj_code rc;

	if (rows == NULL || json_array_size(rows) > IMPORT_ROWS_MAX)
		return pmj_fail(
		    err, PMJ_USAGE, "\"rows\" must be a list of at most %d", IMPORT_ROWS_MAX);
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	items = json_array();
	import.made = json_object();
	rc = import_inside(&import, items, rows, err);
	/* A dry run does it all and takes it back. */
	if (rc == PMJ_OK && !json_flag(call->body, "dry_run"))
		rc = journal_commit(journal, err);
	else
		journal_rollback(journal);
	if (rc == PMJ_OK) {
		core_written(call->core, import.urgent);
		*out = json_pack("{s:O}", "items", items);
	}
	json_decref(items);
	json_decref(import.made);
	return rc;
}
