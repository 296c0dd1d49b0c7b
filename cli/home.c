/* home.c - the lock of a home: unlock, lock, passphrase, recover. */
#include "cli/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/lang.h"
#include "cli/note.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option home_new_options[] = {
    {"new-passphrase-file", "FILE", "the new passphrase, where there is no terminal"},
    {NULL, NULL, NULL},
};
const struct option home_recover_options[] = {
    {"code-file", "FILE", "the recovery code, where there is no terminal"},
    {"new-passphrase-file", "FILE", "the new passphrase, where there is no terminal"},
    {NULL, NULL, NULL},
};

enum pmj_code
home_absolute(char **out, const char *typed, struct pmj_error *err)
{
	enum pmj_code rc;
	char *here;

	*out = NULL;
	if (typed[0] == '\0') {
		rc = pmj_fail(err, PMJ_USAGE, "no place was named");
		pmj_hint(err, "name one, such as /media/usb");
		return rc;
	}
	if (strstr(typed, "://") != NULL) {
		*out = mem_strdup(typed);
	} else if ((*out = realpath(typed, NULL)) != NULL) {
		return PMJ_OK;
	} else if (typed[0] == '/' || (here = getcwd(NULL, 0)) == NULL) {
		*out = mem_strdup(typed);
	} else {
		*out = fs_join(here, typed);
		free(here);
	}
	return PMJ_OK;
}

void
home_say_secret(const char *title, const char *text, const char *advice)
{
	if (text == NULL)
		return;
	term_say("\n%s\n\n    ", lang_text(title));
	term_put(stdout, PAINT_BOLD, text);
	term_say("\n\n%s\n", lang_text(advice));
}

/* Stretching a new passphrase takes its time, on an old laptop most. */
void
home_say_moment(const struct cli *cli)
{
	if (term_can_ask() && !cli->json)
		term_note("One moment: the lock is being made …\n");
}

bool
home_too_weak(enum pmj_code rc, const char *file, const struct pmj_error *err)
{
	if (rc != PMJ_INVALID || file != NULL || !term_can_ask() ||
	    strstr(err->message, "passphrase") == NULL)
		return false;
	print_failure(err, false);
	return true;
}

/* Would it be taken? Asked before the person types a passphrase or a code. */
static enum pmj_code
may_be_typed(struct cli *cli, const char *path, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc = client_get(&cli->client, &answer, path, err);

	json_decref(answer);
	return rc;
}

/* The home counts from now on; had the power gone before, the next start would make it empty again.
 * When only the answer to this was lost, it counts. */
enum pmj_code
home_say_seen(struct cli *cli, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;

	(void)fflush(stdout);
	rc = client_post(&cli->client, &answer, "/v1/init/seen", NULL, err);
	json_decref(answer);
	if (rc != PMJ_OK) {
		pmj_context(err, "perhaps this was not kept");
		pmj_hint(err, "look with `pamoja status`; if there is no home yet, type the same "
		              "command again and forget the code shown");
	}
	return rc;
}

#define RENEWING_LOOK_MS 300

/* The journal is of an earlier version: it takes minutes where it is large, and may be left alone.
 * *answer: of the unlock, then of what was asked last. */
static enum pmj_code
wait_renewed(struct cli *cli, json_t **answer, struct pmj_error *err)
{
	const struct timespec pause = {.tv_nsec = RENEWING_LOOK_MS * 1000000};
	const json_t *at;
	bool told = false;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && (at = json_obj(*answer, "renewing")) != NULL) {
		const json_t *failed = json_obj(at, "failed");

		if (failed != NULL) {
			rc = pmj_fail(err, PMJ_FAILED, "%s", json_str(failed, "message"));
			pmj_hint(err, "%s", json_str(failed, "hint"));
			break;
		}
		if (!told && !cli->json)
			term_note("The journal is made new for this version of Pamoja. It may be "
			          "interrupted: the next unlock goes on.\n");
		told = true;
		if (term_can_ask() && !cli->json)
			term_progress("%lld of %lld", (long long)json_int(at, "done", 0),
			    (long long)json_int(at, "of", 0));
		(void)nanosleep(&pause, NULL);
		json_decref(*answer);
		*answer = NULL;
		rc = client_get(&cli->client, answer, "/v1/status", err);
	}
	if (told && term_can_ask() && !cli->json)
		term_note("\n");
	return rc;
}

