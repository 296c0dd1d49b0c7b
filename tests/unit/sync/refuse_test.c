/* refuse_test.c - what is not as it should be is refused with its own reason, and the rest goes on
 * (5). */
#include "sync_lab.h"

/* A device with three sealed segments that wait in its spool. */
static void
three_segments(struct lab *lab, char names[3][FILES_NAME_MAX])
{
	struct lab_end *a;

	lab_open_with(lab, 1);
	a = &lab->ends[1];
	for (uint64_t i = 0; i < 3; i++) {
		lab_person(a, "Somebody");
		(void)lab_seal(a);
		files_name(names[i], a->mailbox, LANE_UP, ring_incarnation(a->ring), i + 1);
	}
}

static void
load(const struct lab_end *from, const char *name, struct buf *bytes)
{
	char *path = mem_printf("%s/spool/out/%s", from->home, name);
	struct pmj_error err;

	buf_init(bytes, 0);
	check_ok(fs_read(bytes, &os_real, path, PMJ_SEGMENT_FILE_MAX, &err), &err);
	free(path);
}

static void
put(const struct lab_end *to, const char *name, const struct buf *bytes)
{
	char *path = mem_printf("%s/spool/in/%s", to->home, name);
	struct pmj_error err;

	check_ok(fs_write(&os_real, path, bytes->bytes, bytes->len, &err), &err);
	free(path);
}

/* The bytes of segment `which` changed by hand, under its name; then the good ones. */
static void
refused_and_goes_on(void (*spoil)(struct buf *bytes), const char *fault, int which)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	char names[3][FILES_NAME_MAX];
	struct buf bytes;

	three_segments(&lab, names);
	load(&lab.ends[1], names[which], &bytes);
	spoil(&bytes);
	for (int i = 0; i < which; i++)
		lab_shell("cp %s/spool/out/%s %s/spool/in/", lab.ends[1].home, names[i], hub->home);
	put(hub, names[which], &bytes);
	buf_close(&bytes);
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, fault), 1);
	assert_int_equal(lab_admitted(hub), which);
	/* It proved nothing: the lane waits for the real one. */
	lab_exchange(&lab.ends[1]);
	assert_int_equal(lab_admitted(hub), 3);
	lab_same(hub, &lab.ends[1]);
	lab_close(&lab);
}

static void
spoil_signature(struct buf *bytes)
{
	bytes->bytes[bytes->len - 1] ^= 1;
}

static void
spoil_ciphertext(struct buf *bytes)
{
	bytes->bytes[300] ^= 0x40;
}

static void
spoil_cut(struct buf *bytes)
{
	bytes->len -= 100;
}

static void
spoil_longer(struct buf *bytes)
{
	buf_put_u8(bytes, 0);
}

static void
spoil_magic(struct buf *bytes)
{
	bytes->bytes[0] = 'X';
}

static void
spoil_writer(struct buf *bytes)
{
	bytes->bytes[56] ^= 1;
}

static void
spoil_prev(struct buf *bytes)
{
	bytes->bytes[104] ^= 1;
}

/* One byte more of padding than the rule gives: ct_len says so, the file has it. */
static void
spoil_padding(struct buf *bytes)
{
	uint8_t zero = 0;

	buf_put(bytes, &zero, 1);
	put_le32(bytes->bytes + 192, (uint32_t)bytes->len - 264);
}

static void
spoil_mailbox(struct buf *bytes)
{
	bytes->bytes[24] ^= 1;
}

static void
test_forged(void **state)
{
	(void)state;
	refused_and_goes_on(spoil_signature, "bad_signature", 0);
	refused_and_goes_on(spoil_ciphertext, "bad_signature", 1);
}

static void
test_truncated(void **state)
{
	(void)state;
	refused_and_goes_on(spoil_cut, "bad_size", 0);
	refused_and_goes_on(spoil_longer, "bad_size", 1);
	refused_and_goes_on(spoil_magic, "bad_form", 1);
}

static void
test_foreign(void **state)
{
	(void)state;
	refused_and_goes_on(spoil_writer, "foreign_writer", 1);
	refused_and_goes_on(spoil_mailbox, "wrong_lane", 0);
}

static void
test_wrongly_padded(void **state)
{
	(void)state;
	refused_and_goes_on(spoil_padding, "bad_padded_size", 0);
}

static void
test_other_prev(void **state)
{
	(void)state;
	refused_and_goes_on(spoil_prev, "out_of_order", 1);
}

