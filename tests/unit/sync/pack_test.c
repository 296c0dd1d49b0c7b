/* pack_test.c - a segment that is packed over several steps: nothing of it is in the journal before
 * its last one, and what is written meanwhile is neither lost nor kept waiting. */
#include "sync_lab.h"

#define LONG_NAME 1500

static void
write_long(struct lab_end *end, int count)
{
	char name[LONG_NAME + 1];

	memset(name, 'n', LONG_NAME);
	name[LONG_NAME] = '\0';
	for (int i = 0; i < count; i++)
		(void)lab_person(end, name);
}

/* A device that has written before, and now more than one step packs. */
static struct lab_end *
begin(struct lab *lab)
{
	struct lab_end *a = &lab->ends[1];

	lab_open_with(lab, 1);
	lab_exchange(a);
	write_long(a, 50);
	return a;
}

static int64_t
segments(struct lab_end *end)
{
	return lab_number(end, "SELECT count(*) FROM pmj_segment");
}

static int64_t
queued(struct lab_end *end)
{
	return lab_number(end, "SELECT count(*) FROM pmj_queue");
}

static void
step(struct lab_end *end)
{
	struct pmj_error err;
	bool more;

	check_ok(sync_seal_step(end->sync, &more, &err), &err);
	assert_true(more);
}

/* Steps until there is one segment more. */
static int
steps_to_next(struct lab_end *end)
{
	int64_t before = segments(end);
	int steps = 0;

	for (; segments(end) == before; steps++) {
		assert_true(steps < 20);
		step(end);
	}
	return steps;
}

static void
arrives(struct lab *lab, int entries)
{
	struct lab_end *a = &lab->ends[1];

	lab_exchange(a);
	assert_int_equal(lab_admitted(lab_hub(lab)), entries);
	lab_same(a, lab_hub(lab));
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	lab_close(lab);
}

static void
test_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab);
	int64_t made = segments(a);

	(void)state;
	for (int i = 0; i < 3; i++) {
		step(a);
		assert_int_equal(segments(a), made);
		assert_int_equal(queued(a), 50);
		assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent"), 0);
	}
	lab_restart(a); /* what was packed is gone, and nothing else */
	assert_int_equal(queued(a), 50);
	assert_true(steps_to_next(a) >= 4);
	assert_true(queued(a) < 20);
	assert_int_equal(queued(a) + lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 50);
	assert_true(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") <= 16 * 1024);
	arrives(&lab, 50);
}

/* It stands behind them: what was packed holds. */
static void
test_written_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab);

	(void)state;
	step(a);
	(void)lab_person(a, "Meanwhile");
	assert_true(steps_to_next(a) <= 5);
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_sent") > 30);
	arrives(&lab, 51);
}

/* It stands before them: it goes in the next segment, and that is made at once. */
static void
test_urgent_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab);
	struct pmj_error err;
	int64_t n;

	(void)state;
	step(a);
	step(a);
	n = lab_person(a, "Pressing");
	check_ok(journal_begin(a->journal, &err), &err);
	check_ok(sync_queue(a->sync, a->mailbox, n, true, &err), &err);
	check_ok(journal_commit(a->journal, &err), &err);
	assert_true(steps_to_next(a) <= 5);
	assert_int_equal(
	    lab_number(a, "SELECT n FROM pmj_sent WHERE n<>0 ORDER BY seq LIMIT 1"), n);
	arrives(&lab, 51);
}

/* Something before them at every step: segments are made all the same. */
static void
test_always_something(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab);
	struct pmj_error err;
	int64_t made = segments(a);

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t n = lab_person(a, "Again and again");

		check_ok(journal_begin(a->journal, &err), &err);
		check_ok(sync_queue(a->sync, a->mailbox, n, true, &err), &err);
		check_ok(journal_commit(a->journal, &err), &err);
		step(a);
	}
	assert_true(segments(a) > made + 1);
	arrives(&lab, 70);
}

/* The other way, where each line is wrapped anew; and one that is withdrawn meanwhile stays. */
static void
test_forwarded(void **state)
{
	struct lab lab;
	struct lab_end *hub, *a;
	struct pmj_error err;
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	hub = lab_hub(&lab);
	a = &lab.ends[1];
	lab_exchange(a);
	write_long(hub, 30);
	step(hub);
	assert_true(steps_to_next(hub) >= 2);
	assert_true(lab_number(hub, "SELECT count(*) FROM pmj_sent WHERE forward=1") > 10);
	(void)lab_seal(hub);
	n = lab_person(hub, "Withdrawn");
	write_long(hub, 30);
	step(hub);
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sync_forget_sent(hub->sync, a->mailbox, n, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	(void)lab_seal(hub);
	lab_exchange(a);
	assert_int_equal(lab_admitted(a), 60);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_steps),
	    cmocka_unit_test(test_written_meanwhile),
	    cmocka_unit_test(test_urgent_meanwhile),
	    cmocka_unit_test(test_always_something),
	    cmocka_unit_test(test_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
