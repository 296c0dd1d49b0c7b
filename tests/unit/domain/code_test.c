/* The code of a slip: whatever is mistyped is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "domain/code.h"

static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void
as_typed(void **state)
{
	static const uint8_t random[CODE_RANDOM] = {0, 1, 10, 31, 63, 200, 17, 255, 9};
	char code[CODE_CHARS + 1], read[CODE_CHARS + 1], shown[CODE_SHOWN_MAX];

	(void)state;
	code_make(code, random);
	assert_int_equal(strlen(code), CODE_CHARS);
	assert_true(code_read(read, code) && strcmp(read, code) == 0);
	assert_true(code_read(read, code_show(shown, code)) && strcmp(read, code) == 0);
	assert_int_equal(shown[5], '-');
	assert_true(code_read(read, "OooO0-00000") && strcmp(read, "0000000000") == 0);
	assert_false(code_read(read, ""));
	assert_false(code_read(read, "00000-0000"));
	assert_false(code_read(read, "00000-000000"));
	assert_false(code_read(read, "00000-0000u"));
	assert_false(code_read(read, "00000-0000\xc3"));
}

static void
mistyped(void **state)
{
	uint32_t seed = 1;
	char code[CODE_CHARS + 1], wrong[CODE_CHARS + 1], read[CODE_CHARS + 1];
	uint8_t random[CODE_RANDOM];

	(void)state;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < CODE_RANDOM; i++)
			random[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
		code_make(code, random);
		for (size_t i = 0; i < CODE_CHARS; i++) {
			memcpy(wrong, code, sizeof(wrong));
			for (const char *c = letters; *c != '\0'; c++) {
				wrong[i] = *c;
				assert_true(code_read(read, wrong) == (*c == code[i]));
			}
			memcpy(wrong, code, sizeof(wrong));
			if (i + 1 == CODE_CHARS || code[i] == code[i + 1])
				continue;
			wrong[i] = code[i + 1];
			wrong[i + 1] = code[i];
			assert_false(code_read(read, wrong));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_typed), cmocka_unit_test(mistyped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
