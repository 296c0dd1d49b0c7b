/* journal_renew.c - a journal of an earlier version made new for this one. Its tables are set aside
 * under other names at once; what can be made from the entries goes, and then one entry after the
 * other is taken into the tables of this version as if it had just come. Each step is committed:
 * whoever is killed goes on where they were, and at no time is an entry in no table, or in two. */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "store/entries_inner.h"
#include "store/names.h"

#define OLD "pmj_old_"
#define OLD_ENTRY "pmj_old_pmj_entry"
#define KEYS "renew: " /* what is kept of it in pmj_meta, until it is done */
#define FROM KEYS "from"
#define OF KEYS "of"
#define SUMS KEYS "sums"
#define SUMS_KEPT 176 /* journal_transaction.c */
#define ENTRY_SUM_AT 32
#define HEAD_AT 64
#define ROWS_AT_ONCE "200" /* deleted between two looks at the clock */
#define FRAMES_MAX 1000    /* the format asks for a checkpoint then */
#define MERGE_PAGES 64
#define ROOM_BYTES (32 * 1024 * 1024) /* and a tenth of the file: its WAL, and what grows first */

bool
renew_is_owed(struct journal *journal)
{
	return journal_int(journal, FROM, 0) != 0;
}

bool
journal_is_renewing(const struct journal *journal)
{
	return journal->renewing;
}

void
journal_renewed(struct journal *journal, int64_t *done, int64_t *of)
{
	*done = (int64_t)journal->live.count;
	*of = journal_int(journal, OF, 0);
}

/* ---- begun ---- */

static enum pmj_code
check_room(const struct journal *journal, struct pmj_error *err)
{
	const struct os *os = journal->os;
	struct statvfs disk;
	struct stat file;
	int64_t needs, has, needs_mb, has_mb;

	if (statvfs(journal->home, &disk) != 0 || os->stat(os->ctx, journal->path, &file) != 0)
		return PMJ_OK;
	needs = ROOM_BYTES + file.st_size / 10;
	has = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	if (has >= needs)
		return PMJ_OK;
	needs_mb = needs / 1000000 + 1;
	has_mb = has / 1000000;
	(void)pmj_fail(err, PMJ_FULL,
	    "the journal is of an earlier version; to make it new takes %lld MB of the disk, and "
	    "%lld MB are free",
	    (long long)needs_mb, (long long)has_mb);
	pmj_hint(err, "make room on the disk, then unlock again; nothing was changed");
	return PMJ_FULL;
}

static enum pmj_code
run(struct journal *journal, char *text, struct pmj_error *err)
{
	enum pmj_code rc = journal_exec(journal, text, err);

	free(text);
	return rc;
}

static enum pmj_code
set_aside(struct journal *journal, const char *table, struct pmj_error *err)
{
	return run(
	    journal, mem_printf("ALTER TABLE \"%s\" RENAME TO \"" OLD "%s\"", table, table), err);
}

