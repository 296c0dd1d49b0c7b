/* core_work.c - background work, a step at a time between requests. */
#include <stdio.h>

#include "api/core_inner.h"
#include "base/diag.h"
#include "pamoja/limits.h"

void
core_wake(struct core *core)
{
	loop_work_wake(core->work);
}

static bool
check_failed(struct core *core, const struct pmj_error *err)
{
	(void)snprintf(core->warning, sizeof(core->warning), "%.190s", err->message);
	diag_error("checking the journal", err);
	core->checking = false;
	core_proven(core, PROOF_BAD);
	return false;
}

/* How much of a check is done before the clock is looked at again: what an entry or a record
 * costs differs a hundredfold, so nothing is concluded from the ones before it. */
#define CHAIN_AT_ONCE 32
#define RECORDS_AT_ONCE 32
#define MENDED_AT_ONCE 4

static bool
is_time_left(const struct core *core, int64_t began_ms, int64_t piece_ms)
{
	return core->os->mono_ms(core->os->ctx) - began_ms < piece_ms;
}

enum pmj_code
core_check_chain(struct core *core, uint64_t *checked, struct pmj_error *err)
{
	int64_t began = core->os->mono_ms(core->os->ctx);
	enum pmj_code rc;
	uint64_t count;
	uint8_t j[32];

	journal_head(core->journal, &count, j);
	do
		rc = journal_check_slice(core->journal, *checked, CHAIN_AT_ONCE, checked, err);
	while (rc == PMJ_OK && *checked < count && is_time_left(core, began, CORE_CHECK_MS));
	return rc;
}

enum pmj_code
core_check_rows(struct core *core, bool digests, bool *done, struct pmj_error *err)
{
	int64_t began = core->os->mono_ms(core->os->ctx);
	enum pmj_code rc;

	do
		rc = project_check_slice(core->journal, RECORDS_AT_ONCE, digests, done, err);
	while (rc == PMJ_OK && !*done && is_time_left(core, began, CORE_CHECK_MS));
	return rc;
}

/* One commit for all that the time allows. */
enum pmj_code
core_mend_rows(
    struct core *core, bool *done, int64_t *records, int64_t *differed, struct pmj_error *err)
{
	int64_t began = core->os->mono_ms(core->os->ctx);
	enum pmj_code rc;

	*done = false;
	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	do
		rc = project_rebuild_slice(
		    core->journal, MENDED_AT_ONCE, done, records, differed, err);
	while (rc == PMJ_OK && !*done && is_time_left(core, began, CORE_PIECE_MS));
	if (rc == PMJ_OK)
		return journal_commit(core->journal, err);
	journal_rollback(core->journal);
	return rc;
}

/* Rows that no entry made are made anew from the entries (6.6, 2). */
static bool
mend_step(struct core *core)
{
	struct pmj_error err;
	int64_t records, differed;
	bool done;

	if (core_mend_rows(core, &done, &records, &differed, &err) != PMJ_OK)
		return check_failed(core, &err);
	if (done) {
		if (core->warning[0] == '\0') /* what the anchor found weighs more */
			(void)snprintf(core->warning, sizeof(core->warning),
			    "what the journal showed was not what was written; records made anew: "
			    "%lld",
			    (long long)differed);
		diag("the projections were made anew: %lld records differed", (long long)differed);
		core->mending = core->checking = false;
		core_proven(core, PROOF_GOOD);
	}
	return !done;
}

/* A kind of the office changed what is shown of its records; the check goes on afterwards. */
static bool
shown_step(struct core *core)
{
	struct pmj_error err;
	int64_t records, differed;
	bool done;

	core->step_name = "show by new kinds";
	if (core_mend_rows(core, &done, &records, &differed, &err) != PMJ_OK)
		return check_failed(core, &err);
	if (done && journal_kinds_shown(core->journal, &err) != PMJ_OK)
		return check_failed(core, &err);
	core->kinds_owed = !done;
	return true;
}

static bool
check_rows_step(struct core *core)
{
	struct pmj_error err;
	bool done = false;
	/* The sum of the digests stands beside that of the rows: nothing puts back one alone. */
	enum pmj_code rc = core_check_rows(core, false, &done, &err);

	if (rc == PMJ_INTEGRITY && done) { /* it could be read, and is not what was written */
		core->mending = true;
		return true;
	}
	if (rc != PMJ_OK)
		return check_failed(core, &err);
	core->checking = !done;
	if (done)
		core_proven(core, PROOF_GOOD);
	return !done;
}

/* One slice of checking first the chain, then the rows against what is stored (6.6). */
static bool
check_step(struct core *core)
{
	struct pmj_error err;
	uint64_t count;
	uint8_t j[32];

	if (core->kinds_owed)
		return shown_step(core);
	if (core->mending)
		return mend_step(core);
	journal_head(core->journal, &count, j);
	if (core->checked >= count)
		return check_rows_step(core);
	if (core_check_chain(core, &core->checked, &err) != PMJ_OK)
		return check_failed(core, &err);
	return true;
}

