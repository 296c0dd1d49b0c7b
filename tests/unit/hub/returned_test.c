/* returned_test.c - a hub restored from an older backup is given back what it decided since (9),
 * and believes nothing but its own signature. */
#include "entries.h"
#include "office_lab.h"

static bool
is_revoked(const struct lab_end *device)
{
	json_t *item = office_arrived(device);
	bool gone = strcmp(json_str(item, "state"), "revoked") == 0;

	json_decref(item);
	return gone;
}

static int64_t
held_of(const struct lab_end *device)
{
	json_t *item = office_arrived(device);
	int64_t held = json_int(item, "held", -1);

	json_decref(item);
	return held;
}

static void
test_revoked_after_the_backup(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	office_exchange(b);
	office_keep(&lab);
	office_passes(&lab);
	(void)lab_person(a, "Baraka, before it was revoked");
	office_exchange(a);
	office_revoke(a);
	office_exchange(b); /* a witness */
	office_passes(&lab);
	(void)lab_person(a, "Chausiku, after");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	assert_int_equal(held_of(a), 1);

	office_restore(&lab);
	assert_false(is_revoked(a));
	office_passes(&lab);
	/* its mailbox is read again before anybody could tell */
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_record WHERE kind = pmj_short('person')"), 3);
	(void)lab_seal(hub);
	assert_int_equal(held_of(a), 0);
	office_exchange(b); /* hears that the hub was restored */
	office_exchange(b); /* and gives back */
	assert_true(is_revoked(a));
	assert_int_equal(held_of(a), 1);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_record WHERE title LIKE 'Baraka%'"), 1);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_record WHERE title LIKE 'Chausiku%'"), 0);
	for (int day = 0; day < 3; day++) { /* nothing is noted any more: all have given back */
		lab_hub(&lab)->os.now_ms += 86400 * 1000;
		(void)lab_person(b, "Daudi");
		office_exchange(b);
	}
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_since"), 0);
	lab_close(&lab);
}

static void
decide(struct lab *lab, const struct lab_end *of, const struct lab_end *device, bool on)
{
	const uint8_t(*ids)[PMJ_DEVICE_BYTES] =
	    (const uint8_t(*)[PMJ_DEVICE_BYTES])ring_device_id(device->ring);
	struct sql *q =
	    sql_get(of->journal, "SELECT rec FROM pmj_record WHERE kind = pmj_short('person')");
	uint8_t person[PMJ_RECORD_BYTES];
	struct pmj_error err = {0};
	bool row;

	check_ok(sql_row(q, &row, &err), &err);
	assert_true(row && sql_col_copy(q, 0, person, sizeof(person)));
	sql_done(q);
	check_ok((on ? hub_assign : hub_unassign)(lab->hub, person, ids, 1, &err), &err);
}

static int64_t
people_of(const struct lab_end *device)
{
	return hub_people_of(device->lab->hub, ring_device_id(device->ring));
}

static void
test_a_team_after_the_backup(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *c = &lab.ends[3],
	               *hub = lab_hub(&lab);
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 3);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(sql_run(sql_get(hub->journal, "UPDATE pmj_device SET until = '2030-01-31'"), &err),
	    &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	decide(&lab, a, b, true);
	office_exchange(b); /* who the author is, and until when */
	assert_int_equal(
	    lab_number(b, "SELECT count(*) FROM pmj_who WHERE until = '2030-01-31'"), 1);
	office_exchange(c);
	office_keep(&lab);
	office_passes(&lab);
	decide(&lab, a, b, false);
	decide(&lab, a, c, true);
	office_exchange(b);
	office_exchange(c);
	office_restore(&lab);
	office_passes(&lab);
	assert_true(people_of(b) == 1 && people_of(c) == 0);
	for (int turn = 0; turn < 2; turn++) {
		office_exchange(b);
		office_exchange(c);
	}
	assert_true(people_of(b) == 0 && people_of(c) == 1);
	lab_close(&lab);
}

