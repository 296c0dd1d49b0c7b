/* What an enrolled but hostile writer can put inside a segment it signs: each refused with its own
 * reason, within bounds. */
#include "check.h"

#include <zstd.h>

#include "base/mem.h"
#include "test_inner.h"
#include "test_segment.h"

struct plain { /* says anything about itself */
	uint8_t pack;
	uint32_t body_len;
	uint32_t raw_len;
	uint64_t first_seq;
	uint32_t count;
	const uint8_t *before;
	const uint8_t *after;
	const uint8_t *body;
	size_t body_bytes;
	uint32_t padded; /* 0: as the rule says */
};

static struct test_lane lane;
static bool any_place;        /* the reader expects no place in the lane */
static uint8_t chain_two[32]; /* after the lines "one" and "two" */

static int
setup(void **state)
{
	uint8_t e[32];

	(void)state;
	test_lane_open(&lane);
	memcpy(chain_two, lane.chain, 32);
	chain_entry(e, "one", 3);
	chain_lane_next(chain_two, e);
	chain_entry(e, "two", 3);
	chain_lane_next(chain_two, e);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_lane_close(&lane);
	return 0;
}

static struct plain
stored(const char *body)
{
	return (struct plain){.body_len = (uint32_t)strlen(body),
	    .raw_len = (uint32_t)strlen(body),
	    .first_seq = 1,
	    .count = 2,
	    .before = lane.chain,
	    .after = chain_two,
	    .body = (const uint8_t *)body,
	    .body_bytes = strlen(body)};
}

static void
plain_put(struct buf *out, const struct plain *p)
{
	uint32_t padded =
	    p->padded != 0 ? p->padded : segment_padded((uint32_t)(96 + p->body_bytes));

	buf_put_text(out, "PMJP");
	buf_put_u8(out, p->pack);
	buf_put_zeros(out, 3);
	buf_put_u32(out, p->body_len);
	buf_put_u32(out, p->raw_len);
	buf_put_u64(out, p->first_seq);
	buf_put_u32(out, p->count);
	buf_put_zeros(out, 4);
	buf_put(out, p->before, 32);
	buf_put(out, p->after, 32);
	buf_put(out, p->body, p->body_bytes);
	buf_put_zeros(out, padded - 96 - p->body_bytes);
	assert_int_equal(out->failed, PMJ_OK);
}

/* Sealed and signed by the true writer, opened as the reader does. */
static const char *
opened_as(const struct buf *plain)
{
	struct segment_expect expect = test_lane_expect(&lane);
	struct segment_open opened;
	enum segment_fault fault;
	struct buf file;

	if (any_place) {
		expect.segno = 0;
		expect.prev = NULL;
		expect.first_seq = 0;
		expect.chain = NULL;
	}
	buf_init(&file, 0);
	test_forge(&file, &lane, plain->bytes, plain->len, 0);
	fault = segment_open(&opened, file.bytes, file.len, &expect, lane.reader);
	assert_true(fault == SEGMENT_OK || fault == SEGMENT_BAD_PADDED_SIZE ||
	            segment_fault_is_signed(fault));
	if (fault == SEGMENT_OK)
		assert_int_equal(opened.count, 2);
	else
		assert_null(opened.lines);
	segment_open_close(&opened);
	buf_close(&file);
	return segment_fault_name(fault);
}

static const char *
fault_of(const struct plain *p)
{
	const char *name;
	struct buf plain;

	buf_init(&plain, 0);
	plain_put(&plain, p);
	name = opened_as(&plain);
	buf_close(&plain);
	return name;
}

static void
good(void **state)
{
	struct plain p = stored("one\ntwo\n");

	(void)state;
	assert_string_equal(fault_of(&p), "ok");
}

