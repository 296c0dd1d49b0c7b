/* import.c - rows of records, up to 50 a request, each checked like a record typed by hand; one
 * transaction a request. A request that is given again, because its answer was lost, saves nothing
 * twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/import_kept.h"
#include "api/import_source.h"
#include "api/record_inner.h"
#include "base/text.h"

#define IMPORT_ROWS_MAX 50

/* A row of an earlier request of a dry run has no id; its ref stands as this. */
static const char no_id_yet[] = "0000000000000000";

struct import { /* one request */
	const struct call *call;
	json_t *made; /* {ref: id} of its rows */
	bool more;    /* of what is to be forgotten */
	bool urgent;
	bool keeps; /* kept knows which of its rows are saved */
	struct import_kept kept;
};

static json_t *
record_id_json(const uint8_t rec[static PMJ_RECORD_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1];

	return json_string(text_base32(id, rec, PMJ_RECORD_BYTES));
}

/* {"ref":R} becomes the id of the row of this request that was made under that name; what comes
 * with ids of its source may name others by theirs. */
static json_t *
with_refs(const struct import *import, const json_t *row)
{
	const struct kinds *kinds = &import->call->core->kinds;
	const char *name, *kind_name = json_str(row, "kind");
	const struct kind *kind = kind_name != NULL ? kinds_get(kinds, kind_name) : NULL;
	bool dry = json_flag(import->call->body, "dry_run");
	json_t *out = json_object(), *value;

	json_object_foreach((json_t *)json_obj(row, "fields"), name, value)
	{
		const char *ref = json_is_object(value) ? json_str(value, "ref") : NULL;
		json_t *id = ref != NULL ? json_object_get(import->made, ref) : NULL;
		const struct field *field = kind != NULL ? kind_field(kind, name) : NULL;
		uint8_t rec[PMJ_RECORD_BYTES];

		if (ref != NULL && id == NULL && dry)
			(void)json_object_set_new(out, name, json_string(no_id_yet));
		else if (json_str(row, "source") != NULL && json_is_string(value) &&
		         field != NULL && field->link_kind != NULL &&
		         import_source_find(import->call->core->journal, field->link_kind,
		             json_string_value(value), rec))
			(void)json_object_set_new(out, name, record_id_json(rec));
		else
			(void)json_object_set(out, name, id != NULL ? id : value);
	}
	return out;
}

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
	wanted.fields = fields = with_refs(import, row);
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
	const char *ref = json_str(row, "ref"), *source = json_str(row, "source");
	struct journal *journal = import->call->core->journal;
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool saved = source != NULL && json_str(row, "kind") != NULL &&
	             import_source_find(journal, json_str(row, "kind"), source, rec);

	if (import->keeps && !saved)
		rc = import_kept_row(&import->kept, number, &saved, rec, err);
	if (rc == PMJ_OK && saved) {
		*item = call_id(import->call, rec);
		(void)json_object_set_new(*item, "before", json_true());
	} else if (rc == PMJ_OK && (rc = save_row(import, item, row, rec, err)) == PMJ_OK &&
	           import->keeps) {
		import_kept_put(&import->kept, number, rec);
	}
	if (rc == PMJ_OK && !saved && source != NULL)
		rc = import_source_keep(journal, json_str(row, "kind"), source, rec, err);
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

/* Which field was it that could not be taken? Each is tried alone; NULL: it was none by itself. */
static const char *
field_of_error(const struct import *import, const json_t *row)
{
	const char *name, *kind_name = json_str(row, "kind");
	const struct kind *kind =
	    kind_name != NULL ? kinds_get(&import->call->core->kinds, kind_name) : NULL;
	json_t *fields, *value;
	const char *found = NULL;

	if (kind == NULL || json_obj(row, "fields") == NULL)
		return NULL;
	fields = with_refs(import, row);
	json_object_foreach(fields, name, value)
	{
		json_t *set = json_object(), *alone = json_pack("{s:O}", name, value);
		struct pmj_error ignored;

		if (record_take(import->call, set, kind, alone, &ignored) != PMJ_OK)
			found =
			    kind_field(kind, name) != NULL ? kind_field(kind, name)->name : NULL;
		json_decref(set);
		json_decref(alone);
		if (found != NULL)
			break;
	}
	json_decref(fields);
	return found;
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
			item = json_pack("{s:{s:s,s:s,s:s,s:s*}}", "error", "code",
			    pmj_code_name(err->code), "message", err->message, "hint", err->hint,
			    "field", field_of_error(import, row));
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
	if (json_flag(body, "begin") || json_flag(body, "done"))
		return import_kept_forget(
		    journal, json_flag(body, "done") ? NULL : name, &import->more, err);
	import->keeps = true;
	if ((rc = import_kept_begin(&import->kept, journal, name, err)) != PMJ_OK ||
	    (rc = import_rows(import, items, rows, err)) != PMJ_OK)
		return rc;
	return import_kept_save(&import->kept, err);
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
		*out = json_pack("{s:O,s:b}", "items", items, "more", import.more);
	}
	json_decref(items);
	json_decref(import.made);
	return rc;
}
