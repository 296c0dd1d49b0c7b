/* pace.h - how much of some work fits in the time it may take, learned from how long it last took.
 * Pure: the caller has the clock. */
#ifndef BASE_PACE_H
#define BASE_PACE_H
#include <stdint.h>

struct pace {
	int64_t amount; /* to do next time: entries, frames, rows ... */
	int64_t least, most;
	int64_t target_ms;
};

/** did of them took so long: less next time if that was too long, else a little more. */
void pace_learn(struct pace *pace, int64_t did, int64_t took_ms);

#endif
