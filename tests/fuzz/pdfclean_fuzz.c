/* A PDF as a worker names it, cleaned: the same file gives the same, and what is clean stays as it
 * is. */
#include <stdlib.h>
#include <string.h>

#include "pdf/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct pmj_error err;
	struct buf once, twice;

	buf_init(&once, 0);
	buf_init(&twice, 0);
	if (clean_pdf(&once, bytes, len, &err) == PMJ_OK) {
		if (clean_pdf(&twice, bytes, len, &err) != PMJ_OK || once.len != twice.len ||
		    memcmp(once.bytes, twice.bytes, once.len) != 0)
			abort();
	} else if (err.code != PMJ_INVALID || err.hint[0] == '\0') {
		abort();
	}
	buf_close(&once);
	buf_close(&twice);
	return 0;
}
