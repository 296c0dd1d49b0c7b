/* records_list.c - lists by field, the latest changed first. What it costs goes by what is asked
 * for, not by how much there is: a list walks an index in its order, in windows, and stops where it
 * has enough; where the clock says so before that, its answer tells where it goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_filter.h"
#include "store/search.h"

#define LIST_MOST 10000
/* Records looked at without a look at the clock: 2 to 4 ms. */
#define WINDOW 2000
/* So few that an index names are all looked at, and put in order. Each lies on a page of its own,
 * which costs as much as ten to twenty records that are walked: of more, enough are found sooner
 * among the latest. */
#define FEW "1000"
/* More than this is never shown in a piece, so no more is looked up for one. */
#define PIECE_MOST 200
/* Of the time that a piece has, what is left for showing what was found. */
#define SHOW_MS 4

/* Where a list goes on: after the record with this number, changed then. Numbers are a machine's
 * own, and in the index. */
struct place {
	int64_t changed, number;
	bool none; /* of what was looked at so far nothing is in the list */
};

#define PLACE_MAX (2 * 20 + 4)

struct list {
	struct journal *journal;
	const struct records_query *query;
	struct records_filter filter;
	struct place from;
	int64_t since, most;
	uint8_t (*recs)[PMJ_RECORD_BYTES];
	size_t count;
	struct place next; /* where it was looked at last */
	bool whole;        /* down to the end of the list */
};

static enum pmj_code
since_ms(int64_t *out, const struct journal *journal, const struct records_query *query,
    struct pmj_error *err)
{
	*out = query->since_ms > 0 ? query->since_ms : INT64_MIN;
	if (query->since == NULL)
		return PMJ_OK;
	if (!date_is_day(query->since))
		return pmj_fail(err, PMJ_INVALID, "since is a date such as 2026-11-23");
	*out = date_days(query->since) * DAY_MS;
	*out -= (int64_t)journal->os->offset_minutes(journal->os->ctx, *out) * MINUTE_MS;
	return PMJ_OK;
}

static enum pmj_code
place_read(struct place *out, const char *text, struct pmj_error *err)
{
	char *end = NULL, *last = NULL;

	*out = (struct place){.changed = INT64_MAX, .number = INT64_MAX, .none = true};
	if (text == NULL)
		return PMJ_OK;
	errno = 0;
	out->changed = strtoll(text, &end, 10);
	if (end > text && *end == '-')
		out->number = strtoll(end + 1, &last, 10);
	if (errno != 0 || last == NULL || last == end + 1 ||
	    (*last != '\0' && strcmp(last, "-0") != 0))
		return pmj_fail(err, PMJ_USAGE, "a list goes on from what \"next\" said");
	out->none = *last != '\0';
	return PMJ_OK;
}

static void
place_put(json_t *answer, const struct place *place)
{
	char text[PLACE_MAX];

	(void)snprintf(text, sizeof(text), "%lld-%lld%s", (long long)place->changed,
	    (long long)place->number, place->none ? "-0" : "");
	(void)json_object_set_new(answer, "next", json_string(text));
}

/* ---- questions ---- */

static void
bind_values(struct sql *sql, const json_t *values)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *value = json_array_get(values, i);
		int at = (int)i + RECORDS_FILTER_FROM;
		if (json_is_integer(value))
			(void)sql_int(sql, at, json_integer_value(value));
		else
			(void)sql_text(sql, at, json_string_value(value));
	}
}

/* Every query of a list has these: ?1 kind, ?2 changed since, ?3 voided too, ?4 how many, and
 * (?5, ?6) after which place. */
static void
bind_list(struct sql *sql, const struct list *list, const struct place *after)
{
	(void)sql_text(sql, 1, list->query->kind);
	(void)sql_int(sql_int(sql, 2, list->since), 3, list->query->voided_too);
	(void)sql_int(sql, 4, list->most + 1 - (int64_t)list->count);
	(void)sql_int(sql_int(sql, 5, after->changed), 6, after->number);
	bind_values(sql, list->filter.values);
}

/* What it says is put behind what was found before. */
static enum pmj_code
add_found(struct list *list, struct sql *sql, struct pmj_error *err)
{
	uint8_t(*recs)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc = records_ids(sql, &recs, &count, err);

	if (rc == PMJ_OK && count > 0) {
		list->recs = mem_grow(list->recs, list->count + count, sizeof(*list->recs));
		memcpy(list->recs + list->count, recs, count * sizeof(*recs));
		list->count += count;
	}
	free(recs);
	return rc;
}

/* Instead of what was found before. words: of a query of the full-text table, or NULL. */
static enum pmj_code
ask_list(struct list *list, const char *text, const char *words, struct pmj_error *err)
{
	struct sql *sql = sql_new(list->journal, text);
	enum pmj_code rc;

	list->count = 0;
	bind_list(sql, list, &list->from);
	if (words != NULL)
		(void)sql_text(sql, 7, words);
	rc = add_found(list, sql, err);
	list->whole = true;
	sql_free(sql);
	return rc;
}

