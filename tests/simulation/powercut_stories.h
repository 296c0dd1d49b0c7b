/* powercut_stories.h - what a journal goes through. */
#ifndef SIMULATION_POWERCUT_STORIES_H
#define SIMULATION_POWERCUT_STORIES_H
#include <stddef.h>

struct sim;

struct story {
	const char *name;
	void (*tell)(struct sim *sim); /* from an empty disk; leaves the journal open or closed */
};

extern const struct story stories[];
extern const size_t story_count;

/** Any of it in any order, by the seed. */
void story_random(struct sim *sim);

#endif
