/* restored.h - lanes after a backup was restored: this end's own, or the hub's at the other end.
 * Inside the caller's transaction. */
#ifndef SYNC_RESTORED_H
#define SYNC_RESTORED_H
#include "sync/lane.h"

/** The hub says that it was restored, and how far it has read each incarnation of ours (`read`):
 * what it acked above that is offered again. */
PMJ_MUST_CHECK enum pmj_code restored_offer_again(
    struct sync *sync, const struct sync_peer *peer, const json_t *read, struct pmj_error *err);

#endif
