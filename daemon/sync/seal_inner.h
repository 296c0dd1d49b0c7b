/* seal_inner.h - one segment being put together, shared by seal*.c only. */
#ifndef SYNC_SEAL_INNER_H
#define SYNC_SEAL_INNER_H
#include "sync/lane.h"
#include "sync/queue.h"

struct seal {
	struct sync *sync;
	struct sync_peer peer;
	struct lane lane;
	size_t raw_max;
	size_t raw;        /* bytes of lines so far, newlines too */
	struct buf *bytes; /* of each line */
	struct queue_sent *sent;
	size_t count;
	bool waits;     /* something of the queue is left for the next segment */
	bool announces; /* of a restored end: its new key alone */
	json_t *ack;    /* what the ack says, or NULL */
	size_t ack_at;  /* which line it is */
};

/* Takes the line over. */
void seal_add(struct seal *seal, struct buf *line, const struct queue_sent *sent);
/* What stands at the head of every segment: incarnate (first of a lane only), ack, beacon, then
 * what is due. */
PMJ_MUST_CHECK enum pmj_code seal_head(struct seal *seal, struct pmj_error *err);
/* What is left in the queue is told by the ack: with it the hub knows whether it has everything
 * that was written until now. */
PMJ_MUST_CHECK enum pmj_code seal_left(struct seal *seal, struct pmj_error *err);
/* All that stands in the announcement of a restored end. */
PMJ_MUST_CHECK enum pmj_code seal_announcement(struct seal *seal, struct pmj_error *err);
/* Make a segment for one mailbox, if anything is due there: one transaction.
 * due: also when nothing is queued. *waits: something of the queue
 * is left for the next. PMJ_NOT_FOUND: there is no such mailbox any more. */
PMJ_MUST_CHECK enum pmj_code seal_one(struct sync *sync, const uint8_t *mailbox, bool due,
    bool *made, bool *waits, struct pmj_error *err);

#endif
