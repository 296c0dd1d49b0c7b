/* export.c - `export`: whom it is about, under which word they may be told of, and what goes into
 * the file. The accounting is the daemon's: it is saved before anything is read (api/disclose.c).
 */
#include "cli/export.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/export_inner.h"
#include "cli/http.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

#define EXPORT_SHOWN_MAX 20u

const struct option export_options[] = {
    {"kind", "KIND", "only records of this kind; a table needs it"},
    {"person", "PERSON", "only about this person"},
    {"format", "FORMAT", "csv, jsonl or fhir; else by the file's name"},
    {"to", "RECIPIENT", "who gets it: a resource, or a name"},
    {"for", "PURPOSE", "what for, as the consent names it"},
    {"what", "WORDS", "only this of it, such as \"needs, goals\""},
    {"own-copy", NULL, "everything held about a person, for themself to read"},
    {"without-consent", "WAY", "emergency, report, audit or research; with --reason"},
    {"reason", "TEXT", "why without a consent"},
    {"internal", "REASON", "for the programme's own use: it must not leave it"},
    {NULL, NULL, NULL},
};

static const struct {
	const char *name, *ending;
	enum export_format format;
	const struct export_writer *writer;
	const char *way; /* as the accounting calls it */
} formats[] = {{"csv", ".csv", EXPORT_CSV, &export_csv, "table"},
    {"jsonl", ".jsonl", EXPORT_LINES, &export_lines, "lines"},
    {"fhir", ".fhir.json", EXPORT_FHIR, &export_fhir, "fhir"},
    {"page", ".html", EXPORT_PAGE, &export_page, "paper"}};

#define FORMATS (sizeof(formats) / sizeof(*formats))

static bool
ends_in(const char *text, const char *ending)
{
	size_t len = strlen(text), more = strlen(ending);

	return len > more && text_same(text + len - more, ending);
}

static enum pmj_code
choose_format(size_t *at, const struct args *args, struct pmj_error *err)
{
	const char *named = args_value(args, "format"), *file = args->words[0];

	for (*at = 0; *at < FORMATS; ++*at)
		if (args_has(args, "own-copy")
		        ? formats[*at].format == EXPORT_PAGE
		        : (named != NULL ? strcmp(named, formats[*at].name) == 0
		                         : ends_in(file, formats[*at].ending)))
			break;
	if (*at < FORMATS && (formats[*at].format != EXPORT_PAGE || args_has(args, "own-copy")))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "say in which form: --format csv, jsonl or fhir");
	pmj_hint(err, "or let the file's name say it: people.csv, people.jsonl, people.fhir.json");
	return PMJ_USAGE;
}

/* Which of the ways, and no two of them. */
static enum pmj_code
choose_way(struct export *e, const struct args *args, struct pmj_error *err)
{
	static const struct {
		const char *option;
		enum export_ways way;
	} ways[] = {{"to", EXPORT_TOLD}, {"internal", EXPORT_INTERNAL}, {"own-copy", EXPORT_OWN}};
	const char *given = NULL;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (!args_has(args, ways[i].option))
			continue;
		if (given != NULL)
			return pmj_fail(err, PMJ_USAGE, "--%s and --%s do not go together", given,
			    ways[i].option);
		given = ways[i].option;
		e->way = ways[i].way;
	}
	if (args_has(args, "without-consent"))
		e->way = EXPORT_WITHOUT;
	else if (given == NULL)
		e->way = EXPORT_OPEN;
	return PMJ_OK;
}

/* Nobody can be found by it: all its fields are open, and it is about no person. */
static bool
is_open_kind(const json_t *kind)
{
	const char *scope = json_str(kind, "scope");
	const json_t *field;
	size_t i;

	if (scope == NULL || strcmp(scope, "programme") != 0 ||
	    json_array_size(json_arr(kind, "subjects")) > 0)
		return false;
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		const char *privacy = json_str(field, "privacy");

		if (privacy == NULL || strcmp(privacy, "open") != 0)
			return false;
	}
	return true;
}

/* Is it a person, or about people? */
static bool
export_is_about_people(const json_t *kind)
{
	return json_flag(kind, "person") || json_array_size(json_arr(kind, "subjects")) > 0;
}

