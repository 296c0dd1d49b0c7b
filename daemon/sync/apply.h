/* apply.h - the lines of one opened segment, in order, inside the caller's transaction. */
#ifndef SYNC_APPLY_H
#define SYNC_APPLY_H
#include "sync/lane.h"

/**
 * Apply lines from where the lane stands, until the end or until the monotonic clock passes
 * until_ms (at least one line).
 *
 * lane   moves; written with lane_move.
 * taken  counts lines up.
 * whole  true when the segment is in to its end.
 */
PMJ_MUST_CHECK enum pmj_code apply_segment(struct sync *sync, const struct sync_peer *peer,
    struct lane *lane, const struct segment_open *opened, int64_t until_ms, int64_t *taken,
    bool *whole, struct pmj_error *err);

#endif
