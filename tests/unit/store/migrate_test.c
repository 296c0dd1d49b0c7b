/* migrate_test.c - a journal of an earlier version becomes one of ours: the same entries, the same
 * digest, every row of the projections made anew; what is looked up by hash is found. */
#include <sys/wait.h>

#include "base/text.h"
#include "fixture_store.h"
#include "store/journal_inner.h"
#include "store/names.h"
#include "store/project.h"
#include "store/records_inner.h"

/* What version 2 was, as far as it is read; the chain is put in by code. */
static const char version_2[] =
    "CREATE TABLE old_entry (n INTEGER PRIMARY KEY, e BLOB NOT NULL, kind TEXT NOT NULL,"
    " rec BLOB, by BLOB NOT NULL, pt INTEGER NOT NULL, counter INTEGER NOT NULL, rv INTEGER NOT"
    " NULL, status INTEGER NOT NULL, origin INTEGER NOT NULL, line BLOB, was TEXT, recv INTEGER,"
    " recv_counter INTEGER, reason TEXT, mark TEXT, j BLOB NOT NULL);"
    "INSERT INTO old_entry SELECT n, " ENTRY_HASH
    ", pmj_long(kind), rec, pmj_long(by), pt, counter, rv, status, origin,"
    " " ENTRY_LINE ", was, recv, recv_counter, reason, mark, zeroblob(32) FROM pmj_entry;"
    "DROP TABLE pmj_entry;"
    "ALTER TABLE old_entry RENAME TO pmj_entry;"
    "CREATE INDEX pmj_entry_rec ON pmj_entry (rec, n) WHERE rec IS NOT NULL;"
    "CREATE UNIQUE INDEX pmj_entry_e ON pmj_entry (e) WHERE " ENTRY_BY_HASH ";"
    "CREATE INDEX pmj_entry_status ON pmj_entry (status, n) WHERE status IN (1, 2);"
    "CREATE INDEX pmj_entry_consent ON pmj_entry (rec) WHERE kind = 'consent';"
    "CREATE TABLE person (_num INTEGER PRIMARY KEY, id TEXT NOT NULL, state TEXT,"
    " voided INTEGER NOT NULL, name);"
    "INSERT INTO person SELECT num, hex(rec), state, 0, title FROM pmj_record;"
    "CREATE TABLE old_record (num INTEGER PRIMARY KEY, rec BLOB NOT NULL UNIQUE, kind TEXT NOT "
    "NULL, changed_pt INTEGER NOT NULL, shown TEXT);"
    "INSERT INTO old_record SELECT num, rec, 'person', changed_pt, '{}' FROM pmj_record;"
    "CREATE TABLE old_subject (_num INTEGER NOT NULL, person BLOB NOT NULL, rec BLOB NOT NULL,"
    " PRIMARY KEY (_num, person)) WITHOUT ROWID;"
    "INSERT INTO old_subject SELECT num, rec, rec FROM pmj_record;"
    "DROP TABLE pmj_record;"
    "DROP TABLE pmj_subject;"
    "DROP TABLE pmj_text;"
    "DROP TABLE pmj_short;"
    "DROP TABLE pmj_recipe;"
    "DROP TABLE pmj_search;"
    "ALTER TABLE old_record RENAME TO pmj_record;"
    "ALTER TABLE old_subject RENAME TO pmj_subject;"
    "CREATE INDEX pmj_record_kind ON pmj_record (kind, changed_pt, rec);"
    "CREATE INDEX pmj_subject_person ON pmj_subject (person, rec);"
    "CREATE VIRTUAL TABLE pmj_search USING fts5 (text, columnsize = 0, prefix = '2 3',"
    " tokenize = \"unicode61 remove_diacritics 2\");"
    "INSERT INTO pmj_search (rowid, text) SELECT num, 'asha' FROM pmj_record;"
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

