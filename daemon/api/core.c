#include "api/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "log/chain.h"
#include "pamoja/api.h"
#include "pamoja/limits.h"

#define TICK_MS 15000
#define SUSPEND_MS 30000
#define RESERVE_IDLE_MS 5000
#define URGENT_MS 500 /* a moment for what belongs together to be written together */
#define EXCHANGE_AGAIN_MS 1000
#define CHECKPOINT_MS 15
#define MEND_MS 12 /* its sync is within the step */

static const struct setting settings_table[] = {
    {"keys", "unlock_ms", SETTING_INT, offsetof(struct core_settings, unlock_ms), 200, 3000,
        "milliseconds"},
    {"lock", "idle_minutes", SETTING_INT, offsetof(struct core_settings, idle_minutes), 0, 600,
        "minutes"},
    {"sync", "every_minutes", SETTING_INT, offsetof(struct core_settings, sync_minutes), 1, 1440,
        "minutes"},
    {"hub", "look_every_seconds", SETTING_INT, offsetof(struct core_settings, look_seconds), 2,
        3600, "seconds"},
    {"hub", "entries_a_day", SETTING_INT, offsetof(struct core_settings, intake), 100, 1000000,
        "entries"},
    {"hub", "url", SETTING_TEXT, offsetof(struct core_settings, url), 0, 200, "bytes"},
    {"hub", "pin", SETTING_TEXT, offsetof(struct core_settings, pin), 0, 60, "bytes"},
};

char *
core_path(const struct core *core, const char *name)
{
	return fs_join(core->home, name);
}

/* What laptops are told for years must be right before the first is told. */
static enum pmj_code
check_reach(const struct conf *conf, const struct core_settings *settings, struct pmj_error *err)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                           "0123456789._/:-";
	const struct conf_item *url = conf_get(conf, "hub", "url");
	const struct conf_item *pin = conf_get(conf, "hub", "pin");
	enum pmj_code rc = PMJ_OK;

	if (url != NULL && (strncmp(settings->url, "https://", 8) != 0 ||
	                       strspn(settings->url, good) != strlen(settings->url) ||
	                       strchr("-/:", settings->url[8]) != NULL)) {
		rc = conf_fail(err, conf, url->line, "url is not the address of a host");
		pmj_hint(err, "it is like https://hub.example.org/pamoja");
	} else if (pin != NULL && (strncmp(settings->pin, "sha256//", 8) != 0 ||
	                              strlen(settings->pin) != 52 || settings->pin[51] != '=')) {
		rc = conf_fail(err, conf, pin->line, "pin is not sha256// and 44 characters");
		pmj_hint(err, "pamoja.ini(5) tells how it is made from the host's key");
	} else if (pin != NULL && url == NULL) {
		rc = conf_fail(err, conf, pin->line, "pin stands without url");
		pmj_hint(err, "say the address of the host, too: url = https://HOST/PATH");
	}
	return rc;
}

static enum pmj_code
read_settings(struct core *core, struct pmj_error *err)
{
	struct conf conf = {.path = NULL};
	char *path = core_path(core, "pamoja.ini");
	enum pmj_code rc = PMJ_OK;

	core->settings = (struct core_settings){.unlock_ms = 1000,
	    .idle_minutes = -1,
	    .sync_minutes = 15,
	    .look_seconds = 20,
	    .intake = 20000};
	if (fs_exists(core->os, path)) {
		rc = fs_check_private(core->os, path, err);
		if (rc == PMJ_OK)
			rc = conf_read(&conf, core->os, path, err);
		if (rc == PMJ_OK)
			rc = conf_settings(&core->settings, &conf, settings_table,
			    sizeof(settings_table) / sizeof(*settings_table), err);
		if (rc == PMJ_OK)
			rc = check_reach(&conf, &core->settings, err);
		conf_close(&conf);
	}
	free(path);
	return rc;
}

static void core_tick(void *ctx);
static bool core_work(void *ctx);
static void core_exchange_due(void *ctx);
static void core_carrier_due(void *ctx);

