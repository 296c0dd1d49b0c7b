/* seal_number.c - the lines of a big segment leave the queue. There may be 4,096, and each changes
 * seven indexes: too much for the transaction that makes the segment. That one keeps what is to be
 * done with each of them, and the next steps do it; a process that ends between finds it there. */
#include <string.h>

#include "store/sql.h"
#include "sync/seal_inner.h"

/* One line: 8 its id in the queue | 8 its number in the journal, and what it is | 8 its number in
 * the lane | 32 the chain after it. */
#define ITEM_BYTES 56
enum { ITEM_N = 8, ITEM_SEQ = 16, ITEM_CHAIN = 24 };
#define ITEM_FORWARD (UINT64_C(1) << 63)
#define ITEM_WITHDRAWN (UINT64_C(1) << 62) /* it is in no segment, and was never sent */
#define ITEM_FLAGS (ITEM_FORWARD | ITEM_WITHDRAWN)

static enum pmj_code
numbering_put(struct seal *seal, uint64_t segno, struct buf *items, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    seal->sync->journal, "INSERT INTO pmj_numbering(lane,segno,items) VALUES(?1,?2,?3)");
	enum pmj_code rc;

	if ((rc = buf_check(items, err)) != PMJ_OK || items->len == 0)
		return rc;
	sql_int(sql_int(sql, 1, seal->lane.id), 2, (int64_t)segno);
	sql_blob(sql, 3, items->bytes, items->len);
	rc = sql_run(sql, err);
	buf_clear(items);
	return rc;
}

/* 0: it is in no segment. */
static uint64_t
item_of(const struct seal_taken *taken)
{
	if (taken->as == SEAL_NO_MORE)
		return 0;
	return (uint64_t)taken->n | (taken->forward ? ITEM_FORWARD : 0) |
	       (taken->as == SEAL_WITHDRAWN ? ITEM_WITHDRAWN : 0);
}

enum pmj_code
seal_number_later(struct seal *seal, uint64_t segno, struct pmj_error *err)
{
	struct buf items;
	enum pmj_code rc = PMJ_OK;

	buf_init(&items, SYNC_NUMBERS * ITEM_BYTES);
	for (size_t i = 0; i < seal->taken_count && rc == PMJ_OK; i++) {
		const struct seal_taken *taken = &seal->taken[i];
		bool sent = taken->as == SEAL_SENT;

		if (sent && taken->n == 0) { /* it has its row already */
			rc = queue_drop(seal->sync, taken->id, err);
			continue;
		}
		buf_put_u64(&items, (uint64_t)taken->id);
		buf_put_u64(&items, item_of(taken));
		buf_put_u64(&items, seal->lane.seq + taken->line + 1);
		buf_put(&items, seal->sent[sent ? taken->line : 0].chain, 32);
		if (items.len == SYNC_NUMBERS * ITEM_BYTES)
			rc = numbering_put(seal, segno, &items, err);
	}
	if (rc == PMJ_OK)
		rc = numbering_put(seal, segno, &items, err);
	buf_close(&items);
	return rc;
}

/* Some lines that were kept together. */
struct numbering {
	int64_t id;
	struct lane lane;
	int64_t segno;
	struct buf items;
};

