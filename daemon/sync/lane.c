/* lane.c - the rows of pmj_lane and pmj_point. */
#include "sync/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

#define LANE_COLUMNS                                                                               \
	"id,mailbox,lane,inc,real,ours,segno,segment_id,seq,chain,part,part_chain,acked_segno,"    \
	"acked_seq,deferred_seq,count_seq,told_seq,closed,done,nack,stopped,made_ms,gap_ms,"       \
	"reader_pk,cause,named_segno"

static void
lane_column(struct sql *sql, struct lane *out)
{
	const char *stopped;
	const char *cause;

	memset(out, 0, sizeof(*out));
	out->id = sql_col_int(sql, 0);
	(void)sql_col_copy(sql, 1, out->mailbox, sizeof(out->mailbox));
	out->lane = (uint8_t)sql_col_int(sql, 2);
	(void)sql_col_copy(sql, 3, out->inc, sizeof(out->inc));
	(void)sql_col_copy(sql, 4, out->real, sizeof(out->real));
	out->ours = sql_col_int(sql, 5) != 0;
	out->segno = (uint64_t)sql_col_int(sql, 6);
	(void)sql_col_copy(sql, 7, out->segment_id, sizeof(out->segment_id));
	out->seq = (uint64_t)sql_col_int(sql, 8);
	(void)sql_col_copy(sql, 9, out->chain, sizeof(out->chain));
	out->part = (uint64_t)sql_col_int(sql, 10);
	(void)sql_col_copy(sql, 11, out->part_chain, sizeof(out->part_chain));
	out->acked_segno = (uint64_t)sql_col_int(sql, 12);
	out->acked_seq = (uint64_t)sql_col_int(sql, 13);
	out->deferred_seq = (uint64_t)sql_col_int(sql, 14);
	out->count_seq = (uint64_t)sql_col_int(sql, 15);
	out->told_seq = (uint64_t)sql_col_int(sql, 16);
	out->closed = sql_col_int(sql, 17) != 0;
	out->done = sql_col_int(sql, 18) != 0;
	out->nack = (int)sql_col_int(sql, 19);
	stopped = sql_col_text(sql, 20);
	(void)snprintf(out->stopped, sizeof(out->stopped), "%s", stopped != NULL ? stopped : "");
	out->made_ms = sql_col_int(sql, 21);
	out->gap_ms = sql_col_int(sql, 22);
	(void)sql_col_copy(sql, 23, out->reader_pk, sizeof(out->reader_pk));
	cause = sql_col_text(sql, 24);
	(void)snprintf(out->cause, sizeof(out->cause), "%s", cause != NULL ? cause : "");
	out->named_segno = sql_col_int(sql, 25);
}

static enum pmj_code
lane_one(struct sql *sql, struct lane *out, bool *found, struct pmj_error *err)
{
	enum pmj_code rc = sql_row(sql, found, err);

	if (rc == PMJ_OK && *found)
		lane_column(sql, out);
	sql_done(sql);
	return rc;
}

enum pmj_code
lane_find(struct sync *sync, struct lane *out, const uint8_t *mailbox, int which,
    const uint8_t *inc, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT " LANE_COLUMNS " FROM pmj_lane WHERE mailbox=?1 AND lane=?2 AND inc=?3");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, which);
	sql_blob(sql, 3, inc, PMJ_INCARNATION_BYTES);
	return lane_one(sql, out, found, err);
}

enum pmj_code
lane_current(
    struct sync *sync, struct lane *out, const uint8_t *mailbox, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT " LANE_COLUMNS
	    " FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND closed=0 ORDER BY id DESC LIMIT 1");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	return lane_one(sql, out, found, err);
}

enum pmj_code
lane_list(struct sync *sync, struct lane **out, size_t *count, const uint8_t *mailbox, bool ours,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT " LANE_COLUMNS " FROM pmj_lane WHERE mailbox=?1 AND ours=?2 ORDER BY id");
	size_t room = 0;
	enum pmj_code rc;
	bool row;

	*out = NULL;
	*count = 0;
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, ours);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (*count == room) {
			room = room == 0 ? 8 : room * 2;
			*out = mem_grow(*out, room, sizeof(**out));
		}
		lane_column(sql, &(*out)[(*count)++]);
	}
	sql_done(sql);
	if (rc != PMJ_OK) {
		free(*out);
		*out = NULL;
		*count = 0;
	}
	return rc;
}

static void
lane_bind(struct sql *sql, const struct lane *lane)
{
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)lane->segno);
	sql_blob(sql, 3, lane->segment_id, sizeof(lane->segment_id));
	sql_int(sql, 4, (int64_t)lane->seq);
	sql_blob(sql, 5, lane->chain, sizeof(lane->chain));
	sql_int(sql, 6, (int64_t)lane->part);
	sql_blob(sql, 7, lane->part_chain, sizeof(lane->part_chain));
	sql_int(sql, 8, (int64_t)lane->acked_segno);
	sql_int(sql, 9, (int64_t)lane->acked_seq);
	sql_int(sql, 10, (int64_t)lane->deferred_seq);
	sql_int(sql, 11, (int64_t)lane->count_seq);
	sql_int(sql, 12, (int64_t)lane->told_seq);
	sql_int(sql, 13, lane->closed);
	sql_int(sql, 14, lane->done);
	sql_int(sql, 15, lane->nack);
	sql_text(sql, 16, lane->stopped);
	sql_int(sql, 17, lane->made_ms);
	sql_int(sql, 18, lane->gap_ms);
	sql_blob(sql, 19, lane->reader_pk, sizeof(lane->reader_pk));
	sql_text(sql, 20, lane->cause);
	sql_int(sql, 21, lane->named_segno);
}