enum pmj_code
core_start(struct core *core, struct loop *loop, const struct os *os, const char *home,
    struct pmj_error *err)
{
	char *keys = NULL;
	enum pmj_code rc;

	memset(core, 0, sizeof(*core));
	core->os = os;
	core->loop = loop;
	core->home = mem_strdup(home);
	core->conf = mem_strdup(conf_dir());
	core->next_job = 1;
	core->chain_pace = (struct pace){200, 20, 20000, CORE_PIECE_MS};
	core->record_pace = (struct pace){50, 5, 20000, CORE_PIECE_MS};
	core->mend_pace = (struct pace){20, 5, 1000, MEND_MS};
	/* The format asks for a checkpoint at 1,000 frames at the latest; a slow disk gets shorter
	 * ones, but not so short that it has nothing else to do. */
	core->checkpoint_pace = (struct pace){250, 150, 1000, CHECKPOINT_MS};
	keys = core_path(core, "keys");
	if ((rc = read_settings(core, err)) != PMJ_OK ||
	    (rc = core_fresh_sweep(core, err)) != PMJ_OK)
		goto out;
	core->state = fs_exists(os, keys) ? CORE_LOCKED : CORE_EMPTY;
	if (core->state == CORE_LOCKED && (rc = fs_check_private(os, keys, err)) != PMJ_OK)
		goto out;
	if ((rc = core_read_kinds(core, err)) != PMJ_OK)
		goto out;
	core->work = loop_work_new(loop, core_work, core);
	core->tick = loop_timer_new(loop, core_tick, core);
	core->exchange_timer = loop_timer_new(loop, core_exchange_due, core);
	core->carrier_timer = loop_timer_new(loop, core_carrier_due, core);
	rc = carrylink_new(&core->carry, core, err);
out:
	free(keys);
	return rc;
}

static void
close_parts(struct core *core)
{
	if (core->hub == NULL)
		sync_free(core->sync);
	core->sync = NULL;
	hub_free(core->hub);
	core->hub = NULL;
	device_free(core->device);
	core->device = NULL;
	journal_close(core->journal);
	core->journal = NULL;
	ring_free(core->ring);
	core->ring = NULL;
	keyfile_free(core->keys);
	core->keys = NULL;
}

void
core_end(struct core *core)
{
	core->ending = true;
	loop_off_thread_wait(core->loop);
	core_lock(core);
	core_restore_drop(core);
	carrylink_free(core->carry);
	loop_work_free(core->work);
	loop_timer_free(core->tick);
	loop_timer_free(core->exchange_timer);
	loop_timer_free(core->carrier_timer);
	kinds_close(&core->kinds);
	json_decref(core->last_sync);
	free(core->home);
	free(core->conf);
	free(core->settings.url);
	free(core->settings.pin);
}

/* --- opening --- */

static const char *const *
all_schemas(void)
{
	static const char *all[64];
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL; at++)
		all[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL; at++)
		all[count++] = *at;
	all[count] = NULL;
	return all;
}

/* The ring's anchor was saved after the journal was durable: a journal that is behind it was put
 * back (6.6). */
static void
compare_anchor(struct core *core)
{
	struct ring_anchor anchor;
	uint64_t count;
	uint8_t j[32], then[32];

	ring_anchor(core->ring, &anchor);
	journal_head(core->journal, &count, j);
	if (anchor.count == 0)
		return;
	if (count < anchor.count) {
		(void)snprintf(core->warning, sizeof(core->warning),
		    "the journal is older than the keys: %llu entries of %llu are here",
		    (unsigned long long)count, (unsigned long long)anchor.count);
	} else if (journal_chain_at(core->journal, anchor.count, then, NULL) != PMJ_OK ||
	           !prim_equal(then, anchor.j, sizeof(then))) {
		(void)snprintf(core->warning, sizeof(core->warning),
		    "the journal is not the one these keys last saw");
	}
	if (core->warning[0] != '\0')
		diag("anchor: journal %llu, anchor %llu", (unsigned long long)count,
		    (unsigned long long)anchor.count);
}

