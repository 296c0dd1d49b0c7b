/* again_test.c - thousands of sealed lines go back to the queue in one transaction, which must be
 * short: they are told of all at once, and not one by one. In their order, before all that waits.
 */
#include <sqlite3.h>

#include "store/journal_inner.h"
#include "sync_lab.h"

#define LINES 2000
#define UNSORTED                                                                                   \
	"SELECT count(*) FROM (SELECT n,lag(n) OVER (ORDER BY rank DESC,pos) AS before FROM"       \
	" pmj_queue WHERE n IS NOT NULL) WHERE before>n"

static int
count_statement(unsigned what, void *ctx, void *of, void *more)
{
	(void)what;
	(void)of;
	(void)more;
	++*(int64_t *)ctx;
	return 0;
}

static int64_t
begins_anew(struct lab_end *end)
{
	struct pmj_error err;
	int64_t statements = 0;

	(void)sqlite3_trace_v2(end->journal->db, SQLITE_TRACE_STMT, count_statement, &statements);
	check_ok(sync_incarnate(end->sync, end->mailbox, "size", &err), &err);
	(void)sqlite3_trace_v2(end->journal->db, 0, NULL, NULL);
	return statements;
}

static void
write_some(struct lab_end *end, int count)
{
	for (int i = 0; i < count; i++)
		(void)lab_person(end, "Somebody of the village");
}

static void
test_thousands_at_once(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	bool more;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	check_ok(sync_link(a->sync, 256 * 1024, &err), &err);
	write_some(a, LINES);
	(void)lab_seal(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), LINES);
	write_some(a, 3); /* behind them */
	assert_in_range(begins_anew(a), 5, 60);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue"), LINES + 3);
	assert_int_equal(lab_number(a, UNSORTED), 0);
	/* Again, when some of them are sealed anew and some are not. */
	check_ok(sync_link(a->sync, 4096, &err), &err);
	for (int i = 0; i < 6; i++)
		check_ok(sync_seal_step(a->sync, &more, &err), &err);
	assert_in_range(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 1, LINES - 1);
	(void)begins_anew(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue"), LINES + 3);
	assert_int_equal(lab_number(a, UNSORTED), 0);
	for (int i = 0; i < 3; i++)
		lab_exchange(a);
	assert_int_equal(lab_admitted(lab_hub(&lab)), LINES + 3);
	lab_same(a, lab_hub(&lab));
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_thousands_at_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
