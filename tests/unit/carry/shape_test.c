/* The outer header and the names of segment files. */
#include "carry/places.h"
#include "carry/shape.h"
#include "carry_lab.h"

static void
reads_the_known_segment(void **state)
{
	struct shape_place place;
	struct pmj_error err;
	struct buf bytes;

	(void)state;
	buf_init(&bytes, 0);
	check_ok(fs_read(&bytes, &os_real, TESTS_DIR "/unit/carry/known.seg", 8192, &err), &err);
	check_ok(shape_read(&place, bytes.bytes, bytes.len, &err), &err);
	assert_int_equal(place.lane, 1);
	assert_int_equal(place.segno, 1);
	check_hex(place.mailbox, 16, "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
	check_hex(place.incarnation, 16, "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2");
	buf_close(&bytes);
}

static void
refuses_every_wrong_header(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 'X'}, {7, '2'}, {8, 2}, {9, 0}, {9, 6}, {10, 1}, {11, 1}, {15, 1}, {16, 0},
	    {23, 0x80}, {192, 1}, {193, 0}, {196, 1}, {199, 1}};
	struct shape_place place = lab_place(1, 0xb2, 5);
	struct shape_place got;
	struct buf bytes;

	(void)state;
	buf_init(&bytes, 0);
	lab_segment(&bytes, &place, 1);
	assert_int_equal(shape_read(&got, bytes.bytes, bytes.len, NULL), PMJ_OK);
	assert_int_equal(shape_compare(&place, &got), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		uint8_t old = bytes.bytes[wrong[i].at];

		bytes.bytes[wrong[i].at] = wrong[i].value;
		assert_int_equal(shape_read(&got, bytes.bytes, bytes.len, NULL), PMJ_INVALID);
		bytes.bytes[wrong[i].at] = old;
	}
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(shape_read(&got, bytes.bytes, len, NULL), PMJ_INVALID);
	buf_put_zeros(&bytes, 1);
	assert_int_equal(shape_read(&got, bytes.bytes, bytes.len, NULL), PMJ_INVALID);
	buf_put_zeros(&bytes, PMJ_SEGMENT_FILE_MAX);
	assert_int_equal(shape_read(&got, bytes.bytes, bytes.len, NULL), PMJ_TOO_BIG);
	buf_close(&bytes);
}

static void
names_go_both_ways(void **state)
{
	struct shape_place place = lab_place(2, 0xc3, 9007199254740991u);
	struct shape_place got;
	char name[SHAPE_NAME_ROOM];
	char tag[SHAPE_TAG_CHARS + 1];

	(void)state;
	shape_name(name, &place, NULL);
	assert_string_equal(name,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-2-c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3-"
	    "9007199254740991.seg");
	assert_true(shape_of_name(&got, tag, name));
	assert_int_equal(shape_compare(&place, &got), 0);
	assert_string_equal(tag, "");
	shape_name(name, &place, "0123abcd");
	assert_true(shape_of_name(&got, tag, name));
	assert_string_equal(tag, "0123abcd");
}

static void
strange_names_are_none(void **state)
{
#define RUN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-"
	static const char *const strange[] = {"", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1", RUN, RUN "1",
	    RUN "0.seg", RUN "01.seg", RUN "-1.seg", RUN "+1.seg", RUN " 1.seg", RUN "1.seg.part",
	    RUN "1.SEG", RUN "1.seg ", RUN "1.0123abc.seg", RUN "1.0123abcdd.seg",
	    RUN "1.0123ABCD.seg", RUN "9007199254740992.seg", RUN "99999999999999999999.seg",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-1-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-1.seg",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-0-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-1.seg",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-6-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-1.seg",
	    "../aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-1.seg"};
	struct shape_place got;
	char tag[SHAPE_TAG_CHARS + 1];

	(void)state;
	assert_true(shape_of_name(&got, tag, RUN "1.seg"));
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		if (shape_of_name(&got, tag, strange[i]))
			fail_msg("taken as a segment's name: %s", strange[i]);
}

static void
lists_know_how_far(void **state)
{
	struct places list = {0};
	struct shape_place run = lab_place(1, 0xb2, 0);

	(void)state;
	for (uint64_t n = 1; n < 50; n++) {
		struct shape_place place = lab_place(1 + (int)(n % 2), (uint8_t)(n % 5), 100 - n);

		places_add(&list, &place);
	}
	places_sort(&list);
	assert_int_equal(list.count, 10);
	assert_int_equal(places_upto(&list, &run), 0);
	run = lab_place(2, 1, 7);
	assert_int_equal(places_upto(&list, &run), 99);
	run = lab_place(1, 4, 7);
	assert_int_equal(places_upto(&list, &run), 96);
	run.mailbox[0] = 0;
	assert_int_equal(places_upto(&list, &run), 0);
	places_close(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_known_segment),
	    cmocka_unit_test(refuses_every_wrong_header),
	    cmocka_unit_test(names_go_both_ways),
	    cmocka_unit_test(strange_names_are_none),
	    cmocka_unit_test(lists_know_how_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