static void
test_a_later_decision_stays(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2];

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	office_exchange(b);
	office_keep(&lab);
	office_passes(&lab);
	decide(&lab, a, b, true);
	office_exchange(b);
	office_restore(&lab);
	office_passes(&lab);
	decide(&lab, a, b, true); /* the coordinator had not forgotten, and thought again */
	decide(&lab, a, b, false);
	office_exchange(b);
	office_exchange(b);
	assert_int_equal(people_of(b), 0);
	lab_close(&lab);
}

static int64_t
is_queued(struct lab_end *device)
{
	return lab_number(device, "SELECT count(*) FROM pmj_queue");
}

/* One step at the laptop, as short as it can be. */
static bool
steps(struct lab_end *device)
{
	struct pmj_error err = {0};
	int64_t taken;
	bool more;

	device->os.mono_step = 1000;
	check_ok(sync_take_step(device->sync, &more, &taken, &err), &err);
	device->os.mono_step = 0;
	return more;
}

/* A long journal is gone through in pieces, with the others' turn between them; one that ends amid
 * that goes on where what it wrote durably ends. */
static void
test_given_back_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	int64_t before = 0, now;
	int pieces = 0;
	bool more = true, ended = false;

	(void)state;
	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	office_keep(&lab);
	office_passes(&lab);
	for (int i = 0; i < 700; i++)
		(void)lab_person(a, "Baraka");
	office_exchange(a);
	office_exchange(a);
	assert_int_equal(is_queued(a), 0);
	decide(&lab, a, a, false); /* the last that it hears before the hub is lost */
	office_exchange(a);
	office_restore(&lab);
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	while (more) {
		more = steps(a);
		now = is_queued(a);
		pieces += now > before;
		before = now;
		if (pieces == 2 && !ended) {
			lab_restart(a);
			before = is_queued(a);
			ended = true;
		}
	}
	assert_true(ended && pieces >= 3);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 700);
	/* what was decided goes before what was written */
	assert_int_equal(
	    lab_number(a, "SELECT n IS NULL FROM pmj_queue ORDER BY rank DESC, pos"), 1);
	office_passes(&lab);
	for (int turn = 0; turn < 3; turn++)
		office_exchange(a);
	assert_int_equal(is_queued(a), 0);
	assert_int_equal(lab_admitted(hub), 701);
	assert_int_equal(people_of(a), 700);
	lab_close(&lab);
}

static int64_t
lacks(const struct lab *lab, const char *what)
{
	json_t *now = hub_lacks(lab->hub);
	int64_t n = json_int(now, what, -1);

	json_decref(now);
	return n;
}

/* What nobody can give back is told: a laptop that was taken off when no other was there to keep
 * that, and one enrolled since. And a move, which no signature proves. */
static void
test_what_is_lacking_is_told(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2];
	struct hub_move to = {.url = "/elsewhere"};
	struct pmj_error err = {0};
	json_t *now;

	(void)state;
	office_open(&lab, 2);
	office_exchange(a);
	office_exchange(b);
	office_keep(&lab);
	assert_null(hub_lacks(lab.hub));
	office_passes(&lab);
	office_exchange(b);
	check_ok(hub_move(lab.hub, &to, &err), &err);
	office_revoke(b); /* a is its only witness ... */
	office_enrol(lab_add(&lab));
	office_exchange(a);
	office_restore(&lab);
	assert_int_equal(lacks(&lab, "unheard"), 2);
	assert_int_equal(lacks(&lab, "decisions"), 0);
	office_passes(&lab);
	office_exchange(a);
	office_exchange(a);
	assert_true(is_revoked(b)); /* ... and the enrolment of the third has none: it is two */
	assert_int_equal(lacks(&lab, "unheard"), 0);
	assert_int_equal(lacks(&lab, "decisions"), 2);
	now = hub_lacks(lab.hub);
	assert_string_equal(json_str(now, "moved"), "/elsewhere");
	json_decref(now);
	check_ok(hub_move(lab.hub, &to, &err), &err);
	now = hub_lacks(lab.hub);
	assert_true(json_is_null(json_object_get(now, "moved")));
	json_decref(now);
	lab_close(&lab);
}

/* A laptop that was enrolled after the backup is not on the roster again by that somebody keeps the
 * statement: its coordinator is told until it is enrolled anew. */
