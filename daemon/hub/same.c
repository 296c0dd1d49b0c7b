/* same.c - laptops of one and the same worker, one after the other. What is between a worker and
 * the office (file.c) is the worker's, not the laptop's: it goes on to the new one when the
 * coordinator says that it is theirs. A name does not say so: two workers may share one. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hub/hub_inner.h"

bool
same_worker(struct hub *hub, const uint8_t first[static PMJ_DEVICE_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES])
{
	struct sql *q;

	if (memcmp(first, device, PMJ_DEVICE_BYTES) == 0)
		return true;
	q = sql_get(hub->journal, "SELECT 1 WHERE ?2 IN (" SAME_WORKERS ")");
	(void)sql_blob(sql_blob(q, 1, first, PMJ_DEVICE_BYTES), 2, device, PMJ_DEVICE_BYTES);
	return sql_any(q, false);
}

void
same_as_maker(struct hub *hub, struct entry *entry, const struct entry_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].entry.makes && same_worker(hub, rows[i].entry.by, entry->by))
			memcpy(entry->by, rows[i].entry.by, PMJ_DEVICE_BYTES);
}

enum pmj_code
same_keep(struct hub *hub, const struct hub_device *device,
    const uint8_t of[static PMJ_DEVICE_BYTES], int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_same(device, of, n) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING");
	enum pmj_code rc;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	(void)sql_int(sql_blob(q, 2, of, PMJ_DEVICE_BYTES), 3, n);
	if ((rc = sql_run(q, err)) != PMJ_OK || sql_changes(hub->journal) == 0)
		return rc;
	return share_files(hub, device, err);
}

static enum pmj_code
same_inside(struct hub *hub, const struct hub_device *old, const struct hub_device *new,
    struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n, ver;

	rc = decide_statement(hub,
	    json_pack("{s:s,s:o,s:o}", "op", "same", "device",
	        json_hex(new->device, PMJ_DEVICE_BYTES), "of",
	        json_hex(old->device, PMJ_DEVICE_BYTES)),
	    &n, &ver, err);
	if (rc == PMJ_OK)
		rc = same_keep(hub, new, old->device, n, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, new->mailbox, n, false, err) : rc;
}

enum pmj_code
hub_same(struct hub *hub, const uint8_t from[static PMJ_DEVICE_BYTES],
    const uint8_t to[static PMJ_DEVICE_BYTES], bool sure, struct pmj_error *err)
{
	struct hub_device old, new;
	enum pmj_code rc;

	if ((rc = leave_pair(hub, &old, &new, from, to, err)) != PMJ_OK)
		return rc;
	if (same_worker(hub, from, to)) /* asking twice is no error */
		return PMJ_OK;
	if (!sure && !text_same(old.name, new.name)) {
		rc =
		    pmj_fail(err, PMJ_REFUSED, "%.50s and %.50s are two names", old.name, new.name);
		pmj_hint(err, "if both are one person, add --sure; else leave --same-worker out: "
		              "what one wrote for the office alone is not for a colleague");
		return rc;
	}
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	hub->waiting = true;
	return decide_end(hub, same_inside(hub, &old, &new, err), err);
}
