/* boundary.c - a worker who declared to know somebody in another way is not given them to work
 * with, unless a second person allowed it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"

/* Declared by this worker, on whichever laptop: a new one changes nothing of it. */
static bool
is_of_worker(struct hub *hub, struct sql *q, const struct hub_device *device)
{
	uint8_t by[PMJ_DEVICE_BYTES];
	struct hub_device who;

	if (!sql_col_copy(q, 2, by, sizeof(by)))
		return false;
	if (memcmp(by, device->device, sizeof(by)) == 0)
		return true;
	return office_device(hub, &who, by, NULL) == PMJ_OK && text_same(who.name, device->name);
}

/* The first that stands against it: about this record, or about somebody called so in words. */
static enum pmj_code
find_one(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct hub_device *device, uint8_t rec[static PMJ_RECORD_BYTES], char state[static 33],
    bool *found, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT r.rec, r.state, pmj_long(r.made_by) FROM boundary b JOIN pmj_record r ON r.num "
	    "= b._num"
	    " WHERE b.voided = 0 AND b.state <> 'cleared' AND (b.person = ?1 OR pmj_fold(b.person)"
	    " = (SELECT name FROM pmj_record WHERE rec = ?1)) ORDER BY b._num");
	enum pmj_code rc;
	bool row;

	*found = false;
	(void)sql_blob(q, 1, person, PMJ_RECORD_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row && !*found) {
		*found = sql_col_copy(q, 0, rec, PMJ_RECORD_BYTES) && is_of_worker(hub, q, device);
		(void)strncpy(state, sql_col_text(q, 1), 32);
	}
	sql_done(q);
	return rc;
}

enum pmj_code
boundary_allows(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const struct hub_device *device, struct pmj_error *err)
{
	char state[33] = "", id[PMJ_RECORD_CHARS + 1];
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	char *name;
	bool found;

	if (kinds_get(journal_kinds(hub->journal), "boundary") == NULL)
		return PMJ_OK;
	if ((rc = find_one(hub, person, device, rec, state, &found, err)) != PMJ_OK || !found)
		return rc;
	records_short(hub->journal, id, rec);
	name = records_title(hub->journal, person, LANG_EN);
	if (strcmp(state, "apart") == 0)
		rc = pmj_fail(err, PMJ_REFUSED,
		    "it was decided that %.50s and %.50s are not to be paired", device->name, name);
	else
		rc = pmj_fail(err, PMJ_REFUSED,
		    "%.50s knows %.50s in another way, and nobody has decided on that yet",
		    device->name, name);
	pmj_hint(err,
	    "choose another worker; or read it (pamoja show %s), and if it may be: pamoja boundary "
	    "clear %s decision=\"...\"",
	    id, id);
	free(name);
	return rc;
}
