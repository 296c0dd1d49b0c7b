/* report.c - what people and carry are told about the lanes. */

#include "store/sql.h"
#include "sync/lane.h"
#include "sync/photo.h"
#include "sync/queue.h"

json_t *
report_place(struct sql *sql, int64_t segno)
{
	size_t len;
	const uint8_t *mailbox = sql_col_blob(sql, 0, &len);
	json_t *place = json_array();

	json_array_append_new(place, json_hex(mailbox, len));
	json_array_append_new(place, json_integer(sql_col_int(sql, 1)));
	mailbox = sql_col_blob(sql, 2, &len);
	json_array_append_new(place, json_hex(mailbox, len));
	json_array_append_new(place, json_integer(segno));
	return place;
}

enum pmj_code
sync_have(struct sync *sync, json_t **out, struct pmj_error *err)
{
	/* Forks stand beside the lane whose files they share; that one is named. */
	struct sql *sql = sql_get(sync->journal,
	    "SELECT mailbox,lane,real,max(segno),max(stopped<>'' OR (closed AND lane=2))"
	    " FROM pmj_lane WHERE ours=0 GROUP BY mailbox,lane,real");
	enum pmj_code rc;
	bool row;

	*out = json_array();
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		json_array_append_new(
		    *out, report_place(sql,
		              sql_col_int(sql, 4) != 0 ? SYNC_CLOSED_HAVE : sql_col_int(sql, 3)));
	sql_done(sql);
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum pmj_code
sync_acked(struct sync *sync, json_t **out, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT mailbox,lane,inc,CASE WHEN closed AND done AND NOT "
	                           "EXISTS(SELECT 1 FROM pmj_sent"
	                           " WHERE lane=pmj_lane.id) THEN segno ELSE acked_segno END AS s"
	                           " FROM pmj_lane WHERE ours=1 AND s>0");
	enum pmj_code rc;
	bool row;

	*out = json_array();
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		json_array_append_new(*out, report_place(sql, sql_col_int(sql, 3)));
	sql_done(sql);
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum pmj_code
sync_mark(struct sync *sync, enum sync_place place, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    int lane, const uint8_t incarnation[static PMJ_INCARNATION_BYTES], uint64_t segno,
    struct pmj_error *err)
{
	struct sql *sql;

	if (place == SYNC_ENDED)
		return ended_gone(sync, mailbox, lane, incarnation, err);
	sql = sql_get(sync->journal,
	    "UPDATE pmj_segment SET state=?1 WHERE state<?1"
	    " AND lane=(SELECT id FROM pmj_lane WHERE mailbox=?2 AND lane=?3 AND inc=?4 AND ours=1)"
	    " AND (segno=?5 OR (?1=2 AND segno<?5))");

	sql_int(sql, 1, place);
	sql_blob(sql, 2, mailbox, PMJ_MAILBOX_BYTES);
	sql_int(sql, 3, lane);
	sql_blob(sql, 4, incarnation, PMJ_INCARNATION_BYTES);
	sql_int(sql, 5, (int64_t)segno);
	return sql_run(sql, err);
}

static const char *
report_state_of_place(int64_t state)
{
	if (state == SYNC_DELIVERED)
		return "delivered";
	return state == SYNC_CARRIED ? "carried" : "saved";
}

const char *
sync_entry_state(struct sync *sync, int64_t n)
{
	/* The newest word first: acked, then where its segment is. */
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1,l.deferred_seq>0 AND d.seq>=l.deferred_seq FROM pmj_done d"
	    " LEFT JOIN pmj_lane l ON l.id=d.lane WHERE d.n=?1 AND d.forward=0"
	    " UNION ALL SELECT 0,g.state FROM pmj_sent s JOIN pmj_segment g"
	    " ON g.lane=s.lane AND g.segno=s.segno WHERE s.n=?1 AND s.forward=0 LIMIT 1");
	const char *state = "saved";
	struct entry_row entry;
	bool row = false;

	if (ring_is_hub(journal_ring(sync->journal)))
		state = "merged";
	sql_int(sql, 1, n);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		if (sql_col_int(sql, 0) != 0)
			state = sql_col_int(sql, 1) != 0 ? "deferred" : "merged";
		else
			state = report_state_of_place(sql_col_int(sql, 1));
	}
	sql_done(sql);
	if (entries_get(sync->journal, &entry, n, NULL) != PMJ_OK)
		return state;
	if (entry.status == ENTRY_HELD)
		state = "refused";
	else if (entry.origin == ENTRY_RECEIVED) /* it came from there */
		state = "merged";
	entry_row_close(&entry);
	return state;
}

/* Received, and put off at the hub to another day (8.5). */
static int64_t
report_deferred(struct sync *sync)
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT count(*) FROM pmj_lane l CROSS JOIN pmj_done d ON d.lane=l.id AND d.forward=0"
	    " AND d.seq>=l.deferred_seq WHERE l.ours=1 AND l.deferred_seq>0");

	return sql_first_int(sql, 0);
}

