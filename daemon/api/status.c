/* status.c - how things stand: status and log. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/date.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "crypto/prim.h"

#ifndef PAMOJA_VERSION
#define PAMOJA_VERSION "0"
#endif

static json_t *
hardening(const struct core *core)
{
	struct sandbox_state state;
	json_t *out;

	sandbox_state(&state);
	out = json_pack("{s:b,s:b,s:b,s:b,s:b,s:b}", "no_new_privileges", state.no_new_privs,
	    "system_call_filter", state.seccomp_filter, "folders_only", state.folders_only,
	    "dumps_off", !state.dumpable, "swap_safe", !state.swap_on || state.swap_encrypted,
	    "cache_locked", store_cache_locked());
	if (carrylink_up(core->carry))
		(void)json_object_set_new(
		    out, "carrier_folders_only", json_boolean(core->carrier_fenced));
	return out;
}

/* As they run: after an upgrade the daemon keeps the old ones until it is started again. */
static json_t *
libraries(void)
{
	return json_pack(
	    "{s:s,s:s}", "sqlite", store_library_version(), "sodium", prim_library_version());
}

/* The text is stolen. */
static void
warn(json_t *list, char *text)
{
	(void)json_array_append_new(list, json_string(text));
	free(text);
}

/* Of a hub that came out of a backup, until everybody has come by and nothing is missing. */
static void
warn_of_restore(json_t *list, struct hub *hub)
{
	json_t *lacks = hub_lacks(hub);
	long long unheard = (long long)json_int(lacks, "unheard", 0);
	long long decisions = (long long)json_int(lacks, "decisions", 0);
	long long returned = (long long)json_int(lacks, "returned", 0);
	const char *moved = json_str(lacks, "moved");

	if (unheard > 0)
		warn(list,
		    mem_printf(
		        unheard == 1
		            ? "this hub came out of a backup, and %lld laptop has not come by since"
		            : "this hub came out of a backup, and %lld laptops have not come by "
		              "since",
		        unheard));
	if (decisions > 0)
		warn(
		    list, mem_printf(
		              "decisions made after the backup that are not here again: %lld. Look "
		              "through `pamoja hub roster`: who was enrolled, revoked or assigned "
		              "since is to be so again",
		              decisions));
	if (returned > 0)
		warn(list, mem_printf("entries that laptops gave back, which wait for their author "
		                      "or for you: %lld. `pamoja hub held` lists them",
		               returned));
	if (moved != NULL)
		warn(list,
		    mem_printf("laptops say that this hub moved to %s after the backup; if so, "
		               "say it again: pamoja hub move %s",
		        moved, moved));
	json_decref(lacks);
}

static void
warn_of_old_state(json_t *list, const struct core *core)
{
	long long days = (long long)device_stale_days(core->journal, os_now(core->os));

	if (days > 0)
		warn(list,
		    mem_printf("the mailbox answers, but the newest of the hub that it shows is "
		               "%lld days old",
		        days));
}

static json_t *
warnings(const struct core *core)
{
	struct sandbox_state state;
	json_t *list = json_array();
	struct pmj_error err;
	char *text;

	sandbox_state(&state);
	if (core->state == CORE_OPEN && core_clock(core, &err) != PMJ_OK)
		(void)json_array_append_new(list, json_string(err.message));
	if (core->state == CORE_OPEN && core->hub != NULL)
		warn_of_restore(list, core->hub);
	if (core->state == CORE_OPEN && core->sync != NULL && !core->is_hub)
		warn_of_old_state(list, core);
	if (core->state == CORE_OPEN && (text = core_last_day(core)) != NULL)
		warn(list, text);
	if (core->state == CORE_OPEN && (text = country_unpublished(core)) != NULL)
		warn(list, text);
	if (core->warning[0] != '\0')
		(void)json_array_append_new(list, json_string(core->warning));
	if (core->kinds_warning[0] != '\0')
		(void)json_array_append_new(list, json_string(core->kinds_warning));
	if (state.swap_on && !state.swap_encrypted)
		(void)json_array_append_new(list,
		    json_string(
		        "swap on this machine is not encrypted: what was read may reach the disk"));
	if (core->state == CORE_OPEN && !journal_reserve_there(core->journal))
		(void)json_array_append_new(list,
		    json_string(core->disk_full
		                    ? "the disk is full: free some space before the next entry"
		                    : "the disk is nearly full: no reserve is left"));
	return list;
}

static int64_t
count_rows(struct core *core, const char *text)
{
	return sql_first_int(sql_get(core->journal, text), 0);
}