static void
fields(void **state)
{
	static const size_t at[] = {0, 3, 4, 5, 7, 28, 31};
	struct plain p = stored("one\ntwo\n");
	struct buf plain;

	(void)state;
	buf_init(&plain, 0);
	plain_put(&plain, &p);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		plain.bytes[at[i]] ^= 2;
		assert_string_equal(opened_as(&plain), "bad_plaintext");
		plain.bytes[at[i]] ^= 2;
	}
	assert_string_equal(opened_as(&plain), "ok");
	buf_close(&plain);
	p.body_len = 4001;
	assert_string_equal(fault_of(&p), "bad_plaintext");
	p.body_len = UINT32_MAX;
	assert_string_equal(fault_of(&p), "bad_plaintext");
	p.body_len = 8;
	p.raw_len = 9; /* stored, but says another size */
	assert_string_equal(fault_of(&p), "bad_plaintext");
}

static void
padding(void **state)
{
	struct plain p = stored("one\ntwo\n");
	struct buf plain;

	(void)state;
	buf_init(&plain, 0);
	plain_put(&plain, &p);
	for (size_t at = 96 + 8; at < 4096; at += 497) {
		plain.bytes[at] = 1;
		assert_string_equal(opened_as(&plain), "bad_padding");
		plain.bytes[at] = 0;
	}
	plain.bytes[4095] = 0x80;
	assert_string_equal(opened_as(&plain), "bad_padding");
	buf_close(&plain);
	p.padded = 4352; /* a legal size, but not the one for so few bytes */
	assert_string_equal(fault_of(&p), "bad_padding");
	p.padded = 4097;
	assert_string_equal(fault_of(&p), "bad_padded_size");
	p.padded = 0;
	p.body_len = 7; /* the last "\n" now lies in the padding */
	p.raw_len = 7;
	assert_string_equal(fault_of(&p), "bad_padding");
}

static size_t
pack(uint8_t *out, size_t room, const void *raw, size_t len, int window_log)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t packed;

	assert_non_null(zstd);
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (window_log > 0) {
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
	}
	packed = ZSTD_compress2(zstd, out, room, raw, len);
	assert_false(ZSTD_isError(packed));
	(void)ZSTD_freeCCtx(zstd);
	return packed;
}

static struct plain
packed(const uint8_t *body, size_t len, uint32_t raw_len)
{
	struct plain p = stored("");

	p.pack = 1;
	p.body = body;
	p.body_bytes = len;
	p.body_len = (uint32_t)len;
	p.raw_len = raw_len;
	return p;
}

static void
compression(void **state)
{
	static const char raw[] = "one\ntwo\n";
	static const uint8_t skippable[8] = {0x50, 0x2a, 0x4d, 0x18};
	uint8_t body[256];
	size_t len = pack(body, sizeof(body), raw, 8, 0);
	struct plain p = packed(body, len, 8);

	(void)state;
	assert_string_equal(fault_of(&p), "ok");
	p.raw_len = 7; /* stop at raw_len */
	assert_string_equal(fault_of(&p), "bad_compression");
	p.raw_len = 9;
	assert_string_equal(fault_of(&p), "bad_compression");
	p.raw_len = 8;
	body[0] ^= 1;
	assert_string_equal(fault_of(&p), "bad_compression");
	body[0] ^= 1;
	body[4] |= 1; /* names a dictionary that does not ship */
	assert_string_equal(fault_of(&p), "bad_compression");
	body[4] ^= 1;
	body[len - 1] ^= 1; /* content checksum */
	assert_string_equal(fault_of(&p), "bad_compression");
	body[len - 1] ^= 1;
	p.body_len--; /* cut: the byte that is left over lies in the padding */
	p.body_bytes--;
	assert_string_equal(fault_of(&p), "bad_compression");
	p.body_len += 2; /* something follows the frame */
	p.body_bytes += 2;
	body[len] = 'x';
	assert_string_equal(fault_of(&p), "bad_compression");
	memcpy(body + len, skippable, 8); /* a skippable frame behind */
	p = packed(body, len + 8, 8);
	assert_string_equal(fault_of(&p), "bad_compression");
	memmove(body + 8, body, len); /* and in front */
	memcpy(body, skippable, 8);
	p = packed(body, len + 8, 8);
	assert_string_equal(fault_of(&p), "bad_compression");
	p = packed(body, 3, 8);
	assert_string_equal(fault_of(&p), "bad_compression");
}

