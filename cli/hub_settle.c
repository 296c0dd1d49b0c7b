/* hub_settle.c - what waits for the coordinator: conflicts to settle, entries that are held. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

const struct option hub_resolve_options[] = {
    {"keep", "N", "the value with this number in `hub conflicts`"},
    {"value", "VALUE", "another value, for example what the person says now"},
    {NULL, NULL, NULL},
};

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
		char *text = print_conflicting(value);
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

const char *
hub_reason_words(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} table[] = {
	    {"not_on_team", LANG_N("the person is not shared with this worker")},
	    {"person_unknown", LANG_N("it is about a person who is not known here")},
	    {"record_unknown", LANG_N("it belongs to a record that is not known here")},
	    {"forged_author", LANG_N("it names another author than its writer")},
	    {"revoked", LANG_N("the laptop was revoked")},
	    {"erased", LANG_N("the person was forgotten; nothing of it is kept")},
	    {"kind_unknown", LANG_N("this kind of record is not known here")},
	    {"private_kind", LANG_N("this kind never leaves its author's laptop")},
	    {"not_your_office", LANG_N("only who wrote it and the office may change it")},
	    {"bad_value", LANG_N("a value is not what its field takes")},
	    {"move", LANG_N("this step is not allowed from where it stood")},
	    {"append_only", LANG_N("this kind is never changed, only voided")},
	    {"author_only", LANG_N("only its author may change it")},
	    {"by", LANG_N("a second person has to do this, or its author and nobody else")},
	    {"returned", LANG_N("another laptop gave it back; its author has not sent it")},
	    {"subject",
	        LANG_N("whom a record is about is never changed; void it and add the right one")},
	};

	for (size_t i = 0; reason != NULL && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].reason, reason) == 0)
			return lang_text(table[i].words);
	return reason;
}

/* With the laptop that gave it back: whether its worker is to be believed is the question. Caller
 * frees. */
static char *
why_held(const json_t *held)
{
	const char *giver = json_str(held, "giver");

	if (giver != NULL)
		return mem_printf(
		    lang_text("the laptop of %s gave it back; its author has not sent it"), giver);
	return mem_strdup(hub_reason_words(json_str(held, "reason")));
}

enum pmj_code
hub_held(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	static const char *const heads[] = {
	    "ID", LANG_N("SINCE"), LANG_N("BY"), LANG_N("KIND"), LANG_N("WHY")};
	json_t *answer = NULL, *held;
	bool returned = false;
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
			char ago[PRINT_WHEN_MAX], id[13], *why = why_held(held);
			const char *cells[] = {id, print_ago(ago, json_object_get(held, "since")),
			    json_str(held, "by"), json_str(held, "kind"), why};

			(void)snprintf(id, sizeof(id), "%s",
			    json_str(held, "id") != NULL ? json_str(held, "id") : "");
			table_row(table, cells);
			returned = returned || json_str(held, "giver") != NULL;
			free(why);
		}
		table_print(table);
		term_say("\nAdmit one: pamoja hub release ID\n");
		if (returned)
			term_say("What was given back counts by itself when its author comes by. "
			         "Where that laptop is gone: pamoja hub release --by NAME\n");
	}
	json_decref(answer);
	return rc;
}
