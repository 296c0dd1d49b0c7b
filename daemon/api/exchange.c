/* exchange.c - sync, carry and hub merge: seal what waits, let the carrier exchange, take what
 * came, and once more where answers (receipts, shares) came of it. Each phase goes in background
 * steps, so that nobody at the keyboard waits for it. */
#include <stdlib.h>
#include <string.h>

#include "api/exchange_inner.h"
#include "base/diag.h"
#include "base/mem.h"

void
exchange_start(
    struct core *core, enum exchange_kind kind, const char *where, struct request *request)
{
	struct exchange *exchange = mem_new(sizeof(*exchange));
	struct exchange **at = &core->exchanges;
	struct pmj_error err;

	exchange->kind = kind;
	exchange->where = where != NULL ? mem_strdup(where) : NULL;
	exchange->request = request;
	exchange->started_ms = core->os->mono_ms(core->os->ctx);
	exchange->holds = core->hub != NULL ? hub_holds_made(core->hub) : 0;
	if (core->hub != NULL)
		hub_share_again(core->hub);
	/* Before anything of theirs is merged. */
	if (core->hub != NULL && hub_ended_due(core->hub, &err) != PMJ_OK)
		diag_error("those whose last day is over", &err);
	/* A merge that somebody asked for is a look too. */
	if (kind == EXCHANGE_LOOK || kind == EXCHANGE_MERGE || kind == EXCHANGE_MERGE_ALL)
		core->last_look_ms = exchange->started_ms;
	exchange->photos = request != NULL && core->photos_asked;
	core->photos_asked = false;
	while (*at != NULL)
		at = &(*at)->next;
	*at = exchange;
	/* What waited for the timer goes with this one. */
	if (core->exchanges == exchange)
		core_exchange_none_due(core);
	core_wake(core);
}

bool
exchange_running(const struct core *core)
{
	return core->exchanges != NULL;
}

static void
exchange_free(struct exchange *exchange)
{
	free(exchange->where);
	free(exchange->instead);
	free(exchange);
}

/* A look by itself that fails as the exchange before it did. */
static bool
fails_as_before(const struct core *core, const struct exchange *exchange)
{
	const char *before = json_str(core->last_sync, "message");

	return exchange->request == NULL && exchange->kind == EXCHANGE_LOOK &&
	       exchange->failed.code != PMJ_OK && exchange->taken == 0 && exchange->sent == 0 &&
	       before != NULL && strcmp(before, exchange->failed.message) == 0;
}

/* For `status` and `log`: when, and how it went. What is no news wakes no disk. */
static void
remember(struct core *core, const struct exchange *exchange)
{
	bool good = exchange->failed.code == PMJ_OK;
	bool again = fails_as_before(core, exchange);
	struct pmj_error err;

	if ((exchange->kind == EXCHANGE_LOOK || exchange->kind == EXCHANGE_NEWS) && good &&
	    exchange->taken == 0 && exchange->sent == 0)
		return; /* a look that found nothing is no news */
	json_decref(core->last_sync);
	core->last_sync = json_pack("{s:I,s:b,s:s,s:s*}", "at", (json_int_t)os_now(core->os), "ok",
	    good, "message", good ? "" : exchange->failed.message,
	    exchange->kind == EXCHANGE_CARRY ? "carry" : "to", exchange->where);
	if (again || core->journal == NULL || journal_begin(core->journal, &err) != PMJ_OK)
		return;
	if (journal_event(core->journal, "exchange", pmj_code_name(exchange->failed.code),
	        good ? "done" : exchange->failed.message, &err) != PMJ_OK ||
	    journal_commit(core->journal, &err) != PMJ_OK) {
		journal_rollback(core->journal);
		diag_error("noting an exchange", &err);
	}
}

static json_t *
answer(struct core *core, const struct exchange *exchange)
{
	json_t *out = json_pack("{s:I,s:I,s:I,s:s,s:s*}", "sent", (json_int_t)exchange->sent, "got",
	    (json_int_t)exchange->got, "merged", (json_int_t)exchange->taken, "message",
	    "everything that waited was exchanged", "instead", exchange->instead);

	if (core->hub != NULL) {
		(void)json_object_set_new(
		    out, "held", json_integer(hub_holds_made(core->hub) - exchange->holds));
		(void)json_object_set_new(
		    out, "deferred", json_integer(hub_count(core->hub, "deferred")));
	}
	return out;
}

