/* import.c - rows of records, up to 50 a request, each checked like a record typed by hand; one
 * transaction a request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

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

static enum pmj_code
import_one(const struct call *call, json_t **item, const json_t *row, json_t *made, bool *urgent,
    struct pmj_error *err)
{
	const char *kind = json_str(row, "kind");
	const char *ref = json_str(row, "ref");
	const json_t *given = json_obj(row, "fields");
	struct record_new wanted = {.kind = kind, .verb = json_str(row, "do")};
	struct core_draft draft;
	json_t *fields, *set, *knows;
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if (kind == NULL || given == NULL)
		return pmj_fail(err, PMJ_INVALID, "a row needs \"kind\" and \"fields\"");
	fields = with_refs(given, made, json_flag(call->body, "dry_run"));
	wanted.fields = fields;
	rc = record_prepare(call, &draft, &set, &knows, &wanted, err);
	if (rc == PMJ_OK &&
	    (rc = core_append_inside(call->core, &draft, rec, urgent, err)) == PMJ_OK) {
		*item = record_saved(call, rec, draft.kind, set);
		if (ref != NULL)
			(void)json_object_set(made, ref, json_object_get(*item, "id"));
	}
	json_decref(set);
	json_decref(knows);
	json_decref(fields);
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
import_rows(
    const struct call *call, json_t *items, const json_t *rows, bool *urgent, struct pmj_error *err)
{
	json_t *made = json_object();
	enum pmj_code rc = PMJ_OK;
	size_t index;
	json_t *row;

	json_array_foreach((json_t *)rows, index, row)
	{
		json_t *item = NULL;

		rc = import_one(call, &item, row, made, urgent, err);
		if (rc != PMJ_OK && is_fatal(rc)) {
			json_decref(item);
			break;
		}
		if (rc != PMJ_OK) {
			json_decref(item);
			item = json_pack("{s:{s:s,s:s,s:s}}", "error", "code",
			    pmj_code_name(err->code), "message", err->message, "hint", err->hint);
			rc = PMJ_OK;
		}
		(void)json_array_append_new(items, item);
	}
	json_decref(made);
	return rc;
}

enum pmj_code
record_import(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct journal *journal = call->core->journal;
	const json_t *rows = json_arr(call->body, "rows");
	bool urgent = false;
	json_t *items;
	enum pmj_code rc;

	if (rows == NULL || json_array_size(rows) > IMPORT_ROWS_MAX)
		return pmj_fail(
		    err, PMJ_USAGE, "\"rows\" must be a list of at most %d", IMPORT_ROWS_MAX);
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	items = json_array();
	rc = import_rows(call, items, rows, &urgent, err);
	/* A dry run does it all and takes it back. */
	if (rc == PMJ_OK && !json_flag(call->body, "dry_run"))
		rc = journal_commit(journal, err);
	else
		journal_rollback(journal);
	if (rc == PMJ_OK) {
		core_written(call->core, urgent);
		*out = json_pack("{s:O}", "items", items);
	}
	json_decref(items);
	return rc;
}
