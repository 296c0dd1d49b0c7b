/* export_people.c - the records of an export, fetched in pieces, each person's after the word that
 * they may be told. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/export_inner.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/record.h"
#include "cli/term.h"

#define FLUSH_BYTES (256u * 1024)
#define NOTHING_TOLD "-" /* no sort of information is called so: without words nothing is told */

static enum pmj_code
flush_file(struct export *e, size_t at_least, struct pmj_error *err)
{
	return e->bytes.len >= at_least ? outfile_put(&e->file, &e->bytes, err) : PMJ_OK;
}

/* Every page of a list; each(): takes one answer's items. */
static enum pmj_code
each_page(struct export *e, const char *path,
    enum pmj_code (*each)(struct export *e, void *ctx, const json_t *items, struct pmj_error *err),
    void *ctx, struct pmj_error *err)
{
	char *next = NULL;
	enum pmj_code rc;

	do {
		char *page = mem_printf(
		    "%s%s%s", path, next != NULL ? "&from=" : "", next != NULL ? next : "");
		json_t *answer = NULL;

		rc = client_get(&e->cli->client, &answer, page, err);
		free(page);
		free(next);
		next = NULL;
		if (rc == PMJ_OK)
			rc = each(e, ctx, json_arr(answer, "items"), err);
		if (rc == PMJ_OK && json_str(answer, "next") != NULL)
			next = mem_strdup(json_str(answer, "next"));
		json_decref(answer);
	} while (rc == PMJ_OK && next != NULL && !term_stopped());
	free(next);
	if (rc == PMJ_OK && term_stopped())
		rc = pmj_fail(err, PMJ_FAILED, "stopped; no file was written");
	return rc;
}

/* ---- person by person ---- */

/* ctx: {id: [short, title]} of whom the list is about. */
static enum pmj_code
note_people(struct export *e, void *ctx, const json_t *items, struct pmj_error *err)
{
	const json_t *subjects = json_arr(e->kind, "subjects"), *item, *name;
	json_t *people = ctx;
	size_t i, j;

	(void)err;
	json_array_foreach(items, i, item)
	{
		if (e->kind == NULL || json_flag(e->kind, "person")) {
			(void)json_object_set_new(people, json_str(item, "id"),
			    json_pack("[s,s]", json_str(item, "short"), json_str(item, "title")));
			continue;
		}
		json_array_foreach(subjects, j, name)
		{
			const char *id =
			               json_str(json_obj(item, "fields"), json_string_value(name)),
			           *title =
			               json_str(json_obj(item, "texts"), json_string_value(name));

			if (id != NULL)
				(void)json_object_set_new(people, id,
				    json_pack("[s#,s]", id, 5, title != NULL ? title : ""));
		}
	}
	return PMJ_OK;
}

static enum pmj_code
find_people(struct export *e, json_t *people, const struct args *args, struct pmj_error *err)
{
	const char *typed = args_value(args, "person");
	char *id = NULL, *path;
	enum pmj_code rc;

	if (typed != NULL) {
		if ((rc = record_resolve(e->cli, &id, "person", typed, err)) == PMJ_OK)
			(void)json_object_set_new(people, id, json_pack("[s#,s]", id, 5, ""));
		free(id);
		return rc;
	}
	path = mem_printf(
	    "/v1/records/%s?limit=1000", e->kind != NULL ? json_str(e->kind, "name") : "person");
	rc = each_page(e, path, note_people, people, err);
	free(path);
	return rc;
}

/* The record that accounts for it, as `disclosure add` would take it. New reference. */
static json_t *
account_for(struct export *e, const struct args *args, const char *way)
{
	const char *verb = "tell", *to = args_value(args, "to"), *what = args_value(args, "what");
	const char *purpose = args_value(args, "for");
	json_t *fields = json_object();

	if (e->way == EXPORT_WITHOUT)
		verb = args_value(args, "without-consent");
	if (e->way == EXPORT_OWN) {
		verb = "give";
		to = "the person"; /* a word of the kind's: shown in whoever reads it's language */
		purpose = "at my request";
	}
	(void)json_object_set_new(fields, "recipient", json_string(to));
	(void)json_object_set_new(fields, "purpose", json_string(purpose));
	(void)json_object_set_new(fields, "way", json_string(way));
	if (what != NULL)
		(void)json_object_set_new(fields, "information", json_string(what));
	if (args_value(args, "reason") != NULL)
		(void)json_object_set_new(
		    fields, "reason", json_string(args_value(args, "reason")));
	return json_pack("{s:s,s:s,s:o}", "kind", "disclosure", "verb", verb, "fields", fields);
}

