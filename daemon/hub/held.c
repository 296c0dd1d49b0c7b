/* held.c - what was not admitted: noted, listed, and let in after all; also what a laptop gave back
 * and nobody vouches for (returned_entry.c). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hub/hub_inner.h"

enum pmj_code
hold_keep(struct hub *hub, int64_t n, const uint8_t e[static PMJ_ENTRY_BYTES], int64_t held,
    const char *reason, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT INTO pmj_hold_line(n, e, held, reason, released) VALUES(?1, ?2, ?3, ?4, NULL)");

	(void)sql_int(q, 1, n);
	(void)sql_blob(q, 2, e, PMJ_ENTRY_BYTES);
	(void)sql_int(q, 3, held);
	(void)sql_text(q, 4, reason);
	hub->holds_made++;
	return sql_run(q, err);
}

enum pmj_code
held_as_forged(struct hub *hub, int64_t n, bool *was, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "UPDATE pmj_hold_line SET released = ?1 WHERE held = ?1 AND released IS NULL AND"
	    " reason = 'forged_author'");
	enum pmj_code rc = sql_run(sql_int(q, 1, n), err);

	*was = rc == PMJ_OK && sql_changes(hub->journal) > 0;
	return rc;
}

enum pmj_code
hold_entry(struct hub *hub, int64_t held, const struct entry *entry, const char *reason,
    const struct hub_device *author, struct pmj_error *err)
{
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc;
	int64_t n;

	rc = decide_follow(hub, "ctl.hold",
	    json_pack("{s:o,s:s}", "e", json_hex(entry->e, PMJ_ENTRY_BYTES), "reason", reason), &n,
	    e, err);
	if (rc != PMJ_OK || (rc = hold_keep(hub, n, e, held, reason, err)) != PMJ_OK)
		return rc;
	return author->has_mailbox ? sync_queue(hub->sync, author->mailbox, n, true, err) : PMJ_OK;
}

enum pmj_code
hub_held(struct hub *hub, json_t **out, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT " ENTRY_HASH_OF(
	        "x") ", h.reason, pmj_long(x.by), pmj_long(x.kind), x.rec, x.recv FROM "
	             "pmj_hold_line h"
	             " JOIN pmj_entry x ON x.n = h.held WHERE h.released IS NULL ORDER BY h.n");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t e[PMJ_ENTRY_BYTES], by[PMJ_DEVICE_BYTES], rec[PMJ_RECORD_BYTES];
		char hex[17], id[PMJ_RECORD_CHARS + 1];
		char *name, *role;

		(void)sql_col_copy(q, 0, e, sizeof(e));
		(void)sql_col_copy(q, 2, by, sizeof(by));
		(void)sql_col_copy(q, 4, rec, sizeof(rec));
		hub_who(hub, by, &name, &role);
		(void)json_array_append_new(items,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "id", text_hex(hex, e, 8), "reason",
		        sql_col_text(q, 1), "by", name, "kind", sql_col_text(q, 3), "record",
		        text_base32(id, rec, sizeof(rec)), "since", (json_int_t)sql_col_int(q, 5)));
		free(name);
		free(role);
	}
	if (rc == PMJ_OK)
		rc = back_list(hub, items, err);
	*out = rc == PMJ_OK ? json_pack("{s:O}", "items", items) : NULL;
	json_decref(items);
	return rc;
}

struct hold {
	int64_t hold_n; /* 0: none, the entry was given back */
	int64_t held;
	uint8_t hold_e[PMJ_ENTRY_BYTES];
};

static enum pmj_code
find_hold(struct hub *hub, struct hold *out, const char *id, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT h.n, h.held, h.e FROM pmj_hold_line h CROSS JOIN pmj_entry x ON x.n = h.held"
	    " WHERE h.released IS NULL AND substr(lower(hex(" ENTRY_HASH_OF(
	        "x") ")), 1, ?2) = ?1"
	             " UNION ALL SELECT 0, b.n, NULL FROM pmj_back b CROSS JOIN pmj_entry x ON x.n "
	             "= b.n"
	             " WHERE substr(lower(hex(" ENTRY_HASH_OF("x") ")), 1, ?2) = ?1");
	size_t found = 0;
	enum pmj_code rc;
	bool row;

	if (strlen(id) < 6 || strspn(id, "0123456789abcdef") != strlen(id)) {
		rc = pmj_fail(err, PMJ_INVALID, "%.40s is not the id of a held entry", id);
		pmj_hint(err, "pamoja hub held lists them with their ids");
		return rc;
	}
	(void)sql_text(q, 1, id);
	(void)sql_int(q, 2, (int64_t)strlen(id));
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		out->hold_n = sql_col_int(q, 0);
		out->held = sql_col_int(q, 1);
		(void)sql_col_copy(q, 2, out->hold_e, sizeof(out->hold_e));
		found++;
	}
	if (rc == PMJ_OK && found == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "no held entry %s", id);
		pmj_hint(err, "pamoja hub held lists them with their ids");
	} else if (rc == PMJ_OK && found > 1) {
		rc = pmj_fail(err, PMJ_AMBIGUOUS, "%s fits %zu held entries", id, found);
	}
	return rc;
}

