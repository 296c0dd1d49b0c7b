/* report.c - the programme's report: which periods there are, what was published of each, and that
 * it stays what it was.
 *
 * Two reports about overlapping times can be subtracted. So all periods of a hub are of one length,
 * chosen before the first is published; each is whole and over; and what was published once is
 * answered for ever, whatever comes in late. */
#include "hub/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "domain/report.h"
#include "hub/hub_inner.h"

#define KEPT "report." /* and the period's name: the published document */
#define KEPT_LENGTH "report.length"
#define LISTED 12 /* periods */

struct hub_report {
	struct hub *hub;
	struct report_count *count;
	struct report_period period;
	int64_t months;
	enum lang lang;
};

/* ---- periods ---- */

static const char *
length_word(int64_t months)
{
	return months == 1 ? "month" : months == 3 ? "quarter" : "year";
}

static int64_t
local_ms(const struct hub *hub, const char *day)
{
	int64_t ms = date_days(day) * DAY_MS;

	return ms - (int64_t)hub->os->offset_minutes(hub->os->ctx, ms) * MINUTE_MS;
}

/* The period that begins with this month, counted from year 0. */
static void
period_from(struct report_period *out, const struct hub *hub, int64_t month, int64_t months)
{
	unsigned year = (unsigned)(month / 12) % 10000, first = (unsigned)(month % 12) + 1;
	char next[11];

	if (months == 1)
		(void)snprintf(out->name, sizeof(out->name), "%04u-%02u", year, first);
	else if (months == 3)
		(void)snprintf(
		    out->name, sizeof(out->name), "%04u-Q%u", year, (first - 1) / 3 % 4 + 1);
	else
		(void)snprintf(out->name, sizeof(out->name), "%04u", year);
	(void)snprintf(out->from, sizeof(out->from), "%04u-%02u-01", year, first);
	month += months;
	year = (unsigned)(month / 12) % 10000;
	first = (unsigned)(month % 12) + 1;
	(void)snprintf(next, sizeof(next), "%04u-%02u-01", year, first);
	date_of_days(out->to, date_days(next) - 1);
	out->from_ms = local_ms(hub, out->from);
	out->to_ms = local_ms(hub, next);
}

static int64_t
month_of_day(const char *day)
{
	return 12 * strtoll(day, NULL, 10) + strtoll(day + 5, NULL, 10) - 1;
}

/* The month in which the present period began. */
static int64_t
present(const struct hub *hub, int64_t months)
{
	int64_t now = os_now(hub->os);
	char stamp[17];

	(void)date_stamp(stamp, now, hub->os->offset_minutes(hub->os->ctx, now));
	stamp[10] = '\0';
	return month_of_day(stamp) / months * months;
}

/* Of the length that is in force; over. */
static enum pmj_code
period_read(struct report_period *out, struct hub *hub, const char *typed, int64_t months,
    struct pmj_error *err)
{
	int64_t now = present(hub, months);

	for (int64_t month = now; month >= 0 && month > now - 1200; month -= months) {
		period_from(out, hub, month, months);
		if (strcmp(out->name, typed) != 0)
			continue;
		if (month < now)
			return PMJ_OK;
		(void)pmj_fail(err, PMJ_REFUSED, "%s is not over yet", typed);
		pmj_hint(err, "a report is about a whole %s; the last one: pamoja hub report",
		    length_word(months));
		return PMJ_REFUSED;
	}
	period_from(out, hub, now - months, months);
	(void)pmj_fail(err, PMJ_INVALID, "%.20s is no %s that is over", typed, length_word(months));
	pmj_hint(err,
	    "write %s; this hub reports by %s, and by one length of time only, so that no "
	    "two reports can be subtracted",
	    out->name, length_word(months));
	return PMJ_INVALID;
}

