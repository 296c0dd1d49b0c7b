/* sql.c - a cache of prepared statements, and SQLite's results in our words. */
#include "store/sql.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "store/journal_inner.h"

/* A statement that goes through so many rows of a table in order to find few lacks an index, and
 * takes longer the more there is. Its text holds no data. */
#define SCAN_TOLD 500

static_assert(JOURNAL_SQL_BUCKETS == 256, "bucket_of gives 8 bits");

struct sql {
	struct journal *journal;
	const char *text;
	sqlite3_stmt *statement; /* NULL: not prepared yet, or it could not be */
	int failed;              /* the first result that was not OK */
	bool used;               /* gave a row and was not ended */
	struct sql *next;
};

/* By address alone: a statement's text is a literal, and hashing its letters costs more than many a
 * statement. The same text in two places is two statements. */
static size_t
bucket_of(const char *text)
{
	uint32_t hash = (uint32_t)(uintptr_t)text * 2654435761u; /* Knuth's */

	return hash >> 24;
}

static void
prepare_statement(struct sql *sql, unsigned flags)
{
	struct journal *journal = sql->journal;

	sql->failed = SQLITE_OK;
	if (journal->db == NULL || journal->dead)
		sql->failed = SQLITE_IOERR;
	else if (sql->statement == NULL)
		sql->failed =
		    sqlite3_prepare_v3(journal->db, sql->text, -1, flags, &sql->statement, NULL);
}

struct sql *
sql_get(struct journal *journal, const char *text)
{
	size_t bucket = bucket_of(text);
	struct sql *sql = journal->statements[bucket];

	while (sql != NULL && sql->text != text)
		sql = sql->next;
	if (sql == NULL) {
		sql = mem_new(sizeof(*sql));
		sql->journal = journal;
		sql->text = text;
		sql->next = journal->statements[bucket];
		journal->statements[bucket] = sql;
	}
	assert(!sql->used);
	prepare_statement(sql, SQLITE_PREPARE_PERSISTENT);
	return sql;
}

struct sql *
sql_new(struct journal *journal, const char *text)
{
	struct sql *sql = mem_new(sizeof(*sql));

	sql->journal = journal;
	sql->text = text;
	prepare_statement(sql, 0);
	return sql;
}

void
sql_free(struct sql *sql)
{
	if (sql == NULL)
		return;
	(void)sqlite3_finalize(sql->statement);
	free(sql);
}

void
sql_drop_all(struct journal *journal)
{
	for (size_t i = 0; i < JOURNAL_SQL_BUCKETS; i++) {
		while (journal->statements[i] != NULL) {
			struct sql *sql = journal->statements[i];
			journal->statements[i] = sql->next;
			sql_free(sql);
		}
	}
}

struct sqlite3_stmt *
sql_handle(struct sql *sql)
{
	return sql->statement;
}

static struct sql *
bound(struct sql *sql, int result)
{
	if (sql->failed == SQLITE_OK)
		sql->failed = result;
	return sql;
}

struct sql *
sql_int(struct sql *sql, int at, int64_t value)
{
	return sql->failed != SQLITE_OK ? sql
	                                : bound(sql, sqlite3_bind_int64(sql->statement, at, value));
}

struct sql *
sql_text(struct sql *sql, int at, const char *value)
{
	if (sql->failed != SQLITE_OK)
		return sql;
	return bound(sql, sqlite3_bind_text(sql->statement, at, value, -1, SQLITE_TRANSIENT));
}

struct sql *
sql_blob(struct sql *sql, int at, const void *bytes, size_t len)
{
	if (sql->failed != SQLITE_OK)
		return sql;
	if (bytes != NULL && len == 0)
		return bound(sql, sqlite3_bind_zeroblob(sql->statement, at, 0));
	return bound(sql, sqlite3_bind_blob64(sql->statement, at, bytes, len, SQLITE_TRANSIENT));
}

struct sql *
sql_null(struct sql *sql, int at)
{
	return sql->failed != SQLITE_OK ? sql : bound(sql, sqlite3_bind_null(sql->statement, at));
}

