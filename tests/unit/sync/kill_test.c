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
	    lab_number(&lab->ends[0], "SELECT count(DISTINCT e) FROM pmj_entry"));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_call),
	    cmocka_unit_test(test_while_incarnating),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
