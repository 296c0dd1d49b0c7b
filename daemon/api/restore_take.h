/* restore_take.h - the lines of a backup, one after the other, into a new journal; or only looked
 * at. */
#ifndef API_RESTORE_TAKE_H
#define API_RESTORE_TAKE_H
#include "api/core.h"
#include "log/backup.h"

struct restore_take {
	struct core *core;
	bool check; /* look, and write nothing */
	struct backup_head outside;
	json_t *head;             /* the `bak.head`, without its keys */
	struct ring *ring;        /* of the restored device; NULL until the head was read */
	struct journal *journal;  /* NULL while checking */
	json_t *note;             /* of the next line, or NULL */
	int64_t entries, records; /* so far; records: those that make one */
	int64_t newest_ms;        /* when the last of them was written */
	bool ended;               /* the `bak.end` was read, and fits */
	uint8_t j[32];            /* the journal's chain so far */
};

/** One opened segment: all its lines, in one transaction. */
PMJ_MUST_CHECK enum pmj_code restore_take_segment(
    struct restore_take *take, const struct segment_open *opened, struct pmj_error *err);
/** Lanes, queues and anchor of a journal that is complete; it is closed, and durable. */
PMJ_MUST_CHECK enum pmj_code restore_take_finish(struct restore_take *take, struct pmj_error *err);
/** The key file is written: the journal stays, and its ring is the caller's now. */
struct ring *restore_take_ring(struct restore_take *take);
/** Free what is held; a journal that did not become this home's is removed. */
void restore_take_close(struct restore_take *take);

#endif
