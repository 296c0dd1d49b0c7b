/* returned.c - what this hub decided after the backup that it was restored from, given back by its
 * laptops (9). What its own key signed is taken up as it was; a hold, which only ever stops what
 * its own author wrote, too; a release that carries its word (returned_entry.c); a withdrawal says
 * nothing that the unassignment does not. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "hub/pending.h"
#include "log/chain.h"
#include "log/photo.h"
#include "log/roster.h"
#include "log/vouch.h"

#define RETURNING "hub.returning" /* a restored hub hears its laptops, since this (ms); 0: no */
#define ALL_KNOW "hub.returning_known" /* since when all of them know that it was restored */
#define RETURNING_MS (100 * DAY_MS)    /* a laptop that never comes is waited for no longer */

struct returned {
	const struct sync_peer *peer;
	const struct sync_line *outer; /* in which it came */
	struct entry entry;            /* of the line that came back */
	const char *line;
	size_t len;
	struct roster_statement statement;
	uint8_t device[PMJ_DEVICE_BYTES]; /* that a statement is about */
};

/* ---- which entries came while laptops were still to be heard ---- */

bool
returned_waits(struct hub *hub)
{
	int64_t since = journal_int(hub->journal, RETURNING, 0);

	return since > 0 && os_now(hub->os) - since < RETURNING_MS;
}

enum pmj_code
returned_begin(struct hub *hub, struct pmj_error *err)
{
	enum pmj_code rc = journal_put_int(hub->journal, RETURNING, os_now(hub->os), err);

	return rc == PMJ_OK ? journal_put_int(hub->journal, ALL_KNOW, 0, err) : rc;
}

/* Where in its lane it came: a revocation that comes back says up to where that laptop counted. */
enum pmj_code
returned_note(struct hub *hub, int64_t n, const struct sync_line *line,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT OR IGNORE INTO pmj_since(n, device, inc, seq) VALUES(?1, ?2, ?3, ?4)");

	(void)sql_blob(sql_int(q, 1, n), 2, device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 3, line->incarnation, PMJ_INCARNATION_BYTES);
	return sql_run(sql_int(q, 4, (int64_t)line->seq), err);
}

int64_t
returned_unheard(struct hub *hub)
{
	return sql_first_int(
	    sql_get(hub->journal,
	        "SELECT count(DISTINCT d.device) FROM pmj_device d JOIN pmj_lane l ON l.mailbox ="
	        " d.mailbox WHERE d.state = 'live' AND l.ours = 1 AND l.closed = 0 AND l.cause ="
	        " 'restore' AND l.acked_segno = 0"),
	    -1);
}

/* What they give back follows the word that they know, in this segment or the next: a day later
 * nothing is waited for any more. */
enum pmj_code
returned_heard(struct hub *hub, struct pmj_error *err)
{
	int64_t now = os_now(hub->os), known = journal_int(hub->journal, ALL_KNOW, 0);
	enum pmj_code rc;

	if (returned_unheard(hub) != 0)
		return PMJ_OK;
	if (known == 0)
		return journal_put_int(hub->journal, ALL_KNOW, now, err);
	if (now - known < DAY_MS)
		return PMJ_OK;
	if ((rc = sql_run(sql_get(hub->journal, "DELETE FROM pmj_since"), err)) != PMJ_OK)
		return rc;
	return journal_put_int(hub->journal, RETURNING, 0, err);
}

/* ---- statements ---- */

/* Was something of these sorts stated later about this device? Then that counts. */
static bool
is_overtaken(struct hub *hub, const struct returned *back)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT 1 FROM pmj_roster WHERE device = ?1 AND ver > ?2 AND op IN ('revoke','suspend',"
	    "'resume') LIMIT 1");

	(void)sql_blob(q, 1, back->device, PMJ_DEVICE_BYTES);
	return sql_any(sql_int(q, 2, (int64_t)back->statement.ver), true);
}

/* Of the revoked laptop, what came since the restore above the place up to where it counted: of
 * that incarnation, and of those read after it. The rest in the next step. */
