/* take.h - what lies in spool/in: in which order, whose it is, and what becomes of each file. */
#ifndef SYNC_TAKE_H
#define SYNC_TAKE_H
#include "sync/lane.h"

struct take_file {
	char *name;
	bool named; /* the name says a place */
	struct sync_place_of place;
};
void take_list_free(struct take_list *list);
/** Forget a half-taken segment that is kept open between steps. */
void take_open_drop(struct sync *sync);

enum take_verdict {
	TAKE_DROP /* done with it */,
	TAKE_ASIDE /* refused, noted */,
	TAKE_WAIT /* leave it */,
	TAKE_PART /* go on with it */
};
/** One file, inside the transaction. */
PMJ_MUST_CHECK enum pmj_code take_file(struct sync *sync, const struct take_file *file,
    int64_t until_ms, int64_t *taken, enum take_verdict *verdict, struct pmj_error *err);
/** The same with bytes at hand (an invitation), to its end. PMJ_INTEGRITY names the fault. */
PMJ_MUST_CHECK enum pmj_code take_bytes(
    struct sync *sync, const uint8_t *bytes, size_t len, struct pmj_error *err);

#endif
