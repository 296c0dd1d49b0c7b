/* hub.c - the coordinator's team: enrolment, merging, who works with whom. */
#include "cli/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/enrol.h"
#include "cli/lang.h"
#include "cli/pending.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

const struct option hub_enrol_options[] = {
    {"file", "FILE", "read the request from a file"},
    {"role", "ROLE", "peer, ally, volunteer, supervisor or coordinator"},
    {"name", "NAME", "the worker's name, as colleagues should see it"},
    {"until", "DATE", "the last day (a volunteer needs one)"},
    {"root-key", "FILE",
        "the first two supervisors: where the root key is, from its stick or paper"},
    {"out", "FILE", "write the invitation to a file"},
    {"words-checked", NULL, "you heard the six words from the worker and they are the same"},
    {NULL, NULL, NULL},
};

const struct option hub_merge_options[] = {
    {"all", NULL, "also what waits for tomorrow since one laptop sent too much today"},
    {NULL, NULL, NULL},
};

/* Put an option's text into the body; asked for on a terminal when `question` and not given. */
static enum pmj_code
put_option(json_t *body, const struct args *args, const char *option, const char *question,
    struct pmj_error *err)
{
	const char *given = args_value(args, option);
	enum pmj_code rc = PMJ_OK;
	struct buf text;

	buf_init(&text, 0);
	if (given != NULL)
		buf_put_text(&text, given);
	else if (question != NULL && term_can_ask() && !term_ask(&text, "%s ", question))
		rc = pmj_fail(err, PMJ_USAGE, "stopped; nothing was done");
	if (rc == PMJ_OK && text.len > 0 &&
	    json_object_set_new(body, option, json_string(buf_text(&text))) != 0)
		rc = pmj_fail(err, PMJ_INVALID, "--%s is not UTF-8 text", option);
	buf_close(&text);
	return rc;
}

enum pmj_code
hub_put_root(json_t *body, const struct args *args, struct pmj_error *err)
{
	const char *file = args_value(args, "root-key");
	struct buf text;
	enum pmj_code rc;

	if (file == NULL)
		return PMJ_OK;
	buf_init(&text, 0);
	rc = term_slurp(&text, file, ENROL_TEXT_MAX, err);
	if (rc == PMJ_OK && json_object_set_new(body, "root", json_string(buf_text(&text))) != 0)
		rc = pmj_fail(err, PMJ_INVALID, "this is not a root key: it is not text");
	buf_wipe(&text);
	return rc;
}

void
hub_wipe_root(json_t *body)
{
	const char *root = json_str(body, "root");

	if (root != NULL)
		mem_wipe((char *)(uintptr_t)root, strlen(root));
}

/* Other people have to agree first. */
static void
say_others_decide(const json_t *item)
{
	pending_say(item);
	term_say("\nTwo supervisors approve it on their laptops: pamoja approve\n"
	         "When they have, type this command once more: it gives the invitation.\n");
}

enum pmj_code
hub_enrol(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *out = args_value(args, "out");
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	struct buf text;
	bool waits;

	buf_init(&text, 0);
	if ((rc = enrol_text(&text, args, "request", err)) != PMJ_OK ||
	    (rc = put_option(
	         body, args, "role", "Role (peer, ally, volunteer, supervisor):", err)) != PMJ_OK ||
	    (rc = put_option(body, args, "name", "The worker's name:", err)) != PMJ_OK ||
	    (rc = put_option(body, args, "until", NULL, err)) != PMJ_OK ||
	    (rc = hub_put_root(body, args, err)) != PMJ_OK)
		goto out;
	if (json_str(body, "role") == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "--role is missing");
		pmj_hint(err, "for example: pamoja hub enrol --file request.txt --role peer");
		goto out;
	}
	(void)json_object_set_new(body, "request", json_string(buf_text(&text)));
	rc = enrol_compare(
	    cli, &answer, "/v1/hub/enrol", body, args, "of the six the worker reads to you", err);
	waits = rc == PMJ_OK && json_str(answer, "invitation") == NULL;
	if (rc == PMJ_OK && !waits && cli->json && out != NULL)
		rc = enrol_hand_over(out, json_str(answer, "invitation"), err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (waits) {
		say_others_decide(json_obj(answer, "pending"));
	} else if (rc == PMJ_OK) {
		term_note("%s is enrolled. Send this invitation back:\n%s",
		    json_str(answer, "name"), out == NULL ? "\n" : "");
		rc = enrol_hand_over(out, json_str(answer, "invitation"), err);
		term_note("\nThe worker types: pamoja enrol accept --file FILE\n"
		          "and compares the hub's words with the card. Then share people:\n"
		          "  pamoja hub assign PERSON \"%s\"\n",
		    json_str(answer, "name"));
	}
out:
	hub_wipe_root(body);
	json_decref(body);
	json_decref(answer);
	buf_close(&text);
	return rc;
}

enum pmj_code
hub_merge(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	const char *message;
	char *many;
	enum pmj_code rc;

	if (args_has(args, "all"))
		(void)json_object_set_new(body, "all", json_true());
	rc = client_post_patient(&cli->client, &answer, "/v1/hub/merge", body, err);
	message = json_str(answer, "message");
	if (answer != NULL && cli->json) {
		print_json(answer);
	} else if (answer != NULL) {
		many = print_count(PRINT_ENTRIES, json_int(answer, "merged", 0));
		term_say(
		    "Merged: %s, %lld held back.\n", many, (long long)json_int(answer, "held", 0));
		free(many);
		print_said(message);
		if (json_int(answer, "held", 0) > 0)
			term_say("  Why, and what to do: pamoja hub held\n");
		if (json_int(answer, "deferred", 0) > 0)
			term_say(
			    json_int(answer, "deferred", 0) == 1
			        ? LANG_N("  %lld more is here and waits for tomorrow: too many "
			                 "came from one laptop in a day.\n  Look why; to merge "
			                 "it now: pamoja hub merge --all\n")
			        : LANG_N("  %lld more are here and wait for tomorrow: too many "
			                 "came from one laptop in a day.\n  Look why; to merge "
			                 "them now: pamoja hub merge --all\n"),
			    (long long)json_int(answer, "deferred", 0));
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* Assign or unassign; `words` begin the sentence that names the workers. */
static enum pmj_code
share(struct cli *cli, const struct args *args, const char *path, const char *words,
    struct pmj_error *err)
{
	json_t *body = NULL, *workers = json_array(), *answer = NULL, *worker;
	enum pmj_code rc;
	char *id = NULL;
	size_t i;

	if ((rc = record_resolve(cli, &id, "person", args->words[0], err)) != PMJ_OK)
		goto out;
	for (i = 1; i < args->count; i++)
		(void)json_array_append_new(workers, json_string(args->words[i]));
	body = json_pack("{s:s, s:O}", "person", id, "workers", workers);
	rc = client_post(&cli->client, &answer, path, body, err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		term_say("%s", lang_text(words));
		json_array_foreach(json_object_get(answer, "workers"), i, worker)
		    term_say("%s %s", i > 0 ? "," : "", json_str(worker, "name"));
		term_say(".\nTheir laptops learn it with the next exchange.\n");
	}
out:
	json_decref(body);
	json_decref(workers);
	json_decref(answer);
	free(id);
	return rc;
}

enum pmj_code
hub_assign(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return share(cli, args, "/v1/hub/assign", LANG_N("Shared with"), err);
}

enum pmj_code
hub_unassign(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return share(cli, args, "/v1/hub/unassign", LANG_N("Withdrawn from"), err);
}