/* Of a laptop that is off the roster: the person hears that, and nothing else counts any more. */
static void
finish_revoked(struct core *core, struct exchange *exchange)
{
	bool was_open = core->state == CORE_OPEN;
	struct pmj_error err;

	if (was_open && exchange->over)
		core_revoked_end(core);
	if (was_open)
		(void)core_revoked_refuse(core, &exchange->failed);
	if (exchange->request != NULL && exchange->failed.code == PMJ_OK)
		server_reply(exchange->request, answer(core, exchange));
	else if (exchange->request != NULL)
		server_fail(exchange->request, &exchange->failed);
	exchange_free(exchange);
	(void)core_revoked_refuse(core, &err);
	exchange_drop_all(core, &err);
	if (core->state == CORE_OPEN)
		core_exchange_next(core, false);
}

/* A mailbox that takes what is sent and shows nothing new for weeks. */
static void
note_answered(struct core *core, struct exchange *exchange)
{
	int64_t now_ms = os_now(core->os);
	struct pmj_error err;
	long long days;

	if (exchange->failed.code != PMJ_OK || exchange->kind == EXCHANGE_CARRY ||
	    exchange->where != NULL || core->is_hub || core->sync == NULL)
		return;
	if (device_answered(core->journal, core->sync, now_ms, &err) != PMJ_OK)
		diag_error("noting what the mailbox shows", &err);
	days = (long long)device_stale_days(core->journal, now_ms);
	if (days == 0)
		return;
	(void)pmj_fail(&exchange->failed, PMJ_PARTIAL,
	    "the mailbox answers, but the newest of the hub that it shows is %lld days old", days);
	pmj_hint(&exchange->failed,
	    "the hub may be off, or an old state of the mailbox is shown: tell your coordinator; "
	    "nothing is lost");
}

static void
finish(struct core *core, struct exchange *exchange)
{
	struct pmj_error err;
	bool paused, failed_away = exchange->failed_away;

	core->exchanges = exchange->next;
	exchange_photos_end(core);
	if (core->revoked != 0) {
		finish_revoked(core, exchange);
		return;
	}
	remember(core, exchange);
	if (exchange->failed.code == PMJ_OK && exchange->kind != EXCHANGE_CARRY)
		core->urgent_waits = false;
	if (exchange->failed.code == PMJ_OK && exchange->kind != EXCHANGE_CARRY && !core->is_hub &&
	    sync_exchanged(core->sync, &err) != PMJ_OK)
		diag_error("after an exchange", &err);
	if (exchange->failed.code == PMJ_OK)
		core_epochs(core);
	if (exchange->failed.code == PMJ_OK && exchange->came &&
	    device_came(core->journal, core->sync, exchange->places, &err) != PMJ_OK)
		diag_error("telling the hub by which address this laptop came", &err);
	/* A look that found nothing writes nothing. */
	if (core->state == CORE_OPEN &&
	    (exchange->request != NULL || exchange->taken > 0 || exchange->sent > 0 ||
	        exchange->got > 0) &&
	    core_save_anchor(core, &err) != PMJ_OK)
		diag_error("saving the anchor", &err);
	if (core->suspended != 0 && exchange->failed.code == PMJ_OK)
		(void)core_suspended_refuse(core, &exchange->failed);
	note_answered(core, exchange);
	if (exchange->request != NULL && exchange->failed.code != PMJ_OK)
		server_fail(exchange->request, &exchange->failed);
	else if (exchange->request != NULL)
		server_reply(exchange->request, answer(core, exchange));
	paused = exchange->paused && core->suspended != 0;
	exchange_free(exchange);
	core_exchange_next(core, failed_away);
	if (core->exchanges != NULL)
		core_wake(core);
	if (paused && core->state == CORE_OPEN)
		core_lock_begin(core, NULL);
}

void
exchange_drop_all(struct core *core, const struct pmj_error *err)
{
	while (core->exchanges != NULL) {
		struct exchange *exchange = core->exchanges;

		core->exchanges = exchange->next;
		if (exchange->request != NULL)
			server_fail(exchange->request, err);
		exchange_free(exchange);
	}
}

bool
exchange_give_up(struct core *core, struct exchange *exchange, const struct pmj_error *err)
{
	exchange->failed = *err;
	finish(core, exchange);
	return true;
}

/* The first of very much tells how big the rest may be; once an exchange. */
static bool
may_learn(const struct core *core, const struct exchange *exchange)
{
	return !core->is_hub && !exchange->learned && !exchange->last && exchange->round == 0 &&
	       exchange->kind != EXCHANGE_CARRY && exchange->where == NULL;
}

static bool
step_seal(struct core *core, struct exchange *exchange)
{
	struct pmj_error err;
	bool more;

	if (sync_seal_step(core->sync, &more, &err) != PMJ_OK)
		return exchange_give_up(core, exchange, &err);
	if (more && may_learn(core, exchange) && sync_link_to_learn(core->sync)) {
		exchange->learns = exchange->learned = true;
		more = false;
	}
	if (!more)
		exchange->phase = PHASE_SPOOL;
	return true;
}

