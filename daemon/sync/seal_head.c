/* seal_head.c - the lines that serve the lane itself, at the head of a segment. */
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/lines.h"
#include "sync/seal_inner.h"

static enum pmj_code
seal_own(struct seal *seal, const char *kind, json_t *more, bool counts, struct pmj_error *err)
{
	struct queue_sent sent = {.counts = counts};
	struct buf line;
	enum pmj_code rc;

	buf_putf(&seal->says, "%s ", kind);
	if (strcmp(kind, "ctl.beacon") != 0) /* it says the time, and may be some steps old */
		json_put(&seal->says, more);
	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	if ((rc = lines_own(seal->sync, &line, kind, more, err)) != PMJ_OK) {
		buf_close(&line);
		return rc;
	}
	seal_add(seal, &line, &sent);
	return PMJ_OK;
}

static enum pmj_code
seal_beacon(struct seal *seal, struct pmj_error *err)
{
	struct sync_hooks *hooks = &seal->sync->hooks;
	json_t *more = hooks->beacon(hooks->ctx, &seal->peer);

	if (more == NULL)
		return PMJ_OK;
	seal->beacons = true;
	seal->beacon_at = seal->count;
	return seal_own(seal, "ctl.beacon", more, false, err);
}

enum pmj_code
seal_left(struct seal *seal, struct pmj_error *err)
{
	struct sql *sql;
	struct buf line;
	int64_t left = 0;
	enum pmj_code rc;
	bool row;

	if (seal->ack == NULL || seal->peer.writes != LANE_UP)
		return PMJ_OK;
	sql = sql_get(seal->sync->journal,
	    "SELECT count(*) FROM pmj_queue WHERE mailbox=?1 AND n IS NOT NULL AND rank>=0");
	(void)sql_blob(sql, 1, seal->peer.mailbox, PMJ_MAILBOX_BYTES);
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		left = sql_col_int(sql, 0);
	sql_done(sql);
	if (rc != PMJ_OK)
		return rc;
	for (size_t i = 0; i < seal->taken_count && !seal->photos; i++)
		left -= seal->taken[i].n != 0;
	(void)json_object_set_new(seal->ack, "waits", json_integer((json_int_t)left));
	buf_init(&line, PMJ_LINE_WRAPPED_MAX);
	rc = lines_own(seal->sync, &line, "ctl.ack", json_incref(seal->ack), err);
	if (rc != PMJ_OK) {
		buf_close(&line);
		return rc;
	}
	buf_close(&seal->bytes[seal->ack_at]);
	seal->bytes[seal->ack_at] = line;
	return PMJ_OK;
}

/* A restored end cannot know whether the other was restored too, and holds no seal key any more
 * that is known here. Its signing key it holds in any case: the new key is told to the image of
 * that, in a segment with nothing else in it. */
enum pmj_code
seal_announcement(struct seal *seal, struct pmj_error *err)
{
	struct sync *sync = seal->sync;
	json_t *more = NULL;
	enum pmj_code rc;

	if ((rc = incarnation_line(sync, &seal->peer, &seal->lane, &more, err)) != PMJ_OK)
		return rc;
	if (more != NULL && (rc = seal_own(seal, "ctl.incarnate", more, true, err)) != PMJ_OK)
		return rc;
	if (seal->peer.writes != LANE_UP)
		return seal_beacon(seal, err);
	more = lines_hello(sync->journal);
	(void)json_object_del(more, "name");
	(void)json_object_del(more, "role");
	(void)json_object_del(more, "next");
	return seal_own(seal, "ctl.hello", more, true, err);
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
	struct journal *journal = seal->sync->journal;
	json_t *more, *read = NULL;
	enum pmj_code rc;

	if (journal_int(journal, "sync.resend", 0) == 0)
		return PMJ_OK;
	rc = incarnation_read_list(seal->sync, &seal->peer, &read, err);
	more = json_pack("{s:o}", "read", read);
	if (rc == PMJ_OK)
		rc = seal_own(seal, "ctl.resend", json_incref(more), true, err);
	json_decref(more);
	return rc == PMJ_OK ? journal_put_int(journal, "sync.resend", 0, err) : rc;
}

enum pmj_code
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
	if ((rc = lines_ack(sync, &seal->peer, &more, &seal->ack_from, err)) != PMJ_OK)
		return rc;
	if (more != NULL) {
		seal->ack = json_incref(more);
		seal->ack_at = seal->count;
		if ((rc = seal_own(seal, "ctl.ack", more, false, err)) != PMJ_OK)
			return rc;
	}
	if (sync->hooks.beacon != NULL && (rc = seal_beacon(seal, err)) != PMJ_OK)
		return rc;
	if ((rc = seal_nacks(seal, err)) != PMJ_OK)
		return rc;
	return seal_resend(seal, err);
}
