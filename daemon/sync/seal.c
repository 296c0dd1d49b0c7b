/* seal.c - what waits becomes one sealed segment: numbered, kept in the journal and taken off the
 * queue in one transaction. Its file is made from there (files.c). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/photo.h"
#include "sync/seal_inner.h"

void
seal_init(struct seal *seal, struct sync *sync, size_t raw_max, size_t count_max)
{
	memset(seal, 0, sizeof(*seal));
	seal->sync = sync;
	seal->raw_max = raw_max;
	seal->count_max = count_max;
	seal->at = QUEUE_START;
	buf_init(&seal->says, 0);
	/* The head of a segment (acks, nacks of 64 incarnations) may come on top of what the queue
	 * gives. */
	seal->bytes = mem_array(PMJ_SEGMENT_ENTRIES_MAX + 128, sizeof(*seal->bytes));
	seal->sent = mem_array(PMJ_SEGMENT_ENTRIES_MAX + 128, sizeof(*seal->sent));
}

void
seal_close(struct seal *seal)
{
	for (size_t i = 0; i < seal->count; i++)
		buf_close(&seal->bytes[i]);
	free(seal->bytes);
	free(seal->sent);
	free(seal->taken);
	free(seal->chains);
	buf_close(&seal->says);
	json_decref(seal->ack);
}

void
seal_add(struct seal *seal, struct buf *line, const struct queue_sent *sent)
{
	seal->bytes[seal->count] = *line;
	seal->sent[seal->count] = *sent;
	seal->raw += line->len + 1;
	seal->count++;
}

/* The lane's chain after this line, which follows the last that was asked for. */
static void
seal_chain(struct seal *seal, size_t i)
{
	uint8_t e[PMJ_ENTRY_BYTES];

	if (seal->chains != NULL) {
		memcpy(seal->lane.chain, seal->chains[i], sizeof(seal->lane.chain));
	} else {
		chain_entry(e, seal->bytes[i].bytes, seal->bytes[i].len);
		chain_lane_next(seal->lane.chain, e);
	}
	memcpy(seal->sent[i].chain, seal->lane.chain, sizeof(seal->sent[i].chain));
}

static enum pmj_code
seal_rows(struct seal *seal, const struct buf *file, const uint8_t *chain, const uint8_t *id,
    struct pmj_error *err)
{
	struct lane *lane = &seal->lane;
	struct lane_point point = {.segno = lane->segno + 1, .seq = lane->seq + seal->count};
	int64_t entries = 0;
	struct sql *sql;
	enum pmj_code rc;

	for (size_t i = 0; i < seal->count; i++) {
		struct queue_sent *sent = &seal->sent[i];

		seal_chain(seal, i);
		if (seal->big && sent->n != 0)
			continue;
		rc = queue_sent_put(seal->sync, lane, lane->seq + i + 1, point.segno, sent, err);
		if (rc != PMJ_OK)
			return rc;
		entries += sent->n != 0 && !seal->photos;
	}
	rc = seal->big ? seal_number_later(seal, point.segno, err) : seal_take_all(seal, err);
	if (rc != PMJ_OK)
		return rc;
	memcpy(point.id, id, sizeof(point.id));
	memcpy(point.chain, chain, sizeof(point.chain));
	if ((rc = lane_point_put(seal->sync, lane, &point, err)) != PMJ_OK)
		return rc;
	sql = sql_get(seal->sync->journal,
	    "INSERT INTO pmj_segment(lane,segno,last_seq,state,entries,bytes) "
	    "VALUES(?1,?2,?3,0,?5,?4)");
	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)point.segno);
	sql_int(sql, 3, (int64_t)point.seq);
	sql_blob(sql, 4, file->bytes, file->len);
	sql_int(sql, 5, entries);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	lane->segno = point.segno;
	memcpy(lane->segment_id, id, sizeof(lane->segment_id));
	lane->seq = point.seq;
	memcpy(lane->chain, chain, sizeof(lane->chain));
	lane->made_ms = os_now(seal->sync->os);
	return lane_save(seal->sync, lane, err);
}

