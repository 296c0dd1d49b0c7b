/* admit_test.c - what is asked once for many entries of a device holds for those that come after a
 * decision, too. */
#include "office_lab.h"

#define PEOPLE 40

/* So many people, sealed, lie before the hub. */
static void
people_come(struct lab *lab)
{
	struct lab_end *a = &lab->ends[1];

	for (int i = 0; i < PEOPLE; i++)
		(void)lab_person(a, "Amina");
	assert_true(lab_seal(a) > 0);
	lab_carry(a, lab_hub(lab), NULL, NULL);
}

/* Revoked while a segment of its is being merged: what is merged is merged, the rest is held. */
static void
test_revoked_amid_a_segment(void **state)
{
	struct lab lab;
	struct lab_end *hub;
	struct pmj_error err = {0};
	int64_t taken = 0, before = 0;
	bool more = true;

	(void)state;
	office_open(&lab, 1);
	office_exchange(&lab.ends[1]);
	people_come(&lab);
	hub = lab_hub(&lab);
	hub->os.mono_step = 10; /* each line is a step's worth */
	while (more) {
		check_ok(sync_take_step(hub->sync, &more, &taken, &err), &err);
		if (taken > 0 && before == 0 && (before = lab_admitted(hub)) > 0)
			office_revoke(&lab.ends[1]);
	}
	assert_in_range(before, 1, PEOPLE - 1);
	assert_int_equal(lab_admitted(hub), before);
	assert_int_equal(hub_count(lab.hub, "held"), PEOPLE - before);
	lab_close(&lab);
}

/* A day's share is counted entry by entry, whether they come in one transaction or in many. */
static void
test_a_days_share(void **state)
{
	(void)state;
	for (int step = 0; step <= 10; step += 10) {
		struct lab lab;

		office_open(&lab, 1);
		office_exchange(&lab.ends[1]);
		hub_set_intake(lab.hub, 25);
		people_come(&lab);
		lab_hub(&lab)->os.mono_step = step;
		(void)lab_take(lab_hub(&lab));
		assert_int_equal(lab_admitted(lab_hub(&lab)), 25);
		assert_int_equal(hub_count(lab.hub, "deferred"), PEOPLE - 25);
		lab_close(&lab);
	}
}

/* What a worker's file and a supervision hold is their author's and the office's: another laptop
 * hears nothing of it, and what it writes into it is held. */
static void
test_files_are_not_others(void **state)
{
	static const struct {
		const char *kind, *field;
	} files[] = {{"training", "course"}, {"incident", "what"}, {"supervision", "topics"},
	    {"boundary", "note"}};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct lab lab;
		struct lab_end *a, *b;
		struct pmj_error err = {0};
		struct entry_row row = {.n = 0};
		int64_t admitted, entries;

		office_open(&lab, 2);
		a = &lab.ends[1];
		b = &lab.ends[2];
		office_exchange(a);
		office_exchange(b);
		admitted = lab_admitted(lab_hub(&lab));
		entries = lab_admitted(b);
		check_ok(entries_get(a->journal, &row,
		             lab_write_entry(a, files[i].kind, files[i].field, "mine"), &err),
		    &err);
		office_exchange(a);
		office_exchange(b);
		assert_int_equal(lab_admitted(lab_hub(&lab)), admitted + 1);
		assert_int_equal(lab_admitted(b), entries);
		(void)lab_change_entry(b, row.entry.rec, files[i].kind, files[i].field, "forged");
		office_exchange(b);
		assert_int_equal(lab_admitted(lab_hub(&lab)), admitted + 1);
		assert_int_equal(hub_count(lab.hub, "held"), 1);
		(void)lab_change_entry(a, row.entry.rec, files[i].kind, files[i].field, "mine too");
		office_exchange(a);
		assert_int_equal(lab_admitted(lab_hub(&lab)), admitted + 2);
		entry_row_close(&row);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_revoked_amid_a_segment),
	    cmocka_unit_test(test_a_days_share),
	    cmocka_unit_test(test_files_are_not_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
