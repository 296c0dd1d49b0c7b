/* photo_queue.c - how photos go: behind every record, and no more at a time than there is room for.
 * A worker's device is told by whoever drives the exchange; a hub by the device itself, in its ack.
 */
#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/photo.h"
#include "sync/queue.h"

enum pmj_code
photo_queue(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    bool forward, struct pmj_error *err)
{
	return queue_put(sync, mailbox, n, forward, QUEUE_PHOTO, err);
}

enum pmj_code
photo_again(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc = queue_numbered(sync, err);

	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "SELECT 1 FROM pmj_sent WHERE n=?1 AND forward=0 LIMIT 1");
	if (sql_any(sql_int(sql, 1, n), true))
		return PMJ_OK;
	sql =
	    sql_get(sync->journal, "DELETE FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=0");
	sql_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 2, n);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return photo_queue(sync, mailbox, n, false, err);
}

bool
photo_hub_takes(struct journal *journal)
{
	return journal_int(journal, PHOTO_HUB_TAKES, 0) != 0;
}

bool
photo_hub_tells(struct journal *journal)
{
	return journal_int(journal, PHOTO_HUB_TELLS, 0) != 0;
}

enum pmj_code
photo_hub_said(struct journal *journal, const json_t *ack, struct pmj_error *err)
{
	bool takes = json_is_true(json_object_get(ack, PHOTO_TAKES));
	bool tells = json_is_true(json_object_get(ack, PHOTO_TELLS));
	enum pmj_code rc = PMJ_OK;

	if (takes != photo_hub_takes(journal))
		rc = journal_put_int(journal, PHOTO_HUB_TAKES, takes, err);
	if (rc == PMJ_OK && tells != photo_hub_tells(journal))
		rc = journal_put_int(journal, PHOTO_HUB_TELLS, tells, err);
	return rc;
}

void
photo_room_set(struct sync *sync, int64_t bytes)
{
	sync->photo_room = bytes;
}

enum pmj_code
photo_room_say(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t bytes,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "INSERT INTO pmj_photo_room(mailbox,bytes) VALUES(?1,?2)"
	                           " ON CONFLICT(mailbox) DO UPDATE SET bytes=?2 WHERE bytes<>?2");

	return sql_run(sql_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 2, bytes), err);
}

int64_t
photo_room(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	struct sql *sql;

	if (!ring_is_hub(journal_ring(sync->journal)))
		return photo_hub_takes(sync->journal) ? sync->photo_room : 0;
	sql = sql_get(sync->journal, "SELECT bytes FROM pmj_photo_room WHERE mailbox=?1");
	return sql_first_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 0);
}

enum pmj_code
photo_room_used(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t bytes,
    struct pmj_error *err)
{
	int64_t left = photo_room(sync, mailbox) - bytes;

	if (ring_is_hub(journal_ring(sync->journal)))
		return photo_room_say(sync, mailbox, left > 0 ? left : 0, err);
	sync->photo_room = left > 0 ? left : 0;
	return PMJ_OK;
}

bool
photo_due(struct sync *sync)
{
	if (!ring_is_hub(journal_ring(sync->journal)))
		return sync->photo_room > 0 && photo_hub_takes(sync->journal) &&
		       sql_any(
		           sql_get(sync->journal, "SELECT 1 FROM pmj_queue WHERE rank<0 LIMIT 1"),
		           false);
	return sql_any(
	    sql_get(sync->journal,
	        "SELECT 1 FROM pmj_photo_room r WHERE bytes>0 AND EXISTS(SELECT 1 FROM pmj_queue q"
	        " WHERE q.mailbox=r.mailbox AND q.rank=-1) LIMIT 1"),
	    false);
}

int64_t
photo_waiting(struct sync *sync)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT (SELECT count(*) FROM pmj_queue WHERE rank<0)+(SELECT count(*) FROM pmj_sent s"
	    " WHERE s.forward=0 AND s.n IN (SELECT n FROM pmj_photo WHERE own=1))");

	return sql_first_int(sql, 0);
}

/* The first sealed segment of the lane that holds a photo and is not at the mailbox; 0: none. */
static int64_t
first_photo_segment(struct sync *sync, const struct lane *lane)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT min(g.segno) FROM pmj_segment g WHERE g.lane=?1 AND g.state<?2 AND EXISTS"
	    " (SELECT 1 FROM pmj_sent s JOIN pmj_photo p ON p.n=s.n WHERE s.lane=g.lane AND"
	    " s.segno=g.segno)");

	return sql_first_int(sql_int(sql_int(sql, 1, lane->id), 2, SYNC_DELIVERED), 0);
}

/* Is there anything that waits behind it, in the queue or sealed? */
static bool
records_wait(struct sync *sync, const struct lane *lane, int64_t segno)
{
	struct sql *sql = sql_get(sync->journal, "SELECT 1 FROM pmj_queue WHERE mailbox=?1 AND "
	                                         "rank>=0 UNION ALL SELECT 1 FROM pmj_sent s"
	                                         " WHERE s.lane=?2 AND s.segno>?3 AND s.counts=1 "
	                                         "AND s.n NOT IN (SELECT n FROM pmj_photo)"
	                                         " LIMIT 1");

	sql_int(sql_blob(sql, 1, lane->mailbox, sizeof(lane->mailbox)), 2, lane->id);
	return sql_any(sql_int(sql, 3, segno), true);
}

enum pmj_code
photo_stand_back(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool all,
    struct pmj_error *err)
{
	struct sync_peer peer = {0};
	struct lane lane;
	int64_t segno;
	enum pmj_code rc;
	bool found;

	if ((rc = lane_current(sync, &lane, mailbox, &found, err)) != PMJ_OK || !found ||
	    (segno = first_photo_segment(sync, &lane)) == 0 ||
	    !(all || records_wait(sync, &lane, segno)))
		return rc;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err);
	if (rc == PMJ_OK)
		rc = incarnation_smaller(sync, &peer, &lane, (uint64_t)segno - 1, err);
	return sync_end(sync, rc, err);
}

enum pmj_code
photo_left(
    struct sync *sync, const struct lane *lane, uint64_t seq, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    sync->journal, "INSERT OR REPLACE INTO pmj_photo_left(lane,seq,n) VALUES(?1,?2,?3)");

	return sql_run(sql_int(sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)seq), 3, n), err);
}

bool
photo_left_any(struct sync *sync, const struct lane *lane)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT 1 FROM pmj_photo_left WHERE lane=?1 LIMIT 1");

	return sql_any(sql_int(sql, 1, lane->id), false);
}

enum pmj_code
photo_left_came(struct sync *sync, const struct lane *lane, uint64_t seq, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	bool row = true;

	while (rc == PMJ_OK) {
		struct sql *sql =
		    sql_get(sync->journal, "DELETE FROM pmj_photo_left WHERE (lane,seq)="
		                           "(SELECT lane,seq FROM pmj_photo_left WHERE"
		                           " lane=?1 AND seq<=?2 LIMIT 1) RETURNING n");
		int64_t n = 0;

		sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)seq);
		if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
			n = sql_col_int(sql, 0);
		sql_done(sql);
		if (rc != PMJ_OK || !row)
			break;
		rc = queue_came_back(sync->journal, lane->mailbox, n, err);
	}
	return rc;
}
