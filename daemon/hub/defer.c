/* defer.c - more than a day's share of one device (8.5): received, so that nothing is sent again,
 * but merged the next day or at the coordinator's word; never refused. What a broken or coerced
 * device pours out does not bury everybody else's work. What a suspended laptop sends waits here,
 * too, until it is known whether it came from its worker. */
#include <string.h>

#include "base/date.h"
#include "hub/hub_inner.h"

#define INTAKE_ENTRIES 20000
#define INTAKE_BYTES (64LL * 1024 * 1024)
#define AT_ONCE 64 /* devices whose deferred entries are looked for in one go */

/* Days of the hub's clock. One that jumps begins a new day, which lets more in, never less. */
static int64_t
today(const struct hub *hub)
{
	return os_now(hub->os) / DAY_MS;
}

void
hub_set_intake(struct hub *hub, int64_t entries)
{
	hub->intake_entries = entries;
}

static int64_t
intake_entries(const struct hub *hub)
{
	return hub->intake_entries > 0 ? hub->intake_entries : INTAKE_ENTRIES;
}

/* What has come of a device today; read once a transaction, then counted along. */
static enum pmj_code
read_intake(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT entries, bytes FROM pmj_intake WHERE device = ?1 AND day = ?2");
	struct hub_intake *intake = &hub->intake;
	int64_t day = today(hub);
	enum pmj_code rc;
	bool row;

	if (hub->intake_in == journal_transaction(hub->journal) && intake->day == day &&
	    memcmp(intake->device, device, PMJ_DEVICE_BYTES) == 0)
		return PMJ_OK;
	hub->intake_in = 0;
	if ((rc = sql_row(sql_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, day), &row, err)) !=
	    PMJ_OK)
		return rc;
	memcpy(intake->device, device, PMJ_DEVICE_BYTES);
	intake->day = day;
	intake->entries = row ? sql_col_int(q, 0) : 0;
	intake->bytes = row ? sql_col_int(q, 1) : 0;
	sql_done(q);
	hub->intake_in = journal_transaction(hub->journal);
	return PMJ_OK;
}

enum pmj_code
defer_full(struct hub *hub, bool *full, const uint8_t device[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	enum pmj_code rc = read_intake(hub, device, err);

	*full = rc != PMJ_OK || hub->intake.entries >= intake_entries(hub) ||
	        hub->intake.bytes >= INTAKE_BYTES;
	return rc;
}

enum pmj_code
defer_count(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], size_t bytes,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_intake(device, day, entries, bytes) VALUES(?1, ?2, ?3, ?4)"
	    " ON CONFLICT(device) DO UPDATE SET entries = ?3, bytes = ?4, day = ?2");
	enum pmj_code rc;

	if ((rc = read_intake(hub, device, err)) != PMJ_OK)
		return rc;
	hub->intake.entries++;
	hub->intake.bytes += (int64_t)bytes;
	(void)sql_int(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, hub->intake.day);
	(void)sql_int(sql_int(q, 3, hub->intake.entries), 4, hub->intake.bytes);
	return sql_run(q, err);
}

enum pmj_code
defer_entry(struct hub *hub, int64_t n, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "INSERT OR IGNORE INTO pmj_deferred(n, device, "
	                                      "mailbox, inc, seq) VALUES(?1, ?2, ?3, ?4, "
	                                      "?5)");

	(void)sql_int(q, 1, n);
	(void)sql_blob(q, 2, peer->device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 3, peer->mailbox, PMJ_MAILBOX_BYTES);
	(void)sql_blob(q, 4, line->incarnation, PMJ_INCARNATION_BYTES);
	return sql_run(sql_int(q, 5, (int64_t)line->seq), err);
}

enum pmj_code
defer_forget(struct hub *hub, int64_t n, struct pmj_error *err)
{
	return sql_run(
	    sql_int(sql_get(hub->journal, "DELETE FROM pmj_deferred WHERE n = ?1"), 1, n), err);
}

