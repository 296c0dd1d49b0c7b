/* json_plain_test.c - the fast reader takes nothing that jansson refuses, and reads it the same. */
#include "check.h"
#include <string.h>

#include "base/json_plain.h"

static const char line[] =
    "{\"v\":1,\"n\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"kind\":\"person\",\"kv\":1,\"by\":\"00112233\","
    "\"at\":[1700000000000,0],\"rv\":-3,\"set\":{\"name\":\"Ma\xc3\xb1"
    "ana\",\"voided\":false,"
    "\"note\":null},\"was\":{\"name\":[\"0011\", \"2233\"]}}";

static json_t *
by_jansson(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

/* False: not plain. */
static bool
is_read_the_same(const char *text, size_t len)
{
	json_t *plain = json_plain(text, len, &json_limits_entry), *other;

	if (plain == NULL)
		return false;
	other = by_jansson(text, len);
	if (other == NULL || !json_equal(plain, other))
		fail_msg("read otherwise: %.*s", (int)len, text);
	json_decref(other);
	json_decref(plain);
	return true;
}

static void
test_lines_are_plain(void **state)
{
	static const char *const odd[] = {"{\"a\":\"\\n\"}", "{\"a\":1,\"a\":2}", "[1.0]", "[1e3]",
	    "[01]", "[-0]", "[1000000000000000]", "[-]", "{} {}", "{\"a\":1,}", "[1,]", "[,]", "",
	    " ", "{\"a\"}", "\"\xff\"", "\"\xc3(\"", "\"a\nb\"", "nul", "[[[[[[[[[1]]]]]]]]]",
	    "{\"\xc3\xb1\":1}"};
	static const char *const plain[] = {"0", "-1", "\"\"", "null", " [ true , { } ] ",
	    "[[[[[[[[1]]]]]]]]", "[999999999999999]"};

	(void)state;
	assert_true(is_read_the_same(line, strlen(line)));
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		assert_true(is_read_the_same(plain[i], strlen(plain[i])));
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		assert_false(is_read_the_same(odd[i], strlen(odd[i])));
}

/* A line with some bytes replaced by others that matter, and cut. */
static void
test_broken_lines(void **state)
{
	static const char bytes[] = "\"{}[],:\\ 0129-+.eE\x01\x7f\x80\xc3tfn\n";
	char text[sizeof(line)];
	uint32_t random = 20261128;
	int taken = 0;

	(void)state;
	for (int turn = 0; turn < 200000; turn++) {
		size_t len = strlen(line);

		memcpy(text, line, sizeof(line));
		for (uint32_t i = 0; i < 1 + random % 3; i++) {
			random = random * 1664525 + 1013904223;
			text[(random >> 8) % len] = bytes[(random >> 4) % (sizeof(bytes) - 1)];
		}
		random = random * 1664525 + 1013904223;
		if ((random >> 28) == 0)
			len = (random >> 8) % len;
		taken += is_read_the_same(text, len);
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_are_plain), cmocka_unit_test(test_broken_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