struct journal_setup
core_setup(const struct core *core, struct ring *ring, const uint8_t store_uuid[static 16])
{
	return (struct journal_setup){.os = core->os,
	    .home = core->home,
	    .ring = ring,
	    .store_uuid = store_uuid,
	    .kinds = &core->kinds,
	    .schema = all_schemas()};
}

static enum pmj_code
open_journal(struct core *core, bool fresh, struct pmj_error *err)
{
	struct journal_setup setup = core_setup(core, core->ring, keyfile_store_uuid(core->keys));
	struct ring_anchor anchor;
	enum pmj_code rc;

	if (fresh)
		return journal_create(&core->journal, &setup, err);
	rc = journal_open(&core->journal, &setup, err);
	ring_anchor(core->ring, &anchor);
	if (rc == PMJ_NOT_FOUND && anchor.count == 0) {
		rc = pmj_fail(err, PMJ_FAILED,
		    "`init` was cut off before it had finished; nothing was recorded yet");
		pmj_hint(err, "remove %s and run pamoja init again", core->home);
	}
	return rc;
}

enum pmj_code
core_begin_sync(struct core *core, struct pmj_error *err)
{
	struct sync_hooks hooks;
	enum pmj_code rc;

	if (core->is_hub || core->sync != NULL || !device_enrolled(core->journal))
		return PMJ_OK;
	device_hooks(core->device, &hooks);
	rc = sync_new(&core->sync, core->journal, core->home, &hooks, err);
	if (rc == PMJ_OK)
		carrylink_remotes(core);
	return rc;
}

enum pmj_code
core_begin_hub(struct core *core, struct pmj_error *err)
{
	enum pmj_code rc = hub_new(&core->hub, core->journal, core->home, err);

	if (rc != PMJ_OK)
		return rc;
	hub_set_reach(core->hub, core->settings.url, core->settings.pin);
	hub_set_intake(core->hub, core->settings.intake);
	core->sync = hub_sync(core->hub);
	carrylink_remotes(core);
	return PMJ_OK;
}

static enum pmj_code
open_parts(struct core *core, bool fresh, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = open_journal(core, fresh, err)) != PMJ_OK)
		return rc;
	core->is_hub = ring_is_hub(core->ring);
	if (fresh)
		return PMJ_OK;
	compare_anchor(core);
	if (core->is_hub)
		return core_begin_hub(core, err);
	if ((rc = device_new(&core->device, core->journal, err)) != PMJ_OK)
		return rc;
	return core_begin_sync(core, err);
}

enum pmj_code
core_open(
    struct core *core, struct keyfile *keys, struct ring *ring, bool fresh, struct pmj_error *err)
{
	struct ring_epoch epoch;
	enum pmj_code rc;

	core->keys = keys;
	core->ring = ring;
	core->warning[0] = '\0';
	if ((rc = open_parts(core, fresh, err)) != PMJ_OK) {
		close_parts(core);
		return rc;
	}
	ring_epoch_current(ring, &epoch);
	memcpy(core->note_pk, epoch.pk, sizeof(core->note_pk));
	core->note_pk_known = true;
	core->state = CORE_OPEN;
	core->checking = !fresh;
	core->mending = false;
	core->checked = 0;
	core->last_person_ms = core->os->mono_ms(core->os->ctx);
	core->suspend_gap_ms = core->os->boot_ms(core->os->ctx) - core->last_person_ms;
	core->last_look_ms = 0;
	core->disk_full = false;
	if (journal_reserve_make(core->journal, NULL) != PMJ_OK)
		diag("the reserve file could not be made");
	loop_timer_set(core->tick, core->is_hub ? 1000 : TICK_MS);
	core_exchange_next(core);
	core_wake(core);
	return PMJ_OK;
}

