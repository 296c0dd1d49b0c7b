/* plan.c - the paper a person takes home: of the kinds that have a [plan], what is still open, in
 * the worker's language. It says nothing of what was observed, and names no programme. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "domain/reminder.h"

static bool
is_open(const struct kind *kind, const struct merge_record *merged)
{
	const char *name = json_string_value(merge_shown(merged, "state"));
	const struct state *state = name != NULL ? kind_state(kind, name) : NULL;

	return !merged->voided && (state == NULL || !state->closed);
}

/* What a reminder made was written for whoever does it: it stands on no paper that another may find
 * in a pocket, unless the worker says so. Older ones are known by their words. */
static bool
goes_home(const struct call *call, const struct kind *kind, const struct merge_record *merged)
{
	const json_t *said;
	const char *words;

	if (kind->plan.only_if == NULL)
		return true;
	said = merge_shown(merged, kind->plan.only_if);
	if (json_is_boolean(said))
		return json_is_true(said);
	words = json_string_value(merge_shown(merged, kind->shows));
	return reminder_of_words(&call->core->kinds, kind, words) == NULL;
}

/* One record: a line for each field that says something. */
static json_t *
lines_of(const struct call *call, const struct kind *kind, const struct merge_record *merged)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < kind->plan.show_count; i++) {
		const json_t *value = merge_shown(merged, kind->plan.shows[i]);
		const struct field *field = kind_field(kind, kind->plan.shows[i]);
		char *text;

		if (value == NULL || json_is_null(value) || json_is_object(value))
			continue;
		text = value_text(field, value, call->lang);
		if (*text != '\0')
			(void)json_array_append_new(
			    lines, json_pack("{s:s,s:s}", "label",
			               texts_in(&field->label, call->lang), "text", text));
		free(text);
	}
	return lines;
}

static enum pmj_code
add_record(json_t *items, size_t *left_out, const struct call *call, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct record_full record = {.row_count = 0};
	enum pmj_code rc = records_load(call->core->journal, &record, rec, err);
	json_t *lines;

	if (rc == PMJ_OK && is_open(kind, &record.merged) &&
	    !goes_home(call, kind, &record.merged)) {
		++*left_out;
	} else if (rc == PMJ_OK && is_open(kind, &record.merged)) {
		lines = lines_of(call, kind, &record.merged);
		if (json_array_size(lines) > 0)
			(void)json_array_append_new(items,
			    json_pack("{s:O,s:s}", "lines", lines, "due",
			        kind->due != NULL && merge_shown(&record.merged, kind->due) != NULL
			            ? json_string_value(merge_shown(&record.merged, kind->due))
			            : ""));
		json_decref(lines);
	}
	record_full_close(&record);
	return rc;
}

static int
by_day(const void *a, const void *b)
{
	return strcmp(json_str(*(json_t *const *)a, "due"), json_str(*(json_t *const *)b, "due"));
}

/* As they come, not as they were written. */
static void
order_by_day(json_t *items)
{
	size_t count = json_array_size(items);
	json_t **list = mem_array(count + 1, sizeof(json_t *));

	for (size_t i = 0; i < count; i++)
		list[i] = json_incref(json_array_get(items, i));
	if (count > 0)
		qsort((void *)list, count, sizeof(*list), by_day);
	for (size_t i = 0; i < count; i++)
		(void)json_array_set_new(items, i, list[i]);
	free((void *)list);
}

/* Where the next piece goes on: a kind of the plan, and one of its records about the person. */
struct plan_cursor {
	size_t kind, record;
	int64_t until_ms;
	bool more;
	size_t left_out;
};

static bool
is_plan_time_over(const struct call *call, const struct plan_cursor *at)
{
	return call->core->os->mono_ms(call->core->os->ctx) >= at->until_ms;
}

