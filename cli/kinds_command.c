/* kinds_command.c - KIND add, KIND list, KIND VERB: the same three for every kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/alike.h"
#include "cli/fields.h"
#include "cli/form.h"
#include "cli/home.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

/* After a refusal of a filled-in form: the rest of what was typed must not be lost. False: give up.
 */
static bool
mend(json_t *fields, const struct pmj_error *why)
{
	struct pmj_error err;
	json_t *change = NULL;
	struct buf line;
	bool again = false;

	print_failure(why, false);
	buf_init(&line, 0);
	while (!again && term_ask(&line, "Change it (FIELD=VALUE; Enter alone gives up): ") &&
	       line.len > 0) {
		if (fields_read(&change, buf_text(&line), line.len, &err) == PMJ_OK) {
			(void)json_object_update(fields, change);
			again = true;
		} else {
			print_failure(&err, false);
		}
		json_decref(change);
		change = NULL;
	}
	buf_wipe(&line);
	return again;
}

static enum pmj_code
post_new(struct cli *cli, json_t **answer, const json_t *kind, const json_t *move, json_t *fields,
    bool asked, bool is_new, struct pmj_error *err)
{
	char *path = mem_printf("/v1/records/%s", json_str(kind, "name"));
	json_t *body = json_pack("{s:O, s:s*, s:b}", "fields", fields, "verb",
	    move != NULL ? json_str(move, "verb") : NULL, "new", is_new);
	enum pmj_code rc;

	do {
		rc = kinds_resolve_links(cli, fields, kind, err);
		if (rc == PMJ_OK)
			rc = client_post(&cli->client, answer, path, body, err);
	} while (asked && (rc == PMJ_INVALID || rc == PMJ_NOT_FOUND || rc == PMJ_AMBIGUOUS
	                          ? mend(fields, err)
	                          : home_opened_again(cli, rc, err)));
	json_decref(body);
	free(path);
	return rc;
}

/* A new record: added, or made by a move that a record may start with. */
static enum pmj_code
add(struct cli *cli, const struct args *args, const json_t *kind, const json_t *move,
    struct pmj_error *err)
{
	json_t *fields = NULL, *names = NULL, *answer = NULL, *same = NULL;
	bool asked = false, is_new;
	enum pmj_code rc;

	if ((rc = fields_take(&fields, args, 2, err)) != PMJ_OK)
		return rc;
	if (term_can_ask() && (rc = form_check_names(kind, fields, err)) != PMJ_OK)
		goto out;
	if (term_can_ask() && form_only_about(kind, fields)) {
		asked = true;
		if ((rc = home_open(cli, err)) == PMJ_OK)
			rc = form_ask_new(cli, fields, kind, move == NULL, err);
	} else if (term_can_ask()) {
		names = form_missing(kind, fields);
		asked = json_array_size(names) > 0;
		if (asked && (rc = home_open(cli, err)) == PMJ_OK)
			rc = form_ask(cli, fields, kind, names, err);
	}
	is_new = args_has(args, "new");
	if (rc == PMJ_OK && !is_new && move == NULL && json_flag(kind, "person") && term_can_ask())
		rc = alike_ask(cli, &same, &is_new, fields, kind, err);
	if (rc == PMJ_OK && same != NULL)
		rc = alike_add_to(cli, same, fields, kind, err);
	else if (rc == PMJ_OK)
		rc = post_new(cli, &answer, kind, move, fields, asked, is_new, err);
	if (rc != PMJ_OK || same != NULL)
		goto out;
	if (cli->json)
		print_json(answer);
	else
		kinds_say_added(kind, answer);
	alike_say(cli, answer);
out:
	json_decref(same);
	json_decref(fields);
	json_decref(names);
	json_decref(answer);
	return rc;
}

/* since and all as the query's beginning. */
static enum pmj_code
put_list_options(struct buf *path, long *limit, const struct args *args, struct pmj_error *err)
{
	enum pmj_code rc;
	char since[11];

	if ((rc = args_number(limit, args, "limit", 100, err)) != PMJ_OK ||
	    (rc = args_date(since, args, "since", err)) != PMJ_OK)
		return rc;
	buf_putf(path, "?all=%d&stale=%d", args_has(args, "all"), args_has(args, "stale"));
	if (since[0] != '\0')
		buf_putf(path, "&since=%s", since);
	return PMJ_OK;
}

