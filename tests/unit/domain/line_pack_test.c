/* line_pack_test.c - a line packed comes back byte for byte; what was not packed here does not, and
 * costs no more than a line may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "domain/line_pack.h"

#define BY "00112233445566778899aabbccddeeff"
#define REC "0000000000000001"
#define HEAD "{\"v\":1,\"n\":\"AAECAwQFBgcICQoLDA0ODw\",\"kind\":\"contact\",\"kv\":4,"

static const uint8_t by[PMJ_DEVICE_BYTES] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
static const uint8_t rec[PMJ_RECORD_BYTES] = {[9] = 1};
static const struct line_beside beside = {.by = by, .rec = rec, .pt = 1795000000123};

/* The bytes it takes. */
static size_t
there_and_back(const char *line, size_t len, const struct line_beside *with)
{
	struct buf packed, out;
	size_t took;

	buf_init(&packed, 0);
	buf_init(&out, 0);
	line_pack(&packed, line, len, with);
	assert_true(line_unpack(&out, packed.bytes, packed.len, with));
	assert_int_equal(out.len, len);
	assert_memory_equal(buf_text(&out), line, len);
	assert_true(packed.len <= len + 1);
	took = packed.len;
	buf_close(&packed);
	buf_close(&out);
	return took;
}

static size_t
text_back(const char *line)
{
	return there_and_back(line, strlen(line), &beside);
}

static void
test_lines(void **state)
{
	static const char contact[] =
	    HEAD "\"by\":\"" BY "\",\"at\":[1795000000123,0],\"rv\":3,\"set\":{\"person\":"
	         "\"7k3f900000000001\",\"kind\":\"phone\",\"on\":\"2026-11-18\",\"minutes\":20,"
	         "\"note\":\"alieleza kuhusu mkopo; wants somebody along\"}}";
	static const char edit[] =
	    HEAD "\"rec\":\"" REC "\",\"by\":\"" BY "\",\"at\":[1795000000123,0],\"rv\":3,\"set\":"
	         "{\"state\":\"done\"},\"was\":{\"state\":[\"000102030405060708090a0b0c0d0e0f\"]},"
	         "\"do\":\"done\"}";

	(void)state;
	assert_true(text_back(contact) < strlen(contact) * 2 / 5);
	assert_true(text_back(edit) < 80);
	/* What stands beside it is somebody else's: longer, and whole all the same. */
	assert_true(
	    there_and_back(edit, strlen(edit),
	        &(struct line_beside){.by = NULL, .rec = NULL, .pt = 7}) > text_back(edit) + 24);
}

/* Journals are full of these: whatever packs otherwise reads them still. */
static void
test_earlier_forms(void **state)
{
	static const char text[] =
	    "{\"v\":1,\"kind\":\"contact\",\"set\":{\"note\":\"spoke of work\"}}";
	uint8_t form_0[sizeof(text)] = {0};
	struct buf packed, form_1, out;

	(void)state;
	buf_init(&packed, 0);
	buf_init(&form_1, 0);
	buf_init(&out, 0);
	memcpy(form_0 + 1, text, sizeof(text) - 1);
	assert_true(line_unpack(&out, form_0, sizeof(text), &beside));
	assert_int_equal(out.len, sizeof(text) - 1);
	/* A frame with its heads: no runs here, and the window that zstd gives a short one. */
	line_pack(&packed, text, sizeof(text) - 1, &beside);
	assert_int_equal(packed.bytes[0], 2);
	assert_int_equal(packed.bytes[1], 0);
	buf_put_u8(&form_1, 1);
	buf_put_u8(&form_1, 0);
	buf_put_u8(&form_1, 0);
	buf_put_u8(&form_1, 0);
	buf_put_u8(&form_1, (uint8_t)((packed.len - 2) << 3 | 5));
	buf_put_u8(&form_1, (uint8_t)((packed.len - 2) >> 5));
	buf_put_u8(&form_1, 0);
	buf_put(&form_1, packed.bytes + 2, packed.len - 2);
	out.len = 0;
	assert_true(line_unpack(&out, form_1.bytes, form_1.len, &beside));
	assert_int_equal(out.len, sizeof(text) - 1);
	assert_memory_equal(buf_text(&out), text, out.len);
	buf_close(&packed);
	buf_close(&form_1);
	buf_close(&out);
}

