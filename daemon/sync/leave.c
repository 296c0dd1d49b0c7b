/* leave.c - an end that is no longer one: what the hub forgets of a revoked laptop's mailbox, and
 * what such a laptop leaves behind (10.3). */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "store/sql.h"
#include "sync/files.h"

enum pmj_code
sync_drop_queue(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal, "DELETE FROM pmj_queue WHERE mailbox=?1");
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	/* Nobody is left to be told how far it was read, or what could not be. */
	sql =
	    sql_get(sync->journal, "UPDATE pmj_lane SET told_seq=count_seq,nack=0 WHERE mailbox=?1"
	                           " AND (told_seq<>count_seq OR nack<>0)");
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	return sql_run(sql, err);
}

enum pmj_code
sync_tell_again(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "DELETE FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=0");
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return sync_queue(sync, mailbox, n, true, err);
}

enum pmj_code
sync_last_read(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    uint8_t incarnation[static PMJ_INCARNATION_BYTES], int64_t *seq, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT real,seq FROM pmj_lane WHERE mailbox=?1 AND ours=0 ORDER BY id DESC LIMIT 1");
	enum pmj_code rc;
	bool row;

	*seq = 0;
	memset(incarnation, 0, PMJ_INCARNATION_BYTES);
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		(void)sql_col_copy(sql, 0, incarnation, PMJ_INCARNATION_BYTES);
		*seq = sql_col_int(sql, 1);
	}
	sql_done(sql);
	return rc;
}

/* Of one lane: the carrier's word for a segment is its word for those before it. */
void
sync_leave_delivered(const struct os *os, const char *home,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int lane,
    const uint8_t inc[static PMJ_INCARNATION_BYTES], uint64_t segno)
{
	char *out = fs_join(home, "spool/out");
	char **names = NULL;
	size_t count = 0;

	if (fs_list(&names, &count, out, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct sync_place_of place;

		if (!files_parse(&place, names[i]) || place.lane != lane || place.segno > segno ||
		    memcmp(place.mailbox, mailbox, sizeof(place.mailbox)) != 0 ||
		    memcmp(place.inc, inc, sizeof(place.inc)) != 0)
			continue;
		fs_drop(os, out, names[i]);
	}
	fs_list_free(names, count);
	free(out);
}

enum pmj_code
sync_leave_files(struct sync *sync, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT l.mailbox,l.lane,l.inc,max(s.segno) FROM pmj_segment s"
	    " JOIN pmj_lane l ON l.id=s.lane WHERE s.state=?1 GROUP BY s.lane");
	enum pmj_code rc;
	bool row;

	sql_int(sql, 1, SYNC_DELIVERED);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t mailbox[PMJ_MAILBOX_BYTES], inc[PMJ_INCARNATION_BYTES];

		if (sql_col_copy(sql, 0, mailbox, sizeof(mailbox)) &&
		    sql_col_copy(sql, 2, inc, sizeof(inc)))
			sync_leave_delivered(sync->os, sync->home, mailbox,
			    (int)sql_col_int(sql, 1), inc, (uint64_t)sql_col_int(sql, 3));
	}
	sql_done(sql);
	return rc;
}