/* What was published once fixes the length for good. */
static enum pmj_code
check_length(struct hub *hub, int64_t months, struct pmj_error *err)
{
	int64_t kept = journal_int(hub->journal, KEPT_LENGTH, months);

	if (kept == months)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_REFUSED, "this hub has published by %s, and goes on by %s",
	    length_word(kept), length_word(kept));
	pmj_hint(err,
	    "in pamoja.ini write [report] months = %lld: of another length two reports could be "
	    "subtracted",
	    (long long)kept);
	return PMJ_REFUSED;
}

/* ---- what is kept ---- */

static json_t *
kept(struct hub *hub, const char *period)
{
	char *key = mem_printf("%s%s", KEPT, period);
	char *text = journal_text(hub->journal, key);
	json_t *document = NULL;

	if (text != NULL)
		(void)!json_read(&document, text, strlen(text), &json_limits_api, NULL);
	free(text);
	free(key);
	return document;
}

/* Who was not heard since the period was over: what they bring later is counted in none. */
static enum pmj_code
unheard(struct hub *hub, json_t **out, int64_t to_ms, struct pmj_error *err)
{
	struct sql *q = sql_int(
	    sql_get(hub->journal,
	        "SELECT d.name FROM pmj_device d LEFT JOIN pmj_heard h ON h.device = d.device WHERE"
	        " d.mailbox IS NOT NULL AND d.state <> 'revoked' AND coalesce(h.came_ms, 0) < ?1"
	        " ORDER BY d.name"),
	    1, to_ms);
	enum pmj_code rc;
	bool row;

	*out = json_array();
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		(void)json_array_append_new(*out, json_string(sql_col_text(q, 0)));
	return rc;
}

/* ---- words beside the numbers, in the language of whoever asks ---- */

static void
put_by_words(json_t *table, const struct kinds *kinds, const struct kind *kind, enum lang lang)
{
	const char *name = json_str(table, "by");
	struct report_by by;
	json_t *row;
	size_t i;

	if (!report_by(&by, kinds, kind, name))
		return;
	(void)json_object_set_new(table, "by_label",
	    json_string(by.field != NULL ? texts_in(&by.field->label, lang) : ""));
	json_array_foreach(json_arr(table, "rows"), i, row)
	{
		const char *value = json_str(row, "value");
		const struct state *state = by.field == NULL ? kind_state(by.kind, value) : NULL;
		const char *label = state != NULL      ? texts_in(&state->label, lang)
		                    : by.field != NULL ? field_choice_label(by.field, value, lang)
		                                       : value;

		(void)json_object_set_new(row, "label", json_string(label));
	}
}

static void
put_words(json_t *document, const struct kinds *kinds, enum lang lang)
{
	json_t *one, *table;
	size_t i, j;

	json_array_foreach(json_arr(document, "reports"), i, one)
	{
		const struct kind *kind = kinds_get(kinds, json_str(one, "kind"));
		const char *name = json_str(one, "report");

		for (size_t r = 0; kind != NULL && r < kind->report_count; r++) {
			const struct report *report = &kind->reports[r];

			if (strcmp(report->name, name) != 0)
				continue;
			(void)json_object_set_new(
			    one, "title", json_string(texts_in(&report->title, lang)));
		}
		json_array_foreach(json_arr(one, "tables"), j, table)
		{
			if (kind != NULL)
				put_by_words(table, kinds, kind, lang);
		}
	}
}

/* ---- asked for ---- */

enum pmj_code
hub_report_kept(struct hub *hub, json_t **out, const char *typed, int64_t months, enum lang lang,
    struct pmj_error *err)
{
	struct report_period period;
	enum pmj_code rc;

	*out = kept(hub, typed);
	if (*out != NULL) {
		put_words(*out, journal_kinds(hub->journal), lang);
		return PMJ_OK;
	}
	if ((rc = check_length(hub, months, err)) != PMJ_OK ||
	    (rc = period_read(&period, hub, typed, months, err)) != PMJ_OK)
		return rc;
	rc = pmj_fail(err, PMJ_NOT_CONFIRMED, "%s is not published yet", period.name);
	pmj_hint(err, "numbers go out once and stay as they are: pamoja hub report %s --publish",
	    period.name);
	return rc;
}

