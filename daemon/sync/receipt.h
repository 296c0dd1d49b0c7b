/* receipt.h - the other end's signed word up to where it has durably taken in (5.4). */
#ifndef SYNC_RECEIPT_H
#define SYNC_RECEIPT_H
#include "sync/lane.h"

/** A ctl.ack, inside the caller's transaction: what it covers is dropped; what it shows of our
 * writing that we do not hold makes us a copy. An ack counts only where its chain equals ours at
 * that line. *again: it covers more than a step can take; the line is to come once more. */
PMJ_MUST_CHECK enum pmj_code receipt_take(struct sync *sync, const struct sync_peer *peer,
    const struct entry *entry, bool *again, struct pmj_error *err);

#endif
