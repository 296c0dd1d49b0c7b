/* move.c - the hub gets another address, or its mailboxes another folder, and the laptops follow by
 * themselves: each is told the new place and the old ones, in a line of its own lane, by whatever
 * way it comes. The old ones are looked into and kept open until the coordinator ends the move. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "hub/hub_inner.h"

/* As a device keeps (sync/device_hub.c): one line, four tries at the worst. */
#define PLACES_MAX 4

/* Everybody who may still come by: a suspended laptop is to hear when that is over. */
static enum pmj_code
who_follows(struct hub *hub, struct hub_device **out, size_t *count, struct pmj_error *err)
{
	size_t kept = 0;
	enum pmj_code rc = office_mailboxes(hub, out, count, err);

	for (size_t i = 0; rc == PMJ_OK && i < *count; i++)
		if (strcmp((*out)[i].state, "revoked") != 0)
			(*out)[kept++] = (*out)[i];
	*count = kept;
	return rc;
}

/* These places from now on: everybody is told. Inside a transaction; hub->places is the caller's to
 * put back when it fails. */
static enum pmj_code
tell_all(struct hub *hub, const char *event, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count = 0;
	enum pmj_code rc = who_follows(hub, &devices, &count, err);

	/* Nobody knows the old ones. */
	while (rc == PMJ_OK && count == 0 && json_array_size(hub->places) > 1)
		(void)json_array_remove(hub->places, 1);
	if (rc == PMJ_OK)
		rc = reach_save(hub, hub->places, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = reach_tell(hub, &devices[i], err);
	free(devices);
	return rc == PMJ_OK ? journal_event(hub->journal, "moved", "ok", event, err) : rc;
}

/* A transaction around it. settings: what pamoja.ini says now, noted with it; or NULL. */
static enum pmj_code
go_to(
    struct hub *hub, json_t *places, const char *event, const char *settings, struct pmj_error *err)
{
	json_t *before = hub->places;
	enum pmj_code rc = journal_begin(hub->journal, err);

	hub->places = places;
	if (rc == PMJ_OK) {
		rc = tell_all(hub, event, err);
		if (rc == PMJ_OK && settings != NULL)
			rc = journal_put_text(hub->journal, REACH_SETTINGS, settings, err);
		rc = decide_end(hub, rc, err);
	}
	if (rc == PMJ_OK) {
		json_decref(before);
	} else {
		hub->places = before;
		json_decref(places);
	}
	return rc;
}

static bool
is_same(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"url", "pin", "folder"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *one = json_str(a, keys[i]), *other = json_str(b, keys[i]);

		if (strcmp(one != NULL ? one : "", other != NULL ? other : "") != 0)
			return false;
	}
	return true;
}

/* The new one first, then those of before, each once. `place` is stolen. */
static json_t *
places_with(const struct hub *hub, json_t *place)
{
	json_t *out = json_pack("[o]", place), *old;
	size_t i;

	json_array_foreach(hub->places, i, old) if (!is_same(old, place))(void)
	    json_array_append(out, old);
	return out;
}

/* ---- pamoja.ini ---- */

enum pmj_code
hub_reach_settings(struct hub *hub, const char *url, const char *pin, struct pmj_error *err)
{
	char *was = journal_text(hub->journal, REACH_SETTINGS), *folder = hub_mailboxes(hub);
	char *now = mem_printf("%s %s", url != NULL ? url : "", pin != NULL ? pin : "");
	const json_t *here = json_array_get(hub->places, 0);
	json_t *place = reach_place(
	    url != NULL ? url : folder, pin, folder, REACH_BY_SETTINGS, os_now(hub->os));
	enum pmj_code rc = PMJ_OK;

	if (strcmp(was != NULL ? was : " ", now) == 0) {
		json_decref(place); /* what it says was obeyed before; since then `hub move` may
		                       have said another */
	} else if (is_same(here, place) ||
	           (url == NULL && strcmp(json_str(here, "said"), REACH_BY_MOVE) == 0)) {
		json_decref(place);
		if ((rc = journal_begin(hub->journal, err)) == PMJ_OK)
			rc = decide_end(
			    hub, journal_put_text(hub->journal, REACH_SETTINGS, now, err), err);
	} else {
		rc = go_to(hub, places_with(hub, place), "the hub has another address", now, err);
	}
	free(was);
	free(folder);
	free(now);
	return rc;
}

/* ---- hub move ---- */

static enum pmj_code
check_place(const struct hub_move *to, struct address *at, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = address_read(at, to->url, err)) != PMJ_OK)
		return rc;
	if (at->way == ADDRESS_FOLDER && (to->pin != NULL || to->folder != NULL)) {
		rc =
		    pmj_fail(err, PMJ_USAGE, "a folder has no pin, and is where its mailboxes are");
		pmj_hint(err, "name only the folder");
	} else if (at->way == ADDRESS_SSH && to->pin == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "an ssh:// host needs its pin");
		pmj_hint(err, "add --pin with the first two words of "
		              "/etc/ssh/ssh_host_ed25519_key.pub at the host");
	} else if (to->pin != NULL) {
		rc = address_pin(at->way, to->pin, err);
	}
	return rc;
}

