/* completion.c - the tables and the kinds as six small functions in the shell's own language, each
 * a switch over what was typed. What asks them when TAB is pressed stands in conf/completion. */
#include "cli/completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/init.h"
#include "cli/kindfiles.h"
#include "cli/kinds.h"
#include "pamoja/limits.h"

struct shell {
	const char *name;
	const char *function, *is; /* NAME stands between them */
	const char *when, *then;   /* 'WORDS' stands between them */
	const char *next, *end;
	const char *quote, *backslash; /* what stands for these within quotes */
};
#define POSIX "", "() {\n\tcase $1 in\n", "\t", ")\n", " ;;\n", "\tesac\n}\n", "'\\''", "\\"
static const struct shell shells[] = {{"bash", POSIX}, {"zsh", POSIX},
    {"fish", "function ", "\n\tswitch \"$argv[1]\"\n", "\tcase ", "\n", "\n", "\tend\nend\n", "\\'",
        "\\\\"}};
#define SHELL_COUNT (sizeof(shells) / sizeof(*shells))

#define OFFERS "@OFFERS@" /* where the functions go in conf/completion's files */

/* The script being written. A case begins with its first offer, so that none is empty. */
struct script {
	const struct shell *shell;
	struct buf out;
	char *words; /* of the case that may begin, or has */
	bool open;
};

static void
put_quoted(struct script *to, const char *text)
{
	buf_put_text(&to->out, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_put_text(&to->out, to->shell->quote);
		else if (*text == '\\')
			buf_put_text(&to->out, to->shell->backslash);
		else
			buf_put(&to->out, text, 1);
	}
	buf_put_text(&to->out, "'");
}

static void
script_begin(struct script *to, const char *function)
{
	buf_putf(&to->out, "\n%s%s%s", to->shell->function, function, to->shell->is);
}

static void
end(struct script *to)
{
	buf_put_text(&to->out, to->shell->end);
}

/* After these words …; closes the case before. */
static void
when(struct script *to, const char *first, const char *second)
{
	bool two = second != NULL && *second != '\0';

	if (to->open)
		buf_put_text(&to->out, to->shell->next);
	to->open = false;
	free(to->words);
	to->words =
	    first == NULL ? NULL : mem_printf("%s%s%s", first, two ? " " : "", two ? second : "");
}

/* … this may come: PREFIX WORD SUFFIX, and behind a tab what it is. */
static void
offer(struct script *to, const char *prefix, const char *word, const char *suffix, const char *what)
{
	char *line = mem_printf("%s%s%s\t%s", prefix, word, suffix, what);

	if (!to->open) {
		buf_put_text(&to->out, to->shell->when);
		put_quoted(to, to->words);
		buf_putf(&to->out, "%s\t\tprintf '%%s\\n'", to->shell->then);
		to->open = true;
	}
	buf_put_text(&to->out, " ");
	put_quoted(to, line);
	free(line);
}

/* Was this first word offered by an earlier row of the table? */
static bool
offered_before(const struct command *row, size_t len)
{
	for (const struct command *c = command_table; c != row; c++)
		if (strcspn(c->name, " ") == len && strncmp(c->name, row->name, len) == 0)
			return true;
	return false;
}

static void
put_first_words(struct script *to, const char *after, const json_t *kinds)
{
	const json_t *kind;
	size_t i;

	when(to, after, NULL);
	for (const struct command *c = command_table; c->name != NULL; c++) {
		size_t len = strcspn(c->name, " ");
		char *word = mem_strndup(c->name, len);

		if (!offered_before(c, len))
			offer(to, "", word, "", c->name[len] == ' ' ? "" : c->summary);
		free(word);
	}
	json_array_foreach(kinds, i, kind)
	    offer(to, "", json_str(kind, "name"), "", json_str(kind, "label"));
	when(to, NULL, NULL);
}

/* A command whose words are "one|two|three" has them as choices. */
static void
put_choices(struct script *to, const char *words)
{
	char *copy, *rest, *word;

	if (strchr(words, '|') == NULL ||
	    strspn(words, "abcdefghijklmnopqrstuvwxyz|") != strlen(words))
		return;
	rest = copy = mem_strdup(words);
	while ((word = strsep(&rest, "|")) != NULL)
		offer(to, "", word, "", "");
	free(copy);
}