#define AFTER_PLACE "(changed_pt, num) < (?5, ?6) AND changed_pt >= ?2"
#define IN_ORDER " ORDER BY changed_pt DESC, num DESC LIMIT ?4"

/* Without conditions the index alone is the list. */
static enum pmj_code
ask_all(struct list *list, struct pmj_error *err)
{
	return ask_list(list,
	    "SELECT rec FROM pmj_record WHERE kind = pmj_short(?1) AND " AFTER_PLACE
	    " AND (voided = 0 OR ?3)" IN_ORDER,
	    NULL, err);
}

/* Those that an index finds, all of them. `from` joins the kind's table as t. */
static enum pmj_code
ask_few(struct list *list, const char *from, const char *words, struct pmj_error *err)
{
	char *text = mem_printf(
	    "SELECT p.rec FROM %s CROSS JOIN pmj_record p ON p.num = t._num WHERE "
	    "(p.changed_pt, p.num) < (?5, ?6) AND p.changed_pt >= ?2 AND (t.voided = 0 OR ?3)%s%s"
	    " ORDER BY p.changed_pt DESC, p.num DESC LIMIT ?4",
	    from, buf_text(&list->filter.text), words != NULL ? " AND pmj_search MATCH ?7" : "");
	enum pmj_code rc = ask_list(list, text, words, err);

	free(text);
	return rc;
}

/* ---- by an index ---- */

/* Do so few records have this link that all are looked at? */
static bool
is_few_linked(const struct list *list)
{
	char *text =
	    list->filter.linked_at > 0
	        ? mem_strdup("SELECT count(*) >= " FEW " FROM (SELECT 1 FROM pmj_subject WHERE "
	                     "person = pmj_id(?1) LIMIT " FEW ")")
	        : mem_printf("SELECT count(*) >= " FEW " FROM (SELECT 1 FROM \"%s\" WHERE "
	                     "\"%s\" = %s LIMIT " FEW ")",
	              list->query->kind, list->filter.link,
	              list->filter.by_id ? "pmj_id(?1)" : "?1");
	struct sql *sql = sql_new(list->journal, text);
	bool few = sql_first_int(sql_text(sql, 1, list->filter.linked), 1) == 0;

	sql_free(sql);
	free(text);
	return few;
}

static bool
is_few_worded(const struct list *list)
{
	struct sql *sql = sql_get(list->journal,
	    "SELECT count(*) >= " FEW " FROM (SELECT rowid FROM pmj_search WHERE pmj_search MATCH"
	    " ?1 LIMIT " FEW ")");

	return search_settle(list->journal, NULL) == PMJ_OK &&
	       sql_first_int(sql_text(sql, 1, list->filter.words), 1) == 0;
}

static enum pmj_code
ask_linked(struct list *list, struct pmj_error *err)
{
	char *from =
	    list->filter.linked_at > 0
	        ? mem_printf("pmj_subject s CROSS JOIN \"%s\" t ON t._num = s._num AND s.person = "
	                     "pmj_id(?%zu)",
	              list->query->kind, list->filter.linked_at)
	        : mem_printf("\"%s\" t", list->query->kind);
	enum pmj_code rc = ask_few(list, from, NULL, err);

	free(from);
	return rc;
}

static enum pmj_code
ask_worded(struct list *list, struct pmj_error *err)
{
	char *from = mem_printf(
	    "pmj_search CROSS JOIN \"%s\" t ON t._num = pmj_search.rowid", list->query->kind);
	enum pmj_code rc = ask_few(list, from, list->filter.words, err);

	free(from);
	return rc;
}

/* ---- by walking ---- */

/* The end of the window after a place. Nothing but the index is read. */
static enum pmj_code
window_end(struct list *list, struct place *end, bool *last, struct pmj_error *err)
{
	struct sql *sql = sql_get(list->journal,
	    "SELECT changed_pt, num FROM pmj_record WHERE kind = pmj_short(?1) AND "
	    "(changed_pt, num) < (?3, ?4) AND changed_pt >= ?2"
	    " ORDER BY changed_pt DESC, num DESC LIMIT 1 OFFSET ?5");
	enum pmj_code rc;
	bool row = false;

	(void)sql_int(sql_text(sql, 1, list->query->kind), 2, list->since);
	(void)sql_int(sql_int(sql, 3, list->next.changed), 4, list->next.number);
	rc = sql_row(sql_int(sql, 5, WINDOW - 1), &row, err);
	*last = !row;
	end->changed = row ? sql_col_int(sql, 0) : INT64_MIN;
	end->number = row ? sql_col_int(sql, 1) : INT64_MIN;
	sql_done(sql);
	return rc;
}

