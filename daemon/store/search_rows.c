/* search_rows.c - what goes into the full-text table, and when.
 *
 * FTS5 collects words in memory and makes a segment of them at the commit, or as soon as a row
 * comes whose number is not above the last one's: one edit among new records costs as much as eight
 * of them, and leaves a segment to be merged. So texts wait here. Those of new records go in by the
 * dozen, in order; those that take the place of another at the commit. Whoever asks has them put in
 * first. Segments are merged in steps of their own, not in the commit of whoever writes.
 *
 * A merge says nothing that was not said before: lost by a power cut, it is made again. So nothing
 * waits for the disk to have it. The next commit's sync covers it, for it takes the whole WAL, and
 * so does the one that every checkpoint begins with. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/entries.h"
#include "store/journal_inner.h"
#include "store/recipe.h"
#include "store/search.h"

#define NEW_AT_ONCE 24
#define WAITING_MAX 1000
#define OWED_MAX 4 /* each leaves one segment or two; at 16 of one level FTS5 merges by itself */

/* Where the row of this number waits, or where it would. */
static size_t
place_of(const struct journal *journal, int64_t number)
{
	size_t low = 0, high = journal->search_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (journal->search[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct search_row *
add_waiting(struct journal *journal, size_t at, int64_t number, bool there)
{
	struct search_row *rows;

	if (journal->search_count == journal->search_room) {
		journal->search_room = journal->search_room * 2 + 64;
		journal->search =
		    mem_grow(journal->search, journal->search_room, sizeof(*journal->search));
	}
	rows = journal->search;
	assert(rows != NULL);
	memmove(&rows[at + 1], &rows[at], (journal->search_count - at) * sizeof(*rows));
	rows[at] = (struct search_row){.number = number, .there = there};
	journal->search_count++;
	journal->search_new += there ? 0 : 1;
	return &rows[at];
}

/* Where a record's words are told by its line. */
static enum pmj_code
told_text(struct journal *journal, int64_t number, char **text, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "SELECT rec, words FROM pmj_record WHERE num = ?1 AND words IS NOT NULL");
	uint8_t rec[PMJ_RECORD_BYTES];
	struct entry_row maker;
	int64_t words;
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_int(sql, 1, number), &row, err)) != PMJ_OK || !row)
		return rc;
	words = sql_col_int(sql, 1);
	(void)sql_col_copy(sql, 0, rec, sizeof(rec));
	sql_done(sql);
	rc = entries_maker(journal, &maker, rec, err);
	if (rc == PMJ_NOT_FOUND) /* damaged: nothing is known of it */
		return PMJ_OK;
	if (rc == PMJ_OK) {
		*text = recipe_text(journal, words, &maker.entry);
		entry_row_close(&maker);
	}
	return rc;
}

enum pmj_code
search_there(
    struct journal *journal, int64_t number, char **text, bool *kept, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT pmj_line(text, NULL, 0, NULL) FROM pmj_text WHERE num = ?1");
	const uint8_t *bytes;
	enum pmj_code rc;
	size_t len;

	*text = NULL;
	if ((rc = sql_row(sql_int(sql, 1, number), kept, err)) != PMJ_OK)
		return rc;
	if (!*kept)
		return told_text(journal, number, text, err);
	bytes = sql_col_blob(sql, 0, &len);
	*text = mem_strndup(bytes != NULL ? (const char *)bytes : "", len);
	sql_done(sql);
	return PMJ_OK;
}

static enum pmj_code
keep_text(struct journal *journal, int64_t number, const char *text, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "INSERT OR REPLACE INTO pmj_text (num, text) VALUES (?1, "
	                     "pmj_packed(?2, NULL, 0, NULL))");

	return sql_run(sql_text(sql_int(sql, 1, number), 2, text), err);
}

