#include "log/dictionary.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/mem.h"

#define READY_BYTES (1024 * 1024) /* more than it takes */

static const uint8_t lines_1[] = {
#include "log/dictionary_bytes.h"
};

const uint8_t *
dictionary_bytes(size_t *len)
{
	*len = sizeof(lines_1);
	return lines_1;
}

/* Some 2 ms and 300 KB. Where no memory is left libzstd 1.5.4 does not come back from this, so it
 * is asked for beforehand: the program stops in either case, as it does in mem_new. */
const struct ZSTD_CDict_s *
dictionary_ready(void)
{
	static ZSTD_CDict *ready;

	if (ready == NULL) {
		free(mem_new(READY_BYTES));
		ready = ZSTD_createCDict(lines_1, sizeof(lines_1), DICTIONARY_LEVEL);
	}
	return ready;
}

bool
dictionary_named(const uint8_t *frame, size_t len)
{
	unsigned number = ZSTD_getDictID_fromFrame(frame, len);

	return number != 0 && number == ZSTD_getDictID_fromDict(lines_1, sizeof(lines_1));
}
