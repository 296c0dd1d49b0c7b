/* link.c - how big a segment's file may be: what the network lately let through in one piece, by
 * the carrier's word. What is bigger may never arrive over a link that is cut again and again; what
 * is smaller packs worse. */
#include "sync/seal_inner.h"

#define LINK_STEP "sync.step"
/* From here on it carried twice what an exchange begins with. */
#define LINK_GOOD (64 * 1024)

size_t
link_legal(size_t most)
{
	uint32_t padded = most > LINK_OUTSIDE ? (uint32_t)(most - LINK_OUTSIDE) : segment_padded(1);

	if (padded < segment_padded(1))
		padded = segment_padded(1);
	while (!segment_padded_legal(padded))
		padded--;
	return LINK_OUTSIDE + padded;
}

static void
link_apply(struct sync *sync, int64_t step)
{
	size_t most = step >= LINK_GOOD ? SYNC_FILE_GOOD : SYNC_FILE_MOST;

	if (step > 0 && step < SYNC_FILE_MOST)
		most = (size_t)step;
	sync->file_most = link_legal(most);
	sync->fills = step > 0;
}

void
link_recall(struct sync *sync)
{
	link_apply(sync, journal_int(sync->journal, LINK_STEP, 0));
}

enum pmj_code
sync_link(struct sync *sync, int64_t step, struct pmj_error *err)
{
	size_t was = sync->file_most;
	bool filled = sync->fills;
	enum pmj_code rc;

	if (step <= 0)
		return PMJ_OK;
	link_apply(sync, step);
	/* An exchange that changes nothing of it writes nothing. */
	if (sync->file_most == was && filled)
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	return sync_end(sync, journal_put_int(sync->journal, LINK_STEP, step, err), err);
}

void
sync_link_unknown(struct sync *sync)
{
	size_t most = link_legal(SYNC_FILE_MOST);

	if (sync->file_most <= most)
		return;
	sync->file_most = most;
	seal_packing_drop(sync);
}