/* What we write names the dictionary that ships; another number, or its name over a frame that was
 * packed without it, is refused. */
static void
dictionary(void **state)
{
	static const char text[] =
	    "{\"v\":1,\"n\":\"ZQlXjrGxBek28nlVgiJtqg\",\"kind\":\"contact\",\"kv\":2}";
	const struct segment_line line = {.bytes = text, .len = sizeof(text) - 1};
	const struct segment_line lines[] = {line, line};
	const struct segment_draft draft = {.lines = lines, .count = 2};
	uint8_t chain[32], body[256];
	struct plain p;
	struct pmj_error err;
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, 0);
	memcpy(chain, lane.chain, sizeof(chain));
	check_ok(segment_inner_write(&out, chain, &draft, 1, &err), &err);
	len = get_le32(out.bytes + 8);
	assert_true(len < sizeof(text)); /* of two: 22 bytes of chance, and what every line has */
	memcpy(body, out.bytes + SEGMENT_INNER_HEAD_BYTES, len);
	buf_close(&out);
	assert_int_equal(ZSTD_getDictID_fromFrame(body, len), 40001);
	p = packed(body, len, 2 * sizeof(text));
	p.after = chain;
	assert_string_equal(fault_of(&p), "ok");
	assert_int_equal(
	    body[4] & 0x23, 0x22); /* no window, so the two bytes of its number follow */
	body[5] ^= 1;
	assert_string_equal(fault_of(&p), "bad_compression");
	body[5] ^= 1;
	assert_string_equal(fault_of(&p), "ok");
}

static void
bombs(void **state)
{
	static const uint8_t two_lines[8] = {'o', 'n', 'e', '\n', 't', 'w', 'o', '\n'};
	const size_t most = 20u << 20;
	char *raw = calloc(1, most);
	uint8_t *body = malloc(ZSTD_compressBound(most));
	struct plain p;
	size_t len;

	(void)state;
	assert_non_null(raw);
	assert_non_null(body);
	len = pack(body, ZSTD_compressBound(most), raw, 1u << 20, 0);
	p = packed(body, len, 1u << 20); /* honest, and 1 MiB out of some 60 bytes */
	assert_string_equal(fault_of(&p), "bad_compression");
	p.raw_len = (uint32_t)len * 200; /* says less than comes */
	assert_string_equal(fault_of(&p), "bad_compression");
	p.raw_len = UINT32_MAX;
	assert_string_equal(fault_of(&p), "bad_compression");
	/* Not a bomb by its rate, but by its size or window. */
	for (size_t i = 0; i < most; i += 3)
		raw[i] = (char)(i * 2654435761u >> 13);
	len = pack(body, ZSTD_compressBound(most), raw, (16u << 20) + 1, 0);
	p = packed(body, len, (16u << 20) + 1);
	if (96 + len < PMJ_SEGMENT_FILE_MAX - 4096)
		assert_string_equal(fault_of(&p), "bad_compression");
	memcpy(raw, two_lines, sizeof(two_lines));
	len = pack(body, ZSTD_compressBound(most), raw, 8, 22);
	p = packed(body, len, 8);
	assert_string_equal(fault_of(&p), "ok");
	body[5] = (23 - 10) << 3; /* the window descriptor, where libzstd would not look */
	assert_string_equal(fault_of(&p), "bad_compression");
	body[5] = (22 - 10) << 3 | 1;
	assert_string_equal(fault_of(&p), "bad_compression");
	body[5] = 0;
	assert_string_equal(fault_of(&p), "ok");
	free(raw);
	free(body);
}

