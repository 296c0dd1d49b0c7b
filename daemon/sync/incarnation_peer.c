/* incarnation_peer.c - the peer's history begins anew, or it asks for ours to do so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/lines.h"
#include "sync/queue.h"
#include "sync/restored.h"

/* The reader lost its place: what it says it read is where each earlier incarnation of ours is
 * closed. */
static enum pmj_code
incarnation_name_all(
    struct sync *sync, const struct sync_peer *peer, const json_t *read, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	enum pmj_code rc;

	rc = lane_list(sync, &lanes, &count, peer->mailbox, true, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		size_t at;
		const json_t *place;

		if (!lanes[i].closed)
			continue;
		lanes[i].named_segno = 0;
		json_array_foreach(read, at, place)
		{
			uint8_t inc[PMJ_INCARNATION_BYTES];
			int64_t segno = json_int(place, "segno", 0);

			if (json_unhex(place, "inc", inc, sizeof(inc)) &&
			    memcmp(inc, lanes[i].inc, sizeof(inc)) == 0 && segno > 0 &&
			    (uint64_t)segno <= lanes[i].segno)
				lanes[i].named_segno = segno;
		}
		rc = lane_save(sync, &lanes[i], err);
	}
	free(lanes);
	return rc;
}

/* The hub's answer to a copy or to ctl.resend: a new down incarnation and the whole state in it. */
static enum pmj_code
incarnation_resend(struct sync *sync, const struct sync_peer *peer, const struct lane *from,
    const json_t *read, struct pmj_error *err)
{
	enum pmj_code rc;
	bool newest = false;

	if (peer->writes != LANE_DOWN)
		return PMJ_OK;
	if ((rc = lane_is_newest(sync, from, &newest, err)) != PMJ_OK || !newest)
		return rc;
	if ((rc = incarnation_begin(sync, peer, INCARNATION_COPY, err)) != PMJ_OK)
		return rc;
	if ((rc = incarnation_name_all(sync, peer, read, err)) != PMJ_OK)
		return rc;
	if ((rc = queue_forget_all(sync, peer->mailbox, err)) != PMJ_OK)
		return rc;
	return sync->hooks.resend(sync->hooks.ctx, peer, err);
}

enum pmj_code
sync_begin_anew(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct sync_peer peer = {0};
	struct lane lane;
	struct sql *sql;
	enum pmj_code rc;

	if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err)) != PMJ_OK ||
	    (rc = incarnation_begin(sync, &peer, INCARNATION_COPY, err)) != PMJ_OK ||
	    (rc = incarnation_current(sync, &peer, &lane, err)) != PMJ_OK)
		return rc;
	/* Also where this end was restored itself: the invitation is the first segment, and says
	 * all that an announcement would. */
	(void)snprintf(lane.cause, sizeof(lane.cause), "copy");
	if ((rc = lane_save(sync, &lane, err)) != PMJ_OK ||
	    (rc = incarnation_name_all(sync, &peer, NULL, err)) != PMJ_OK ||
	    (rc = queue_forget_all(sync, mailbox, err)) != PMJ_OK)
		return rc;
	sql = sql_get(sync->journal, "DELETE FROM pmj_queue WHERE mailbox=?1");
	return sql_run(sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES), err);
}

bool
sync_began_anew(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	struct sql *sql = sql_get(sync->journal,
	    "SELECT 1 FROM pmj_lane WHERE mailbox=?1 AND ours=1 AND closed=1 LIMIT 1");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	return sql_any(sql, false);
}

/* Two copies of a device have a key each, and only one of them is sealed to: what the other cannot
 * open is no fault of the lane. */
static enum pmj_code
incarnation_nack_counts(struct sync *sync, const struct sync_peer *peer, const struct lane *from,
    const char *reason, bool *counts, struct pmj_error *err)
{
	*counts = true;
	if (peer->writes != LANE_DOWN || reason == NULL || strcmp(reason, "epoch_gone") != 0)
		return PMJ_OK;
	return lane_is_newest(sync, from, counts, err);
}

static enum pmj_code
incarnation_nacked(struct sync *sync, const struct sync_peer *peer, const struct lane *from,
    const struct entry *entry, struct pmj_error *err)
{
	uint8_t inc[PMJ_INCARNATION_BYTES];
	uint8_t id[32];
	int64_t segno = json_int(entry->json, "segno", 0);
	const char *reason = json_str(entry->json, "reason");
	struct lane lane;
	struct lane_point point;
	char message[128];
	enum pmj_code rc;
	bool found;

	if (!json_unhex(entry->json, "inc", inc, sizeof(inc)) ||
	    !json_unhex(entry->json, "id", id, sizeof(id)) || segno < 1)
		return PMJ_OK;
	rc = incarnation_nack_counts(sync, peer, from, reason, &found, err);
	if (rc != PMJ_OK || !found)
		return rc;
	rc = lane_find(sync, &lane, peer->mailbox, (int)peer->writes, inc, &found, err);
	/* Of a closed one there may be segments that were left at the mailbox (cause size). */
	if (rc != PMJ_OK || !found || (lane.closed && !queue_sent_any(sync, &lane)))
		return rc;
	rc = lane_point(sync, &point, &lane, (uint64_t)segno, &found, err);
	if (rc != PMJ_OK || !found || memcmp(point.id, id, sizeof(id)) != 0)
		return rc;
	(void)snprintf(message, sizeof(message), "segment %lld could not be read there (%.32s)",
	    (long long)segno, reason != NULL ? reason : "?");
	if ((rc = journal_event(sync->journal, "nack", "integrity", message, err)) != PMJ_OK)
		return rc;
	if (lane.closed)
		return incarnation_give_up(sync, &lane, (uint64_t)segno - 1, err);
	return incarnation_begin(sync, peer, INCARNATION_NACK, err);
}

