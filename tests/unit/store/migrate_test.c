/* migrate_test.c - a journal of an earlier version becomes one of ours: the same entries, the same
 * digest, every row of the projections made anew; what is looked up by hash is found. */
#include <sys/wait.h>

#include "fixture_store.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

/* What version 2 was, as far as version 3 differs; the chain is put in by code. */
static const char version_2[] =
    "CREATE TABLE old_entry (n INTEGER PRIMARY KEY, e BLOB NOT NULL, kind TEXT NOT NULL,"
    " rec BLOB, by BLOB NOT NULL, pt INTEGER NOT NULL, counter INTEGER NOT NULL, rv INTEGER NOT"
    " NULL, status INTEGER NOT NULL, origin INTEGER NOT NULL, line BLOB, was TEXT, recv INTEGER,"
    " recv_counter INTEGER, reason TEXT, mark TEXT, j BLOB NOT NULL);"
    "INSERT INTO old_entry SELECT n, " ENTRY_HASH
    ", kind, rec, by, pt, counter, rv, status, origin,"
    " " ENTRY_LINE ", was, recv, recv_counter, reason, mark, zeroblob(32) FROM pmj_entry;"
    "DROP TABLE pmj_entry;"
    "ALTER TABLE old_entry RENAME TO pmj_entry;"
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE UNIQUE INDEX pmj_entry_e ON pmj_entry (e) WHERE " ENTRY_BY_HASH ";"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "ALTER TABLE pmj_record ADD COLUMN shown TEXT;"
    "DROP TABLE person;"
    "CREATE TABLE person (_num INTEGER PRIMARY KEY, id TEXT NOT NULL, state TEXT,"
    " voided INTEGER NOT NULL, name);"
    "INSERT INTO person SELECT num, hex(rec), state, 0, title FROM pmj_record;"
    "DROP TABLE pmj_text;"
    "DROP TABLE pmj_search;"
    "CREATE VIRTUAL TABLE pmj_search USING fts5 (text, columnsize = 0, prefix = '2 3',"
    " tokenize = \"unicode61 remove_diacritics 2\");"
    "INSERT INTO pmj_search (rowid, text) SELECT num, name FROM pmj_record;"
    "PRAGMA user_version = 2;";

/* What version 1 was, as far as version 2 differs. */
static const char version_1[] =
    "CREATE TABLE old_entry (n INTEGER PRIMARY KEY, e BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " rec BLOB, by BLOB NOT NULL, pt INTEGER NOT NULL, counter INTEGER NOT NULL, rv INTEGER NOT"
    " NULL, status INTEGER NOT NULL, origin INTEGER NOT NULL, line BLOB, was TEXT, recv INTEGER,"
    " recv_counter INTEGER, reason TEXT, mark TEXT, j BLOB NOT NULL);"
    "INSERT INTO old_entry SELECT n, e, kind, rec, by, pt, counter, rv, status, origin, line, was,"
    " recv, recv_counter, reason, mark, j FROM pmj_entry;"
    "DROP TABLE pmj_entry;"
    "ALTER TABLE old_entry RENAME TO pmj_entry;"
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "CREATE TABLE old_subject (rec BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY (rec, person))"
    " WITHOUT ROWID;"
    "INSERT INTO old_subject SELECT rec, person FROM pmj_subject;"
    "DROP TABLE pmj_subject;"
    "ALTER TABLE old_subject RENAME TO pmj_subject;"
    "CREATE INDEX pmj_subject_person ON pmj_subject (person, rec);"
    "CREATE TABLE old_person (id TEXT PRIMARY KEY NOT NULL, state TEXT, voided INTEGER NOT NULL,"
    " name);"
    "INSERT INTO old_person SELECT id, state, voided, name FROM person;"
    "DROP TABLE person;"
    "ALTER TABLE old_person RENAME TO person;"
    "PRAGMA user_version = 1;";

/* The journal as that version would have it. */
static void
make_old(struct journal *journal, int version)
{
	struct pmj_error err;
	uint8_t j[32], e[PMJ_ENTRY_BYTES];
	uint64_t count;
	struct sql *sql;
	bool row;

	journal_head(journal, &count, j);
	check_ok(journal_begin(journal, &err), &err);
	sql_drop_all(journal);
	check_ok(journal_exec(journal, version_2, &err), &err);
	journal_chain_start(journal, j);
	for (uint64_t n = 1; n <= count; n++) {
		sql = sql_get(journal, "SELECT e FROM pmj_entry WHERE n = ?1");
		check_ok(sql_row(sql_int(sql, 1, (int64_t)n), &row, &err), &err);
		assert_true(row && sql_col_copy(sql, 0, e, sizeof(e)));
		sql_done(sql);
		journal_chain_next(j, e);
		sql = sql_get(journal, "UPDATE pmj_entry SET j = ?2 WHERE n = ?1");
		check_ok(sql_run(sql_blob(sql_int(sql, 1, (int64_t)n), 2, j, 32), &err), &err);
	}
	if (version == 1) {
		sql_drop_all(journal);
		check_ok(journal_exec(journal, version_1, &err), &err);
	}
	check_ok(journal_commit(journal, &err), &err);
}

static void
walk(struct journal *journal)
{
	struct journal_walk *walk = NULL;
	struct pmj_error err;
	bool done = false;

	check_ok(journal_walk_new(&walk, journal, &err), &err);
	while (!done)
		check_ok(journal_walk_step(walk, 0, &done, &err), &err);
	journal_walk_free(walk);
}

