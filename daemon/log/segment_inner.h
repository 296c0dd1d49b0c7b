/* segment_inner.h - the plaintext of a segment: fixed fields, lines (compressed), zeros. Known to
 * segment_*.c and the fuzz target. Pure. */
#ifndef LOG_SEGMENT_INNER_H
#define LOG_SEGMENT_INNER_H
#include "log/segment.h"

#define SEGMENT_INNER_HEAD_BYTES SEGMENT_HEAD_BYTES

enum { INNER_PACK_NONE = 0, INNER_PACK_ZSTD = 1 };
enum {
	INNER_AT_MAGIC = 0,
	INNER_AT_PACK = 4,
	INNER_AT_ZERO = 5,
	INNER_AT_BODY_LEN = 8,
	INNER_AT_RAW_LEN = 12,
	INNER_AT_FIRST_SEQ = 16,
	INNER_AT_COUNT = 24,
	INNER_AT_ZERO_TOO = 28,
	INNER_AT_CHAIN_BEFORE = 32,
	INNER_AT_CHAIN_AFTER = 64
};
#define INNER_MAGIC ((const char[4]){'P', 'M', 'J', 'P'})
#define INNER_WINDOW_LOG_MAX 22 /* 4 MiB */
#define INNER_WINDOW_MAX (1u << INNER_WINDOW_LOG_MAX)

struct segment_pack {
	struct buf raw;    /* the lines, each with its "\n" */
	struct buf packed; /* so far; of no use unless done */
	size_t taken;      /* of raw */
	bool done;
	struct ZSTD_CCtx_s *zstd;
};
/** Lines one after the other, each with its "\n". */
PMJ_MUST_CHECK enum pmj_code segment_lines_join(
    struct buf *raw, const struct segment_line *lines, size_t count, struct pmj_error *err);
/** Is a body of so many bytes smaller than the lines, and would a reader not take it for a bomb? */
bool segment_pack_helps(size_t packed, size_t raw);

/**
 * Append the padded plaintext of the lines to *out.
 *
 * chain  in: the lane's chain before the first line; out: after the last. Left as it was on
 * failure. Errors PMJ_INVALID for a line that is empty or holds "\n"; PMJ_TOO_BIG past a limit of
 * section 13.
 */
PMJ_MUST_CHECK enum pmj_code segment_inner_write(struct buf *out, uint8_t chain[static 32],
    const struct segment_draft *draft, uint64_t first_seq, struct pmj_error *err);
/**
 * Read the plaintext of an authentic segment in pieces, in the order of section 5: fields, padding,
 * sizes, bounded decompression, line count and seq run, chain. The author may still be hostile.
 *
 * plain   stays where it is until the end, as does what expect->chain points to.
 * expect  only first_seq and chain are read.
 * Errors  NULL: no memory.
 */
struct segment_inner;
struct segment_inner *segment_inner_new(
    const uint8_t *plain, size_t padded, const struct segment_expect *expect);
/** One piece: about 1 MiB unpacked, or as much of it cut into lines. True when it is over; *fault
 * tells how. out receives lines, e, counts and chains; left empty on a fault. The caller closes it.
 */
bool segment_inner_step(
    struct segment_inner *inner, struct segment_open *out, enum segment_fault *fault);
void segment_inner_free(struct segment_inner *inner);

#endif
