/* hub_report.c - `hub report`: counts of a whole period that is over, and no names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option hub_report_options[] = {
    {"publish", NULL, "count it now; it stays so, whatever comes in later"},
    {"csv", NULL, "as a table for a spreadsheet"},
    {NULL, NULL, NULL},
};

/* Where a row of the report goes: what is counted, what it is divided by, of which, how many. */
struct paper {
	struct table *table; /* NULL: CSV */
};

/* Quoted; and a cell that a spreadsheet would take for a formula is text. */
static void
put_csv(const char *text, bool last)
{
	(void)putchar('"');
	if (strchr("=+-@\t\r", *text) != NULL && *text != '\0')
		(void)putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)putchar('"');
		(void)putchar(*text);
	}
	(void)fputs(last ? "\"\r\n" : "\",", stdout);
}

static void
put_cells(const struct paper *paper, const char *const cells[4])
{
	if (paper->table != NULL) {
		table_row(paper->table, cells);
		return;
	}
	for (size_t i = 0; i < 4; i++)
		put_csv(cells[i] != NULL ? cells[i] : "", i == 3);
}

/* Null: some, and too few to be told. Caller frees. */
static char *
count_text(const struct paper *paper, const json_t *n)
{
	if (json_is_integer(n))
		return mem_printf("%lld", (long long)json_integer_value(n));
	return mem_strdup(paper->table != NULL ? lang_text("too few to be shown") : "few");
}

static void
put_counted(const struct paper *paper, const char *title, const char *by, const char *value,
    const json_t *n)
{
	char *text = count_text(paper, n);

	put_cells(paper, (const char *const[]){title, by, value, text});
	free(text);
}

static const char *
way_label(const char *value)
{
	if (strcmp(value, "more") == 0)
		return lang_text("more than the first time");
	return strcmp(value, "same") == 0 ? lang_text("the same")
	                                  : lang_text("less than the first time");
}

static void
put_divided(const struct paper *paper, const char *title, const json_t *table)
{
	const char *by = json_str(table, "by_label"), *again = paper->table != NULL ? NULL : title;
	const json_t *row, *rest = json_object_get(table, "rest");
	size_t i;

	if (by == NULL)
		by = lang_text("change");
	else if (*by == '\0')
		by = lang_text("how far it is");
	json_array_foreach(json_arr(table, "rows"), i, row)
	{
		const char *label = json_str(row, "label"), *value = json_str(row, "value");

		if (label == NULL)
			label = way_label(value);
		put_counted(paper, again, i == 0 || paper->table == NULL ? by : NULL,
		    *value == '\0' && *label == '\0' ? lang_text("not said") : label,
		    json_object_get(row, "n"));
	}
	if (i > 0 && json_integer_value(rest) > 0)
		put_counted(paper, again, paper->table == NULL ? by : NULL,
		    lang_text("all others together"), rest);
}

static void
put_tenths(const struct paper *paper, const char *title, const char *what, int64_t tenths)
{
	char *text = mem_printf("%s%lld.%lld", tenths < 0 ? "-" : "", (long long)llabs(tenths) / 10,
	    (long long)llabs(tenths) % 10);

	put_cells(
	    paper, (const char *const[]){paper->table != NULL ? NULL : title, what, NULL, text});
	free(text);
}

static void
put_report(const struct paper *paper, const json_t *report)
{
	const char *title = json_str(report, "title");
	const json_t *change = json_obj(report, "change"), *table;
	size_t i;

	if (title == NULL)
		title = json_str(report, "report");
	put_counted(paper, title, NULL, NULL, json_object_get(report, "total"));
	json_array_foreach(json_arr(report, "tables"), i, table) put_divided(paper, title, table);
	if (change == NULL)
		return;
	put_tenths(
	    paper, title, lang_text("the first time, on average"), json_int(change, "first", 0));
	put_tenths(
	    paper, title, lang_text("the last time, on average"), json_int(change, "last", 0));
	json_array_foreach(json_arr(change, "tables"), i, table) put_divided(paper, title, table);
}

static void
print_report(const json_t *document, bool csv)
{
	const char *const heads[] = {lang_text("What"), lang_text("By"), "", lang_text("Count")};
	struct paper paper = {.table = NULL};
	char when[PRINT_WHEN_MAX];
	const json_t *report;
	size_t i;

	if (csv)
		put_cells(&paper, (const char *const[]){"what", "by", "of which", "count"});
	else
		paper.table = table_new(heads, 4);
	json_array_foreach(json_arr(document, "reports"), i, report) put_report(&paper, report);
	if (csv)
		return;
	term_say("%s: %s to %s, published %s\n\n", json_str(document, "period"),
	    json_str(document, "from"), json_str(document, "to"),
	    print_when(when, json_object_get(document, "published")));
	table_print(paper.table);
	term_say("\nNo count of 1 to %lld is shown, nor one it could be worked out from; they are "
	         "among \"all others together\".\n",
	    (long long)json_int(document, "least", 0) - 1);
}

static void
print_periods(const json_t *answer)
{
	const char *const heads[] = {lang_text("Period"), lang_text("From"), lang_text("To"), ""};
	struct table *table = table_new(heads, 4);
	const json_t *item, *unheard = NULL, *name;
	char when[PRINT_WHEN_MAX], *text;
	size_t i;

	json_array_foreach(json_arr(answer, "items"), i, item)
	{
		bool published = json_is_integer(json_object_get(item, "published"));

		if (!published && unheard == NULL)
			unheard = json_arr(item, "unheard");
		text = published ? mem_printf(lang_text("published %s"),
		                       print_when(when, json_object_get(item, "published")))
		                 : mem_strdup(lang_text("not published yet"));
		table_row(table, (const char *const[]){json_str(item, "period"),
		                     json_str(item, "from"), json_str(item, "to"), text});
		free(text);
	}
	table_print(table);
	term_say("\nPublish one: pamoja hub report PERIOD --publish\n");
	if (json_array_size(unheard) > 0) {
		term_say("Not heard since the last of them ended:");
		json_array_foreach(unheard, i, name)
		    term_say("%s %s", i > 0 ? "," : "", json_string_value(name));
		term_say(".\nWhat they bring after it is published is counted in no report.\n");
	}
}

enum pmj_code
hub_report(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool publish = args_has(args, "publish"), csv = args_has(args, "csv");
	json_t *answer = NULL, *body = json_object();
	char *path = NULL;
	enum pmj_code rc;

	if (args->count == 0 && (publish || csv)) {
		rc = pmj_fail(err, PMJ_USAGE, "which period?");
		pmj_hint(err, "pamoja hub report lists those that are over");
		goto out;
	}
	path = mem_printf("/v1/hub/report%s%s", args->count > 0 ? "/" : "",
	    args->count > 0 ? args->words[0] : "");
	if (args->count > 0 && strspn(args->words[0], "0123456789-Q") != strlen(args->words[0])) {
		rc = pmj_fail(err, PMJ_INVALID, "%.40s is no period", args->words[0]);
		pmj_hint(err, "write it like 2026-Q3; pamoja hub report lists those that are over");
		goto out;
	}
	rc = publish ? client_post_patient(&cli->client, &answer, path, body, err)
	             : client_get(&cli->client, &answer, path, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && args->count == 0)
		print_periods(answer);
	else if (rc == PMJ_OK)
		print_report(answer, csv);
out:
	free(path);
	json_decref(body);
	json_decref(answer);
	return rc;
}
