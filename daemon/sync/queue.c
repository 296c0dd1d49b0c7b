/* queue.c - pmj_queue: what waits for each mailbox, in order; and what it had (pmj_done). */
#include "sync/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

/* Is this journaled line on its way or there already? */
static enum pmj_code
queue_is_known(struct sync *sync, const uint8_t *mailbox, int64_t n, bool forward, bool *known,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=?3"
	    " UNION ALL SELECT 1 FROM pmj_sent s JOIN pmj_lane l ON l.id=s.lane"
	    " WHERE ?3=0 AND s.n=?2 AND s.forward=0 AND l.mailbox=?1 LIMIT 1");
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	sql_int(sql, 3, forward);
	rc = sql_row(sql, known, err);
	sql_done(sql);
	return rc;
}

/* urgent only ever rises: a second request for the same line may be the pressing one. */
enum pmj_code
queue_put(struct sync *sync, const uint8_t *mailbox, int64_t n, bool forward, enum queue_rank rank,
    struct pmj_error *err)
{
	struct sql *sql;
	bool known = false;
	enum pmj_code rc;

	if ((rc = queue_is_known(sync, mailbox, n, forward, &known, err)) != PMJ_OK || known)
		return rc;
	sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward) VALUES(?1,?2,"
	    "coalesce((SELECT max(pos) FROM pmj_queue),0)+1,?3,?4)"
	    " ON CONFLICT(mailbox,n,forward) DO UPDATE SET rank=max(rank,excluded.rank)");
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, rank);
	sql_int(sql, 3, n);
	sql_int(sql, 4, forward);
	return sql_run(sql, err);
}

/* Control lines go before entries, in their order: a withdrawal that an urgent entry overtakes
 * would blank what was shared after it. */
enum pmj_code
sync_queue(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    bool urgent, struct pmj_error *err)
{
	struct entry_raw raw;
	enum pmj_code rc;

	if ((rc = entries_raw(sync->journal, &raw, n, err)) != PMJ_OK)
		return rc;
	/* Files of the office have time. */
	urgent = urgent || (raw.control && strcmp(raw.kind, "ctl.file") != 0);
	free(raw.line);
	return queue_put(sync, mailbox, n, false, urgent ? QUEUE_URGENT : QUEUE_ROUTINE, err);
}

enum pmj_code
sync_queue_forward(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    bool urgent, struct pmj_error *err)
{
	return queue_put(sync, mailbox, n, true, urgent ? QUEUE_URGENT : QUEUE_ROUTINE, err);
}

/* What waits already was queued after this was sealed, and keeps its place: what withdraws it may
 * stand before that, and would blank what goes again before all else. */
enum pmj_code
queue_put_item(struct sync *sync, const uint8_t *mailbox, const struct queue_item *item,
    enum queue_rank rank, const int64_t *pos, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward,line) VALUES(?1,?2,"
	    "coalesce(?6,(SELECT max(pos) FROM pmj_queue)+1,1),?3,?4,?5)"
	    " ON CONFLICT(mailbox,n,forward) DO UPDATE SET"
	    " pos=max(pos,excluded.pos) WHERE rank=excluded.rank");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, rank);
	if (item->n == 0)
		sql_null(sql, 3);
	else
		sql_int(sql, 3, item->n);
	sql_int(sql, 4, item->forward);
	if (item->line == NULL)
		sql_null(sql, 5);
	else
		sql_blob(sql, 5, item->line, item->len);
	if (pos == NULL)
		sql_null(sql, 6);
	else
		sql_int(sql, 6, *pos);
	return sql_run(sql, err);
}

enum pmj_code
sync_queue_line(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const char *line, size_t len, bool urgent, struct pmj_error *err)
{
	struct queue_item item = {.line = mem_strndup(line, len), .len = len};
	enum pmj_code rc =
	    queue_put_item(sync, mailbox, &item, urgent ? QUEUE_URGENT : QUEUE_ROUTINE, NULL, err);

	free(item.line);
	return rc;
}

static enum pmj_code
queue_delete(struct sql *sql, const uint8_t *mailbox, int64_t n, struct pmj_error *err)
{
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if (n != 0)
		sql_int(sql, 2, n);
	return sql_run(sql, err);
}

enum pmj_code
sync_forget_sent(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    struct pmj_error *err)
{
	/* A line that was sealed and still stands in the queue would be noted as sent after this;
	 * one that is to go back would be queued. */
	enum pmj_code rc = queue_whole(sync, err);

	return rc == PMJ_OK ? queue_forget_sent(sync, mailbox, n, err) : rc;
}

enum pmj_code
queue_forget_sent(struct sync *sync, const uint8_t *mailbox, int64_t n, struct pmj_error *err)
{
	enum pmj_code rc = queue_delete(
	    sql_get(sync->journal, "DELETE FROM pmj_done WHERE mailbox=?1 AND n=?2 AND forward=1"),
	    mailbox, n, err);

	if (rc != PMJ_OK)
		return rc;
	return queue_delete(
	    sql_get(sync->journal, "DELETE FROM pmj_queue WHERE mailbox=?1 AND n=?2 AND forward=1"),
	    mailbox, n, err);
}

