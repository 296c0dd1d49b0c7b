/* share.c - who may have what: whole records, always with their whole admitted history, byte for
 * byte (5.2). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

/* Once per device and author: name, role and end date of who wrote what it is shown. */
static enum pmj_code
tell_author(struct hub *hub, const struct hub_device *device,
    const uint8_t author[PMJ_DEVICE_BYTES], bool urgent, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_told(mailbox, device) VALUES(?1, ?2) ON CONFLICT DO NOTHING");
	struct hub_device who;
	enum pmj_code rc;
	int64_t n;

	(void)sql_blob(q, 1, device->mailbox, PMJ_MAILBOX_BYTES);
	(void)sql_blob(q, 2, author, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(q, err)) != PMJ_OK || sql_changes(hub->journal) == 0)
		return rc;
	if (office_device(hub, &who, author, NULL) != PMJ_OK)
		return PMJ_OK;
	rc = decide_follow(hub, "ctl.roster",
	    json_pack("{s:{s:o,s:s,s:s}}", "who", "device", json_hex(author, PMJ_DEVICE_BYTES),
	        "name", who.name, "role", who.role),
	    &n, NULL, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, device->mailbox, n, urgent, err) : rc;
}

/* Everything admitted of one record that this device did not write itself (all: also what it wrote)
 * and was not sent. */
static enum pmj_code
share_to(struct hub *hub, const struct entry_row *rows, size_t count,
    const struct hub_device *device, bool all, bool urgent, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		const struct entry_row *row = &rows[i];

		if (row->line == NULL || row->status != ENTRY_ADMITTED)
			continue;
		if (!all && memcmp(row->entry.by, device->device, PMJ_DEVICE_BYTES) == 0)
			continue;
		if (sync_was_sent(hub->sync, device->mailbox, row->n))
			continue;
		rc = tell_author(hub, device, row->entry.by, urgent, err);
		if (rc == PMJ_OK)
			rc = sync_queue_forward(hub->sync, device->mailbox, row->n, urgent, err);
	}
	return rc;
}

/* The devices a record goes to: the team of every subject, or for the programme's own records all.
 */
static enum pmj_code
audience(struct hub *hub, struct hub_device **out, size_t *count, const struct kind *kind,
    const uint8_t rec[PMJ_RECORD_BYTES], struct pmj_error *err)
{
	uint8_t(*persons)[PMJ_RECORD_BYTES] = NULL;
	size_t person_count = 0;
	enum pmj_code rc;

	*out = NULL;
	*count = 0;
	if (kind != NULL && kind->scope == SCOPE_PROGRAMME)
		return office_devices(hub, out, count, err);
	if (kind == NULL || kind->scope != SCOPE_PERSON)
		return PMJ_OK;
	if ((rc = records_subjects(hub->journal, &persons, &person_count, rec, err)) == PMJ_OK)
		rc = office_team(hub, out, count, (const uint8_t(*)[PMJ_RECORD_BYTES])persons,
		    person_count, err);
	free(persons);
	return rc;
}

/* Is there anything in the record that one of the devices did not write itself? Most records are
 * their author's alone, and need not be read again for that. */
static enum pmj_code
others_wrote(struct hub *hub, bool *others, const uint8_t *rec, const struct hub_device *devices,
    size_t count, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	*others = false;
	for (size_t i = 0; i < count && rc == PMJ_OK && !*others; i++) {
		struct sql *q = sql_get(hub->journal,
		    "SELECT 1 FROM pmj_entry WHERE rec = ?1 AND status = 0 AND by <> ?2 LIMIT 1");

		(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
		rc = sql_row(sql_blob(q, 2, devices[i].device, PMJ_DEVICE_BYTES), others, err);
		sql_done(q);
	}
	return rc;
}

enum pmj_code
share_record(struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES], const struct kind *kind,
    bool urgent, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	struct entry_row *rows = NULL;
	size_t device_count = 0, count = 0;
	bool others = false;
	enum pmj_code rc;

	if ((rc = audience(hub, &devices, &device_count, kind, rec, err)) != PMJ_OK ||
	    (rc = others_wrote(hub, &others, rec, devices, device_count, err)) != PMJ_OK || !others)
		goto out;
	rc = entries_of_record(hub->journal, &rows, &count, rec, true, err);
	for (size_t i = 0; i < device_count && rc == PMJ_OK; i++)
		rc = share_to(hub, rows, count, &devices[i], false, urgent, err);
out:
	entry_rows_free(rows, count);
	free(devices);
	return rc;
}