struct segment_line *
seal_lines(const struct seal *seal)
{
	struct segment_line *lines = mem_array(seal->count, sizeof(*lines));

	for (size_t i = 0; i < seal->count; i++) {
		lines[i].bytes = (const char *)seal->bytes[i].bytes;
		lines[i].len = seal->bytes[i].len;
	}
	return lines;
}

/* Each segment carries the ack: what we read so far is told now, but for what it had no room for.
 */
static enum pmj_code
seal_told(struct seal *seal, struct pmj_error *err)
{
	struct sql *sql = sql_get(seal->sync->journal,
	    "UPDATE pmj_lane SET told_seq=seq WHERE mailbox=?1 AND ours=0 AND told_seq<>seq"
	    " AND id>=?2");
	enum pmj_code rc;

	sql_blob(sql, 1, seal->peer.mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 2, seal->ack_from);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return link_told(seal->sync, seal->ack, err);
}

static enum pmj_code
seal_encode(struct seal *seal, const struct segment_pack *pack, struct buf *file, uint8_t *chain,
    uint8_t *id, struct pmj_error *err)
{
	struct lane *lane = &seal->lane;
	struct segment_line *lines = seal_lines(seal);
	uint8_t image[32];
	struct segment_draft draft = {
	    .lane = lane->lane,
	    .segno = lane->segno + 1,
	    .mailbox = lane->mailbox,
	    .incarnation = lane->inc,
	    .prev = lane->segment_id,
	    .reader_pk = seal->announces ? image : lane->reader_pk,
	    .first_seq = lane->seq + 1,
	    .chain_before = lane->chain,
	    .lines = lines,
	    .count = seal->count,
	    .pack = pack,
	    .chains = (const uint8_t(*)[32])seal->chains,
	    .writer = seal->peer.signs,
	};
	enum pmj_code rc;

	if (seal->announces && prim_sign_image_pk(image, seal->peer.writer_pk) != 0)
		rc = pmj_fail(err, PMJ_INTEGRITY, "the signing key of the other end is not usable");
	else
		rc = segment_seal(file, chain, id, &draft, journal_ring(seal->sync->journal), err);
	free(lines);
	return rc;
}

static enum pmj_code
seal_beaconed(struct seal *seal, struct pmj_error *err)
{
	struct sync_hooks *hooks = &seal->sync->hooks;
	const struct buf *line = &seal->bytes[seal->beacon_at];
	uint8_t e[PMJ_ENTRY_BYTES];

	if (!seal->beacons || hooks->beaconed == NULL)
		return PMJ_OK;
	chain_entry(e, line->bytes, line->len);
	return hooks->beaconed(hooks->ctx, &seal->peer, e, err);
}

enum pmj_code
seal_keep(
    struct seal *seal, const struct segment_pack *pack, struct buf *file, struct pmj_error *err)
{
	uint8_t chain[32];
	uint8_t id[32];
	enum pmj_code rc;

	if ((rc = seal_encode(seal, pack, file, chain, id, err)) != PMJ_OK ||
	    (rc = seal_rows(seal, file, chain, id, err)) != PMJ_OK ||
	    (rc = seal_beaconed(seal, err)) != PMJ_OK ||
	    (seal->photos && (rc = photo_room_used(seal->sync, seal->peer.mailbox,
	                          (int64_t)seal->raw, err)) != PMJ_OK))
		return rc;
	return seal->announces ? PMJ_OK : seal_told(seal, err); /* it carries no ack */
}