void
defer_tell(struct hub *hub, const struct sync_peer *peer, json_t *ack)
{
	json_t *lane;
	size_t at;

	json_array_foreach(json_arr(ack, "lanes"), at, lane)
	{
		struct sql *q = sql_get(hub->journal,
		    "SELECT min(seq) FROM pmj_deferred WHERE mailbox = ?1 AND inc = ?2");
		uint8_t inc[PMJ_INCARNATION_BYTES];
		bool row;

		if (!json_unhex(lane, "inc", inc, sizeof(inc)))
			continue;
		(void)sql_blob(q, 1, peer->mailbox, PMJ_MAILBOX_BYTES);
		(void)sql_blob(q, 2, inc, sizeof(inc));
		if (sql_row(q, &row, NULL) == PMJ_OK && row && !sql_col_null(q, 0))
			(void)json_object_set_new(
			    lane, "deferred", json_integer((json_int_t)sql_col_int(q, 0)));
		sql_done(q);
	}
}

/* The first deferred entry of a device that has room today, or of any when all may come. */
static enum pmj_code
next_deferred(struct hub *hub, bool all, int64_t *n, struct pmj_error *err)
{
	uint8_t devices[AT_ONCE][PMJ_DEVICE_BYTES];
	struct sql *q = sql_get(hub->journal, "SELECT DISTINCT device FROM pmj_deferred LIMIT 64");
	size_t count = 0;
	enum pmj_code rc;
	bool row, full;

	*n = 0;
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row && count < AT_ONCE)
		if (sql_col_copy(q, 0, devices[count], PMJ_DEVICE_BYTES))
			count++;
	sql_done(q);
	for (size_t i = 0; i < count && rc == PMJ_OK && *n == 0; i++) {
		if ((rc = defer_full(hub, &full, devices[i], err)) != PMJ_OK || (full && !all) ||
		    office_is_suspended(hub, devices[i]))
			continue;
		q = sql_get(hub->journal, "SELECT min(n) FROM pmj_deferred WHERE device = ?1");
		(void)sql_blob(q, 1, devices[i], PMJ_DEVICE_BYTES);
		if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
			*n = sql_col_int(q, 0);
		sql_done(q);
	}
	return rc;
}

/* One entry out of the waiting room: judged now, as if it came now; its lane's next ack says so. */
static enum pmj_code
take_one(struct hub *hub, int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "DELETE FROM pmj_deferred WHERE n = ?1 RETURNING device, mailbox");
	uint8_t device[PMJ_DEVICE_BYTES], mailbox[PMJ_MAILBOX_BYTES];
	bool row, settled;
	enum pmj_code rc;

	if ((rc = sql_row(sql_int(q, 1, n), &row, err)) != PMJ_OK)
		return rc;
	(void)sql_col_copy(q, 0, device, sizeof(device));
	(void)sql_col_copy(q, 1, mailbox, sizeof(mailbox));
	sql_done(q);
	if ((rc = defer_count(hub, device, 0, err)) != PMJ_OK ||
	    (rc = admit_again(hub, n, &settled, err)) != PMJ_OK)
		return rc;
	hub->waiting = true;
	return sync_ack_again(hub->sync, mailbox, err);
}

enum pmj_code
hub_deferred_step(struct hub *hub, bool all, int64_t until_ms, bool *more, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n = 0;

	*more = false;
	if ((rc = next_deferred(hub, all, &n, err)) != PMJ_OK || n == 0)
		return rc;
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	while (n != 0 && rc == PMJ_OK && hub->os->mono_ms(hub->os->ctx) < until_ms)
		if ((rc = take_one(hub, n, err)) == PMJ_OK)
			rc = next_deferred(hub, all, &n, err);
	if (rc == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	*more = rc == PMJ_OK && n != 0;
	return rc;
}