enum pmj_code
incarnation_take(struct sync *sync, const struct sync_peer *peer, struct lane *lane,
    const struct entry *entry, int64_t until_ms, bool *again, struct pmj_error *err)
{
	const char *cause = json_str(entry->json, "cause");
	uint8_t inc[PMJ_INCARNATION_BYTES];
	struct lane ours;
	enum pmj_code rc;
	bool found;

	if (strcmp(entry->kind, "ctl.nack") == 0)
		return incarnation_nacked(sync, peer, lane, entry, err);
	if (strcmp(entry->kind, "ctl.resend") == 0)
		return incarnation_resend(sync, peer, lane, json_arr(entry->json, "read"), err);
	if (strcmp(entry->kind, "ctl.incarnate") == 0) {
		if (cause != NULL && strcmp(cause, "restore") == 0)
			return restored_offer_again(sync, peer, entry, until_ms, again, err);
		if (cause == NULL || strcmp(cause, "copy") != 0)
			return PMJ_OK;
		return incarnation_resend(sync, peer, lane, json_arr(entry->json, "read"), err);
	}
	/* ctl.reincarnate: two of us write one incarnation, and it is not ours alone any more. */
	if (!json_unhex(entry->json, "inc", inc, sizeof(inc)))
		return PMJ_OK;
	if ((rc = lane_current(sync, &ours, peer->mailbox, &found, err)) != PMJ_OK)
		return rc;
	if (!found || memcmp(ours.inc, inc, sizeof(inc)) != 0)
		return PMJ_OK;
	return incarnation_begin(sync, peer, INCARNATION_COPY, err);
}

enum pmj_code
incarnation_ready(struct sync *sync, const struct sync_peer *peer, const json_t *line, bool *ready,
    struct pmj_error *err)
{
	const json_t *earlier = line != NULL ? json_arr(line, "earlier") : NULL;
	const json_t *place;
	size_t at;

	*ready = true;
	if (peer->reads != LANE_DOWN)
		return PMJ_OK;
	json_array_foreach(earlier, at, place)
	{
		uint8_t inc[PMJ_INCARNATION_BYTES];
		int64_t segno = json_int(place, "segno", 0);
		struct lane lane;
		enum pmj_code rc;
		bool found;

		if (segno < 1 || !json_unhex(place, "inc", inc, sizeof(inc)))
			continue;
		rc = lane_find(sync, &lane, peer->mailbox, (int)peer->reads, inc, &found, err);
		if (rc != PMJ_OK)
			return rc;
		if (!found || lane.segno < (uint64_t)segno)
			*ready = false;
	}
	return PMJ_OK;
}

/* A named incarnation of which nothing came yet gets its row too: it is closed before it is seen.
 */
static enum pmj_code
incarnation_close_named(
    struct sync *sync, const struct sync_peer *peer, const json_t *line, struct pmj_error *err)
{
	const json_t *earlier = line != NULL ? json_arr(line, "earlier") : NULL;
	const json_t *place;
	size_t at;

	json_array_foreach(earlier, at, place)
	{
		struct lane lane;
		uint8_t inc[PMJ_INCARNATION_BYTES];
		enum pmj_code rc;
		bool found;

		if (at >= PMJ_LIVE_INCARNATIONS_MAX || !json_unhex(place, "inc", inc, sizeof(inc)))
			continue;
		rc = lane_find(sync, &lane, peer->mailbox, (int)peer->reads, inc, &found, err);
		if (rc != PMJ_OK)
			return rc;
		if (!found) {
			memset(&lane, 0, sizeof(lane));
			lane.lane = (uint8_t)peer->reads;
			lane.named_segno = -1;
			memcpy(lane.mailbox, peer->mailbox, sizeof(lane.mailbox));
			memcpy(lane.inc, inc, sizeof(inc));
			memcpy(lane.real, inc, sizeof(inc));
			if ((rc = lane_start(sync, &lane, err)) != PMJ_OK)
				return rc;
		}
		lane.closed = true;
		if ((rc = lane_save(sync, &lane, err)) != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}

enum pmj_code
incarnation_opened(struct sync *sync, const struct sync_peer *peer, const struct lane *lane,
    const json_t *line, struct pmj_error *err)
{
	struct sql *sql;
	enum pmj_code rc;

	if ((rc = incarnation_close_named(sync, peer, line, err)) != PMJ_OK)
		return rc;
	if (peer->reads != LANE_DOWN)
		return PMJ_OK;
	sql = sql_get(
	    sync->journal, "UPDATE pmj_lane SET closed=1 WHERE mailbox=?1 AND ours=0 AND id<>?2");
	sql_blob(sql, 1, lane->mailbox, sizeof(lane->mailbox));
	sql_int(sql, 2, lane->id);
	return sql_run(sql, err);
}

enum pmj_code
incarnation_tell_fork(
    struct sync *sync, const struct sync_peer *peer, const uint8_t *inc, struct pmj_error *err)
{
	json_t *more = json_object();
	struct buf line;
	enum pmj_code rc;

	buf_init(&line, PMJ_LINE_MAX);
	json_object_set_new(more, "inc", json_hex(inc, PMJ_INCARNATION_BYTES));
	rc = lines_own(sync, &line, "ctl.reincarnate", more, err);
	if (rc == PMJ_OK)
		rc = sync_queue_line(sync, peer->mailbox, buf_text(&line), line.len, true, err);
	buf_close(&line);
	return rc;
}