enum pmj_code
hub_report_list(struct hub *hub, json_t **out, int64_t months, int64_t least, struct pmj_error *err)
{
	int64_t first = sql_first_int(
	    sql_get(hub->journal, "SELECT min(enrolled_ms) FROM pmj_device"), os_now(hub->os));
	int64_t now = present(hub, months);
	json_t *items = json_array();
	enum pmj_code rc = check_length(hub, months, err);

	for (int i = 1; i <= LISTED && rc == PMJ_OK; i++) {
		struct report_period period;
		json_t *item, *who = NULL, *document;

		period_from(&period, hub, now - i * months, months);
		document = kept(hub, period.name);
		item = json_pack("{s:s,s:s,s:s,s:O}", "period", period.name, "from", period.from,
		    "to", period.to, "published",
		    document != NULL ? json_object_get(document, "published") : json_null());
		if (document == NULL && i > 1 && period.to_ms < first) {
			json_decref(item); /* before there was a hub */
			break;
		}
		if (document == NULL && (rc = unheard(hub, &who, period.to_ms, err)) == PMJ_OK)
			(void)json_object_set(item, "unheard", who);
		json_decref(who);
		json_decref(document);
		(void)json_array_append_new(items, item);
	}
	if (rc == PMJ_OK)
		*out = json_pack("{s:s,s:I,s:O}", "every", length_word(months), "least",
		    (json_int_t)least, "items", items);
	json_decref(items);
	return rc;
}

/* ---- published ---- */

enum pmj_code
hub_report_new(struct hub *hub, struct hub_report **out, const char *typed, int64_t months,
    int64_t least, enum lang lang, struct pmj_error *err)
{
	struct report_period period;
	struct hub_report *report;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = check_length(hub, months, err)) != PMJ_OK ||
	    (rc = hub_clock(hub, err)) != PMJ_OK ||
	    (rc = period_read(&period, hub, typed, months, err)) != PMJ_OK)
		return rc;
	report = mem_new(sizeof(*report));
	report->hub = hub;
	report->period = period;
	report->months = months;
	report->lang = lang;
	report->count = report_count_new(hub->journal, &period, least);
	*out = report;
	return PMJ_OK;
}

void
hub_report_free(struct hub_report *report)
{
	if (report == NULL)
		return;
	report_count_free(report->count);
	free(report);
}

static enum pmj_code
publish(struct hub_report *report, json_t *document, struct pmj_error *err)
{
	struct journal *journal = report->hub->journal;
	char *key = mem_printf("%s%s", KEPT, report->period.name);
	char *text;
	enum pmj_code rc;

	(void)json_object_set_new(
	    document, "published", json_integer((json_int_t)os_now(report->hub->os)));
	text = json_text(document);
	if ((rc = journal_begin(journal, err)) == PMJ_OK) {
		rc = journal_put_text(journal, key, text, err);
		if (rc == PMJ_OK)
			rc = journal_put_int(journal, KEPT_LENGTH, report->months, err);
		rc = decide_end(report->hub, rc, err);
	}
	free(text);
	free(key);
	return rc;
}

enum pmj_code
hub_report_step(struct hub_report *report, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	json_t *document = kept(report->hub, report->period.name);
	enum pmj_code rc = PMJ_OK;

	*out = NULL;
	if (document == NULL) {
		rc = report_count_step(report->count, &document, until_ms, err);
		if (rc != PMJ_OK || document == NULL)
			return rc;
		rc = publish(report, document, err);
	}
	if (rc == PMJ_OK) {
		put_words(document, journal_kinds(report->hub->journal), report->lang);
		*out = json_incref(document);
	}
	json_decref(document);
	return rc;
}