static enum pmj_code
check_exported_kind(const struct export *e, struct pmj_error *err)
{
	const char *name = json_str(e->kind, "name"), *scope = json_str(e->kind, "scope");
	enum pmj_code rc;

	if (scope != NULL && strcmp(scope, "author") == 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "%s is its author's alone", name);
		pmj_hint(err, "read it with: pamoja %s list", name);
		return rc;
	}
	if (e->way == EXPORT_INTERNAL || is_open_kind(e->kind) || export_is_about_people(e->kind))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "%s says things that only this programme may know", name);
	pmj_hint(err, "for the programme's own use: add --internal \"what for\"");
	return rc;
}

/* Is everything said that this way asks for? */
static enum pmj_code
check_way(const struct export *e, const struct args *args, struct pmj_error *err)
{
	const char *missing = NULL;

	if (e->kind != NULL && check_exported_kind(e, err) != PMJ_OK)
		return err->code;
	if (e->way == EXPORT_OPEN && (e->kind == NULL || export_is_about_people(e->kind))) {
		(void)pmj_fail(err, PMJ_USAGE,
		    "this is about people: say who gets it and what for, with --to and --for");
		pmj_hint(err, "only whoever consented to that is in it; for the programme's own "
		              "use: --internal \"what for\"");
		return PMJ_USAGE;
	}
	if (e->format == EXPORT_CSV && e->kind == NULL)
		missing =
		    "a table holds one kind of records: add --kind, for example --kind person";
	else if ((e->way == EXPORT_TOLD || e->way == EXPORT_WITHOUT) && !args_has(args, "for"))
		missing = "say what for: add --for, for example --for referral";
	else if (e->way == EXPORT_WITHOUT && !args_has(args, "to"))
		missing = "say who gets it: add --to, for example --to \"Kimana Clinic\"";
	else if (e->way == EXPORT_WITHOUT && !args_has(args, "reason"))
		missing = "say why without a consent: add --reason \"...\"";
	else if (e->way == EXPORT_OWN && !args_has(args, "person"))
		missing = "say whose copy it is: add --person, for example --person 7k3f9";
	else if (e->way == EXPORT_INTERNAL && args_value(args, "internal")[0] == '\0')
		missing = "say what for: --internal \"the monthly check of our papers\"";
	if (missing == NULL)
		return PMJ_OK;
	return pmj_fail(err, PMJ_USAGE, "%s", missing);
}

/* ---- the notice ---- */

/* As it is in force here, in the language of the file. */
static enum pmj_code
read_notice(struct cli *cli, struct export_notice *notice, const char *lang, struct pmj_error *err)
{
	const char *own = cli->client.lang;
	const json_t *paragraph;
	json_t *answer = NULL;
	struct buf words;
	enum pmj_code rc;
	size_t i;

	cli->client.lang = lang;
	rc = client_get(&cli->client, &answer, "/v1/notices/redisclosure", err);
	cli->client.lang = own;
	if (rc != PMJ_OK)
		return rc;
	buf_init(&words, 0);
	json_array_foreach(json_arr(answer, "paragraphs"), i, paragraph)
	    buf_putf(&words, "%s%s", i > 0 ? " " : "", json_string_value(paragraph));
	notice->version = mem_strdup(json_str(answer, "id"));
	notice->text = mem_printf("%s (%s%s): %s", lang_text("NOTICE"), notice->version,
	    json_flag(answer, "draft") ? lang_text(", DRAFT, not the official words") : "",
	    buf_text(&words));
	buf_close(&words);
	json_decref(answer);
	return PMJ_OK;
}

/* ---- the whole ---- */

static void
say_left_out(const struct export *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(e->left_out, i, one)
	{
		if (i == EXPORT_SHOWN_MAX) {
			term_note(
			    "and %zu more; --json lists all\n", json_array_size(e->left_out) - i);
			break;
		}
		term_note("%s %s: %s\n", json_str(one, "short"), json_str(one, "title"),
		    json_str(one, "message"));
	}
}

