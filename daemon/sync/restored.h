/* restored.h - lanes after a backup was restored: this end's own, or the hub's at the other end.
 * Inside the caller's transaction. */
#ifndef SYNC_RESTORED_H
#define SYNC_RESTORED_H
#include "sync/lane.h"

/** The hub says in its ctl.incarnate that it was restored: what it decided after `point`, its last
 * stamp that it knows, is given back, and what it and others wrote; and what it acked above how far
 * it has `read` is offered again. As much as can be done by mono ms until_ms; *again: the line is
 * to come once more, and it goes on from there, also after a crash. */
PMJ_MUST_CHECK enum pmj_code restored_offer_again(struct sync *sync, const struct sync_peer *peer,
    const struct entry *line, int64_t until_ms, bool *again, struct pmj_error *err);

struct restored_piece { /* of the journal: the numbers above `after`, up to `upto` */
	int64_t after, upto;
};
/* give_back.c */
/** hub: its device id, which its own entries bear. */
PMJ_MUST_CHECK enum pmj_code restored_give_back(struct sync *sync, const struct sync_peer *peer,
    const uint8_t hub[static PMJ_DEVICE_BYTES], int64_t point_ms,
    const struct restored_piece *piece, struct pmj_error *err);

#endif