static void
test_an_enrolment_comes_back(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b, *hub = lab_hub(&lab);
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 1);
	office_exchange(a);
	office_keep(&lab);
	office_passes(&lab);
	b = lab_add(&lab);
	office_enrol(b);
	/* as a supervisor's laptop gets every statement */
	check_ok(journal_begin(hub->journal, &err), &err);
	for (int64_t back = 0; back < 2; back++)
		check_ok(sync_queue(hub->sync, a->mailbox,
		             lab_number(hub, "SELECT max(n) FROM pmj_roster") - back, false, &err),
		    &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	office_exchange(a);
	office_exchange(a);
	office_restore(&lab);
	office_passes(&lab);
	office_exchange(a);
	office_exchange(a);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_roster WHERE op = 'enrol'"), 2);
	assert_int_equal(lacks(&lab, "decisions"), 1);
	lab_close(&lab);
}

/* Two decisions about one team after the backup, of which the later comes back first: it stays. */
static void
test_the_later_comes_first(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *c = &lab.ends[3],
	               *hub = lab_hub(&lab);
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 3);
	(void)lab_person(a, "Asha");
	for (int i = 1; i <= 3; i++)
		office_exchange(&lab.ends[i]);
	office_keep(&lab);
	office_passes(&lab);
	decide(&lab, a, b, true);
	office_exchange(b);
	decide(&lab, a, b, false);
	/* as a supervisor's laptop that was enrolled in between has it */
	check_ok(journal_begin(hub->journal, &err), &err);
	check_ok(
	    sync_queue(hub->sync, c->mailbox,
	        lab_number(hub, "SELECT n FROM pmj_roster ORDER BY ver DESC LIMIT 1"), false, &err),
	    &err);
	check_ok(journal_commit(hub->journal, &err), &err);
	office_exchange(c);
	office_restore(&lab);
	office_passes(&lab);
	office_exchange(c);
	office_exchange(c);
	office_exchange(b);
	office_exchange(b);
	assert_int_equal(people_of(b), 0);
	lab_close(&lab);
}

/* A suspended laptop is not enrolled by asking once more, and is told what leads on. */
static void
test_suspended_and_asks_again(void **state)
{
	struct hub_enrol enrol = {.role = "peer", .name = "Neema"};
	struct pmj_error err = {0};
	struct lab lab;
	struct lab_end *a;
	uint8_t id[PMJ_DEVICE_BYTES];
	struct buf request, invitation;

	(void)state;
	buf_init(&request, 0);
	buf_init(&invitation, 0);
	office_open(&lab, 0);
	a = lab_add(&lab);
	check_ok(device_request(a->journal, &request, &err), &err);
	office_enrol(a);
	check_ok(hub_suspend(lab.hub, ring_device_id(a->ring), false, &err), &err);
	enrol.request = buf_text(&request);
	assert_int_equal(hub_enrol(lab.hub, &enrol, &invitation, id, &err), PMJ_REFUSED);
	assert_non_null(strstr(err.hint, "--end"));
	buf_close(&request);
	buf_close(&invitation);
	lab_close(&lab);
}

/* Suspended in the backup, in use again since; another laptop keeps the statement. */
static void
test_resumed_after_the_backup(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2];
	struct pmj_error err = {0};

	(void)state;
	office_open(&lab, 2);
	(void)lab_person(a, "Asha");
	office_exchange(a);
	office_exchange(b);
	check_ok(hub_suspend(lab.hub, ring_device_id(a->ring), false, &err), &err);
	office_exchange(a);
	(void)lab_person(b, "Baraka");
	office_exchange(b);
	decide(&lab, b, a, true);
	office_keep(&lab);
	office_passes(&lab);
	check_ok(hub_suspend(lab.hub, ring_device_id(a->ring), true, &err), &err);
	office_exchange(b);
	office_restore(&lab);
	office_passes(&lab);
	office_exchange(b);
	office_exchange(b);
	office_exchange(a);
	office_exchange(a);
	assert_int_equal(device_suspended(a->journal), 0);
	lab_same(a, lab_hub(&lab));
	lab_close(&lab);
}

/* What came before a laptop was taken off, and waited its turn here, counts like all that it wrote
 * before; what came of it since does not. */