/* Records of one person; only of the kind that was asked for. */
struct gathered {
	json_t *items;
};

static enum pmj_code
gather_items(struct export *e, void *ctx, const json_t *items, struct pmj_error *err)
{
	const char *wanted = e->kind != NULL ? json_str(e->kind, "name") : NULL;
	struct gathered *to = ctx;
	const json_t *item;
	size_t i;

	(void)err;
	json_array_foreach(
	    items, i, item) if (wanted == NULL || strcmp(json_str(item, "kind"), wanted) == 0)(void)
	    json_array_append(to->items, (json_t *)item);
	return PMJ_OK;
}

/* "/v1/record/ID/everything?told=needs%7Cgoals"; of their own copy all of it. Caller frees. */
static char *
everything_path(const char *id, const json_t *words, bool own)
{
	struct buf told, path;
	const json_t *word;
	char *text;
	size_t i;

	buf_init(&told, 0);
	buf_init(&path, 0);
	json_array_foreach(words, i, word)
	    buf_putf(&told, "%s%s", i > 0 ? "|" : "", json_string_value(word));
	buf_putf(&path, "/v1/record/%s/everything", id);
	if (!own) {
		buf_put_text(&path, "?told=");
		http_escape(&path, told.len > 0 ? buf_text(&told) : NOTHING_TOLD);
	}
	text = mem_strdup(buf_text(&path));
	buf_close(&told);
	buf_close(&path);
	return text;
}

static enum pmj_code
write_person(struct export *e, const struct export_writer *writer, const char *id,
    const json_t *about, struct pmj_error *err)
{
	struct gathered to = {json_array()};
	char *path = everything_path(id, json_arr(about, "words"), e->way == EXPORT_OWN);
	enum pmj_code rc = each_page(e, path, gather_items, &to, err);

	if (rc == PMJ_OK) {
		writer->person(e, about, to.items);
		e->people++;
		e->records += json_array_size(to.items);
		rc = flush_file(e, FLUSH_BYTES, err);
	}
	if (rc == PMJ_OK && e->failed.code != PMJ_OK) {
		*err = e->failed;
		rc = err->code;
	}
	json_decref(to.items);
	free(path);
	return rc;
}

static enum pmj_code
tell_person(struct export *e, const struct export_writer *writer, const char *id,
    const json_t *called, const json_t *body, bool only_one, struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/disclose", id);
	json_t *about = NULL;
	enum pmj_code rc = client_post(&e->cli->client, &about, path, body, err);

	if (rc == PMJ_REFUSED && !only_one) {
		(void)json_array_append_new(
		    e->left_out, json_pack("{s:s,s:O,s:O,s:s,s:s}", "id", id, "short",
		                     json_array_get(called, 0), "title", json_array_get(called, 1),
		                     "message", err->message, "hint", err->hint));
		rc = PMJ_OK;
	} else if (rc == PMJ_OK) {
		rc = write_person(e, writer, id, about, err);
	}
	json_decref(about);
	free(path);
	return rc;
}

enum pmj_code
export_people(struct export *e, const struct args *args, const struct export_writer *writer,
    const char *way, struct pmj_error *err)
{
	json_t *people = json_object(), *body = account_for(e, args, way), *called;
	bool only_one = args_has(args, "person"), progress;
	size_t done = 0;
	const char *id;
	enum pmj_code rc;

	if ((rc = find_people(e, people, args, err)) != PMJ_OK)
		goto out;
	progress = term_can_ask() && !e->cli->json && json_object_size(people) > 50;
	term_hold_stop();
	json_object_foreach(people, id, called)
	{
		if (rc == PMJ_OK && term_stopped())
			rc = pmj_fail(err, PMJ_FAILED, "stopped; no file was written");
		if (rc == PMJ_OK)
			rc = tell_person(e, writer, id, called, body, only_one, err);
		if (progress)
			term_progress("%zu of %zu", ++done, json_object_size(people));
	}
	if (progress)
		term_note("\n");
	if (rc == PMJ_OK && e->people == 0) {
		rc = pmj_fail(err, json_object_size(people) == 0 ? PMJ_NOT_FOUND : PMJ_REFUSED,
		    json_object_size(people) == 0
		        ? "there is nothing to export"
		        : "nobody has consented to that: no file was written");
		if (json_array_size(e->left_out) > 0)
			pmj_hint(err, "%s: %s", json_str(json_array_get(e->left_out, 0), "title"),
			    json_str(json_array_get(e->left_out, 0), "message"));
	}
out:
	json_decref(body);
	json_decref(people);
	return rc;
}