static enum pmj_code
set_all_aside(struct journal *journal, struct pmj_error *err)
{
	static const char *const own[] = {
	    "pmj_entry", "pmj_record", "pmj_subject", "pmj_text", "pmj_search"};
	struct names kinds = {0};
	enum pmj_code rc = schema_kind_names(journal, &kinds, err);

	for (size_t i = 0; rc == PMJ_OK && i < kinds.count; i++)
		rc = set_aside(journal, kinds.list[i], err);
	for (size_t i = 0; rc == PMJ_OK && i < sizeof(own) / sizeof(*own); i++) {
		struct sql *there = sql_get(
		    journal, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1");
		if (sql_any(sql_text(there, 1, own[i]), false)) /* pmj_text came with version 3 */
			rc = set_aside(journal, own[i], err);
	}
	names_close(&kinds);
	return rc;
}

enum pmj_code
renew_begin(struct journal *journal, int64_t version, struct pmj_error *err)
{
	struct sql *last = sql_get(journal, "SELECT max(n) FROM pmj_entry");
	int64_t of = sql_first_int(last, 0);
	uint8_t sums[SUMS_KEPT];
	bool summed = journal_blob(journal, "journal sums", sums, sizeof(sums));
	enum pmj_code rc;

	if ((rc = check_room(journal, err)) != PMJ_OK)
		return rc;
	sql_drop_all(journal); /* none may look at a table that gets another name */
	if ((rc = journal_put_int(journal, FROM, version, err)) != PMJ_OK ||
	    (rc = journal_put_int(journal, OF, of, err)) != PMJ_OK ||
	    (summed && (rc = journal_put_blob(journal, SUMS, sums, sizeof(sums), err)) != PMJ_OK) ||
	    (rc = journal_forget(journal, "journal sums", err)) != PMJ_OK ||
	    (rc = journal_forget(journal, "kind: ", err)) != PMJ_OK || /* none is shown yet */
	    (rc = set_all_aside(journal, err)) != PMJ_OK)
		return rc;
	sql_drop_all(journal);
	return schema_own(journal, err);
}

/* ---- what is made from entries goes ---- */

/* Column 0 of the first row; NULL: there is none. Caller frees. */
static char *
first_text(struct sql *sql)
{
	bool row = false;
	char *text = NULL;

	if (sql_row(sql, &row, NULL) == PMJ_OK && row && sql_col_text(sql, 0) != NULL)
		text = mem_strdup(sql_col_text(sql, 0));
	sql_done(sql);
	return text;
}

/* Of a table without numbers the first column of its key; NULL: it has numbers. Caller frees. */
static char *
old_key(struct journal *journal, const char *table)
{
	if (!sql_any(sql_text(sql_get(journal, "SELECT 1 FROM sqlite_schema WHERE name = ?1 AND"
	                                       " sql LIKE '%WITHOUT ROWID%'"),
	                 1, table),
	        false))
		return NULL;
	return first_text(sql_text(
	    sql_get(journal, "SELECT name FROM pragma_table_info(?1) WHERE pk = 1"), 1, table));
}

/* Of those that `behind` names. *some: rows went. */
static enum pmj_code
clear_rows(struct journal *journal, const char *table, const char *behind, bool *some,
    struct pmj_error *err)
{
	char *key = old_key(journal, table), *text;
	const char *by = key != NULL ? key : "rowid";
	enum pmj_code rc;
	struct sql *sql;

	text = mem_printf(
	    "DELETE FROM \"%s\" WHERE %s IN (SELECT %s FROM \"%s\"%s LIMIT " ROWS_AT_ONCE ")",
	    table, by, by, table, behind);
	sql = sql_new(journal, text);
	rc = sql_run(sql, err);
	*some = rc == PMJ_OK && sql_changes(journal) > 0;
	sql_free(sql);
	free(text);
	free(key);
	return rc;
}

#define SEARCH_HEADS " WHERE id > 10" /* FTS5 reads the first ones when it is asked to drop it */

/* The full-text table's own ones: to drop it with what they hold takes 20 ms of processor for
 * 100,000 entries. Nobody else may touch them but who drops it all the same. */
static enum pmj_code
clear_search(struct journal *journal, const char *table, bool *some, struct pmj_error *err)
{
	static const char *const parts[] = {"data", "content", "docsize"};
	enum pmj_code rc = PMJ_OK;

	*some = false;
	(void)sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	for (size_t i = 0; rc == PMJ_OK && !*some && i < sizeof(parts) / sizeof(*parts); i++) {
		char *part = mem_printf("%s_%s", table, parts[i]);

		if (sql_any(
		        sql_text(sql_get(journal, "SELECT 1 FROM sqlite_schema WHERE name = ?1"), 1,
		            part),
		        false))
			rc = clear_rows(journal, part, i == 0 ? SEARCH_HEADS : "", some, err);
		free(part);
	}
	(void)sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return rc;
}

/* Some rows, then the table. */
static enum pmj_code
clear_table(struct journal *journal, const char *table, struct pmj_error *err)
{
	bool some, search = strcmp(table, OLD "pmj_search") == 0;
	enum pmj_code rc = search ? clear_search(journal, table, &some, err)
	                          : clear_rows(journal, table, "", &some, err);

	if (rc != PMJ_OK || some)
		return rc;
	sql_drop_all(journal);
	return run(journal, mem_printf("DROP TABLE \"%s\"", table), err);
}

/* Indexes first, so that rows go without them; each at once, of 100,000 entries 11 ms at most.
 * *more: something went. */
static enum pmj_code
clear_some(struct journal *journal, bool *more, struct pmj_error *err)
{
	char *name = first_text(
	    sql_get(journal, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT "
	                     "NULL AND tbl_name LIKE '" OLD "%' LIMIT 1"));
	enum pmj_code rc;

	*more = true;
	sql_drop_all(journal);
	if (name != NULL) {
		rc = run(journal, mem_printf("DROP INDEX \"%s\"", name), err);
		free(name);
		return rc;
	}
	name = first_text(sql_get(journal,
	    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '" OLD
	    "%' AND name <> '" OLD_ENTRY "' AND name NOT LIKE '" OLD "pmj_search_%' LIMIT 1"));
	if (name == NULL) {
		*more = false;
		return PMJ_OK;
	}
	rc = clear_table(journal, name, err);
	free(name);
	return rc;
}

/* ---- entries ---- */

#define COLUMNS(line)                                                                              \
	"SELECT n, e, kind, rec, by, pt, counter, status, origin, " line                           \
	", was, recv, recv_counter, reason, mark, rv FROM " OLD_ENTRY                              \
	" WHERE n > ?1 ORDER BY n LIMIT 1"

/* The next one; *more: there was one. */
static enum pmj_code
take_one(struct journal *journal, int64_t version, bool *more, struct pmj_error *err)
{
	struct sql *sql = version < 3 ? sql_get(journal, COLUMNS("line"))
	                              : sql_get(journal, COLUMNS("pmj_line(line, by, pt, rec)"));
	struct entry_row row;
	char *was = NULL;
	enum pmj_code rc;

	rc = sql_row(sql_int(sql, 1, (int64_t)journal->live.count), more, err);
	if (rc != PMJ_OK || !*more)
		return rc;
	if ((rc = entries_read_row(&row, sql, err)) != PMJ_OK)
		goto out;
	if (row.line == NULL && sql_col_text(sql, 10) != NULL)
		was = mem_strdup(sql_col_text(sql, 10));
	row.entry.rv = sql_col_int(sql, 15);
	if (row.n != (int64_t)journal->live.count + 1)
		rc = pmj_fail(err, PMJ_INTEGRITY, "entry %lld of the journal: it is missing",
		    (long long)journal->live.count + 1);
	else
		rc = entries_renew(journal, &row, was, err);
	entry_row_close(&row);
out:
	sql_done(sql);
	free(was);
	if (rc == PMJ_INTEGRITY)
		pmj_hint(err,
		    "keep a copy of the folder as it is; restore the last backup, what the "
		    "hub acknowledged comes back from it");
	return rc;
}

/* What was taken is here; the chain and what no line says have to be what they were. */
static enum pmj_code
finish(struct journal *journal, struct pmj_error *err)
{
	uint8_t sums[SUMS_KEPT];
	enum pmj_code rc;

	if (journal_blob(journal, SUMS, sums, sizeof(sums)) &&
	    (memcmp(sums + HEAD_AT, journal->live.j, PRIM_HASH_BYTES) != 0 ||
	        memcmp(sums + ENTRY_SUM_AT, journal->live.entry_sum.bytes, PRIM_HASH_BYTES) != 0)) {
		rc = pmj_fail(err, PMJ_INTEGRITY,
		    "the journal was made new, and its entries are not those that it had");
		pmj_hint(err, "keep a copy of the folder as it is; restore the last backup, what "
		              "the hub acknowledged comes back from it");
		return rc;
	}
	sql_drop_all(journal);
	if ((rc = journal_exec(journal, "DROP TABLE " OLD_ENTRY, err)) != PMJ_OK ||
	    (rc = journal_forget(journal, KEYS, err)) != PMJ_OK)
		return rc;
	return PMJ_OK;
}

static bool
is_time(const struct journal *journal, int64_t until_ms)
{
	return journal->os->mono_ms(journal->os->ctx) >= until_ms;
}

#define TAKEN_AT_ONCE 16
#define TAKEN_MOST 4000 /* in a transaction, whatever the clock says */

static enum pmj_code
take_some(struct journal *journal, int64_t until_ms, bool *done, struct pmj_error *err)
{
	int64_t version = journal_int(journal, FROM, 0);
	enum pmj_code rc = PMJ_OK;
	struct sql *sql;
	bool more = true;

	for (int i = 1; rc == PMJ_OK && more && i <= TAKEN_MOST; i++) {
		rc = take_one(journal, version, &more, err);
		if (i % TAKEN_AT_ONCE == 0 && is_time(journal, until_ms))
			break;
	}
	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(journal, "DELETE FROM " OLD_ENTRY " WHERE n <= ?1");
	rc = sql_run(sql_int(sql, 1, (int64_t)journal->live.count), err);
	*done = !more;
	return rc == PMJ_OK && *done ? finish(journal, err) : rc;
}

static enum pmj_code
renew_some(struct journal *journal, int64_t until_ms, bool *done, struct pmj_error *err)
{
	enum pmj_code rc;
	bool more = true;

	do
		rc = clear_some(journal, &more, err);
	while (rc == PMJ_OK && more && !is_time(journal, until_ms));
	return rc == PMJ_OK && !more ? take_some(journal, until_ms, done, err) : rc;
}

/* As the daemon does between two requests, and as it does a step of its own. *did: there was some.
 */
static enum pmj_code
tidy(struct journal *journal, bool *did, struct pmj_error *err)
{
	bool more;

	*did = true;
	if (journal_wal_frames(journal) >= FRAMES_MAX)
		return journal_checkpoint(journal, err);
	if (journal_search_owes(journal))
		return journal_search_merge(journal, MERGE_PAGES, &more, err);
	*did = false;
	return PMJ_OK;
}

enum pmj_code
journal_renew_step(struct journal *journal, int64_t until_ms, bool *done, struct pmj_error *err)
{
	enum pmj_code rc;
	bool did;

	*done = !journal->renewing;
	if (*done)
		return PMJ_OK;
	if ((rc = tidy(journal, &did, err)) != PMJ_OK || did)
		return rc;
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = renew_some(journal, until_ms, done, err)) != PMJ_OK) {
		journal_rollback(journal);
		*done = false;
		return rc;
	}
	if ((rc = journal_commit(journal, err)) != PMJ_OK) {
		*done = false;
		return rc;
	}
	journal->renewing = !*done;
	return PMJ_OK;
}
