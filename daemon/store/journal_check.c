/* journal_check.c - the chain of 5.3 over the entries, and whether they are still what they were
 * when appended. */
#include <string.h>

#include "domain/line.h"
#include "store/entries.h"
#include "store/entries_inner.h"

#define AT_ONCE                                                                                    \
	1000 /* lines that an answer about the head re-computes; the rest is checked in slices */

void
journal_chain_start(const struct journal *journal, uint8_t j[static PRIM_HASH_BYTES])
{
	prim_hash(
	    j, "pmj jrnl 0 v1", PRIM_PARTS({journal->store_uuid, sizeof(journal->store_uuid)}));
}

void
journal_chain_next(uint8_t j[static PRIM_HASH_BYTES], const uint8_t e[static PMJ_ENTRY_BYTES])
{
	uint8_t next[PRIM_HASH_BYTES];

	prim_hash(next, "pmj jrnl v1", PRIM_PARTS({j, PRIM_HASH_BYTES}, {e, PMJ_ENTRY_BYTES}));
	memcpy(j, next, sizeof(next));
}

void
journal_head(struct journal *journal, uint64_t *count, uint8_t j[static PRIM_HASH_BYTES])
{
	*count = journal->live.count;
	memcpy(j, journal->live.j, PRIM_HASH_BYTES);
}

static enum pmj_code
damaged(struct pmj_error *err, uint64_t n, const char *what)
{
	(void)pmj_fail(
	    err, PMJ_INTEGRITY, "entry %llu of the journal: %s", (unsigned long long)n, what);
	pmj_hint(err, "keep a copy of the folder as it is; restore the last backup, what the hub "
	              "acknowledged comes back from it");
	return PMJ_INTEGRITY;
}

/* The chain value stored with entry n, one of those that have it; j_0 for 0. */
static enum pmj_code
stored_with(
    struct journal *journal, uint64_t n, uint8_t j[static PRIM_HASH_BYTES], struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;
	bool row;

	if (n == 0) {
		journal_chain_start(journal, j);
		return PMJ_OK;
	}
	sql = sql_get(journal, "SELECT j FROM pmj_entry WHERE n = ?1");
	if ((rc = sql_row(sql_int(sql, 1, (int64_t)n), &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(
		    err, PMJ_NOT_FOUND, "there is no entry %llu", (unsigned long long)n);
	row = sql_col_copy(sql, 0, j, PRIM_HASH_BYTES);
	sql_done(sql);
	return row ? PMJ_OK : damaged(err, n, "the chain is not there");
}

enum pmj_code
journal_chain_stored(
    struct journal *journal, uint64_t n, uint8_t j[static PRIM_HASH_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "SELECT " ENTRY_HASH " FROM pmj_entry WHERE n > ?1 AND n <= ?2 ORDER BY n");
	uint64_t at = n - n % ENTRY_CHAINED;
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc;
	bool row = false;

	if ((rc = stored_with(journal, at, j, err)) != PMJ_OK)
		return rc;
	(void)sql_int(sql_int(sql, 1, (int64_t)at), 2, (int64_t)n);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		at++;
		if (sql_col_copy(sql, 0, e, sizeof(e)))
			journal_chain_next(j, e);
	}
	return rc == PMJ_OK && at != n ? damaged(err, at + 1, "it is missing") : rc;
}

#define CHECK_COLUMNS                                                                              \
	"n, e, pmj_long(kind), rec, pmj_long(by), pt, counter, rv, " ENTRY_LINE                    \
	", j, status, " ENTRY_NOTE_COLUMNS

/* The columns beside the line repeat it for the sake of queries. */
static bool
columns_agree(struct sql *sql, const struct entry *entry)
{
	uint8_t rec[PMJ_RECORD_BYTES], by[PMJ_DEVICE_BYTES];
	bool has_rec = sql_col_copy(sql, 3, rec, sizeof(rec));
	const char *kind = sql_col_text(sql, 2);

	if (sql_col_int(sql, 10) == ENTRY_CONTROL ? has_rec : has_rec != entry->has_rec)
		return false;
	return (!has_rec || memcmp(rec, entry->rec, sizeof(rec)) == 0) &&
	       sql_col_copy(sql, 4, by, sizeof(by)) && memcmp(by, entry->by, sizeof(by)) == 0 &&
	       kind != NULL && strcmp(kind, entry->kind) == 0 && sql_col_int(sql, 5) == entry->pt &&
	       sql_col_int(sql, 6) == entry->counter && sql_col_int(sql, 7) == entry->rv;
}

/* What it is looked up by, where that is less than the whole hash. */
static bool
is_found_by(struct sql *sql, const uint8_t *hash)
{
	size_t len;
	const uint8_t *kept = sql_col_blob(sql, 1, &len);

	return kept == NULL ||
	       (len >= ENTRY_KEPT && len <= PMJ_ENTRY_BYTES && memcmp(kept, hash, len) == 0);
}

static enum pmj_code
check_line(
    struct sql *sql, uint64_t n, const uint8_t *e, const uint8_t *hash, struct pmj_error *err)
{
	struct entry entry;
	size_t len = 0;
	const uint8_t *line = sql_col_blob(sql, 8, &len);
	bool agree;

	if (line == NULL)
		return PMJ_OK; /* a stub */
	if (memcmp(hash, e, PMJ_ENTRY_BYTES) != 0 || !is_found_by(sql, hash))
		return damaged(err, n, "the line is not the one that was appended");
	if (line_read(&entry, (const char *)line, len, e, NULL) != PMJ_OK)
		return sql_col_int(sql, 10) == ENTRY_ADMITTED
		           ? damaged(err, n, "the line cannot be read")
		           : PMJ_OK;
	agree = columns_agree(sql, &entry);
	entry_close(&entry);
	return agree ? PMJ_OK : damaged(err, n, "its columns do not say what its line says");
}

/* One row against the chain so far. */
static enum pmj_code
check_row(
    struct sql *sql, uint64_t expected, uint8_t j[static PRIM_HASH_BYTES], struct pmj_error *err)
{
	uint8_t e[PMJ_ENTRY_BYTES], hash[PMJ_ENTRY_BYTES], there[PRIM_HASH_BYTES];
	size_t len = 0;
	const uint8_t *line = sql_col_blob(sql, 8, &len);

	prim_hash(hash, "pmj entry v1", PRIM_PARTS({line, len}));
	if ((uint64_t)sql_col_int(sql, 0) != expected)
		return damaged(err, expected, "it is missing");
	if (!sql_col_copy(sql, 1, e, sizeof(e))) {
		if (line == NULL)
			return damaged(err, expected, "it has no hash");
		memcpy(e, hash, sizeof(e));
	}
	journal_chain_next(j, e);
	if (sql_col_copy(sql, 9, there, sizeof(there)) ? memcmp(j, there, sizeof(there)) != 0
	                                               : expected % ENTRY_CHAINED == 0)
		return damaged(err, expected, "it does not follow those before it");
	return check_line(sql, expected, e, hash, err);
}

/* Rows (from, to]; j is the value at `from` and becomes that at `to`. */
static enum pmj_code
check_run(struct journal *journal, uint64_t from, uint64_t to, uint8_t j[static PRIM_HASH_BYTES],
    bool notes, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "SELECT " CHECK_COLUMNS " FROM pmj_entry WHERE n > ?1 AND n <= ?2 ORDER BY n");
	uint8_t hash[PRIM_HASH_BYTES];
	uint64_t at = from;
	enum pmj_code rc;
	bool row = false;

	(void)sql_int(sql_int(sql, 1, (int64_t)from), 2, (int64_t)to);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if ((rc = check_row(sql, at + 1, j, err)) != PMJ_OK)
			break;
		if (notes) {
			entry_note_hash(hash, journal, sql, 11);
			rows_sum_add(&journal->live.entry_check_sum, hash);
		}
		at++;
	}
	sql_done(sql);
	if (rc == PMJ_OK && at != to)
		return damaged(err, at + 1, "it is missing");
	if (rc == PMJ_OK && to == journal->live.count &&
	    memcmp(j, journal->live.j, PRIM_HASH_BYTES) != 0)
		return damaged(err, to, "the chain does not end where it ended");
	return rc;
}

