/* segment_inner_read.c - the plaintext read, in pieces and within bounds. */
#include "base/buf.h"
#include "log/segment_inner.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "log/chain.h"
#include "log/dictionary.h"

struct inner_head {
	uint8_t pack;
	uint32_t body_len;
	uint32_t raw_len;
	uint32_t count;
	uint64_t first_seq;
};

static enum segment_fault
head_read(struct inner_head *out, const uint8_t *plain, size_t padded)
{
	if (padded < SEGMENT_INNER_HEAD_BYTES || padded > PMJ_SEGMENT_FILE_MAX)
		return SEGMENT_BAD_PLAINTEXT;
	out->pack = plain[INNER_AT_PACK];
	out->body_len = get_le32(plain + INNER_AT_BODY_LEN);
	out->raw_len = get_le32(plain + INNER_AT_RAW_LEN);
	out->first_seq = get_le64(plain + INNER_AT_FIRST_SEQ);
	out->count = get_le32(plain + INNER_AT_COUNT);
	if (memcmp(plain + INNER_AT_MAGIC, INNER_MAGIC, 4) != 0 || out->pack > INNER_PACK_ZSTD ||
	    !bytes_zero(plain + INNER_AT_ZERO, 3) || !bytes_zero(plain + INNER_AT_ZERO_TOO, 4))
		return SEGMENT_BAD_PLAINTEXT;
	if (out->body_len > padded - SEGMENT_INNER_HEAD_BYTES)
		return SEGMENT_BAD_PLAINTEXT;
	if (segment_padded(SEGMENT_INNER_HEAD_BYTES + out->body_len) != padded ||
	    !bytes_zero(plain + SEGMENT_INNER_HEAD_BYTES + out->body_len,
	        padded - SEGMENT_INNER_HEAD_BYTES - out->body_len))
		return SEGMENT_BAD_PADDING;
	if (out->pack == INNER_PACK_NONE && out->raw_len != out->body_len)
		return SEGMENT_BAD_PLAINTEXT;
	if (out->raw_len > PMJ_SEGMENT_RAW_MAX ||
	    out->raw_len > (uint64_t)out->body_len * PMJ_SEGMENT_EXPANSION_MAX)
		return SEGMENT_BAD_COMPRESSION;
	return SEGMENT_OK;
}

/* One ordinary zstd frame, with our dictionary or none, a window of at most 4 MiB: looked at before
 * libzstd makes room for it. */
static bool
frame_legal(const uint8_t *body, size_t len)
{
	static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
	unsigned exponent;

	if (len < 6 || memcmp(body, magic, sizeof(magic)) != 0)
		return false;
	if ((body[4] & 3) != 0 && !dictionary_named(body, len))
		return false;
	if ((body[4] & 0x20) != 0) /* single segment: the window is the content, bound by raw_len */
		return ZSTD_getFrameContentSize(body, len) <= INNER_WINDOW_MAX;
	exponent = body[5] >> 3;
	return 10 + exponent < INNER_WINDOW_LOG_MAX ||
	       (10 + exponent == INNER_WINDOW_LOG_MAX && (body[5] & 7) == 0);
}

/* ---- in pieces ---- */

#define PIECE_BYTES (1024 * 1024) /* unpacked, or cut into lines: a few milliseconds each */
#define PIECE_LINES 512

struct segment_inner {
	const uint8_t *plain;
	size_t padded;
	uint64_t first_seq; /* expected; 0: any */
	const uint8_t *chain_expected;
	enum { INNER_HEAD, INNER_BODY, INNER_LINES, INNER_OVER } phase;
	struct inner_head head;
	ZSTD_DCtx *zstd;
	size_t unpacked; /* of the packed body */
	size_t cut;      /* of the body, into lines */
	uint8_t chain[32];
};

struct segment_inner *
segment_inner_new(const uint8_t *plain, size_t padded, const struct segment_expect *expect)
{
	struct segment_inner *inner = calloc(1, sizeof(*inner));

	if (inner == NULL)
		return NULL;
	inner->plain = plain;
	inner->padded = padded;
	inner->first_seq = expect->first_seq;
	inner->chain_expected = expect->chain;
	return inner;
}

void
segment_inner_free(struct segment_inner *inner)
{
	if (inner == NULL)
		return;
	(void)ZSTD_freeDCtx(inner->zstd);
	free(inner);
}

static enum segment_fault
body_begin(struct segment_inner *inner, struct segment_open *out)
{
	const uint8_t *body = inner->plain + SEGMENT_INNER_HEAD_BYTES;
	const struct inner_head *head = &inner->head;
	const uint8_t *dictionary;
	size_t len;

	buf_init(&out->body, PMJ_SEGMENT_RAW_MAX);
	if (head->pack == INNER_PACK_NONE) {
		buf_put(&out->body, body, head->body_len);
		return out->body.failed == PMJ_OK ? SEGMENT_OK : SEGMENT_NO_MEMORY;
	}
	if (!frame_legal(body, head->body_len) ||
	    ZSTD_findFrameCompressedSize(body, head->body_len) != head->body_len)
		return SEGMENT_BAD_COMPRESSION;
	inner->zstd = ZSTD_createDCtx();
	if (inner->zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(
	                               inner->zstd, ZSTD_d_windowLogMax, INNER_WINDOW_LOG_MAX)))
		return SEGMENT_NO_MEMORY;
	dictionary = dictionary_bytes(&len);
	if (dictionary_named(body, head->body_len) &&
	    ZSTD_isError(ZSTD_DCtx_loadDictionary(inner->zstd, dictionary, len)))
		return SEGMENT_NO_MEMORY;
	return SEGMENT_OK;
}

