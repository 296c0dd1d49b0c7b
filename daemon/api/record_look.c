/* record_look.c - records looked at: list, show, history, today. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "domain/value.h"

#define DUE_DAYS_MAX 366

enum pmj_code
record_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct records_query query = {.kind = call->part[0], .limit = call_limit(call, 50)};
	const char *all = json_str(call->query, "all"), *stale = json_str(call->query, "stale");
	json_t *where = json_object(), *value;
	const char *name;
	const struct kind *kind;
	char since[11];
	enum pmj_code rc;

	if ((rc = kinds_need(&kind, &call->core->kinds, call->part[0], err)) != PMJ_OK)
		goto out;
	json_object_foreach((json_t *)call->query, name, value)
	{
		if (strncmp(name, "f.", 2) == 0)
			(void)json_object_set(where, name + 2, value);
	}
	if ((rc = call_since(call, since, err)) != PMJ_OK)
		goto out;
	query.since = since[0] != '\0' ? since : NULL;
	query.from = json_str(call->query, "from");
	query.until_ms = call->core->os->mono_ms(call->core->os->ctx) + CORE_PIECE_MS;
	query.where = where;
	query.voided_too = all != NULL && strcmp(all, "1") == 0;
	query.stale = stale != NULL && strcmp(stale, "1") == 0;
	rc = records_list(call->core->journal, out, &query, call->lang, err);
out:
	json_decref(where);
	return rc;
}

static json_t *
authors(const struct call *call, const struct record_full *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->row_count; i++) {
		const uint8_t *by = record->rows[i].entry.by;
		bool seen = false;
		char *name, *role;

		for (size_t j = 0; j < i; j++)
			seen = seen || memcmp(record->rows[j].entry.by, by, PMJ_DEVICE_BYTES) == 0;
		if (seen)
			continue;
		core_who(call->core, by, &name, &role);
		(void)json_array_append_new(
		    list, json_pack("{s:s,s:s,s:o}", "name", name, "role", role, "device",
		              json_hex(by, PMJ_DEVICE_BYTES)));
		free(name);
		free(role);
	}
	return list;
}

static json_t *
conflicts(const struct call *call, const struct merge_record *merged)
{
	const struct kind *kind =
	    merged->kind != NULL ? kinds_get(&call->core->kinds, merged->kind) : NULL;
	json_t *list = json_array();

	for (size_t i = 0; i < merged->field_count; i++) {
		const struct merge_field *field = &merged->fields[i];
		json_t *values;

		if (!field->conflict)
			continue;
		values = json_array();
		for (size_t v = 0; v < field->count; v++) {
			const struct merge_value *value = &field->values[v];
			char *name, *role, *text = NULL;

			if (kind != NULL && value->value != NULL)
				text = value_text_of(kind, field->name, value->value, call->lang);
			core_who(call->core, value->entry->by, &name, &role);
			(void)json_array_append_new(values,
			    json_pack("{s:O,s:s*,s:s,s:I}", "value",
			        value->value != NULL ? (json_t *)value->value : json_null(), "text",
			        text, "by", name, "at", (json_int_t)value->entry->pt));
			free(text);
			free(name);
			free(role);
		}
		(void)json_array_append_new(
		    list, json_pack("{s:s,s:o}", "field", field->name, "values", values));
	}
	return list;
}

/* This device does not work with a subject of the record any more: with whom it is now, and since
 * when. What others wrote is gone by then; what it wrote itself is still readable. */
static enum pmj_code
put_handed_over(const struct call *call, json_t *item, const uint8_t rec[PMJ_RECORD_BYTES],
    struct pmj_error *err)
{
	uint8_t(*people)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if (call->core->is_hub)
		return PMJ_OK;
	rc = records_subjects(call->core->journal, &people, &count, rec, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *name;
		int64_t at_ms;

		if (!device_handed_over(call->core->journal, people[i], &name, &at_ms))
			continue;
		(void)json_object_set_new(item, "handed_over", json_true());
		(void)json_object_set_new(item, "handed_to", json_string(name));
		(void)json_object_set_new(item, "handed_at", json_integer((json_int_t)at_ms));
		free(name);
	}
	free(people);
	return rc;
}

