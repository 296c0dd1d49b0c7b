/* record_name.c - the record a person means: an id, the beginning of one, or a title. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/record.h"
#include "cli/term.h"
#include "pamoja/limits.h"

static bool
of_kind(const json_t *item, const char *kind)
{
	const char *is = json_str(item, "kind");

	return kind == NULL || (is != NULL && strcmp(is, kind) == 0);
}

bool
record_title_fits(const char *title, const char *typed)
{
	char *in = text_fold(title), *words = text_fold(typed), *rest = words, *word;
	bool fits = true;

	while (fits && (word = strsep(&rest, " ")) != NULL) {
		const char *at = in;

		fits = false;
		while (!fits && at != NULL) {
			fits = strncmp(at, word, strlen(word)) == 0;
			at = strchr(at, ' ');
			at = at != NULL ? at + 1 : NULL;
		}
	}
	free(in);
	free(words);
	return fits;
}

enum pmj_code
record_candidates(
    struct cli *cli, json_t **out, const char *kind, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *item;
	enum pmj_code rc;
	struct buf path;
	size_t i;

	*out = json_array();
	buf_init(&path, 0);
	buf_put_text(&path, "/v1/find?limit=200&q=");
	http_escape(&path, typed);
	rc = client_get(&cli->client, &answer, buf_text(&path), err);
	json_array_foreach(json_object_get(answer, "items"), i, item)
	{
		const char *title = json_str(item, "title");

		if (of_kind(item, kind) && title != NULL && record_title_fits(title, typed) &&
		    json_array_size(*out) < 20)
			(void)json_array_append(*out, item);
	}
	json_decref(answer);
	buf_wipe(&path);
	return rc;
}

/* Among candidates the one with exactly this title goes first, else there must be only one. */
static enum pmj_code
only_one(
    char **out, const json_t *items, const char *kind, const char *typed, struct pmj_error *err)
{
	const json_t *item, *match = NULL;
	size_t i, same = 0;
	struct buf list;

	json_array_foreach(items, i, item)
	{
		const char *title = json_str(item, "title");

		if (title != NULL && text_same(title, typed)) {
			match = item;
			same++;
		}
	}
	if (same == 0 && json_array_size(items) == 1)
		match = json_array_get(items, 0);
	else if (same != 1)
		match = NULL;
	if (match != NULL) {
		*out = mem_strdup(json_str(match, "id"));
		return PMJ_OK;
	}
	if (json_array_size(items) == 0) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "there is no %s \"%.60s\" here",
		    kind != NULL ? kind : "record", typed);
		if (kind != NULL)
			pmj_hint(err, "`pamoja %s list` shows them; a new one: `pamoja %s add`",
			    kind, kind);
		else
			pmj_hint(err, "search with `pamoja find WORDS`");
		return PMJ_NOT_FOUND;
	}
	buf_init(&list, 0);
	json_array_foreach(items, i, item)
	{
		if (i < 6)
			buf_putf(&list, "%s%s %s", i > 0 ? ", " : "", json_str(item, "short"),
			    json_str(item, "title"));
	}
	(void)pmj_fail(err, PMJ_AMBIGUOUS, "\"%.60s\" fits several records", typed);
	pmj_hint(err, "give the short id: %s", buf_text(&list));
	buf_wipe(&list);
	return PMJ_AMBIGUOUS;
}

/* What sounds like that, where nothing is written so: "barrakka". */
static void
hint_alike(struct cli *cli, const char *kind, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *item;
	struct buf path, list;
	size_t said = 0, i;

	buf_init(&list, 0);
	buf_init(&path, 0);
	buf_put_text(&path, "/v1/find?limit=20&q=");
	http_escape(&path, typed);
	if (client_get(&cli->client, &answer, buf_text(&path), NULL) == PMJ_OK &&
	    json_flag(answer, "sounds_alike"))
		json_array_foreach(json_object_get(answer, "items"), i, item)
		{
			if (said < 3 && of_kind(item, kind) && json_str(item, "title") != NULL)
				buf_putf(&list, "%s%s %s", said++ > 0 ? ", " : "",
				    json_str(item, "short"), json_str(item, "title"));
		}
	if (said > 0)
		pmj_hint(err, "this sounds alike: %s", buf_text(&list));
	json_decref(answer);
	buf_wipe(&path);
	buf_wipe(&list);
}

