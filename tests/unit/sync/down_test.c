/* down_test.c - what the hub seals for a laptop is as big as both their networks let through: put
 * together, packed, sealed and taken off the queue over many steps, and asked about once more; and
 * what the laptop's network does not let through goes again in smaller ones. */
#include <sqlite3.h>

#include "store/journal_inner.h"
#include "sync_lab.h"

#define LINES 1200
#define BIGGEST                                                                                    \
	"SELECT max(length(bytes)) FROM pmj_segment g JOIN pmj_lane l ON l.id=g.lane"              \
	" WHERE l.mailbox=x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'"
#define SENT "SELECT count(*) FROM pmj_sent WHERE forward=1"
#define LEFT "SELECT count(*) FROM pmj_numbering"
#define RUNS "SELECT count(*) FROM pmj_lane WHERE ours=1 AND lane=2"

static void
write_many(struct lab_end *hub, int count)
{
	char name[160];

	for (int i = 0; i < count; i++) {
		uint64_t word;

		os_real.random(NULL, &word, sizeof(word));
		(void)snprintf(name, sizeof(name),
		    "%016llx of the village behind the second hill, where the road from the market "
		    "ends at the river",
		    (unsigned long long)word);
		(void)lab_person(hub, name);
	}
}

/* The hub knows what the network at its first laptop bears. */
static struct lab_end *
begin(struct lab *lab, int devices, int64_t bears, int lines)
{
	struct lab_end *a = &lab->ends[1];
	struct pmj_error err;

	lab_open_with(lab, devices);
	lab_exchange(a);
	check_ok(sync_link(a->sync, bears, &err), &err);
	(void)lab_person(a, "Says so");
	lab_exchange(a);
	lab_exchange(a);
	write_many(lab_hub(lab), lines);
	return lab_hub(lab);
}

static bool
step(struct lab_end *end)
{
	struct pmj_error err;
	bool more;

	check_ok(sync_seal_step(end->sync, &more, &err), &err);
	return more;
}

/* Until the next segment is made. */
static int
steps_to_next(struct lab_end *hub)
{
	int64_t before = lab_number(hub, "SELECT count(*) FROM pmj_segment");
	int steps = 0;

	while (lab_number(hub, "SELECT count(*) FROM pmj_segment") == before) {
		assert_true(step(hub));
		steps++;
	}
	return steps;
}

static void
arrives(struct lab *lab, int entries)
{
	struct lab_end *hub = lab_hub(lab);

	for (int i = 1; i < lab->count; i++) {
		lab_exchange(&lab->ends[i]);
		lab_exchange(&lab->ends[i]);
		assert_int_equal(lab_admitted(&lab->ends[i]), entries);
		lab_same(&lab->ends[i], hub);
	}
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue"), 0);
	assert_int_equal(lab_number(hub, SENT), 0);
	lab_close(lab);
}

static void
test_as_the_reader_bears(void **state)
{
	static const struct {
		int64_t bears, least, most;
		int lines;
	} says[] = {{4096, 4376, 4376, 300}, {20000, 12 * 1024, 16 * 1024, 700},
	    {70000, 48 * 1024, 64 * 1024 + 280, 2500}, {300000, 130 * 1024, 256 * 1024, 4500}};
	struct lab lab;
	struct lab_end *hub;
	struct pmj_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(says); i++) {
		hub = begin(&lab, 2, says[i].bears, says[i].lines);

		(void)lab_seal(hub);
		assert_in_range(lab_number(hub, BIGGEST), says[i].least, says[i].most);
		/* Of the other one nothing is known. */
		assert_in_range(
		    lab_number(hub, "SELECT max(length(bytes)) FROM pmj_segment g JOIN pmj_lane l"
		                    " ON l.id=g.lane WHERE l.mailbox="
		                    "x'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2'"),
		    4376, 16 * 1024 + 280);
		arrives(&lab, says[i].lines + 1);
	}
	/* Nor more than the hub's own. */
	hub = begin(&lab, 1, 300000, LINES);
	check_ok(sync_link(hub->sync, 8192, &err), &err);
	lab_restart(hub);
	(void)lab_seal(hub);
	assert_in_range(lab_number(hub, BIGGEST), 4376, 8192);
	arrives(&lab, LINES + 1);
}