/* A list that is empty; near: what was perhaps meant by a word of an open list. */
static void
say_nothing_fits(const json_t *kind, const json_t *answer)
{
	const json_t *word;
	size_t i;

	term_say("Nothing fits that. All there is: pamoja %s list\n", json_str(kind, "name"));
	json_array_foreach(json_arr(answer, "near"), i, word)
	{
		term_say(
		    "  Was %s=\"%s\" meant?\n", json_str(word, "field"), json_str(word, "near"));
	}
}

static enum pmj_code
list(struct cli *cli, const struct args *args, const json_t *kind, struct pmj_error *err)
{
	json_t *fields = NULL, *answer = NULL, *value;
	const char *name;
	enum pmj_code rc;
	struct buf path;
	long limit = 0;

	if ((rc = fields_take(&fields, args, 2, err)) != PMJ_OK)
		return rc;
	buf_init(&path, 0);
	buf_putf(&path, "/v1/records/%s", json_str(kind, "name"));
	if ((rc = kinds_resolve_links(cli, fields, kind, err)) == PMJ_OK)
		rc = put_list_options(&path, &limit, args, err);
	json_object_foreach(fields, name, value)
	{
		char *text = print_value(value);

		buf_put_text(&path, "&f.");
		http_escape(&path, name);
		buf_put_text(&path, "=");
		http_escape(&path, text);
		free(text);
	}
	if (rc == PMJ_OK)
		rc = record_list_get(cli, &answer, buf_text(&path), limit, err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0 &&
	           (json_object_size(fields) > 0 || args_has(args, "since"))) {
		say_nothing_fits(kind, answer);
	} else if (rc == PMJ_OK) {
		record_print_items(json_arr(answer, "items"), kind);
		if (json_flag(answer, "more"))
			term_note(
			    "There are more: raise --limit, or narrow it with FIELD=VALUE.\n");
	}
	json_decref(fields);
	json_decref(answer);
	buf_wipe(&path);
	return rc;
}

/* What the move asks for and neither the record nor the person said yet. */
static enum pmj_code
ask_for_move(struct cli *cli, json_t *fields, const json_t *kind, const json_t *move,
    const char *id, struct pmj_error *err)
{
	const json_t *asks = json_arr(move, "asks"), *ask;
	char *path = mem_printf("/v1/record/%s", id);
	json_t *item = NULL, *names = json_array();
	enum pmj_code rc = PMJ_OK;
	size_t i;

	if (json_array_size(asks) > 0)
		rc = client_get(&cli->client, &item, path, err);
	json_array_foreach(asks, i, ask)
	{
		const char *name = json_string_value(ask);

		if (json_object_get(fields, name) == NULL &&
		    !json_is_string(json_object_get(json_obj(item, "texts"), name)))
			(void)json_array_append_new(names, json_string(name));
	}
	if (rc == PMJ_OK && json_array_size(names) > 0)
		rc = form_ask(cli, fields, kind, names, err);
	json_decref(item);
	json_decref(names);
	free(path);
	return rc;
}

static const char *
state_label(const json_t *kind, const char *state)
{
	const json_t *found = kinds_in(json_arr(kind, "states"), state != NULL ? state : "");

	return found != NULL ? kinds_label(found) : state;
}

static void
say_moved(const json_t *kind, const json_t *answer)
{
	term_say("Done: %s %s is now %s.\n", kinds_label(kind), json_str(answer, "short"),
	    state_label(kind, json_str(answer, "state")));
	if (json_obj(answer, "copy") != NULL)
		term_say(
		    "What goes out is %s %s: pamoja show %s. What you keep stays here alone.\n",
		    json_str(json_obj(answer, "copy"), "kind"),
		    json_str(json_obj(answer, "copy"), "short"),
		    json_str(json_obj(answer, "copy"), "short"));
	kinds_say_new_words(kind, answer);
	kinds_say_reminders(answer);
}

static enum pmj_code
move_record(struct cli *cli, const struct args *args, const json_t *kind, const json_t *move,
    struct pmj_error *err)
{
	const char *verb = json_str(move, "verb");
	json_t *fields = NULL, *body = NULL, *answer = NULL;
	char *id = NULL, *path = NULL;
	enum pmj_code rc;