bool
core_owes_checkpoint(const struct core *core)
{
	return journal_wal_frames(core->journal) >= core->checkpoint_pace.amount;
}

static bool
checkpoint_step(struct core *core)
{
	int64_t frames = journal_wal_frames(core->journal);
	int64_t began = core->os->mono_ms(core->os->ctx);
	struct pmj_error err;

	if (!core_owes_checkpoint(core))
		return false;
	core->step_name = "checkpoint";
	if (journal_checkpoint(core->journal, &err) != PMJ_OK) {
		diag_error("checkpoint", &err);
		return false;
	}
	pace_learn(&core->checkpoint_pace, frames, core->os->mono_ms(core->os->ctx) - began);
	return true;
}

static bool
search_step(struct core *core)
{
	int64_t began = core->os->mono_ms(core->os->ctx);
	struct pmj_error err;
	bool more;

	if (!journal_search_owes(core->journal))
		return false;
	core->step_name = "merge the search";
	if (journal_search_merge(core->journal, core->search_pace.amount, &more, &err) != PMJ_OK) {
		diag_error("merging the full-text table", &err);
		return false;
	}
	pace_learn(
	    &core->search_pace, core->search_pace.amount, core->os->mono_ms(core->os->ctx) - began);
	return true;
}

/* Before an exchange: what is assigned goes with the next one, whole. Not beside a backup, which
 * has the queues in it as they stand at one moment. */
static bool
share_step(struct core *core)
{
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS;
	struct pmj_error err;
	bool more;

	if (core->hub == NULL || core->backup != NULL)
		return false;
	core->step_name = "share";
	if (hub_share_step(core->hub, until_ms, &more, &err) != PMJ_OK)
		diag_error("sending on what was assigned", &err);
	return more;
}

/* What enough people have agreed to. One transaction each, so never beside a backup, either. */
static bool
pending_step(struct core *core)
{
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + CORE_PIECE_MS;
	struct pmj_error err;
	bool done;

	if (core->hub == NULL || core->backup != NULL || !hub_pending_due(core->hub))
		return false;
	core->step_name = "what people agreed to";
	if (hub_pending_step(core->hub, until_ms, &done, &err) != PMJ_OK)
		diag_error("looking at what waits for people", &err);
	else if (done)
		core_queued(core, true);
	return true;
}

static bool
work_step(struct core *core)
{
	if (core->state == CORE_RENEWING)
		return core_renew_step(core);
	if (core_end_step(core))
		return false;
	/* While the journal is copied nothing is written to it. */
	if (core->state == CORE_LOCKING && core->rekey != NULL)
		return core_lock_step(core);
	/* Whoever looks for something writes nothing and is soon through. The full-text table is
	 * merged for seconds in a journal of a million entries, a step at a time. */
	if (core->state != CORE_LOCKING && core_find_step(core))
		return true;
	/* Before anything else, also amid an exchange: a long WAL would make one long step of it
	 * later. */
	if (checkpoint_step(core) || search_step(core))
		return true;
	if (core->state == CORE_LOCKING)
		return core_lock_step(core);
	/* A person waits for it. */
	if (core_waiter_step(core) || core_office_step(core) || core_import_step(core))
		return true;
	if (core_erase_step(core) || pending_step(core) || core_twins_step(core) ||
	    share_step(core) || exchange_step(core) || core_verify_step(core))
		return true;
	if (!core->checking)
		return false;
	core->step_name = "check";
	return check_step(core);
}

/* How long a step took: `status` tells the longest, so that a promise about steps can be measured.
 */
void
core_step_begin(struct core *core, struct core_step *step, const char *name)
{
	core->step_name = name;
	step->began_ms = core->os->mono_ms(core->os->ctx);
	step->began_cpu_us = core->os->cpu_us(core->os->ctx);
}

void
core_step_end(struct core *core, const struct core_step *step)
{
	int64_t took = core->os->mono_ms(core->os->ctx) - step->began_ms;
	int64_t cpu = core->os->cpu_us(core->os->ctx) - step->began_cpu_us;
	bool longest;

	longest = took > core->longest_step_ms || cpu > core->longest_step_cpu_us;
	if (longest && took > PMJ_STEP_MS)
		diag("a step (%s) took %lld ms, %lld.%lld of them processor time", core->step_name,
		    (long long)took, (long long)cpu / 1000, (long long)cpu / 100 % 10);
	if (took > core->longest_step_ms)
		core->longest_step_ms = took;
	if (cpu > core->longest_step_cpu_us)
		core->longest_step_cpu_us = cpu;
}

bool
core_work(void *ctx)
{
	struct core *core = ctx;
	struct core_step step;
	bool more;

	core_step_begin(core, &step, "nothing");
	core->steps++;
	if (core->state == CORE_EMPTY) /* what a revoked laptop left is brought away */
		more = core->revoked != 0 && exchange_step(core);
	else
		more = core->state != CORE_LOCKED && work_step(core);
	core_step_end(core, &step);
	if (!more)
		core_tick_arm(core);
	return more;
}
