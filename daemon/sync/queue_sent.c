/* queue_sent.c - pmj_sent: what is sealed and not acked, line by line; a receipt makes it done
 * (queue_again.c: a lost lane gives it back). */
#include <string.h>

#include "store/sql.h"
#include "sync/queue.h"

enum pmj_code
queue_sent_put(struct sync *sync, const struct lane *lane, uint64_t seq, uint64_t segno,
    const struct queue_sent *sent, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_sent(lane,seq,segno,n,forward,counts,line,chain)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	sql_int(sql, 3, (int64_t)segno);
	sql_int(sql, 4, sent->n);
	sql_int(sql, 5, sent->forward);
	sql_int(sql, 6, sent->counts);
	if (sent->line == NULL)
		sql_null(sql, 7);
	else
		sql_blob(sql, 7, sent->line, sent->len);
	sql_blob(sql, 8, sent->chain, sizeof(sent->chain));
	return sql_run(sql, err);
}

enum pmj_code
queue_sent_chain(struct sync *sync, const struct lane *lane, uint64_t seq, uint8_t *chain,
    bool *found, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT chain FROM pmj_sent WHERE lane=?1 AND seq=?2");
	enum pmj_code rc;

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	rc = sql_row(sql, found, err);
	if (rc == PMJ_OK && *found)
		(void)sql_col_copy(sql, 0, chain, 32);
	sql_done(sql);
	return rc;
}

/* One statement about the lane's lines up to seq; *rows: how many it made or changed. */
static enum pmj_code
queue_sent_each(struct sync *sync, const char *text, const struct lane *lane, uint64_t seq,
    int64_t *rows, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal, text);
	enum pmj_code rc;

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	sql_blob(sql, 3, lane->mailbox, sizeof(lane->mailbox));
	rc = sql_run(sql, err);
	*rows = rc == PMJ_OK ? sql_changes(sync->journal) : 0;
	return rc;
}

/* Parts of photos among them that were not done before: no entries, so not counted as such. */
static int64_t
sent_photos(struct sync *sync, const struct lane *lane, uint64_t seq)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT count(*) FROM pmj_sent s WHERE s.lane=?1 AND s.seq<=?2 AND s.forward=0 AND s.n "
	    "IN"
	    " (SELECT n FROM pmj_photo WHERE own=1) AND NOT EXISTS (SELECT 1 FROM pmj_done d WHERE"
	    " d.n=s.n AND d.mailbox=?3 AND d.forward=0)");

	sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)seq);
	return sql_first_int(sql_blob(sql, 3, lane->mailbox, sizeof(lane->mailbox)), 0);
}

/* Few were done before, of a lane that was left behind: they have their place in this one now. */
static enum pmj_code
queue_sent_done(struct sync *sync, const struct lane *lane, uint64_t seq, struct pmj_error *err)
{
	int64_t before = queue_received(sync->journal), rows, all, photos;
	struct sql *sql = sql_get(sync->journal, "SELECT count(*) FROM pmj_sent WHERE lane=?1 AND"
	                                         " seq<=?2 AND n<>0 AND forward=0");
	enum pmj_code rc;

	sql_int(sql, 1, lane->id);
	all = sql_first_int(sql_int(sql, 2, (int64_t)seq), 0);
	photos = sent_photos(sync, lane, seq);
	rc = queue_sent_each(sync,
	    "INSERT OR IGNORE INTO pmj_done(mailbox,n,forward,lane,seq) SELECT ?3,n,0,lane,seq"
	    " FROM pmj_sent WHERE lane=?1 AND seq<=?2 AND n<>0 AND forward=0",
	    lane, seq, &rows, err);
	if (rc == PMJ_OK)
		rc = queue_received_more(sync->journal, before, rows - photos, err);
	if (rc != PMJ_OK || rows == all)
		return rc;
	return queue_sent_each(sync,
	    "INSERT OR REPLACE INTO pmj_done(mailbox,n,forward,lane,seq) SELECT ?3,n,0,lane,seq"
	    " FROM pmj_sent WHERE lane=?1 AND seq<=?2 AND n<>0 AND forward=0",
	    lane, seq, &rows, err);
}

enum pmj_code
queue_sent_acked(struct sync *sync, const struct lane *lane, uint64_t seq, struct pmj_error *err)
{
	enum pmj_code rc = queue_sent_done(sync, lane, seq, err);
	struct sql *sql;

	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_sent WHERE lane=?1 AND seq<=?2");
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	/* The receipt may end within a segment: what is left of that one is counted anew. */
	sql = sql_get(sync->journal,
	    "UPDATE pmj_segment SET entries=(SELECT count(*) FROM pmj_sent s"
	    " WHERE s.lane=?1 AND s.seq<=pmj_segment.last_seq AND s.n<>0 AND s.n NOT IN"
	    " (SELECT n FROM pmj_photo)) WHERE lane=?1"
	    " AND segno=(SELECT min(segno) FROM pmj_segment WHERE lane=?1 AND last_seq>?2)");
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)seq);
	return sql_run(sql, err);
}

bool
queue_sent_any(struct sync *sync, const struct lane *lane)
{
	struct sql *sql = sql_get(sync->journal, "SELECT 1 FROM pmj_sent WHERE lane=?1 LIMIT 1");

	return sql_any(sql_int(sql, 1, lane->id), true);
}
