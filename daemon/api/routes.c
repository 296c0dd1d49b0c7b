/* routes.c - which request goes where, and what must be true before it may. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/text.h"
#include "pamoja/limits.h"

enum needs {
	NEEDS_NOTHING,
	NEEDS_OPEN = 1, /* initialised and unlocked */
	NEEDS_HUB = 2,
	NEEDS_WORKER = 4,  /* not a hub */
	NEEDS_SYNC = 8,    /* enrolled, or a hub */
	PASSIVE = 16,      /* does not count as a sign of a person */
	NEEDS_ROSTER = 32, /* not of a laptop that was taken off it */
	NEEDS_HOME = 64,   /* initialised */
};

static const struct route {
	const char *method;
	const char *path; /* {} stands for one part */
	int needs;
	handler_now *now;
	handler_later *later;
} routes[] = {
    {"GET", "/v1/status", PASSIVE, status_get, NULL},
    {"GET", "/v1/doctor", PASSIVE, doctor_get, NULL},
    {"GET", "/v1/passphrase/offer", NEEDS_NOTHING, words_offer, NULL},
    {"POST", "/v1/init", NEEDS_NOTHING, NULL, keys_init},
    {"POST", "/v1/init/seen", NEEDS_OPEN, keys_seen, NULL},
    {"GET", "/v1/unlock", NEEDS_ROSTER | NEEDS_HOME | PASSIVE, keys_may_be_typed, NULL},
    {"POST", "/v1/unlock", NEEDS_ROSTER | NEEDS_HOME, NULL, keys_unlock},
    {"POST", "/v1/lock", NEEDS_NOTHING, NULL, keys_lock},
    {"GET", "/v1/passphrase", NEEDS_OPEN | PASSIVE, keys_may_be_typed, NULL},
    {"POST", "/v1/passphrase", NEEDS_OPEN, NULL, keys_passphrase},
    {"GET", "/v1/recover", NEEDS_ROSTER | NEEDS_HOME | PASSIVE, keys_may_be_typed, NULL},
    {"POST", "/v1/recover", NEEDS_ROSTER | NEEDS_HOME, NULL, keys_recover},
    {"GET", "/v1/kinds", PASSIVE, kinds_list, NULL},
    {"POST", "/v1/kinds/check", PASSIVE, kinds_check, NULL},
    {"POST", "/v1/records/{}", NEEDS_OPEN, record_add, NULL},
    {"GET", "/v1/records/{}", NEEDS_OPEN, record_list, NULL},
    {"POST", "/v1/alike/{}", NEEDS_OPEN, record_who_is_alike, NULL},
    {"GET", "/v1/record/{}", NEEDS_OPEN, record_show, NULL},
    {"POST", "/v1/record/{}/edit", NEEDS_OPEN, record_edit, NULL},
    {"POST", "/v1/record/{}/move", NEEDS_OPEN, record_move, NULL},
    {"POST", "/v1/record/{}/void", NEEDS_OPEN, record_void, NULL},
    {"GET", "/v1/record/{}/history", NEEDS_OPEN, record_history, NULL},
    {"GET", "/v1/record/{}/plan", NEEDS_OPEN, record_plan, NULL},
    {"GET", "/v1/record/{}/around", NEEDS_OPEN, record_around, NULL},
    {"GET", "/v1/record/{}/disclosures", NEEDS_OPEN, record_disclosures, NULL},
    {"POST", "/v1/record/{}/disclose", NEEDS_OPEN, record_disclose, NULL},
    {"GET", "/v1/record/{}/everything", NEEDS_OPEN, record_everything, NULL},
    {"POST", "/v1/record/{}/packet", NEEDS_OPEN, record_packet, NULL},
    {"GET", "/v1/record/{}/packet", NEEDS_OPEN, record_packet_part, NULL},
    {"POST", "/v1/record/{}/paper", NEEDS_OPEN, record_paper, NULL},
    {"POST", "/v1/record/{}/photo", NEEDS_OPEN, record_photo, NULL},
    {"GET", "/v1/record/{}/photo", NEEDS_OPEN, record_photo_part, NULL},
    {"POST", "/v1/record/{}/slip", NEEDS_OPEN, record_slip, NULL},
    {"GET", "/v1/code/{}", NEEDS_OPEN, record_code, NULL},
    {"GET", "/v1/find", NEEDS_OPEN, NULL, record_find},
    {"GET", "/v1/today", NEEDS_OPEN, record_today, NULL},
    {"POST", "/v1/import", NEEDS_OPEN, NULL, record_import},
    {"GET", "/v1/notes", NEEDS_OPEN, notes_list, NULL},
    {"POST", "/v1/notes", NEEDS_ROSTER, notes_add, NULL},
    {"POST", "/v1/notes/{}", NEEDS_OPEN, notes_settle, NULL},
    {"GET", "/v1/log", NEEDS_OPEN, status_log, NULL},
    {"GET", "/v1/verify", NEEDS_OPEN, NULL, status_verify},
    {"POST", "/v1/backup", NEEDS_OPEN, backup_begin, NULL},
    {"POST", "/v1/backup/{}/part", NEEDS_OPEN, backup_part, NULL},
    {"POST", "/v1/backup/{}/kept", NEEDS_OPEN, backup_kept, NULL},
    {"GET", "/v1/hub/backup-key", NEEDS_OPEN | NEEDS_HUB, backup_key_list, NULL},
    {"POST", "/v1/hub/backup-key", NEEDS_OPEN | NEEDS_HUB, backup_key_make, NULL},
    {"POST", "/v1/hub/backup-key/kept", NEEDS_OPEN | NEEDS_HUB, backup_key_kept, NULL},
    {"POST", "/v1/hub/backup-key/{}/destroyed", NEEDS_OPEN | NEEDS_HUB, backup_key_destroyed, NULL},
    {"POST", "/v1/restore", NEEDS_NOTHING, restore_begin, NULL},
    {"POST", "/v1/restore/{}/part", NEEDS_NOTHING, restore_part, NULL},
    {"POST", "/v1/restore/{}/finish", NEEDS_NOTHING, NULL, restore_finish},
    {"POST", "/v1/sync", NEEDS_OPEN | NEEDS_SYNC, NULL, exchange_sync},
    {"POST", "/v1/sync/stop", NEEDS_OPEN, exchange_stop, NULL},
    {"POST", "/v1/carry", NEEDS_OPEN | NEEDS_SYNC, NULL, exchange_carry},
    {"POST", "/v1/enrol/request", NEEDS_OPEN | NEEDS_WORKER, enrol_ask, NULL},
    {"POST", "/v1/enrol/accept", NEEDS_OPEN | NEEDS_WORKER, enrol_take, NULL},
    {"POST", "/v1/hub/enrol", NEEDS_OPEN | NEEDS_HUB, office_enrol, NULL},
    {"POST", "/v1/hub/merge", NEEDS_OPEN | NEEDS_HUB, NULL, exchange_merge},
    {"GET", "/v1/hub/conflicts", NEEDS_OPEN | NEEDS_HUB, office_conflicts, NULL},
    {"POST", "/v1/hub/resolve", NEEDS_OPEN | NEEDS_HUB, office_resolve, NULL},
    {"POST", "/v1/hub/assign", NEEDS_OPEN | NEEDS_HUB, office_assign, NULL},
    {"POST", "/v1/hub/unassign", NEEDS_OPEN | NEEDS_HUB, office_unassign, NULL},
    {"POST", "/v1/hub/revoke", NEEDS_OPEN | NEEDS_HUB, office_revoke, NULL},
    {"POST", "/v1/hub/suspend", NEEDS_OPEN | NEEDS_HUB, office_suspend, NULL},
    {"POST", "/v1/hub/role", NEEDS_OPEN | NEEDS_HUB, office_role, NULL},
    {"POST", "/v1/hub/replace", NEEDS_OPEN | NEEDS_HUB, office_replace, NULL},
    {"GET", "/v1/hub/roster", NEEDS_OPEN | NEEDS_HUB, office_roster, NULL},
    {"POST", "/v1/hub/arrived", NEEDS_OPEN | NEEDS_HUB, office_arrived, NULL},
    {"POST", "/v1/hub/renew", NEEDS_OPEN | NEEDS_HUB, office_renew, NULL},
    {"GET", "/v1/hub/move", NEEDS_OPEN | NEEDS_HUB, office_moving, NULL},
    {"POST", "/v1/hub/move", NEEDS_OPEN | NEEDS_HUB, office_move, NULL},
    {"POST", "/v1/hub/forget", NEEDS_OPEN | NEEDS_HUB, erase_ask, NULL},
    {"GET", "/v1/hub/forgotten", NEEDS_OPEN | NEEDS_HUB, erase_list, NULL},
    {"GET", "/v1/hub/end", NEEDS_OPEN | NEEDS_HUB, end_state, NULL},
    {"POST", "/v1/hub/end", NEEDS_OPEN | NEEDS_HUB, end_ask, NULL},
    {"POST", "/v1/hub/end/finish", NEEDS_OPEN | NEEDS_HUB, end_finish, NULL},
    {"GET", "/v1/pending", NEEDS_OPEN | NEEDS_SYNC, pending_list, NULL},
    {"POST", "/v1/approve", NEEDS_OPEN | NEEDS_SYNC, pending_approve, NULL},
    {"POST", "/v1/refuse", NEEDS_OPEN | NEEDS_SYNC, pending_refuse, NULL},
    {"GET", "/v1/notices/{}", NEEDS_OPEN, notice_show, NULL},
    {"GET", "/v1/materials", NEEDS_OPEN, materials_list, NULL},
    {"GET", "/v1/materials/{}", NEEDS_OPEN, materials_get, NULL},
    {"POST", "/v1/hub/materials", NEEDS_OPEN | NEEDS_HUB, materials_publish, NULL},
    {"POST", "/v1/hub/materials/withdraw", NEEDS_OPEN | NEEDS_HUB, materials_withdraw, NULL},
    {"GET", "/v1/hub/kinds", NEEDS_OPEN | NEEDS_HUB, office_published, NULL},
    {"POST", "/v1/hub/kinds", NEEDS_OPEN | NEEDS_HUB, office_publish, NULL},
    {"GET", "/v1/hub/caseload", NEEDS_OPEN | NEEDS_HUB, NULL, office_caseload},
    {"POST", "/v1/hub/match", NEEDS_OPEN | NEEDS_HUB, NULL, office_match},
    {"GET", "/v1/hub/report", NEEDS_OPEN | NEEDS_HUB, report_list, NULL},
    {"GET", "/v1/hub/report/{}", NEEDS_OPEN | NEEDS_HUB, report_kept, NULL},
    {"POST", "/v1/hub/report/{}", NEEDS_OPEN | NEEDS_HUB, NULL, report_publish},
    {"GET", "/v1/hub/held", NEEDS_OPEN | NEEDS_HUB, office_held, NULL},
    {"POST", "/v1/hub/release", NEEDS_OPEN | NEEDS_HUB, office_release, NULL},
};

