/* records_list.c - lists by field. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/value.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

#define BOUND_FROM 7 /* parameters of the conditions come after the query's own */
#define LIST_MOST 10000

/* The conditions on the kind's table, and what they compare with. */
struct filter {
	struct buf text;
	json_t *values; /* strings and integers, in order */
	bool by_link;   /* one of them has an index, and few rows meet it */
};

static void
add_condition(
    struct filter *filter, const char *before, const char *column, const char *after, json_t *value)
{
	buf_putf(&filter->text, " AND %s\"%s\"%s?%zu", before, column, after,
	    json_array_size(filter->values) + BOUND_FROM);
	(void)json_array_append_new(filter->values, value);
}

static void
add_folded(struct filter *filter, const char *column, const char *typed)
{
	char *folded = text_fold(typed);

	add_condition(filter, "pmj_fold(", column, ") = ", json_string(folded));
	free(folded);
}

static enum pmj_code
add_choice(
    struct filter *filter, const struct field *field, const char *typed, struct pmj_error *err)
{
	const struct choice *choice;
	json_t *item;
	char *text;
	enum pmj_code rc;

	if ((rc = value_choice(&choice, field, typed, err)) != PMJ_OK)
		return rc;
	if (field->type == FIELD_CHOICE) {
		if (choice != NULL)
			add_condition(filter, "", field->name, " = ", json_string(choice->value));
		else
			add_folded(filter, field->name, typed);
		return PMJ_OK;
	}
	/* A list is kept as JSON: look for the item as it is written there. */
	item = json_string(choice != NULL ? choice->value : typed);
	text = json_text(item);
	buf_putf(&filter->text, " AND instr(\"%s\", ?%zu) > 0", field->name,
	    json_array_size(filter->values) + BOUND_FROM);
	(void)json_array_append_new(filter->values, json_string(text));
	free(text);
	json_decref(item);
	return PMJ_OK;
}

static enum pmj_code
add_state(struct filter *filter, const struct kind *kind, const char *typed, struct pmj_error *err)
{
	const struct state *state;
	enum pmj_code rc = kind_need_state(&state, kind, typed, err);

	if (rc == PMJ_OK)
		add_condition(filter, "", "state", " = ", json_string(state->name));
	return rc;
}

static enum pmj_code
add_link(struct journal *journal, struct filter *filter, const struct field *field,
    const char *typed, struct pmj_error *err)
{
	char id[PMJ_RECORD_CHARS + 1];
	enum pmj_code rc = records_link(journal, id, field->link_kind, typed, err);

	filter->by_link = filter->by_link || rc == PMJ_OK;
	if (rc == PMJ_OK)
		add_condition(filter, "", field->name, " = ", json_string(id));
	else if (rc == PMJ_NOT_FOUND && field->open)
		add_folded(filter, field->name, typed);
	else
		return rc;
	return PMJ_OK;
}

static enum pmj_code
add_yes_no(
    struct filter *filter, const struct field *field, const char *typed, struct pmj_error *err)
{
	static const char *const yes[] = {"yes", "true", "1", "ndiyo"};
	static const char *const no[] = {"no", "false", "0", "hapana"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!text_same(typed, yes[i]) && !text_same(typed, no[i]))
			continue;
		add_condition(
		    filter, "", field->name, " = ", json_integer(text_same(typed, yes[i])));
		return PMJ_OK;
	}
	(void)pmj_fail(err, PMJ_INVALID, "%s is yes or no", field->name);
	pmj_hint(err, "write %s=yes or %s=no", field->name, field->name);
	return PMJ_INVALID;
}

static enum pmj_code
add_integer(
    struct filter *filter, const struct field *field, const char *typed, struct pmj_error *err)
{
	char *end = NULL;
	long long number;

	errno = 0;
	number = strtoll(typed, &end, 10);
	if (errno != 0 || end == typed || *end != '\0') {
		(void)pmj_fail(err, PMJ_INVALID, "%s is a whole number", field->name);
		pmj_hint(err, "write it with digits only, such as %s=10", field->name);
		return PMJ_INVALID;
	}
	add_condition(filter, "", field->name, " = ", json_integer(number));
	return PMJ_OK;
}

static enum pmj_code
add_field(struct journal *journal, struct filter *filter, const struct kind *kind, const char *name,
    const char *typed, struct pmj_error *err)
{
	const struct field *field;
	enum pmj_code rc;

	if (strcmp(name, "state") == 0)
		return add_state(filter, kind, typed, err);
	if ((rc = kind_need_field(&field, kind, name, err)) != PMJ_OK)
		return rc;
	if (!schema_has_column(field)) {
		(void)pmj_fail(err, PMJ_USAGE, "%s is a note: nothing is listed by one", name);
		pmj_hint(err, "look for its words: pamoja find WORDS");
		return PMJ_USAGE;
	}
	switch (field->type) {
	case FIELD_LINK:
		return add_link(journal, filter, field, typed, err);
	case FIELD_CHOICE:
	case FIELD_CHOICES:
		return add_choice(filter, field, typed, err);
	case FIELD_YES_NO:
		return add_yes_no(filter, field, typed, err);
	case FIELD_INTEGER:
		return add_integer(filter, field, typed, err);
	default:
		add_folded(filter, field->name, typed);
		return PMJ_OK;
	}
}

