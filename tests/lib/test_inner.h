/* test_inner.h - the plaintext of a segment read in one go. */
#ifndef TESTS_TEST_INNER_H
#define TESTS_TEST_INNER_H
#include <string.h>

#include "log/segment_inner.h"

/** As the pieces of segment_inner.h, one after the other. */
static inline enum segment_fault
test_inner_read(struct segment_open *out, const uint8_t *plain, size_t padded,
    const struct segment_expect *expect)
{
	struct segment_inner *inner = segment_inner_new(plain, padded, expect);
	enum segment_fault fault = SEGMENT_NO_MEMORY;

	memset(out, 0, sizeof(*out));
	while (inner != NULL && !segment_inner_step(inner, out, &fault))
		;
	segment_inner_free(inner);
	return fault;
}

#endif
