/* When the next exchange may begin. */
#include "carry/chance.h"

#include <string.h>

#include "check.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define NOW (1000 * HOUR)

static void
failures_put_it_off(void **state)
{
	static const int64_t minutes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360};
	struct chance chance = {0};
	int64_t now = NOW;

	(void)state;
	assert_int_equal(chance_at(&chance), CHANCE_NEVER);
	chance_wanted(&chance, false, now);
	assert_int_equal(chance_at(&chance), now);
	for (size_t i = 0; i < sizeof(minutes) / sizeof(*minutes); i++) {
		struct chance other = chance;

		chance_began(&chance);
		assert_int_equal(chance_at(&chance), CHANCE_NEVER);
		other = chance;
		chance_ended(&chance, false, now, 0);
		chance_ended(&other, false, now, UINT32_MAX);
		assert_int_equal(chance_at(&chance), now + minutes[i] * MINUTE * 3 / 4);
		assert_in_range(
		    chance_at(&other), chance_at(&chance) + 1, now + minutes[i] * MINUTE * 5 / 4);
		assert_string_equal(chance_waits_for(&chance, now), "later");
		/* What is not urgent changes nothing. */
		chance_wanted(&chance, false, now + 1);
		assert_int_equal(chance_at(&chance), now + minutes[i] * MINUTE * 3 / 4);
		now = chance_at(&chance);
	}
	chance_began(&chance);
	chance_ended(&chance, true, now, 0);
	assert_int_equal(chance_at(&chance), CHANCE_NEVER);
	chance_wanted(&chance, false, now + 5);
	assert_int_equal(chance_at(&chance), now + 5);
	assert_string_equal(chance_waits_for(&chance, now + 5), "");
}

static void
urgent_ones_go_at_once(void **state)
{
	struct chance chance = {.backoff_ms = 6 * HOUR, .due_ms = NOW + 5 * HOUR, .waits = true};

	(void)state;
	chance_wanted(&chance, true, NOW);
	assert_int_equal(chance_at(&chance), NOW);
	chance_began(&chance);
	chance_wanted(&chance, true, NOW + 1); /* another, while the first is tried */
	chance_ended(&chance, false, NOW + 9, 0);
	assert_int_equal(chance_at(&chance), NOW + 1);
	chance_began(&chance);
	chance_ended(&chance, false, NOW + 10, 0);
	assert_int_equal(chance_at(&chance), NOW + 10 + 45000); /* it backs off anew */
	assert_true(chance.urgent);
}

static void
what_works_elsewhere_is_a_chance(void **state)
{
	struct chance chance = {.backoff_ms = 6 * HOUR, .due_ms = NOW + 5 * HOUR, .waits = true};
	struct chance nothing = {0};

	(void)state;
	chance_anew(&nothing, NOW, 7);
	assert_int_equal(chance_at(&nothing), CHANCE_NEVER);
	chance_anew(&chance, NOW, UINT32_MAX);
	assert_in_range(chance_at(&chance), NOW, NOW + 5000); /* not all in the same second */
	chance_began(&chance);
	chance_ended(&chance, false, NOW, 0);
	assert_int_equal(chance_at(&chance), NOW + 45000);
}

static void
without_a_way_nothing_is_tried(void **state)
{
	struct chance chance = {.no_way = true};

	(void)state;
	chance_wanted(&chance, true, NOW);
	assert_int_equal(chance_at(&chance), CHANCE_NEVER);
	assert_string_equal(chance_waits_for(&chance, NOW), "network");
	chance.no_way = false;
	assert_int_equal(chance_at(&chance), NOW);
	chance.told = true;
	assert_int_equal(chance_at(&chance), CHANCE_NEVER);
}

static void
a_link_that_costs_money_is_spared(void **state)
{
	struct chance chance = {.metered = true};

	(void)state;
	chance_wanted(&chance, false, NOW); /* the first goes */
	assert_int_equal(chance_at(&chance), NOW);
	chance_began(&chance);
	chance_ended(&chance, true, NOW, 0);
	assert_false(chance_is_old(&chance, NOW + 5 * HOUR));
	assert_true(chance_is_old(&chance, NOW + 6 * HOUR));
	chance_wanted(&chance, false, NOW + MINUTE);
	assert_int_equal(chance_at(&chance), NOW + 6 * HOUR);
	assert_string_equal(chance_waits_for(&chance, NOW + MINUTE), "metered");
	chance_anew(&chance, NOW + MINUTE, 0); /* another network of that sort */
	assert_int_equal(chance_at(&chance), NOW + 6 * HOUR);
	chance_wanted(&chance, true, NOW + 2 * MINUTE);
	assert_int_equal(chance_at(&chance), NOW + 2 * MINUTE);
	/* That it failed makes it no less urgent. */
	chance_began(&chance);
	chance_ended(&chance, false, NOW + 3 * MINUTE, 0);
	assert_int_equal(chance_at(&chance), NOW + 3 * MINUTE + 45000);
	chance.metered = false;
	assert_true(chance_is_old(&chance, NOW + 15 * MINUTE));
	assert_false(chance_is_old(&chance, NOW + 14 * MINUTE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failures_put_it_off),
	    cmocka_unit_test(urgent_ones_go_at_once),
	    cmocka_unit_test(what_works_elsewhere_is_a_chance),
	    cmocka_unit_test(without_a_way_nothing_is_tried),
	    cmocka_unit_test(a_link_that_costs_money_is_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
