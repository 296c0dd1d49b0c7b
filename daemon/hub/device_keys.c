/* device_keys.c - which key each laptop is sealed to: it says so in its ctl.hello (11.5, 9), and
 * there also which one is next (7.4). */
#include <string.h>

#include "base/date.h"
#include "hub/hub_inner.h"

#define PUBLISHED_MS (30 * DAY_MS)
#define KEYS_AT_ONCE 16 /* each is a statement */

/* A key of low order would make every segment to this device fail. */
static bool
usable(const uint8_t pk[static 32])
{
	uint8_t sk[32], shared[32];
	bool good;

	prim_random(sk, sizeof(sk));
	good = prim_dh(shared, sk, pk) == 0;
	prim_wipe(sk, sizeof(sk));
	prim_wipe(shared, sizeof(shared));
	return good;
}

/* The key in a hello: of the highest epoch it names. */
static bool
key_of(const json_t *hello, int64_t *epoch, uint8_t pk[static 32])
{
	const json_t *item;
	size_t i;

	*epoch = -1;
	json_array_foreach(json_arr(hello, "epochs"), i, item)
	{
		int64_t number = json_int(item, "epoch", -1);

		if (number > *epoch && json_unhex(item, "pk", pk, 32))
			*epoch = number;
	}
	return *epoch >= 0 && usable(pk);
}

/* From now on this laptop is sealed this key; where the clock is in doubt the statement is left
 * out, for that stops decisions, not receiving. */
static enum pmj_code
seal_to(struct hub *hub, const struct hub_device *device, int64_t epoch,
    const uint8_t pk[static 32], bool state, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "UPDATE pmj_device SET seal_pk = ?2 WHERE device = ?1");
	struct pmj_error unsaid = {.code = PMJ_OK};
	enum pmj_code rc;
	int64_t n, ver;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_blob(q, 2, pk, 32), err)) != PMJ_OK)
		return rc;
	q = sql_get(hub->journal, "DELETE FROM pmj_next_key WHERE device = ?1 AND epoch <= ?2");
	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_int(q, 2, epoch), err)) != PMJ_OK || !state)
		return rc;
	rc = decide_statement(hub,
	    json_pack("{s:s,s:o,s:I,s:o}", "op", "seal", "device",
	        json_hex(device->device, PMJ_DEVICE_BYTES), "epoch", (json_int_t)epoch, "pk",
	        json_hex(pk, 32)),
	    &n, &ver, &unsaid);
	if (rc == PMJ_OK)
		return sync_queue(hub->sync, device->mailbox, n, false, err);
	if (rc == PMJ_REFUSED)
		return PMJ_OK;
	if (err != NULL)
		*err = unsaid;
	return rc;
}

/* The key that it will use in 30 days, counted from now. */
static enum pmj_code
take_next(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES],
    const struct sync_line *line, struct pmj_error *err)
{
	const json_t *next = json_obj(line->entry->json, "next");
	struct sql *q;
	uint8_t pk[32];

	if (next == NULL || json_int(next, "epoch", -1) < 0 ||
	    !json_unhex(next, "pk", pk, sizeof(pk)) || !usable(pk))
		return PMJ_OK;
	q = sql_get(hub->journal,
	    "INSERT INTO pmj_next_key(device, epoch, pk, came_ms) VALUES(?1, ?2, ?3, ?4)"
	    " ON CONFLICT(device) DO UPDATE SET epoch = excluded.epoch, pk = excluded.pk,"
	    " came_ms = excluded.came_ms WHERE pk <> excluded.pk");
	(void)sql_blob(q, 1, device, PMJ_DEVICE_BYTES);
	(void)sql_int(q, 2, json_int(next, "epoch", 0));
	(void)sql_blob(q, 3, pk, sizeof(pk));
	return sql_run(sql_int(q, 4, os_now(hub->os)), err);
}

enum pmj_code
hub_hello(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	struct hub_device device;
	uint8_t pk[32];
	int64_t epoch;
	enum pmj_code rc;
	bool live;

	if ((rc = move_heard(hub, peer->device, line->entry->json, err)) != PMJ_OK)
		return rc;
	if (!key_of(line->entry->json, &epoch, pk))
		return PMJ_OK;
	if ((rc = office_device(hub, &device, peer->device, err)) != PMJ_OK)
		return rc;
	/* Of a laptop that was cut off any copy is to hear so, the newest or not. */
	live = strcmp(device.state, "live") == 0;
	if (live && line->newest && (rc = take_next(hub, peer->device, line, err)) != PMJ_OK)
		return rc;
	if (live && (!line->newest || memcmp(device.seal_pk, pk, sizeof(pk)) == 0))
		return PMJ_OK;
	if ((rc = seal_to(hub, &device, epoch, pk, live, err)) != PMJ_OK)
		return rc;
	if (!live)
		return leave_say_again(hub, &device, err);
	return journal_event(
	    hub->journal, "new_key", "ok", "a laptop has a new key: it is sealed to that one", err);
}

/* ---- the next one's time ---- */

struct next_key {
	struct hub_device device;
	int64_t epoch;
	uint8_t pk[32];
};

/* One key that has been known for long enough; *found false: there is none. */
static enum pmj_code
next_due(struct hub *hub, struct next_key *out, bool *found, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT k.device, k.epoch, k.pk FROM pmj_next_key k JOIN pmj_device d ON d.device ="
	    " k.device WHERE d.state = 'live' AND k.came_ms <= ?1 LIMIT 1");
	uint8_t device[PMJ_DEVICE_BYTES];
	enum pmj_code rc;

	(void)sql_int(q, 1, os_now(hub->os) - PUBLISHED_MS);
	if ((rc = sql_row(q, found, err)) == PMJ_OK && *found) {
		(void)sql_col_copy(q, 0, device, sizeof(device));
		out->epoch = sql_col_int(q, 1);
		(void)sql_col_copy(q, 2, out->pk, sizeof(out->pk));
	}
	sql_done(q);
	return rc == PMJ_OK && *found ? office_device(hub, &out->device, device, err) : rc;
}

enum pmj_code
hub_keys_due(struct hub *hub, struct pmj_error *err)
{
	struct next_key next;
	enum pmj_code rc;
	bool found;

	if (hub_clock(hub, NULL) != PMJ_OK)
		return PMJ_OK;
	for (int i = 0; i < KEYS_AT_ONCE; i++) {
		if ((rc = next_due(hub, &next, &found, err)) != PMJ_OK || !found)
			return rc;
		if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
			return rc;
		rc = seal_to(hub, &next.device, next.epoch, next.pk, true, err);
		if (rc == PMJ_OK)
			rc = journal_commit(hub->journal, err);
		else
			journal_rollback(hub->journal);
		if (rc != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}
