/* within.h - something that may hang, done by a child under a deadline: a dead share, another
 * program. */
#ifndef BASE_WITHIN_H
#define BASE_WITHIN_H
#include "base/buf.h"

/**
 * Run work(ctx) in a child, its standard output into out, at most wait_ms.
 *
 * out      what it wrote, at most out->limit bytes.
 * Returns  what work returned (0 to 255), or -1 when it did not end in time; it is killed then.
 */
int within(struct buf *out, int wait_ms, int (*work)(void *ctx), void *ctx);
/** A program of PATH; argv ends with NULL. 127: there is none. Its complaints are not shown. */
int within_program(struct buf *out, int wait_ms, const char *const *argv);

#endif
