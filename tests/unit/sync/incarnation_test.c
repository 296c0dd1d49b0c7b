/* incarnation_test.c - forks, clones, restores, NACKs (9): who begins anew, what is sent again,
 * what is ignored. */
#include "base/date.h"
#include "sync/lane.h"
#include "sync_lab.h"

#define OURS "SELECT count(*) FROM pmj_lane WHERE ours=1"

static void
save_state(struct lab_end *end, const char *as)
{
	lab_stop(end);
	lab_shell("rm -rf %s.%s && cp -r %s %s.%s", end->home, as, end->home, end->home, as);
	lab_start(end);
}

/* Everything back as it was, the ring too. */
static void
restore_state(struct lab_end *end, const char *as, const uint8_t incarnation[16])
{
	lab_stop(end);
	lab_shell("rm -rf %s && cp -r %s.%s %s", end->home, end->home, as, end->home);
	ring_set_incarnation(end->ring, incarnation);
	lab_start(end);
}

static void
settle(struct lab *lab, int rounds)
{
	for (int r = 0; r < rounds; r++)
		for (int i = 1; i < lab->count; i++)
			lab_exchange(&lab->ends[i]);
}

/* A signed segment that the reader cannot open: kept, lane stopped, NACK, everything sent again. */
static void
nack(bool said_twice)
{
	struct pmj_error err;
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct ring_epoch epoch;
	struct ring *real;

	lab_open_with(&lab, 1);
	lab_person(a, "Before");
	lab_exchange(a);
	/* For a while the hub has lost the key that the device seals to. */
	real = hub->ring;
	ring_epoch_current(real, &epoch);
	lab_person(a, "Into the void");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	lab_stop(hub);
	hub->ring = test_ring(10, 99, 70);
	lab_start(hub);
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, "epoch_gone"), 1);
	assert_int_equal(lab_admitted(hub), 1);
	lab_stop(hub);
	ring_free(hub->ring);
	hub->ring = real;
	lab_start(hub);
	assert_int_equal(lab_number(a, OURS), 1);
	(void)lab_seal(hub);
	if (said_twice) { /* the segment with the NACK is never read; the next incarnation says it
		             again */
		check_ok(sync_incarnate(hub->sync, a->mailbox, "size", &err), &err);
		(void)lab_seal(hub);
	}
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, OURS), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE cause='nack'"), 1);
	settle(&lab, 2);
	assert_int_equal(lab_admitted(hub), 2);
	assert_int_equal(lab.resends, 0);
	lab_same(a, hub);
	lab_close(&lab);
}

static void
test_nack(void **state)
{
	(void)state;
	nack(false);
	nack(true);
}

/* Restored from an older state, while what it wrote since is at the hub: it finds out by the ack,
 * gets everything back, and what it wrote after the restore arrives too. */
static void
test_restored_copy(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 2);
	lab_person(a, "Before the backup");
	settle(&lab, 2);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "old");
	lab_person(a, "After the backup");
	lab_person(a, "And another");
	settle(&lab, 2);
	restore_state(a, "old", inc);
	assert_int_equal(lab_admitted(a), 1);
	lab_person(a, "After the restore");
	settle(&lab, 4);
	assert_int_equal(lab_admitted(hub), 4);
	assert_int_equal(lab.resends, 1);
	lab_same(a, hub);
	lab_same(&lab.ends[2], hub);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_lane WHERE cause='copy' AND ours=1"), 1);
	lab_close(&lab);
}

/* The later self had begun another incarnation before the restore. */
static void
test_copy_later_self_changed(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Before");
	settle(&lab, 2);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "old");
	lab_person(a, "In the first");
	settle(&lab, 1);
	check_ok(sync_incarnate(a->sync, a->mailbox, "size", &err), &err);
	assert_memory_not_equal(ring_incarnation(a->ring), inc, 16);
	lab_person(a, "In the second");
	settle(&lab, 2);
	assert_int_equal(lab_admitted(hub), 3);
	restore_state(a, "old", inc);
	lab_person(a, "After the restore");
	settle(&lab, 5);
	assert_int_equal(lab_admitted(hub), 4);
	assert_int_equal(lab_admitted(a), 4);
	lab_same(a, hub);
	/* and it comes to rest */
	assert_true(lab_number(a, OURS) <= 3);
	lab_close(&lab);
}

