/* Section 5: round trips; every fault by its own name; the order of the checks. */
#include "check.h"
#include "test_segment.h"

#define LINES 120

struct fixture {
	struct test_lane lane;
	struct segment_line lines[LINES];
	struct buf file; /* segment 1: all lines */
	uint8_t chain[32];
	uint8_t id[32];
	struct segment_expect expect; /* as segment 1 is expected */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct segment_draft draft;

	if (f == NULL)
		return -1;
	test_lane_open(&f->lane);
	test_lines(f->lines, LINES, 7);
	buf_init(&f->file, 0);
	draft = test_lane_draft(&f->lane, f->lines, LINES);
	if (segment_seal(&f->file, f->chain, f->id, &draft, f->lane.writer, NULL) != PMJ_OK)
		return -1;
	f->expect = test_lane_expect(&f->lane);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	test_lines_free(f->lines, LINES);
	buf_close(&f->file);
	test_lane_close(&f->lane);
	free(f);
	return 0;
}

static enum segment_fault
open_fault(struct fixture *f, const struct buf *file)
{
	struct segment_open opened;
	enum segment_fault fault;

	fault = segment_open(&opened, file->bytes, file->len, &f->expect, f->lane.reader);
	if (fault != SEGMENT_OK) {
		assert_null(opened.lines);
		assert_null(opened.body.bytes);
		assert_int_equal(opened.count, 0);
	}
	segment_open_close(&opened);
	return fault;
}

#define assert_fault(f, file, fault)                                                               \
	assert_string_equal(segment_fault_name(open_fault(f, file)), segment_fault_name(fault))

static void
copy(struct buf *out, const struct buf *from)
{
	buf_init(out, 0);
	buf_put(out, from->bytes, from->len);
	assert_int_equal(out->failed, PMJ_OK);
}

static void
round_trip(void **state)
{
	struct fixture *f = *state;
	struct segment_open opened;
	struct segment_draft draft;
	struct segment_expect expect;
	struct buf second;
	uint8_t chain[32];
	uint8_t id[32];

	assert_int_equal(
	    segment_open(&opened, f->file.bytes, f->file.len, &f->expect, f->lane.reader),
	    SEGMENT_OK);
	assert_int_equal(opened.count, LINES);
	assert_int_equal(opened.first_seq, 1);
	assert_int_equal(opened.header.segno, 1);
	assert_memory_equal(opened.id, f->id, 32);
	assert_memory_equal(opened.chain_before, f->lane.chain, 32);
	assert_memory_equal(opened.chain_after, f->chain, 32);
	for (size_t i = 0; i < LINES; i++) {
		uint8_t e[32];

		assert_int_equal(opened.lines[i].len, f->lines[i].len);
		assert_memory_equal(opened.lines[i].bytes, f->lines[i].bytes, f->lines[i].len);
		chain_entry(e, f->lines[i].bytes, f->lines[i].len);
		assert_memory_equal(opened.e[i], e, 32);
	}
	segment_open_close(&opened);

	/* The next one follows; whoever does not care for numbers (a copy's carrier) can say so. */
	f->lane.segno = 2;
	f->lane.seq = 1 + LINES;
	memcpy(f->lane.prev, f->id, 32);
	memcpy(f->lane.chain, f->chain, 32);
	draft = test_lane_draft(&f->lane, f->lines, 1);
	buf_init(&second, 0);
	assert_int_equal(segment_seal(&second, chain, id, &draft, f->lane.writer, NULL), PMJ_OK);
	expect = test_lane_expect(&f->lane);
	assert_int_equal(
	    segment_open(&opened, second.bytes, second.len, &expect, f->lane.reader), SEGMENT_OK);
	assert_int_equal(opened.first_seq, 1 + LINES);
	segment_open_close(&opened);
	expect.segno = 0;
	expect.prev = NULL;
	expect.first_seq = 0;
	expect.chain = NULL;
	expect.incarnation = NULL;
	assert_int_equal(
	    segment_open(&opened, second.bytes, second.len, &expect, f->lane.reader), SEGMENT_OK);
	segment_open_close(&opened);
	buf_close(&second);
}

