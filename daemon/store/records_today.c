/* records_today.c - what is due: the first of each kind, however many there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
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

/* ---- which ---- */

#define DUE_MOST 1000
/* More of a kind are not counted. */
#define COUNTED "1000"

struct one_due {
	char due[11];
	uint8_t rec[PMJ_RECORD_BYTES];
	size_t of; /* which kind */
};

struct all_due {
	struct one_due *list;
	size_t count;
	size_t *of_kind, *share; /* found of each kind, and taken */
	size_t most;
};

static bool
is_there(const struct all_due *all, size_t from, const uint8_t *rec)
{
	for (size_t i = from; i < all->count; i++)
		if (memcmp(all->list[i].rec, rec, PMJ_RECORD_BYTES) == 0)
			return true;
	return false;
}

/* Rows due, rec; those that are there from `first` on are not put twice. */
static enum pmj_code
add_due(struct all_due *all, struct sql *sql, size_t of, size_t first, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		struct one_due one = {.of = of};

		(void)snprintf(one.due, sizeof(one.due), "%s", sql_col_text(sql, 0));
		(void)sql_col_copy(sql, 1, one.rec, sizeof(one.rec));
		if (is_there(all, first, one.rec))
			continue;
		all->list = mem_grow(all->list, all->count + 1, sizeof(*all->list));
		all->list[all->count++] = one;
		all->of_kind[of]++;
	}
	return rc;
}

/* What is urgent comes before what is due for longer. It is mostly of these days, so it is looked
 * for among those that became due last. */
#define URGENT_AMONG "500"

static enum pmj_code
find_urgent(struct journal *journal, struct all_due *all, const struct kind *kind, size_t of,
    const char *until, struct pmj_error *err)
{
	const struct field *field =
	    kind->urgent_field != NULL ? kind_field(kind, kind->urgent_field) : NULL;
	char *text;
	struct sql *sql;
	enum pmj_code rc;

	if (field == NULL || !schema_has_column(field))
		return PMJ_OK;
	text = mem_printf(
	    "SELECT r.due, p.rec FROM (SELECT num, due FROM pmj_record WHERE kind = "
	    "pmj_short(?1) AND due <= ?2 AND due IS NOT NULL AND closed = 0 AND voided = 0 ORDER "
	    "BY due DESC LIMIT " URGENT_AMONG ") r CROSS JOIN \"%s\" t ON t._num = "
	    "r.num CROSS JOIN pmj_record p ON p.num = r.num WHERE t.\"%s\" = ?4 LIMIT "
	    "?3",
	    kind->name, field->name);
	sql = sql_new(journal, text);
	(void)sql_text(sql_text(sql, 1, kind->name), 2, until);
	(void)sql_int(sql, 3, (int64_t)all->most);
	if (field->type == FIELD_YES_NO)
		(void)sql_int(sql, 4, strcmp(kind->urgent_value, "yes") == 0);
	else
		(void)sql_text(sql, 4, kind->urgent_value);
	rc = add_due(all, sql, of, all->count, err);
	sql_free(sql);
	free(text);
	return rc;
}

/* The first of a kind, one more than could be shown: the index has them in this order. */
static enum pmj_code
find_due(struct journal *journal, struct all_due *all, size_t of, const char *until,
    struct pmj_error *err)
{
	const struct kind *kind = journal->kinds->list[of];
	size_t first = all->count;
	struct sql *sql;
	enum pmj_code rc;

	if ((rc = find_urgent(journal, all, kind, of, until, err)) != PMJ_OK)
		return rc;
	sql = sql_get(journal,
	    "SELECT due, rec FROM pmj_record WHERE kind = pmj_short(?1) AND due <= ?2 AND due"
	    " IS NOT NULL AND closed = 0 AND voided = 0 ORDER BY due LIMIT ?3");
	(void)sql_text(sql_text(sql, 1, kind->name), 2, until);
	(void)sql_int(sql, 3, (int64_t)all->most + 1);
	return add_due(all, sql, of, first, err);
}

/* Turn by turn one of each kind that has more, until there is no room: a kind of which thousands
 * are overdue hides no other. */
static void
share_out(struct all_due *all, size_t kinds)
{
	size_t room = all->most;
	bool given = true;

	while (room > 0 && given) {
		given = false;
		for (size_t i = 0; i < kinds && room > 0; i++) {
			if (all->share[i] == all->of_kind[i])
				continue;
			all->share[i]++;
			room--;
			given = true;
		}
	}
}

static int
by_due(const void *a, const void *b)
{
	const struct one_due *x = a, *y = b;
	int day = strcmp(x->due, y->due);

	return day != 0 ? day : memcmp(x->rec, y->rec, sizeof(x->rec));
}

/* What each kind has a share for, in one order. */
static void
keep_shares(struct all_due *all)
{
	size_t kept = 0, of = 0, taken = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (i == 0 || all->list[i].of != of)
			taken = 0;
		of = all->list[i].of;
		if (taken++ < all->share[of])
			all->list[kept++] = all->list[i];
	}
	all->count = kept;
	if (kept > 0)
		qsort(all->list, kept, sizeof(*all->list), by_due);
}

static enum pmj_code
gather_due(struct journal *journal, struct all_due *all, const struct records_due *asked,
    struct pmj_error *err)
{
	size_t kinds = journal->kinds->count;
	enum pmj_code rc = PMJ_OK;