	if (args->count < 3) {
		(void)pmj_fail(err, PMJ_USAGE, "which %s?", kinds_label(kind));
		pmj_hint(err, "pamoja %s %s ID; `pamoja %s list` shows the ids", args->words[0],
		    verb, args->words[0]);
		return PMJ_USAGE;
	}
	if ((rc = fields_take(&fields, args, 3, err)) != PMJ_OK ||
	    (rc = record_resolve_move(cli, &id, kind, move, args->words[2], err)) != PMJ_OK)
		goto out;
	if (term_can_ask() && (rc = ask_for_move(cli, fields, kind, move, id, err)) != PMJ_OK)
		goto out;
	path = mem_printf("/v1/record/%s/move", id);
	body = json_pack("{s:s, s:O, s:s}", "verb", verb, "fields", fields, "kind", args->words[0]);
	do {
		rc = kinds_resolve_links(cli, fields, kind, err);
		if (rc == PMJ_OK)
			rc = client_post(&cli->client, &answer, path, body, err);
	} while (term_can_ask() && home_opened_again(cli, rc, err));
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_moved(kind, answer);
out:
	json_decref(fields);
	json_decref(body);
	json_decref(answer);
	free(path);
	free(id);
	return rc;
}

static enum pmj_code
fail_verb(const json_t *kind, const char *verb, struct pmj_error *err)
{
	const char *names[64] = {"add", "list", "show", "edit", "void", "history"}, *near;
	size_t count = 6, i;
	const json_t *move;
	struct buf all;

	json_array_foreach(json_arr(kind, "moves"), i, move)
	{
		if (count < 64)
			names[count++] = json_str(move, "verb");
	}
	(void)pmj_fail(
	    err, PMJ_USAGE, "\"%.40s\" cannot be done with a %s", verb, json_str(kind, "name"));
	near = text_nearest(verb, names, count);
	buf_init(&all, 0);
	for (i = 0; i < count; i++)
		buf_putf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	if (near != NULL)
		pmj_hint(err, "did you mean `pamoja %s %s`?", json_str(kind, "name"), near);
	else
		pmj_hint(err, "what can be done: %s", buf_text(&all));
	buf_close(&all);
	return PMJ_USAGE;
}

/* `consent refuse` and `consent refuse person=…` speak of a new record, `consent refuse ID` of one
 * that is there. */
static bool
names_no_record(const struct args *args)
{
	return args->count < 3 || strchr(args->words[2], '=') != NULL ||
	       strcmp(args->words[2], "-") == 0;
}

/* Verbs that are told of one record of the kind, which may be meant by the person it is about. */
static enum pmj_code
run_common(struct cli *cli, const struct args *args, const json_t *kind,
    enum pmj_code (*run)(struct cli *, const struct args *, struct pmj_error *), bool about,
    struct pmj_error *err)
{
	struct args rest = *args;
	char **words = mem_array(args->count, sizeof(*words)), *id = NULL;
	enum pmj_code rc = PMJ_NOT_FOUND;

	memcpy(words, args->words + 2, (args->count - 2) * sizeof(*words));
	rest.words = words;
	rest.count -= 2;
	if (about && !json_flag(kind, "person"))
		rc = record_resolve_move(cli, &id, kind, NULL, words[0], err);
	if (rc == PMJ_OK)
		words[0] = id;
	if (rc == PMJ_OK || rc == PMJ_NOT_FOUND) {
		*err = (struct pmj_error){0};
		rc = run(cli, &rest, err);
	}
	free((void *)words);
	free(id);
	return rc;
}

enum pmj_code
kinds_command(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	/* `person show ID` means `show ID`. */
	static const struct {
		const char *verb;
		enum pmj_code (*run)(struct cli *, const struct args *, struct pmj_error *);
		bool about;
	} common[] = {{"show", record_show, false}, {"edit", record_edit, false},
	    {"void", record_void, false}, {"history", record_history, false},
	    {"plan", record_plan, false}, {"packet", record_packet, true},
	    {"paper", record_paper, true}, {"photo", record_photo, true}};
	const json_t *kind = kinds_named(cli, args->words[0]), *move;
	const char *verb = args->count > 1 ? args->words[1] : "list";

	move = kinds_move(kind, verb);
	if (move != NULL && json_flag(move, "starts") && names_no_record(args))
		return add(cli, args, kind, move, err);
	if (move != NULL)
		return move_record(cli, args, kind, move, err);
	if (strcmp(verb, "add") == 0)
		return add(cli, args, kind, NULL, err);
	if (strcmp(verb, "list") == 0)
		return list(cli, args, kind, err);
	if (strcmp(verb, "answer") == 0 && json_flag(kind, "sends"))
		return record_answer(cli, args, kind, err);
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++) {
		if (strcmp(verb, common[i].verb) != 0)
			continue;
		if (args->count < 3)
			return pmj_fail(err, PMJ_USAGE, "which %s?", kinds_label(kind));
		return run_common(cli, args, kind, common[i].run, common[i].about, err);
	}
	return fail_verb(kind, verb, err);
}
