/* role.c - what somebody is in the programme changes: by two supervisors, by the root key while
 * there are fewer (7.2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/pending.h"

static json_t *
role_fields(const struct hub_device *device, const struct hub_role *to)
{
	return json_pack("{s:s,s:o,s:s,s:s,s:s*}", "op", "role", "device",
	    json_hex(device->device, PMJ_DEVICE_BYTES), "name", device->name, "role", to->role,
	    "until", to->until);
}

/* What others of the programme wrote lies on a supervisor's or coordinator's laptop. It goes from
 * there with the laptop's keys, and only so. */
static enum pmj_code
check_from(const struct hub_device *device, struct pmj_error *err)
{
	enum pmj_code rc;

	if (!device->has_mailbox)
		return pmj_fail(err, PMJ_REFUSED, "the role of the hub itself does not change");
	if (!office_is_office(device->role))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED,
	    "the laptop of %.60s holds what only a %.20s may see, and would keep it", device->name,
	    device->role);
	pmj_hint(err,
	    "take it off the roster (pamoja hub revoke \"%.40s\"), and enrol it anew: pamoja init "
	    "on it, pamoja hub enrol here",
	    device->name);
	return rc;
}

static enum pmj_code
check_change(const struct hub_device *device, const struct hub_role *to, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = enlist_check_role(to->role, to->until, err)) != PMJ_OK ||
	    (rc = check_from(device, err)) != PMJ_OK)
		return rc;
	if (to->until != NULL && strcmp(to->role, "volunteer") != 0) {
		rc = pmj_fail(err, PMJ_USAGE, "only a volunteer is with us until a date");
		pmj_hint(err, "leave out --until");
	} else if (strcmp(device->role, to->role) == 0) {
		rc = pmj_fail(
		    err, PMJ_REFUSED, "%.60s is a %.20s already", device->name, device->role);
	}
	return rc;
}

/* ---- it is so ---- */

static enum pmj_code
set_role(struct hub *hub, const struct hub_device *device, const char *role, const char *until,
    struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "UPDATE pmj_device SET role = ?2, until = ?3 WHERE device = ?1");

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	return sql_run(sql_text(sql_text(q, 2, role), 3, until), err);
}

/* Whoever was told who wrote something reads the new role beside it. */
static enum pmj_code
tell_readers(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT t.mailbox FROM pmj_told t CROSS JOIN pmj_device d ON d.mailbox = t.mailbox"
	    " WHERE t.device = ?1 AND d.state = 'live'");
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	enum pmj_code rc;
	int64_t n;
	bool row;

	rc = decide_follow(hub, "ctl.roster",
	    json_pack("{s:{s:o,s:s,s:s,s:s*}}", "who", "device",
	        json_hex(device->device, PMJ_DEVICE_BYTES), "name", device->name, "role",
	        device->role, "until", device->until[0] != '\0' ? device->until : NULL),
	    &n, NULL, err);
	if (rc != PMJ_OK)
		return rc;
	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		if (sql_col_copy(q, 0, mailbox, sizeof(mailbox)) &&
		    (rc = sync_queue(hub->sync, mailbox, n, false, err)) != PMJ_OK)
			break;
	sql_done(q);
	return rc;
}

/* fields: of the statement, with what people signed; stolen. Inside a transaction. */
static enum pmj_code
role_enter(struct hub *hub, struct hub_device *device, json_t *fields, struct pmj_error *err)
{
	const char *role = json_str(fields, "role"), *until = json_str(fields, "until");
	int64_t n, ver;
	enum pmj_code rc;

	(void)snprintf(device->role, sizeof(device->role), "%s", role);
	(void)snprintf(device->until, sizeof(device->until), "%s", until != NULL ? until : "");
	if ((rc = set_role(hub, device, role, until, err)) != PMJ_OK) {
		json_decref(fields);
		return rc;
	}
	if ((rc = decide_statement(hub, fields, &n, &ver, err)) != PMJ_OK ||
	    (rc = sync_queue(hub->sync, device->mailbox, n, true, err)) != PMJ_OK ||
	    (rc = tell_readers(hub, device, err)) != PMJ_OK)
		return rc;
	if (office_is_office(device->role) && ((rc = share_roster(hub, device, err)) != PMJ_OK ||
	                                          (rc = share_files(hub, device, err)) != PMJ_OK))
		return rc;
	return journal_event(hub->journal, "role", "ok", "somebody has another role", err);
}

