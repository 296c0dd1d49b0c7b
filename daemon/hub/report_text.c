/* report_text.c - the statements by which a report is counted. */
#include "base/mem.h"
#include "domain/report.h"
#include "hub/report.h"

/* What it is divided by, as columns. */
static void
put_by(struct buf *text, const struct report_asks *asks)
{
	for (size_t i = 0; i < asks->report->by_count; i++) {
		struct report_by by = {.kind = NULL};

		if (report_by(&by, asks->kinds, asks->kind, asks->report->by[i]))
			buf_putf(text, ", %s.\"%s\"", by.of_person ? "p" : "t",
			    by.field != NULL ? by.field->name : "state");
		else
			buf_put_text(text, ", NULL");
	}
}

/* What is of another time is left before anybody looks whom it is about: that is a page elsewhere,
 * and nine in ten are. */
static void
put_when(struct buf *text, const struct report_asks *asks, const char *on, bool all_before)
{
	buf_put_text(text, " WHERE t._num > ?1 AND t._num <= ?2 AND t.voided = 0");
	if (on == NULL)
		buf_putf(text,
		    " AND r.changed_pt - r.made_ago >= %lld AND r.changed_pt - r.made_ago < %lld",
		    (long long)asks->period->from_ms, (long long)asks->period->to_ms);
	else if (all_before)
		buf_putf(text, " AND t.\"%s\" <= '%s'", on, asks->period->to);
	else
		buf_putf(text, " AND t.\"%s\" BETWEEN '%s' AND '%s'", on, asks->period->from,
		    asks->period->to);
}

/* Records of a kind, a range of numbers at a time: number of the person, day, what is added up, and
 * what it is divided by. */
static char *
records_text(const struct report_asks *asks, const struct kind *kind, const char *on,
    const char *sums, bool divided)
{
	struct buf text;
	char *out;

	buf_init(&text, 0);
	buf_put_text(&text, "SELECT pr.num, ");
	buf_putf(&text, on != NULL ? "t.\"%s\", " : "%s",
	    on != NULL ? on : "r.changed_pt - r.made_ago, ");
	/* "Chose not to say" is no number, and not nought either. */
	if (sums != NULL)
		buf_putf(
		    &text, "CASE typeof(t.\"%s\") WHEN 'integer' THEN t.\"%s\" END", sums, sums);
	else
		buf_put_text(&text, "1");
	if (divided)
		put_by(&text, asks);
	buf_putf(&text, " FROM \"%s\" t", kind->name);
	if (on == NULL)
		buf_put_text(&text, " CROSS JOIN pmj_record r ON r.num = t._num");
	buf_put_text(&text,
	    " LEFT JOIN pmj_subject s ON s._num = t._num LEFT JOIN pmj_record pr ON pr.rec ="
	    " s.person");
	if (divided && kinds_get(asks->kinds, "person") != NULL)
		buf_put_text(&text, " LEFT JOIN person p ON p._num = pr.num");
	put_when(&text, asks, on, divided && asks->report->change != NULL);
	out = mem_strdup(buf_text(&text));
	buf_close(&text);
	return out;
}

char *
report_text_people(const struct report_asks *asks)
{
	struct buf text;
	char *out;

	buf_init(&text, 0);
	buf_put_text(&text, "SELECT 1, NULL, 1");
	put_by(&text, asks);
	buf_put_text(&text, " FROM person t WHERE t._num = ?1 AND t.voided = 0");
	out = mem_strdup(buf_text(&text));
	buf_close(&text);
	return out;
}

char *
report_text_seen(const struct report_asks *asks)
{
	return records_text(asks, kinds_get(asks->kinds, asks->report->seen), "on", NULL, false);
}

char *
report_text_records(const struct report_asks *asks)
{
	const struct report *report = asks->report;

	return records_text(asks, asks->kind, report->on,
	    report->change != NULL ? report->change : report->sums, true);
}
