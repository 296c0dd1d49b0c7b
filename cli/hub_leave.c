/* hub_leave.c - a laptop that is lost, stolen or given back: off the roster, and its people to
 * another one. */
#include <string.h>

#include "base/text.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/sure.h"
#include "cli/term.h"

const struct option hub_revoke_options[] = {
    {"sure", NULL, "do not ask whether it is meant"},
    {NULL, NULL, NULL},
};

const struct option hub_suspend_options[] = {
    {"end", NULL, "it is in the right hands again"},
    {"until", "DATE", "with --end: a volunteer's new last day"},
    {NULL, NULL, NULL},
};

const struct option hub_replace_options[] = {
    {"same-worker", NULL, "it is their own: what they wrote for the office comes along"},
    {"sure", NULL, "it is, though it goes by another name"},
    {NULL, NULL, NULL},
};

/* It cannot be taken back: the name is typed once more. */
static enum pmj_code
is_meant(const struct args *args, struct pmj_error *err)
{
	const char *worker = args->words[0];
	struct buf line;
	enum pmj_code rc;
	bool ask;

	if ((rc = sure_begin(&ask, args, err)) != PMJ_OK || !ask)
		return rc;
	term_say("When the laptop of %s hears of it, it seals for you what it has not sent, and "
	         "destroys its keys.\nNothing can be read on it then, and this cannot be taken "
	         "back.\n",
	    worker);
	buf_init(&line, 0);
	if (!term_ask(&line, "Type the name once more to go on: ") ||
	    !text_same(buf_text(&line), worker))
		rc = pmj_fail(err, PMJ_NOT_CONFIRMED, "stopped; nothing was changed");
	buf_wipe(&line);
	return rc;
}

/* What lies in the mailbox by now was sent before anybody decided; what comes later is held. That a
 * mailbox is out of reach stops nothing. */
static void
merge_before(struct cli *cli)
{
	json_t *body = json_object(), *answer = NULL;
	struct pmj_error err;

	if (client_post_patient(&cli->client, &answer, "/v1/hub/merge", body, &err) != PMJ_OK)
		term_note("The mailboxes were not looked through first: %s\n", err.message);
	json_decref(answer);
	json_decref(body);
}

static void
say_revoked(const json_t *answer)
{
	const char *name = json_str(answer, "name");
	long long people = (long long)json_int(answer, "people", 0);

	term_say(
	    "The laptop of %s is off the roster.\n"
	    "It hears so with its next exchange; what it still sends is held: pamoja hub held\n",
	    name);
	if (people == 1)
		term_say("One person needs somebody now: ");
	else if (people > 1)
		term_say("%lld people need somebody now: ", people);
	if (people > 0)
		term_say(
		    "pamoja hub replace \"%s\" \"NAME\", once their new laptop is enrolled, or "
		    "the worker who takes over\n",
		    name);
}

enum pmj_code
hub_revoke(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "worker", args->words[0]), *answer = NULL;
	enum pmj_code rc = is_meant(args, err);

	if (rc == PMJ_OK)
		merge_before(cli);
	if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/revoke", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_revoked(answer);
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
hub_suspend(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool end = args_has(args, "end");
	json_t *body = json_pack("{s:s,s:b}", "worker", args->words[0], "end", end);
	json_t *answer = NULL;
	char until[11];
	enum pmj_code rc = args_date(until, args, "until", err);

	if (until[0] != '\0')
		(void)json_object_set_new(body, "until", json_string(until));
	if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/suspend", body, err);

	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && end)
		term_say("The laptop of %s is in use again, from its next exchange on.\n",
		    json_str(answer, "name"));
	else if (rc == PMJ_OK)
		term_say(
		    "The laptop of %s is suspended. It locks with its next exchange, and what it "
		    "sends waits.\n"
		    "When it is in the right hands: pamoja hub suspend \"%s\" --end\n"
		    "When it is lost for good:      pamoja hub revoke \"%s\"\n",
		    json_str(answer, "name"), json_str(answer, "name"), json_str(answer, "name"));
	json_decref(body);
	json_decref(answer);
	return rc;
}

static void
say_replaced(const json_t *answer, int64_t moved, bool same)
{
	const char *name = json_str(answer, "name"), *old = json_str(answer, "old");

	if (moved == 0)
		term_say("There was nobody to hand over.\n");
	else
		term_say("Handed over to %s: %lld %s. Their laptop learns it with the next "
		         "exchange.\n",
		    name, (long long)moved,
		    lang_text(moved == 1 ? LANG_N("person") : LANG_N("people")));
	if (same)
		term_say("What they wrote for the office (training, supervision, incidents) comes "
		         "along.\n");
	else if (text_same(name, old))
		term_say("What they wrote for the office (training, supervision, incidents) stayed "
		         "here. If the new laptop is of the same %s, and not of another:\n"
		         "  pamoja hub replace \"%s\" --same-worker\n",
		    name, old);
}

enum pmj_code
hub_replace(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool same = args_has(args, "same-worker");
	json_t *body = json_pack("{s:s,s:s*,s:b,s:b}", "old", args->words[0], "new",
	    args->count > 1 ? args->words[1] : NULL, "same", same, "sure", args_has(args, "sure"));
	json_t *answer = NULL, *next;
	int64_t moved = 0, left = 1;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && left > 0) {
		next = NULL;
		rc = client_post(&cli->client, &next, "/v1/hub/replace", body, err);
		moved += json_int(next, "moved", 0);
		left = json_int(next, "left", 0);
		json_decref(answer);
		answer = next;
	}
	json_decref(body);
	if (rc != PMJ_OK && moved > 0)
		pmj_context(err,
		    moved == 1 ? "%lld person was handed over, then"
		               : "%lld people were handed over, then",
		    (long long)moved);
	if (rc == PMJ_OK && cli->json) {
		(void)json_object_set_new(answer, "moved", json_integer(moved));
		(void)json_object_del(answer, "left");
		(void)json_object_del(answer, "old");
		print_json(answer);
	} else if (rc == PMJ_OK) {
		say_replaced(answer, moved, same);
	}
	json_decref(answer);
	return rc;
}
