#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define FIELD_COLUMN 24 /* where the words about a field begin */

static const char *const group_titles[] = {
    LANG_N("Yours"), LANG_N("Records"), LANG_N("Exchange"), LANG_N("At the hub")};

static void
say_title(const char *title)
{
	(void)puts("");
	term_put(stdout, PAINT_BOLD, lang_text(title));
	(void)puts("");
}

/* "  left      what it is": what does not fit the line goes on below itself. */
static void
say_beside(const char *left, const char *text)
{
	size_t columns = text_columns(left);

	term_say("  %s%*s", left, columns < 29 ? (int)(29 - columns) : 1, "");
	print_wrapped_after(31, lang_text(text));
}

static void
say_options(const struct option *options)
{
	for (const struct option *o = options; o->name != NULL; o++) {
		char left[48];

		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->takes != NULL ? " " : "",
		    o->takes != NULL ? o->takes : "");
		say_beside(left, o->help);
	}
}

static void
say_commands(enum command_group group)
{
	for (const struct command *c = command_table; c->name != NULL; c++) {
		char left[64];

		if (c->group != group)
			continue;
		(void)snprintf(
		    left, sizeof(left), "%s%s%s", c->name, *c->words != '\0' ? " " : "", c->words);
		say_beside(left, c->summary);
	}
}

static void
say_kinds(struct cli *cli)
{
	const json_t *kinds = NULL, *kind;
	struct buf line;
	size_t i;

	say_beside(
	    "KIND add [FIELD=VALUE …]", LANG_N("record something new; without fields it asks"));
	say_beside("KIND list [FIELD=VALUE …]", LANG_N("what there is"));
	say_beside("KIND VERB ID", LANG_N("what one can do, such as `referral send ID`"));
	if (!client_is_up(&cli->client) || kinds_load(cli, &kinds, NULL) != PMJ_OK) {
		term_say(
		    "  `pamoja kinds` shows the kinds, such as person, contact and referral.\n");
		return;
	}
	buf_init(&line, 0);
	buf_putf(&line, "%s", lang_text("Kinds:"));
	json_array_foreach(kinds, i, kind)
	    buf_putf(&line, "%s %s", i > 0 ? "," : "", json_str(kind, "name"));
	buf_putf(&line, "%s", lang_text(". `pamoja KIND --help` shows the fields."));
	print_wrapped(2, buf_text(&line));
	buf_close(&line);
}

void
help_all(struct cli *cli)
{
	term_say("Pamoja keeps the records of peers and allies, offline and sealed.\n\n"
	         "  pamoja [--home DIR] [--json] COMMAND …\n");
	for (int group = 0; group < GROUP_KIND; group++) {
		say_title(group_titles[group]);
		say_commands((enum command_group)group);
		if (group == GROUP_RECORDS)
			say_kinds(cli);
	}
	say_title(LANG_N("With every command"));
	say_options(command_global);
	say_title(LANG_N("First steps"));
	term_say("  pamoja init             make a home for your records\n"
	         "  pamoja person add       record the first person\n"
	         "  pamoja status           how things stand, and what to do next\n"
	         "\nWhat you type is not kept: leave fields out and you are asked for them.\n");
}

/* An example of a command whose text has none of its own: its name, and something in the place of
 * each word it takes. */
static void
say_command_example(const struct command *command)
{
	static const char *const places[][2] = {{"ID REASON", "7k3f9 entered twice"},
	    {"ID", "7k3f9"}, {"PERSON WORKER …", "7k3f9 Juma"}, {"WORDS", "baraka clinic"},
	    {"DIR", "/media/stick"}, {"FILE", "ride.ini"}, {"[COMMAND]", "contact"},
	    {"INVITATION", "--file /media/stick/invitation"}};
	const char *typed = "";

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strcmp(command->words, places[i][0]) == 0)
			typed = places[i][1];
	say_title(LANG_N("Examples"));
	term_say("  pamoja %s%s%s\n", command->name, *typed != '\0' ? " " : "", typed);
}

void
help_command(const struct command *command)
{
	term_say(
	    "pamoja %s%s%s\n", command->name, *command->words != '\0' ? " " : "", command->words);
	term_say("  %s\n", lang_text(command->summary));
	if (command->options->name != NULL) {
		say_title(LANG_N("Options"));
		say_options(command->options);
	}
	if (command->more != NULL)
		term_say("\n%s", lang_text(command->more));
	if (command->more == NULL || strstr(command->more, "Examples:") == NULL)
		say_command_example(command);
}

void
help_group(const char *first)
{
	size_t len = strlen(first);

	for (const struct command *c = command_table; c->name != NULL; c++)
		if (strncmp(c->name, first, len) == 0 && c->name[len] == ' ')
			term_say(
			    "  pamoja %s %s\n      %s\n", c->name, c->words, lang_text(c->summary));
}

