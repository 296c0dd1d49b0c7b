/* kinds.c - the kinds as the daemon declares them; names in link fields made into ids; `kinds`. */
#include "cli/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"
#include "pamoja/limits.h"

enum pmj_code
kinds_load(struct cli *cli, const json_t **out, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if (cli->kinds == NULL)
		rc = client_get(&cli->client, &cli->kinds, "/v1/kinds", err);
	*out = json_arr(cli->kinds, "kinds");
	return rc;
}

/* The member of a list of objects whose `key` is this text. */
static const json_t *
named(const json_t *list, const char *key, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *name = json_str(item, key);

		if (name != NULL && strcmp(name, text) == 0)
			return item;
	}
	return NULL;
}

const json_t *
kinds_in(const json_t *list, const char *name)
{
	return named(list, "name", name);
}

static const json_t *
known(const struct cli *cli, const char *name)
{
	return kinds_in(cli->kinds != NULL ? json_arr(cli->kinds, "kinds") : cli->some_kinds, name);
}

/* names: with commas between. */
static enum pmj_code
ask_for(struct cli *cli, const char *names, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;
	struct buf path;

	buf_init(&path, 0);
	buf_put_text(&path, "/v1/kinds?name=");
	http_escape(&path, names);
	rc = client_get(&cli->client, &answer, buf_text(&path), err);
	if (cli->some_kinds == NULL)
		cli->some_kinds = json_array();
	if (rc == PMJ_OK)
		(void)json_array_extend(cli->some_kinds, json_object_get(answer, "kinds"));
	json_decref(answer);
	buf_close(&path);
	return rc;
}

enum pmj_code
kinds_find(struct cli *cli, const json_t **out, const char *name, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if ((*out = known(cli, name)) == NULL && cli->kinds == NULL) {
		rc = ask_for(cli, name, err);
		*out = known(cli, name);
	}
	return rc;
}

