/* lane.h - the rows of pmj_lane: how far each numbered run of segments was written or read. */
#ifndef SYNC_LANE_H
#define SYNC_LANE_H
#include "sync/inner.h"

struct lane {
	int64_t id;
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t lane;
	uint8_t inc[PMJ_INCARNATION_BYTES];  /* id' of a fork (section 9) */
	uint8_t real[PMJ_INCARNATION_BYTES]; /* what its files say */
	bool ours;
	uint64_t segno; /* last one sealed, or read to its end */
	uint8_t segment_id[32];
	uint64_t seq; /* last line; inside a half-read segment too */
	uint8_t chain[32];
	uint64_t part;          /* lines of segment segno+1 that are in already */
	uint8_t part_chain[32]; /* chain before that segment */
	uint64_t acked_segno, acked_seq;
	uint64_t deferred_seq; /* of the last ack; 0 none */
	uint64_t count_seq;    /* read: last line that counts */
	uint64_t told_seq;     /* read: what our last sealed ack said */
	bool closed; /* ours: nothing more is written; down: nothing more is read; up: named in an
	                incarnate */
	bool done;   /* ours: need not be named in an incarnate any more */
	int nack;    /* 1 due, 2 sealed */
	char stopped[32];      /* why reading stands still, or "" */
	int64_t made_ms;       /* last segment sealed, or read */
	int64_t gap_ms;        /* a missing segment was noticed */
	uint8_t reader_pk[32]; /* what this incarnation is sealed to */
	char cause[8];         /* ours: why it began, or "" */
	int64_t named_segno;   /* ours: where the reader says it is, after it lost its place; -1 */
};

/** *found false: no such lane. */
PMJ_MUST_CHECK enum pmj_code lane_find(struct sync *sync, struct lane *out, const uint8_t *mailbox,
    int which, const uint8_t *inc, bool *found, struct pmj_error *err);
/** The lane we write now in this mailbox. */
PMJ_MUST_CHECK enum pmj_code lane_current(struct sync *sync, struct lane *out,
    const uint8_t *mailbox, bool *found, struct pmj_error *err);
/** Rows of a mailbox, in the order they began. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code lane_list(struct sync *sync, struct lane **out, size_t *count,
    const uint8_t *mailbox, bool ours, struct pmj_error *err);
/** A row that stands at the beginning of its chains; lane->id is set. */
PMJ_MUST_CHECK enum pmj_code lane_start(
    struct sync *sync, struct lane *lane, struct pmj_error *err);
/** Write all that changes. */
PMJ_MUST_CHECK enum pmj_code lane_save(
    struct sync *sync, const struct lane *lane, struct pmj_error *err);
/** Write only how far a lane was read: what its lines did to the row meanwhile (closed, told, nack)
 * stays. */
PMJ_MUST_CHECK enum pmj_code lane_move(
    struct sync *sync, const struct lane *lane, struct pmj_error *err);
/** Is this the newest incarnation of those the peer writes? */
PMJ_MUST_CHECK enum pmj_code lane_is_newest(
    struct sync *sync, const struct lane *lane, bool *newest, struct pmj_error *err);

struct lane_point { /* one segment that was read or written, kept so that a second of its place is
	               known */
	uint64_t segno;
	uint8_t id[32];
	uint64_t seq; /* after it */
	uint8_t chain[32];
};
PMJ_MUST_CHECK enum pmj_code lane_point_put(struct sync *sync, const struct lane *lane,
    const struct lane_point *point, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code lane_point(struct sync *sync, struct lane_point *out,
    const struct lane *lane, uint64_t segno, bool *found, struct pmj_error *err);

#endif
