/* records_around.c - a person, and what there is about them: what is open, what was refused, and
 * the last of what merely happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

#define AROUND_OPEN_MAX 12 /* of a kind */
#define AROUND_LAST_MAX 5
#define AROUND_MAX 24 /* of a piece, for each costs a load of its own */

struct around {
	uint8_t (*recs)[PMJ_RECORD_BYTES];
	size_t count;
	size_t *of_kind; /* so many of each kind are in the list, in the order of the kinds */
	json_t *heard, *left;
	int64_t num; /* where the next piece goes on */
};

/* The rule: what is still to be done or in force, and what must not be done. */
static size_t
most_of(const struct kind *kind, const char *state_name, bool closed)
{
	const struct state *state = state_name != NULL ? kind_state(kind, state_name) : NULL;

	if (kind->subject_count == 0)
		return 0;
	if (kind->state_count == 0)
		return kind->brief_count > 0 ? AROUND_LAST_MAX : 0;
	return !closed || (state != NULL && state->refusing) ? AROUND_OPEN_MAX : 0;
}

static size_t
kind_place(const struct kinds *kinds, const char *name)
{
	size_t i = 0;

	while (i < kinds->count && (name == NULL || strcmp(kinds->list[i]->name, name) != 0))
		i++;
	return i;
}

static void
hear(struct around *around, const uint8_t by[static PMJ_DEVICE_BYTES], int64_t at_ms)
{
	json_t *hex = json_hex(by, PMJ_DEVICE_BYTES);
	const char *device = json_string_value(hex);

	if (json_int(around->heard, device, 0) < at_ms)
		(void)json_object_set_new(around->heard, device, json_integer((json_int_t)at_ms));
	json_decref(hex);
}

/* One more of a kind than is shown: counted, for whoever reads must know that there is more. */
static void
leave(struct around *around, const char *kind)
{
	json_int_t so_far = json_int(around->left, kind, 0);

	(void)json_object_set_new(around->left, kind, json_integer(so_far + 1));
}

/* One row of the query, the latest made first. */
static void
take_around(struct around *around, const struct kinds *kinds, struct sql *sql)
{
	size_t place = kind_place(kinds, sql_col_text(sql, 1)), most;
	uint8_t by[PMJ_DEVICE_BYTES];
	size_t *count = &around->of_kind[place];

	if (sql_col_copy(sql, 4, by, sizeof(by)))
		hear(around, by, sql_col_int(sql, 5));
	if (place == kinds->count)
		return;
	most = most_of(kinds->list[place], sql_col_text(sql, 2), sql_col_int(sql, 3) != 0);
	if (*count >= most) {
		if (most > 0)
			leave(around, kinds->list[place]->name);
		return;
	}
	if (!sql_col_copy(sql, 0, around->recs[around->count], PMJ_RECORD_BYTES))
		return;
	(*count)++;
	around->count++;
}

/* The index of pmj_subject has a person's numbers in order: rows come as they are asked for. *more:
 * there may be others. */
static enum pmj_code
look_around(struct around *around, bool *more, struct journal *journal,
    const uint8_t person[static PMJ_RECORD_BYTES], int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = journal->os;
	struct sql *sql = sql_get(journal,
	    "SELECT r.rec, pmj_long(r.kind), r.state, r.closed, pmj_long(r.made_by), r.changed_pt "
	    "- r.made_ago, s._num, r.voided OR r.handed_over FROM pmj_subject s CROSS JOIN "
	    "pmj_record r ON r.num = s._num WHERE s.person = ?1 AND s._num < ?2 ORDER BY s._num "
	    "DESC");
	enum pmj_code rc = PMJ_OK;
	bool row = true, first = true;

	sql_blob(sql, 1, person, PMJ_RECORD_BYTES);
	sql_int(sql, 2, around->num);
	while (around->count < AROUND_MAX && (first || os->mono_ms(os->ctx) < until_ms)) {
		if ((rc = sql_row(sql, &row, err)) != PMJ_OK || !row)
			break;
		around->num = sql_col_int(sql, 6);
		if (sql_col_int(sql, 7) == 0)
			take_around(around, journal->kinds, sql);
		first = false;
	}
	sql_done(sql);
	*more = rc == PMJ_OK && row;
	return rc;
}

/* "4711-cafb": where to go on, and how many of each kind the pieces before have brought. What
 * cannot be read is the first piece. */
static void
read_beside(struct around *around, size_t kind_count, const char *from)
{
	long long num = INT64_MAX;
	char counts[RECORDS_BESIDE_KINDS + 1] = "";

	if (from != NULL)
		(void)sscanf(from, "%lld-%400[a-z]", &num, counts);
	around->num = num;
	for (size_t i = 0; i < kind_count && counts[i] != '\0'; i++)
		around->of_kind[i] = (size_t)(counts[i] - 'a');
}

static void
put_beside(char *next, const struct around *around, size_t kind_count)
{
	size_t len = (size_t)snprintf(next, 48, "%lld-", (long long)around->num);

	for (size_t i = 0; i < kind_count && i < RECORDS_BESIDE_KINDS; i++)
		next[len++] = (char)('a' + around->of_kind[i]);
	next[len] = '\0';
}

static enum pmj_code
put_maker(struct journal *journal, json_t *item, const uint8_t rec[static PMJ_RECORD_BYTES],
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT pmj_long(made_by) FROM pmj_record WHERE rec = ?1");
	uint8_t by[PMJ_DEVICE_BYTES];
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err)) == PMJ_OK && row &&
	    sql_col_copy(sql, 0, by, sizeof(by)))
		(void)json_object_set_new(item, "by", json_hex(by, sizeof(by)));
	sql_done(sql);
	return rc;
}

enum pmj_code
records_around(struct journal *journal, json_t **items, json_t **heard, json_t **left,
    const uint8_t person[static PMJ_RECORD_BYTES], struct records_beside *asked, enum lang lang,
    struct pmj_error *err)
{
	struct around around = {.recs = mem_array(AROUND_MAX, PMJ_RECORD_BYTES),
	    .of_kind = mem_array(journal->kinds->count + 1, sizeof(size_t)),
	    .heard = json_object(),
	    .left = json_object()};
	json_t *answer = NULL, *item;
	bool more = false;
	enum pmj_code rc;
	size_t i;

	*items = *heard = *left = NULL;
	read_beside(&around, journal->kinds->count, asked->from);
	rc = look_around(&around, &more, journal, person, asked->until_ms, err);
	if (rc == PMJ_OK)
		rc =
		    records_items(journal, &answer, (const uint8_t(*)[PMJ_RECORD_BYTES])around.recs,
		        around.count, AROUND_MAX, 0, lang, err);
	if (rc == PMJ_OK)
		json_array_foreach(json_object_get(answer, "items"), i, item)
		{
			rc = records_put_due(journal, item, around.recs[i], asked->on, lang, err);
			if (rc == PMJ_OK)
				rc = put_maker(journal, item, around.recs[i], err);
			if (rc != PMJ_OK)
				break;
		}
	asked->next[0] = '\0';
	if (more)
		put_beside(asked->next, &around, journal->kinds->count);
	if (rc == PMJ_OK) {
		*items = json_incref(json_object_get(answer, "items"));
		*heard = json_incref(around.heard);
		*left = json_incref(around.left);
	}
	json_decref(answer);
	json_decref(around.heard);
	json_decref(around.left);
	free(around.recs);
	free(around.of_kind);
	return rc;
}
