/* import.c - rows of records, up to 50 a request, each checked like a record typed by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"

#define IMPORT_ROWS_MAX 50

struct import_row {
	struct core_draft draft;
	json_t *set;
	json_t *knows;
};

/* {"ref":R} becomes the id of the row of this request that was made under that name. */
static json_t *
with_refs(const json_t *fields, const json_t *made)
{
	json_t *out = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)fields, name, value)
	{
		const char *ref = json_is_object(value) ? json_str(value, "ref") : NULL;
		json_t *id = ref != NULL ? json_object_get(made, ref) : NULL;

		(void)json_object_set(out, name, id != NULL ? id : value);
	}
	return out;
}

/* Rows of one request that depend on an earlier one are written after it, so each is its own
 * transaction. */
static enum pmj_code
import_one(const struct call *call, json_t **item, const json_t *row, json_t *made, bool dry,
    struct pmj_error *err)
{
	const char *kind = json_str(row, "kind");
	const char *ref = json_str(row, "ref");
	const json_t *given = json_obj(row, "fields");
	struct import_row work;
	json_t *fields;
	uint8_t rec[1][PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if (kind == NULL || given == NULL)
		return pmj_fail(err, PMJ_INVALID, "a row needs \"kind\" and \"fields\"");
	fields = with_refs(given, made);
	rc = record_prepare(call, &work.draft, &work.set, &work.knows, kind, fields, err);
	if (rc == PMJ_OK && !dry)
		rc = core_append(call->core, &work.draft, 1, rec, err);
	if (rc == PMJ_OK && !dry) {
		*item = call_id(call, rec[0]);
		if (ref != NULL)
			(void)json_object_set(made, ref, json_object_get(*item, "id"));
	} else if (rc == PMJ_OK) {
		*item = json_object();
	}
	json_decref(work.set);
	json_decref(work.knows);
	json_decref(fields);
	return rc;
}

enum pmj_code
record_import(const struct call *call, json_t **out, struct pmj_error *err)
{
	const json_t *rows = json_arr(call->body, "rows");
	bool dry = json_flag(call->body, "dry_run");
	json_t *items, *made;
	size_t index;
	json_t *row;

	if (rows == NULL || json_array_size(rows) > IMPORT_ROWS_MAX)
		return pmj_fail(
		    err, PMJ_USAGE, "\"rows\" must be a list of at most %d", IMPORT_ROWS_MAX);
	items = json_array();
	made = json_object();
	json_array_foreach((json_t *)rows, index, row)
	{
		struct pmj_error bad = {.code = PMJ_OK};
		json_t *item = NULL;

		if (import_one(call, &item, row, made, dry, &bad) != PMJ_OK) {
			json_decref(item);
			item = json_pack("{s:{s:s,s:s,s:s}}", "error", "code",
			    pmj_code_name(bad.code), "message", bad.message, "hint", bad.hint);
		}
		(void)json_array_append_new(items, item);
	}
	json_decref(made);
	*out = json_pack("{s:o}", "items", items);
	return PMJ_OK;
}
