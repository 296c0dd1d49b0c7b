/* kill_test.c - the process ends at every call to the disk in turn; whatever was cut off is
 * finished by the next start: nothing lost, nothing doubled. */
#include "sync_lab.h"

static void
work_seal(struct lab_end *end)
{
	(void)lab_seal(end);
}

static void
work_take(struct lab_end *end)
{
	end->os.mono_step = 4; /* several transactions a segment */
	(void)lab_take(end);
}

static void
check_once(struct lab *lab, int entries)
{
	for (int i = 0; i < lab->count; i++) {
		assert_int_equal(lab_admitted(&lab->ends[i]), entries);
		lab_same(&lab->ends[i], &lab->ends[0]);
	}
	/* A line is never an entry twice. */
	assert_int_equal(lab_number(&lab->ends[0], "SELECT count(*) FROM pmj_entry"),
	    lab_number(&lab->ends[0],
	        "SELECT count(DISTINCT pmj_hash(e, line, by, pt, rec)) FROM pmj_entry"));
}

/* Each round writes, and cuts each of the four legs one call later than the round before. */
static void
test_every_call(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	int entries = 0;
	bool whole = false;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	for (int cut = 0; !whole || cut < 20; cut++) {
		for (int i = 0; i < 4; i++)
			lab_person(a, "Cut off");
		lab_person(hub, "From the hub");
		entries += 5;
		whole = lab_dies(a, work_seal, cut);
		lab_carry(a, hub, NULL, NULL);
		whole = lab_dies(hub, work_take, cut) && whole;
		whole = lab_dies(hub, work_seal, cut) && whole;
		lab_carry(hub, a, NULL, NULL);
		whole = lab_dies(a, work_take, cut) && whole;
		assert_true(cut < 200);
		if (cut % 5 != 0)
			continue; /* leave what was cut off to the next round */
		for (int i = 0; i < 4; i++)
			lab_exchange(a);
		check_once(&lab, entries);
	}
	for (int i = 0; i < 4; i++)
		lab_exchange(a);
	check_once(&lab, entries);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_aside"), 0);
	lab_close(&lab);
}

static void
work_incarnate(struct lab_end *end)
{
	struct pmj_error err;

	check_ok(sync_incarnate(end->sync, end->mailbox, "size", &err), &err);
	(void)lab_seal(end);
}

/* The same while a new incarnation begins. */
static void
test_while_incarnating(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	int entries = 0;
	bool whole = false;

	(void)state;
	lab_open_with(&lab, 1);
	for (int cut = 0; !whole; cut++) {
		lab_person(a, "Somebody");
		entries++;
		(void)lab_seal(a);
		whole = lab_dies(a, work_incarnate, cut);
		assert_true(cut < 100);
	}
	for (int i = 0; i < 3; i++)
		lab_exchange(a);
	check_once(&lab, entries);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue"), 0);
	lab_close(&lab);
}

static int steps_left; /* of work_some_steps */

/* A process that ends between two steps, nothing closed. */
static void
work_some_steps(struct lab_end *end)
{
	struct pmj_error err;
	bool more = true;

	while (more && steps_left-- > 0)
		check_ok(sync_seal_step(end->sync, &more, &err), &err);
	_exit(more ? 77 : 0);
}

/* The same between all steps in which a big segment is made: each line waits or has its one number.
 */
static void
test_while_a_big_one_is_made(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	char name[1201];
	int entries = 0;
	bool whole = false, half = false;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	lab_open_with(&lab, 1);
	lab_exchange(a);
	check_ok(sync_link(a->sync, 64 * 1024, &err), &err);
	for (int cut = 1; !whole; cut++) {
		for (int i = 0; i < 300; i++) {
			for (size_t at = 0; at < 200; at++)
				name[at] = (char)('a' + random() % 26);
			lab_person(a, name);
		}
		entries += 300;
		steps_left = cut;
		whole = lab_dies(a, work_some_steps, -1);
		half = half || lab_number(a, "SELECT count(*) FROM pmj_numbering") > 0;
		assert_int_equal(
		    lab_number(a, "SELECT count(*) FROM pmj_entry WHERE origin=0 AND n NOT IN"
		                  "(SELECT n FROM pmj_queue WHERE n IS NOT NULL UNION SELECT n FROM"
		                  " pmj_sent UNION SELECT n FROM pmj_done)"),
		    0);
		assert_true(cut < 100);
		if (cut % 4 != 0 && !whole)
			continue; /* what was cut off is left to the next round */
		(void)lab_seal(a);
		assert_int_equal(
		    lab_number(a, "SELECT count(*)-count(DISTINCT n) FROM pmj_sent WHERE n<>0"), 0);
		for (int i = 0; i < 3; i++)
			lab_exchange(a);
		check_once(&lab, entries);
		assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	}
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_numbering"), 0);
	assert_true(half); /* some ended while lines of a sealed one still stood in the queue */
	lab_close(&lab);
}

/* The same at the hub, whose lines are forwarded ones. */
static void
test_while_a_big_one_is_made_for_a_laptop(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	int entries = 1;
	bool whole = false, half = false;

	(void)state;
	lab_open_with(&lab, 1);
	check_ok(sync_link(a->sync, 64 * 1024, &err), &err);
	(void)lab_person(a, "Says so");
	lab_exchange(a);
	for (int cut = 1; !whole; cut++) {
		for (int i = 0; i < 900; i++)
			(void)lab_person(
			    hub, "Of the village behind the second hill, where the road ends");
		entries += 900;
		steps_left = cut;
		whole = lab_dies(hub, work_some_steps, -1);
		half = half || lab_number(hub, "SELECT count(*) FROM pmj_numbering") > 0;
		assert_int_equal(
		    lab_number(hub, "SELECT count(*) FROM pmj_entry WHERE origin=0 AND status=0 AND"
		                    " n NOT IN (SELECT n FROM pmj_queue WHERE n IS NOT NULL UNION"
		                    " SELECT n FROM pmj_sent UNION SELECT n FROM pmj_done)"),
		    0);
		assert_true(cut < 100);
		if (cut % 4 != 0 && !whole)
			continue;
		for (int i = 0; i < 3; i++)
			lab_exchange(a);
		check_once(&lab, entries);
		assert_int_equal(
		    lab_number(hub, "SELECT count(*) FROM pmj_done WHERE forward=1"), entries - 1);
	}
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_numbering"), 0);
	assert_true(half);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_call),
	    cmocka_unit_test(test_while_incarnating),
	    cmocka_unit_test(test_while_a_big_one_is_made),
	    cmocka_unit_test(test_while_a_big_one_is_made_for_a_laptop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
