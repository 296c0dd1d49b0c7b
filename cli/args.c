#include "cli/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/sandbox.h"
#include "base/text.h"

#define COUNT_MAX 100000 /* what a terminal or a pipe may want; it comes in many answers */

/* One block holds every argument's bytes, so that one wipe forgets them all. */
static char *hidden;
static size_t hidden_bytes;
static char **hidden_list;

char **
args_hide(int argc, char **argv)
{
	size_t count = argc > 0 ? (size_t)argc : 0;
	size_t at = 0;

	sandbox_basics();
	for (size_t i = 0; i < count; i++)
		hidden_bytes += strlen(argv[i]) + 1;
	hidden = mem_new(hidden_bytes + 1);
	hidden_list = mem_array(count + 1, sizeof(*hidden_list));
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(argv[i]);

		hidden_list[i] = memcpy(hidden + at, argv[i], len + 1);
		at += len + 1;
		if (i > 0)
			mem_wipe(argv[i], len);
	}
	return hidden_list;
}

void
args_forget(void)
{
	if (hidden != NULL)
		mem_wipe(hidden, hidden_bytes);
	free(hidden);
	free(hidden_list);
	hidden = NULL;
	hidden_list = NULL;
	hidden_bytes = 0;
}

static const struct option *
find_option(const struct option *const *tables, const char *name, size_t len)
{
	for (; *tables != NULL; tables++)
		for (const struct option *o = *tables; o->name != NULL; o++)
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
				return o;
	return NULL;
}

static enum pmj_code
fail_unknown(struct pmj_error *err, const struct option *const *tables, const char *word)
{
	const char *name = word + strspn(word, "-");
	const char *names[128];
	char field[61];
	const char *near;
	size_t count = 0;

	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(name, "="), name);
	(void)pmj_fail(err, PMJ_USAGE, "there is no option %.60s here", word);
	for (; *tables != NULL; tables++)
		for (const struct option *o = *tables; o->name != NULL && count < 128; o++)
			names[count++] = o->name;
	near = text_nearest(name, names, count);
	if (near != NULL)
		pmj_hint(err, "did you mean --%s? a field is written without dashes: %s=VALUE",
		    near, field);
	else
		pmj_hint(err,
		    "add --help to see the options; a field is written without dashes: %s=VALUE",
		    field);
	return PMJ_USAGE;
}

/* Take the option at argv[*at]; steps over its value when that is a word of its own. */
static enum pmj_code
take_option(struct args *out, char **argv, size_t *at, const struct option *const *tables,
    struct pmj_error *err)
{
	const char *name = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
	const char *equals = strchr(name, '=');
	const char *value = "";
	const struct option *option;
	size_t len;

	name += strncmp(name, "--", 2) == 0 ? 2 : 1;
	len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	option = argv[*at][1] == '-' || argv[*at][1] == 'h' ? find_option(tables, name, len) : NULL;
	if (option == NULL)
		return fail_unknown(err, tables, argv[*at]);
	if (option->takes == NULL && equals != NULL)
		return pmj_fail(err, PMJ_USAGE, "--%s takes no value", option->name);
	if (option->takes != NULL && equals != NULL)
		value = equals + 1;
	else if (option->takes != NULL && (value = argv[*at + 1]) == NULL)
		return pmj_fail(
		    err, PMJ_USAGE, "--%s needs a value: --%s %s", name, name, option->takes);
	else if (option->takes != NULL)
		(*at)++;
	if (out->given_count == ARGS_GIVEN_MAX)
		return pmj_fail(err, PMJ_USAGE, "too many options");
	out->given[out->given_count].name = option->name;
	out->given[out->given_count++].value = value;
	return PMJ_OK;
}

enum pmj_code
args_parse(struct args *out, char **argv, const struct option *const *tables, struct pmj_error *err)
{
	bool words_only = false;
	enum pmj_code rc;
	size_t count = 0;

	while (argv[count] != NULL)
		count++;
	*out = (struct args){.words = mem_array(count + 1, sizeof(char *))};
	for (size_t i = 0; i < count; i++) {
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0') {
			out->words[out->count++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if ((rc = take_option(out, argv, &i, tables, err)) != PMJ_OK) {
			args_close(out);
			return rc;
		}
	}
	return PMJ_OK;
}

void
args_close(struct args *args)
{
	free(args->words);
	*args = (struct args){0};
}

bool
args_has(const struct args *args, const char *name)
{
	return args_value(args, name) != NULL;
}

const char *
args_value(const struct args *args, const char *name)
{
	for (size_t i = args->given_count; i > 0; i--)
		if (strcmp(args->given[i - 1].name, name) == 0)
			return args->given[i - 1].value;
	return NULL;
}

size_t
args_first_word(char **argv, const struct option *table)
{
	const struct option *tables[] = {table, NULL};
	const struct option *option;
	size_t i;

	for (i = 0; argv[i] != NULL && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argv[i + 1] != NULL ? i + 1 : i;
		option = strncmp(argv[i], "--", 2) == 0
		             ? find_option(tables, argv[i] + 2, strlen(argv[i] + 2))
		             : NULL;
		if (option != NULL && option->takes != NULL && argv[i + 1] != NULL)
			i++;
	}
	return i;
}

char *
args_join(const struct args *args, size_t from)
{
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = from; i < args->count; i++) {
		if (i > from)
			buf_put_text(&out, " ");
		buf_put_text(&out, args->words[i]);
	}
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}

enum pmj_code
args_date(char out[static 11], const struct args *args, const char *name, struct pmj_error *err)
{
	const char *text = args_value(args, name);
	int64_t now = os_now(&os_real);

	*out = '\0';
	if (text == NULL || date_read(out, text, now, os_real.offset_minutes(NULL, now)))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "--%s %.40s is not a date", name, text);
	pmj_hint(err, "write it as 2026-11-23, yesterday or \"3 days ago\"");
	return PMJ_INVALID;
}

enum pmj_code
args_number(
    long *out, const struct args *args, const char *name, long otherwise, struct pmj_error *err)
{
	const char *text = args_value(args, name);
	char *end = NULL;

	*out = otherwise;
	if (text == NULL)
		return PMJ_OK;
	*out = strtol(text, &end, 10);
	if (end == text || *end != '\0' || *out < 1 || *out > COUNT_MAX)
		return pmj_fail(err, PMJ_INVALID, "--%s %.40s is not a count; use 1 to %d", name,
		    text, COUNT_MAX);
	return PMJ_OK;
}
