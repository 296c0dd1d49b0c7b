/* core.c - the one home: started, opened, ended. */
#include "api/core_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"

#define CHECKPOINT_MS 7
#define HUB_FIRST_LOOK_MS 1000

char *
core_path(const struct core *core, const char *name)
{
	return fs_join(core->home, name);
}

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
	/* The format asks for a checkpoint at 1,000 frames at the latest; a slow disk gets shorter
	 * ones, but not so short that it has nothing else to do. */
	core->import_share = (struct pace){100, 50, 500, PMJ_STEP_MS * 3 / 5};
	core->checkpoint_pace = (struct pace){150, 60, 1000, CHECKPOINT_MS};
	/* Pages of a big merge cost ten times those of a small one, which comes first. */
	core->search_pace = (struct pace){16, 8, 48, CORE_CHECK_MS};
	keys = core_path(core, "keys");
	if ((rc = core_read_settings(core, err)) != PMJ_OK ||
	    (rc = core_fresh_sweep(core, err)) != PMJ_OK ||
	    (rc = core_revoked_start(core, err)) != PMJ_OK)
		goto out;
	core->state = fs_exists(os, keys) ? CORE_LOCKED : CORE_EMPTY;
	if (core->state == CORE_LOCKED && (rc = fs_check_private(os, keys, err)) != PMJ_OK)
		goto out;
	if ((rc = core_read_kinds(core, err)) != PMJ_OK)
		goto out;
	core->work = loop_work_new(loop, core_work, core);
	core->tick = loop_timer_new(loop, core_tick, core);
	core->jumps_told = loop_clock_jumps(loop, core_jumped, core);
	core->exchange_timer = loop_timer_new(loop, core_exchange_due, core);
	core->carrier_timer = loop_timer_new(loop, core_carrier_due, core);
	rc = carrylink_new(&core->carry, core, err);
out:
	free(keys);
	return rc;
}

void
core_close_parts(struct core *core)
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
	core_paper_drop(core);
	core_photo_drop(core);
	carrylink_free(core->carry);
	loop_work_free(core->work);
	loop_timer_free(core->tick);
	loop_timer_free(core->exchange_timer);
	loop_timer_free(core->carrier_timer);
	core_kinds_end(core);
	json_decref(core->last_sync);
	free(core->home);
	free(core->conf);
	free(core->settings.country);
	free(core->settings.url);
	free(core->settings.pin);
}

static size_t
schema_count(const char *const *schema)
{
	size_t count = 0;

	while (schema[count] != NULL)
		count++;
	return count;
}

/* Made once, as long as what the two folders say. */
static const char *const *
all_schemas(void)
{
	static const char **all;
	size_t sync_count = schema_count(sync_schema), hub_count = schema_count(hub_schema);

	if (all != NULL)
		return all;
	all = mem_array(sync_count + hub_count + 1, sizeof(*all));
	memcpy((void *)all, (const void *)sync_schema, sync_count * sizeof(*all));
	memcpy((void *)(all + sync_count), (const void *)hub_schema, hub_count * sizeof(*all));
	all[sync_count + hub_count] = NULL;
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
		    "the journal is older than the keys: %llu of %llu entries are here",
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
	    .kinds_in = core_kinds_in,
	    .kinds_ctx = (struct core *)(uintptr_t)core,
	    .schema = all_schemas()};
}

static enum pmj_code
open_journal(struct core *core, bool fresh, struct pmj_error *err)
{
	struct journal_setup setup = core_setup(core, core->ring, keyfile_store_uuid(core->keys));
	struct ring_anchor anchor;
	enum pmj_code rc;

	setup.in_steps = true;
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
	struct pmj_error why;

	if (rc != PMJ_OK)
		return rc;
	/* It is tried again with the next start; until then they know the old one. */
	if (hub_reach_settings(core->hub, core->settings.url, core->settings.pin, &why) != PMJ_OK)
		diag_error("telling laptops the hub's address", &why);
	hub_set_intake(core->hub, core->settings.intake);
	hub_set_room(core->hub, core->settings.room_mb);
	core->sync = hub_sync(core->hub);
	carrylink_remotes(core);
	return PMJ_OK;
}

static enum pmj_code
open_parts(struct core *core, bool fresh, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = open_journal(core, fresh, err)) != PMJ_OK || journal_is_renewing(core->journal))
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

/* Tombstones are worth nothing without their key: it is in the key file before there is one. */
static void
have_tombstone_key(struct core *core)
{
	uint8_t key[32];
	struct pmj_error err;

	if (ring_has_tombstone_key(core->ring))
		return;
	ring_tombstone_key(core->ring, key);
	prim_wipe(key, sizeof(key));
	if (keyfile_save(core->keys, core->ring, false, &err) != PMJ_OK)
		diag_error("keeping the tombstone key", &err);
}

