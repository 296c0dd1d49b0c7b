/* date_test.c - days as people type them, and the calendar. */
#include "check.h"

#include "base/date.h"

static void
test_dates(void **state)
{
	/* Monday 2026-11-23 21:30 UTC is already Tuesday in Nairobi. */
	const int64_t now = date_days("2026-11-23") * DAY_MS + 21 * HOUR_MS + 30 * MINUTE_MS;
	char date[11], stamp[17];

	(void)state;
	assert_true(date_read(date, "today", now, 0));
	assert_string_equal(date, "2026-11-23");
	assert_true(date_read(date, "leo", now, 180));
	assert_string_equal(date, "2026-11-24");
	assert_true(date_read(date, "in 2 weeks", now, 0));
	assert_string_equal(date, "2026-12-07");
	assert_true(date_read(date, "3 days ago", now, 0));
	assert_string_equal(date, "2026-11-20");
	assert_true(date_read(date, "Friday", now, 0));
	assert_string_equal(date, "2026-11-27");
	assert_true(date_read(date, "jumatatu", now, 0));
	assert_string_equal(date, "2026-11-23");
	assert_false(date_read(date, "2026-02-29", now, 0));
	assert_false(date_read(date, "23/11/2026", now, 0));
	assert_true(date_is_day("2024-02-29"));
	assert_false(date_is_day("2100-02-29"));
	for (int64_t days = -40000; days < 60000; days += 7) {
		date_of_days(date, days);
		assert_int_equal(date_days(date), days);
	}
	assert_string_equal(date_stamp(stamp, now, 180), "2026-11-24 00:30");
	assert_true(date_is_time("23:59"));
	assert_false(date_is_time("24:00"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
