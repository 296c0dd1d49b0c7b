/* core_time.c - what happens by the clock: locking when idle, looking for mail, the next exchange.
 */
#include <stdio.h>

#include "api/core_inner.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/mem.h"

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

static int64_t
idle_ms(const struct core *core)
{
	int64_t minutes = core->settings.idle_minutes >= 0 ? core->settings.idle_minutes
	                  : core->is_hub                   ? 0
	                                                   : 10;

	return minutes * MINUTE_MS;
}

/* What is due at `at` brings the tick forward to it; what should be done already and could not be
 * is tried again in CORE_TICK_MS. */
static void
sooner(int64_t *in_ms, int64_t at, int64_t mono)
{
	int64_t in = at > mono ? at - mono : CORE_TICK_MS;

	if (*in_ms < 0 || in < *in_ms)
		*in_ms = in;
}

/* Nothing wakes an idle daemon that has nothing to do then. */
static int64_t
next_tick(const struct core *core, int64_t mono)
{
	int64_t in = -1;

	if (!core->jumps_told)
		sooner(&in, mono, mono);
	if (idle_ms(core) > 0)
		sooner(&in, core->last_person_ms + idle_ms(core) + 1, mono);
	if (core->suspended != 0)
		sooner(&in, core->last_person_ms + SUSPENDED_MS + 1, mono);
	if (core->is_hub && carrylink_up(core->carry))
		sooner(&in, core->last_look_ms + core->settings.look_seconds * 1000, mono);
	if (journal_wal_frames(core->journal) > 0)
		sooner(&in, core->last_person_ms + CORE_TICK_MS + 1, mono);
	if (!journal_reserve_there(core->journal))
		sooner(&in, core->last_person_ms + RESERVE_IDLE_MS, mono);
	return in;
}

void
core_tick_arm(struct core *core)
{
	int64_t mono, in;

	if (core->state != CORE_OPEN)
		return;
	mono = core->os->mono_ms(core->os->ctx);
	in = next_tick(core, mono);
	if (in < 0 || (core->tick_at_ms != 0 && core->tick_at_ms <= mono + in))
		return;
	core->tick_at_ms = mono + in;
	loop_timer_set(core->tick, in);
}

bool
core_slept(struct core *core)
{
	if (core->state != CORE_OPEN || core->is_hub ||
	    !slept(core, core->os->mono_ms(core->os->ctx)))
		return false;
	diag("the machine slept: locking");
	core_lock_begin(core, NULL);
	return true;
}

static bool
locks_by_itself(struct core *core, int64_t mono)
{
	const char *why = NULL;

	if (core_slept(core))
		return true;
	if (idle_ms(core) > 0 && mono - core->last_person_ms > idle_ms(core))
		why = "idle";
	else if (core->suspended != 0 && mono - core->last_person_ms > SUSPENDED_MS)
		why = "suspended";
	if (why == NULL || exchange_running(core))
		return false;
	diag("%s: locking", why);
	core_lock_begin(core, NULL);
	return true;
}

void
core_tick(void *ctx)
{
	struct core *core = ctx;
	int64_t mono = core->os->mono_ms(core->os->ctx);

	core->tick_at_ms = 0;
	if (core->state != CORE_OPEN || locks_by_itself(core, mono))
		return;
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
	if (core->hub != NULL && hub_pending_due(core->hub))
		core_wake(core);
	core_tick_arm(core);
}

void
core_jumped(void *ctx)
{
	(void)core_slept(ctx);
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

/* A laptop's carrier knows the networks and what failed in them: it says when there is a chance,
 * mostly at once. */
static void
ask_for_chance(struct core *core, bool urgent)
{
	core->chance_asked = carrylink_send(
	    core->carry, json_pack("{s:s,s:b}", "do", "wake", "urgent", (int)urgent));
	core->exchange_missed = !core->chance_asked;
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
	else if (!core->is_hub)
		ask_for_chance(core, core->urgent_waits);
	else if (carrylink_up(core->carry))
		exchange_start(core, EXCHANGE_LOOK, NULL, NULL);
	else
		core->exchange_missed = true;
}

void
core_chance(struct core *core)
{
	if (core->state != CORE_OPEN || core->sync == NULL || core->is_hub)
		return;
	if (!exchange_running(core))
		exchange_start(core, EXCHANGE_LOOK, NULL, NULL);
	else
		exchange_within(core, EXCHANGE_AGAIN_MS);
}

void
core_stick(struct core *core, const char *dir)
{
	if (core->state == CORE_OPEN && core->sync != NULL)
		exchange_start(core, EXCHANGE_CARRY, dir, NULL);
}

void
core_waits(struct core *core, const json_t *event)
{
	const char *why = json_str(event, "for");
	int64_t seconds = json_int(event, "s", 0);

	(void)snprintf(core->waits_for, sizeof(core->waits_for), "%s", why != NULL ? why : "");
	core->waits_until_ms = seconds > 0 ? core->os->mono_ms(core->os->ctx) + seconds * 1000 : 0;
}

void
core_carrier_up(struct core *core)
{
	if ((core->exchange_missed || core->chance_asked) && core->sync != NULL)
		exchange_within(core, URGENT_MS);
	core->exchange_missed = core->chance_asked = false;
	core->left_to_carrier = false; /* this one was told nothing yet */
	core->waits_for[0] = '\0';
	core_tick_arm(core);
	core_wake(core); /* an exchange may be waiting for it */
}

void
core_exchange_none_due(struct core *core)
{
	core->exchange_at_ms = 0;
	core->chance_asked = false;
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
	if (core->sync == NULL)
		return;
	core->urgent_waits = core->urgent_waits || urgent;
	if (urgent || !core->chance_asked) /* else it goes with the chance that is looked out for */
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
core_exchange_next(struct core *core, bool failed)
{
	if (core->is_hub) { /* it looks by its own clock, and when it hears of something */
		if (core->news_missed)
			core_news(core);
	} else if (failed && core->sync != NULL) {
		/* What is urgent had its try: said anew it would be tried without an end. */
		ask_for_chance(core, false);
	} else {
		core_queued(core, false);
	}
}

void
core_written(struct core *core, bool urgent)
{
	core_queued(core, urgent);
	if (journal_wal_frames(core->journal) >= core->checkpoint_pace.amount ||
	    journal_search_owes(core->journal))
		core_wake(core);
}

#define LAST_DAY_TOLD_DAYS 14 /* enough to ask for another day, and to hand people over */

char *
core_last_day(const struct core *core)
{
	int64_t now = os_now(core->os), left;
	char last[11], today[11];

	if (core->sync == NULL || core->is_hub)
		return NULL;
	device_last_day(core->journal, last);
	(void)date_read(today, "today", now, core->os->offset_minutes(core->os->ctx, now));
	left = last[0] != '\0' ? date_days(last) - date_days(today) : -1;
	if (left < 0 || left > LAST_DAY_TOLD_DAYS)
		return NULL;
	return mem_printf(
	    "your access ends after %s (days left: %lld). Send what is unsent, and ask "
	    "your coordinator for another day in time",
	    last, (long long)left);
}