enum pmj_code
core_save_anchor(struct core *core, struct pmj_error *err)
{
	struct ring_anchor anchor;

	memset(&anchor, 0, sizeof(anchor));
	journal_head(core->journal, &anchor.count, anchor.j);
	if (core->sync != NULL && !core->is_hub)
		sync_anchor(core->sync, &anchor);
	ring_set_anchor(core->ring, &anchor);
	return keyfile_save(core->keys, core->ring, false, err);
}

/* --- locking --- */

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
	if ((rc = sync_seal_step(core->sync, true, more, err)) != PMJ_OK)
		return rc;
	if (!*more)
		core->lock_phase = LOCK_SPOOL;
	*more = true;
	return PMJ_OK;
}

static void
lock_finish(struct core *core)
{
	struct request *request = core->lock_request;

	close_parts(core);
	core->state = CORE_LOCKED;
	diag("locked");
	core->lock_request = NULL;
	if (request != NULL)
		server_reply(request, json_pack("{s:b}", "locked", 1));
}

/* One step; false when it is locked. What cannot be sealed now stays in the journal. What has syncs
 * to wait for is a step each: the checkpoint, the key file. */
static bool
lock_step(struct core *core)
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
		core->lock_phase = LOCK_ANCHOR;
		if (journal_checkpoint(core->journal, &err) != PMJ_OK)
			diag_error("checkpoint", &err);
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
	core_verify_drop(core, &err);
	memset(&core->key_draft, 0, sizeof(core->key_draft));
	core_backup_drop(core);
	core_exchange_none_due(core);
	core->exchange_missed = false;
	core->checking = false;
	core->lock_request = request;
	core->lock_phase = LOCK_SEAL;
	core->state = CORE_LOCKING;
	core_wake(core);
}

void
core_lock(struct core *core)
{
	if (core->state == CORE_OPEN)
		core_lock_begin(core, NULL);
	while (core->state == CORE_LOCKING)
		(void)lock_step(core);
}

/* --- time --- */

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

static void
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
	if (idle > 0 && mono - core->last_person_ms > idle * 60000 && !exchange_running(core)) {
		diag("idle: locking");
		core_lock_begin(core, NULL);
		return;
	}
	if (core->is_hub && !exchange_running(core) && carrylink_up(core->carry) &&
	    mono - core->last_look_ms >= core->settings.look_seconds * 1000) {
		core->last_look_ms = mono;
		exchange_start(core, EXCHANGE_LOOK, NULL, NULL);
	}
	if (journal_wal_frames(core->journal) > 0 && !exchange_running(core) &&
	    mono - core->last_person_ms > TICK_MS) {
		struct pmj_error err;

		if (journal_checkpoint(core->journal, &err) != PMJ_OK)
			diag_error("checkpoint", &err);
	}
	keep_reserve(core, mono);
	loop_timer_set(core->tick, core->is_hub && core->settings.look_seconds * 1000 < TICK_MS
	                               ? core->settings.look_seconds * 1000
	                               : TICK_MS);
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

static void
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

static void
core_carrier_due(void *ctx)
{
	core_wake(ctx);
}

void
core_queued(struct core *core, bool urgent)
{
	if (core->sync != NULL)
		exchange_within(core, urgent ? URGENT_MS : core->settings.sync_minutes * 60000);
}

void
core_exchange_next(struct core *core)
{
	if (!core->is_hub) /* a hub looks by its own clock */
		core_queued(core, false);
}

void
core_written(struct core *core, bool urgent)
{
	core_queued(core, urgent);
	if (journal_wal_frames(core->journal) >= core->checkpoint_pace.amount)
		core_wake(core);
}

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
	return false;
}

void
core_learn(const struct core *core, struct pace *pace, int64_t began_ms)
{
	pace_learn(pace, pace->amount, core->os->mono_ms(core->os->ctx) - began_ms);
}

enum pmj_code
core_check_chain(struct core *core, uint64_t *checked, struct pmj_error *err)
{
	int64_t began = core->os->mono_ms(core->os->ctx);
	uint64_t from = *checked;
	enum pmj_code rc;

	rc = journal_check_slice(
	    core->journal, from, (uint64_t)core->chain_pace.amount, checked, err);
	if (rc == PMJ_OK && *checked - from == (uint64_t)core->chain_pace.amount)
		core_learn(core, &core->chain_pace, began);
	return rc;
}

