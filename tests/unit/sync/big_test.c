/* big_test.c - a segment of thousands of lines, as a link that bears it lets be: put together,
 * packed, sealed and its lines taken off the queue over many steps, none of which is long. */
#include "sync_lab.h"

#define LINES 1600 /* more than one segment of 64 KiB takes */

static void
write_many(struct lab_end *end, int count)
{
	char name[160];

	for (int i = 0; i < count; i++) {
		uint64_t word;

		os_real.random(NULL, &word, sizeof(word));
		(void)snprintf(name, sizeof(name),
		    "%016llx of the village behind the second hill, where the road from the market "
		    "ends at the river",
		    (unsigned long long)word);
		(void)lab_person(end, name);
	}
}

/* A device that has written before, on a network that lately let so much through in one piece. */
static struct lab_end *
begin(struct lab *lab, int64_t bears, int lines)
{
	struct lab_end *a = &lab->ends[1];
	struct pmj_error err;

	lab_open_with(lab, 1);
	lab_exchange(a);
	check_ok(sync_link(a->sync, bears, &err), &err);
	write_many(a, lines);
	return a;
}

static bool
step(struct lab_end *end)
{
	struct pmj_error err;
	bool more;

	check_ok(sync_seal_step(end->sync, &more, &err), &err);
	return more;
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

/* What a person is told waits: each line once, in whichever step. */
static void
check_outbox(struct lab_end *end, int lines)
{
	json_t *outbox = sync_outbox(end->sync);

	assert_int_equal(json_int(outbox, "entries", -1), lines);
	json_decref(outbox);
}

static void
arrives(struct lab *lab, int entries)
{
	struct lab_end *a = &lab->ends[1];

	(void)lab_seal(a);
	/* Every line has one number, and there is none between. */
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_numbering"), 0);
	assert_int_equal(
	    lab_number(a, "SELECT count(DISTINCT n) FROM pmj_sent WHERE n<>0"), entries);
	assert_int_equal(lab_number(a, "SELECT max(seq)-min(seq)+1-count(*) FROM pmj_sent"), 0);
	assert_int_equal(lab_number(a, "SELECT l.seq-max(s.seq) FROM pmj_sent s JOIN pmj_lane l"
	                               " ON l.id=s.lane WHERE l.closed=0"),
	    0);
	check_outbox(a, entries);
	lab_exchange(a);
	assert_int_equal(lab_admitted(lab_hub(lab)), entries);
	lab_same(a, lab_hub(lab));
	lab_exchange(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	check_outbox(a, 0);
	lab_close(lab);
}

static void
test_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 64 * 1024, LINES);
	int64_t before = segments(a), was;
	int steps = 0;

	(void)state;
	for (; segments(a) == before; steps++) {
		assert_int_equal(queued(a), LINES);
		check_outbox(a, LINES);
		assert_true(step(a));
	}
	assert_true(steps > 4);
	assert_true(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") > 50 * 1024);
	assert_true(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") <= 64 * 1024);
	/* It is made; now its lines leave the queue, some a step. */
	assert_int_equal(queued(a), LINES);
	for (steps = 0; lab_number(a, "SELECT count(*) FROM pmj_numbering") > 0; steps++) {
		was = queued(a);
		check_outbox(a, LINES);
		assert_true(step(a));
		assert_in_range(was - queued(a), 1, 1024 + 128);
	}
	assert_true(steps > 0);
	assert_true(queued(a) < LINES - 200);
	arrives(&lab, LINES);
}

/* The process ends after so many steps, wherever that is: the next one finds the queue as it was,
 * or goes on with what the segment's making left to do. */
static void
test_ends_between(void **state)
{
	(void)state;
	for (int steps = 1; steps < 40; steps += 3) {
		struct lab lab;
		struct lab_end *a = begin(&lab, 64 * 1024, LINES);
		bool more = true;

		for (int i = 0; i < steps && more; i++)
			more = step(a);
		lab_restart(a);
		check_outbox(a, LINES);
		arrives(&lab, LINES);
		if (!more)
			break;
	}
}

/* What is written between two steps is not lost, nor kept waiting: a smaller one is made. */
static void
test_written_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 64 * 1024, LINES);
	int entries = LINES;

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)step(a);
		(void)lab_person(a, "Meanwhile");
		check_outbox(a, ++entries);
	}
	assert_true(segments(a) >= 2);
	arrives(&lab, entries);
}

