/* pipe.h - the gate at a pipe: a request of so many bytes, and the way by ssh, where requests and
 * answers follow each other, each behind its length. */
#ifndef GATE_PIPE_H
#define GATE_PIPE_H
#include "gate/serve.h"

/**
 * One request of so many bytes, and what is answered to it. What comes is done while it comes
 * (serve_more).
 *
 * in_parts set when there was a wait with a part of it here: whoever passes it on does so while it
 *          comes, and not when it has all of it. May be NULL.
 * Errors   PMJ_UNREACHED: it broke off; those of serve_end.
 */
PMJ_MUST_CHECK enum pmj_code pipe_request(struct serve_box *box, struct buf *request,
    struct buf *answer, bool *in_parts, int fd, uint32_t len, struct pmj_error *err);
/**
 * Answer requests until the other end closes: length[4] || request, length[4] || answer.
 *
 * Errors   those of the request that was none, or of the pipe; the asker gets no answer to it.
 */
PMJ_MUST_CHECK enum pmj_code pipe_serve(
    struct serve_box *box, int in, int out, struct pmj_error *err);

#endif