/* Rows that no entry made are made anew from the entries (6.6, 2). */
static bool
mend_step(struct core *core)
{
	struct pmj_error err;
	int64_t records, differed;
	int64_t began = core->os->mono_ms(core->os->ctx);
	bool done = false;

	if (project_rebuild_slice(
	        core->journal, core->mend_pace.amount, &done, &records, &differed, &err) != PMJ_OK)
		return check_failed(core, &err);
	core_learn(core, &core->mend_pace, began);
	if (done) {
		if (core->warning[0] == '\0') /* what the anchor found weighs more */
			(void)snprintf(core->warning, sizeof(core->warning),
			    "what the journal showed was not what was written: %lld records were "
			    "made anew",
			    (long long)differed);
		diag("the projections were made anew: %lld records differed", (long long)differed);
		core->mending = core->checking = false;
	}
	return !done;
}

static bool
check_rows_step(struct core *core)
{
	struct pmj_error err;
	int64_t began = core->os->mono_ms(core->os->ctx);
	bool done = false;
	enum pmj_code rc =
	    project_check_slice(core->journal, core->record_pace.amount, &done, &err);

	core_learn(core, &core->record_pace, began);
	if (rc == PMJ_INTEGRITY && done) { /* all was read, and the sums differ */
		core->mending = true;
		return true;
	}
	if (rc != PMJ_OK)
		return check_failed(core, &err);
	core->checking = !done;
	return !done;
}

/* One slice of checking first the chain, then the rows against what is stored (6.6). */
static bool
check_step(struct core *core)
{
	struct pmj_error err;
	uint64_t count;
	uint8_t j[32];

	if (core->mending)
		return mend_step(core);
	journal_head(core->journal, &count, j);
	if (core->checked >= count)
		return check_rows_step(core);
	if (core_check_chain(core, &core->checked, &err) != PMJ_OK)
		return check_failed(core, &err);
	return true;
}