enum pmj_code
sync_has(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n,
    struct pmj_error *err)
{
	enum pmj_code rc = queue_done_put(sync, mailbox, n, true, 0, 0, err);

	if (rc != PMJ_OK)
		return rc;
	return queue_delete(
	    sql_get(sync->journal, "DELETE FROM pmj_queue WHERE mailbox=?1 AND n=?2 AND forward=1"),
	    mailbox, n, err);
}

enum pmj_code
queue_forget_all(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	return queue_delete(
	    sql_get(sync->journal, "DELETE FROM pmj_done WHERE mailbox=?1"), mailbox, 0, err);
}

void
queue_item_read(struct queue_item *item, struct sql *sql)
{
	const uint8_t *line = sql_col_blob(sql, 3, &item->len);

	item->n = sql_col_int(sql, 1);
	item->forward = sql_col_int(sql, 2) != 0;
	if (line != NULL)
		item->line = mem_strndup((const char *)line, item->len);
}

/* Those of one rank. */
static enum pmj_code
queue_items_of(struct sync *sync, struct queue_item *items, size_t *count, const uint8_t *mailbox,
    const struct queue_place *behind, size_t most, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT id,n,forward,line,pos FROM pmj_queue WHERE mailbox=?1 AND rank=?2 AND pos>?3"
	    " ORDER BY pos LIMIT ?4");
	enum pmj_code rc;
	bool row;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql_int(sql, 2, behind->rank), 3, behind->pos);
	sql_int(sql, 4, (int64_t)most);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row && *count < most) {
		struct queue_item *item = &items[(*count)++];

		queue_item_read(item, sql);
		item->id = sql_col_int(sql, 0);
		item->place = (struct queue_place){behind->rank, sql_col_int(sql, 4)};
	}
	sql_done(sql);
	return rc;
}

enum pmj_code
queue_items(struct sync *sync, struct queue_item **out, size_t *count, const uint8_t *mailbox,
    const struct queue_place *behind, enum queue_rank least, size_t most, struct pmj_error *err)
{
	struct queue_item *items = mem_array(most, sizeof(*items));
	struct queue_place at = *behind;
	size_t found = 0;
	enum pmj_code rc;

	rc = queue_items_of(sync, items, &found, mailbox, &at, most, err);
	while (rc == PMJ_OK && found == 0 && at.rank > (int)least) {
		at = (struct queue_place){at.rank - 1, INT64_MIN};
		rc = queue_items_of(sync, items, &found, mailbox, &at, most, err);
	}
	if (rc != PMJ_OK) {
		queue_items_free(items, found);
		items = NULL;
		found = 0;
	}
	*out = items;
	*count = found;
	return rc;
}

void
queue_items_free(struct queue_item *items, size_t count)
{
	for (size_t i = 0; items != NULL && i < count; i++)
		free(items[i].line);
	free(items);
}

enum pmj_code
queue_drop(struct sync *sync, int64_t id, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal, "DELETE FROM pmj_queue WHERE id=?1");

	sql_int(sql, 1, id);
	return sql_run(sql, err);
}

bool
queue_is_photo(struct journal *journal, int64_t n)
{
	struct sql *sql = sql_get(journal, "SELECT 1 FROM pmj_photo WHERE n=?1");

	return sql_any(sql_int(sql, 1, n), false);
}

int64_t
queue_received(struct journal *journal)
{
	int64_t kept = journal_int(journal, QUEUE_RECEIVED, -1);

	if (ring_is_hub(journal_ring(journal))) /* keeps none, and is not asked for it */
		return 0;
	if (kept >= 0)
		return kept;
	return sql_first_int(sql_get(journal, "SELECT count(*) FROM pmj_done WHERE forward=0 AND n"
	                                      " NOT IN (SELECT n FROM pmj_photo)"),
	    0);
}

enum pmj_code
queue_received_more(struct journal *journal, int64_t before, int64_t more, struct pmj_error *err)
{
	if (more == 0 || ring_is_hub(journal_ring(journal)))
		return PMJ_OK;
	return journal_put_int(journal, QUEUE_RECEIVED, before + more, err);
}

enum pmj_code
queue_done_put(struct sync *sync, const uint8_t *mailbox, int64_t n, bool forward, int64_t lane,
    uint64_t seq, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR REPLACE INTO pmj_done(mailbox,n,forward,lane,seq) VALUES(?1,?2,?3,?4,?5)");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	sql_int(sql, 3, forward);
	sql_int(sql, 4, lane);
	sql_int(sql, 5, (int64_t)seq);
	return sql_run(sql, err);
}

enum pmj_code
queue_came_back(struct journal *journal, const uint8_t *mailbox, int64_t n, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "DELETE FROM pmj_queue WHERE mailbox=?1 AND n=?2 AND forward=0");
	int64_t before = queue_received(journal);
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	sql = sql_get(journal,
	    "INSERT OR IGNORE INTO pmj_done(mailbox,n,forward,lane,seq) VALUES(?1,?2,0,0,0)");
	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, n);
	if ((rc = sql_run(sql, err)) != PMJ_OK || queue_is_photo(journal, n))
		return rc;
	return queue_received_more(journal, before, sql_changes(journal), err);
}