/* What a value of this field looks like, for an example line. */
static const char *
example_of(const json_t *field)
{
	static const struct {
		const char *type, *example;
	} types[] = {{"date", "today"}, {"time", "14:05"}, {"integer", "30"}, {"decimal", "1.5"},
	    {"yes-no", "yes"}, {"phone", "0712000000"}};
	const char *type = json_str(field, "type"), *example = json_str(field, "example");
	const json_t *first = json_array_get(json_arr(field, "choices"), 0);

	if (example != NULL)
		return example;
	if (first != NULL)
		return json_str(first, "value");
	for (size_t i = 0; type != NULL && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(type, types[i].type) == 0)
			return types[i].example;
	return json_str(field, "link") != NULL ? "ID" : "…";
}

static void
say_pair(const json_t *field)
{
	const char *example = example_of(field);
	bool quote = strpbrk(example, " ;&|()*?<>'") != NULL;

	term_say(
	    " %s=%s%s%s", json_str(field, "name"), quote ? "\"" : "", example, quote ? "\"" : "");
}

/* The required fields, and up to two more so that the line shows how. */
static void
say_new_example(const json_t *kind, const char *verb)
{
	const json_t *field;
	size_t others = 0, i;

	term_say("  pamoja %s %s", json_str(kind, "name"), verb);
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		if (json_flag(field, "required"))
			say_pair(field);
		else if (others < 2 && json_str(field, "example") != NULL) {
			say_pair(field);
			others++;
		}
	}
	term_say("\n");
}

static void
say_choices(const json_t *field)
{
	const json_t *choices = json_arr(field, "choices"), *choice;
	struct buf all;
	size_t i;

	if (json_array_size(choices) == 0)
		return;
	buf_init(&all, 0);
	json_array_foreach(choices, i, choice)
	{
		const char *value = json_str(choice, "value"), *label = json_str(choice, "label");

		buf_putf(&all, "%s%s", i > 0 ? " · " : "", value);
		if (label != NULL && !text_same(label, value))
			buf_putf(&all, " (%s)", label);
	}
	buf_put_text(&all, json_flag(field, "open") ? lang_text(" · or something else") : "");
	print_wrapped(FIELD_COLUMN, buf_text(&all));
	buf_close(&all);
}

static void
say_fields(const json_t *kind)
{
	const json_t *field;
	size_t i;

	say_title(LANG_N("Fields"));
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *help = json_str(field, "help"), *otherwise = json_str(field, "default");
		const char *link = json_str(field, "link"), *label = kinds_label(field);

		term_say("  %-20s  ", json_str(field, "name"));
		term_put(stdout, PAINT_BOLD, label);
		term_say("%s", json_flag(field, "required") && otherwise == NULL
		                   ? lang_text(", required")
		                   : "");
		if (link != NULL)
			term_say(", a %s (name or id)", link);
		else
			term_say(", %s", json_str(field, "type"));
		if (otherwise != NULL)
			term_say(", else %s", otherwise);
		if (json_str(field, "example") != NULL)
			term_say(", such as %s", json_str(field, "example"));
		term_say("\n");
		if (help != NULL)
			print_wrapped(FIELD_COLUMN, help);
		say_choices(field);
	}
	term_say("\n  Any field may be \"chose not to say\". Dates: 2026-11-23, today, 3 days ago, "
	         "monday.\n");
}

static void
say_move(const json_t *kind, const json_t *move)
{
	const json_t *asks = json_arr(move, "asks"), *ask;
	char left[64];
	size_t i;

	(void)snprintf(
	    left, sizeof(left), "%s %s ID", json_str(kind, "name"), json_str(move, "verb"));
	term_say("  pamoja %-28s %s", left, kinds_label(move));
	if (json_flag(move, "starts"))
		term_say("; with FIELD=VALUE … and no ID, at once");
	json_array_foreach(asks, i, ask)
	    term_say("%s %s", i == 0 ? lang_text("; needs") : ",", json_string_value(ask));
	if (json_flag(move, "needs_consent"))
		term_say("; needs the person's consent");
	term_say("\n");
}

static void
say_move_example(const json_t *kind, const json_t *move)
{
	const json_t *ask;
	size_t i;

	term_say("  pamoja %s %s ID", json_str(kind, "name"), json_str(move, "verb"));
	json_array_foreach(json_arr(move, "asks"), i, ask)
	{
		const json_t *field = kinds_field(kind, json_string_value(ask));

		if (field != NULL)
			say_pair(field);
	}
	term_say(" on=yesterday\n");
}

