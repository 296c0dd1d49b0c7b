/* restored.c - the hub after a restore, and a device that says it has a new seal key (11.5, 9). */
#include <stdlib.h>
#include <string.h>

#include "hub/hub_inner.h"

/* The lost machine may have made so many statements since the backup; two of one number would
 * contradict each other. */
#define STATEMENTS_LEFT 1000

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

enum pmj_code
hub_hello(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	struct hub_device device;
	struct pmj_error unsaid = {.code = PMJ_OK};
	uint8_t pk[32];
	int64_t epoch, n, ver;
	struct sql *q;
	enum pmj_code rc;
	bool live;

	if (!key_of(line->entry->json, &epoch, pk))
		return PMJ_OK;
	if ((rc = office_device(hub, &device, peer->device, err)) != PMJ_OK)
		return rc;
	/* Of a laptop that was cut off any copy is to hear so, the newest or not. */
	live = strcmp(device.state, "live") == 0;
	if (live && (!line->newest || memcmp(device.seal_pk, pk, sizeof(pk)) == 0))
		return PMJ_OK;
	q = sql_get(hub->journal, "UPDATE pmj_device SET seal_pk = ?2 WHERE device = ?1");
	(void)sql_blob(q, 1, peer->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_run(sql_blob(q, 2, pk, sizeof(pk)), err)) != PMJ_OK)
		return rc;
	if (!live)
		return leave_say_again(hub, &device, err);
	rc = decide_statement(hub,
	    json_pack("{s:s,s:o,s:I,s:o}", "op", "seal", "device",
	        json_hex(peer->device, PMJ_DEVICE_BYTES), "epoch", (json_int_t)epoch, "pk",
	        json_hex(pk, sizeof(pk))),
	    &n, &ver, &unsaid);
	if (rc == PMJ_OK)
		rc = sync_queue(hub->sync, peer->mailbox, n, false, err);
	else if (rc ==
	         PMJ_REFUSED) /* the clock is in doubt: that stops statements, not receiving */
		rc = PMJ_OK;
	else if (err != NULL)
		*err = unsaid;
	if (rc != PMJ_OK)
		return rc;
	return journal_event(
	    hub->journal, "new_key", "ok", "a laptop has a new key: it is sealed to that one", err);
}

int64_t
hub_roster_floor(struct hub *hub)
{
	struct sql *q = sql_get(hub->journal, "SELECT max(roster_seen) FROM pmj_device");
	int64_t floor = journal_int(hub->journal, "hub.roster_floor", 0);
	bool row = false;

	if (sql_row(q, &row, NULL) == PMJ_OK && row && sql_col_int(q, 0) > floor)
		floor = sql_col_int(q, 0);
	sql_done(q);
	return floor;
}

enum pmj_code
hub_restored(struct hub *hub, struct pmj_error *err)
{
	int64_t floor = hub_roster_floor(hub), version = hub_roster_version(hub);
	struct hlc last = hub_last_stamp(hub);
	enum pmj_code rc;

	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	/* Restored once more before all heard of the first time: that is the point for them. */
	if (!sync_restore_untold(hub->sync) &&
	    (rc = journal_put_int(hub->journal, SYNC_RESTORED_POINT, last.pt, err)) != PMJ_OK)
		goto out;
	if ((rc = returned_begin(hub, err)) != PMJ_OK)
		goto out;
	hub->returning = true;
	rc = journal_put_int(hub->journal, "hub.roster_floor",
	    (floor > version ? floor : version) + STATEMENTS_LEFT, err);
out:
	if (rc == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	return rc == PMJ_OK ? sync_restored(hub->sync, err) : rc;
}
