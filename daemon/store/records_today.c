/* records_today.c - what is due. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "domain/due.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

/* Why it stands there: what its day means, or how far it is ("to do", "sent"). Where the kind has
 * no states, what its day is called. */
static const char *
why_of(const struct kind *kind, const struct due *due, const json_t *item, enum lang lang)
{
	if (due->why != NULL)
		return texts_in(due->why, lang);
	if (kind->state_count > 0)
		return json_str(item, "state_label");
	return texts_in(&kind_field(kind, kind->due)->label, lang);
}

enum pmj_code
records_put_due(struct journal *journal, json_t *item, const uint8_t rec[static PMJ_RECORD_BYTES],
    const char *on, enum lang lang, struct pmj_error *err)
{
	const struct kind *kind = kinds_get(journal->kinds, json_str(item, "kind"));
	struct record_full record = {.row_count = 0};
	struct due due;
	enum pmj_code rc = records_load(journal, &record, rec, err);

	if (rc == PMJ_OK && kind != NULL) {
		due_of(&due, kind, &record.merged);
		if (due.from[0] != '\0') {
			(void)json_object_set_new(
			    item, "overdue", json_boolean(strcmp(due.day, on) < 0));
			(void)json_object_set_new(
			    item, "why", json_string(why_of(kind, &due, item, lang)));
			(void)json_object_set_new(item, "due", json_string(due.day));
			if (kind_is_urgent(kind, NULL, json_obj(item, "fields")))
				(void)json_object_set_new(item, "urgent", json_true());
		}
	}
	record_full_close(&record);
	return rc;
}

enum pmj_code
records_today(struct journal *journal, json_t **out, const char *on, const char *until,
    enum lang lang, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT rec FROM pmj_record WHERE due IS NOT NULL AND closed = 0 AND "
	                     "voided = 0 AND due <= ?1 ORDER BY due, rec LIMIT 201");
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	json_t *items;
	enum pmj_code rc;

	*out = NULL;
	if (!date_is_day(on) || !date_is_day(until))
		return pmj_fail(err, PMJ_INVALID, "today is a date such as 2026-11-23");
	if ((rc = records_ids(sql_text(sql, 1, until), &recs, &count, err)) == PMJ_OK)
		rc = records_items(journal, out, (const uint8_t(*)[PMJ_RECORD_BYTES])recs, count,
		    200, 0, lang, err);
	items = rc == PMJ_OK ? json_object_get(*out, "items") : NULL;
	for (size_t i = 0; i < json_array_size(items) && rc == PMJ_OK; i++)
		rc = records_put_due(journal, json_array_get(items, i), recs[i], on, lang, err);
	free(recs);
	return rc;
}

int64_t
records_running_out(struct journal *journal, const char *on)
{
	int64_t count = 0;

	for (size_t i = 0; date_is_day(on) && i < journal->kinds->count; i++) {
		const struct kind *kind = journal->kinds->list[i];
		struct sql *q;
		char first[11];

		if (!kind->revocation_wins || kind->due == NULL)
			continue;
		date_of_days(first, date_days(on) - kind->due_before);
		q = sql_get(journal,
		    "SELECT count(*) FROM pmj_record WHERE due IS NOT NULL AND closed = 0 AND "
		    "voided = 0 AND due BETWEEN ?1 AND ?2 AND kind = ?3");
		count += sql_first_int(
		    sql_text(sql_text(sql_text(q, 1, first), 2, on), 3, kind->name), 0);
	}
	return count;
}
