/* materials.c - what the office sends its workers to read: listed, shown, put into a file; at the
 * hub published and withdrawn. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/outfile.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

#define MATERIAL_MAX (512 * 1024)

static enum pmj_code
materials_list(struct cli *cli, struct pmj_error *err)
{
	static const char *const heads[] = {LANG_N("NAME"), LANG_N("VERSION"), LANG_N("KB")};
	const json_t *items, *item;
	json_t *answer = NULL;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	if ((rc = client_get(&cli->client, &answer, "/v1/materials", err)) != PMJ_OK)
		return rc;
	items = json_arr(answer, "items");
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(items) == 0) {
		term_say("The office has sent nothing to read.\n");
	} else {
		table = table_new(heads, COUNT(heads));
		json_array_foreach(items, i, item)
		{
			char *version = mem_printf("%lld", (long long)json_int(item, "version", 0));
			char *size = mem_printf(
			    "%lld", (long long)(json_int(item, "bytes", 0) + 999) / 1000);
			const char *cells[] = {json_str(item, "name"), version, size};

			table_row(table, cells);
			free(version);
			free(size);
		}
		table_print(table);
		term_say("\nRead one: pamoja materials NAME\n");
	}
	json_decref(answer);
	return rc;
}

/* Can it be shown where one types? */
static bool
is_text(const char *name, const struct buf *bytes)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".txt") == 0 || strcmp(dot, ".md") == 0) &&
	       text_is_utf8((const char *)bytes->bytes, bytes->len);
}

static enum pmj_code
put_file(struct cli *cli, struct buf *bytes, const char *to, struct pmj_error *err)
{
	json_t *answer;
	struct outfile file;
	enum pmj_code rc;

	if ((rc = outfile_open(&file, to, err)) != PMJ_OK)
		return rc;
	if ((rc = outfile_put(&file, bytes, err)) == PMJ_OK)
		rc = outfile_finish(&file, err);
	outfile_close(&file);
	if (rc != PMJ_OK || strcmp(to, "-") == 0)
		return rc;
	if (!cli->json) {
		term_note("It is in the file %s.\n", to);
		return PMJ_OK;
	}
	answer = json_pack("{s:s}", "file", to);
	print_json(answer);
	json_decref(answer);
	return PMJ_OK;
}

static enum pmj_code
show(struct cli *cli, const char *name, const char *to, struct pmj_error *err)
{
	json_t *answer = NULL;
	struct buf bytes, path;
	enum pmj_code rc;

	buf_init(&path, 0);
	buf_init(&bytes, 0);
	buf_put_text(&path, "/v1/materials/");
	http_escape(&path, name);
	if ((rc = client_get(&cli->client, &answer, buf_text(&path), err)) == PMJ_OK &&
	    (json_str(answer, "content") == NULL ||
	        !text_unbase64_buf(&bytes, json_str(answer, "content"))))
		rc = pmj_fail(err, PMJ_FAILED, "the answer cannot be read");
	if (rc == PMJ_OK && cli->json && to == NULL)
		print_json(answer);
	else if (rc == PMJ_OK && to == NULL && is_text(name, &bytes))
		term_say("%s", buf_text(&bytes));
	else if (rc == PMJ_OK)
		rc = put_file(cli, &bytes, to != NULL ? to : name, err);
	json_decref(answer);
	buf_close(&path);
	buf_close(&bytes);
	return rc;
}

enum pmj_code
materials_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args->count == 0)
		return materials_list(cli, err);
	return show(cli, args->words[0], args->count > 1 ? args->words[1] : NULL, err);
}

/* ---- at the hub ---- */

static enum pmj_code
publish_one(struct cli *cli, json_t **answer, const char *path, struct pmj_error *err)
{
	const char *slash = strrchr(path, '/');
	json_t *body = NULL;
	struct buf bytes;
	char *text;
	enum pmj_code rc;

	buf_init(&bytes, 0);
	if ((rc = term_slurp(&bytes, path, MATERIAL_MAX, err)) == PMJ_OK) {
		text = mem_new(bytes.len * 2 + 4);
		body = json_pack("{s:s,s:s}", "name", slash != NULL ? slash + 1 : path, "content",
		    text_base64(text, bytes.bytes, bytes.len));
		free(text);
		rc = body == NULL
		         ? pmj_fail(err, PMJ_INVALID, "the name of this file is not UTF-8")
		         : client_post(&cli->client, answer, "/v1/hub/materials", body, err);
	}
	if (rc == PMJ_TOO_BIG && err->hint[0] == '\0')
		pmj_hint(err, "it goes over every worker's link: smaller pictures, or in pieces");
	json_decref(body);
	buf_close(&bytes);
	return rc;
}

static enum pmj_code
withdraw_one(struct cli *cli, json_t **answer, const char *name, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "name", name);
	enum pmj_code rc =
	    client_post(&cli->client, answer, "/v1/hub/materials/withdraw", body, err);

	json_decref(body);
	return rc;
}

enum pmj_code
hub_materials(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool publish = args->count == 2 && strcmp(args->words[0], "publish") == 0;
	json_t *answer = NULL;
	enum pmj_code rc;

	if (args->count == 0)
		return materials_list(cli, err);
	if (!publish && (args->count != 2 || strcmp(args->words[0], "withdraw") != 0)) {
		rc = pmj_fail(err, PMJ_USAGE, "say publish or withdraw, and of what");
		pmj_hint(err, "pamoja hub materials publish first-steps.pdf");
		return rc;
	}
	rc = publish ? publish_one(cli, &answer, args->words[1], err)
	             : withdraw_one(cli, &answer, args->words[1], err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && publish)
		term_say(
		    "%s goes to every laptop, behind everything else.\n", json_str(answer, "name"));
	else if (rc == PMJ_OK)
		term_say(
		    "%s is taken back with their next exchange.\n", json_str(answer, "withdrawn"));
	json_decref(answer);
	return rc;
}
