#include "cli/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/enrol.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

const struct option hub_enrol_options[] = {
    {"file", "FILE", "read the request from a file"},
    {"role", "ROLE", "peer, ally, volunteer, supervisor or coordinator"},
    {"name", "NAME", "the worker's name, as colleagues should see it"},
    {"until", "DATE", "the last day (a volunteer needs one)"},
    {"out", "FILE", "write the invitation to a file"},
    {"words-checked", NULL, "you heard the six words from the worker and they are the same"},
    {NULL, NULL, NULL},
};
const struct option hub_resolve_options[] = {
    {"keep", "N", "the value with this number in `hub conflicts`"},
    {"value", "VALUE", "another value, for example what the person says now"},
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
hub_enrol(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *out = args_value(args, "out");
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	struct buf text;

	buf_init(&text, 0);
	if ((rc = enrol_text(&text, args, "request", err)) != PMJ_OK ||
	    (rc = put_option(
	         body, args, "role", "Role (peer, ally, volunteer, supervisor):", err)) != PMJ_OK ||
	    (rc = put_option(body, args, "name", "The worker's name:", err)) != PMJ_OK ||
	    (rc = put_option(body, args, "until", NULL, err)) != PMJ_OK)
		goto out;
	if (json_str(body, "role") == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "--role is missing");
		pmj_hint(err, "for example: pamoja hub enrol --file request.txt --role peer");
		goto out;
	}
	(void)json_object_set_new(body, "request", json_string(buf_text(&text)));
	rc = enrol_compare(
	    cli, &answer, "/v1/hub/enrol", body, args, "of the six the worker reads to you", err);
	if (rc == PMJ_OK && cli->json && out != NULL)
		rc = enrol_hand_over(out, json_str(answer, "invitation"), err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
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
	enum pmj_code rc;

	if (args_has(args, "all"))
		(void)json_object_set_new(body, "all", json_true());
	rc = client_post_patient(&cli->client, &answer, "/v1/hub/merge", body, err);
	message = json_str(answer, "message");
	if (answer != NULL && cli->json) {
		print_json(answer);
	} else if (answer != NULL) {
		term_say("Merged: %lld entries, %lld held back.\n",
		    (long long)json_int(answer, "merged", 0),
		    (long long)json_int(answer, "held", 0));
		if (message != NULL && *message != '\0')
			term_say("  %s\n", message);
		if (json_int(answer, "held", 0) > 0)
			term_say("  Why, and what to do: pamoja hub held\n");
		if (json_int(answer, "deferred", 0) > 0)
			term_say(
			    "  %lld more are here and wait for tomorrow: too many came from one "
			    "laptop in a day.\n  Look why; to merge them now: pamoja hub merge "
			    "--all\n",
			    (long long)json_int(answer, "deferred", 0));
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

static void
say_conflict(const json_t *conflict)
{
	const char *field = json_str(conflict, "field");
	const json_t *value;
	char when[PRINT_WHEN_MAX];
	size_t i;

	term_put(stdout, PAINT_BOLD, json_str(conflict, "id"));
	term_say(
	    "  %s \"%s\", %s\n", json_str(conflict, "kind"), json_str(conflict, "title"), field);
	json_array_foreach(json_arr(conflict, "values"), i, value)
	{
		char *text = print_value(json_object_get(value, "value"));
		const char *role = json_str(value, "role");

		term_say("    %zu  %s  (%s%s%s, %s)\n", i + 1, text, json_str(value, "by"),
		    role != NULL ? ", " : "", role != NULL ? role : "",
		    print_when(when, json_object_get(value, "at")));
		free(text);
	}
}

enum pmj_code
hub_conflicts(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *answer = NULL, *conflict;
	enum pmj_code rc;
	size_t i;

	(void)args;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/conflicts", err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(json_object_get(answer, "items")) == 0) {
		term_say("No conflicts: nobody wrote different things.\n");
	} else {
		json_array_foreach(json_object_get(answer, "items"), i, conflict)
		    say_conflict(conflict);
		term_say("\nDecide: pamoja hub resolve ID --keep N, or --value VALUE\n");
	}
	json_decref(answer);
	return rc;
}

/* The conflict an id, its beginning, or a record's title means; a copy. */
static enum pmj_code
find_conflict(struct cli *cli, json_t **out, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *conflict;
	size_t count = 0, i;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/conflicts", err)) != PMJ_OK)
		return rc;
	json_array_foreach(json_object_get(answer, "items"), i, conflict)
	{
		const char *id = json_str(conflict, "id"), *title = json_str(conflict, "title");
		const char *record = json_str(conflict, "record");

		if ((id != NULL && strncmp(id, typed, strlen(typed)) == 0) ||
		    (record != NULL && strncmp(record, typed, strlen(typed)) == 0) ||
		    (title != NULL && record_title_fits(title, typed))) {
			json_decref(*out);
			*out = json_incref(conflict);
			count++;
		}
	}
	json_decref(answer);
	if (count == 1)
		return PMJ_OK;
	json_decref(*out);
	*out = NULL;
	rc = count == 0
	         ? pmj_fail(err, PMJ_NOT_FOUND, "there is no conflict \"%.60s\"", typed)
	         : pmj_fail(err, PMJ_AMBIGUOUS, "\"%.60s\" fits %zu conflicts", typed, count);
	pmj_hint(err, "`pamoja hub conflicts` lists them with their ids");
	return rc;
}

/* On a terminal without --keep and --value: show the values and ask for a number or another value.
 */
static enum pmj_code
ask_decision(json_t *body, const json_t *conflict, struct pmj_error *err)
{
	struct buf line;
	char *end = NULL;
	long n;

	buf_init(&line, 0);
	say_conflict(conflict);
	if (!term_ask(&line, "Which number is right? (or type another value) ") || line.len == 0) {
		buf_wipe(&line);
		return pmj_fail(err, PMJ_USAGE, "stopped; nothing was decided");
	}
	n = strtol(buf_text(&line), &end, 10);
	if (*end == '\0' && n >= 1 && (size_t)n <= json_array_size(json_arr(conflict, "values")))
		(void)json_object_set_new(body, "keep", json_integer(n));
	else
		(void)json_object_set_new(body, "value", json_string(buf_text(&line)));
	buf_wipe(&line);
	return PMJ_OK;
}

enum pmj_code
hub_resolve(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *value = args_value(args, "value");
	json_t *conflict = NULL, *body = json_object(), *answer = NULL;
	enum pmj_code rc;
	long keep;

	if ((rc = args_number(&keep, args, "keep", 0, err)) != PMJ_OK)
		goto out;
	if ((keep != 0 && value != NULL) || (keep == 0 && value == NULL && !term_can_ask())) {
		rc = pmj_fail(err, PMJ_USAGE, "say one of --keep N and --value VALUE");
		goto out;
	}
	if ((rc = find_conflict(cli, &conflict, args->words[0], err)) != PMJ_OK)
		goto out;
	(void)json_object_set(body, "id", json_object_get(conflict, "id"));
	if (keep != 0)
		(void)json_object_set_new(body, "keep", json_integer(keep));
	else if (value != NULL)
		(void)json_object_set_new(body, "value", json_string(value));
	else
		rc = ask_decision(body, conflict, err);
	if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/resolve", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Decided. Both workers see it after their next exchange.\n");
out:
	json_decref(conflict);
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
		term_say("%s", words);
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
	return share(cli, args, "/v1/hub/assign", "Shared with", err);
}

enum pmj_code
hub_unassign(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	return share(cli, args, "/v1/hub/unassign", "Withdrawn from", err);
}

enum pmj_code
hub_roster(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	static const char *const heads[] = {
	    "DEVICE", "NAME", "ROLE", "STATE", "LAST SEEN", "PEOPLE", "HELD", "UNTIL"};
	json_t *answer = NULL, *device;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	(void)args;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/roster", err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(json_object_get(answer, "items")) == 0) {
		term_say("Nobody is enrolled yet.\n  pamoja hub enrol REQUEST --role peer\n");
	} else {
		table = table_new(heads, sizeof(heads) / sizeof(*heads));
		json_array_foreach(json_object_get(answer, "items"), i, device)
		{
			char seen[PRINT_WHEN_MAX], until[PRINT_WHEN_MAX], people[24], held[24],
			    id[9];
			const char *cells[] = {id, json_str(device, "name"),
			    json_str(device, "role"), json_str(device, "state"),
			    print_ago(seen, json_object_get(device, "last_seen")), people, held,
			    print_when(until, json_object_get(device, "until"))};

			(void)snprintf(id, sizeof(id), "%s",
			    json_str(device, "device") != NULL ? json_str(device, "device") : "");
			(void)snprintf(people, sizeof(people), "%lld",
			    (long long)json_int(device, "people", 0));
			(void)snprintf(
			    held, sizeof(held), "%lld", (long long)json_int(device, "held", 0));
			table_row(table, cells);
		}
		table_print(table);
	}
	json_decref(answer);
	return rc;
}

