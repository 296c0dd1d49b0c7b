/* import.c - rows of records, each checked like a record typed by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/import_inner.h"
#include "api/import_source.h"
#include "base/text.h"

/* A row of an earlier request of a dry run has no id; its ref stands as this. */
static const char no_id_yet[] = "0000000000000000";

static json_t *
record_id_json(const uint8_t rec[static PMJ_RECORD_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1];

	return json_string(text_base32(id, rec, PMJ_RECORD_BYTES));
}

/* {"parent":KIND,"key":K}: the record that came under this key, or, where the field links to
 * another kind, whom that one names in the same field. What a form repeats comes in a file of its
 * own and knows of its parent nothing but the key. *out: a new reference. */
static enum pmj_code
of_parent(const struct import *import, json_t **out, const struct field *field, const json_t *value,
    struct pmj_error *err)
{
	struct journal *journal = import->call.core->journal;
	const char *kind = json_str(value, "parent"), *key = json_str(value, "key");
	struct record_full parent = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if (key == NULL || kinds_get(&import->call.core->kinds, kind) == NULL) {
		(void)pmj_fail(
		    err, PMJ_INVALID, "%s: there is no kind \"%.40s\"", field->name, kind);
		pmj_hint(err, "in the mapping write parent = KIND; `pamoja kinds` lists them");
		return PMJ_INVALID;
	}
	if (!import_source_find(journal, kind, key, rec)) {
		(void)pmj_fail(err, PMJ_NOT_FOUND,
		    "%s: no %s was imported here with the key \"%.60s\"", field->name, kind, key);
		pmj_hint(err, "import the form's main file first, with source = its key column; or "
		              "mend the key");
		return PMJ_NOT_FOUND;
	}
	if (field->link_kind != NULL && strcmp(field->link_kind, kind) == 0) {
		*out = record_id_json(rec);
		return PMJ_OK;
	}
	if ((rc = records_load(journal, &parent, rec, err)) != PMJ_OK)
		return rc;
	*out = json_incref((json_t *)merge_shown(&parent.merged, field->name));
	if (*out == NULL) {
		rc = pmj_fail(err, PMJ_INVALID, "%s: the %s with the key \"%.60s\" names none",
		    field->name, kind, key);
		pmj_hint(err, "write it into that record, then import this line again");
	}
	record_full_close(&parent);
	return rc;
}

/* {"ref":R} becomes the id of the row of this request that was made under that name; what comes
 * with ids of its source may name others by theirs. *at: the field that could not be found. */
static enum pmj_code
with_refs(const struct import *import, json_t **fields, const char **at, const json_t *row,
    struct pmj_error *err)
{
	const struct kinds *kinds = &import->call.core->kinds;
	const char *name, *kind_name = json_str(row, "kind");
	const struct kind *kind = kind_name != NULL ? kinds_get(kinds, kind_name) : NULL;
	bool dry = json_flag(import->call.body, "dry_run");
	json_t *out = json_object(), *value;
	enum pmj_code rc = PMJ_OK;

	*at = NULL;
	json_object_foreach((json_t *)json_obj(row, "fields"), name, value)
	{
		const char *ref = json_is_object(value) ? json_str(value, "ref") : NULL;
		json_t *id = ref != NULL ? json_object_get(import->made, ref) : NULL;
		const struct field *field = kind != NULL ? kind_field(kind, name) : NULL;
		uint8_t rec[PMJ_RECORD_BYTES];

		if (field != NULL && json_is_object(value) && json_str(value, "parent") != NULL) {
			if ((rc = of_parent(import, &id, field, value, err)) != PMJ_OK) {
				*at = field->name;
				break;
			}
			(void)json_object_set_new(out, name, id);
		} else if (ref != NULL && id == NULL && dry) {
			(void)json_object_set_new(out, name, json_string(no_id_yet));
		} else if (ref != NULL && id == NULL && field != NULL) {
			rc = pmj_fail(
			    err, PMJ_INVALID, "%s: the row \"%.60s\" was not taken", name, ref);
			pmj_hint(err, "mend that row first");
			*at = field->name;
			break;
		} else if (json_str(row, "source") != NULL && json_is_string(value) &&
		           field != NULL && field->link_kind != NULL &&
		           import_source_find(import->call.core->journal, field->link_kind,
		               json_string_value(value), rec)) {
			(void)json_object_set_new(out, name, record_id_json(rec));
		} else {
			(void)json_object_set(out, name, id != NULL ? id : value);
		}
	}
	*fields = out;
	return rc;
}

static json_t *
import_id(const uint8_t rec[static PMJ_RECORD_BYTES])
{
	json_t *out = json_object();

	(void)json_object_set_new(out, "id", record_id_json(rec));
	return out;
}

/* As of a record typed by hand, but its short id, which nobody reads off thousands and which costs
 * a search each. */
