/* handover.h - a job as bytes and back: the session says with it what an errand is to do, to a
 * process that has what it has not. Of the same program on both sides, so it has no version. */
#ifndef CARRY_HANDOVER_H
#define CARRY_HANDOVER_H
#include <stdint.h>

#include "base/buf.h"
#include "carry/job.h"

/* A hub's errand says the keys of ten thousand mailboxes. */
#define HANDOVER_BYTES_MAX (64u << 20)

/** All that an order says; not where the home is, and nothing of what happened. */
void handover_put(struct buf *out, const struct job *job, int64_t id);
/** On failure the job is empty. The caller closes it. */
PMJ_MUST_CHECK enum pmj_code handover_read(
    struct job *out, int64_t *id, const uint8_t *bytes, size_t len, struct pmj_error *err);

#endif
