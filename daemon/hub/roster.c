/* roster.c - the list of who is enrolled: what has come of each laptop, what is missing in between,
 * what speaks against its clock or its word; and whether everything of one has arrived. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hub/hub_inner.h"

#define ROSTER_COLUMNS                                                                             \
	"d.device, d.mailbox, d.name, d.role, d.state, d.until, d.enrolled_ms,"                    \
	" (SELECT count(*) FROM pmj_team t WHERE t.device = d.device AND t.to_ver IS NULL),"       \
	" (SELECT count(*) FROM pmj_entry w WHERE " ENTRY_IS_WAITING                               \
	" AND w.by = pmj_short(d.device)"                                                          \
	" AND w.n NOT IN (SELECT n FROM pmj_back)),"                                               \
	" (SELECT count(*) FROM pmj_deferred p WHERE p.device = d.device)"

/* What is looked up once for all laptops. */
struct found {
	struct sync_gap *gaps;
	size_t gap_count;
	json_t *holds; /* device in hex: [{"reason","entries","since"}…] */
};

/* CROSS: by way of the few holds, never of all entries. */
static enum pmj_code
read_holds(struct hub *hub, json_t *out, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT pmj_long(x.by), h.reason, count(*), min(x.recv) FROM pmj_hold_line h CROSS "
	    "JOIN pmj_entry"
	    " x ON x.n = h.held WHERE h.released IS NULL GROUP BY x.by, h.reason UNION ALL"
	    " SELECT pmj_long(x.by), x.reason, count(*), min(x.recv) FROM pmj_back b CROSS JOIN "
	    "pmj_entry x"
	    " ON x.n = b.n GROUP BY x.by");
	uint8_t by[PMJ_DEVICE_BYTES];
	char hex[2 * PMJ_DEVICE_BYTES + 1];
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		if (!sql_col_copy(q, 0, by, sizeof(by)))
			continue;
		(void)text_hex(hex, by, sizeof(by));
		if (json_object_get(out, hex) == NULL)
			(void)json_object_set_new(out, hex, json_array());
		(void)json_array_append_new(json_object_get(out, hex),
		    json_pack("{s:s,s:I,s:I}", "reason", sql_col_text(q, 1), "entries",
		        (json_int_t)sql_col_int(q, 2), "since", (json_int_t)sql_col_int(q, 3)));
	}
	return rc;
}

static enum pmj_code
find_all(struct hub *hub, struct found *out, struct pmj_error *err)
{
	enum pmj_code rc;

	*out = (struct found){.holds = json_object()};
	if ((rc = sync_gaps(hub->sync, &out->gaps, &out->gap_count, err)) != PMJ_OK)
		return rc;
	return read_holds(hub, out->holds, err);
}

static void
found_close(struct found *found)
{
	free(found->gaps);
	json_decref(found->holds);
}

/* How many are held of it, since when, and why. */
static void
add_holds(json_t *item, const struct found *found)
{
	json_t *holds = json_object_get(found->holds, json_str(item, "device")), *hold;
	int64_t held = 0, since = 0, at;
	size_t i;

	json_array_foreach(holds, i, hold)
	{
		held += json_int(hold, "entries", 0);
		at = json_int(hold, "since", 0);
		since = since == 0 || at < since ? at : since;
	}
	(void)json_object_set_new(item, "held", json_integer((json_int_t)held));
	(void)json_object_set_new(
	    item, "held_since", held > 0 ? json_integer((json_int_t)since) : json_null());
	(void)json_object_set_new(item, "holds", holds != NULL ? json_incref(holds) : json_array());
}

/* Runs of segments of this mailbox: [{"incarnation","from","to"}…]; *segments: how many. */
static json_t *
missing_of(const struct found *found, const uint8_t *mailbox, int64_t *segments)
{
	json_t *out = json_array();

	*segments = 0;
	for (size_t i = 0; i < found->gap_count; i++) {
		const struct sync_gap *gap = &found->gaps[i];

		if (memcmp(gap->mailbox, mailbox, sizeof(gap->mailbox)) != 0)
			continue;
		*segments += (int64_t)(gap->to - gap->from + 1);
		(void)json_array_append_new(
		    out, json_pack("{s:o,s:I,s:I}", "incarnation",
		             json_hex(gap->incarnation, sizeof(gap->incarnation)), "from",
		             (json_int_t)gap->from, "to", (json_int_t)gap->to));
	}
	return out;
}