/* Is the author the only one on the team of one of the record's persons, and did nobody else write
 * in the record? Most lines that come in are such, and then there is nobody to send it to. */
static enum pmj_code
is_authors_alone(struct hub *hub, bool *alone, const struct kind *kind, const struct entry *entry,
    struct pmj_error *err)
{
	struct sql *q;
	enum pmj_code rc;
	bool row;

	*alone = false;
	if (kind == NULL || kind->scope != SCOPE_PERSON)
		return PMJ_OK;
	q = sql_get(hub->journal,
	    "SELECT NOT EXISTS (SELECT 1 FROM pmj_entry WHERE rec = ?1 AND status = 0 AND by <> ?2)"
	    " AND EXISTS (SELECT 1 FROM pmj_subject s WHERE s.rec = ?1 AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_team t WHERE t.person = s.person AND t.to_ver IS NULL AND t.device"
	    " <> ?2))");
	(void)sql_blob(q, 1, entry->rec, PMJ_RECORD_BYTES);
	rc = sql_row(sql_blob(q, 2, entry->by, PMJ_DEVICE_BYTES), &row, err);
	*alone = rc == PMJ_OK && row && sql_col_int(q, 0) != 0;
	sql_done(q);
	return rc;
}

enum pmj_code
share_entry(
    struct hub *hub, const struct kind *kind, const struct entry *entry, struct pmj_error *err)
{
	enum pmj_code rc;
	bool alone;

	if ((rc = is_authors_alone(hub, &alone, kind, entry, err)) != PMJ_OK || alone)
		return rc;
	return share_record(
	    hub, entry->rec, kind, kind_is_urgent(kind, entry->verb, entry->set), err);
}

static enum pmj_code
share_one(struct hub *hub, const uint8_t rec[PMJ_RECORD_BYTES], const struct hub_device *device,
    bool all, struct pmj_error *err)
{
	struct entry_row *rows = NULL;
	size_t count = 0;
	enum pmj_code rc;

	rc = entries_of_record(hub->journal, &rows, &count, rec, true, err);
	if (rc == PMJ_OK)
		rc = share_to(hub, rows, count, device, all, false, err);
	entry_rows_free(rows, count);
	return rc;
}

/* Is the device in the record's audience now? */
static bool
may_have_record(
    struct hub *hub, const struct hub_device *device, const uint8_t rec[PMJ_RECORD_BYTES])
{
	struct entry_row *rows = NULL;
	struct hub_device *devices = NULL;
	size_t count = 0, device_count = 0;
	bool may = false;

	if (entries_of_record(hub->journal, &rows, &count, rec, true, NULL) == PMJ_OK &&
	    count > 0 &&
	    audience(hub, &devices, &device_count,
	        kinds_get(journal_kinds(hub->journal), rows[0].entry.kind), rec, NULL) == PMJ_OK) {
		for (size_t i = 0; i < device_count; i++)
			may =
			    may || memcmp(devices[i].device, device->device, PMJ_DEVICE_BYTES) == 0;
	}
	entry_rows_free(rows, count);
	free(devices);
	return may;
}

bool
share_may_have(struct hub *hub, const struct hub_device *device, int64_t n)
{
	struct entry_row row = {.n = 0};
	bool may;

	if (entries_get(hub->journal, &row, n, NULL) != PMJ_OK)
		return false;
	/* What it wrote itself it may always have back. */
	may = row.status == ENTRY_ADMITTED && row.line != NULL &&
	      (memcmp(row.entry.by, device->device, PMJ_DEVICE_BYTES) == 0 ||
	          may_have_record(hub, device, row.entry.rec));
	entry_row_close(&row);
	return may;
}

