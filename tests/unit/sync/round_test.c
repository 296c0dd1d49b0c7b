/* round_test.c - a device and a hub: there, back, receipts, and what is lost on the way (5, 5.4).
 */
#include "base/date.h"
#include "sync_lab.h"

static void
test_round_trip(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct lab_end *b = &lab.ends[2];
	int64_t n;

	(void)state;
	lab_open_with(&lab, 2);
	n = lab_person(a, "Amina");
	assert_string_equal(sync_entry_state(a->sync, n), "saved");
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	assert_string_equal(sync_entry_state(a->sync, n), "merged");
	lab_exchange(b);
	assert_int_equal(lab_admitted(b), 1);
	lab_same(a, hub);
	lab_same(b, hub);
	lab_close(&lab);
}

/* What was written before enrolment is queued by it; a private kind is not, then or later (5.4 of
 * the issue: never in a lane 1 segment). */
static void
test_before_enrolment_and_private(void **state)
{
	struct lab lab;
	struct lab_end *early;
	struct pmj_error err;
	int64_t note;

	(void)state;
	lab_open_with(&lab, 0);
	early = lab_add(&lab);
	lab_person(early, "Written before");
	note = lab_write_entry(early, "diary", "text", "private");
	lab_enrol(early);
	assert_int_equal(
	    lab_number(early, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 1);
	lab_write_entry(early, "diary", "text", "private too");
	/* Even one that was queued by mistake stays. */
	check_ok(journal_begin(early->journal, &err), &err);
	check_ok(sync_queue(early->sync, early->mailbox, note, true, &err), &err);
	check_ok(journal_commit(early->journal, &err), &err);
	lab_exchange(early);
	assert_int_equal(lab_admitted(&lab.ends[0]), 1);
	assert_int_equal(lab_number(&lab.ends[0],
	                     "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short('diary')"),
	    0);
	assert_string_equal(sync_entry_state(early->sync, note), "saved");
	lab_close(&lab);
}

static bool
no_file(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return false;
}

/* The hub's answer never comes: the device sends again, later under a new incarnation; the hub
 * takes the entry once. */
static void
test_lost_receipt(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	n = lab_person(a, "Once");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	assert_string_equal(sync_entry_state(a->sync, n), "saved");
	lab_carry(hub, a, no_file, NULL);
	check_ok(sync_incarnate(a->sync, a->mailbox, "size", &err), &err);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 1);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	assert_string_equal(sync_entry_state(a->sync, n), "merged");
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab.resends, 0); /* only a copy asks for everything */
	lab_close(&lab);
}

/* An ack answers lines that count, and nothing answers an ack. */
static void
test_no_ack_of_acks(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	int64_t before;

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Amina");
	lab_exchange(a);
	lab_exchange(a);
	lab_exchange(a);
	before = lab_number(hub, "SELECT sum(segno) FROM pmj_lane");
	for (int i = 0; i < 5; i++)
		lab_exchange(a);
	assert_int_equal(lab_number(hub, "SELECT sum(segno) FROM pmj_lane"), before);
	/* Each segment that is made carries the ack, so what was told is not told again. */
	assert_false(sync_has_work(hub->sync));
	lab_close(&lab);
}

/* A segment is opened in steps too: signature, seal, what is packed, its lines. What is written at
 * the hub in between does no harm. */
static void
test_opened_in_steps(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err = {0};
	int64_t taken = 0, all = 0;
	int before_first = 0;
	bool more = true;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 40; i++)
		lab_person(a, "Amina");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	hub->os.mono_step = 10; /* each piece is a step's worth */
	for (; taken == 0 && before_first < 100; before_first++) {
		check_ok(sync_take_step(hub->sync, &more, &taken, &err), &err);
		if (before_first == 2)
			(void)lab_person(hub, "In between");
	}
	assert_in_range(before_first, 5, 99);
	for (all = taken; more; all += taken)
		check_ok(sync_take_step(hub->sync, &more, &taken, &err), &err);
	hub->os.mono_step = 0;
	assert_true(all >= 40);
	assert_int_equal(lab_admitted(hub), 41);
	lab_exchange(a);
	lab_same(a, hub);
	lab_close(&lab);
}

