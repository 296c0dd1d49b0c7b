/* restored.c - a journal that came out of a backup goes on where others stand further. */
#include "sync/restored.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/photo.h"
#include "sync/queue.h"

#define NUMBERS_AT_ONCE 256 /* of the journal, between two looks at the clock */
/* e of the hub's line that is being answered, and up to which number of the journal it is. */
#define OFFERING "sync.offering"

/* What is private to its author never leaves. */
static enum pmj_code
leave_private(struct sync *sync, const uint8_t *mailbox, const struct restored_piece *piece,
    struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(sync->journal);
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < kinds->count && rc == PMJ_OK; i++) {
		struct sql *sql;

		if (kinds->list[i]->scope != SCOPE_AUTHOR)
			continue;
		sql = sql_get(sync->journal,
		    "DELETE FROM pmj_queue WHERE mailbox=?1 AND forward=0 AND n IN (SELECT n FROM"
		    " pmj_entry WHERE n>?3 AND n<=?4 AND origin=0 AND kind=pmj_short(?2))");
		sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
		sql_int(sql_int(sql, 3, piece->after), 4, piece->upto);
		rc = sql_run(sql_text(sql, 2, kinds->list[i]->name), err);
	}
	return rc;
}

/* ... and of photos of papers, behind all else. */
static enum pmj_code
queue_own_photos(struct sync *sync, const uint8_t *mailbox, const struct restored_piece *piece,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward)"
	    " SELECT ?1,-1,coalesce((SELECT max(pos) FROM pmj_queue),0)+p.n,p.n,0 FROM pmj_photo p"
	    " WHERE p.n>?2 AND p.n<=?3 AND p.own=1 AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_done d WHERE d.n=p.n AND d.mailbox=?1 AND d.forward=0)"
	    " AND NOT EXISTS(SELECT 1 FROM pmj_sent s JOIN pmj_lane l ON l.id=s.lane"
	    " WHERE s.n=p.n AND s.forward=0 AND l.mailbox=?1)"
	    " ON CONFLICT(mailbox,n,forward) DO NOTHING");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	return sql_run(sql_int(sql_int(sql, 2, piece->after), 3, piece->upto), err);
}

/* Every own entry of this piece that no receipt covers, in its order. */
static enum pmj_code
queue_own(struct sync *sync, const uint8_t *mailbox, const struct restored_piece *piece,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT INTO pmj_queue(mailbox,rank,pos,n,forward)"
	    " SELECT ?1,0,coalesce((SELECT max(pos) FROM pmj_queue),0)+e.n,e.n,0 FROM pmj_entry e"
	    " WHERE e.n>?2 AND e.n<=?3 AND e.origin=0 AND e.status<>3 AND e.line IS NOT NULL"
	    " AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_done d WHERE d.n=e.n AND d.mailbox=?1 AND d.forward=0)"
	    " AND NOT EXISTS(SELECT 1 FROM pmj_sent s JOIN pmj_lane l ON l.id=s.lane"
	    " WHERE s.n=e.n AND s.forward=0 AND l.mailbox=?1)"
	    " ON CONFLICT(mailbox,n,forward) DO NOTHING");
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql_int(sql, 2, piece->after), 3, piece->upto);
	rc = sql_run(sql, err);
	if (rc == PMJ_OK)
		rc = queue_own_photos(sync, mailbox, piece, err);
	return rc == PMJ_OK ? leave_private(sync, mailbox, piece, err) : rc;
}

/* Up to which line of this lane has the reader read, who says so by segments? */
static enum pmj_code
read_seq(struct sync *sync, const struct lane *lane, const json_t *read, uint64_t *seq,
    struct pmj_error *err)
{
	const json_t *place;
	struct lane_point point;
	enum pmj_code rc;
	bool found;
	size_t at;

	*seq = 0;
	json_array_foreach(read, at, place)
	{
		int64_t segno = json_int(place, "segno", 0);
		uint8_t inc[PMJ_INCARNATION_BYTES];

		if (segno < 1 || !json_unhex(place, "inc", inc, sizeof(inc)) ||
		    memcmp(inc, lane->inc, sizeof(inc)) != 0)
			continue;
		rc = lane_point(sync, &point, lane, (uint64_t)segno, &found, err);
		if (rc != PMJ_OK)
			return rc;
		*seq = found ? point.seq : 0;
	}
	return PMJ_OK;
}

