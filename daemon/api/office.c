/* office.c - the coordinator's routes, and the exchanges that answer later. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "base/text.h"

enum pmj_code
office_conflicts(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_conflicts(call->core->hub, out, call->lang, err);
}

enum pmj_code
office_resolve(const struct call *call, json_t **out, struct pmj_error *err)
{
	uint8_t rec[PMJ_RECORD_BYTES];
	const char *id;
	enum pmj_code rc;

	if ((rc = call_text(call, &id, "id", err)) != PMJ_OK ||
	    (rc = hub_resolve(call->core->hub, id, (int)json_int(call->body, "keep", 0),
	         json_object_get(call->body, "value"), rec, err)) != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	*out = call_id(call, rec);
	return PMJ_OK;
}

typedef enum pmj_code team_change(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES],
    const uint8_t (*devices)[PMJ_DEVICE_BYTES], size_t count, struct pmj_error *err);

/* All workers are looked up before the first is changed. */
static enum pmj_code
change_team(const struct call *call, json_t **out, team_change *change, struct pmj_error *err)
{
	const json_t *workers = json_arr(call->body, "workers");
	uint8_t person[PMJ_RECORD_BYTES];
	uint8_t devices[64][PMJ_DEVICE_BYTES];
	char id[PMJ_RECORD_CHARS + 1];
	json_t *list;
	const char *typed;
	size_t count = json_array_size(workers);
	enum pmj_code rc;

	if ((rc = call_text(call, &typed, "person", err)) != PMJ_OK)
		return rc;
	if (count == 0 || count > 64)
		return pmj_fail(err, PMJ_USAGE, "name one worker or more (at most 64)");
	if ((rc = records_resolve(call->core->journal, person, "person", typed, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const char *worker = json_string_value(json_array_get(workers, i));

		if ((rc = hub_worker(
		         call->core->hub, devices[i], worker != NULL ? worker : "", err)) != PMJ_OK)
			return rc;
	}
	if ((rc = change(call->core->hub, person, (const uint8_t(*)[PMJ_DEVICE_BYTES])devices,
	         count, err)) != PMJ_OK)
		return rc;
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		char *name, *role;

		core_who(call->core, devices[i], &name, &role);
		(void)json_array_append_new(list, json_pack("{s:s,s:o}", "name", name, "device",
		                                      json_hex(devices[i], PMJ_DEVICE_BYTES)));
		free(name);
		free(role);
	}
	core_queued(call->core, true);
	core_wake(call->core); /* what they get or lose by it, in steps */
	*out = json_pack(
	    "{s:s,s:o}", "person", text_base32(id, person, sizeof(person)), "workers", list);
	return rc;
}

enum pmj_code
office_assign(const struct call *call, json_t **out, struct pmj_error *err)
{
	return change_team(call, out, hub_assign, err);
}

enum pmj_code
office_unassign(const struct call *call, json_t **out, struct pmj_error *err)
{
	return change_team(call, out, hub_unassign, err);
}

enum pmj_code
office_revoke(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub *hub = call->core->hub;
	uint8_t device[PMJ_DEVICE_BYTES];
	const char *worker;
	char *name, *role;
	enum pmj_code rc;

	if ((rc = call_text(call, &worker, "worker", err)) != PMJ_OK)
		return rc;
	rc = hub_worker(hub, device, worker, err);
	if (rc == PMJ_NOT_FOUND && hub_worker_gone(hub, device, worker, NULL) == PMJ_OK)
		rc = PMJ_OK; /* asked twice */
	if (rc == PMJ_OK)
		rc = hub_revoke(hub, device, err);
	if (rc != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	core_wake(call->core);
	core_who(call->core, device, &name, &role);
	*out = json_pack("{s:s,s:s,s:o,s:I}", "name", name, "role", role, "device",
	    json_hex(device, sizeof(device)), "people", (json_int_t)hub_people_of(hub, device));
	free(name);
	free(role);
	return PMJ_OK;
}

/* What a revocation ended cannot be begun again by anybody's word: the laptop destroys its keys
 * when it hears of it. Whoever tries is told what leads on. */
static enum pmj_code
live_worker(struct hub *hub, uint8_t device[static PMJ_DEVICE_BYTES], const char *typed,
    struct pmj_error *err)
{
	enum pmj_code rc = hub_worker(hub, device, typed, err);

	if (rc != PMJ_NOT_FOUND || hub_worker_gone(hub, device, typed, NULL) != PMJ_OK)
		return rc;
	rc = pmj_fail(err, PMJ_REFUSED,
	    "the laptop of %.60s was revoked, and that cannot be taken back", typed);
	pmj_hint(err,
	    "enrol it anew (pamoja init on it, hub enrol here), then: pamoja hub replace "
	    "\"%.40s\"; what was held: pamoja hub held",
	    typed);
	return rc;
}

enum pmj_code
office_suspend(const struct call *call, json_t **out, struct pmj_error *err)
{
	uint8_t device[PMJ_DEVICE_BYTES];
	const char *worker;
	char *name, *role;
	enum pmj_code rc;

	if ((rc = call_text(call, &worker, "worker", err)) != PMJ_OK ||
	    (rc = live_worker(call->core->hub, device, worker, err)) != PMJ_OK ||
	    (json_flag(call->body, "end") && (rc = hub_extend(call->core->hub, device,
	                                          json_str(call->body, "until"), err)) != PMJ_OK) ||
	    (rc = hub_suspend(call->core->hub, device, json_flag(call->body, "end"), err)) !=
	        PMJ_OK)
		return rc;
	core_queued(call->core, true);
	core_wake(call->core);
	core_who(call->core, device, &name, &role);
	*out = json_pack("{s:s,s:s,s:o}", "name", name, "role", role, "device",
	    json_hex(device, sizeof(device)));
	free(name);
	free(role);
	return PMJ_OK;
}

enum pmj_code
office_role(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub *hub = call->core->hub;
	struct hub_role to = {
	    .until = json_str(call->body, "until"), .root = json_str(call->body, "root")};
	uint8_t device[PMJ_DEVICE_BYTES], id[32];
	json_t *item = NULL;
	const char *worker;
	char *name, *role;
	bool waits = false;
	enum pmj_code rc;

	if ((rc = call_text(call, &worker, "worker", err)) == PMJ_OK &&
	    (rc = call_text(call, &to.role, "role", err)) == PMJ_OK &&
	    (rc = live_worker(hub, device, worker, err)) == PMJ_OK)
		rc = hub_change_role(hub, device, &to, id, &waits, err);
	if (to.root != NULL)
		mem_wipe((char *)(uintptr_t)to.root, strlen(to.root));
	if (rc != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	core_wake(call->core);
	if (waits) {
		if ((rc = hub_pending_one(hub, &item, id, err)) == PMJ_OK)
			*out = json_pack("{s:o}", "pending", item);
		return rc;
	}
	core_who(call->core, device, &name, &role);
	*out = json_pack("{s:s,s:s,s:o}", "name", name, "role", role, "device",
	    json_hex(device, sizeof(device)));
	free(name);
	free(role);
	return PMJ_OK;
}

/* The laptop that takes over: the one named, or (NULL) the new one of the same worker. */
static enum pmj_code
who_takes_over(struct hub *hub, uint8_t to[static PMJ_DEVICE_BYTES], const char *typed,
    const uint8_t from[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	char *name = NULL, *role = NULL;
	enum pmj_code rc;

	if (typed == NULL)
		hub_who(hub, from, &name, &role);
	if ((rc = hub_worker(hub, to, typed != NULL ? typed : name, err)) == PMJ_NOT_FOUND &&
	    typed == NULL) {
		(void)pmj_fail(err, rc, "no laptop of %.60s is on the roster", name);
		pmj_hint(err, "enrol the new one first, or name who takes over: pamoja hub replace "
		              "WORKER NEW");
	}
	free(name);
	free(role);
	return rc;
}

/* Some of its people; the client asks again while some are left. */
enum pmj_code
office_replace(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub *hub = call->core->hub;
	uint8_t from[PMJ_DEVICE_BYTES], to[PMJ_DEVICE_BYTES];
	char *name, *role, *of, *was;
	int64_t moved, left;
	const char *old;
	enum pmj_code rc;

	if ((rc = call_text(call, &old, "old", err)) != PMJ_OK)
		return rc;
	if (hub_worker_gone(hub, from, old, err) != PMJ_OK) {
		rc = err->code;
		if (rc == PMJ_NOT_FOUND && hub_worker(hub, from, old, NULL) == PMJ_OK) {
			rc = pmj_fail(
			    err, PMJ_REFUSED, "the laptop of %.60s is still on the roster", old);
			pmj_hint(err, "take it off first: pamoja hub revoke \"%.60s\"", old);
		}
		return rc;
	}
	if ((rc = who_takes_over(hub, to, json_str(call->body, "new"), from, err)) != PMJ_OK ||
	    (json_flag(call->body, "same") &&
	        (rc = hub_same(hub, from, to, json_flag(call->body, "sure"), err)) != PMJ_OK) ||
	    (rc = hub_replace(hub, from, to, &moved, &left, err)) != PMJ_OK)
		return rc;
	core_queued(call->core, true);
	core_wake(call->core);
	hub_who(hub, to, &name, &role);
	hub_who(hub, from, &of, &was);
	*out = json_pack("{s:s,s:s,s:I,s:I}", "name", name, "old", of, "moved", (json_int_t)moved,
	    "left", (json_int_t)left);
	free(name);
	free(role);
	free(of);
	free(was);
	return PMJ_OK;
}

enum pmj_code
office_roster(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_roster(call->core->hub, out, err);
}

/* Also of a laptop that was revoked: what it had not sent is what one wants to know. */
enum pmj_code
office_arrived(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub *hub = call->core->hub;
	uint8_t device[PMJ_DEVICE_BYTES];
	const char *worker;
	enum pmj_code rc;

	if ((rc = call_text(call, &worker, "worker", err)) != PMJ_OK)
		return rc;
	rc = hub_worker(hub, device, worker, err);
	if (rc == PMJ_NOT_FOUND && hub_worker_gone(hub, device, worker, NULL) == PMJ_OK)
		rc = PMJ_OK;
	return rc == PMJ_OK ? hub_arrived(hub, out, device, err) : rc;
}

enum pmj_code
office_held(const struct call *call, json_t **out, struct pmj_error *err)
{
	enum pmj_code rc = hub_held(call->core->hub, out, err);

	if (rc == PMJ_OK)
		(void)json_object_set_new(
		    *out, "alone", json_integer((json_int_t)hub_release_alone(call->core->hub)));
	return rc;
}

static enum pmj_code
release_many(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	json_t *item = NULL;
	uint8_t id[32];
	enum pmj_code rc;

	if ((rc = hub_release_many(core->hub, json_str(call->body, "by"), id, err)) != PMJ_OK ||
	    (rc = hub_pending_one(core->hub, &item, id, err)) != PMJ_OK)
		return rc;
	core_queued(core, true);
	core_wake(core);
	*out = json_pack("{s:o}", "pending", item);
	return PMJ_OK;
}

enum pmj_code
office_release(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *id;
	enum pmj_code rc;

	if (json_str(call->body, "by") != NULL)
		return release_many(call, out, err);
	if ((rc = call_text(call, &id, "id", err)) != PMJ_OK ||
	    (rc = hub_release(call->core->hub, id, err)) != PMJ_OK)
		return rc;
	core_queued(call->core, false);
	*out = json_pack("{s:s}", "id", id);
	return PMJ_OK;
}

/* --- exchanges --- */

void
exchange_sync(const struct call *call, struct request *request)
{
	call->core->photos_asked = json_flag(call->body, "photos");
	exchange_start(call->core, call->core->is_hub ? EXCHANGE_MERGE : EXCHANGE_SYNC,
	    json_str(call->body, "to"), request);
}

void
exchange_carry(const struct call *call, struct request *request)
{
	const char *dir;
	struct pmj_error err;

	if (call_text(call, &dir, "dir", &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	if (dir[0] != '/') {
		(void)pmj_fail(&err, PMJ_USAGE, "the folder must have its full path");
		server_fail(request, &err);
		return;
	}
	exchange_start(call->core, EXCHANGE_CARRY, dir, request);
}

void
exchange_merge(const struct call *call, struct request *request)
{
	bool all = json_flag(call->body, "all");

	exchange_start(call->core, all ? EXCHANGE_MERGE_ALL : EXCHANGE_MERGE, NULL, request);
}
