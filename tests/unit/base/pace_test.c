/* pace_test.c - long work is cut to what fits, whatever a thing of it costs. */
#include "base/pace.h"
#include "check.h"

/* How often a run of `cost` microseconds a thing, in steps, goes past the target in the end. */
static int
overruns(struct pace *pace, int64_t cost_us, int64_t fixed_us)
{
	int over = 0;

	for (int i = 0; i < 60; i++) {
		int64_t took_ms = (pace->amount * cost_us + fixed_us) / 1000;

		if (i >= 20 && took_ms > pace->target_ms + pace->target_ms / 3)
			over++;
		pace_learn(pace, pace->amount, took_ms);
	}
	return over;
}

static void
test_finds_what_fits(void **state)
{
	struct pace pace = {.amount = 200, .least = 10, .most = 5000, .target_ms = 12};

	(void)state;
	assert_int_equal(overruns(&pace, 50, 0), 0);
	assert_in_range(pace.amount, 150, 320);
	assert_int_equal(overruns(&pace, 500, 0), 0);
	assert_in_range(pace.amount, 15, 33);
	assert_int_equal(overruns(&pace, 5, 2000), 0);
	assert_in_range(pace.amount, 1300, 2600);
}

static void
test_keeps_its_bounds(void **state)
{
	struct pace pace = {.amount = 200, .least = 100, .most = 1000, .target_ms = 12};

	(void)state;
	(void)overruns(&pace, 1, 30000); /* a disk so slow that no amount fits: still some work */
	assert_int_equal(pace.amount, 100);
	(void)overruns(&pace, 1, 0);
	assert_int_equal(pace.amount, 1000);
	pace_learn(&pace, 3, 0); /* an end that was small teaches nothing */
	assert_int_equal(pace.amount, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_what_fits),
	    cmocka_unit_test(test_keeps_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
