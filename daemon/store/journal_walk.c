/* journal_walk.c - the file as SQLite sees it: every page of every table opens, every row stands in
 * every index, every entry of an index stands for a row. What `PRAGMA integrity_check` asks of a
 * table at once, asked in slices that can be left and gone on with by key, also while rows come and
 * go: each row, and each entry, is judged alone. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal_inner.h"
#include "store/journal_walk_inner.h"
#include "store/names.h"

#define SLICE_ROWS 64

struct journal_walk {
	struct journal *journal;
	struct names tables;
	size_t table;
	bool ready; /* what follows is of the present table */
	struct walk_table at;
	size_t part;          /* 0: its rows; from 1: entries of that index */
	sqlite3_value **last; /* key of the last that was seen; NULL: none yet */
	size_t last_count;
};

static void
forget_last(struct journal_walk *walk)
{
	for (size_t i = 0; i < walk->last_count; i++)
		sqlite3_value_free(walk->last[i]);
	free(walk->last);
	walk->last = NULL;
	walk->last_count = 0;
}

static void
forget_table(struct journal_walk *walk)
{
	forget_last(walk);
	walk_table_close(&walk->at);
	walk->part = 0;
	walk->ready = false;
}

void
journal_walk_free(struct journal_walk *walk)
{
	if (walk == NULL)
		return;
	forget_table(walk);
	names_close(&walk->tables);
	free(walk);
}

/* Virtual tables keep their rows in tables that are here too. */
enum pmj_code
journal_walk_new(struct journal_walk **out, struct journal *journal, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY rowid");
	struct journal_walk *walk = mem_new(sizeof(*walk));
	enum pmj_code rc;

	walk->journal = journal;
	if ((rc = names_read(&walk->tables, sql, 0, err)) != PMJ_OK) {
		journal_walk_free(walk);
		walk = NULL;
	}
	*out = walk;
	return rc;
}

static enum pmj_code
fail_table(const struct journal_walk *walk, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the journal's table %.60s is damaged, or holds pages of different times",
	    walk->at.name);
	pmj_hint(err, "keep a copy of the folder as it is; restore the last backup, what the hub "
	              "acknowledged comes back from it");
	return PMJ_INTEGRITY;
}

static enum pmj_code
look_at_table(struct journal_walk *walk, struct pmj_error *err)
{
	enum pmj_code rc =
	    walk_table_read(&walk->at, walk->journal, walk->tables.list[walk->table], err);

	walk->ready = rc == PMJ_OK;
	if (rc != PMJ_OK)
		walk_table_close(&walk->at);
	return rc;
}

/* ---- one slice ---- */

/* "after the last one", in an order where NULL comes first. Row values say it, unless the last one
 * holds a NULL. */
static void
put_after(struct buf *out, const struct journal_walk *walk, const struct walk_index *index)
{
	char *columns = mem_strdup(index->columns), *rest = NULL, *name;
	size_t nulls = 0, at = 0;

	for (size_t i = 0; i < walk->last_count; i++)
		nulls += sqlite3_value_type(walk->last[i]) == SQLITE_NULL;
	if (nulls == 0) {
		buf_putf(out, "(%s) > (", index->columns);
		for (size_t i = 0; i < walk->last_count; i++)
			buf_putf(out, "%s?%zu", i > 0 ? ", " : "", i + 1);
		buf_put_text(out, ")");
	} else {
		for (name = strtok_r(columns, ",", &rest); name != NULL;
		     name = strtok_r(NULL, ",", &rest)) {
			bool null = sqlite3_value_type(walk->last[at++]) == SQLITE_NULL;
			buf_putf(out, null ? "(%s IS NOT NULL" : "(%s > ?%zu", name, at);
			if (at < walk->last_count)
				buf_putf(out, " OR (%s IS ?%zu AND ", name, at);
		}
		for (size_t i = 1; i < 2 * walk->last_count; i++)
			buf_put_text(out, ")");
	}
	free(columns);
}

/* How the rows, or with an index its entries, are reached. */
static void
put_by(struct buf *out, const struct journal_walk *walk, const struct walk_index *index)
{
	if (index != &walk->at.self)
		buf_putf(out, "INDEXED BY \"%s\" ", index->name);
	else if (walk->at.primary != NULL)
		buf_putf(out, "INDEXED BY \"%s\" ", walk->at.primary);
	else
		buf_put_text(out, "NOT INDEXED ");
}

/* "up to this one": what belongs to a partial index may be few among many, and a count of those
 * would be reached at the end of the table only, in each slice anew. */
static void
put_until(struct buf *out, const struct walk_index *index, const struct journal_walk *until)
{
	buf_putf(out, " AND (%s) <= (", index->columns);
	for (size_t i = 0; i < until->last_count; i++)
		buf_putf(out, "%s?%zu", i > 0 ? ", " : "", index->count + i + 1);
	buf_put_text(out, ")");
}

/* Some rows of `from`, in its order, after the last one, and if `until` is given up to that one;
 * `shown` of each. */
static void
put_slice(struct buf *out, const struct journal_walk *walk, const struct walk_index *from,
    const struct walk_index *of, const char *shown, int64_t most, const struct journal_walk *until)
{
	buf_putf(out, "SELECT %s FROM \"%s\" ", shown, walk->at.name);
	put_by(out, walk, from);
	buf_put_text(out, "WHERE ");
	if (of->where != NULL)
		buf_putf(out, "(%s) AND ", of->where);
	if (walk->last != NULL)
		put_after(out, walk, from);
	else
		buf_put_text(out, "1");
	if (until != NULL)
		put_until(out, from, until);
	buf_putf(out, " ORDER BY %s LIMIT %lld", from->columns, (long long)most);
}