/* The decision's line, and what it ends. */
static enum pmj_code
end_hold(struct hub *hub, const struct hold *hold, const struct entry_row *row, int64_t *n,
    struct pmj_error *err)
{
	bool held = hold->hold_n != 0, came;
	enum pmj_code rc;
	struct sql *q;

	rc = decide_control(hub, "ctl.release",
	    json_pack("{s:o*,s:o}", "hold", held ? json_hex(hold->hold_e, PMJ_ENTRY_BYTES) : NULL,
	        "e", json_hex(row->entry.e, PMJ_ENTRY_BYTES)),
	    n, NULL, err);
	if (rc != PMJ_OK || !held)
		return rc == PMJ_OK ? back_came(hub, hold->held, &came, err) : rc;
	q = sql_get(hub->journal, "UPDATE pmj_hold_line SET released = ?2 WHERE n = ?1");
	return sql_run(sql_int(sql_int(q, 1, hold->hold_n), 2, *n), err);
}

static enum pmj_code
release_inside(
    struct hub *hub, const struct hold *hold, const struct entry_row *row, struct pmj_error *err)
{
	struct hub_device author;
	bool known = office_device(hub, &author, row->entry.by, NULL) == PMJ_OK;
	enum pmj_code rc;
	int64_t n;

	if ((rc = end_hold(hub, hold, row, &n, err)) != PMJ_OK ||
	    (rc = entries_set_status(hub->journal, hold->held, ENTRY_ADMITTED, NULL, err)) !=
	        PMJ_OK)
		return rc;
	if (known && author.has_mailbox && hold->hold_n != 0 &&
	    (rc = sync_queue(hub->sync, author.mailbox, n, false, err)) != PMJ_OK)
		return rc;
	if (known && row->entry.makes && strcmp(row->entry.kind, "person") == 0 &&
	    (rc = office_join_team(hub, row->entry.rec, row->entry.by, 0, err)) != PMJ_OK)
		return rc;
	return share_record(hub, row->entry.rec,
	    kinds_get(journal_kinds(hub->journal), row->entry.kind), false, err);
}

enum pmj_code
held_let_in(struct hub *hub, const struct entry_row *row, bool *held, struct pmj_error *err)
{
	struct hold hold = {.held = row->n};
	struct sql *q = sql_get(hub->journal,
	    "SELECT n, e FROM pmj_hold_line WHERE held = ?1 AND released IS NULL LIMIT 1");
	enum pmj_code rc;

	if ((rc = sql_row(sql_int(q, 1, row->n), held, err)) == PMJ_OK && *held) {
		hold.hold_n = sql_col_int(q, 0);
		(void)sql_col_copy(q, 1, hold.hold_e, sizeof(hold.hold_e));
	}
	sql_done(q);
	return rc == PMJ_OK && *held ? release_inside(hub, &hold, row, err) : rc;
}

/* Whether the hub held it or a laptop gave it back. */
enum pmj_code
held_let_in_any(struct hub *hub, int64_t n, struct pmj_error *err)
{
	struct hold back = {.held = n};
	struct entry_row row = {.n = 0};
	bool held;
	enum pmj_code rc;

	if ((rc = entries_get(hub->journal, &row, n, err)) == PMJ_OK &&
	    (rc = held_let_in(hub, &row, &held, err)) == PMJ_OK && !held)
		rc = release_inside(hub, &back, &row, err);
	entry_row_close(&row);
	return rc;
}

enum pmj_code
hub_release(struct hub *hub, const char *id, struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	struct hold hold = {.held = 0};
	enum pmj_code rc;

	if ((rc = find_hold(hub, &hold, id, err)) != PMJ_OK ||
	    (rc = entries_get(hub->journal, &row, hold.held, err)) != PMJ_OK)
		return rc;
	if (row.status == ENTRY_ERASED) {
		entry_row_close(&row);
		return pmj_fail(err, PMJ_REFUSED,
		    "it was about a person who was erased, and nothing of it is kept");
	}
	if ((rc = journal_begin(hub->journal, err)) == PMJ_OK) {
		if ((rc = release_counts(hub, err)) == PMJ_OK)
			rc = release_inside(hub, &hold, &row, err);
		rc = decide_end(hub, rc, err);
	}
	entry_row_close(&row);
	hub->waiting = true;
	return rc;
}