/* What only looks like an id, and what is no line at all. */
static void
test_anything(void **state)
{
	static const char *const texts[] = {"", "{", "\"", "\"\"", "\"0",
	    "{\"a\":\"00000000000000ZZ\"}",
	    "{\"a\":\"oooooooooooooooo\",\"b\":\"AAECAwQFBgcICQoLDA0ODz\"}",
	    "{\"a\":\"00112233445566778899AABBCCDDEEFF\"}",
	    "{\"at\":[1795000000123]},\"at\":[1795000000123,\"at\":[1795000000123,",
	    "{\"at\":[17950000001234,0]}", "\"at\":[", "\"at\":[1795000000123",
	    "{\"a\":\"one\\\"" BY "\\\"\"}", "{\"h\":\"" BY BY "\"}", "\001\002\003",
	    "\"" BY "\"\007", "habari ya leo habari ya leo habari ya leo habari ya leo"};
	char bytes[600];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)text_back(texts[i]);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i * 7919 >> 3);
	for (size_t len = 0; len < sizeof(bytes); len++)
		(void)there_and_back(bytes, len, &beside);
}

static void
test_long(void **state)
{
	static char line[LINE_PLAIN_MAX + 2];
	struct buf out;

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_true(there_and_back(line, LINE_PLAIN_MAX, &beside) < 100);
	(void)there_and_back(line, LINE_PLAIN_MAX + 1, &beside); /* as it is */
	buf_init(&out, 0);
	/* Ids by the thousand: more than a packed line holds. */
	for (int i = 0; i < 3000; i++)
		buf_put_text(&out, "\"7k3f900000000001\",");
	(void)there_and_back(buf_text(&out), out.len, &beside);
	buf_close(&out);
}

/* Cut, changed, or never packed: refused or something else, and never more than a line may be. */
static void
test_damaged(void **state)
{
	static const char line[] = HEAD "\"by\":\"" BY "\",\"at\":[1795000000123,0],\"x\":\"" REC
	                                "\",\"set\":{\"person\":\"7k3f900000000001\"}}";
	struct buf packed, out;

	(void)state;
	buf_init(&packed, 0);
	buf_init(&out, 0);
	line_pack(&packed, line, strlen(line), &beside);
	assert_int_equal(packed.bytes[0], 2);
	for (size_t len = 0; len < packed.len; len++) {
		out.len = 0;
		assert_false(line_unpack(&out, packed.bytes, len, &beside));
		assert_int_equal(out.len, 0);
	}
	for (size_t i = 0; i < packed.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			packed.bytes[i] ^= (uint8_t)(1 << bit);
			out.len = 0;
			if (!line_unpack(&out, packed.bytes, packed.len, &beside))
				assert_int_equal(out.len, 0);
			assert_true(out.len <= LINE_PLAIN_MAX);
			packed.bytes[i] ^= (uint8_t)(1 << bit);
		}
	out.len = 0;
	/* Nothing stands beside it that it could be completed by. */
	assert_false(line_unpack(&out, packed.bytes, packed.len, &(struct line_beside){.pt = 1}));
	assert_false(line_unpack(&out, (const uint8_t *)"{\"v\":1}", 7, &beside));
	assert_int_equal(out.len, 0);
	buf_close(&packed);
	buf_close(&out);
}

/* A frame of marks alone, each of which stands for 32 characters: it must not grow past what a line
 * may be. Written by hand: no line packs to it. */
static void
test_swells(void **state)
{
	const size_t fits = LINE_PLAIN_MAX / 32, marks[] = {fits, fits + 1};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint32_t head = (uint32_t)marks[i] << 3 | 1; /* a block as it is, the last */
		struct buf packed, out;
		bool good;

		buf_init(&packed, 0);
		buf_init(&out, 0);
		buf_put_u8(&packed, 1);
		buf_put_u8(&packed, 0);
		buf_put_u8(&packed, 0);
		buf_put_u8(&packed, 8 << 3);
		for (int k = 0; k < 3; k++)
			buf_put_u8(&packed, (uint8_t)(head >> 8 * k));
		for (size_t k = 0; k < marks[i]; k++)
			buf_put_u8(&packed, 5); /* MARK_BY */
		good = line_unpack(&out, packed.bytes, packed.len, &beside);
		assert_int_equal(good, marks[i] == fits);
		assert_int_equal(out.len, good ? fits * 32 : 0);
		buf_close(&packed);
		buf_close(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_earlier_forms), cmocka_unit_test(test_anything),
	    cmocka_unit_test(test_long), cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_swells)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
