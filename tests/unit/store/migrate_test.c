/* migrate_test.c - a journal of an earlier version becomes one of ours: the same entries, the same
 * digest, every row of the projections made anew; what is looked up by hash is found. */
#include "fixture_store.h"
#include "store/journal_inner.h"
#include "store/records_inner.h"

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
test_version_1_becomes_ours(void **state)
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

	(void)state;
	store_start(&store);
	store_line(&made, "person", NULL, 1, 1000, json_pack("{s:s}", "name", "Asha"), NULL, NULL);
	store_line(&edited, "person", made.entry.rec, 1, 2000,
	    json_pack("{s:s}", "name", "Asha M."),
	    json_pack("{s:[s]}", "name", text_hex(version, made.entry.e, PMJ_VERSION_BYTES)), NULL);
	(void)store_append(store.journal, &made);
	n = store_append(store.journal, &edited);
	store_digest(store.journal, before);
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(journal_exec(store.journal, version_1, &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);

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

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_version_1_becomes_ours)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