static void
drop_kinds(struct journal *journal)
{
	struct names kinds = {0};
	struct pmj_error err;

	check_ok(schema_kind_names(journal, &kinds, &err), &err);
	for (size_t i = 0; i < kinds.count; i++) {
		char *text = mem_printf("DROP TABLE \"%s\"", kinds.list[i]);

		sql_drop_all(journal);
		check_ok(journal_exec(journal, text, &err), &err);
		free(text);
	}
	names_close(&kinds);
}

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
	drop_kinds(journal);
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

/* Nothing of an earlier version is left. */
static void
nothing_old(struct journal *journal)
{
	assert_false(sql_any(
	    sql_get(journal, "SELECT 1 FROM sqlite_schema WHERE name LIKE 'pmj_old_%' OR tbl_name"
	                     " LIKE 'pmj_old_%' UNION ALL SELECT 1 FROM pmj_meta WHERE key LIKE"
	                     " 'renew: %'"),
	    true));
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
	nothing_old(store.journal);
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
	bool done = false;
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
		store->setup.in_steps = true;
		if (journal_open(&journal, &store->setup, &err) != PMJ_OK)
			_exit(1);
		while (!done)
			if (journal_renew_step(journal, 0, &done, &err) != PMJ_OK)
				_exit(1);
		_exit(journal_checkpoint(journal, &err) == PMJ_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 9;
}

/* ---- a real one of version 3 ---- */

/* journal_3/: made by the program as it was before version 4 (DESIGN.md of store): people,
 * contacts, edits, held ones of which one was let in, stubs of a line that made a record and of an
 * edit, an erased one, a line that is none; `said` holds its digest and the head of its chain. */
#define OLD_ENTRIES 92
#define OLD_FOUND 29 /* records with the word mkopo */

struct old {
	struct store store;
	uint8_t digest[32], j[32];
};

static void
old_copy(const struct old *old)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
	    "rm -f %s/journal-*; cp %s/unit/store/journal_3/journal-*"
	    " %s/ && chmod 600 %s/journal-*",
	    old->store.dir, TESTS_DIR, old->store.dir, old->store.dir);
	assert_int_equal(system(command), 0);
}

static void
old_start(struct old *old)
{
	struct store *store = &old->store;
	struct pmj_error err;
	struct buf ring, said;

	memset(old, 0, sizeof(*old));
	prim_start();
	(void)snprintf(store->dir, sizeof(store->dir), "%s/pamoja-store-XXXXXX", place_for_tests());
	assert_non_null(mkdtemp(store->dir));
	buf_init(&ring, 0);
	buf_init(&said, 0);
	check_ok(
	    fs_read(&ring, &os_real, TESTS_DIR "/unit/store/journal_3/ring", 8192, &err), &err);
	check_ok(
	    fs_read(&said, &os_real, TESTS_DIR "/unit/store/journal_3/said", 8192, &err), &err);
	check_ok(ring_decode(&store->ring, ring.bytes, ring.len, &err), &err);
	assert_true(text_unhex(old->digest, 32, strtok((char *)said.bytes, "\n")));
	assert_true(text_unhex(old->j, 32, strtok(NULL, "\n")));
	check_ok(kinds_read(&store->kinds, &os_real, TESTS_DIR "/unit/store/journal_3/kinds", &err),
	    &err);
	store->setup = (struct journal_setup){.os = &os_real,
	    .home = store->dir,
	    .ring = store->ring,
	    .store_uuid = store_uuid,
	    .kinds = &store->kinds};
	buf_close(&ring);
	buf_close(&said);
	old_copy(old);
}

/* All that it held, and it holds together. */
static void
is_as_it_was(struct old *old)
{
	struct journal *journal = old->store.journal;
	struct pmj_error err;
	uint8_t digest[32], j[32];
	uint64_t count, next;
	json_t *found;

	nothing_old(journal);
	store_digest(journal, digest);
	assert_memory_equal(digest, old->digest, 32);
	journal_head(journal, &count, j);
	assert_int_equal(count, OLD_ENTRIES);
	assert_memory_equal(j, old->j, 32);
	check_ok(journal_check_slice(journal, 0, 1000, &next, &err), &err);
	check_ok(project_check(journal, &err), &err);
	found = store_find(journal, "mkopo", 100);
	assert_int_equal(json_array_size(json_arr(found, "items")), OLD_FOUND);
	json_decref(found);
}

