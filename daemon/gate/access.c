#include "gate/access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/text.h"

#define FILE_BYTES_MAX ((size_t)ACCESS_LINES_MAX * 67)
#define LINE_CHARS 66 /* lane, space, 64 digits */

enum pmj_code
access_parse(struct access_list *out, const char *text, size_t len, struct pmj_error *err)
{
	memset(out, 0, sizeof(*out));
	while (len > 0) {
		struct access_line *line = &out->items[out->count];
		char hex[65];

		if (out->count == ACCESS_LINES_MAX)
			return pmj_fail(
			    err, PMJ_TOO_BIG, "has more than %d lines", ACCESS_LINES_MAX);
		if (len < LINE_CHARS || (len > LINE_CHARS && text[LINE_CHARS] != '\n') ||
		    (text[0] != '1' && text[0] != '2') || text[1] != ' ')
			return pmj_fail(
			    err, PMJ_INVALID, "line %zu is not LANE and 64 digits", out->count + 1);
		memcpy(hex, text + 2, 64);
		hex[64] = '\0';
		if (memchr(hex, 0, 64) != NULL || !text_unhex(line->bytes, 32, hex))
			return pmj_fail(
			    err, PMJ_INVALID, "line %zu is not LANE and 64 digits", out->count + 1);
		line->lane = (uint8_t)(text[0] - '0');
		out->count++;
		if (len == LINE_CHARS)
			break;
		text += LINE_CHARS + 1;
		len -= LINE_CHARS + 1;
	}
	out->there = true;
	return PMJ_OK;
}

enum pmj_code
access_read(struct access_list *out, const char *mailbox, const char *name, struct pmj_error *err)
{
	char *path = fs_join(mailbox, name);
	struct buf text;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	buf_init(&text, 0);
	rc = fs_read(&text, &os_real, path, FILE_BYTES_MAX, err);
	if (rc == PMJ_NOT_FOUND)
		rc = PMJ_OK;
	else if (rc == PMJ_OK && (rc = access_parse(out, buf_text(&text), text.len, err)) != PMJ_OK)
		pmj_context(err, "%s", path);
	buf_close(&text);
	free(path);
	return rc;
}

uint8_t
access_lane(const struct access_list *tokens, const uint8_t token[static TOKEN_BYTES])
{
	uint8_t hash[PRIM_HASH_BYTES];
	uint8_t lane = 0;

	token_hash(hash, token);
	/* All of them, whichever fits: how long it takes tells nothing. */
	for (size_t i = 0; i < ACCESS_LINES_MAX; i++) {
		const struct access_line *line = &tokens->items[i];
		uint8_t fits = (uint8_t)(prim_equal(hash, line->bytes, sizeof(hash)) != 0 &&
		                         i < tokens->count);

		lane = (uint8_t)(lane | (line->lane & (uint8_t)-fits));
	}
	return lane == SHAPE_LANE_UP || lane == SHAPE_LANE_DOWN ? lane : 0;
}

bool
access_bearer(uint8_t out[static TOKEN_BYTES], const char *header)
{
	return header != NULL && strncasecmp(header, "Bearer ", 7) == 0 &&
	       strlen(header + 7) == TOKEN_CHARS && text_unbase64(out, TOKEN_BYTES, header + 7);
}

bool
access_signed(const struct access_list *writers, const uint8_t *segment, size_t len)
{
	const uint8_t *signature = segment + len - SHAPE_SIGNATURE_BYTES;

	if (!writers->there)
		return true;
	for (size_t i = 0; i < writers->count; i++) {
		uint8_t id[PRIM_KEY_ID_BYTES];

		prim_sign_key_id(id, writers->items[i].bytes);
		if (writers->items[i].lane == segment[9] &&
		    memcmp(id, segment + 56, sizeof(id)) == 0 &&
		    prim_verify(signature, "pmj seg sig v1", writers->items[i].bytes,
		        PRIM_PARTS({segment, len - SHAPE_SIGNATURE_BYTES})) == 0)
			return true;
	}
	return false;
}
