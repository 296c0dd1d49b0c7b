/* pipe.h - the gate at a pipe: reading so many bytes, and the way by ssh, where requests and
 * answers follow each other, each behind its length. */
#ifndef GATE_PIPE_H
#define GATE_PIPE_H
#include "gate/serve.h"

/** Exactly count bytes. PMJ_UNREACHED when it ends before. */
PMJ_MUST_CHECK enum pmj_code pipe_read(
    struct buf *out, int fd, size_t count, struct pmj_error *err);

/**
 * Answer requests until the other end closes: length[4] || request, length[4] || answer.
 *
 * Errors   those of the request that was none, or of the pipe; the asker gets no answer to it.
 */
PMJ_MUST_CHECK enum pmj_code pipe_serve(
    struct serve_box *box, int in, int out, struct pmj_error *err);

#endif
