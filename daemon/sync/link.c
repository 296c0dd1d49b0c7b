/* link.c - how big a segment's file may be: what the network lately let through in one piece, by
 * the carrier's word. What is bigger may never arrive over a link that is cut again and again; what
 * is smaller packs worse. */
#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/seal_inner.h"

#define LINK_STEP "sync.step"
#define LINK_REST_MS (INT64_C(3600) * 1000) /* from one run of smaller ones to the next */
#define LINK_TRIES 3
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

size_t
link_most(int64_t step)
{
	size_t most = SYNC_FILE_MOST;

	if (step >= LINK_GOOD || (step > 0 && step < SYNC_FILE_MOST))
		most = step > SYNC_FILE_GOOD ? SYNC_FILE_GOOD : (size_t)step;
	return link_legal(most);
}

static void
link_apply(struct sync *sync, int64_t step)
{
	sync->link_step = step;
	sync->link_least = false;
	seal_raw_scale(sync, link_most(step));
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
	int64_t was = sync->link_step;
	enum pmj_code rc;

	if (step <= 0)
		return PMJ_OK;
	link_apply(sync, step);
	/* An exchange that changes nothing of it writes nothing. */
	if (was > 0 && link_most(was) == link_most(step))
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	return sync_end(sync, journal_put_int(sync->journal, LINK_STEP, step, err), err);
}

/* How big it is; 0: it is none of what waits in the present run. */
static enum pmj_code
link_stopped_at(struct sync *sync, const struct sync_stopped *at, struct lane *lane, int64_t *bytes,
    struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;
	bool found;

	*bytes = 0;
	rc = lane_current(sync, lane, at->mailbox, &found, err);
	if (rc != PMJ_OK || !found || memcmp(lane->inc, at->incarnation, sizeof(lane->inc)) != 0)
		return rc;
	sql = sql_get(sync->journal,
	    "SELECT length(bytes) FROM pmj_segment WHERE lane=?1 AND segno=?2 AND state<?3");
	sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)at->segno);
	*bytes = sql_first_int(sql_int(sql, 3, SYNC_DELIVERED), 0);
	return PMJ_OK;
}

/* One is enough for a network, since it is as small as that lets through; on the way from one to
 * the next they must not pile up at the hub. A clock that was put back begins the hour anew, so
 * that it neither ends it nor makes it last for years. */
static enum pmj_code
link_may_begin(struct sync *sync, const uint8_t *mailbox, bool *may, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os), last_ms;
	struct sql *sql = sql_get(sync->journal, "SELECT gave_ms FROM pmj_reader WHERE mailbox=?1");

	last_ms = sql_first_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 0);
	*may = last_ms == 0 || now_ms - last_ms >= LINK_REST_MS;
	if (!*may && now_ms >= last_ms)
		return PMJ_OK;
	sql = sql_get(sync->journal, "INSERT INTO pmj_reader(mailbox,gave_ms) VALUES(?1,?2)"
	                             " ON CONFLICT DO UPDATE SET gave_ms=excluded.gave_ms");
	sql_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 2, now_ms);
	return sql_run(sql, err);
}

enum pmj_code
link_smaller(struct sync *sync, const struct sync_peer *peer, struct lane *lane, uint64_t from,
    struct pmj_error *err)
{
	/* A reader of the hub's lane passes over what is left of a run that ended (DESIGN.md,
	 * Order): there all goes again that it has not said to have. */
	uint64_t upto = peer->writes == LANE_DOWN ? lane->acked_segno : from - 1;
	enum pmj_code rc;
	bool may;

	if ((rc = link_may_begin(sync, peer->mailbox, &may, err)) != PMJ_OK || !may)
		return rc;
	return incarnation_smaller(sync, peer, lane, upto, err);
}

static enum pmj_code
link_give_back(
    struct sync *sync, const struct sync_stopped *at, struct lane *lane, struct pmj_error *err)
{
	struct sync_peer peer = {0};
	enum pmj_code rc = sync->hooks.peer(sync->hooks.ctx, &peer, at->mailbox, err);

	return rc == PMJ_OK ? link_smaller(sync, &peer, lane, at->segno, err) : rc;
}

enum pmj_code
sync_link_stopped(struct sync *sync, const struct sync_stopped *at, struct pmj_error *err)
{
	struct sync_stuck *stuck = &sync->stuck;
	struct lane lane;
	int64_t bytes;
	enum pmj_code rc;

	if (at->segno == 0)
		return PMJ_OK;
	if ((rc = link_stopped_at(sync, at, &lane, &bytes, err)) != PMJ_OK || bytes == 0)
		return rc;
	if (stuck->lane != lane.id || stuck->segno != at->segno)
		*stuck = (struct sync_stuck){lane.id, at->segno, 0};
	stuck->tries += at->tries;
	link_for(sync, at->mailbox);
	if (stuck->tries < LINK_TRIES || (size_t)bytes <= sync->file_most)
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = sync_end(sync, link_give_back(sync, at, &lane, err), err);
	if (rc == PMJ_OK)
		seal_packing_drop(sync);
	return rc;
}

bool
sync_link_to_learn(struct sync *sync)
{
	struct sql *sql;

	if (!sync->fills || sync->packing != NULL || sync->numbers || sync->again ||
	    sync->file_most != link_legal(SYNC_FILE_MOST) || !sync_has_answers(sync))
		return false;
	sql = sql_get(sync->journal, "SELECT sum(length(bytes)) FROM pmj_segment WHERE state<?1");
	return sql_first_int(sql_int(sql, 1, SYNC_DELIVERED), 0) >= LINK_LEARNS;
}

void
sync_link_unknown(struct sync *sync)
{
	size_t most = link_legal(SYNC_FILE_MOST);

	sync->link_least = true;
	if (sync->file_most <= most)
		return;
	seal_raw_scale(sync, most);
	seal_packing_drop(sync);
}
