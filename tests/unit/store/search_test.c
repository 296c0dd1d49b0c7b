/* search_test.c - texts that wait for the commit are found all the same, and go with their
 * transaction. */
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/journal_inner.h"

/* How many records a word finds. */
static size_t
found(struct store *store, const char *word)
{
	json_t *out = store_find(store->journal, word, 0);
	size_t count = json_array_size(json_arr(out, "items"));

	json_decref(out);
	return count;
}

/* Within the transaction under way. rec NULL: a new person, whose id *made receives. */
static void
put(struct store *store, const uint8_t *rec, const char *name, struct store_line *made)
{
	char version[2 * PMJ_VERSION_BYTES + 1];
	struct entries_new entry = {.origin = ENTRY_RECEIVED};
	struct store_line line;
	struct pmj_error err;
	int64_t n;
	bool known;

	store_line(&line, "person", rec, 1, 1000, json_pack("{s:s}", "name", name),
	    rec != NULL
	        ? json_pack("{s:[s]}", "name", text_hex(version, made->entry.e, PMJ_VERSION_BYTES))
	        : NULL,
	    NULL);
	entry.entry = &line.entry;
	entry.line = buf_text(&line.bytes);
	entry.len = line.bytes.len;
	check_ok(entries_append(store->journal, &entry, &n, &known, &err), &err);
	if (rec == NULL && made != NULL)
		*made = line;
	else
		store_line_close(&line);
}

static void
test_found_before_the_commit(void **state)
{
	struct store store;
	struct store_line old, new;
	struct pmj_error err;

	(void)state;
	store_start(&store);
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, NULL, "Faraja", &old);
	check_ok(journal_commit(store.journal, &err), &err);
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, NULL, "Grace", &new);
	put(&store, old.entry.rec, "Hamisi", &old);
	put(&store, new.entry.rec, "Imani", &new); /* new and changed in one */
	assert_true(store.journal->search_count == 2);
	(void)journal_rest(store.journal);
	assert_int_equal(found(&store, "faraja"), 0);
	assert_int_equal(found(&store, "grace"), 0);
	assert_int_equal(found(&store, "hamisi"), 1);
	assert_int_equal(found(&store, "imani"), 1);
	check_ok(journal_settle(store.journal, &err), &err);
	assert_int_equal(found(&store, "hamisi"), 1);
	assert_int_equal(found(&store, "imani"), 1);
	store_line_close(&old);
	store_line_close(&new);
	store_end(&store);
}

static void
test_gone_with_its_transaction(void **state)
{
	struct store store;
	struct store_line old, kept;
	struct pmj_error err;

	(void)state;
	store_start(&store);
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, NULL, "Faraja", &old);
	check_ok(journal_commit(store.journal, &err), &err);
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, old.entry.rec, "Hamisi", &old);
	put(&store, NULL, "Grace", NULL);
	journal_rollback(store.journal);
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, NULL, "Imani", &kept);
	check_ok(journal_commit(store.journal, &err), &err);
	assert_int_equal(found(&store, "hamisi"), 0);
	assert_int_equal(found(&store, "grace"), 0);
	assert_int_equal(found(&store, "faraja"), 1);
	assert_int_equal(found(&store, "imani"), 1);
	store_line_close(&old);
	store_line_close(&kept);
	store_end(&store);
}

/* More than wait at once, and edits of each: what is found is what a rebuild finds. */
static void
test_many_in_one_transaction(void **state)
{
	static struct store_line people[70];
	struct store store;
	struct pmj_error err;
	int64_t records, differed;

	(void)state;
	store_start(&store);
	check_ok(journal_begin(store.journal, &err), &err);
	for (size_t i = 0; i < 70; i++)
		put(&store, NULL, "Grace", &people[i]);
	for (size_t i = 0; i < 70; i += 2)
		put(&store, people[i].entry.rec, "Daudi", &people[i]);
	check_ok(journal_commit(store.journal, &err), &err);
	assert_int_equal(found(&store, "grace"), 35);
	assert_int_equal(found(&store, "daudi"), 35);
	check_ok(project_rebuild(store.journal, &records, &differed, &err), &err);
	assert_int_equal(differed, 0);
	assert_int_equal(found(&store, "grace"), 35);
	for (size_t i = 0; i < 70; i++)
		store_line_close(&people[i]);
	store_end(&store);
}

