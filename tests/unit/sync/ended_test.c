/* ended_test.c - which runs the hub has dropped from the mailboxes: those that were closed, taken
 * in whole and told so, half a year after their last segment. */
#include "base/text.h"
#include "sync_lab.h"

/* What is to be dropped now, as text; asked on another day, so that it is looked for. */
static char *
ended(struct lab_end *hub)
{
	struct pmj_error err = {0};
	json_t *list = NULL;
	char *text;

	check_ok(sync_ended(hub->sync, &list, &err), &err);
	text = json_text(list);
	json_decref(list);
	hub->os.now_ms += DAY_MS;
	return text;
}

static void
nothing_ended(struct lab_end *hub)
{
	char *text = ended(hub);

	assert_string_equal(text, "[]");
	free(text);
}

/* The device's run as it is now. */
static void
run_of(const struct lab_end *device, uint8_t inc[static 16])
{
	memcpy(inc, ring_incarnation(device->ring), 16);
}

static void
test_half_a_year_after_all_of_it_is_in(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0], *a = &lab.ends[1];
	struct pmj_error err = {0};
	uint8_t inc[16];
	char hex[33], *text;

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "In the first run");
	lab_exchange(a);
	lab_exchange(a);
	run_of(a, inc);
	(void)text_hex(hex, inc, sizeof(inc));
	hub->os.now_ms += 400 * DAY_MS;
	a->os.now_ms += 400 * DAY_MS;
	nothing_ended(hub); /* however old: it goes on */
	check_ok(sync_incarnate(a->sync, a->mailbox, "size", &err), &err);
	lab_person(a, "In the second");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	/* Followed, and old, and not told yet that all of it is in. */
	check_ok(sync_ack_again(hub->sync, a->mailbox, &err), &err);
	nothing_ended(hub);
	(void)lab_seal(hub);
	text = ended(hub);
	assert_non_null(strstr(text, hex));
	assert_non_null(strstr(text, ",1,"));
	free(text);
	/* Asked again until it is done; then no more. */
	text = ended(hub);
	assert_non_null(strstr(text, hex));
	free(text);
	check_ok(sync_mark(hub->sync, SYNC_ENDED, a->mailbox, 1, inc, 9, &err), &err);
	nothing_ended(hub);
	lab_exchange(a);
	lab_same(a, hub);
	lab_close(&lab);
}

/* Of our own lane: once a later run was read; and not before its half year. */
static void
test_our_own(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0], *a = &lab.ends[1];
	struct pmj_error err = {0};
	char *text;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	lab_exchange(a);
	check_ok(sync_incarnate(hub->sync, a->mailbox, "size", &err), &err);
	lab_control(hub, a, "ctl.kinds", json_object(), NULL);
	(void)lab_seal(hub);
	hub->os.now_ms += 170 * DAY_MS;
	a->os.now_ms += 170 * DAY_MS;
	nothing_ended(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	lab_person(a, "It was read");
	lab_exchange(a);
	nothing_ended(hub);
	hub->os.now_ms += 10 * DAY_MS;
	text = ended(hub);
	assert_non_null(strstr(text, ",2,"));
	assert_null(strstr(text, ",1,"));
	free(text);
	lab_close(&lab);
}

/* What nobody could read, a fork, and what is half in: it stays. */
static void
test_what_is_not_sure_stays(void **state)
{
#define OLD " WHERE id=(SELECT min(id) FROM pmj_lane WHERE ours=0)"
	static const char *const spoils[] = {"UPDATE pmj_lane SET stopped='bad_seal'" OLD,
	    "UPDATE pmj_lane SET nack=1" OLD, "UPDATE pmj_lane SET part=1" OLD,
	    "UPDATE pmj_lane SET told_seq=0" OLD,
	    "INSERT INTO pmj_lane(mailbox,lane,inc,real,ours,segno,segment_id,seq,chain) SELECT "
	    "mailbox,lane,randomblob(16),real,ours,1,segment_id,1,chain FROM pmj_lane" OLD};
	struct pmj_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++) {
		struct lab lab;
		struct lab_end *hub = &lab.ends[0], *a = &lab.ends[1];
		char *text;

		lab_open_with(&lab, 1);
		lab_person(a, "In the first run");
		lab_exchange(a);
		lab_exchange(a);
		check_ok(sync_incarnate(a->sync, a->mailbox, "size", &err), &err);
		lab_person(a, "In the second");
		lab_exchange(a);
		lab_exchange(a);
		hub->os.now_ms += 200 * DAY_MS;
		text = ended(hub);
		assert_non_null(strstr(text, ",1,"));
		free(text);
		check_ok(journal_begin(hub->journal, &err), &err);
		check_ok(sql_run(sql_get(hub->journal, spoils[i]), &err), &err);
		check_ok(journal_commit(hub->journal, &err), &err);
		nothing_ended(hub);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_half_a_year_after_all_of_it_is_in),
	    cmocka_unit_test(test_our_own),
	    cmocka_unit_test(test_what_is_not_sure_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
