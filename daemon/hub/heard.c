/* heard.c - what a laptop says of itself with each segment: when it was sealed, what still waited
 * there, what of the hub it has seen (7.3). And what follows: has everything of it arrived, is
 * somebody keeping the hub's word from it, is its clock right? */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "hub/hub_inner.h"

#define STALE_DAYS 14    /* a laptop that exchanges has a younger beacon than this (5.4: weekly) */
#define STALE_CONTACTS 2 /* the first may be of segments sealed before it fetched */

struct heard {
	bool set;
	uint8_t inc[PMJ_INCARNATION_BYTES]; /* of the segment that says so */
	int64_t seq;
	int64_t waits;            /* entries that were in no segment yet; -1: not said */
	int64_t at_ms, came_ms;   /* by its clock, by ours */
	int64_t beacon_ms;        /* when the last beacon that it echoed was made; 0: none yet */
	int64_t stale, stale_day; /* on how many days it came with a beacon that is too old */
	int64_t rv;
	uint8_t head[32]; /* of the roster it saw */
};

static enum pmj_code
heard_of(struct hub *hub, struct heard *out, const uint8_t device[PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT inc, seq, waits, at_ms, came_ms, beacon_ms, stale, stale_day, rv, head"
	    " FROM pmj_heard WHERE device = ?1");
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	out->waits = -1;
	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	if ((rc = sql_row(q, &out->set, err)) == PMJ_OK && out->set) {
		(void)sql_col_copy(q, 0, out->inc, sizeof(out->inc));
		out->seq = sql_col_int(q, 1);
		out->waits = sql_col_int(q, 2);
		out->at_ms = sql_col_int(q, 3);
		out->came_ms = sql_col_int(q, 4);
		out->beacon_ms = sql_col_int(q, 5);
		out->stale = sql_col_int(q, 6);
		out->stale_day = sql_col_int(q, 7);
		out->rv = sql_col_int(q, 8);
		(void)sql_col_copy(q, 9, out->head, sizeof(out->head));
	}
	sql_done(q);
	return rc;
}

static enum pmj_code
heard_keep(struct hub *hub, const struct heard *heard, const uint8_t device[PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT OR REPLACE INTO pmj_heard(device, inc, seq, waits, at_ms, came_ms, beacon_ms,"
	    " stale, stale_day, rv, head) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");

	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, heard->inc, sizeof(heard->inc));
	(void)sql_int(sql_int(q, 3, heard->seq), 4, heard->waits);
	(void)sql_int(sql_int(q, 5, heard->at_ms), 6, heard->came_ms);
	(void)sql_int(sql_int(q, 7, heard->beacon_ms), 8, heard->stale);
	(void)sql_int(sql_int(q, 9, heard->stale_day), 10, heard->rv);
	return sql_run(sql_blob(q, 11, heard->head, sizeof(heard->head)), err);
}

/* ---- beacons that were sealed, and their echoes ---- */

enum pmj_code
heard_beaconed(struct hub *hub, const struct sync_peer *peer,
    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "INSERT OR IGNORE INTO pmj_beacon(mailbox, e, at_ms) VALUES(?1, ?2, ?3)");

	(void)sql_blob(q, 1, peer->mailbox, PMJ_MAILBOX_BYTES);
	(void)sql_blob(q, 2, e, PMJ_ENTRY_BYTES);
	return sql_run(sql_int(q, 3, os_now(hub->os)), err);
}

/* When the beacon of this hash was made; 0: it is none of ours, or one of before a restore. */
static enum pmj_code
beacon_made(struct hub *hub, const uint8_t *mailbox, const json_t *ack, int64_t *at_ms,
    struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT at_ms FROM pmj_beacon WHERE mailbox = ?1 AND e = ?2");
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc;
	bool row;

	*at_ms = 0;
	if (!json_unhex(ack, "beacon", e, sizeof(e)))
		return PMJ_OK;
	(void)sql_blob(sql_blob(q, 1, mailbox, PMJ_MAILBOX_BYTES), 2, e, sizeof(e));
	if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		*at_ms = sql_col_int(q, 0);
	sql_done(q);
	return rc;
}

/* Of those before the one that was echoed nobody will speak again. */
static enum pmj_code
take_echo(struct hub *hub, struct heard *heard, const struct sync_peer *peer, const json_t *ack,
    struct pmj_error *err)
{
	int64_t day = heard->came_ms / DAY_MS, at_ms;
	struct sql *q;
	enum pmj_code rc;

	if ((rc = beacon_made(hub, peer->mailbox, ack, &at_ms, err)) != PMJ_OK)
		return rc;
	if (at_ms > heard->beacon_ms) {
		heard->beacon_ms = at_ms;
		heard->stale = heard->stale_day = 0;
		q = sql_get(
		    hub->journal, "DELETE FROM pmj_beacon WHERE mailbox = ?1 AND at_ms < ?2");
		(void)sql_blob(q, 1, peer->mailbox, PMJ_MAILBOX_BYTES);
		if ((rc = sql_run(sql_int(q, 2, at_ms), err)) != PMJ_OK)
			return rc;
	}
	if (heard->beacon_ms > 0 && heard->came_ms - heard->beacon_ms >= STALE_DAYS * DAY_MS &&
	    heard->stale_day != day) {
		heard->stale++;
		heard->stale_day = day;
	}
	return PMJ_OK;
}

