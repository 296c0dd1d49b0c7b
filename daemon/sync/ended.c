/* ended.c - runs that ended long ago: followed by others, taken in whole and told so. Their
 * branches are noise by then (security 11.6), and the hub has its carrier drop them. */
#include "store/sql.h"
#include "sync/inner.h"

#define ENDED_DAYS 180
#define ENDED_AT_ONCE 64 /* in one exchange */

enum pmj_code
sync_ended(struct sync *sync, json_t **out, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os);
	struct sql *sql;
	enum pmj_code rc;
	bool row;

	*out = json_array();
	/* Once a day, or while there are more. */
	if (sync->ended_ms != 0 && now_ms >= sync->ended_ms && now_ms - sync->ended_ms < DAY_MS)
		return PMJ_OK;
	/* A run of the peer's ended when it began another: it names only those of which it has no
	 * receipt. What a fork shares its branch with stays: two read it, each as far as it goes.
	 */
	sql = sql_get(sync->journal,
	    "SELECT mailbox,lane,real,segno FROM pmj_lane AS l INDEXED BY pmj_lane_old"
	    " WHERE (ours=0 OR closed=1) AND made_ms>0 AND made_ms<=?1"
	    " AND stopped='' AND part=0 AND nack=0"
	    " AND (CASE WHEN ours THEN done=1 ELSE told_seq>=count_seq AND EXISTS (SELECT 1 FROM"
	    " pmj_lane n WHERE n.mailbox=l.mailbox AND n.lane=l.lane AND n.inc=n.real AND n.id>l.id"
	    " AND n.segno>0) END)"
	    " AND id NOT IN (SELECT lane FROM pmj_ended)"
	    " AND NOT EXISTS (SELECT 1 FROM pmj_lane f WHERE f.mailbox=l.mailbox AND f.lane=l.lane"
	    " AND f.real=l.real AND f.inc<>l.inc) ORDER BY made_ms LIMIT ?2");
	sql_int(sql_int(sql, 1, now_ms - ENDED_DAYS * DAY_MS), 2, ENDED_AT_ONCE);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		json_array_append_new(*out, report_place(sql, sql_col_int(sql, 3)));
	sql_done(sql);
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
		return rc;
	}
	if (json_array_size(*out) == 0)
		sync->ended_ms = now_ms;
	return PMJ_OK;
}

enum pmj_code
ended_gone(struct sync *sync, const uint8_t *mailbox, int lane, const uint8_t *incarnation,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "INSERT OR IGNORE INTO pmj_ended(lane) SELECT id FROM pmj_lane"
	                           " WHERE mailbox=?1 AND lane=?2 AND inc=?3");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, lane);
	return sql_run(sql_blob(sql, 3, incarnation, PMJ_INCARNATION_BYTES), err);
}
