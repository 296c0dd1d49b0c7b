/* queue.h - what waits to be sealed (pmj_queue), what is sealed but not acked (pmj_sent), and what
 * a receipt covered (pmj_done). */
#ifndef SYNC_QUEUE_H
#define SYNC_QUEUE_H
#include "sync/lane.h"

enum queue_rank {
	QUEUE_PHOTO =
	    -1, /* behind everything, and only where there is room for it (photo_queue.c) */
	QUEUE_ROUTINE = 0,
	QUEUE_URGENT = 1,
	QUEUE_AGAIN = 2 /* re-issued: before everything, in its old order */
};

struct queue_place { /* in sealing order */
	int rank;
	int64_t pos;
};
#define QUEUE_START ((struct queue_place){QUEUE_AGAIN, INT64_MIN})

struct queue_item {
	int64_t id;
	struct queue_place place;
	int64_t n;    /* journal number; 0: none, `line` is all there is */
	bool forward; /* to be wrapped in ctl.fwd */
	char *line;   /* bytes as sealed before, or NULL */
	size_t len;
};
/** The first `most` items of a mailbox behind a place, of rank `least` and more, in sealing order;
 * fewer do not mean that there are no more, none do. Close with queue_items_free. */
PMJ_MUST_CHECK enum pmj_code queue_items(struct sync *sync, struct queue_item **out, size_t *count,
    const uint8_t *mailbox, const struct queue_place *behind, enum queue_rank least, size_t most,
    struct pmj_error *err);
/** A journaled line that is neither on its way nor there. Its rank only ever rises. */
PMJ_MUST_CHECK enum pmj_code queue_put(struct sync *sync, const uint8_t *mailbox, int64_t n,
    bool forward, enum queue_rank rank, struct pmj_error *err);
/** Into the queue, or to another place in it. pos NULL: behind all others. */
PMJ_MUST_CHECK enum pmj_code queue_put_item(struct sync *sync, const uint8_t *mailbox,
    const struct queue_item *item, enum queue_rank rank, const int64_t *pos, struct pmj_error *err);
struct sql;
/** Columns 1 to 3 of a row: n, forward, line (a copy). */
void queue_item_read(struct queue_item *item, struct sql *sql);
void queue_items_free(struct queue_item *items, size_t count);
/** id: of the item. */
PMJ_MUST_CHECK enum pmj_code queue_drop(struct sync *sync, int64_t id, struct pmj_error *err);

struct queue_sent { /* one line of a sealed segment */
	int64_t n;  /* 0: none */
	bool forward;
	bool counts;      /* not ctl.ack, not ctl.beacon */
	const char *line; /* kept byte for byte; NULL: the journal has it, or it is made anew */
	size_t len;
	uint8_t chain[32]; /* after it */
};
PMJ_MUST_CHECK enum pmj_code queue_sent_put(struct sync *sync, const struct lane *lane,
    uint64_t seq, uint64_t segno, const struct queue_sent *sent, struct pmj_error *err);
/** The chain we had at a line of ours that is not acked. */
PMJ_MUST_CHECK enum pmj_code queue_sent_chain(struct sync *sync, const struct lane *lane,
    uint64_t seq, uint8_t *chain, bool *found, struct pmj_error *err);
/** What was left to later steps when a big segment was sealed (seal_number.c) is done. Inside a
 * transaction, before something is asked of pmj_sent that must be whole. */
PMJ_MUST_CHECK enum pmj_code queue_numbered(struct sync *sync, struct pmj_error *err);
/** A receipt covers the lane's lines up to seq: they are done. */
PMJ_MUST_CHECK enum pmj_code queue_sent_acked(
    struct sync *sync, const struct lane *lane, uint64_t seq, struct pmj_error *err);
/** What of this lane is not acked, above a segment and its last line, is to go back to the head of
 * the queue, in order. Where it is much that is noted, and the steps behind sync_number_step do it.
 */
PMJ_MUST_CHECK enum pmj_code queue_again(struct sync *sync, const struct lane *lane, uint64_t segno,
    uint64_t seq, struct pmj_error *err);
/** Some of it, as much as a step may take, inside a transaction. *left: perhaps not all. */
PMJ_MUST_CHECK enum pmj_code queue_again_some(struct sync *sync, bool *left, struct pmj_error *err);
/** ... as a step of its own. *left false: there was nothing. */
PMJ_MUST_CHECK enum pmj_code queue_again_step(struct sync *sync, bool *left, struct pmj_error *err);
/** queue_numbered, and all that is to go back: before something is asked of pmj_queue that must be
 * whole. */
PMJ_MUST_CHECK enum pmj_code queue_whole(struct sync *sync, struct pmj_error *err);
/** Is anything of this lane not acked? */
bool queue_sent_any(struct sync *sync, const struct lane *lane);
/** Note that the far end has entry n (it came back from there, or a receipt covers it). */
PMJ_MUST_CHECK enum pmj_code queue_done_put(struct sync *sync, const uint8_t *mailbox, int64_t n,
    bool forward, int64_t lane, uint64_t seq, struct pmj_error *err);
/** An own entry came back from the far end: it need not be sent any more. */
PMJ_MUST_CHECK enum pmj_code queue_came_back(
    struct journal *journal, const uint8_t *mailbox, int64_t n, struct pmj_error *err);
/** Is it a part of a photo? Those are counted as nothing that a worker wrote. */
bool queue_is_photo(struct journal *journal, int64_t n);
#define QUEUE_RECEIVED "sync.received" /* how many of a device's entries the hub has */
/** That number, kept with every change so that `status` need not count. */
int64_t queue_received(struct journal *journal);
/** There are `more` of them than `before`. Inside the transaction; nothing at a hub. */
PMJ_MUST_CHECK enum pmj_code queue_received_more(
    struct journal *journal, int64_t before, int64_t more, struct pmj_error *err);
/** A forwarded entry was not sent, or is to be sent again. */
PMJ_MUST_CHECK enum pmj_code queue_forget_sent(
    struct sync *sync, const uint8_t *mailbox, int64_t n, struct pmj_error *err);
/** Forget what this mailbox ever got: it is sent its whole state anew. */
PMJ_MUST_CHECK enum pmj_code queue_forget_all(
    struct sync *sync, const uint8_t *mailbox, struct pmj_error *err);

#endif
