/* incarnation.h - when a writer's history begins anew (section 9). All inside the caller's
 * transaction. */
#ifndef SYNC_INCARNATION_H
#define SYNC_INCARNATION_H
#include "sync/lane.h"

enum incarnation_cause {
	INCARNATION_COPY,
	INCARNATION_EPOCH,
	INCARNATION_NACK,
	INCARNATION_SIZE,
	INCARNATION_RESTORE /* the hub came out of a backup: what it acked since may be lost */
};

/** The lane we write now, begun if there is none. */
PMJ_MUST_CHECK enum pmj_code incarnation_current(
    struct sync *sync, const struct sync_peer *peer, struct lane *out, struct pmj_error *err);
/** Close it, begin another, re-issue what is not acked. */
PMJ_MUST_CHECK enum pmj_code incarnation_begin(struct sync *sync, const struct sync_peer *peer,
    enum incarnation_cause cause, struct pmj_error *err);
/** The same, but that segments up to `upto` are at the mailbox and wait there for their receipt:
 * only what lies above goes again, in smaller ones. *lane: the present one, in and out. */
PMJ_MUST_CHECK enum pmj_code incarnation_smaller(struct sync *sync, const struct sync_peer *peer,
    struct lane *lane, uint64_t upto, struct pmj_error *err);
/** What of this lane of ours lies above a segment is not acked, and goes again in the present one.
 */
PMJ_MUST_CHECK enum pmj_code incarnation_give_up(
    struct sync *sync, const struct lane *lane, uint64_t upto, struct pmj_error *err);
#define SYNC_RESTORED "sync.restored" /* this journal came out of a backup; it goes into none */
/** Is the first segment of this lane the announcement of an end that was restored? */
bool incarnation_announces(
    struct sync *sync, const struct sync_peer *peer, const struct lane *lane);
/** Members of the ctl.incarnate that must be first in the lane; *more NULL when it needs none. */
PMJ_MUST_CHECK enum pmj_code incarnation_line(struct sync *sync, const struct sync_peer *peer,
    const struct lane *lane, json_t **more, struct pmj_error *err);
/** [{"inc","segno"}]: how far we read each incarnation of the other lane; what a copy that lost its
 * place, or asks anew, says. *out: a new reference, also on failure. */
PMJ_MUST_CHECK enum pmj_code incarnation_read_list(
    struct sync *sync, const struct sync_peer *peer, json_t **out, struct pmj_error *err);
/** Something of our writing was seen that we do not hold. Once each: does nothing when it is
 * remembered. */
PMJ_MUST_CHECK enum pmj_code incarnation_copy(struct sync *sync, const struct sync_peer *peer,
    const uint8_t *inc, uint64_t segno, struct pmj_error *err);
/** The host shows a tip that we did not sign: go on under a new incarnation, at most once a day. */
PMJ_MUST_CHECK enum pmj_code incarnation_blocked(
    struct sync *sync, const struct sync_peer *peer, struct pmj_error *err);
/** The peer's ctl.incarnate, ctl.resend, ctl.reincarnate, ctl.nack; lane is the one it came in.
 * *again: not done by mono ms until_ms, the line is to come once more. */
PMJ_MUST_CHECK enum pmj_code incarnation_take(struct sync *sync, const struct sync_peer *peer,
    struct lane *lane, const struct entry *entry, int64_t until_ms, bool *again,
    struct pmj_error *err);
/** May a new incarnation be read, whose first line this is? *ready false: some named one is not
 * read far enough yet (down). */
PMJ_MUST_CHECK enum pmj_code incarnation_ready(struct sync *sync, const struct sync_peer *peer,
    const json_t *line, bool *ready, struct pmj_error *err);
/** Reading a new incarnation begins: a down reader closes all earlier ones, an up reader marks the
 * named ones. */
PMJ_MUST_CHECK enum pmj_code incarnation_opened(struct sync *sync, const struct sync_peer *peer,
    const struct lane *lane, const json_t *line, struct pmj_error *err);
/** Queue ctl.reincarnate: two machines write this incarnation. */
PMJ_MUST_CHECK enum pmj_code incarnation_tell_fork(
    struct sync *sync, const struct sync_peer *peer, const uint8_t *inc, struct pmj_error *err);

#endif
