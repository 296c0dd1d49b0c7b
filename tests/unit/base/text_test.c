/* text_test.c - encodings, folding and distances. */
#include "check.h"
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
test_encodings_return(void **state)
{
	uint8_t in[40], out[40];
	char text[100];

	(void)state;
	for (unsigned n = 0; n <= 40; n++) {
		for (size_t i = 0; i < n; i++)
			in[i] = (uint8_t)((i * 37 + n * 11) & 255);
		assert_true(text_unhex(out, n, text_hex(text, in, n)));
		assert_int_equal(memcmp(in, out, n), 0);
		(void)text_base32(text, in, n);
		assert_true(text_unbase32(out, n, text, strlen(text)));
		assert_int_equal(memcmp(in, out, n), 0);
		assert_true(text_unbase64(out, n, text_base64(text, in, n)));
		assert_int_equal(memcmp(in, out, n), 0);
	}
}

static void
test_encodings_refuse(void **state)
{
	uint8_t out[8];

	(void)state;
	assert_false(text_unhex(out, 2, "12g4"));
	assert_false(text_unhex(out, 2, "123"));
	assert_false(text_unhex(out, 2, "12345"));
	assert_false(text_unbase32(out, 1, "0u", 2)); /* u is no Crockford digit */
	assert_false(text_unbase32(out, 1, "01", 2)); /* spare bits */
	assert_true(text_unbase32(out, 1, "O0", 2));  /* o is 0 */
	assert_false(text_unbase64(out, 1, "AB"));    /* spare bits */
	assert_false(text_unbase64(out, 1, "AA=="));
	assert_false(text_unbase64(out, 3, "AA+A"));
}

/* ASCII goes a way of its own: every byte must come out as it does in company of a letter beyond.
 */
static void
test_fold_ascii_as_all(void **state)
{
	(void)state;
	for (int c = 1; c < 0x80; c++) {
		char plain[8] = {'Q', (char)c, 'q', '\0'}, more[8] = {'Q', (char)c, 'q'};
		char *a, *b;

		memcpy(more + 3, "\xc3\x89", 2);
		a = text_fold(plain);
		b = text_fold(more);
		assert_int_equal(strlen(b), strlen(a) + 1);
		assert_memory_equal(a, b, strlen(a));
		assert_int_equal(b[strlen(a)], 'e');
		free(a);
		free(b);
	}
}

static void
test_fold(void **state)
{
	(void)state;
	assert_true(text_same("  Jos\xc3\xa9  PE\xc3\x91"
	                      "A ",
	    "jose pen\xcc\x83"
	    "a"));
	assert_true(text_same("STRA\xc3\x9f"
	                      "E",
	    "strasse"));
	assert_false(text_same("juma", "jumaa"));
	assert_true(text_is_utf8("\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", 8));
	assert_false(text_is_utf8("\xc0\xaf", 2));     /* overlong */
	assert_false(text_is_utf8("\xed\xa0\x80", 3)); /* surrogate */
	assert_false(text_is_utf8("a\0b", 3));
}

static void
test_nearest(void **state)
{
	const char *const names[] = {"person", "consent", "contact", "referral"};

	(void)state;
	assert_string_equal(text_nearest("persn", names, 4), "person");
	assert_string_equal(text_nearest("contcat", names, 4), "contact");
	assert_string_equal(text_nearest("refer", names, 4), "referral");
	assert_null(text_nearest("zzzzzz", names, 4));
	assert_int_equal(text_distance("abcd", "abdc"), 1);
	assert_int_equal(text_distance("", "abc"), 3);
}

static void
test_steers(void **state)
{
	static const struct {
		const char *at;
		size_t bytes;
	} cases[] = {{"a", 0}, {"\n", 0}, {"\t", 0}, {"", 0}, {"\033[2J", 1}, {"\r", 1},
	    {"\177", 1}, {"\xc2\x9b", 2}, {"\xc2\xa0", 0}, {"\xd8\x9c", 2}, {"\xd8\xa7", 0},
	    {"\xe2\x80\x8c", 0}, {"\xe2\x80\x8d", 0}, {"\xe2\x80\x8e", 3}, {"\xe2\x80\x8f", 3},
	    {"\xe2\x80\xa7", 0}, {"\xe2\x80\xa8", 3}, {"\xe2\x80\xae", 3}, {"\xe2\x80\xaf", 0},
	    {"\xe2\x81\xa5", 0}, {"\xe2\x81\xa6", 3}, {"\xe2\x81\xa9", 3}, {"\xe2\x81\xaa", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (text_steers(cases[i].at) != cases[i].bytes)
			fail_msg("case %zu: %zu", i, text_steers(cases[i].at));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_encodings_return),
	    cmocka_unit_test(test_encodings_refuse), cmocka_unit_test(test_fold),
	    cmocka_unit_test(test_fold_ascii_as_all), cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_steers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
