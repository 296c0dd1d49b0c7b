/* help_kind.c - a kind's verbs, fields and examples, made from its declaration. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define FIELD_COLUMN 24 /* where the words about a field begin */

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

	help_title(LANG_N("Fields"));
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
		if (json_int(field, "most", 0) > json_int(field, "least", 0))
			term_say(" (%lld to %lld)", (long long)json_int(field, "least", 0),
			    (long long)json_int(field, "most", 0));
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
	json_array_foreach(asks, i, ask) term_say("%s %s%s", i == 0 ? lang_text("; needs") : "",
	    json_string_value(ask), i + 1 < json_array_size(asks) ? "," : "");
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
	help_title(LANG_N("Examples"));
	term_say("  pamoja %s %s ID\n", json_str(kind, "name"), json_str(move, "verb"));
	say_move_example(kind, move);
	if (json_flag(move, "starts"))
		say_new_example(kind, json_str(move, "verb"));
}

/* ---- verbs that are no moves ---- */

static bool
takes_home(const json_t *kind)
{
	return json_flag(kind, "person");
}

static bool
is_sent(const json_t *kind)
{
	return json_flag(kind, "sends");
}

static bool
has_paper(const json_t *kind)
{
	return kinds_field(kind, "form_hash") != NULL;
}

/* What more can be done with some kinds: of which, what is typed behind the verb, what it does. */
static const struct other {
	const char *verb;
	bool (*of)(const json_t *kind);
	const char *words, *text;
} others[] = {
    {"plan", takes_home, "ID [--out FILE] [--format text|html]",
        LANG_N("what the person takes home: shown, to read out, or a page to print")},
    {"packet", is_sent, "ID [--out FILE] [--format text|html|pdf]",
        LANG_N("what is handed over: the notice, the consent, and what it covers")},
    {"packet", is_sent, "ID --locked --out FILE.pdf",
        LANG_N("the same for who has no Pamoja: a PDF that six words open")},
    {"answer", is_sent, "CODE VERB", LANG_N("what was answered, by the code of the slip")},
    {"paper", has_paper, "ID FILE [--check]", LANG_N("which file is the signed paper")},
    {"photo", has_paper, "ID FILE", LANG_N("keeps its photo or scan with it, sealed")},
    {"photo", has_paper, "ID --out FILE", LANG_N("gives it back")},
};
#define OTHERS (sizeof(others) / sizeof(*others))

static void
say_other(const json_t *kind, const struct other *other)
{
	term_say("  pamoja %s %s %s\n      %s\n", json_str(kind, "name"), other->verb, other->words,
	    lang_text(other->text));
}

/* False: no such verb of this kind. */
static bool
help_other(const json_t *kind, const char *verb)
{
	const char *name = json_str(kind, "name");
	bool any = false;

	for (const struct other *o = others; o < others + OTHERS; o++)
		if (strcmp(o->verb, verb) == 0 && o->of(kind)) {
			say_other(kind, o);
			any = true;
		}
	if (!any)
		return false;
	help_title(LANG_N("Examples"));
	for (const struct other *o = others; o < others + OTHERS; o++) {
		if (strcmp(o->verb, verb) != 0 || !o->of(kind))
			continue;
		if (strcmp(verb, "answer") == 0)
			term_say("  pamoja %s answer k7m2q-4qxp9 accept\n", name);
		else if (strcmp(verb, "paper") == 0 || strcmp(o->words, "ID FILE") == 0)
			term_say("  pamoja %s %s 7k3f9 /media/stick/signed.jpg\n", name, verb);
		else if (strcmp(verb, "photo") == 0)
			term_say("  pamoja %s photo 7k3f9 --out signed.jpg\n", name);
		else if (strstr(o->words, "--locked") != NULL)
			term_say("  pamoja %s packet 7k3f9 --locked --out packet.pdf\n", name);
		else
			term_say("  pamoja %s %s 7k3f9\n  pamoja %s %s 7k3f9 --out %s.html\n", name,
			    verb, name, verb, verb);
	}
	return true;
}

/* ---- a kind ---- */

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
	if (verb != NULL && help_other(kind, verb))
		return PMJ_OK;
	term_put(stdout, PAINT_BOLD, kinds_label(kind));
	term_say("\n");
	if (help != NULL)
		print_wrapped(2, help);
	help_title(LANG_N("Commands"));
	term_say(
	    "  pamoja %s add [FIELD=VALUE …]    without fields it asks; - reads standard input\n"
	    "  pamoja %s list [FIELD=VALUE …] [--since DATE] [--limit N] [--all]\n",
	    name, name);
	json_array_foreach(moves, i, move) say_move(kind, move);
	for (const struct other *o = others; o < others + OTHERS; o++)
		if (o->of(kind))
			say_other(kind, o);
	say_fields(kind);
	help_title(LANG_N("Examples"));
	term_say("  pamoja %s add\n", name);
	say_new_example(kind, "add");
	term_say("  pamoja %s list --since \"7 days ago\"\n", name);
	return PMJ_OK;
}
