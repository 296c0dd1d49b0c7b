/* core_lock.c - locking: what is unsent is sealed, in steps, then the keys go. */
#include <stdlib.h>
#include <string.h>

#include "api/core_inner.h"
#include "base/diag.h"
#include "base/fs.h"

/* What is unsent goes to the spool in small segments, so that the carrier can go on with it (4.5).
 * One segment or a few files a time; *more: not all yet. */
static enum pmj_code
seal_step(struct core *core, bool *more, struct pmj_error *err)
{
	enum pmj_code rc;

	*more = core->sync != NULL;
	if (core->sync == NULL)
		return PMJ_OK;
	if (core->hub != NULL) {
		rc = hub_share_step(
		    core->hub, core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS, more, err);
		if (rc != PMJ_OK || *more)
			return rc;
		*more = true;
	}
	if (core->lock_phase == LOCK_SPOOL)
		return sync_spool_step(core->sync, more, err);
	if ((rc = sync_seal_step(core->sync, more, err)) != PMJ_OK)
		return rc;
	if (!*more)
		core->lock_phase = LOCK_SPOOL;
	*more = true;
	return PMJ_OK;
}

/* What lies in the spool the carrier can bring away without us, as soon as there is a chance. */
static void
leave_to_carrier(struct core *core)
{
	json_t *have = NULL, *acked = NULL;

	if (core->sync == NULL || !carrylink_up(core->carry))
		return;
	if (sync_have(core->sync, &have, NULL) == PMJ_OK &&
	    sync_acked(core->sync, &acked, NULL) == PMJ_OK) {
		(void)carrylink_send(
		    core->carry, json_pack("{s:s,s:O}", "do", "acked", "upto", acked));
		core->left_to_carrier = carrylink_send(
		    core->carry, json_pack("{s:s,s:b,s:b,s:O}", "do", "wake", "urgent",
		                     (int)core->urgent_waits, "locked", 1, "have", have));
	}
	json_decref(have);
	json_decref(acked);
}

/* ---- another key for the journal, after an erasure (6.7) ---- */

/* The key file says which file counts: it is written when the new one is whole. */
static enum pmj_code
rekey_turn(struct core *core, struct pmj_error *err)
{
	enum pmj_code rc;

	if (journal_wal_frames(core->journal) != 0)
		return pmj_fail(err, PMJ_BUSY, "something was written to it meanwhile");
	journal_rekey_turn(core->rekey, true);
	if ((rc = keyfile_save(core->keys, core->ring, true, err)) != PMJ_OK)
		journal_rekey_turn(core->rekey, false);
	else
		diag("the journal has a new key");
	return rc;
}

/* Nobody writes while it is locked. What fails is tried again at the next lock: the old file is in
 * use until then. False: there is nothing more to do. */
static bool
rekey_step(struct core *core)
{
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS;
	struct pmj_error err;
	bool done = false;
	enum pmj_code rc = PMJ_OK;

	if (core->rekey == NULL && !journal_rekey_due(core->journal))
		return false;
	if (core->rekey == NULL)
		rc = journal_rekey_new(&core->rekey, core->journal, &err);
	else
		rc = journal_rekey_step(core->rekey, until_ms, &done, &err);
	if (rc == PMJ_OK && done)
		rc = rekey_turn(core, &err);
	if (rc != PMJ_OK) {
		diag_error("giving the journal a new key", &err);
		journal_rekey_free(core->rekey);
		core->rekey = NULL;
	}
	return rc == PMJ_OK && !done;
}

/* The old file, when nothing is open any more. */
static void
drop_old_file(struct core *core, char *left)
{
	struct pmj_error err;

	if (left != NULL && fs_shred(core->os, left, &err) != PMJ_OK)
		diag_error("removing the journal's old file", &err);
	free(left);
}

static void
lock_finish(struct core *core)
{
	struct request *request = core->lock_request;
	char *left = core->rekey != NULL ? journal_rekey_left(core->rekey) : NULL;

	leave_to_carrier(core);
	journal_rekey_free(core->rekey);
	core->rekey = NULL;
	core_close_parts(core);
	drop_old_file(core, left);
	core->state = CORE_LOCKED;
	diag("locked");
	core->lock_request = NULL;
	if (request != NULL)
		server_reply(request, json_pack("{s:b}", "locked", 1));
}

/* One step; false when it is locked. What cannot be sealed now stays in the journal. What has syncs
 * to wait for is a step each: the checkpoint, the key file. */
bool
core_lock_step(struct core *core)
{
	struct pmj_error err;
	bool more = false;

	core->step_name = "lock";
	switch (core->lock_phase) {
	case LOCK_SEAL:
	case LOCK_SPOOL:
		core->step_name = "seal before locking";
		if (seal_step(core, &more, &err) != PMJ_OK)
			diag_error("sealing before locking", &err);
		if (!more)
			core->lock_phase = LOCK_CHECKPOINT;
		return true;
	case LOCK_CHECKPOINT:
		core->step_name = "last checkpoint";
		core->lock_phase = LOCK_REKEY;
		if (journal_checkpoint(core->journal, &err) != PMJ_OK)
			diag_error("checkpoint", &err);
		return true;
	case LOCK_REKEY:
		core->step_name = "a new key for the journal";
		if (!rekey_step(core))
			core->lock_phase = LOCK_ANCHOR;
		return true;
	case LOCK_ANCHOR:
		core->lock_phase = LOCK_CLOSE;
		if (core_save_anchor(core, &err) != PMJ_OK)
			diag_error("saving the anchor", &err);
		return true;
	case LOCK_CLOSE:
		break;
	}
	lock_finish(core);
	return false;
}

void
core_lock_begin(struct core *core, struct request *request)
{
	struct pmj_error err;

	(void)pmj_fail(&err, PMJ_LOCKED, "Pamoja was locked meanwhile");
	exchange_drop_all(core, &err);
	core_find_drop(core, &err);
	core_import_drop(core, &err);
	core_waiters_drop(core, &err);
	core_office_drop(core, &err);
	core_verify_drop(core, &err);
	memset(&core->key_draft, 0, sizeof(core->key_draft));
	core_backup_drop(core);
	core_exchange_none_due(core);
	core->exchange_missed = false;
	core->checking = false;
	core->lock_request = request;
	core->lock_phase = LOCK_SEAL;
	core_photo_drop(core);
	if (core->sync != NULL)
		sync_link_unknown(core->sync);
	core->state = CORE_LOCKING;
	core_wake(core);
}

void
core_lock(struct core *core)
{
	if (core->state == CORE_OPEN)
		core_lock_begin(core, NULL);
	if (core->state == CORE_RENEWING) { /* each step of it is durable */
		core_close_parts(core);
		core->state = CORE_LOCKED;
	}
	while (core->state == CORE_LOCKING)
		(void)core_lock_step(core);
}