/* A run that begins anew while lines of its big segment are still to leave the queue. */
static void
test_begins_anew_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 64 * 1024, LINES);
	struct pmj_error err;

	(void)state;
	while (lab_number(a, "SELECT count(*) FROM pmj_numbering") == 0)
		assert_true(step(a));
	assert_true(step(a));
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_numbering") > 0);
	check_ok(sync_incarnate(a->sync, a->mailbox, "nack", &err), &err);
	check_outbox(a, LINES);
	while (lab_number(a, "SELECT count(*) FROM pmj_again") > 0)
		assert_true(step(a));
	assert_int_equal(queued(a), LINES);
	check_outbox(a, LINES);
	(void)lab_seal(a);
	assert_int_equal(lab_number(a, "SELECT count(DISTINCT n) FROM pmj_sent WHERE n<>0"), LINES);
	lab_exchange(a);
	assert_int_equal(lab_admitted(lab_hub(&lab)), LINES);
	lab_same(a, lab_hub(&lab));
	lab_close(&lab);
}

/* A network that bears less is known before the next one is made. */
static void
test_and_small_again(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 64 * 1024, LINES);
	struct pmj_error err;
	int64_t before = segments(a);

	(void)state;
	while (segments(a) == before)
		assert_true(step(a));
	check_ok(sync_link(a->sync, 8192, &err), &err);
	(void)lab_seal(a);
	assert_true(lab_number(a,
	                "SELECT max(length(bytes)) FROM pmj_segment WHERE segno>"
	                "(SELECT min(segno) FROM pmj_segment WHERE length(bytes)>16384)") <= 8192);
	arrives(&lab, LINES);
}

/* As many as a segment may have, where so much goes through: usual records come to 160 KiB. */
static void
test_as_many_as_there_may_be(void **state)
{
	struct lab lab;
	struct lab_end *a = begin(&lab, 256 * 1024, 4300);
	int64_t before = segments(a);

	(void)state;
	while (segments(a) == before)
		assert_true(step(a));
	assert_true(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") > 128 * 1024);
	assert_int_equal(
	    lab_number(a, "SELECT max(g.last_seq)-l.acked_seq FROM pmj_segment g JOIN pmj_lane l"
	                  " ON l.id=g.lane WHERE l.ours=1"),
	    PMJ_SEGMENT_ENTRIES_MAX);
	arrives(&lab, 4300);
}

/* What is urgent waits for no big one, wherever in its making that is. */
static void
test_urgent_meanwhile(void **state)
{
	(void)state;
	for (int steps = 1; steps < 60; steps += 9) {
		struct lab lab;
		struct lab_end *a = begin(&lab, 256 * 1024, 4300);
		int64_t before = segments(a), n;
		struct pmj_error err;

		for (int i = 0; i < steps && segments(a) == before; i++)
			assert_true(step(a));
		if (segments(a) > before) {
			lab_close(&lab);
			break;
		}
		n = lab_person(a, "Has to go now");
		check_ok(journal_begin(a->journal, &err), &err);
		check_ok(sync_queue(a->sync, a->mailbox, n, true, &err), &err);
		check_ok(journal_commit(a->journal, &err), &err);
		/* One that is small, with it before all others. */
		for (int i = 0; segments(a) == before; i++) {
			assert_in_range(i, 0, 16);
			assert_true(step(a));
		}
		assert_true(
		    lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") < 40 * 1024);
		assert_int_equal(
		    lab_number(a, "SELECT n=(SELECT max(n) FROM pmj_sent) FROM pmj_sent WHERE n>0"
		                  " ORDER BY seq LIMIT 1"),
		    1);
		arrives(&lab, 4301);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_steps),
	    cmocka_unit_test(test_ends_between),
	    cmocka_unit_test(test_written_meanwhile),
	    cmocka_unit_test(test_begins_anew_meanwhile),
	    cmocka_unit_test(test_and_small_again),
	    cmocka_unit_test(test_as_many_as_there_may_be),
	    cmocka_unit_test(test_urgent_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