static void
help_move(const json_t *kind, const json_t *move)
{
	const json_t *from = json_arr(move, "from"), *state;
	size_t i;

	say_move(kind, move);
	term_say("    from:");
	json_array_foreach(from, i, state)
	    term_say("%s %s", i > 0 ? "," : "", json_string_value(state));
	term_say(" → %s\n", json_str(move, "to"));
	say_title(LANG_N("Examples"));
	term_say("  pamoja %s %s ID\n", json_str(kind, "name"), json_str(move, "verb"));
	say_move_example(kind, move);
	if (json_flag(move, "starts"))
		say_new_example(kind, json_str(move, "verb"));
}

enum pmj_code
help_kind(const json_t *kind, const char *verb, struct pmj_error *err)
{
	const json_t *moves = json_arr(kind, "moves"), *move;
	const char *name = json_str(kind, "name"), *help = json_str(kind, "help");
	size_t i;

	if (name == NULL)
		return pmj_fail(err, PMJ_NOT_FOUND, "this kind is not known");
	if (verb != NULL && (move = kinds_move(kind, verb)) != NULL) {
		help_move(kind, move);
		return PMJ_OK;
	}
	term_put(stdout, PAINT_BOLD, kinds_label(kind));
	term_say("\n");
	if (help != NULL)
		print_wrapped(2, help);
	say_title(LANG_N("Commands"));
	term_say(
	    "  pamoja %s add [FIELD=VALUE …]    without fields it asks; - reads standard input\n"
	    "  pamoja %s list [FIELD=VALUE …] [--since DATE] [--limit N] [--all]\n",
	    name, name);
	json_array_foreach(moves, i, move) say_move(kind, move);
	if (json_flag(kind, "person"))
		term_say("  pamoja %s plan ID               what the person takes home\n", name);
	if (json_flag(kind, "sends"))
		term_say(
		    "  pamoja %s packet ID [--out FILE] [--format text|html|pdf]\n"
		    "      what is handed over: the notice, the consent, and what it covers\n"
		    "  pamoja %s packet ID --locked --out FILE.pdf\n"
		    "      the same for who has no Pamoja: a PDF that six words open\n"
		    "  pamoja %s answer CODE VERB     what was answered, by the code of the slip\n",
		    name, name, name);
	if (kinds_field(kind, "form_hash") != NULL)
		term_say(
		    "  pamoja %s paper ID FILE [--check]   which file is the signed paper\n"
		    "  pamoja %s photo ID FILE        keeps its photo or scan with it, sealed\n"
		    "  pamoja %s photo ID --out FILE  gives it back\n",
		    name, name, name);
	say_fields(kind);
	say_title(LANG_N("Examples"));
	term_say("  pamoja %s add\n", name);
	say_new_example(kind, "add");
	term_say("  pamoja %s list --since \"7 days ago\"\n", name);
	return PMJ_OK;
}

static json_t *
options_json(const struct option *options)
{
	json_t *list = json_array();

	for (const struct option *o = options; o->name != NULL; o++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "name", o->name,
		                                      "takes", o->takes, "help", o->help));
	return list;
}

/* The tables as a document: what the manual and other programs are made from. */
static void
help_json(void)
{
	json_t *commands = json_array(), *statuses = json_array(), *all;

	for (const struct command *c = command_table; c->name != NULL; c++)
		(void)json_array_append_new(
		    commands, json_pack("{s:s, s:s, s:s, s:s, s:o, s:s?}", "name", c->name, "words",
		                  c->words, "group", group_titles[c->group], "summary", c->summary,
		                  "options", options_json(c->options), "more", c->more));
	for (int status = 0; pmj_exit_meaning(status) != NULL; status++)
		(void)json_array_append_new(statuses, json_string(pmj_exit_meaning(status)));
	all = json_pack("{s:o, s:o, s:o, s:o}", "commands", commands, "kind_options",
	    options_json(command_kind.options), "options", options_json(command_global),
	    "exit_statuses", statuses);
	print_json(all);
	json_decref(all);
}

enum pmj_code
help_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const struct command *command;
	const json_t *kind;

	if (args->count == 0) {
		if (cli->json)
			help_json();
		else
			help_all(cli);
		return PMJ_OK;
	}
	command = command_find(args->words[0], args->count > 1 ? args->words[1] : NULL);
	if (command != NULL) {
		help_command(command);
		return PMJ_OK;
	}
	if (command_is_group(args->words[0])) {
		help_group(args->words[0]);
		return PMJ_OK;
	}
	if ((kind = kinds_named(cli, args->words[0])) != NULL)
		return help_kind(kind, args->count > 1 ? args->words[1] : NULL, err);
	(void)pmj_fail(err, PMJ_USAGE, "there is no command or kind \"%.40s\"", args->words[0]);
	pmj_hint(err, "`pamoja help` shows all");
	return PMJ_USAGE;
}
