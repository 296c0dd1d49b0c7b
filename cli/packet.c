/* packet.c - `referral packet ID`: the notice, a copy of the consent, and what it covers, to be
 * handed over on paper or as a file. The daemon writes the ledger before it tells us anything. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/http.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/sheet.h"
#include "cli/term.h"

/* The sections of a further piece, each behind what is there of its kind. */
static void
take_sections(json_t *packet, const json_t *piece)
{
	json_t *all = json_object_get(packet, "sections"), *section;
	size_t i;

	json_array_foreach(json_arr(piece, "sections"), i, section)
	{
		json_t *last = json_array_get(all, json_array_size(all) - 1);

		if (last != NULL && strcmp(json_str(last, "kind"), json_str(section, "kind")) == 0)
			(void)json_array_extend(
			    json_object_get(last, "items"), (json_t *)json_arr(section, "items"));
		else
			(void)json_array_append(all, section);
	}
}

/* However many pieces it comes in. */
static enum pmj_code
get_whole(struct cli *cli, json_t **out, const char *id, struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/packet", id), *next = NULL, *rest;
	json_t *body = json_object(), *piece;
	enum pmj_code rc = client_post(&cli->client, out, path, body, err);

	if (rc == PMJ_OK && json_str(*out, "next") != NULL)
		next = mem_strdup(json_str(*out, "next"));
	while (rc == PMJ_OK && next != NULL) {
		rest = mem_printf("%s?ledger=%s&from=%s", path, json_str(*out, "id"), next);
		rc = client_get(&cli->client, &piece, rest, err);
		free(rest);
		free(next);
		next = NULL;
		if (rc != PMJ_OK)
			break;
		take_sections(*out, piece);
		if (json_str(piece, "next") != NULL)
			next = mem_strdup(json_str(piece, "next"));
		json_decref(piece);
	}
	if (rc == PMJ_OK)
		(void)json_object_del(*out, "next");
	free(next);
	free(path);
	json_decref(body);
	return rc;
}

static int
by_day(const void *a, const void *b)
{
	return strcmp(json_str(*(json_t *const *)a, "on"), json_str(*(json_t *const *)b, "on"));
}

/* The items of a section, the oldest first where they have a day. */
static void
put_section(struct sheet *sheet, const json_t *section)
{
	const json_t *items = json_arr(section, "items"), *line;
	size_t count = json_array_size(items), i, j;
	const json_t **list = mem_array(count + 1, sizeof(*list));

	for (i = 0; i < count; i++)
		list[i] = json_array_get(items, i);
	if (count > 0)
		qsort((void *)list, count, sizeof(*list), by_day);
	sheet_heading(sheet, json_str(section, "title"));
	for (i = 0; i < count; i++) {
		if (i > 0)
			sheet_gap(sheet);
		json_array_foreach(json_arr(list[i], "lines"), j, line)
		    sheet_pair(sheet, json_str(line, "label"), json_str(line, "text"));
	}
	free((void *)list);
}

void
sheet_put_notice(struct sheet *sheet, const json_t *notice)
{
	const json_t *paragraph;
	size_t i;

	sheet_title(sheet, json_str(notice, "title"));
	json_array_foreach(json_arr(notice, "paragraphs"), i, paragraph)
	{
		sheet_gap(sheet);
		sheet_text(sheet, json_string_value(paragraph));
	}
	sheet_gap(sheet);
	sheet_pair(sheet, lang_text("Notice"), json_str(notice, "id"));
	if (json_flag(notice, "draft"))
		sheet_pair(sheet, lang_text("Draft"),
		    lang_text("this is not the official text; the programme replaces it"));
}

