/* record.c - one record: `show`, `edit`, `void`, `history`. */
#include "cli/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/form.h"
#include "cli/home.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

static const char *
conflict_label(const json_t *kind, const char *name)
{
	const json_t *field = name != NULL ? kinds_field(kind, name) : NULL;

	if (field != NULL)
		return kinds_label(field);
	return name != NULL && strcmp(name, "state") == 0 ? lang_text("State") : name;
}

static void
show_conflicts(const json_t *conflicts, const json_t *kind)
{
	const json_t *conflict, *value;
	char when[PRINT_WHEN_MAX];
	size_t i, j;

	json_array_foreach(conflicts, i, conflict)
	{
		term_say("  ");
		term_put(stdout, PAINT_WARN, lang_text("Two people wrote different things"));
		term_say(" for %s:\n", conflict_label(kind, json_str(conflict, "field")));
		json_array_foreach(json_arr(conflict, "values"), j, value)
		{
			char *text = print_conflicting(value);

			term_say("    %zu  %s  (%s, %s)\n", j + 1, text, json_str(value, "by"),
			    print_when(when, json_object_get(value, "at")));
			free(text);
		}
	}
	if (json_array_size(conflicts) > 0)
		term_say("  The coordinator decides: pamoja hub conflicts\n");
}

/* As wide as the widest of the four labels, in whatever language. */
static size_t
origin_width(void)
{
	const char *const labels[] = {
	    LANG_N("Where"), LANG_N("Why"), LANG_N("Written by"), LANG_N("First")};
	size_t width = 12;

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (text_columns(lang_text(labels[i])) > width)
			width = text_columns(lang_text(labels[i]));
	return width;
}

static void
show_by(const json_t *item)
{
	char when[PRINT_WHEN_MAX];
	const json_t *who;
	struct buf names;
	size_t i;

	buf_init(&names, 0);
	json_array_foreach(json_arr(item, "by"), i, who)
	{
		const char *name = json_str(who, "name");

		buf_putf(&names, "%s%s", i > 0 ? ", " : "",
		    name != NULL && *name != '\0' ? name : json_str(who, "device"));
	}
	print_pair("Written by", buf_text(&names), origin_width());
	print_pair("First", print_when(when, json_object_get(item, "made_at")), origin_width());
	buf_wipe(&names);
}

static void
say_handed_over(const json_t *item)
{
	const char *to = json_str(item, "handed_to");
	char when[PRINT_WHEN_MAX];

	if (to == NULL) {
		term_say("  Handed over: this is no longer yours.\n");
		return;
	}
	(void)print_when(when, json_object_get(item, "handed_at"));
	if (*to != '\0')
		term_say("  Handed over to %s on %s.\n", to, when);
	else
		term_say("  Handed over on %s.\n", when);
}

/* Of a person, a note that matters most and is empty: it is to be asked for, not guessed. */
static const char *
text_or_ask(const json_t *kind, const json_t *field, const json_t *texts)
{
	const char *name = json_str(field, "name"), *text = json_str(texts, name),
	           *type = json_str(field, "type");

	if ((text == NULL || *text == '\0') && json_flag(kind, "person") && type != NULL &&
	    strcmp(type, "note") == 0 && kinds_lists(json_arr(kind, "brief"), name))
		return lang_text("not written down: ask the person first");
	return text;
}

/* Whoever opens what is due is about to call: how to, and how not to, stands there. */
static void
show_reach(struct cli *cli, const char *id, size_t width)
{
	char *path = mem_printf("/v1/record/%s", id != NULL ? id : "");
	json_t *person = NULL;
	const json_t *kind, *name, *field;
	struct pmj_error ignored;
	size_t i;

	if (id != NULL && client_get(&cli->client, &person, path, &ignored) == PMJ_OK &&
	    !json_flag(person, "handed_over")) {
		kind = kinds_named(cli, json_str(person, "kind") ? json_str(person, "kind") : "");
		json_array_foreach(json_arr(kind, "brief"), i, name)
		{
			const char *key = json_string_value(name), *type;

			field = kinds_field(kind, key);
			type = json_str(field, "type");
			if (type != NULL &&
			    (strcmp(type, "note") == 0 || strcmp(type, "phone") == 0))
				print_pair(kinds_label(field),
				    text_or_ask(kind, field, json_obj(person, "texts")), width);
		}
	}
	json_decref(person);
	free(path);
}

