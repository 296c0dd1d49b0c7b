/* share.c - who may have what: whole records, always with their whole admitted history, byte for
 * byte (5.2). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub_inner.h"
#include "log/photo.h"

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
	    json_pack("{s:{s:o,s:s,s:s,s:s*}}", "who", "device", json_hex(author, PMJ_DEVICE_BYTES),
	        "name", who.name, "role", who.role, "until",
	        who.until[0] != '\0' ? who.until : NULL),
	    &n, NULL, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, device->mailbox, n, urgent, err) : rc;
}

enum pmj_code
share_lines(struct hub *hub, struct share_lines *out, const uint8_t rec[static PMJ_RECORD_BYTES],
    int64_t after, int64_t most, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT n, pmj_long(by) FROM pmj_entry WHERE rec = ?1 AND n > ?2 AND status = 0"
	    " AND line IS NOT NULL ORDER BY n LIMIT ?3");
	enum pmj_code rc;
	bool row;

	out->at = NULL;
	out->count = 0;
	(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
	(void)sql_int(sql_int(q, 2, after), 3, most);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		struct share_line *line;

		if (out->count % 64 == 0)
			out->at = mem_grow(out->at, out->count + 64, sizeof(*out->at));
		line = &out->at[out->count++];
		line->n = sql_col_int(q, 0);
		(void)sql_col_copy(q, 1, line->by, sizeof(line->by));
	}
	return rc;
}

enum pmj_code
share_to(struct hub *hub, const struct share_lines *lines, const struct hub_device *device,
    bool urgent, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < lines->count && rc == PMJ_OK; i++) {
		const struct share_line *line = &lines->at[i];

		if (memcmp(line->by, device->device, PMJ_DEVICE_BYTES) == 0 ||
		    sync_was_sent(hub->sync, device->mailbox, line->n))
			continue;
		rc = tell_author(hub, device, line->by, urgent, err);
		if (rc == PMJ_OK)
			rc = sync_queue_forward(hub->sync, device->mailbox, line->n, urgent, err);
	}
	return rc;
}

/* The devices a record goes to: the team of every subject, or for the programme's own records all,
 * for the office's who made it. */
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
	if (file_is(kind))
		return file_audience(hub, out, count, kind, rec, err);
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
		struct sql *q =
		    sql_get(hub->journal, "SELECT 1 FROM pmj_entry WHERE rec = ?1 AND status = 0 "
		                          "AND by IS NOT pmj_short(?2) LIMIT 1");

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
	struct share_lines lines = {.at = NULL};
	size_t device_count = 0;
	bool others = false;
	enum pmj_code rc;

	if ((rc = audience(hub, &devices, &device_count, kind, rec, err)) != PMJ_OK ||
	    (rc = others_wrote(hub, &others, rec, devices, device_count, err)) != PMJ_OK || !others)
		goto out;
	rc = share_lines(hub, &lines, rec, 0, INT64_MAX, err);
	for (size_t i = 0; i < device_count && rc == PMJ_OK; i++)
		rc = share_to(hub, &lines, &devices[i], urgent, err);
	if (rc == PMJ_OK && kind != NULL && kind_field(kind, PHOTO_FIELD) != NULL)
		rc = photo_share(hub, rec, NULL, err);
out:
	free(lines.at);
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
	    "SELECT NOT EXISTS (SELECT 1 FROM pmj_entry WHERE rec = ?1 AND status = 0 AND by IS "
	    "NOT pmj_short(?2))"
	    " AND EXISTS (SELECT 1 FROM pmj_subject s WHERE s._num = (SELECT num FROM pmj_record "
	    "WHERE rec"
	    " = ?1) AND NOT EXISTS"
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

/* The kind its first admitted entry gave it; NULL: it has none, or one not declared here. */
static const struct kind *
kind_of(struct hub *hub, const uint8_t rec[PMJ_RECORD_BYTES])
{
	struct sql *q = sql_get(hub->journal, "SELECT pmj_long(kind) FROM pmj_entry WHERE rec = ?1 "
	                                      "AND status = 0 ORDER BY n LIMIT 1");
	const struct kind *kind = NULL;
	bool row;

	(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
	if (sql_row(q, &row, NULL) == PMJ_OK && row)
		kind = kinds_get(journal_kinds(hub->journal), sql_col_text(q, 0));
	sql_done(q);
	return kind;
}

enum pmj_code
share_audience(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	return audience(hub, out, count, kind_of(hub, rec), rec, err);
}

bool
share_may_have_record(
    struct hub *hub, const struct hub_device *device, const uint8_t rec[static PMJ_RECORD_BYTES])
{
	struct hub_device *devices = NULL;
	size_t device_count = 0;
	bool may = false;

	if (audience(hub, &devices, &device_count, kind_of(hub, rec), rec, NULL) == PMJ_OK) {
		for (size_t i = 0; i < device_count; i++)
			may =
			    may || memcmp(devices[i].device, device->device, PMJ_DEVICE_BYTES) == 0;
	}
	free(devices);
	return may;
}

/* What is known of this device in this transaction, which seals for it and changes nothing that
 * says who may have what; or anew. */
static void
may_have_device(struct hub *hub, const uint8_t mailbox[PMJ_MAILBOX_BYTES])
{
	struct hub_may_have *known = &hub->may_have;

	if (known->in == journal_transaction(hub->journal) &&
	    memcmp(known->mailbox, mailbox, sizeof(known->mailbox)) == 0)
		return;
	*known = (struct hub_may_have){.in = journal_transaction(hub->journal)};
	memcpy(known->mailbox, mailbox, sizeof(known->mailbox));
	known->live = office_by_mailbox(hub, &known->device, mailbox, NULL) == PMJ_OK &&
	              strcmp(known->device.state, "live") == 0 && !hub_ending(hub);
}

bool
share_may_have_known(struct hub *hub, const uint8_t rec[PMJ_RECORD_BYTES])
{
	struct hub_may_have *known = &hub->may_have;

	if (memcmp(known->rec, rec, sizeof(known->rec)) != 0) {
		memcpy(known->rec, rec, sizeof(known->rec));
		known->record = share_may_have_record(hub, &known->device, rec);
	}
	return known->record;
}

bool
share_may_have(struct hub *hub, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n)
{
	struct hub_may_have *known = &hub->may_have;
	struct entry_row row = {.n = 0};
	bool may = false;

	may_have_device(hub, mailbox);
	if (!known->live || entries_get(hub->journal, &row, n, NULL) != PMJ_OK)
		return false;
	if (row.status == ENTRY_ADMITTED && row.line != NULL)
		/* What it wrote itself it may always have back. */
		may = memcmp(row.entry.by, known->device.device, PMJ_DEVICE_BYTES) == 0 ||
		      share_may_have_known(hub, row.entry.rec);
	else if (row.status == ENTRY_CONTROL && row.line != NULL)
		may = photo_may_have(hub, known->device.device, n);
	entry_row_close(&row);
	return may;
}
