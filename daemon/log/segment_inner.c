/* segment_inner.c - the plaintext written: lines joined, compressed, padded, with their chain. */
#include "log/segment_inner.h"

#include <assert.h>
#include <string.h>
#include <zstd.h>

#include "log/chain.h"
#include "log/dictionary.h"

/* 64 KiB of lines in 2 to 4 ms. What packs 6 to 12 % better (15 and up) takes 15 to 50 ms at once,
 * more than the daemon may keep a person waiting: it packs in pieces (segment_pack). Up to some 70
 * lines the padding to 4 KiB hides all of it. */
#define PACK_LEVEL 12
/* A long body is its own dictionary. */
#define PACK_DICTIONARY_MOST (512 * 1024)

enum pmj_code
segment_lines_join(
    struct buf *raw, const struct segment_line *lines, size_t count, struct pmj_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct segment_line *line = &lines[i];

		if (line->len == 0 || memchr(line->bytes, '\n', line->len) != NULL)
			return pmj_fail(err, PMJ_INVALID,
			    "line %zu of %zu is empty or not one line", i + 1, count);
		if (line->len > PMJ_LINE_WRAPPED_MAX)
			return pmj_fail(err, PMJ_TOO_BIG,
			    "line %zu of %zu has %zu bytes; at most %u", i + 1, count, line->len,
			    PMJ_LINE_WRAPPED_MAX);
		buf_put(raw, line->bytes, line->len);
		buf_put_u8(raw, '\n');
	}
	return buf_check(raw, err);
}

/* What ZSTD_createCDict would keep for the next segment is not worth it: out of memory it does not
 * return (libzstd 1.5.4), and taking the dictionary in anew costs a millisecond. */
static size_t
frame_put(ZSTD_CCtx *zstd, struct buf *packed, const struct buf *raw)
{
	size_t len;
	const uint8_t *dictionary = dictionary_bytes(&len);

	if (raw->len <= PACK_DICTIONARY_MOST)
		return ZSTD_compress_usingDict(zstd, packed->bytes, packed->len, raw->bytes,
		    raw->len, dictionary, len, PACK_LEVEL);
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, PACK_LEVEL);
	if (raw->len > INNER_WINDOW_MAX)
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, INNER_WINDOW_LOG_MAX);
	return ZSTD_compress2(zstd, packed->bytes, packed->len, raw->bytes, raw->len);
}

bool
segment_pack_helps(size_t packed, size_t raw)
{
	return packed < raw && raw <= packed * PMJ_SEGMENT_EXPANSION_MAX;
}

/* Compress raw. packed stays empty where storing is smaller, or where a reader would take the
 * result for a bomb. */
static enum pmj_code
lines_pack(struct buf *packed, const struct buf *raw, struct pmj_error *err)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t len;

	buf_put_zeros(packed, ZSTD_compressBound(raw->len));
	if (zstd == NULL || packed->failed != PMJ_OK) {
		(void)ZSTD_freeCCtx(zstd);
		return pmj_fail(err, PMJ_NO_MEMORY, "out of memory");
	}
	len = frame_put(zstd, packed, raw);
	(void)ZSTD_freeCCtx(zstd);
	if (ZSTD_isError(len))
		return pmj_fail(err, PMJ_NO_MEMORY, "compressing: %s", ZSTD_getErrorName(len));
	if (segment_pack_helps(len, raw->len))
		packed->len = len;
	else
		buf_clear(packed);
	return PMJ_OK;
}

static void
head_put(uint8_t *head, uint8_t pack, const struct buf *body, const struct buf *raw,
    uint64_t first_seq, size_t count)
{
	memcpy(head + INNER_AT_MAGIC, INNER_MAGIC, 4);
	head[INNER_AT_PACK] = pack;
	put_le32(head + INNER_AT_BODY_LEN, (uint32_t)body->len);
	put_le32(head + INNER_AT_RAW_LEN, (uint32_t)raw->len);
	put_le64(head + INNER_AT_FIRST_SEQ, first_seq);
	put_le32(head + INNER_AT_COUNT, (uint32_t)count);
}

enum pmj_code
segment_inner_write(struct buf *out, uint8_t chain[static 32], const struct segment_draft *draft,
    uint64_t first_seq, struct pmj_error *err)
{
	uint8_t head[SEGMENT_INNER_HEAD_BYTES] = {0};
	uint8_t after[32];
	uint8_t e[32];
	struct buf joined;
	struct buf squeezed;
	const struct buf *raw = &joined, *packed = &squeezed, *body;
	size_t start = out->len;
	enum pmj_code rc;

	buf_init(&joined, PMJ_SEGMENT_RAW_MAX);
	buf_init(&squeezed, 0);
	if (draft->pack != NULL) {
		assert(draft->pack->done);
		raw = &draft->pack->raw;
		packed = &draft->pack->packed;
	} else if ((rc = segment_lines_join(&joined, draft->lines, draft->count, err)) != PMJ_OK ||
	           (!draft->test_store && (rc = lines_pack(&squeezed, &joined, err)) != PMJ_OK)) {
		goto out;
	}
	body = packed->len > 0 ? packed : raw;
	if (body->len > PMJ_SEGMENT_FILE_MAX) {
		rc = pmj_fail(err, PMJ_TOO_BIG, "%zu bytes of lines; at most %u make one segment",
		    body->len, PMJ_SEGMENT_FILE_MAX);
		goto out;
	}
	memcpy(after, chain, sizeof(after));
	if (draft->chains != NULL)
		memcpy(after, draft->chains[draft->count - 1], sizeof(after));
	for (size_t i = 0; i < draft->count && draft->chains == NULL; i++) {
		chain_entry(e, draft->lines[i].bytes, draft->lines[i].len);
		chain_lane_next(after, e);
	}
	head_put(head, body == raw ? INNER_PACK_NONE : INNER_PACK_ZSTD, body, raw, first_seq,
	    draft->count);
	memcpy(head + INNER_AT_CHAIN_BEFORE, chain, 32);
	memcpy(head + INNER_AT_CHAIN_AFTER, after, 32);
	buf_put(out, head, sizeof(head));
	buf_put(out, body->bytes, body->len);
	buf_put_zeros(
	    out, segment_padded((uint32_t)(sizeof(head) + body->len)) - (sizeof(head) + body->len));
	if ((rc = buf_check(out, err)) != PMJ_OK) {
		out->len = start;
		goto out;
	}
	memcpy(chain, after, sizeof(after));
out:
	buf_wipe(&joined);
	buf_wipe(&squeezed);
	return rc;
}
