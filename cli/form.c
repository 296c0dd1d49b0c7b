#include "cli/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/record.h"
#include "cli/term.h"
#include "pamoja/limits.h"

enum answer { ANSWER_NEXT, ANSWER_AGAIN, ANSWER_BACK, ANSWER_END };

static enum pmj_code
check_date(json_t **out, const char *typed, struct pmj_error *err)
{
	int64_t now = os_now(&os_real);
	char date[11];

	if (!date_read(date, typed, now, os_real.offset_minutes(NULL, now))) {
		(void)pmj_fail(err, PMJ_INVALID, "\"%.40s\" is not a date", typed);
		pmj_hint(err, "write it as 2026-11-23, today, yesterday, 3 days ago or monday");
		return PMJ_INVALID;
	}
	*out = json_string(date);
	return PMJ_OK;
}

static enum pmj_code
check_integer(json_t **out, const json_t *field, const char *typed, struct pmj_error *err)
{
	int64_t least = json_int(field, "least", -PMJ_JSON_INT_MAX),
	        most = json_int(field, "most", PMJ_JSON_INT_MAX);
	char *end = NULL;
	long long n;

	errno = 0;
	n = strtoll(typed, &end, 10);
	if (end == typed || *end != '\0' || errno != 0)
		return pmj_fail(err, PMJ_INVALID, "\"%.40s\" is not a whole number", typed);
	if (n < least || n > most)
		return pmj_fail(err, PMJ_INVALID, "%lld is out of range; use %lld to %lld", n,
		    (long long)least, (long long)most);
	*out = json_integer(n);
	return PMJ_OK;
}

/* The value of one choice: its number in the list, its value or its label. */
static const char *
one_choice(const json_t *field, const char *typed)
{
	const json_t *choices = json_arr(field, "choices"), *choice;
	char *end = NULL;
	long n = strtol(typed, &end, 10);
	size_t i;

	json_array_foreach(choices, i, choice)
	{
		const char *value = json_str(choice, "value"), *label = json_str(choice, "label");

		if ((end != typed && *end == '\0' && n == (long)i + 1) ||
		    (value != NULL && text_same(value, typed)) ||
		    (label != NULL && text_same(label, typed)))
			return value;
	}
	return NULL;
}

static enum pmj_code
check_choice(json_t **out, const json_t *field, const char *typed, struct pmj_error *err)
{
	const char *value = one_choice(field, typed);

	/* To an open list a word may be added; a number is one mistyped. */
	if (value == NULL &&
	    (!json_flag(field, "open") || typed[strspn(typed, "0123456789")] == '\0')) {
		(void)pmj_fail(err, PMJ_INVALID, "\"%.40s\" is not in the list", typed);
		pmj_hint(err, "type the number of a choice");
		return PMJ_INVALID;
	}
	*out = json_string(value != NULL ? value : typed);
	return PMJ_OK;
}

static enum pmj_code
check_choices(json_t **out, const json_t *field, const char *typed, struct pmj_error *err)
{
	char *copy = mem_strdup(typed), *rest = copy, *part;
	enum pmj_code rc = PMJ_OK;
	json_t *list = json_array(), *one;

	while (rc == PMJ_OK && (part = strsep(&rest, ",;")) != NULL) {
		while (*part == ' ')
			part++;
		while (*part != '\0' && part[strlen(part) - 1] == ' ')
			part[strlen(part) - 1] = '\0';
		if (*part == '\0')
			continue;
		one = NULL;
		if ((rc = check_choice(&one, field, part, err)) == PMJ_OK)
			(void)json_array_append_new(list, one);
	}
	free(copy);
	if (rc == PMJ_OK)
		*out = json_incref(list);
	json_decref(list);
	return rc;
}

enum pmj_code
form_check(json_t **out, const json_t *field, const char *typed, struct pmj_error *err)
{
	const char *type = json_str(field, "type");

	*out = NULL;
	if (type != NULL && strcmp(type, "link") == 0 && one_choice(field, typed) != NULL)
		*out = json_string(one_choice(field, typed));
	if (type == NULL || strcmp(type, "link") == 0)
		return PMJ_OK;
	if (strcmp(type, "date") == 0)
		return check_date(out, typed, err);
	if (strcmp(type, "integer") == 0)
		return check_integer(out, field, typed, err);
	if (strcmp(type, "choice") == 0)
		return check_choice(out, field, typed, err);
	if (strcmp(type, "choices") == 0)
		return check_choices(out, field, typed, err);
	if (strcmp(type, "time") == 0 && !date_is_time(typed)) {
		(void)pmj_fail(err, PMJ_INVALID, "\"%.40s\" is not a time", typed);
		pmj_hint(err, "write it as 14:05");
		return PMJ_INVALID;
	}
	*out = json_string(typed);
	return *out != NULL ? PMJ_OK : pmj_fail(err, PMJ_INVALID, "this text is not UTF-8");
}

