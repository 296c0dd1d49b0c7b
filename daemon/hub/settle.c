/* settle.c - conflicts: which value stands. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/value.h"
#include "hub/hub_inner.h"

static json_t *
conflict_values(
    struct hub *hub, const struct kind *kind, const struct merge_field *field, enum lang lang)
{
	json_t *values = json_array();

	for (size_t i = 0; i < field->count; i++) {
		const struct merge_value *value = &field->values[i];
		char *name, *role, *text = NULL;

		if (kind != NULL && value->value != NULL)
			text = value_text_of(kind, field->name, value->value, lang);
		hub_who(hub, value->entry->by, &name, &role);
		(void)json_array_append_new(
		    values, json_pack("{s:O,s:s*,s:s,s:s,s:I,s:b}", "value",
		                value->value != NULL ? (json_t *)value->value : json_null(), "text",
		                text, "by", name, "role", role, "at", (json_int_t)value->entry->pt,
		                "shown", i == field->shown));
		free(text);
		free(name);
		free(role);
	}
	return values;
}

static enum pmj_code
record_conflicts(struct hub *hub, json_t *items, const uint8_t rec[PMJ_RECORD_BYTES],
    enum lang lang, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	char id[PMJ_RECORD_CHARS + 1], small[PMJ_RECORD_CHARS + 1];
	const struct kind *kind;
	enum pmj_code rc;
	char *title;

	if ((rc = records_load(hub->journal, &record, rec, err)) != PMJ_OK)
		return rc;
	kind = record.merged.kind != NULL
	           ? kinds_get(journal_kinds(hub->journal), record.merged.kind)
	           : NULL;
	title = records_title(hub->journal, rec, lang);
	records_short(hub->journal, small, rec);
	for (size_t i = 0; i < record.merged.field_count; i++) {
		const struct merge_field *field = &record.merged.fields[i];
		char *conflict_id;

		if (!field->conflict)
			continue;
		conflict_id = mem_printf("%s.%s", small, field->name);
		(void)json_array_append_new(
		    items, json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "id", conflict_id, "record",
		               text_base32(id, rec, PMJ_RECORD_BYTES), "kind", record.merged.kind,
		               "title", title, "field", field->name, "values",
		               conflict_values(hub, kind, field, lang)));
		free(conflict_id);
	}
	free(title);
	record_full_close(&record);
	return PMJ_OK;
}

enum pmj_code
hub_conflicts(struct hub *hub, json_t **out, enum lang lang, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT rec FROM pmj_record WHERE conflict = 1 ORDER BY rec");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];

		(void)sql_col_copy(q, 0, rec, sizeof(rec));
		if ((rc = record_conflicts(hub, items, rec, lang, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	*out = rc == PMJ_OK ? json_pack("{s:O}", "items", items) : NULL;
	json_decref(items);
	return rc;
}

/* The conflicted field that `id` names: RECORD.FIELD, or RECORD when only one field is in conflict.
 */
static enum pmj_code
find_conflict(struct hub *hub, struct record_full *record, const struct merge_field **field,
    uint8_t rec[static PMJ_RECORD_BYTES], const char *id, struct pmj_error *err)
{
	const char *dot = strchr(id, '.');
	char *typed = dot != NULL ? mem_strndup(id, (size_t)(dot - id)) : mem_strdup(id);
	size_t found = 0;
	enum pmj_code rc;

	*field = NULL;
	rc = records_resolve(hub->journal, rec, NULL, typed, err);
	if (rc == PMJ_OK)
		rc = records_load(hub->journal, record, rec, err);
	free(typed);
	if (rc != PMJ_OK)
		return rc;
	for (size_t i = 0; i < record->merged.field_count; i++) {
		const struct merge_field *at = &record->merged.fields[i];

		if (at->conflict && (dot == NULL || strcmp(at->name, dot + 1) == 0)) {
			*field = at;
			found++;
		}
	}
	if (found == 1)
		return PMJ_OK;
	rc = found > 1 ? PMJ_AMBIGUOUS : PMJ_NOT_FOUND;
	(void)pmj_fail(err, rc,
	    found > 1 ? "%s has more than one conflict" : "%s has no conflict to settle", id);
	pmj_hint(err, "pamoja hub conflicts lists them with their ids");
	return rc;
}

static enum pmj_code
decided_value(struct hub *hub, json_t **out, const struct record_full *record,
    const struct merge_field *field, int keep, const json_t *typed, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(journal_kinds(hub->journal), record->merged.kind);
	const struct field *declared = kind != NULL ? kind_field(kind, field->name) : NULL;
	struct value_context context = {.now_ms = os_now(hub->os),
	    .offset_minutes = hub->os->offset_minutes(hub->os->ctx, os_now(hub->os)),
	    .link = records_link,
	    .link_ctx = hub->journal};

	*out = NULL;
	if (keep > 0 && (size_t)keep <= field->count) {
		if (field->values[keep - 1].value == NULL)
			return pmj_fail(err, PMJ_REFUSED, "value %d is not here any more", keep);
		*out = json_incref((json_t *)field->values[keep - 1].value);
		return PMJ_OK;
	}
	if (typed == NULL)
		return pmj_fail(err, PMJ_INVALID, "there are %zu values; --keep takes 1 to %zu",
		    field->count, field->count);
	if (declared == NULL)
		return pmj_fail(err, PMJ_INVALID, "the field %s takes --keep only", field->name);
	return value_take(out, kind, declared, typed, &context, err);
}

enum pmj_code
hub_resolve(struct hub *hub, const char *id, int keep, const json_t *value,
    uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct merge_field *field;
	const struct kind *kind;
	json_t *decided = NULL, *set = NULL, *was = NULL;
	enum pmj_code rc;
	int64_t n;

	if ((rc = find_conflict(hub, &record, &field, rec, id, err)) != PMJ_OK ||
	    (rc = decided_value(hub, &decided, &record, field, keep, value, err)) != PMJ_OK)
		goto out;
	if ((rc = kinds_need(&kind, journal_kinds(hub->journal), record.merged.kind, err)) !=
	    PMJ_OK)
		goto out;
	set = json_pack("{s:O}", field->name, decided);
	was = merge_was(&record.merged, set);
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		goto out;
	rc = decide_entry(hub, kind, rec, set, was, &n, err);
	if (rc == PMJ_OK)
		rc = share_record(hub, rec, kind, true, err);
	rc = decide_end(hub, rc, err);
out:
	json_decref(decided);
	json_decref(set);
	json_decref(was);
	record_full_close(&record);
	return rc;
}
