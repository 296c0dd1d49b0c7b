/* step.h - how much goes at once: what the link lately let through between two cuts. Pure. */
#ifndef CARRY_STEP_H
#define CARRY_STEP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct step {
	uint32_t bytes;   /* of segments that go or come at once; 0: to begin with */
	uint32_t ceiling; /* what that may grow to */
	uint64_t alive;   /* bytes that went and came since the link broke last */
	uint32_t share;   /* of what went between two cuts: what a cut should cost at most */
	bool streams;     /* the host takes a request while it comes, by its own word */
};

/** One that was not used yet gets its first size. */
void step_begin(struct step *step);
/** Bytes that may go or come at once: the most of all steps where the host takes them as they come,
 * for there a cut loses one segment and not a step. */
uint32_t step_bytes(const struct step *step);
/** The link broke: little goes next, and that the host takes what comes is no longer believed. */
void step_failed(struct step *step);
/** So many bytes went and came. */
void step_survived(struct step *step, size_t bytes);
/** ... of the message under which the link broke just now: how much goes at once stays as it was
 * before, for the cut cost what was under way and no more. */
void step_spared(struct step *step, const struct step *before, size_t bytes);
/** What the link lately let through in one piece, for whoever makes pieces that come whole or not
 * at all. */
uint32_t step_piece(const struct step *step);

#endif
