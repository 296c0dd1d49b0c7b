/* revoked.c - a laptop that the hub took off its roster (10.3): what is unsent is sealed to the
 * hub's key and sent, or left in the spool for a courier; then the keys are destroyed, and with
 * them all that is here. HOME/revoked says so from then on, and holds what the carrier needs to
 * bring away what was left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/core_inner.h"
#include "base/date.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"

#define REVOKED_MARK "revoked"
#define MARK_MAX 65536

static const char *
local_day(char day[static 11], const struct core *core, int64_t at)
{
	at += (int64_t)core->os->offset_minutes(core->os->ctx, at) * MINUTE_MS;
	date_of_days(day, at / DAY_MS);
	return day;
}

enum pmj_code
core_suspended_refuse(const struct core *core, struct pmj_error *err)
{
	char day[11];

	(void)pmj_fail(err, PMJ_REFUSED, "your office has suspended this laptop since %s",
	    local_day(day, core, core->suspended));
	pmj_hint(err, "nothing is lost; speak with your coordinator, then: pamoja sync");
	return PMJ_REFUSED;
}

enum pmj_code
core_revoked_refuse(const struct core *core, struct pmj_error *err)
{
	char day[11];

	if (core->was_hub) {
		(void)pmj_fail(err, PMJ_REFUSED,
		    "this programme ended on %s; what was here is destroyed",
		    local_day(day, core, core->revoked));
		pmj_hint(err, "the certificate is the file \"ended\" in this home; to begin anew: "
		              "pamoja init");
		return PMJ_REFUSED;
	}
	if (core->ended) {
		(void)pmj_fail(err, PMJ_REFUSED,
		    "your programme ended on %s; its records can no longer be read here",
		    local_day(day, core, core->revoked));
		pmj_hint(err, "what was unsent goes to the office, sealed: pamoja sync, or pamoja "
		              "carry DIR");
		return PMJ_REFUSED;
	}
	(void)pmj_fail(err, PMJ_REFUSED,
	    "this laptop was taken off your programme's roster on %s; its records can no longer be "
	    "read here",
	    local_day(day, core, core->revoked));
	pmj_hint(err, "speak with your coordinator; what was unsent goes to the office, sealed: "
	              "pamoja sync, or pamoja carry DIR");
	return PMJ_REFUSED;
}

/* What was made here by init and by work. Settings, log and what is sealed for the office stay. */
static bool
goes_with_keys(const char *name)
{
	static const char *const others[] = {"reserve", "aside", "locked", "unseen"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return strncmp(name, "journal-", 8) == 0 || strncmp(name, "keys", 4) == 0;
}

static enum pmj_code
shred_folder(struct core *core, const char *folder, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc = fs_list(&names, &count, folder, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *path = fs_join(folder, names[i]);

		rc = fs_shred(core->os, path, err);
		free(path);
	}
	fs_list_free(names, count);
	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
}

static bool
is_folder(const struct core *core, const char *path)
{
	struct stat st;

	return core->os->stat(core->os->ctx, path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The keys first: without them the rest can be read by nobody, wherever this is cut off. */
static enum pmj_code
destroy(struct core *core, struct pmj_error *err)
{
	char *keys = core_path(core, "keys"), *in = core_path(core, "spool/in");
	char *out = core_path(core, "spool/out");
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc;

	if ((rc = fs_shred(core->os, keys, err)) != PMJ_OK ||
	    (rc = fs_sync_dir(core->os, core->home, err)) != PMJ_OK ||
	    (rc = fs_list(&names, &count, core->home, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		char *path = core_path(core, names[i]);

		if (goes_with_keys(names[i]))
			rc = is_folder(core, path) ? shred_folder(core, path, err)
			                           : fs_shred(core->os, path, err);
		free(path);
	}
	if (rc == PMJ_OK)
		rc = shred_folder(core, in, err);
	if (rc == PMJ_OK && core->was_hub)
		rc = shred_folder(core, out, err);
	if (rc == PMJ_OK)
		rc = fs_sync_dir(core->os, core->home, err);
out:
	fs_list_free(names, count);
	free(in);
	free(out);
	free(keys);
	return rc;
}

/* {"at","ended","remotes","have","acked"}: when, and what the carrier is asked with. */
static enum pmj_code
write_mark(struct core *core, struct pmj_error *err)
{
	char *path = core_path(core, REVOKED_MARK), *text = NULL;
	json_t *have = NULL, *acked = NULL, *mark = NULL;
	enum pmj_code rc;

	if ((rc = sync_have(core->sync, &have, err)) != PMJ_OK ||
	    (rc = sync_acked(core->sync, &acked, err)) != PMJ_OK)
		goto out;
	mark = json_pack("{s:I,s:b,s:o?,s:O,s:O}", "at", (json_int_t)core->revoked, "ended",
	    (int)core->ended, "remotes", device_remote_lines(core->journal), "have", have, "acked",
	    acked);
	text = json_text(mark);
	rc = fs_write(core->os, path, text, strlen(text), err);
	mem_wipe(text, strlen(text));
out:
	json_decref(mark);
	json_decref(have);
	json_decref(acked);
	free(text);
	free(path);
	return rc;
}

json_t *
core_revoked_mark(const struct core *core)
{
	char *path = core_path(core, REVOKED_MARK);
	struct pmj_error err;
	json_t *mark = NULL;
	struct buf text;

	buf_init(&text, MARK_MAX);
	if (fs_exists(core->os, path) &&
	    (fs_read(&text, core->os, path, MARK_MAX, &err) != PMJ_OK ||
	        json_read(&mark, buf_text(&text), text.len, &json_limits_entry, &err) != PMJ_OK)) {
		diag_error("what was left of a revoked home", &err);
		mark = json_object(); /* it is one all the same */
	}
	buf_wipe(&text);
	free(path);
	return mark;
}

enum pmj_code
core_revoked_start(struct core *core, struct pmj_error *err)
{
	json_t *mark = core_revoked_mark(core);

	if (mark == NULL)
		return PMJ_OK;
	core->revoked = json_int(mark, "at", 1);
	core->ended = json_flag(mark, "ended");
	core->was_hub = json_flag(mark, "hub");
	json_decref(mark);
	return destroy(core, err); /* cut off in the middle of it */
}

/* All that stands in memory goes, and then what is on the disk. */
static void
close_and_destroy(struct core *core)
{
	struct pmj_error err;

	core_exchange_none_due(core);
	(void)core_revoked_refuse(core, &err);
	core_find_drop(core, &err);
	core_import_drop(core, &err);
	core_waiters_drop(core, &err);
	core_office_drop(core, &err);
	core_verify_drop(core, &err);
	core_backup_drop(core);
	core->checking = core->mending = false;
	core_close_parts(core);
	core->note_pk_known = false;
	core->warning[0] = '\0';
	core->state = CORE_EMPTY;
	if (destroy(core, &err) != PMJ_OK)
		diag_error("destroying the keys of a revoked laptop", &err);
	else
		diag("revoked: the keys of this home are destroyed");
}

bool
core_end_step(struct core *core)
{
	struct pmj_error err;

	if (!core->end_now)
		return false;
	core->step_name = "the end";
	core->end_now = false;
	core->was_hub = true;
	core->revoked = os_now(core->os);
	(void)core_revoked_refuse(core, &err);
	exchange_drop_all(core, &err);
	close_and_destroy(core);
	return true;
}

void
core_revoked_end(struct core *core)
{
	struct pmj_error err;

	if (write_mark(core, &err) != PMJ_OK || sync_leave_files(core->sync, &err) != PMJ_OK) {
		/* Nothing was destroyed yet: the next exchange tries again. */
		diag_error("before the keys of a revoked laptop are destroyed", &err);
		core_exchange_next(core, false);
		return;
	}
	close_and_destroy(core);
}

int64_t
core_revoked_left(const struct core *core)
{
	char *out = core_path(core, "spool/out");
	char **names = NULL;
	size_t count = 0;

	if (fs_list(&names, &count, out, NULL) != PMJ_OK)
		count = 0;
	fs_list_free(names, count);
	free(out);
	return (int64_t)count;
}

enum pmj_code
core_revoked_make_way(struct core *core, struct pmj_error *err)
{
	char *path;
	enum pmj_code rc = PMJ_OK;

	if (core->revoked == 0)
		return PMJ_OK;
	if (core_revoked_left(core) > 0) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "what was unsent when this laptop was taken off the roster still lies here");
		pmj_hint(err, "bring it away first: pamoja sync, or pamoja carry DIR; or begin in "
		              "another home: pamoja --home DIR init");
		return rc;
	}
	/* Durable before there are new keys: a mark that a power cut brought back would destroy
	 * them. */
	path = core_path(core, REVOKED_MARK);
	if (core->os->unlink(core->os->ctx, path) != 0 && errno != ENOENT)
		rc = pmj_fail_errno(err, errno, "cannot remove", path);
	else
		rc = fs_sync_dir(core->os, core->home, err);
	if (rc == PMJ_OK) {
		core->revoked = 0;
		core->ended = core->was_hub = false;
	}
	free(path);
	return rc;
}
