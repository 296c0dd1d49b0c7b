/* share_work.c - what one decision means for one device, when that may be long: a person's whole
 * history to be sent, or to be forgotten as sent; the programme's records; everything anew.
 *
 * The decision's transaction only notes it in pmj_share. It is done between requests, one after the
 * other in the order of the decisions, with how far it is in the same transaction as what it did;
 * so a crash anywhere costs nothing, and the next start goes on. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub_inner.h"
#include "sync/photo.h"

#define LINES_AT_ONCE 32   /* of a record, between two looks at the clock */
#define NUMBERS_AT_ONCE 64 /* of the journal, looked through for a device's own */

struct work {
	int64_t id;
	enum work_kind what;
	struct hub_device device;
	uint8_t person[PMJ_RECORD_BYTES];
	char *kind;
	int64_t at; /* WORK_KIND: when `rec` changed; of a person's records: the number of `rec` */
	uint8_t rec[PMJ_RECORD_BYTES]; /* of WORK_PEOPLE the person */
	bool begun;                    /* else there is no `rec` yet */
	int64_t n;                     /* entries of `rec` up to it are done */
	bool over;
	int64_t lines; /* done in this step */
};

/* ---- one record after the other ---- */

/* The person's own record first, then all others about it, by their numbers: only so does the index
 * of whom they are about give the next one by itself, and not all of 20,000 for each. */
static struct sql *
next_of_person(struct hub *hub, const struct work *work)
{
	struct sql *q;

	if (!work->begun) {
		q = sql_get(hub->journal, "SELECT ?1, 0");
		return sql_blob(q, 1, work->person, PMJ_RECORD_BYTES);
	}
	q = sql_get(hub->journal,
	    "SELECT r.rec, s._num FROM pmj_subject s CROSS JOIN pmj_record r ON r.num ="
	    " s._num WHERE s.person = ?1 AND s._num > ?2"
	    " AND r.rec <> ?1 ORDER BY s._num LIMIT 1");
	(void)sql_blob(q, 1, work->person, PMJ_RECORD_BYTES);
	return sql_int(q, 2, work->at);
}

/* In the order of their last change: one that changes meanwhile is met again, or sent for that. */
static struct sql *
next_of_kind(struct hub *hub, const struct work *work)
{
	struct sql *q = sql_get(hub->journal, "SELECT rec, changed_pt FROM pmj_record WHERE kind = "
	                                      "pmj_short(?1) AND (changed_pt, rec) > (?2, ?3)"
	                                      " ORDER BY changed_pt, rec LIMIT 1");

	(void)sql_int(sql_text(q, 1, work->kind), 2, work->at);
	return sql_blob(q, 3, work->rec, work->begun ? PMJ_RECORD_BYTES : 0);
}

static enum pmj_code
next_record(struct hub *hub, struct work *work, struct pmj_error *err)
{
	struct sql *q =
	    work->what == WORK_KIND ? next_of_kind(hub, work) : next_of_person(hub, work);
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(q, &row, err)) != PMJ_OK)
		return rc;
	work->over = !row;
	if (row) {
		(void)sql_col_copy(q, 0, work->rec, sizeof(work->rec));
		work->at = sql_col_int(q, 1);
		work->begun = true;
		work->n = 0;
	}
	sql_done(q);
	if (row && work->what != WORK_FORGET &&
	    !share_may_have_record(hub, &work->device, work->rec))
		work->n = WORK_RECORD_DONE;
	return PMJ_OK;
}

static enum pmj_code
some_of_record(struct hub *hub, struct work *work, struct pmj_error *err)
{
	struct share_lines lines;
	enum pmj_code rc;

	if (work->n == WORK_RECORD_DONE)
		return next_record(hub, work, err);
	rc = share_lines(hub, &lines, work->rec, work->n, LINES_AT_ONCE, err);
	if (rc == PMJ_OK && work->what != WORK_FORGET)
		rc = share_to(hub, &lines, &work->device, false, err);
	for (size_t i = 0; work->what == WORK_FORGET && i < lines.count && rc == PMJ_OK; i++)
		rc = sync_forget_sent(hub->sync, work->device.mailbox, lines.at[i].n, err);
	if (rc == PMJ_OK && lines.count < LINES_AT_ONCE)
		rc = work->what == WORK_FORGET
		         ? photo_forget_sent(hub, work->rec, &work->device, err)
		         : photo_share(hub, work->rec, &work->device, err);
	work->n = lines.count < LINES_AT_ONCE ? WORK_RECORD_DONE : lines.at[lines.count - 1].n;
	work->lines += (int64_t)lines.count;
	free(lines.at);
	return rc;
}

/* ---- the others ---- */

