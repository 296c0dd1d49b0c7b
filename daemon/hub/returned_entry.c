/* returned_entry.c - entries that laptops give back to a hub that was restored (9): its own, and
 * those of authors who may never come by again.
 *
 * Its own carry its word (log/vouch), which no laptop can make: they count at once. For another's
 * nothing stands but the one who gives it back, who could have written it: so it waits, listed with
 * what is held, until its author sends it or the coordinator lets it in. And what the coordinator
 * had let in against a hold: that word is proven in the same way, and counts before the entry
 * comes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"
#include "log/vouch.h"
#include "sync/erase.h"

#define NAME_MAX_BYTES 256
#define RETURNED_MAX 50000 /* of one laptop */

/* Its number here, also of one whose words were taken away since; 0: it is not here. */
static enum pmj_code
find_here(struct hub *hub, int64_t *n, const struct entry *entry, struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	struct pmj_error none = {0};
	enum pmj_code rc = entries_find(hub->journal, &row, entry->e, &none);

	*n = row.n;
	entry_row_close(&row);
	if (rc == PMJ_OK || rc == PMJ_NOT_FOUND)
		return PMJ_OK;
	*err = none;
	return rc;
}

/* Only a hub that was restored lacks anything, and nobody holds more than a laptop may have held.
 */
static bool
may_wait(struct hub *hub, const struct sync_peer *peer)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT count(*) FROM (SELECT 1 FROM pmj_back WHERE giver = ?1 LIMIT ?2)");

	(void)sql_int(sql_blob(q, 1, peer->device, PMJ_DEVICE_BYTES), 2, RETURNED_MAX);
	return journal_int(hub->journal, "hub.roster_floor", 0) != 0 &&
	       sql_first_int(q, RETURNED_MAX) < RETURNED_MAX;
}

static enum pmj_code
wait_for_author(struct hub *hub, const struct sync_peer *peer, struct entries_new *entry,
    const char *name, int64_t *n, struct pmj_error *err)
{
	enum pmj_code rc;
	struct sql *q;
	bool known;

	*n = 0;
	if (!may_wait(hub, peer))
		return journal_event(hub->journal, "line_refused", "returned",
		    "an entry of another was given back, and none is missing here", err);
	entry->status = ENTRY_WAITING;
	entry->reason = "returned";
	hub_stamp_or_last(hub, &entry->recv_ms, &entry->recv_counter);
	if ((rc = entries_append(hub->journal, entry, n, &known, err)) != PMJ_OK || known)
		return rc;
	q = sql_get(hub->journal, "INSERT INTO pmj_back(n, giver, name) VALUES(?1, ?2, ?3)");
	(void)sql_blob(sql_int(q, 1, *n), 2, peer->device, PMJ_DEVICE_BYTES);
	(void)sql_text(q, 3, name != NULL && strlen(name) <= NAME_MAX_BYTES ? name : "");
	return sql_run(q, err);
}

enum pmj_code
returned_entry(struct hub *hub, const struct sync_peer *peer, const struct entry *entry,
    const char *line, size_t len, const char *name, struct pmj_error *err)
{
	bool own = memcmp(entry->by, ring_device_id(hub->ring), PMJ_DEVICE_BYTES) == 0;
	struct entries_new new_entry = {
	    .entry = entry, .line = line, .len = len, .origin = own ? ENTRY_OWN : ENTRY_RECEIVED};
	enum pmj_code rc;
	int64_t n;
	bool gone, known;

	/* What it wrote itself it sends as such. */
	if (memcmp(entry->by, peer->device, PMJ_DEVICE_BYTES) == 0)
		return PMJ_OK;
	if ((rc = find_here(hub, &n, entry, err)) != PMJ_OK ||
	    (rc = erase_refuses(hub->journal, entry, &gone, err)) != PMJ_OK)
		return rc;
	if (n == 0 && gone)
		rc = entries_append_erased(hub->journal, entry, new_entry.origin, &n, &known, err);
	else if (n == 0 && own && vouch_holds(hub->ring, line, len))
		rc = admit_own(hub, entry, line, len, &n, err);
	else if (n == 0)
		rc = wait_for_author(hub, peer, &new_entry, name, &n, err);
	return rc == PMJ_OK && n != 0 ? sync_has(hub->sync, peer->mailbox, n, err) : rc;
}

