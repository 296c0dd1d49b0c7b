/* How much goes at once, and what is said of it to whoever makes segments. */
#include "carry/step.h"

#include "check.h"

#define KIB 1024u

static struct step
fresh(void)
{
	struct step step = {0};

	step_begin(&step);
	return step;
}

static void
it_grows_with_success_and_shrinks_on_failure(void **state)
{
	struct step step = fresh();

	(void)state;
	assert_int_equal(step_bytes(&step), 32 * KIB);
	step_survived(&step, 300); /* a small message says nothing about larger ones */
	assert_int_equal(step_bytes(&step), 32 * KIB);
	/* beyond what it began with, by half of what went since the last cut: that costs a third */
	step_survived(&step, 32 * KIB - 300);
	assert_int_equal(step_bytes(&step), 32 * KIB);
	step_survived(&step, 64 * KIB);
	assert_int_equal(step_bytes(&step), 48 * KIB);
	step_survived(&step, 48 * KIB);
	assert_int_equal(step_bytes(&step), 72 * KIB);
	for (int i = 0; i < 9; i++)
		step_survived(&step, step_bytes(&step));
	assert_int_equal(step_bytes(&step), 256 * KIB);
	step.streams = true;
	step_failed(&step);
	assert_int_equal(step_bytes(&step), 4 * KIB);
	assert_false(step.streams);
	/* it grows again, to an eighth of what went between two cuts */
	step.alive = 0;
	for (int i = 0; i < 40; i++) {
		if (step.alive > 80 * KIB)
			step_failed(&step);
		step_survived(&step, step_bytes(&step));
	}
	assert_in_range(step_bytes(&step), 4 * KIB, 12 * KIB);
}

static void
what_is_said_of_a_piece(void **state)
{
	struct step before, step = fresh();

	(void)state;
	/* A link that is not known yet, one that bears more, and one that is cut. */
	assert_int_equal(step_piece(&step), 32 * KIB);
	step_survived(&step, 140 * KIB);
	assert_int_equal(step_piece(&step), 64 * KIB);
	step = fresh();
	step_survived(&step, 90 * KIB);
	step_failed(&step);
	assert_int_equal(step_bytes(&step), 4 * KIB);
	assert_int_equal(step_piece(&step), 90 * KIB / 8);
	step_survived(&step, 20 * KIB);
	step_failed(&step);
	assert_int_equal(step_piece(&step), 4 * KIB);
	/* One that broke under a few words says little, but not again and again. */
	step = fresh();
	step_survived(&step, 300);
	step_failed(&step);
	assert_int_equal(step_piece(&step), 32 * KIB);
	for (int i = 0; i < 6; i++)
		step_failed(&step);
	assert_int_equal(step_piece(&step), 4 * KIB);
	/* Where a cut cost what was under way and no more, as much goes at once as before; one
	 * piece is a share of what went all the same. */
	step = fresh();
	step.streams = true;
	before = step;
	step_failed(&step);
	step_spared(&step, &before, 96 * KIB);
	assert_true(step.streams);
	assert_int_equal(step_bytes(&step), 256 * KIB);
	assert_int_equal(step_piece(&step), 12 * KIB);
	/* ... until more went without a cut. */
	for (int i = 0; i < 8; i++)
		step_survived(&step, 64 * KIB);
	assert_int_equal(step_piece(&step), 64 * KIB);
}

/* The file of older carriers says nothing of a share. */
static void
one_that_is_remembered(void **state)
{
	struct step step = {.bytes = 8 * KIB, .ceiling = 16 * KIB};

	(void)state;
	step_begin(&step);
	assert_int_equal(step_bytes(&step), 8 * KIB);
	assert_int_equal(step_piece(&step), 16 * KIB);
	step = (struct step){.bytes = 32 * KIB, .ceiling = 64 * KIB, .share = 6 * KIB};
	step_begin(&step);
	assert_int_equal(step_piece(&step), 6 * KIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_grows_with_success_and_shrinks_on_failure),
	    cmocka_unit_test(what_is_said_of_a_piece), cmocka_unit_test(one_that_is_remembered)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
