/* smaller_test.c - a hub comes out of a backup amid a run that began because what was sealed was
 * too big for the link: one of a laptop's, and one of its own. And what a hub writes while it
 * seals. */
#include "office_lab.h"
#include "sync/lane.h"

static bool
first_only(void *ctx, const char *name)
{
	(void)ctx;
	return strstr(name, "-1.seg") != NULL;
}

static int64_t
runs(struct lab_end *end)
{
	return lab_number(end, "SELECT count(*) FROM pmj_lane WHERE ours=1");
}

static struct lane
lane_of(struct lab_end *end, const struct lab_end *device)
{
	struct lane lane;
	struct pmj_error err;
	bool found;

	check_ok(lane_current(end->sync, &lane, device->mailbox, &found, &err), &err);
	assert_true(found);
	return lane;
}

static void
heals(struct lab *lab, int entries)
{
	struct lab_end *a = &lab->ends[1];

	for (int i = 0; i < 6; i++)
		office_exchange(a);
	assert_int_equal(lab_admitted(lab_hub(lab)), entries);
	lab_same(a, lab_hub(lab));
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL"), 0);
	assert_int_equal(lab_number(lab_hub(lab), "SELECT count(*) FROM pmj_sent WHERE n<>0"), 0);
	lab_close(lab);
}

/* What lay in the mailboxes burnt with the hub, and its seal key: no backup holds that. */
static void
all_burnt(struct lab *lab)
{
	struct ring *ring = lab_hub(lab)->ring;
	char *mail = mem_printf("%s/mail", lab->dir);
	struct ring_epoch was, all[RING_EPOCHS_MAX];
	struct pmj_error err;
	size_t count;

	ring_epoch_current(ring, &was);
	ring_epoch_add(ring, (uint64_t)lab_hub(lab)->os.now_ms);
	count = ring_epochs(ring, all, RING_EPOCHS_MAX);
	for (size_t i = 0; i < count; i++)
		if (all[i].state == 1)
			ring_epoch_state(ring, all[i].epoch, 2);
	ring_epoch_destroy(ring, was.epoch);

	folder_remove(mail);
	check_ok(fs_make_dir(&os_real, mail, &err), &err);
	free(mail);
}

/* before: the backup is of before the laptop's run of smaller ones, or of amid it. burnt: all that
 * the hub lacks is at the laptop, acked in both runs; else it lies in the mailbox still. */
static void
restored_amid_a_laptops(bool before, bool burnt)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct sync_stopped at = {.segno = 3, .tries = 3};
	struct pmj_error err;
	struct lane lane;

	office_open(&lab, 1);
	(void)lab_person(a, "Asha");
	for (int i = 0; i < 3; i++)
		office_exchange(a);
	if (before)
		office_keep(&lab);
	for (int i = 0; i < 4; i++) {
		(void)lab_person(a, "One a segment");
		(void)lab_seal(a);
	}
	lane = lane_of(a, a);
	at.segno = lane.segno - 1;
	memcpy(at.mailbox, a->mailbox, sizeof(at.mailbox));
	memcpy(at.incarnation, lane.inc, sizeof(at.incarnation));
	a->sync->file_most = 100;
	check_ok(sync_link_stopped(a->sync, &at, &err), &err);
	assert_int_equal(runs(a), 2);
	lab_restart(a);
	(void)lab_person(a, "Amid it");
	(void)lab_seal(a);
	lab_carry(a, lab_hub(&lab), first_only, NULL);
	(void)lab_take(lab_hub(&lab));
	if (!before)
		office_keep(&lab);
	office_passes(&lab);
	office_exchange(a);
	(void)lab_person(a, "After it");
	office_exchange(a);
	assert_int_equal(
	    lab_number(a, "SELECT count(DISTINCT lane) FROM pmj_done WHERE forward=0"), 2);
	assert_int_equal(lab_number(a, "SELECT count(*) FROM pmj_sent"), 0);
	office_restore(&lab);
	if (burnt)
		all_burnt(&lab);
	office_passes(&lab);
	assert_int_equal(lab_admitted(lab_hub(&lab)), before ? 1 : 4);
	heals(&lab, 7);
}

static void
test_a_laptops(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		restored_amid_a_laptops(i % 2 == 0, i / 2 == 0);
}

static void
restored_amid_its_own(bool before)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub;
	struct pmj_error err;
	struct lane lane;
	char name[401];

	office_open(&lab, 1);
	hub = lab_hub(&lab);
	check_ok(sync_link(a->sync, 64 * 1024, &err), &err);
	for (int i = 0; i < 80; i++) {
		for (size_t c = 0; c + 1 < sizeof(name); c++)
			name[c] = (char)('a' + random() % 26);
		name[sizeof(name) - 1] = '\0';
		(void)lab_write_entry(hub, "resource", "name", name);
	}
	(void)lab_person(a, "Asha");
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	(void)lab_seal(hub);
	assert_true(lab_number(hub, "SELECT max(length(bytes)) FROM pmj_segment") > 16 * 1024);
	lane = lane_of(hub, a);
	check_ok(
	    sync_mark(hub->sync, SYNC_DELIVERED, a->mailbox, 2, lane.inc, lane.segno, &err), &err);
	if (before)
		office_keep(&lab);
	/* It does not come; the laptop says so. */
	check_ok(sync_link(a->sync, 4096, &err), &err);
	lab_carry(hub, a, first_only, NULL);
	(void)lab_take(a);
	check_ok(sync_link_broke(a->sync, &err), &err);
	(void)lab_seal(a);
	lab_carry(a, hub, NULL, NULL);
	(void)lab_take(hub);
	assert_int_equal(runs(hub), 2);
	(void)lab_seal(hub);
	lab_carry(hub, a, first_only, NULL);
	(void)lab_take(a);
	if (!before)
		office_keep(&lab);
	office_passes(&lab);
	(void)lab_person(a, "Baraka");
	office_exchange(a);
	office_restore(&lab);
	office_passes(&lab);
	heals(&lab, 82);
}

static void
test_its_own(void **state)
{
	(void)state;
	restored_amid_its_own(true);
	restored_amid_its_own(false);
}

/* Whoever wraps a line notes how far its clock is; nothing of that is written before the segment
 * is. */
static void
test_writes_nothing_meanwhile(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1], *hub;
	struct pmj_error err;
	int64_t frames;
	bool more = true;
	int gathers = 0;
	char name[32];

	(void)state;
	office_open(&lab, 1);
	hub = lab_hub(&lab);
	check_ok(sync_link(a->sync, 256 * 1024, &err), &err);
	for (int i = 0; i < 3; i++)
		office_exchange(a);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "%08lx", random());
		(void)lab_write_entry(hub, "resource", "name", name);
	}
	assert_int_equal(lab_number(hub, "SELECT count(*) FROM pmj_queue WHERE forward=1"), 3000);
	frames = journal_wal_frames(hub->journal);
	check_ok(sync_seal_step(hub->sync, &more, &err), &err);
	for (; hub->sync->packing != NULL; gathers++) {
		assert_int_equal(journal_wal_frames(hub->journal), frames);
		assert_true(more);
		check_ok(sync_seal_step(hub->sync, &more, &err), &err);
	}
	assert_true(gathers > 4);
	assert_true(lab_number(hub, "SELECT max(last_seq) FROM pmj_segment") >= 3000);
	(void)lab_person(a, "Asha");
	heals(&lab, 3001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_laptops),
	    cmocka_unit_test(test_its_own),
	    cmocka_unit_test(test_writes_nothing_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
