/* A part of the photo of a paper, or a word on it: the line's JSON as the other end sends it; then
 * the bytes as the first of a file. */
#include <stdlib.h>
#include <string.h>

#include "log/photo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
word(const json_t *line)
{
	static const uint8_t rec[PMJ_RECORD_BYTES] = {1};
	struct photo_word word, same;
	json_t *again;

	if (photo_word_read(&word, line, NULL) != PMJ_OK)
		return;
	if (!photo_is_word(line) || word.lack_count > (size_t)word.parts)
		abort();
	again = photo_word_line(&word, rec);
	if (photo_word_read(&same, again, NULL) != PMJ_OK ||
	    memcmp(&same, &word, sizeof(word)) != 0)
		abort();
	json_decref(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct photo_part part;
	json_t *line = NULL, *again;
	struct buf out;

	(void)photo_type(bytes, len);
	if (json_read(&line, (const char *)bytes, len, &json_limits_entry, NULL) != PMJ_OK)
		return 0;
	word(line);
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
