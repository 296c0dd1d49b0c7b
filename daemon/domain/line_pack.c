/* line_pack.c - ids, hashes and nonces as bytes, what stands beside the line left out, and the rest
 * by zstd with a dictionary of such lines.
 *
 * form 1: 1 | bytes in runs (one, or two from 128) | runs | a zstd frame without its magic number
 *         the frame holds the line, each run of which is one character that no JSON text holds.
 * form 2: the same of a frame that has one block, and nothing of its heads but what the block's own
 *         bytes tell: most have, and five bytes less are a twentieth of a line.
 * form 0: 0 | the bytes as they are. */
#include "domain/line_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/text.h"

#define LEVEL 7
#define READY_BYTES (1024 * 1024) /* more than either side of zstd takes */
#define RUN_MAX 32
#define FRAME_WINDOW (8 << 3) /* 256 KiB: 2 to the 10 + 8th */

enum { FORM_AS_IS = 0, FORM_PACKED = 1, FORM_BARE = 2 };

/* The characters that stand for a run. Never changed: journals are full of them. */
enum mark { MARK_NONCE = 1, MARK_16, MARK_32, MARK_RECORD, MARK_BY, MARK_PT, MARK_REC, MARK_END };

static const uint8_t dictionary_of_lines[] = {
#include "domain/journal_dictionary.h"
};
static const uint8_t frame_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

/* ---- marks ---- */

static char *
text_of(char out[2 * RUN_MAX + 1], enum mark mark, const uint8_t *bytes)
{
	switch (mark) {
	case MARK_NONCE:
		return text_base64(out, bytes, 16);
	case MARK_16:
	case MARK_BY:
		return text_hex(out, bytes, 16);
	case MARK_32:
		return text_hex(out, bytes, 32);
	default:
		return text_base32(out, bytes, PMJ_RECORD_BYTES);
	}
}

static size_t
run_bytes(enum mark mark)
{
	return mark == MARK_32 ? 32 : mark == MARK_RECORD ? PMJ_RECORD_BYTES : 16;
}

/* A text between quotes that is an id, a hash or a nonce, written as we write them. */
static enum mark
mark_of(uint8_t bytes[RUN_MAX], const char *text, size_t len, const struct line_beside *beside)
{
	char copy[2 * RUN_MAX + 1], again[2 * RUN_MAX + 1];
	enum mark mark;
	bool good;

	if (len != 16 && len != 22 && len != 32 && len != 64)
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	mark = len == 16 ? MARK_RECORD : len == 22 ? MARK_NONCE : len == 32 ? MARK_16 : MARK_32;
	good = mark == MARK_RECORD  ? text_unbase32(bytes, PMJ_RECORD_BYTES, copy, len)
	       : mark == MARK_NONCE ? text_unbase64(bytes, 16, copy)
	                            : text_unhex(bytes, len / 2, copy);
	if (!good || strcmp(text_of(again, mark, bytes), copy) != 0)
		return 0;
	if (mark == MARK_16 && beside->by != NULL && memcmp(bytes, beside->by, 16) == 0)
		return MARK_BY;
	if (mark == MARK_RECORD && beside->rec != NULL &&
	    memcmp(bytes, beside->rec, PMJ_RECORD_BYTES) == 0)
		return MARK_REC;
	return mark;
}

/* The number after "at":[ */
static size_t
stamp_length(const char *at, size_t left, int64_t pt)
{
	static const char before[] = "\"at\":[";
	char text[24];
	size_t len;

	if (left < sizeof(before) || memcmp(at, before, sizeof(before) - 1) != 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%lld", (long long)pt);
	len = strlen(text);
	return left >= sizeof(before) + len && memcmp(at + sizeof(before) - 1, text, len) == 0 &&
	               at[sizeof(before) - 1 + len] == ','
	           ? len
	           : 0;
}

bool
line_pack_mark(struct buf *text, struct buf *raw, const char *line, size_t len,
    const struct line_beside *beside)
{
	bool stamped = false;

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)line[i] < MARK_END)
			return false;
	for (size_t i = 0; i < len;) {
		uint8_t bytes[RUN_MAX];
		size_t word = 0, stamp;
		enum mark mark;
		const char *end;

		if (line[i] != '"') {
			buf_put_u8(text, (uint8_t)line[i++]);
			continue;
		}
		if (!stamped && (stamp = stamp_length(line + i, len - i, beside->pt)) > 0) {
			buf_put(text, line + i, 6);
			buf_put_u8(text, MARK_PT);
			i += 6 + stamp;
			stamped = true;
			continue;
		}
		buf_put_u8(text, '"');
		i++;
		if ((end = memchr(line + i, '"', len - i)) != NULL)
			word = (size_t)(end - line) - i;
		if ((mark = mark_of(bytes, line + i, word, beside)) == 0)
			continue;
		buf_put_u8(text, (uint8_t)mark);
		if (mark < MARK_BY)
			buf_put(raw, bytes, run_bytes(mark));
		i += word;
	}
	return true;
}

