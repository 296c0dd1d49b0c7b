/* epochs_test.c - seal keys come and go (7.4): each is used 90 days, the next is known 30 days
 * before, a secret is destroyed when nobody seals to it any more, and what comes late is sealed
 * again. */
#include "base/date.h"
#include "office_lab.h"

/* As the daemon does after each exchange. */
static struct sync_epochs
looks(struct lab_end *end)
{
	struct pmj_error err = {0};
	struct sync_epochs done;
	int64_t now = end->index == 0 ? end->os.now_ms : (int64_t)ring_hub_time(end->ring);

	if (end->index == 0)
		check_ok(hub_keys_due(end->lab->hub, &err), &err);
	check_ok(sync_epochs(end->sync, now, true, &done, &err), &err);
	if (end->index != 0 && (done.made != 0 || done.turned))
		check_ok(sync_say_key(end->sync, end->mailbox, &err), &err);
	return done;
}

static void
passes(struct lab *lab, int days)
{
	for (int i = 0; i < lab->count; i++)
		lab->ends[i].os.now_ms += days * DAY_MS;
}

static void
meets(struct lab_end *device)
{
	(void)lab_person(device, "Asha");
	office_exchange(device);
	(void)looks(lab_hub(device->lab));
	(void)looks(device);
}

static size_t
held(const struct lab_end *end, int state)
{
	struct ring_epoch all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(end->ring, all, RING_EPOCHS_MAX), found = 0;

	for (size_t i = 0; i < count; i++)
		found += state == 0 || all[i].state == state;
	return found;
}

static uint32_t
used(const struct lab_end *end)
{
	struct ring_epoch epoch;

	ring_epoch_current(end->ring, &epoch);
	return epoch.epoch;
}

static void
test_a_year(void **state)
{
	struct lab lab;
	struct lab_end *hub = lab_hub(&lab), *ends[3];
	int published[3] = {0}, began[3] = {0}, turns[3] = {0};
	uint32_t seen[3] = {1, 1, 1};

	(void)state;
	office_open(&lab, 2);
	ends[0] = hub;
	ends[1] = &lab.ends[1];
	ends[2] = &lab.ends[2];
	for (int day = 0; day < 380; day += 2) {
		meets(ends[1]);
		if (day % 6 == 0)
			meets(ends[2]);
		for (int i = 0; i < 3; i++) {
			assert_true(held(ends[i], 0) <= 3);
			assert_int_equal(held(ends[i], 2), 1);
			if (held(ends[i], 1) == 1 && published[i] == 0)
				published[i] = day + 1;
			if (used(ends[i]) == seen[i])
				continue;
			assert_int_equal(used(ends[i]), seen[i] + 1);
			assert_true(published[i] != 0 && day + 1 - published[i] >= 30);
			assert_true(day - began[i] >= 90 && day - began[i] <= 110);
			seen[i] = used(ends[i]);
			began[i] = day;
			published[i] = 0;
			turns[i]++;
		}
		passes(&lab, 2);
	}
	for (int i = 0; i < 3; i++) {
		assert_true(turns[i] >= 3);
		assert_int_equal(held(ends[i], 3), 0); /* nobody seals to the old ones: destroyed */
	}
	assert_int_equal(lab_refused(hub, "epoch_gone"), 0);
	for (int i = 1; i < 3; i++) {
		office_exchange(ends[i]);
		assert_int_equal(lab_number(ends[i], "SELECT count(*) FROM pmj_queue"), 0);
		assert_int_equal(lab_refused(ends[i], "epoch_gone"), 0);
	}
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_record WHERE kind = pmj_short('person')"),
	    190 + 64);
	lab_close(&lab);
}

/* Half a year without a contact: what it sealed to a key that is gone is refused, told, and sealed
 * again. */
static void
test_late(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);

	(void)state;
	office_open(&lab, 2);
	meets(a);
	meets(b);
	(void)lab_person(b, "Baraka, on a stick for half a year");
	(void)lab_seal(b);
	for (int day = 0; day < 170; day += 10) {
		passes(&lab, 10);
		meets(a);
	}
	assert_true(used(hub) >= 2);
	assert_int_equal(held(hub, 3), 0);
	assert_int_equal(used(b), 1);
	for (int turn = 0; turn < 3; turn++)
		meets(b);
	office_exchange(b);
	assert_int_equal(lab_refused(hub, "epoch_gone"), 1);
	assert_int_equal(lab_number(b, "SELECT count(*) FROM pmj_queue"), 0);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_record WHERE kind = pmj_short('person')"
	                    " AND title LIKE 'Baraka%'"),
	    1);
	lab_close(&lab);
}

/* Nobody moved on: a key that ended is kept for 60 days, and while a note is sealed to it. */
static void
test_kept(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	struct sync_epochs done;
	struct pmj_error err = {0};
	int days = 0;

	(void)state;
	office_open(&lab, 1);
	meets(a);
	while (used(hub) == 1 && days < 200) {
		passes(&lab, 1);
		days++;
		(void)looks(hub);
	}
	assert_in_range(days, 90, 91);
	for (int i = 0; i < 59; i++) {
		passes(&lab, 1);
		(void)looks(hub);
		assert_int_equal(held(hub, 3), 1);
	}
	passes(&lab, 2);
	check_ok(sync_epochs(hub->sync, hub->os.now_ms, false, &done, &err), &err);
	assert_int_equal(held(hub, 3), 1);
	passes(&lab, 1);
	assert_true(looks(hub).destroyed);
	assert_int_equal(held(hub, 3), 0);
	lab_close(&lab);
}

/* The hub seals to a laptop's next key 30 days after it was told, not before. */
static void
test_the_hub_waits(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	int known = 0;

	(void)state;
	office_open(&lab, 1);
	meets(a);
	for (int day = 0; day < 100; day++) {
		int64_t waits = lab_number(hub, "SELECT count(*) FROM pmj_next_key");

		if (waits == 1 && known == 0)
			known = day;
		if (waits == 0 && known != 0) {
			assert_in_range(day - known, 30, 31);
			lab_close(&lab);
			return;
		}
		passes(&lab, 1);
		meets(a);
	}
	fail_msg("it was never sealed to");
}

/* A key that could not be saved was never told. */
static void
test_not_saved(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct sync_epochs done;
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 1);
	meets(a);
	passes(&lab, 61);
	office_exchange(a);
	check_ok(sync_epochs(a->sync, (int64_t)ring_hub_time(a->ring), true, &done, &err), &err);
	assert_true(done.made == 2 && held(a, 0) == 2);
	sync_epochs_undo(a->sync, &done);
	assert_int_equal(held(a, 0), 1);
	assert_true(looks(a).made == 2);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_year),
	    cmocka_unit_test(test_late),
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_the_hub_waits),
	    cmocka_unit_test(test_not_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
