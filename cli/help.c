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

static const char *const group_titles[] = {
    LANG_N("Yours"), LANG_N("Records"), LANG_N("Exchange"), LANG_N("At the hub")};

void
help_title(const char *title)
{
	term_say("\n");
	term_put(stdout, PAINT_BOLD, lang_text(title));
	term_say("\n");
}

/* "  left      what it is": what does not fit the line goes on below itself. */
static void
beside(const char *left, const char *text)
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
		beside(left, o->help);
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
		beside(left, c->summary);
	}
}

static void
say_kinds(struct cli *cli)
{
	const json_t *kinds = NULL, *kind;
	struct buf line;
	size_t i;

	beside("KIND add [FIELD=VALUE …]", LANG_N("record something new; without fields it asks"));
	beside("KIND list [FIELD=VALUE …]", LANG_N("what there is"));
	beside("KIND VERB ID", LANG_N("what one can do, such as `referral send ID`"));
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
		help_title(group_titles[group]);
		say_commands((enum command_group)group);
		if (group == GROUP_RECORDS)
			say_kinds(cli);
	}
	help_title(LANG_N("With every command"));
	say_options(command_global);
	help_title(LANG_N("First steps"));
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
	help_title(LANG_N("Examples"));
	term_say("  pamoja %s%s%s\n", command->name, *typed != '\0' ? " " : "", typed);
}

void
help_command(const struct command *command)
{
	term_say(
	    "pamoja %s%s%s\n", command->name, *command->words != '\0' ? " " : "", command->words);
	term_say("  %s\n", lang_text(command->summary));
	if (command->options->name != NULL) {
		help_title(LANG_N("Options"));
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