static void
say_exported(const struct export *e)
{
	static const char *const after[] = {
	    [EXPORT_TOLD] = LANG_N("Each person's `pamoja disclosures` lists it.\n"),
	    [EXPORT_WITHOUT] =
	        LANG_N("Each person's `pamoja disclosures` lists it, and why without a consent.\n"),
	    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text */
	    [EXPORT_INTERNAL] = LANG_N("It names people: keep it in the programme, and delete it "
	                               "when it has served.\n"),
	    [EXPORT_OWN] = LANG_N("Give it to the person alone; it opens in any browser.\n"),
	    [EXPORT_OPEN] = ""};
	char *count;

	if (e->cli->json) {
		json_t *out = json_pack("{s:s?,s:I,s:I,s:I,s:I,s:O}", "file", e->file.path,
		    "people", (json_int_t)e->people, "records", (json_int_t)e->records, "unmapped",
		    (json_int_t)e->unmapped, "photos_missing", (json_int_t)e->photos_missing,
		    "left_out", e->left_out);

		print_json(out);
		json_decref(out);
		return;
	}
	say_left_out(e);
	if (e->file.stdout_too)
		return;
	count = print_count(PRINT_RECORDS, (int64_t)e->records);
	term_say("Written: %s, in %s. Only you can read the file.\n", count, e->file.path);
	free(count);
	if (e->unmapped > 0)
		term_say("FHIR has no form for %zu of them: those are not in it.\n", e->unmapped);
	if (e->photos_missing > 0)
		term_note(
		    "A photo of a signed paper is not whole here yet, and not in it; the rest "
		    "comes with `pamoja sync --photos`: make the copy again then.\n");
	if (*after[e->way] != '\0')
		term_say("%s", lang_text(after[e->way]));
}

static enum pmj_code
outcome_of(const struct export *e, struct pmj_error *err)
{
	size_t out = json_array_size(e->left_out);

	if (out == 0)
		return PMJ_OK;
	if (out == 1)
		(void)pmj_fail(err, PMJ_PARTIAL, "1 person is not in it: no consent covers it");
	else
		(void)pmj_fail(
		    err, PMJ_PARTIAL, "%zu people are not in it: no consent covers it", out);
	pmj_hint(err, "record their consent, then export again");
	return PMJ_PARTIAL;
}

static enum pmj_code
export_file(struct export *e, const struct args *args, const struct export_writer *writer,
    const char *way, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = check_way(e, args, err)) != PMJ_OK ||
	    (e->way != EXPORT_OWN &&
	        (rc = read_notice(e->cli, &e->notice, e->lang, err)) != PMJ_OK) ||
	    (rc = outfile_open(&e->file, args->words[0], err)) != PMJ_OK)
		return rc;
	writer->begin(e);
	rc = e->way == EXPORT_INTERNAL || e->way == EXPORT_OPEN
	         ? export_own_use(e, args, writer, way, err)
	         : export_people(e, args, writer, way, err);
	if (rc != PMJ_OK)
		return rc;
	writer->end(e);
	if ((rc = outfile_put(&e->file, &e->bytes, err)) == PMJ_OK)
		rc = outfile_finish(&e->file, err);
	return rc;
}

enum pmj_code
export_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct export e = {.cli = cli, .file = {.fd = -1}, .lang = cli->client.lang};
	const char *kind = args_value(args, "kind"), *mine = cli->client.lang;
	size_t format;
	enum pmj_code rc;

	e.left_out = json_array();
	buf_init(&e.bytes, 0);
	if ((rc = choose_format(&format, args, err)) != PMJ_OK ||
	    (rc = choose_way(&e, args, err)) != PMJ_OK ||
	    (e.way == EXPORT_OWN && (rc = export_choose_language(&e, args, err)) != PMJ_OK) ||
	    (rc = kinds_load(cli, &e.kinds, err)) != PMJ_OK)
		goto out;
	e.format = formats[format].format;
	if (kind != NULL && (e.kind = kinds_in(e.kinds, kind)) == NULL) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "there is no kind \"%.40s\"", kind);
		pmj_hint(err, "`pamoja kinds` lists them");
		goto out;
	}
	rc = export_file(&e, args, formats[format].writer, formats[format].way, err);
	if (rc == PMJ_OK) {
		lang_use(mine);
		say_exported(&e);
		rc = outcome_of(&e, err);
	}
out:
	lang_use(
	    mine); /* the page is in the person's language, what is said of it in the worker's */
	cli->client.lang = mine;
	outfile_close(&e.file);
	buf_wipe(&e.bytes);
	free(e.notice.version);
	free(e.notice.text);
	json_decref(e.left_out);
	json_decref(e.state);
	return rc;
}
