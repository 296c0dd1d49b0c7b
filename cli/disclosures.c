/* disclosures.c - `disclosures PERSON`: what was told about a person, to be read to them or
 * handed to them, under the notice that goes with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/client.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/sheet.h"
#include "cli/term.h"

/* However many pieces it comes in: {"items","notice","since"}. since "": as far back as the
 * programme's country has it. */
static enum pmj_code
get_disclosures(
    struct cli *cli, json_t **out, const char *id, const char *since, struct pmj_error *err)
{
	char *next = NULL, *path;
	json_t *piece;
	enum pmj_code rc;

	do {
		path = mem_printf("/v1/record/%s/disclosures%s%s%s%s", id,
		    since[0] != '\0' ? "?since=" : "", since,
		    next == NULL       ? ""
		    : since[0] != '\0' ? "&from="
		                       : "?from=",
		    next != NULL ? next : "");
		rc = client_get(&cli->client, &piece, path, err);
		free(path);
		free(next);
		next = NULL;
		if (rc != PMJ_OK)
			break;
		if (json_str(piece, "next") != NULL)
			next = mem_strdup(json_str(piece, "next"));
		if (*out == NULL)
			*out = json_incref(piece);
		else
			(void)json_array_extend(
			    json_object_get(*out, "items"), json_object_get(piece, "items"));
		json_decref(piece);
	} while (next != NULL);
	(void)json_object_del(*out, "next");
	return rc;
}

static int
by_time(const void *a, const void *b)
{
	json_int_t x = json_int(*(json_t *const *)a, "at", 0),
	           y = json_int(*(json_t *const *)b, "at", 0);

	return (x > y) - (x < y);
}

/* The oldest first. */
static void
order_disclosures(json_t *answer)
{
	json_t *items = json_object_get(answer, "items"), *ordered = json_array();
	size_t count = json_array_size(items);
	const json_t **list = mem_array(count + 1, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = json_array_get(items, i);
	if (count > 0)
		qsort((void *)list, count, sizeof(*list), by_time);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append(ordered, (json_t *)list[i]);
	(void)json_object_set_new(answer, "items", ordered);
	free((void *)list);
}

/* What for, what, how, and by whom; without it the same for repeated sends. */
static char *
details_of(const json_t *item)
{
	const char *const parts[] = {
	    "purpose", "category", "information", "way", "route_label", "under", "reason"};
	const char *role = json_str(item, "role");
	struct buf line;
	char *text;

	buf_init(&line, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (json_str(item, parts[i]) != NULL && *json_str(item, parts[i]) != '\0')
			buf_putf(&line, "%s%s", line.len > 0 ? "; " : "", json_str(item, parts[i]));
	buf_putf(&line, "%s%s", lang_text("; by "), json_str(item, "by"));
	if (role != NULL && *role != '\0')
		buf_putf(&line, " (%s)", lang_text(role));
	text = mem_strdup(buf_text(&line));
	buf_wipe(&line);
	return text;
}

/* Repeated sends of one sort to one recipient are one paragraph: when first, when last, how often.
 * A new reference, in order of the first: [[first item, last item, count]…] */
static json_t *
summed_up(const json_t *items)
{
	json_t *groups = json_array(), *seen = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		char *details = details_of(item);
		char *key = mem_printf("%s\n%s\n%s\n%d", json_str(item, "kind"),
		    json_str(item, "to"), details, json_flag(item, "voided"));
		json_t *group = json_object_get(seen, key);

		if (group == NULL) {
			group = json_pack("[O,O,i]", item, item, 1);
			(void)json_object_set(seen, key, group);
			(void)json_array_append_new(groups, group);
		} else {
			(void)json_array_set(group, 1, (json_t *)item);
			(void)json_integer_set(json_array_get(group, 2),
			    json_integer_value(json_array_get(group, 2)) + 1);
		}
		free(key);
		free(details);
	}
	json_decref(seen);
	return groups;
}

/* "2026-11-29  Loitokitok Clinic (referral 7k3f9)", and below it what for, what, and by whom. */
static void
put_disclosure(struct sheet *sheet, const json_t *group)
{
	const json_t *first = json_array_get(group, 0), *last = json_array_get(group, 1);
	int64_t count = json_integer_value(json_array_get(group, 2));
	char *details = details_of(first), *line;

	if (count == 1)
		line = mem_printf("%s  %s  (%s %s)", json_str(first, "on"), json_str(first, "to"),
		    json_str(first, "kind_label"), json_str(first, "short"));
	else
		line = mem_printf(lang_text("%s to %s  %s  (%s, %lld times)"),
		    json_str(first, "on"), json_str(last, "on"), json_str(first, "to"),
		    json_str(first, "kind_label"), (long long)count);
	sheet_gap(sheet);
	sheet_strong(sheet, line);
	sheet_text(sheet, details);
	if (json_flag(first, "voided"))
		sheet_text(sheet, lang_text("taken out again: it was not handed over"));
	free(line);
	free(details);
}

static void
put_disclosures(struct sheet *sheet, const json_t *answer)
{
	json_t *groups = summed_up(json_arr(answer, "items"));
	const json_t *group;
	size_t i;

	if (json_obj(answer, "notice") != NULL)
		sheet_put_notice(sheet, json_obj(answer, "notice"));
	else
		term_note("%s\n", json_str(answer, "notice_missing"));
	sheet_pair(sheet, lang_text("Since"), json_str(answer, "since"));
	json_array_foreach(groups, i, group) put_disclosure(sheet, group);
	if (json_array_size(groups) == 0) {
		sheet_gap(sheet);
		sheet_text(sheet, lang_text("Nothing was told to anybody outside."));
	}
	json_decref(groups);
}

enum pmj_code
record_disclosures(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char *typed = args_join(args, 0), *id = NULL;
	struct sheet *sheet = NULL;
	json_t *answer = NULL;
	char since[11];
	enum pmj_code rc;

	if ((rc = args_date(since, args, "since", err)) != PMJ_OK ||
	    (rc = sheet_new(&sheet, args, cli->client.lang, err)) != PMJ_OK ||
	    (rc = record_resolve(cli, &id, NULL, typed, err)) != PMJ_OK)
		goto out;
	if ((rc = get_disclosures(cli, &answer, id, since, err)) != PMJ_OK)
		goto out;
	order_disclosures(answer);
	if (cli->json && sheet_path(sheet) == NULL) {
		print_json(answer);
		goto out;
	}
	put_disclosures(sheet, answer);
	if ((rc = sheet_put(sheet, err)) == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && sheet_path(sheet) != NULL)
		term_note("Written to %s, readable by you alone.\n", sheet_path(sheet));
out:
	json_decref(answer);
	sheet_free(sheet);
	free(id);
	free(typed);
	return rc;
}