static void
test_put_off_before_it_was_revoked(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub = lab_hub(&lab);
	struct pmj_error err = {0};
	bool more = true;

	(void)state;
	office_open(&lab, 1);
	hub_set_intake(lab.hub, 1);
	(void)lab_person(a, "Asha");
	(void)lab_person(a, "Baraka, one too many for that day");
	office_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	office_revoke(a);
	(void)lab_person(a, "Chausiku, after");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	while (more)
		check_ok(hub_deferred_step(lab.hub, true, INT64_MAX, &more, &err), &err);
	assert_int_equal(lab_admitted(hub), 2);
	assert_int_equal(held_of(a), 1);
	lab_close(&lab);
}

/* A laptop says that this line came from the hub. */
static void
gives_back(struct lab_end *device, const struct lab_end *hub, const char *kind, json_t *more)
{
	struct line_draft inner = {.kind = kind,
	    .rv = -1,
	    .by = ring_device_id(hub->ring),
	    .pt = device->os.now_ms,
	    .more = more};
	struct line_draft outer = {.kind = "ctl.return",
	    .rv = -1,
	    .by = ring_device_id(device->ring),
	    .pt = device->os.now_ms};
	struct pmj_error err = {0};
	struct buf line, wrapped;

	buf_init(&line, 0);
	buf_init(&wrapped, 0);
	os_real.random(NULL, inner.n, sizeof(inner.n));
	os_real.random(NULL, outer.n, sizeof(outer.n));
	line_write(&line, &inner);
	outer.more = json_pack("{s:s}", "line", buf_text(&line));
	line_write(&wrapped, &outer);
	check_ok(journal_begin(device->journal, &err), &err);
	check_ok(sync_queue_line(
	             device->sync, device->mailbox, buf_text(&wrapped), wrapped.len, true, &err),
	    &err);
	check_ok(journal_commit(device->journal, &err), &err);
	json_decref(more);
	json_decref((json_t *)outer.more);
	buf_close(&line);
	buf_close(&wrapped);
	office_exchange(device);
}

static void
test_what_is_not_believed(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *b = &lab.ends[2], *hub = lab_hub(&lab);
	struct ring *forger = test_ring(99, 98, 97);
	const uint8_t none[32] = {0};
	struct entry_row row;
	struct pmj_error err;
	json_t *fields, *statement;
	int64_t n;

	(void)state;
	office_open(&lab, 2);
	n = lab_person(b, "Asha");
	office_exchange(b);
	/* off the roster, says a laptop by a key of its own */
	fields = json_pack("{s:s,s:o,s:o,s:i}", "op", "revoke", "device",
	    json_hex(ring_device_id(b->ring), 16), "inc", json_hex(none, 16), "seq", 0);
	statement = roster_make(forger, 900, none, a->os.now_ms, fields);
	gives_back(a, hub, "ctl.roster", json_pack("{s:o}", "statement", statement));
	assert_false(is_revoked(b));
	json_decref(fields);
	/* a hold of what another wrote */
	check_ok(entries_get(b->journal, &row, n, &err), &err);
	gives_back(a, hub, "ctl.hold",
	    json_pack("{s:o,s:s}", "e", json_hex(row.entry.e, 32), "reason", "not_on_team"));
	assert_int_equal(held_of(b), 0);
	/* nor of what it wrote itself, and would have unsaid, without the hub's word */
	gives_back(b, hub, "ctl.hold",
	    json_pack("{s:o,s:s}", "e", json_hex(row.entry.e, 32), "reason", "not_on_team"));
	assert_int_equal(held_of(b), 0);
	entry_row_close(&row);
	ring_free(forger);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_revoked_after_the_backup),
	    cmocka_unit_test(test_a_team_after_the_backup),
	    cmocka_unit_test(test_a_later_decision_stays),
	    cmocka_unit_test(test_the_later_comes_first),
	    cmocka_unit_test(test_given_back_in_steps),
	    cmocka_unit_test(test_what_is_lacking_is_told),
	    cmocka_unit_test(test_an_enrolment_comes_back),
	    cmocka_unit_test(test_suspended_and_asks_again),
	    cmocka_unit_test(test_resumed_after_the_backup),
	    cmocka_unit_test(test_put_off_before_it_was_revoked),
	    cmocka_unit_test(test_what_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
