/* line_pack.h - a line as few bytes, and back exactly: how a journal keeps it. Pure. Hashes go over
 * the plain line, so whoever unpacks can tell whether it is the one. */
#ifndef DOMAIN_LINE_PACK_H
#define DOMAIN_LINE_PACK_H
#include <stdbool.h>

#include "base/buf.h"
#include "pamoja/limits.h"

#define LINE_PLAIN_MAX (3 * PMJ_LINE_MAX) /* no line that is kept is longer */

/* What stands beside the line already, and so need not stand in it again. The same values must be
 * given to unpack it. */
struct line_beside {
	const uint8_t *by;  /* PMJ_DEVICE_BYTES, or NULL */
	const uint8_t *rec; /* PMJ_RECORD_BYTES, or NULL */
	int64_t pt;
};

/** Any bytes, text of another sort too; what does not get shorter is put as it is. */
void line_pack(struct buf *out, const char *line, size_t len, const struct line_beside *beside);
/** False, and nothing put, for what line_pack did not make. Reads hostile bytes: never puts
 * more than LINE_PLAIN_MAX, which is also all that it asks memory for. */
PMJ_MUST_CHECK bool line_unpack(
    struct buf *out, const uint8_t *bytes, size_t len, const struct line_beside *beside);
/** What the compressor gets to see of a line: for training its dictionary. False for bytes that
 * are no line. */
bool line_pack_mark(struct buf *text, struct buf *raw, const char *line, size_t len,
    const struct line_beside *beside);

#endif
