/* gate_step.c - how much goes at once: what the link lately let through between two cuts. */
#include "carry/gate_inner.h"

#define KIB 1024u
/* What a link must survive: little after a failure, twice as much after each success. */
#define STEP_FIRST (32 * KIB)
#define STEP_LEAST (4 * KIB)
#define STEP_MOST (256 * KIB)
/* A step that is cut is lost: an eighth of what goes between two cuts loses a sixteenth. */
#define STEP_SHARE 8
void
gate_way_begin(struct gate_way *way)
{
	if (way->step != 0)
		return;
	way->step = STEP_FIRST;
	way->ceiling = STEP_MOST;
}

uint32_t
gate_step(const struct gate *gate)
{
	return gate->way->streams ? STEP_MOST : gate->way->step;
}

static uint32_t
share_of(uint64_t alive)
{
	uint64_t share = alive / STEP_SHARE;

	return share < STEP_LEAST ? STEP_LEAST : share > STEP_MOST ? STEP_MOST : (uint32_t)share;
}

void
gate_step_failed(struct gate *gate)
{
	struct gate_way *way = gate->way;

	gate->before = *way;
	way->ceiling = share_of(way->alive);
	way->alive = 0;
	way->step = STEP_LEAST;
	way->streams = false;
}

void
gate_step_spared(struct gate *gate)
{
	gate->way->step = gate->before.step;
	gate->way->ceiling = gate->before.ceiling;
	gate->way->streams = gate->before.streams;
	gate->failures = 0;
}

void
gate_step_survived(struct gate *gate, size_t bytes)
{
	struct gate_way *way = gate->way;

	way->alive += bytes;
	if (share_of(way->alive) > way->ceiling)
		way->ceiling = share_of(way->alive);
	/* A small message says nothing about larger ones. */
	if (bytes >= way->step / 2)
		way->step = way->step * 2 < way->ceiling ? way->step * 2 : way->ceiling;
}