/* The lane that is written, and what stands at the head of its next segment. */
static enum pmj_code
seal_begin(struct seal *seal, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	enum pmj_code rc;

	if ((rc = incarnation_current(sync, &seal->peer, &seal->lane, err)) != PMJ_OK)
		return rc;
	/* Each epoch of its reader is another incarnation, so that a branch can be forgotten with
	 * its key. */
	if (seal->lane.segno > 0 &&
	    memcmp(seal->lane.reader_pk, seal->peer.reader_pk, sizeof(seal->lane.reader_pk)) != 0) {
		rc = incarnation_begin(sync, &seal->peer, INCARNATION_EPOCH, err);
		if (rc == PMJ_OK)
			rc = incarnation_current(sync, &seal->peer, &seal->lane, err);
		if (rc != PMJ_OK)
			return rc;
	}
	memcpy(seal->lane.reader_pk, seal->peer.reader_pk, sizeof(seal->lane.reader_pk));
	seal->announces = incarnation_announces(sync, &seal->peer, &seal->lane);
	rc = seal->announces ? seal_announcement(seal, err) : seal_head(seal, err);
	seal->head = seal->count;
	return rc;
}

enum pmj_code
seal_collect(struct seal *seal, const uint8_t *mailbox, bool due, struct seal *packed, bool *some,
    struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	enum pmj_code rc;

	*some = false;
	if ((rc = sync->hooks.peer(sync->hooks.ctx, &seal->peer, mailbox, err)) != PMJ_OK)
		return rc;
	if (seal->peer.gone)
		return sync_drop_queue(sync, mailbox, err);
	if (seal->peer.closed)
		return PMJ_OK;
	if ((rc = queue_whole(sync, err)) != PMJ_OK || (rc = seal_begin(seal, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < seal->head; i++)
		due = due || seal->sent[i].counts;
	seal->waits = seal->announces;
	seal_fit_apply(seal);
	seal->room = photo_room(sync, mailbox);
	if (!seal->announces && packed != NULL)
		seal_queue_packed(seal, packed);
	else if (!seal->announces && (rc = seal_queue(seal, err)) != PMJ_OK)
		return rc;
	if ((seal->count == seal->head && !due) || seal->count == 0)
		return seal_take_all(seal, err); /* what was queued was withdrawn */
	*some = true;
	return seal->partial ? PMJ_OK : seal_left(seal, err);
}

/* These stay under sync->file_most however badly they pack. */
static size_t
seal_raw_small(const struct sync *sync)
{
	return sync->file_most - LINK_OUTSIDE - SEGMENT_HEAD_BYTES;
}

static void
seal_raw_bound(struct sync *sync)
{
	size_t most = sync->file_most > SYNC_FILE_MOST ? SYNC_RAW_MOST : SYNC_RAW_MAX;

	if (sync->raw_max < seal_raw_small(sync))
		sync->raw_max = seal_raw_small(sync);
	if (sync->raw_max > most)
		sync->raw_max = most;
}

void
seal_raw_scale(struct sync *sync, size_t file_most)
{
	if (sync->file_most != 0)
		sync->raw_max = (size_t)((uint64_t)sync->raw_max * file_most / sync->file_most);
	sync->file_most = file_most;
	seal_raw_bound(sync);
}

/* Fewer lines the next time, where the file became too big; some more, where it was far from it.
 * Where files are filled (seal_fit.c) it is begun with a few too many. */
void
seal_learn(struct sync *sync, const struct seal *seal, size_t did, size_t file_len)
{
	size_t fits = (size_t)((uint64_t)did * sync->file_most / file_len);

	/* They say nothing of how records pack; nor does a line that is too big alone. */
	if (seal->photos || (seal->count <= seal->head + 1 && file_len > sync->file_most))
		return;
	if (file_len > sync->file_most) /* less in any case, also where one line is longer */
		sync->raw_max = fits < sync->raw_max ? fits - fits / 8 : sync->raw_max / 2;
	else if (sync->file_most > SYNC_FILE_MOST && did >= SYNC_PIECE)
		sync->raw_max = fits - fits / 32; /* it is not made twice for its padding */
	else if (sync->fills && seal->waits && did >= SYNC_PIECE)
		sync->raw_max = fits + fits / 32;
	else if (did >= sync->raw_max / 2 && file_len < sync->file_most * 3 / 4)
		sync->raw_max += sync->raw_max / 4;
	seal_raw_bound(sync);
}

/* One transaction. PMJ_TOO_BIG, and nothing happened: so many lines make a file that is too big.
 * *pieces: it is too much for one step; nothing happened either. */
static enum pmj_code
seal_try_one(struct seal *seal, const uint8_t *mailbox, bool due, struct buf *file, bool *made,
    bool *pieces, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	enum pmj_code rc;

	*made = *pieces = false;
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	seal->piece = (size_t)sync->raw_pace.amount;
	if (sync->haste == HASTE_NONE)
		seal->until_ms = sync->os->mono_ms(sync->os->ctx) + SYNC_PIECE_MS;
	rc = seal_collect(seal, mailbox, due, NULL, made, err);
	*pieces = rc == PMJ_OK && *made &&
	          (seal->partial || (seal->raw > SYNC_PIECE && seal->count > seal->head + 1));
	if (*pieces) {
		journal_rollback(sync->journal);
		sync->tell = *made = false;
		return PMJ_OK;
	}
	if (rc == PMJ_OK && *made)
		rc = seal_keep(seal, NULL, file, err);
	if (rc == PMJ_OK && *made && file->len > sync->file_most && !seal->photos &&
	    seal->count > seal->head + 1 && seal->raw_max > seal_raw_small(sync))
		rc = PMJ_TOO_BIG;
	rc = sync_end(sync, rc, err);
	*made = *made && rc == PMJ_OK;
	return rc;
}

/* How many bytes of lines: what makes a file of the size that is asked for; or also is looked at
 * again and numbered in one step; or is packed in one, too. */
static size_t
seal_room(const struct sync *sync)
{
	size_t fits = sync->haste == HASTE_GREAT  ? SYNC_PIECE
	              : sync->haste == HASTE_SOME ? (size_t)sync->raw_pace.amount
	                                          : SYNC_RAW_MOST;

	return fits < sync->raw_max ? fits : sync->raw_max;
}

enum pmj_code
seal_one(struct sync *sync, const uint8_t *mailbox, bool due, bool *made, bool *waits,
    struct pmj_error *err)
{
	struct buf file;
	bool pieces, again;
	enum pmj_code rc;

	*waits = false;
	link_for(sync, mailbox);
	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	do {
		struct seal seal;

		seal_init(&seal, sync, seal_room(sync), PMJ_SEGMENT_ENTRIES_MAX);
		buf_clear(&file);
		rc = seal_try_one(&seal, mailbox, due, &file, made, &pieces, err);
		*waits = rc == PMJ_OK && (seal.waits || pieces);
		if (file.len > 0)
			seal_learn(sync, &seal, seal.raw, file.len);
		/* What begins a new run is another one each time that it is put together. */
		again = (pieces && seal.lane.segno == 0) ||
		        (rc == PMJ_TOO_BIG && file.len > sync->file_most && !seal.photos);
		if (pieces && again)
			sync->haste = HASTE_GREAT;
		if (pieces && !again)
			rc = seal_packing_begin(sync, &seal, due, err);
		else
			seal_close(&seal);
	} while (again);
	if (*made)
		sync->haste = HASTE_NONE;
	sync->spool_dirty |= *made;
	buf_close(&file);
	return rc;
}

enum pmj_code
sync_seal_first(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct buf *segment, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND closed=0 AND segno>0 LIMIT 1");
	bool sealed = false, made, waits;
	enum pmj_code rc;

	(void)sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	rc = sql_row(sql, &sealed, err);
	sql_done(sql);
	if (rc == PMJ_OK && !sealed) {
		sync->haste = HASTE_GREAT;
		rc = seal_one(sync, mailbox, false, &made, &waits, err);
	}
	return rc == PMJ_OK ? sync_segment(sync, mailbox, 1, segment, err) : rc;
}
