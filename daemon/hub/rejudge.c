/* rejudge.c - entries that waited for another, looked at again between requests.
 *
 * One look goes over all that wait, in as many steps as it takes; it stands in two numbers, so that
 * requests and lanes may do what they like between the steps. As long as something was let in since
 * a look began, another follows, the other way round: what arrived in order is let in by a look
 * forwards, what arrived in the opposite order by one backwards, so that neither takes a look for
 * each entry. */
#include "hub/hub_inner.h"

/* What was put off until tomorrow (defer.c) waits for its day, what was given back
 * (returned_entry.c) for its author or the coordinator. */
#define WAITS_FOR_NO_ENTRY                                                                         \
	"EXISTS (SELECT 1 FROM pmj_deferred d WHERE d.n = x.n UNION ALL SELECT 1 FROM pmj_back b"  \
	" WHERE b.n = x.n)"

/* The next entry with status waiting, after or before the one looked at last; 0: none. */
static enum pmj_code
next_waiting(struct hub *hub, int64_t *n, bool *other, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, hub->backwards ? "SELECT n, " WAITS_FOR_NO_ENTRY
	                                   " FROM pmj_entry x WHERE " ENTRY_IS_WAITING " AND n < ?1"
	                                   " ORDER BY n DESC LIMIT 1"
	                                 : "SELECT n, " WAITS_FOR_NO_ENTRY
	                                   " FROM pmj_entry x WHERE " ENTRY_IS_WAITING " AND n > ?1"
	                                   " ORDER BY n LIMIT 1");
	enum pmj_code rc;
	bool row;

	*n = 0;
	*other = false;
	if ((rc = sql_row(sql_int(q, 1, hub->looked), &row, err)) == PMJ_OK && row) {
		*n = sql_col_int(q, 0);
		*other = sql_col_int(q, 1) != 0;
	}
	sql_done(q);
	return rc;
}

/* Begin a look if there is a reason for one. */
static void
begin_look(struct hub *hub)
{
	if (hub->looking || !hub->waiting)
		return;
	hub->looking = true;
	hub->waiting = false;
	hub->looked = hub->backwards ? INT64_MAX : 0;
}

/* The next one of the look under way. */
static enum pmj_code
look_at_one(struct hub *hub, struct pmj_error *err)
{
	bool other, settled = false;
	enum pmj_code rc;
	int64_t n;

	if ((rc = next_waiting(hub, &n, &other, err)) != PMJ_OK)
		return rc;
	if (n == 0) {
		hub->looking = false;
		hub->backwards = !hub->backwards;
		return PMJ_OK;
	}
	hub->looked = n;
	if (!other && (rc = admit_again(hub, n, &settled, err)) != PMJ_OK)
		return rc;
	hub->waiting = hub->waiting || settled;
	return PMJ_OK;
}

enum pmj_code
hub_rejudge_step(struct hub *hub, int64_t until_ms, bool *more, struct pmj_error *err)
{
	enum pmj_code rc;

	*more = false;
	begin_look(hub);
	if (!hub->looking)
		return PMJ_OK;
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	do
		rc = look_at_one(hub, err);
	while (rc == PMJ_OK && hub->looking && hub->os->mono_ms(hub->os->ctx) < until_ms);
	if (rc == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	if (rc != PMJ_OK) { /* nothing of this step stands: the whole look again */
		hub->looking = false;
		hub->waiting = true;
	}
	*more = rc == PMJ_OK && (hub->looking || hub->waiting);
	return rc;
}
