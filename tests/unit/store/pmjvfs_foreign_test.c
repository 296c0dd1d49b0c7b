/* A foreign program: it knows include/pamoja/pmjvfs.h and sqlite3.h, and nothing else of Pamoja. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "pamoja/pmjvfs.h"

#define NEEDLE "Wanjiru of Loitokitok"

static const uint8_t key[PMJVFS_KEY_BYTES] = {8, 8, 8};
static const uint8_t other_key[PMJVFS_KEY_BYTES] = {7};
static const uint8_t file_id[PMJVFS_FILE_ID_BYTES] = {9, 9};
static const uint8_t other_id[PMJVFS_FILE_ID_BYTES] = {10};

static char folder[] = "/tmp/pmjvfs-XXXXXX";
static char path[64];

static int
folder_make(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/journal.db", folder);
	return pmjvfs_register("sealed", NULL, key, file_id);
}

static int
folder_remove(void **state)
{
	char wal[80];

	(void)state;
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	(void)unlink(wal);
	(void)unlink(path);
	return rmdir(folder) == 0 ? pmjvfs_unregister("sealed") : -1;
}

static sqlite3 *
open_as(const char *vfs, int flags)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(path, &db, flags, vfs), SQLITE_OK);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_OK);
	return db;
}

static void
run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static int
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int value;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	return value;
}

/* Does the file hold the needle, or SQLite's own magic, in clear? */
static int
file_shows(const char *name, const char *needle)
{
	FILE *file = fopen(name, "rb");
	char *bytes = calloc(1, 4 << 20);
	size_t count;
	int found;

	assert_non_null(bytes);
	if (file == NULL) {
		free(bytes);
		return -1;
	}
	count = fread(bytes, 1, 4 << 20, file);
	found = memmem(bytes, count, needle, strlen(needle)) != NULL;
	(void)fclose(file);
	free(bytes);
	return found;
}

static void
test_create_write_reopen(void **state)
{
	sqlite3 *db = open_as("sealed", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	char wal[80];

	(void)state;
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	run(db, "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);"
	        "INSERT INTO person (name) VALUES ('" NEEDLE "')");
	assert_int_equal(file_shows(wal, NEEDLE), 0);
	assert_int_equal(file_shows(wal, "CREATE TABLE"), 0);
	assert_int_equal(pmjvfs_checkpoint(db), SQLITE_OK);
	assert_int_equal(file_shows(path, NEEDLE), 0);
	assert_int_equal(file_shows(path, "SQLite format"), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	db = open_as("sealed", SQLITE_OPEN_READWRITE);
	assert_int_equal(number(db, "SELECT count(*) FROM person WHERE name = '" NEEDLE "'"), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
refused(const char *vfs)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, vfs), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db, 1);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_IOERR_DATA);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_wrong_key_and_file_id(void **state)
{
	sqlite3 *db;

	(void)state;
	assert_int_equal(pmjvfs_register("wrong-key", NULL, other_key, file_id), SQLITE_OK);
	assert_int_equal(pmjvfs_register("wrong-id", NULL, key, other_id), SQLITE_OK);
	refused("wrong-key");
	refused("wrong-id");
	assert_int_equal(pmjvfs_unregister("wrong-key"), SQLITE_OK);
	assert_int_equal(pmjvfs_unregister("wrong-id"), SQLITE_OK);
	/* The tries changed nothing. */
	db = open_as("sealed", SQLITE_OPEN_READWRITE);
	assert_int_equal(number(db, "SELECT count(*) FROM person"), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_names(void **state)
{
	sqlite3 *db = open_as("sealed", SQLITE_OPEN_READWRITE);

	(void)state;
	assert_int_equal(pmjvfs_register("sealed", NULL, key, file_id), SQLITE_BUSY);
	assert_int_equal(pmjvfs_unregister("sealed"), SQLITE_BUSY);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(pmjvfs_register("sealed", NULL, key, file_id), SQLITE_OK);
	assert_int_equal(pmjvfs_register("unix", NULL, key, file_id), SQLITE_MISUSE);
	assert_int_equal(pmjvfs_register("new", "no such lower", key, file_id), SQLITE_ERROR);
	assert_int_equal(pmjvfs_register("new", "sealed", key, file_id), SQLITE_ERROR);
	assert_int_equal(pmjvfs_unregister("new"), SQLITE_NOTFOUND);
}

static void
test_another_vfs_is_not_prepared(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_MISUSE);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_create_write_reopen),
	    cmocka_unit_test(test_wrong_key_and_file_id),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_another_vfs_is_not_prepared),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
