/* heard_test.c - has everything of a laptop arrived, and is it told the truth (7.3)? */
#include "base/date.h"
#include "office_lab.h"

static bool
says(const json_t *item, const char *list, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(item, list), i,
	    one) if (strcmp(json_string_value(one), word) == 0) return true;
	return false;
}

/* Nothing, or exactly this, speaks against its having arrived. */
static void
against(const struct lab_end *device, const char *word)
{
	json_t *item = office_arrived(device);

	assert_int_equal(json_array_size(json_arr(item, "against")), word != NULL);
	assert_true(word == NULL || says(item, "against", word));
	assert_int_equal(json_flag(item, "arrived"), word == NULL);
	json_decref(item);
}

static void
doubted(const struct lab_end *device, const char *word)
{
	json_t *item = office_arrived(device);

	assert_int_equal(json_array_size(json_arr(item, "doubts")), word != NULL);
	assert_true(word == NULL || says(item, "doubts", word));
	json_decref(item);
}

/* The place that the laptop names and the one merged here are the same, chain and all. */
static void
same_place(const struct lab_end *device)
{
	json_t *item = office_arrived(device);
	json_t *own = sync_standing(device->sync, device->mailbox, true);
	const json_t *merged = json_obj(item, "merged");

	assert_non_null(own);
	for (const char *const *key = (const char *const[]){"incarnation", "chain", NULL};
	     *key != NULL; key++)
		assert_string_equal(json_str(own, *key), json_str(merged, *key));
	assert_int_equal(json_int(own, "segno", -1), json_int(merged, "segno", -2));
	assert_int_equal(json_int(own, "seq", -1), json_int(merged, "seq", -2));
	json_decref(own);
	json_decref(item);
}

static void
test_all_of_it(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];

	(void)state;
	office_open(&lab, 1);
	against(a, "unheard");
	(void)lab_person(a, "Asha");
	office_exchange(a);
	against(a, NULL);
	same_place(a);
	/* what is written after that, the hub cannot know: it says until when it knows */
	(void)lab_person(a, "Baraka");
	against(a, NULL);
	doubted(a, NULL);
	lab_close(&lab);
}

/* More waits than one segment holds: the first says so. */
static void
test_more_waits_there(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err = {0};
	char name[1200];
	bool more;
	json_t *item;

	(void)state;
	office_open(&lab, 1);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 80; i++)
		(void)lab_write_entry(a, "resource", "name", name);
	check_ok(sync_seal_step(a->sync, &more, &err), &err); /* not all of them */
	for (more = true; more;)
		check_ok(sync_spool_step(a->sync, &more, &err), &err);
	lab_carry(a, lab_hub(&lab), NULL, NULL);
	(void)lab_take(lab_hub(&lab));
	item = office_arrived(a);
	assert_int_equal(json_int(json_obj(item, "heard"), "waits", -1),
	    lab_number(a, "SELECT count(*) FROM pmj_queue"));
	assert_true(json_int(json_obj(item, "heard"), "waits", -1) > 0);
	json_decref(item);
	against(a, "waits");
	office_exchange(a);
	against(a, NULL);
	same_place(a);
	lab_close(&lab);
}

static bool
not_the_second(void *ctx, const char *name)
{
	struct sync_place_of place;

	(void)ctx;
	return !files_parse(&place, name) || place.lane != LANE_UP || place.segno != 2;
}

/* A stick is on its way: a later segment is here, one before it is not. A name alone proves
 * nothing.
 */
static void
test_one_is_missing(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	struct sync_place_of place;
	char name[FILES_NAME_MAX], *path;
	json_t *item, *standing;

	(void)state;
	office_open(&lab, 1);
	for (int i = 0; i < 4; i++) {
		(void)lab_person(a, "Asha");
		(void)lab_seal(a);
	}
	lab_carry(a, hub, not_the_second, NULL);
	(void)lab_take(hub);
	against(a, "missing");
	item = office_arrived(a);
	assert_int_equal(json_int(item, "missing", -1), 1);
	assert_int_equal(json_int(json_array_get(json_arr(item, "gaps"), 0), "from", -1), 2);
	assert_int_equal(json_int(json_array_get(json_arr(item, "gaps"), 0), "to", -1), 2);
	json_decref(item);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	against(a, NULL);
	same_place(a);
	/* a courier's invention */
	standing = sync_standing(hub->sync, a->mailbox, false);
	assert_true(json_unhex(standing, "incarnation", place.inc, sizeof(place.inc)));
	json_decref(standing);
	files_name(name, a->mailbox, LANE_UP, place.inc, 99);
	path = mem_printf("%s/spool/in/%s", hub->home, name);
	assert_int_equal(fs_write(&os_real, path, "no segment", 10, NULL), PMJ_OK);
	free(path);
	against(a, NULL);
	lab_close(&lab);
}

static void
both_clocks(struct lab *lab, int64_t days)
{
	for (int i = 0; i < lab->count; i++)
		lab->ends[i].os.now_ms += days * DAY_MS;
}

/* It sends, and is shown an old state of its mailbox: found on the second day, not on the first. */
static void
test_frozen(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	office_exchange(a);
	doubted(a, NULL);
	both_clocks(&lab, 20); /* away: what it sends first was sealed before it heard anything */
	(void)lab_person(a, "Baraka");
	office_exchange(a);
	doubted(a, NULL);
	both_clocks(&lab, 1);
	(void)lab_person(a, "Chausiku");
	office_exchange(a);
	doubted(a, NULL);
	for (int day = 0; day < 20; day++) {
		both_clocks(&lab, 1);
		(void)lab_person(a, "Daudi");
		(void)lab_seal(a);
		lab_carry(a, hub, NULL, NULL);
		(void)lab_take(hub);
		(void)lab_seal(hub); /* and nothing of it reaches the laptop */
		doubted(a, day < 14 ? NULL : "beacon_stale");
	}
	office_exchange(a);
	(void)lab_person(a, "Eshe");
	office_exchange(a);
	doubted(a, NULL);
	assert_true(lab_number(hub, "SELECT count(*) FROM pmj_beacon") < 5);
	lab_close(&lab);
}

/* A roster that this hub never made. */
static void
test_another_hub(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err = {0};
	uint8_t head[32];

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	doubted(a, NULL);
	memset(head, 0x5a, sizeof(head));
	ring_set_roster(a->ring, 99, head);
	check_ok(journal_begin(a->journal, &err), &err);
	check_ok(journal_put_int(a->journal, "device.roster_version", 1LL << 52, &err), &err);
	check_ok(journal_commit(a->journal, &err), &err);
	(void)lab_person(a, "Baraka");
	office_exchange(a);
	doubted(a, "roster_unknown");
	/* what it says it saw leaves no room for our own, were it believed */
	office_revoke(a);
	assert_true(hub_roster_version(lab.hub) < 10);
	lab_close(&lab);
}

static void
test_clocks(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];

	(void)state;
	office_open(&lab, 1);
	a->os.now_ms += 30 * DAY_MS;
	(void)lab_person(a, "Asha");
	office_exchange(a);
	doubted(a, "clock_ahead");
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_of_it),
	    cmocka_unit_test(test_more_waits_there),
	    cmocka_unit_test(test_one_is_missing),
	    cmocka_unit_test(test_frozen),
	    cmocka_unit_test(test_another_hub),
	    cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
