/* restored.h - lanes after a backup was restored: this end's own, or the hub's at the other end.
 * Inside the caller's transaction. */
#ifndef SYNC_RESTORED_H
#define SYNC_RESTORED_H
#include "sync/lane.h"

/** The hub says in its ctl.incarnate that it was restored: what it decided after `point`, its last
 * stamp that it knows, is given back; and what it acked above how far it has `read` is offered
 * again. */
PMJ_MUST_CHECK enum pmj_code restored_offer_again(
    struct sync *sync, const struct sync_peer *peer, const json_t *line, struct pmj_error *err);
/* give_back.c */
PMJ_MUST_CHECK enum pmj_code restored_give_back(
    struct sync *sync, const struct sync_peer *peer, int64_t point_ms, struct pmj_error *err);

#endif
