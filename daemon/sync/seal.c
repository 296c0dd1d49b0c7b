/* seal.c - what waits becomes one sealed segment: numbered, kept in the journal and taken off the
 * queue in one transaction, then written to the spool. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/files.h"
#include "sync/incarnation.h"
#include "sync/lines.h"
#include "sync/queue.h"

struct seal {
	struct sync *sync;
	struct sync_peer peer;
	struct lane lane;
	size_t raw_max;
	size_t raw;        /* bytes of lines so far, newlines too */
	struct buf *bytes; /* of each line */
	struct queue_sent *sent;
	size_t count;
	bool waits; /* something of the queue is left for the next segment */
};

static void
seal_close(struct seal *seal)
{
	for (size_t i = 0; i < seal->count; i++)
		buf_close(&seal->bytes[i]);
	free(seal->bytes);
	free(seal->sent);
}

/* Takes the line over. */
static void
seal_add(struct seal *seal, struct buf *line, const struct queue_sent *sent)
{
	seal->bytes[seal->count] = *line;
	seal->sent[seal->count] = *sent;
	seal->raw += line->len + 1;
	seal->count++;
}

static enum pmj_code
seal_own(struct seal *seal, const char *kind, json_t *more, bool counts, struct pmj_error *err)
{
	struct queue_sent sent = {.counts = counts};
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	if ((rc = lines_own(seal->sync, &line, kind, more, err)) != PMJ_OK) {
		buf_close(&line);
		return rc;
	}
	seal_add(seal, &line, &sent);
	return PMJ_OK;
}

/* A device says which key it is to be sealed to: a copy may have another one than the hub knows. */
static enum pmj_code
seal_hello(struct seal *seal, struct pmj_error *err)
{
	if (seal->peer.writes != LANE_UP)
		return PMJ_OK;
	return seal_own(seal, "ctl.hello", lines_hello(seal->sync->journal), true, err);
}

/* NACKs that are due, of lanes that stand still. */
static enum pmj_code
seal_nacks(struct seal *seal, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	enum pmj_code rc;

	rc = lane_list(seal->sync, &lanes, &count, seal->peer.mailbox, false, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct lane *lane = &lanes[i];
		struct lane_point bad;
		bool found;
		json_t *more;

		if (lane->nack != 1 || lane->stopped[0] == '\0')
			continue;
		/* The point above the last good one is the segment that could not be read. */
		rc = lane_point(seal->sync, &bad, lane, lane->segno + 1, &found, err);
		if (rc != PMJ_OK)
			break;
		more = json_object();
		json_object_set_new(more, "inc", json_hex(lane->real, sizeof(lane->real)));
		json_object_set_new(more, "segno", json_integer((json_int_t)lane->segno + 1));
		json_object_set_new(more, "id", json_hex(bad.id, sizeof(bad.id)));
		json_object_set_new(more, "reason", json_string(lane->stopped));
		rc = seal_own(seal, "ctl.nack", more, true, err);
		if (rc == PMJ_OK && strcmp(lane->stopped, "epoch_gone") == 0)
			rc = seal_hello(seal, err);
		lane->nack = 2;
		if (rc == PMJ_OK)
			rc = lane_save(seal->sync, lane, err);
	}
	free(lanes);
	return rc;
}

/* A device asks for everything anew: a down segment stays missing. */
static enum pmj_code
seal_resend(struct seal *seal, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	json_t *read = json_array();
	json_t *more;
	enum pmj_code rc = PMJ_OK;

	if (journal_int(seal->sync->journal, "sync.resend", 0) == 0)
		goto out;
	rc = lane_list(seal->sync, &lanes, &count, seal->peer.mailbox, false, err);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(read,
		    json_pack("{s:o,s:I}", "inc", json_hex(lanes[i].real, PMJ_INCARNATION_BYTES),
		        "segno", (json_int_t)lanes[i].segno));
	more = json_object();
	json_object_set(more, "read", read);
	if (rc == PMJ_OK)
		rc = seal_own(seal, "ctl.resend", json_incref(more), true, err);
	json_decref(more);
	if (rc == PMJ_OK)
		rc = journal_put_int(seal->sync->journal, "sync.resend", 0, err);
out:
	json_decref(read);
	free(lanes);
	return rc;
}

/* What stands at the head of every segment: incarnate (first of a lane only), ack, beacon, then
 * what is due. */