/* What the hub has of this device's entries, by what became of it there. */
static void
report_received(struct sync *sync, json_t *out)
{
	struct sql *sql = sql_get(
	    sync->journal, "SELECT count(*) FROM pmj_entry WHERE " ENTRY_IS_HELD " AND origin=?1");
	int64_t refused = sql_first_int(sql_int(sql, 1, ENTRY_OWN), 0);
	int64_t deferred = report_deferred(sync);
	int64_t merged = queue_received(sync->journal) - deferred - refused;

	json_object_set_new(out, "deferred", json_integer(deferred));
	json_object_set_new(out, "refused", json_integer(refused));
	json_object_set_new(out, "merged", json_integer(merged > 0 ? merged : 0));
}

json_t *
sync_outbox(struct sync *sync)
{
	struct sql *sql = sql_get(
	    sync->journal, "SELECT count(*) FROM pmj_queue WHERE n IS NOT NULL AND rank>=0");
	json_t *out = json_object();
	int64_t in_place[3] = {0}; /* saved here, carried, delivered */
	int64_t bytes = 0;
	bool row = false;

	in_place[0] = sql_first_int(sql, 0);
	sql = sql_get(sync->journal,
	    "SELECT state,sum(entries),sum(length(bytes)) FROM pmj_segment GROUP BY state");
	while (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		in_place[sql_col_int(sql, 0) % 3] += sql_col_int(sql, 1);
		bytes += sql_col_int(sql, 2);
	}
	sql_done(sql);
	json_object_set_new(out, "entries", json_integer(in_place[0] + in_place[1] + in_place[2]));
	json_object_set_new(out, "bytes", json_integer(bytes));
	json_object_set_new(out, "saved", json_integer(in_place[0]));
	json_object_set_new(out, "carried", json_integer(in_place[SYNC_CARRIED]));
	json_object_set_new(out, "delivered", json_integer(in_place[SYNC_DELIVERED]));
	json_object_set_new(out, "photo_parts", json_integer(photo_waiting(sync)));
	if (!ring_is_hub(journal_ring(sync->journal)))
		report_received(sync, out);
	return out;
}

json_t *
sync_receipt(struct sync *sync)
{
	int64_t at_ms = journal_int(sync->journal, "sync.receipt_at", 0);
	json_t *out;

	if (at_ms == 0)
		return NULL;
	out = json_object();
	json_object_set_new(
	    out, "seq", json_integer(journal_int(sync->journal, "sync.receipt_seq", 0)));
	json_object_set_new(out, "at", json_integer(at_ms));
	return out;
}

json_t *
sync_refused(struct sync *sync)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT mailbox,lane,segno,fault,at FROM pmj_aside ORDER BY id");
	json_t *out = json_array();
	bool row;

	while (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		json_t *item = json_object();
		size_t len;
		const uint8_t *mailbox = sql_col_blob(sql, 0, &len);

		json_object_set_new(item, "mailbox", json_hex(mailbox, len));
		json_object_set_new(item, "lane", json_integer(sql_col_int(sql, 1)));
		json_object_set_new(item, "segno", json_integer(sql_col_int(sql, 2)));
		json_object_set_new(item, "fault", json_string(sql_col_text(sql, 3)));
		json_object_set_new(item, "at", json_integer(sql_col_int(sql, 4)));
		json_array_append_new(out, item);
	}
	sql_done(sql);
	return out;
}

/* Heads of the lanes that are written or read now, the newest if they are more than the ring holds.
 */
void
sync_anchor(struct sync *sync, struct ring_anchor *anchor)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT lane,inc,segno,segment_id,seq,chain FROM pmj_lane"
	                           " WHERE closed=0 AND segno>0 ORDER BY id DESC LIMIT ?1");
	bool row;

	journal_head(sync->journal, &anchor->count, anchor->j);
	anchor->lanes = 0;
	if (ring_is_hub(journal_ring(sync->journal)))
		return; /* count and j only (4.2) */
	sql_int(sql, 1, RING_ANCHOR_LANES_MAX);
	while (sql_row(sql, &row, NULL) == PMJ_OK && row && anchor->lanes < RING_ANCHOR_LANES_MAX) {
		struct ring_lane *lane = &anchor->lane[anchor->lanes++];

		lane->lane = (uint8_t)sql_col_int(sql, 0);
		(void)sql_col_copy(sql, 1, lane->incarnation, sizeof(lane->incarnation));
		lane->segno = (uint64_t)sql_col_int(sql, 2);
		(void)sql_col_copy(sql, 3, lane->segment_id, sizeof(lane->segment_id));
		lane->seq = (uint64_t)sql_col_int(sql, 4);
		(void)sql_col_copy(sql, 5, lane->chain, sizeof(lane->chain));
	}
	sql_done(sql);
}

static void
report_time(json_t *out, const char *key, int64_t at_ms)
{
	json_object_set_new(out, key, at_ms > 0 ? json_integer(at_ms) : json_null());
}

json_t *
sync_peer_state(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT max(made_ms),max(CASE WHEN count_seq>0 THEN made_ms ELSE 0 END)"
	    " FROM pmj_lane WHERE mailbox=?1 AND ours=0");
	json_t *out = json_object();
	int64_t seen_ms = 0;
	int64_t merged_ms = 0;
	bool row = false;

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		seen_ms = sql_col_int(sql, 0);
		merged_ms = sql_col_int(sql, 1);
	}
	sql_done(sql);
	report_time(out, "last_seen", seen_ms);
	report_time(out, "last_merged", merged_ms);
	return out;
}
