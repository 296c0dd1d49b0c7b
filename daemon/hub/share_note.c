/* share_note.c - what one decision means for one device, noted in the decision's transaction for
 * share_work.c. */
#include <string.h>

#include "hub/hub_inner.h"

static enum pmj_code
note(struct hub *hub, const struct hub_device *device, enum work_kind what, const uint8_t *person,
    const char *kind, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_share(device, work, person, kind, ver, at, rec, n)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)");
	int64_t version = hub_roster_version(hub);

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	(void)sql_int(q, 2, what);
	(void)sql_blob(q, 3, person, PMJ_RECORD_BYTES);
	(void)sql_text(q, 4, kind);
	(void)sql_int(sql_int(q, 5, version), 6, INT64_MIN);
	hub->sharing = true;
	return sql_run(
	    sql_int(q, 7, what == WORK_OWN || what == WORK_ROSTER ? 0 : WORK_RECORD_DONE), err);
}

enum pmj_code
share_person(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	return note(hub, device, WORK_PERSON, person, NULL, err);
}

/* What was still to be sent of the person is not sent any more. */
enum pmj_code
share_forget(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "DELETE FROM pmj_share WHERE device = ?1 AND work = ?2 AND person = ?3");
	enum pmj_code rc;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	(void)sql_int(q, 2, WORK_PERSON);
	if ((rc = sql_run(sql_blob(q, 3, person, PMJ_RECORD_BYTES), err)) != PMJ_OK)
		return rc;
	return note(hub, device, WORK_FORGET, person, NULL, err);
}

enum pmj_code
share_files(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(hub->journal);
	enum pmj_code rc = PMJ_OK;

	for (size_t k = 0; k < kinds->count && rc == PMJ_OK; k++)
		if (file_is(kinds->list[k]))
			rc = note(hub, device, WORK_KIND, NULL, kinds->list[k]->name, err);
	return rc;
}

enum pmj_code
share_programme(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(hub->journal);
	enum pmj_code rc = publish_tell(hub, device, err);

	for (size_t k = 0; k < kinds->count && rc == PMJ_OK; k++)
		if (kinds->list[k]->scope == SCOPE_PROGRAMME)
			rc = note(hub, device, WORK_KIND, NULL, kinds->list[k]->name, err);
	return rc == PMJ_OK ? share_files(hub, device, err) : rc;
}

/* Lines of one query's numbers, to be sent to the device. */
static enum pmj_code
queue_numbers(
    struct hub *hub, const struct hub_device *device, struct sql *q, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		if ((rc = sync_queue(hub->sync, device->mailbox, sql_col_int(q, 0), false, err)) !=
		    PMJ_OK)
			break;
	sql_done(q);
	return rc;
}

enum pmj_code
share_roster(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	enum pmj_code rc;

	if (!office_is_office(device->role))
		return PMJ_OK;
	rc = queue_numbers(hub, device,
	    sql_get(
	        hub->journal, "SELECT n FROM pmj_pending WHERE state = 0 AND ?1 <> '' ORDER BY n"),
	    err);
	return rc == PMJ_OK ? note(hub, device, WORK_ROSTER, NULL, NULL, err) : rc;
}

enum pmj_code
share_everything(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	/* Who wrote what it is shown: it may lack the names that were told after its backup. */
	struct sql *told = sql_get(hub->journal, "DELETE FROM pmj_told WHERE mailbox = ?1");
	enum pmj_code rc = sql_run(sql_blob(told, 1, device->mailbox, PMJ_MAILBOX_BYTES), err);

	if (rc == PMJ_OK)
		rc = renew_tell(hub, device, err);
	if (rc == PMJ_OK)
		rc = reach_tell(hub, device, err);

	/* Who was erased, and the end: it may be out of a backup from before that. */
	if (rc == PMJ_OK)
		rc = queue_numbers(hub, device,
		    sql_get(hub->journal,
		        "SELECT n FROM pmj_roster WHERE op IN ('erase', 'end') AND ?1 <> ''"
		        " ORDER BY ver"),
		    err);
	/* Statements about this device in their order, standing holds on what it wrote. */
	if (rc == PMJ_OK)
		rc = queue_numbers(hub, device,
		    sql_get(
		        hub->journal, "SELECT n FROM pmj_roster WHERE device = ?1 ORDER BY ver"),
		    err);
	if (rc == PMJ_OK)
		rc = queue_numbers(hub, device,
		    sql_get(hub->journal,
		        "SELECT h.n FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held"
		        " WHERE h.released IS NULL AND x.by = pmj_short(?1) ORDER BY h.n"),
		    err);
	if (rc == PMJ_OK)
		rc = share_roster(hub, device, err);
	if (rc == PMJ_OK)
		rc = note(hub, device, WORK_PEOPLE, NULL, NULL, err);
	if (rc == PMJ_OK)
		rc = note(hub, device, WORK_OWN, NULL, NULL, err);
	return rc == PMJ_OK ? share_programme(hub, device, err) : rc;
}