#define PARTS_MAX 4
#define LIMIT_MAX 1000 /* of a list: the most that one answer holds */
#define PART_BYTES 256

struct parts {
	char text[PARTS_MAX][PART_BYTES];
	size_t count;
};

/* Does the path fit the pattern? The parts that stood for {} are copied out. */
static bool
fits(const char *pattern, const char *path, struct parts *parts)
{
	parts->count = 0;
	while (*pattern != '\0') {
		size_t len;

		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0 || len >= PART_BYTES || parts->count == PARTS_MAX)
			return false;
		memcpy(parts->text[parts->count], path, len);
		parts->text[parts->count++][len] = '\0';
		path += len;
		pattern += 2;
	}
	return *path == '\0';
}

/* What goes without us, and what does not. */
static enum pmj_code
fail_locked(const struct core *core, int needs, struct pmj_error *err)
{
	if (core->state == CORE_RENEWING) {
		int64_t done, of;

		journal_renewed(core->journal, &done, &of);
		(void)pmj_fail(err, PMJ_LOCKED,
		    "the journal is being made new for this version of Pamoja: %lld of %lld "
		    "entries",
		    (long long)done, (long long)of);
		pmj_hint(err, "wait for it: pamoja unlock tells how far it is");
	} else if ((needs & NEEDS_SYNC) == 0) {
		(void)pmj_fail(err, PMJ_LOCKED, "Pamoja is locked");
		pmj_hint(err, "unlock it with: pamoja unlock");
	} else if (core->left_to_carrier) {
		(void)pmj_fail(err, PMJ_LOCKED,
		    "Pamoja is locked: what is sealed goes by itself when there is a chance, also "
		    "onto a stick that has the folder PAMOJA");
		pmj_hint(err, "to seal what is new, and to exchange now: pamoja unlock");
	} else {
		(void)pmj_fail(err, PMJ_LOCKED,
		    "Pamoja was not unlocked since it started, so it does not know yet what goes "
		    "where");
		pmj_hint(err, "nothing is lost; unlock it, then try again: pamoja unlock");
	}
	return PMJ_LOCKED;
}