static void
test_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *hub = begin(&lab, 1, 256 * 1024, LINES);
	int steps = steps_to_next(hub);

	(void)state;
	assert_true(steps > 4);
	assert_true(lab_number(hub, BIGGEST) > 50 * 1024);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue"), LINES);
	assert_int_equal(lab_number(hub, SENT), 0);
	for (steps = 0; lab_number(hub, LEFT) > 0; steps++) {
		int64_t was = lab_number(hub, "SELECT count(*) FROM pmj_queue");

		assert_true(step(hub));
		assert_in_range(
		    was - lab_number(hub, "SELECT count(*) FROM pmj_queue"), 1, 1024 + 128);
	}
	assert_true(steps > 0);
	assert_int_equal(lab_number(hub, SENT), LINES);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_done WHERE forward=1"), LINES);
	arrives(&lab, LINES + 1);
}

static void
test_ends_between(void **state)
{
	(void)state;
	for (int steps = 1; steps < 40; steps += 5) {
		struct lab lab;
		struct lab_end *hub = begin(&lab, 1, 256 * 1024, LINES);
		bool more = true;

		for (int i = 0; i < steps && more; i++)
			more = step(hub);
		lab_restart(hub);
		assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue WHERE n NOT IN"
		                                 "(SELECT n FROM pmj_sent)"),
		    LINES - lab_number(hub, SENT));
		arrives(&lab, LINES + 1);
		if (!more)
			break;
	}
}

/* What it must not have any more is in no segment, whenever that was decided before the last step.
 */
static void
test_may_not_have_it_meanwhile(void **state)
{
	(void)state;
	for (int before = 1; before < 30; before += 6) {
		struct lab lab;
		struct lab_end *hub = begin(&lab, 1, 256 * 1024, LINES);
		struct lab_end *a = &lab.ends[1];
		struct pmj_error err;

		for (int i = 0; i < before && lab_number(hub, LEFT) == 0; i++)
			(void)step(hub);
		if (lab_number(hub, LEFT) > 0) { /* it was sealed before */
			lab_close(&lab);
			break;
		}
		a->deaf = true;
		check_ok(journal_put_int(hub->journal, "decided", before, &err), &err);
		lab_exchange(a);
		assert_int_equal(lab_admitted(a), 1);
		assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue"), 0);
		assert_int_equal(
		    lab_number(hub, "SELECT count(*) FROM pmj_done WHERE forward=1"), 0);
		lab_close(&lab);
	}
}

