/* wide_test.c - lines as long as the format lets be, which hardly pack: one of them is more than
 * any file that the network lets through, and goes all the same. */
#include "sync_lab.h"

#define WIDE_FIELDS 5
#define WIDE_BYTES 12000

static int64_t
wide_person(struct lab_end *end)
{
	static const char digits[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
	static char text[WIDE_BYTES + 1];
	json_t *set = json_object();

	for (int field = 0; field < WIDE_FIELDS; field++) {
		char name[16];

		os_real.random(NULL, (uint8_t *)text, WIDE_BYTES);
		for (int i = 0; i < WIDE_BYTES; i++)
			text[i] = digits[(uint8_t)text[i] % 64];
		(void)snprintf(name, sizeof(name), "note%d", field);
		json_object_set_new(set, name, json_string(text));
	}
	return lab_change_fields(end, NULL, "person", set);
}

static void
some_of_both(struct lab_end *end)
{
	for (int i = 0; i < 40; i++)
		(void)lab_person(end, "Before");
	(void)wide_person(end);
	for (int i = 0; i < 40; i++)
		(void)lab_person(end, "Between");
	(void)wide_person(end);
	(void)wide_person(end);
	(void)lab_person(end, "Behind");
}

static void
test_both_ways(void **state)
{
	static const int64_t bears[] = {0, 4096, 8192, 20000, 70000, 300000};

	(void)state;
	for (size_t i = 0; i < COUNT(bears); i++) {
		struct lab lab;
		struct lab_end *a = &lab.ends[1];
		struct pmj_error err;

		lab_open_with(&lab, 1);
		lab_exchange(a);
		check_ok(sync_link(a->sync, bears[i], &err), &err);
		(void)lab_person(a, "Says so");
		lab_exchange(a);
		lab_exchange(a);
		some_of_both(a);
		lab_exchange(a);
		lab_exchange(a);
		assert_int_equal(lab_admitted(lab_hub(&lab)), 85);
		some_of_both(lab_hub(&lab));
		lab_exchange(a);
		lab_exchange(a);
		assert_int_equal(lab_admitted(a), 85 + 84);
		lab_same(a, lab_hub(&lab));
		assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue"), 0);
		assert_int_equal(lab_number(lab_hub(&lab), "SELECT count(*) FROM pmj_queue"), 0);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