/* Photos of papers that it sent, as far as they are whole here. */
static enum pmj_code
some_own_photos(struct hub *hub, const struct work *work, int64_t until, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT n FROM pmj_photo WHERE n > ?2 AND n <= ?3 AND"
	                                      " by = ?1 AND whole = 1 ORDER BY n");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, work->device.device, PMJ_DEVICE_BYTES);
	(void)sql_int(sql_int(q, 2, work->n), 3, until);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		if ((rc = photo_queue(
		         hub->sync, work->device.mailbox, sql_col_int(q, 0), true, err)) != PMJ_OK)
			break;
	sql_done(q);
	return rc;
}

static enum pmj_code
some_own(struct hub *hub, struct work *work, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT n FROM pmj_entry WHERE n > ?2 AND n <= ?3 AND by = pmj_short(?1) AND status = 0"
	    " AND line IS NOT NULL ORDER BY n");
	int64_t until = work->n + NUMBERS_AT_ONCE;
	uint8_t j[PRIM_HASH_BYTES];
	uint64_t count;
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, work->device.device, PMJ_DEVICE_BYTES);
	(void)sql_int(sql_int(q, 2, work->n), 3, until);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		work->lines++;
		if ((rc = sync_queue_forward(
		         hub->sync, work->device.mailbox, sql_col_int(q, 0), false, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	if (rc == PMJ_OK)
		rc = some_own_photos(hub, work, until, err);
	journal_head(hub->journal, &count, j);
	work->n = until;
	work->over = until >= (int64_t)count;
	return rc;
}

/* Statements after number n, in their order. */
static enum pmj_code
some_roster(struct hub *hub, struct work *work, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT ver, n FROM pmj_roster WHERE ver > ?1 ORDER BY ver LIMIT ?2");
	enum pmj_code rc;
	bool row;

	(void)sql_int(sql_int(q, 1, work->n), 2, LINES_AT_ONCE);
	work->over = true;
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		work->n = sql_col_int(q, 0);
		work->over = false;
		work->lines++;
		if ((rc = sync_queue(
		         hub->sync, work->device.mailbox, sql_col_int(q, 1), false, err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	return rc;
}

static enum pmj_code
withdraw_again(struct hub *hub, const struct work *work, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n;

	rc = decide_follow(hub, "ctl.withdraw",
	    json_pack("{s:o,s:s}", "record", json_hex(work->rec, PMJ_RECORD_BYTES), "reason",
	        "unassigned"),
	    &n, NULL, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, work->device.mailbox, n, false, err) : rc;
}

/* The next person it ever had: withdrawn once more, or all of it to be sent. */
static enum pmj_code
one_of_people(struct hub *hub, struct work *work, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT person, max(to_ver IS NULL) FROM pmj_team WHERE device = ?1 AND person > ?2"
	    " GROUP BY person ORDER BY person LIMIT 1");
	enum pmj_code rc;
	bool row, on = false;

	(void)sql_blob(q, 1, work->device.device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, work->rec, work->begun ? PMJ_RECORD_BYTES : 0);
	if ((rc = sql_row(q, &row, err)) != PMJ_OK)
		return rc;
	work->over = !row;
	if (row) {
		(void)sql_col_copy(q, 0, work->rec, sizeof(work->rec));
		work->begun = true;
		on = sql_col_int(q, 1) != 0;
	}
	sql_done(q);
	work->lines++;
	if (!row)
		return PMJ_OK;
	return on ? share_person(hub, work->rec, &work->device, err)
	          : withdraw_again(hub, work, err);
}

/* ---- steps ---- */

/* The first of all; *found false: nothing is left. */
static enum pmj_code
read_first(struct hub *hub, struct work *work, bool *found, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT id, work, device, person, kind, at, rec, n"
	                                      " FROM pmj_share ORDER BY id LIMIT 1");
	uint8_t device[PMJ_DEVICE_BYTES];
	enum pmj_code rc;

	memset(work, 0, sizeof(*work));
	if ((rc = sql_row(q, found, err)) != PMJ_OK || !*found)
		return rc;
	work->id = sql_col_int(q, 0);
	work->what = (enum work_kind)sql_col_int(q, 1);
	(void)sql_col_copy(q, 2, device, sizeof(device));
	(void)sql_col_copy(q, 3, work->person, sizeof(work->person));
	work->kind = mem_strdup(sql_col_text(q, 4) != NULL ? sql_col_text(q, 4) : "");
	work->at = sql_col_int(q, 5);
	work->begun = sql_col_copy(q, 6, work->rec, sizeof(work->rec));
	work->n = sql_col_int(q, 7);
	sql_done(q);
	rc = office_device(hub, &work->device, device, err);
	work->over = rc == PMJ_NOT_FOUND || !work->device.has_mailbox ||
	             strcmp(work->device.state, "live") != 0;
	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
}

static enum pmj_code
keep(struct hub *hub, const struct work *work, struct pmj_error *err)
{
	struct sql *q;

	if (work->over)
		return sql_run(sql_int(sql_get(hub->journal, "DELETE FROM pmj_share WHERE id = ?1"),
		                   1, work->id),
		    err);
	q = sql_get(hub->journal, "UPDATE pmj_share SET at = ?2, rec = ?3, n = ?4 WHERE id = ?1");
	(void)sql_int(sql_int(q, 1, work->id), 2, work->at);
	(void)sql_blob(q, 3, work->begun ? work->rec : NULL, PMJ_RECORD_BYTES);
	return sql_run(sql_int(q, 4, work->n), err);
}

static enum pmj_code
do_some(struct hub *hub, struct work *work, struct pmj_error *err)
{
	switch (work->what) {
	case WORK_FORGET:
	case WORK_PERSON:
	case WORK_KIND:
		return some_of_record(hub, work, err);
	case WORK_OWN:
		return some_own(hub, work, err);
	case WORK_PEOPLE:
		return one_of_people(hub, work, err);
	case WORK_ROSTER:
		return some_roster(hub, work, err);
	}
	work->over = true; /* of a newer program */
	return PMJ_OK;
}

/* Inside the transaction; *found false: there was nothing. */
static enum pmj_code
first_until(struct hub *hub, int64_t until_ms, bool *found, struct pmj_error *err)
{
	struct work work;
	enum pmj_code rc;

	if ((rc = read_first(hub, &work, found, err)) == PMJ_OK && *found) {
		while (!work.over && rc == PMJ_OK) {
			rc = do_some(hub, &work, err);
			if (hub->os->mono_ms(hub->os->ctx) >= until_ms)
				break;
		}
		hub->share_pending += work.lines + 1;
		if (rc == PMJ_OK)
			rc = keep(hub, &work, err);
	}
	free(work.kind);
	return rc;
}

/* What was done is made durable in a step of its own, for that has a sync to wait for. */
static enum pmj_code
commit(struct hub *hub, struct pmj_error *err)
{
	int64_t began_ms = hub->os->mono_ms(hub->os->ctx), lines = hub->share_pending;
	enum pmj_code rc;

	hub->share_pending = 0;
	if ((rc = journal_settle(hub->journal, err)) == PMJ_OK)
		pace_learn(&hub->share_pace, lines, hub->os->mono_ms(hub->os->ctx) - began_ms);
	return rc;
}

static enum pmj_code
some_until(struct hub *hub, int64_t until_ms, struct pmj_error *err)
{
	bool found = false;
	enum pmj_code rc;

	if ((rc = journal_begin_more(hub->journal, err)) != PMJ_OK)
		return rc;
	do
		rc = first_until(hub, until_ms, &found, err);
	while (rc == PMJ_OK && found && hub->os->mono_ms(hub->os->ctx) < until_ms);
	if (rc == PMJ_OK)
		(void)journal_rest(hub->journal);
	else
		journal_rollback(hub->journal);
	return rc;
}

static enum pmj_code
anything_left(struct hub *hub, bool *left, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT 1 FROM pmj_share LIMIT 1");
	enum pmj_code rc = sql_row(q, left, err);

	sql_done(q);
	return rc;
}

/* A transaction that rests takes this in, and another's commit makes it durable: where that is
 * lost, the rows of pmj_share are as they were, and it is done again. */
enum pmj_code
hub_share_step(struct hub *hub, int64_t until_ms, bool *more, struct pmj_error *err)
{
	bool left = false;
	enum pmj_code rc;

	*more = hub->sharing;
	if (!hub->sharing)
		return PMJ_OK;
	/* Lines of a big segment that was just sealed leave the queue first: whoever forgets that
	 * they were sent would else take them off it all at once. */
	if (hub->share_pending == 0 &&
	    ((rc = sync_number_step(hub->sync, &left, err)) != PMJ_OK || left))
		return rc;
	if ((rc = anything_left(hub, &left, err)) == PMJ_OK) {
		if (left && hub->share_pending < hub->share_pace.amount) {
			rc = some_until(hub, until_ms, err);
		} else {
			*more = left || hub->share_pending > 0;
			hub->sharing = left;
			if (hub->share_pending > 0)
				rc = commit(hub, err);
		}
	}
	if (rc != PMJ_OK)
		*more = hub->sharing = false;
	return rc;
}

void
hub_share_again(struct hub *hub)
{
	hub->sharing = true;
}