/* The second words of a group ("hub", "enrol", "kinds"), also behind `help`. */
static void
put_second_words(struct script *to, const char *before)
{
	for (const struct command *c = command_table; c->name != NULL; c++) {
		size_t len = strcspn(c->name, " ");
		char *first = mem_strndup(c->name, len);

		bool alone = c->name[len] == '\0' && *before == '\0';

		if (!offered_before(c, len)) {
			when(to, *before != '\0' ? before : first, *before != '\0' ? first : NULL);
			for (const struct command *d = command_table; d->name != NULL; d++)
				if (strncmp(d->name, c->name, len) == 0 && d->name[len] == ' ')
					offer(to, "", d->name + len + 1, "", d->summary);
			if (alone)
				put_choices(to, c->words);
		}
		free(first);
	}
	when(to, NULL, NULL);
}

static void
put_verbs(struct script *to, const json_t *kinds)
{
	static const char *const common[] = {"show", "edit", "void", "history"};
	const json_t *kind, *move;
	size_t i, j;

	json_array_foreach(kinds, i, kind)
	{
		when(to, json_str(kind, "name"), NULL);
		offer(to, "", "add", "", "record something new");
		offer(to, "", "list", "", "what there is");
		for (j = 0; j < sizeof(common) / sizeof(*common); j++) {
			const struct command *same = command_find(common[j], NULL);

			offer(to, "", common[j], "", same != NULL ? same->summary : "");
		}
		if (json_flag(kind, "person"))
			offer(to, "", "plan", "", "what the person takes home");
		if (json_flag(kind, "sends")) {
			offer(to, "", "packet", "", "what is handed over, with its notice");
			offer(to, "", "answer", "", "what was answered, by the code of a slip");
		}
		if (kinds_field(kind, "form_hash") != NULL) {
			offer(to, "", "paper", "", "which file is the signed paper");
			offer(to, "", "photo", "", "keeps its photo with it, or gives it back");
		}
		json_array_foreach(json_arr(kind, "moves"), j, move)
		    offer(to, "", json_str(move, "verb"), "", json_str(move, "label"));
	}
	when(to, NULL, NULL);
}

static void
put_options(struct script *to, const struct option *options)
{
	for (const struct option *o = options; o->name != NULL; o++)
		offer(to, "--", o->name, "", o->help);
}

static void
put_all_options(struct script *to, const json_t *kinds)
{
	const json_t *kind;
	size_t i;

	script_begin(to, "_pamoja_options");
	when(to, "", NULL);
	put_options(to, command_global);
	for (const struct command *c = command_table; c->name != NULL; c++) {
		when(to, c->name, NULL);
		put_options(to, c->options);
	}
	json_array_foreach(kinds, i, kind)
	{
		when(to, json_str(kind, "name"), "list");
		put_options(to, command_kind.options);
	}
	when(to, NULL, NULL);
	end(to);
}

/* The values of an option that has a known few; else what sort of thing it takes, in capitals. */
static void
put_takes(struct script *to, const char *command, const struct option *options, const json_t *kinds)
{
	const json_t *kind;
	size_t i;

	for (const struct option *o = options; o->name != NULL; o++) {
		char *words = mem_printf("%s --%s", command, o->name);

		when(to, words, NULL);
		free(words);
		if (o->takes == NULL)
			continue;
		if (strcmp(o->takes, "ROLE") == 0)
			for (i = 0; init_roles[i] != NULL; i++)
				offer(to, "", init_roles[i], "", "");
		else if (strcmp(o->takes, "KIND") == 0)
			json_array_foreach(kinds, i, kind)
			    offer(to, "", json_str(kind, "name"), "", json_str(kind, "label"));
		else
			offer(to, "", o->takes, "", "");
	}
	when(to, NULL, NULL);
}

