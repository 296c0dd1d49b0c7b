/* room_test.c - how much a mailbox may hold: what is there is counted, by blocks of the disk, and
 * who writes into a folder keeps to it. */
#include "carry/room.h"

#include "carry/bare.h"
#include "carry_lab.h"

static void
limit(const struct lab *lab, const char *bytes)
{
	lab_sh("echo %s > %s/mail/%s.git/limit", bytes, lab->dir, lab->mailbox);
}

static struct room
opened(const char *mailbox)
{
	struct pmj_error err;
	struct room room;

	check_ok(room_open(&room, mailbox, &err), &err);
	return room;
}

static void
what_is_there_is_counted(void **state)
{
	struct lab *lab = *state;
	char *box = mem_printf("%s/mail/%s.git", lab->dir, lab->mailbox);
	struct pmj_error err;
	struct room room;
	uint64_t used;

	check_ok(bare_make(box, &err), &err);
	room = opened(box);
	assert_true(room_has(&room, box, SIZE_MAX / 2)); /* nobody said how much */
	room_keep(&room, box);
	lab_sh("test ! -e %s/used", box);
	limit(lab, "1000000");
	room = opened(box);
	assert_true(room.counted_s == 0 && room_has(&room, box, 1000));
	used = room.used;
	assert_true(used > 0 && used < 100000);
	/* Each segment is three files; the next one goes on from there. */
	room_take(&room, 1000);
	room_take(&room, 9000);
	room_keep(&room, box);
	room = opened(box);
	assert_int_equal(room.used, used + (0 + 3 + 2 + 3) * 4096);
	/* 500,000 bytes that were not counted are found when it is counted again: after a day, when
	 * the count cannot be read, or when it seems full. */
	lab_sh("head -c 500000 /dev/urandom > %s/objects/pack/x", box);
	assert_true(room_has(&room, box, 1000) && room.used < 200000);
	room.counted_s -= 90000;
	assert_true(room_has(&room, box, 1000) && room.used > 500000);
	lab_sh("echo 7 > %s/used", box);
	room = opened(box);
	assert_true(room_has(&room, box, 1000) && room.used > 500000);
	assert_false(room_has(&room, box, 600000));
	lab_sh("rm %s/objects/pack/x", box);
	assert_true(room_has(&room, box, 600000));
	free(box);
}

static void
a_limit_is_digits(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(room_parse(&value, "1000000000\n", 11) && value == 1000000000);
	assert_true(room_parse(&value, "0\n", 2) && value == 0);
	assert_false(room_parse(&value, "", 0));
	assert_false(room_parse(&value, "\n", 1));
	assert_false(room_parse(&value, "12", 2));
	assert_false(room_parse(&value, "-1\n", 3));
	assert_false(room_parse(&value, "1 2\n", 4));
	assert_false(room_parse(&value, "9999999999999999999\n", 20));
}

/* A laptop whose mailbox is full is told so; what fits is there, and the rest goes when it may. */
static void
a_folder_is_not_filled(void **state)
{
	struct lab *lab = *state;

	lab_fill(lab, "w", 1, 0xb2, 1, 40, 1);
	lab_fill(lab, "h", 2, 0xc3, 1, 2, 1);
	assert_int_equal(lab_exchange(lab, "h"), 0);
	limit(lab, "500000");
	assert_int_equal(lab_exchange(lab, "w"), 5);
	assert_true(lab_said(lab, "holds as much as the hub lets it hold"));
	assert_true(lab_said(lab, "\"got\":2"));
	lab_sh("n=$(git -C %s/mail/%s.git rev-list --count --all -- | head -1);"
	       " test $n -gt 5 && test $n -lt 40",
	    lab->dir, lab->mailbox);
	lab_fsck(lab);
	assert_int_equal(lab_exchange(lab, "w"), 5);
	limit(lab, "5000000");
	assert_int_equal(lab_exchange(lab, "w"), 0);
	assert_int_equal(lab_exchange(lab, "h"), 0);
	lab_same(lab, "w", "h");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
	    T(what_is_there_is_counted),
	    T(a_limit_is_digits),
	    T(a_folder_is_not_filled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