const json_t *
kinds_named(struct cli *cli, const char *name)
{
	const json_t *all = NULL, *found = NULL;

	/* Where there is none, nobody has to ask for it again. */
	if (kinds_find(cli, &found, name, NULL) == PMJ_OK && found == NULL &&
	    kinds_load(cli, &all, NULL) == PMJ_OK)
		found = kinds_in(all, name);
	return found;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The kinds of the items, each once, in order. Borrowed from the items, but for the list. */
static const char **
kind_names_of(size_t *count, const json_t *items)
{
	const char **names = mem_array(json_array_size(items) + 1, sizeof(*names)), *name;
	size_t all = 0, i;
	const json_t *item;

	json_array_foreach(items, i, item)
	{
		if ((name = json_str(item, "kind")) != NULL)
			names[all++] = name;
	}
	if (all > 0)
		qsort((void *)names, all, sizeof(*names), by_name);
	*count = 0;
	for (i = 0; i < all; i++)
		if (*count == 0 || strcmp(names[*count - 1], names[i]) != 0)
			names[(*count)++] = names[i];
	return names;
}

enum pmj_code
kinds_of(struct cli *cli, json_t **out, const json_t *items, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const char **names;
	size_t count = 0;
	struct buf ask;

	names = kind_names_of(&count, items);
	*out = json_array();
	buf_init(&ask, 0);
	for (size_t i = 0; i < count; i++)
		if (known(cli, names[i]) == NULL)
			buf_putf(&ask, "%s%s", ask.len > 0 ? "," : "", names[i]);
	if (ask.len > 0 && cli->kinds == NULL)
		rc = ask_for(cli, buf_text(&ask), err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (known(cli, names[i]) != NULL)
			(void)json_array_append(*out, (json_t *)known(cli, names[i]));
	buf_close(&ask);
	free((void *)names);
	return rc;
}

const json_t *
kinds_field(const json_t *kind, const char *name)
{
	return kinds_in(json_arr(kind, "fields"), name);
}

const json_t *
kinds_move(const json_t *kind, const char *verb)
{
	return named(json_arr(kind, "moves"), "verb", verb);
}

bool
kinds_lists(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

const char *
kinds_text_field(const json_t *kind)
{
	const json_t *field = named(json_arr(kind, "fields"), "type", "note");

	if (field == NULL)
		field = named(json_arr(kind, "fields"), "type", "text");
	return json_str(field, "name");
}

const char *
kinds_label(const json_t *thing)
{
	static const char *const keys[] = {"label", "title", "name"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_str(thing, keys[i]) != NULL)
			return json_str(thing, keys[i]);
	return "";
}

bool
kinds_declines(const char *typed)
{
	static const char *const words[] = {
	    "-declined-", "chose not to say", "hakutaka kusema", "amechagua kutosema"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (text_same(typed, words[i]))
			return true;
	return text_same(typed, lang_text("chose not to say"));
}

/* Is this the whole title of that record? */
static bool
is_title_of(struct cli *cli, const char *id, const char *typed)
{
	char *path = mem_printf("/v1/record/%s", id);
	json_t *item = NULL;
	bool same = client_get(&cli->client, &item, path, NULL) == PMJ_OK &&
	            json_str(item, "title") != NULL && text_same(json_str(item, "title"), typed);

	json_decref(item);
	free(path);
	return same;
}

static enum pmj_code
resolve_link(
    struct cli *cli, json_t *fields, const json_t *field, const char *typed, struct pmj_error *err)
{
	bool open = json_flag(field, "open");
	enum pmj_code rc;
	char *id = NULL;

	rc = record_resolve(cli, &id, json_str(field, "link"), typed, err);
	if (rc == PMJ_OK &&
	    (!open || strncmp(id, typed, strlen(typed)) == 0 || is_title_of(cli, id, typed)))
		(void)json_object_set_new(fields, json_str(field, "name"), json_string(id));
	free(id);
	if ((rc != PMJ_AMBIGUOUS && rc != PMJ_NOT_FOUND) || open)
		return PMJ_OK;
	pmj_context(err, "%s", json_str(field, "name"));
	return rc;
}

enum pmj_code
kinds_resolve_links(struct cli *cli, json_t *fields, const json_t *kind, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const json_t *field;
	size_t i;

	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *typed = json_str(fields, json_str(field, "name"));
		struct pmj_error mine = {0};

		if (json_str(field, "link") == NULL || typed == NULL || *typed == '\0' ||
		    kinds_declines(typed))
			continue;
		if ((rc = resolve_link(cli, fields, field, typed, &mine)) != PMJ_OK) {
			if (err != NULL)
				*err = mine;
			return rc;
		}
	}
	return rc;
}

void
kinds_say_new_words(const json_t *kind, const json_t *answer)
{
	const json_t *word;
	size_t i;

	json_array_foreach(json_arr(answer, "new_words"), i, word)
	{
		const char *field = json_str(word, "field"), *near = json_str(word, "near");
		const char *of = json_str(word, "of");

		term_note("Saved as typed: %s=%s is no word of the list. Was %s%s%s meant?\n",
		    field, json_str(word, "value"), of != NULL ? of : "", of != NULL ? "=" : "",
		    near);
		field = of != NULL ? of : field;
		if (json_flag(kind, "append_only"))
			term_note("Then: pamoja void %s mistyped, and add it again.\n",
			    json_str(answer, "short"));
		else
			term_note("Then: pamoja edit %s %s=\"%s\"\n", json_str(answer, "short"),
			    field, near);
	}
}

void
kinds_say_unusable(const json_t *answer)
{
	const json_t *unusable = json_obj(answer, "unusable");

	if (unusable != NULL) {
		char *missing = lang_message(json_str(unusable, "missing"));
		char *hint = lang_message(json_str(unusable, "hint"));

		term_note("It allows nothing as it is: %s\n  %s\n", missing, hint);
		free(missing);
		free(hint);
	}
}

enum pmj_code
kinds_list(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	static const char *const heads[] = {LANG_N("KIND"), LANG_N("WHAT"), LANG_N("ABOUT")};
	const json_t *kinds = NULL, *kind;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	(void)args;
	if ((rc = kinds_load(cli, &kinds, err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(cli->kinds);
		return PMJ_OK;
	}
	table = table_new(heads, 3);
	json_array_foreach(kinds, i, kind)
	{
		const char *cells[] = {
		    json_str(kind, "name"), kinds_label(kind), json_str(kind, "help")};

		table_row(table, cells);
	}
	table_print(table);
	term_say("\nMore about one: pamoja KIND --help\n");
	return PMJ_OK;
}

void
kinds_say_draft(const json_t *file)
{
	if (json_flag(file, "draft"))
		term_say("Whom to call in it is a draft, and laptops say so. Dial each number "
		         "once; then take \"draft = yes\" away and raise the version.\n");
}

enum pmj_code
kinds_check(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *file = args->words[0];
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;
	struct buf text;

	buf_init(&text, 0);
	if ((rc = term_slurp(&text, file, PMJ_CONF_FILE_MAX, err)) != PMJ_OK)
		goto out;
	if (!text_is_utf8(buf_text(&text), text.len)) {
		rc = pmj_fail(err, PMJ_INVALID, "%s is not UTF-8 text", file);
		pmj_hint(err, "save it as UTF-8 in your editor");
		goto out;
	}
	body = json_pack("{s:s, s:s}", "name", file, "text", buf_text(&text));
	if (body == NULL)
		rc = pmj_fail(err, PMJ_INVALID, "the name of this file is not UTF-8");
	else
		rc = client_post(&cli->client, &answer, "/v1/kinds/check", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && json_flag(answer, "profile"))
		term_say("%s is good: it holds the rules of the country %s.\n", file,
		    json_str(answer, "name"));
	else if (rc == PMJ_OK)
		term_say("%s is good: it declares the kind %s.\n", file, json_str(answer, "name"));
	if (rc == PMJ_OK && !cli->json)
		kinds_say_draft(answer);
out:
	json_decref(body);
	json_decref(answer);
	buf_close(&text);
	return rc;
}
