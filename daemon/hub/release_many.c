/* release_many.c - more than 100 held entries of one worker are let in by two people's word (7.2):
 * asked for, and then a piece at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hub/pending.h"
#include "store/sql.h"

/* One of those that are held, the first after `at` in its table. */
struct held_next {
	int64_t at;     /* in: after this; out: this one */
	int64_t n;      /* the entry */
	char name[128]; /* of its author */
};

/* Holds of the hub, then what laptops gave back. */
static const char *const tables[] = {
    "SELECT h.n, h.held, d.name FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held LEFT"
    " JOIN pmj_device d ON d.device = pmj_long(x.by) WHERE h.released IS NULL AND x.status <> ?3 "
    "AND h.n > ?1"
    " AND h.n < ?2 ORDER BY h.n LIMIT 1",
    "SELECT b.n, b.n, coalesce(d.name, b.name) FROM pmj_back b CROSS JOIN pmj_entry x ON x.n = b.n"
    " LEFT JOIN pmj_device d ON d.device = pmj_long(x.by) WHERE x.status <> ?3 AND b.n > ?1 AND "
    "b.n < ?2"
    " ORDER BY b.n LIMIT 1"};
#define TABLES (sizeof(tables) / sizeof(*tables))

static enum pmj_code
next_held(struct hub *hub, size_t table, int64_t before, struct held_next *next, bool *found,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, tables[table]);
	enum pmj_code rc;

	(void)sql_int(sql_int(sql_int(q, 1, next->at), 2, before), 3, ENTRY_ERASED);
	if ((rc = sql_row(q, found, err)) == PMJ_OK && *found) {
		const char *name = sql_col_text(q, 2);

		next->at = sql_col_int(q, 0);
		next->n = sql_col_int(q, 1);
		(void)snprintf(next->name, sizeof(next->name), "%s", name != NULL ? name : "");
	}
	sql_done(q);
	return rc;
}

/* ---- one by one ---- */

/* When one person let in the last of them, ms; 0: not yet. A clock that was set back gives no more
 * of them. */
struct let_in_alone {
	int64_t at_ms[HUB_RELEASE_ALONE];
};

#define ALONE "hub.let_in_alone"

static size_t
free_place(const struct let_in_alone *alone, int64_t now_ms, int64_t *left)
{
	size_t place = HUB_RELEASE_ALONE;

	*left = 0;
	for (size_t i = 0; i < HUB_RELEASE_ALONE; i++) {
		if (alone->at_ms[i] != 0 && now_ms - alone->at_ms[i] < DAY_MS)
			continue;
		place = i;
		*left += 1;
	}
	return place;
}

int64_t
hub_release_alone(struct hub *hub)
{
	struct let_in_alone alone = {.at_ms = {0}};
	int64_t left;

	(void)journal_blob(hub->journal, ALONE, &alone, sizeof(alone));
	(void)free_place(&alone, os_now(hub->os), &left);
	return left;
}

enum pmj_code
release_counts(struct hub *hub, struct pmj_error *err)
{
	struct let_in_alone alone = {.at_ms = {0}};
	int64_t left;
	size_t place;
	enum pmj_code rc;

	(void)journal_blob(hub->journal, ALONE, &alone, sizeof(alone));
	place = free_place(&alone, os_now(hub->os), &left);
	if (left == 0) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "one person let in %d held entries since yesterday: more need a second person",
		    HUB_RELEASE_ALONE);
		pmj_hint(err, "pamoja hub release --by WORKER asks a supervisor for all of them");
		return rc;
	}
	alone.at_ms[place] = os_now(hub->os);
	return journal_put_blob(hub->journal, ALONE, &alone, sizeof(alone), err);
}

/* ---- asked for ---- */

/* How many that worker has, and the name as the hub writes it. */
static enum pmj_code
count_held(struct hub *hub, const char *worker, char name[static 128], int64_t *count,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.name, count(*) FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held"
	    " JOIN pmj_device d ON d.device = pmj_long(x.by) WHERE h.released IS NULL AND x.status "
	    "<> ?1"
	    " GROUP BY d.name UNION ALL SELECT coalesce(d.name, b.name), count(*) FROM pmj_back b"
	    " CROSS JOIN pmj_entry x ON x.n = b.n LEFT JOIN pmj_device d ON d.device = "
	    "pmj_long(x.by)"
	    " WHERE x.status <> ?1 GROUP BY 1");
	enum pmj_code rc;
	bool row;

	*count = 0;
	(void)sql_int(q, 1, ENTRY_ERASED);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		const char *is = sql_col_text(q, 0);

		if (is == NULL || !text_same(is, worker))
			continue;
		*count += sql_col_int(q, 1);
		(void)snprintf(name, 128, "%s", is);
	}
	return rc;
}

