/* incarnation.c - our own history begins anew: why, and what its first line names. */
#include "sync/incarnation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "store/sql.h"
#include "sync/queue.h"

/* A clone that still runs answers every new incarnation of ours with one of its own: not more often
 * than this a day. */
#define INCARNATION_COPIES_A_DAY 3

static const char *const incarnation_names[] = {
    [INCARNATION_COPY] = "copy",
    [INCARNATION_EPOCH] = "epoch",
    [INCARNATION_NACK] = "nack",
    [INCARNATION_SIZE] = "size",
    [INCARNATION_RESTORE] = "restore",
};

static enum pmj_code
incarnation_start(struct sync *sync, const struct sync_peer *peer, const char *cause,
    struct lane *out, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	struct lane lane = {.lane = (uint8_t)peer->writes, .ours = true, .named_segno = -1};
	enum pmj_code rc;

	if ((rc = lane_list(sync, &lanes, &count, peer->mailbox, true, err)) != PMJ_OK)
		return rc;
	free(lanes);
	memcpy(lane.mailbox, peer->mailbox, sizeof(lane.mailbox));
	if (count == 0 && peer->writes == LANE_UP)
		memcpy(lane.inc, ring_incarnation(journal_ring(sync->journal)), sizeof(lane.inc));
	else
		sync->os->random(sync->os->ctx, lane.inc, sizeof(lane.inc));
	memcpy(lane.real, lane.inc, sizeof(lane.real));
	memcpy(lane.reader_pk, peer->reader_pk, sizeof(lane.reader_pk));
	(void)snprintf(lane.cause, sizeof(lane.cause), "%s", cause);
	if ((rc = lane_start(sync, &lane, err)) != PMJ_OK)
		return rc;
	sync->tell = true;
	memcpy(sync->tell_mailbox, peer->mailbox, sizeof(sync->tell_mailbox));
	*out = lane;
	return PMJ_OK;
}

enum pmj_code
incarnation_current(
    struct sync *sync, const struct sync_peer *peer, struct lane *out, struct pmj_error *err)
{
	bool found;
	enum pmj_code rc = lane_current(sync, out, peer->mailbox, &found, err);

	if (rc != PMJ_OK || found)
		return rc;
	return incarnation_start(sync, peer, "", out, err);
}

/* NACKs, and the ack of what counts, that only unacked segments of the closed lane told of are due
 * again. */
static enum pmj_code
incarnation_due_again(struct sync *sync, const uint8_t *mailbox, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "UPDATE pmj_lane SET told_seq=0,nack=CASE nack WHEN 2 THEN 1 ELSE nack END"
	    " WHERE mailbox=?1 AND ours=0 AND closed=0");

	sql_blob(sql, 1, mailbox, PMJ_MAILBOX_BYTES);
	return sql_run(sql, err);
}

static bool
is_cause(const struct lane *lane, enum incarnation_cause cause)
{
	return strcmp(lane->cause, incarnation_names[cause]) == 0;
}

static bool
was_restored(struct sync *sync)
{
	return journal_int(sync->journal, SYNC_RESTORED, 0) != 0;
}

bool
incarnation_announces(struct sync *sync, const struct sync_peer *peer, const struct lane *lane)
{
	return lane->segno == 0 && was_restored(sync) &&
	       is_cause(lane, peer->writes == LANE_UP ? INCARNATION_COPY : INCARNATION_RESTORE);
}

enum pmj_code
incarnation_give_up(
    struct sync *sync, const struct lane *lane, uint64_t upto, struct pmj_error *err)
{
	struct lane_point point = {0};
	enum pmj_code rc = PMJ_OK;
	bool found = true;

	if (upto > 0)
		rc = lane_point(sync, &point, lane, upto, &found, err);
	if (rc != PMJ_OK || (rc = queue_numbered(sync, err)) != PMJ_OK)
		return rc;
	return queue_again(sync, lane, found ? upto : 0, point.seq, err);
}

/* This one is closed, and goes on in another with what lies above a segment. */
static enum pmj_code
incarnation_next(struct sync *sync, const struct sync_peer *peer, struct lane *lane, uint64_t upto,
    enum incarnation_cause cause, struct pmj_error *err)
{
	char message[96];
	enum pmj_code rc;

	lane->closed = true;
	if ((rc = lane_save(sync, lane, err)) != PMJ_OK ||
	    (rc = incarnation_give_up(sync, lane, upto, err)) != PMJ_OK ||
	    (rc = incarnation_due_again(sync, peer->mailbox, err)) != PMJ_OK)
		return rc;
	rc = incarnation_start(sync, peer, incarnation_names[cause], lane, err);
	if (rc != PMJ_OK)
		return rc;
	(void)snprintf(
	    message, sizeof(message), "a new run of segments began (%s)", incarnation_names[cause]);
	return journal_event(sync->journal, "incarnation", incarnation_names[cause], message, err);
}

