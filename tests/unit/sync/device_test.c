/* device_test.c - what the hub's lines do on a worker's device; enrolment; locked notes. */
#include "base/date.h"
#include "sync_lab.h"

static void
down(struct lab *lab)
{
	(void)lab_seal(lab_hub(lab));
	lab_carry(lab_hub(lab), &lab->ends[1], NULL, NULL);
	(void)lab_take(&lab->ends[1]);
}

static void
entry_of(struct lab_end *end, int64_t n, struct entry_row *row)
{
	struct pmj_error err;

	check_ok(entries_get(end->journal, row, n, &err), &err);
}

static void
hold_of(struct lab *lab, const uint8_t *e, uint8_t *hold)
{
	lab_control(lab_hub(lab), &lab->ends[1], "ctl.hold",
	    json_pack("{s:o,s:s}", "e", json_hex(e, 32), "reason", "not on the team"), hold);
}

static void
release_of(struct lab *lab, const uint8_t *hold)
{
	lab_control(lab_hub(lab), &lab->ends[1], "ctl.release",
	    json_pack("{s:o}", "hold", json_hex(hold, 32)), NULL);
}

static void
test_hold_and_release(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct entry_row row;
	uint8_t hold[32];
	uint8_t second[32];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	n = lab_person(a, "Held");
	lab_exchange(a);
	entry_of(a, n, &row);
	hold_of(&lab, row.entry.e, hold);
	hold_of(&lab, row.entry.e, second);
	entry_row_close(&row);
	down(&lab);
	assert_string_equal(sync_entry_state(a->sync, n), "refused");
	entry_of(a, n, &row);
	assert_int_equal(row.status, ENTRY_HELD);
	assert_string_equal(row.reason, "not on the team");
	entry_row_close(&row);
	release_of(&lab, hold);
	down(&lab);
	assert_string_equal(sync_entry_state(a->sync, n), "refused"); /* the second stands */
	release_of(&lab, second);
	down(&lab);
	assert_string_equal(sync_entry_state(a->sync, n), "merged");
	assert_int_equal(lab_admitted(a), 1);
	lab_close(&lab);
}

/* The hold comes first, the entry after it. */
static void
test_hold_before_entry(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct entry_row row;
	uint8_t hold[32];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	n = lab_person(hub, "Held before it came");
	entry_of(hub, n, &row);
	hold_of(&lab, row.entry.e, hold); /* urgent: it goes before the entry */
	entry_row_close(&row);
	down(&lab);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short('person')"), 1);
	assert_int_equal(lab_admitted(a), 0);
	release_of(&lab, hold);
	down(&lab);
	assert_int_equal(lab_admitted(a), 1);
	lab_close(&lab);
}

/* The person goes to somebody else: others' entries become stubs, own ones stay; assigned again,
 * they come back whole. */
static void
test_withdraw_and_back(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	struct entry_row row;
	char *name = NULL;
	int64_t at_ms = 0;
	uint8_t person[10];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Own");
	lab_exchange(a);
	n = lab_person(hub, "Shared");
	down(&lab);
	assert_int_equal(lab_admitted(a), 2);
	entry_of(hub, n, &row);
	memcpy(person, row.entry.rec, sizeof(person));
	entry_row_close(&row);
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sync_forget_sent(hub->sync, a->mailbox, n, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	assert_false(sync_was_sent(hub->sync, a->mailbox, n));
	lab_control(hub, a, "ctl.withdraw",
	    json_pack("{s:o,s:s}", "record", json_hex(person, 10), "to", "Neema"), NULL);
	down(&lab);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), 1);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM person WHERE name='Own'"), 1);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM person WHERE name='Shared'"), 0);
	assert_true(device_handed_over(a->journal, person, &name, &at_ms));
	assert_string_equal(name, "Neema");
	free(name);
	/* A full line with the e of a stub takes its place. */
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sync_queue_forward(hub->sync, a->mailbox, n, false, &err), &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	assert_true(sync_was_sent(hub->sync, a->mailbox, n));
	down(&lab);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM person WHERE name='Shared'"), 1);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), 0);
	lab_exchange(a);
	lab_same(a, hub);
	lab_close(&lab);
}

/* Somebody with a long history: it goes in steps, and the lines after the withdrawal wait for it.
 */