/* A name was typed where a record is meant: take the only one, or let the person choose by number.
 */
static enum pmj_code
choose_link(
    struct cli *cli, json_t **out, const json_t *field, const char *typed, struct pmj_error *err)
{
	const char *kind = json_str(field, "link");
	json_t *items = NULL, *item;
	struct buf answer;
	enum pmj_code rc;
	char *id = NULL;
	size_t i;

	rc = record_resolve(cli, &id, kind, typed, err);
	if (rc == PMJ_NOT_FOUND && json_flag(field, "open")) {
		*out = json_string(typed);
		return PMJ_OK;
	}
	if (rc == PMJ_OK)
		*out = json_string(id);
	free(id);
	if (rc != PMJ_AMBIGUOUS)
		return rc;
	if ((rc = record_candidates(cli, &items, kind, typed, err)) != PMJ_OK)
		return rc;
	json_array_foreach(items, i, item)
	    term_note("    %zu  %s  %s\n", i + 1, json_str(item, "short"), json_str(item, "title"));
	buf_init(&answer, 0);
	rc = pmj_fail(err, PMJ_INVALID, "none was chosen");
	if (term_ask(&answer, "  which number? ")) {
		long n = strtol(buf_text(&answer), NULL, 10);

		item = n > 0 ? json_array_get(items, (size_t)n - 1) : NULL;
		if (item != NULL) {
			*out = json_string(json_str(item, "id"));
			rc = PMJ_OK;
		}
	}
	buf_wipe(&answer);
	json_decref(items);
	return rc;
}

#define CHOICES_TALL 12 /* more would push the first ones off a small screen ... */
#define CHOICES_WIDE 76 /* ... and stand beside each other */

static void
show_choices(const json_t *field)
{
	bool tall = json_array_size(json_arr(field, "choices")) <= CHOICES_TALL;
	const json_t *choice;
	size_t column = 0, i;

	json_array_foreach(json_arr(field, "choices"), i, choice)
	{
		char *one = mem_printf("    %zu  %s", i + 1, json_str(choice, "label"));

		if (column > 0 && (tall || column + text_columns(one) > CHOICES_WIDE)) {
			term_note("\n");
			column = 0;
		}
		term_note("%s", one);
		column += text_columns(one);
		free(one);
	}
	term_note(column > 0 ? "\n" : "");
}

static void
show_help(const json_t *field)
{
	const char *help = json_str(field, "help"), *example = json_str(field, "example");
	const char *link = json_str(field, "link");

	if (help != NULL)
		term_note("    %s\n", help);
	if (example != NULL)
		term_note("    for example: %s\n", example);
	if (link != NULL)
		term_note("    type a name, or the short id from `pamoja %s list`\n", link);
	if (json_str(field, "default") != NULL)
		term_note(
		    "    Enter takes what stands in brackets; \"chose not to say\" records just "
		    "that;\n");
	else if (json_flag(field, "required"))
		term_note("    An answer is needed; \"chose not to say\" records just that;\n");
	else
		term_note("    Enter leaves it out; \"chose not to say\" records just that;\n");
	term_note("    \"back\" goes one back; Ctrl-D stops without saving\n");
}

static void
say_slip(const struct pmj_error *err)
{
	char *message = lang_message(err->message), *hint = lang_message(err->hint);

	term_note("    %s%s%s\n", message, *hint != '\0' ? "; " : "", hint);
	free(message);
	free(hint);
}

/* An open list takes any word; of one that is near to its own it is asked which was meant. */
static json_t *
meant_choice(const json_t *field, json_t *value)
{
	const json_t *choices = json_arr(field, "choices"), *choice;
	const char *typed = json_string_value(value), *near, **names;
	size_t count = 0, i;

	if (typed == NULL || json_array_size(choices) == 0 || one_choice(field, typed) != NULL)
		return value;
	names = mem_array(json_array_size(choices), sizeof(*names));
	json_array_foreach(choices, i, choice) names[count++] = json_str(choice, "value");
	near = text_meant(typed, names, count);
	free(names);
	if (near != NULL &&
	    term_yes(true, "    \"%s\" is no word of the list. Was %s meant?", typed, near)) {
		json_decref(value);
		value = json_string(near);
	}
	return value;
}

static void
meant_choices(const json_t *field, json_t **value)
{
	json_t *one;
	size_t i;

	*value = meant_choice(field, *value);
	if (json_is_array(*value))
		json_array_foreach(*value, i, one)
		{
			(void)json_array_set_new(*value, i, meant_choice(field, json_incref(one)));
		}
}

