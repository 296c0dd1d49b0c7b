/* erase.c - a person is forgotten (security 11): asked for at the hub; and what an order means
 * here, in background steps, at the hub and at every laptop. */
#include <string.h>

#include "api/core_inner.h"
#include "api/handlers.h"
#include "base/diag.h"
#include "sync/erase.h"

enum pmj_code
erase_ask(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	uint8_t person[PMJ_RECORD_BYTES], id[32];
	const char *typed;
	json_t *item = NULL;
	enum pmj_code rc;

	if ((rc = call_text(call, &typed, "person", err)) != PMJ_OK ||
	    (rc = records_resolve(core->journal, person, "person", typed, err)) != PMJ_OK ||
	    (rc = hub_forget(core->hub, person, json_str(call->body, "cause"), id, err)) !=
	        PMJ_OK ||
	    (rc = hub_pending_one(core->hub, &item, id, err)) != PMJ_OK)
		return rc;
	core_queued(core, true);
	core_wake(core);
	*out = json_pack("{s:o}", "pending", item);
	return PMJ_OK;
}

enum pmj_code
erase_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	return hub_forgotten(call->core->hub, out, json_str(call->query, "id"), err);
}

/* ---- what an order means here ---- */

static enum pmj_code
report_erasure(struct core *core, const uint8_t act[static ERASE_HASH_BYTES], const char *done,
    struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	enum pmj_code rc;

	if (core->hub != NULL)
		return hub_erased(core->hub, act, done, err);
	if ((rc = device_mailbox(core->journal, mailbox, err)) != PMJ_OK)
		return rc;
	return device_done(core->sync, mailbox, act, done, err);
}

/* What is done is said in the transaction that says so here. */
static enum pmj_code
finish_one(struct core *core, bool keys, bool *found, struct pmj_error *err)
{
	int64_t now = os_now(core->os);
	uint8_t act[ERASE_HASH_BYTES];
	enum pmj_code rc;

	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	rc = keys ? erase_unreadable(core->journal, now, act, found, err)
	          : erase_done(core->journal, now, act, found, err);
	if (rc == PMJ_OK && *found && !keys &&
	    (rc = sync_epochs_early(core->journal, err)) == PMJ_OK)
		rc = journal_rekey_wanted(core->journal, err);
	if (rc == PMJ_OK && *found)
		rc = report_erasure(core, act, keys ? "unreadable" : "removed", err);
	if (rc == PMJ_OK)
		return journal_commit(core->journal, err);
	journal_rollback(core->journal);
	return rc;
}

/* Nothing of it is in the journal: what the file held before goes with its key. */
static enum pmj_code
finish_erasure(struct core *core, struct pmj_error *err)
{
	enum pmj_code rc;
	bool found = true;

	if ((rc = journal_checkpoint(core->journal, err)) != PMJ_OK ||
	    (rc = keyfile_save(core->keys, core->ring, true, err)) != PMJ_OK)
		return rc;
	while (found && rc == PMJ_OK)
		rc = finish_one(core, false, &found, err);
	core_queued(core, true);
	return rc;
}

void
core_erase_keys(struct core *core)
{
	struct pmj_error err;
	bool found = erase_opens(core->journal) && !journal_rekey_due(core->journal);

	while (found)
		if (finish_one(core, true, &found, &err) != PMJ_OK) {
			diag_error("saying that an erasure is unreadable", &err);
			return;
		}
}

bool
core_erase_step(struct core *core)
{
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS;
	struct pmj_error err;
	bool more = false, left = false;
	enum pmj_code rc;

	if (core->journal == NULL || core->sync == NULL || core->backup != NULL ||
	    core->erase_failed || !erase_waits(core->journal))
		return false;
	core->step_name = "forget a person";
	rc = erase_step(core->journal, until_ms, &more, &left, &err);
	if (rc == PMJ_OK && left)
		rc = finish_erasure(core, &err);
	if (rc != PMJ_OK) { /* tried again after the next unlock */
		diag_error("forgetting a person", &err);
		core->erase_failed = true;
	}
	return rc == PMJ_OK && (more || left);
}