/* Two that run at once: nothing of either is lost, people are told. */
static void
test_two_copies_run(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Common");
	settle(&lab, 2);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "clone");
	lab_person(a, "By the first");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	restore_state(a, "clone", inc); /* now we are the second */
	lab_person(a, "By the second");
	(void)lab_seal(a);
	/* Two files of one place: carry names the second apart. */
	lab_shell("for f in %s/spool/out/*.seg; do b=$(basename $f .seg); n=%s/spool/in/$b; "
	          "if [ -e $n.seg ] && ! cmp -s $f $n.seg; then cp $f $n.01234567.seg; fi; done",
	    a->home, hub->home);
	(void)lab_take(hub);
	assert_int_equal(lab_admitted(hub), 3);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE ours=0 AND inc<>real"), 1);
	settle(&lab, 3);
	assert_int_equal(lab_admitted(hub), 3);
	assert_int_equal(lab_admitted(a), 3);
	lab_same(a, hub);
	assert_true(lab_number(a, OURS) >= 2);
	lab_close(&lab);
}

/* The clone was seen once, by a stick, long after its elder had become another: its line reaches
 * the elder too. */
static void
test_fork_reaches_the_first(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Common");
	settle(&lab, 2);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "clone");
	lab_person(a, "By the first");
	settle(&lab, 2);
	save_state(a, "first");
	restore_state(a, "clone", inc);
	lab_person(a, "By the clone");
	(void)lab_seal(a);
	lab_shell("mkdir %s.stick && cp %s/spool/out/* %s.stick/", a->home, a->home, a->home);
	restore_state(a, "first", inc);
	lab_shell("cp %s.stick/* %s/spool/in/", a->home, a->home);
	(void)lab_take(a); /* "I am a copy": a new incarnation, and the hub's whole state once */
	settle(&lab, 3);
	assert_int_equal(lab.resends, 1);
	lab_shell("cp %s.stick/* %s/spool/in/", a->home, hub->home);
	(void)lab_take(hub);
	assert_int_equal(lab_admitted(hub), 3);
	settle(&lab, 3);
	assert_int_equal(lab_admitted(a), 3);
	lab_same(a, hub);
	lab_close(&lab);
}

/* The hub closed a down incarnation and withdrew a person; late segments of it change nothing. */
static void
test_late_segments_of_closed(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	struct sql *sql;
	uint8_t rec[10];
	char *late;
	bool row;
	int64_t n;

	(void)state;
	lab_open_with(&lab, 1);
	settle(&lab, 2);
	n = lab_person(hub, "Handed over");
	sql = sql_get(hub->journal, "SELECT rec FROM pmj_entry WHERE n=?1");
	sql_int(sql, 1, n);
	check_ok(sql_row(sql, &row, &err), &err);
	assert_true(sql_col_copy(sql, 0, rec, 10));
	sql_done(sql);
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_int_equal(lab_admitted(a), 1);
	/* What is on its way: a segment with it once more, slow. */
	lab_person(hub, "On the slow way");
	(void)lab_seal(hub);
	late = mem_printf("%s.late", a->home);
	lab_shell("mkdir %s && cp %s/spool/out/* %s", late, hub->home, late);
	/* Not acked to its end: a new incarnation, and in it the withdrawal. */
	a->deaf = true;
	check_ok(sync_incarnate(hub->sync, a->mailbox, "size", &err), &err);
	lab_control(hub, a, "ctl.withdraw",
	    json_pack("{s:o,s:s}", "record", json_hex(rec, 10), "to", "Neema"), NULL);
	(void)lab_seal(hub);
	lab_shell("rm -f %s/spool/in/*", a->home);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), 1);
	lab_shell("cp %s/* %s/spool/in/", late, a->home);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_entry WHERE line IS NULL"), 1);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_entry WHERE kind = pmj_short('person')"), 1);
	lab_shell("test -z \"$(ls %s/spool/in)\"", a->home);
	free(late);
	lab_close(&lab);
}