static void
add_journal(json_t *out, struct core *core)
{
	uint8_t digest[32], j[32];
	char hex[65];
	uint64_t count;
	int64_t admitted;

	journal_head(core->journal, &count, j);
	if (records_digest(core->journal, digest, &admitted, NULL, NULL) != PMJ_OK)
		memset(digest, 0, sizeof(digest));
	(void)json_object_set_new(out, "journal",
	    json_pack("{s:I,s:s}", "entries", (json_int_t)count, "digest",
	        text_hex(hex, digest, sizeof(digest))));
}

/* Our own seal keys: [{"epoch","state"}…]. */
static json_t *
seal_epochs(const struct core *core)
{
	static const char *const names[] = {"", "next", "used", "ended"};
	struct ring_epoch all[RING_EPOCHS_MAX];
	size_t count = ring_epochs(core->ring, all, RING_EPOCHS_MAX);
	json_t *out = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
		    out, json_pack("{s:I,s:s}", "epoch", (json_int_t)all[i].epoch, "state",
		             names[all[i].state & 3]));
	return out;
}

/* At the hub: what became of all that everybody wrote. */
static void
add_merged(json_t *outbox, struct core *core)
{
	uint8_t digest[32];
	int64_t admitted;

	if (records_digest(core->journal, digest, &admitted, NULL, NULL) != PMJ_OK)
		return;
	(void)json_object_set_new(
	    outbox, "deferred", json_integer((json_int_t)hub_count(core->hub, "deferred")));
	(void)json_object_set_new(
	    outbox, "refused", json_integer((json_int_t)hub_count(core->hub, "held")));
	(void)json_object_set_new(outbox, "merged", json_integer((json_int_t)admitted));
}

static void
add_sync(json_t *out, struct core *core)
{
	json_t *outbox = core->sync != NULL ? sync_outbox(core->sync) : NULL;
	json_t *receipt = core->sync != NULL ? sync_receipt(core->sync) : NULL;
	json_t *refused = core->sync != NULL ? sync_refused(core->sync) : NULL;
	json_t *beacon = NULL;
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	if (outbox == NULL) { /* not enrolled: every entry is our own, and none has left */
		uint64_t own;
		uint8_t j[32];

		journal_head(core->journal, &own, j);
		outbox = json_pack("{s:I,s:i,s:I,s:i,s:i,s:i,s:i,s:i}", "entries", (json_int_t)own,
		    "bytes", 0, "saved", (json_int_t)own, "carried", 0, "delivered", 0, "deferred",
		    0, "refused", 0, "merged", 0);
	}
	if (core->hub != NULL)
		add_merged(outbox, core);
	(void)json_object_set_new(out, "outbox", outbox);
	(void)json_object_set_new(out, "receipt", receipt != NULL ? receipt : json_null());
	(void)json_object_set_new(
	    out, "refused_segments", refused != NULL ? refused : json_array());
	(void)json_object_set(
	    out, "last_sync", core->last_sync != NULL ? core->last_sync : json_null());
	if (!core->is_hub && core->sync != NULL &&
	    device_mailbox(core->journal, mailbox, NULL) == PMJ_OK) {
		json_t *place = sync_standing(core->sync, mailbox, true);

		beacon = device_beacon(core->journal, os_now(core->os));
		(void)json_object_set_new(out, "place", place != NULL ? place : json_null());
	}
	(void)json_object_set_new(out, "beacon", beacon != NULL ? beacon : json_null());
}

/* What the next exchange waits for, if it is for anything but its time. */
static json_t *
waits(const struct core *core)
{
	int64_t left = core->waits_until_ms - core->os->mono_ms(core->os->ctx);

	if (core->waits_for[0] == '\0' || !carrylink_up(core->carry))
		return json_null();
	return json_pack("{s:s,s:I}", "for", core->waits_for, "s",
	    (json_int_t)(core->waits_until_ms == 0 || left < 0 ? 0 : left / 1000));
}

/* The last backup whose file was whole in its place. */
static void
add_backup(json_t *out, struct core *core)
{
	int64_t at = journal_int(core->journal, "backup.at", 0);

	(void)json_object_set_new(out, "last_backup",
	    at == 0 ? json_null()
	            : json_pack("{s:I,s:I}", "at", (json_int_t)at, "entries",
	                  (json_int_t)journal_int(core->journal, "backup.entries", 0)));
}