static enum pmj_code
incarnation_kept_again(struct sync *sync, const struct sync_peer *peer, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	enum pmj_code rc = lane_list(sync, &lanes, &count, peer->mailbox, true, err);

	for (size_t i = count; i-- > 0 && rc == PMJ_OK;)
		if (lanes[i].closed && queue_sent_any(sync, &lanes[i]))
			rc = incarnation_give_up(sync, &lanes[i], 0, err);
	free(lanes);
	return rc;
}

enum pmj_code
incarnation_begin(struct sync *sync, const struct sync_peer *peer, enum incarnation_cause cause,
    struct pmj_error *err)
{
	struct lane lane;
	enum pmj_code rc;

	if ((rc = incarnation_current(sync, peer, &lane, err)) != PMJ_OK)
		return rc;
	/* That an end was restored is said until it was heard. */
	if (lane.acked_segno == 0 && is_cause(&lane, INCARNATION_RESTORE))
		cause = INCARNATION_RESTORE;
	if (lane.acked_segno == 0 && is_cause(&lane, INCARNATION_COPY) && peer->writes == LANE_UP &&
	    was_restored(sync))
		cause = INCARNATION_COPY;
	if (lane.segno > 0) {
		rc = incarnation_next(sync, peer, &lane, 0, cause, err);
	} else { /* nothing of it was sealed: it is new already */
		if (cause == INCARNATION_COPY || cause == INCARNATION_RESTORE)
			(void)snprintf(
			    lane.cause, sizeof(lane.cause), "%s", incarnation_names[cause]);
		rc = lane_save(sync, &lane, err);
	}
	if (rc != PMJ_OK || cause == INCARNATION_SIZE)
		return rc;
	/* What of earlier ones is kept because it is at the mailbox: where the reader or the writer
	 * is another, it may not be read. */
	return incarnation_kept_again(sync, peer, err);
}

enum pmj_code
incarnation_smaller(struct sync *sync, const struct sync_peer *peer, struct lane *lane,
    uint64_t upto, struct pmj_error *err)
{
	return incarnation_next(sync, peer, lane, upto, INCARNATION_SIZE, err);
}

static bool
incarnation_cause_of(const char *name, enum incarnation_cause *cause)
{
	for (int i = INCARNATION_COPY; i <= INCARNATION_RESTORE; i++)
		if (strcmp(name, incarnation_names[i]) == 0) {
			*cause = (enum incarnation_cause)i;
			return true;
		}
	return false;
}

enum pmj_code
sync_incarnate(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const char *cause, struct pmj_error *err)
{
	struct sync_peer peer = {0};
	enum incarnation_cause which;
	enum pmj_code rc;

	if (!incarnation_cause_of(cause, &which))
		return pmj_fail(
		    err, PMJ_INVALID, "cause = %s is none; use copy, epoch, nack, size", cause);
	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err);
	if (rc == PMJ_OK)
		rc = incarnation_begin(sync, &peer, which, err);
	return sync_end(sync, rc, err);
}

static json_t *
incarnation_place(const struct lane *lane, uint64_t segno)
{
	json_t *place = json_object();

	json_object_set_new(place, "inc", json_hex(lane->real, sizeof(lane->real)));
	json_object_set_new(place, "segno", json_integer((json_int_t)segno));
	return place;
}

enum pmj_code
incarnation_read_list(
    struct sync *sync, const struct sync_peer *peer, json_t **out, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	enum pmj_code rc;

	*out = json_array();
	rc = lane_list(sync, &lanes, &count, peer->mailbox, false, err);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(*out, incarnation_place(&lanes[i], lanes[i].segno));
	free(lanes);
	return rc;
}

enum pmj_code
incarnation_line(struct sync *sync, const struct sync_peer *peer, const struct lane *lane,
    json_t **more, struct pmj_error *err)
{
	struct lane *lanes = NULL;
	size_t count = 0;
	json_t *earlier = json_array();
	json_t *read = NULL;
	enum pmj_code rc;

	*more = NULL;
	rc = lane_list(sync, &lanes, &count, peer->mailbox, true, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		const struct lane *old = &lanes[i];

		if (old->id >= lane->id || old->segno == 0)
			continue;
		if (old->named_segno >= 0)
			json_array_append_new(
			    earlier, incarnation_place(old, (uint64_t)old->named_segno));
		else if (!old->done && old->acked_seq < old->seq)
			json_array_append_new(earlier, incarnation_place(old, old->acked_segno));
	}
	while (json_array_size(earlier) > PMJ_LIVE_INCARNATIONS_MAX)
		json_array_remove(earlier, 0);
	if (rc == PMJ_OK && (count > 1 || strcmp(lane->cause, "copy") == 0)) {
		*more = json_object();
		json_object_set(*more, "earlier", earlier);
		json_object_set_new(
		    *more, "cause", json_string(lane->cause[0] != '\0' ? lane->cause : "copy"));
		if (strcmp(lane->cause, peer->writes == LANE_UP ? "copy" : "restore") == 0) {
			rc = incarnation_read_list(sync, peer, &read, err);
			json_object_set_new(*more, "read", read);
			if (peer->writes == LANE_DOWN)
				json_object_set_new(*more, "point",
				    json_integer(
				        journal_int(sync->journal, SYNC_RESTORED_POINT, 0)));
		}
	}
	json_decref(earlier);
	free(lanes);
	return rc;
}