/* Receipts of this lane from this line on hold no more. */
static enum pmj_code
undo_receipts(struct sync *sync, const uint8_t *mailbox, const struct restored_piece *piece,
    int64_t lane, uint64_t seq, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "DELETE FROM pmj_done WHERE n>?4 AND n<=?5 AND mailbox=?1 AND forward=0 AND lane=?2"
	    " AND seq>=?3");
	int64_t before = queue_received(sync->journal);
	enum pmj_code rc;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql_int(sql, 2, lane), 3, (int64_t)seq);
	sql_int(sql_int(sql, 4, piece->after), 5, piece->upto);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return queue_received_more(sync->journal, before, -sql_changes(sync->journal), err);
}

struct offer {
	const struct sync_peer *peer;
	const struct entry *line;
	int64_t point_ms; /* of the hub; -1: not said */
	struct lane *lanes;
	uint64_t *from; /* of each, the first line that the hub has not read */
	size_t lane_count;
	uint8_t state[PMJ_ENTRY_BYTES + sizeof(int64_t)]; /* as OFFERING keeps it */
	int64_t upto;
	bool begun; /* in an earlier step */
};

static void
offer_close(struct offer *offer)
{
	free(offer->lanes);
	free(offer->from);
}

static enum pmj_code
offer_open(struct offer *offer, struct sync *sync, struct pmj_error *err)
{
	const json_t *read = json_arr(offer->line->json, "read");
	enum pmj_code rc;
	uint64_t seq;

	offer->point_ms = json_int(offer->line->json, "point", -1);
	if (journal_blob(sync->journal, OFFERING, offer->state, sizeof(offer->state)) &&
	    memcmp(offer->state, offer->line->e, PMJ_ENTRY_BYTES) == 0) {
		memcpy(&offer->upto, offer->state + PMJ_ENTRY_BYTES, sizeof(offer->upto));
		offer->begun = true;
	}
	rc = lane_list(sync, &offer->lanes, &offer->lane_count, offer->peer->mailbox, true, err);
	offer->from = mem_array(offer->lane_count, sizeof(*offer->from));
	for (size_t i = 0; i < offer->lane_count && rc == PMJ_OK; i++)
		if ((rc = read_seq(sync, &offer->lanes[i], read, &seq, err)) == PMJ_OK)
			offer->from[i] = seq + 1;
	return rc;
}

/* Whatever it said of photos counts no more. It is asked about its own anyway; of those of others
 * that came to it since. */
static enum pmj_code
ask_for_photos(struct sync *sync, const struct offer *offer, const struct restored_piece *piece,
    struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc = PMJ_OK;

	if (piece->after == 0)
		rc = sql_run(sql_get(sync->journal, "DELETE FROM pmj_photo_told"), err);
	if (rc != PMJ_OK || offer->point_ms < 0)
		return rc;
	sql = sql_get(sync->journal,
	    "INSERT INTO pmj_photo_told(rec,hash,by,state,asked_ms,gave_ms) SELECT DISTINCT"
	    " p.rec,p.hash,p.by,?1,0,0 FROM pmj_photo p JOIN pmj_entry e ON e.n=p.n WHERE p.n>?2"
	    " AND p.n<=?3 AND p.own=0 AND e.recv>=?4 ON CONFLICT(rec,hash,by) DO UPDATE SET"
	    " asked_ms=0,gave_ms=0");
	(void)sql_int(sql_int(sql, 1, PHOTO_TO_ASK), 2, piece->after);
	return sql_run(sql_int(sql_int(sql, 3, piece->upto), 4, offer->point_ms), err);
}

static enum pmj_code
offer_piece(struct offer *offer, struct sync *sync, struct pmj_error *err)
{
	const struct restored_piece piece = {offer->upto, offer->upto + NUMBERS_AT_ONCE};
	const uint8_t *mailbox = offer->peer->mailbox;
	enum pmj_code rc;

	offer->upto = piece.upto;
	rc = ask_for_photos(sync, offer, &piece, err);
	if (rc == PMJ_OK && offer->point_ms >= 0)
		rc = restored_give_back(
		    sync, offer->peer, offer->line->by, offer->point_ms, &piece, err);
	for (size_t i = 0; i < offer->lane_count && rc == PMJ_OK; i++)
		rc = undo_receipts(sync, mailbox, &piece, offer->lanes[i].id, offer->from[i], err);
	/* What came back from the hub once (lane 0) it may lack again. */
	if (rc == PMJ_OK)
		rc = undo_receipts(sync, mailbox, &piece, 0, 0, err);
	return rc == PMJ_OK ? queue_own(sync, mailbox, &piece, err) : rc;
}

