/* records_item.c - a record as the document that clients read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

static const char *const handed_over[LANG_COUNT] = {"handed over", "imekabidhiwa"};

static bool
is_built_in(const char *field)
{
	return strcmp(field, "state") == 0 || strcmp(field, "voided") == 0;
}

static void
put_value(struct journal *journal, json_t *item, const struct kind *kind, const char *name,
    json_t *value, enum lang lang)
{
	static const struct field raw = {.type = FIELD_TEXT};
	const struct field *field = kind != NULL ? kind_field(kind, name) : NULL;
	char *text;

	if (value == NULL) {
		(void)json_object_set_new(
		    json_object_get(item, "texts"), name, json_string(handed_over[lang]));
		return;
	}
	if (json_is_null(value))
		return;
	text = records_value_text(journal, field != NULL ? field : &raw, value, lang, 0);
	(void)json_object_set(json_object_get(item, "fields"), name, value);
	(void)json_object_set_new(json_object_get(item, "texts"), name, json_string(text));
	free(text);
}

/* The kind's fields in its order, then what it does not declare. */
static void
put_values(
    struct journal *journal, json_t *item, const struct kind *kind, json_t *values, enum lang lang)
{
	json_t *holder;
	const char *name;

	for (size_t i = 0; kind != NULL && i < kind->field_count; i++)
		if ((holder = json_object_get(values, kind->fields[i].name)) != NULL)
			put_value(journal, item, kind, kind->fields[i].name,
			    json_array_get(holder, 0), lang);
	json_object_foreach(values, name,
	    holder) if (!is_built_in(name) && (kind == NULL || kind_field(kind, name) == NULL))
	    put_value(journal, item, kind, name, json_array_get(holder, 0), lang);
}

static json_t *
head(struct journal *journal, const uint8_t *rec, json_t *values, const char *kind_name,
    enum lang lang)
{
	json_t *item = json_object();
	char id[PMJ_RECORD_CHARS + 1];
	char *title = records_title_with(journal, rec, values, lang);

	(void)json_object_set_new(item, "id", json_string(text_base32(id, rec, PMJ_RECORD_BYTES)));
	records_short(journal, id, rec);
	(void)json_object_set_new(item, "short", json_string(id));
	(void)json_object_set_new(item, "kind", json_string(kind_name));
	(void)json_object_set_new(item, "title", json_string(title));
	free(title);
	return item;
}

static void
put_state(json_t *item, const struct kind *kind, const char *name, enum lang lang)
{
	const struct state *state = kind != NULL && name != NULL ? kind_state(kind, name) : NULL;

	(void)json_object_set_new(item, "state", name != NULL ? json_string(name) : json_null());
	(void)json_object_set_new(item, "state_label",
	    state != NULL  ? json_string(texts_in(&state->label, lang))
	    : name != NULL ? json_string(name)
	                   : json_null());
}

static void
put_marks(json_t *item, bool conflict, bool voided, bool is_handed_over)
{
	(void)json_object_set_new(item, "fields", json_object());
	(void)json_object_set_new(item, "texts", json_object());
	(void)json_object_set_new(item, "conflict", json_boolean(conflict));
	(void)json_object_set_new(item, "voided", json_boolean(voided));
	(void)json_object_set_new(item, "handed_over", json_boolean(is_handed_over));
}

/* No entry of it is admitted: shown as its held entries would make it, so that the author sees what
 * was refused. */
static enum pmj_code
item_of_held(struct journal *journal, json_t **out, const uint8_t *rec, enum lang lang,
    struct pmj_error *err)
{
	const struct entry **entries = NULL;
	struct merge_record merged = {0};
	struct entry_row *rows = NULL;
	const struct kind *kind;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = entries_of_record(journal, &rows, &count, rec, false, err)) != PMJ_OK)
		return rc;
	if (count == 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no such record");
	entries = mem_array(count, sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		entries[i] = &rows[i].entry;
	kind = kinds_get(journal->kinds, rows[0].entry.kind);
	merge_record(&merged, kind, entries, count);
	*out = head(journal, rec, NULL, rows[0].entry.kind, lang);
	put_state(*out, kind, json_string_value(merge_shown(&merged, "state")), lang);
	put_marks(*out, merged.conflict, merged.voided, false);
	(void)json_object_set_new(*out, "refused", json_true());
	for (size_t i = 0; i < merged.field_count; i++) {
		const struct merge_field *field = &merged.fields[i];
		if (!is_built_in(field->name))
			put_value(journal, *out, kind, field->name,
			    (json_t *)field->values[field->shown].value, lang);
	}
	merge_record_close(&merged);
	free(entries);
	entry_rows_free(rows, count);
	return PMJ_OK;
}

enum pmj_code
records_item(struct journal *journal, json_t **out, const uint8_t rec[static PMJ_RECORD_BYTES],
    enum lang lang, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT pmj_long(kind), state, conflict, voided, "
	                                   "handed_over FROM pmj_record WHERE rec = ?1");
	char *kind_name, *state;
	const struct kind *kind;
	bool conflict, voided, gone, row = false;
	json_t *values = NULL;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return item_of_held(journal, out, rec, lang, err);
	kind_name = mem_strdup(sql_col_text(sql, 0));
	state = sql_col_null(sql, 1) ? NULL : mem_strdup(sql_col_text(sql, 1));
	conflict = sql_col_int(sql, 2) != 0;
	voided = sql_col_int(sql, 3) != 0;
	gone = sql_col_int(sql, 4) != 0;
	sql_done(sql);
	if ((rc = records_values(journal, &values, rec, err)) == PMJ_OK) {
		kind = kinds_get(journal->kinds, kind_name);
		*out = head(journal, rec, values, kind_name, lang);
		put_state(*out, kind, state, lang);
		put_marks(*out, conflict, voided, gone);
		put_values(journal, *out, kind, values, lang);
		records_put_stale(journal, *out, kind);
	}
	json_decref(values);
	free(kind_name);
	free(state);
	return rc;
}

enum pmj_code
records_items(struct journal *journal, json_t **out, const uint8_t (*recs)[PMJ_RECORD_BYTES],
    size_t count, size_t limit, int64_t until_ms, enum lang lang, struct pmj_error *err)
{
	const struct os *os = journal->os;
	json_t *items = json_array(), *item;
	enum pmj_code rc = PMJ_OK;

	*out = NULL;
	for (size_t i = 0; rc == PMJ_OK && i < count && i < limit; i++) {
		if (i > 0 && until_ms != 0 && os->mono_ms(os->ctx) >= until_ms)
			limit = i;
		else if ((rc = records_item(journal, &item, recs[i], lang, err)) == PMJ_OK)
			(void)json_array_append_new(items, item);
	}
	if (rc != PMJ_OK) {
		json_decref(items);
		return rc;
	}
	*out = json_object();
	(void)json_object_set_new(*out, "items", items);
	(void)json_object_set_new(*out, "more", json_boolean(count > limit));
	return PMJ_OK;
}

enum pmj_code
records_is_voided(struct journal *journal, bool *out, const uint8_t rec[static PMJ_RECORD_BYTES],
    struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT voided FROM pmj_record WHERE rec = ?1");
	bool row = false;
	enum pmj_code rc;

	(void)sql_blob(sql, 1, rec, PMJ_RECORD_BYTES);
	rc = sql_row(sql, &row, err);
	*out = rc == PMJ_OK && row && sql_col_int(sql, 0) != 0;
	sql_done(sql);
	return rc;
}
