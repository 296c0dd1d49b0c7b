#include "cli/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/form.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
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
	json_decref(items);
	return rc;
}

/* Columns of a list of one kind: what its records are called by, then the fields any record has, as
 * many as fit. */
#define COLUMNS_MAX 12

struct columns {
	const char *fields[COLUMNS_MAX]; /* NULL: short, title, kind or state by head */
	const char *heads[COLUMNS_MAX];
	size_t count;
};

static void
put_column(struct columns *to, const char *head, const char *field)
{
	if (to->count == COLUMNS_MAX)
		return;
	to->heads[to->count] = head;
	to->fields[to->count++] = field;
}

static bool
any_has(const json_t *items, const char *field)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *text = json_str(json_obj(item, "texts"), field);

		if (text != NULL && *text != '\0')
			return true;
	}
	return false;
}

static void
choose_columns(struct columns *to, const json_t *items, const json_t *kind)
{
	size_t columns = term_columns(), most = columns == 0 ? 9 : columns / 18, i;
	const char *shows = json_str(kind, "shows");
	const json_t *field;

	put_column(to, "ID", NULL);
	put_column(to,
	    kind == NULL || shows == NULL ? LANG_N("TITLE") : kinds_label(kinds_field(kind, shows)),
	    shows);
	if (kind == NULL)
		put_column(to, LANG_N("KIND"), NULL);
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *name = json_str(field, "name"), *type = json_str(field, "type");

		if (to->count < most + 1 && type != NULL && strcmp(type, "note") != 0 &&
		    (shows == NULL || strcmp(name, shows) != 0) && any_has(items, name))
			put_column(to, kinds_label(field), name);
	}
	put_column(to, LANG_N("STATE"), NULL);
}

static const char *
cell(const json_t *item, const char *head, const char *field)
{
	if (field != NULL)
		return json_str(json_obj(item, "texts"), field);
	if (strcmp(head, "ID") == 0)
		return json_str(item, "short");
	if (strcmp(head, "KIND") == 0)
		return json_str(item, "kind");
	if (strcmp(head, "STATE") == 0)
		return json_flag(item, "conflict") ? lang_text("conflict")
		       : json_flag(item, "voided") ? lang_text("voided")
		                                   : json_str(item, "state_label");
	return json_str(item, "title");
}

void
record_print_items(struct cli *cli, const json_t *items, const json_t *kind)
{
	struct columns columns = {0};
	struct table *table;
	const json_t *item;
	size_t i;

	(void)cli;
	if (json_array_size(items) == 0) {
		if (kind == NULL)
			term_say("Nothing here.\n");
		else
			term_say("Nothing here yet.\n  Add one: pamoja %s add\n",
			    json_str(kind, "name"));
		return;
	}
	choose_columns(&columns, items, kind);
	table = table_new(columns.heads, columns.count);
	json_array_foreach(items, i, item)
	{
		const char *cells[COLUMNS_MAX];

		for (size_t c = 0; c < columns.count; c++)
			cells[c] = cell(item, columns.heads[c], columns.fields[c]);
		table_row(table, cells);
	}
	table_print(table);
}