	*all = (struct all_due){.most = asked->limit <= 0         ? RECORDS_LIMIT
	                                : asked->limit > DUE_MOST ? DUE_MOST
	                                                          : (size_t)asked->limit};
	all->of_kind = mem_array(kinds + 1, sizeof(*all->of_kind));
	all->share = mem_array(kinds + 1, sizeof(*all->share));
	for (size_t i = 0; i < kinds && rc == PMJ_OK; i++)
		rc = find_due(journal, all, i, asked->until, err);
	share_out(all, kinds);
	keep_shares(all);
	return rc;
}

static void
all_due_close(struct all_due *all)
{
	free(all->list);
	free(all->of_kind);
	free(all->share);
}

/* ---- the answer ---- */

static void
put_left(struct journal *journal, json_t *answer, const struct all_due *all, const char *until,
    enum lang lang)
{
	json_t *left = json_array();

	for (size_t i = 0; i < journal->kinds->count; i++) {
		const struct kind *kind = journal->kinds->list[i];
		struct sql *sql;
		int64_t count;

		if (all->share[i] == all->of_kind[i])
			continue;
		sql = sql_get(journal,
		    "SELECT count(*) FROM (SELECT 1 FROM pmj_record WHERE kind = pmj_short(?1) AND "
		    "due <= ?2 "
		    "AND due IS NOT NULL AND closed = 0 AND voided = 0 LIMIT ?3 + " COUNTED ")");
		(void)sql_text(sql_text(sql, 1, kind->name), 2, until);
		count = sql_first_int(sql_int(sql, 3, (int64_t)all->share[i]), 0) -
		        (int64_t)all->share[i];
		(void)json_array_append_new(
		    left, json_pack("{s:s,s:s,s:I,s:b}", "kind", kind->name, "plural",
		              texts_in(&kind->plural, lang), "count", (json_int_t)count, "many",
		              count >= strtoll(COUNTED, NULL, 10)));
	}
	if (json_array_size(left) > 0) {
		(void)json_object_set(answer, "left", left);
		(void)json_object_set_new(answer, "more", json_true());
	}
	json_decref(left);
}

/* `next` is the day and id of the last that was shown. */
#define NEXT_MAX (10 + 1 + PMJ_RECORD_CHARS + 1)

static enum pmj_code
skip_shown(const struct all_due *all, size_t *first, const char *from, struct pmj_error *err)
{
	struct one_due last = {.of = 0};

	*first = 0;
	if (from == NULL)
		return PMJ_OK;
	if (strlen(from) != NEXT_MAX - 1 || from[10] != '-' ||
	    !text_unbase32(last.rec, sizeof(last.rec), from + 11, PMJ_RECORD_CHARS))
		return pmj_fail(err, PMJ_USAGE, "a list goes on from what \"next\" said");
	memcpy(last.due, from, 10);
	while (*first < all->count && by_due(&all->list[*first], &last) <= 0)
		++*first;
	return PMJ_OK;
}

static void
put_due_next(json_t *answer, const struct one_due *last)
{
	char next[NEXT_MAX], id[PMJ_RECORD_CHARS + 1];

	(void)snprintf(
	    next, sizeof(next), "%s-%s", last->due, text_base32(id, last->rec, PMJ_RECORD_BYTES));
	(void)json_object_set_new(answer, "next", json_string(next));
}

static enum pmj_code
show_due(struct journal *journal, json_t *items, const struct one_due *one, const char *on,
    enum lang lang, struct pmj_error *err)
{
	json_t *item = NULL;
	enum pmj_code rc = records_item(journal, &item, one->rec, lang, err);

	if (rc == PMJ_OK)
		rc = records_put_due(journal, item, one->rec, on, lang, err);
	if (rc == PMJ_OK)
		(void)json_array_append(items, item);
	json_decref(item);
	return rc;
}

enum pmj_code
records_today(struct journal *journal, json_t **out, const struct records_due *asked,
    enum lang lang, struct pmj_error *err)
{
	const struct os *os = journal->os;
	json_t *items;
	struct all_due all;
	size_t at = 0, first = 0;
	enum pmj_code rc;

	*out = NULL;
	if (!date_is_day(asked->on) || !date_is_day(asked->until))
		return pmj_fail(err, PMJ_INVALID, "today is a date such as 2026-11-23");
	items = json_array();
	if ((rc = gather_due(journal, &all, asked, err)) == PMJ_OK)
		rc = skip_shown(&all, &first, asked->from, err);
	for (at = first; at < all.count && rc == PMJ_OK; at++) {
		if (at > first && asked->until_ms != 0 && os->mono_ms(os->ctx) >= asked->until_ms)
			break;
		rc = show_due(journal, items, &all.list[at], asked->on, lang, err);
	}
	if (rc == PMJ_OK) {
		*out = json_pack("{s:O,s:b}", "items", items, "more", at < all.count);
		if (at < all.count)
			put_due_next(*out, &all.list[at - 1]);
		else
			put_left(journal, *out, &all, asked->until, lang);
	}
	all_due_close(&all);
	json_decref(items);
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
		q = sql_get(journal, "SELECT count(*) FROM pmj_record WHERE kind = pmj_short(?3) "
		                     "AND due BETWEEN ?1 AND ?2 "
		                     "AND due IS NOT NULL AND closed = 0 AND voided = 0");
		count += sql_first_int(
		    sql_text(sql_text(sql_text(q, 1, first), 2, on), 3, kind->name), 0);
	}
	return count;
}
