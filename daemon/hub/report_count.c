/* report_count.c - the records of one period counted, as the kinds' [report NAME] say, in steps:
 * on a big hub each pass over a kind's table takes seconds. Nothing is kept of a person but the
 * number of their record, and that until the counting is done. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "domain/report.h"
#include "hub/report.h"
#include "hub/tally.h"

#define RECORDS_AT_ONCE 100 /* numbers of records walked before the clock is looked at again */

struct item { /* one [report NAME] of one kind */
	const struct kind *kind;
	const struct report *report;
};

enum pass { PASS_SEEN, PASS_RECORDS, PASS_PEOPLE, PASS_TELL };

struct report_count {
	struct journal *journal;
	const struct kinds *kinds;
	const struct os *os;
	struct report_period period;
	int64_t least;
	int64_t last; /* number of the newest record when it was begun */
	struct item *items;
	size_t count;
	json_t *reports; /* those that are done */
	/* The one that is being counted: */
	enum pass pass;
	int64_t at; /* records up to this number, or so many people, are counted */
	char *text; /* the pass's statement */
	struct seen seen;
	struct tally *tallies; /* one for each `by`, and one for the whole */
	size_t tally_count;
};

static int
by_place(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->report->place != y->report->place)
		return x->report->place < y->report->place ? -1 : 1;
	return strcmp(x->kind->name, y->kind->name);
}

struct report_count *
report_count_new(struct journal *journal, const struct report_period *period, int64_t least)
{
	struct report_count *count = mem_new(sizeof(*count));

	count->journal = journal;
	count->kinds = journal_kinds(journal);
	count->os = journal_os(journal);
	count->period = *period;
	count->least = least;
	count->last = sql_first_int(sql_get(journal, "SELECT max(num) FROM pmj_record"), 0);
	count->reports = json_array();
	for (size_t i = 0; i < count->kinds->count; i++) {
		const struct kind *kind = count->kinds->list[i];

		for (size_t j = 0; j < kind->report_count; j++) {
			count->items =
			    mem_grow(count->items, count->count + 1, sizeof(*count->items));
			count->items[count->count++] = (struct item){kind, &kind->reports[j]};
		}
	}
	if (count->count > 0)
		qsort(count->items, count->count, sizeof(*count->items), by_place);
	return count;
}

static void
end_item(struct report_count *count)
{
	for (size_t i = 0; i < count->tally_count; i++)
		tally_close(&count->tallies[i]);
	free(count->tallies);
	free(count->text);
	seen_close(&count->seen);
	count->tallies = NULL;
	count->tally_count = 0;
	count->text = NULL;
	count->at = 0;
	count->pass = PASS_SEEN;
}

void
report_count_free(struct report_count *count)
{
	if (count == NULL)
		return;
	end_item(count);
	free(count->items);
	json_decref(count->reports);
	free(count);
}

static const struct item *
this_item(const struct report_count *count)
{
	return &count->items[json_array_size(count->reports)];
}

/* ---- passes ---- */

static void
begin_pass(struct report_count *count, enum pass pass)
{
	const struct item *item = this_item(count);
	struct report_asks asks = {count->kinds, &count->period, item->kind, item->report};

	count->pass = pass;
	count->at = 0;
	free(count->text);
	count->text = NULL;
	if (pass == PASS_SEEN)
		count->text = report_text_seen(&asks);
	else if (pass == PASS_RECORDS)
		count->text = report_text_records(&asks);
	else if (pass == PASS_PEOPLE)
		count->text = report_text_people(&asks);
}

/* ---- one row ---- */

static bool
is_within(const struct report_count *count, struct sql *q, const char *on)
{
	const char *day;

	if (on == NULL)
		return sql_col_int(q, 1) >= count->period.from_ms &&
		       sql_col_int(q, 1) < count->period.to_ms;
	day = sql_col_text(q, 1);
	return day != NULL && strcmp(day, count->period.from) >= 0 &&
	       strcmp(day, count->period.to) <= 0;
}

static const char *
column(struct sql *q, int at, const struct field *field)
{
	if (field != NULL && field->type == FIELD_YES_NO && !sql_col_null(q, at))
		return sql_col_int(q, at) == 1 ? "yes" : sql_col_int(q, at) == 0 ? "no" : NULL;
	return sql_col_text(q, at);
}

static void
add_row(struct report_count *count, struct sql *q, int64_t person)
{
	const struct item *item = this_item(count);
	int64_t n = sql_col_int(q, 2);

	if (n < 0)
		return;
	tally_add(&count->tallies[0], NULL, n, person);
	for (size_t i = 0; i < item->report->by_count; i++) {
		struct report_by by = {.kind = NULL};

		(void)report_by(&by, count->kinds, item->kind, item->report->by[i]);
		tally_add(&count->tallies[1 + i], column(q, 3 + (int)i, by.field), n, person);
	}
}