static enum pmj_code
add_stale(
    struct journal *journal, struct filter *filter, const struct kind *kind, struct pmj_error *err)
{
	char before[11];

	if (kind->checked == NULL)
		return pmj_fail(
		    err, PMJ_USAGE, "nobody checks whether a %s is still so", kind->name);
	records_stale_before(journal, kind, before);
	add_condition(filter, "coalesce(", kind->checked, ", '') < ", json_string(before));
	for (size_t i = 0; i < kind->state_count; i++)
		if (kind->states[i].closed)
			add_condition(
			    filter, "", "state", " <> ", json_string(kind->states[i].name));
	return PMJ_OK;
}

static enum pmj_code
make_filter(struct journal *journal, struct filter *filter, const struct records_query *query,
    struct pmj_error *err)
{
	const struct kind *kind = NULL;
	const char *name;
	json_t *value;
	enum pmj_code rc;

	if (json_object_size(query->where) == 0 && !query->stale)
		return PMJ_OK;
	if (query->kind == NULL)
		return pmj_fail(err, PMJ_USAGE, "a list by fields is of one kind");
	if ((rc = kinds_need(&kind, journal->kinds, query->kind, err)) != PMJ_OK ||
	    (query->stale && (rc = add_stale(journal, filter, kind, err)) != PMJ_OK))
		return rc;
	json_object_foreach((json_t *)query->where, name, value)
	{
		char *text =
		    json_is_string(value) ? mem_strdup(json_string_value(value)) : json_text(value);
		rc = add_field(journal, filter, kind, name, text, err);
		free(text);
		if (rc != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}

/* The conditions give a short list of ids, if they are worth asking; "+" keeps SQLite from walking
 * all records of the kind instead. */
static char *
query_text(const struct records_query *query, const struct filter *filter)
{
	if (json_array_size(filter->values) == 0)
		return mem_printf("SELECT rec FROM pmj_record WHERE %schanged_pt BETWEEN ?2 AND ?5"
		                  " AND NOT (changed_pt = ?5 AND rec >= ?6) AND (voided = 0 OR ?3)"
		                  " ORDER BY changed_pt DESC, rec DESC LIMIT ?4",
		    query->kind != NULL ? "kind = ?1 AND " : "");
	return mem_printf("SELECT rec FROM pmj_record WHERE +kind = ?1 AND +changed_pt BETWEEN ?2 "
	                  "AND ?5 AND NOT (+changed_pt = ?5 AND rec >= ?6) AND (voided = 0 OR ?3)"
	                  " AND num IN (SELECT _num FROM \"%s\" WHERE 1%s) ORDER BY "
	                  "changed_pt DESC, rec DESC LIMIT ?4",
	    query->kind, buf_text(&filter->text));
}

/* The same of the latest of the kind only: what a list is by is mostly common, and then they hold
 * as many as are asked for; to look at all, and to sort them, takes seconds among 100,000. */
#define LATEST_LOOKED_AT "2000"

static char *
latest_text(const struct records_query *query, const struct filter *filter)
{
	return mem_printf(
	    "SELECT r.rec FROM (SELECT num, rec, changed_pt FROM pmj_record WHERE kind = ?1 AND"
	    " changed_pt BETWEEN ?2 AND ?5 AND NOT (changed_pt = ?5 AND rec >= ?6) AND (voided = 0"
	    " OR ?3) ORDER BY changed_pt DESC, rec DESC LIMIT " LATEST_LOOKED_AT ") r CROSS JOIN"
	    " \"%s\" t ON t._num = r.num WHERE 1%s ORDER BY r.changed_pt DESC, r.rec DESC LIMIT ?4",
	    query->kind, buf_text(&filter->text));
}

static enum pmj_code
since_ms(int64_t *out, const struct journal *journal, const struct records_query *query,
    struct pmj_error *err)
{
	*out = query->since_ms > 0 ? query->since_ms : INT64_MIN;
	if (query->since == NULL)
		return PMJ_OK;
	if (!date_is_day(query->since))
		return pmj_fail(err, PMJ_INVALID, "since is a date such as 2026-11-23");
	*out = date_days(query->since) * DAY_MS;
	*out -= (int64_t)journal->os->offset_minutes(journal->os->ctx, *out) * MINUTE_MS;
	return PMJ_OK;
}

/* Where a list goes on: when the last of it was changed, and its id. */
struct place {
	int64_t changed;
	bool is_one;
	uint8_t rec[PMJ_RECORD_BYTES];
};

#define PLACE_MAX (20 + 1 + 2 * PMJ_RECORD_BYTES + 1)

static enum pmj_code
place_read(struct place *out, const char *text, struct pmj_error *err)
{
	char *end;

	*out = (struct place){.changed = INT64_MAX};
	if (text == NULL)
		return PMJ_OK;
	errno = 0;
	out->changed = strtoll(text, &end, 10);
	out->is_one = true;
	if (errno != 0 || end == text || *end != '-' ||
	    !text_unhex(out->rec, sizeof(out->rec), end + 1))
		return pmj_fail(err, PMJ_USAGE, "a list goes on from what \"next\" said");
	return PMJ_OK;
}

/* answer["next"], after the last of its items. */
static enum pmj_code
put_next(struct journal *journal, json_t *answer, const uint8_t (*recs)[PMJ_RECORD_BYTES],
    struct pmj_error *err)
{
	const uint8_t *last = recs[json_array_size(json_arr(answer, "items")) - 1];
	struct sql *sql = sql_get(journal, "SELECT changed_pt FROM pmj_record WHERE rec = ?1");
	char next[PLACE_MAX], hex[2 * PMJ_RECORD_BYTES + 1];
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_blob(sql, 1, last, PMJ_RECORD_BYTES), &row, err)) == PMJ_OK && row) {
		(void)snprintf(next, sizeof(next), "%lld-%s", (long long)sql_col_int(sql, 0),
		    text_hex(hex, last, PMJ_RECORD_BYTES));
		(void)json_object_set_new(answer, "next", json_string(next));
	}
	sql_done(sql);
	return rc;
}

