#include "log/photo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

bool
photo_is(const char *kind, bool has_rec)
{
	return has_rec && kind != NULL && strcmp(kind, PHOTO_KIND) == 0;
}

int64_t
photo_parts(size_t bytes)
{
	return (int64_t)((bytes + PHOTO_PART_BYTES - 1) / PHOTO_PART_BYTES);
}

/* Its bytes, of the length that its place asks for. */
static enum pmj_code
photo_bytes(const struct photo_part *part, struct buf *out, const char *text, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	struct buf bytes;

	buf_init(&bytes, PHOTO_PART_BYTES);
	if (!text_unbase64_buf(&bytes, text) || bytes.failed != PMJ_OK || bytes.len == 0 ||
	    (part->part < part->parts && bytes.len != PHOTO_PART_BYTES))
		rc = pmj_fail(err, PMJ_INVALID, "a part of a photo has the wrong bytes");
	else if (out != NULL)
		buf_put(out, bytes.bytes, bytes.len);
	buf_close(&bytes);
	return rc != PMJ_OK || out == NULL ? rc : buf_check(out, err);
}

enum pmj_code
photo_read(struct photo_part *out, struct buf *bytes, const json_t *line, struct pmj_error *err)
{
	const char *text = json_str(line, "bytes");

	out->part = json_int(line, "part", 0);
	out->parts = json_int(line, "parts", 0);
	if (text == NULL || !json_unhex(line, "hash", out->hash, sizeof(out->hash)))
		return pmj_fail(err, PMJ_INVALID, "a part of a photo needs hash and bytes");
	if (out->parts < 1 || out->parts > PHOTO_PARTS_MAX || out->part < 1 ||
	    out->part > out->parts)
		return pmj_fail(err, PMJ_INVALID, "a part of a photo has no place in it");
	return photo_bytes(out, bytes, text, err);
}

json_t *
photo_line(const struct photo_part *part, const uint8_t *bytes, size_t len)
{
	char *text = mem_new(len * 4 / 3 + 8);
	json_t *out = json_pack("{s:o,s:I,s:I,s:s}", "hash",
	    json_hex(part->hash, sizeof(part->hash)), "part", (json_int_t)part->part, "parts",
	    (json_int_t)part->parts, "bytes", text_base64(text, bytes, len));

	free(text);
	return out;
}

const char *
photo_type(const uint8_t *bytes, size_t len)
{
	static const struct {
		const char *name;
		size_t len;
		const char *first;
	} types[] = {
	    {"JPEG", 3, "\xff\xd8\xff"}, {"PNG", 8, "\x89PNG\r\n\x1a\n"}, {"PDF", 5, "%PDF-"}};

	for (size_t i = 0; i < COUNT(types); i++)
		if (len >= types[i].len && memcmp(bytes, types[i].first, types[i].len) == 0)
			return types[i].name;
	return NULL;
}
