/* seal_pack.c - a segment that is too much for one step is packed in several: its lines are put
 * together, packed from memory piece by piece, and numbered and sealed in one transaction at the
 * end. Until then the journal knows nothing of it. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/seal_inner.h"

void
seal_packing_drop(struct sync *sync)
{
	bool big;

	if (sync->packing == NULL)
		return;
	segment_pack_free(sync->packing->pack);
	seal_close(&sync->packing->seal);
	big = sync->packing->seal.big;
	free(sync->packing);
	sync->packing = NULL;
	if (big) /* 12 MB that nobody needs before the next one, which may be in a week */
		(void)malloc_trim(0);
}

static enum pmj_code
seal_pack_lines(struct sync *sync, struct seal_packing *packing, struct pmj_error *err)
{
	struct segment_line *lines = seal_lines(&packing->seal);
	enum pmj_code rc = segment_pack_new(&packing->pack, lines, packing->seal.count, err);

	free(lines);
	if (rc != PMJ_OK)
		seal_packing_drop(sync);
	return rc;
}

enum pmj_code
seal_packing_begin(struct sync *sync, struct seal *seal, bool due, struct pmj_error *err)
{
	struct seal_packing *packing = mem_new(sizeof(*packing));

	packing->seal = *seal;
	packing->seal.big = seal->partial;
	packing->due = due;
	packing->transaction = journal_transaction(sync->journal);
	sync->packing = packing;
	return seal->partial ? PMJ_OK : seal_pack_lines(sync, packing, err);
}

/* Something was written since a big one was begun. It may be what goes first, or say that a line
 * must not go at all, and there are too many of them to ask again in the last step: it is dropped
 * at once, and the next one is small enough for that. */
static bool
seal_pack_overtaken(const struct sync *sync, const struct seal_packing *packing)
{
	return packing->seal.big && journal_transaction(sync->journal) != packing->transaction;
}

/* A big one: more lines, as many as go in a step. That is undone as the first step was, for whoever
 * wraps a line notes how far its clock is. */
static enum pmj_code
seal_pack_gather(struct sync *sync, struct seal_packing *packing, struct pmj_error *err)
{
	enum pmj_code rc;

	packing->seal.until_ms = sync->os->mono_ms(sync->os->ctx) + SYNC_PIECE_MS;
	if ((rc = journal_begin(sync->journal, err)) == PMJ_OK &&
	    (rc = seal_queue(&packing->seal, err)) == PMJ_OK && !packing->seal.partial)
		rc = seal_left(&packing->seal, err);
	journal_rollback(sync->journal);
	packing->transaction = journal_transaction(sync->journal);
	if (rc != PMJ_OK) {
		seal_packing_drop(sync);
		return rc;
	}
	return packing->seal.partial ? PMJ_OK : seal_pack_lines(sync, packing, err);
}

/* ... and its chain, which for thousands of lines is more than a step, too. */
static void
seal_pack_chain(struct seal *seal)
{
	size_t from = seal->chained, bytes = 0, i = from;
	uint8_t chain[32], e[PMJ_ENTRY_BYTES];

	if (seal->chains == NULL)
		seal->chains = mem_array(seal->count, sizeof(*seal->chains));
	memcpy(chain, i > 0 ? seal->chains[i - 1] : seal->lane.chain, sizeof(chain));
	for (; i < seal->count && i - from < SYNC_CHAIN_LINES && bytes < SYNC_CHAIN_BYTES; i++) {
		chain_entry(e, seal->bytes[i].bytes, seal->bytes[i].len);
		chain_lane_next(chain, e);
		memcpy(seal->chains[i], chain, sizeof(chain));
		bytes += seal->bytes[i].len;
	}
	seal->chained = i;
}

/* Is what would be sealed now what was packed? Something may have been written between two steps:
 * most of it stands behind these lines in the queue and changes nothing. over: the lines themselves
 * were taken over. */
static bool
seal_same(const struct seal *now, const struct seal *packed, bool over)
{
	const struct lane *a = &now->lane, *b = &packed->lane;

	if (now->count != packed->count || now->head != packed->head ||
	    now->announces != packed->announces ||
	    strcmp(buf_text(&now->says), buf_text(&packed->says)) != 0)
		return false;
	if (a->id != b->id || a->segno != b->segno || a->seq != b->seq ||
	    memcmp(a->inc, b->inc, sizeof(a->inc)) != 0 ||
	    memcmp(a->reader_pk, b->reader_pk, sizeof(a->reader_pk)) != 0)
		return false;
	for (size_t i = now->head; i < now->count && !over; i++) {
		const struct queue_sent *is = &now->sent[i], *was = &packed->sent[i];
		const struct buf *line = &now->bytes[i], *other = &packed->bytes[i];

		if (is->n != was->n || is->forward != was->forward)
			return false;
		/* What is forwarded is wrapped anew each time. */
		if (!is->forward &&
		    (line->len != other->len || memcmp(line->bytes, other->bytes, line->len) != 0))
			return false;
	}
	return true;
}