/* The notice first: whoever reads no further has read it. */
static void
put_packet(struct sheet *sheet, const json_t *packet)
{
	char *by =
	    mem_printf("%s (%s)", json_str(packet, "by"), lang_text(json_str(packet, "role")));
	const json_t *one;
	size_t i;

	sheet_put_notice(sheet, json_obj(packet, "notice"));
	sheet_heading(sheet, lang_text("What is handed over"));
	sheet_pair(sheet, lang_text("To whom"), json_str(packet, "to"));
	sheet_pair(sheet, lang_text("What for"), json_str(packet, "purpose"));
	sheet_pair(sheet, lang_text("What is told"), json_str(packet, "information"));
	sheet_pair(sheet, lang_text("On"), json_str(packet, "on"));
	sheet_pair(sheet, lang_text("Given by"), by);
	sheet_heading(sheet, lang_text("Copy of the person's consent"));
	json_array_foreach(json_arr(json_obj(packet, "consent"), "lines"), i, one)
	    sheet_pair(sheet, json_str(one, "label"), json_str(one, "text"));
	json_array_foreach(json_arr(packet, "sections"), i, one) put_section(sheet, one);
	free(by);
}

/* What was promised to nobody must not be looked for in it; and where it stands that it was told.
 */
static void
say_packet(const struct sheet *sheet, const json_t *packet)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(packet, "unresolved"), i, one)
	    term_note("Not in it, for no record answers to it: %s\n", json_string_value(one));
	if (json_flag(json_obj(packet, "notice"), "draft"))
		term_note("The notice is a draft: the programme puts the official text into "
		          "notices/redisclosure.ini.\n");
	if (sheet_path(sheet) != NULL)
		term_note("Written to %s, readable by you alone.\n", sheet_path(sheet));
	term_note("It is in the list of what was told: disclosure %s. If it is not handed over: "
	          "pamoja void %s REASON\n",
	    json_str(packet, "short"), json_str(packet, "short"));
}

/* Six words as for a passphrase, which no file keeps. *words: an answer. */
static enum pmj_code
lock_packet(struct cli *cli, struct sheet *sheet, json_t **words, struct pmj_error *err)
{
	enum pmj_code rc = client_get(&cli->client, words, "/v1/passphrase/offer", err);

	if (rc == PMJ_OK)
		sheet_lock(sheet, json_str(*words, "passphrase"));
	return rc;
}

/* To the screen of whoever stands there, apart from the file. */
static void
say_words(const json_t *words)
{
	if (words != NULL)
		term_note(
		    "These six words open it, in any PDF reader. They are shown this once and "
		    "kept nowhere: tell them by phone to whom it is for, never with the file.\n"
		    "\n    %s\n\n",
		    json_str(words, "passphrase"));
}

enum pmj_code
record_packet(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0), *id = NULL;
	struct sheet *sheet = NULL;
	json_t *packet = NULL, *words = NULL;
	enum pmj_code rc;

	if ((rc = record_resolve(cli, &id, NULL, typed, err)) != PMJ_OK ||
	    (rc = sheet_new_pdf(&sheet, args, cli->client.lang, err)) != PMJ_OK ||
	    (args_has(args, "locked") && (rc = lock_packet(cli, sheet, &words, err)) != PMJ_OK) ||
	    (rc = get_whole(cli, &packet, id, err)) != PMJ_OK)
		goto out;
	if (cli->json && sheet_path(sheet) == NULL) {
		print_json(packet);
		goto out;
	}
	put_packet(sheet, packet);
	if (words != NULL) /* for a program, too, only here */
		(void)json_object_set(packet, "words", json_object_get(words, "passphrase"));
	if ((rc = sheet_put(sheet, err)) != PMJ_OK)
		pmj_hint(err,
		    "it stands in the list of what was told; take it out: pamoja void %s \"not "
		    "printed\"",
		    json_str(packet, "short"));
	else if (cli->json)
		print_json(packet);
	else {
		say_words(words);
		say_packet(sheet, packet);
	}
out:
	json_decref(words);
	json_decref(packet);
	sheet_free(sheet);
	free(id);
	free(typed);
	return rc;
}