static void
test_long_withdrawal(void **state)
{
	static const char stubs[] = "SELECT count(*) FROM pmj_entry WHERE line IS NULL";
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	char id[PMJ_RECORD_CHARS + 1];
	struct pmj_error err = {0};
	struct entry_row row;
	uint8_t person[10];
	int64_t n, taken, before = 0, now, at_ms = 0;
	char *name = NULL;
	bool more = true;
	int steps = 0;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	n = lab_person(hub, "Shared");
	entry_of(hub, n, &row);
	memcpy(person, row.entry.rec, sizeof(person));
	entry_row_close(&row);
	(void)text_base32(id, person, sizeof(person));
	for (int i = 0; i < 30; i++)
		(void)lab_write_entry(hub, "contact", "person", id);
	down(&lab);
	assert_int_equal(lab_admitted(a), 31);
	lab_control(hub, a, "ctl.withdraw",
	    json_pack("{s:o,s:s}", "record", json_hex(person, 10), "to", "Neema"), NULL);
	(void)lab_person(hub, "After it");
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	a->os.mono_step = 10; /* one record a step */
	for (; more; steps++) {
		check_ok(sync_take_step(a->sync, &more, &taken, &err), &err);
		now = lab_number(a, stubs);
		assert_true(now <= before + 2);
		assert_true(now == 31 || lab_number(a, "SELECT count(*) FROM person WHERE name="
		                                       "'After it'") == 0);
		before = now;
	}
	a->os.mono_step = 0;
	assert_int_equal(before, 31);
	assert_true(steps > 20);
	assert_true(device_handed_over(a->journal, person, &name, &at_ms));
	free(name);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_event WHERE event='withdrawn'"), 1);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM person WHERE name='After it'"), 1);
	lab_close(&lab);
}

/* Decided when it is sealed, not when it was queued (8.4). */
static void
test_queued_then_not_shared(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	n = lab_person(hub, "Not any more");
	assert_true(sync_was_sent(hub->sync, a->mailbox, n));
	a->deaf = true;
	down(&lab);
	assert_int_equal(lab_admitted(a), 0);
	assert_false(sync_was_sent(hub->sync, a->mailbox, n));
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue"), 0);
	lab_close(&lab);
}

/* An older beacon by a slow courier is ignored; the age of the newest is shown. */
static void
test_beacon(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	json_t *shown;
	uint64_t seen;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	seen = ring_hub_time(a->ring);
	assert_int_equal(seen, (uint64_t)LAB_START_MS);
	hub->os.now_ms -= 5 * DAY_MS;
	lab_person(hub, "With an older beacon");
	down(&lab);
	assert_int_equal(lab_admitted(a), 1);
	assert_int_equal(ring_hub_time(a->ring), seen);
	hub->os.now_ms += 10 * DAY_MS;
	lab_person(hub, "With a newer one");
	down(&lab);
	assert_int_equal(ring_hub_time(a->ring), seen + 5 * DAY_MS);
	shown = device_beacon(a->journal, (int64_t)seen + 25 * DAY_MS);
	assert_int_equal(json_int(shown, "age_days", 0), 20);
	assert_string_equal(json_str(shown, "level"), "notice");
	json_decref(shown);
	shown = device_beacon(a->journal, (int64_t)seen + 95 * DAY_MS);
	assert_string_equal(json_str(shown, "level"), "cut_off");
	json_decref(shown);
	/* The hub's time lifts a clock that is years behind (8.1). */
	a->os.now_ms -= 3650 * DAY_MS;
	{
		int64_t pt;
		uint16_t counter;

		check_ok(journal_begin(a->journal, &err), &err);
		device_stamp(a->journal, &pt, &counter);
		check_ok(journal_commit(a->journal, &err), &err);
		assert_true(pt >= (int64_t)seen + 5 * DAY_MS);
	}
	lab_close(&lab);
}

static void
statement(struct lab *lab, struct ring *signer, uint64_t ver, json_t *fields)
{
	const uint8_t zero[32] = {0};

	lab_control(lab_hub(lab), &lab->ends[1], "ctl.roster",
	    json_pack("{s:o}", "statement", roster_make(signer, ver, zero, LAB_START_MS, fields)),
	    NULL);
	json_decref(fields);
}

static void
test_roster_and_remotes(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct ring *stranger = test_ring(90, 91, 92);
	char *name;
	char *role;
	char *url;

	(void)state;
	lab_open_with(&lab, 1);
	url = device_remote(a->journal);
	assert_string_equal(url, "/mail");
	free(url);
	lab_control(hub, a, "ctl.roster",
	    json_pack("{s:{s:o,s:s,s:s}}", "who", "device", json_hex(ring_device_id(hub->ring), 16),
	        "name", "Office", "role", "coordinator"),
	    NULL);
	statement(&lab, hub->ring, 7,
	    json_pack("{s:s,s:o,s:o,s:s,s:s}", "op", "enrol", "device",
	        json_hex(ring_device_id(a->ring), 16), "sign_pk",
	        json_hex(ring_sign_pk(a->ring), 32), "role", "peer", "name", "Amani"));
	/* Signed by nobody we know: refused, and nothing changes. */
	statement(&lab, stranger, 9, json_pack("{s:s}", "op", "role"));
	down(&lab);
	device_who(a->journal, ring_device_id(hub->ring), &name, &role);
	assert_string_equal(name, "Office");
	assert_string_equal(role, "coordinator");
	free(name);
	free(role);
	device_who(a->journal, ring_device_id(a->ring), &name, &role);
	assert_string_equal(name, "Amani");
	free(name);
	free(role);
	assert_int_equal(device_roster_version(a->journal), 7);
	ring_free(stranger);
	lab_close(&lab);
}