enum pmj_code
share_person(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	uint8_t(*records)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	enum pmj_code rc;

	rc = records_of_person(hub->journal, &records, &count, person, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (may_have_record(hub, device, records[i]))
			rc = share_one(hub, records[i], device, false, err);
	free(records);
	return rc;
}

enum pmj_code
share_programme(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	const struct kinds *kinds = journal_kinds(hub->journal);
	enum pmj_code rc = PMJ_OK;

	for (size_t k = 0; k < kinds->count && rc == PMJ_OK; k++) {
		struct sql *q;
		uint8_t(*records)[PMJ_RECORD_BYTES] = NULL;
		size_t count = 0;
		bool row;

		if (kinds->list[k]->scope != SCOPE_PROGRAMME)
			continue;
		q = sql_get(
		    hub->journal, "SELECT rec FROM pmj_record WHERE kind = ?1 ORDER BY rec");
		(void)sql_text(q, 1, kinds->list[k]->name);
		while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
			records = mem_grow(records, count + 1, sizeof(*records));
			(void)sql_col_copy(q, 0, records[count++], PMJ_RECORD_BYTES);
		}
		for (size_t i = 0; i < count && rc == PMJ_OK; i++)
			rc = share_one(hub, records[i], device, false, err);
		free(records);
	}
	return rc;
}

/* Standing holds on what this device wrote. */
static enum pmj_code
queue_holds(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT h.n FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held"
	    " WHERE h.released IS NULL AND x.by = ?1 ORDER BY h.n");
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

/* Statements about this device, in their order. */
static enum pmj_code
queue_statements(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT n FROM pmj_roster WHERE device = ?1 ORDER BY ver");
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

struct person_list {
	uint8_t (*at)[PMJ_RECORD_BYTES];
	size_t count;
};

static enum pmj_code
list_persons(struct person_list *out, struct sql *q, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row;

	out->at = NULL;
	out->count = 0;
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		out->at = mem_grow(out->at, out->count + 1, sizeof(*out->at));
		(void)sql_col_copy(q, 0, out->at[out->count++], PMJ_RECORD_BYTES);
	}
	return rc;
}

/* The lines a device wrote itself, in order: a restored copy may lack some. */
static enum pmj_code
queue_own(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "SELECT n FROM pmj_entry WHERE by = ?1 AND status = 0"
	                                      " AND line IS NOT NULL ORDER BY n");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		if ((rc = sync_queue_forward(
		         hub->sync, device->mailbox, sql_col_int(q, 0), false, err)) != PMJ_OK)
			break;
	sql_done(q);
	return rc;
}

enum pmj_code
share_everything(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct person_list gone = {.at = NULL}, shared = {.at = NULL};
	struct sql *q;
	enum pmj_code rc;
	int64_t n;

	if ((rc = queue_statements(hub, device, err)) != PMJ_OK ||
	    (rc = queue_holds(hub, device, err)) != PMJ_OK)
		goto out;
	q = sql_get(hub->journal,
	    "SELECT DISTINCT person FROM pmj_team t WHERE device = ?1 AND NOT EXISTS"
	    " (SELECT 1 FROM pmj_team u WHERE u.person = t.person AND u.device = ?1 AND u.to_ver "
	    "IS NULL)");
	if ((rc = list_persons(&gone, sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), err)) !=
	    PMJ_OK)
		goto out;
	for (size_t i = 0; i < gone.count; i++) {
		rc = decide_follow(hub, "ctl.withdraw",
		    json_pack("{s:o,s:s}", "record", json_hex(gone.at[i], PMJ_RECORD_BYTES),
		        "reason", "unassigned"),
		    &n, NULL, err);
		if (rc != PMJ_OK ||
		    (rc = sync_queue(hub->sync, device->mailbox, n, false, err)) != PMJ_OK)
			goto out;
	}
	if ((rc = queue_own(hub, device, err)) != PMJ_OK ||
	    (rc = share_programme(hub, device, err)) != PMJ_OK)
		goto out;
	q = sql_get(
	    hub->journal, "SELECT person FROM pmj_team WHERE device = ?1 AND to_ver IS NULL");
	if ((rc = list_persons(&shared, sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), err)) !=
	    PMJ_OK)
		goto out;
	for (size_t i = 0; i < shared.count && rc == PMJ_OK; i++)
		rc = share_person(hub, shared.at[i], device, err);
out:
	free(gone.at);
	free(shared.at);
	return rc;
}
