/* leave.c - a laptop that is lost, stolen or given back: suspended for a while, or taken off the
 * roster (10.3), and its people handed to another laptop. */
#include <stdlib.h>
#include <string.h>

#include "hub/hub_inner.h"

#define WITNESSES 8      /* other laptops that keep such a statement, the last heard first */
#define PEOPLE_AT_ONCE 8 /* of hub_replace: each is two statements */

/* The number of the last statement of this sort about the device; false: there is none. */
static bool
statement_of(
    struct hub *hub, const char *op, const uint8_t device[static PMJ_DEVICE_BYTES], int64_t *n)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT n FROM pmj_roster WHERE op = ?2 AND device = ?1 ORDER BY ver DESC LIMIT 1");
	bool row = false;

	(void)sql_text(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, op);
	if (sql_row(q, &row, NULL) != PMJ_OK)
		row = false;
	if (row)
		*n = sql_col_int(q, 0);
	sql_done(q);
	return row;
}

/* A laptop that was suspended and then revoked is off since the first of the two. */
int64_t
leave_since(struct hub *hub, const struct hub_device *device)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT min(n) FROM pmj_roster WHERE device = ?1 AND op IN ('suspend', 'revoke') AND"
	    " ver > coalesce((SELECT max(ver) FROM pmj_roster WHERE device = ?1 AND op = 'resume'),"
	    " -1)");

	return sql_first_int(sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), 0);
}

bool
leave_is_told(struct hub *hub, const struct hub_device *device)
{
	int64_t n;

	return statement_of(hub, "revoke", device->device, &n) &&
	       !sync_is_queued(hub->sync, device->mailbox, n);
}

bool
leave_was_read(struct hub *hub, const struct hub_device *device)
{
	int64_t n;

	return statement_of(hub, "revoke", device->device, &n) &&
	       sync_was_read(hub->sync, device->mailbox, n);
}

enum pmj_code
leave_say_again(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	bool revoked = strcmp(device->state, "revoked") == 0;
	int64_t n;

	if (!statement_of(hub, revoked ? "revoke" : "suspend", device->device, &n))
		return PMJ_OK;
	return sync_tell_again(hub->sync, device->mailbox, n, err);
}

enum pmj_code
leave_drop(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "UPDATE pmj_device SET state = 'revoked' WHERE device = ?1");
	enum pmj_code rc;

	if ((rc = sql_run(sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), err)) != PMJ_OK)
		return rc;
	q = sql_get(hub->journal, "DELETE FROM pmj_share WHERE device = ?1");
	if ((rc = sql_run(sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), err)) != PMJ_OK)
		return rc;
	return sync_drop_queue(hub->sync, device->mailbox, err);
}

/* A hub that is restored from an older backup believes in the laptop again. So some of the others
 * keep the statement, which names a device and nothing else: whichever comes first gives it back.
 */
static enum pmj_code
tell_witnesses(struct hub *hub, const struct hub_device *device, int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.mailbox FROM pmj_device d LEFT JOIN pmj_heard h ON h.device = d.device"
	    " WHERE d.mailbox IS NOT NULL AND d.state = 'live' AND d.device <> ?1"
	    " ORDER BY h.came_ms DESC, d.device LIMIT ?2");
	uint8_t mailboxes[WITNESSES][PMJ_MAILBOX_BYTES];
	size_t count = 0;
	enum pmj_code rc;
	bool row;

	(void)sql_int(sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), 2, WITNESSES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row && count < WITNESSES)
		if (sql_col_copy(q, 0, mailboxes[count], PMJ_MAILBOX_BYTES))
			count++;
	sql_done(q);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = sync_queue(hub->sync, mailboxes[i], n, false, err);
	return rc;
}

static enum pmj_code
revoke_inside(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	uint8_t incarnation[PMJ_INCARNATION_BYTES];
	int64_t seq, n, ver;
	enum pmj_code rc;

	if ((rc = sync_last_read(hub->sync, device->mailbox, incarnation, &seq, err)) != PMJ_OK ||
	    (rc = leave_drop(hub, device, err)) != PMJ_OK)
		return rc;
	rc = decide_statement(hub,
	    json_pack("{s:s,s:o,s:o,s:I}", "op", "revoke", "device",
	        json_hex(device->device, PMJ_DEVICE_BYTES), "inc",
	        json_hex(incarnation, sizeof(incarnation)), "seq", (json_int_t)seq),
	    &n, &ver, err);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, device->mailbox, n, true, err);
	if (rc == PMJ_OK)
		rc = tell_witnesses(hub, device, n, err);
	return rc == PMJ_OK ? journal_event(hub->journal, "revoked", "ok",
	                          "a laptop was taken off the roster", err)
	                    : rc;
}

