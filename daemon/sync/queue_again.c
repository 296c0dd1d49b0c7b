/* queue_again.c - a lost lane gives what is sealed and not acked back to the queue. There may be
 * tens of thousands of lines: the transaction that begins the new run notes from where on, and
 * where in the queue they will stand (pmj_again). The next steps do it, before anything else is
 * sealed; a process that ends between finds the note. */
#include <stdlib.h>

#include "store/sql.h"
#include "sync/photo.h"
#include "sync/queue.h"

/* Where the first of them must stand so that all are before whatever an earlier re-issue left
 * unsealed, or has not put there yet. */
static enum pmj_code
again_from(
    struct sync *sync, const struct lane *lane, uint64_t seq, int64_t *pos, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT min(coalesce((SELECT min(pos) FROM pmj_queue WHERE mailbox=?2),1),"
	    "coalesce((SELECT min(a.pos+a.seq) FROM pmj_again a JOIN pmj_lane l ON l.id=a.lane"
	    " WHERE l.mailbox=?2),1))"
	    "-1-coalesce((SELECT max(seq) FROM pmj_sent WHERE lane=?1),?3)");
	enum pmj_code rc;
	bool row;

	sql_int(sql, 1, lane->id);
	sql_blob(sql, 2, lane->mailbox, sizeof(lane->mailbox));
	sql_int(sql, 3, (int64_t)seq);
	rc = sql_row(sql, &row, err);
	if (rc == PMJ_OK)
		*pos = sql_col_int(sql, 0);
	sql_done(sql);
	return rc;
}

/* A note, and the last line of those that go now. */
struct again {
	int64_t id;
	struct lane lane;
	int64_t segno, seq, pos, upto;
};

static enum pmj_code
again_first(struct sync *sync, struct again *out, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT a.id,a.lane,a.segno,a.seq,a.pos,l.mailbox FROM pmj_again a"
	    " LEFT JOIN pmj_lane l ON l.id=a.lane ORDER BY a.id LIMIT 1");
	enum pmj_code rc;

	if ((rc = sql_row(sql, found, err)) == PMJ_OK && *found) {
		out->id = sql_col_int(sql, 0);
		out->lane.id = sql_col_int(sql, 1);
		out->segno = sql_col_int(sql, 2);
		out->seq = sql_col_int(sql, 3);
		out->pos = sql_col_int(sql, 4);
		(void)sql_col_copy(sql, 5, out->lane.mailbox, sizeof(out->lane.mailbox));
	}
	sql_done(sql);
	if (rc != PMJ_OK || !*found)
		return rc;
	sql = sql_get(sync->journal, "SELECT max(seq) FROM (SELECT seq FROM pmj_sent WHERE lane=?1"
	                             " AND seq>?2 ORDER BY seq LIMIT ?3)");
	sql_int(sql_int(sql, 1, out->lane.id), 2, out->seq);
	out->upto = sql_first_int(sql_int(sql, 3, SYNC_AGAIN), 0);
	return PMJ_OK;
}

/* Binds ?1 lane, ?2 behind, ?3 upto. */
static struct sql *
again_lines(struct sql *sql, const struct again *again)
{
	return sql_int(sql_int(sql_int(sql, 1, again->lane.id), 2, again->seq), 3, again->upto);
}

/* Photos go back to where they came from: behind all else. Few of them wait at a time. */
static enum pmj_code
again_photos(struct sync *sync, const struct again *again, struct pmj_error *err)
{
	struct again left = *again;
	enum pmj_code rc = PMJ_OK;
	bool row = true;

	while (rc == PMJ_OK && row) {
		struct sql *sql = sql_get(sync->journal,
		    "SELECT seq,n,forward,line FROM pmj_sent WHERE lane=?1 AND seq>?2 AND seq<=?3"
		    " AND n IN (SELECT n FROM pmj_photo) ORDER BY seq LIMIT 1");
		struct queue_item item = {.n = 0};

		again_lines(sql, &left);
		if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
			left.seq = sql_col_int(sql, 0);
			queue_item_read(&item, sql);
		}
		sql_done(sql);
		if (rc == PMJ_OK && row && !item.forward)
			rc = photo_left(sync, &again->lane, (uint64_t)left.seq, item.n, err);
		if (rc == PMJ_OK && row)
			rc = queue_put_item(
			    sync, again->lane.mailbox, &item, QUEUE_PHOTO, NULL, err);
		free(item.line);
	}
	return rc;
}

/* One statement for all: a third of what one for each line costs. Engine lines (no number, no
 * bytes) are made anew elsewhere. What waits already keeps its place (queue_put_item). */