/* What only a laptop with a mailbox has. */
static void
add_laptop(struct hub *hub, json_t *item, const uint8_t *device, const uint8_t *mailbox,
    const struct found *found)
{
	json_t *seen = sync_peer_state(hub->sync, mailbox), *heard = heard_state(hub, device);
	int64_t segments;
	json_t *missing = missing_of(found, mailbox, &segments);
	json_t *merged = sync_standing(hub->sync, mailbox, false);
	json_t *against = heard_against(heard, merged, missing);

	(void)json_object_update_missing(item, seen);
	(void)json_object_update_missing(item, heard);
	(void)json_object_set_new(item, "missing", json_integer((json_int_t)segments));
	(void)json_object_set_new(item, "arrived", json_boolean(json_array_size(against) == 0));
	(void)json_object_set(item, "merged", merged != NULL ? merged : json_null());
	(void)json_object_set(item, "against", against);
	(void)json_object_set(item, "gaps", missing);
	json_decref(seen);
	json_decref(heard);
	json_decref(missing);
	json_decref(merged);
	json_decref(against);
}

static json_t *
roster_item(struct hub *hub, struct sql *q, const struct found *found)
{
	uint8_t device[PMJ_DEVICE_BYTES], mailbox[PMJ_MAILBOX_BYTES];
	json_t *item;

	(void)sql_col_copy(q, 0, device, sizeof(device));
	item = json_pack("{s:o,s:s,s:s,s:s,s:s?,s:I,s:I,s:I,s:I}", "device",
	    json_hex(device, sizeof(device)), "name", sql_col_text(q, 2), "role",
	    sql_col_text(q, 3), "state", sql_col_text(q, 4), "until", sql_col_text(q, 5),
	    "enrolled_at", (json_int_t)sql_col_int(q, 6), "people", (json_int_t)sql_col_int(q, 7),
	    "waiting", (json_int_t)sql_col_int(q, 8), "deferred", (json_int_t)sql_col_int(q, 9));
	add_holds(item, found);
	if (!sql_col_copy(q, 1, mailbox, sizeof(mailbox))) { /* the office itself */
		(void)json_object_set_new(
		    item, "last_seen", json_integer((json_int_t)os_now(hub->os)));
		return item;
	}
	add_laptop(hub, item, device, mailbox, found);
	if (strcmp(sql_col_text(q, 4), "live") != 0) {
		struct hub_device who = {.name = ""};

		memcpy(who.device, device, sizeof(device));
		memcpy(who.mailbox, mailbox, sizeof(mailbox));
		(void)json_object_set_new(item, "told", json_boolean(leave_was_read(hub, &who)));
	}
	return item;
}

enum pmj_code
hub_roster(struct hub *hub, json_t **out, struct pmj_error *err)
{
	struct sql *q;
	struct found found;
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	*out = NULL;
	if ((rc = find_all(hub, &found, err)) != PMJ_OK)
		goto out;
	q = sql_get(hub->journal,
	    "SELECT " ROSTER_COLUMNS " FROM pmj_device d ORDER BY d.enrolled_ms, d.device");
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		(void)json_array_append_new(items, roster_item(hub, q, &found));
	if (rc == PMJ_OK)
		*out = json_pack("{s:O}", "items", items);
out:
	found_close(&found);
	json_decref(items);
	return rc;
}

enum pmj_code
hub_arrived(struct hub *hub, json_t **out, const uint8_t device[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	struct sql *q;
	struct found found;
	enum pmj_code rc;
	bool row;

	*out = NULL;
	if ((rc = find_all(hub, &found, err)) != PMJ_OK)
		goto out;
	q = sql_get(
	    hub->journal, "SELECT " ROSTER_COLUMNS " FROM pmj_device d WHERE d.device = ?1");
	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	if ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		*out = roster_item(hub, q, &found);
	else if (rc == PMJ_OK)
		rc = pmj_fail(err, PMJ_NOT_FOUND, "no such device in the roster");
	sql_done(q);
out:
	found_close(&found);
	return rc;
}