static enum pmj_code
check_needs(const struct core *core, int needs, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (core->revoked != 0 && !core->was_hub && (needs & NEEDS_SYNC) && !(needs & NEEDS_HUB))
		return PMJ_OK; /* what was unsent may always go */
	if (core->revoked != 0 && (needs & (NEEDS_OPEN | NEEDS_ROSTER)))
		return core_revoked_refuse(core, err);
	if (core->state == CORE_OPEN && core->suspended != 0 && (needs & NEEDS_OPEN) &&
	    (needs & NEEDS_SYNC) == 0)
		return core_suspended_refuse(core, err);
	if ((needs & (NEEDS_OPEN | NEEDS_HOME)) == 0)
		return PMJ_OK;
	if (core->state == CORE_EMPTY) {
		rc = pmj_fail(err, PMJ_NOT_INITIALISED, "there is no journal here yet");
		pmj_hint(err, "begin with: pamoja init --name NAME --role peer");
	} else if ((needs & NEEDS_OPEN) && core->state != CORE_OPEN) {
		rc = fail_locked(core, needs, err);
	} else if ((needs & NEEDS_HUB) && !core->is_hub) {
		rc = pmj_fail(err, PMJ_USAGE, "this laptop is not a hub");
		pmj_hint(err, "hub commands work at the hub only");
	} else if ((needs & NEEDS_WORKER) && core->is_hub) {
		rc = pmj_fail(err, PMJ_USAGE, "this is the hub; it enrols others");
		pmj_hint(err, "at the hub: pamoja hub enrol REQUEST --role peer --name NAME");
	} else if ((needs & NEEDS_SYNC) && core->sync == NULL) {
		rc = pmj_fail(err, PMJ_NOT_ENROLLED, "this laptop is not enrolled at a hub yet");
		pmj_hint(err, "begin with: pamoja enrol request");
	}
	return rc;
}

