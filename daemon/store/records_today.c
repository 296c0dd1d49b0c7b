/* records_today.c - what is due. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

/* Why it stands there: how far it is ("to do", "sent"). Where the kind has no states, what its day
 * is called. */
static void
put_due(struct journal *journal, json_t *item, const char *on, enum lang lang)
{
	const struct kind *kind = kinds_get(journal->kinds, json_str(item, "kind"));
	const struct field *field =
	    kind != NULL && kind->due != NULL ? kind_field(kind, kind->due) : NULL;
	const char *due = field != NULL ? json_str(json_obj(item, "fields"), field->name) : NULL;

	if (due == NULL)
		return;
	(void)json_object_set_new(item, "overdue", json_boolean(strcmp(due, on) < 0));
	(void)json_object_set_new(item, "why",
	    json_string(kind->state_count > 0 ? json_str(item, "state_label")
	                                      : texts_in(&field->label, lang)));
	(void)json_object_set_new(item, "due", json_string(due));
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
	free(recs);
	if (rc != PMJ_OK)
		return rc;
	items = json_object_get(*out, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		put_due(journal, json_array_get(items, i), on, lang);
	return PMJ_OK;
}
