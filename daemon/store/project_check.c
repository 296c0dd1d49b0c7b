/* project_check.c - are the rows still what was written, and are they what the entries make? In
 * slices, record by record. */
#include <string.h>

#include "store/digest.h"
#include "store/project.h"
#include "store/records.h"
#include "store/search.h"

#define FULL_SLICE 500
#define SWEEP_ROWS 500

/* The record that ends the next check_slice: the most-th one that has entries; all ones when fewer
 * are left. */
static enum pmj_code
slice_end(struct journal *journal, uint8_t to[static PMJ_RECORD_BYTES], const uint8_t *from,
    int64_t most, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT rec FROM pmj_entry WHERE rec IS NOT NULL AND "
	                                   "rec > ?1 GROUP BY rec ORDER BY rec LIMIT 1 OFFSET ?2");
	enum pmj_code rc;
	bool row;

	memset(to, 0xff, PMJ_RECORD_BYTES);
	rc = sql_row(sql_int(sql_blob(sql, 1, from, PMJ_RECORD_BYTES), 2, most - 1), &row, err);
	if (rc == PMJ_OK && row)
		(void)sql_col_copy(sql, 0, to, PMJ_RECORD_BYTES);
	sql_done(sql);
	return rc;
}

/* A record's own row is counted with the digest that its entries tell, where that is asked. One
 * that has no entries is a row too much, and the sum of the rows says so. */
static enum pmj_code
sum_row(struct journal *journal, const struct row_set *set, const struct row *row,
    struct pmj_error *err)
{
	bool asked = journal->live.check_digests && row->table == &journal->tables[0];
	size_t len = 0;
	const uint8_t *rec = asked ? row_column(set, row, "rec", &len) : NULL;
	uint8_t digest[PRIM_HASH_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool told = false;

	if (rec != NULL && len == PMJ_RECORD_BYTES)
		rc = digest_read(journal, digest, &told, rec, err);
	if (rc == PMJ_OK)
		project_count(
		    journal, &journal->live.check_total, set, row, told ? digest : NULL, true);
	return rc;
}

/* Add the rows of records (from, to] to the sum of the check. */
static enum pmj_code
sum_rows(struct journal *journal, const uint8_t *from, const uint8_t *to, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t t = 0; rc == PMJ_OK && t < journal->table_count; t++) {
		const struct rows_table *table = &journal->tables[t];
		struct sql *sql = sql_get(journal, table->range);
		struct row_set set = {0};

		(void)sql_blob(sql_blob(sql, 1, from, PMJ_RECORD_BYTES), 2, to, PMJ_RECORD_BYTES);
		rc = row_set_read(&set, table, sql, err);
		for (size_t i = 0; rc == PMJ_OK && i < set.count; i++)
			rc = sum_row(journal, &set, &set.list[i], err);
		row_set_close(&set);
	}
	return rc;
}

/* Records (from, to] that have entries or a row. Sorted by nothing. */
static enum pmj_code
list_records(struct journal *journal, struct buf *out, const uint8_t *from, const uint8_t *to,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT rec FROM pmj_entry WHERE rec > ?1 AND rec <= ?2 UNION SELECT "
	                     "rec FROM pmj_record WHERE rec > ?1 AND rec <= ?2");
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	bool row = false;

	(void)sql_blob(sql_blob(sql, 1, from, PMJ_RECORD_BYTES), 2, to, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		if (sql_col_copy(sql, 0, rec, sizeof(rec)))
			buf_put(out, rec, sizeof(rec));
	return rc;
}

static enum pmj_code
fail_rows(struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "what the journal shows is not what was written: rows were changed or put back");
	pmj_hint(err, "build it anew from the entries: verify --rebuild");
	return PMJ_INTEGRITY;
}

/* Of the next rows of a table, the numbers that no record of its kind has. */
static enum pmj_code
list_strays(struct journal *journal, struct buf *out, const struct rows_table *table, bool *last,
    struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	struct sql *sql = sql_get(journal, table->numbers);
	enum pmj_code rc;
	int64_t seen = 0;
	bool row = false;

	(void)sql_int(sql_int(sql, 1, live->check_number), 2, SWEEP_ROWS);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		live->check_number = sql_col_int(sql, 0);
		if (sql_col_int(sql, 1) != 0)
			buf_put_u64(out, (uint64_t)live->check_number);
		seen++;
	}
	*last = seen < SWEEP_ROWS;
	return rc;
}

/* Rows under a number that is no record's show nowhere until a record gets it. They are looked for
 * before the records are, which are reached through their numbers. */
