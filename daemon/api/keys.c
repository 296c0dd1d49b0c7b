/* keys.c - init, unlock, lock, passphrase, recover. Stretching a passphrase takes a second: it runs
 * on the worker thread, one at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/words.h"
#include "domain/value.h"

#define WORKER_NAME_MAX 100 /* bytes */

struct stretch {
	struct core *core;
	struct request *request;
	enum lang lang;
	void (*work)(struct stretch *stretch);     /* on the worker thread */
	void (*done)(struct stretch *stretch);     /* on the loop */
	void (*given_up)(struct stretch *stretch); /* instead, when the daemon ends; NULL: done */
	char *passphrase;
	char *next; /* the new passphrase */
	char *code; /* recovery code */
	char *name, *role, *mailboxes;
	char *path; /* of the key file */
	bool hub, practice;
	struct keyfile *keys; /* until core_open takes them */
	struct ring *ring;
	struct keyfile_change *change; /* of the passphrase of keys that are open */
	char recovery[KEYFILE_RECOVERY_CHARS + 1];
	enum pmj_code rc;
	struct pmj_error err;
};

static void
free_secret_text(char *text)
{
	if (text != NULL)
		mem_wipe(text, strlen(text));
	free(text);
}

static void
stretch_free(struct stretch *stretch)
{
	free_secret_text(stretch->passphrase);
	free_secret_text(stretch->next);
	free_secret_text(stretch->code);
	free(stretch->name);
	free(stretch->role);
	free(stretch->mailboxes);
	free(stretch->path);
	ring_free(stretch->ring);
	keyfile_free(stretch->keys);
	keyfile_change_free(stretch->change);
	mem_wipe(stretch->recovery, sizeof(stretch->recovery));
	free(stretch);
}

static void
on_thread(void *ctx)
{
	struct stretch *stretch = ctx;

	stretch->work(stretch);
}

static void
on_loop(void *ctx)
{
	struct stretch *stretch = ctx;

	stretch->core->stretching = false;
	if (stretch->core->ending && stretch->given_up != NULL)
		stretch->given_up(stretch);
	else
		stretch->done(stretch);
	stretch_free(stretch);
}

/* What the thread made is this home's from now on. */
static enum pmj_code
open_made(struct stretch *stretch, bool fresh, struct pmj_error *err)
{
	struct keyfile *keys = stretch->keys;
	struct ring *ring = stretch->ring;

	stretch->keys = NULL;
	stretch->ring = NULL;
	return core_open(stretch->core, keys, ring, fresh, err);
}

static void
fail_ending(struct stretch *stretch)
{
	struct pmj_error err;

	(void)pmj_fail(&err, PMJ_LOCKED, "pamojad is just being ended; nothing was changed");
	pmj_hint(&err, "give the command once more");
	server_fail(stretch->request, &err);
}

static char *
copied(const struct call *call, const char *name)
{
	const char *text = json_str(call->body, name);

	return text != NULL ? mem_strdup(text) : NULL;
}

static void
begin(struct stretch *stretch)
{
	stretch->core->stretching = true;
	loop_off_thread(stretch->core->loop, on_thread, on_loop, stretch);
}

static struct stretch *
stretch_new(const struct call *call, struct request *request, void (*work)(struct stretch *),
    void (*done)(struct stretch *))
{
	struct stretch *stretch = mem_new(sizeof(*stretch));

	stretch->core = call->core;
	stretch->request = request;
	stretch->lang = call->lang;
	stretch->work = work;
	stretch->done = done;
	stretch->path = core_path(call->core, "keys");
	return stretch;
}

/* One at a time, and at most five tries a minute (4.3). */
static enum pmj_code
may_try(struct core *core, bool counts, struct pmj_error *err)
{
	enum pmj_code rc;

	if (core->stretching) {
		rc = pmj_fail(err, PMJ_BUSY, "another unlock is under way");
		pmj_hint(err, "wait a few seconds");
		return rc;
	}
	return counts ? keyfile_tries_take(&core->tries, core->os, err) : PMJ_OK;
}

struct words *
words_in(const struct core *core, enum lang lang, struct pmj_error *err)
{
	char *path = mem_printf("%s/words/%s.txt", core->conf, lang == LANG_SW ? "sw" : "en");
	struct words *words = NULL;

	if (words_read(&words, core->os, path, err) != PMJ_OK)
		words = NULL;
	free(path);
	return words;
}

enum pmj_code
keys_offer(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct words *words = words_in(call->core, call->lang, err);
	char text[WORDS_SIX_MAX];

	if (words == NULL)
		return err->code;
	words_passphrase(words, text, sizeof(text));
	*out = json_pack("{s:s}", "passphrase", text);
	mem_wipe(text, sizeof(text));
	words_free(words);
	return PMJ_OK;
}