/* Does it wait to be written? Then what is there is known. */
static bool
waits(const struct journal *journal, int64_t number)
{
	size_t at = place_of(journal, number);

	return at < journal->search_count && journal->search[at].number == number;
}

enum pmj_code
search_keep(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT num FROM pmj_record WHERE rec = ?1 AND words IS NOT NULL");
	int64_t number = sql_first_int(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 0);
	char *text = NULL;
	bool kept = false;
	enum pmj_code rc;

	if (number == 0 || waits(journal, number))
		return PMJ_OK;
	rc = search_there(journal, number, &text, &kept, err);
	if (rc == PMJ_OK && !kept && text != NULL)
		rc = keep_text(journal, number, text, err);
	free(text);
	return rc;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The table keeps words only: they are taken out by the text that they came from. */
static enum pmj_code
take_words(struct journal *journal, int64_t number, const char *text, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "INSERT INTO pmj_search (pmj_search, rowid, text) VALUES ('delete', ?1, ?2)");

	return sql_run(sql_text(sql_int(sql, 1, number), 2, text), err);
}

static enum pmj_code
put_words(struct journal *journal, int64_t number, const char *text, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "INSERT INTO pmj_search (rowid, text) VALUES (?1, ?2)");

	return sql_run(sql_text(sql_int(sql, 1, number), 2, text), err);
}

static enum pmj_code
write_words(struct journal *journal, const struct search_row *row, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (same_text(row->old, row->text))
		return PMJ_OK;
	journal->search_wrote = true;
	if (row->old != NULL)
		rc = take_words(journal, row->number, row->old, err);
	return rc == PMJ_OK && row->text != NULL ? put_words(journal, row->number, row->text, err)
	                                         : rc;
}

static enum pmj_code
write_row(struct journal *journal, const struct search_row *row, struct pmj_error *err)
{
	enum pmj_code rc = write_words(journal, row, err);
	struct sql *sql;

	if (rc != PMJ_OK || (!row->there && (row->text == NULL || row->told)))
		return rc;
	if (row->text != NULL && !row->told)
		return keep_text(journal, row->number, row->text, err);
	sql = sql_get(journal, "DELETE FROM pmj_text WHERE num = ?1");
	return sql_run(sql_int(sql, 1, row->number), err);
}

static void
row_close(struct search_row *row)
{
	free(row->text);
	free(row->old);
}

/* One text after the other, so that none is held longer than it takes. */
enum pmj_code
search_rebuild(struct journal *journal, struct pmj_error *err)
{
	int64_t number = INT64_MIN;
	enum pmj_code rc = search_settle(journal, err);

	if (rc == PMJ_OK)
		rc = journal_exec(
		    journal, "INSERT INTO pmj_search (pmj_search) VALUES ('delete-all')", err);
	while (rc == PMJ_OK) {
		struct sql *sql = sql_get(
		    journal, "SELECT num FROM pmj_record WHERE num > ?1 ORDER BY num LIMIT 1");
		char *text = NULL;
		bool row, kept;

		if ((rc = sql_row(sql_int(sql, 1, number), &row, err)) != PMJ_OK || !row)
			break;
		number = sql_col_int(sql, 0);
		sql_done(sql);
		if ((rc = search_there(journal, number, &text, &kept, err)) == PMJ_OK &&
		    text != NULL)
			rc = put_words(journal, number, text, err);
		free(text);
	}
	return rc;
}

/* Those of new records only, or all. */
static enum pmj_code
settle(struct journal *journal, bool all, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	size_t kept = 0;

	for (size_t i = 0; i < journal->search_count; i++) {
		struct search_row *row = &journal->search[i];

		if (rc == PMJ_OK && (all || !row->there) &&
		    (rc = write_row(journal, row, err)) == PMJ_OK) {
			journal->search_new -= row->there ? 0 : 1;
			row_close(row);
		} else {
			journal->search[kept++] = *row;
		}
	}
	journal->search_count = kept;
	return rc;
}

