/* take_lane.c - which lane a segment continues: one that was read so far, a branch beside it, or
 * one that begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/incarnation.h"
#include "sync/take_inner.h"

/* The second of two segments at one place continues what came before it: a branch of its own (hub
 * only). */
static enum pmj_code
take_fork_lane(struct take *take, const struct lane *lane, bool *found, struct pmj_error *err)
{
	struct lane_point before;
	enum pmj_code rc;

	rc = lane_point(take->sync, &before, lane, take->header.segno - 1, found, err);
	if (rc != PMJ_OK || !*found)
		return rc;
	*found = memcmp(before.id, take->header.prev, sizeof(before.id)) == 0 &&
	         take->peer.reads == LANE_UP;
	if (!*found)
		return PMJ_OK;
	memset(&take->lane, 0, sizeof(take->lane));
	take->fork = true;
	take->begins = true;
	take->lane.lane = lane->lane;
	take->lane.named_segno = -1;
	memcpy(take->lane.mailbox, lane->mailbox, sizeof(take->lane.mailbox));
	memcpy(take->lane.real, lane->real, sizeof(take->lane.real));
	chain_fork(take->lane.inc, lane->real, take->id);
	take->lane.segno = before.segno;
	memcpy(take->lane.segment_id, before.id, sizeof(before.id));
	take->lane.seq = before.seq;
	memcpy(take->lane.chain, before.chain, sizeof(before.chain));
	return PMJ_OK;
}

enum pmj_code
take_find_lane(struct take *take, enum segment_fault *fault, bool *duplicate, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	bool found = false;
	bool any = false;
	enum pmj_code rc;

	*duplicate = false;
	*fault = SEGMENT_OUT_OF_ORDER;
	rc = lane_list(take->sync, &lanes, &count, take->peer.mailbox, false, err);
	for (size_t i = 0; i < count && rc == PMJ_OK && !found && !*duplicate; i++) {
		const struct lane *lane = &lanes[i];
		struct lane_point point;

		if (lane->lane != take->header.lane ||
		    memcmp(lane->real, take->header.incarnation, sizeof(lane->real)) != 0)
			continue;
		any = true;
		if (take->header.segno == lane->segno + 1 &&
		    memcmp(lane->segment_id, take->header.prev, sizeof(lane->segment_id)) == 0) {
			take->lane = *lane;
			found = true;
		} else if (take->header.segno <= lane->segno) {
			*fault = SEGMENT_REPLAYED;
			rc = lane_point(
			    take->sync, &point, lane, take->header.segno, duplicate, err);
			*duplicate =
			    *duplicate && memcmp(point.id, take->id, sizeof(point.id)) == 0;
		}
	}
	for (size_t i = 0; i < count && rc == PMJ_OK && !found && !*duplicate; i++)
		if (lanes[i].lane == take->header.lane && lanes[i].segno >= take->header.segno &&
		    memcmp(lanes[i].real, take->header.incarnation, sizeof(lanes[i].real)) == 0)
			rc = take_fork_lane(take, &lanes[i], &found, err);
	free(lanes);
	if (rc != PMJ_OK)
		return rc;
	if (!any && take->header.segno == 1) {
		memset(&take->lane, 0, sizeof(take->lane));
		take->begins = true;
		take->lane.lane = take->header.lane;
		take->lane.named_segno = -1;
		memcpy(take->lane.mailbox, take->peer.mailbox, sizeof(take->lane.mailbox));
		memcpy(take->lane.inc, take->header.incarnation, sizeof(take->lane.inc));
		memcpy(take->lane.real, take->header.incarnation, sizeof(take->lane.real));
		found = true;
	}
	if (found)
		*fault = SEGMENT_OK;
	return PMJ_OK;
}

static enum pmj_code
take_live_count(struct take *take, size_t *live, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	enum pmj_code rc = lane_list(take->sync, &lanes, &count, take->peer.mailbox, false, err);

	*live = 0;
	for (size_t i = 0; i < count; i++)
		*live += !lanes[i].closed;
	free(lanes);
	return rc;
}

/* The hub's word to a device whose incarnation two machines write, and to the people. */
static enum pmj_code
take_fork_told(struct take *take, struct pmj_error *err)
{
	struct sync *sync = take->sync;
	char hex[2 * PMJ_INCARNATION_BYTES + 1];
	struct lane main;
	char message[128];
	bool found;
	enum pmj_code rc;

	rc = lane_find(
	    sync, &main, take->peer.mailbox, take->lane.lane, take->lane.real, &found, err);
	if (rc == PMJ_OK && found) {
		main.closed = true;
		rc = lane_save(sync, &main, err);
	}
	if (rc != PMJ_OK)
		return rc;
	(void)snprintf(message, sizeof(message), "two copies of device %.8s exist",
	    text_hex(hex, take->peer.device, PMJ_DEVICE_BYTES));
	if ((rc = journal_event(sync->journal, "fork", "copy", message, err)) != PMJ_OK)
		return rc;
	return incarnation_tell_fork(sync, &take->peer, take->lane.real, err);
}

/* The first line, if it is a ctl.incarnate. */
static json_t *
take_first_line(const struct segment_open *opened)
{
	struct pmj_error unread = {0};
	json_t *first = NULL;
	const char *kind;

	if (json_read(&first, opened->lines[0].bytes, opened->lines[0].len, &json_limits_entry,
	        &unread) != PMJ_OK)
		return NULL;
	kind = json_str(first, "kind");
	if (kind != NULL && strcmp(kind, "ctl.incarnate") == 0)
		return first;
	json_decref(first);
	return NULL;
}

enum pmj_code
take_begin(struct take *take, const struct segment_open *opened, bool *ready, struct pmj_error *err)
{
	json_t *first = NULL;
	size_t live;
	enum pmj_code rc;

	if ((rc = take_live_count(take, &live, err)) != PMJ_OK)
		return rc;
	*ready = live < PMJ_LIVE_INCARNATIONS_MAX || !take->begins;
	if (!*ready)
		return PMJ_OK;
	if (take->fork) {
		if ((rc = lane_start(take->sync, &take->lane, err)) != PMJ_OK)
			return rc;
		return take_fork_told(take, err);
	}
	first = take_first_line(opened);
	rc = incarnation_ready(take->sync, &take->peer, first, ready, err);
	if (rc == PMJ_OK && *ready && take->begins)
		rc = lane_start(take->sync, &take->lane, err);
	if (rc == PMJ_OK && *ready)
		rc = incarnation_opened(take->sync, &take->peer, &take->lane, first, err);
	json_decref(first);
	return rc;
}
