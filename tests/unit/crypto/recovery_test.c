#include <ctype.h>

#include "check.h"
#include "crypto/prim.h"
#include "crypto/recovery.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static struct pmj_error err;

static void
test_known(void **state)
{
	uint8_t code[RECOVERY_BYTES], back[RECOVERY_BYTES];
	char text[RECOVERY_CHARS + 1];

	(void)state;
	/* 1: the value itself is the check. 2^160 - 1: reckoned with another program, 2^160 - 1 =
	 * 339 mod 1021. */
	memset(code, 0, sizeof(code));
	code[RECOVERY_BYTES - 1] = 1;
	recovery_text(text, code);
	assert_string_equal(text, "0000-0000-0000-0000-0000-0000-0000-0001-01");
	memset(code, 0xff, sizeof(code));
	recovery_text(text, code);
	assert_string_equal(text, "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-AK");
	for (uint8_t i = 0; i < RECOVERY_BYTES; i++)
		code[i] = (uint8_t)(i * 13 + 7);
	recovery_text(text, code);
	assert_int_equal(strlen(text), RECOVERY_CHARS);
	check_ok(recovery_parse(back, text, &err), &err);
	assert_memory_equal(back, code, sizeof(code));
}

static void
test_as_typed(void **state)
{
	uint8_t code[RECOVERY_BYTES] = {0}, back[RECOVERY_BYTES];
	char text[RECOVERY_CHARS + 1];

	(void)state;
	code[RECOVERY_BYTES - 1] = 1;
	check_ok(recovery_parse(back, " oooo OOOO 0000 0000 0000 0000 0000 000l 0I\n", &err), &err);
	assert_memory_equal(back, code, sizeof(code));
	for (int n = 0; n < 200; n++) {
		prim_random(code, sizeof(code));
		recovery_text(text, code);
		for (char *c = text; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		check_ok(recovery_parse(back, text, &err), &err);
		assert_memory_equal(back, code, sizeof(code));
	}
}

static void
test_mistyped(void **state)
{
	uint8_t code[RECOVERY_BYTES], back[RECOVERY_BYTES];
	char text[RECOVERY_CHARS + 1], wrong[RECOVERY_CHARS + 1];

	(void)state;
	prim_random(code, sizeof(code));
	recovery_text(text, code);
	for (size_t i = 0; i < RECOVERY_CHARS; i++) {
		if (text[i] == '-')
			continue;
		for (const char *c = alphabet; *c != '\0'; c++) {
			memcpy(wrong, text, sizeof(text));
			wrong[i] = *c;
			if (*c != text[i])
				check_code(recovery_parse(back, wrong, &err), PMJ_INVALID);
		}
		/* Neighbours swapped, also across a dash; not across data and check. */
		for (size_t j = i + 1; j < RECOVERY_CHARS - 2; j++) {
			if (text[j] == '-')
				continue;
			memcpy(wrong, text, sizeof(text));
			wrong[i] = text[j];
			wrong[j] = text[i];
			if (text[i] != text[j])
				check_code(recovery_parse(back, wrong, &err), PMJ_INVALID);
			break;
		}
	}
	check_code(recovery_parse(back, "", &err), PMJ_INVALID);
	check_code(recovery_parse(back, text + 1, &err), PMJ_INVALID);
	check_code(
	    recovery_parse(back, "U000-0000-0000-0000-0000-0000-0000-0001-01", &err), PMJ_INVALID);
	assert_null(strstr(err.message, "U000"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_as_typed),
	    cmocka_unit_test(test_mistyped),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
