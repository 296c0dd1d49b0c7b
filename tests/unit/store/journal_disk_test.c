/* journal_disk_test.c - a disk that takes no more: not saved, and so said; what was there stands.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "fixture_store.h"

/* A limit on the size of files stands in for a full disk: the system refuses the write in its
 * middle. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* begin, append, commit; whatever the outcome, no transaction is left open. */
static enum pmj_code
try_append(struct journal *journal, const struct store_line *line, struct pmj_error *err)
{
	struct entries_new new_entry = {.entry = &line->entry,
	    .line = buf_text(&line->bytes),
	    .len = line->bytes.len,
	    .origin = ENTRY_OWN,
	    .status = ENTRY_ADMITTED};
	enum pmj_code rc;
	int64_t n;
	bool known;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = entries_append(journal, &new_entry, &n, &known, err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

static void
note_line(struct store_line *line, int number)
{
	char note[2001];

	memset(note, 'a' + number % 26, sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	store_line(line, "person", NULL, 1, number,
	    json_pack("{s:s,s:s}", "name", "Asha", "note", note), NULL, NULL);
}

static void
test_full_disk(void **state)
{
	struct store store;
	struct store_line line;
	struct pmj_error err = {0};
	uint64_t saved = 0, count;
	uint8_t before[32], after[32], j[32];
	enum pmj_code rc = PMJ_OK;

	(void)state;
	store_start(&store);
	(void)signal(SIGXFSZ, SIG_IGN);
	limit_files(400000);
	for (int i = 0; rc == PMJ_OK && i < 1000; i++) {
		store_digest(store.journal, before);
		note_line(&line, i);
		rc = try_append(store.journal, &line, &err);
		saved += rc == PMJ_OK ? 1 : 0;
		store_line_close(&line);
	}
	check_code(rc, PMJ_FULL);
	assert_true(saved > 2);
	assert_non_null(strstr(err.message, "not saved"));
	assert_true(err.hint[0] != '\0');
	journal_head(store.journal, &count, j);
	assert_int_equal(count, saved);
	store_digest(store.journal, after);
	assert_memory_equal(before, after, 32);
	/* Refused again, and read as ever. */
	note_line(&line, 1);
	check_code(try_append(store.journal, &line, &err), PMJ_FULL);
	check_ok(project_check(store.journal, &err), &err);
	limit_files(RLIM_INFINITY);
	check_ok(try_append(store.journal, &line, &err), &err);
	store_line_close(&line);
	store_reopen(&store);
	journal_head(store.journal, &count, j);
	assert_int_equal(count, saved + 1);
	check_ok(project_check(store.journal, &err), &err);
	store_end(&store);
}

static void
test_reserve(void **state)
{
	struct store store;
	struct pmj_error err;
	char path[96];
	struct stat st;

	(void)state;
	store_start(&store);
	(void)snprintf(path, sizeof(path), "%s/reserve", store.dir);
	assert_false(journal_reserve_there(store.journal));
	check_code(journal_reserve_release(store.journal, &err), PMJ_NOT_FOUND);
	/* No half of a reserve: it would keep back nothing and look as if it did. */
	(void)signal(SIGXFSZ, SIG_IGN);
	limit_files(1000000);
	assert_true(journal_reserve_make(store.journal, &err) != PMJ_OK);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(errno, ENOENT);
	limit_files(RLIM_INFINITY);
	check_ok(journal_reserve_make(store.journal, &err), &err);
	check_ok(journal_reserve_make(store.journal, &err), &err);
	assert_true(journal_reserve_there(store.journal));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, JOURNAL_RESERVE_BYTES);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_blocks * 512 >= JOURNAL_RESERVE_BYTES);
	check_ok(journal_reserve_release(store.journal, &err), &err);
	assert_false(journal_reserve_there(store.journal));
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full_disk), cmocka_unit_test(test_reserve)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