static void
count_and_sequence(void **state)
{
	struct plain p = stored("one\ntwo\n");

	(void)state;
	for (uint32_t count = 0; count < 6; count++) {
		p.count = count;
		if (count != 2)
			assert_string_equal(fault_of(&p), "bad_count");
	}
	p.count = 4097;
	assert_string_equal(fault_of(&p), "bad_count");
	p.count = UINT32_MAX;
	assert_string_equal(fault_of(&p), "bad_count");
	p = stored("one\ntwo"); /* the last is not ended */
	assert_string_equal(fault_of(&p), "bad_count");
	p = stored("one\ntwo\nx");
	assert_string_equal(fault_of(&p), "bad_count");
	p = stored("");
	assert_string_equal(fault_of(&p), "bad_count");
	p = stored("one\ntwo\n");
	p.first_seq = 2;
	assert_string_equal(fault_of(&p), "bad_count");
	p.first_seq = 0;
	assert_string_equal(fault_of(&p), "bad_count");
	p.first_seq = UINT64_MAX;
	assert_string_equal(fault_of(&p), "bad_count");
}

static void
chains(void **state)
{
	struct plain p = stored("one\ntwo\n");
	uint8_t other[32];

	(void)state;
	memcpy(other, chain_two, 32);
	other[31] ^= 1;
	p.after = other;
	assert_string_equal(fault_of(&p), "bad_chain");
	p = stored("two\none\n");
	assert_string_equal(fault_of(&p), "bad_chain");
	p = stored("one\ntwo\n");
	memcpy(other, chain_two, 32); /* consistent, but not from where this lane stands */
	for (int i = 0; i < 2; i++) {
		uint8_t e[32];

		chain_entry(e, i == 0 ? "one" : "two", 3);
		chain_lane_next(other, e);
	}
	p.before = chain_two;
	p.after = other;
	assert_string_equal(fault_of(&p), "bad_chain");
	any_place = true; /* nor where a first segment stands, when the reader takes any */
	assert_string_equal(fault_of(&p), "bad_chain");
	p = stored("one\ntwo\n");
	assert_string_equal(fault_of(&p), "ok");
	any_place = false;
}

/* A key that opens is not enough: the commitment must be the key's. */
static void
commitment(void **state)
{
	struct segment_expect expect = test_lane_expect(&lane);
	struct plain p = stored("one\ntwo\n");
	struct segment_open opened;
	struct buf plain;
	struct buf file;

	(void)state;
	buf_init(&plain, 0);
	buf_init(&file, 0);
	plain_put(&plain, &p);
	test_forge(&file, &lane, plain.bytes, plain.len, 1);
	assert_string_equal(
	    segment_fault_name(segment_open(&opened, file.bytes, file.len, &expect, lane.reader)),
	    "bad_seal");
	buf_close(&plain);
	buf_close(&file);
}

/* Limits that hold where nothing is expected of the numbers. */
static void
limits(void **state)
{
	const struct segment_expect any = {.lane = LANE_UP};
	struct plain p = stored("one\ntwo\n");
	struct segment_open opened;
	struct buf body;
	struct buf plain;

	(void)state;
	buf_init(&plain, 0);
	buf_init(&body, 0);
	static const uint64_t seqs[] = {0, UINT64_MAX - 1, UINT64_MAX};
	for (size_t i = 0; i < 3; i++) {
		buf_clear(&plain);
		p.first_seq = seqs[i];
		plain_put(&plain, &p);
		assert_string_equal(
		    segment_fault_name(test_inner_read(&opened, plain.bytes, plain.len, &any)),
		    "bad_count");
	}
	for (size_t count = 4096; count <= 4097; count++) {
		uint8_t e[32];
		uint8_t after[32];

		buf_clear(&body);
		buf_clear(&plain);
		memcpy(after, lane.chain, 32);
		chain_entry(e, "x", 1);
		for (size_t i = 0; i < count; i++) {
			buf_put_text(&body, "x\n");
			chain_lane_next(after, e);
		}
		p = stored(buf_text(&body));
		p.count = (uint32_t)count;
		p.after = after;
		plain_put(&plain, &p);
		assert_string_equal(
		    segment_fault_name(test_inner_read(&opened, plain.bytes, plain.len, &any)),
		    count == 4096 ? "ok" : "bad_count");
		segment_open_close(&opened);
	}
	buf_close(&body);
	buf_close(&plain);
}

