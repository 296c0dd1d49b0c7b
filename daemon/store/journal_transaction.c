/* journal_transaction.c - one transaction at a time, spread over steps or not; sums and head kept
 * with it. */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "store/journal_inner.h"
#include "store/recipe.h"
#include "store/search.h"
#include "store/shorts.h"

enum pmj_code
journal_exec(struct journal *journal, const char *text, struct pmj_error *err)
{
	int result;

	if (journal->dead || journal->db == NULL)
		return journal_fail(journal, SQLITE_IOERR, err);
	result = sqlite3_exec(journal->db, text, NULL, NULL, NULL);
	return result == SQLITE_OK ? PMJ_OK : journal_fail(journal, result, err);
}

enum pmj_code
journal_begin(struct journal *journal, struct pmj_error *err)
{
	struct pmj_error settled;
	enum pmj_code rc;

	assert(!journal->in_transaction);
	/* What rested and cannot be committed is lost, as a power cut would lose it: its owner
	 * does it again, and what begins here is not held up. */
	if (journal->resting && journal_settle(journal, &settled) != PMJ_OK)
		diag_error("committing what was being taken in", &settled);
	if (journal->dead && (rc = journal_reconnect(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = sql_run(sql_get(journal, "BEGIN IMMEDIATE"), err)) != PMJ_OK)
		return rc;
	journal->in_transaction = true;
	journal->transaction++;
	journal->before = journal->live;
	return PMJ_OK;
}

enum pmj_code
journal_begin_more(struct journal *journal, struct pmj_error *err)
{
	assert(!journal->in_transaction);
	if (!journal->resting)
		return journal_begin(journal, err);
	journal->resting = false;
	journal->in_transaction = true;
	journal->rested = true;
	return PMJ_OK;
}

uint64_t
journal_rest(struct journal *journal)
{
	assert(journal->in_transaction);
	journal->in_transaction = false;
	journal->resting = true;
	return journal->transaction;
}

uint64_t
journal_transaction(const struct journal *journal)
{
	return journal->transaction;
}

enum pmj_code
journal_settle(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc;

	if (!journal->resting)
		return PMJ_OK;
	if ((rc = journal_begin_more(journal, err)) != PMJ_OK)
		return rc;
	return journal_commit(journal, err);
}

enum journal_fate
journal_fate(const struct journal *journal, uint64_t transaction)
{
	if (transaction == journal->lost)
		return JOURNAL_LOST;
	return transaction == journal->transaction && journal->resting ? JOURNAL_RESTS
	                                                               : JOURNAL_DURABLE;
}

#define SUMS_BYTES (PRIM_HASH_BYTES * 5 + 16)

/* Sums and head in one row: an old page of this row beside new entries shows. */
static enum pmj_code
write_live(struct journal *journal, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	uint8_t bytes[SUMS_BYTES];

	memcpy(bytes, live->total.rows.bytes, PRIM_HASH_BYTES);
	memcpy(bytes + PRIM_HASH_BYTES, live->entry_sum.bytes, PRIM_HASH_BYTES);
	memcpy(bytes + PRIM_HASH_BYTES * 2, live->j, PRIM_HASH_BYTES);
	memcpy(bytes + PRIM_HASH_BYTES * 3, live->total.digests, sizeof(live->total.digests));
	put_le64(bytes + SUMS_BYTES - 16, (uint64_t)live->total.entries);
	put_le64(bytes + SUMS_BYTES - 8, live->count);
	live->dirty = false;
	return journal_put_blob(journal, "journal sums", bytes, sizeof(bytes), err);
}

enum pmj_code
journal_live_read(struct journal *journal, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	uint8_t bytes[SUMS_BYTES];
	struct sql *sql;
	enum pmj_code rc;
	bool row;

	memset(live, 0, sizeof(*live));
	journal_chain_start(journal, live->j);
	sql = sql_get(journal, "SELECT n FROM pmj_entry ORDER BY n DESC LIMIT 1");
	if ((rc = sql_row(sql, &row, err)) != PMJ_OK)
		return rc;
	if (row)
		live->count = (uint64_t)sql_col_int(sql, 0);
	sql_done(sql);
	if (row && (rc = journal_chain_stored(journal, live->count, live->j, err)) != PMJ_OK)
		return rc;
	if (journal_blob(journal, "journal sums", bytes, sizeof(bytes))) {
		memcpy(live->total.rows.bytes, bytes, PRIM_HASH_BYTES);
		memcpy(live->entry_sum.bytes, bytes + PRIM_HASH_BYTES, PRIM_HASH_BYTES);
		memcpy(
		    live->total.digests, bytes + PRIM_HASH_BYTES * 3, sizeof(live->total.digests));
		live->total.entries = (int64_t)get_le64(bytes + SUMS_BYTES - 16);
	} else if (!row) {
		return PMJ_OK;
	}
	if (get_le64(bytes + SUMS_BYTES - 8) != live->count ||
	    memcmp(bytes + PRIM_HASH_BYTES * 2, live->j, PRIM_HASH_BYTES) != 0) {
		(void)pmj_fail(err, PMJ_INTEGRITY,
		    "the journal holds pages of different times: its sums do not belong to entry "
		    "%llu",
		    (unsigned long long)live->count);
		pmj_hint(
		    err, "restore the last backup; what the hub acknowledged comes back from it");
		return PMJ_INTEGRITY;
	}
	return PMJ_OK;
}

enum pmj_code
journal_commit(struct journal *journal, struct pmj_error *err)
{
	enum pmj_code rc;

	assert(journal->in_transaction);
	rc = search_settle(journal, err);
	if (rc == PMJ_OK && journal->live.dirty)
		rc = write_live(journal, err);
	if (rc == PMJ_OK)
		rc = sql_run(sql_get(journal, "COMMIT"), err);
	if (rc != PMJ_OK) {
		journal_rollback(journal);
		return rc;
	}
	journal->in_transaction = false;
	journal->rested = false;
	journal->search_owed += journal->search_wrote;
	journal->search_wrote = false;
	return PMJ_OK;
}

void
journal_rollback(struct journal *journal)
{
	if (!journal->in_transaction)
		return;
	journal->in_transaction = false;
	if (journal->rested)
		journal->lost = journal->transaction;
	journal->rested = false;
	search_forget(journal);
	shorts_forget(journal);
	recipe_forget(journal);
	/* A full disk may have made SQLite roll back by itself. */
	if (journal->db != NULL && !journal->dead && !sqlite3_get_autocommit(journal->db) &&
	    sqlite3_exec(journal->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		journal->dead = true;
	journal->live = journal->before;
}

enum pmj_code
journal_begin_own(struct journal *journal, bool *mine, struct pmj_error *err)
{
	*mine = !journal->in_transaction;
	return *mine ? journal_begin(journal, err) : PMJ_OK;
}

enum pmj_code
journal_end_own(struct journal *journal, bool mine, enum pmj_code rc, struct pmj_error *err)
{
	if (!mine)
		return rc;
	if (rc == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}