static void
add_open(json_t *out, const struct call *call)
{
	struct core *core = call->core;
	char *name = journal_text(core->journal, "name");
	char *role = journal_text(core->journal, "role");
	json_t *notes = NULL, *exchange;
	char today[11];

	(void)json_object_set_new(
	    out, "device", json_hex(ring_device_id(core->ring), PMJ_DEVICE_BYTES));
	(void)json_object_set_new(out, "name", json_string(name != NULL ? name : ""));
	(void)json_object_set_new(out, "role", json_string(role != NULL ? role : ""));
	(void)json_object_set_new(out, "hub", json_boolean(core->is_hub));
	(void)json_object_set_new(
	    out, "practice", json_boolean(journal_int(core->journal, "practice", 0) != 0));
	(void)json_object_set_new(
	    out, "enrolled", json_boolean(core->is_hub || device_enrolled(core->journal)));
	(void)json_object_set_new(out, "checking", json_boolean(core->checking));
	(void)json_object_set_new(out, "seal_epochs", seal_epochs(core));
	add_journal(out, core);
	add_backup(out, core);
	if (core->hub != NULL)
		(void)json_object_set_new(out, "backup_key", hub_backup_key_state(core->hub));
	add_sync(out, core);
	exchange = exchange_seen(core);
	(void)json_object_set_new(out, "exchange", exchange != NULL ? exchange : json_null());
	(void)json_object_set_new(out, "waits", waits(core));
	(void)json_object_set_new(out, "held",
	    json_integer(
	        core->hub != NULL
	            ? hub_count(core->hub, "held")
	            : count_rows(core, "SELECT count(*) FROM pmj_entry WHERE " ENTRY_IS_HELD)));
	(void)json_object_set_new(out, "waiting",
	    json_integer(
	        core->hub != NULL
	            ? hub_count(core->hub, "waiting")
	            : count_rows(core, "SELECT count(*) FROM pmj_entry WHERE " ENTRY_IS_WAITING)));
	(void)json_object_set_new(out, "conflicts",
	    json_integer(count_rows(core, "SELECT count(*) FROM pmj_record WHERE conflict = 1")));
	record_date(call, today);
	(void)json_object_set_new(
	    out, "running_out", json_integer(records_running_out(core->journal, today)));
	(void)json_object_set_new(out, "pending",
	    json_integer(core->hub != NULL ? hub_count(core->hub, "pending")
	                                   : device_asks_open(core->journal)));
	if (locked_note_list(&notes, core->os, core->home, core->ring, NULL) == PMJ_OK)
		(void)json_object_set_new(out, "notes_waiting",
		    json_integer((json_int_t)json_array_size(json_arr(notes, "items"))));
	json_decref(notes);
	free(name);
	free(role);
}

enum pmj_code
status_get(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	json_t *renewing = core_renewing(core);

	(void)err;
	*out = json_pack("{s:b,s:b,s:s,s:b,s:o,s:o,s:o,s:I,s:I,s:I,s:I}", "initialised",
	    core->state != CORE_EMPTY, "locked",
	    core->state != CORE_EMPTY && core->state != CORE_OPEN, "version", PAMOJA_VERSION,
	    "carrier", carrylink_up(core->carry), "warnings", warnings(core), "hardening",
	    hardening(core), "libraries", libraries(), "steps", (json_int_t)core->steps,
	    "longest_step_ms", (json_int_t)core->longest_step_ms, "longest_step_cpu_us",
	    (json_int_t)core->longest_step_cpu_us, "longest_request_cpu_us",
	    (json_int_t)core->longest_request_cpu_us);
	if (core->revoked != 0)
		(void)json_object_set_new(*out, "revoked",
		    json_pack("{s:I,s:b,s:b,s:I}", "at", (json_int_t)core->revoked, "ended",
		        (int)core->ended, "hub", (int)core->was_hub, "left",
		        (json_int_t)core_revoked_left(core)));
	if (renewing != NULL)
		(void)json_object_set_new(*out, "renewing", renewing);
	if (core->state == CORE_OPEN && core->suspended != 0)
		(void)json_object_set_new(
		    *out, "suspended", json_integer((json_int_t)core->suspended));
	if (core->state == CORE_OPEN)
		add_open(*out, call);
	return PMJ_OK;
}

enum pmj_code
status_log(const struct call *call, json_t **out, struct pmj_error *err)
{
	int64_t now = os_now(call->core->os), since_ms = 0;
	int offset = call->core->os->offset_minutes(call->core->os->ctx, now);
	json_t *items = NULL;
	char since[11];
	enum pmj_code rc;

	if ((rc = call_since(call, since, err)) != PMJ_OK)
		return rc;
	if (since[0] != '\0')
		since_ms = date_days(since) * DAY_MS - (int64_t)offset * MINUTE_MS;
	rc = journal_events(call->core->journal, &items, since_ms, call_limit(call, 50), err);
	if (rc == PMJ_OK)
		*out =
		    json_is_array(items) ? json_pack("{s:O}", "items", items) : json_incref(items);
	json_decref(items);
	return rc;
}