/* Sealed, and forgotten as sent before it left the queue: it is not noted as sent after that. */
static void
test_forgotten_between(void **state)
{
	struct lab lab;
	struct lab_end *hub = begin(&lab, 1, 256 * 1024, LINES);
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	int64_t n;

	(void)state;
	(void)steps_to_next(hub);
	assert_true(lab_number(hub, LEFT) > 0);
	n = lab_number(hub, "SELECT max(n) FROM pmj_queue");
	assert_true(sync_was_sent(hub->sync, a->mailbox, n));
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sync_forget_sent(hub->sync, a->mailbox, n, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	(void)lab_seal(hub);
	assert_false(sync_was_sent(hub->sync, a->mailbox, n));
	assert_true(sync_was_sent(hub->sync, a->mailbox, n - 1));
	arrives(&lab, LINES + 1);
}

/* For one mailbox a big one is made; for another something urgent is there. */
static void
test_urgent_for_another(void **state)
{
	struct lab lab;
	struct lab_end *hub = begin(&lab, 2, 256 * 1024, 4500);
	struct pmj_error err;
	int64_t before;

	(void)state;
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sync_drop_queue(hub->sync, lab.ends[2].mailbox, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	before = lab_number(hub, "SELECT max(id) FROM pmj_segment");
	for (int i = 0; i < 12; i++)
		assert_true(step(hub));
	assert_int_equal(lab_number(hub, "SELECT max(id) FROM pmj_segment"), before);
	lab_control(hub, &lab.ends[2], "ctl.kinds", json_object(), NULL);
	assert_in_range(steps_to_next(hub), 1, 3);
	assert_int_equal(lab_number(hub, "SELECT l.mailbox=x'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2'"
	                                 " FROM pmj_segment g JOIN pmj_lane l ON l.id=g.lane"
	                                 " ORDER BY g.id DESC LIMIT 1"),
	    1);
	(void)lab_seal(hub);
	lab_exchange(&lab.ends[1]);
	assert_int_equal(lab_admitted(&lab.ends[1]), 4501);
	lab_close(&lab);
}

static bool
small_only(void *ctx, const char *name)
{
	const struct lab *lab = ctx;
	struct stat st;
	bool small = true;

	for (int i = 0; i < lab->count; i++) {
		char *path = mem_printf("%s/spool/out/%s", lab->ends[i].home, name);

		if (stat(path, &st) == 0)
			small = st.st_size <= 8192;
		free(path);
	}
	return small;
}

static void
delivered(struct lab_end *hub, const struct lab_end *to)
{
	struct lane lane;
	struct pmj_error err;
	bool found;

	check_ok(lane_current(hub->sync, &lane, to->mailbox, &found, &err), &err);
	check_ok(
	    sync_mark(hub->sync, SYNC_DELIVERED, to->mailbox, 2, lane.inc, lane.segno, &err), &err);
}

/* Both ways, over a network at the laptop that lets only small ones through. */
static void
exchange_small(struct lab *lab)
{
	struct lab_end *hub = lab_hub(lab), *a = &lab->ends[1];

	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	(void)lab_seal(hub);
	lab_carry(hub, a, small_only, lab);
	delivered(hub, a);
	(void)lab_take(a);
}

static void
test_too_big_for_the_reader(void **state)
{
	struct lab lab;
	struct lab_end *hub = begin(&lab, 1, 256 * 1024, LINES);
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	uint64_t before;

	(void)state;
	exchange_small(&lab);
	assert_int_equal(lab_admitted(a), 1);
	assert_int_equal(lab_number(hub, RUNS), 1);
	/* An exchange that broke off, at a laptop that said that more goes through. */
	check_ok(sync_link_broke(a->sync, &err), &err);
	exchange_small(&lab);
	assert_int_equal(lab_number(hub, RUNS), 1); /* it bears as much as it did */
	check_ok(sync_link(a->sync, 4096, &err), &err);
	check_ok(sync_link_broke(a->sync, &err), &err);
	before = journal_transaction(a->journal);
	check_ok(sync_link_broke(a->sync, &err), &err);
	assert_int_equal(journal_transaction(a->journal), before); /* once is enough */
	lab_restart(a);
	exchange_small(&lab);
	assert_int_equal(lab_number(hub, RUNS), 2);
	assert_int_equal(lab_number(hub, BIGGEST), 4376);
	exchange_small(&lab);
	assert_int_equal(lab_admitted(a), LINES + 1);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_meta WHERE key='sync.stuck'"
	                               " AND value<>'0' AND value<>0"),
	    0);

	/* No more for an hour, whatever the hub's clock does; then again. */
	for (int i = 0; i < 3; i++) {
		check_ok(sync_link(a->sync, 256 * 1024, &err), &err);
		(void)lab_person(a, "Better");
		exchange_small(&lab);
		exchange_small(&lab);
		write_many(hub, 400);
		(void)lab_seal(hub);
		delivered(hub, a);
		check_ok(sync_link(a->sync, 4096, &err), &err);
		check_ok(sync_link_broke(a->sync, &err), &err);
		if (i == 1)
			hub->os.now_ms -= INT64_C(400) * DAY_MS;
		if (i == 2)
			hub->os.now_ms += INT64_C(3600) * 1000;
		exchange_small(&lab);
		exchange_small(&lab);
		assert_int_equal(lab_number(hub, RUNS), i == 2 ? 3 : 2);
		if (i < 2)
			lab_exchange(a); /* in a better place after all */
		lab_exchange(a);
		lab_same(a, hub);
	}
	arrives(&lab, LINES + 4 + 1200);
}

/* The first exchanges of a new laptop are over such a network: it never said what that bears, and
 * the hub made of what waited what goes by most. */
static void
test_too_big_before_it_said(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub;
	struct pmj_error err;

	(void)state;
	lab_open_with(&lab, 1);
	hub = lab_hub(&lab);
	lab_exchange(a);
	write_many(hub, 300);
	exchange_small(&lab);
	assert_int_equal(lab_admitted(a), 0);
	check_ok(sync_link(a->sync, 4096, &err), &err);
	check_ok(sync_link_broke(a->sync, &err), &err);
	exchange_small(&lab);
	assert_int_equal(lab_number(hub, RUNS), 2);
	exchange_small(&lab);
	assert_int_equal(lab_admitted(a), 300);
	arrives(&lab, 300);
}

