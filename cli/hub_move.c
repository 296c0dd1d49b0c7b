/* hub_move.c - the hub gets another address, and the laptops follow. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/home.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option hub_move_options[] = {
    {"pin", "PIN", "the key of that host: sha256//… of https, ssh-ed25519 … of ssh"},
    {"mailboxes", "DIR", "the folder behind that address, where it is another one, too"},
    {"end", NULL, "the old address is needed no more"},
    {"sure", NULL, "with --end: also without those who have not followed"},
    {NULL, NULL, NULL},
};

static enum pmj_code
put_folder(json_t *body, const char *key, const char *folder, struct pmj_error *err)
{
	enum pmj_code rc;
	struct stat st;
	char *path;

	if ((rc = home_absolute(&path, folder, err)) != PMJ_OK)
		return rc;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "there is no folder %.90s", path);
		pmj_hint(
		    err, "make it first, or name a host: https://HOST/PATH or ssh://USER@HOST");
	} else {
		(void)json_object_set_new(body, key, json_string(path));
	}
	free(path);
	return rc;
}

static enum pmj_code
read_body(json_t *body, const struct args *args, struct pmj_error *err)
{
	const char *address = args->count > 0 ? args->words[0] : NULL;
	const char *folder = args_value(args, "mailboxes"), *pin = args_value(args, "pin");
	enum pmj_code rc = PMJ_OK;

	if (args_has(args, "end")
	        ? address != NULL || folder != NULL || pin != NULL
	        : args_has(args, "sure") || (address == NULL && (folder != NULL || pin != NULL))) {
		rc = pmj_fail(err, PMJ_USAGE, "name an address, or --end");
		pmj_hint(err, "for example: pamoja hub move https://hub.example.org/pamoja");
		return rc;
	}
	if (args_has(args, "end")) {
		(void)json_object_set_new(body, "end", json_true());
		(void)json_object_set_new(body, "sure", json_boolean(args_has(args, "sure")));
		return PMJ_OK;
	}
	if (address != NULL && strstr(address, "://") == NULL)
		rc = put_folder(body, "address", address, err);
	else if (address != NULL)
		(void)json_object_set_new(body, "address", json_string(address));
	if (rc == PMJ_OK && folder != NULL)
		rc = put_folder(body, "mailboxes", folder, err);
	if (pin != NULL)
		(void)json_object_set_new(body, "pin", json_string(pin));
	return rc;
}

static const char *
state_word(const json_t *laptop)
{
	const char *state = json_str(laptop, "state");

	if (strcmp(state, "followed") == 0)
		return lang_text("came by the new address");
	return strcmp(state, "told") == 0 ? lang_text("knows it, not seen there yet")
	                                  : lang_text("not told yet");
}

static void
say_followers(const json_t *items)
{
	static const char *const heads[] = {
	    LANG_N("DEVICE"), LANG_N("NAME"), LANG_N("LAST SEEN"), LANG_N("ADDRESS")};
	struct table *table = table_new(heads, COUNT(heads));
	const json_t *laptop;
	size_t i;

	json_array_foreach(items, i, laptop)
	{
		char seen[PRINT_WHEN_MAX];
		char *id = mem_strndup(json_str(laptop, "device"), 8);
		const char *cells[] = {id, json_str(laptop, "name"),
		    print_ago(seen, json_object_get(laptop, "last_seen")), state_word(laptop)};

		table_row(table, cells);
		free(id);
	}
	table_print(table);
}

static void
say_state(const json_t *answer, bool moved)
{
	const json_t *old, *items = json_arr(answer, "items");
	long long behind = (long long)json_int(answer, "behind", 0);
	size_t i;

	term_say("Laptops are told that this hub is at %s\n", json_str(answer, "url"));
	if (json_array_size(json_arr(answer, "old")) == 0)
		return;
	json_array_foreach(json_arr(answer, "old"), i, old) term_say(
	    "  before: %s, which counts as well until the move is ended\n", json_str(old, "url"));
	say_followers(items);
	if (moved)
		term_say("Before the old place is switched off: pamoja hub merge, so that the word "
		         "lies in every mailbox there. A stick brings it, too: pamoja carry DIR\n");
	else if (behind > 0)
		term_say(behind == 1 ? LANG_N("%lld has not come by the new address yet. It still "
		                              "may come by the old one; a stick tells it, too: "
		                              "pamoja carry DIR\n")
		                     : LANG_N("%lld have not come by the new address yet. They "
		                              "still may come by the old one; a stick tells them, "
		                              "too: pamoja carry DIR\n"),
		    behind);
	else
		term_say("All have followed. The old address is needed no more: pamoja hub move "
		         "--end\n");
}

enum pmj_code
hub_move(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc = read_body(body, args, err);

	if (rc == PMJ_OK && json_object_size(body) == 0)
		rc = client_get(&cli->client, &answer, "/v1/hub/move", err);
	else if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/move", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_state(answer, args->count > 0);
	json_decref(body);
	json_decref(answer);
	return rc;
}