/* Another question that says what was typed here ("crisis" where it is asked how they met), or
 * NULL. */
static const json_t *
asked_elsewhere(const json_t *kind, const json_t *field, const char *typed)
{
	const json_t *other;
	size_t i;

	if (json_array_size(json_arr(field, "choices")) == 0 || one_choice(field, typed) != NULL)
		return NULL;
	json_array_foreach(json_arr(kind, "fields"), i, other)
	{
		const char *type = json_str(other, "type");

		if (other != field && type != NULL && strcmp(type, "yes-no") == 0 &&
		    (text_same(json_str(other, "name"), typed) ||
		        text_same(kinds_label(other), typed)))
			return other;
	}
	return NULL;
}

/* Then that one is answered, and this one asked again. */
static bool
answered_elsewhere(json_t *fields, const json_t *kind, const json_t *field, const char *typed)
{
	const json_t *other = asked_elsewhere(kind, field, typed);

	if (other == NULL ||
	    !term_yes(true, "    \"%s\" is a question of its own. Was \"%s: yes\" meant?", typed,
	        kinds_label(other)))
		return false;
	(void)json_object_set_new(fields, json_str(other, "name"), json_true());
	return true;
}

/* "Energy (1 to 5)": what is counted by hand has so few that they are said. */
static char *
range_of(const json_t *field)
{
	long long least = (long long)json_int(field, "least", 0),
	          most = (long long)json_int(field, "most", 0);

	return most > least && most <= 60 ? mem_printf(lang_text(" (%lld to %lld)"), least, most)
	                                  : mem_strdup("");
}

static enum answer
ask_field(struct cli *cli, json_t *fields, const json_t *kind, const json_t *field)
{
	const char *name = json_str(field, "name"), *otherwise = json_str(field, "default");
	bool required = json_flag(field, "required");
	struct pmj_error err = {0};
	enum answer next = ANSWER_AGAIN;
	json_t *value = NULL;
	struct buf line;
	enum pmj_code rc = PMJ_OK;
	char *range = range_of(field);

	buf_init(&line, 0);
	if (!term_ask(&line, "%s%s%s%s%s%s ", kinds_label(field), range,
	        required ? lang_text(" (required)") : "", otherwise != NULL ? " [" : "",
	        otherwise != NULL ? otherwise : "", otherwise != NULL ? "]:" : ":")) {
		next = ANSWER_END;
	} else if (strcmp(buf_text(&line), "?") == 0) {
		show_help(field);
	} else if (strcmp(buf_text(&line), "back") == 0 ||
	           text_same(buf_text(&line), lang_text("back"))) {
		next = ANSWER_BACK;
	} else if (line.len == 0 && required && otherwise == NULL) {
		term_note("    this one is needed; \"?\" says more\n");
	} else if (line.len == 0) {
		(void)json_object_del(fields, name);
		next = ANSWER_NEXT;
	} else if (!answered_elsewhere(fields, kind, field, buf_text(&line))) {
		if (kinds_declines(buf_text(&line)))
			value = json_pack("{s:b}", "declined", 1);
		else if ((rc = form_check(&value, field, buf_text(&line), &err)) == PMJ_OK &&
		         value == NULL)
			rc = choose_link(cli, &value, field, buf_text(&line), &err);
		if (rc == PMJ_OK)
			meant_choices(field, &value);
		if (rc == PMJ_OK && json_object_set_new(fields, name, value) == 0)
			next = ANSWER_NEXT;
		else
			say_slip(&err);
	}
	free(range);
	buf_wipe(&line);
	return next;
}

enum pmj_code
form_ask(
    struct cli *cli, json_t *fields, const json_t *kind, const json_t *names, struct pmj_error *err)
{
	size_t at = 0;

	term_note("Type ? for help on a question, back for the one before, Ctrl-D to stop.\n");
	while (at < json_array_size(names)) {
		const char *name = json_string_value(json_array_get(names, at));
		const json_t *field = kinds_field(kind, name);
		enum answer next;

		if (field == NULL)
			return pmj_fail(err, PMJ_FAILED, "the kind has no field %s", name);
		if (json_arr(field, "choices") != NULL)
			show_choices(field);
		next = ask_field(cli, fields, kind, field);
		if (next == ANSWER_END) {
			(void)pmj_fail(err, PMJ_USAGE, "stopped; nothing was saved");
			return PMJ_USAGE;
		}
		if (next == ANSWER_NEXT)
			at++;
		else if (next == ANSWER_BACK && at > 0)
			at--;
	}
	return PMJ_OK;
}
