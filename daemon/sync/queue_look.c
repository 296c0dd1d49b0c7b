/* queue_look.c - where one line stands: waiting, on its way, read. */
#include "store/sql.h"
#include "sync/inner.h"

/* Is there a row of this line in one of the tables? */
static bool
queue_has(struct sql *sql, const uint8_t *mailbox, int64_t n)
{

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	return sql_any(sql, false);
}

bool
sync_was_sent(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n)
{
	return queue_has(
	    sql_get(sync->journal, "SELECT 1 FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=1"
	                           " UNION ALL SELECT 1 FROM pmj_queue WHERE mailbox=?1 AND n=?2 "
	                           "AND forward=1 LIMIT 1"),
	    mailbox, n);
}

bool
sync_is_queued(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n)
{
	return queue_has(sql_get(sync->journal,
	                     "SELECT 1 FROM pmj_queue WHERE mailbox=?1 AND n=?2 AND forward=0"),
	    mailbox, n);
}

bool
sync_was_read(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n)
{
	return queue_has(sql_get(sync->journal,
	                     "SELECT 1 FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=0"),
	    mailbox, n);
}