void
sql_done(struct sql *sql)
{
	int rows;

	sql->used = false;
	if (sql->statement == NULL)
		return;
	rows = sqlite3_stmt_status(sql->statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
	if (rows > SCAN_TOLD)
		diag("%d rows gone through: %.160s", rows, sql->text);
	(void)sqlite3_reset(sql->statement);
	(void)sqlite3_clear_bindings(sql->statement);
}

enum pmj_code
sql_row(struct sql *sql, bool *row, struct pmj_error *err)
{
	int result = sql->failed;
	enum pmj_code rc;

	*row = false;
	if (result == SQLITE_OK) {
		result = sqlite3_step(sql->statement);
		if (result == SQLITE_ROW) {
			sql->used = true;
			*row = true;
			return PMJ_OK;
		}
	}
	if (result == SQLITE_DONE) {
		sql_done(sql);
		return PMJ_OK;
	}
	rc = journal_fail(sql->journal, result, err);
	sql_done(sql);
	return rc;
}

enum pmj_code
sql_run(struct sql *sql, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	do
		rc = sql_row(sql, &row, err);
	while (rc == PMJ_OK && row);
	return rc;
}

bool
sql_any(struct sql *sql, bool unknown)
{
	bool row;

	if (sql_row(sql, &row, NULL) != PMJ_OK)
		row = unknown;
	sql_done(sql);
	return row;
}

int64_t
sql_first_int(struct sql *sql, int64_t none)
{
	int64_t value = none;
	bool row;

	if (sql_row(sql, &row, NULL) == PMJ_OK && row)
		value = sql_col_int(sql, 0);
	sql_done(sql);
	return value;
}

int64_t
sql_col_int(struct sql *sql, int col)
{
	return sqlite3_column_int64(sql->statement, col);
}

const char *
sql_col_text(struct sql *sql, int col)
{
	return (const char *)sqlite3_column_text(sql->statement, col);
}

const uint8_t *
sql_col_blob(struct sql *sql, int col, size_t *len)
{
	const uint8_t *bytes = sqlite3_column_blob(sql->statement, col);

	*len = (size_t)sqlite3_column_bytes(sql->statement, col);
	return bytes;
}

bool
sql_col_null(struct sql *sql, int col)
{
	return sqlite3_column_type(sql->statement, col) == SQLITE_NULL;
}

bool
sql_col_copy(struct sql *sql, int col, uint8_t *out, size_t len)
{
	size_t there = 0;
	const uint8_t *bytes = sql_col_blob(sql, col, &there);

	if (bytes == NULL || there != len) {
		memset(out, 0, len);
		return false;
	}
	memcpy(out, bytes, len);
	return true;
}

int64_t
sql_changes(struct journal *journal)
{
	return sqlite3_changes64(journal->db);
}

int64_t
sql_last_id(struct journal *journal)
{
	return sqlite3_last_insert_rowid(journal->db);
}

/* SQLite's own texts may hold values; ours name only the result. */
/* A quota, or a limit on the size of files, fills a disk too, but SQLite knows only ENOSPC; and of
 * a COMMIT it remembers no errno: the WAL's own handle does. */
static int
write_errno(struct journal *journal)
{
	sqlite3_file *wal = NULL;
	int errnum = 0;

	if (journal->db == NULL ||
	    sqlite3_file_control(journal->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) !=
	        SQLITE_OK ||
	    wal == NULL || wal->pMethods == NULL ||
	    wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &errnum) != SQLITE_OK)
		return 0;
	return errnum;
}

static enum pmj_code
fail_write(struct journal *journal, int result, struct pmj_error *err)
{
	int errnum = journal->db != NULL ? sqlite3_system_errno(journal->db) : 0;

	if (result == SQLITE_IOERR_WRITE && errnum == 0)
		errnum = write_errno(journal);
	if (result == SQLITE_FULL || errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG) {
		(void)pmj_fail(err, PMJ_FULL, "not saved: the disk is full");
		pmj_hint(err, "make room on the disk, then try again; nothing was changed");
		return PMJ_FULL;
	}
	(void)pmj_fail(
	    err, PMJ_IO, "not saved: the disk refused the journal (SQLite result %d)", result);
	pmj_hint(err, "check the disk, then try again; nothing was changed");
	return PMJ_IO;
}

static enum pmj_code
fail_damage(int result, struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_INTEGRITY,
	    "the journal is damaged, or sealed with another key (SQLite result %d)", result);
	pmj_hint(err, "keep a copy of the folder as it is; restore the last backup, what the hub "
	              "acknowledged comes back from it");
	return PMJ_INTEGRITY;
}

enum pmj_code
journal_fail(struct journal *journal, int result, struct pmj_error *err)
{
	if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC ||
	    result == SQLITE_IOERR_TRUNCATE)
		journal->dead = true;
	if (result == SQLITE_IOERR_DATA || result == SQLITE_IOERR_CORRUPTFS)
		return fail_damage(result, err);
	switch (result & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_damage(result, err);
	case SQLITE_NOMEM:
		return pmj_fail(err, PMJ_NO_MEMORY, "not saved: no memory is left");
	case SQLITE_READONLY:
		(void)pmj_fail(err, PMJ_READ_ONLY, "not saved: the disk is read-only");
		pmj_hint(err, "make the disk writable again, then try again");
		return PMJ_READ_ONLY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return pmj_fail(err, PMJ_PERMISSION, "not saved: the journal may not be written");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return pmj_fail(err, PMJ_BUSY, "the journal is busy (SQLite result %d)", result);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return fail_write(journal, result, err);
	case SQLITE_TOOBIG:
		return pmj_fail(err, PMJ_TOO_BIG, "not saved: too big for the journal");
	default:
		return pmj_fail(
		    err, PMJ_FAILED, "the journal refused a statement (SQLite result %d)", result);
	}
}