/* A person is taken away and given back at once, while what was sent before is on its way; then
 * the run begins anew. What was sent goes again before all else, but this line of it has its place
 * behind the withdrawal now, which would blank it. */
static void
test_given_back_and_begun_anew(void **state)
{
	static const char *const causes[] = {"size", "nack", "epoch"};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(causes); i++) {
		struct lab lab;
		struct lab_end *hub = begin(&lab, 1, 4096, 0), *a = &lab.ends[1];
		int64_t n = lab_person(hub, "Given back");
		struct entry_row row = {.n = 0};
		struct pmj_error err;

		(void)lab_seal(hub);
		if (i % 2 != 0) { /* it was read, and the receipt is not here */
			lab_carry(hub, a, NULL, NULL);
			(void)lab_take(a);
			assert_int_equal(lab_admitted(a), 2);
		}
		check_ok(entries_get(hub->journal, &row, n, &err), &err);
		lab_control(hub, a, "ctl.withdraw",
		    json_pack("{s:o}", "record", json_hex(row.entry.rec, PMJ_RECORD_BYTES)), NULL);
		check_ok(journal_begin(hub->journal, &err), &err);
		check_ok(sync_forget_sent(hub->sync, a->mailbox, n, &err), &err);
		check_ok(sync_queue_forward(hub->sync, a->mailbox, n, false, &err), &err);
		check_ok(journal_commit(hub->journal, &err), &err);
		check_ok(sync_incarnate(hub->sync, a->mailbox, causes[i / 2], &err), &err);
		(void)lab_seal(hub);
		lab_carry(hub, a, NULL, NULL);
		(void)lab_take(a);
		assert_int_equal(
		    lab_number(a, "SELECT count(*) FROM pmj_entry WHERE status=0 AND line IS NULL"),
		    0);
		lab_exchange(a);
		lab_same(a, hub);
		entry_row_close(&row);
		lab_close(&lab);
	}
}

static int
count_step(void *ctx)
{
	++*(int64_t *)ctx;
	return 0;
}

/* What it costs the hub to hear that a laptop has one more line, by SQLite's own count. */
static int64_t
receipt_costs(struct lab *lab)
{
	struct lab_end *hub = lab_hub(lab), *a = &lab->ends[1];
	int64_t steps = 0;

	(void)lab_person(hub, "One more");
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	sqlite3_progress_handler(hub->journal->db, 1, count_step, &steps);
	(void)lab_take(hub);
	sqlite3_progress_handler(hub->journal->db, 0, NULL, NULL);
	return steps;
}

/* It counted all that all laptops have, each time. */
static void
test_a_receipt_costs_the_same(void **state)
{
	struct lab lab;
	struct lab_end *hub;
	int64_t few, many;

	(void)state;
	hub = begin(&lab, 2, 70000, 10);
	for (int i = 0; i < 3; i++) {
		lab_exchange(&lab.ends[1]);
		lab_exchange(&lab.ends[2]);
	}
	few = receipt_costs(&lab);
	write_many(hub, LINES);
	for (int i = 0; i < 3; i++) {
		lab_exchange(&lab.ends[1]);
		lab_exchange(&lab.ends[2]);
	}
	many = receipt_costs(&lab);
	print_message("%lld steps where 22 lines were read, %lld where %d were\n", (long long)few,
	    (long long)many, 2 * LINES);
	assert_in_range(many, few / 2, few + LINES);
	arrives(&lab, LINES + 13);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_the_reader_bears),
	    cmocka_unit_test(test_a_receipt_costs_the_same),
	    cmocka_unit_test(test_in_steps),
	    cmocka_unit_test(test_ends_between),
	    cmocka_unit_test(test_may_not_have_it_meanwhile),
	    cmocka_unit_test(test_forgotten_between),
	    cmocka_unit_test(test_urgent_for_another),
	    cmocka_unit_test(test_too_big_for_the_reader),
	    cmocka_unit_test(test_too_big_before_it_said),
	    cmocka_unit_test(test_given_back_and_begun_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
