/* segment_pack.c - the lines of a segment packed in pieces, one frame of all of them. */
#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "log/dictionary.h"
#include "log/segment_inner.h"

/* What one piece adds to the frame beyond its bound: the head of the frame, and of a block. */
#define PIECE_ROOM 64
/* As far as it looks back, and what its two tables have room for: 2^20 bytes and places, 10 MB, of
 * which libzstd clears 8 before the first piece. What it would take by itself for lines of 1 MiB
 * and more is 36 MB and 20 ms, and packs 0.2 % better. */
#define PACK_LOG 20
#define PACK_SMALL (256 * 1024) /* up to here it takes less */

/* The size is said, for it is what libzstd goes by. */
static bool
pack_begin(ZSTD_CCtx *zstd, size_t len)
{
	return !ZSTD_isError(ZSTD_CCtx_refCDict(zstd, dictionary_ready())) &&
	       !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(zstd, len)) &&
	       (len <= PACK_SMALL ||
	           (!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, PACK_LOG)) &&
	               !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_hashLog, PACK_LOG)) &&
	               !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_chainLog, PACK_LOG))));
}

enum pmj_code
segment_pack_new(struct segment_pack **out, const struct segment_line *lines, size_t count,
    struct pmj_error *err)
{
	struct segment_pack *pack = calloc(1, sizeof(*pack));
	enum pmj_code rc;

	*out = NULL;
	if (pack == NULL)
		return pmj_fail(err, PMJ_NO_MEMORY, "out of memory");
	buf_init(&pack->raw, PMJ_SEGMENT_RAW_MAX);
	buf_init(&pack->packed, 0);
	if ((rc = segment_lines_join(&pack->raw, lines, count, err)) != PMJ_OK)
		goto out;
	pack->zstd = ZSTD_createCCtx();
	if (pack->zstd == NULL || !pack_begin(pack->zstd, pack->raw.len)) {
		rc = pmj_fail(err, PMJ_NO_MEMORY, "out of memory");
		goto out;
	}
	*out = pack;
	pack = NULL;
out:
	segment_pack_free(pack);
	return rc;
}

void
segment_pack_free(struct segment_pack *pack)
{
	if (pack == NULL)
		return;
	(void)ZSTD_freeCCtx(pack->zstd);
	buf_wipe(&pack->raw);
	buf_wipe(&pack->packed);
	free(pack);
}

/* Each piece is flushed, for libzstd would else take in 128 KiB before it does the work of them
 * all: blocks of 16 KiB take some 3 % more, of 32 KiB 1.5 %. */
enum pmj_code
segment_pack_step(struct segment_pack *pack, size_t bytes, bool *done, struct pmj_error *err)
{
	size_t left = pack->raw.len - pack->taken, unwritten;
	ZSTD_inBuffer in = {
	    .src = pack->raw.bytes + pack->taken, .size = bytes < left ? bytes : left};
	ZSTD_EndDirective what = in.size == left ? ZSTD_e_end : ZSTD_e_flush;

	assert(!pack->done);
	do {
		ZSTD_outBuffer out = {.size = ZSTD_compressBound(in.size) + PIECE_ROOM};
		size_t from = pack->packed.len;
		enum pmj_code rc;

		buf_put_zeros(&pack->packed, out.size);
		if ((rc = buf_check(&pack->packed, err)) != PMJ_OK)
			return rc;
		out.dst = pack->packed.bytes + from;
		unwritten = ZSTD_compressStream2(pack->zstd, &out, &in, what);
		if (ZSTD_isError(unwritten))
			return pmj_fail(
			    err, PMJ_NO_MEMORY, "compressing: %s", ZSTD_getErrorName(unwritten));
		pack->packed.len = from + out.pos;
	} while (unwritten > 0);
	pack->taken += in.size;
	*done = pack->done = what == ZSTD_e_end;
	if (pack->done && !segment_pack_helps(pack->packed.len, pack->raw.len))
		buf_clear(&pack->packed);
	return PMJ_OK;
}

size_t
segment_pack_taken(const struct segment_pack *pack)
{
	return pack->taken;
}

size_t
segment_pack_bytes(const struct segment_pack *pack)
{
	return pack->packed.len > 0 ? pack->packed.len : pack->taken;
}

size_t
segment_pack_file_bytes(const struct segment_pack *pack)
{
	return SEGMENT_OVERHEAD_BYTES + PRIM_TAG_BYTES +
	       segment_padded((uint32_t)(SEGMENT_INNER_HEAD_BYTES + segment_pack_bytes(pack)));
}