/* A new down incarnation waits for what the earlier one must still give. */
static void
test_new_waits_for_named(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	settle(&lab, 1);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "behind");
	lab_person(hub, "One");
	(void)lab_seal(hub);
	lab_carry(hub, a, NULL, NULL);
	settle(&lab, 2); /* read and acked: the hub may name it */
	lab_person(hub, "Two");
	(void)lab_seal(hub); /* not acked, so the incarnation is named */
	check_ok(sync_incarnate(hub->sync, a->mailbox, "size", &err), &err);
	(void)lab_seal(hub);
	/* One that has not read so far gets the new incarnation first. */
	restore_state(a, "behind", inc);
	lab_shell("rm -rf %s/mail", lab.dir); /* and what was in between is lost */
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=0"), 1);
	/* Day after day it stays away: the device asks for everything. */
	check_ok(sync_exchanged(a->sync, &err), &err);
	a->os.now_ms += DAY_MS + 1;
	hub->os.now_ms += DAY_MS + 1;
	check_ok(sync_exchanged(a->sync, &err), &err);
	assert_int_equal(journal_int(a->journal, "sync.resend", 0), 1);
	settle(&lab, 3);
	assert_true(lab.resends >= 1);
	assert_int_equal(lab_admitted(a), 2);
	lab_same(a, hub);
	lab_close(&lab);
}

/* A file under our own name that we did not sign: the host is up to something; a new branch, once a
 * day, and nobody sends anything anew. */
static void
test_blocked(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;
	struct buf bytes;
	char name[FILES_NAME_MAX];
	char *path;

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "Mine");
	(void)lab_seal(a);
	for (int i = 0; i < 2; i++) {
		files_name(name, a->mailbox, LANE_UP, ring_incarnation(a->ring), 1);
		path = mem_printf("%s/spool/out/%s", a->home, name);
		buf_init(&bytes, 0);
		check_ok(fs_read(&bytes, &os_real, path, PMJ_SEGMENT_FILE_MAX, &err), &err);
		free(path);
		bytes.bytes[bytes.len - 1] ^= 1;
		path = mem_printf("%s/spool/in/%s", a->home, name);
		check_ok(fs_write(&os_real, path, bytes.bytes, bytes.len, &err), &err);
		free(path);
		buf_close(&bytes);
		(void)lab_take(a);
		(void)lab_seal(a);
	}
	assert_int_equal(lab_number(a, OURS), 2);
	settle(&lab, 2);
	assert_int_equal(lab_admitted(&lab.ends[0]), 1);
	assert_int_equal(lab.resends, 0);
	lab_close(&lab);
}

/* Our own signed segment that we do not hold, found at the mailbox. */
static void
test_own_foreign_segment(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	settle(&lab, 2);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "old");
	lab_person(a, "Of the later self");
	(void)lab_seal(a);
	lab_shell("mkdir %s.seen && cp %s/spool/out/* %s.seen/", a->home, a->home, a->home);
	restore_state(a, "old", inc);
	lab_person(a, "Of this self");
	lab_shell("cp %s.seen/* %s/spool/in/", a->home, a->home);
	(void)lab_take(a);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE cause='copy'"), 1);
	lab_shell("cp %s.seen/* %s/spool/in/", a->home, a->home);
	(void)lab_take(a); /* remembered: once each */
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_foreign"), 1);
	settle(&lab, 3);
	lab_same(a, &lab.ends[0]);
	lab_close(&lab);
}

