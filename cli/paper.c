/* paper.c - `consent paper ID FILE`: notes which file is the signed paper, by its hash, or says
 * whether a file is it. The daemon keeps no file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/lang.h"
#include "cli/pdf.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

enum pmj_code
paper_open(FILE **out, const char *path, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		rc = pmj_fail(err, PMJ_USAGE, "%s is not a file", path);
		pmj_hint(err, "name the scan or photograph of the signed paper");
		return rc;
	}
	*out = fopen(path, "re");
	if (*out != NULL)
		return PMJ_OK;
	rc = pmj_fail_errno(err, errno, "reading", path);
	pmj_hint(err, "name the scan or photograph of the signed paper");
	return rc;
}

enum pmj_code
paper_piece(FILE *file, uint8_t bytes[static PAPER_PIECE_BYTES], size_t *len, bool *end,
    struct pmj_error *err)
{
	*len = fread(bytes, 1, PAPER_PIECE_BYTES, file);
	*end = *len < PAPER_PIECE_BYTES;
	return ferror(file) ? pmj_fail_errno(err, errno, "reading", "the file") : PMJ_OK;
}

/* One piece; *paper names the reading from the first answer on. */
static enum pmj_code
send_piece(struct cli *cli, json_t **answer, const char *path, const uint8_t *bytes, size_t len,
    bool end, bool checks, struct pmj_error *err)
{
	char *text = mem_new(len * 4 / 3 + 8), *paper = NULL;
	json_t *body = json_pack(
	    "{s:s,s:b,s:b}", "bytes", text_base64(text, bytes, len), "end", end, "check", checks);
	enum pmj_code rc;

	if (json_str(*answer, "paper") != NULL) {
		paper = mem_strdup(json_str(*answer, "paper"));
		(void)json_object_set_new(body, "paper", json_string(paper));
	}
	json_decref(*answer);
	*answer = NULL;
	rc = client_post(&cli->client, answer, path, body, err);
	json_decref(body);
	free(paper);
	free(text);
	return rc;
}

static enum pmj_code
send_paper(struct cli *cli, json_t **answer, const char *id, FILE *file, bool checks,
    struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/paper", id);
	uint8_t *bytes = mem_new(PAPER_PIECE_BYTES);
	enum pmj_code rc = PMJ_OK;
	bool end = false;

	while (rc == PMJ_OK && !end) {
		size_t len;

		rc = paper_piece(file, bytes, &len, &end, err);
		if (rc == PMJ_OK)
			rc = send_piece(cli, answer, path, bytes, len, end, checks, err);
	}
	mem_free_wiped((char *)bytes);
	free(path);
	return rc;
}

/* Not the file that was noted; of a PDF its pages may be what was kept as a photo. */
static enum pmj_code
check_pages(struct cli *cli, json_t **answer, const char *id, FILE *file, struct pmj_error *err)
{
	struct pmj_error unread;
	struct buf pages;
	FILE *opened = NULL;
	enum pmj_code rc = PMJ_OK;
	bool less;

	buf_init(&pages, 0);
	if (pdf_clean(&pages, &less, file, &unread) == PMJ_OK && less)
		opened = fmemopen(pages.bytes, pages.len, "r");
	if (opened != NULL) {
		json_decref(*answer);
		*answer = NULL;
		rc = send_paper(cli, answer, id, opened, true, err);
		(void)fclose(opened);
	}
	buf_wipe(&pages);
	return rc;
}

bool
paper_is_noted(struct cli *cli, const char *id, FILE *file)
{
	struct pmj_error none;
	json_t *answer = NULL;
	bool same =
	    send_paper(cli, &answer, id, file, true, &none) == PMJ_OK && json_flag(answer, "same");

	rewind(file);
	json_decref(answer);
	return same;
}

static enum pmj_code
say_paper_checked(const json_t *answer, const char *file, struct pmj_error *err)
{
	enum pmj_code rc;

	if (json_flag(answer, "same")) {
		term_say("It is: %s is the signed paper of %s.\n", file, json_str(answer, "short"));
		return PMJ_OK;
	}
	rc = pmj_fail(err, PMJ_INTEGRITY, "%s is not the paper that was noted for %s", file,
	    json_str(answer, "short"));
	pmj_hint(err,
	    "a file that was saved anew or scanned again is another one; `pamoja history "
	    "%s` says when it was noted",
	    json_str(answer, "short"));
	return rc;
}

static void
say_paper_kept(const json_t *answer)
{
	term_say("Noted. Keep the paper and its file: only the mark of the file is here.\n"
	         "  %s\n",
	    json_str(answer, "form_hash"));
	if (json_flag(answer, "another"))
		term_note("Another file was noted before: pamoja history %s\n",
		    json_str(answer, "short"));
}

enum pmj_code
record_paper(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool checks = args_has(args, "check");
	json_t *answer = NULL;
	FILE *file = NULL;
	char *id = NULL;
	enum pmj_code rc;

	if (args->count < 2) {
		(void)pmj_fail(err, PMJ_USAGE, "which file?");
		pmj_hint(
		    err, "pamoja consent paper ID FILE: the scan or photograph of what was signed");
		return PMJ_USAGE;
	}
	if ((rc = paper_open(&file, args->words[1], err)) != PMJ_OK ||
	    (rc = record_resolve(cli, &id, NULL, args->words[0], err)) != PMJ_OK ||
	    (rc = send_paper(cli, &answer, id, file, checks, err)) != PMJ_OK)
		goto out;
	rewind(file);
	if (checks && !json_flag(answer, "same") && pdf_is(file) &&
	    (rc = check_pages(cli, &answer, id, file, err)) != PMJ_OK)
		goto out;
	if (cli->json)
		print_json(answer);
	else if (checks)
		rc = say_paper_checked(answer, args->words[1], err);
	else
		say_paper_kept(answer);
out:
	if (file != NULL)
		(void)fclose(file);
	json_decref(answer);
	free(id);
	return rc;
}