static enum pmj_code
section_of(json_t **out, struct plan_cursor *at, const struct call *call, const struct kind *kind,
    const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0, first = at->record;
	json_t *items = json_array();
	enum pmj_code rc = PMJ_OK;

	if (kind->subject_count == 0)
		rc = add_record(items, &at->left_out, call, kind, person, err);
	else
		rc = records_about(call->core->journal, &recs, &count, person, kind->name, err);
	while (rc == PMJ_OK && at->record < count &&
	       (at->record == first || !is_plan_time_over(call, at)))
		rc = add_record(items, &at->left_out, call, kind, recs[at->record++], err);
	at->more = at->record < count;
	order_by_day(items);
	*out = json_pack("{s:s,s:s,s:O}", "kind", kind->name, "title",
	    texts_in(&kind->plan.title, call->lang), "items", items);
	json_decref(items);
	free(recs);
	return rc;
}

/* One kind after the other, until the time is over. */
static enum pmj_code
sections_of(json_t *sections, struct plan_cursor *at, const struct call *call,
    const struct kind *const *list, size_t count, const uint8_t person[static PMJ_RECORD_BYTES],
    struct pmj_error *err)
{
	size_t first = at->kind;
	enum pmj_code rc = PMJ_OK;

	for (; at->kind < count && rc == PMJ_OK; at->kind++, at->record = 0) {
		json_t *section = NULL;

		if (at->kind > first && is_plan_time_over(call, at)) {
			at->more = true;
			break;
		}
		rc = section_of(&section, at, call, list[at->kind], person, err);
		if (json_array_size(json_arr(section, "items")) > 0)
			(void)json_array_append(sections, section);
		json_decref(section);
		if (at->more)
			break;
	}
	return rc;
}

static int
by_place(const void *a, const void *b)
{
	const struct kind *x = *(const struct kind *const *)a, *y = *(const struct kind *const *)b;

	return x->plan.place != y->plan.place ? (x->plan.place > y->plan.place ? 1 : -1)
	                                      : strcmp(x->name, y->name);
}

static size_t
kinds_of_plan(const struct kind **list, const struct kinds *kinds)
{
	size_t count = 0;

	for (size_t i = 0; i < kinds->count; i++)
		if (kinds->list[i]->plan.place > 0)
			list[count++] = kinds->list[i];
	if (count > 0)
		qsort((void *)list, count, sizeof(*list), by_place);
	return count;
}

enum pmj_code
record_plan(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct kinds *kinds = &call->core->kinds;
	const struct kind **list = mem_array(kinds->count + 1, sizeof(*list));
	struct record_full person = {.row_count = 0};
	struct plan_cursor at = {
	    .until_ms = call->core->os->mono_ms(call->core->os->ctx) + CORE_PIECE_MS};
	const char *from = json_str(call->query, "from");
	size_t count = kinds_of_plan(list, kinds);
	uint8_t rec[PMJ_RECORD_BYTES];
	const struct kind *kind;
	json_t *sections = json_array();
	char date[11], next[48], *name = NULL;
	enum pmj_code rc;

	if (from != NULL && sscanf(from, "%zu-%zu", &at.kind, &at.record) != 2) {
		rc = pmj_fail(err, PMJ_USAGE, "from is the \"next\" of an earlier answer");
		goto out;
	}
	if ((rc = record_person(call, &person, &kind, rec, err)) != PMJ_OK)
		goto out;
	rc = sections_of(sections, &at, call, list, count, rec, err);
	record_date(call, date);
	name = records_title(call->core->journal, rec, call->lang);
	if (rc == PMJ_OK)
		*out = json_pack("{s:s,s:s,s:O,s:I}", "name", name, "on", date, "sections",
		    sections, "left_out", (json_int_t)at.left_out);
	if (rc == PMJ_OK && at.more) {
		(void)snprintf(next, sizeof(next), "%zu-%zu", at.kind, at.record);
		(void)json_object_set_new(*out, "next", json_string(next));
	}
out:
	free(name);
	free((void *)list);
	json_decref(sections);
	record_full_close(&person);
	return rc;
}