/* The hub's next seal epoch comes into use: a new incarnation, nothing lost. */
static void
test_epoch(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct ring_epoch epochs[4];

	(void)state;
	lab_open_with(&lab, 1);
	lab_person(a, "To the first key");
	settle(&lab, 2);
	ring_epoch_add(hub->ring, (uint64_t)hub->os.now_ms);
	assert_int_equal(ring_epochs(hub->ring, epochs, 4), 2);
	ring_epoch_state(hub->ring, 1, 3);
	ring_epoch_state(hub->ring, 2, 2);
	lab_person(hub, "News");
	settle(&lab, 1);
	assert_int_equal(lab_number(a, OURS), 1); /* published, not in use yet */
	hub->os.now_ms += 31 * DAY_MS;
	a->os.now_ms += 31 * DAY_MS;
	lab_person(hub, "News");
	settle(&lab, 1);
	lab_person(a, "To the second key");
	settle(&lab, 2);
	assert_int_equal(lab_number(a, OURS), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_lane WHERE cause='epoch'"), 1);
	lab_same(a, hub);
	lab_close(&lab);
}

/* ---- too big for the link (section 9, cause size) ---- */

static bool
up_to_two(void *ctx, const char *name)
{
	(void)ctx;
	return strstr(name, "-1.seg") != NULL || strstr(name, "-2.seg") != NULL;
}

static struct sync_stopped
stopped_at(struct lab_end *end, uint64_t segno, int64_t tries)
{
	struct sync_stopped at = {.segno = segno, .tries = tries};
	struct lane lane;
	struct pmj_error err;
	bool found;

	memcpy(at.mailbox, end->mailbox, sizeof(at.mailbox));
	check_ok(lane_current(end->sync, &lane, end->mailbox, &found, &err), &err);
	memcpy(at.incarnation, lane.inc, sizeof(at.incarnation));
	return at;
}

static int64_t
runs(struct lab_end *end)
{
	return lab_number(end, "SELECT count(*) FROM pmj_lane WHERE ours=1");
}

/* The third segment breaks off again and again: it and what follows goes in smaller ones, the first
 * two are not sent again, and their receipt counts. */
static void
test_too_big_for_the_link(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;
	char name[401];
	int64_t kept;

	(void)state;
	lab_open_with(&lab, 1);
	check_ok(sync_link(a->sync, 32 * 1024, &err), &err);
	for (int i = 0; i < 200; i++) {
		for (size_t c = 0; c + 1 < sizeof(name); c++)
			name[c] = (char)('a' + random() % 26);
		name[sizeof(name) - 1] = '\0';
		(void)lab_person(a, name);
	}
	(void)lab_seal(a);
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_segment") >= 4);
	lab_carry(a, hub, up_to_two, NULL);
	at = stopped_at(a, 3, 2);
	check_ok(sync_mark(a->sync, SYNC_DELIVERED, a->mailbox, 1, at.incarnation, 2, &err), &err);
	kept = lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0 AND segno<=2");

	check_ok(sync_link(a->sync, 4096, &err), &err);
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 1); /* twice is not enough */
	at.tries = 1;
	check_ok(sync_link(a->sync, 64 * 1024, &err), &err);
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 1); /* nor one that is not too big */
	check_ok(sync_link(a->sync, 4096, &err), &err);
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), kept);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue"), 200 - kept);
	lab_restart(a);
	(void)lab_seal(a);
	assert_int_equal(lab_number(a, "SELECT max(length(bytes)) FROM pmj_segment WHERE lane="
	                               "(SELECT max(id) FROM pmj_lane WHERE ours=1)"),
	    4376);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 200);
	/* No more for an hour. */
	at = stopped_at(a, 1, 5);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);

	lab_exchange(a);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 200);
	lab_same(a, hub);
	/* Each line came once. */
	assert_in_range(
	    lab_number(hub, "SELECT sum(seq) FROM pmj_lane WHERE ours=0"), 200, 200 + 100);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_segment WHERE entries>0"), 0);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_lane WHERE ours=0 AND closed=0"), 1);
	lab_close(&lab);
}

/* ... and where all is to be sent anew, what was left there is, too. */
static void
test_too_big_then_anew(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 3; i++) {
		(void)lab_person(a, "One a segment");
		(void)lab_seal(a);
	}
	at = stopped_at(a, 3, 3);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	assert_true(lab_number(a, "SELECT count(*) FROM pmj_queue") < 3);
	check_ok(sync_incarnate(a->sync, a->mailbox, "nack", &err), &err);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 3);
	lab_restart(a);
	lab_exchange(a);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 3);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	lab_close(&lab);
}

/* ... and what the other end could not read of what was left there goes again, too. */
static void
test_too_big_then_unread(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;
	struct ring *real;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 3; i++) {
		(void)lab_person(a, "One a segment");
		(void)lab_seal(a);
	}
	lab_carry(a, hub, up_to_two, NULL);
	real = hub->ring;
	lab_stop(hub);
	hub->ring = test_ring(10, 99, 70);
	lab_start(hub);
	(void)lab_take(hub);
	lab_stop(hub);
	ring_free(hub->ring);
	hub->ring = real;
	lab_start(hub);
	(void)lab_seal(hub); /* with the NACK */
	at = stopped_at(a, 3, 3);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 1);
	lab_carry(hub, a, NULL, NULL);
	(void)lab_take(a);
	settle(&lab, 3);
	assert_int_equal(lab_admitted(hub), 3);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	lab_close(&lab);
}

static bool
first_only(void *ctx, const char *name)
{
	(void)ctx;
	return strstr(name, "-1.seg") != NULL;
}

/* More runs than a hub reads at once, each with what was left of it at the mailbox, before the hub
 * looks for the first time. */
