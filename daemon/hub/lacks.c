/* lacks.c - what a restored hub may still lack, for its coordinator: who has not come by since,
 * decisions whose numbers laptops have seen and that nobody gave back, entries that came back and
 * that nobody vouches for, an address that it moved to. * None of that is believed or mended here;
 * somebody is to look. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/date.h"
#include "hub/hub_inner.h"

#define RESTORED "hub.restored_ms"   /* when this hub came out of a backup */
#define KNOWN "hub.restored_version" /* the roster's version in that backup */
#define SEEN "hub.lost_version"      /* the highest of the lost ones that a laptop has seen */
#define MOVED "hub.moved_said"       /* url of the newest ctl.remotes that came back ... */
#define MOVED_AT "hub.moved_said_at" /* ... with its stamp (ms) */
#define TOLD_MS (60 * DAY_MS)        /* who has not looked by then will not */

enum pmj_code
lacks_begin(struct hub *hub, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_put_int(hub->journal, RESTORED, os_now(hub->os), err)) != PMJ_OK ||
	    (rc = journal_put_int(hub->journal, KNOWN, hub_roster_version(hub), err)) != PMJ_OK ||
	    (rc = journal_put_int(hub->journal, SEEN, 0, err)) != PMJ_OK ||
	    (rc = journal_put_int(hub->journal, MOVED_AT, 0, err)) != PMJ_OK)
		return rc;
	return journal_put_text(hub->journal, MOVED, "", err);
}

/* Above the floor are those that were made since. */
enum pmj_code
lacks_seen(struct hub *hub, int64_t version, struct pmj_error *err)
{
	if (version > journal_int(hub->journal, "hub.roster_floor", 0) ||
	    version <= journal_int(hub->journal, KNOWN, 0) ||
	    version <= journal_int(hub->journal, SEEN, 0))
		return PMJ_OK;
	return journal_put_int(hub->journal, SEEN, version, err);
}

/* Nobody but the one who gives it back vouches for it, so it is told and not obeyed. */
enum pmj_code
lacks_moved(struct hub *hub, const struct entry *remotes, struct pmj_error *err)
{
	const char *url = json_str(json_array_get(json_arr(remotes->json, "remotes"), 0), "url");
	struct address at;
	enum pmj_code rc;

	if (url == NULL || address_read(&at, url, NULL) != PMJ_OK ||
	    remotes->pt <= journal_int(hub->journal, MOVED_AT, 0))
		return PMJ_OK;
	if ((rc = journal_put_int(hub->journal, MOVED_AT, remotes->pt, err)) != PMJ_OK)
		return rc;
	return journal_put_text(hub->journal, MOVED, url, err);
}

static bool
is_place(const struct hub *hub, const char *url)
{
	const json_t *place;
	size_t i;

	json_array_foreach(hub->places, i, place)
	{
		if (strcmp(json_str(place, "url"), url) == 0)
			return true;
	}
	return false;
}

/* An enrolment that comes back fills its number and enrols nobody: of the laptop's mailbox and key
 * nothing else is here. */
static int64_t
decisions_gone(struct hub *hub)
{
	int64_t known = journal_int(hub->journal, KNOWN, 0);
	int64_t seen = journal_int(hub->journal, SEEN, 0);
	struct sql *q =
	    sql_get(hub->journal, "SELECT count(*) FROM pmj_roster r WHERE ver > ?1 AND ver <= ?2"
	                          " AND op <> 'role' AND (op <> 'enrol' OR EXISTS (SELECT 1 FROM"
	                          " pmj_device d WHERE d.device = r.device))");
	int64_t back = sql_first_int(sql_int(sql_int(q, 1, known), 2, seen), 0);

	return seen > known ? seen - known - back : 0;
}

json_t *
hub_lacks(struct hub *hub)
{
	int64_t since = journal_int(hub->journal, RESTORED, 0), back = back_count(hub);
	char *moved;
	json_t *out;

	if (since == 0 || (back == 0 && os_now(hub->os) - since > TOLD_MS))
		return NULL;
	moved = journal_text(hub->journal, MOVED);
	out = json_pack("{s:I,s:I,s:I,s:I,s:o}", "since", (json_int_t)since, "unheard",
	    (json_int_t)returned_unheard(hub), "decisions", (json_int_t)decisions_gone(hub),
	    "returned", (json_int_t)back, "moved",
	    moved != NULL && moved[0] != '\0' && !is_place(hub, moved) ? json_string(moved)
	                                                               : json_null());
	free(moved);
	return out;
}