enum pmj_code
returned_release(struct hub *hub, const struct entry *release, const char *line, size_t len,
    struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	struct pmj_error none = {0};
	uint8_t e[PMJ_ENTRY_BYTES];
	bool held = false;
	struct sql *q;
	enum pmj_code rc;

	if (!json_unhex(release->json, "e", e, sizeof(e)) || !vouch_holds(hub->ring, line, len))
		return journal_event(hub->journal, "returned", "ok",
		    "a laptop says that a hold was released after the backup: pamoja hub held",
		    err);
	if ((rc = entries_find(hub->journal, &row, e, &none)) == PMJ_OK)
		rc = row.status == ENTRY_ERASED ? PMJ_OK : held_let_in(hub, &row, &held, err);
	else if (rc == PMJ_NOT_FOUND)
		rc = PMJ_OK;
	else
		*err = none;
	if (rc == PMJ_OK && !held) {
		q = sql_get(hub->journal, "INSERT OR IGNORE INTO pmj_let_in(e) VALUES(?1)");
		rc = sql_run(sql_blob(q, 1, e, sizeof(e)), err);
	}
	entry_row_close(&row);
	return rc;
}

bool
back_let_in(struct hub *hub, const uint8_t e[static PMJ_ENTRY_BYTES])
{
	struct sql *q = sql_get(hub->journal, "SELECT 1 FROM pmj_let_in WHERE e = ?1");

	return sql_any(sql_blob(q, 1, e, PMJ_ENTRY_BYTES), false);
}

enum pmj_code
back_came(struct hub *hub, int64_t n, bool *was, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "DELETE FROM pmj_back WHERE n = ?1");
	enum pmj_code rc = sql_run(sql_int(q, 1, n), err);

	*was = rc == PMJ_OK && sql_changes(hub->journal) > 0;
	return rc;
}

int64_t
back_count(struct hub *hub)
{
	return sql_first_int(sql_get(hub->journal, "SELECT count(*) FROM pmj_back"), 0);
}

/* As the roster calls the author; where its enrolment was lost too, as the one who gave it back. */
static char *
author_name(struct hub *hub, const uint8_t by[static PMJ_DEVICE_BYTES], const char *said)
{
	char *name, *role;

	hub_who(hub, by, &name, &role);
	free(role);
	if (name[0] != '\0')
		return name;
	free(name);
	return mem_strdup(said);
}

static json_t *
back_item(struct hub *hub, struct sql *q)
{
	uint8_t e[PMJ_ENTRY_BYTES], by[PMJ_DEVICE_BYTES], rec[PMJ_RECORD_BYTES],
	    giver[PMJ_DEVICE_BYTES];
	char hex[17], id[PMJ_RECORD_CHARS + 1];
	char *name, *from, *role;
	json_t *item;

	(void)sql_col_copy(q, 0, e, sizeof(e));
	(void)sql_col_copy(q, 1, by, sizeof(by));
	(void)sql_col_copy(q, 3, rec, sizeof(rec));
	(void)sql_col_copy(q, 5, giver, sizeof(giver));
	name = author_name(hub, by, sql_col_text(q, 6));
	hub_who(hub, giver, &from, &role);
	item = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "id", text_hex(hex, e, 8), "reason",
	    "returned", "by", name, "kind", sql_col_text(q, 2), "record",
	    text_base32(id, rec, sizeof(rec)), "since", (json_int_t)sql_col_int(q, 4), "giver",
	    from);
	free(name);
	free(from);
	free(role);
	return item;
}

enum pmj_code
back_list(struct hub *hub, json_t *items, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT " ENTRY_HASH_OF("x") ", pmj_long(x.by), pmj_long(x.kind), x.rec, x.recv, "
	                                 "b.giver, b.name FROM pmj_back b"
	                                 " CROSS JOIN pmj_entry x ON x.n = b.n ORDER BY b.n");
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		(void)json_array_append_new(items, back_item(hub, q));
	return rc;
}