static int64_t
number(struct store *store, const char *text)
{
	struct sql *sql = sql_get(store->journal, text);
	struct pmj_error err;
	int64_t count;
	bool row;

	check_ok(sql_row(sql, &row, &err), &err);
	count = sql_col_int(sql, 0);
	sql_done(sql);
	return count;
}

#define SEGMENTS "SELECT count(DISTINCT segid) FROM pmj_search_idx"

/* FTS5 merges nothing in anybody's commit; what is owed is merged a few pages at a time, never into
 * a transaction under way, and everything is found as before. */
static void
test_merged_in_steps(void **state)
{
	struct store store;
	struct pmj_error err;
	bool more = true;
	int steps = 0;

	(void)state;
	store_start(&store);
	assert_int_equal(
	    number(
	        &store, "SELECT count(*) FROM pmj_search_config WHERE k = 'automerge' AND v = 0"),
	    1);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(journal_search_owes(store.journal), i >= 4);
		check_ok(journal_begin(store.journal, &err), &err);
		assert_false(journal_search_owes(store.journal));
		for (int k = 0; k < 120; k++) { /* words of its own: few of them fill no page */
			char name[64];

			(void)snprintf(name, sizeof(name), "Baraka wa Kimana q%dx%d", i * 7919, k);
			put(&store, NULL, name, NULL);
		}
		if (i == 7) {
			(void)journal_rest(store.journal);
			assert_false(journal_search_owes(store.journal));
			check_ok(journal_settle(store.journal, &err), &err);
		} else {
			check_ok(journal_commit(store.journal, &err), &err);
		}
	}
	assert_true(number(&store, SEGMENTS) >= 12);
	while (journal_search_owes(store.journal)) {
		check_ok(journal_search_merge(store.journal, 16, &more, &err), &err);
		assert_true(++steps < 200);
	}
	assert_false(more);
	assert_true(steps > 2);
	assert_true(number(&store, SEGMENTS) < 12);
	assert_int_equal(found(&store, "kimana"), 50); /* as many as one answer holds */
	store_end(&store);
}

/* SQLite asks these of the system; counted in passing. */
static int syncs;

int
fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

/* A merge waits for no disk; who records something after it does. */
static void
test_merged_without_a_sync(void **state)
{
	struct store store;
	struct pmj_error err;
	bool more = true;

	(void)state;
	store_start(&store);
	for (int i = 0; i < 6; i++) {
		check_ok(journal_begin(store.journal, &err), &err);
		put(&store, NULL, "Baraka wa Kimana", NULL);
		syncs = 0;
		check_ok(journal_commit(store.journal, &err), &err);
		assert_true(syncs > 0);
	}
	while (journal_search_owes(store.journal)) {
		syncs = 0;
		check_ok(journal_search_merge(store.journal, 16, &more, &err), &err);
		assert_int_equal(syncs, 0);
		assert_int_equal(number(&store, "PRAGMA synchronous"), 2);
	}
	check_ok(journal_begin(store.journal, &err), &err);
	put(&store, NULL, "Grace", NULL);
	syncs = 0;
	check_ok(journal_commit(store.journal, &err), &err);
	assert_true(syncs > 0);
	assert_int_equal(found(&store, "kimana"), 6);
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_found_before_the_commit),
	    cmocka_unit_test(test_gone_with_its_transaction),
	    cmocka_unit_test(test_many_in_one_transaction), cmocka_unit_test(test_merged_in_steps),
	    cmocka_unit_test(test_merged_without_a_sync)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