/* false: a run is missing, or nothing stands beside that could be put in. */
static bool
put_run(struct buf *out, struct bytes_in *raw, enum mark mark, const struct line_beside *beside)
{
	char text[2 * RUN_MAX + 1];
	const uint8_t *bytes = mark == MARK_BY    ? beside->by
	                       : mark == MARK_REC ? beside->rec
	                       : mark == MARK_PT  ? NULL
	                                          : in_bytes(raw, run_bytes(mark));

	if (mark == MARK_PT)
		(void)snprintf(text, sizeof(text), "%lld", (long long)beside->pt);
	else if (bytes == NULL)
		return false;
	else
		(void)text_of(text, mark, bytes);
	buf_put_text(out, text);
	return true;
}

static bool
unmark(struct buf *out, struct bytes_in *raw, const uint8_t *text, size_t len,
    const struct line_beside *beside)
{
	size_t from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && (text[i] >= MARK_END || text[i] == 0))
			continue;
		buf_put(out, text + from, i - from);
		from = i + 1;
		if (i < len && !put_run(out, raw, (enum mark)text[i], beside))
			return false;
		if (out->len > LINE_PLAIN_MAX)
			return false;
	}
	return raw->left == 0 && !raw->bad && out->len <= LINE_PLAIN_MAX;
}

/* ---- zstd ---- */

struct packer {
	ZSTD_CCtx *write;
	ZSTD_DCtx *read;
	ZSTD_CDict *to;
	ZSTD_DDict *from;
	uint8_t *room;
};

/* Made once and kept until the program ends; memory is asked for beforehand, since libzstd 1.5.4
 * does not come back where none is left. */
static struct packer *
packer(void)
{
	static struct packer ready;

	if (ready.write != NULL)
		return &ready;
	free(mem_new(3 * READY_BYTES));
	ready.to = ZSTD_createCDict(dictionary_of_lines, sizeof(dictionary_of_lines), LEVEL);
	ready.from = ZSTD_createDDict(dictionary_of_lines, sizeof(dictionary_of_lines));
	ready.read = ZSTD_createDCtx();
	ready.write = ZSTD_createCCtx();
	ready.room = mem_new(LINE_PLAIN_MAX + 4);
	(void)ZSTD_CCtx_setParameter(ready.write, ZSTD_c_contentSizeFlag, 0);
	(void)ZSTD_CCtx_setParameter(ready.write, ZSTD_c_checksumFlag, 0);
	(void)ZSTD_CCtx_setParameter(ready.write, ZSTD_c_dictIDFlag, 0);
	(void)ZSTD_CCtx_refCDict(ready.write, ready.to);
	(void)ZSTD_DCtx_refDDict(ready.read, ready.from);
	return &ready;
}

/* Of a frame: no checksum, no length, no number of a dictionary, and a window as wide as a line may
 * be long, whatever it was; then a block's head: it is the last, compressed, so long. */
#define HEAD_BYTES 5
static const uint8_t frame_head[2] = {0x00, FRAME_WINDOW};

static void
put_head(uint8_t out[static HEAD_BYTES], size_t block)
{
	uint32_t head = (uint32_t)block << 3 | 2 << 1 | 1;

	memcpy(out, frame_head, sizeof(frame_head));
	out[2] = (uint8_t)head;
	out[3] = (uint8_t)(head >> 8);
	out[4] = (uint8_t)(head >> 16);
}

/* Are its heads what they are made to be again? */
static bool
is_bare(const uint8_t *frame, size_t len)
{
	uint8_t head[HEAD_BYTES];

	if (len <= HEAD_BYTES)
		return false;
	put_head(head, len - HEAD_BYTES);
	return frame[0] == head[0] && memcmp(head + 2, frame + 2, HEAD_BYTES - 2) == 0;
}