static enum pmj_code
unlock_with(struct cli *cli, json_t **answer, const char *file, struct pmj_error *err)
{
	json_t *body;
	struct buf secret;
	enum pmj_code rc;

	buf_init(&secret, 0);
	rc = passphrase_read(&secret, file, LANG_N("Passphrase (not shown): "), err);
	if (rc == PMJ_OK) {
		body = json_pack("{s:s}", "passphrase", buf_text(&secret));
		rc = client_post(&cli->client, answer, "/v1/unlock", body, err);
		json_decref(body);
		if (rc == PMJ_OK)
			rc = wait_renewed(cli, answer, err);
	}
	buf_wipe(&secret);
	return rc;
}

/* A mistyped passphrase is typed again, if need be after a wait; Ctrl-D gives up. */
static enum pmj_code
ask_to_unlock(struct cli *cli, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;

	while ((rc = unlock_with(cli, &answer, NULL, err)) == PMJ_WRONG_PASSPHRASE ||
	       rc == PMJ_INVALID || rc == PMJ_BUSY)
		print_failure(err, false);
	json_decref(answer);
	return rc;
}

enum pmj_code
home_open(struct cli *cli, struct pmj_error *err)
{
	json_t *status = NULL;
	enum pmj_code rc = client_get(&cli->client, &status, "/v1/status", err);
	bool locked;

	if (rc == PMJ_OK && json_obj(json_obj(status, "renewing"), "failed") == NULL)
		rc = wait_renewed(cli, &status, err);
	locked = json_flag(status, "locked");
	json_decref(status);
	if (rc != PMJ_OK || !locked)
		return rc != PMJ_OK ? rc : may_be_typed(cli, "/v1/unlock", err);
	term_note("Pamoja is locked.\n");
	return ask_to_unlock(cli, err);
}

bool
home_opened_again(struct cli *cli, enum pmj_code rc, struct pmj_error *err)
{
	if (rc != PMJ_LOCKED)
		return false;
	term_note("Pamoja has locked itself meanwhile. What you typed is still here.\n");
	return ask_to_unlock(cli, err) == PMJ_OK;
}

enum pmj_code
home_unlock(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;
	int64_t waiting;

	(void)args;
	if ((rc = may_be_typed(cli, "/v1/unlock", err)) == PMJ_OK)
		rc = unlock_with(cli, &answer, cli->passphrase_file, err);
	waiting = json_int(answer, "notes_waiting", 0);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Unlocked. What is due: pamoja today\n");
	if (rc == PMJ_OK && waiting > 0 && term_can_ask() && !cli->json)
		rc = note_review(cli, err);
	else if (rc == PMJ_OK && waiting > 0 && !cli->json)
		term_say("Notes written while locked that wait: %lld. See: pamoja note --waiting\n",
		    (long long)waiting);
	json_decref(answer);
	return rc;
}

enum pmj_code
home_lock(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;

	(void)args;
	rc = client_post(&cli->client, &answer, "/v1/lock", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Locked. Open again: pamoja unlock\n");
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* One secret that is there (old passphrase, recovery code), one that is new, to one route. */
static enum pmj_code
change(struct cli *cli, const struct args *args, const char *path, const char *first_key,
    const char *first_file, const char *prompt, struct pmj_error *err)
{
	const char *new_file = args_value(args, "new-passphrase-file");
	json_t *body = NULL, *answer = NULL;
	struct buf first, next;
	enum pmj_code rc;

	buf_init(&first, 0);
	buf_init(&next, 0);
	if (new_file == NULL && strcmp(first_key, "code") == 0)
		new_file = cli->passphrase_file;
	if ((rc = may_be_typed(cli, path, err)) != PMJ_OK ||
	    (rc = passphrase_read(&first, first_file, prompt, err)) != PMJ_OK)
		goto out;
	do {
		if ((rc = passphrase_choose(cli, &next, new_file, NULL, err)) != PMJ_OK)
			goto out;
		json_decref(body);
		body = json_pack("{s:s, s:s}", first_key, buf_text(&first), "new", buf_text(&next));
		home_say_moment(cli);
		rc = client_post(&cli->client, &answer, path, body, err);
	} while (home_too_weak(rc, new_file, err));
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("The new passphrase is in force.\n");
out:
	buf_wipe(&first);
	buf_wipe(&next);
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
home_passphrase(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return change(cli, args, "/v1/passphrase", "old", cli->passphrase_file,
	    LANG_N("The passphrase until now (not shown): "), err);
}

enum pmj_code
home_recover(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return change(cli, args, "/v1/recover", "code", args_value(args, "code-file"),
	    LANG_N("The recovery code from your paper (not shown): "), err);
}