/* What segment_inner_write makes, read back without the sealing: flips of the plaintext never crash
 * the reader. */
static void
flips(void **state)
{
	struct segment_line lines[3];
	struct segment_draft draft;
	struct segment_expect expect = test_lane_expect(&lane);
	struct segment_open opened;
	struct buf plain;
	uint8_t chain[32];

	(void)state;
	test_lines(lines, 3, 5);
	draft = test_lane_draft(&lane, lines, 3);
	buf_init(&plain, 0);
	memcpy(chain, lane.chain, 32);
	assert_int_equal(segment_inner_write(&plain, chain, &draft, 1, NULL), PMJ_OK);
	for (size_t bit = 0; bit < plain.len * 8; bit++) {
		plain.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (test_inner_read(&opened, plain.bytes, plain.len, &expect) == SEGMENT_OK) {
			/* Some bits of a compressed frame mean nothing; then the lines are the
			 * same. */
			assert_int_equal(opened.count, 3);
			assert_memory_equal(opened.chain_after, chain, 32);
		}
		segment_open_close(&opened);
		plain.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	test_lines_free(lines, 3);
	buf_close(&plain);
}

/* Packed in pieces of any size it is one frame, which opens to the same lines; what does not pack
 * is stored, and a line that is none is refused at once. */
static void
pieces(void **state)
{
	static const size_t sizes[] = {1, 100, 5000, 1u << 20};
	struct segment_line lines[40];
	struct segment_draft draft;
	struct segment_open opened;
	struct segment_expect expect = {.lane = LANE_UP};
	struct pmj_error err;
	struct segment_pack *pack;
	uint8_t chain[32];
	struct buf plain;

	(void)state;
	test_lines(lines, 40, 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		bool done = false;
		size_t steps = 0;

		draft = test_lane_draft(&lane, lines, 40);
		check_ok(segment_pack_new(&pack, lines, 40, &err), &err);
		for (; !done; steps++)
			check_ok(segment_pack_step(pack, sizes[i], &done, &err), &err);
		assert_int_equal(steps, (segment_pack_taken(pack) + sizes[i] - 1) / sizes[i]);
		draft.pack = pack;
		buf_init(&plain, 0);
		memcpy(chain, lane.chain, 32);
		check_ok(segment_inner_write(&plain, chain, &draft, 1, &err), &err);
		assert_int_equal(
		    plain.bytes[INNER_AT_PACK], sizes[i] == 1 ? INNER_PACK_NONE : INNER_PACK_ZSTD);
		assert_int_equal(segment_pack_file_bytes(pack),
		    plain.len + SEGMENT_OVERHEAD_BYTES + PRIM_TAG_BYTES);
		assert_int_equal(
		    test_inner_read(&opened, plain.bytes, plain.len, &expect), SEGMENT_OK);
		assert_int_equal(opened.count, 40);
		assert_memory_equal(opened.chain_after, chain, 32);
		segment_open_close(&opened);
		segment_pack_free(pack);
		buf_close(&plain);
	}
	lines[7].len = 0;
	check_code(segment_pack_new(&pack, lines, 40, &err), PMJ_INVALID);
	assert_null(pack);
	lines[7].len = strlen(lines[7].bytes);
	test_lines_free(lines, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(padding),
	    cmocka_unit_test(compression),
	    cmocka_unit_test(dictionary),
	    cmocka_unit_test(bombs),
	    cmocka_unit_test(count_and_sequence),
	    cmocka_unit_test(chains),
	    cmocka_unit_test(commitment),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(flips),
	    cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
