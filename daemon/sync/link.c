/* link.c - how big a segment's file may be: what the network lately let through in one piece, by
 * the carrier's word. What is bigger may never arrive over a link that is cut again and again; what
 * is smaller packs worse. */
#include "store/sql.h"
#include "sync/seal_inner.h"

#define LINK_STEP "sync.step"
/* From here on it carried twice what an exchange begins with. */
#define LINK_GOOD (64 * 1024)
/* So much goes before the carrier's steps are that big (daemon/carry/step.c). */
#define LINK_LEARNS (2 * LINK_GOOD)

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
	size_t most = SYNC_FILE_MOST;

	if (step >= LINK_GOOD || (step > 0 && step < SYNC_FILE_MOST))
		most = step > SYNC_FILE_GOOD ? SYNC_FILE_GOOD : (size_t)step;
	seal_raw_scale(sync, link_legal(most));
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

bool
sync_link_to_learn(struct sync *sync)
{
	struct sql *sql;

	if (!sync->fills || sync->packing != NULL || sync->numbers ||
	    sync->file_most != link_legal(SYNC_FILE_MOST) || !sync_has_answers(sync))
		return false;
	sql = sql_get(sync->journal, "SELECT sum(length(bytes)) FROM pmj_segment WHERE state<?1");
	return sql_first_int(sql_int(sql, 1, SYNC_DELIVERED), 0) >= LINK_LEARNS;
}

void
sync_link_unknown(struct sync *sync)
{
	size_t most = link_legal(SYNC_FILE_MOST);

	if (sync->file_most <= most)
		return;
	seal_raw_scale(sync, most);
	seal_packing_drop(sync);
}