static bool
step_spool(struct core *core, struct exchange *exchange)
{
	struct pmj_error err;
	bool more;

	if (sync_spool_step(core->sync, &more, &err) != PMJ_OK)
		return exchange_give_up(core, exchange, &err);
	if (!more) {
		exchange->over = exchange->last;
		exchange->phase = exchange->tidies ? PHASE_TAKE : PHASE_CARRY;
	}
	return true;
}

static bool
step_take(struct core *core, struct exchange *exchange)
{
	struct pmj_error err;
	int64_t taken = 0;
	bool more;

	if (sync_take_step(core->sync, &more, &taken, &err) != PMJ_OK)
		return exchange_give_up(core, exchange, &err);
	exchange->taken += taken;
	if (!more)
		exchange->phase = PHASE_SETTLE;
	return true;
}

/* At the hub: what was put off and may come now, then what waited for what came. */
static bool
step_settle(struct core *core, struct exchange *exchange)
{
	int64_t until = core->os->mono_ms(core->os->ctx) + PMJ_STEP_MS / 2;
	struct pmj_error err;
	bool more = false;

	if (core->hub != NULL &&
	    (hub_deferred_step(
	         core->hub, exchange->kind == EXCHANGE_MERGE_ALL, until, &more, &err) != PMJ_OK ||
	        (!more && hub_rejudge_step(core->hub, until, &more, &err) != PMJ_OK)))
		return exchange_give_up(core, exchange, &err);
	if (more)
		return true;
	if (core->hub == NULL) {
		core->revoked = device_revoked(core->journal);
		core->ended = device_ended(core->journal);
		exchange->paused |= core->suspended == 0 && device_suspended(core->journal) != 0;
		core->suspended = device_suspended(core->journal);
		core_kinds_news(core);
	}
	if (core->revoked != 0 && !exchange->last) {
		exchange->last = true;
		exchange_photos_all(core);
		exchange->phase = PHASE_SEAL;
		return true;
	}
	if (exchange->learns) {
		exchange->learns = false;
		if (exchange->failed.code == PMJ_OK && core->revoked == 0) {
			exchange->phase = PHASE_SEAL;
			return true;
		}
	}
	/* Answers go out at once where they can: a second round, and no third. */
	if (!exchange->last && exchange->round == 0 && exchange->failed.code != PMJ_UNREACHED &&
	    sync_has_work(core->sync)) {
		exchange->round = 1;
		exchange->tidies = !sync_has_answers(core->sync);
		exchange->phase = PHASE_SEAL;
		return true;
	}
	if (exchange_photos_more(core, exchange)) {
		exchange->tidies = false;
		exchange->phase = PHASE_SEAL;
		return true;
	}
	finish(core, exchange);
	return true;
}

/* There is no journal any more: what was left in the spool goes, and nothing is taken. */
static bool
step_revoked(struct core *core, struct exchange *exchange)
{
	switch (exchange->phase) {
	case PHASE_SEAL:
	case PHASE_SPOOL:
	case PHASE_CARRY:
		return exchange_ask_carrier(core, exchange);
	case PHASE_TAKE:
	case PHASE_SETTLE:
		finish(core, exchange);
		return true;
	case PHASE_WAIT:
		break;
	}
	return false;
}

bool
exchange_step(struct core *core)
{
	static const char *const names[] = {[PHASE_SEAL] = "seal",
	    [PHASE_SPOOL] = "spool",
	    [PHASE_CARRY] = "ask the carrier",
	    [PHASE_WAIT] = "wait",
	    [PHASE_TAKE] = "take",
	    [PHASE_SETTLE] = "settle"};
	struct exchange *exchange = core->exchanges;

	if (exchange == NULL || core->backup != NULL || (core->sync == NULL && core->revoked == 0))
		return false;
	core->step_name = names[exchange->phase];
	if (core->sync == NULL)
		return step_revoked(core, exchange);
	if (exchange->stopped && exchange->phase < PHASE_WAIT) {
		struct pmj_error err;

		(void)exchange_fail_stopped(&err);
		return exchange_give_up(core, exchange, &err);
	}
	switch (exchange->phase) {
	case PHASE_SEAL:
		/* A hub seals what others may read (6.6). */
		if (core->is_hub && core->proof == PROOF_CHECKING)
			return false;
		if (!exchange->begun)
			exchange_photos_begin(core, exchange);
		exchange->begun = true;
		return step_seal(core, exchange);
	case PHASE_SPOOL:
		return step_spool(core, exchange);
	case PHASE_CARRY:
		return exchange_ask_carrier(core, exchange);
	case PHASE_TAKE:
		return step_take(core, exchange);
	case PHASE_SETTLE:
		return step_settle(core, exchange);
	case PHASE_WAIT:
		break;
	}
	return false;
}