/* Deleting all of the spool at any time loses nothing (2). */
static void
test_spool_is_a_cache(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 5; i++) {
		lab_person(a, "Someone");
		(void)lab_seal(a);
		lab_shell("rm -rf %s/spool", a->home);
		lab_restart(a);
	}
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 5);
	(void)lab_seal(a);
	/* What a receipt covers is gone from the folder. */
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_segment WHERE segno<=5"), 0);
	lab_shell("test $(ls %s/spool/out | wc -l) -le 1", a->home);
	lab_close(&lab);
}

/* Two months without a link: the same incarnation goes on, one small segment a week at most. */
static void
test_two_months_offline(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	int64_t lanes;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	lanes = lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1");
	for (int day = 0; day < 61; day++) {
		a->os.now_ms += DAY_MS;
		hub->os.now_ms += DAY_MS;
		if (day % 10 == 0)
			lab_person(a, "While away");
		(void)lab_seal(a);
		if (day % 20 == 0)
			lab_restart(a);
	}
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), lanes);
	assert_in_range(lab_number(a, "SELECT max(segno) FROM pmj_lane WHERE ours=1"), 8, 17);
	lab_exchange(a);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 7);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), lanes);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	lab_close(&lab);
}

/* A segment of many lines is taken in pieces; a restart between two goes on where it was. */
static void
test_pieces(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	int64_t taken;
	int steps = 0;
	bool more = true;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a); /* so that it is not the first, whose chain everybody knows */
	for (int i = 0; i < 60; i++)
		lab_person(a, "One of many");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	hub->os.mono_step = 3;
	while (more) {
		check_ok(sync_take_step(hub->sync, &more, &taken, &err), &err);
		assert_true(taken <= 5);
		if (++steps % 3 == 0)
			lab_restart(hub);
	}
	assert_true(steps > 12);
	assert_int_equal(lab_admitted(hub), 60);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_entry"),
	    60 + 2); /* and the two lines of the invitation */
	lab_exchange(a);
	lab_same(a, hub);
	/* Nothing had to be sent again. */
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_aside"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1"), 1);
	lab_close(&lab);
}

/* Letters without a pattern: 5 bits of each are left when they are packed. */
static void
unpackable(char *text, size_t size, int seed)
{
	uint32_t x = 2463534242u + (uint32_t)seed;

	for (size_t i = 0; i + 1 < size; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		text[i] = (char)('a' + x % 26);
	}
	text[size - 1] = '\0';
}

/* More than a segment holds: several, in order, each under 16 KiB, however badly it packs. */
static void
test_sizes(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	char name[4001];
	bool more = true;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 30; i++) {
		unpackable(name, sizeof(name), i);
		lab_person(a, name);
	}
	for (int i = 0; i < 3; i++)
		check_ok(sync_seal_step(a->sync, &more, &err), &err);
	assert_true(more);
	assert_true(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment") <= 16 * 1024);
	(void)lab_seal(a);
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_segment") >= 4);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 30);
	lab_same(a, hub);
	lab_close(&lab);
}

static void
many(struct lab_end *end, int count)
{
	char name[121];

	for (int i = 0; i < count; i++) {
		unpackable(name, sizeof(name), i);
		lab_person(end, name);
	}
}

/* The biggest file of those that are not acked, but for the last, which is what is left over. */
static int64_t
biggest(struct lab_end *end)
{
	return lab_number(end, "SELECT max(length(bytes)) FROM pmj_segment");
}

/* As the carrier says what lately went through in one piece: from 4 KiB on, as much as that, and
 * full, at a legal padded size; kept over a restart; and never more than 16 KiB where it is not
 * known by which way they go. */
static void
test_sizes_follow_the_link(void **state)
{
	static const struct {
		int64_t step, file; /* of 280 bytes and what is padded */
	} says[] = {{4096, 4376}, {6000, 280 + 5632}, {12500, 280 + 11776}, {20000, 280 + 15872},
	    {70000, 280 + 69632}, {0, 280 + 69632}};
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;

	(void)state;
	lab_open_with(&lab, 1);
	lab_exchange(a);
	for (size_t i = 0; i < COUNT(says); i++) {
		uint64_t before;

		check_ok(sync_link(a->sync, says[i].step, &err), &err);
		before = journal_transaction(a->journal);
		check_ok(sync_link(a->sync, says[i].step, &err), &err);
		assert_int_equal(journal_transaction(a->journal), before); /* no news, no write */
		lab_restart(a);
		many(a, 700);
		(void)lab_seal(a);
		/* How random bytes pack is not known before: now and then none is quite full. */
		assert_in_range(biggest(a), says[i].file * 4 / 5, says[i].file);
		/* Of those before the last, nearly all are as full as the biggest. */
		assert_true(
		    lab_number(a, "SELECT count(*) FROM pmj_segment") <=
		    lab_number(a, "SELECT sum(length(bytes)) FROM pmj_segment") / biggest(a) + 3);
		lab_exchange(a);
		lab_exchange(a);
		assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_segment"), 0);
	}
	many(a, 700);
	sync_link_unknown(a->sync);
	(void)lab_seal(a);
	assert_int_equal(biggest(a), 280 + 15872);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 700 * ((int)COUNT(says) + 1));
	lab_same(a, hub);
	lab_close(&lab);
}

