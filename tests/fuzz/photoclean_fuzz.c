/* A file that somebody says is a photo: what is kept of it is of the same sort, not longer, and
 * clean: once more gives the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/photo_clean.h"
#include "log/photo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf once, twice;

	buf_init(&once, len + PHOTO_CLEAN_MORE);
	buf_init(&twice, len + PHOTO_CLEAN_MORE);
	if (photo_clean(&once, bytes, len, NULL) == PMJ_OK) {
		if (photo_type(once.bytes, once.len) != photo_type(bytes, len) ||
		    photo_clean(&twice, once.bytes, once.len, NULL) != PMJ_OK ||
		    twice.len != once.len || memcmp(once.bytes, twice.bytes, once.len) != 0)
			abort();
	}
	buf_close(&once);
	buf_close(&twice);
	return 0;
}