/* What one request took at once, not in steps: nobody else is answered meanwhile. */
static void
note_length(struct core *core, const struct route *route, int64_t began_us)
{
	int64_t cpu = core->os->cpu_us(core->os->ctx) - began_us;

	if (cpu <= core->longest_request_cpu_us)
		return;
	core->longest_request_cpu_us = cpu;
	if (cpu > PMJ_STEP_MS * 1000)
		diag("a request (%s %s) took %lld.%lld ms of processor time", route->method,
		    route->path, (long long)cpu / 1000, (long long)cpu / 100 % 10);
}

static void
serve(struct core *core, const struct route *route, const struct parts *parts,
    struct request *request)
{
	struct call call = {.core = core,
	    .query = request_query(request),
	    .body = request_body(request),
	    .lang = request_lang(request)};
	struct pmj_error err = {.code = PMJ_OK};
	json_t *out = NULL;

	for (size_t i = 0; i < parts->count; i++)
		call.part[i] = parts->text[i];
	if (check_needs(core, route->needs, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	/* Who goes on with a new home has seen its recovery code; nothing is recorded before that
	 * is durable. */
	if ((route->needs & PASSIVE) == 0 && core_fresh_seen(core, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	if ((route->needs & PASSIVE) == 0)
		core->last_person_ms = core->os->mono_ms(core->os->ctx);
	if (route->later != NULL) {
		route->later(&call, request);
		return;
	}
	core->hold_request = false;
	if (route->now(&call, &out, &err) != PMJ_OK) {
		json_decref(out);
		if (!core_hold(core, request))
			server_fail(request, &err);
		return;
	}
	server_reply(request, out);
}

void
core_handle(void *ctx, struct request *request)
{
	struct core *core = ctx;
	int64_t began_us = core->os->cpu_us(core->os->ctx);
	struct pmj_error err;
	struct parts parts;
	bool path_known = false;

	(void)core_slept(core); /* whoever opens the lid finds it locked */
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!fits(routes[i].path, request_path(request), &parts))
			continue;
		path_known = true;
		if (strcmp(routes[i].method, request_method(request)) == 0) {
			serve(core, &routes[i], &parts, request);
			note_length(core, &routes[i], began_us);
			core_tick_arm(core);
			return;
		}
	}
	(void)pmj_fail(&err, path_known ? PMJ_USAGE : PMJ_NOT_FOUND,
	    path_known ? "this path takes another method" : "there is no such path");
	server_fail(request, &err);
}

enum pmj_code
call_text(const struct call *call, const char **out, const char *name, struct pmj_error *err)
{
	*out = json_str(call->body, name);
	if (*out == NULL)
		return pmj_fail(err, PMJ_USAGE, "\"%s\" is missing", name);
	return PMJ_OK;
}

enum pmj_code
call_record(const struct call *call, uint8_t rec[static PMJ_RECORD_BYTES], const char *typed,
    struct pmj_error *err)
{
	return records_resolve(call->core->journal, rec, NULL, typed, err);
}

json_t *
call_id(const struct call *call, const uint8_t rec[static PMJ_RECORD_BYTES])
{
	char id[PMJ_RECORD_CHARS + 1], small[PMJ_RECORD_CHARS + 1];

	records_short(call->core->journal, small, rec);
	return json_pack("{s:s,s:s}", "id", text_base32(id, rec, PMJ_RECORD_BYTES), "short", small);
}

int64_t
call_limit(const struct call *call, int64_t otherwise)
{
	const char *text = json_str(call->query, "limit");
	int64_t limit = text != NULL ? strtoll(text, NULL, 10) : otherwise;

	if (limit < 1)
		return otherwise;
	return limit > LIMIT_MAX ? LIMIT_MAX : limit;
}

enum pmj_code
call_since(const struct call *call, char out[static 11], struct pmj_error *err)
{
	const struct os *os = call->core->os;
	const char *typed = json_str(call->query, "since");
	int64_t now = os_now(os);

	*out = '\0';
	if (typed == NULL || date_read(out, typed, now, os->offset_minutes(os->ctx, now)))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "%.40s is not a date", typed);
	pmj_hint(err, "write 2026-11-23, yesterday, or 3 days ago");
	return PMJ_INVALID;
}
