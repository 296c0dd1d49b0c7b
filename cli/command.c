/* command.c - the command that was typed: found, its arguments sorted, run. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/help.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/term.h"
#include "pamoja/api.h"

/* The nearest of the table's commands and, where they can be asked, of the kinds. */
static const char *
nearest(const char *typed, bool two_words, const json_t *kinds)
{
	const char *names[192];
	const json_t *kind;
	size_t count = 0, i;

	for (const struct command *c = command_table; c->name != NULL && count < 128; c++)
		if ((strchr(c->name, ' ') != NULL) == two_words)
			names[count++] = c->name;
	json_array_foreach(kinds, i, kind)
	{
		if (count < 192)
			names[count++] = json_str(kind, "name");
	}
	return text_nearest(typed, names, count);
}

/* No such command, nor one of the kinds (NULL: not looked for). */
static enum pmj_code
fail_unknown_command(
    const char *first, const char *second, const json_t *kinds, struct pmj_error *err)
{
	char typed[128];
	const char *near;

	(void)snprintf(typed, sizeof(typed), "%s%s%s", first, second != NULL ? " " : "",
	    second != NULL ? second : "");
	near = nearest(typed, second != NULL, kinds);
	(void)pmj_fail(err, PMJ_USAGE, "there is no command or kind \"%.80s\"", typed);
	if (near != NULL)
		pmj_hint(err, "did you mean `pamoja %s`?", near);
	else
		pmj_hint(err, "`pamoja help%s%s` shows what there is", second != NULL ? " " : "",
		    second != NULL ? first : "");
	return PMJ_USAGE;
}

/* A kind, if the daemon has one of this name. When it cannot be asked, the word may have been one,
 * unless it is near to a command: asked once, so that a daemon that comes up meanwhile does not
 * make one and the same word unknown and known. */
static enum pmj_code
choose_kind(
    struct cli *cli, const struct command **command, const char *first, struct pmj_error *err)
{
	const json_t *kind = NULL, *kinds = NULL;
	enum pmj_code rc = kinds_find(cli, &kind, first, err);

	if (rc == PMJ_OK && kind == NULL)
		rc = kinds_load(cli, &kinds, err);
	if (rc != PMJ_OK && nearest(first, false, NULL) == NULL) {
		pmj_context(
		    err, "\"%.40s\" is no command, and the kinds could not be asked", first);
		return rc;
	}
	if (kind == NULL)
		return fail_unknown_command(first, NULL, kinds, err);
	*command = &command_kind;
	return PMJ_OK;
}

static enum pmj_code
check_count(const struct command *command, const struct args *args, struct pmj_error *err)
{
	if (args->count >= command->least && args->count <= command->most)
		return PMJ_OK;
	if (args->count < command->least)
		(void)pmj_fail(
		    err, PMJ_USAGE, "`pamoja %s` needs more: %s", command->name, command->words);
	else
		(void)pmj_fail(err, PMJ_USAGE, "`pamoja %s` takes less: \"%.60s\" is too much",
		    command->name, args->words[command->most]);
	pmj_hint(err, "`pamoja %s --help` shows how it is written", command->name);
	return PMJ_USAGE;
}

/* Help asked for with --help: of the table's command, or of the kind and its verb. */
static enum pmj_code
help_for(
    struct cli *cli, const struct command *command, const struct args *args, struct pmj_error *err)
{
	if (command != &command_kind) {
		help_command(command);
		return PMJ_OK;
	}
	return help_kind(
	    kinds_named(cli, args->words[0]), args->count > 1 ? args->words[1] : NULL, err);
}

static enum pmj_code
run_words(struct cli *cli, const struct command *command, struct args *args, struct pmj_error *err)
{
	bool kind = command == &command_kind;
	struct args rest = *args;

	if (args_has(args, "help"))
		return help_for(cli, command, args, err);
	if (!kind) {
		size_t words = strchr(command->name, ' ') != NULL ? 2 : 1;

		rest.words += words;
		rest.count -= words;
	}
	if (!kind && check_count(command, &rest, err) != PMJ_OK)
		return PMJ_USAGE;
	return command->run(cli, &rest, err);
}