static enum pmj_code
seal_head(struct seal *seal, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	json_t *more = NULL;
	enum pmj_code rc;

	if (seal->lane.segno == 0) {
		rc = incarnation_line(sync, &seal->peer, &seal->lane, &more, err);
		if (rc == PMJ_OK && more != NULL)
			rc = seal_own(seal, "ctl.incarnate", more, true, err);
		if (rc == PMJ_OK && strcmp(seal->lane.cause, "copy") == 0)
			rc = seal_hello(seal, err);
		if (rc != PMJ_OK)
			return rc;
	}
	if ((rc = lines_ack(sync, &seal->peer, &more, err)) != PMJ_OK)
		return rc;
	if (more != NULL && (rc = seal_own(seal, "ctl.ack", more, false, err)) != PMJ_OK)
		return rc;
	if (sync->hooks.beacon != NULL &&
	    (more = sync->hooks.beacon(sync->hooks.ctx, &seal->peer)) != NULL &&
	    (rc = seal_own(seal, "ctl.beacon", more, false, err)) != PMJ_OK)
		return rc;
	if ((rc = seal_nacks(seal, err)) != PMJ_OK)
		return rc;
	return seal_resend(seal, err);
}

/* May this entry travel in this lane at all? A kind of scope author never leaves; whatever was
 * queued. */
static bool
seal_may_leave(const struct seal *seal, const struct entry_row *row)
{
	const struct kind *kind;

	if (seal->peer.writes != LANE_UP || row->entry.control)
		return true;
	kind = kinds_get(journal_kinds(seal->sync->journal), row->entry.kind);
	return kind != NULL && kind->scope != SCOPE_AUTHOR;
}

/* The bytes of one waiting item; *drop: it goes nowhere any more. */
static enum pmj_code
seal_item_bytes(struct seal *seal, const struct queue_item *item, struct buf *line, bool *drop,
    struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	struct entry_row row;
	enum pmj_code rc;

	*drop = false;
	if (item->forward && !sync->hooks.may_have(sync->hooks.ctx, &seal->peer, item->n)) {
		*drop = true;
		return sync_forget_sent(sync, seal->peer.mailbox, item->n, err);
	}
	if (item->line != NULL) {
		buf_put(line, item->line, item->len);
		return buf_check(line, err);
	}
	if (item->forward) {
		rc = lines_forward(sync, line, item->n, err);
	} else if ((rc = entries_get(sync->journal, &row, item->n, err)) == PMJ_OK) {
		*drop = row.line == NULL || !seal_may_leave(seal, &row);
		if (!*drop)
			buf_put(line, row.line, row.len);
		entry_row_close(&row);
		if (!*drop)
			rc = buf_check(line, err);
	}
	if (rc == PMJ_NOT_FOUND) { /* erased since it was queued */
		*drop = true;
		return PMJ_OK;
	}
	return rc;
}

static enum pmj_code
seal_item(struct seal *seal, const struct queue_item *item, bool *full, struct pmj_error *err)
{
	struct queue_sent sent = {.n = item->n, .forward = item->forward, .counts = true};
	struct buf line; /* its bytes stay where they are when the seal takes it over */
	enum pmj_code rc;
	bool drop;

	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	if ((rc = seal_item_bytes(seal, item, &line, &drop, err)) != PMJ_OK)
		goto out;
	*full = !drop && seal->count > 0 && seal->raw + line.len + 1 > seal->raw_max;
	if (*full)
		goto out;
	if ((rc = queue_drop(seal->sync, item, err)) != PMJ_OK || drop)
		goto out;
	if (item->forward)
		rc = queue_done_put(seal->sync, seal->peer.mailbox, item->n, true, 0, 0, err);
	if (rc != PMJ_OK)
		goto out;
	if (item->forward || item->n == 0) {
		sent.line = (const char *)line.bytes;
		sent.len = line.len;
	}
	seal_add(seal, &line, &sent);
	return PMJ_OK;
out:
	buf_close(&line);
	return rc;
}

static enum pmj_code
seal_queue(struct seal *seal, struct pmj_error *err)
{
	bool full = false;
	enum pmj_code rc = PMJ_OK;

	while (!full && rc == PMJ_OK && seal->count < PMJ_SEGMENT_ENTRIES_MAX) {
		struct queue_item *items = NULL;
		size_t count = 0;

		rc = queue_items(seal->sync, &items, &count, seal->peer.mailbox, 64, err);
		for (size_t i = 0;
		     i < count && rc == PMJ_OK && !full && seal->count < PMJ_SEGMENT_ENTRIES_MAX;
		     i++)
			rc = seal_item(seal, &items[i], &full, err);
		queue_items_free(items, count);
		if (count == 0)
			return rc;
	}
	seal->waits = true;
	return rc;
}

