/* hub_caseload.c - `hub caseload`, `hub match`: how much each worker carries, and who fits a
 * person. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

const struct option hub_match_options[] = {
    {"tag", "TAG", "what the worker must know, such as families (else what the record says)"},
    {"language", "L", "what the worker must speak (else what the record says)"},
    {NULL, NULL, NULL},
};

/* "1:30" */
static char *
hours(long long minutes)
{
	return mem_printf("%lld:%02lld", minutes / 60, minutes % 60);
}

static char *
number(const json_t *item, const char *key)
{
	long long n = (long long)json_int(item, key, 0);

	return n == 0 ? mem_strdup("") : mem_printf("%lld", n);
}

/* "1 certificate, 3 consents" of the worker that run out soon. */
static char *
running_out(const json_t *item)
{
	long long papers = (long long)json_int(item, "certificates", 0);
	long long consents = (long long)json_int(item, "consents", 0);
	struct buf text;
	char *copy;

	buf_init(&text, 0);
	if (papers > 0)
		buf_putf(&text, lang_text(papers == 1 ? "%lld certificate" : "%lld certificates"),
		    papers);
	if (papers > 0 && consents > 0)
		buf_put_text(&text, ", ");
	if (consents > 0)
		buf_putf(
		    &text, lang_text(consents == 1 ? "%lld consent" : "%lld consents"), consents);
	copy = mem_strdup(buf_text(&text));
	buf_close(&text);
	return copy;
}

static void
put_worker(struct table *table, const json_t *item, const json_t *expects)
{
	const json_t *supervision = json_obj(item, "supervision");
	long long contacts = (long long)json_int(item, "contacts", 0);
	char *has = hours((long long)json_int(supervision, "minutes", 0)),
	     *of = hours((long long)json_int(expects, "minutes", 0));
	char *cells[] = {mem_strdup(json_str(item, "name")),
	    mem_strdup(lang_text(json_str(item, "role"))), number(item, "people"),
	    mem_printf("%lld.%lld", contacts / 4, contacts % 4 * 10 / 4), number(item, "crises"),
	    number(item, "overdue"), mem_printf(lang_text("%s of %s"), has, of), running_out(item)};

	table_row(table, (const char *const *)cells);
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++)
		free(cells[i]);
	free(has);
	free(of);
}

static void
say_worker(const json_t *item, const json_t *expects)
{
	const char *name = json_str(item, "name"), *until = json_str(item, "until");
	long long boundaries = (long long)json_int(item, "boundaries", 0);

	if (json_int(json_obj(item, "supervision"), "week", 0) < json_int(expects, "week", 0))
		term_say("%s: no supervision in the last seven days\n", name);
	if (boundaries > 0)
		term_say(boundaries == 1 ? LANG_N("%s: %lld boundary with somebody they have, not "
		                                  "decided yet: pamoja boundary list\n")
		                         : LANG_N("%s: %lld boundaries with people they have, not "
		                                  "decided yet: pamoja boundary list\n"),
		    name, boundaries);
	if (until != NULL)
		term_say("%s: until %s\n", name, until);
}

static void
print_caseload(const json_t *answer)
{
	static const char *const heads[] = {LANG_N("WORKER"), LANG_N("ROLE"), LANG_N("PEOPLE"),
	    LANG_N("A WEEK"), LANG_N("CRISES"), LANG_N("OVERDUE"), LANG_N("SUPERVISION"),
	    LANG_N("RUNS OUT")};
	const json_t *expects = json_obj(answer, "expects"), *item;
	long long nobodys = (long long)json_int(answer, "nobodys", 0);
	struct table *table = table_new(heads, sizeof(heads) / sizeof(*heads));
	size_t i;

	table_keep_whole(table, sizeof(heads) / sizeof(*heads) - 1);
	json_array_foreach(json_arr(answer, "items"), i, item) put_worker(table, item, expects);
	table_print(table);
	term_say("\nA week: contacts, on average of four weeks; crises in these. Supervision: this "
	         "month. Runs out: within 30 days.\n");
	json_array_foreach(json_arr(answer, "items"), i, item) say_worker(item, expects);
	if (nobodys > 0)
		term_say(nobodys == 1 ? LANG_N("%lld person has no worker:\n")
		                      : LANG_N("%lld people have no worker:\n"),
		    nobodys);
	json_array_foreach(json_arr(answer, "without"), i, item) term_say(
	    "  %s: pamoja hub match %s\n", json_str(item, "person"), json_str(item, "short"));
	json_array_foreach(json_arr(answer, "consents"), i, item)
	    term_say("%s: the consent %s ends on %s\n", json_str(item, "person"),
	        json_str(item, "short"), json_str(item, "expires"));
}