/* Could this be the beginning of an id? Crockford's letters, 5 to 16 of them. */
static bool
like_id(const char *typed)
{
	static const char letters[] =
	    "0123456789abcdefghjkmnpqrstvwxyzABCDEFGHJKMNPQRSTVWXYZoOiIlL";
	size_t len = strlen(typed);

	return len >= PMJ_RECORD_PREFIX_MIN && len <= PMJ_RECORD_CHARS &&
	       strspn(typed, letters) == len;
}

enum pmj_code
record_resolve(
    struct cli *cli, char **out, const char *kind, const char *typed, struct pmj_error *err)
{
	json_t *item = NULL, *items = NULL;
	enum pmj_code rc = PMJ_NOT_FOUND;
	char *path;

	*out = NULL;
	if (like_id(typed)) {
		path = mem_printf("/v1/record/%s", typed);
		rc = client_get(&cli->client, &item, path, err);
		free(path);
		if (rc == PMJ_OK && json_str(item, "id") != NULL)
			*out = mem_strdup(json_str(item, "id"));
		json_decref(item);
		if (rc != PMJ_NOT_FOUND)
			return rc;
	}
	rc = record_candidates(cli, &items, kind, typed, err);
	if (rc == PMJ_OK)
		rc = only_one(out, items, kind, typed, err);
	if (rc == PMJ_NOT_FOUND && json_array_size(items) == 0)
		hint_alike(cli, kind, typed, err);
	json_decref(items);
	return rc;
}

/* What there is of this kind about somebody, as far as it is in one of these states; NULL: in any.
 */
static enum pmj_code
items_about(struct cli *cli, json_t **out, const json_t *kind, const json_t *from,
    const char *field, const char *who, struct pmj_error *err)
{
	char *path = mem_printf("/v1/records/%s?f.%s=%s", json_str(kind, "name"), field, who);
	json_t *answer = NULL, *item;
	enum pmj_code rc = record_list_get(cli, &answer, path, 200, err);
	size_t i;

	*out = json_array();
	json_array_foreach(json_object_get(answer, "items"), i, item)
	{
		const char *state = json_str(item, "state");

		if (from == NULL || (state != NULL && kinds_lists(from, state)))
			(void)json_array_append(*out, item);
	}
	json_decref(answer);
	mem_free_wiped(path);
	return rc;
}

enum pmj_code
record_resolve_move(struct cli *cli, char **out, const json_t *kind, const json_t *move,
    const char *typed, struct pmj_error *err)
{
	const char *field = json_string_value(json_array_get(json_arr(kind, "subjects"), 0));
	const char *link = field != NULL ? json_str(kinds_field(kind, field), "link") : NULL;
	enum pmj_code rc = record_resolve(cli, out, json_str(kind, "name"), typed, err);
	struct pmj_error nobody = {0};
	json_t *items = NULL;
	char *who = NULL;

	if (rc != PMJ_NOT_FOUND || link == NULL ||
	    record_resolve(cli, &who, link, typed, &nobody) != PMJ_OK)
		return rc;
	rc = items_about(
	    cli, &items, kind, move != NULL ? json_arr(move, "from") : NULL, field, who, err);
	if (rc == PMJ_OK && json_array_size(items) == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND,
		    "no %s of \"%.60s\" is there that this could be done with",
		    json_str(kind, "name"), typed);
		pmj_hint(err, "`pamoja %s list %s=\"%.60s\"` shows them", json_str(kind, "name"),
		    field, typed);
	} else if (rc == PMJ_OK) {
		rc = only_one(out, items, json_str(kind, "name"), typed, err);
	}
	if (rc == PMJ_OK && !cli->json && json_array_size(items) == 1)
		term_note("%s %s: %s\n", kinds_label(kind),
		    json_str(json_array_get(items, 0), "short"),
		    json_str(json_array_get(items, 0), "title"));
	json_decref(items);
	free(who);
	return rc;
}
