/* wire.h - what pamoja-carry and pamoja-gate say to each other: one request with a batch of
 * operations, one answer with an item for each. To bytes and back. Pure. */
#ifndef CARRY_WIRE_H
#define CARRY_WIRE_H
#include "base/buf.h"
#include "carry/shape.h"

/*
 * Request  "PMQ1" || items;  answer  "PMA1" || items, the last one WIRE_END.
 * Item     kind[1] || length[3] || bytes; little-endian.
 * Every operation is answered, in order: tips by WIRE_SAME or WIRE_TIPS, get by any number of
 * WIRE_SEGMENT and then WIRE_OUTCOME, put by WIRE_OUTCOME, a wait by nothing. An operation that
 * could not be done is answered by WIRE_OUTCOME with the reason; what came before it stands.
 */
#define WIRE_MAGIC_BYTES 4
#define WIRE_HEAD_BYTES 4
#define WIRE_COMMIT_BYTES 20
#define WIRE_SEEN_BYTES 20
#define WIRE_TIP_BYTES (1 + PMJ_INCARNATION_BYTES + 8 + WIRE_COMMIT_BYTES)
#define WIRE_TIPS_MAX 4096u
#define WIRE_ITEMS_MAX 4096u
#define WIRE_REQUEST_MAX (8u * 1024 * 1024)
#define WIRE_LIMIT_MAX (4u * 1024 * 1024) /* of segment bytes in the answer to one get */
/* The header of an answer over https to a request that the gate saw coming in parts. Over ssh it
 * always does. */
#define WIRE_STREAMS "Pamoja-Streams"
/* No honest answer is longer: what was asked for, one segment more, and the tips. */
#define WIRE_ANSWER_MAX (16u * 1024 * 1024)

enum wire_kind {
	/* operations */
	WIRE_ASK_TIPS = 1, /* nothing, or the 20 bytes of wire_seen of the tips known */
	WIRE_GET = 2,      /* lane[1] incarnation[16] from[8] limit[4] */
	WIRE_PUT = 3,      /* a segment */
	WIRE_WAIT = 4,     /* seconds[1] */
	/* answers */
	WIRE_SAME = 16,    /* the tips are those that the asker knows */
	WIRE_TIPS = 17,    /* any number of: lane[1] incarnation[16] segno[8] commit[20] */
	WIRE_SEGMENT = 18, /* a segment */
	WIRE_OUTCOME = 19, /* one byte of enum wire_outcome */
	WIRE_END = 20      /* nothing */
};

enum wire_outcome {
	WIRE_DONE = 0, /* put: on disk. get: that was all */
	WIRE_HAVE = 1, /* put: it was there */
	WIRE_MORE = 2, /* get: there is more from the next segno on */
	/* refusals */
	WIRE_BAD_FORM = 16,
	WIRE_TOO_BIG,
	WIRE_WRONG_MAILBOX,
	WIRE_WRONG_LANE,
	WIRE_BAD_SIGNATURE,
	WIRE_GAP,    /* the segment before it is not there */
	WIRE_FORKED, /* another segment stands in its place */
	WIRE_BUSY,   /* another moved the branch meanwhile: look again */
	WIRE_FULL,
	WIRE_BROKEN, /* the mailbox itself is damaged there */
	WIRE_FAILED,
	WIRE_NO_ROOM, /* it holds as much as its hub lets it */
	WIRE_OUTCOME_END
};

/** What an outcome means, in words: "it is on disk". Never NULL. */
const char *wire_outcome_text(enum wire_outcome outcome);

struct wire_tip {
	struct shape_place run; /* its segno is that of the tip; its mailbox is not filled */
	uint8_t commit[WIRE_COMMIT_BYTES];
};

struct wire_get {
	struct shape_place from; /* its mailbox is not filled */
	uint32_t limit;          /* bytes; one segment comes in any case */
};

/* One item of a message; bytes point into it. */
struct wire_item {
	enum wire_kind kind;
	const uint8_t *bytes;
	size_t len;
};

enum wire_side { WIRE_REQUEST, WIRE_ANSWER };

/* A message while it is read. */
struct wire_in {
	struct bytes_in in;
	enum wire_side side;
	size_t items;
	bool ended; /* WIRE_END was read */
};

/** Begin a message. */
void wire_begin(struct buf *out, enum wire_side side);
void wire_put_item(struct buf *out, enum wire_kind kind, const void *bytes, size_t len);
/** seen may be NULL. */
void wire_put_ask_tips(struct buf *out, const uint8_t *seen);
/** What follows is answered when the other lane moved for what was put before it, or when so many
 * seconds are over. */
void wire_put_wait(struct buf *out, uint8_t seconds);
void wire_put_get(struct buf *out, const struct wire_get *get);
void wire_put_tips(struct buf *out, const struct wire_tip *tips, size_t count);
void wire_put_outcome(struct buf *out, enum wire_outcome outcome);

/** Errors   PMJ_INVALID when it does not begin like such a message. */
PMJ_MUST_CHECK enum pmj_code wire_open(struct wire_in *in, enum wire_side side,
    const uint8_t *bytes, size_t len, struct pmj_error *err);
/** How many of the first len bytes of a message are its beginning and whole items; 0: not even the
 * beginning. */
size_t wire_whole(const uint8_t *bytes, size_t len);
/**
 * The next item, checked to be one that may stand there, with a length that it may have.
 *
 * more     false when there is none (for an answer: behind WIRE_END, with nothing following).
 * Errors   PMJ_INVALID, PMJ_TOO_BIG; the rest of the message means nothing.
 */
PMJ_MUST_CHECK enum pmj_code wire_next(
    struct wire_in *in, struct wire_item *out, bool *more, struct pmj_error *err);

/** Strict: lane 1 or 2, segno from 1, no run twice. `out` has room for WIRE_TIPS_MAX or for as many
 * as len allows. */
PMJ_MUST_CHECK enum pmj_code wire_read_tips(
    struct wire_tip *out, size_t *count, const uint8_t *bytes, size_t len, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code wire_read_get(
    struct wire_get *out, const struct wire_item *item, struct pmj_error *err);

#endif
