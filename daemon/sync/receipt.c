/* receipt.c - acks of the lanes we write. */
#include "sync/receipt.h"

#include <string.h>

#include "base/json.h"
#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/photo.h"
#include "sync/queue.h"

#define LINES_AT_ONCE 1000 /* that one step takes for received */

struct receipt {
	uint8_t inc[PMJ_INCARNATION_BYTES];
	uint64_t seq;
	uint8_t chain[32];
	uint64_t deferred;
};

static bool
receipt_read(struct receipt *out, const json_t *item)
{
	int64_t seq = json_int(item, "seq", -1);
	int64_t deferred = json_int(item, "deferred", 0);

	if (seq < 1 || deferred < 0 || !json_unhex(item, "inc", out->inc, sizeof(out->inc)) ||
	    !json_unhex(item, "chain", out->chain, sizeof(out->chain)))
		return false;
	out->seq = (uint64_t)seq;
	out->deferred = (uint64_t)deferred;
	return true;
}

/* The last segment that ends at or before seq, and what is kept up to it goes: the spool follows in
 * sync_spool_step. */
static enum pmj_code
receipt_drop_segments(struct sync *sync, struct lane *lane, uint64_t seq, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    sync->journal, "SELECT max(segno) FROM pmj_segment WHERE lane=?1 AND last_seq<=?2");
	enum pmj_code rc;
	bool row;

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	rc = sql_row(sql, &row, err);
	if (rc == PMJ_OK && sql_col_int(sql, 0) > (int64_t)lane->acked_segno)
		lane->acked_segno = (uint64_t)sql_col_int(sql, 0);
	sql_done(sql);
	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_segment WHERE lane=?1 AND segno<=?2");
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)lane->acked_segno);
	sync->spool_dirty = true;
	return sql_run(sql, err);
}

/* Once a segment of this lane was read, its ctl.incarnate was: the earlier ones need not be named
 * again. */
static enum pmj_code
receipt_settle_earlier(struct sync *sync, const struct lane *lane, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "UPDATE pmj_lane SET done=1,named_segno=-1 WHERE mailbox=?1 AND ours=1 AND id<?2"
	    " AND (done=0 OR named_segno<>-1)");

	sql_blob(sql, 1, lane->mailbox, sizeof(lane->mailbox));
	sql_int(sql, 2, lane->id);
	return sql_run(sql, err);
}

static enum pmj_code
receipt_cover(
    struct sync *sync, struct lane *lane, const struct receipt *receipt, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = queue_sent_acked(sync, lane, receipt->seq, err)) != PMJ_OK)
		return rc;
	if ((rc = receipt_drop_segments(sync, lane, receipt->seq, err)) != PMJ_OK)
		return rc;
	if (lane->acked_segno > 0 && (rc = receipt_settle_earlier(sync, lane, err)) != PMJ_OK)
		return rc;
	lane->acked_seq = receipt->seq;
	lane->deferred_seq = receipt->deferred;
	if ((rc = lane_save(sync, lane, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_int(sync->journal, "sync.receipt_seq", (int64_t)receipt->seq, err)) !=
	    PMJ_OK)
		return rc;
	return journal_put_int(sync->journal, "sync.receipt_at", os_now(sync->os), err);
}

/* A receipt for months of work is taken in pieces: *again, and the line that brought it comes once
 * more. */
static enum pmj_code
receipt_some(struct sync *sync, struct lane *lane, const struct receipt *receipt, bool *again,
    struct pmj_error *err)
{
	struct receipt piece = *receipt;

	if (receipt->seq - lane->acked_seq > LINES_AT_ONCE) {
		piece.seq = lane->acked_seq + LINES_AT_ONCE;
		piece.deferred = lane->deferred_seq;
		*again = true;
	}
	return receipt_cover(sync, lane, &piece, err);
}

