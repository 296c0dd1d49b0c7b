/* file.c - worker files, incidents, supervision: records that stay between who wrote them and the
 * office. Scope office: the worker, on whatever laptop (same.c), and the hub. Scope supervision:
 * the supervisors, too. */
#include <stdlib.h>
#include <string.h>

#include "hub/hub_inner.h"

bool
file_is(const struct kind *kind)
{
	return kind != NULL && (kind->scope == SCOPE_OFFICE || kind->scope == SCOPE_SUPERVISION);
}

static bool
is_supervisors(const struct kind *kind, const struct hub_device *device)
{
	return kind->scope == SCOPE_SUPERVISION && strcmp(device->role, "supervisor") == 0;
}

/* Who made the record: an entry that changes one waits until what makes it is here. */
static enum pmj_code
find_maker(struct hub *hub, bool *found, uint8_t maker[static PMJ_DEVICE_BYTES],
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT pmj_long(by) FROM pmj_entry WHERE rec = ?1 AND status = "
	                          "0 AND substr(" ENTRY_HASH ", 1, 10) = ?1"
	                          " ORDER BY n LIMIT 1");
	enum pmj_code rc;

	(void)sql_blob(q, 1, rec, PMJ_RECORD_BYTES);
	if ((rc = sql_row(q, found, err)) == PMJ_OK && *found)
		*found = sql_col_copy(q, 0, maker, PMJ_DEVICE_BYTES);
	sql_done(q);
	return rc;
}

enum pmj_code
file_audience(struct hub *hub, struct hub_device **out, size_t *count, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	uint8_t maker[PMJ_DEVICE_BYTES] = {0};
	enum pmj_code rc;
	bool found;

	if ((rc = find_maker(hub, &found, maker, rec, err)) != PMJ_OK)
		return rc;
	return office_files(hub, out, count, maker, kind->scope == SCOPE_SUPERVISION, err);
}

enum pmj_code
file_may_write(struct hub *hub, bool *may, bool *known, const struct kind *kind,
    const struct entry *entry, const struct hub_device *writer, struct pmj_error *err)
{
	uint8_t maker[PMJ_DEVICE_BYTES] = {0};
	enum pmj_code rc = PMJ_OK;

	*known = *may = true;
	if (entry->makes)
		return PMJ_OK;
	if ((rc = find_maker(hub, known, maker, entry->rec, err)) == PMJ_OK)
		*may = !writer->has_mailbox || is_supervisors(kind, writer) ||
		       (*known && same_worker(hub, maker, writer->device));
	return rc;
}
