/* init.c - making a home: asked for what was not given, and shown once what must go on paper. */
#include "cli/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/home.h"
#include "cli/import.h"
#include "cli/lang.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option init_options[] = {
    {"name", "NAME", "your name, as colleagues should see it"},
    {"role", "ROLE", "peer, ally, volunteer, supervisor or coordinator"},
    {"hub", NULL, "this machine brings everyone's records together"},
    {"mailboxes", "DIR", "with --hub: the folder that holds every laptop's mailbox"},
    {"root-key", "FILE", "with --hub: write the root key here instead of showing it"},
    {"practice", NULL, "a home to try things in; it never joins a hub"},
    {NULL, NULL, NULL},
};
const char *const init_roles[] = {LANG_N("peer"), LANG_N("ally"), LANG_N("volunteer"),
    LANG_N("supervisor"), LANG_N("coordinator"), NULL};
#define ROLE_COUNT (sizeof(init_roles) / sizeof(*init_roles) - 1)

/* A name or role that was not given: asked for, or an error that says the option. */
static enum pmj_code
need(struct buf *out, const struct args *args, const char *option, const char *question,
    struct pmj_error *err)
{
	const char *given = args_value(args, option);

	if (given != NULL)
		buf_put_text(out, given);
	else if (term_can_ask() && !term_ask(out, "%s ", lang_text(question)))
		return pmj_fail(err, PMJ_USAGE, "stopped; nothing was made");
	if (out->len > 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "--%s is missing", option);
	pmj_hint(err, "for example: pamoja init --name \"Amina\" --role peer");
	return PMJ_USAGE;
}

static enum pmj_code
check_role(const char *role, struct pmj_error *err)
{
	const char *near = text_nearest(role, init_roles, ROLE_COUNT);

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (strcmp(init_roles[i], role) == 0)
			return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "there is no role \"%.40s\"", role);
	if (near != NULL)
		pmj_hint(err, "did you mean %s?", near);
	else
		pmj_hint(err, "choose peer, ally, volunteer, supervisor or coordinator");
	return PMJ_USAGE;
}

/* The role given, or asked for until it is one. */
static enum pmj_code
need_role(struct buf *out, const struct args *args, struct pmj_error *err)
{
	bool ask = args_value(args, "role") == NULL && term_can_ask();
	enum pmj_code rc;

	for (;;) {
		rc = need(out, args, "role",
		    LANG_N("Your role (peer, ally, volunteer, supervisor, coordinator):"), err);
		if (rc != PMJ_OK || (rc = check_role(buf_text(out), err)) == PMJ_OK || !ask)
			return rc;
		print_failure(err, false);
		buf_clear(out);
	}
}

/* Everything of the request but the passphrase. */
static enum pmj_code
init_body(json_t *body, const struct args *args, struct pmj_error *err)
{
	bool hub = args_has(args, "hub"), practice = args_has(args, "practice");
	const char *mailboxes = args_value(args, "mailboxes");
	enum pmj_code rc = PMJ_OK;
	struct buf name, role;
	char *path;

	buf_init(&name, 0);
	buf_init(&role, 0);
	if (practice && !args_has(args, "name"))
		buf_put_text(&name, "Practice");
	else
		rc = need(&name, args, "name", LANG_N("Your name:"), err);
	if (rc == PMJ_OK && (hub || practice) && !args_has(args, "role"))
		buf_put_text(&role, hub ? "coordinator" : "peer");
	else if (rc == PMJ_OK)
		rc = need_role(&role, args, err);
	if (rc == PMJ_OK && hub && mailboxes == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "a hub needs a folder for the mailboxes");
		pmj_hint(err, "pamoja init --hub --name NAME --mailboxes DIR");
	}
	if (rc == PMJ_OK && !hub && (mailboxes != NULL || args_has(args, "root-key")))
		rc = pmj_fail(err, PMJ_USAGE, "--mailboxes and --root-key belong to --hub");
	if (rc == PMJ_OK && !text_is_utf8(buf_text(&name), name.len))
		rc = pmj_fail(err, PMJ_INVALID, "the name is not UTF-8 text");
	if (rc == PMJ_OK) {
		(void)json_object_set_new(body, "name", json_string(buf_text(&name)));
		(void)json_object_set_new(body, "role", json_string(buf_text(&role)));
		(void)json_object_set_new(body, "hub", json_boolean(hub));
		(void)json_object_set_new(body, "practice", json_boolean(practice));
	}
	if (rc == PMJ_OK && mailboxes != NULL &&
	    (rc = home_absolute(&path, mailboxes, err)) == PMJ_OK) {
		(void)json_object_set_new(body, "mailboxes", json_string(path));
		free(path);
	}
	buf_close(&name);
	buf_close(&role);
	return rc;
}

/* Made before the keys are, so that no root key is born without its place. -1 without --root-key.
 */
