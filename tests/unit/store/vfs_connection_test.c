/* SQLite itself over the sealed VFS: prepared, checkpointed, refused, copied under a new key. */
#include <stdio.h>

#include "vfs_lab.h"

/* ---- a connection ---- */

static sqlite3 *
connect(int flags)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(NAME, &db, flags, "sealed"), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db, 1);
	return db;
}

static sqlite3 *
journal_new(void)
{
	sqlite3 *db = connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	assert_int_equal(pmjvfs_prepare(db), SQLITE_OK);
	return db;
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void
expect_answer(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static void
test_prepare_sets_all_of_it(void **state)
{
	static const char *const settings[][2] = {{"page_size", "4096"},
	    {"locking_mode", "exclusive"}, {"temp_store", "2"}, {"journal_mode", "wal"},
	    {"synchronous", "2"}, {"wal_autocheckpoint", "0"}, {"secure_delete", "1"},
	    {"mmap_size", "0"}, {"cell_size_check", "1"}, {"trusted_schema", "0"},
	    {"foreign_keys", "1"}};
	sqlite3 *db = journal_new();
	char sql[64];
	int on = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "PRAGMA %s", settings[i][0]);
		expect_answer(db, sql, settings[i][1]);
	}
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on), SQLITE_OK);
	assert_int_equal(on, 1);
	assert_int_equal(
	    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &on), SQLITE_OK);
	assert_int_equal(on, 0);
	assert_int_not_equal(run(db, "ATTACH 'other' AS o"), SQLITE_OK);
	assert_int_not_equal(run(db, "VACUUM INTO 'other'"), SQLITE_OK);
	/* Another journal mode would need a file that is refused: it is not entered, or nothing is
	 * written. */
	(void)run(db, "PRAGMA journal_mode=DELETE");
	expect_answer(db, "PRAGMA journal_mode", "wal");
	assert_int_equal(run(db, "PRAGMA mmap_size=1000000"), SQLITE_OK);
	expect_answer(db, "PRAGMA mmap_size", "0");
	assert_false(disk_has(disk, "other"));
	assert_false(disk_has(disk, NAME "-journal"));
	assert_false(disk_has(disk, NAME "-shm"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Sorting, temporary tables, statement rollback: all in memory, with a cache of a few pages. */
static void
test_nothing_else_is_opened(void **state)
{
	sqlite3 *db = journal_new();

	(void)state;
	assert_int_equal(
	    run(db,
	        "PRAGMA cache_size=5; CREATE TABLE t (a, b);"
	        "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000)"
	        " INSERT INTO t SELECT i, zeroblob(200) FROM c;"
	        "CREATE TEMP TABLE u AS SELECT * FROM t ORDER BY b, a DESC;"
	        "SAVEPOINT s; UPDATE t SET a = -a; ROLLBACK TO s; RELEASE s;"
	        "INSERT OR ABORT INTO t SELECT a, b FROM t ORDER BY b"),
	    SQLITE_OK);
	expect_answer(db, "SELECT count(*) FROM t", "4000");
	expect_answer(db, "PRAGMA integrity_check", "ok");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_checkpoint(void **state)
{
	sqlite3 *db = journal_new();
	size_t count;

	(void)state;
	assert_int_equal(run(db, "CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)"), SQLITE_OK);
	assert_int_equal(pmjvfs_checkpoint(db), SQLITE_LOCKED);
	assert_int_equal(run(db, "COMMIT"), SQLITE_OK);
	(void)raw(LOG, &count);
	assert_true(count > 0);
	assert_int_equal(pmjvfs_checkpoint(db), SQLITE_OK);
	(void)raw(LOG, &count);
	assert_int_equal(count, 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_plain_database_is_refused(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(
	    sqlite3_open_v2(NAME, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "disk"),
	    SQLITE_OK);
	assert_int_equal(run(db, "CREATE TABLE t (a)"), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	db = connect(SQLITE_OPEN_READWRITE);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_IOERR_DATA);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- section 6.7 ---- */

static void
test_copy_under_a_new_key(void **state)
{
	static const uint8_t new_dek[32] = {1};
	static const uint8_t new_id[8] = {2};
	sqlite3 *db = journal_new();
	uint8_t *before;
	size_t count;

	(void)state;
	assert_int_equal(run(db, "CREATE TABLE t (a); INSERT INTO t VALUES ('kept')"), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, "rekeyed", "disk"), SQLITE_MISUSE);
	assert_int_equal(pmjvfs_register("new", "disk", new_dek, new_id), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, NAME, "new"), SQLITE_CANTOPEN); /* exists */
	assert_int_equal(run(db, "BEGIN; SELECT * FROM t"), SQLITE_OK);
	assert_int_not_equal(pmjvfs_copy(db, "rekeyed", "new"), SQLITE_OK);
	assert_int_equal(run(db, "COMMIT"), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, "rekeyed", "new"), SQLITE_OK);
	expect_answer(db, "SELECT a FROM t", "kept");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	assert_int_equal(sqlite3_open_v2("rekeyed", &db, SQLITE_OPEN_READWRITE, "new"), SQLITE_OK);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_OK);
	expect_answer(db, "SELECT a FROM t", "kept");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	before = raw("rekeyed", &count);
	assert_true(count >= 8192 && count % 4096 == 0);
	assert_memory_not_equal(before, raw(NAME, NULL), 4056);
	assert_int_equal(
	    sqlite3_open_v2("rekeyed", &db, SQLITE_OPEN_READWRITE, "sealed"), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db, 1);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_IOERR_DATA); /* the old key is of no use */
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(pmjvfs_unregister("new"), SQLITE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_prepare_sets_all_of_it, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_nothing_else_is_opened, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_checkpoint, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_plain_database_is_refused, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_copy_under_a_new_key, vfs_lab_fresh),
	};

	return cmocka_run_group_tests(tests, vfs_lab_setup, vfs_lab_teardown);
}
