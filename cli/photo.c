/* photo.c - `consent photo ID FILE`: keeps a photo or scan of the signed paper with the record,
 * sealed; `--out FILE` gives it back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/lang.h"
#include "cli/outfile.h"
#include "cli/pdf.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

#define PARTS_BYTES ((size_t)128 * 1024) /* that the daemon gives at once, and some room */

/* One request; `photo` of the last answer names what it goes on with. */
static enum pmj_code
photo_post(struct cli *cli, json_t **answer, const char *path, json_t *body, struct pmj_error *err)
{
	enum pmj_code rc;

	if (json_str(*answer, "photo") != NULL)
		(void)json_object_set(body, "photo", json_object_get(*answer, "photo"));
	json_decref(*answer);
	*answer = NULL;
	rc = client_post(&cli->client, answer, path, body, err);
	json_decref(body);
	return rc;
}

static enum pmj_code
photo_send(struct cli *cli, json_t **answer, const char *path, FILE *file, struct pmj_error *err)
{
	uint8_t *bytes = mem_new(PAPER_PIECE_BYTES);
	char *text = mem_new(PAPER_PIECE_BYTES * 4 / 3 + 8);
	enum pmj_code rc = PMJ_OK;
	bool end = false;

	while (rc == PMJ_OK && !end) {
		size_t len;

		rc = paper_piece(file, bytes, &len, &end, err);
		if (rc == PMJ_OK)
			rc = photo_post(cli, answer, path,
			    json_pack(
			        "{s:s,s:b}", "bytes", text_base64(text, bytes, len), "end", end),
			    err);
	}
	/* It is taken; now its parts are kept, some a request. */
	while (rc == PMJ_OK && json_str(*answer, "photo") != NULL)
		rc = photo_post(cli, answer, path, json_object(), err);
	mem_wipe(bytes, PAPER_PIECE_BYTES);
	mem_wipe(text, PAPER_PIECE_BYTES * 4 / 3 + 8);
	free(bytes);
	free(text);
	return rc;
}

struct pages { /* of a PDF, and nothing else of it */
	struct buf bytes;
	bool less;  /* it held more */
	bool noted; /* ... and is the paper that was noted before */
};

/* What the file told besides the picture. */
static void
say_what_went(const json_t *answer, bool pages_only)
{
	if (pages_only)
		term_say("Only the pages are kept: who made the PDF, when and with what, and "
		         "whatever else was in it, was left out.\n");
	if (json_int(answer, "left_out", 0) > 0)
		term_say("Only the picture is kept: what the camera wrote beside it, such as the "
		         "place, the time and whose it is, was left out.\n");
}

static void
say_photo_kept(const json_t *answer, const char *file, const struct pages *pages)
{
	term_say("Kept, sealed with the consent %s: %s, %lld KB.\n", json_str(answer, "short"),
	    json_str(answer, "type"), ((long long)json_int(answer, "bytes", 0) + 1023) / 1024);
	say_what_went(answer, pages->less);
	if (json_flag(answer, "waits"))
		term_say(
		    "It goes to the hub behind all else, and not over a network that costs money;"
		    " at once:\n  pamoja sync --photos\n");
	term_note(
	    "%s itself lies open where it was: delete it, or lock it away with the paper.\n", file);
	if (json_flag(answer, "another") && !pages->noted)
		term_note("Another paper was noted before: pamoja history %s\n",
		    json_str(answer, "short"));
}

/* A PDF is cleaned before it goes anywhere, by a program of its own: *file is its pages then. */
static enum pmj_code
open_cleaned(struct cli *cli, FILE **file, struct pages *pages, const char *id, const char *name,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = paper_open(file, name, err)) != PMJ_OK || !pdf_is(*file))
		return rc;
	pages->noted = paper_is_noted(cli, id, *file);
	if ((rc = pdf_clean(&pages->bytes, &pages->less, *file, err)) != PMJ_OK)
		return rc;
	(void)fclose(*file);
	*file = fmemopen(pages->bytes.bytes, pages->bytes.len, "r");
	return *file != NULL ? PMJ_OK : pmj_fail(err, PMJ_NO_MEMORY, "there is no memory for it");
}