static enum pmj_code
again_queue(struct sync *sync, const struct again *again, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward,line) SELECT ?4,?5,?6+seq,"
	    "nullif(n,0),forward,line FROM pmj_sent WHERE lane=?1 AND seq>?2 AND seq<=?3"
	    " AND (n<>0 OR line IS NOT NULL) AND n NOT IN (SELECT n FROM pmj_photo) ORDER BY seq"
	    " ON CONFLICT(mailbox,n,forward) DO UPDATE SET"
	    " pos=max(pos,excluded.pos) WHERE rank=excluded.rank");
	enum pmj_code rc;

	again_lines(sql, again);
	sql_blob(sql, 4, again->lane.mailbox, sizeof(again->lane.mailbox));
	if ((rc = sql_run(sql_int(sql_int(sql, 5, QUEUE_AGAIN), 6, again->pos), err)) != PMJ_OK ||
	    (rc = again_photos(sync, again, err)) != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_sent WHERE lane=?1 AND seq>?2 AND seq<=?3");
	return sql_run(again_lines(sql, again), err);
}

/* Segments without lines go; what is left of one is counted anew, so that what waits is told
 * right in between. */
static enum pmj_code
again_segments(struct sync *sync, const struct again *again, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "DELETE FROM pmj_segment WHERE lane=?1 AND segno>?2 AND (last_seq<=?3 OR ?3=0)");
	enum pmj_code rc;

	sql_int(sql_int(sql, 1, again->lane.id), 2, again->segno);
	if ((rc = sql_run(sql_int(sql, 3, again->upto), err)) != PMJ_OK || again->upto == 0)
		return rc;
	sql = sql_get(sync->journal,
	    "UPDATE pmj_segment SET entries=(SELECT count(*) FROM pmj_sent s WHERE s.lane=?1"
	    " AND s.seq>?3 AND s.seq<=pmj_segment.last_seq AND s.n<>0 AND s.n NOT IN"
	    " (SELECT n FROM pmj_photo)) WHERE lane=?1 AND segno="
	    "(SELECT min(segno) FROM pmj_segment WHERE lane=?1 AND segno>?2)");
	sql_int(sql_int(sql, 1, again->lane.id), 2, again->segno);
	return sql_run(sql_int(sql, 3, again->upto), err);
}

/* Inside a transaction: some of the first note. *left: there was one. A mailbox that is no more has
 * no lane, and gets nothing. */
static enum pmj_code
again_some(struct sync *sync, bool *left, struct pmj_error *err)
{
	struct again again = {0};
	enum pmj_code rc;
	struct sql *sql;

	if ((rc = again_first(sync, &again, left, err)) != PMJ_OK || !*left)
		return rc;
	sync->spool_dirty = true;
	if (again.upto > 0 && (rc = again_queue(sync, &again, err)) != PMJ_OK)
		return rc;
	if ((rc = again_segments(sync, &again, err)) != PMJ_OK || again.upto > 0)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_again WHERE id=?1");
	return sql_run(sql_int(sql, 1, again.id), err);
}

enum pmj_code
queue_again(
    struct sync *sync, const struct lane *lane, uint64_t segno, uint64_t seq, struct pmj_error *err)
{
	int64_t from = 0;
	bool left;
	struct sql *sql;
	enum pmj_code rc;

	if ((rc = again_from(sync, lane, seq, &from, err)) != PMJ_OK)
		return rc;
	sql =
	    sql_get(sync->journal, "INSERT INTO pmj_again(lane,segno,seq,pos) VALUES(?1,?2,?3,?4)");
	sql_int(sql_int(sql, 1, lane->id), 2, (int64_t)segno);
	sync->again = true;
	rc = sql_run(sql_int(sql_int(sql, 3, (int64_t)seq), 4, from), err);
	/* Where they are few that is all: their lines, and the note. */
	for (int i = 0; i < 2 && rc == PMJ_OK; i++)
		rc = again_some(sync, &left, err);
	return rc;
}

enum pmj_code
queue_again_some(struct sync *sync, bool *left, struct pmj_error *err)
{
	int64_t until_ms = sync->os->mono_ms(sync->os->ctx) + SYNC_PIECE_MS;
	enum pmj_code rc = PMJ_OK;

	*left = sync->again;
	for (int i = 0; i < SYNC_AGAIN_TIMES && rc == PMJ_OK && *left; i++) {
		rc = again_some(sync, left, err);
		if (sync->os->mono_ms(sync->os->ctx) >= until_ms)
			break;
	}
	return rc;
}

enum pmj_code
queue_again_step(struct sync *sync, bool *left, struct pmj_error *err)
{
	enum pmj_code rc;
	bool more;

	*left = sync->again =
	    sync->again && sql_any(sql_get(sync->journal, "SELECT 1 FROM pmj_again LIMIT 1"), true);
	if (!*left)
		return PMJ_OK;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	return sync_end(sync, queue_again_some(sync, &more, err), err);
}

enum pmj_code
queue_whole(struct sync *sync, struct pmj_error *err)
{
	enum pmj_code rc = queue_numbered(sync, err);
	bool left = true;

	while (rc == PMJ_OK && left)
		rc = queue_again_some(sync, &left, err);
	return rc;
}
