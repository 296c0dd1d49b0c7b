/* restored.c - the hub after a restore (11.5, 9). */
#include <stdlib.h>
#include <string.h>

#include "hub/hub_inner.h"

/* The lost machine may have made so many statements since the backup; two of one number would
 * contradict each other. */
#define STATEMENTS_LEFT 1000
#define STATEMENTS_MORE 100000 /* above those, if a laptop says so: whose word is only its own */

int64_t
hub_roster_floor(struct hub *hub)
{
	struct sql *q = sql_get(hub->journal, "SELECT max(roster_seen) FROM pmj_device");
	int64_t floor = journal_int(hub->journal, "hub.roster_floor", 0);
	int64_t seen = sql_first_int(q, 0);

	if (floor == 0) /* never restored: it knows all that it made */
		return 0;
	seen = seen < floor + STATEMENTS_MORE ? seen : floor + STATEMENTS_MORE;
	return seen > floor ? seen : floor;
}

enum pmj_code
hub_restored(struct hub *hub, struct pmj_error *err)
{
	int64_t floor = hub_roster_floor(hub), version = hub_roster_version(hub);
	struct hlc last = hub_last_stamp(hub);
	enum pmj_code rc;

	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	/* Restored once more before all heard of the first time: that is the point for them. */
	if (!sync_restore_untold(hub->sync) &&
	    (rc = journal_put_int(hub->journal, SYNC_RESTORED_POINT, last.pt, err)) != PMJ_OK)
		goto out;
	if ((rc = returned_begin(hub, err)) != PMJ_OK || (rc = lacks_begin(hub, err)) != PMJ_OK)
		goto out;
	hub->returning = true;
	rc = journal_put_int(hub->journal, "hub.roster_floor",
	    (floor > version ? floor : version) + STATEMENTS_LEFT, err);
out:
	if (rc == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	return rc == PMJ_OK ? sync_restored(hub->sync, err) : rc;
}
