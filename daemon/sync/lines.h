/* lines.h - lines of our own that serve the lane: made anew for each segment. */
#ifndef SYNC_LINES_H
#define SYNC_LINES_H
#include "sync/lane.h"

/** One control line. more: its members beyond v, n, kind, by, at; a reference is taken over, may be
 * NULL. */
PMJ_MUST_CHECK enum pmj_code lines_own(
    struct sync *sync, struct buf *out, const char *kind, json_t *more, struct pmj_error *err);
/** The ack of the lanes we read: NULL in *more when there is none yet. *from: it says all that is
 * to be said of lanes from this row on; those before it had no room. */
PMJ_MUST_CHECK enum pmj_code lines_ack(struct sync *sync, const struct sync_peer *peer,
    json_t **more, int64_t *from, struct pmj_error *err);
/** Members of a device's ctl.hello: who it is, and the key it is to be sealed to from now on. New
 * reference. */
json_t *lines_hello(struct journal *journal);
/** Queue such a line. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code lines_queue_hello(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool urgent, struct pmj_error *err);
/** ctl.return around one that another device wrote. PMJ_NOT_FOUND when only a stub is here. */
PMJ_MUST_CHECK enum pmj_code lines_return(
    struct sync *sync, struct buf *out, int64_t n, struct pmj_error *err);
/** ctl.fwd around an entry. PMJ_NOT_FOUND when only a stub is here. */
PMJ_MUST_CHECK enum pmj_code lines_forward(
    struct sync *sync, struct buf *out, int64_t n, struct pmj_error *err);

#endif