/* The chain after a segment of ours that ends with this line. */
static enum pmj_code
receipt_point(struct sync *sync, const struct lane *lane, uint64_t seq, uint8_t *chain, bool *found,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT chain FROM pmj_point WHERE lane=?1 AND seq=?2");
	enum pmj_code rc;

	sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)seq);
	if ((rc = sql_row(sql, found, err)) == PMJ_OK && *found)
		*found = sql_col_copy(sql, 0, chain, 32);
	sql_done(sql);
	return rc;
}

/* What was given up of a run that is left, and came there all the same by a stick. */
static enum pmj_code
receipt_photos(struct sync *sync, const struct lane *lane, const struct receipt *receipt,
    struct pmj_error *err)
{
	uint8_t chain[32];
	bool found;
	enum pmj_code rc = receipt_point(sync, lane, receipt->seq, chain, &found, err);

	if (rc != PMJ_OK || !found || memcmp(chain, receipt->chain, sizeof(chain)) != 0)
		return rc;
	return photo_left_came(sync, lane, receipt->seq, err);
}

static enum pmj_code
receipt_lane(struct sync *sync, const struct sync_peer *peer, const struct receipt *receipt,
    bool *again, struct pmj_error *err)
{
	struct lane lane;
	uint8_t chain[32];
	enum pmj_code rc;
	bool found;

	rc = lane_find(sync, &lane, peer->mailbox, (int)peer->writes, receipt->inc, &found, err);
	if (rc != PMJ_OK)
		return rc;
	if (!found || receipt->seq > lane.seq)
		return incarnation_copy(sync, peer, receipt->inc, receipt->seq, err);
	if (receipt->seq < lane.acked_seq)
		return PMJ_OK; /* an older word, by a slower carrier */
	if (receipt->seq == lane.acked_seq) {
		if (receipt->deferred == lane.deferred_seq)
			return PMJ_OK;
		lane.deferred_seq = receipt->deferred;
		return lane_save(sync, &lane, err);
	}
	if ((rc = queue_again_some(sync, again, err)) != PMJ_OK || *again)
		return rc;
	if (lane.closed && photo_left_any(sync, &lane) &&
	    (rc = receipt_photos(sync, &lane, receipt, err)) != PMJ_OK)
		return rc;
	if (lane.closed && !queue_sent_any(sync, &lane))
		return PMJ_OK; /* its lines went on in another incarnation */
	if ((rc = queue_numbered(sync, err)) != PMJ_OK)
		return rc;
	rc = queue_sent_chain(sync, &lane, receipt->seq, chain, &found, err);
	if (rc != PMJ_OK)
		return rc;
	/* Of a closed one only a part is kept; what was given up of it may have come there all the
	 * same. */
	if (!found && lane.closed &&
	    ((rc = receipt_point(sync, &lane, receipt->seq, chain, &found, err)) != PMJ_OK ||
	        !found))
		return rc;
	if (!found || memcmp(chain, receipt->chain, sizeof(chain)) != 0)
		return incarnation_copy(sync, peer, receipt->inc, receipt->seq, err);
	return receipt_some(sync, &lane, receipt, again, err);
}

enum pmj_code
sync_ack_again(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "UPDATE pmj_lane SET told_seq=count_seq-1 WHERE mailbox=?1 AND ours=0 AND count_seq>0"
	    " AND told_seq>=count_seq");

	return sql_run(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), err);
}

enum pmj_code
receipt_take(struct sync *sync, const struct sync_peer *peer, const struct entry *entry,
    bool *again, struct pmj_error *err)
{
	const json_t *item;
	size_t at;

	json_array_foreach(json_arr(entry->json, "lanes"), at, item)
	{
		struct receipt receipt;
		enum pmj_code rc;

		if (!receipt_read(&receipt, item))
			continue;
		if ((rc = receipt_lane(sync, peer, &receipt, again, err)) != PMJ_OK || *again)
			return rc;
	}
	return link_take(sync, peer, entry->json, err);
}