static enum pmj_code
offer_keep(struct offer *offer, struct sync *sync, bool over, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	memset(offer->state, 0, sizeof(offer->state));
	if (!over) {
		memcpy(offer->state, offer->line->e, PMJ_ENTRY_BYTES);
		memcpy(offer->state + PMJ_ENTRY_BYTES, &offer->upto, sizeof(offer->upto));
	}
	if (!over || offer->begun)
		rc = journal_put_blob(
		    sync->journal, OFFERING, offer->state, sizeof(offer->state), err);
	if (rc != PMJ_OK || !over)
		return rc;
	return journal_event(sync->journal, "hub_restored", "ok",
	    "the hub was restored from a backup: what it may lack is sent again", err);
}

enum pmj_code
restored_offer_again(struct sync *sync, const struct sync_peer *peer, const struct entry *line,
    int64_t until_ms, bool *again, struct pmj_error *err)
{
	struct offer offer = {.peer = peer, .line = line};
	uint8_t j[PRIM_HASH_BYTES];
	uint64_t count;
	enum pmj_code rc;

	if (peer->writes != LANE_UP)
		return PMJ_OK;
	journal_head(sync->journal, &count, j);
	rc = offer_open(&offer, sync, err);
	while (rc == PMJ_OK && offer.upto < (int64_t)count) {
		rc = offer_piece(&offer, sync, err);
		if (sync->os->mono_ms(sync->os->ctx) >= until_ms)
			break;
	}
	*again = offer.upto < (int64_t)count;
	if (rc == PMJ_OK)
		rc = offer_keep(&offer, sync, !*again, err);
	offer_close(&offer);
	return rc;
}

/* What others wrote under our name since the backup is no news: these runs are left behind anyway.
 * One of which nothing was sealed here may have been used by the lost machine, so it has no
 * successor of the same name. */
static enum pmj_code
leave_lanes(struct sync *sync, const struct sync_peer *peer, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR IGNORE INTO pmj_foreign(mailbox,inc,segno)"
	    " SELECT mailbox,real,segno FROM pmj_lane WHERE mailbox=?1 AND ours=1");
	enum pmj_code rc;

	if ((rc = sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err)) != PMJ_OK)
		return rc;
	sql =
	    sql_get(sync->journal, "DELETE FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND segno=0");
	if ((rc = sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err)) != PMJ_OK)
		return rc;
	/* What was sealed down to the lost key cannot be read: all of it comes anew. */
	if (peer->reads != LANE_DOWN)
		return PMJ_OK;
	sql = sql_get(sync->journal, "UPDATE pmj_lane SET closed=1 WHERE mailbox=?1 AND ours=0");
	return sql_run(sql_blob(sql, 1, peer->mailbox, PMJ_MAILBOX_BYTES), err);
}

bool
sync_restore_untold(struct sync *sync)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE ours=1 AND closed=0 AND cause='restore' AND acked_segno=0"
	    " LIMIT 1");

	return sql_any(sql, false);
}

static enum pmj_code
restore_mailbox(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	const struct restored_piece all = {0, INT64_MAX};
	struct sync_peer peer = {0};
	enum pmj_code rc;

	if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err)) != PMJ_OK ||
	    (rc = leave_lanes(sync, &peer, err)) != PMJ_OK)
		return rc;
	rc = incarnation_begin(
	    sync, &peer, peer.writes == LANE_UP ? INCARNATION_COPY : INCARNATION_RESTORE, err);
	return rc == PMJ_OK && peer.writes == LANE_UP ? queue_own(sync, mailbox, &all, err) : rc;
}

enum pmj_code
sync_restored(struct sync *sync, struct pmj_error *err)
{
	uint8_t(*mailboxes)[PMJ_MAILBOX_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = journal_put_int(sync->journal, SYNC_RESTORED, 1, err);
	if (rc == PMJ_OK) /* counted anew: of a part of a backup the receipts are missing */
		rc = journal_put_int(sync->journal, QUEUE_RECEIVED, -1, err);
	if (rc == PMJ_OK)
		rc = sync->hooks.mailboxes(sync->hooks.ctx, &mailboxes, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = restore_mailbox(sync, mailboxes[i], err);
	free(mailboxes);
	return sync_end(sync, rc, err);
}