static void
put_all_takes(struct script *to, const json_t *kinds)
{
	const json_t *kind;
	size_t i;

	script_begin(to, "_pamoja_takes");
	put_takes(to, "", command_global, kinds);
	for (const struct command *c = command_table; c->name != NULL; c++)
		put_takes(to, c->name, c->options, kinds);
	json_array_foreach(kinds, i, kind)
	{
		char *list = mem_printf("%s list", json_str(kind, "name"));

		put_takes(to, list, command_kind.options, kinds);
		free(list);
	}
	end(to);
	script_begin(to, "_pamoja_args");
	for (const struct command *c = command_table; c->name != NULL; c++)
		if (strcmp(c->words, "FILE") == 0 || strcmp(c->words, "DIR") == 0) {
			when(to, c->name, NULL);
			offer(to, "", c->words, "", "");
		}
	when(to, NULL, NULL);
	end(to);
}

static void
put_values(struct script *to, const json_t *field)
{
	static const struct {
		const char *type, *values[4];
	} known[] = {{"yes-no", {"yes", "no"}}, {"date", {"today", "yesterday", "tomorrow"}}};
	const char *type = json_str(field, "type");
	bool past = json_flag(field, "past");
	const json_t *choice;
	size_t i;

	json_array_foreach(json_arr(field, "choices"), i, choice)
	    offer(to, "", json_str(choice, "value"), "", "");
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		for (size_t j = 0; strcmp(type, known[i].type) == 0 && known[i].values[j] != NULL;
		     j++)
			if (!past || strcmp(known[i].values[j], "tomorrow") != 0)
				offer(to, "", known[i].values[j], "", "");
}

static void
put_fields(struct script *to, const json_t *kinds)
{
	const json_t *kind, *field;
	size_t i, j;

	script_begin(to, "_pamoja_fields");
	json_array_foreach(kinds, i, kind)
	{
		when(to, json_str(kind, "name"), NULL);
		json_array_foreach(json_arr(kind, "fields"), j, field)
		    offer(to, "", json_str(field, "name"), "=", json_str(field, "label"));
	}
	when(to, NULL, NULL);
	end(to);
	script_begin(to, "_pamoja_values");
	json_array_foreach(kinds, i, kind)
	{
		json_array_foreach(json_arr(kind, "fields"), j, field)
		{
			when(to, json_str(kind, "name"), json_str(field, "name"));
			put_values(to, field);
		}
	}
	when(to, NULL, NULL);
	end(to);
}

static void
put_script(struct script *to, const json_t *kinds)
{
	script_begin(to, "_pamoja_words");
	put_first_words(to, "", kinds);
	put_first_words(to, "help", kinds);
	put_second_words(to, "");
	put_second_words(to, "help");
	put_verbs(to, kinds);
	end(to);
	put_all_options(to, kinds);
	put_all_takes(to, kinds);
	put_fields(to, kinds);
}

enum pmj_code
completion_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct script script = {0};
	json_t *kinds = NULL;
	enum pmj_code rc;
	const char *mark = NULL;
	struct buf rest;
	char *path;

	for (size_t i = 0; i < SHELL_COUNT; i++)
		if (strcmp(shells[i].name, args->words[0]) == 0)
			script.shell = &shells[i];
	if (script.shell == NULL) {
		(void)pmj_fail(
		    err, PMJ_USAGE, "no completion is known for \"%.40s\"", args->words[0]);
		pmj_hint(err, "choose bash, zsh or fish");
		return PMJ_USAGE;
	}
	path = mem_printf("%s/completion/pamoja.%s", conf_dir(), script.shell->name);
	buf_init(&script.out, 0);
	buf_init(&rest, PMJ_CONF_FILE_MAX);
	rc = kindfiles_read(&kinds, cli->client.home, cli->client.lang, err);
	if (rc == PMJ_OK)
		rc = fs_read(&rest, &os_real, path, PMJ_CONF_FILE_MAX, err);
	if (rc == PMJ_OK && (mark = strstr(buf_text(&rest), OFFERS)) == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "%s has no line " OFFERS, path);
	if (rc == PMJ_OK) {
		buf_put(&script.out, rest.bytes, (size_t)(mark - buf_text(&rest)));
		put_script(&script, kinds);
		buf_put_text(&script.out, mark + strlen(OFFERS));
		(void)fputs(buf_text(&script.out), stdout);
	}
	json_decref(kinds);
	buf_close(&rest);
	buf_close(&script.out);
	free(path);
	return rc;
}