/* What the reason of a hold means to a coordinator. */
static const char *
reason_words(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} table[] = {
	    {"not_on_team", "the person is not shared with this worker"},
	    {"person_unknown", "it is about a person who is not known here"},
	    {"record_unknown", "it belongs to a record that is not known here"},
	    {"forged_author", "it names another author than its writer"},
	    {"revoked", "the laptop was revoked"},
	    {"kind_unknown", "this kind of record is not known here"},
	    {"private_kind", "this kind never leaves its author's laptop"},
	    {"not_your_office", "only the office writes this kind"},
	    {"bad_value", "a value is not what its field takes"},
	    {"move", "this step is not allowed from where it stood"},
	    {"append_only", "this kind is never changed, only voided"},
	    {"author_only", "only its author may change it"},
	    {"subject", "whom a record is about is never changed; void it and add the right one"},
	};

	for (size_t i = 0; reason != NULL && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].reason, reason) == 0)
			return table[i].words;
	return reason;
}

enum pmj_code
hub_held(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	static const char *const heads[] = {"ID", "SINCE", "BY", "KIND", "WHY"};
	json_t *answer = NULL, *held;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	(void)args;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/held", err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(json_object_get(answer, "items")) == 0) {
		term_say("Nothing is held back.\n");
	} else {
		table = table_new(heads, sizeof(heads) / sizeof(*heads));
		json_array_foreach(json_object_get(answer, "items"), i, held)
		{
			char ago[PRINT_WHEN_MAX], id[13];
			const char *cells[] = {id, print_ago(ago, json_object_get(held, "since")),
			    json_str(held, "by"), json_str(held, "kind"),
			    reason_words(json_str(held, "reason"))};

			(void)snprintf(id, sizeof(id), "%s",
			    json_str(held, "id") != NULL ? json_str(held, "id") : "");
			table_row(table, cells);
		}
		table_print(table);
		term_say("\nAdmit one: pamoja hub release ID\n");
	}
	json_decref(answer);
	return rc;
}