enum pmj_code
search_settle(struct journal *journal, struct pmj_error *err)
{
	return journal->search_count > 0 ? settle(journal, true, err) : PMJ_OK;
}

void
search_forget(struct journal *journal)
{
	for (size_t i = 0; i < journal->search_count; i++)
		row_close(&journal->search[i]);
	free(journal->search);
	journal->search = NULL;
	journal->search_count = journal->search_room = journal->search_new = 0;
	journal->search_wrote = false;
}

bool
journal_search_owes(const struct journal *journal)
{
	return journal->search_owed >= OWED_MAX && !journal->in_transaction && !journal->resting;
}

/* Outside a transaction only; a handle that cannot be set back is of no use any more. */
static enum pmj_code
wait_for_disk(struct journal *journal, bool wait, struct pmj_error *err)
{
	enum pmj_code rc = journal_exec(
	    journal, wait ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err);

	if (wait && rc != PMJ_OK)
		journal->dead = true;
	return rc;
}

static enum pmj_code
merge_pages(struct journal *journal, int64_t pages, bool *more, struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;
	int before;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	before = sqlite3_total_changes(journal->db);
	sql = sql_get(journal, "INSERT INTO pmj_search (pmj_search, rank) VALUES ('merge', ?1)");
	if ((rc = sql_run(sql_int(sql, 1, pages), err)) != PMJ_OK) {
		journal_rollback(journal);
		return rc;
	}
	/* As FTS5 says it: fewer than two changes, and there was nothing to merge. */
	*more = sqlite3_total_changes(journal->db) - before >= 2;
	return journal_commit(journal, err);
}

enum pmj_code
journal_search_merge(struct journal *journal, int64_t pages, bool *more, struct pmj_error *err)
{
	struct pmj_error why;
	enum pmj_code rc;

	assert(!journal->in_transaction && !journal->resting);
	*more = false;
	journal->search_owed = 0; /* whatever comes of it: it is not tried over and over */
	if ((rc = wait_for_disk(journal, false, err)) != PMJ_OK)
		return rc;
	rc = merge_pages(journal, pages, more, err);
	if (wait_for_disk(journal, true, &why) != PMJ_OK && rc == PMJ_OK) {
		*err = why;
		rc = why.code;
	}
	if (rc == PMJ_OK && *more)
		journal->search_owed = OWED_MAX;
	return rc;
}

#define PURGE_PAGES 32 /* some 10 ms */

/* A negative count puts all segments on one level first, so that they become one. */
enum pmj_code
journal_search_purge(struct journal *journal, bool begin, bool *more, struct pmj_error *err)
{
	enum pmj_code rc = journal_settle(journal, err);
	bool merged;

	*more = true;
	if (rc != PMJ_OK)
		return rc;
	if (begin)
		return merge_pages(journal, -PURGE_PAGES, &merged, err);
	rc = merge_pages(journal, PURGE_PAGES, more, err);
	return rc;
}

enum pmj_code
search_put(struct journal *journal, struct search_new *new, bool *differed, struct pmj_error *err)
{
	size_t at = place_of(journal, new->number);
	struct search_row *row = at < journal->search_count ? &journal->search[at] : NULL;
	bool told = new->told &&new->text != NULL;

	if (row != NULL && row->number == new->number) {
		*differed = !same_text(row->text, new->text);
		free(row->text);
	} else {
		*differed = new->fresh || !same_text(new->old, new->text);
		if (!*differed && told == !new->kept)
			return PMJ_OK;
		row = add_waiting(journal, at, new->number, !new->fresh);
		row->old = new->old;
		new->old = NULL;
	}
	row->text = new->text != NULL ? mem_strdup(new->text) : NULL;
	row->told = told;
	if (journal->search_new < NEW_AT_ONCE && journal->search_count < WAITING_MAX)
		return PMJ_OK;
	return settle(journal, journal->search_count >= WAITING_MAX, err);
}