enum pmj_code
hub_revoke(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct hub_device who;
	enum pmj_code rc;

	if ((rc = office_device(hub, &who, device, err)) != PMJ_OK)
		return rc;
	if (!who.has_mailbox)
		return pmj_fail(err, PMJ_REFUSED, "the hub itself cannot be revoked");
	if (strcmp(who.state, "revoked") == 0)
		return PMJ_OK; /* asking twice is no error */
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(hub, revoke_inside(hub, &who, err), err);
}

/* And what was dropped from its queue. */
enum pmj_code
leave_share_again(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT person FROM pmj_team WHERE device = ?1 AND to_ver IS NULL AND person > ?2"
	    " ORDER BY person LIMIT 1");
	uint8_t person[PMJ_RECORD_BYTES] = {0};
	enum pmj_code rc;
	bool row;

	do {
		(void)sql_blob(
		    sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), 2, person, PMJ_RECORD_BYTES);
		if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
			(void)sql_col_copy(q, 0, person, PMJ_RECORD_BYTES);
		sql_done(q);
		if (rc == PMJ_OK && row)
			rc = share_person(hub, person, device, err);
	} while (rc == PMJ_OK && row);
	return rc == PMJ_OK ? share_programme(hub, device, err) : rc;
}

static enum pmj_code
suspend_inside(struct hub *hub, const struct hub_device *device, bool end, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "UPDATE pmj_device SET state = ?2 WHERE device = ?1");
	enum pmj_code rc;
	int64_t n, ver;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_text(q, 2, end ? "live" : "suspended"), err)) != PMJ_OK)
		return rc;
	rc = decide_statement(hub,
	    json_pack("{s:s,s:o,s:s*}", "op", end ? "resume" : "suspend", "device",
	        json_hex(device->device, PMJ_DEVICE_BYTES), "until",
	        end && device->until[0] != '\0' ? device->until : NULL),
	    &n, &ver, err);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, device->mailbox, n, true, err);
	if (rc == PMJ_OK)
		rc = tell_witnesses(hub, device, n, err);
	if (rc == PMJ_OK && end)
		rc = leave_share_again(hub, device, err);
	return rc == PMJ_OK
	           ? journal_event(hub->journal, end ? "resumed" : "suspended", "ok",
	                 end ? "a laptop's suspension ended" : "a laptop was suspended", err)
	           : rc;
}

enum pmj_code
hub_suspend(
    struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], bool end, struct pmj_error *err)
{
	struct hub_device who;
	enum pmj_code rc;

	if ((rc = office_device(hub, &who, device, err)) != PMJ_OK)
		return rc;
	if (!who.has_mailbox || strcmp(who.state, "revoked") == 0)
		return pmj_fail(
		    err, PMJ_REFUSED, "only a worker's laptop on the roster is suspended");
	if (strcmp(who.state, end ? "live" : "suspended") == 0)
		return PMJ_OK; /* asking twice is no error */
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	hub->waiting = hub->sharing = true;
	return decide_end(hub, suspend_inside(hub, &who, end, err), err);
}

/* The day here, as a coordinator reads it. */
void
leave_today(const struct hub *hub, char out[static 11])
{
	int64_t now = os_now(hub->os);
	char stamp[17];

	(void)date_stamp(stamp, now, hub->os->offset_minutes(hub->os->ctx, now));
	stamp[10] = '\0';
	memcpy(out, stamp, 11);
}