static void
test_too_big_day_after_day(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;

	(void)state;
	lab_open_with(&lab, 1);
	for (int day = 0; day < 70; day++) {
		(void)lab_person(a, "Arrives");
		(void)lab_seal(a);
		(void)lab_person(a, "Goes again");
		(void)lab_seal(a);
		lab_carry(a, hub, first_only, NULL);
		at = stopped_at(a, 2, 3);
		a->sync->file_most = 100;
		check_ok(sync_link_stopped(a->sync, &at, &err), &err);
		assert_int_equal(runs(a), day + 2);
		a->os.now_ms += DAY_MS;
		hub->os.now_ms += DAY_MS;
		if (day % 7 == 0)
			lab_restart(a);
	}
	settle(&lab, 8);
	assert_int_equal(lab_admitted(hub), 140);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_segment WHERE entries>0"), 0);
	lab_close(&lab);
}

/* At most once an hour, whatever the clock does: one that is put back ends no hour and makes none
 * last for years. */
static void
test_too_big_and_the_clock(void **state)
{
	static const struct {
		int64_t minutes;
		int runs;
	} then[] = {
	    {30, 2}, {-400 * 24 * 60, 2}, {59, 2}, {-70, 2}, {59, 2}, {1, 3}, {59, 3}, {2, 4}};
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;
	int lines = 2;

	(void)state;
	lab_open_with(&lab, 1);
	for (int i = 0; i < 2; i++) {
		(void)lab_person(a, "One a segment");
		(void)lab_seal(a);
	}
	at = stopped_at(a, 1, 3);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	for (size_t i = 0; i < COUNT(then); i++) {
		a->os.now_ms += then[i].minutes * 60 * 1000;
		if (i % 2 == 0)
			lab_restart(a);
		(void)lab_person(a, "One more");
		lines++;
		(void)lab_seal(a);
		at = stopped_at(a, 1, 3);
		a->sync->file_most = 100;
		check_ok(sync_link_stopped(a->sync, &at, &err), &err);
		assert_int_equal(runs(a), then[i].runs);
	}
	lab_restart(a);
	settle(&lab, 3);
	assert_int_equal(lab_admitted(hub), lines);
	lab_same(a, hub);
	lab_close(&lab);
}

/* A laptop was copied before what was too big went again in smaller ones; both go on, and the copy
 * finds the same segment too big. */
static void
test_too_big_and_two_copies(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at;
	struct pmj_error err;
	uint8_t inc[16];

	(void)state;
	lab_open_with(&lab, 1);
	(void)lab_person(a, "Common");
	settle(&lab, 2);
	for (int i = 0; i < 3; i++) {
		(void)lab_person(a, "One a segment");
		(void)lab_seal(a);
	}
	lab_carry(a, hub, up_to_two, NULL);
	memcpy(inc, ring_incarnation(a->ring), 16);
	save_state(a, "clone");
	at = stopped_at(a, 3, 3);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	(void)lab_person(a, "By the first");
	(void)lab_seal(a);
	lab_carry(a, hub, first_only, NULL); /* amid it */
	(void)lab_take(hub);

	restore_state(a, "clone", inc); /* now we are the second */
	(void)lab_person(a, "By the second");
	at = stopped_at(a, 3, 3);
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	lab_restart(a);
	(void)lab_seal(a);
	settle(&lab, 5);
	/* "By the first" was in the first segment of its run, or behind it and is with the first.
	 */
	assert_in_range(lab_admitted(hub), 5, 6);
	lab_same(a, hub);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 0);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_lane WHERE ours=1 AND cause='copy'"), 1);
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_entry"),
	    lab_number(
	        hub, "SELECT count(DISTINCT pmj_hash(e, line, by, pt, rec)) FROM pmj_entry"));
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_too_big_for_the_link),
	    cmocka_unit_test(test_too_big_then_anew),
	    cmocka_unit_test(test_too_big_then_unread),
	    cmocka_unit_test(test_too_big_day_after_day),
	    cmocka_unit_test(test_too_big_and_the_clock),
	    cmocka_unit_test(test_too_big_and_two_copies),
	    cmocka_unit_test(test_nack),
	    cmocka_unit_test(test_restored_copy),
	    cmocka_unit_test(test_copy_later_self_changed),
	    cmocka_unit_test(test_two_copies_run),
	    cmocka_unit_test(test_fork_reaches_the_first),
	    cmocka_unit_test(test_late_segments_of_closed),
	    cmocka_unit_test(test_new_waits_for_named),
	    cmocka_unit_test(test_blocked),
	    cmocka_unit_test(test_own_foreign_segment),
	    cmocka_unit_test(test_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
