#include "carry/step.h"

#define KIB 1024u
/* What a link must survive: little after a failure, twice as much after each success. */
#define STEP_FIRST (32 * KIB)
#define STEP_LEAST (4 * KIB)
#define STEP_MOST (256 * KIB)
/* What goes beyond that is at most half of what went since the link broke last, so that the first
 * cut in a network that is not known costs a third of what went. */
#define STEP_BOLD 2
/* A step that is cut is lost: an eighth of what goes between two cuts loses a sixteenth. */
#define STEP_SHARE 8

void
step_begin(struct step *step)
{
	if (step->share == 0)
		step->share = step->bytes != 0 ? step->ceiling : STEP_MOST;
	if (step->bytes != 0)
		return;
	step->bytes = STEP_FIRST;
	step->ceiling = STEP_MOST;
}

uint32_t
step_bytes(const struct step *step)
{
	return step->streams ? STEP_MOST : step->bytes;
}

static uint32_t
share_of(uint64_t alive)
{
	uint64_t share = alive / STEP_SHARE;

	return share < STEP_LEAST ? STEP_LEAST : share > STEP_MOST ? STEP_MOST : (uint32_t)share;
}

void
step_failed(struct step *step)
{
	/* One that broke under a few words says little of what it bears; again and again, it does.
	 */
	if (step->alive >= STEP_LEAST || step->share / 2 < STEP_LEAST)
		step->share = share_of(step->alive);
	else
		step->share /= 2;
	step->ceiling = share_of(step->alive);
	step->alive = 0;
	step->bytes = STEP_LEAST;
	step->streams = false;
}

static uint32_t
least_of(uint64_t a, uint64_t b, uint64_t c)
{
	return (uint32_t)(a < b ? (a < c ? a : c) : b < c ? b : c);
}

void
step_survived(struct step *step, size_t bytes)
{
	uint32_t share;
	uint64_t bold;

	step->alive += bytes;
	bold = step->alive / STEP_BOLD < STEP_FIRST ? STEP_FIRST : step->alive / STEP_BOLD;
	share = share_of(step->alive);
	if (share > step->ceiling)
		step->ceiling = share;
	if (share > step->share)
		step->share = share;
	/* A small message says nothing about larger ones. */
	if (bytes >= step->bytes / 2)
		step->bytes = least_of(
		    step->bytes * 2, step->ceiling, bold > step->bytes ? bold : step->bytes);
}

void
step_spared(struct step *step, const struct step *before, size_t bytes)
{
	*step = *before;
	step->share = share_of(before->alive + bytes);
	step->alive = 0;
}

uint32_t
step_piece(const struct step *step)
{
	uint32_t bytes = step->bytes < STEP_FIRST ? STEP_FIRST : step->bytes;

	/* A step that was made small for a cut is small for the next ones; what goes between two
	 * cuts is known by its share. */
	return bytes < step->share ? bytes : step->share;
}