/* Whatever is wrong with an invitation, nothing changes. */
static void
test_invitation(void **state)
{
	struct lab lab;
	struct lab_end *a;
	struct lab_end *b;
	struct pmj_error err;
	struct buf text;
	struct sync *sync = NULL;
	uint8_t root[32];
	char *spot;

	(void)state;
	lab_open_with(&lab, 0);
	a = lab_add(&lab);
	b = lab_add(&lab);
	buf_init(&text, 0);
	lab_invitation(a, &text);
	check_ok(device_invitation_check(a->journal, buf_text(&text), text.len, root, &err), &err);
	buf_clear(&text);
	{ /* asking again gives the same request */
		struct buf one;
		struct buf two;

		buf_init(&one, 0);
		buf_init(&two, 0);
		check_ok(device_request(b->journal, &one, &err), &err);
		check_ok(device_request(b->journal, &two, &err), &err);
		assert_string_equal(buf_text(&one), buf_text(&two));
		buf_close(&one);
		buf_close(&two);
	}
	lab_invitation(b, &text);
	check_code(device_invitation_check(a->journal, buf_text(&text), text.len, root, &err),
	    PMJ_REFUSED); /* another's */
	b->os.now_ms += 2000000;
	check_code(device_invitation_check(b->journal, buf_text(&text), text.len, root, &err),
	    PMJ_REFUSED); /* too late */
	b->os.now_ms -= 2000000;
	spot = (char *)text.bytes + text.len / 2;
	*spot = *spot == 'a' ? 'b' : 'a';
	assert_int_not_equal(
	    device_accept(b->journal, NULL, b->home, buf_text(&text), text.len, &err), PMJ_OK);
	assert_false(device_enrolled(b->journal));
	assert_int_equal(lab_number(b, "SELECT count(*) FROM pmj_lane"), 0);
	buf_clear(&text);
	lab_invitation(a, &text);
	check_ok(device_accept(a->journal, &sync, a->home, buf_text(&text), text.len, &err), &err);
	assert_non_null(sync);
	sync_free(sync);
	check_code(device_accept(a->journal, NULL, a->home, buf_text(&text), text.len, &err),
	    PMJ_REFUSED); /* single use */
	buf_close(&text);
	lab_close(&lab);
}

static void
test_locked_notes(void **state)
{
	struct lab lab;
	struct lab_end *a;
	struct pmj_error err;
	json_t *list;
	const json_t *item;
	uint8_t pk[32];
	size_t i;
	int faults = 0;

	(void)state;
	lab_open_with(&lab, 0);
	a = lab_add(&lab);
	test_ring_seal_pk(a->ring, pk);
	check_ok(locked_note_list(&list, &os_real, a->home, a->ring, &err), &err);
	assert_int_equal(json_array_size(json_arr(list, "items")), 0);
	json_decref(list);
	check_ok(locked_note_write(&a->os.os, a->home, pk, "call Amina on Tuesday", &err), &err);
	check_ok(locked_note_write(&a->os.os, a->home, pk, "second", &err), &err);
	lab_shell("! grep -r Amina %s/locked", a->home);
	lab_shell("printf x > %s/locked/0123456789abcdef.seg", a->home);
	check_ok(locked_note_list(&list, &os_real, a->home, a->ring, &err), &err);
	assert_int_equal(json_array_size(json_arr(list, "items")), 3);
	json_array_foreach(json_arr(list, "items"), i, item)
	{
		const char *text = json_str(item, "text");

		faults += json_str(item, "fault") != NULL;
		if (text != NULL && strcmp(text, "second") == 0)
			check_ok(
			    locked_note_remove(&os_real, a->home, json_str(item, "file"), &err),
			    &err);
	}
	json_decref(list);
	assert_int_equal(faults, 1);
	check_ok(locked_note_list(&list, &os_real, a->home, a->ring, &err), &err);
	assert_int_equal(json_array_size(json_arr(list, "items")), 2); /* the damaged one is kept */
	json_decref(list);
	check_code(locked_note_remove(&os_real, a->home, "../keys", &err), PMJ_NOT_FOUND);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hold_and_release),
	    cmocka_unit_test(test_hold_before_entry),
	    cmocka_unit_test(test_withdraw_and_back),
	    cmocka_unit_test(test_long_withdrawal),
	    cmocka_unit_test(test_queued_then_not_shared),
	    cmocka_unit_test(test_beacon),
	    cmocka_unit_test(test_roster_and_remotes),
	    cmocka_unit_test(test_invitation),
	    cmocka_unit_test(test_locked_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