static enum pmj_code
prepare(struct journal_walk *walk, sqlite3_stmt **out, struct buf *text,
    const struct journal_walk *until, struct pmj_error *err)
{
	int result = sqlite3_prepare_v2(walk->journal->db, buf_text(text), -1, out, NULL);

	for (size_t i = 0; result == SQLITE_OK && i < walk->last_count; i++)
		if (sqlite3_bind_parameter_count(*out) > (int)i)
			result = sqlite3_bind_value(*out, (int)i + 1, walk->last[i]);
	for (size_t i = 0; result == SQLITE_OK && until != NULL && i < until->last_count; i++)
		result = sqlite3_bind_value(*out, (int)(until->last_count + i) + 1, until->last[i]);
	buf_close(text);
	return result == SQLITE_OK ? PMJ_OK : journal_fail(walk->journal, result, err);
}

/* Of the next rows of `from`, is there one that `in` does not have? */
static enum pmj_code
compare(struct journal_walk *walk, const struct walk_index *from, const struct walk_index *in,
    int64_t most, const struct journal_walk *next, struct pmj_error *err)
{
	const struct journal_walk *until = from == &walk->at.self ? next : NULL; /* never NULLs */
	const struct walk_index *index = from != &walk->at.self ? from : in;
	sqlite3_stmt *statement = NULL;
	struct buf text;
	enum pmj_code rc;
	int result;

	buf_init(&text, 0);
	buf_put_text(&text, "SELECT 1 FROM (");
	put_slice(&text, walk, from, index, index->named, most, until);
	buf_putf(&text, ") AS r WHERE NOT EXISTS (SELECT 1 FROM \"%s\" AS x ", walk->at.name);
	put_by(&text, walk, in);
	buf_putf(&text, "WHERE %s", index->same);
	if (index->where != NULL)
		buf_putf(&text, " AND (%s)", index->where);
	buf_put_text(&text, ") LIMIT 1");
	if ((rc = prepare(walk, &statement, &text, until, err)) == PMJ_OK &&
	    (result = sqlite3_step(statement)) != SQLITE_DONE)
		rc = result == SQLITE_ROW ? fail_table(walk, err)
		                          : journal_fail(walk->journal, result, err);
	(void)sqlite3_finalize(statement);
	return rc;
}

/* Every byte of the row: pages that only hold the rest of a long value open, too. */
static void
touch(sqlite3_stmt *statement, int from)
{
	for (int i = from; i < sqlite3_column_count(statement); i++)
		(void)sqlite3_column_blob(statement, i);
}

static void
keep_last(struct journal_walk *walk, sqlite3_stmt *statement, size_t count)
{
	forget_last(walk);
	walk->last = mem_array(count, sizeof(*walk->last));
	for (size_t i = 0; i < count; i++)
		walk->last[walk->last_count++] =
		    sqlite3_value_dup(sqlite3_column_value(statement, (int)i));
}

/* How many rows, or entries, come next, and the key of the last of them. */
static enum pmj_code
read_slice(struct journal_walk *walk, const struct walk_index *index, struct journal_walk *next,
    int64_t *count, int64_t until_ms, struct pmj_error *err)
{
	const struct os *os = walk->journal->os;
	char *shown = mem_printf("%s%s", index->columns, index == &walk->at.self ? ", *" : "");
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_DONE;
	struct buf text;
	enum pmj_code rc;

	*count = 0;
	buf_init(&text, 0);
	put_slice(&text, walk, index, index, shown, SLICE_ROWS, NULL);
	free(shown);
	if ((rc = prepare(walk, &statement, &text, NULL, err)) != PMJ_OK)
		goto out;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		touch(statement, (int)index->count);
		keep_last(next, statement, index->count);
		++*count;
		if (index == &walk->at.self && os->mono_ms(os->ctx) >= until_ms)
			break;
	}
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		rc = journal_fail(walk->journal, result, err);
out:
	(void)sqlite3_finalize(statement);
	return rc;
}

static enum pmj_code
slice(struct journal_walk *walk, int64_t until_ms, struct pmj_error *err)
{
	const struct walk_index *index =
	    walk->part == 0 ? &walk->at.self : &walk->at.indexes[walk->part - 1];
	struct journal_walk next = {.journal = walk->journal};
	int64_t count;
	enum pmj_code rc;

	if ((rc = read_slice(walk, index, &next, &count, until_ms, err)) != PMJ_OK)
		goto out;
	if (count > 0 && walk->part > 0)
		rc = compare(walk, index, &walk->at.self, count, &next, err);
	for (size_t i = 0; rc == PMJ_OK && count > 0 && walk->part == 0 && i < walk->at.index_count;
	     i++)
		rc = compare(walk, &walk->at.self, &walk->at.indexes[i], count, &next, err);
	forget_last(walk);
	if (count > 0) {
		walk->last = next.last;
		walk->last_count = next.last_count;
		next.last = NULL;
		next.last_count = 0;
	} else if (++walk->part > walk->at.index_count) {
		forget_table(walk);
		walk->table++;
	}
out:
	forget_last(&next);
	return rc;
}

enum pmj_code
journal_walk_step(struct journal_walk *walk, int64_t until_ms, bool *done, struct pmj_error *err)
{
	const struct os *os = walk->journal->os;
	enum pmj_code rc = PMJ_OK;

	do {
		*done = walk->table >= walk->tables.count;
		if (*done)
			return PMJ_OK;
		if (!walk->ready)
			rc = look_at_table(walk, err);
		if (rc == PMJ_OK)
			rc = slice(walk, until_ms, err);
	} while (rc == PMJ_OK && os->mono_ms(os->ctx) < until_ms);
	return rc;
}