static void
becomes_ours(int from)
{
	struct store_line made, edited, again;
	struct store store;
	struct entry_row row;
	json_t *values = NULL;
	uint8_t before[32], after[32];
	char version[2 * PMJ_VERSION_BYTES + 1];
	int64_t records, differed, n;
	struct pmj_error err;
	bool known;

	store_start(&store);
	store_line(&made, "person", NULL, 1, 1000, json_pack("{s:s}", "name", "Asha"), NULL, NULL);
	store_line(&edited, "person", made.entry.rec, 1, 2000,
	    json_pack("{s:s}", "name", "Asha M."),
	    json_pack("{s:[s]}", "name", text_hex(version, made.entry.e, PMJ_VERSION_BYTES)), NULL);
	(void)store_append(store.journal, &made);
	n = store_append(store.journal, &edited);
	store_digest(store.journal, before);
	make_old(store.journal, from);

	store_reopen(&store);
	store_digest(store.journal, after);
	assert_memory_equal(before, after, 32);
	check_ok(records_values(store.journal, &values, made.entry.rec, &err), &err);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(values, "name"), 0)), "Asha M.");
	json_decref(values);
	check_ok(project_check(store.journal, &err), &err);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(records, 1);
	assert_int_equal(differed, 0);
	walk(store.journal);

	/* Both ways to an entry, and neither twice. */
	check_ok(entries_find(store.journal, &row, made.entry.e, &err), &err);
	assert_int_equal(row.n, 1);
	entry_row_close(&row);
	check_ok(entries_find(store.journal, &row, edited.entry.e, &err), &err);
	assert_int_equal(row.n, n);
	entry_row_close(&row);
	assert_int_equal(store_append_as(store.journal, &made, ENTRY_ADMITTED, &known), 1);
	assert_true(known);
	assert_int_equal(store_append_as(store.journal, &edited, ENTRY_ADMITTED, &known), n);
	assert_true(known);
	store_line(&again, "person", NULL, 1, 3000, json_pack("{s:s}", "name", "Juma"), NULL, NULL);
	assert_int_equal(store_append(store.journal, &again), n + 1);
	check_ok(project_check(store.journal, &err), &err);
	store_line_close(&again);
	store_line_close(&edited);
	store_line_close(&made);
	store_end(&store);
}

static void
test_version_1_becomes_ours(void **state)
{
	(void)state;
	becomes_ours(1);
}

static void
test_version_2_becomes_ours(void **state)
{
	(void)state;
	becomes_ours(2);
}

/* ---- killed at each write ---- */

static sqlite3_syscall_ptr real_pwrite;
static int writes_left;

/* The n-th write is half done when the machine stops. */
static ssize_t
last_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	if (--writes_left == 0) {
		(void)((ssize_t(*)(int, const void *, size_t, off_t))real_pwrite)(
		    fd, bytes, count / 2, at);
		_exit(9);
	}
	return ((ssize_t(*)(int, const void *, size_t, off_t))real_pwrite)(fd, bytes, count, at);
}

/* Opened by a child that stops at its n-th write; false: it came through. */
static bool
killed_at(struct store *store, int n)
{
	struct journal *journal;
	struct pmj_error err;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		sqlite3_vfs *unix_vfs = sqlite3_vfs_find("unix");

		real_pwrite = unix_vfs->xGetSystemCall(unix_vfs, "pwrite64");
		if (real_pwrite == NULL)
			real_pwrite = unix_vfs->xGetSystemCall(unix_vfs, "pwrite");
		writes_left = n;
		(void)unix_vfs->xSetSystemCall(
		    unix_vfs, "pwrite64", (sqlite3_syscall_ptr)last_pwrite);
		(void)unix_vfs->xSetSystemCall(
		    unix_vfs, "pwrite", (sqlite3_syscall_ptr)last_pwrite);
		_exit(journal_open(&journal, &store->setup, &err) == PMJ_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 9;
}

static void
copy_journal(const struct store *store, bool back)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
	    back ? "rm -f %s/journal-*; cp %s/old/journal-* %s/"
	         : "mkdir -p %s/old; cp %s/journal-* %s/old/",
	    store->dir, store->dir, store->dir);
	assert_int_equal(system(command), 0);
}

static void
test_killed_on_the_way(void **state)
{
	struct store store;
	struct store_line line;
	uint8_t before[32], after[32], j[32];
	struct pmj_error err;
	uint64_t count, next;
	int kills = 0;

	(void)state;
	store_start(&store);
	for (int i = 0; i < 200; i++) {
		store_line(&line, "person", NULL, 1, 1000 + i, json_pack("{s:s}", "name", "Asha"),
		    NULL, NULL);
		(void)store_append(store.journal, &line);
		store_line_close(&line);
	}
	store_digest(store.journal, before);
	make_old(store.journal, 2);
	journal_close(store.journal);
	store.journal = NULL;
	copy_journal(&store, false);
	for (int n = 1; killed_at(&store, n); n += 1 + n / 6) {
		kills++;
		check_ok(journal_open(&store.journal, &store.setup, &err), &err);
		store_digest(store.journal, after);
		assert_memory_equal(before, after, 32);
		check_ok(journal_check_slice(store.journal, 0, 1000, &next, &err), &err);
		journal_head(store.journal, &count, j);
		assert_int_equal(count, 200);
		check_ok(project_check(store.journal, &err), &err);
		journal_close(store.journal);
		store.journal = NULL;
		copy_journal(&store, true);
	}
	assert_true(kills > 5);
	check_ok(journal_open(&store.journal, &store.setup, &err), &err);
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_version_1_becomes_ours),
	    cmocka_unit_test(test_version_2_becomes_ours),
	    cmocka_unit_test(test_killed_on_the_way)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
