/* records_filter.c - what a list is by, as conditions on the kind's table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/value.h"
#include "store/journal_inner.h"
#include "store/records_filter.h"
#include "store/search.h"

static void
add_condition(struct records_filter *filter, const char *before, const char *column,
    const char *after, json_t *value)
{
	buf_putf(&filter->text, " AND %st.\"%s\"%s?%zu", before, column, after,
	    json_array_size(filter->values) + RECORDS_FILTER_FROM);
	(void)json_array_append_new(filter->values, value);
}

/* The words of a text stand in the full-text table, where it has to be found by them. */
static void
add_text_words(struct journal *journal, struct records_filter *filter, const struct field *field,
    const char *typed)
{
	char *words;

	if (!field->searchable || filter->words != NULL ||
	    (field->type != FIELD_TEXT && field->type != FIELD_PLACE && field->type != FIELD_PHONE))
		return;
	words = search_words(journal->db, typed);
	filter->words = search_query(words != NULL ? words : typed, true);
	mem_free_wiped(words);
}

static void
add_folded(struct records_filter *filter, const char *column, const char *typed)
{
	char *folded = text_fold(typed);

	add_condition(filter, "pmj_fold(", column, ") = ", json_string(folded));
	free(folded);
}

static enum pmj_code
add_choice(struct records_filter *filter, const struct field *field, const char *typed,
    struct pmj_error *err)
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
	buf_putf(&filter->text, " AND instr(t.\"%s\", ?%zu) > 0", field->name,
	    json_array_size(filter->values) + RECORDS_FILTER_FROM);
	(void)json_array_append_new(filter->values, json_string(text));
	free(text);
	json_decref(item);
	return PMJ_OK;
}

/* Of two, the one that fewer records share: a person rather than a state. */
static void
set_link(struct records_filter *filter, const char *field, const char *value, bool by_id)
{
	mem_free_wiped(filter->linked);
	filter->link = field;
	filter->linked = mem_strdup(value);
	filter->by_id = by_id;
	filter->linked_at = 0;
}

static enum pmj_code
add_state(struct records_filter *filter, const struct kind *kind, const char *typed,
    struct pmj_error *err)
{
	const struct state *state;
	enum pmj_code rc = kind_need_state(&state, kind, typed, err);

	if (rc == PMJ_OK) {
		add_condition(filter, "", "state", " = ", json_string(state->name));
		if (filter->link == NULL)
			set_link(filter, "state", state->name, false);
	}
	return rc;
}

static enum pmj_code
add_link(struct journal *journal, struct records_filter *filter, const struct kind *kind,
    const struct field *field, const char *typed, struct pmj_error *err)
{
	char id[PMJ_RECORD_CHARS + 1];
	enum pmj_code rc = records_link(journal, id, field->link_kind, typed, err);

	if (rc == PMJ_OK) {
		set_link(filter, field->name, id, true);
		if (schema_is_subject(kind, field))
			filter->linked_at = json_array_size(filter->values) + RECORDS_FILTER_FROM;
		buf_putf(&filter->text, " AND t.\"%s\" = pmj_id(?%zu)", field->name,
		    json_array_size(filter->values) + RECORDS_FILTER_FROM);
		(void)json_array_append_new(filter->values, json_string(id));
	} else if (rc == PMJ_NOT_FOUND && field->open)
		add_folded(filter, field->name, typed);
	else
		return rc;
	return PMJ_OK;
}

static enum pmj_code
add_yes_no(struct records_filter *filter, const struct field *field, const char *typed,
    struct pmj_error *err)
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
add_integer(struct records_filter *filter, const struct field *field, const char *typed,
    struct pmj_error *err)
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
add_field(struct journal *journal, struct records_filter *filter, const struct kind *kind,
    const char *name, const char *typed, struct pmj_error *err)
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
		return add_link(journal, filter, kind, field, typed, err);
	case FIELD_CHOICE:
	case FIELD_CHOICES:
		return add_choice(filter, field, typed, err);
	case FIELD_YES_NO:
		return add_yes_no(filter, field, typed, err);
	case FIELD_INTEGER:
		return add_integer(filter, field, typed, err);
	default:
		add_folded(filter, field->name, typed);
		add_text_words(journal, filter, field, typed);
		return PMJ_OK;
	}
}

static enum pmj_code
add_stale(struct journal *journal, struct records_filter *filter, const struct kind *kind,
    struct pmj_error *err)
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

enum pmj_code
records_filter(struct journal *journal, struct records_filter *filter,
    const struct records_query *query, struct pmj_error *err)
{
	const struct kind *kind = NULL;
	const char *name;
	json_t *value;
	enum pmj_code rc;

	*filter = (struct records_filter){.values = json_array()};
	buf_init(&filter->text, 0);
	if (json_object_size(query->where) == 0 && !query->stale)
		return PMJ_OK;
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

void
records_filter_close(struct records_filter *filter)
{
	buf_wipe(&filter->text);
	json_decref(filter->values);
	mem_free_wiped(filter->words);
	mem_free_wiped(filter->linked);
}