/* The full id of the held entry whose id begins so. */
static enum pmj_code
find_held(struct cli *cli, char **out, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *held;
	size_t count = 0, i;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/held", err)) != PMJ_OK)
		return rc;
	json_array_foreach(json_object_get(answer, "items"), i, held)
	{
		const char *id = json_str(held, "id");

		if (id == NULL || strncmp(id, typed, strlen(typed)) != 0)
			continue;
		free(*out);
		*out = mem_strdup(id);
		count++;
	}
	json_decref(answer);
	if (count == 1)
		return PMJ_OK;
	free(*out);
	*out = NULL;
	rc = count == 0 ? pmj_fail(err, PMJ_NOT_FOUND, "nothing held has the id \"%.40s\"", typed)
	                : pmj_fail(err, PMJ_AMBIGUOUS, "\"%.40s\" begins %zu ids", typed, count);
	pmj_hint(err, "`pamoja hub held` lists them");
	return rc;
}

enum pmj_code
hub_release(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;
	char *id = NULL;

	if ((rc = find_held(cli, &id, args->words[0], err)) != PMJ_OK)
		return rc;
	body = json_pack("{s:s}", "id", id);
	rc = client_post(&cli->client, &answer, "/v1/hub/release", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Released: it counts from now on.\n");
	json_decref(body);
	json_decref(answer);
	free(id);
	return rc;
}