/* Two seals of the same lines have nothing in common but what is said outside. */
static void
fresh_each_time(void **state)
{
	struct fixture *f = *state;
	struct segment_draft draft = test_lane_draft(&f->lane, f->lines, LINES);
	struct buf again;
	uint8_t chain[32];
	uint8_t id[32];

	buf_init(&again, 0);
	assert_int_equal(segment_seal(&again, chain, id, &draft, f->lane.writer, NULL), PMJ_OK);
	assert_memory_equal(chain, f->chain, 32);
	assert_int_equal(again.len, f->file.len);
	assert_memory_not_equal(again.bytes + 72, f->file.bytes + 72, 32);
	assert_memory_not_equal(again.bytes + 168, f->file.bytes + 168, 24);
	assert_memory_not_equal(id, f->id, 32);
	buf_close(&again);
}

static void
locked_note(void **state)
{
	static const char text[] = "call the clinic about J. tomorrow";
	const struct segment_line line = {text, sizeof(text) - 1};
	struct fixture *f = *state;
	struct segment_draft draft = {.lane = LANE_LOCKED_NOTE,
	    .reader_pk = f->lane.reader_pk,
	    .lines = &line,
	    .count = 1,
	    .unsigned_note = true};
	struct segment_open opened;
	struct buf file;
	struct buf bad;
	uint8_t chain[32];
	uint8_t id[32];

	buf_init(&file, 0);
	assert_int_equal(segment_seal(&file, chain, id, &draft, NULL, NULL), PMJ_OK);
	f->expect = (struct segment_expect){.lane = LANE_LOCKED_NOTE, .unsigned_note = true};
	assert_int_equal(
	    segment_open(&opened, file.bytes, file.len, &f->expect, f->lane.reader), SEGMENT_OK);
	assert_int_equal(opened.count, 1);
	assert_memory_equal(opened.lines[0].bytes, text, line.len);
	segment_open_close(&opened);
	assert_fault(f, &f->file, SEGMENT_WRONG_LANE);
	for (size_t i = 0; i < file.len; i++) {
		copy(&bad, &file);
		bad.bytes[i] ^= (uint8_t)(1u << (i % 8));
		assert_int_not_equal(open_fault(f, &bad), SEGMENT_OK);
		buf_close(&bad);
	}
	copy(&bad, &file);
	bad.bytes[bad.len - 1] = 1;
	assert_fault(f, &bad, SEGMENT_BAD_SIGNATURE);
	buf_close(&bad);
	buf_close(&file);
}

static void
flips(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->file.len; i++) {
		uint8_t bit = (uint8_t)(1u << (i % 8));
		enum segment_fault fault;

		f->file.bytes[i] ^= bit;
		fault = open_fault(f, &f->file);
		f->file.bytes[i] ^= bit;
		/* Whatever was changed by a carrier proves nothing, so it must not stop the lane.
		 */
		if (fault == SEGMENT_OK || segment_fault_is_signed(fault))
			fail_msg("byte %zu: %s", i, segment_fault_name(fault));
	}
	assert_fault(f, &f->file, SEGMENT_OK);
}

static void
truncated(void **state)
{
	struct fixture *f = *state;
	struct buf cut = f->file;

	for (cut.len = 0; cut.len < f->file.len; cut.len += cut.len < 300 ? 1 : 13)
		assert_fault(f, &cut, SEGMENT_BAD_SIZE);
	copy(&cut, &f->file);
	buf_put_zeros(&cut, 1);
	assert_fault(f, &cut, SEGMENT_BAD_SIZE);
	buf_put_zeros(&cut, PMJ_SEGMENT_FILE_MAX);
	assert_fault(f, &cut, SEGMENT_BAD_SIZE);
	buf_close(&cut);
}

static void
bad_form(void **state)
{
	static const size_t at[] = {0, 7, 8, 10, 11, 12, 15, 196, 199};
	struct fixture *f = *state;
	struct segment_header header;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		f->file.bytes[at[i]] ^= 4;
		assert_int_equal(
		    segment_peek(&header, f->file.bytes, f->file.len), SEGMENT_BAD_FORM);
		test_resign(&f->file, &f->lane);
		assert_fault(f, &f->file, SEGMENT_BAD_FORM);
		f->file.bytes[at[i]] ^= 4;
	}
	f->file.bytes[9] = 6;
	assert_fault(f, &f->file, SEGMENT_BAD_FORM);
	f->file.bytes[9] = 0;
	assert_fault(f, &f->file, SEGMENT_BAD_FORM);
}