/* The first and the last time up to the period's end; of who was asked within it. */
static void
add_time(struct report_count *count, struct sql *q)
{
	struct seen_person *one = seen_find(&count->seen, sql_col_int(q, 0));
	const char *day = sql_col_text(q, 1);

	if (one == NULL || day == NULL || sql_col_null(q, 2) || strcmp(day, count->period.to) > 0)
		return;
	if (one->times == 0 || strcmp(day, one->first_on) < 0) {
		one->first = sql_col_int(q, 2);
		memcpy(one->first_on, day, strnlen(day, 10));
	}
	if (one->times == 0 || strcmp(day, one->last_on) >= 0) {
		one->last = sql_col_int(q, 2);
		memcpy(one->last_on, day, strnlen(day, 10));
	}
	one->times++;
}

static void
take_row(struct report_count *count, struct sql *q)
{
	const struct report *report = this_item(count)->report;

	if (count->pass == PASS_SEEN) {
		if (is_within(count, q, "on") && !sql_col_null(q, 0))
			seen_add(&count->seen, sql_col_int(q, 0));
	} else if (count->pass == PASS_PEOPLE) {
		add_row(count, q, count->at);
	} else if (report->change != NULL) {
		add_time(count, q);
	} else if (is_within(count, q, report->on)) {
		add_row(count, q, sql_col_int(q, 0));
	}
}

/* ---- steps ---- */

static void
begin_item(struct report_count *count)
{
	const struct item *item = this_item(count);

	count->tally_count = 1 + item->report->by_count;
	count->tallies = mem_array(count->tally_count, sizeof(*count->tallies));
	for (size_t i = 0; i < count->tally_count; i++) {
		struct report_by by = {.kind = item->kind};
		/* The whole: all of it "not said". */
		static const struct field whole = {.type = FIELD_TEXT};
		bool people = item->kind->subject_count == 1;

		if (i > 0)
			(void)report_by(&by, count->kinds, item->kind, item->report->by[i - 1]);
		tally_init(
		    &count->tallies[i], by.kind, i > 0 ? by.field : &whole, count->least, people);
	}
	begin_pass(count, item->report->seen != NULL ? PASS_SEEN : PASS_RECORDS);
}

static void
tell(struct report_count *count)
{
	const struct item *item = this_item(count);
	json_t *report =
	    json_pack("{s:s,s:s}", "kind", item->kind->name, "report", item->report->name);
	json_t *tables = json_array(), *total = NULL;

	if (item->report->change != NULL) {
		report_change(report, &count->seen, count->least);
	} else {
		json_decref(report_table(&count->tallies[0], "", count->least, &total));
		(void)json_object_set_new(report, "total", total);
		for (size_t i = 0; i < item->report->by_count; i++)
			(void)json_array_append_new(
			    tables, report_table(&count->tallies[1 + i], item->report->by[i],
			                count->least, NULL));
	}
	(void)json_object_set(report, "tables", tables);
	json_decref(tables);
	(void)json_array_append_new(count->reports, report);
	end_item(count);
}

/* One person of those seen, or a range of records. */
static enum pmj_code
count_some(struct report_count *count, struct sql *q, struct pmj_error *err)
{
	bool people = count->pass == PASS_PEOPLE, row;
	enum pmj_code rc;

	(void)sql_int(q, 1, people ? count->seen.list[count->at].person : count->at);
	if (!people)
		(void)sql_int(q, 2, count->at + RECORDS_AT_ONCE);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		take_row(count, q);
	count->at += people ? 1 : RECORDS_AT_ONCE;
	return rc;
}

static bool
is_late(const struct report_count *count, int64_t until_ms)
{
	return count->os->mono_ms(count->os->ctx) >= until_ms;
}

/* As much of the pass as there is time for; *done: all of it. */
static enum pmj_code
walk(struct report_count *count, bool *done, int64_t until_ms, struct pmj_error *err)
{
	int64_t last = count->pass == PASS_PEOPLE ? (int64_t)count->seen.count : count->last;
	struct sql *q = sql_new(count->journal, count->text);
	enum pmj_code rc = PMJ_OK;

	for (int i = 0; count->at < last && rc == PMJ_OK; i++) {
		if (i > 0 && is_late(count, until_ms))
			break;
		rc = count_some(count, q, err);
	}
	sql_free(q);
	*done = count->at >= last;
	return rc;
}

static enum pmj_code
go_on(struct report_count *count, int64_t until_ms, struct pmj_error *err)
{
	const struct report *report = this_item(count)->report;
	enum pmj_code rc;
	bool done;

	if (count->tallies == NULL)
		begin_item(count);
	if (count->pass == PASS_TELL) {
		tell(count);
		return PMJ_OK;
	}
	if ((rc = walk(count, &done, until_ms, err)) != PMJ_OK || !done)
		return rc;
	if (count->pass == PASS_SEEN)
		begin_pass(count, report->change != NULL ? PASS_RECORDS : PASS_PEOPLE);
	else
		begin_pass(count, PASS_TELL);
	return PMJ_OK;
}

enum pmj_code
report_count_step(struct report_count *count, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	*out = NULL;
	while (json_array_size(count->reports) < count->count) {
		if ((rc = go_on(count, until_ms, err)) != PMJ_OK)
			return rc;
		if (is_late(count, until_ms))
			return PMJ_OK;
	}
	*out = json_pack("{s:s,s:s,s:s,s:I,s:O}", "period", count->period.name, "from",
	    count->period.from, "to", count->period.to, "least", (json_int_t)count->least,
	    "reports", count->reports);
	return PMJ_OK;
}