enum pmj_code
journal_chain_at(struct journal *journal, uint64_t count, uint8_t j[static PRIM_HASH_BYTES],
    struct pmj_error *err)
{
	uint64_t from = count > AT_ONCE ? count - AT_ONCE : 0;
	enum pmj_code rc;

	if (count > journal->live.count)
		return pmj_fail(err, PMJ_NOT_FOUND, "the journal has %llu entries, not %llu",
		    (unsigned long long)journal->live.count, (unsigned long long)count);
	if ((rc = journal_chain_stored(journal, from, j, err)) != PMJ_OK)
		return rc;
	return check_run(journal, from, count, j, false, err);
}

static enum pmj_code
check_notes(struct journal *journal, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;

	live->entry_checking = false;
	if (memcmp(live->entry_check_sum.bytes, live->entry_sum.bytes, PRIM_HASH_BYTES) == 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the entries are whole, but what was admitted or held among them was changed");
	pmj_hint(err, "restore the last backup; what the hub acknowledged comes back from it");
	return PMJ_INTEGRITY;
}

enum pmj_code
journal_check_slice(
    struct journal *journal, uint64_t from, uint64_t most, uint64_t *next, struct pmj_error *err)
{
	struct journal_live *live = &journal->live;
	uint64_t left = live->count > from ? live->count - from : 0;
	uint64_t to = from + (most < left ? most : left);
	uint8_t j[PRIM_HASH_BYTES];
	enum pmj_code rc;

	*next = from;
	if (from == 0) {
		live->entry_checking = true;
		live->entry_at = 0;
		memset(&live->entry_check_sum, 0, sizeof(live->entry_check_sum));
	} else if (live->entry_checking && live->entry_at != from) {
		live->entry_checking = false; /* begun elsewhere: only the chain is checked */
	}
	if ((rc = journal_chain_stored(journal, from, j, err)) != PMJ_OK ||
	    (rc = check_run(journal, from, to, j, live->entry_checking, err)) != PMJ_OK) {
		live->entry_checking = false;
		return rc;
	}
	live->entry_at = to;
	*next = to;
	return live->entry_checking && to == live->count ? check_notes(journal, err) : PMJ_OK;
}