/* The command of the first words. *command stays NULL for help on everything or on a group. */
static enum pmj_code
choose(struct cli *cli, const struct command **command, char **argv, struct pmj_error *err)
{
	size_t at = args_first_word(argv, command_global);
	const char *first = argv[at], *second = first != NULL ? argv[at + 1] : NULL;

	*command = NULL;
	if (first == NULL || first[0] == '-')
		return PMJ_OK;
	if (second != NULL && second[0] == '-')
		second = NULL;
	if ((*command = command_find(first, second)) != NULL)
		return PMJ_OK;
	if (command_is_group(first))
		return second == NULL ? PMJ_OK : fail_unknown_command(first, second, NULL, err);
	return choose_kind(cli, command, first, err);
}

static void
set_options(struct cli *cli, const struct args *args)
{
	const char *from_env = getenv(PMJ_ENV_PASSPHRASE_FILE);

	cli->json = args_has(args, "json");
	cli->passphrase_file = args_value(args, "passphrase-file");
	if (cli->passphrase_file == NULL && from_env != NULL && *from_env != '\0')
		cli->passphrase_file = from_env;
}

/* Without a command: help, the version, or what the group of commands offers. */
static enum pmj_code
run_none(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args_has(args, "version")) {
		term_say("pamoja %s\n", PAMOJA_VERSION);
		return PMJ_OK;
	}
	if (cli->json && !args_has(args, "help"))
		return pmj_fail(err, PMJ_USAGE, "which command?");
	if (args->count > 0)
		help_group(args->words[0]);
	else
		help_all(cli);
	if (args_has(args, "help") || (args->count == 0 && args->given_count == 0))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE,
	    args->count > 0 ? "the second word of the command is missing" : "which command?");
	if (args->count > 0 && strcmp(args->words[0], "hub") == 0)
		pmj_hint(err, "what there is to do at the hub: pamoja hub today");
	return PMJ_USAGE;
}

/* Options that shape everything else, wherever they stand. A word after "--" is none. */
static void
look_ahead(char **argv, const char **home, bool *json, bool *no_input)
{
	for (size_t i = 0; argv[i] != NULL && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			*json = true;
		else if (strcmp(argv[i], "--no-input") == 0)
			*no_input = true;
		else if (strcmp(argv[i], "--home") == 0 && argv[i + 1] != NULL)
			*home = argv[i + 1];
		else if (strncmp(argv[i], "--home=", 7) == 0)
			*home = argv[i] + 7;
	}
}

static const struct option no_options[] = {{NULL, NULL, NULL}};

enum pmj_code
command_run(char **argv, bool *json, struct pmj_error *err)
{
	const struct option *tables[] = {command_global, no_options, NULL};
	const struct command *command = NULL;
	const char *home = NULL;
	struct args args = {0};
	struct cli cli = {0};
	bool no_input = false;
	enum pmj_code rc;

	look_ahead(argv, &home, json, &no_input);
	lang_use(client_language());
	term_init(no_input);
	cli.json = *json;
	if ((rc = client_init(&cli.client, home, err)) != PMJ_OK ||
	    (rc = choose(&cli, &command, argv, err)) != PMJ_OK)
		goto out;
	if (command != NULL)
		tables[1] = command->options;
	if ((rc = args_parse(&args, argv, tables, err)) != PMJ_OK)
		goto out;
	set_options(&cli, &args);
	rc = command == NULL ? run_none(&cli, &args, err) : run_words(&cli, command, &args, err);
out:
	args_close(&args);
	json_decref(cli.kinds);
	json_decref(cli.some_kinds);
	client_close(&cli.client);
	return rc;
}