/* *allowed false: too many today already. */
static enum pmj_code
incarnation_copy_allowed(struct sync *sync, bool *allowed, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os);
	int64_t since_ms = journal_int(sync->journal, "sync.copy_since", 0);
	int64_t count = journal_int(sync->journal, "sync.copy_count", 0);
	enum pmj_code rc;

	if (since_ms == 0 || now_ms < since_ms || now_ms - since_ms > DAY_MS) {
		count = 0;
		if ((rc = journal_put_int(sync->journal, "sync.copy_since", now_ms, err)) != PMJ_OK)
			return rc;
	}
	*allowed = count < INCARNATION_COPIES_A_DAY;
	return journal_put_int(sync->journal, "sync.copy_count", count + 1, err);
}

enum pmj_code
incarnation_copy(struct sync *sync, const struct sync_peer *peer, const uint8_t *inc,
    uint64_t segno, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "SELECT 1 FROM pmj_foreign WHERE mailbox=?1 AND inc=?2");
	char hex[2 * PMJ_INCARNATION_BYTES + 1];
	char message[160];
	bool known = false;
	bool allowed = false;
	enum pmj_code rc;

	sql_blob(sql, 1, peer->mailbox, sizeof(peer->mailbox));
	sql_blob(sql, 2, inc, PMJ_INCARNATION_BYTES);
	rc = sql_row(sql, &known, err);
	sql_done(sql);
	if (rc != PMJ_OK || known)
		return rc;
	if ((rc = incarnation_copy_allowed(sync, &allowed, err)) != PMJ_OK || !allowed)
		return rc;
	sql = sql_get(sync->journal, "INSERT INTO pmj_foreign(mailbox,inc,segno) VALUES(?1,?2,?3)");
	sql_blob(sql, 1, peer->mailbox, sizeof(peer->mailbox));
	sql_blob(sql, 2, inc, PMJ_INCARNATION_BYTES);
	sql_int(sql, 3, (int64_t)segno);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	(void)snprintf(message, sizeof(message),
	    "run %.8s holds more of our writing than this journal: it is a copy of another",
	    text_hex(hex, inc, PMJ_INCARNATION_BYTES));
	if ((rc = journal_event(sync->journal, "copy", "copy", message, err)) != PMJ_OK)
		return rc;
	return incarnation_begin(sync, peer, INCARNATION_COPY, err);
}

/* A new name of the branch is all that is needed: cause `size` makes nobody send anything anew. */
enum pmj_code
incarnation_blocked(struct sync *sync, const struct sync_peer *peer, struct pmj_error *err)
{
	int64_t now_ms = os_now(sync->os);
	int64_t last_ms = journal_int(sync->journal, "sync.blocked", 0);
	enum pmj_code rc;

	if (last_ms != 0 && now_ms >= last_ms && now_ms - last_ms < DAY_MS)
		return PMJ_OK;
	if ((rc = journal_put_int(sync->journal, "sync.blocked", now_ms, err)) != PMJ_OK)
		return rc;
	rc = journal_event(sync->journal, "foreign", "integrity",
	    "the mailbox shows something under our name that we did not write", err);
	if (rc != PMJ_OK)
		return rc;
	return incarnation_begin(sync, peer, INCARNATION_SIZE, err);
}

enum pmj_code
sync_spoiled(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const uint8_t incarnation[static PMJ_INCARNATION_BYTES], struct pmj_error *err)
{
	struct sync_peer peer = {0};
	struct lane lane;
	enum pmj_code rc;
	bool found;

	if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
		return rc;
	if ((rc = sync->hooks.peer(sync->hooks.ctx, &peer, mailbox, err)) == PMJ_OK &&
	    (rc = lane_current(sync, &lane, mailbox, &found, err)) == PMJ_OK && found &&
	    memcmp(lane.inc, incarnation, PMJ_INCARNATION_BYTES) == 0)
		rc = incarnation_blocked(sync, &peer, err);
	return sync_end(sync, rc, err);
}
