/* proof.c - nothing is told about a person, nor sealed down by a hub, before the journal was
 * checked since it was unlocked (6.6): a page that was put back could hide a consent that was taken
 * back. Recording never waits. */
#include <stdlib.h>

#include "api/core_inner.h"
#include "base/mem.h"

#define WAIT_MS 60000 /* less than a client waits: what it was told failed is never done later */

struct proof_waiter {
	struct proof_waiter *next;
	struct request *request;
	int64_t until_ms;
};

void
core_proven(struct core *core, enum core_proof proof)
{
	core->proof = proof;
	core_wake(core);
}

enum pmj_code
core_may_tell(struct core *core, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (core->proof == PROOF_CHECKING) {
		core->hold_request = true;
		rc = pmj_fail(err, PMJ_BUSY,
		    "what was written is still being checked since it was unlocked; nothing is "
		    "told to others before that is done");
		pmj_hint(err, "try again in a minute; everything else works meanwhile");
	} else if (core->proof == PROOF_BAD) {
		rc = pmj_fail(err, PMJ_INTEGRITY,
		    "the journal was found damaged, so a consent that was taken back might be "
		    "missing: nothing is told to others");
		pmj_hint(err, "see what is wrong, and the mend: pamoja doctor");
	}
	return rc;
}

bool
core_hold(struct core *core, struct request *request)
{
	struct proof_waiter **last = &core->waiters, *waiter;

	if (!core->hold_request)
		return false;
	core->hold_request = false;
	waiter = mem_new(sizeof(*waiter));
	waiter->request = request;
	waiter->until_ms = core->os->mono_ms(core->os->ctx) + WAIT_MS;
	while (*last != NULL)
		last = &(*last)->next;
	*last = waiter;
	core_wake(core);
	return true;
}

static struct request *
take_waiter(struct core *core)
{
	struct proof_waiter *waiter = core->waiters;
	struct request *request = waiter->request;

	core->waiters = waiter->next;
	free(waiter);
	return request;
}

bool
core_waiter_step(struct core *core)
{
	struct pmj_error err = {.code = PMJ_OK};

	if (core->waiters == NULL)
		return false;
	if (core->proof != PROOF_CHECKING || core->state != CORE_OPEN) {
		core_handle(core, take_waiter(core));
		return true;
	}
	if (core->os->mono_ms(core->os->ctx) < core->waiters->until_ms ||
	    core_may_tell(core, &err) == PMJ_OK)
		return false;
	core->hold_request = false;
	server_fail(take_waiter(core), &err);
	return true;
}

void
core_waiters_drop(struct core *core, const struct pmj_error *err)
{
	while (core->waiters != NULL)
		server_fail(take_waiter(core), err);
}
