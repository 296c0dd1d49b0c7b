/* records_expected.c - what is expected of whoever writes here each month, such as supervision: how
 * much of it there is. */
#include <stdlib.h>

#include "base/date.h"
#include "base/mem.h"
#include "store/journal_inner.h"
#include "store/records.h"

/* Few: they are of one worker, and were changed since. */
static enum pmj_code
count_expected(struct journal *journal, const struct kind *kind, const char *month,
    const char *week, int64_t *minutes, int64_t *times, struct pmj_error *err)
{
	const char *first = date_days(month) < date_days(week) ? month : week;
	char *text = mem_printf(
	    "SELECT coalesce(sum(CASE WHEN t.\"on\" >= ?2 THEN t.minutes END), 0),"
	    " coalesce(sum(t.\"on\" >= ?3), 0) FROM pmj_record r JOIN \"%s\" t ON t._num = r.num"
	    " WHERE r.kind = pmj_short(?1) AND r.changed_pt >= ?4 AND t.voided = 0",
	    kind->name);
	struct sql *q = sql_new(journal, text);
	enum pmj_code rc;
	bool row;

	(void)sql_text(sql_text(sql_text(q, 1, kind->name), 2, month), 3, week);
	if ((rc = sql_row(sql_int(q, 4, (date_days(first) - 1) * DAY_MS), &row, err)) == PMJ_OK &&
	    row) {
		*minutes = sql_col_int(q, 0);
		*times = sql_col_int(q, 1);
	}
	sql_free(q);
	free(text);
	return rc;
}

enum pmj_code
records_expected(
    struct journal *journal, json_t **out, const char *today, enum lang lang, struct pmj_error *err)
{
	json_t *list = json_array();
	enum pmj_code rc = PMJ_OK;
	char month[11], week[11];

	date_of_days(week, date_days(today) - 6);
	date_of_days(month, date_days(today) - (strtol(today + 8, NULL, 10) - 1));
	for (size_t i = 0; i < journal->kinds->count && rc == PMJ_OK; i++) {
		const struct kind *kind = journal->kinds->list[i];
		int64_t minutes = 0, times = 0;

		if (kind->month_minutes == 0 && kind->week_times == 0)
			continue;
		rc = count_expected(journal, kind, month, week, &minutes, &times, err);
		(void)json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}", "kind", kind->name, "title",
		              texts_in(&kind->title, lang), "minutes", (json_int_t)minutes, "of",
		              (json_int_t)kind->month_minutes, "times", (json_int_t)times,
		              "times_of", (json_int_t)kind->week_times));
	}
	if (rc == PMJ_OK)
		*out = json_incref(list);
	json_decref(list);
	return rc;
}
