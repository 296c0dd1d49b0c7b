/* records_stale.c - records that were not checked for a long time, by the rule `checked` of their
 * kind: an entry of the directory may have moved, or closed. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

void
records_stale_before(const struct journal *journal, const struct kind *kind, char out[static 11])
{
	int64_t now = journal->os->now_ms(journal->os->ctx);
	char stamp[17];

	(void)date_stamp(stamp, now, journal->os->offset_minutes(journal->os->ctx, now));
	stamp[10] = '\0';
	date_of_days(out, date_days(stamp) - kind->stale_days);
}

void
records_put_stale(const struct journal *journal, json_t *item, const struct kind *kind)
{
	const char *state = json_str(item, "state"), *checked;
	const struct state *stands;
	char before[11];

	if (kind == NULL || kind->checked == NULL || json_flag(item, "voided"))
		return;
	stands = state != NULL ? kind_state(kind, state) : NULL;
	checked = json_str(json_obj(item, "fields"), kind->checked);
	records_stale_before(journal, kind, before);
	if ((stands != NULL && stands->closed) || (checked != NULL && strcmp(checked, before) >= 0))
		return;
	(void)json_object_set_new(item, "stale", json_true());
	if (checked != NULL)
		(void)json_object_set_new(item, "checked", json_string(checked));
}

/* Of one kind, how many: asked with every `today` of an office, so the kind's own table alone
 * answers. SQLite would go through all records of the journal to find which are closed. */
static enum pmj_code
count_of(struct journal *journal, const struct kind *kind, int64_t *out, struct pmj_error *err)
{
	char before[11];
	struct buf text;
	struct sql *q;
	enum pmj_code rc;
	bool row;

	*out = 0;
	buf_init(&text, 0);
	buf_putf(&text,
	    "SELECT count(*) FROM \"%s\" WHERE voided = 0 AND coalesce(\"%s\", '') < ?1",
	    kind->name, kind->checked);
	for (size_t i = 0; i < kind->state_count; i++)
		if (kind->states[i].closed)
			buf_putf(&text, " AND state IS NOT ?%zu", i + 2);
	records_stale_before(journal, kind, before);
	q = sql_new(journal, buf_text(&text));
	for (size_t i = 0; i < kind->state_count; i++)
		if (kind->states[i].closed)
			(void)sql_text(q, (int)i + 2, kind->states[i].name);
	if ((rc = sql_row(sql_text(q, 1, before), &row, err)) == PMJ_OK && row)
		*out = sql_col_int(q, 0);
	sql_free(q);
	buf_close(&text);
	return rc;
}

enum pmj_code
records_stale(struct journal *journal, json_t **out, enum lang lang, struct pmj_error *err)
{
	json_t *list = json_array();
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < journal->kinds->count && rc == PMJ_OK; i++) {
		const struct kind *kind = journal->kinds->list[i];
		int64_t count = 0;

		if (kind->checked == NULL)
			continue;
		rc = count_of(journal, kind, &count, err);
		if (count > 0)
			(void)json_array_append_new(
			    list, json_pack("{s:s,s:s,s:I,s:I}", "kind", kind->name, "plural",
			              texts_in(&kind->plural, lang), "count", (json_int_t)count,
			              "days", (json_int_t)kind->stale_days));
	}
	if (rc == PMJ_OK)
		*out = json_incref(list);
	json_decref(list);
	return rc;
}
