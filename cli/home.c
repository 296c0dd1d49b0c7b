#include "cli/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/import.h"
#include "cli/lang.h"
#include "cli/note.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option home_init_options[] = {
    {"name", "NAME", "your name, as colleagues should see it"},
    {"role", "ROLE", "peer, ally, volunteer, supervisor or coordinator"},
    {"hub", NULL, "this machine brings everyone's records together"},
    {"mailboxes", "DIR", "with --hub: the folder that holds every laptop's mailbox"},
    {"root-key", "FILE", "with --hub: write the root key here instead of showing it"},
    {"practice", NULL, "a home to try things in; it never joins a hub"},
    {NULL, NULL, NULL},
};
const struct option home_new_options[] = {
    {"new-passphrase-file", "FILE", "the new passphrase, where there is no terminal"},
    {NULL, NULL, NULL},
};
const struct option home_recover_options[] = {
    {"code-file", "FILE", "the recovery code, where there is no terminal"},
    {"new-passphrase-file", "FILE", "the new passphrase, where there is no terminal"},
    {NULL, NULL, NULL},
};
const char *const home_roles[] = {LANG_N("peer"), LANG_N("ally"), LANG_N("volunteer"),
    LANG_N("supervisor"), LANG_N("coordinator"), NULL};
#define ROLE_COUNT (sizeof(home_roles) / sizeof(*home_roles) - 1)

char *
home_absolute(const char *path)
{
	char *here, *out, *real;

	if (strstr(path, "://") != NULL)
		return mem_strdup(path);
	if ((real = realpath(path, NULL)) != NULL)
		return real;
	if (path[0] == '/' || (here = getcwd(NULL, 0)) == NULL)
		return mem_strdup(path);
	out = fs_join(here, path);
	free(here);
	return out;
}

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
	const char *near = text_nearest(role, home_roles, ROLE_COUNT);

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (strcmp(home_roles[i], role) == 0)
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
	if (rc == PMJ_OK && mailboxes != NULL) {
		path = home_absolute(mailboxes);
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

void
home_say_secret(const char *title, const char *text, const char *advice)
{
	if (text == NULL)
		return;
	term_say("\n%s\n\n    ", lang_text(title));
	term_put(stdout, PAINT_BOLD, text);
	term_say("\n\n%s\n", lang_text(advice));
}

static void
say_made(const json_t *answer, bool hub, bool practice)
{
	term_say("\nYour records have a home now, and it is unlocked.\n");
	home_say_secret(LANG_N("The recovery code opens it when the passphrase is forgotten:"),
	    json_str(answer, "recovery_code"),
	    LANG_N(
	        "Write it on paper now and keep it away from this laptop. It is not shown again."));
	home_say_secret(
	    "The root key. Whoever has it can pose as this hub:", json_str(answer, "root_key"),
	    "Copy it to a stick or to paper and lock that away. It is not kept on this machine.");
	if (json_str(answer, "root_key_file") != NULL)
		term_say("\nThe root key is in %s. Take it off this machine and lock it away.\n",
		    json_str(answer, "root_key_file"));
	home_say_secret("The hub's six words, for the card each worker gets:",
	    json_str(answer, "root_words"), "Workers compare them when they join.");
	term_say("\nNext:\n");
	if (practice)
		term_say(
		    "  pamoja person list    the made-up people here: do what you like with them\n"
		    "  pamoja today          what would be due\n"
		    "  pamoja help           what else can be typed\n"
		    "A practice home never joins a hub.\n");
	else if (hub)
		term_say("  pamoja hub enrol REQUEST --role peer    take in a worker's laptop\n"
		         "  pamoja status                           how things stand\n");
	else
		term_say("  pamoja person add        record the first person\n"
		         "  pamoja enrol request     join your programme's hub\n");
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

enum pmj_code
home_init(struct cli *cli, const struct args *args, struct pmj_error *err)
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
		rc = passphrase_choose(cli, &secret, cli->passphrase_file, err);
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
		say_made(answer, args_has(args, "hub"), args_has(args, "practice"));
	rc = home_say_seen(cli, err);
out:
	buf_wipe(&secret);
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
home_unlock(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;
	struct buf secret;
	int64_t waiting;

	(void)args;
	buf_init(&secret, 0);
	rc =
	    passphrase_read(&secret, cli->passphrase_file, LANG_N("Passphrase (not shown): "), err);
	if (rc == PMJ_OK) {
		body = json_pack("{s:s}", "passphrase", buf_text(&secret));
		rc = client_post(&cli->client, &answer, "/v1/unlock", body, err);
	}
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
	buf_wipe(&secret);
	json_decref(body);
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
	if ((rc = passphrase_read(&first, first_file, prompt, err)) != PMJ_OK)
		goto out;
	do {
		if ((rc = passphrase_choose(cli, &next, new_file, err)) != PMJ_OK)
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