static enum pmj_code
open_root_key(int *fd, const char *path, struct pmj_error *err)
{
	*fd = -1;
	if (path == NULL)
		return PMJ_OK;
	*fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd >= 0)
		return PMJ_OK;
	if (errno == EEXIST) {
		(void)pmj_fail(err, PMJ_USAGE, "%s is there already", path);
		pmj_hint(err, "name a new file, best on a stick that leaves this machine");
		return PMJ_USAGE;
	}
	return pmj_fail_errno(err, errno, "cannot make", path);
}

/* On success the answer says where the key went instead of the key; on failure it keeps the key, to
 * be shown. */
static void
write_root_key(int fd, const char *path, json_t *answer)
{
	const char *key = json_str(answer, "root_key");
	bool good =
	    key != NULL && dprintf(fd, "%s\n", key) == (int)strlen(key) + 1 && fsync(fd) == 0;

	(void)close(fd);
	if (!good) {
		term_note("The root key could not be written to %s; it is shown instead.\n", path);
		return;
	}
	(void)json_object_del(answer, "root_key");
	(void)json_object_set_new(answer, "root_key_file", json_string(path));
}

static void
say_made(const json_t *answer, bool hub, bool practice, const char *elsewhere)
{
	term_say("\nYour records have a home now, and it is unlocked.\n");
	home_say_secret(LANG_N("The recovery code opens it when the passphrase is forgotten:"),
	    json_str(answer, "recovery_code"),
	    LANG_N(
	        "Write it on paper now and keep it away from this laptop. It is not shown again."));
	home_say_secret(LANG_N("The root key. Whoever has it can pose as this hub:"),
	    json_str(answer, "root_key"),
	    LANG_N("Copy it to a stick or to paper and lock that away. It is not kept on this "
	           "machine."));
	if (json_str(answer, "root_key_file") != NULL)
		term_say("\nThe root key is in %s. Take it off this machine and lock it away.\n",
		    json_str(answer, "root_key_file"));
	home_say_secret(LANG_N("The hub's six words, for the card each worker gets:"),
	    json_str(answer, "root_words"), LANG_N("Workers compare them when they join."));
	term_say("\nNext:\n");
	if (elsewhere != NULL)
		term_say(
		    "  export PAMOJA_HOME=%s\n      first: this terminal means it from then on\n",
		    elsewhere);
	if (practice)
		term_say(
		    "  pamoja guide          the first hour, lesson by lesson\n"
		    "  pamoja person list    the made-up people here: do what you like with them\n"
		    "  pamoja today          what would be due\n"
		    "  pamoja help           what else can be typed\n"
		    "\nA practice home never joins a hub.\n");
	else if (hub)
		term_say("  pamoja hub enrol REQUEST --role peer    take in a worker's laptop\n"
		         "  pamoja status                           how things stand\n");
	else
		term_say("  pamoja person add        record the first person\n"
		         "  pamoja enrol request     join your programme's hub\n");
}

enum pmj_code
init_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *key_file = args_value(args, "root-key");
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	struct buf secret;
	int key_fd = -1;

	buf_init(&secret, 0);
	if ((rc = init_body(body, args, err)) != PMJ_OK)
		goto out;
	rc = client_get(&cli->client, &answer, "/v1/status", err);
	if (rc == PMJ_OK && json_flag(answer, "initialised")) {
		rc = pmj_fail(err, PMJ_USAGE, "there are records in %s already", cli->client.home);
		pmj_hint(
		    err, "open them with `pamoja unlock`, or name another place with --home DIR");
	}
	json_decref(answer);
	answer = NULL;
	if (rc != PMJ_OK || (rc = open_root_key(&key_fd, key_file, err)) != PMJ_OK)
		goto out;
	do {
		rc = passphrase_choose(
		    cli, &secret, cli->passphrase_file, json_str(body, "name"), err);
		if (rc != PMJ_OK)
			break;
		(void)json_object_set_new(body, "passphrase", json_string(buf_text(&secret)));
		home_say_moment(cli);
		rc = client_post(&cli->client, &answer, "/v1/init", body, err);
	} while (home_too_weak(rc, cli->passphrase_file, err));
	if (rc != PMJ_OK) {
		if (key_fd >= 0) {
			(void)close(key_fd);
			(void)unlink(key_file);
		}
		goto out;
	}
	if (key_fd >= 0)
		write_root_key(key_fd, key_file, answer);
	if (args_has(args, "practice")) {
		size_t saved;

		if ((rc = import_practice(cli, &saved, err)) != PMJ_OK)
			goto out;
		(void)json_object_set_new(answer, "made_up", json_integer((json_int_t)saved));
	}
	if (cli->json)
		print_json(answer);
	else
		say_made(answer, args_has(args, "hub"), args_has(args, "practice"),
		    args_has(args, "home") ? cli->client.home : NULL);
	rc = home_say_seen(cli, err);
out:
	buf_wipe(&secret);
	json_decref(body);
	json_decref(answer);
	return rc;
}
