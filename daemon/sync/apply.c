/* apply.c - lines of an opened segment to those whose business they are. */
#include "sync/apply.h"

#include <string.h>

#include "store/sql.h"
#include "sync/incarnation.h"
#include "sync/receipt.h"

/* Who may write which control line (5.1), and which are the engine's own business. */
static const struct {
	const char *kind;
	bool up, down;
	bool engine;
} apply_controls[] = {
    {"ctl.hello", true, false, false},
    {"ctl.ack", true, true, false},
    {"ctl.nack", true, true, true},
    {"ctl.beacon", false, true, false},
    {"ctl.cert", false, true, false},
    {"ctl.roster", false, true, false},
    {"ctl.remotes", false, true, false},
    {"ctl.kinds", false, true, false},
    {"ctl.invite", false, true, false},
    {"ctl.file", true, true, false},
    {"ctl.fwd", false, true, false},
    {"ctl.return", true, false, false},
    {"ctl.hold", false, true, false},
    {"ctl.release", false, true, false},
    {"ctl.withdraw", false, true, false},
    {"ctl.incarnate", true, true, true},
    {"ctl.reincarnate", false, true, true},
    {"ctl.resend", true, false, true},
    {"ctl.sign", true, false, false},
};

/* A line that cannot be taken is kept as it came, alone; the lane goes on. */
static enum pmj_code
apply_bad(struct sync *sync, const struct lane *lane, const struct segment_line *line,
    const char *reason, struct pmj_error *err)
{
	struct sql *sql = sql_get(sync->journal,
	    "INSERT OR IGNORE INTO pmj_bad(lane,seq,reason,line) VALUES(?1,?2,?3,?4)");
	enum pmj_code rc;

	sql_int(sql, 1, lane->id);
	sql_int(sql, 2, (int64_t)lane->seq + 1);
	sql_text(sql, 3, reason);
	sql_blob(sql, 4, line->bytes, line->len);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return journal_event(
	    sync->journal, "line_refused", reason, "a line was set aside alone", err);
}

/* False: this lane may not carry such a line. A down lane holds control lines only. */
static bool
apply_allowed(const struct sync_peer *peer, const struct entry *entry, bool *engine)
{
	*engine = false;
	if (!entry->control)
		return peer->reads == LANE_UP;
	for (size_t i = 0; i < sizeof(apply_controls) / sizeof(apply_controls[0]); i++)
		if (strcmp(entry->kind, apply_controls[i].kind) == 0) {
			*engine = apply_controls[i].engine;
			return peer->reads == LANE_UP ? apply_controls[i].up
			                              : apply_controls[i].down;
		}
	return false;
}

static bool
apply_counts(const struct entry *entry)
{
	return strcmp(entry->kind, "ctl.ack") != 0 && strcmp(entry->kind, "ctl.beacon") != 0;
}

struct apply_time {
	int64_t until_ms;
	bool again;  /* the line was not finished */
	bool newest; /* the lane is the newest of its writer: asked once, and after each line that
	                may change it */
	bool newest_known;
};

static enum pmj_code
apply_entry(struct sync *sync, const struct sync_peer *peer, struct lane *lane,
    const struct entry *entry, const struct segment_line *bytes, struct apply_time *time,
    struct pmj_error *err)
{
	struct sync_line line = {.entry = entry,
	    .until_ms = time->until_ms,
	    .again = &time->again,
	    .bytes = bytes->bytes,
	    .len = bytes->len,
	    .incarnation = lane->inc,
	    .seq = lane->seq + 1};
	enum pmj_code rc;
	bool engine;

	if (!apply_allowed(peer, entry, &engine))
		return apply_bad(sync, lane, bytes, "not_from_here", err);
	/* The engine's lines name their writer like all others; in an up lane that is known. */
	if (entry->control && peer->reads == LANE_UP &&
	    memcmp(entry->by, peer->device, sizeof(entry->by)) != 0)
		return apply_bad(sync, lane, bytes, "forged_author", err);
	if (apply_counts(entry))
		lane->count_seq = lane->seq + 1;
	if (engine) {
		time->newest_known = false;
		return incarnation_take(sync, peer, lane, entry, time->until_ms, &time->again, err);
	}
	if (strcmp(entry->kind, "ctl.ack") == 0 &&
	    ((rc = receipt_take(sync, peer, entry, &time->again, err)) != PMJ_OK || time->again))
		return rc;
	if (!time->newest_known && (rc = lane_is_newest(sync, lane, &time->newest, err)) != PMJ_OK)
		return rc;
	time->newest_known = true;
	line.newest = time->newest;
	return sync->hooks.line(sync->hooks.ctx, peer, &line, err);
}

static enum pmj_code
apply_line(struct sync *sync, const struct sync_peer *peer, struct lane *lane,
    const struct segment_line *line, const uint8_t *e, struct apply_time *time,
    struct pmj_error *err)
{
	struct entry entry = {0};
	struct pmj_error unread = {0};
	enum pmj_code rc;

	rc = line_read(&entry, line->bytes, line->len, e, &unread);
	if (rc == PMJ_NO_MEMORY) {
		*err = unread;
		return rc;
	}
	if (rc != PMJ_OK)
		rc = apply_bad(sync, lane, line, "unreadable", err);
	else
		rc = apply_entry(sync, peer, lane, &entry, line, time, err);
	entry_close(&entry);
	return rc;
}

static enum pmj_code
apply_end(
    struct sync *sync, struct lane *lane, const struct segment_open *opened, struct pmj_error *err)
{
	struct lane_point point = {.segno = lane->segno + 1, .seq = lane->seq};

	memcpy(point.id, opened->id, sizeof(point.id));
	memcpy(point.chain, lane->chain, sizeof(point.chain));
	lane->segno = point.segno;
	memcpy(lane->segment_id, opened->id, sizeof(lane->segment_id));
	lane->part = 0;
	lane->gap_ms = 0;
	lane->made_ms = os_now(sync->os);
	return lane_point_put(sync, lane, &point, err);
}

enum pmj_code
apply_segment(struct sync *sync, const struct sync_peer *peer, struct lane *lane,
    const struct segment_open *opened, int64_t until_ms, int64_t *taken, bool *whole,
    struct pmj_error *err)
{
	struct apply_time time = {.until_ms = until_ms};
	enum pmj_code rc = PMJ_OK;
	bool late = false;

	*whole = false;
	if (lane->part == 0)
		memcpy(lane->part_chain, lane->chain, sizeof(lane->part_chain));
	while (lane->part < opened->count && !late) {
		size_t i = (size_t)lane->part;

		rc = apply_line(sync, peer, lane, &opened->lines[i], opened->e[i], &time, err);
		if (rc != PMJ_OK)
			return rc;
		if (time.again)
			break;
		lane->seq++;
		lane->part++;
		chain_lane_next(lane->chain, opened->e[i]);
		(*taken)++;
		late = sync->os->mono_ms(sync->os->ctx) >= until_ms;
	}
	if (lane->part == opened->count) {
		*whole = true;
		if ((rc = apply_end(sync, lane, opened, err)) != PMJ_OK)
			return rc;
	}
	return lane_move(sync, lane, err);
}
