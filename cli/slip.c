/* slip.c - `slip ID`: the paper a person carries to where they were sent; and the answer that comes
 * back by its code. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/qr.h"
#include "cli/record.h"
#include "cli/sheet.h"
#include "cli/term.h"

/* The letters of the code alone, in capitals: a QR code holds these in the fewest squares. */
static void
put_code(struct sheet *sheet, const char *label, const char *code)
{
	char letters[32];
	size_t count = 0;

	for (const char *at = code; *at != '\0' && count + 1 < sizeof(letters); at++)
		if (isalnum((unsigned char)*at))
			letters[count++] = (char)toupper((unsigned char)*at);
	letters[count] = '\0';
	sheet_gap(sheet);
	sheet_pair(sheet, label, code);
	qr_put(sheet, letters);
}

static void
put_slip(struct sheet *sheet, const json_t *slip)
{
	const json_t *paragraphs = json_arr(slip, "paragraphs"), *line;
	size_t i;

	sheet_title(sheet, json_str(slip, "title"));
	json_array_foreach(json_arr(slip, "lines"), i, line)
	    sheet_pair(sheet, json_str(line, "label"), json_str(line, "text"));
	put_code(sheet, json_string_value(json_array_get(paragraphs, 0)), json_str(slip, "code"));
	for (i = 1; i < json_array_size(paragraphs); i++)
		sheet_text(sheet, json_string_value(json_array_get(paragraphs, i)));
}

static void
say_slip_made(const struct sheet *sheet, const json_t *slip)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_arr(slip, "left_out"), i, one)
	    term_note("Not on it, for it would tell others why the person goes there: %s\n",
	        json_string_value(one));
	if (json_array_size(json_arr(slip, "left_out")) > 0)
		term_note("Give the service a name for slips: pamoja edit ID slip_name=...\n");
	if (sheet_path(sheet) != NULL)
		term_note("Written to %s, readable by you alone.\n", sheet_path(sheet));
	term_note("The answer comes back by the code: pamoja referral answer %s accept\n",
	    json_str(slip, "code"));
}

enum pmj_code
record_slip(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0);
	json_t *body = json_object(), *slip = NULL;
	struct sheet *sheet = NULL;
	enum pmj_code rc;

	if ((rc = sheet_new(&sheet, args, cli->client.lang, err)) != PMJ_OK ||
	    (rc = record_about(cli, &slip, typed, "/slip", body, err)) != PMJ_OK)
		goto out;
	if (cli->json && sheet_path(sheet) == NULL) {
		print_json(slip);
		goto out;
	}
	sheet_language(sheet, json_str(slip, "lang"));
	put_slip(sheet, slip);
	if ((rc = sheet_put(sheet, err)) == PMJ_OK && cli->json)
		print_json(slip);
	else if (rc == PMJ_OK)
		say_slip_made(sheet, slip);
out:
	json_decref(body);
	json_decref(slip);
	sheet_free(sheet);
	free(typed);
	return rc;
}

/* What may be answered: the moves of the kind that say so. */
static enum pmj_code
check_answer(const json_t *kind, const char *verb, struct pmj_error *err)
{
	const json_t *move;
	struct buf all;
	size_t i;

	buf_init(&all, 0);
	json_array_foreach(json_arr(kind, "moves"), i, move)
	{
		if (!json_flag(move, "answers"))
			continue;
		if (verb != NULL && strcmp(json_str(move, "verb"), verb) == 0) {
			buf_close(&all);
			return PMJ_OK;
		}
		buf_putf(&all, "%s%s", all.len > 0 ? ", " : "", json_str(move, "verb"));
	}
	if (verb != NULL)
		(void)pmj_fail(err, PMJ_USAGE, "\"%.40s\" is no answer", verb);
	else
		(void)pmj_fail(err, PMJ_USAGE, "what was answered?");
	pmj_hint(err, "write the code and one of: %s", all.len > 0 ? buf_text(&all) : "-");
	buf_close(&all);
	return PMJ_USAGE;
}

enum pmj_code
record_answer(struct cli *cli, const struct args *args, const json_t *kind, struct pmj_error *err)
{
	struct args move = *args;
	json_t *found = NULL;
	char *path = NULL, **words = NULL;
	struct buf code;
	enum pmj_code rc;

	if (args->count < 3)
		return pmj_fail(err, PMJ_USAGE, "which code? It stands on the slip");
	if ((rc = check_answer(kind, args->count > 3 ? args->words[3] : NULL, err)) != PMJ_OK)
		return rc;
	buf_init(&code, 0);
	http_escape(&code, args->words[2]);
	path = mem_printf("/v1/code/%s?kind=%s", buf_text(&code), json_str(kind, "name"));
	if ((rc = client_get(&cli->client, &found, path, err)) != PMJ_OK)
		goto out;
	/* KIND answer CODE VERB FIELDS is KIND VERB ID FIELDS */
	words = mem_array(args->count, sizeof(*words));
	memcpy((void *)words, (void *)args->words, args->count * sizeof(*words));
	words[1] = args->words[0];
	words[2] = args->words[3];
	words[3] = mem_strdup(json_str(found, "id"));
	move.words = words + 1;
	move.count = args->count - 1;
	rc = kinds_command(cli, &move, err);
	free(words[3]);
out:
	free((void *)words);
	json_decref(found);
	buf_wipe(&code);
	free(path);
	return rc;
}
