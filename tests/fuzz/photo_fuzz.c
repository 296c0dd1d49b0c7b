/* A part of the photo of a paper: the line's JSON as a laptop sends it; then the bytes as the first
 * of a file. */
#include <stdlib.h>
#include <string.h>

#include "log/photo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct photo_part part;
	json_t *line = NULL, *again;
	struct buf out;

	(void)photo_type(bytes, len);
	if (json_read(&line, (const char *)bytes, len, &json_limits_entry, NULL) != PMJ_OK)
		return 0;
	buf_init(&out, PHOTO_PART_BYTES);
	if (photo_read(&part, &out, line, NULL) == PMJ_OK) {
		struct photo_part same;

		if (part.part < 1 || part.part > part.parts || part.parts > PHOTO_PARTS_MAX ||
		    out.len < 1 || out.len > PHOTO_PART_BYTES)
			abort();
		again = photo_line(&part, out.bytes, out.len);
		if (photo_read(&same, NULL, again, NULL) != PMJ_OK ||
		    memcmp(same.hash, part.hash, sizeof(part.hash)) != 0 || same.part != part.part)
			abort();
		json_decref(again);
	}
	buf_close(&out);
	json_decref(line);
	return 0;
}