static enum pmj_code
hold_above(struct hub *hub, const struct hub_device *device, const struct returned *back,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT s.n FROM pmj_since s JOIN pmj_entry x ON x.n = s.n WHERE s.device = ?1"
	    " AND x.status IN (?4, ?6) AND NOT (s.inc = ?2 AND s.seq <= ?3) AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_lane l JOIN pmj_lane at ON at.mailbox = l.mailbox AND at.inc = ?2"
	    "  WHERE l.mailbox = ?5 AND l.inc = s.inc AND l.id < at.id) ORDER BY s.n LIMIT 1");
	uint8_t inc[PMJ_INCARNATION_BYTES];
	enum pmj_code rc;
	bool row;

	if (!json_unhex(back->statement.p, "inc", inc, sizeof(inc)))
		return PMJ_OK;
	do {
		struct entry_row entry = {.n = 0};

		(void)sql_blob(
		    sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), 2, inc, sizeof(inc));
		(void)sql_int(
		    sql_int(q, 3, json_int(back->statement.p, "seq", 0)), 4, ENTRY_ADMITTED);
		(void)sql_int(sql_blob(q, 5, device->mailbox, PMJ_MAILBOX_BYTES), 6, ENTRY_WAITING);
		if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
			rc = entries_get(hub->journal, &entry, sql_col_int(q, 0), err);
		sql_done(q);
		if (rc == PMJ_OK && row && (rc = defer_forget(hub, entry.n, err)) == PMJ_OK &&
		    (rc = entries_set_status(hub->journal, entry.n, ENTRY_HELD, "revoked", err)) ==
		        PMJ_OK)
			rc = hold_entry(hub, entry.n, &entry.entry, "revoked", device, err);
		entry_row_close(&entry);
		*back->outer->again =
		    row && hub->os->mono_ms(hub->os->ctx) >= back->outer->until_ms;
	} while (rc == PMJ_OK && row && !*back->outer->again);
	return rc;
}

/* As it was revoked: what waits for it goes, it is told, and what came since is held. */
static enum pmj_code
take_revoke(struct hub *hub, const struct returned *back, int64_t n, struct pmj_error *err)
{
	struct hub_device device;
	enum pmj_code rc;

	if (office_device(hub, &device, back->device, NULL) != PMJ_OK || !device.has_mailbox ||
	    strcmp(device.state, "revoked") == 0)
		return PMJ_OK;
	if ((rc = leave_drop(hub, &device, err)) != PMJ_OK ||
	    (rc = hold_above(hub, &device, back, err)) != PMJ_OK ||
	    (rc = sync_queue(hub->sync, device.mailbox, n, true, err)) != PMJ_OK)
		return rc;
	return journal_event(hub->journal, "revoked", "ok",
	    "a laptop is off the roster: it was taken off after the backup was made", err);
}

/* Told to it once more: it may have come from another laptop that keeps it. */
static enum pmj_code
take_suspend(
    struct hub *hub, const struct returned *back, int64_t n, bool end, struct pmj_error *err)
{
	const char *state = end ? "live" : "suspended";
	struct hub_device device;
	struct sql *q;
	enum pmj_code rc;

	if (is_overtaken(hub, back) || office_device(hub, &device, back->device, NULL) != PMJ_OK ||
	    !device.has_mailbox || strcmp(device.state, "revoked") == 0 ||
	    strcmp(device.state, state) == 0)
		return PMJ_OK;
	hub->waiting = true;
	q = sql_get(hub->journal, "UPDATE pmj_device SET state = ?2 WHERE device = ?1");
	(void)sql_blob(q, 1, back->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_text(q, 2, state), err)) != PMJ_OK ||
	    (rc = sync_queue(hub->sync, device.mailbox, n, true, err)) != PMJ_OK)
		return rc;
	return end ? leave_share_again(hub, &device, err) : PMJ_OK;
}

/* Was something decided later in this point? Also what changed nothing when it came back: that one
 * who is not on the team leaves it. */
static bool
team_is_later(struct hub *hub, const char *person, const struct returned *back)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT 1 FROM pmj_roster r CROSS JOIN pmj_entry x ON x.n = r.n WHERE r.ver > ?1 AND"
	    " r.device = ?2 AND r.op IN ('assign', 'unassign') AND instr(" ENTRY_LINE_OF(
	        "x") ", ?3) > 0 LIMIT 1");

	(void)sql_int(q, 1, (int64_t)back->statement.ver);
	(void)sql_blob(q, 2, back->device, PMJ_DEVICE_BYTES);
	return sql_any(sql_text(q, 3, person), true);
}

