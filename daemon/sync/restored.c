/* restored.c - a journal that came out of a backup goes on where others stand further. */
#include "sync/restored.h"

#include <stdlib.h>
#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/queue.h"

/* Every own entry that no receipt covers, in its order. One statement: there may be thousands. */
static enum pmj_code
queue_own(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(sync->journal);
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward)"
	    " SELECT ?1,0,coalesce((SELECT max(pos) FROM pmj_queue),0)+e.n,e.n,0 FROM pmj_entry e"
	    " WHERE e.origin=0 AND e.status<>3 AND e.line IS NOT NULL AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_done d WHERE d.n=e.n AND d.mailbox=?1 AND d.forward=0)"
	    " AND NOT EXISTS(SELECT 1 FROM pmj_sent s JOIN pmj_lane l ON l.id=s.lane"
	    " WHERE s.n=e.n AND s.forward=0 AND l.mailbox=?1)"
	    " ON CONFLICT(mailbox,n,forward) DO NOTHING");
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < kinds->count && rc == PMJ_OK; i++) {
		if (kinds->list[i]->scope != SCOPE_AUTHOR)
			continue; /* what is private to its author never leaves */
		sql = sql_get(sync->journal,
		    "DELETE FROM pmj_queue WHERE mailbox=?1 AND forward=0 AND n IN"
		    " (SELECT n FROM pmj_entry WHERE origin=0 AND kind=?2)");
		sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
		rc = sql_run(sql_text(sql, 2, kinds->list[i]->name), err);
	}
	return rc;
}

/* Up to which line of this lane has the reader read, who says so by segments? */
static enum pmj_code
read_seq(struct sync *sync, const struct lane *lane, const json_t *read, uint64_t *seq,
    struct pmj_error *err)
{
	const json_t *place;
	struct lane_point point;
	enum pmj_code rc;
	bool found;
	size_t at;

	*seq = 0;
	json_array_foreach(read, at, place)
	{
		int64_t segno = json_int(place, "segno", 0);
		uint8_t inc[PMJ_INCARNATION_BYTES];

		if (segno < 1 || !json_unhex(place, "inc", inc, sizeof(inc)) ||
		    memcmp(inc, lane->inc, sizeof(inc)) != 0)
			continue;
		rc = lane_point(sync, &point, lane, (uint64_t)segno, &found, err);
		if (rc != PMJ_OK)
			return rc;
		*seq = found ? point.seq : 0;
	}
	return PMJ_OK;
}

/* Receipts above it hold no more. */
static enum pmj_code
undo_receipts(
    struct sync *sync, const uint8_t *mailbox, int64_t lane, uint64_t seq, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "DELETE FROM pmj_done WHERE mailbox=?1 AND forward=0 AND lane=?2 AND seq>=?3");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, lane);
	return sql_run(sql_int(sql, 3, (int64_t)seq), err);
}

enum pmj_code
restored_offer_again(
    struct sync *sync, const struct sync_peer *peer, const json_t *line, struct pmj_error *err)
{
	const json_t *read = json_arr(line, "read");
	int64_t point_ms = json_int(line, "point", -1);
	struct lane *lanes = NULL;
	size_t count = 0;
	uint64_t seq;
	enum pmj_code rc;

	if (peer->writes != LANE_UP)
		return PMJ_OK;
	if (point_ms >= 0 && (rc = restored_give_back(sync, peer, point_ms, err)) != PMJ_OK)
		return rc;
	rc = lane_list(sync, &lanes, &count, peer->mailbox, true, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if ((rc = read_seq(sync, &lanes[i], read, &seq, err)) == PMJ_OK)
			rc = undo_receipts(sync, peer->mailbox, lanes[i].id, seq + 1, err);
	free(lanes);
	/* What came back from the hub once (lane 0) it may lack again. */
	if (rc == PMJ_OK)
		rc = undo_receipts(sync, peer->mailbox, 0, 0, err);
	if (rc == PMJ_OK)
		rc = queue_own(sync, peer->mailbox, err);
	if (rc != PMJ_OK)
		return rc;
	return journal_event(sync->journal, "hub_restored", "ok",
	    "the hub was restored from a backup: what it may lack is sent again", err);
}

/* What others wrote under our name since the backup is no news: these runs are left behind anyway.
 * One of which nothing was sealed here may have been used by the lost machine, so it has no
 * successor of the same name. */
static enum pmj_code
leave_lanes(struct sync *sync, const struct sync_peer *peer, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR IGNORE INTO pmj_foreign(mailbox,inc,segno)"
	    " SELECT mailbox,real,segno FROM pmj_lane WHERE mailbox=?1 AND ours=1");
	enum pmj_code rc;

	if ((rc = sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err)) != PMJ_OK)
		return rc;
	sql =
	    sql_get(sync->journal, "DELETE FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND segno=0");
	if ((rc = sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err)) != PMJ_OK)
		return rc;
	/* What was sealed down to the lost key cannot be read: all of it comes anew. */
	if (peer->reads != LANE_DOWN)
		return PMJ_OK;
	sql = sql_get(sync->journal, "UPDATE pmj_lane SET closed=1 WHERE mailbox=?1 AND ours=0");
	return sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err);
}

bool
sync_restore_untold(struct sync *sync)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE ours=1 AND closed=0 AND cause='restore' AND acked_segno=0"
	    " LIMIT 1");

	return sql_any(sql, false);
}

static enum pmj_code
restore_mailbox(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	struct sync_peer peer = {0};
	enum pmj_code rc;

	if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err)) != PMJ_OK ||
	    (rc = leave_lanes(sync, &peer, err)) != PMJ_OK)
		return rc;
	rc = incarnation_begin(
	    sync, &peer, peer.writes == LANE_UP ? INCARNATION_COPY : INCARNATION_RESTORE, err);
	return rc == PMJ_OK && peer.writes == LANE_UP ? queue_own(sync, mailbox, err) : rc;
}

enum pmj_code
sync_restored(struct sync *sync, struct pmj_error *err)
{
	uint8_t(*mailboxes)[PMJ_MAILBOX_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = journal_put_int(sync->journal, SYNC_RESTORED, 1, err);
	if (rc == PMJ_OK)
		rc = sync->hooks.mailboxes(sync->hooks.ctx, &mailboxes, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = restore_mailbox(sync, mailboxes[i], err);
	free(mailboxes);
	return sync_end(sync, rc, err);
}