enum pmj_code
record_show(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	uint8_t rec[PMJ_RECORD_BYTES];
	const char *reason;
	bool back;
	json_t *photo;
	enum pmj_code rc;

	if ((rc = call_record(call, rec, call->part[0], err)) != PMJ_OK ||
	    (rc = records_load(call->core->journal, &record, rec, err)) != PMJ_OK ||
	    (rc = records_item(call->core->journal, out, rec, call->lang, err)) != PMJ_OK ||
	    (rc = put_handed_over(call, *out, rec, err)) != PMJ_OK ||
	    (rc = record_taken_back(call, &back, &record, err)) != PMJ_OK ||
	    (rc = record_put_uncovered(call, *out, rec, err)) != PMJ_OK)
		goto out;
	if (back)
		(void)json_object_set_new(*out, "consent_taken_back", json_true());
	(void)json_object_set_new(*out, "conflicts", conflicts(call, &record.merged));
	(void)json_object_set_new(*out, "by", authors(call, &record));
	(void)json_object_set_new(*out, "sync", json_string(record_sync(call, &record, &reason)));
	(void)json_object_set_new(
	    *out, "reason", reason != NULL ? json_string(reason) : json_null());
	photo = record_photo_said(call, &record);
	if (photo != NULL)
		(void)json_object_set_new(*out, "photo", photo);
	if (record.merged.maker != NULL)
		(void)json_object_set_new(
		    *out, "made_at", json_integer((json_int_t)record.merged.maker->pt));
out:
	record_full_close(&record);
	return rc;
}

static json_t *
history_item(
    const struct call *call, const struct kind *kind, const struct entry_row *row, bool waits)
{
	json_t *texts = json_object();
	char *name, *role;
	const char *field_name;
	json_t *value, *item;

	if (row->entry.set != NULL)
		json_object_foreach((json_t *)row->entry.set, field_name, value)
		{
			const struct field *field =
			    kind != NULL ? kind_field(kind, field_name) : NULL;
			char *text = value_text(field, value, call->lang);

			(void)json_object_set_new(texts, field_name, json_string(text));
			free(text);
		}
	core_who(call->core, row->entry.by, &name, &role);
	item = json_pack("{s:I,s:s,s:s,s:s?,s:o,s:s,s:s?,s:s?,s:b}", "at",
	    (json_int_t)row->entry.pt, "by", name, "role", role, "verb", row->entry.verb, "set",
	    texts, "sync", record_row_sync(call, row, waits), "reason", row->reason, "mark",
	    row->mark, "handed_over", row->line == NULL);
	free(name);
	free(role);
	return item;
}

enum pmj_code
record_history(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES];
	json_t *items = json_array();
	enum pmj_code rc;

	if ((rc = record_look(call, &record, &kind, rec, err)) == PMJ_OK) {
		bool waits = record_waits(call, &record);

		for (size_t i = 0; i < record.row_count; i++)
			(void)json_array_append_new(
			    items, history_item(call, kind, &record.rows[i], waits));
		*out = json_pack("{s:O}", "items", items);
	}
	json_decref(items);
	record_full_close(&record);
	return rc;
}

static enum pmj_code
put_stale(const struct call *call, json_t *answer, struct pmj_error *err)
{
	json_t *stale = NULL;
	enum pmj_code rc = records_stale(call->core->journal, &stale, call->lang, err);

	if (rc == PMJ_OK && json_array_size(stale) > 0)
		(void)json_object_set(answer, "stale", stale);
	json_decref(stale);
	return rc;
}

/* A worker's own; a supervisor's laptop holds others' too. */
static enum pmj_code
put_expected(const struct call *call, json_t *answer, const char *today, struct pmj_error *err)
{
	char *role = journal_text(call->core->journal, "role");
	json_t *expected = NULL;
	enum pmj_code rc = PMJ_OK;

	if (role == NULL || strcmp(role, "supervisor") != 0)
		rc = records_expected(call->core->journal, &expected, today, call->lang, err);
	if (rc == PMJ_OK && json_array_size(expected) > 0)
		(void)json_object_set(answer, "expected", expected);
	json_decref(expected);
	free(role);
	return rc;
}

enum pmj_code
record_today(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	struct records_due asked = {.limit = call_limit(call, 0),
	    .from = json_str(call->query, "from"),
	    .until_ms = os->mono_ms(os->ctx) + CORE_PIECE_MS};
	const char *typed = json_str(call->query, "days");
	char date[11], until[11], *end, *last = NULL;
	long days = typed != NULL ? strtol(typed, &end, 10) : 0;
	enum pmj_code rc;

	if (typed != NULL && (end == typed || *end != '\0' || days < 0 || days > DUE_DAYS_MAX))
		return pmj_fail(err, PMJ_USAGE, "days is a number from 0 to %d", DUE_DAYS_MAX);
	record_date(call, date);
	date_of_days(until, date_days(date) + days);
	asked.on = date;
	asked.until = until;
	rc = records_today(call->core->journal, out, &asked, call->lang, err);
	if (rc == PMJ_OK)
		rc = record_mark_taken_back(call, json_object_get(*out, "items"), err);
	if (rc == PMJ_OK && json_str(*out, "next") != NULL) /* the rest comes with the last */
		return rc;
	if (rc == PMJ_OK && call->core->is_hub) /* who keeps the directory */
		rc = put_stale(call, *out, err);
	else if (rc == PMJ_OK && days > 0)
		rc = put_expected(call, *out, date, err);
	if (rc == PMJ_OK && (last = core_last_day(call->core)) != NULL)
		(void)json_object_set_new(*out, "last_day", json_string(last));
	free(last);
	return rc;
}