static void
show_conflicts(const json_t *conflicts, const json_t *kind)
{
	const json_t *conflict, *value;
	char when[PRINT_WHEN_MAX];
	size_t i, j;

	json_array_foreach(conflicts, i, conflict)
	{
		const json_t *field = kinds_field(
		    kind, json_str(conflict, "field") ? json_str(conflict, "field") : "");

		(void)fputs("  ", stdout);
		term_put(stdout, PAINT_WARN, lang_text("Two people wrote different things"));
		term_say(
		    " for %s:\n", field != NULL ? kinds_label(field) : json_str(conflict, "field"));
		json_array_foreach(json_arr(conflict, "values"), j, value)
		{
			char *text = print_value(json_object_get(value, "value"));

			term_say("    %zu  %s  (%s, %s)\n", j + 1, text, json_str(value, "by"),
			    print_when(when, json_object_get(value, "at")));
			free(text);
		}
	}
	if (json_array_size(conflicts) > 0)
		term_say("  The coordinator decides: pamoja hub conflicts\n");
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
	print_pair("Written by", buf_text(&names), 12);
	print_pair("First", print_when(when, json_object_get(item, "made_at")), 12);
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

static void
show_item(struct cli *cli, const json_t *item)
{
	const char *name = json_str(item, "kind"), *state = json_str(item, "state");
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
	    print_pair(kinds_label(field), json_str(texts, json_str(field, "name")), width);
	print_pair("State", json_str(item, "state_label"), width);
	if (json_flag(item, "voided"))
		term_say("  Voided: it counts no longer, but stays in the history.\n");
	if (json_flag(item, "handed_over"))
		say_handed_over(item);
	(void)puts("");
	print_pair("Where", print_sync(json_str(item, "sync")), 12);
	print_pair("Why", json_str(item, "reason"), 12);
	show_by(item);
	show_conflicts(json_arr(item, "conflicts"), kind);
	if (!json_flag(item, "voided") && !json_flag(item, "handed_over"))
		kinds_say_moves(kind, state, json_str(item, "short"));
}

/* GET or POST /v1/record/ID<tail> for the record a person named. */
static enum pmj_code
about(struct cli *cli, json_t **out, const char *typed, const char *tail, const json_t *body,
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

enum pmj_code
record_show(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *item = NULL;
	enum pmj_code rc;

	rc = about(cli, &item, typed, "", NULL, err);
	if (rc == PMJ_OK && cli->json)
		print_json(item);
	else if (rc == PMJ_OK)
		show_item(cli, item);
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

	if ((rc = about(cli, &item, typed, "", NULL, err)) != PMJ_OK)
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

enum pmj_code
record_edit(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *fields = NULL, *body, *item = NULL, *answer = NULL;
	enum pmj_code rc;

	if ((rc = fields_take(&fields, args, 1, err)) != PMJ_OK)
		return rc;
	if (json_object_size(fields) == 0 && term_can_ask())
		rc = ask_changes(cli, fields, args->words[0], err);
	else if (json_object_size(fields) == 0)
		rc = pmj_fail(err, PMJ_USAGE, "say what to change: pamoja edit ID FIELD=VALUE");
	body = json_pack("{s:o}", "fields", fields);
	if (rc == PMJ_OK)
		rc = about(cli, &item, args->words[0], "", NULL, err);
	if (rc == PMJ_OK && json_str(item, "kind") != NULL)
		rc =
		    kinds_resolve_links(cli, fields, kinds_named(cli, json_str(item, "kind")), err);
	if (rc == PMJ_OK)
		rc = about(cli, &answer, args->words[0], "/edit", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Saved. See it: pamoja show %s\n", json_str(answer, "short"));
	json_decref(item);
	json_decref(body);
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
		rc = about(cli, &answer, args->words[0], "/void", body, err);
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

static void
show_event(const json_t *event, bool first)
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
	(void)puts("");
	json_object_foreach(json_object_get(event, "set"), name, value)
	{
		char *text = print_value(value);

		print_pair(name, *text != '\0' ? text : lang_text("(cleared)"), 14);
		free(text);
	}
	print_pair("why", json_str(event, "reason"), 14);
}

enum pmj_code
record_history(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *answer = NULL, *event;
	enum pmj_code rc;
	size_t i;

	rc = about(cli, &answer, typed, "/history", NULL, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		json_array_foreach(json_object_get(answer, "items"), i, event)
		    show_event(event, i == 0);
	json_decref(answer);
	free(typed);
	return rc;
}

enum pmj_code
record_find(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *words = args_join(args, 0);
	json_t *answer = NULL;
	enum pmj_code rc;
	struct buf path;
	long limit;

	buf_init(&path, 0);
	rc = args_number(&limit, args, "limit", 50, err);
	buf_putf(&path, "/v1/find?limit=%ld&q=", limit);
	http_escape(&path, words);
	if (rc == PMJ_OK)
		rc = client_get(&cli->client, &answer, buf_text(&path), err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK && json_array_size(json_arr(answer, "items")) == 0) {
		term_say("Nothing found for \"%s\". The beginning of a word is enough.\n", words);
	} else if (rc == PMJ_OK) {
		record_print_items(cli, json_arr(answer, "items"), NULL);
		if (json_flag(answer, "more"))
			term_note("There are more: raise --limit, or add a word.\n");
	}
	json_decref(answer);
	buf_wipe(&path);
	mem_wipe(words, strlen(words));
	free(words);
	return rc;
}

/* Whom a record is about, as words; NULL when nobody. */
static const char *
subject(struct cli *cli, const json_t *item)
{
	const char *kind = json_str(item, "kind");
	const json_t *subjects = json_arr(kinds_named(cli, kind != NULL ? kind : ""), "subjects");
	const char *field = json_string_value(json_array_get(subjects, 0));

	return field != NULL ? json_str(json_obj(item, "texts"), field) : NULL;
}

enum pmj_code
record_today(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	static const char *const heads[] = {
	    "ID", LANG_N("DUE"), LANG_N("WHO"), LANG_N("WHAT"), LANG_N("WHY")};
	json_t *answer = NULL, *item;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	(void)args;
	if ((rc = client_get(&cli->client, &answer, "/v1/today", err)) != PMJ_OK)
		return rc;
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(json_object_get(answer, "items")) == 0) {
		term_say("Nothing is due today.\n");
	} else {
		table = table_new(heads, sizeof(heads) / sizeof(*heads));
		json_array_foreach(json_object_get(answer, "items"), i, item)
		{
			const char *due = json_str(item, "due");
			char *text = mem_printf("%s%s", due != NULL ? due : "",
			    json_flag(item, "overdue") ? lang_text(" (overdue)") : "");
			const char *kind = json_str(item, "kind"), *why = json_str(item, "why");
			char *reason = mem_printf("%s%s%s",
			    kinds_label(kinds_named(cli, kind != NULL ? kind : "")),
			    why != NULL ? ": " : "", why != NULL ? why : "");
			const char *cells[] = {json_str(item, "short"), text, subject(cli, item),
			    json_str(item, "title"), reason};

			table_row(table, cells);
			free(text);
			free(reason);
		}
		table_print(table);
		term_say("\nOpen one: pamoja show ID\n");
	}
	json_decref(answer);
	return rc;
}