static enum pmj_code
seal_keep(struct seal *seal, const struct buf *file, const uint8_t *chain, const uint8_t *id,
    struct pmj_error *err)
{
	struct lane *lane = &seal->lane;
	struct lane_point point = {.segno = lane->segno + 1, .seq = lane->seq + seal->count};
	int64_t entries = 0;
	struct sql *sql;
	enum pmj_code rc;

	for (size_t i = 0; i < seal->count; i++) {
		struct queue_sent *sent = &seal->sent[i];
		uint8_t e[PMJ_ENTRY_BYTES];

		chain_entry(e, seal->bytes[i].bytes, seal->bytes[i].len);
		chain_lane_next(lane->chain, e);
		memcpy(sent->chain, lane->chain, sizeof(sent->chain));
		rc = queue_sent_put(seal->sync, lane, lane->seq + i + 1, point.segno, sent, err);
		if (rc != PMJ_OK)
			return rc;
		entries += sent->n != 0;
	}
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

/* Each segment carries the ack: what we read so far is told now. */
static enum pmj_code
seal_told(struct seal *seal, struct pmj_error *err)
{
	struct sql *sql = sql_get(seal->sync->journal,
	    "UPDATE pmj_lane SET told_seq=seq WHERE mailbox=?1 AND ours=0 AND told_seq<>seq");

	sql_blob(sql, 1, seal->peer.mailbox, PMJ_MAILBOX_BYTES);
	return sql_run(sql, err);
}

static enum pmj_code
seal_encode(struct seal *seal, struct buf *file, uint8_t *chain, uint8_t *id, struct pmj_error *err)
{
	struct lane *lane = &seal->lane;
	struct segment_line *lines = mem_array(seal->count, sizeof(*lines));
	struct segment_draft draft = {
	    .lane = lane->lane,
	    .segno = lane->segno + 1,
	    .mailbox = lane->mailbox,
	    .incarnation = lane->inc,
	    .prev = lane->segment_id,
	    .reader_pk = lane->reader_pk,
	    .first_seq = lane->seq + 1,
	    .chain_before = lane->chain,
	    .lines = lines,
	    .count = seal->count,
	    .writer = seal->peer.signs,
	};
	enum pmj_code rc;

	for (size_t i = 0; i < seal->count; i++) {
		lines[i].bytes = (const char *)seal->bytes[i].bytes;
		lines[i].len = seal->bytes[i].len;
	}
	rc = segment_seal(file, chain, id, &draft, journal_ring(seal->sync->journal), err);
	free(lines);
	return rc;
}

/* Inside the transaction. *made false: nothing of the queue could go, and nothing else is due. */
static enum pmj_code
seal_make(struct seal *seal, bool due, struct buf *file, bool *made, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	uint8_t chain[32];
	uint8_t id[32];
	size_t head;
	enum pmj_code rc;

	*made = false;
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
	if ((rc = seal_head(seal, err)) != PMJ_OK)
		return rc;
	for (head = 0; head < seal->count && !seal->sent[head].counts; head++)
		;
	due = due || head < seal->count;
	head = seal->count;
	if ((rc = seal_queue(seal, err)) != PMJ_OK)
		return rc;
	if (seal->count == head && !due)
		return PMJ_OK; /* what was queued was withdrawn: that alone is committed */
	if (seal->count == 0)
		return PMJ_OK;
	if ((rc = seal_encode(seal, file, chain, id, err)) != PMJ_OK)
		return rc;
	if ((rc = seal_keep(seal, file, chain, id, err)) != PMJ_OK)
		return rc;
	*made = true;
	return seal_told(seal, err);
}

static enum pmj_code
seal_one(struct sync *sync, const uint8_t *mailbox, bool small, bool due, bool *made, bool *waits,
    struct pmj_error *err)
{
	struct seal seal = {.sync = sync, .raw_max = small ? SYNC_RAW_SMALL : SYNC_RAW_MAX};
	struct buf file;
	enum pmj_code rc;