static enum pmj_code
take_team(struct hub *hub, const struct returned *back, bool on, struct pmj_error *err)
{
	const char *text = json_str(back->statement.p, "person");
	int64_t ver = (int64_t)back->statement.ver;
	uint8_t person[PMJ_RECORD_BYTES];
	struct hub_device device;
	enum pmj_code rc;
	bool is_on;

	if (text == NULL || !text_unbase32(person, sizeof(person), text, strlen(text)) ||
	    office_device(hub, &device, back->device, NULL) != PMJ_OK ||
	    team_is_later(hub, text, back))
		return PMJ_OK;
	if ((rc = office_on_team(hub, &is_on, person, back->device, -1, err)) != PMJ_OK ||
	    is_on == on)
		return rc;
	hub->waiting = true;
	if (!on)
		return (rc = office_leave_team(hub, person, back->device, ver, err)) == PMJ_OK
		           ? share_forget(hub, person, &device, err)
		           : rc;
	if ((rc = office_join_team(hub, person, back->device, ver, err)) != PMJ_OK ||
	    !device.has_mailbox || strcmp(device.state, "live") != 0)
		return rc;
	return share_person(hub, person, &device, err);
}

/* A person who was erased after the backup is erased again. */
static enum pmj_code
take_erase(struct hub *hub, const struct returned *back, struct pmj_error *err)
{
	struct act act;
	enum pmj_code rc;

	if (act_of_statement(&act, &back->statement, NULL) != PMJ_OK)
		return PMJ_OK;
	rc = erase_ordered(hub, &act, err);
	act_close(&act);
	return rc;
}

static enum pmj_code
take_same(struct hub *hub, const struct returned *back, int64_t n, struct pmj_error *err)
{
	uint8_t of[PMJ_DEVICE_BYTES];
	struct hub_device device;

	if (!json_unhex(back->statement.p, "of", of, sizeof(of)) ||
	    office_device(hub, &device, back->device, NULL) != PMJ_OK || !device.has_mailbox)
		return PMJ_OK;
	return same_keep(hub, &device, of, n, err);
}

static enum pmj_code
take_statement(struct hub *hub, const struct returned *back, int64_t n, struct pmj_error *err)
{
	const char *op = back->statement.op;

	if (strcmp(op, "revoke") == 0)
		return take_revoke(hub, back, n, err);
	if (strcmp(op, "suspend") == 0 || strcmp(op, "resume") == 0)
		return take_suspend(hub, back, n, op[0] == 'r', err);
	if (strcmp(op, "assign") == 0 || strcmp(op, "unassign") == 0)
		return take_team(hub, back, op[0] == 'a', err);
	if (strcmp(op, "same") == 0)
		return take_same(hub, back, n, err);
	if (strcmp(op, "erase") == 0)
		return take_erase(hub, back, err);
	return PMJ_OK; /* the others only fill the chain */
}

/* The line as it was, in the journal again. *known: it never was gone. */
static enum pmj_code
keep_line(
    struct hub *hub, const struct returned *back, int64_t *n, bool *known, struct pmj_error *err)
{
	struct entries_new line = {.entry = &back->entry,
	    .line = back->line,
	    .len = back->len,
	    .origin = ENTRY_OWN,
	    .status = ENTRY_CONTROL};

	return entries_append(hub->journal, &line, n, known, err);
}

/* Two statements of one number: the later hub did not know the first. *same: it is this one. */
static bool
number_is_taken(struct hub *hub, const struct returned *back, bool *same)
{
	struct sql *q = sql_get(hub->journal, "SELECT hash = ?2 FROM pmj_roster WHERE ver = ?1");
	bool row = false;

	(void)sql_int(q, 1, (int64_t)back->statement.ver);
	(void)sql_blob(q, 2, back->statement.hash, sizeof(back->statement.hash));
	if (sql_row(q, &row, NULL) != PMJ_OK)
		return true;
	*same = row && sql_col_int(q, 0) != 0;
	sql_done(q);
	return row;
}

/* A revocation that came back in an earlier step, or from another laptop, is gone on with. */
static enum pmj_code
revoke_goes_on(struct hub *hub, const struct returned *back, struct pmj_error *err)
{
	struct hub_device device;

	if (strcmp(back->statement.op, "revoke") != 0 ||
	    office_device(hub, &device, back->device, NULL) != PMJ_OK || !device.has_mailbox)
		return PMJ_OK;
	return hold_above(hub, &device, back, err);
}