/* The lines that were packed, in place of those that say the same; over: of the head only. */
static void
seal_swap(struct seal *now, struct seal *packed, bool over)
{
	for (size_t i = 0; i < (over ? now->head : now->count); i++) {
		struct buf bytes = now->bytes[i];
		struct queue_sent sent = now->sent[i];

		now->bytes[i] = packed->bytes[i];
		now->sent[i] = packed->sent[i];
		packed->bytes[i] = bytes;
		packed->sent[i] = sent;
	}
	now->raw = packed->raw;
	now->big = packed->big;
	now->chains = packed->chains;
	packed->chains = NULL;
}

/* The last step. Where it is no longer the same, nothing happened, and the next one is made in one
 * step, so that whoever writes all the time cannot keep segments from being made. */
static enum pmj_code
seal_packing_end(struct sync *sync, struct seal_packing *packing, struct pmj_error *err)
{
	int64_t began = sync->os->mono_ms(sync->os->ctx);
	bool made = false, over;
	struct seal seal;
	struct buf file;
	enum pmj_code rc;

	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	seal_init(&seal, sync, SYNC_RAW_MAX * 2, packing->seal.count);
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		goto out;
	over = journal_transaction(sync->journal) == packing->transaction + 1;
	rc = seal_collect(&seal, packing->seal.peer.mailbox, packing->due,
	    over ? &packing->seal : NULL, &made, err);
	if (rc == PMJ_OK && (!made || !seal_same(&seal, &packing->seal, over))) {
		journal_rollback(sync->journal);
		sync->tell = false;
		sync->haste = HASTE_GREAT;
		goto out;
	}
	if (rc == PMJ_OK) {
		seal_swap(&seal, &packing->seal, over);
		rc = seal_keep(&seal, packing->pack, &file, err);
	}
	if ((rc = sync_end(sync, rc, err)) != PMJ_OK)
		goto out;
	sync->spool_dirty = true;
	sync->haste = HASTE_NONE;
	sync->numbers |= seal.big;
	if (!seal.big)
		pace_learn(
		    &sync->raw_pace, (int64_t)seal.raw, sync->os->mono_ms(sync->os->ctx) - began);
	seal_learn(sync, &seal, seal.raw, file.len);
out:
	seal_close(&seal);
	buf_close(&file);
	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc; /* the mailbox is no more */
}

/* What fits in a step; the fewer pieces, the better it packs. Before the first one of a big segment
 * libzstd clears its tables, for half a step; how long that takes says nothing of the others. */
static enum pmj_code
seal_pack_piece(struct sync *sync, struct seal_packing *packing, struct pmj_error *err)
{
	int64_t began = sync->os->mono_ms(sync->os->ctx);
	bool first = segment_pack_taken(packing->pack) == 0 && packing->seal.big;
	size_t piece = first ? SYNC_PIECE : (size_t)sync->piece_pace.amount;
	enum pmj_code rc;

	packing->raw_was = segment_pack_taken(packing->pack);
	packing->body_was = segment_pack_bytes(packing->pack);
	rc = segment_pack_step(packing->pack, piece, &packing->done, err);
	if (rc == PMJ_OK && !first)
		pace_learn(&sync->piece_pace,
		    (int64_t)(segment_pack_taken(packing->pack) - packing->raw_was),
		    sync->os->mono_ms(sync->os->ctx) - began);
	return rc;
}

enum pmj_code
seal_packing_step(struct sync *sync, struct pmj_error *err)
{
	struct seal_packing *packing = sync->packing;
	enum pmj_code rc;

	if (seal_pack_overtaken(sync, packing)) {
		sync->haste = HASTE_SOME;
		seal_packing_drop(sync);
		return PMJ_OK;
	}
	if (packing->pack == NULL)
		return seal_pack_gather(sync, packing, err);
	if (packing->done && packing->seal.big && packing->seal.chained < packing->seal.count) {
		seal_pack_chain(&packing->seal);
		return PMJ_OK;
	}
	if (packing->done) {
		rc = seal_packing_end(sync, packing, err);
		seal_packing_drop(sync);
		return rc;
	}
	rc = seal_pack_piece(sync, packing, err);
	if (rc != PMJ_OK || seal_fit(sync, packing)) {
		seal_packing_drop(sync);
		return rc;
	}
	/* Too big already: it is begun anew, with fewer lines. */
	if (segment_pack_file_bytes(packing->pack) > sync->file_most && !packing->seal.photos) {
		seal_learn(sync, &packing->seal, segment_pack_taken(packing->pack),
		    segment_pack_file_bytes(packing->pack));
		seal_packing_drop(sync);
	}
	return PMJ_OK;
}
