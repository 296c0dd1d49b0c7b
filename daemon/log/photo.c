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

bool
photo_is_word(const json_t *line)
{
	return json_flag(line, "ask") || json_arr(line, "lacks") != NULL;
}

enum pmj_code
photo_word_read(struct photo_word *out, const json_t *line, struct pmj_error *err)
{
	const json_t *lacks = json_arr(line, "lacks"), *one;
	int64_t before = 0;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->parts = json_int(line, "parts", 0);
	out->asks = json_flag(line, "ask");
	if (!json_unhex(line, "hash", out->hash, sizeof(out->hash)) ||
	    !json_unhex(line, "of", out->of, sizeof(out->of)) || out->parts < 1 ||
	    out->parts > PHOTO_PARTS_MAX || out->asks == (lacks != NULL))
		return pmj_fail(err, PMJ_INVALID, "a word on a photo needs hash, of and parts");
	json_array_foreach((json_t *)lacks, i, one)
	{
		int64_t part = json_integer_value(one);

		if (part <= before || part > out->parts)
			return pmj_fail(err, PMJ_INVALID, "a photo has no such part");
		out->lacks[out->lack_count++] = (uint8_t)part;
		before = part;
	}
	return PMJ_OK;
}

json_t *
photo_word_line(const struct photo_word *word, const uint8_t rec[static PMJ_RECORD_BYTES])
{
	char text[PMJ_RECORD_CHARS + 1];
	json_t *out =
	    json_pack("{s:s,s:o,s:o,s:I}", "rec", text_base32(text, rec, PMJ_RECORD_BYTES), "hash",
	        json_hex(word->hash, sizeof(word->hash)), "of",
	        json_hex(word->of, sizeof(word->of)), "parts", (json_int_t)word->parts);
	json_t *lacks;

	if (word->asks) {
		(void)json_object_set_new(out, "ask", json_true());
		return out;
	}
	lacks = json_array();
	for (size_t i = 0; i < word->lack_count; i++)
		(void)json_array_append_new(lacks, json_integer(word->lacks[i]));
	(void)json_object_set_new(out, "lacks", lacks);
	return out;
}
