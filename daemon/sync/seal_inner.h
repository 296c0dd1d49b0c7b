/* seal_inner.h - one segment being put together, shared by seal*.c only. */
#ifndef SYNC_SEAL_INNER_H
#define SYNC_SEAL_INNER_H
#include "sync/lane.h"
#include "sync/queue.h"

/* What was taken off the queue, and what became of it. */
struct seal_taken {
	int64_t id, n; /* of the queue, of the journal */
	bool forward;
	enum { SEAL_SENT, SEAL_NO_MORE, SEAL_WITHDRAWN } as;
	size_t line; /* which it became, if SEAL_SENT */
};

struct seal {
	struct sync *sync;
	struct sync_peer peer;
	struct lane lane;
	size_t raw_max;
	size_t count_max;  /* lines */
	size_t raw;        /* bytes of lines so far, newlines too */
	struct buf *bytes; /* of each line */
	struct queue_sent *sent;
	size_t count;
	struct seal_taken *taken; /* in the order of the queue */
	size_t taken_count, taken_room;
	struct queue_place at; /* of the last of them */
	size_t piece;          /* bytes of lines that are put together in one step; 0: all ... */
	int64_t until_ms;      /* ... and for how long; 0: for as long as that takes */
	bool partial;          /* there is more, for the next step */
	bool big;              /* put together in several */
	bool photos;           /* it holds parts of photos and nothing else */
	int64_t room;          /* bytes of those that it may hold */
	uint8_t (*chains)[32]; /* after each line, or NULL ... */
	size_t chained;        /* ... of so many */
	size_t head;           /* how many of them serve the lane itself */
	struct buf says;  /* ... and what they say, but for the time and what changes with it */
	bool waits;       /* something of the queue is left for the next segment */
	bool announces;   /* of a restored end: its new key alone */
	json_t *ack;      /* what the ack says, or NULL */
	size_t ack_at;    /* which line it is */
	int64_t ack_from; /* the oldest lane it had room for */
	bool beacons;     /* the hub's ctl.beacon is among them ... */
	size_t beacon_at; /* ... there */
};

/* A segment that is packed over several steps. Nothing of it is in the journal: the last step puts
 * it together anew in its transaction, and where that is no longer what was packed, it is dropped.
 * Where no transaction came between, what is queued is not read again. */
struct seal_packing {
	struct seal seal;
	uint64_t transaction; /* in which its lines were read */
	bool due;
	struct segment_pack *pack; /* NULL: its lines are still put together */
	bool done;                 /* all of it is packed */
	size_t raw_was, body_was; /* before the last piece: of the lines, and what they packed to */
};

/* Takes the line over. */
void seal_add(struct seal *seal, struct buf *line, const struct queue_sent *sent);
/* What stands at the head of every segment: incarnate (first of a lane only), ack, beacon, then
 * what is due. */
PMJ_MUST_CHECK enum pmj_code seal_head(struct seal *seal, struct pmj_error *err);
/* Lines of the queue, in its order, until the segment is full, or this step is. Reads only. */
PMJ_MUST_CHECK enum pmj_code seal_queue(struct seal *seal, struct pmj_error *err);
/* The same where the queue is as it was when packed was put together: its lines are taken over. */
void seal_queue_packed(struct seal *seal, struct seal *packed);
/* They are not in the queue any more. */
PMJ_MUST_CHECK enum pmj_code seal_take_all(struct seal *seal, struct pmj_error *err);
/* Too many for one step: they are from the next steps on (seal_number_step). Those without a number
 * are not at once. */
PMJ_MUST_CHECK enum pmj_code seal_number_later(
    struct seal *seal, uint64_t segno, struct pmj_error *err);
/* What is left in the queue is told by the ack: with it the hub knows whether it has everything
 * that was written until now. */
PMJ_MUST_CHECK enum pmj_code seal_left(struct seal *seal, struct pmj_error *err);
/* All that stands in the announcement of a restored end. */
PMJ_MUST_CHECK enum pmj_code seal_announcement(struct seal *seal, struct pmj_error *err);
void seal_init(struct seal *seal, struct sync *sync, size_t raw_max, size_t count_max);
void seal_close(struct seal *seal);
/* Inside the transaction: its lines are put together. due: also when nothing
 * is queued. packed: what was put together before, of the same queue: the lines behind its head are
 * taken over; or NULL. *some false: there is nothing to make, and what was withdrawn is off the
 * queue. */
PMJ_MUST_CHECK enum pmj_code seal_collect(struct seal *seal, const uint8_t *mailbox, bool due,
    struct seal *packed, bool *some, struct pmj_error *err);
/* ... become a segment, and are off the queue. pack: those lines, or NULL. */
PMJ_MUST_CHECK enum pmj_code seal_keep(
    struct seal *seal, const struct segment_pack *pack, struct buf *file, struct pmj_error *err);
/* Its lines as segment_seal takes them. Caller frees. */
struct segment_line *seal_lines(const struct seal *seal);
/* What size of a segment was learned from a file: so many bytes of lines made so many. */
void seal_learn(struct sync *sync, const struct seal *seal, size_t did, size_t file_len);
/* Make a segment for one mailbox, if anything is due there: one transaction, or the first step of
 * several (sync->packing). due: also when nothing is queued. *waits: something of the queue
 * is left for the next. PMJ_NOT_FOUND: there is no such mailbox any more. */
PMJ_MUST_CHECK enum pmj_code seal_one(struct sync *sync, const uint8_t *mailbox, bool due,
    bool *made, bool *waits, struct pmj_error *err);
/* Bytes of lines that a file of the size that is asked for lets be. */
void seal_raw_scale(struct sync *sync, size_t file_most);
/* Takes the seal over. */
PMJ_MUST_CHECK enum pmj_code seal_packing_begin(
    struct sync *sync, struct seal *seal, bool due, struct pmj_error *err);
/* The next step of what is packed. */
PMJ_MUST_CHECK enum pmj_code seal_packing_step(struct sync *sync, struct pmj_error *err);
void seal_packing_drop(struct sync *sync);
void seal_due_drop(struct sync *sync);
/* Is its file too big, or more than it need be? Then sync->fit says how many lines fit, and it is
 * to be begun anew. */
bool seal_fit(struct sync *sync, const struct seal_packing *packing);
/* No more lines than fit, by that. */
void seal_fit_apply(struct seal *seal);

#endif