enum pmj_code
hub_move(struct hub *hub, const struct hub_move *to, struct pmj_error *err)
{
	struct address at;
	char *folder;
	json_t *place, *places;
	enum pmj_code rc = check_place(to, &at, err);

	if (rc != PMJ_OK)
		return rc;
	folder = to->folder != NULL         ? mem_strdup(to->folder)
	         : at.way == ADDRESS_FOLDER ? mem_strdup(to->url)
	                                    : hub_mailboxes(hub);
	place = reach_place(to->url, to->pin, folder, REACH_BY_MOVE, os_now(hub->os));
	free(folder);
	if (is_same(json_array_get(hub->places, 0), place)) {
		json_decref(place); /* asking twice is no error */
		return PMJ_OK;
	}
	places = places_with(hub, place);
	if (json_array_size(places) > PLACES_MAX) {
		json_decref(places);
		rc = pmj_fail(
		    err, PMJ_REFUSED, "laptops are under way to %d addresses already", PLACES_MAX);
		pmj_hint(err, "see who is not there yet (pamoja hub move), then end that one: "
		              "pamoja hub move --end");
		return rc;
	}
	return go_to(hub, places, "the hub moves to another address", NULL, err);
}

/* Who is told, who has come. waits: has not read it yet; told: has, and was not there since. */
static json_t *
followers(struct hub *hub, size_t *behind)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.device, d.mailbox, d.name, m.n, coalesce(m.came_ms, 0) FROM pmj_device d LEFT"
	    " JOIN pmj_moved m ON m.device = d.device WHERE d.mailbox IS NOT NULL AND d.state <>"
	    " 'revoked' ORDER BY d.enrolled_ms, d.device");
	json_t *out = json_array();
	bool row;

	*behind = 0;
	while (sql_row(q, &row, NULL) == PMJ_OK && row) {
		uint8_t device[PMJ_DEVICE_BYTES], mailbox[PMJ_MAILBOX_BYTES];
		int64_t n = sql_col_int(q, 3), came = sql_col_int(q, 4);
		json_t *item, *seen;

		(void)sql_col_copy(q, 0, device, sizeof(device));
		(void)sql_col_copy(q, 1, mailbox, sizeof(mailbox));
		item = json_pack("{s:o,s:s,s:s,s:o}", "device", json_hex(device, sizeof(device)),
		    "name", sql_col_text(q, 2), "state",
		    came != 0                              ? "followed"
		    : sync_was_read(hub->sync, mailbox, n) ? "told"
		                                           : "waits",
		    "came", came != 0 ? json_integer((json_int_t)came) : json_null());
		seen = sync_peer_state(hub->sync, mailbox);
		(void)json_object_update_missing(item, seen);
		json_decref(seen);
		(void)json_array_append_new(out, item);
		*behind += came == 0 ? 1 : 0;
	}
	return out;
}

enum pmj_code
hub_move_end(struct hub *hub, bool sure, struct pmj_error *err)
{
	size_t behind;
	enum pmj_code rc;

	json_decref(followers(hub, &behind));
	if (json_array_size(hub->places) < 2)
		return PMJ_OK;
	if (behind > 0 && !sure) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    behind == 1 ? "%zu of the laptops has not come by the new address yet"
		                : "%zu of the laptops have not come by the new address yet",
		    behind);
		pmj_hint(err, "see which: pamoja hub move. To end it without them, who must be "
		              "reached by a stick then: pamoja hub move --end --sure");
		return rc;
	}
	return go_to(hub, json_pack("[O]", json_array_get(hub->places, 0)),
	    "the hub's old addresses count no more", NULL, err);
}

enum pmj_code
hub_move_state(struct hub *hub, json_t **out, struct pmj_error *err)
{
	size_t behind;
	json_t *old = json_copy(hub->places);
	const json_t *here = json_array_get(hub->places, 0);

	(void)err;
	(void)json_array_remove(old, 0);
	*out = json_copy((json_t *)(uintptr_t)here);
	(void)json_object_set_new(*out, "old", old);
	(void)json_object_set_new(*out, "items", followers(hub, &behind));
	(void)json_object_set_new(*out, "behind", json_integer((json_int_t)behind));
	return PMJ_OK;
}

enum pmj_code
move_heard(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], const json_t *hello,
    struct pmj_error *err)
{
	struct sql *q;
	uint8_t e[PMJ_ENTRY_BYTES];

	if (!json_unhex(hello, "place", e, sizeof(e)))
		return PMJ_OK;
	q = sql_get(hub->journal,
	    "UPDATE pmj_moved SET came_ms = ?3 WHERE device = ?1 AND e = ?2 AND came_ms = 0");
	(void)sql_blob(sql_blob(q, 1, device, PMJ_DEVICE_BYTES), 2, e, sizeof(e));
	return sql_run(sql_int(q, 3, os_now(hub->os)), err);
}
