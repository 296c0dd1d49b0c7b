#include "cli/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define NOTE_MAX (12u * 1024)

const struct option note_options[] = {
    {"locked", NULL, "works while locked: sealed at once, decided on after unlocking"},
    {"waiting", NULL, "the notes written while locked"},
    {"keep", "FILE", "make a waiting note a record"},
    {"drop", "FILE", "throw a waiting note away"},
    {NULL, NULL, NULL},
};

/* From the words, from standard input, or asked line by line until an empty one. */
static enum pmj_code
take_text(struct buf *out, const struct args *args, struct pmj_error *err)
{
	bool from_stdin = args->count == 1 && strcmp(args->words[0], "-") == 0;
	enum pmj_code rc = PMJ_OK;
	struct buf line;
	char *words;

	if (from_stdin || (args->count == 0 && !term_can_ask())) {
		rc = term_slurp(out, "-", NOTE_MAX, err);
	} else if (args->count > 0) {
		words = args_join(args, 0);
		buf_put_text(out, words);
		mem_free_wiped(words);
	} else {
		term_note("Write your note. An empty line ends it.\n");
		buf_init(&line, 0);
		while (term_ask(&line, "> ") && line.len > 0)
			buf_putf(out, "%s%s", out->len > 0 ? "\n" : "", buf_text(&line));
		buf_wipe(&line);
	}
	while (rc == PMJ_OK && out->len > 0 && out->bytes[out->len - 1] <= ' ')
		out->bytes[--out->len] = '\0';
	if (rc == PMJ_OK && out->len == 0)
		return pmj_fail(err, PMJ_USAGE, "an empty note is not kept");
	if (rc == PMJ_OK && !text_is_utf8(buf_text(out), out->len))
		return pmj_fail(err, PMJ_INVALID, "a note must be UTF-8 text");
	return rc;
}

static enum pmj_code
save_record(struct cli *cli, const char *text, struct pmj_error *err)
{
	const json_t *kind = kinds_named(cli, "memo");
	const char *field = kinds_text_field(kind);
	json_t *body, *answer = NULL;
	enum pmj_code rc;

	if (field == NULL) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "your programme has no kind \"memo\"");
		pmj_hint(
		    err, "`pamoja note --locked` keeps it aside; `pamoja kinds` shows the kinds");
		return PMJ_NOT_FOUND;
	}
	body = json_pack("{s:{s:s}}", "fields", field, text);
	rc = client_post(&cli->client, &answer, "/v1/records/memo", body, err);
	if (rc == PMJ_LOCKED)
		pmj_hint(err, "`pamoja note --locked` keeps it sealed until you unlock");
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say(
		    "Saved: memo %s. All of them: pamoja memo list\n", json_str(answer, "short"));
	json_decref(body);
	json_decref(answer);
	return rc;
}

static enum pmj_code
save_sealed(struct cli *cli, const char *text, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "text", text), *answer = NULL;
	enum pmj_code rc = client_post(&cli->client, &answer, "/v1/notes", body, err);

	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Kept sealed. After `pamoja unlock` you decide what becomes of it.\n");
	json_decref(body);
	json_decref(answer);
	return rc;
}

static enum pmj_code
decide(struct cli *cli, json_t **answer, const char *file, bool keep, struct pmj_error *err)
{
	json_t *body = json_pack("{s:b}", "keep", keep);
	char *path = mem_printf("/v1/notes/%s", file);
	enum pmj_code rc = client_post(&cli->client, answer, path, body, err);

	free(path);
	json_decref(body);
	return rc;
}

static enum pmj_code
decide_one(struct cli *cli, const char *file, bool keep, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc = decide(cli, &answer, file, keep, err);

	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("%s\n", keep ? lang_text("Kept as a note.") : lang_text("Dropped."));
	json_decref(answer);
	return rc;
}

static enum pmj_code
list_waiting(struct cli *cli, struct pmj_error *err)
{
	json_t *answer = NULL, *note;
	char when[PRINT_WHEN_MAX];
	enum pmj_code rc = client_get(&cli->client, &answer, "/v1/notes", err);
	size_t i;

	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && json_array_size(json_object_get(answer, "items")) == 0)
		term_say("No note waits.\n");
	else if (rc == PMJ_OK)
		json_array_foreach(json_object_get(answer, "items"), i, note)
		{
			term_put(stdout, PAINT_BOLD, json_str(note, "file"));
			term_say("  %s\n  %s\n", print_when(when, json_object_get(note, "at")),
			    json_str(note, "text"));
		}
	json_decref(answer);
	return rc;
}

enum pmj_code
note_review(struct cli *cli, struct pmj_error *err)
{
	json_t *answer = NULL, *done, *note;
	char when[PRINT_WHEN_MAX];
	enum pmj_code rc;
	size_t i;

	if ((rc = client_get(&cli->client, &answer, "/v1/notes", err)) != PMJ_OK)
		return rc;
	term_note("\nYou wrote these while locked:\n");
	json_array_foreach(json_object_get(answer, "items"), i, note)
	{
		bool keep;

		term_note("\n  %s\n  %s\n", print_when(when, json_object_get(note, "at")),
		    json_str(note, "text"));
		keep = term_yes(true, "  Keep it as a note?");
		if (!keep && !term_yes(false, "  Throw it away for good?"))
			continue; /* it waits on */
		done = NULL;
		rc = decide(cli, &done, json_str(note, "file"), keep, err);
		if (rc == PMJ_OK)
			term_note("  %s\n",
			    keep ? lang_text("Kept: pamoja memo list") : lang_text("Dropped."));
		json_decref(done);
		if (rc != PMJ_OK)
			break;
	}
	json_decref(answer);
	return rc;
}

enum pmj_code
note_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *keep = args_value(args, "keep"), *drop = args_value(args, "drop");
	enum pmj_code rc;
	struct buf text;
	bool locked;

	if (args_has(args, "waiting"))
		return list_waiting(cli, err);
	if (keep != NULL || drop != NULL)
		return decide_one(cli, keep != NULL ? keep : drop, keep != NULL, err);
	buf_init(&text, 0);
	rc = take_text(&text, args, err);
	locked = rc == PMJ_OK && args_has(args, "locked");
	if (rc == PMJ_OK && !locked) {
		rc = save_record(cli, buf_text(&text), err);
		/* Written line by line, it stands nowhere else. */
		locked = rc == PMJ_LOCKED && args->count == 0 && term_can_ask();
	}
	if (locked)
		rc = save_sealed(cli, buf_text(&text), err);
	buf_wipe(&text);
	return rc;
}