enum pmj_code
heard_ack(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	const json_t *ack = line->entry->json;
	int64_t waits = json_int(ack, "waits", -1);
	struct heard heard;
	struct sql *q = sql_get(hub->journal,
	    "UPDATE pmj_device SET roster_seen = max(roster_seen, ?2) WHERE device = ?1");
	enum pmj_code rc;

	(void)sql_blob(q, 1, peer->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_int(q, 2, json_int(ack, "rv", 0)), err)) != PMJ_OK || !line->newest ||
	    (rc = heard_of(hub, &heard, peer->device, err)) != PMJ_OK)
		return rc;
	memcpy(heard.inc, line->incarnation, sizeof(heard.inc));
	heard.seq = (int64_t)line->seq;
	heard.waits = waits < 0 ? -1 : waits;
	heard.at_ms = line->entry->pt;
	heard.came_ms = os_now(hub->os);
	heard.rv = json_int(ack, "rv", 0);
	if (!json_unhex(ack, "head", heard.head, sizeof(heard.head)))
		memset(heard.head, 0, sizeof(heard.head));
	if ((rc = take_echo(hub, &heard, peer, ack, err)) != PMJ_OK ||
	    (rc = photo_heard(hub, peer, ack, err)) != PMJ_OK)
		return rc;
	if ((rc = heard_keep(hub, &heard, peer->device, err)) != PMJ_OK || !hub->returning ||
	    (rc = lacks_seen(hub, heard.rv, err)) != PMJ_OK)
		return rc;
	rc = returned_heard(hub, err);
	hub->returning = returned_waits(hub);
	return rc;
}

/* ---- what follows from it ---- */

/* A roster that this hub never made: another hub speaks in its name. Statements that a restored hub
 * lost have numbers up to its floor. */
static bool
roster_is_unknown(struct hub *hub, const struct heard *heard)
{
	static const uint8_t none[32];
	struct sql *q = sql_get(hub->journal, "SELECT 1 FROM pmj_roster WHERE hash = ?1");
	bool row = true;

	if (memcmp(heard->head, none, sizeof(none)) == 0 ||
	    heard->rv <= journal_int(hub->journal, "hub.roster_floor", 0))
		return false;
	if (sql_row(sql_blob(q, 1, heard->head, sizeof(heard->head)), &row, NULL) != PMJ_OK)
		row = true;
	sql_done(q);
	return !row;
}

static json_t *
doubts(struct hub *hub, const struct heard *heard)
{
	json_t *out = json_array();

	if (heard->at_ms - heard->came_ms > CLOCK_AHEAD_MS)
		(void)json_array_append_new(out, json_string("clock_ahead"));
	if (heard->came_ms - heard->at_ms > CLOCK_BEHIND_MS)
		(void)json_array_append_new(out, json_string("clock_behind"));
	if (heard->stale >= STALE_CONTACTS)
		(void)json_array_append_new(out, json_string("beacon_stale"));
	if (roster_is_unknown(hub, heard))
		(void)json_array_append_new(out, json_string("roster_unknown"));
	return out;
}

json_t *
heard_state(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES])
{
	struct heard heard;
	json_t *out = json_object();

	if (heard_of(hub, &heard, device, NULL) != PMJ_OK || !heard.set) {
		(void)json_object_set_new(out, "heard", json_null());
		(void)json_object_set_new(out, "beacon_seen", json_null());
		(void)json_object_set_new(out, "doubts", json_array());
		return out;
	}
	(void)json_object_set_new(out, "heard",
	    json_pack("{s:I,s:I,s:o,s:I,s:o}", "at", (json_int_t)heard.at_ms, "came",
	        (json_int_t)heard.came_ms, "incarnation", json_hex(heard.inc, sizeof(heard.inc)),
	        "seq", (json_int_t)heard.seq, "waits",
	        heard.waits < 0 ? json_null() : json_integer((json_int_t)heard.waits)));
	(void)json_object_set_new(out, "beacon_seen",
	    heard.beacon_ms > 0 ? json_integer((json_int_t)heard.beacon_ms) : json_null());
	(void)json_object_set_new(out, "doubts", doubts(hub, &heard));
	return out;
}

/* Everything that was written until `heard.at` has arrived, or what speaks against that. */
json_t *
heard_against(const json_t *state, const json_t *merged, const json_t *missing)
{
	const json_t *heard = json_obj(state, "heard"), *waits = json_object_get(heard, "waits");
	const char *of = json_str(heard, "incarnation"), *in = json_str(merged, "incarnation");
	const char *stopped = json_str(merged, "stopped");
	json_t *out = json_array();

	if (merged == NULL)
		(void)json_array_append_new(out, json_string("unheard"));
	else if (heard == NULL || of == NULL || in == NULL || strcmp(of, in) != 0 ||
	         !json_is_integer(waits))
		(void)json_array_append_new(out, json_string("unsaid"));
	else if (json_integer_value(waits) > 0)
		(void)json_array_append_new(out, json_string("waits"));
	if (json_array_size(missing) > 0)
		(void)json_array_append_new(out, json_string("missing"));
	if (stopped != NULL && stopped[0] != '\0')
		(void)json_array_append_new(out, json_string("stopped"));
	if (json_flag(merged, "reading"))
		(void)json_array_append_new(out, json_string("reading"));
	return out;
}