static enum pmj_code
photo_keep(struct cli *cli, const char *id, const char *name, struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/photo", id);
	json_t *answer = NULL;
	FILE *file = NULL;
	struct pages pages = {.less = false};
	enum pmj_code rc;

	buf_init(&pages.bytes, 0);
	if ((rc = open_cleaned(cli, &file, &pages, id, name, err)) == PMJ_OK)
		rc = photo_send(cli, &answer, path, file, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_photo_kept(answer, name, &pages);
	if (file != NULL)
		(void)fclose(file);
	buf_wipe(&pages.bytes);
	json_decref(answer);
	free(path);
	return rc;
}

/* The next of it, into the file. *from 0: that was all. */
static enum pmj_code
photo_fetch(struct cli *cli, const char *id, long long *from, long long *size, struct outfile *out,
    struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/photo?from=%lld", id, *from);
	json_t *answer = NULL;
	struct buf bytes;
	enum pmj_code rc = client_get(&cli->client, &answer, path, err);

	buf_init(&bytes, PARTS_BYTES);
	if (rc == PMJ_OK && (json_str(answer, "bytes") == NULL ||
	                        !text_unbase64_buf(&bytes, json_str(answer, "bytes"))))
		rc = pmj_fail(err, PMJ_FAILED, "the daemon's answer holds no photo");
	if (rc == PMJ_OK)
		rc = outfile_put(out, &bytes, err);
	*from = json_flag(answer, "more") ? json_int(answer, "next", 0) : 0;
	*size = json_int(answer, "size", 0);
	buf_wipe(&bytes);
	json_decref(answer);
	free(path);
	return rc;
}

static enum pmj_code
photo_give(struct cli *cli, const char *id, const char *name, struct pmj_error *err)
{
	long long from = 1, size = 0;
	struct outfile out;
	enum pmj_code rc;

	if ((rc = outfile_open(&out, name, err)) != PMJ_OK)
		return rc;
	while (rc == PMJ_OK && from > 0)
		rc = photo_fetch(cli, id, &from, &size, &out, err);
	if (rc == PMJ_OK)
		rc = outfile_finish(&out, err);
	if (rc == PMJ_OK && cli->json && !out.stdout_too) {
		json_t *answer =
		    json_pack("{s:s,s:I}", "file", out.path, "bytes", (json_int_t)size);

		print_json(answer);
		json_decref(answer);
	} else if (rc == PMJ_OK && !out.stdout_too) {
		term_say(
		    "Written: %s, %lld KB. Only you can read it; it is not sealed: delete it when "
		    "you have seen it.\n",
		    out.path, (size + 1023) / 1024);
	}
	outfile_close(&out);
	return rc;
}

enum pmj_code
record_photo(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *to = args_value(args, "out");
	char *id = NULL;
	enum pmj_code rc;

	if ((args->count < 2) == (to == NULL)) {
		(void)pmj_fail(err, PMJ_USAGE,
		    to == NULL ? "which file?" : "either a file to keep, or --out FILE");
		pmj_hint(err,
		    "pamoja consent photo ID FILE keeps a photo of what was signed; pamoja "
		    "consent photo ID --out FILE gives it back");
		return PMJ_USAGE;
	}
	if ((rc = record_resolve(cli, &id, NULL, args->words[0], err)) == PMJ_OK)
		rc = to != NULL ? photo_give(cli, id, to, err)
		                : photo_keep(cli, id, args->words[1], err);
	free(id);
	return rc;
}

/* Of this laptop's own, until the hub said that it has all of it. NULL: there is nothing to say. */
static char *
photo_under_way(const json_t *photo, long long kb)
{
	long long parts = json_int(photo, "parts", 0), sent = json_int(photo, "sent", 0);

	if (!json_flag(photo, "own") || json_flag(photo, "hub") || json_flag(photo, "at_hub"))
		return NULL;
	if (sent < parts && !json_flag(photo, "hub_takes"))
		return mem_printf(
		    lang_text("kept here, %lld KB; waiting: the office did not say that it takes "
		              "photos now; its program is older, or it had a day's share of them"),
		    kb);
	if (sent < parts)
		return mem_printf(
		    lang_text("kept here, %lld KB; %lld of %lld parts were sent to the hub"), kb,
		    sent, parts);
	if (!json_flag(photo, "hub_tells"))
		return mem_printf(lang_text("kept here, %lld KB; sent; the program of the office "
		                            "is older and does not say whether all of it is there"),
		    kb);
	return mem_printf(
	    lang_text("kept here, %lld KB; sent; the hub did not say yet that it has all of it"),
	    kb);
}

void
photo_say(const json_t *item, size_t width)
{
	const json_t *photo = json_obj(item, "photo");
	long long parts = json_int(photo, "parts", 0), here = json_int(photo, "here", 0);
	long long kb = ((long long)json_int(photo, "bytes", 0) + 1023) / 1024;
	char *text;

	if (photo == NULL)
		return;
	if (!json_flag(photo, "whole") && json_flag(photo, "own"))
		text = mem_printf(
		    lang_text("not whole, %lld of %lld parts; keep the file again: pamoja "
		              "consent photo %s FILE"),
		    here, parts, json_str(item, "short"));
	else if (!json_flag(photo, "whole"))
		text = mem_printf(
		    lang_text("on its way here, %lld of %lld parts; at once: pamoja sync --photos"),
		    here, parts);
	else if ((text = photo_under_way(photo, kb)) == NULL)
		text = mem_printf(
		    json_flag(photo, "at_hub")
		        ? lang_text("kept here and at the hub, %lld KB: pamoja consent photo "
		                    "%s --out FILE")
		        : lang_text("kept here, %lld KB: pamoja consent photo %s --out FILE"),
		    kb, json_str(item, "short"));
	print_pair("Photo", text, width);
	free(text);
}