static enum pmj_code
walk_window(struct list *list, struct sql *sql, struct pmj_error *err)
{
	struct place end = {.none = list->next.none};
	enum pmj_code rc;
	bool last;

	if ((rc = window_end(list, &end, &last, err)) != PMJ_OK)
		return rc;
	bind_list(sql, list, &list->next);
	(void)sql_int(sql_int(sql, 7, end.changed), 8, end.number);
	rc = add_found(list, sql, err);
	list->next = end;
	list->whole = last && list->count <= (size_t)list->most;
	return rc;
}

/* Until enough are found, nothing is left, or the time is over. One window at least. */
static enum pmj_code
walk(struct list *list, bool once, struct pmj_error *err)
{
	const struct os *os = list->journal->os;
	char *text = mem_printf(
	    "SELECT p.rec FROM pmj_record r INDEXED BY pmj_record_latest CROSS JOIN \"%s\" t ON"
	    " t._num = r.num CROSS JOIN pmj_record p ON p.num = r.num WHERE r.kind = pmj_short(?1) "
	    "AND"
	    " (r.changed_pt, r.num) < (?5, ?6) AND (r.changed_pt, r.num) >= (?7, ?8) AND"
	    " r.changed_pt >= ?2 AND (t.voided = 0 OR ?3)%s"
	    " ORDER BY r.changed_pt DESC, r.num DESC LIMIT ?4",
	    list->query->kind, buf_text(&list->filter.text));
	struct sql *sql = sql_new(list->journal, text);
	enum pmj_code rc;

	do
		rc = walk_window(list, sql, err);
	while (
	    rc == PMJ_OK && !once && !list->whole && list->count <= (size_t)list->most &&
	    (list->query->until_ms == 0 || os->mono_ms(os->ctx) < list->query->until_ms - SHOW_MS));
	sql_free(sql);
	free(text);
	return rc;
}

/* What a list is by is mostly common, and then the latest hold as many as are asked for. */
static enum pmj_code
look_for_list(struct list *list, struct pmj_error *err)
{
	enum pmj_code rc;

	list->next = list->from;
	if (json_array_size(list->filter.values) == 0)
		return ask_all(list, err);
	if (list->filter.link != NULL && is_few_linked(list))
		return ask_linked(list, err);
	if ((rc = walk(list, true, err)) != PMJ_OK || list->whole ||
	    list->count > (size_t)list->most)
		return rc;
	if (list->filter.words != NULL && is_few_worded(list))
		return ask_worded(list, err);
	return walk(list, false, err);
}

/* ---- the answer ---- */

/* answer["next"]: after the last that is shown, or that was looked at. */
static enum pmj_code
put_list_next(const struct list *list, json_t *answer, struct pmj_error *err)
{
	size_t shown = json_array_size(json_arr(answer, "items"));
	struct sql *sql;
	struct place place = list->next;
	enum pmj_code rc = PMJ_OK;
	bool row = false;

	if (shown == list->count) {
		place.none = list->from.none && shown == 0;
		if (!list->whole)
			place_put(answer, &place);
		return PMJ_OK;
	}
	sql = sql_get(list->journal, "SELECT changed_pt, num FROM pmj_record WHERE rec = ?1");
	rc = sql_row(sql_blob(sql, 1, list->recs[shown - 1], PMJ_RECORD_BYTES), &row, err);
	if (rc == PMJ_OK && row)
		place_put(answer, &(struct place){sql_col_int(sql, 0), sql_col_int(sql, 1), false});
	sql_done(sql);
	return rc;
}

static enum pmj_code
answer_list(const struct list *list, json_t **out, enum lang lang, struct pmj_error *err)
{
	const struct records_query *query = list->query;
	enum pmj_code rc =
	    records_items(list->journal, out, (const uint8_t(*)[PMJ_RECORD_BYTES])list->recs,
	        list->count, (size_t)list->most, query->until_ms, lang, err);

	if (rc == PMJ_OK && (rc = put_list_next(list, *out, err)) != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	if (rc == PMJ_OK && list->count == 0 && list->whole && list->from.none) {
		json_t *near = records_near(list->journal, query);

		if (json_array_size(near) > 0)
			(void)json_object_set(*out, "near", near);
		json_decref(near);
	}
	return rc;
}

enum pmj_code
records_list(struct journal *journal, json_t **out, const struct records_query *query,
    enum lang lang, struct pmj_error *err)
{
	struct list list = {.journal = journal, .query = query};
	enum pmj_code rc;

	*out = NULL;
	list.most = query->limit <= 0          ? RECORDS_LIMIT
	            : query->limit > LIST_MOST ? LIST_MOST
	                                       : query->limit;
	if (query->until_ms != 0 && list.most > PIECE_MOST)
		list.most = PIECE_MOST;
	if ((rc = records_filter(journal, &list.filter, query, err)) == PMJ_OK &&
	    (rc = since_ms(&list.since, journal, query, err)) == PMJ_OK &&
	    (rc = place_read(&list.from, query->from, err)) == PMJ_OK &&
	    (rc = look_for_list(&list, err)) == PMJ_OK)
		rc = answer_list(&list, out, lang, err);
	free(list.recs);
	records_filter_close(&list.filter);
	return rc;
}