/* The next piece of the body; *over: the frame ended, with its last byte and at raw_len. */
static enum segment_fault
body_unpack(struct segment_inner *inner, struct segment_open *out, bool *over)
{
	size_t left = inner->head.raw_len - out->body.len, from = out->body.len;
	ZSTD_inBuffer in = {
	    inner->plain + SEGMENT_INNER_HEAD_BYTES, inner->head.body_len, inner->unpacked};
	ZSTD_outBuffer piece = {.size = left < PIECE_BYTES ? left : PIECE_BYTES};
	size_t hint;

	buf_put_zeros(&out->body, piece.size);
	if (out->body.failed != PMJ_OK)
		return SEGMENT_NO_MEMORY;
	piece.dst = out->body.bytes + from;
	hint = ZSTD_decompressStream(inner->zstd, &piece, &in);
	if (ZSTD_isError(hint))
		return ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation
		           ? SEGMENT_NO_MEMORY
		           : SEGMENT_BAD_COMPRESSION;
	out->body.len = from + piece.pos;
	*over = hint == 0;
	/* More than it said, less, or nothing that moves any more. */
	if (*over ? in.pos != in.size || out->body.len != inner->head.raw_len
	          : piece.pos == 0 && in.pos == inner->unpacked)
		return SEGMENT_BAD_COMPRESSION;
	inner->unpacked = in.pos;
	return SEGMENT_OK;
}

static enum segment_fault
lines_begin(struct segment_inner *inner, struct segment_open *out)
{
	uint32_t count = inner->head.count;

	if (count == 0 || count > PMJ_SEGMENT_ENTRIES_MAX || count > out->body.len)
		return SEGMENT_BAD_COUNT;
	out->lines = calloc(count, sizeof(out->lines[0]));
	out->e = calloc(count, sizeof(out->e[0]));
	memcpy(out->chain_before, inner->plain + INNER_AT_CHAIN_BEFORE, 32);
	memcpy(out->chain_after, inner->plain + INNER_AT_CHAIN_AFTER, 32);
	memcpy(inner->chain, out->chain_before, sizeof(inner->chain));
	return out->lines == NULL || out->e == NULL ? SEGMENT_NO_MEMORY : SEGMENT_OK;
}

/* Exactly count lines, each ended by "\n", and nothing after the last: some of them. */
static enum segment_fault
lines_cut(struct segment_inner *inner, struct segment_open *out)
{
	size_t until = inner->cut + PIECE_BYTES;
	size_t count = out->count + PIECE_LINES;

	if (count > inner->head.count)
		count = inner->head.count;
	while (out->count < count && inner->cut < until) {
		const char *at = (const char *)out->body.bytes + inner->cut;
		size_t left = out->body.len - inner->cut;
		const char *end = left > 0 ? memchr(at, '\n', left) : NULL;
		struct segment_line *line = &out->lines[out->count];

		if (end == NULL)
			return SEGMENT_BAD_COUNT;
		line->bytes = at;
		line->len = (size_t)(end - at);
		chain_entry(out->e[out->count], at, line->len);
		chain_lane_next(inner->chain, out->e[out->count]);
		out->count++;
		inner->cut += line->len + 1;
	}
	return SEGMENT_OK;
}

static enum segment_fault
lines_end(const struct segment_inner *inner, struct segment_open *out)
{
	const struct inner_head *head = &inner->head;

	if (inner->cut != out->body.len || head->first_seq == 0 ||
	    head->first_seq > UINT64_MAX - head->count ||
	    (inner->first_seq != 0 && head->first_seq != inner->first_seq))
		return SEGMENT_BAD_COUNT;
	out->first_seq = head->first_seq;
	if (inner->chain_expected != NULL &&
	    !prim_equal(out->chain_before, inner->chain_expected, 32))
		return SEGMENT_BAD_CHAIN;
	return prim_equal(inner->chain, out->chain_after, 32) ? SEGMENT_OK : SEGMENT_BAD_CHAIN;
}

static enum segment_fault
inner_piece(struct segment_inner *inner, struct segment_open *out)
{
	enum segment_fault fault;
	bool over = true;

	switch (inner->phase) {
	case INNER_HEAD:
		memset(out, 0, sizeof(*out));
		if ((fault = head_read(&inner->head, inner->plain, inner->padded)) == SEGMENT_OK)
			fault = body_begin(inner, out);
		inner->phase = INNER_BODY;
		return fault;
	case INNER_BODY:
		if (inner->zstd != NULL &&
		    ((fault = body_unpack(inner, out, &over)) != SEGMENT_OK || !over))
			return fault;
		inner->phase = INNER_LINES;
		return lines_begin(inner, out);
	case INNER_LINES:
		if ((fault = lines_cut(inner, out)) != SEGMENT_OK || out->count < inner->head.count)
			return fault;
		inner->phase = INNER_OVER;
		return lines_end(inner, out);
	case INNER_OVER:
		break;
	}
	return SEGMENT_OK;
}

bool
segment_inner_step(struct segment_inner *inner, struct segment_open *out, enum segment_fault *fault)
{
	*fault = inner_piece(inner, out);
	if (*fault != SEGMENT_OK)
		segment_open_close(out);
	return *fault != SEGMENT_OK || inner->phase == INNER_OVER;
}
