/* link_reader.c - what the hub seals for a laptop goes over two networks: its own, and the one at
 * the laptop, of which only the laptop knows. So it says in its acks what that lately let through
 * in one piece (`bears`), and when an exchange broke off under what is bigger (`stuck`). */
#include "base/json.h"
#include "store/sql.h"
#include "sync/queue.h"
#include "sync/seal_inner.h"

#define READER_TOLD "sync.bears" /* what the hub was told last */
#define READER_STUCK "sync.stuck"
#define READER_LEAST 4096

/* In powers of two, so that it is told anew only where it matters. */
static int64_t
reader_bears(const struct sync *sync)
{
	int64_t bears = READER_LEAST;

	if (sync->link_step <= 0)
		return 0;
	while (bears * 2 <= sync->link_step && bears < SYNC_FILE_GOOD)
		bears *= 2;
	return bears;
}

void
link_tell(struct sync *sync, json_t *ack)
{
	int64_t bears = reader_bears(sync);

	if (bears == 0 || ring_is_hub(journal_ring(sync->journal)))
		return;
	json_object_set_new(ack, "bears", json_integer((json_int_t)bears));
	if (journal_int(sync->journal, READER_STUCK, 0) != 0)
		json_object_set_new(ack, "stuck", json_true());
}

enum pmj_code
link_told(struct sync *sync, const json_t *ack, struct pmj_error *err)
{
	int64_t bears = ack != NULL ? json_int(ack, "bears", 0) : 0;
	enum pmj_code rc = PMJ_OK;

	if (bears == 0)
		return PMJ_OK;
	if (bears != journal_int(sync->journal, READER_TOLD, 0))
		rc = journal_put_int(sync->journal, READER_TOLD, bears, err);
	if (rc == PMJ_OK && json_is_true(json_object_get(ack, "stuck")))
		rc = journal_put_int(sync->journal, READER_STUCK, 0, err);
	return rc;
}

/* It is told where the hub believes that more goes through: by an ack of its own, for nothing else
 * may be there to be sealed. */
static enum pmj_code
reader_broke(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_int(sync->journal, READER_STUCK, 1, err)) == PMJ_OK)
		rc = sync_ack_again(sync, mailbox, err);
	return sync_end(sync, rc, err);
}

enum pmj_code
sync_link_broke(struct sync *sync, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	int64_t told = journal_int(sync->journal, READER_TOLD, 0);
	struct sql *sql;
	enum pmj_code rc;
	bool row;

	/* Of one that never said so the hub makes what goes by most (link_most(0)). */
	if (sync->link_step <= 0 || link_most(told) <= link_most(sync->link_step) ||
	    journal_int(sync->journal, READER_STUCK, 0) != 0)
		return PMJ_OK;
	sql =
	    sql_get(sync->journal, "SELECT mailbox FROM pmj_lane WHERE ours=0 AND lane=2 LIMIT 1");
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		row = sql_col_copy(sql, 0, mailbox, sizeof(mailbox));
	sql_done(sql);
	return rc == PMJ_OK && row ? reader_broke(sync, mailbox, err) : rc;
}

static int64_t
reader_of(struct sync *sync, const uint8_t *mailbox)
{
	struct sql *sql = sql_get(sync->journal, "SELECT bears FROM pmj_reader WHERE mailbox=?1");

	return sql_first_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 0);
}

/* The smaller of what both networks let through. Where the hub's own was never told of, its
 * mailboxes lie in a folder, or this is the first exchange. */
void
link_for(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	int64_t bears, own = sync->link_step;
	size_t most;

	if (!ring_is_hub(journal_ring(sync->journal)))
		return;
	bears = reader_of(sync, mailbox);
	most = link_most(bears);
	if (own > 0 && link_most(own) < most)
		most = link_most(own);
	if (sync->link_least && most > link_legal(SYNC_FILE_MOST))
		most = link_legal(SYNC_FILE_MOST);
	if (most != sync->file_most)
		seal_raw_scale(sync, most);
	sync->fills = own > 0 || bears > 0;
}

/* The first segment that lies there and was not read, where it is more than goes through; 0: none.
 */
static int64_t
reader_unread(struct sync *sync, const struct lane *lane, int64_t bears)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT segno FROM pmj_segment WHERE lane=?1 AND state=?2 AND length(bytes)>?3"
	    " AND segno=(SELECT min(segno) FROM pmj_segment WHERE lane=?1)");

	sql_int(sql_int(sql, 1, lane->id), 2, SYNC_DELIVERED);
	return sql_first_int(sql_int(sql, 3, (int64_t)link_most(bears)), 0);
}

static enum pmj_code
reader_put(struct sync *sync, const uint8_t *mailbox, int64_t bears, struct pmj_error *err)
{
	struct sql *sql;

	if (reader_of(sync, mailbox) == bears)
		return PMJ_OK;
	sql = sql_get(sync->journal, "INSERT INTO pmj_reader(mailbox,bears) VALUES(?1,?2)"
	                             " ON CONFLICT DO UPDATE SET bears=excluded.bears");
	sql_int(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), 2, bears);
	return sql_run(sql, err);
}

enum pmj_code
link_take(struct sync *sync, const struct sync_peer *peer, const json_t *ack, struct pmj_error *err)
{
	int64_t bears = json_int(ack, "bears", 0), segno;
	struct lane lane;
	enum pmj_code rc;
	bool found;

	if (peer->writes != LANE_DOWN || bears < READER_LEAST)
		return PMJ_OK;
	if (bears > SYNC_FILE_GOOD)
		bears = SYNC_FILE_GOOD;
	if ((rc = reader_put(sync, peer->mailbox, bears, err)) != PMJ_OK ||
	    !json_is_true(json_object_get(ack, "stuck")) ||
	    (rc = lane_current(sync, &lane, peer->mailbox, &found, err)) != PMJ_OK || !found)
		return rc;
	if ((rc = queue_numbered(sync, err)) != PMJ_OK)
		return rc;
	segno = reader_unread(sync, &lane, bears);
	return segno > 0 ? link_smaller(sync, peer, &lane, (uint64_t)segno, err) : PMJ_OK;
}
