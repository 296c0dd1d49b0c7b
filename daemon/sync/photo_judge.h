/* photo_judge.h - a photo of which all parts are here: do they give the hash, and are they a
 * picture at all? Read part by part, as many as a step has time for. */
#ifndef SYNC_PHOTO_JUDGE_H
#define SYNC_PHOTO_JUDGE_H
#include "log/photo.h"
#include "store/entries.h"

/* What was read so far, in memory only: whoever was stopped reads all of it anew. One for each that
 * takes photos in; the next photo takes its place. Zeroed to begin with. */
struct photo_sum {
	uint8_t rec[PMJ_RECORD_BYTES], hash[PRIM_HASH_BYTES], by[PMJ_DEVICE_BYTES];
	int64_t parts;              /* read */
	struct prim_digest *bytes;  /* of these */
	struct prim_digest *places; /* where they stood */
	bool picture;
};
void photo_sum_close(struct photo_sum *sum);

/** Those of its parts up to that one, which are here, are read before the rest is kept: then what
 * is left to do with the last one is little, and it is never here and unread. */
PMJ_MUST_CHECK enum pmj_code photo_read_ahead(struct journal *journal, struct photo_sum *sum,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], int64_t upto, int64_t until_ms, bool *more,
    struct pmj_error *err);
/** Were they? */
bool photo_was_read(const struct photo_sum *sum, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t hash[static PRIM_HASH_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    int64_t upto);
/** The parts of one author's copy, all of which are here. Inside a transaction.
 *
 * sum       of its caller, between calls; NULL: all at once.
 * until_ms  mono. At least one part is read.
 * more      not done by then: call again.
 * whole     they give the hash. If not, they are dropped: the file may come again. */
PMJ_MUST_CHECK enum pmj_code photo_judge(struct journal *journal, struct photo_sum *sum,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], int64_t parts, int64_t until_ms, bool *more,
    bool *whole, struct pmj_error *err);

#endif
