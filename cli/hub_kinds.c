/* hub_kinds.c - kinds of the programme's own, published to every laptop. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/home.h"
#include "cli/hub.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"
#include "pamoja/limits.h"

/* Does a line begin with this? The first of a file has none before it. */
static bool
has_section(const char *text, const char *section)
{
	size_t len = strlen(section);

	for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, section, len) == 0)
			return true;
	}
	return false;
}

static enum pmj_code
add_file(json_t *files, const char *path, struct pmj_error *err)
{
	const char *slash = strrchr(path, '/'), *stem = slash != NULL ? slash + 1 : path;
	char *name = NULL;
	json_t *file;
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, 0);
	if ((rc = term_slurp(&text, path, PMJ_CONF_FILE_MAX, err)) == PMJ_OK) {
		/* A notice and a profile go the same way: they, too, are files in versions. */
		name = mem_printf("%s/%s",
		    has_section(buf_text(&text), "[notice]")    ? "notices"
		    : has_section(buf_text(&text), "[profile]") ? "profiles"
		                                                : "kinds",
		    stem);
		file = text_is_utf8(buf_text(&text), text.len)
		           ? json_pack("{s:s,s:s}", "name", name, "text", buf_text(&text))
		           : NULL;
		if (file == NULL) {
			rc = pmj_fail(err, PMJ_INVALID, "%s is not UTF-8 text", path);
			pmj_hint(err, "save it as UTF-8 in your editor");
		} else {
			(void)json_array_append_new(files, file);
		}
	}
	buf_close(&text);
	free(name);
	return rc;
}

/* A folder stands for the kinds in it. */
static enum pmj_code
add_folder(json_t *files, const char *path, struct pmj_error *err)
{
	char **names = NULL;
	size_t count = 0, before = json_array_size(files);
	enum pmj_code rc = fs_list(&names, &count, path, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		size_t len = strlen(names[i]);
		char *file = fs_join(path, names[i]);

		if (len > 4 && names[i][0] != '.' && strcmp(names[i] + len - 4, ".ini") == 0)
			rc = add_file(files, file, err);
		free(file);
	}
	fs_list_free(names, count);
	if (rc == PMJ_OK && json_array_size(files) == before) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "%s holds no kind", path);
		pmj_hint(err, "name a file, such as bicycle.ini, or the folder it is in");
	}
	return rc;
}

static enum pmj_code
read_files(json_t *files, const struct args *args, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	struct stat st;

	if (args->count < 2) {
		rc = pmj_fail(err, PMJ_USAGE, "name the files, or the folder they are in");
		pmj_hint(err, "for example: pamoja hub kinds publish bicycle.ini");
	}
	for (size_t i = 1; i < args->count && rc == PMJ_OK; i++)
		rc = stat(args->words[i], &st) == 0 && S_ISDIR(st.st_mode)
		         ? add_folder(files, args->words[i], err)
		         : add_file(files, args->words[i], err);
	return rc;
}

static void
say_published(const json_t *answer)
{
	const json_t *items = json_arr(answer, "published"), *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		term_say("Published: %s, version %lld\n", json_str(item, "name"),
		    (long long)json_int(item, "version", 0));
		kinds_say_draft(item);
	}
	if (json_array_size(items) == 0)
		term_say("Nothing is new: all of it is in force already.\n");
	else
		term_say(
		    "Laptops take it up with their next exchange. Whoever has not had one works "
		    "on with what they have; nothing is lost.\n");
}

static enum pmj_code
publish_kinds(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *files = json_array(), *answer = NULL, *body = json_pack("{s:o}", "files", files);
	enum pmj_code rc = read_files(files, args, err);

	if (rc == PMJ_OK)
		rc = client_post(&cli->client, &answer, "/v1/hub/kinds", body, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_published(answer);
	json_decref(body);
	json_decref(answer);
	return rc;
}

static enum pmj_code
published_list(struct cli *cli, struct pmj_error *err)
{
	static const char *const heads[] = {LANG_N("FILE"), LANG_N("VERSION")};
	const json_t *items, *item;
	json_t *answer = NULL;
	struct table *table;
	enum pmj_code rc;
	size_t i;

	if ((rc = client_get(&cli->client, &answer, "/v1/hub/kinds", err)) != PMJ_OK)
		return rc;
	items = json_arr(answer, "items");
	if (cli->json) {
		print_json(answer);
	} else if (json_array_size(items) == 0) {
		term_say("This hub has published nothing: its laptops use the kinds that came with "
		         "the program.\n");
	} else {
		table = table_new(heads, COUNT(heads));
		json_array_foreach(items, i, item)
		{
			char *version = mem_printf("%lld", (long long)json_int(item, "version", 0));
			const char *cells[] = {json_str(item, "name"), version};

			table_row(table, cells);
			free(version);
		}
		table_print(table);
	}
	json_decref(answer);
	return rc;
}

enum pmj_code
hub_kinds(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	if (args->count == 0)
		return published_list(cli, err);
	if (strcmp(args->words[0], "publish") == 0)
		return publish_kinds(cli, args, err);
	(void)pmj_fail(err, PMJ_USAGE, "there is no `hub kinds %.40s`", args->words[0]);
	pmj_hint(err, "pamoja hub kinds publish FILE");
	return PMJ_USAGE;
}