/* ---- for the programme itself ---- */

static enum pmj_code
write_page(struct export *e, void *ctx, const json_t *items, struct pmj_error *err)
{
	const struct export_writer *writer = ctx;

	writer->person(e, NULL, items);
	e->records += json_array_size(items);
	return flush_file(e, FLUSH_BYTES, err);
}

static enum pmj_code
write_kind(
    struct export *e, const json_t *kind, const struct export_writer *writer, struct pmj_error *err)
{
	char *path = mem_printf("/v1/records/%s?all=1&limit=1000", json_str(kind, "name"));
	enum pmj_code rc = each_page(e, path, write_page, (void *)writer, err);

	free(path);
	return rc;
}

static bool
leaves_its_author(const json_t *kind)
{
	const char *scope = json_str(kind, "scope");

	return scope == NULL || strcmp(scope, "author") != 0;
}

/* People first: what is about them refers to them, here and where it is imported. */
static enum pmj_code
write_kinds(
    struct export *e, bool people, const struct export_writer *writer, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const json_t *kind;
	size_t i;

	json_array_foreach(e->kinds, i, kind)
	{
		if (rc == PMJ_OK && leaves_its_author(kind) && json_flag(kind, "person") == people)
			rc = write_kind(e, kind, writer, err);
	}
	return rc;
}

enum pmj_code
export_own_use(struct export *e, const struct args *args, const struct export_writer *writer,
    const char *way, struct pmj_error *err)
{
	const char *reason = args_value(args, "internal");
	const char *what = e->kind != NULL ? json_str(e->kind, "name") : "all kinds";
	json_t *body, *answer = NULL;
	char *text = mem_printf("%s, %s", what, way);
	enum pmj_code rc;

	if (args_has(args, "person")) {
		free(text);
		rc =
		    pmj_fail(err, PMJ_USAGE, "--internal is about whole kinds, not about a person");
		pmj_hint(err, "look at one person with: pamoja show PERSON");
		return rc;
	}
	body = json_pack("{s:{s:s,s:s}}", "fields", "what", text, "reason",
	    reason != NULL ? reason : "nothing in it is about a person");
	rc = client_post(&e->cli->client, &answer, "/v1/records/extract", body, err);
	term_hold_stop();
	if (rc == PMJ_OK && e->kind != NULL)
		rc = write_kind(e, e->kind, writer, err);
	if (rc == PMJ_OK && e->kind == NULL && (rc = write_kinds(e, true, writer, err)) == PMJ_OK)
		rc = write_kinds(e, false, writer, err);
	json_decref(answer);
	json_decref(body);
	free(text);
	return rc;
}

/* ---- the person's language ---- */

enum pmj_code
export_choose_language(struct export *e, const struct args *args, struct pmj_error *err)
{
	const char *typed = args_value(args, "person"), *spoken;
	json_t *item = NULL;
	enum pmj_code rc;

	if (typed == NULL)
		return PMJ_OK;
	if ((rc = record_about(e->cli, &item, typed, "", NULL, err)) != PMJ_OK)
		return rc;
	spoken = json_str(json_obj(item, "fields"), "language");
	if (spoken != NULL && strcmp(spoken, "swahili") == 0)
		e->lang = "sw";
	else if (spoken != NULL && strcmp(spoken, "english") == 0)
		e->lang = "en";
	json_decref(item);
	e->cli->client.lang = e->lang; /* the kinds' labels, too */
	lang_use(e->lang);
	return PMJ_OK;
}