enum pmj_code
role_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	const struct hub_role to = {
	    .role = json_str(pending->act.p, "role"), .until = json_str(pending->act.p, "until")};
	uint8_t id[PMJ_DEVICE_BYTES];
	struct hub_device device;
	enum pmj_code rc;

	if (!json_unhex(pending->act.p, "device", id, sizeof(id)))
		rc = pmj_fail(err, PMJ_INVALID, "what was agreed to names no laptop");
	else if ((rc = office_device(hub, &device, id, err)) == PMJ_OK)
		rc = check_change(&device, &to, err);
	/* Revoked meanwhile, or done before a crash: nothing is to be done any more. */
	if (rc == PMJ_OK && strcmp(device.state, "revoked") != 0)
		return role_enter(hub, &device, act_statement(&pending->act, by), err);
	json_decref(by);
	return rc == PMJ_REFUSED ? PMJ_OK : rc;
}

/* ---- asked for ---- */

/* A laptop that is suspended stays so, whatever its worker is called. */
static enum pmj_code
check_at_work(const struct hub_device *who, struct pmj_error *err)
{
	enum pmj_code rc;

	if (strcmp(who->state, "live") == 0)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "the laptop of %.60s is suspended", who->name);
	pmj_hint(err, "first, if it is in the right hands: pamoja hub suspend \"%.60s\" --end",
	    who->name);
	return rc;
}

/* Was the same asked for before, and waits? */
static bool
role_is_asked(struct hub *hub, uint8_t *out, const json_t *fields)
{
	static const char *const same[] = {"op", "device", "role", "until"};
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	size_t count = 0;
	bool found = false;

	if (pending_waiting(hub, &ids, &count, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct pending pending;

		found = pending_get(hub, &pending, ids[i], NULL) == PMJ_OK;
		for (size_t j = 0; j < sizeof(same) / sizeof(*same) && found; j++) {
			const json_t *was = json_object_get(pending.act.p, same[j]),
			             *is = json_object_get(fields, same[j]);

			found = was == is || json_equal(was, is);
		}
		if (found)
			memcpy(out, ids[i], ACT_HASH_BYTES);
		pending_close(&pending);
	}
	free(ids);
	return found;
}

static enum pmj_code
by_root(
    struct hub *hub, struct hub_device *device, const struct hub_role *to, struct pmj_error *err)
{
	json_t *agreed = NULL;
	enum pmj_code rc;

	if ((rc = enlist_by_root(hub, &agreed, role_fields(device, to), to->root, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK) {
		json_decref(agreed);
		return rc;
	}
	return decide_end(hub, role_enter(hub, device, agreed, err), err);
}

enum pmj_code
hub_change_role(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES],
    const struct hub_role *to, uint8_t id[static 32], bool *waits, struct pmj_error *err)
{
	struct hub_device who;
	json_t *fields;
	enum pmj_code rc;

	*waits = false;
	if ((rc = office_device(hub, &who, device, err)) != PMJ_OK ||
	    (rc = check_change(&who, to, err)) != PMJ_OK ||
	    (rc = check_at_work(&who, err)) != PMJ_OK ||
	    (rc = enlist_check_day(hub, to->until, err)) != PMJ_OK ||
	    (rc = enlist_who_decides(hub, "changes the role of", who.name, to->root, err)) !=
	        PMJ_OK)
		return rc;
	if (to->root != NULL)
		return by_root(hub, &who, to, err);
	*waits = true;
	fields = role_fields(&who, to);
	if (role_is_asked(hub, id, fields)) {
		json_decref(fields);
		return PMJ_OK;
	}
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK) {
		json_decref(fields);
		return rc;
	}
	return decide_end(hub, pending_ask(hub, fields, NULL, id, err), err);
}
