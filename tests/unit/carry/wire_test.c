/* The gate's messages: there and back, and everything that is none. */
#include "base/mem.h"
#include "carry/wire.h"
#include "check.h"

static void
a_request_comes_back(void **state)
{
	uint8_t seen[WIRE_SEEN_BYTES] = {7};
	struct wire_get get = {.from = {.lane = 2, .segno = 9}, .limit = 1u << 31};
	struct wire_get read;
	struct wire_item item;
	struct pmj_error err;
	struct wire_in in;
	struct buf b;
	bool more;

	(void)state;
	buf_init(&b, 0);
	memset(get.from.incarnation, 0xc3, sizeof(get.from.incarnation));
	wire_begin(&b, WIRE_REQUEST);
	wire_put_ask_tips(&b, seen);
	wire_put_ask_tips(&b, NULL);
	wire_put_get(&b, &get);
	wire_put_item(&b, WIRE_PUT, "xyz", 3);
	check_ok(wire_open(&in, WIRE_REQUEST, b.bytes, b.len, &err), &err);
	check_ok(wire_next(&in, &item, &more, &err), &err);
	assert_true(more && item.kind == WIRE_ASK_TIPS && item.len == WIRE_SEEN_BYTES);
	assert_memory_equal(item.bytes, seen, sizeof(seen));
	check_ok(wire_next(&in, &item, &more, &err), &err);
	assert_true(more && item.kind == WIRE_ASK_TIPS && item.len == 0);
	check_ok(wire_next(&in, &item, &more, &err), &err);
	check_ok(wire_read_get(&read, &item, &err), &err);
	assert_int_equal(shape_compare(&read.from, &get.from), 0);
	assert_int_equal(read.limit, WIRE_LIMIT_MAX);
	check_ok(wire_next(&in, &item, &more, &err), &err);
	assert_true(more && item.kind == WIRE_PUT && memcmp(item.bytes, "xyz", 3) == 0);
	check_ok(wire_next(&in, &item, &more, &err), &err);
	assert_false(more);
	buf_close(&b);
}

static struct buf
tips_of(struct wire_tip *tips, size_t count)
{
	struct buf b;

	buf_init(&b, 0);
	wire_put_tips(&b, tips, count);
	return b;
}

static void
tips_come_back_in_order(void **state)
{
	struct wire_tip tips[3] = {{.run = {.lane = 1, .segno = 4}},
	    {.run = {.lane = 1, .segno = 1}}, {.run = {.lane = 2, .segno = 1}}};
	struct wire_tip read[3];
	struct pmj_error err;
	size_t count;
	struct buf b;

	(void)state;
	tips[1].run.incarnation[0] = 1;
	tips[2].commit[19] = 5;
	b = tips_of(tips, 3);
	check_ok(wire_read_tips(read, &count, b.bytes + 4, b.len - 4, &err), &err);
	assert_int_equal(count, 3);
	assert_memory_equal(read, tips, sizeof(read));
	check_code(wire_read_tips(read, &count, b.bytes + 4, b.len - 5, &err), PMJ_INVALID);
	buf_close(&b);
	/* Twice the same run, another order, no segno, no lane. */
	tips[1].run.incarnation[0] = 0;
	b = tips_of(tips, 3);
	check_code(wire_read_tips(read, &count, b.bytes + 4, b.len - 4, &err), PMJ_INVALID);
	buf_close(&b);
	tips[0].run.incarnation[0] = 2;
	b = tips_of(tips, 3);
	check_code(wire_read_tips(read, &count, b.bytes + 4, b.len - 4, &err), PMJ_INVALID);
	buf_close(&b);
	tips[0].run.segno = 0;
	b = tips_of(tips, 1);
	check_code(wire_read_tips(read, &count, b.bytes + 4, b.len - 4, &err), PMJ_INVALID);
	buf_close(&b);
	tips[0].run.segno = 1;
	tips[0].run.lane = 3;
	b = tips_of(tips, 1);
	check_code(wire_read_tips(read, &count, b.bytes + 4, b.len - 4, &err), PMJ_INVALID);
	buf_close(&b);
}

/* Read to the end; the first failure. */
static enum pmj_code
read_all(enum wire_side side, const void *bytes, size_t len)
{
	struct wire_item item;
	struct pmj_error err;
	struct wire_in in;
	bool more = true;
	enum pmj_code rc = wire_open(&in, side, bytes, len, &err);

	while (rc == PMJ_OK && more)
		rc = wire_next(&in, &item, &more, &err);
	return rc;
}

/* Of a message that breaks off: where its last whole item ends. */
static void
what_is_whole_of_a_message(void **state)
{
	static const uint8_t text[] = "PMQ1\x01\0\0\0\x03\x02\0\0ab\x01\0\0\0";
	static const size_t ends[] = {4, 8, 14, 18};

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		size_t whole = 0;

		for (size_t i = 0; i < COUNT(ends); i++)
			whole = ends[i] <= len ? ends[i] : whole;
		assert_int_equal(wire_whole(text, len), whole);
	}
}

static void
what_is_none_is_refused(void **state)
{
	(void)state;
#define READ(side, text) read_all(side, text, sizeof(text) - 1)
	check_code(READ(WIRE_ANSWER, "PMA1\x14\0\0\0"), PMJ_OK);
	check_code(READ(WIRE_REQUEST, "PMQ1"), PMJ_OK);
	check_code(READ(WIRE_ANSWER, "PMQ1\x14\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ"), PMJ_INVALID);
	/* An answer that was cut off at a boundary has no end. */
	check_code(READ(WIRE_ANSWER, "PMA1"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\x13\1\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\x14\0\0\0x"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\x14\0\0\0\x14\0\0\0"), PMJ_INVALID);
	/* Cut inside an item, in its head, a kind of the other side, an unknown kind, lengths. */
	check_code(READ(WIRE_REQUEST, "PMQ1\3\4\0\0xyz"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ1\3\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ1\x10\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\1\0\0\0\x14\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ1\x63\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ1\1\1\0\0x"), PMJ_INVALID);
	check_code(READ(WIRE_REQUEST, "PMQ1\2\1\0\0x"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\x10\1\0\0x\x14\0\0\0"), PMJ_INVALID);
	check_code(READ(WIRE_ANSWER, "PMA1\x12\4\0\0xxxx\x14\0\0\0"), PMJ_INVALID);
}

static void
too_many_items_are_refused(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	wire_begin(&b, WIRE_REQUEST);
	for (size_t i = 0; i < WIRE_ITEMS_MAX; i++)
		wire_put_ask_tips(&b, NULL);
	check_code(read_all(WIRE_REQUEST, b.bytes, b.len), PMJ_OK);
	wire_put_ask_tips(&b, NULL);
	check_code(read_all(WIRE_REQUEST, b.bytes, b.len), PMJ_TOO_BIG);
	buf_close(&b);
}

static void
every_outcome_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++)
		assert_non_null(wire_outcome_text((enum wire_outcome)i));
	assert_string_equal(wire_outcome_text(WIRE_FULL), "the mailbox's disk is full");
	assert_string_equal(wire_outcome_text(WIRE_FAILED), "the host could not do it");
	assert_string_equal(wire_outcome_text(WIRE_BAD_FORM), "it has not the form of a segment");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_comes_back),
	    cmocka_unit_test(tips_come_back_in_order),
	    cmocka_unit_test(what_is_whole_of_a_message),
	    cmocka_unit_test(what_is_none_is_refused),
	    cmocka_unit_test(too_many_items_are_refused),
	    cmocka_unit_test(every_outcome_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