static void
bind_values(struct sql *sql, const json_t *values)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *value = json_array_get(values, i);
		int at = (int)i + BOUND_FROM;
		if (json_is_integer(value))
			(void)sql_int(sql, at, json_integer_value(value));
		else
			(void)sql_text(sql, at, json_string_value(value));
	}
}

struct asked {
	const struct records_query *query;
	const struct filter *filter;
	const struct place *from;
	int64_t since, most;
};

static enum pmj_code
ask_list(struct journal *journal, uint8_t (**recs)[PMJ_RECORD_BYTES], size_t *count,
    const char *text, const struct asked *asked, struct pmj_error *err)
{
	struct sql *sql = sql_new(journal, text);
	enum pmj_code rc;

	*recs = NULL;
	*count = 0;
	if (asked->query->kind != NULL)
		(void)sql_text(sql, 1, asked->query->kind);
	(void)sql_int(sql_int(sql, 2, asked->since), 3, asked->query->voided_too);
	(void)sql_int(sql_int(sql, 4, asked->most), 5, asked->from->changed);
	if (asked->from->is_one)
		(void)sql_blob(sql, 6, asked->from->rec, sizeof(asked->from->rec));
	else
		(void)sql_null(sql, 6);
	bind_values(sql, asked->filter->values);
	rc = records_ids(sql, recs, count, err);
	sql_free(sql);
	return rc;
}

enum pmj_code
records_list(struct journal *journal, json_t **out, const struct records_query *query,
    enum lang lang, struct pmj_error *err)
{
	int64_t limit = query->limit > 0 && query->limit < LIST_MOST ? query->limit
	                : query->limit > 0                           ? LIST_MOST
	                                                             : RECORDS_LIMIT;
	struct filter filter = {.values = json_array()};
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	struct place from;
	size_t count = 0;
	char *text = NULL;
	int64_t since = 0;
	enum pmj_code rc;

	*out = NULL;
	buf_init(&filter.text, 0);
	if ((rc = since_ms(&since, journal, query, err)) != PMJ_OK ||
	    (rc = place_read(&from, query->from, err)) != PMJ_OK ||
	    (rc = make_filter(journal, &filter, query, err)) != PMJ_OK)
		goto out;
	if (json_array_size(filter.values) > 0 && !filter.by_link) {
		text = latest_text(query, &filter);
		rc = ask_list(journal, &recs, &count, text,
		    &(struct asked){query, &filter, &from, since, limit + 1}, err);
	}
	if (rc == PMJ_OK && count <= (size_t)limit) {
		free(text);
		free(recs);
		text = query_text(query, &filter);
		rc = ask_list(journal, &recs, &count, text,
		    &(struct asked){query, &filter, &from, since, limit + 1}, err);
	}
	if (rc == PMJ_OK)
		rc = records_items(journal, out, (const uint8_t(*)[PMJ_RECORD_BYTES])recs, count,
		    (size_t)limit, query->until_ms, lang, err);
	if (rc == PMJ_OK && json_flag(*out, "more") &&
	    (rc = put_next(journal, *out, (const uint8_t(*)[PMJ_RECORD_BYTES])recs, err)) !=
	        PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	if (rc == PMJ_OK && count == 0 && query->from == NULL) {
		json_t *near = records_near(journal, query);

		if (json_array_size(near) > 0)
			(void)json_object_set(*out, "near", near);
		json_decref(near);
	}
out:
	free(text);
	free(recs);
	buf_close(&filter.text);
	json_decref(filter.values);
	return rc;
}
