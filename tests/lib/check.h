/* check.h - cmocka with what every test of ours needs. Header only. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/** A call that must succeed; its message is shown when it does not. */
#define check_ok(call, err)                                                                        \
	do {                                                                                       \
		if ((call) != PMJ_OK)                                                              \
			fail_msg("%s: %s", #call, (err)->message);                                 \
	} while (0)
/** A call that must fail with this code. */
#define check_code(call, want) assert_string_equal(pmj_code_name(call), pmj_code_name(want))

/** bytes are exactly these hex digits. */
static inline void
check_hex(const uint8_t *bytes, size_t count, const char *want)
{
	char got[513];

	assert_true(count <= 256);
	assert_string_equal(text_hex(got, bytes, count), want);
}

#endif
