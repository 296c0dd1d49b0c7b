/* project_check.c - are the rows still what was written, and are they what the entries make? In
 * slices, record by record. */
#include <string.h>

#include "base/text.h"
#include "store/project.h"
#include "store/records.h"

#define FULL_SLICE 500

/* The record that ends the next slice: the most-th one that has entries; all ones when fewer are
 * left. */
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

static void
bind_range(struct sql *sql, const struct rows_table *table, const uint8_t *from, const uint8_t *to)
{
	char id[PMJ_RECORD_CHARS + 1];

	if (table->by_text) {
		(void)sql_text(sql, 1, text_base32(id, from, PMJ_RECORD_BYTES));
		(void)sql_text(sql, 2, text_base32(id, to, PMJ_RECORD_BYTES));
	} else {
		(void)sql_blob(sql_blob(sql, 1, from, PMJ_RECORD_BYTES), 2, to, PMJ_RECORD_BYTES);
	}
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

		bind_range(sql, table, from, to);
		rc = row_set_read(&set, table, sql, err);
		for (size_t i = 0; rc == PMJ_OK && i < set.count; i++)
			project_count(
			    journal, &journal->live.check_total, &set, &set.list[i], true);
		row_set_close(&set);
	}
	return rc;
}

/* Records (from, to] that have entries or rows of any table. Sorted by nothing. */
static enum pmj_code
list_records(struct journal *journal, struct buf *out, const uint8_t *from, const uint8_t *to,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT rec FROM pmj_entry WHERE rec > ?1 AND rec <= ?2 UNION SELECT "
	                     "rec FROM pmj_record WHERE rec > ?1 AND rec <= ?2"
	                     " UNION SELECT rec FROM pmj_subject WHERE rec > ?1 AND rec <= ?2");
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	bool row = false;

	(void)sql_blob(sql_blob(sql, 1, from, PMJ_RECORD_BYTES), 2, to, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		if (sql_col_copy(sql, 0, rec, sizeof(rec)))
			buf_put(out, rec, sizeof(rec));
	return rc;
}

/* Rows in a kind's table that belong to no record of this kind. */
static enum pmj_code
sweep_kind(struct journal *journal, const struct rows_table *table, const uint8_t *from,
    const uint8_t *to, struct pmj_error *err)
{
	struct row_set set = {0};
	struct sql *sql = sql_get(journal, table->range);
	enum pmj_code rc;

	bind_range(sql, table, from, to);
	rc = row_set_read(&set, table, sql, err);
	for (size_t i = 0; rc == PMJ_OK && i < set.count; i++) {
		/* id is the first column: u8 len, "id", 't', le32 16, 16 characters */
		const char *id = (const char *)set.bytes.bytes + set.list[i].at + 1 + 2 + 1 + 4;
		uint8_t rec[PMJ_RECORD_BYTES] = {0};
		bool row = false, known = text_unbase32(rec, sizeof(rec), id, PMJ_RECORD_CHARS);
		sql = sql_get(journal, "SELECT 1 FROM pmj_record WHERE rec = ?1 AND kind = ?2");
		rc = sql_row(
		    sql_text(sql_blob(sql, 1, rec, sizeof(rec)), 2, table->name), &row, err);
		sql_done(sql);
		if (rc != PMJ_OK || (known && row))
			continue;
		journal->live.differed++;
		rc = row_remove(journal, &set, &set.list[i], err);
	}
	row_set_close(&set);
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
	for (size_t t = JOURNAL_OWN_TABLES; rc == PMJ_OK && t < journal->table_count; t++)
		rc = sweep_kind(journal, &journal->tables[t], from, to, err);
	buf_close(&records);
	return rc;
}

static enum pmj_code
slice(struct journal *journal, int64_t most, bool *done, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	uint8_t to[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	*done = false;
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
start(struct journal *journal, bool mending)
{
	struct journal_live *live = &journal->live;

	live->checking = true;
	live->mending = mending;
	memset(live->check_at, 0, sizeof(live->check_at));
	memset(&live->check_total, 0, sizeof(live->check_total));
	live->records = live->differed = 0;
}

enum pmj_code
project_check_slice(struct journal *journal, int64_t most, bool *done, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	enum pmj_code rc;

	if (!live->checking || live->mending)
		start(journal, false);
	if ((rc = slice(journal, most, done, err)) != PMJ_OK)
		live->checking = false;
	if (rc != PMJ_OK || !*done)
		return rc;
	live->checking = false;
	if (memcmp(live->check_total.rows.bytes, live->total.rows.bytes, PRIM_HASH_BYTES) == 0 &&
	    memcmp(live->check_total.digests, live->total.digests, sizeof(live->total.digests)) ==
	        0 &&
	    live->check_total.entries == live->total.entries)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "what the journal shows is not what was written: rows were changed or put back");
	pmj_hint(err, "build it anew from the entries: verify --rebuild");
	return PMJ_INTEGRITY;
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
		start(journal, true);
	if ((rc = slice(journal, most, done, err)) == PMJ_OK && *done) {
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
		rc = journal_exec(
		    journal, "INSERT INTO pmj_search (pmj_search) VALUES ('rebuild')", err);
	return rc;
}

enum pmj_code
project_check(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc;
	bool done = false;

	journal->live.checking = false;
	do
		rc = project_check_slice(journal, FULL_SLICE, &done, err);
	while (rc == PMJ_OK && !done);
	return rc;
}