static enum pmj_code
sweep(struct journal *journal, bool *done, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	const struct rows_table *table = &journal->tables[live->check_table];
	bool last = true;
	struct buf strays;
	enum pmj_code rc = PMJ_OK;

	buf_init(&strays, 0);
	if (table->by_number)
		rc = list_strays(journal, &strays, table, &last, err);
	if (rc == PMJ_OK && strays.len > 0 && !live->mending) {
		*done = true; /* there is nothing more to be known */
		rc = fail_rows(err);
	}
	for (size_t at = 0; rc == PMJ_OK && at < strays.len; at += 8) {
		struct sql *sql = sql_get(journal, table->drop);

		rc = sql_run(sql_int(sql, 1, (int64_t)get_le64(strays.bytes + at)), err);
		live->differed++;
	}
	if (last) {
		live->check_table++;
		live->check_number = INT64_MIN;
	}
	buf_close(&strays);
	return rc;
}

/* Make the rows of records (from, to] what the entries say. */
static enum pmj_code
mend_rows(struct journal *journal, const uint8_t *from, const uint8_t *to, struct pmj_error *err)
{
	struct buf records;
	enum pmj_code rc;

	buf_init(&records, 0);
	rc = list_records(journal, &records, from, to, err);
	for (size_t at = 0; rc == PMJ_OK && at < records.len; at += PMJ_RECORD_BYTES) {
		bool differed = false;
		rc = project_renew(journal, records.bytes + at, &differed, err);
		journal->live.records++;
		journal->live.differed += differed ? 1 : 0;
	}
	buf_close(&records);
	return rc;
}

static enum pmj_code
check_slice(struct journal *journal, int64_t most, bool *done, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	uint8_t to[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	*done = false;
	if (live->check_table < journal->table_count)
		return sweep(journal, done, err);
	if ((rc = slice_end(journal, to, live->check_at, most, err)) != PMJ_OK ||
	    (live->mending && (rc = mend_rows(journal, live->check_at, to, err)) != PMJ_OK) ||
	    (rc = sum_rows(journal, live->check_at, to, err)) != PMJ_OK)
		return rc;
	memcpy(live->check_at, to, sizeof(to));
	memset(to, 0xff, sizeof(to));
	*done = memcmp(live->check_at, to, sizeof(to)) == 0;
	return PMJ_OK;
}

static void
start(struct journal *journal, bool mending, bool digests)
{
	struct journal_live *live = &journal->live;

	live->checking = true;
	live->mending = mending;
	live->check_digests = digests;
	live->check_table = 0;
	live->check_number = INT64_MIN;
	memset(live->check_at, 0, sizeof(live->check_at));
	memset(&live->check_total, 0, sizeof(live->check_total));
	live->records = live->differed = 0;
}

static bool
same_digests(const struct rows_total *a, const struct rows_total *b)
{
	return memcmp(a->digests, b->digests, sizeof(a->digests)) == 0 && a->entries == b->entries;
}

enum pmj_code
project_check_slice(
    struct journal *journal, int64_t most, bool digests, bool *done, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	enum pmj_code rc;

	if (!live->checking || live->mending || (digests && !live->check_digests))
		start(journal, false, digests);
	if ((rc = check_slice(journal, most, done, err)) != PMJ_OK)
		live->checking = false;
	if (rc != PMJ_OK || !*done)
		return rc;
	live->checking = false;
	if (memcmp(live->check_total.rows.bytes, live->total.rows.bytes, PRIM_HASH_BYTES) == 0 &&
	    (!live->check_digests || same_digests(&live->check_total, &live->total)))
		return PMJ_OK;
	return fail_rows(err);
}

enum pmj_code
project_rebuild_slice(struct journal *journal, int64_t most, bool *done, int64_t *records,
    int64_t *differed, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	bool mine = false;
	enum pmj_code rc;

	*done = false;
	if ((rc = journal_begin_own(journal, &mine, err)) != PMJ_OK)
		return rc;
	if (!live->checking || !live->mending)
		start(journal, true, true);
	if ((rc = check_slice(journal, most, done, err)) == PMJ_OK && *done) {
		/* The sum of what is there now, each row of which was just compared with the
		 * entries. */
		live->total = live->check_total;
		live->checking = false;
		live->dirty = true;
	}
	*records = live->records;
	*differed = live->differed;
	rc = journal_end_own(journal, mine, rc, err);
	if (rc != PMJ_OK)
		live->checking = false;
	return rc;
}

enum pmj_code
project_rebuild(struct journal *journal, int64_t *records, int64_t *differed, struct pmj_error *err)
{
	enum pmj_code rc;
	bool done = false;

	journal->live.checking = false;
	do
		rc = project_rebuild_slice(journal, FULL_SLICE, &done, records, differed, err);
	while (rc == PMJ_OK && !done);
	if (rc == PMJ_OK) /* the words of the search texts, which no sum covers */
		rc = search_rebuild(journal, err);
	return rc;
}

enum pmj_code
project_check(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc;
	bool done = false;

	journal->live.checking = false;
	do
		rc = project_check_slice(journal, FULL_SLICE, true, &done, err);
	while (rc == PMJ_OK && !done);
	return rc;
}
