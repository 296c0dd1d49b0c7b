/* records_find.c - full text: candidates from FTS5, the order ours; in pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"
#include "store/search.h"

#define ROWS_MAX                                                                                   \
	5000 /* of each of the two questions, newest first: among these people are sought */
#define CANDIDATES 300 /* of other records, newest first; and of people */
#define LIMIT_MAX 300
#define IDS_MAX "50" /* that begin as what was typed */
/* Whatever the clock says, a piece is no more than this. */
#define LOOKS_AT_ONCE 2000
#define ITEMS_AT_ONCE 100

struct hit {
	uint8_t rec[PMJ_RECORD_BYTES];
	int score; /* whole words before beginnings, names before other texts, voided ones last */
	int64_t changed;
};

/* First the records with every word whole, then those in which words begin so. */
struct question {
	bool exact, sound;
	int64_t numbers[ROWS_MAX]; /* of records that answer it, newest first */
	size_t count;
	size_t at; /* looked at */
	size_t people;
};

enum find_phase { FIND_WORDS, FIND_BEGINNINGS, FIND_SOUNDS, FIND_LOOK, FIND_ITEMS };

/* Nothing of SQLite is open between two pieces: numbers and ids are kept, and what they stand for
 * is read when its turn comes. */
struct records_find {
	struct journal *journal;
	char *words, *folded;
	enum lang lang;
	size_t most;
	enum find_phase phase;
	struct question questions[2];
	size_t behind; /* of the first question's numbers those above where the second has got to */
	struct hit hits[4 * CANDIDATES];
	size_t hit_count, shown;
	json_t *items;
};

struct records_find *
records_find_new(struct journal *journal, const char *words, int64_t limit, enum lang lang)
{
	struct records_find *find = mem_new(sizeof(*find));

	find->journal = journal;
	find->words = mem_strdup(words);
	find->folded = text_fold(words);
	find->lang = lang;
	find->most = limit <= 0 ? RECORDS_LIMIT : limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
	find->questions[0].exact = true;
	find->items = json_array();
	return find;
}

void
records_find_free(struct records_find *find)
{
	if (find == NULL)
		return;
	json_decref(find->items);
	mem_free_wiped(find->words);
	mem_free_wiped(find->folded);
	free(find);
}

/* In its place, newest first. */
static void
add_number(struct question *question, int64_t number)
{
	size_t at = 0;

	while (at < question->count && question->numbers[at] > number)
		at++;
	if (question->count == ROWS_MAX ||
	    (at < question->count && question->numbers[at] == number))
		return;
	memmove(&question->numbers[at + 1], &question->numbers[at],
	    (question->count - at) * sizeof(question->numbers[0]));
	question->numbers[at] = number;
	question->count++;
}

/* A word alone may be an id, or begin one. */
static enum pmj_code
ask_ids(struct records_find *find, struct question *question, struct pmj_error *err)
{
	uint8_t low[PMJ_RECORD_BYTES], high[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	struct sql *sql;
	bool row = false;

	if ((question->exact && strlen(find->folded) != PMJ_RECORD_CHARS) ||
	    !records_range(low, high, find->folded))
		return PMJ_OK;
	sql = sql_get(find->journal,
	    "SELECT num FROM pmj_record WHERE rec >= ?1 AND rec <= ?2 ORDER BY rec LIMIT " IDS_MAX);
	(void)sql_blob(sql_blob(sql, 1, low, sizeof(low)), 2, high, sizeof(high));
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		add_number(question, sql_col_int(sql, 0));
	return rc;
}

/* The numbers alone come out of FTS5 by the thousand in a millisecond. */
static enum pmj_code
ask(struct records_find *find, struct question *question, struct pmj_error *err)
{
	struct sql *sql;
	char *words = search_words(find->journal->db, find->words);
	char *query = question->sound
	                  ? search_query_sound(find->words)
	                  : search_query(words != NULL ? words : find->words, question->exact);
	enum pmj_code rc = search_settle(find->journal, err);
	bool row = false;

	if (rc == PMJ_OK && query != NULL) {
		sql = sql_get(find->journal, "SELECT rowid FROM pmj_search WHERE pmj_search MATCH "
		                             "?1 ORDER BY rowid DESC LIMIT ?2");
		(void)sql_int(sql_text(sql, 1, query), 2, ROWS_MAX);
		while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
			question->numbers[question->count++] = sql_col_int(sql, 0);
	}
	if (rc == PMJ_OK && !question->sound)
		rc = ask_ids(find, question, err);
	mem_free_wiped(words);
	mem_free_wiped(query);
	return rc;
}

/* 2 for each word of the query that is a word of the name, 1 for one that begins a word there. */
static int
name_score(const char *name, const char *words)
{
	int score = 0;

	while (name != NULL && *words != '\0') {
		size_t len = strcspn(words, " ");
		const char *at = name;
		while (len > 0 && at != NULL && strncmp(at, words, len) != 0)
			at = (at = strchr(at, ' ')) != NULL ? at + 1 : NULL;
		if (len > 0 && at != NULL)
			score += at[len] == ' ' || at[len] == '\0' ? 2 : 1;
		words += len + (words[len] == ' ' ? 1 : 0);
	}
	return score;
}

/* A record that went meanwhile is none. */
static enum pmj_code
take_hit(struct records_find *find, int64_t number, bool exact, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    find->journal, "SELECT rec, name, changed_pt, voided FROM pmj_record WHERE num = ?1");
	struct hit *hit = &find->hits[find->hit_count];
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_int(sql, 1, number), &row, err)) != PMJ_OK || !row)
		return rc;
	hit->changed = sql_col_int(sql, 2);
	hit->score =
	    find->questions[1].sound
	        ? -(int)text_distance(
	              sql_col_text(sql, 1) != NULL ? sql_col_text(sql, 1) : "", find->folded)
	        : (exact ? 1 : 0) + 2 * name_score(sql_col_text(sql, 1), find->folded);
	if (sql_col_int(sql, 3) != 0)
		hit->score -= 1000;
	if (sql_col_copy(sql, 0, hit->rec, sizeof(hit->rec)))
		find->hit_count++;
	sql_done(sql);
	return PMJ_OK;
}