enum pmj_code
hub_ended_due(struct hub *hub, struct pmj_error *err)
{
	uint8_t device[PMJ_DEVICE_BYTES];
	enum pmj_code rc = PMJ_OK;
	bool row = true;
	char today[11];

	leave_today(hub, today);
	while (rc == PMJ_OK && row) {
		struct sql *q = sql_get(hub->journal,
		    "SELECT device FROM pmj_device WHERE state = 'live' AND mailbox IS NOT NULL AND"
		    " until < ?1 LIMIT 1");

		if ((rc = sql_row(sql_text(q, 1, today), &row, err)) == PMJ_OK && row)
			row = sql_col_copy(q, 0, device, sizeof(device));
		sql_done(q);
		if (rc == PMJ_OK && row)
			rc = hub_suspend(hub, device, false, err);
	}
	return rc;
}

enum pmj_code
hub_extend(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], const char *until,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "UPDATE pmj_device SET until = ?2 WHERE device = ?1");
	struct hub_device who;
	enum pmj_code rc;
	char today[11];

	leave_today(hub, today);
	if ((rc = office_device(hub, &who, device, err)) != PMJ_OK)
		return rc;
	if (until != NULL && (!date_is_day(until) || strcmp(until, today) < 0))
		return pmj_fail(err, PMJ_INVALID, "%.20s is no day to come", until);
	if (until == NULL && who.until[0] != '\0' && strcmp(who.until, today) < 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "%.60s was with us until %s", who.name, who.until);
		pmj_hint(err, "say until when now: pamoja hub suspend \"%.40s\" --end --until DATE",
		    who.name);
		return rc;
	}
	if (until == NULL)
		return PMJ_OK;
	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(hub, sql_run(sql_text(q, 2, until), err), err);
}

int64_t
hub_people_of(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES])
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT count(*) FROM pmj_team WHERE device = ?1 AND to_ver IS NULL");

	return sql_first_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 0);
}

/* Up to PEOPLE_AT_ONCE persons of the device, in the order of their ids. */
static enum pmj_code
some_people(struct hub *hub, const uint8_t *device, uint8_t (*out)[PMJ_RECORD_BYTES], size_t *count,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT person FROM pmj_team WHERE device = ?1 AND "
	                                      "to_ver IS NULL ORDER BY person LIMIT ?2");
	enum pmj_code rc;
	bool row;

	*count = 0;
	(void)sql_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, PEOPLE_AT_ONCE);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row && *count < PEOPLE_AT_ONCE)
		if (sql_col_copy(q, 0, out[*count], PMJ_RECORD_BYTES))
			(*count)++;
	sql_done(q);
	return rc;
}

static enum pmj_code
replace_inside(
    struct hub *hub, const uint8_t *from, const uint8_t *to, size_t *count, struct pmj_error *err)
{
	uint8_t people[PEOPLE_AT_ONCE][PMJ_RECORD_BYTES];
	enum pmj_code rc = some_people(hub, from, people, count, err);

	for (size_t i = 0; i < *count && rc == PMJ_OK; i++)
		rc = team_hand_over(hub, people[i], from, to, err);
	return rc;
}

enum pmj_code
leave_pair(struct hub *hub, struct hub_device *old, struct hub_device *new,
    const uint8_t from[static PMJ_DEVICE_BYTES], const uint8_t to[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = office_device(hub, old, from, err)) != PMJ_OK ||
	    (rc = office_device(hub, new, to, err)) != PMJ_OK)
		return rc;
	if (strcmp(old->state, "revoked") != 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "%s's laptop is still on the roster", old->name);
		pmj_hint(err, "take it off first: pamoja hub revoke \"%s\"", old->name);
		return rc;
	}
	if (!new->has_mailbox || strcmp(new->state, "live") != 0)
		return pmj_fail(err, PMJ_REFUSED, "%s has no laptop on the roster", new->name);
	return PMJ_OK;
}

enum pmj_code
hub_replace(struct hub *hub, const uint8_t from[static PMJ_DEVICE_BYTES],
    const uint8_t to[static PMJ_DEVICE_BYTES], int64_t *moved, int64_t *left, struct pmj_error *err)
{
	struct hub_device old, new;
	size_t count = 0;
	enum pmj_code rc;

	*moved = *left = 0;
	if ((rc = leave_pair(hub, &old, &new, from, to, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK ||
	    (rc = decide_end(hub, replace_inside(hub, from, to, &count, err), err)) != PMJ_OK)
		return rc;
	hub->waiting = true;
	*moved = (int64_t)count;
	*left = hub_people_of(hub, from);
	return PMJ_OK;
}