static int64_t
words_of_njoroge(struct journal *journal)
{
	return sql_first_int(
	    sql_get(journal, "SELECT count(*) FROM pmj_search WHERE pmj_search MATCH 'njoroge'"),
	    -1);
}

/* No text of it is kept, and its words go all the same when it goes or is held. */
static void
words_go(struct old *old)
{
	struct journal *journal = old->store.journal;
	int64_t before = words_of_njoroge(journal), count;
	struct pmj_error err;
	struct entry_row row;

	assert_true(before > 2);
	check_ok(entries_get(journal, &row, 15, &err), &err); /* Neema Njoroge, never changed */
	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_erase_record(journal, row.entry.rec, &count, &err), &err);
	check_ok(entries_set_status(journal, 19, ENTRY_HELD, "test", &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	entry_row_close(&row);
	assert_int_equal(words_of_njoroge(journal), before - 2);
	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_set_status(journal, 19, ENTRY_ADMITTED, NULL, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	assert_int_equal(words_of_njoroge(journal), before - 1);
	check_ok(journal_begin(journal, &err), &err);
	check_ok(entries_stub(journal, 19, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	assert_int_equal(words_of_njoroge(journal), before - 2);
	check_ok(project_check(journal, &err), &err);
}

static void
test_version_3_becomes_ours(void **state)
{
	struct old old;
	struct pmj_error err;
	struct entry_row row;
	int64_t records, differed, n;
	bool known;

	(void)state;
	old_start(&old);
	check_ok(journal_open(&old.store.journal, &old.store.setup, &err), &err);
	is_as_it_was(&old);
	check_ok(project_rebuild(old.store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	walk(old.store.journal);
	/* Those that make a record, edits, held ones and the one that is none are here already. */
	for (int64_t i = 1; i <= OLD_ENTRIES; i++) {
		struct entries_new new_entry = {.origin = ENTRY_RECEIVED};

		check_ok(entries_get(old.store.journal, &row, i, &err), &err);
		new_entry.entry = &row.entry;
		new_entry.line = row.line;
		new_entry.len = row.len;
		new_entry.status = row.status;
		if (row.line != NULL) {
			check_ok(journal_begin(old.store.journal, &err), &err);
			check_ok(
			    entries_append(old.store.journal, &new_entry, &n, &known, &err), &err);
			check_ok(journal_commit(old.store.journal, &err), &err);
			assert_true(known);
			assert_int_equal(n, i);
		}
		entry_row_close(&row);
	}
	words_go(&old);
	store_reopen(&old.store);
	check_ok(project_check(old.store.journal, &err), &err);
	store_end(&old.store);
}

/* Steps as small as they may be: how far it is, is told. */
static void
test_in_steps(void **state)
{
	struct old old;
	struct pmj_error err;
	int64_t done, of, before = 0;
	int steps = 0, middle = 0;
	bool is_done = false;

	(void)state;
	old_start(&old);
	old.store.setup.in_steps = true;
	check_ok(journal_open(&old.store.journal, &old.store.setup, &err), &err);
	assert_true(journal_is_renewing(old.store.journal));
	for (; !is_done; steps++) {
		check_ok(journal_renew_step(old.store.journal, 0, &is_done, &err), &err);
		journal_renewed(old.store.journal, &done, &of);
		assert_true(done >= before && (is_done || of == OLD_ENTRIES));
		middle += done > before && done < OLD_ENTRIES;
		before = done;
		if (steps % 3 == 0 && !is_done) /* as if it were locked in between */
			store_reopen(&old.store);
	}
	assert_true(steps > 15 && middle > 3);
	assert_false(journal_is_renewing(old.store.journal));
	is_as_it_was(&old);
	store_end(&old.store);
}

/* A kind of the office lies in the journal itself: it is known again when the entries are there. */
static void
test_kinds_of_the_office(void **state)
{
	struct old old;
	struct kinds fewer;
	struct pmj_error err;
	int64_t records, differed;
	bool is_done = false;

	(void)state;
	old_start(&old);
	fewer = old.store.kinds;
	fewer.list = mem_array(fewer.count, sizeof(*fewer.list));
	fewer.count = 0;
	for (size_t i = 0; i < old.store.kinds.count; i++)
		if (strcmp(old.store.kinds.list[i]->name, "contact") != 0)
			fewer.list[fewer.count++] = old.store.kinds.list[i];
	assert_int_equal(fewer.count, old.store.kinds.count - 1);
	old.store.setup.in_steps = true;
	old.store.setup.kinds = &fewer;
	check_ok(journal_open(&old.store.journal, &old.store.setup, &err), &err);
	while (!is_done)
		check_ok(journal_renew_step(old.store.journal, 0, &is_done, &err), &err);
	assert_false(journal_kinds_owed(old.store.journal));
	old.store.setup.kinds = &old.store.kinds;
	/* They are many: nobody waits for them at the opening, and who ends meanwhile goes on. */
	for (int i = 0; i < 2; i++) {
		store_reopen(&old.store);
		assert_true(journal_kinds_owed(old.store.journal));
		check_ok(project_rebuild_slice(
		             old.store.journal, 4, &is_done, &records, &differed, &err),
		    &err);
		assert_false(is_done);
	}
	while (!is_done)
		check_ok(project_rebuild_slice(
		             old.store.journal, 4, &is_done, &records, &differed, &err),
		    &err);
	assert_true(differed > 32);
	check_ok(journal_kinds_shown(old.store.journal, &err), &err);
	store_reopen(&old.store);
	assert_false(journal_kinds_owed(old.store.journal));
	is_as_it_was(&old);
	check_ok(project_rebuild(old.store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	free(fewer.list);
	store_end(&old.store);
}

static void
test_killed_on_the_way(void **state)
{
	struct old old;
	struct pmj_error err;
	int64_t done, of;
	int kills = 0, middle = 0;

	(void)state;
	old_start(&old);
	for (int n = 1; killed_at(&old.store, n); n++) {
		bool is_done = false;

		kills++;
		old.store.setup.in_steps = true;
		check_ok(journal_open(&old.store.journal, &old.store.setup, &err), &err);
		journal_renewed(old.store.journal, &done, &of);
		middle += done > 0 && done < OLD_ENTRIES;
		while (!is_done)
			check_ok(journal_renew_step(old.store.journal, 0, &is_done, &err), &err);
		is_as_it_was(&old);
		journal_close(old.store.journal);
		old.store.journal = NULL;
		old_copy(&old);
	}
	assert_true(kills > 40 && middle > 2);
	store_end(&old.store);
}

/* ---- where there is no room ---- */

static int
stat_large(void *ctx, const char *path, struct stat *st)
{
	int result = os_real.stat(ctx, path, st);

	st->st_size = INT64_MAX / 4;
	return result;
}

static void
test_no_room(void **state)
{
	struct old old;
	struct os os = os_real;
	struct pmj_error err;

	(void)state;
	old_start(&old);
	os.stat = stat_large;
	old.store.setup.os = &os;
	check_code(journal_open(&old.store.journal, &old.store.setup, &err), PMJ_FULL);
	assert_non_null(strstr(err.hint, "nothing was changed"));
	old.store.setup.os = &os_real;
	check_ok(journal_open(&old.store.journal, &old.store.setup, &err), &err);
	is_as_it_was(&old);
	store_end(&old.store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_version_1_becomes_ours),
	    cmocka_unit_test(test_version_2_becomes_ours),
	    cmocka_unit_test(test_version_3_becomes_ours), cmocka_unit_test(test_in_steps),
	    cmocka_unit_test(test_kinds_of_the_office), cmocka_unit_test(test_killed_on_the_way),
	    cmocka_unit_test(test_no_room)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