/* 0: it did not fit, or is no frame. */
static size_t
squeeze(uint8_t **out, const struct buf *text)
{
	struct packer *with = packer();
	size_t got;

	if (text->len == 0 || text->len > LINE_PLAIN_MAX)
		return 0;
	got = ZSTD_compress2(with->write, with->room, LINE_PLAIN_MAX, text->bytes, text->len);
	*out = with->room + sizeof(frame_magic);
	return ZSTD_isError(got) || got <= sizeof(frame_magic) ? 0 : got - sizeof(frame_magic);
}

static bool
unsqueeze(struct buf *out, const uint8_t *bytes, size_t len, bool bare)
{
	struct packer *with = packer();
	uint8_t head[HEAD_BYTES];
	struct buf frame;
	size_t got;

	buf_init(&frame, LINE_PLAIN_MAX + sizeof(frame_magic) + HEAD_BYTES);
	buf_put(&frame, frame_magic, sizeof(frame_magic));
	put_head(head, len);
	buf_put(&frame, head, bare ? sizeof(head) : 0);
	buf_put(&frame, bytes, len);
	got = frame.failed != PMJ_OK ? 0
	                             : ZSTD_decompressDCtx(with->read, with->room, LINE_PLAIN_MAX,
	                                   frame.bytes, frame.len);
	buf_close(&frame);
	if (ZSTD_isError(got) || got == 0)
		return false;
	buf_put(out, with->room, got);
	return out->failed == PMJ_OK;
}

/* ---- lines ---- */

#define RUNS_MAX 0x7fff

static void
put_count(struct buf *out, size_t count)
{
	if (count >= 0x80)
		buf_put_u8(out, (uint8_t)(0x80 | count >> 8));
	buf_put_u8(out, (uint8_t)count);
}

static size_t
in_count(struct bytes_in *in)
{
	size_t first = in_u8(in);

	return first < 0x80 ? first : (first & 0x7f) << 8 | in_u8(in);
}

static void
pack_as_is(struct buf *out, const char *line, size_t len)
{
	buf_put_u8(out, FORM_AS_IS);
	buf_put(out, line, len);
}

void
line_pack(struct buf *out, const char *line, size_t len, const struct line_beside *beside)
{
	struct buf text, raw;
	uint8_t *frame = NULL;
	size_t frame_len = 0;

	buf_init(&text, 0);
	buf_init(&raw, 0);
	if (len <= LINE_PLAIN_MAX && line_pack_mark(&text, &raw, line, len, beside) &&
	    raw.len <= RUNS_MAX)
		frame_len = squeeze(&frame, &text);
	if (frame_len == 0 || frame_len + raw.len + 3 > len) {
		pack_as_is(out, line, len);
	} else {
		bool bare = is_bare(frame, frame_len);

		buf_put_u8(out, bare ? FORM_BARE : FORM_PACKED);
		put_count(out, raw.len);
		buf_put(out, raw.bytes, raw.len);
		buf_put(out, frame + (bare ? HEAD_BYTES : 0), frame_len - (bare ? HEAD_BYTES : 0));
	}
	buf_close(&raw);
	buf_close(&text);
}

static bool
unpack(struct buf *out, struct bytes_in *in, const struct line_beside *beside, bool bare)
{
	size_t len = in_count(in);
	struct bytes_in raw = {.at = in_bytes(in, len), .left = len};
	struct buf text;
	bool good;

	if (in->bad)
		return false;
	buf_init(&text, LINE_PLAIN_MAX);
	good = unsqueeze(&text, in->at, in->left, bare) &&
	       unmark(out, &raw, text.bytes, text.len, beside);
	buf_close(&text);
	return good;
}

bool
line_unpack(struct buf *out, const uint8_t *bytes, size_t len, const struct line_beside *beside)
{
	struct bytes_in in = {.at = bytes, .left = len};
	size_t before = out->len;
	uint8_t form = in_u8(&in);

	switch (form) {
	case FORM_AS_IS:
		if (in.bad)
			return false;
		buf_put(out, in.at, in.left);
		return true;
	case FORM_PACKED:
	case FORM_BARE:
		if (unpack(out, &in, beside, form == FORM_BARE) && out->failed == PMJ_OK)
			return true;
		out->len = before;
		return false;
	default:
		return false;
	}
}
