/* core_time.c - what happens by the clock: locking when idle, looking for mail, the next exchange.
 */
#include "api/core_inner.h"
#include "base/date.h"
#include "base/diag.h"

#define SUSPEND_MS 30000   /* of sleep of the machine */
#define SUSPENDED_MS 60000 /* so long a laptop that the office suspended stays open, to ask */
#define RESERVE_IDLE_MS 5000
#define URGENT_MS 250 /* a moment for what belongs together to be written together */
#define EXCHANGE_AGAIN_MS 1000

static bool
slept(struct core *core, int64_t mono)
{
	int64_t gap = core->os->boot_ms(core->os->ctx) - mono;
	bool jumped = gap - core->suspend_gap_ms > SUSPEND_MS;

	core->suspend_gap_ms = gap;
	return jumped;
}

/* There is room again: what was given up for an entry is kept back anew, while nobody is at the
 * keyboard. */
static void
keep_reserve(struct core *core, int64_t mono)
{
	if (journal_reserve_there(core->journal) || mono - core->last_person_ms < RESERVE_IDLE_MS)
		return;
	if (journal_reserve_make(core->journal, NULL) == PMJ_OK) {
		core->disk_full = false;
		diag("the reserve is kept back again");
	}
}

enum pmj_code
core_clock(const struct core *core, struct pmj_error *err)
{
	int64_t now = os_now(core->os), hub, own;
	char stamp[17];

	if (core->hub != NULL)
		return hub_clock(core->hub, err);
	hub = (int64_t)ring_hub_time(core->ring);
	own = device_stamped(core->journal);
	(void)date_stamp(stamp, now, core->os->offset_minutes(core->os->ctx, now));
	if (hub > now + DAY_MS)
		(void)pmj_fail(err, PMJ_REFUSED,
		    "the clock says %s, but the hub was %lld days further already", stamp,
		    (long long)((hub - now) / DAY_MS));
	else if (own > now + DAY_MS)
		(void)pmj_fail(err, PMJ_REFUSED,
		    "the clock says %s, but something was recorded here %lld days later: it is "
		    "wrong now, or was then",
		    stamp, (long long)((own - now) / DAY_MS));
	else
		return PMJ_OK;
	pmj_hint(err, "set the clock; `pamoja doctor` says how");
	return PMJ_REFUSED;
}

void
core_tick(void *ctx)
{
	struct core *core = ctx;
	int64_t mono = core->os->mono_ms(core->os->ctx);
	int64_t idle = core->settings.idle_minutes >= 0 ? core->settings.idle_minutes
	               : core->is_hub                   ? 0
	                                                : 10;

	if (core->state != CORE_OPEN)
		return;
	if (slept(core, mono) && !core->is_hub) {
		diag("the machine slept: locking");
		core_lock_begin(core, NULL);
		return;
	}
	if (idle > 0 && mono - core->last_person_ms > idle * MINUTE_MS && !exchange_running(core)) {
		diag("idle: locking");
		core_lock_begin(core, NULL);
		return;
	}
	if (core->suspended != 0 && mono - core->last_person_ms > SUSPENDED_MS &&
	    !exchange_running(core)) {
		diag("suspended: locking");
		core_lock_begin(core, NULL);
		return;
	}
	if (core->is_hub && !exchange_running(core) && carrylink_up(core->carry) &&
	    mono - core->last_look_ms >= core->settings.look_seconds * 1000)
		exchange_start(core, EXCHANGE_LOOK, NULL, NULL);
	if (journal_wal_frames(core->journal) > 0 && !exchange_running(core) &&
	    mono - core->last_person_ms > CORE_TICK_MS) {
		struct pmj_error err;

		if (journal_checkpoint(core->journal, &err) != PMJ_OK)
			diag_error("checkpoint", &err);
	}
	keep_reserve(core, mono);
	loop_timer_set(core->tick, core->is_hub && core->settings.look_seconds * 1000 < CORE_TICK_MS
	                               ? core->settings.look_seconds * 1000
	                               : CORE_TICK_MS);
}

/* At most so long from now; what is due sooner stays so. */
static void
exchange_within(struct core *core, int64_t after_ms)
{
	int64_t at = core->os->mono_ms(core->os->ctx) + after_ms;

	if (core->exchange_at_ms != 0 && core->exchange_at_ms <= at)
		return;
	core->exchange_at_ms = at;
	loop_timer_set(core->exchange_timer, after_ms);
}

void
core_exchange_due(void *ctx)
{
	struct core *core = ctx;

	core->exchange_at_ms = 0;
	if (core->state != CORE_OPEN || core->sync == NULL)
		return;
	if (exchange_running(core)) /* what was queued meanwhile is not in it */
		exchange_within(core, EXCHANGE_AGAIN_MS);
	else if (carrylink_up(core->carry))
		exchange_start(core, EXCHANGE_LOOK, NULL, NULL);
	else
		core->exchange_missed = true;
}

void
core_carrier_up(struct core *core)
{
	if (core->exchange_missed && core->sync != NULL)
		exchange_within(core, URGENT_MS);
	core->exchange_missed = false;
	core_wake(core); /* an exchange may be waiting for it */
}

void
core_exchange_none_due(struct core *core)
{
	core->exchange_at_ms = 0;
	loop_timer_stop(core->exchange_timer);
}

void
core_carrier_due(void *ctx)
{
	core_wake(ctx);
}

void
core_queued(struct core *core, bool urgent)
{
	if (core->sync != NULL)
		exchange_within(core, urgent ? URGENT_MS : core->settings.sync_minutes * MINUTE_MS);
}

void
core_news(struct core *core)
{
	core->news_missed = exchange_running(core);
	if (core->state == CORE_OPEN && core->hub != NULL && !exchange_running(core))
		exchange_start(core, EXCHANGE_NEWS, NULL, NULL);
}

void
core_exchange_next(struct core *core)
{
	if (!core->is_hub) /* a hub looks by its own clock, and when it hears of something */
		core_queued(core, false);
	else if (core->news_missed)
		core_news(core);
}

void
core_written(struct core *core, bool urgent)
{
	core_queued(core, urgent);
	if (journal_wal_frames(core->journal) >= core->checkpoint_pace.amount ||
	    journal_search_owes(core->journal))
		core_wake(core);
}