static void
not_here(void **state)
{
	uint8_t other[16] = {1};
	struct fixture *f = *state;

	f->expect.mailbox = other;
	assert_fault(f, &f->file, SEGMENT_WRONG_LANE);
	f->expect.mailbox = f->lane.mailbox;
	f->expect.incarnation = other;
	assert_fault(f, &f->file, SEGMENT_WRONG_LANE);
	f->expect.incarnation = f->lane.incarnation;
	f->expect.lane = LANE_DOWN;
	assert_fault(f, &f->file, SEGMENT_WRONG_LANE);
}

static void
foreign_and_forged(void **state)
{
	struct fixture *f = *state;
	struct test_lane other = f->lane;
	struct segment_draft draft;
	struct buf file;
	uint8_t chain[32];
	uint8_t id[32];

	/* Another enrolled device writes into this lane. */
	other.writer = test_ring(6, 6, 0);
	draft = test_lane_draft(&other, f->lines, 1);
	buf_init(&file, 0);
	assert_int_equal(segment_seal(&file, chain, id, &draft, other.writer, NULL), PMJ_OK);
	assert_fault(f, &file, SEGMENT_FOREIGN_WRITER);
	/* It says it were the writer. */
	prim_sign_key_id(file.bytes + 56, ring_sign_pk(f->lane.writer));
	test_resign(&file, &other);
	assert_fault(f, &file, SEGMENT_BAD_SIGNATURE);
	/* Signed anew by the true writer, who does not know the key: both ends are bound into it.
	 */
	test_resign(&file, &f->lane);
	assert_fault(f, &file, SEGMENT_BAD_SEAL);
	buf_close(&file);
	ring_free(other.writer);
}

static void
replayed_and_reordered(void **state)
{
	uint8_t other[32] = {1};
	struct fixture *f = *state;

	f->expect.segno = 2;
	f->expect.prev = f->id;
	assert_fault(f, &f->file, SEGMENT_REPLAYED);
	f->lane.segno = 3;
	memcpy(f->lane.prev, other, 32);
	put_le64(f->file.bytes + 16, 3);
	memcpy(f->file.bytes + 104, other, 32);
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_OUT_OF_ORDER);
	f->expect.segno = 3; /* the number fits, the one before was another: a fork */
	assert_fault(f, &f->file, SEGMENT_OUT_OF_ORDER);
	f->expect.segno = 0;
	f->expect.prev = NULL;
	put_le64(f->file.bytes + 16, 0);
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_OUT_OF_ORDER);
	put_le64(
	    f->file.bytes + 16, 1); /* a first one must begin the chain, also when any is taken */
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_OUT_OF_ORDER);
}

static void
seal_faults(void **state)
{
	struct fixture *f = *state;
	struct ring *other = test_ring(8, 4, 0);
	struct buf bad;

	copy(&bad, &f->file);
	prim_random(bad.bytes + 64, 8);
	test_resign(&bad, &f->lane);
	assert_fault(f, &bad, SEGMENT_EPOCH_GONE);
	buf_close(&bad);
	for (size_t at = 72; at < 104; at += 31) { /* epk */
		copy(&bad, &f->file);
		bad.bytes[at] ^= 1;
		test_resign(&bad, &f->lane);
		assert_fault(f, &bad, SEGMENT_BAD_SEAL);
		buf_close(&bad);
	}
	copy(&bad, &f->file);
	memset(bad.bytes + 72, 0, 32); /* low order */
	test_resign(&bad, &f->lane);
	assert_fault(f, &bad, SEGMENT_BAD_SEAL);
	buf_close(&bad);
	static const size_t at[] = {136, 167, 168, 191, 200, 1000};
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]);
	     i++) { /* commitment, nonce, ciphertext */
		copy(&bad, &f->file);
		bad.bytes[at[i]] ^= 1;
		test_resign(&bad, &f->lane);
		assert_fault(f, &bad, SEGMENT_BAD_SEAL);
		buf_close(&bad);
	}
	ring_free(f->lane.reader);
	f->lane.reader = other;
	assert_fault(f, &f->file, SEGMENT_EPOCH_GONE);
	assert_true(segment_fault_is_signed(SEGMENT_EPOCH_GONE));
	assert_false(segment_fault_is_signed(SEGMENT_BAD_SIGNATURE));
	assert_false(segment_fault_is_signed(SEGMENT_NO_MEMORY));
}

