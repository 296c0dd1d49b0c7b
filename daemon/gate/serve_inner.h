/* serve_inner.h - a request while it is answered: what the files of it share. */
#ifndef GATE_SERVE_INNER_H
#define GATE_SERVE_INNER_H
#include "carry/chain.h"
#include "gate/serve.h"

/* Segments put one after the other into one run: their objects are there, the branch is moved once,
 * behind the last of them. */
struct pending {
	bool open;
	struct shape_place run;
	git_oid was; /* the tip when it began */
	git_oid made;
	uint64_t was_segno;
	uint64_t segno;          /* of `made` */
	struct chain_links held; /* what stood there, from the first segno asked for */
	size_t *marks;           /* where in the answer the outcomes of those not yet moved stand */
	size_t count;
	size_t room;
};

struct serving {
	struct serve_box *box;
	struct buf *answer;
	struct pending put;
	struct wire_in in;
	bool brought;      /* something was put */
	git_oid other_was; /* the tips of the other lane before that */
	size_t done;       /* bytes of the request */
	enum pmj_code rc;
	struct pmj_error err; /* where rc is none */
};

/** What went wrong, for the asker; in full for the log of whoever runs the host. */
enum wire_outcome serve_outcome(enum pmj_code rc, const struct pmj_error *err);
/** Of the tips of one lane as they stand now. */
void serve_tips_hash(struct serving *s, git_oid *out, uint8_t lane);
/** The lane that the asker reads. */
static inline uint8_t
serve_other_lane(const struct serve_box *box)
{
	return box->lane == SHAPE_LANE_UP ? SHAPE_LANE_DOWN : SHAPE_LANE_UP;
}

void serve_put(struct serving *s, const struct wire_item *item);
/** Move the branch, and say of all that it was moved for what came of it. */
void serve_put_finish(struct serving *s);

#endif