enum pmj_code
lane_save(struct sync *sync, const struct lane *lane, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "UPDATE pmj_lane SET segno=?2,segment_id=?3,seq=?4,chain=?5,part=?6,part_chain=?7,"
	    "acked_segno=?8,acked_seq=?9,deferred_seq=?10,count_seq=?11,told_seq=?12,closed=?13,"
	    "done=?14,nack=?15,stopped=?16,made_ms=?17,gap_ms=?18,reader_pk=?19,"
	    "cause=?20,named_segno=?21 WHERE id=?1");

	lane_bind(sql, lane);
	return sql_run(sql, err);
}

enum pmj_code
lane_move(struct sync *sync, const struct lane *lane, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "UPDATE pmj_lane SET segno=?2,segment_id=?3,seq=?4,chain=?5,part=?6,part_chain=?7,"
	    "count_seq=?8,made_ms=?9,gap_ms=?10,reader_pk=?11 WHERE id=?1");

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)lane->segno);
	sql_blob(sql, 3, lane->segment_id, sizeof(lane->segment_id));
	sql_int(sql, 4, (int64_t)lane->seq);
	sql_blob(sql, 5, lane->chain, sizeof(lane->chain));
	sql_int(sql, 6, (int64_t)lane->part);
	sql_blob(sql, 7, lane->part_chain, sizeof(lane->part_chain));
	sql_int(sql, 8, (int64_t)lane->count_seq);
	sql_int(sql, 9, lane->made_ms);
	sql_int(sql, 10, lane->gap_ms);
	sql_blob(sql, 11, lane->reader_pk, sizeof(lane->reader_pk));
	return sql_run(sql, err);
}

enum pmj_code
lane_start(struct sync *sync, struct lane *lane, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_lane(mailbox,lane,inc,real,ours,segno,segment_id,seq,chain)"
	    " VALUES(?1,?2,?3,?4,?5,0,zeroblob(32),0,zeroblob(32))");
	enum pmj_code rc;

	sql_blob(sql, 1, lane->mailbox, sizeof(lane->mailbox));
	sql_int(sql, 2, lane->lane);
	sql_blob(sql, 3, lane->inc, sizeof(lane->inc));
	sql_blob(sql, 4, lane->real, sizeof(lane->real));
	sql_int(sql, 5, lane->ours);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	lane->id = sql_last_id(sync->journal);
	if (lane->segno == 0) {
		chain_segment_start(lane->segment_id, lane->mailbox, lane->real);
		chain_lane_start(lane->chain, lane->mailbox, lane->real);
	}
	return lane_save(sync, lane, err);
}

enum pmj_code
lane_is_newest(struct sync *sync, const struct lane *lane, bool *newest, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE mailbox=?1 AND ours=0 AND closed=0 AND inc=real"
	    " AND id>?2 LIMIT 1");
	enum pmj_code rc;
	bool row = false;

	sql_blob(sql, 1, lane->mailbox, sizeof(lane->mailbox));
	sql_int(sql, 2, lane->id);
	rc = sql_row(sql, &row, err);
	sql_done(sql);
	/* What came by a fork is never where the device goes on: it may not know these lines. */
	*newest = !row && !lane->closed && memcmp(lane->inc, lane->real, sizeof(lane->inc)) == 0;
	return rc;
}

enum pmj_code
lane_point_put(struct sync *sync, const struct lane *lane, const struct lane_point *point,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR REPLACE INTO pmj_point(lane,segno,id,seq,chain) VALUES(?1,?2,?3,?4,?5)");

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)point->segno);
	sql_blob(sql, 3, point->id, sizeof(point->id));
	sql_int(sql, 4, (int64_t)point->seq);
	sql_blob(sql, 5, point->chain, sizeof(point->chain));
	return sql_run(sql, err);
}

enum pmj_code
lane_point(struct sync *sync, struct lane_point *out, const struct lane *lane, uint64_t segno,
    bool *found, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT id,seq,chain FROM pmj_point WHERE lane=?1 AND segno=?2");
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (segno == 0) { /* where both chains begin */
		chain_segment_start(out->id, lane->mailbox, lane->real);
		chain_lane_start(out->chain, lane->mailbox, lane->real);
		*found = true;
		return PMJ_OK;
	}
	out->segno = segno;
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)segno);
	rc = sql_row(sql, found, err);
	if (rc == PMJ_OK && *found) {
		(void)sql_col_copy(sql, 0, out->id, sizeof(out->id));
		out->seq = (uint64_t)sql_col_int(sql, 1);
		(void)sql_col_copy(sql, 2, out->chain, sizeof(out->chain));
	}
	sql_done(sql);
	return rc;
}