/* A file in which everything is wrong, mended from the outside in: each step shows the next fault.
 */
static void
order_of_checks(void **state)
{
	static const uint8_t zero[32];
	struct fixture *f = *state;
	struct buf good;
	uint8_t *h;

	copy(&good, &f->file);
	h = f->file.bytes;
	f->file.len -= 20; /* ct_len wrong, padded size wrong, signature wrong */
	memset(h, 0, 9);
	memset(h + 24, 0, 16);
	memset(h + 56, 0, 16); /* writer and reader */
	put_le64(h + 16, 9);
	memcpy(h + 72, zero, 32);
	f->file.len = 100;
	assert_fault(f, &f->file, SEGMENT_BAD_SIZE);
	f->file.len = good.len - 20;
	assert_fault(f, &f->file, SEGMENT_BAD_FORM);
	memcpy(h, good.bytes, 16);
	assert_fault(f, &f->file, SEGMENT_WRONG_LANE);
	memcpy(h + 24, good.bytes + 24, 16);
	assert_fault(f, &f->file, SEGMENT_FOREIGN_WRITER);
	memcpy(h + 56, good.bytes + 56, 8);
	assert_fault(f, &f->file, SEGMENT_BAD_SIZE);
	put_le32(h + 192, (uint32_t)f->file.len - 264);
	assert_fault(f, &f->file, SEGMENT_BAD_PADDED_SIZE);
	put_le32(h + 192, get_le32(good.bytes + 192));
	f->file.len = good.len;
	assert_fault(f, &f->file, SEGMENT_OUT_OF_ORDER);
	put_le64(h + 16, 1);
	assert_fault(f, &f->file, SEGMENT_BAD_SIGNATURE);
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_EPOCH_GONE);
	memcpy(h + 64, good.bytes + 64, 8);
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_BAD_SEAL);
	memcpy(h + 72, good.bytes + 72, 32);
	test_resign(&f->file, &f->lane);
	assert_fault(f, &f->file, SEGMENT_OK);
	buf_close(&good);
}

static void
padded_sizes(void **state)
{
	size_t legal = 0;

	(void)state;
	assert_int_equal(segment_padded(1), 4096);
	assert_int_equal(segment_padded(4096), 4096);
	assert_int_equal(segment_padded(4097), 4352);
	assert_int_equal(segment_padded(8192), 8192);
	assert_int_equal(segment_padded(8193), 8704);
	assert_int_equal(segment_padded(65537), 67584);
	assert_false(segment_padded_legal(0));
	assert_false(segment_padded_legal(4095));
	assert_false(segment_padded_legal(4097));
	assert_false(segment_padded_legal(PMJ_SEGMENT_FILE_MAX * 2));
	for (uint32_t used = 1; used <= 200000; used++) {
		uint32_t padded = segment_padded(used);

		if (padded < used || !segment_padded_legal(padded) ||
		    (used > 4096 && padded - used > used / 15))
			fail_msg("%u is padded to %u", used, padded);
		if (segment_padded_legal(used)) {
			assert_int_equal(padded, used);
			legal++;
		}
	}
	assert_in_range(legal, 60, 150);
}

static void
sealing_refuses(void **state)
{
	struct fixture *f = *state;
	struct segment_line line = {"a\nb", 3};
	struct segment_draft draft = test_lane_draft(&f->lane, &line, 1);
	struct pmj_error err;
	uint8_t zero[32] = {0};
	uint8_t chain[32];
	uint8_t id[32];
	char *big = malloc(PMJ_LINE_WRAPPED_MAX + 1);
	struct segment_line many[64];
	struct buf out;

	assert_non_null(big);
	buf_init(&out, 0);
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, &err), PMJ_INVALID);
	line.len = 0;
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, &err), PMJ_INVALID);
	prim_random(big, PMJ_LINE_WRAPPED_MAX + 1);
	for (size_t i = 0; i <= PMJ_LINE_WRAPPED_MAX; i++)
		big[i] = (char)(big[i] == '\n' ? 'x' : big[i]);
	line = (struct segment_line){big, PMJ_LINE_WRAPPED_MAX + 1};
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, &err), PMJ_TOO_BIG);
	/* 8 MiB that are not compressed, though they could be well. */
	for (size_t i = 0; i < 64; i++)
		many[i] = (struct segment_line){big, PMJ_LINE_WRAPPED_MAX};
	draft.lines = many;
	draft.count = 64;
	draft.test_store = true;
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, &err), PMJ_TOO_BIG);
	draft.test_store = false;
	draft.count = 4;
	draft.reader_pk = zero;
	assert_int_equal(
	    segment_seal(&out, chain, id, &draft, f->lane.writer, &err), PMJ_INTEGRITY);
	assert_int_equal(out.len, 0);
	free(big);
	buf_close(&out);
}