static enum pmj_code
numbering_first(struct sync *sync, struct numbering *out, bool *found, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT g.id,g.lane,g.segno,g.items,l.mailbox FROM pmj_numbering g"
	    " LEFT JOIN pmj_lane l ON l.id=g.lane ORDER BY g.id LIMIT 1");
	const uint8_t *items;
	enum pmj_code rc;
	size_t len = 0;

	if ((rc = sql_row(sql, found, err)) == PMJ_OK && *found) {
		out->id = sql_col_int(sql, 0);
		out->lane.id = sql_col_int(sql, 1);
		out->segno = sql_col_int(sql, 2);
		items = sql_col_blob(sql, 3, &len);
		buf_put(&out->items, items, len - len % ITEM_BYTES);
		rc = buf_check(&out->items, err);
		(void)sql_col_copy(sql, 4, out->lane.mailbox, sizeof(out->lane.mailbox));
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
numbering_item(struct sync *sync, const struct numbering *numbering, const uint8_t *item,
    int64_t *entries, struct pmj_error *err)
{
	uint64_t is = get_le64(item + ITEM_N);
	struct queue_sent sent = {
	    .n = (int64_t)(is & ~ITEM_FLAGS), .forward = (is & ITEM_FORWARD) != 0, .counts = true};
	const uint8_t *mailbox = numbering->lane.mailbox;
	enum pmj_code rc;

	if ((rc = queue_drop(sync, (int64_t)get_le64(item), err)) != PMJ_OK || sent.n == 0)
		return rc;
	if ((is & ITEM_WITHDRAWN) != 0)
		return queue_forget_sent(sync, mailbox, sent.n, err);
	if (sent.forward && (rc = queue_done_put(sync, mailbox, sent.n, true, 0, 0, err)) != PMJ_OK)
		return rc;
	memcpy(sent.chain, item + ITEM_CHAIN, sizeof(sent.chain));
	*entries += !queue_is_photo(sync->journal, sent.n);
	return queue_sent_put(sync, &numbering->lane, get_le64(item + ITEM_SEQ),
	    (uint64_t)numbering->segno, &sent, err);
}

static enum pmj_code
numbering_end(
    struct sync *sync, const struct numbering *numbering, int64_t entries, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    sync->journal, "UPDATE pmj_segment SET entries=entries+?3 WHERE lane=?1 AND segno=?2");
	enum pmj_code rc;

	sql_int(sql_int(sql, 1, numbering->lane.id), 2, numbering->segno);
	if ((rc = sql_run(sql_int(sql, 3, entries), err)) != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_numbering WHERE id=?1");
	return sql_run(sql_int(sql, 1, numbering->id), err);
}

/* Inside a transaction: the lines that were kept together first. *count: how many there were. */
static enum pmj_code
number_some(struct sync *sync, int64_t *count, struct pmj_error *err)
{
	struct numbering numbering = {0};
	int64_t entries = 0;
	bool found = false;
	enum pmj_code rc;

	*count = 0;
	buf_init(&numbering.items, 0);
	if ((rc = numbering_first(sync, &numbering, &found, err)) != PMJ_OK || !found)
		goto out;
	for (size_t at = 0; at < numbering.items.len && rc == PMJ_OK; at += ITEM_BYTES, ++*count)
		rc = numbering_item(sync, &numbering, numbering.items.bytes + at, &entries, err);
	if (rc == PMJ_OK)
		rc = numbering_end(sync, &numbering, entries, err);
out:
	buf_close(&numbering.items);
	return rc;
}

enum pmj_code
queue_numbered(struct sync *sync, struct pmj_error *err)
{
	int64_t count = 1;
	enum pmj_code rc = PMJ_OK;

	while (sync->numbers && count > 0 && rc == PMJ_OK)
		rc = number_some(sync, &count, err);
	return rc;
}

enum pmj_code
sync_number_step(struct sync *sync, bool *left, struct pmj_error *err)
{
	int64_t began = sync->os->mono_ms(sync->os->ctx), all = 0, count = 1;
	enum pmj_code rc = PMJ_OK;

	*left = sync->numbers =
	    sync->numbers &&
	    sql_any(sql_get(sync->journal, "SELECT 1 FROM pmj_numbering LIMIT 1"), true);
	if (!*left)
		return queue_again_step(sync, left, err);
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	for (; rc == PMJ_OK && count > 0 && all < sync->number_pace.amount; all += count)
		rc = number_some(sync, &count, err);
	rc = sync_end(sync, rc, err);
	pace_learn(&sync->number_pace, all, sync->os->mono_ms(sync->os->ctx) - began);
	return rc;
}
