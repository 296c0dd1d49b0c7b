/* round_test.c - a device and a hub: there, back, receipts, and what is lost on the way. */
#include "sync_lab.h"

static void
test_round_trip(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct lab_end *b = &lab.ends[2];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 2);
	n = lab_person(a, "Amina");
	assert_string_equal(sync_entry_state(a->sync, n), "saved");
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	assert_string_equal(sync_entry_state(a->sync, n), "merged");
	lab_exchange(b);
	assert_int_equal(lab_admitted(b), 1);
	lab_same(a, hub);
	lab_same(b, hub);
	lab_close(&lab);
}

static void
test_before_enrolment(void **state)
{
	struct lab lab;
	struct lab_end *early;

	(void)state;
	lab_open_with(&lab, 0);
	early = lab_add(&lab);
	lab_person(early, "Written before");
	lab_write_entry(early, "note", "text", "private");
	lab_enrol(early);
	assert_int_equal(lab_number(early, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 1);
	lab_exchange(early);
	assert_int_equal(lab_admitted(&lab.ends[0]), 1);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_before_enrolment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