/* The host gives an old segment for a new one, and a later one for an earlier. */
static void
test_replayed_and_reordered(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	char names[3][FILES_NAME_MAX];
	struct buf bytes;

	(void)state;
	three_segments(&lab, names);
	load(&lab.ends[1], names[0], &bytes);
	put(hub, names[0], &bytes);
	put(hub, names[1], &bytes); /* 1 in the place of 2 */
	buf_close(&bytes);
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, "replayed"), 1);
	load(&lab.ends[1], names[2], &bytes);
	put(hub, names[1], &bytes); /* 3 in the place of 2 */
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, "out_of_order"), 1);
	put(hub, names[2], &bytes); /* 3 before 2: waits, and is no fault */
	buf_close(&bytes);
	(void)lab_take(hub);
	assert_int_equal(lab_admitted(hub), 1);
	lab_exchange(&lab.ends[1]);
	assert_int_equal(lab_admitted(hub), 3);
	/* The very bytes once more are nothing new: dropped, counted, no fault. */
	lab_shell("cp %s/mail/*/*-1-*-[12].seg %s/spool/in/", lab.dir, hub->home);
	assert_int_equal(lab_take(hub), 0);
	assert_int_equal(hub->sync->duplicates, 2);
	assert_int_equal(lab_refused(hub, "replayed"), 1);
	lab_close(&lab);
}

static void
test_strange_files(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	char names[3][FILES_NAME_MAX];
	struct buf bytes;

	(void)state;
	three_segments(&lab, names);
	load(&lab.ends[1], names[0], &bytes);
	put(hub, "README.txt", &bytes);
	put(hub, "00-1-00-1.seg", &bytes);
	buf_close(&bytes);
	lab_shell("ln -s /etc/passwd %s/spool/in/%s", hub->home, names[0]);
	lab_shell("mkdir %s/spool/in/%s", hub->home, names[1]);
	lab_shell("touch %s/spool/in/%s.part", hub->home, names[1]);
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, "bad_name"), 2);
	assert_int_equal(lab_refused(hub, "bad_form"), 1); /* 2 is looked at when it is next */
	lab_shell("test -e %s/spool/in/%s.part", hub->home, names[1]);
	lab_shell("rm -r %s/spool/in/*", hub->home);
	lab_exchange(&lab.ends[1]);
	assert_int_equal(lab_admitted(hub), 3);
	lab_close(&lab);
}

/* 64 a lane, the oldest dropped; 256 that wait. */
static void
test_limits(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	char names[3][FILES_NAME_MAX];
	struct buf bytes;

	(void)state;
	three_segments(&lab, names);
	load(&lab.ends[1], names[0], &bytes);
	spoil_signature(&bytes);
	for (int i = 0; i < 70; i++) {
		char twin[FILES_NAME_MAX + 16];

		(void)snprintf(twin, sizeof(twin), "%.*s.%08x.seg", (int)strlen(names[0]) - 4,
		    names[0], (unsigned)i);
		put(hub, twin, &bytes);
	}
	for (int i = 0; i < 300; i++) {
		char later[FILES_NAME_MAX];

		files_name(later, lab.ends[1].mailbox, LANE_UP, ring_incarnation(lab.ends[1].ring),
		    (uint64_t)(1000 + i));
		put(hub, later, &bytes);
	}
	buf_close(&bytes);
	(void)lab_take(hub);
	assert_int_equal(lab_refused(hub, "bad_signature"), 64);
	lab_shell("test $(ls %s/aside | wc -l) = 64", hub->home);
	lab_shell("test $(ls %s/spool/in | wc -l) = 256", hub->home);
	lab_exchange(&lab.ends[1]);
	assert_int_equal(lab_admitted(hub), 3);
	lab_close(&lab);
}

/* Lines that may not come from where they come, or are none: each alone, the lane goes on (5.1). */
static void
test_bad_lines(void **state)
{
	struct lab lab;
	struct lab_end *hub = &lab.ends[0];
	struct lab_end *a = &lab.ends[1];
	struct pmj_error err;

	(void)state;
	lab_open_with(&lab, 1);
	check_ok(journal_begin(a->journal, &err), &err);
	check_ok(sync_queue_line(a->sync, a->mailbox, "{\"no\":1}", 8, false, &err), &err);
	check_ok(sync_queue_line(a->sync, a->mailbox, "not JSON", 8, false, &err), &err);
	check_ok(journal_commit(a->journal, &err), &err);
	lab_person(a, "Still there");
	/* A hold is the hub's word, not a device's. */
	lab_control(hub, a, "ctl.sign", json_object(), NULL);
	lab_exchange(a);
	assert_int_equal(lab_admitted(hub), 1);
	assert_int_equal(
	    lab_number(hub, "SELECT count(*) FROM pmj_bad WHERE reason='unreadable'"), 2);
	assert_int_equal(
	    lab_number(a, "SELECT count(*) FROM pmj_bad WHERE reason='not_from_here'"), 1);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forged),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_foreign),
	    cmocka_unit_test(test_wrongly_padded),
	    cmocka_unit_test(test_other_prev),
	    cmocka_unit_test(test_replayed_and_reordered),
	    cmocka_unit_test(test_strange_files),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