/* The newest, and of the many others those with a name of their own: who is spoken of in hundreds
 * of newer records is found all the same. */
static bool
is_candidate(const struct records_find *find, struct question *question, int64_t number)
{
	struct sql *sql;

	if (question->at < CANDIDATES)
		return true;
	sql = sql_get(find->journal, "SELECT 1 FROM person WHERE _num = ?1");
	if (!sql_any(sql_int(sql, 1, number), false))
		return false;
	question->people++;
	return true;
}

/* Was it looked at for the first question? Both go from the newest to the oldest. */
static bool
was_looked_at(struct records_find *find, const struct question *question, int64_t number)
{
	const struct question *first = &find->questions[0];

	if (question == first)
		return false;
	while (find->behind < first->count && first->numbers[find->behind] > number)
		find->behind++;
	return find->behind < first->count && first->numbers[find->behind] == number;
}

/* One number; false when the question has no more. */
static bool
look(struct records_find *find, struct question *question, enum pmj_code *rc, struct pmj_error *err)
{
	bool people =
	    question->people < CANDIDATES && schema_table(find->journal, "person") != NULL;
	int64_t number;

	if (question->at == question->count || (question->at >= CANDIDATES && !people))
		return false;
	number = question->numbers[question->at];
	if (!was_looked_at(find, question, number) && is_candidate(find, question, number))
		*rc = take_hit(find, number, question->exact, err);
	question->at++;
	return *rc == PMJ_OK;
}

static int
by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	return memcmp(x->rec, y->rec, PMJ_RECORD_BYTES);
}

static bool
is_over(const struct records_find *find, int64_t until_ms)
{
	const struct os *os = find->journal->os;

	return until_ms != 0 && os->mono_ms(os->ctx) >= until_ms;
}

static enum pmj_code
look_on(struct records_find *find, int64_t until_ms, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (int i = 0; i < LOOKS_AT_ONCE; i++) {
		if (!look(find, &find->questions[0], &rc, err) && rc == PMJ_OK &&
		    !look(find, &find->questions[1], &rc, err) && rc == PMJ_OK) {
			qsort(find->hits, find->hit_count, sizeof(*find->hits), by_score);
			find->phase = FIND_ITEMS;
			return PMJ_OK;
		}
		if (rc != PMJ_OK || is_over(find, until_ms))
			return rc;
	}
	return PMJ_OK;
}

/* *done: all that were asked for, or that there are. */
static enum pmj_code
show_on(struct records_find *find, bool *done, int64_t until_ms, struct pmj_error *err)
{
	enum pmj_code rc;
	json_t *item;

	for (int i = 0; i < ITEMS_AT_ONCE; i++) {
		*done =
		    find->shown == find->hit_count || json_array_size(find->items) == find->most;
		if (*done)
			return PMJ_OK;
		rc = records_item(
		    find->journal, &item, find->hits[find->shown++].rec, find->lang, err);
		if (rc == PMJ_OK)
			(void)json_array_append_new(find->items, item);
		else if (rc != PMJ_NOT_FOUND) /* it went meanwhile */
			return rc;
		if (is_over(find, until_ms))
			return PMJ_OK;
	}
	return PMJ_OK;
}

static enum pmj_code
go_on(struct records_find *find, bool *done, int64_t until_ms, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	switch (find->phase) {
	case FIND_WORDS:
	case FIND_BEGINNINGS:
		if ((rc = ask(find, &find->questions[find->phase], err)) == PMJ_OK)
			find->phase++;
		break;
	case FIND_SOUNDS: /* only where nothing else is found */
		if (find->questions[0].count + find->questions[1].count == 0) {
			find->questions[1].sound = true;
			rc = ask(find, &find->questions[1], err);
		}
		if (rc == PMJ_OK)
			find->phase++;
		break;
	case FIND_LOOK:
		rc = look_on(find, until_ms, err);
		break;
	case FIND_ITEMS:
		rc = show_on(find, done, until_ms, err);
		break;
	}
	return rc;
}

enum pmj_code
records_find_step(struct records_find *find, json_t **out, int64_t until_ms, struct pmj_error *err)
{
	enum find_phase phase;
	enum pmj_code rc;
	bool done = false;

	*out = NULL;
	do {
		phase = find->phase;
		rc = go_on(find, &done, until_ms, err);
	} while (rc == PMJ_OK && find->phase != phase && !is_over(find, until_ms));
	if (rc == PMJ_OK && done)
		*out = json_pack("{s:O,s:b,s:b}", "items", find->items, "more",
		    find->shown < find->hit_count || find->questions[1].count >= CANDIDATES,
		    "sounds_alike", find->questions[1].sound && find->hit_count > 0);
	return rc;
}