/* However many files there are and however short a step is: the pass through spool/out goes on
 * where it was and ends; what is missing comes back, what no segment stands for goes. */
static void
test_spool_in_short_steps(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	char name[4001];
	bool more = true;
	int steps = 0;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 40; i++) {
		unpackable(name, sizeof(name), i);
		lab_person(a, name);
	}
	while (more)
		check_ok(sync_seal_step(a->sync, &more, &err), &err);
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_segment") >= 6);
	lab_shell("test -z \"$(ls %s/spool/out)\"", a->home); /* a step has one kind of work */
	a->os.folder_syncs = 0;
	for (more = true; more;)
		check_ok(sync_spool_step(a->sync, &more, &err), &err);
	assert_int_equal(
	    a->os.folder_syncs, 1); /* one for all the files, before it says that it is done */
	assert_int_equal(a->os.names, 0);
	lab_restart(a); /* nothing is known of the folder any more */
	lab_shell("cd %s/spool/out && ls | wc -l > ../n && rm $(ls | head -1) && : > litter.seg",
	    a->home);
	a->os.mono_step = 1000;
	for (more = true; more; steps++) {
		check_ok(sync_spool_step(a->sync, &more, &err), &err);
		assert_true(steps < 100);
	}
	a->os.mono_step = 0;
	assert_true(steps >= 6);
	lab_shell(
	    "cd %s/spool/out && test $(ls | wc -l) = $(cat ../n) && ! test -e litter.seg", a->home);
	lab_close(&lab);
}

static void
test_places(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	json_t *outbox;
	int64_t first;
	int64_t second;

	(void)state;
	lab_open_with(&lab, 1);
	first = lab_person(a, "On a stick");
	(void)lab_seal(a);
	second = lab_person(a, "At the mailbox");
	(void)lab_seal(a);
	check_ok(sync_mark(a->sync, SYNC_CARRIED, a->mailbox, LANE_UP, ring_incarnation(a->ring), 1,
	             &err),
	    &err);
	assert_string_equal(sync_entry_state(a->sync, first), "carried");
	assert_string_equal(sync_entry_state(a->sync, second), "saved");
	check_ok(sync_mark(a->sync, SYNC_DELIVERED, a->mailbox, LANE_UP, ring_incarnation(a->ring),
	             2, &err),
	    &err);
	assert_string_equal(sync_entry_state(a->sync, first), "delivered");
	/* carry's word never goes back */
	check_ok(sync_mark(a->sync, SYNC_CARRIED, a->mailbox, LANE_UP, ring_incarnation(a->ring), 2,
	             &err),
	    &err);
	assert_string_equal(sync_entry_state(a->sync, second), "delivered");
	outbox = sync_outbox(a->sync);
	assert_int_equal(json_int(outbox, "entries", -1), 2);
	assert_int_equal(json_int(outbox, "delivered", -1), 2);
	json_decref(outbox);
	assert_null(sync_receipt(a->sync));
	lab_exchange(a);
	outbox = sync_receipt(a->sync);
	assert_true(json_int(outbox, "seq", 0) > 0);
	json_decref(outbox);
	lab_close(&lab);
}