/* Into how many pieces its opening falls, at most so many. */
static int
pieces_of(struct fixture *f, const struct buf *file, int most)
{
	struct segment_opening *opening =
	    segment_opening_new(file->bytes, file->len, &f->expect, f->lane.reader);
	enum segment_fault fault = SEGMENT_OK;
	struct segment_open opened;
	int pieces = 0;

	assert_non_null(opening);
	assert_true(segment_opening_expects(opening, &f->expect));
	while (pieces++ < most && !segment_opening_step(opening, &opened, &fault))
		;
	assert_int_equal(fault, SEGMENT_OK);
	segment_opening_free(opening);
	segment_open_close(&opened);
	return pieces;
}

/* As many lines as a segment takes, repetitive (200 times is the limit) and not. */
static void
largest(void **state)
{
	struct fixture *f = *state;
	struct segment_line *lines = calloc(PMJ_SEGMENT_ENTRIES_MAX, sizeof(*lines));
	struct segment_draft draft = test_lane_draft(&f->lane, lines, PMJ_SEGMENT_ENTRIES_MAX);
	struct segment_open opened;
	uint8_t chain[32];
	uint8_t id[32];
	struct buf out;

	assert_non_null(lines);
	buf_init(&out, 0);
	test_lines(lines, PMJ_SEGMENT_ENTRIES_MAX, 11);
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, NULL), PMJ_OK);
	assert_int_equal(
	    segment_open(&opened, out.bytes, out.len, &f->expect, f->lane.reader), SEGMENT_OK);
	assert_int_equal(opened.count, PMJ_SEGMENT_ENTRIES_MAX);
	assert_memory_equal(opened.chain_after, chain, 32);
	segment_open_close(&opened);
	assert_in_range(pieces_of(f, &out, 1000), 10, 100);
	(void)pieces_of(f, &out, 5); /* given up in between */
	test_lines_free(lines, PMJ_SEGMENT_ENTRIES_MAX);
	for (size_t i = 0; i < PMJ_SEGMENT_ENTRIES_MAX; i++)
		lines[i] = f->lines[0];
	buf_clear(&out);
	assert_int_equal(segment_seal(&out, chain, id, &draft, f->lane.writer, NULL), PMJ_OK);
	assert_int_equal(
	    segment_open(&opened, out.bytes, out.len, &f->expect, f->lane.reader), SEGMENT_OK);
	assert_int_equal(opened.lines[4095].len, f->lines[0].len);
	segment_open_close(&opened);
	free(lines);
	buf_close(&out);
}

static void
names(void **state)
{
	(void)state;
	for (int a = SEGMENT_OK; a <= SEGMENT_NO_MEMORY; a++)
		for (int b = SEGMENT_OK; b < a; b++)
			assert_string_not_equal(segment_fault_name((enum segment_fault)a),
			    segment_fault_name((enum segment_fault)b));
	assert_string_equal(segment_fault_name(SEGMENT_EPOCH_GONE), "epoch_gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(fresh_each_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(locked_note, setup, teardown),
	    cmocka_unit_test_setup_teardown(flips, setup, teardown),
	    cmocka_unit_test_setup_teardown(truncated, setup, teardown),
	    cmocka_unit_test_setup_teardown(bad_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(not_here, setup, teardown),
	    cmocka_unit_test_setup_teardown(foreign_and_forged, setup, teardown),
	    cmocka_unit_test_setup_teardown(replayed_and_reordered, setup, teardown),
	    cmocka_unit_test_setup_teardown(seal_faults, setup, teardown),
	    cmocka_unit_test_setup_teardown(order_of_checks, setup, teardown),
	    cmocka_unit_test(padded_sizes),
	    cmocka_unit_test_setup_teardown(sealing_refuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(largest, setup, teardown),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