char *
words_text(struct core *core, enum lang lang, const uint8_t *key, size_t len, struct pmj_error *err)
{
	struct words *words = words_in(core, lang, err);
	char text[WORDS_SIX_MAX];
	enum pmj_code rc;

	if (words == NULL)
		return NULL;
	rc = words_of_key(words, &core->words_last, text, sizeof(text), key, len, err);
	words_free(words);
	return rc == PMJ_OK ? mem_strdup(text) : NULL;
}

/* --- init --- */

static void
init_work(struct stretch *stretch)
{
	struct core *core = stretch->core;
	const struct keyfile_cost cost = {.unlock_ms = (uint32_t)core->settings.unlock_ms};

	stretch->rc = core_fresh_begin(core, &stretch->err);
	if (stretch->rc == PMJ_OK)
		stretch->rc = ring_new(
		    &stretch->ring, stretch->hub, (uint64_t)os_now(core->os), &stretch->err);
	if (stretch->rc == PMJ_OK)
		stretch->rc = keyfile_create(&stretch->keys, core->os, stretch->path, stretch->ring,
		    stretch->passphrase, &cost, stretch->recovery, &stretch->err);
}

static enum pmj_code
write_profile(struct stretch *stretch, struct pmj_error *err)
{
	struct journal *journal = stretch->core->journal;
	enum pmj_code rc;

	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_text(journal, "name", stretch->name, err)) == PMJ_OK &&
	    (rc = journal_put_text(journal, "role", stretch->role, err)) == PMJ_OK &&
	    (rc = journal_put_int(journal, "practice", stretch->practice, err)) == PMJ_OK &&
	    (rc = journal_event(journal, "init", "ok", "this journal was made", err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

/* The six words that people compare: the hub's root, or the laptop's request. */
static char *
own_words(struct stretch *stretch, struct pmj_error *err)
{
	struct core *core = stretch->core;
	uint8_t key[64];
	struct ring_epoch epoch;

	if (core->is_hub) {
		if (hub_root_pk(core->hub, key, err) != PMJ_OK)
			return NULL;
		return words_text(core, stretch->lang, key, 32, err);
	}
	ring_epoch_current(core->ring, &epoch);
	memcpy(key, ring_sign_pk(core->ring), 32);
	memcpy(key + 32, epoch.pk, 32);
	return words_text(core, stretch->lang, key, 64, err);
}

static enum pmj_code
init_finish(struct stretch *stretch, json_t **out, struct pmj_error *err)
{
	struct core *core = stretch->core;
	struct buf root;
	char *words = NULL;
	enum pmj_code rc;

	buf_init(&root, 4096);
	if ((rc = open_made(stretch, true, err)) != PMJ_OK)
		return rc;
	if ((rc = write_profile(stretch, err)) != PMJ_OK)
		goto out;
	if (stretch->hub) {
		if ((rc = hub_init(core->journal, stretch->name, stretch->mailboxes, &root, err)) !=
		        PMJ_OK ||
		    (rc = core_begin_hub(core, err)) != PMJ_OK)
			goto out;
	} else if ((rc = device_new(&core->device, core->journal, err)) != PMJ_OK) {
		goto out;
	}
	if ((rc = core_save_anchor(core, err)) != PMJ_OK)
		goto out;
	core_keep_kinds(core);
	words = own_words(stretch, err);
	*out = json_pack("{s:o,s:s?,s:s,s:s,s:s,s:b}", "device",
	    json_hex(ring_device_id(core->ring), PMJ_DEVICE_BYTES), "words", words, "recovery_code",
	    stretch->recovery, "role", stretch->role, "name", stretch->name, "locked", 0);
	if (stretch->hub) {
		(void)json_object_set_new(*out, "root_key", json_string(buf_text(&root)));
		(void)json_object_set_new(
		    *out, "root_words", json_string(words != NULL ? words : ""));
	}
out:
	free(words);
	buf_wipe(&root);
	return rc;
}

/* A home that could not be made whole is none. */
static void
init_undo(struct core *core)
{
	struct pmj_error err;

	core_lock(core);
	if (core_fresh_sweep(core, &err) != PMJ_OK)
		diag_error("undoing init", &err);
	else
		core->state = CORE_EMPTY;
}

static void
init_done(struct stretch *stretch)
{
	json_t *out = NULL;

	if (stretch->rc == PMJ_OK)
		stretch->rc = init_finish(stretch, &out, &stretch->err);
	if (stretch->rc != PMJ_OK) {
		init_undo(stretch->core);
		server_fail(stretch->request, &stretch->err);
		return;
	}
	stretch->core->unseen = true;
	server_reply(stretch->request, out);
}

/* Nobody will see its recovery code. */
static void
init_given_up(struct stretch *stretch)
{
	init_undo(stretch->core);
	fail_ending(stretch);
}

/* That it was asked is enough: see serve() in routes.c. */
enum pmj_code
keys_seen(const struct call *call, json_t **out, struct pmj_error *err)
{
	(void)call;
	(void)err;
	*out = json_object();
	return PMJ_OK;
}

static enum pmj_code
check_init(const struct call *call, struct pmj_error *err)
{
	static const char *const roles[] = {
	    "peer", "ally", "volunteer", "supervisor", "coordinator"};
	const char *name, *passphrase, *role = json_str(call->body, "role");
	const char *mailboxes = json_str(call->body, "mailboxes");
	bool hub = json_flag(call->body, "hub"), known = false;
	enum pmj_code rc;

	if (call->core->state != CORE_EMPTY) {
		rc = pmj_fail(err, PMJ_BUSY, "there is a journal here already");
		pmj_hint(
		    err, "use another home (--home DIR), or go on with this one: pamoja unlock");
		return rc;
	}
	if ((rc = call_text(call, &name, "name", err)) != PMJ_OK ||
	    (rc = call_text(call, &passphrase, "passphrase", err)) != PMJ_OK)
		return rc;
	if ((rc = value_worker_name(name, WORKER_NAME_MAX, err)) != PMJ_OK)
		return rc;
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		known = known || (role != NULL && strcmp(role, roles[i]) == 0);
	if (!known && !hub) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is not a role", role != NULL ? role : "nothing");
		pmj_hint(err, "roles: peer, ally, volunteer, supervisor, coordinator");
		return rc;
	}
	if (hub && (mailboxes == NULL || mailboxes[0] == '\0')) {
		rc = pmj_fail(err, PMJ_USAGE, "a hub needs the folder of its mailboxes");
		pmj_hint(err, "add --mailboxes DIR");
		return rc;
	}
	if (hub && mailboxes[0] != '/') {
		rc = pmj_fail(err, PMJ_USAGE, "mailboxes must be a folder with its full path");
		pmj_hint(err, "https:// and ssh:// come with a later version");
		return rc;
	}
	return keyfile_passphrase_rules(passphrase, name, err);
}

void
keys_init(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct stretch *stretch;
	const char *role = json_str(call->body, "role");

	if (may_try(call->core, false, &err) != PMJ_OK || check_init(call, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_restore_yield(call->core);
	stretch = stretch_new(call, request, init_work, init_done);
	stretch->given_up = init_given_up;
	stretch->passphrase = copied(call, "passphrase");
	stretch->name = copied(call, "name");
	stretch->hub = json_flag(call->body, "hub");
	stretch->role = mem_strdup(stretch->hub ? "coordinator" : role);
	stretch->mailboxes = copied(call, "mailboxes");
	stretch->practice = json_flag(call->body, "practice");
	begin(stretch);
}

/* --- unlock, recover --- */

static void
unlock_work(struct stretch *stretch)
{
	if (stretch->code != NULL)
		stretch->rc = keyfile_recover(&stretch->keys, &stretch->ring, stretch->core->os,
		    stretch->path, stretch->code, &stretch->err);
	else
		stretch->rc = keyfile_unlock(&stretch->keys, &stretch->ring, stretch->core->os,
		    stretch->path, stretch->passphrase, &stretch->err);
	if (stretch->rc == PMJ_OK && stretch->next != NULL) {
		const struct keyfile_cost cost = {
		    .unlock_ms = (uint32_t)stretch->core->settings.unlock_ms};

		stretch->rc = keyfile_set_passphrase(
		    stretch->keys, stretch->ring, stretch->next, &cost, &stretch->err);
	}
}

static int64_t
notes_waiting(struct core *core)
{
	json_t *list = NULL;
	int64_t count = 0;

	if (locked_note_list(&list, core->os, core->home, core->ring, NULL) == PMJ_OK)
		count = (int64_t)json_array_size(json_arr(list, "items"));
	json_decref(list);
	return count;
}

static void
unlock_done(struct stretch *stretch)
{
	struct core *core = stretch->core;

	if (stretch->rc == PMJ_OK)
		stretch->rc = open_made(stretch, false, &stretch->err);
	if (stretch->rc != PMJ_OK) {
		server_fail(stretch->request, &stretch->err);
		return;
	}
	memset(&core->tries, 0, sizeof(core->tries));
	diag("unlocked");
	server_reply(
	    stretch->request, json_pack("{s:b,s:I,s:s}", "locked", 0, "notes_waiting",
	                          (json_int_t)notes_waiting(core), "warning", core->warning));
}

static enum pmj_code
may_unlock(const struct call *call, struct pmj_error *err)
{
	enum pmj_code rc;

	if (call->core->state == CORE_EMPTY) {
		rc = pmj_fail(err, PMJ_NOT_INITIALISED, "there is no journal here yet");
		pmj_hint(err, "begin with: pamoja init --name NAME --role peer");
		return rc;
	}
	return may_try(call->core, true, err);
}

void
keys_unlock(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct stretch *stretch;
	const char *passphrase;

	if (call->core->state == CORE_OPEN) {
		server_reply(request, json_pack("{s:b,s:I}", "locked", 0, "notes_waiting",
		                          (json_int_t)notes_waiting(call->core)));
		return;
	}
	if (call_text(call, &passphrase, "passphrase", &err) != PMJ_OK ||
	    fs_check_private(call->core->os, call->core->home, &err) != PMJ_OK ||
	    may_unlock(call, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_lock(call->core); /* one that is under way is finished first */
	stretch = stretch_new(call, request, unlock_work, unlock_done);
	stretch->given_up = fail_ending;
	stretch->passphrase = mem_strdup(passphrase);
	begin(stretch);
}

void
keys_recover(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct stretch *stretch;
	const char *code, *next;

	if (call_text(call, &code, "code", &err) != PMJ_OK ||
	    call_text(call, &next, "new", &err) != PMJ_OK ||
	    keyfile_passphrase_rules(next, "", &err) != PMJ_OK ||
	    may_unlock(call, &err) != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	core_lock(call->core);
	stretch = stretch_new(call, request, unlock_work, unlock_done);
	stretch->code = mem_strdup(code);
	stretch->next = mem_strdup(next);
	begin(stretch);
}

void
keys_lock(const struct call *call, struct request *request)
{
	struct core *core = call->core;
	struct pmj_error err;

	if (core->state == CORE_EMPTY) {
		(void)pmj_fail(&err, PMJ_NOT_INITIALISED, "there is nothing to lock here yet");
		server_fail(request, &err);
	} else if (core->state == CORE_OPEN) { /* also while another passphrase is stretched */
		core_lock_begin(core, request);
	} else if (core->stretching) {
		(void)pmj_fail(&err, PMJ_BUSY, "an unlock is under way; wait a few seconds");
		server_fail(request, &err);
	} else {
		core_lock(core); /* a lock that is under way is finished first */
		server_reply(request, json_pack("{s:b}", "locked", 1));
	}
}

/* --- passphrase --- */

/* The old one is checked and the new slot made while the journal stays open and in use: on copies.
 */
static void
change_work(struct stretch *stretch)
{
	const struct keyfile_cost cost = {.unlock_ms = (uint32_t)stretch->core->settings.unlock_ms};

	stretch->rc = keyfile_change_stretch(
	    stretch->change, stretch->passphrase, stretch->next, &cost, &stretch->err);
}

static void
change_done(struct stretch *stretch)
{
	struct core *core = stretch->core;

	if (stretch->rc == PMJ_OK && core->state != CORE_OPEN) {
		stretch->rc = pmj_fail(&stretch->err, PMJ_LOCKED,
		    "Pamoja was locked meanwhile; the passphrase is the old one still");
		pmj_hint(&stretch->err, "unlock it with: pamoja unlock");
	}
	if (stretch->rc == PMJ_OK)
		stretch->rc =
		    keyfile_change_put(stretch->change, core->keys, core->ring, &stretch->err);
	if (stretch->rc != PMJ_OK)
		server_fail(stretch->request, &stretch->err);
	else
		server_reply(stretch->request, NULL);
}

void
keys_passphrase(const struct call *call, struct request *request)
{
	struct pmj_error err;
	struct stretch *stretch;
	const char *old, *next;
	char *name = journal_text(call->core->journal, "name");
	enum pmj_code rc;

	if ((rc = call_text(call, &old, "old", &err)) == PMJ_OK &&
	    (rc = call_text(call, &next, "new", &err)) == PMJ_OK &&
	    (rc = keyfile_passphrase_rules(next, name, &err)) == PMJ_OK)
		rc = may_try(call->core, true, &err);
	free(name);
	if (rc != PMJ_OK) {
		server_fail(request, &err);
		return;
	}
	stretch = stretch_new(call, request, change_work, change_done);
	if (keyfile_change_new(&stretch->change, call->core->keys, &err) != PMJ_OK) {
		stretch_free(stretch);
		server_fail(request, &err);
		return;
	}
	stretch->passphrase = mem_strdup(old);
	stretch->next = mem_strdup(next);
	begin(stretch);
}
