/* seal_due.c - for which mailbox a segment is to be made next (5.4). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/photo.h"
#include "sync/seal_inner.h"

struct seal_due {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	bool due; /* without anything in the queue */
};

static enum pmj_code
seal_due_add(
    struct seal_due **list, size_t *count, struct sql *sql, bool due, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		*list = mem_grow(*list, *count + 1, sizeof(**list));
		(*list)[*count].due = due;
		if (sql_col_copy(sql, 0, (*list)[*count].mailbox, PMJ_MAILBOX_BYTES))
			(*count)++;
	}
	sql_done(sql);
	return rc;
}

/* Mailboxes for which a segment is to be made (5.4), the most urgent first. A hub has thousands, so
 * it goes only through those (the indexes of sync.c), not through all to see which they are. */
static enum pmj_code
seal_due_list(struct sync *sync, struct seal_due **list, size_t *count, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os);
	struct sql *sql;
	enum pmj_code rc;

	*list = NULL;
	*count = 0;
	rc = seal_due_add(list, count,
	    sql_get(sync->journal,
	        "SELECT mailbox,max(rank) AS r FROM pmj_queue WHERE rank>=0 GROUP"
	        " BY mailbox ORDER BY r DESC"),
	    false, err);
	if (rc == PMJ_OK && photo_due(sync))
		rc = seal_due_add(list, count,
		    sql_get(sync->journal, "SELECT DISTINCT mailbox FROM pmj_queue WHERE rank=-1"),
		    false, err);
	if (rc != PMJ_OK)
		return rc;
	rc = seal_due_add(list, count,
	    sql_get(sync->journal, "SELECT DISTINCT mailbox FROM pmj_lane INDEXED BY pmj_lane_owed"
	                           " WHERE ours=0 AND (count_seq>told_seq OR nack=1)"),
	    true, err);
	if (rc != PMJ_OK)
		return rc;
	if (journal_int(sync->journal, "sync.resend", 0) != 0) {
		rc = seal_due_add(list, count,
		    sql_get(sync->journal, "SELECT mailbox FROM pmj_lane WHERE lane=2 LIMIT 1"),
		    true, err);
		if (rc != PMJ_OK)
			return rc;
	}
	/* A restored end has to say so, also when nothing of its own waits: until then nothing that
	 * the other end has comes back. */
	rc = seal_due_add(list, count,
	    sql_get(sync->journal, "SELECT mailbox FROM pmj_lane INDEXED BY pmj_lane_begun"
	                           " WHERE ours=1 AND closed=0 AND segno=0"
	                           " AND cause IN ('copy','restore')"),
	    true, err);
	if (rc != PMJ_OK)
		return rc;
	/* A clock that jumped back must not silence the lane for years. */
	sql = sql_get(sync->journal, "SELECT mailbox FROM pmj_lane INDEXED BY pmj_lane_made"
	                             " WHERE ours=1 AND closed=0 AND segno>0 AND made_ms<=?1"
	                             " UNION SELECT mailbox FROM pmj_lane INDEXED BY pmj_lane_made"
	                             " WHERE ours=1 AND closed=0 AND segno>0 AND made_ms>=?2");
	sql_int(sql, 1, now_ms - SYNC_WEEK_MS);
	sql_int(sql, 2, now_ms + SYNC_WEEK_MS);
	return seal_due_add(list, count, sql, true, err);
}

/* The mailbox of the first item of all; *found false: nothing is queued. */
static enum pmj_code
seal_first_mailbox(struct sync *sync, uint8_t *mailbox, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT mailbox FROM pmj_queue WHERE rank>=0 ORDER BY rank DESC,pos"
	    " LIMIT 1");
	enum pmj_code rc = sql_row(sql, found, err);

	if (rc == PMJ_OK && *found)
		*found = sql_col_copy(sql, 0, mailbox, PMJ_MAILBOX_BYTES);
	sql_done(sql);
	return rc;
}

/* A mailbox that is no more: its lines stay. */
static enum pmj_code
seal_try(
    struct sync *sync, const struct seal_due *due, bool *made, bool *waits, struct pmj_error *err)
{
	enum pmj_code rc = seal_one(sync, due->mailbox, due->due, made, waits, err);

	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
}

void
seal_due_drop(struct sync *sync)
{
	free(sync->due);
	sync->due = NULL;
	sync->due_count = sync->due_at = 0;
}

/* It has its segment now: where it is listed once more, only what is queued counts. */
static void
seal_not_due(struct sync *sync, const uint8_t *mailbox)
{
	for (size_t i = sync->due_at; i < sync->due_count; i++)
		if (memcmp(sync->due[i].mailbox, mailbox, PMJ_MAILBOX_BYTES) == 0)
			sync->due[i].due = false;
}

/* The next segment for one of those listed. A hub may have thousands of receipts to give: the list
 * serves them all, and is made anew when it is through. What comes first of the queue is tried
 * before it in any case. */
static enum pmj_code
seal_listed(struct sync *sync, bool *more, struct pmj_error *err)
{
	bool fresh = sync->due == NULL;
	bool made = false, waits = false, left;
	enum pmj_code rc = PMJ_OK;

	if (fresh)
		rc = seal_due_list(sync, &sync->due, &sync->due_count, err);
	while (rc == PMJ_OK && sync->due_at < sync->due_count && !made && sync->packing == NULL)
		rc = seal_try(sync, &sync->due[sync->due_at++], &made, &waits, err);
	if (made || sync->packing != NULL)
		seal_not_due(sync, sync->due[sync->due_at - 1].mailbox);
	left = sync->due_at < sync->due_count;
	if (rc != PMJ_OK || !left)
		seal_due_drop(sync);
	*more = rc == PMJ_OK && (waits || (made && left) || !fresh || sync->packing != NULL);
	return rc;
}

enum pmj_code
sync_seal_step(struct sync *sync, bool *more, struct pmj_error *err)
{
	struct seal_due first = {.due = false};
	bool made = false;
	bool waits = false;
	bool found = false;
	enum pmj_code rc;

	*more = sync->packing != NULL;
	if (*more)
		return seal_packing_step(sync, err);
	if ((rc = sync_number_step(sync, more, err)) != PMJ_OK || *more)
		return rc;
	/* Nearly always the first of the queue can go; only when it cannot (its mailbox takes
	 * nothing more) all are looked through. */
	if ((rc = seal_first_mailbox(sync, first.mailbox, &found, err)) != PMJ_OK)
		return rc;
	if (found && (rc = seal_try(sync, &first, &made, &waits, err)) != PMJ_OK)
		return rc;
	if (made || sync->packing != NULL) {
		seal_not_due(sync, first.mailbox);
		*more = true;
		return PMJ_OK;
	}
	rc = seal_listed(sync, more, err);
	if (!*more) /* whoever wrote all the time may be done by the next time */
		sync->haste = HASTE_NONE;
	return rc;
}