/* A receipt for more than a step can take: bit by bit, the line that brought it again each time. */
static void
test_a_long_receipt(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	int64_t taken, left, before = 0;
	bool more = true;
	int pieces = 0;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 2100; i++)
		lab_person(a, "Asha");
	(void)lab_seal(a);
	lab_shell("cp %s/spool/out/*.seg %s/spool/in/", a->home, hub->home);
	(void)lab_take(hub);
	(void)lab_seal(hub);
	lab_shell("cp %s/spool/out/*.seg %s/spool/in/", hub->home, a->home);
	before = lab_number(a, "SELECT count(*) FROM pmj_sent");
	assert_true(before > 2000);
	while (more) {
		check_ok(sync_take_step(a->sync, &more, &taken, &err), &err);
		left = lab_number(a, "SELECT count(*) FROM pmj_sent");
		pieces += left < before;
		before = left;
	}
	assert_int_equal(before, 0);
	assert_int_equal(pieces, 3);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_segment"), 0);
	assert_string_equal(sync_entry_state(a->sync, 2100), "merged");
	lab_close(&lab);
}

/* A receipt that ends within a segment: what is left of it is told, and still kept. */
static void
test_part_of_a_segment_acked(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	uint8_t chain[32] = {0};
	struct pmj_error err;
	json_t *outbox;
	struct sql *sql;
	int64_t seq;
	bool row;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 5; i++)
		(void)lab_person(a, "One of five");
	(void)lab_seal(a);
	seq = lab_number(a, "SELECT max(seq) - 2 FROM pmj_sent");
	sql = sql_get(a->journal, "SELECT chain FROM pmj_sent WHERE seq=?1");
	check_ok(sql_row(sql_int(sql, 1, seq), &row, &err), &err);
	assert_true(row && sql_col_copy(sql, 0, chain, sizeof(chain)));
	sql_done(sql);
	lab_control(hub, a, "ctl.ack",
	    json_pack("{s:[{s:o,s:I,s:o}]}", "lanes", "inc",
	        json_hex(ring_incarnation(a->ring), 16), "seq", (json_int_t)seq, "chain",
	        json_hex(chain, sizeof(chain))),
	    NULL);
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	outbox = sync_outbox(a->sync);
	assert_int_equal(json_int(outbox, "entries", -1), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 2);
	json_decref(outbox);
	lab_close(&lab);
}

/* A receipt counts only where its chain is ours; else what it speaks of is not our history, and
 * nothing is dropped. */
static void
test_ack_of_another_chain(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	const uint8_t zero[32] = {0};
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	n = lab_person(a, "Not theirs");
	(void)lab_seal(a);
	lab_control(hub, a, "ctl.ack",
	    json_pack("{s:[{s:o,s:i,s:o}]}", "lanes", "inc",
	        json_hex(ring_incarnation(a->ring), 16), "seq", 1, "chain", json_hex(zero, 32)),
	    NULL);
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_string_equal(sync_entry_state(a->sync, n), "saved");
	assert_null(sync_receipt(a->sync));
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE cause='copy'"), 1);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	lab_close(&lab);
}

/* Too much for one day is acked as received and merged later: shown as such until an ack without it
 * (8.5). */
static void
test_deferred(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	const uint8_t zero[32] = {0};
	int64_t n;
	int64_t seq;

	(void)state;
	lab_open_with(&lab, 1);
	n = lab_person(a, "One of very many");
	lab_exchange(a);
	seq = lab_number(a, "SELECT acked_seq FROM pmj_lane WHERE ours=1");
	for (int deferred = 1; deferred >= 0; deferred--) {
		lab_control(hub, a, "ctl.ack",
		    json_pack("{s:[{s:o,s:I,s:o,s:i}]}", "lanes", "inc",
		        json_hex(ring_incarnation(a->ring), 16), "seq", (json_int_t)seq, "chain",
		        json_hex(zero, 32), "deferred", deferred),
		    NULL);
		(void)lab_seal(hub);
		lab_carry(hub, a, NULL, NULL);
		(void)lab_take(a);
		assert_string_equal(sync_entry_state(a->sync, n), deferred ? "deferred" : "merged");
	}
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_before_enrolment_and_private),
	    cmocka_unit_test(test_lost_receipt),
	    cmocka_unit_test(test_no_ack_of_acks),
	    cmocka_unit_test(test_opened_in_steps),
	    cmocka_unit_test(test_spool_is_a_cache),
	    cmocka_unit_test(test_two_months_offline),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_sizes_follow_the_link),
	    cmocka_unit_test(test_spool_in_short_steps),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_a_long_receipt),
	    cmocka_unit_test(test_part_of_a_segment_acked),
	    cmocka_unit_test(test_ack_of_another_chain),
	    cmocka_unit_test(test_deferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