static enum pmj_code
statement_back(struct hub *hub, struct returned *back, struct pmj_error *err)
{
	struct pmj_error no = {0};
	enum pmj_code rc;
	int64_t n;
	bool known, same = false;

	if (roster_read(&back->statement, json_obj(back->entry.json, "statement"),
	        ring_op_pk(hub->ring), &no) != PMJ_OK)
		return journal_event(hub->journal, "line_refused", "integrity",
		    "a statement came back that this hub's key did not sign", err);
	(void)json_unhex(back->statement.p, "device", back->device, sizeof(back->device));
	if (number_is_taken(hub, back, &same))
		return same ? revoke_goes_on(hub, back, err) : PMJ_OK;
	if ((rc = keep_line(hub, back, &n, &known, err)) != PMJ_OK || known ||
	    (rc = roster_keep(hub, &back->statement, n, err)) != PMJ_OK)
		return rc;
	return take_statement(hub, back, n, err);
}

/* ---- holds ---- */

/* Only with our word, or who wrote something could have it unsaid; and only of what the laptop that
 * gives it back wrote itself. One whose entry is not here again
 * yet is left: the entry is judged anew when it comes. */
static enum pmj_code
hold_back(struct hub *hub, struct returned *back, struct pmj_error *err)
{
	const char *reason = json_str(back->entry.json, "reason");
	struct entry_row row = {.n = 0};
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc = PMJ_OK;
	int64_t n;
	bool known;

	if (reason == NULL || !json_unhex(back->entry.json, "e", e, sizeof(e)) ||
	    !vouch_holds(hub->ring, back->line, back->len) ||
	    entries_find(hub->journal, &row, e, NULL) != PMJ_OK)
		return PMJ_OK;
	if (row.status == ENTRY_ADMITTED && !back_let_in(hub, e) &&
	    memcmp(row.entry.by, back->peer->device, PMJ_DEVICE_BYTES) == 0 &&
	    (rc = keep_line(hub, back, &n, &known, err)) == PMJ_OK && !known &&
	    (rc = hold_keep(hub, n, back->entry.e, row.n, reason, err)) == PMJ_OK)
		rc = entries_set_status(hub->journal, row.n, ENTRY_HELD, reason, err);
	entry_row_close(&row);
	return rc;
}

enum pmj_code
returned_line(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	const json_t *inside = json_object_get(line->entry->json, "line");
	struct returned back = {.peer = peer,
	    .outer = line,
	    .line = json_string_value(inside),
	    .len = json_string_length(inside)};
	struct pmj_error no = {0};
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc = PMJ_OK;

	if (back.line == NULL)
		return PMJ_OK;
	chain_entry(e, back.line, back.len);
	if (line_read(&back.entry, back.line, back.len, e, &no) != PMJ_OK)
		return journal_event(hub->journal, "line_refused", "invalid",
		    "what a laptop gave back is no line", err);
	if (!back.entry.control)
		rc = returned_entry(hub, peer, &back.entry, back.line, back.len,
		    json_str(line->entry->json, "name"), err);
	else if (photo_is(back.entry.kind, back.entry.has_rec))
		rc = photo_returned(hub, peer, line, &back.entry, back.line, back.len, err);
	else if (memcmp(back.entry.by, ring_device_id(hub->ring), PMJ_DEVICE_BYTES) != 0)
		rc = PMJ_OK;
	else if (strcmp(back.entry.kind, "ctl.roster") == 0)
		rc = statement_back(hub, &back, err);
	else if (strcmp(back.entry.kind, "ctl.cert") == 0)
		rc = renew_returned(hub, back.entry.json, err);
	else if (strcmp(back.entry.kind, "ctl.remotes") == 0)
		rc = lacks_moved(hub, &back.entry, err);
	else if (strcmp(back.entry.kind, "ctl.hold") == 0)
		rc = hold_back(hub, &back, err);
	else if (strcmp(back.entry.kind, "ctl.release") == 0)
		rc = returned_release(hub, &back.entry, back.line, back.len, err);
	roster_statement_close(&back.statement);
	entry_close(&back.entry);
	return rc;
}