static json_t *
answer_of(const uint8_t rec[static PMJ_RECORD_BYTES], const struct kind *kind, const json_t *set)
{
	json_t *out = import_id(rec);

	record_say_new_words(out, kind, set);
	return out;
}

/* "Asha Mwangi (7k3f9), the same: Village" into err. */
static enum pmj_code
refuse_alike(const json_t *alike, struct pmj_error *err)
{
	const json_t *first = json_array_get(alike, 0);

	(void)pmj_fail(err, PMJ_INVALID, "somebody like that is here already: %.60s (%.16s)",
	    json_str(first, "title"), json_str(first, "short"));
	pmj_hint(err, "if it is the same, take the line out; if not, import that line alone, with "
	              "--alike take");
	return PMJ_INVALID;
}

/* Somebody who may be here already: said, and saved or not, as the import was told. *item: set when
 * the row is to be left out. */
static enum pmj_code
heed_alike(const struct import *import, json_t **item, json_t *alike, struct pmj_error *err)
{
	const char *way = json_str(import->call.body, "alike");
	enum pmj_code rc = PMJ_OK;

	if (json_array_size(alike) > 0 && strcmp(way, "refuse") == 0)
		rc = refuse_alike(alike, err);
	else if (json_array_size(alike) > 0 && strcmp(way, "skip") == 0)
		*item = json_pack("{s:b,s:O}", "skipped", 1, "alike", alike);
	return rc;
}

static enum pmj_code
save_row(struct import *import, json_t **item, const json_t *row,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	const struct call *call = &import->call;
	const json_t *given = json_obj(row, "fields");
	struct record_new wanted = {.kind = json_str(row, "kind"), .verb = json_str(row, "do")};
	json_t *fields, *set, *knows, *alike = NULL;
	struct core_draft draft;
	const char *at;
	enum pmj_code rc;

	if (wanted.kind == NULL || given == NULL)
		return pmj_fail(err, PMJ_INVALID, "a row needs \"kind\" and \"fields\"");
	if ((rc = with_refs(import, &fields, &at, row, err)) != PMJ_OK) {
		json_decref(fields);
		return rc;
	}
	wanted.fields = fields;
	rc = record_prepare(call, &draft, &set, &knows, &wanted, err);
	if (rc == PMJ_OK && json_str(call->body, "alike") != NULL) {
		alike = record_likely(call, draft.kind, set);
		rc = heed_alike(import, item, alike, err);
	}
	if (rc == PMJ_OK && *item == NULL &&
	    (rc = core_append_inside(call->core, &draft, rec, &import->urgent, err)) == PMJ_OK) {
		*item = answer_of(rec, draft.kind, set);
		if (json_array_size(alike) > 0)
			(void)json_object_set(*item, "alike", alike);
	}
	json_decref(alike);
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
	struct journal *journal = import->call.core->journal;
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool saved = source != NULL && json_str(row, "kind") != NULL &&
	             import_source_find(journal, json_str(row, "kind"), source, rec);

	if (import->keeps && !saved)
		rc = import_kept_row(&import->kept, number, &saved, rec, err);
	if (rc == PMJ_OK && saved) {
		*item = import_id(rec);
		(void)json_object_set_new(*item, "before", json_true());
	} else if (rc == PMJ_OK) {
		rc = save_row(import, item, row, rec, err);
		if (rc == PMJ_OK && json_flag(*item, "skipped"))
			return PMJ_OK;
		/* One with a source is known by that, whatever number it has next time. */
		if (rc == PMJ_OK && import->keeps && source == NULL)
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
	    kind_name != NULL ? kinds_get(&import->call.core->kinds, kind_name) : NULL;
	json_t *fields, *value;
	const char *found = NULL;
	struct pmj_error ignored;

	if (kind == NULL || json_obj(row, "fields") == NULL)
		return NULL;
	if (with_refs(import, &fields, &found, row, &ignored) != PMJ_OK) {
		json_decref(fields);
		return found;
	}
	json_object_foreach(fields, name, value)
	{
		json_t *set = json_object(), *alone = json_pack("{s:O}", name, value);

		if (record_take(&import->call, set, kind, alone, &ignored) != PMJ_OK)
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

enum pmj_code
import_rows(struct import *import, int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = import->call.core->os;
	size_t first = import->at, count = json_array_size(import->rows);

	for (; import->at < count; import->at++) {
		const json_t *row = json_array_get(import->rows, import->at);
		json_t *item = NULL;
		enum pmj_code rc;

		if (until_ms > 0 && import->at > first && os->mono_ms(os->ctx) >= until_ms)
			break;
		rc = import_one(import, &item, row, err);
		if (rc != PMJ_OK) {
			json_decref(item);
			if (is_fatal(rc))
				return rc;
			item = json_pack("{s:{s:s,s:s,s:s,s:s*}}", "error", "code",
			    pmj_code_name(err->code), "message", err->message, "hint", err->hint,
			    "field", field_of_error(import, row));
		}
		(void)json_array_append_new(import->items, item);
	}
	return PMJ_OK;
}