enum pmj_code
hub_caseload(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;

	(void)args;
	if ((rc = client_get_patient(&cli->client, &answer, "/v1/hub/caseload", err)) != PMJ_OK)
		return rc;
	if (cli->json)
		print_json(answer);
	else if (json_array_size(json_arr(answer, "items")) == 0)
		term_say("Nobody is enrolled yet: pamoja hub enrol\n");
	else
		print_caseload(answer);
	json_decref(answer);
	return rc;
}

/* What speaks against it. Caller frees. */
static char *
against(const json_t *item)
{
	char *lacks = print_value(json_arr(item, "lacks")), *text;

	if (json_flag(item, "apart"))
		text = mem_strdup(lang_text("a boundary stands between them"));
	else if (*lacks != '\0')
		text = mem_printf(lang_text("does not know %s"), lacks);
	else if (!json_flag(item, "speaks"))
		text = mem_strdup(lang_text("does not say to speak the language"));
	else if (json_flag(item, "full"))
		text = mem_strdup(lang_text("has as many people as they can take"));
	else
		text = mem_strdup(json_flag(item, "has") ? lang_text("has them already") : "");
	free(lacks);
	return text;
}

static void
print_match(const json_t *answer, const char *person)
{
	static const char *const heads[] = {LANG_N("WORKER"), LANG_N("ROLE"), LANG_N("PEOPLE"),
	    LANG_N("KNOWS"), LANG_N("LANGUAGES"), ""};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(*heads));
	char *wants = print_value(json_arr(answer, "wants")),
	     *language = print_value(json_arr(answer, "language"));
	const json_t *item;
	size_t i;

	json_array_foreach(json_arr(answer, "items"), i, item)
	{
		char *cells[] = {number(item, "people"), print_value(json_arr(item, "tags")),
		    print_value(json_arr(item, "languages")), against(item)};

		table_row(table,
		    (const char *const[]){json_str(item, "name"), lang_text(json_str(item, "role")),
		        cells[0], cells[1], cells[2], cells[3]});
		for (size_t c = 0; c < sizeof(cells) / sizeof(*cells); c++)
			free(cells[c]);
	}
	if (*wants != '\0' || *language != '\0')
		term_say("Wanted: %s%s%s\n\n", wants,
		    *wants != '\0' && *language != '\0' ? "; " : "", language);
	table_print(table);
	term_say("\nShare them: pamoja hub assign \"%s\" WORKER\n", person);
	free(wants);
	free(language);
}

enum pmj_code
hub_match(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0), *id = NULL;
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;

	if ((rc = record_resolve(cli, &id, "person", typed, err)) == PMJ_OK) {
		body = json_pack("{s:s,s:s*,s:s*}", "person", id, "tag", args_value(args, "tag"),
		    "language", args_value(args, "language"));
		rc = body != NULL
		         ? client_post_patient(&cli->client, &answer, "/v1/hub/match", body, err)
		         : pmj_fail(err, PMJ_INVALID, "--tag or --language is not UTF-8 text");
	}
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		print_match(answer, typed);
	json_decref(body);
	json_decref(answer);
	free(id);
	free(typed);
	return rc;
}
