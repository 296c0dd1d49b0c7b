/* again_test.c - thousands of sealed lines go back to the queue, over steps none of which is long:
 * many by one statement, and not one by one. In their order, before all that waits, and before
 * anything is sealed; whatever comes between. */
#include <sqlite3.h>

#include "store/journal_inner.h"
#include "sync_lab.h"

#define LINES 2600
#define UNSORTED                                                                                   \
	"SELECT count(*) FROM (SELECT n,lag(n) OVER (ORDER BY rank DESC,pos) AS before FROM"       \
	" pmj_queue WHERE n IS NOT NULL) WHERE before>n"
#define QUEUED "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"
#define SENT "SELECT count(*) FROM pmj_sent WHERE n<>0"
#define OWED "SELECT count(*) FROM pmj_again"
#define A_STEP 2048 /* lines that go back in one, at most */

static int
count_statement(unsigned what, void *ctx, void *of, void *more)
{
	(void)what;
	(void)of;
	(void)more;
	++*(int64_t *)ctx;
	return 0;
}

/* Statements of SQLite, the parts of one that begins others included. */
static int64_t
statements(struct lab_end *end, void (*work)(struct lab_end *end))
{
	int64_t count = 0;

	(void)sqlite3_trace_v2(end->journal->db, SQLITE_TRACE_STMT, count_statement, &count);
	work(end);
	(void)sqlite3_trace_v2(end->journal->db, 0, NULL, NULL);
	return count;
}

static void
begins_anew(struct lab_end *end)
{
	struct pmj_error err;

	check_ok(sync_incarnate(end->sync, end->mailbox, "size", &err), &err);
}

static void
step(struct lab_end *end)
{
	struct pmj_error err;
	bool more;

	check_ok(sync_seal_step(end->sync, &more, &err), &err);
	assert_true(more);
}

static void
write_some(struct lab_end *end, int count)
{
	for (int i = 0; i < count; i++)
		(void)lab_person(end, "Somebody of the village");
}

/* What a person is told waits: each line once, in whichever step. */
static void
check_outbox(struct lab_end *end, int64_t lines)
{
	json_t *outbox = sync_outbox(end->sync);

	assert_int_equal(json_int(outbox, "entries", -1), lines);
	json_decref(outbox);
}

/* A device that has sealed so many lines, of which the hub has none. */
static struct lab_end *
begin(struct lab *lab, int64_t bears, int lines)
{
	struct lab_end *a = &lab->ends[1];
	struct pmj_error err;

	lab_open_with(lab, 1);
	lab_exchange(a);
	check_ok(sync_link(a->sync, bears, &err), &err);
	write_some(a, lines);
	(void)lab_seal(a);
	assert_int_equal(lab_number(a, SENT), lines);
	return a;
}

static void
back_by_steps(struct lab_end *end)
{
	while (lab_number(end, OWED) > 0)
		step(end);
}

/* Each is there once, and nothing waits any more. */
static void
arrives(struct lab *lab, int lines)
{
	struct lab_end *a = &lab->ends[1], *hub = lab_hub(lab);

	for (int i = 0; i < 3; i++)
		lab_exchange(a);
	assert_int_equal(lab_admitted(hub), lines);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_aside"), 0);
	assert_int_equal(lab_number(a, SENT), 0);
	check_outbox(a, 0);
	lab_same(a, hub);
	lab_close(lab);
}

static void
test_thousands_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 256 * 1024, LINES);
	struct pmj_error err;
	int64_t was;

	(void)state;
	write_some(a, 3); /* behind them */
	assert_in_range(statements(a, begins_anew), 5, 60);
	was = lab_number(a, QUEUED);
	assert_in_range(was, 3, A_STEP);
	while (lab_number(a, OWED) > 0) {
		check_outbox(a, LINES + 3);
		assert_in_range(statements(a, step), 3, 120);
		assert_in_range(lab_number(a, QUEUED) - was, 0, A_STEP);
		assert_int_equal(lab_number(a, UNSORTED), 0);
		was = lab_number(a, QUEUED);
		assert_int_equal(lab_number(a, SENT) + was, LINES + 3);
	}
	assert_int_equal(was, LINES + 3);
	/* Again, when some of them are sealed anew and some are not. */
	check_ok(sync_link(a->sync, 4096, &err), &err);
	for (int i = 0; i < 6; i++)
		step(a);
	assert_in_range(lab_number(a, SENT), 1, LINES - 1);
	begins_anew(a);
	back_by_steps(a);
	assert_int_equal(lab_number(a, QUEUED), LINES + 3);
	assert_int_equal(lab_number(a, UNSORTED), 0);
	arrives(&lab, LINES + 3);
}

/* The process ends after so many steps, and another run begins besides: before and after. */
static void
test_ends_between(void **state)
{
	(void)state;
	for (int steps = 0; steps < 2; steps++) {
		struct lab lab;
		struct lab_end *a = begin(&lab, 256 * 1024, LINES);

		begins_anew(a);
		for (int i = 0; i < steps && lab_number(a, OWED) > 0; i++)
			step(a);
		lab_restart(a);
		check_outbox(a, LINES);
		begins_anew(a);
		lab_restart(a);
		assert_true(sync_has_answers(a->sync));
		back_by_steps(a);
		assert_int_equal(lab_number(a, UNSORTED), 0);
		check_outbox(a, LINES);
		arrives(&lab, LINES);
	}
}

/* The hub reads them after all, and its receipt comes while they go back: nothing is lost, nothing
 * is there twice, and the receipt waits for a step as anything does. */
static void
test_receipt_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 256 * 1024, LINES), *hub = lab_hub(&lab);

	(void)state;
	lab_carry(a, hub, NULL, NULL);
	begins_anew(a);
	step(a);
	(void)lab_take(hub);
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, OWED), 0);
	assert_int_equal(lab_number(a, UNSORTED), 0);
	arrives(&lab, LINES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_thousands_in_steps),
	    cmocka_unit_test(test_ends_between),
	    cmocka_unit_test(test_receipt_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