static void
show_item(struct cli *cli, const json_t *item)
{
	const char *name = json_str(item, "kind");
	const json_t *kind = kinds_named(cli, name != NULL ? name : "");
	const json_t *texts = json_obj(item, "texts"), *field;
	size_t width = 12, i;

	term_put(stdout, PAINT_BOLD, json_str(item, "title") ? json_str(item, "title") : "");
	term_say("   %s %s\n", kind != NULL ? kinds_label(kind) : name, json_str(item, "short"));
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		size_t columns = text_columns(kinds_label(field));

		width = columns > width && columns <= 30 ? columns : width;
	}
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		print_pair(kinds_label(field), text_or_ask(kind, field, texts), width);
		if (kinds_lists(json_arr(kind, "subjects"), json_str(field, "name")))
			show_reach(cli, json_str(json_obj(item, "fields"), json_str(field, "name")),
			    width);
	}
	print_pair("State", json_str(item, "state_label"), width);
	record_say_uncovered(item, 2);
	if (json_flag(item, "voided"))
		term_say("  Voided: it counts no longer, but stays in the history.\n");
	if (json_flag(item, "stale"))
		term_say(json_str(item, "checked") != NULL
		             ? LANG_N("  To be checked: last seen to be so on %s.\n")
		             : LANG_N("  To be checked: nobody knows whether this is still so.\n"),
		    json_str(item, "checked"));
	if (json_flag(item, "consent_taken_back"))
		term_say("  The consent was taken back after this was sent. Tell them, then "
		         "withdraw or close "
		         "it: what they know cannot be undone.\n");
	if (json_flag(item, "handed_over"))
		say_handed_over(item);
	term_say("\n");
	print_pair("Where", print_sync(json_str(item, "sync")), origin_width());
	print_pair("Why", json_str(item, "reason"), origin_width());
	photo_say(item, origin_width());
	show_by(item);
	show_conflicts(json_arr(item, "conflicts"), kind);
}

static void
show_moves(struct cli *cli, const json_t *item)
{
	const char *name = json_str(item, "kind"), *state = json_str(item, "state");
	const json_t *kind = kinds_named(cli, name != NULL ? name : "");

	if (!json_flag(item, "voided") && !json_flag(item, "handed_over"))
		kinds_say_moves(kind, state, json_str(item, "short"), false);
}

enum pmj_code
record_about(struct cli *cli, json_t **out, const char *typed, const char *tail, const json_t *body,
    struct pmj_error *err)
{
	enum pmj_code rc;
	char *id = NULL, *path;

	if ((rc = record_resolve(cli, &id, NULL, typed, err)) != PMJ_OK)
		return rc;
	path = mem_printf("/v1/record/%s%s", id, tail);
	rc = body != NULL ? client_post(&cli->client, out, path, body, err)
	                  : client_get(&cli->client, out, path, err);
	free(path);
	free(id);
	return rc;
}

/* Of a person, unless they were handed over; *out stays NULL of anything else. */
static enum pmj_code
get_around(struct cli *cli, json_t **out, const json_t *item, struct pmj_error *err)
{
	const char *kind = json_str(item, "kind");

	if (kind == NULL || !json_flag(kinds_named(cli, kind), "person") ||
	    json_flag(item, "handed_over"))
		return PMJ_OK;
	return record_get_around(cli, out, json_str(item, "id"), err);
}

enum pmj_code
record_show(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *item = NULL, *around = NULL;
	enum pmj_code rc;

	if ((rc = record_about(cli, &item, typed, "", NULL, err)) == PMJ_OK)
		rc = get_around(cli, &around, item, err);
	if (rc == PMJ_OK && cli->json) {
		if (around != NULL)
			(void)json_object_set(item, "around", around);
		print_json(item);
	} else if (rc == PMJ_OK) {
		show_item(cli, item);
		if (around != NULL)
			rc = record_around(cli, around, json_str(item, "short"), err);
		show_moves(cli, item);
	}
	json_decref(around);
	json_decref(item);
	free(typed);
	return rc;
}

/* Without fields: which ones? Ask for one after the other, Enter leaves a field as it is. */
static enum pmj_code
ask_changes(struct cli *cli, json_t *fields, const char *typed, struct pmj_error *err)
{
	const json_t *kind, *texts, *field;
	json_t *item = NULL, *named;
	enum pmj_code rc;
	size_t i;

	if ((rc = record_about(cli, &item, typed, "", NULL, err)) != PMJ_OK)
		return rc;
	kind = kinds_named(cli, json_str(item, "kind") ? json_str(item, "kind") : "");
	texts = json_obj(item, "texts");
	named = json_pack("{s:[], s:[]}", "fields", "names");
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		json_t *copy = json_copy((json_t *)field);
		const char *now = json_str(texts, json_str(field, "name"));

		(void)json_object_set_new(copy, "required", json_false());
		(void)json_object_del(copy, "default");
		if (now != NULL && *now != '\0')
			(void)json_object_set_new(copy, "default", json_string(now));
		(void)json_array_append_new(json_object_get(named, "fields"), copy);
		(void)json_array_append(
		    json_object_get(named, "names"), json_object_get(field, "name"));
	}
	rc = form_ask(cli, fields, named, json_object_get(named, "names"), err);
	if (rc == PMJ_OK && json_object_size(fields) == 0)
		rc = pmj_fail(err, PMJ_USAGE, "nothing was changed");
	json_decref(named);
	json_decref(item);
	return rc;
}