/* Was it asked for before, and waits? */
static bool
release_is_asked(struct hub *hub, uint8_t *out, const char *name)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	size_t count = 0;
	bool found = false;

	if (pending_waiting(hub, &ids, &count, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct pending pending;

		found = pending_get(hub, &pending, ids[i], NULL) == PMJ_OK &&
		        strcmp(pending.act.op, "release") == 0 &&
		        strcmp(json_str(pending.act.p, "worker"), name) == 0;
		if (found)
			memcpy(out, ids[i], ACT_HASH_BYTES);
		pending_close(&pending);
	}
	free(ids);
	return found;
}

enum pmj_code
hub_release_many(struct hub *hub, const char *worker, uint8_t id[static 32], struct pmj_error *err)
{
	char name[128];
	int64_t count;
	enum pmj_code rc;

	if ((rc = count_held(hub, worker, name, &count, err)) != PMJ_OK)
		return rc;
	if (count <= hub_release_alone(hub)) {
		rc = pmj_fail(err, PMJ_USAGE,
		    "%lld entries are held of %.60s: that needs one person", (long long)count,
		    worker);
		pmj_hint(err, "let them in one by one, by their ids");
		return rc;
	}
	if (release_is_asked(hub, id, name))
		return PMJ_OK;
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(hub,
	    pending_ask(hub,
	        json_pack(
	            "{s:s,s:s,s:I}", "op", "release", "worker", name, "count", (json_int_t)count),
	        NULL, id, err),
	    err);
}

/* ---- agreed ---- */

enum pmj_code
release_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	int64_t n, ver;

	hub->letting.table = 0;
	hub->letting.at = 0;
	hub->pending_news = true; /* it is begun with the next step, not with the next news */
	return decide_statement(hub, act_statement(&pending->act, by), &n, &ver, err);
}

/* Those that were held when it was asked for, and no later ones: nobody looked at them. */
static enum pmj_code
let_some_in(struct hub *hub, const struct pending *pending, int64_t until_ms, bool *more,
    struct pmj_error *err)
{
	struct held_next next = {.at = hub->letting.at};
	size_t table = hub->letting.table;
	enum pmj_code rc = PMJ_OK;
	bool found;

	while (rc == PMJ_OK && table < TABLES && hub->os->mono_ms(hub->os->ctx) < until_ms) {
		if ((rc = next_held(hub, table, pending->n, &next, &found, err)) != PMJ_OK)
			break;
		if (found && text_same(next.name, json_str(pending->act.p, "worker")))
			rc = held_let_in_any(hub, next.n, err);
		if (!found) {
			table++;
			next.at = 0;
		}
	}
	*more = table < TABLES;
	hub->letting.at = next.at;
	hub->letting.table = table;
	return rc;
}

/* That piece is one transaction; a crash leaves what was let in, and the rest for later. */
static enum pmj_code
let_in_of(struct hub *hub, const uint8_t *hash, int64_t until_ms, bool *more, struct pmj_error *err)
{
	struct pending pending;
	enum pmj_code rc;

	if ((rc = pending_get(hub, &pending, hash, err)) == PMJ_OK &&
	    (rc = journal_begin(hub->journal, err)) == PMJ_OK) {
		rc = let_some_in(hub, &pending, until_ms, more, err);
		if (rc == PMJ_OK && !*more)
			rc = pending_is_over(hub, &pending, err);
		if ((rc = decide_end(hub, rc, err)) != PMJ_OK || !*more)
			hub->letting.table = 0, hub->letting.at = 0;
	}
	pending_close(&pending);
	return rc;
}

enum pmj_code
release_step(struct hub *hub, int64_t until_ms, bool *did, struct pmj_error *err)
{
	uint8_t hash[ACT_HASH_BYTES];
	struct sql *q =
	    sql_get(hub->journal, "SELECT id FROM pmj_pending WHERE state = ?1 ORDER BY n LIMIT 1");
	enum pmj_code rc;
	bool more = false;

	if ((rc = sql_row(sql_int(q, 1, PENDING_DOING), did, err)) != PMJ_OK || !*did)
		return rc;
	(void)sql_col_copy(q, 0, hash, sizeof(hash));
	sql_done(q);
	rc = let_in_of(hub, hash, until_ms, &more, err);
	hub->waiting = hub->sharing = true;
	hub->pending_news = rc == PMJ_OK; /* more of it, or another one */
	return rc;
}