	*made = false;
	*waits = false;
	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	/* The head of a segment (acks, nacks of 64 incarnations) may come on top of what the queue
	 * gives. */
	seal.bytes = mem_array(PMJ_SEGMENT_ENTRIES_MAX + 128, sizeof(*seal.bytes));
	seal.sent = mem_array(PMJ_SEGMENT_ENTRIES_MAX + 128, sizeof(*seal.sent));
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		goto out;
	if ((rc = sync->hooks.peer(sync->hooks.ctx, &seal.peer, mailbox, err)) == PMJ_OK &&
	    !seal.peer.closed)
		rc = seal_make(&seal, due, &file, made, err);
	if (rc == PMJ_OK)
		rc = journal_commit(sync->journal, err);
	if (rc != PMJ_OK) {
		journal_rollback(sync->journal);
		sync->tell = false;
		*made = false;
		goto out;
	}
	sync_tell(sync);
	*waits = seal.waits;
	if (*made)
		files_put(sync, &seal.lane, seal.lane.segno, &file);
out:
	seal_close(&seal);
	buf_close(&file);
	return rc;
}

enum pmj_code
sync_seal_first(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct buf *segment, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND segno>0 LIMIT 1");
	bool sealed = false, made, waits;
	enum pmj_code rc;

	(void)sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	rc = sql_row(sql, &sealed, err);
	sql_done(sql);
	if (rc == PMJ_OK && !sealed)
		rc = seal_one(sync, mailbox, false, false, &made, &waits, err);
	return rc == PMJ_OK ? sync_segment(sync, mailbox, 1, segment, err) : rc;
}

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

/* Mailboxes for which a segment is to be made (5.4), the most urgent first. */
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
	        "SELECT mailbox,max(rank) AS r FROM pmj_queue GROUP BY mailbox ORDER BY r DESC"),
	    false, err);
	if (rc != PMJ_OK)
		return rc;
	rc = seal_due_add(list, count,
	    sql_get(sync->journal, "SELECT DISTINCT mailbox FROM pmj_lane"
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
	    sql_get(sync->journal,
	        "SELECT mailbox FROM pmj_lane WHERE ours=1 AND closed=0 AND segno=0"
	        " AND cause IN ('copy','restore')"),
	    true, err);
	if (rc != PMJ_OK)
		return rc;
	/* A clock that jumped back must not silence the lane for years. */
	sql = sql_get(sync->journal,
	    "SELECT DISTINCT mailbox FROM pmj_lane WHERE ours=1 AND closed=0 AND segno>0"
	    " AND (made_ms<=?1 OR made_ms>=?2)");
	sql_int(sql, 1, now_ms - SYNC_WEEK_MS);
	sql_int(sql, 2, now_ms + SYNC_WEEK_MS);
	return seal_due_add(list, count, sql, true, err);
}

/* The mailbox of the first item of all; *found false: nothing is queued. */
static enum pmj_code
seal_first_mailbox(struct sync *sync, uint8_t *mailbox, bool *found, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT mailbox FROM pmj_queue ORDER BY rank DESC,pos LIMIT 1");
	enum pmj_code rc = sql_row(sql, found, err);

	if (rc == PMJ_OK && *found)
		*found = sql_col_copy(sql, 0, mailbox, PMJ_MAILBOX_BYTES);
	sql_done(sql);
	return rc;
}

/* A mailbox that is no more: its lines stay. */
static enum pmj_code
seal_try(struct sync *sync, const struct seal_due *due, bool small, bool *made, bool *waits,
    struct pmj_error *err)
{
	enum pmj_code rc = seal_one(sync, due->mailbox, small, due->due, made, waits, err);

	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
}

enum pmj_code
sync_seal_step(struct sync *sync, bool small, bool *more, struct pmj_error *err)
{
	struct seal_due first = {.due = false};
	struct seal_due *list = NULL;
	size_t count = 0;
	bool made = false;
	bool waits = false;
	bool found = false;
	enum pmj_code rc;

	*more = false;
	/* Nearly always the first of the queue can go; only when it cannot (its mailbox takes
	 * nothing more) all are looked through. */
	if ((rc = seal_first_mailbox(sync, first.mailbox, &found, err)) != PMJ_OK)
		return rc;
	if (found && (rc = seal_try(sync, &first, small, &made, &waits, err)) != PMJ_OK)
		return rc;
	if (made) {
		*more = true;
		return PMJ_OK;
	}
	rc = seal_due_list(sync, &list, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK && !made; i++) {
		rc = seal_try(sync, &list[i], small, &made, &waits, err);
		*more = rc == PMJ_OK && (waits || (made && i + 1 < count));
	}
	free(list);
	return rc;
}