/* *kind: of the record that is changed, where it was found. */
static enum pmj_code
post_edit(struct cli *cli, json_t **answer, const json_t **kind, const char *typed,
    const json_t *fields, struct pmj_error *err)
{
	json_t *body = json_pack("{s:O}", "fields", fields), *item = NULL;
	enum pmj_code rc = record_about(cli, &item, typed, "", NULL, err);

	if (rc == PMJ_OK && json_str(item, "kind") != NULL)
		*kind = kinds_named(cli, json_str(item, "kind"));
	if (rc == PMJ_OK && *kind != NULL)
		rc = kinds_resolve_links(cli, json_object_get(body, "fields"), *kind, err);
	if (rc == PMJ_OK)
		rc = record_about(cli, answer, typed, "/edit", body, err);
	json_decref(item);
	json_decref(body);
	return rc;
}

enum pmj_code
record_edit(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *fields = NULL, *answer = NULL;
	const json_t *kind = NULL;
	enum pmj_code rc;
	bool asked;

	if ((rc = fields_take(&fields, args, 1, err)) != PMJ_OK)
		return rc;
	asked = json_object_size(fields) == 0 && term_can_ask();
	if (asked && (rc = home_open(cli, err)) == PMJ_OK)
		rc = ask_changes(cli, fields, args->words[0], err);
	else if (json_object_size(fields) == 0 && !asked)
		rc = pmj_fail(err, PMJ_USAGE, "say what to change: pamoja edit ID FIELD=VALUE");
	while (rc == PMJ_OK) {
		rc = post_edit(cli, &answer, &kind, args->words[0], fields, err);
		if (!asked || !home_opened_again(cli, rc, err))
			break;
		rc = PMJ_OK;
	}
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		term_say("Saved. See it: pamoja show %s\n", json_str(answer, "short"));
		kinds_say_new_words(kind, answer);
		kinds_say_unusable(answer);
		kinds_say_reminders(answer);
	}
	json_decref(fields);
	json_decref(answer);
	return rc;
}

enum pmj_code
record_void(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *reason = args_join(args, 1);
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc = PMJ_OK;
	struct buf asked;

	buf_init(&asked, 0);
	if (*reason == '\0' && term_can_ask()) {
		(void)term_ask(&asked, "Why does it not count? ");
		free(reason);
		reason = mem_strdup(buf_text(&asked));
	}
	if (*reason == '\0')
		rc = pmj_fail(err, PMJ_USAGE, "say why: pamoja void ID REASON");
	body = json_pack("{s:s}", "reason", reason);
	if (rc == PMJ_OK && body == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "the reason is not UTF-8 text");
	if (rc == PMJ_OK)
		rc = record_about(cli, &answer, args->words[0], "/void", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("%s is voided: it counts no longer, and stays in the history.\n",
		    json_str(answer, "short"));
	json_decref(body);
	json_decref(answer);
	buf_wipe(&asked);
	free(reason);
	return rc;
}

/* What an entry did, in a word: its verb, or what can be seen of it. */
static const char *
deed(const json_t *event, bool first)
{
	const char *verb = json_str(event, "verb");

	if (verb != NULL)
		return verb;
	if (json_object_get(json_obj(event, "set"), "voided") != NULL)
		return lang_text("voided it");
	return first ? lang_text("made it") : lang_text("changed it");
}

/* The value of a field in words; a state's are its kind's. */
static char *
event_text(const json_t *kind, const char *name, const json_t *value)
{
	const json_t *state;
	size_t i;

	if (strcmp(name, "state") == 0)
		json_array_foreach(json_arr(kind, "states"), i, state)
		{
			if (json_is_string(value) &&
			    strcmp(json_str(state, "name"), json_string_value(value)) == 0)
				return mem_strdup(kinds_label(state));
		}
	return print_value(value);
}

static void
show_event(const json_t *kind, const json_t *event, bool first)
{
	const char *role = json_str(event, "role");
	char when[PRINT_WHEN_MAX];
	const char *name;
	json_t *value;

	term_put(stdout, PAINT_BOLD, print_when(when, json_object_get(event, "at")));
	term_say("  %s", json_str(event, "by") ? json_str(event, "by") : "");
	if (role != NULL && *role != '\0')
		term_say(" (%s)", lang_text(role));
	term_say(" %s", deed(event, first));
	term_put(stdout, PAINT_DIM, "   ");
	term_put(stdout, PAINT_DIM, print_sync(json_str(event, "sync")));
	term_say("\n");
	json_object_foreach(json_object_get(event, "set"), name, value)
	{
		char *text = event_text(kind, name, value);

		print_pair(
		    conflict_label(kind, name), *text != '\0' ? text : lang_text("(cleared)"), 20);
		free(text);
	}
	print_pair("why", json_str(event, "reason"), 20);
}

enum pmj_code
record_history(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *answer = NULL, *item = NULL, *event;
	enum pmj_code rc;
	size_t i;

	rc = record_about(cli, &answer, typed, "/history", NULL, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && (rc = record_about(cli, &item, typed, "", NULL, err)) == PMJ_OK)
		json_array_foreach(json_object_get(answer, "items"), i, event) show_event(
		    kinds_named(cli, json_str(item, "kind") != NULL ? json_str(item, "kind") : ""),
		    event, i == 0);
	json_decref(item);
	json_decref(answer);
	free(typed);
	return rc;
}