static bool
checkpoint_step(struct core *core)
{
	int64_t frames = journal_wal_frames(core->journal);
	int64_t began = core->os->mono_ms(core->os->ctx);
	struct pmj_error err;

	if (frames < core->checkpoint_pace.amount)
		return false;
	core->step_name = "checkpoint";
	if (journal_checkpoint(core->journal, &err) != PMJ_OK) {
		diag_error("checkpoint", &err);
		return false;
	}
	pace_learn(&core->checkpoint_pace, frames, core->os->mono_ms(core->os->ctx) - began);
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

static bool
work_step(struct core *core)
{
	/* Before anything else, also amid an exchange: a long WAL would make one long step of it
	 * later. */
	if (checkpoint_step(core))
		return true;
	if (core->state == CORE_LOCKING)
		return lock_step(core);
	if (share_step(core) || exchange_step(core) || core_verify_step(core))
		return true;
	core->step_name = "check";
	return core->checking && check_step(core);
}

/* One step, and how long it took: `status` tells the longest, so that a promise about steps can be
 * measured. */
static bool
core_work(void *ctx)
{
	struct core *core = ctx;
	int64_t began = core->os->mono_ms(core->os->ctx), took;
	bool more;

	core->step_name = "check";
	core->steps++;
	more = (core->state == CORE_OPEN || core->state == CORE_LOCKING) && work_step(core);
	took = core->os->mono_ms(core->os->ctx) - began;
	if (took > core->longest_step_ms) {
		core->longest_step_ms = took;
		if (took > PMJ_STEP_MS)
			diag("a step (%s) took %lld ms", core->step_name, (long long)took);
	}
	return more;
}

/* --- own entries --- */

static enum pmj_code
stamp(struct core *core, int64_t *pt, uint16_t *counter, struct pmj_error *err)
{
	if (core->hub != NULL)
		return hub_stamp(core->hub, pt, counter, err);
	device_stamp(core->journal, pt, counter);
	return PMJ_OK;
}

enum pmj_code
core_append_inside(struct core *core, const struct core_draft *draft,
    uint8_t rec[static PMJ_RECORD_BYTES], bool *urgent, struct pmj_error *err)
{
	struct line_draft line = {.kind = draft->kind->name,
	    .kv = draft->kind->version,
	    .rec = draft->rec,
	    .by = ring_device_id(core->ring),
	    .set = draft->set,
	    .was = draft->was,
	    .verb = draft->verb,
	    .knows = draft->knows};
	struct entry entry = {.json = NULL};
	struct entries_new new_entry = {
	    .entry = &entry, .origin = ENTRY_OWN, .status = ENTRY_ADMITTED};
	uint8_t e[PMJ_ENTRY_BYTES];
	struct buf bytes;
	enum pmj_code rc;
	int64_t n;
	bool known, this_urgent;

	buf_init(&bytes, PMJ_LINE_MAX);
	core->os->random(core->os->ctx, line.n, sizeof(line.n));
	line.rv = core->hub != NULL ? hub_roster_version(core->hub)
	                            : device_roster_version(core->journal);
	if ((rc = stamp(core, &line.pt, &line.counter, err)) != PMJ_OK)
		goto out;
	line_write(&bytes, &line);
	if ((rc = buf_check(&bytes, err)) != PMJ_OK) {
		pmj_context(err, "this %s is too long for one entry", draft->kind->name);
		goto out;
	}
	chain_entry(e, bytes.bytes, bytes.len);
	if ((rc = line_read(&entry, buf_text(&bytes), bytes.len, e, err)) != PMJ_OK)
		goto out;
	new_entry.line = buf_text(&bytes);
	new_entry.len = bytes.len;
	if ((rc = entries_append(core->journal, &new_entry, &n, &known, err)) != PMJ_OK)
		goto out;
	memcpy(rec, entry.rec, PMJ_RECORD_BYTES);
	this_urgent = kind_is_urgent(draft->kind, draft->verb, draft->set);
	*urgent = *urgent || this_urgent;
	rc = core->hub != NULL
	         ? hub_shared(core->hub, n, rec, this_urgent, err)
	         : device_queue(core->journal, core->sync, n, draft->kind, this_urgent, err);
out:
	entry_close(&entry);
	buf_wipe(&bytes);
	return rc;
}

static enum pmj_code
append_all(struct core *core, const struct core_draft *drafts, size_t count,
    uint8_t (*recs)[PMJ_RECORD_BYTES], bool *urgent, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = core_append_inside(core, &drafts[i], recs[i], urgent, err);
	if (rc == PMJ_OK)
		return journal_commit(core->journal, err);
	journal_rollback(core->journal);
	return rc;
}

enum pmj_code
core_append(struct core *core, const struct core_draft *drafts, size_t count,
    uint8_t (*recs)[PMJ_RECORD_BYTES], struct pmj_error *err)
{
	bool urgent = false;
	enum pmj_code rc = append_all(core, drafts, count, recs, &urgent, err);

	if (rc == PMJ_FULL && journal_reserve_release(core->journal, NULL) == PMJ_OK) {
		diag("the disk is full: the reserve was given up to save an entry");
		core->disk_full = true;
		rc = append_all(core, drafts, count, recs, &urgent, err);
	}
	if (rc == PMJ_OK)
		core_written(core, urgent);
	return rc;
}

void
core_who(struct core *core, const uint8_t device[static PMJ_DEVICE_BYTES], char **name, char **role)
{
	if (core->hub != NULL) {
		hub_who(core->hub, device, name, role);
		return;
	}
	if (memcmp(device, ring_device_id(core->ring), PMJ_DEVICE_BYTES) == 0) {
		char *own_name = journal_text(core->journal, "name");
		char *own_role = journal_text(core->journal, "role");

		*name = own_name != NULL ? own_name : mem_strdup("");
		*role = own_role != NULL ? own_role : mem_strdup("");
		return;
	}
	device_who(core->journal, device, name, role);
}
