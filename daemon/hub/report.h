/* report.h - the programme's report about one closed period: counts, and no names. */
#ifndef HUB_REPORT_H
#define HUB_REPORT_H
#include "hub/hub.h"

/* A period: a month, a quarter or a year, whole. */
struct report_period {
	char name[11];          /* 2026-07, 2026-Q3, 2026 */
	char from[11], to[11];  /* first and last day */
	int64_t from_ms, to_ms; /* local: from, until before */
};

/* report_text.c: the statements. Each gives number of the person, day, what is added up, and what
 * it is divided by; of the numbers above ?1 up to ?2, or of the person ?1. The caller frees them.
 */
struct report_asks {
	const struct kinds *kinds;
	const struct report_period *period;
	const struct kind *kind; /* which has the report */
	const struct report *report;
};
char *report_text_seen(const struct report_asks *asks);
char *report_text_records(const struct report_asks *asks);
char *report_text_people(const struct report_asks *asks);

/* report_count.c */
struct report_count;
/** Count one period. kinds and journal outlive it. */
struct report_count *report_count_new(
    struct journal *journal, const struct report_period *period, int64_t least);
void report_count_free(struct report_count *count);
/** Go on until mono ms until_ms, or a little more. *out: the finished document, a new reference, or
 * NULL while there is more to do. */
PMJ_MUST_CHECK enum pmj_code report_count_step(
    struct report_count *count, json_t **out, int64_t until_ms, struct pmj_error *err);

/* report_table.c: what was counted, as it may be shown */
struct tally;
struct seen;
/** {"by","rows":[{"value","n"}],"rest"}; *total of all. */
json_t *report_table(struct tally *tally, const char *by, int64_t least, json_t **total);
/** Of people who were seen: {"total","change":{"first","last","tables"}}; "first" and "last" in
 * tenths. */
void report_change(json_t *report, const struct seen *seen, int64_t least);

#endif