/* With the keys that are here. */
static enum pmj_code
open_with_keys(struct core *core, bool fresh, struct pmj_error *err)
{
	struct ring_epoch epoch;
	enum pmj_code rc;

	core->warning[0] = '\0';
	if ((rc = open_parts(core, fresh, err)) != PMJ_OK) {
		core_close_parts(core);
		core->state = core->state == CORE_RENEWING ? CORE_LOCKED : core->state;
		return rc;
	}
	if (journal_is_renewing(core->journal)) {
		core->state = CORE_RENEWING;
		core_wake(core);
		return PMJ_OK;
	}
	ring_epoch_current(core->ring, &epoch);
	memcpy(core->note_pk, epoch.pk, sizeof(core->note_pk));
	core->note_pk_known = true;
	core->state = CORE_OPEN;
	core->checking = !fresh;
	core->proof = fresh ? PROOF_GOOD : PROOF_CHECKING;
	core->mending = false;
	core->kinds_owed = journal_kinds_owed(core->journal);
	core->checked = 0;
	core->twins_looked = 0;
	core->last_person_ms = core->os->mono_ms(core->os->ctx);
	core->suspend_gap_ms = core->os->boot_ms(core->os->ctx) - core->last_person_ms;
	core->last_look_ms = 0;
	core->disk_full = false;
	core->revoked = core->is_hub ? 0 : device_revoked(core->journal);
	core->ended = !core->is_hub && device_ended(core->journal);
	core->suspended = core->is_hub ? 0 : device_suspended(core->journal);
	core->erase_failed = false;
	have_tombstone_key(core);
	if (journal_reserve_make(core->journal, NULL) != PMJ_OK)
		diag("the reserve file could not be made");
	core->tick_at_ms = 0;
	if (core->is_hub) { /* its carrier has most often just begun, too */
		core->tick_at_ms = core->last_person_ms + HUB_FIRST_LOOK_MS;
		loop_timer_set(core->tick, HUB_FIRST_LOOK_MS);
	}
	core_tick_arm(core);
	core_exchange_next(core, false);
	if (core->revoked != 0 || core->suspended != 0) /* what was not sealed; or is it over? */
		core_queued(core, true);
	core_wake(core);
	return PMJ_OK;
}

enum pmj_code
core_open(
    struct core *core, struct keyfile *keys, struct ring *ring, bool fresh, struct pmj_error *err)
{
	core->keys = keys;
	core->ring = ring;
	core->renew_failed = (struct pmj_error){.code = PMJ_OK};
	return open_with_keys(core, fresh, err);
}

/* ---- a journal of an earlier version ---- */

static void
renew_fail(struct core *core, const struct pmj_error *err)
{
	diag_error("making the journal new for this version", err);
	core->renew_failed = *err;
	core_close_parts(core);
	core->state = CORE_LOCKED;
}

/* Each ends with a commit and its wait for the disk: shorter ones would be mostly that. */
#define RENEW_PIECE_MS 20

/* It is opened once more when it is made: what the office published lies in it. */
bool
core_renew_step(struct core *core)
{
	int64_t until_ms = core->os->mono_ms(core->os->ctx) + RENEW_PIECE_MS;
	struct pmj_error err;
	bool done = false;

	core->step_name = "a journal made new";
	if (journal_renew_step(core->journal, until_ms, &done, &err) != PMJ_OK) {
		renew_fail(core, &err);
		return false;
	}
	if (!done)
		return true;
	diag("the journal was made new for this version");
	journal_close(core->journal);
	core->journal = NULL;
	if (open_with_keys(core, false, &err) != PMJ_OK)
		renew_fail(core, &err);
	return core->state != CORE_LOCKED;
}

json_t *
core_renewing(const struct core *core)
{
	int64_t done, of;

	if (core->state == CORE_RENEWING) {
		journal_renewed(core->journal, &done, &of);
		return json_pack("{s:I,s:I}", "done", (json_int_t)done, "of", (json_int_t)of);
	}
	if (core->state == CORE_LOCKED && core->renew_failed.code != PMJ_OK)
		return json_pack("{s:{s:s,s:s}}", "failed", "message", core->renew_failed.message,
		    "hint", core->renew_failed.hint);
	return NULL;
}

enum pmj_code
core_save_anchor(struct core *core, struct pmj_error *err)
{
	struct ring_anchor anchor;
	enum pmj_code rc;

	memset(&anchor, 0, sizeof(anchor));
	if ((rc = journal_settle(core->journal, err)) != PMJ_OK)
		return rc; /* it never names what is not durable */
	journal_head(core->journal, &anchor.count, anchor.j);
	if (core->sync != NULL && !core->is_hub)
		sync_anchor(core->sync, &anchor);
	ring_set_anchor(core->ring, &anchor);
	return keyfile_save(core->keys, core->ring, false, err);
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
