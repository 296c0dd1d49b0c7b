/* pending.c - what needs more than one person: listed at the hub and on the laptops of those who
 * are asked; approved there, refused by any of them. */
#include "cli/pending.h"

#include <string.h>

#include "cli/forget.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/sure.h"
#include "cli/term.h"

const struct option pending_answer_options[] = {
    {"sure", NULL, "do not ask whether it is meant"},
    {NULL, NULL, NULL},
};

static void
say_what(const json_t *what)
{
	const char *op = json_str(what, "op");

	if (op != NULL && strcmp(op, "enrol") == 0)
		term_say("take in %s as %s\n", json_str(what, "name"),
		    lang_text(json_str(what, "role")));
	else if (op != NULL && strcmp(op, "role") == 0)
		term_say("%s is to have the role %s\n", json_str(what, "name"),
		    lang_text(json_str(what, "role")));
	else if (op != NULL && strcmp(op, "erase") == 0)
		term_say("forget the person %s for good (cause: %s)\n", json_str(what, "person"),
		    forget_cause_text(json_str(what, "cause")));
	else if (op != NULL && strcmp(op, "end") == 0 && *json_str(what, "until") != '\0')
		term_say("end the programme: destroy its records, but for a sealed file until %s "
		         "(for: %s)\n",
		    json_str(what, "until"), json_str(what, "opener"));
	else if (op != NULL && strcmp(op, "end") == 0)
		term_say("end the programme: destroy all its records\n");
	else if (op != NULL && strcmp(op, "release") == 0)
		term_say("let in what is held of %s: %lld entries\n", json_str(what, "worker"),
		    (long long)json_int(what, "count", 0));
	else
		term_say("%s\n", op != NULL ? op : "");
}

/* At the hub: who has said yes, and what is missing. */
static void
say_missing(const json_t *item)
{
	char when[PRINT_WHEN_MAX];
	const json_t *one;
	long long missing = (long long)json_int(item, "missing", 0);
	size_t i;

	json_array_foreach(json_arr(item, "signed"), i, one)
	    term_say("          approved by %s, %s\n", json_str(one, "name"),
	        print_when(when, json_object_get(one, "at")));
	if (json_flag(item, "root"))
		term_say(
		    "          there are fewer than two supervisors now: take it back, and use "
		    "the root key\n");
	else if (missing == 1)
		term_say(json_flag(item, "all")
		             ? LANG_N("          the other coordinator's approval is missing\n")
		             : LANG_N("          a supervisor's approval is missing\n"));
	else if (missing > 1)
		term_say(json_flag(item, "all")
		             ? LANG_N("          approvals of %lld coordinators are missing\n")
		             : LANG_N("          approvals of %lld supervisors are missing\n"),
		    missing);
	else if (json_int(item, "not_before", 0) != 0)
		term_say(
		    "          nobody else can approve it: it is done by itself after %s, unless "
		    "somebody refuses it\n",
		    print_when(when, json_object_get(item, "not_before")));
}

void
pending_say(const json_t *item)
{
	const char *answer = json_str(item, "answer");
	char when[PRINT_WHEN_MAX];

	term_put(stdout, PAINT_BOLD, json_str(item, "id"));
	term_say("  ");
	say_what(json_obj(item, "what"));
	term_say("          asked %s\n", print_when(when, json_object_get(item, "asked_at")));
	if (json_arr(item, "signed") != NULL)
		say_missing(item);
	else if (answer != NULL)
		term_say("          you approved it; it waits for the office\n");
}

static enum pmj_code
waiting_list(struct cli *cli, const char *advice, struct pmj_error *err)
{
	json_t *answer = NULL, *item;
	enum pmj_code rc = client_get(&cli->client, &answer, "/v1/pending", err);
	size_t i;

	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0) {
		term_say("Nothing waits for a second person.\n");
	} else if (rc == PMJ_OK) {
		json_array_foreach(json_arr(answer, "items"), i, item) pending_say(item);
		term_say("\n%s", lang_text(advice));
	}
	json_decref(answer);
	return rc;
}

enum pmj_code
pending_list(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	(void)args;
	return waiting_list(cli,
	    LANG_N("They see it on their laptops after an exchange: pamoja approve\n"
	           "To take one back: pamoja refuse ID\n"),
	    err);
}

/* The item whose id begins so; a copy. */
static enum pmj_code
find_item(struct cli *cli, json_t **out, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *item;
	size_t found = 0, i;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = client_get(&cli->client, &answer, "/v1/pending", err)) != PMJ_OK)
		return rc;
	json_array_foreach(json_arr(answer, "items"), i, item)
	{
		const char *id = json_str(item, "id");

		if (id == NULL || *typed == '\0' || strncmp(id, typed, strlen(typed)) != 0)
			continue;
		json_decref(*out);
		*out = json_incref(item);
		found++;
	}
	json_decref(answer);
	if (found == 1)
		return PMJ_OK;
	json_decref(*out);
	*out = NULL;
	rc = found == 0
	         ? pmj_fail(err, PMJ_NOT_FOUND, "nothing that waits has the id \"%.40s\"", typed)
	         : pmj_fail(err, PMJ_AMBIGUOUS, "\"%.40s\" begins %zu ids", typed, found);
	pmj_hint(err, "see what waits: pamoja approve (at the hub: pamoja hub pending)");
	return rc;
}

static enum pmj_code
approval_is_meant(const struct args *args, const json_t *item, struct pmj_error *err)
{
	struct buf line;
	enum pmj_code rc;
	bool ask;

	if ((rc = sure_begin(&ask, args, err)) != PMJ_OK || !ask)
		return rc;
	pending_say(item);
	buf_init(&line, 0);
	if (!term_ask(&line, "Speak with the coordinator first. Type %s to approve it: ",
	        json_str(item, "id")) ||
	    strcmp(buf_text(&line), json_str(item, "id")) != 0)
		rc = pmj_fail(err, PMJ_NOT_CONFIRMED, "stopped; nothing was changed");
	buf_wipe(&line);
	return rc;
}

static enum pmj_code
say_word(struct cli *cli, const struct args *args, bool approve, struct pmj_error *err)
{
	json_t *item = NULL, *body = NULL, *said = NULL;
	enum pmj_code rc = find_item(cli, &item, args->words[0], err);

	if (rc == PMJ_OK && approve)
		rc = approval_is_meant(args, item, err);
	if (rc == PMJ_OK) {
		body = json_pack("{s:O}", "id", json_object_get(item, "id"));
		rc = client_post(
		    &cli->client, &said, approve ? "/v1/approve" : "/v1/refuse", body, err);
	}
	if (rc == PMJ_OK && cli->json)
		print_json(said);
	else if (rc == PMJ_OK && approve)
		term_say("Approved. The office has it after the next exchange: pamoja sync\n");
	else if (rc == PMJ_OK)
		term_say("Refused: it is not done.\n");
	json_decref(item);
	json_decref(body);
	json_decref(said);
	return rc;
}

enum pmj_code
pending_approve(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args->count == 0)
		return waiting_list(
		    cli, LANG_N("Say yes: pamoja approve ID\nSay no:  pamoja refuse ID\n"), err);
	return say_word(cli, args, true, err);
}

enum pmj_code
pending_refuse(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return say_word(cli, args, false, err);
}
