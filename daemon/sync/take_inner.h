/* take_inner.h - one segment file on its way in, shared by take_*.c only. */
#ifndef SYNC_TAKE_INNER_H
#define SYNC_TAKE_INNER_H
#include "sync/lane.h"
#include "sync/take.h"

struct take_open { /* a segment that is half in */
	char *name;
	struct lane lane;
	struct segment_open opened;
};

struct take_opening { /* a file whose seal is being opened, piece by piece */
	char *name;
	struct buf bytes;
	struct segment_header header;
	uint8_t id[32];
	struct segment_opening *opening;
	struct segment_open opened;
};

struct take { /* one file on its way */
	struct sync *sync;
	const struct take_file *file;
	struct sync_peer peer;
	struct buf bytes;
	bool lent; /* they are sync->opening's */
	struct segment_header header;
	uint8_t id[32];
	struct lane lane; /* the lane it continues */
	bool fork;        /* lane is a new branch beside the one read before */
	bool begins;      /* lane has no row yet */
	int64_t until_ms;
	int64_t *taken;
	enum take_verdict verdict;
};

/* take_open.c */
/* Open the file's seal until it is open or time is up (*over false: the same file again). */
enum segment_fault take_unseal(struct take *take, const struct segment_expect *expect,
    struct segment_open *opened, bool *over);

/* take_lane.c */
/* Among the lanes of this incarnation: the one it continues, or that it was read before. *fault
 * tells why neither. */
PMJ_MUST_CHECK enum pmj_code take_find_lane(
    struct take *take, enum segment_fault *fault, bool *duplicate, struct pmj_error *err);
/* A lane of which nothing is in yet (it may have a row: it was named by a later one): may it begin,
 * and what does that close? *ready false: not now. */
PMJ_MUST_CHECK enum pmj_code take_begin(
    struct take *take, const struct segment_open *opened, bool *ready, struct pmj_error *err);

#endif
