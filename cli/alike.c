/* alike.c - somebody who may be there already is written down. */
#include "cli/alike.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/term.h"

/* "1  Asha Mwangi  7k3f9  (the same: Village, Phone)" */
static void
say_alike(size_t number, const json_t *item)
{
	const json_t *label;
	struct buf same;
	size_t i;

	buf_init(&same, 0);
	json_array_foreach(json_arr(item, "same"), i, label)
	    buf_putf(&same, "%s%s", i > 0 ? ", " : "", json_string_value(label));
	if (number > 0)
		term_note("  %zu  ", number);
	else
		term_note("  ");
	term_note("%s  %s", json_str(item, "title"), json_str(item, "short"));
	if (same.len > 0)
		term_note("  (the same: %s)", buf_text(&same));
	term_note("\n");
	buf_wipe(&same);
}

enum pmj_code
alike_ask(struct cli *cli, json_t **same, bool *is_new, const json_t *fields, const json_t *kind,
    struct pmj_error *err)
{
	char *path = mem_printf("/v1/alike/%s", json_str(kind, "name"));
	json_t *body = json_pack("{s:O}", "fields", fields), *answer = NULL;
	struct pmj_error quiet;
	struct buf typed;
	size_t count = 0;
	bool over = false;

	/* What is wrong with the fields is said where they are saved. */
	if (client_post(&cli->client, &answer, path, body, &quiet) == PMJ_OK)
		count = json_array_size(json_arr(answer, "items"));
	if (count > 0)
		term_note("Somebody like that is here already:\n");
	for (size_t i = 0; i < count; i++)
		say_alike(i + 1, json_array_get(json_arr(answer, "items"), i));
	buf_init(&typed, 0);
	for (over = count == 0; !over;) {
		char *end;
		unsigned long number;

		if (!term_ask(&typed, "Is it one of them? The number, or Enter for somebody new: "))
			break;
		number = strtoul(buf_text(&typed), &end, 10);
		*is_new = typed.len == 0;
		over = *is_new || (*end == '\0' && number >= 1 && number <= count);
		if (over && !*is_new)
			*same = json_incref(json_array_get(json_arr(answer, "items"), number - 1));
		if (!over)
			term_note(
			    "Type the number in front of one of them, or press Enter alone for "
			    "somebody new.\n");
	}
	buf_wipe(&typed);
	json_decref(answer);
	json_decref(body);
	free(path);
	return over ? PMJ_OK : pmj_fail(err, PMJ_USAGE, "stopped; nothing was saved");
}

enum pmj_code
alike_add_to(struct cli *cli, const json_t *same, const json_t *fields, const json_t *kind,
    struct pmj_error *err)
{
	char *path = mem_printf("/v1/record/%s/edit", json_str(same, "id"));
	json_t *more = json_object(), *body = NULL, *answer = NULL, *value;
	const char *name;
	enum pmj_code rc = PMJ_OK;

	json_object_foreach((json_t *)fields, name, value)
	{
		const char *there = json_str(json_obj(same, "texts"), name);
		const char *typed = json_string_value(value);

		if (there == NULL || *there == '\0')
			(void)json_object_set(more, name, value);
		else if (typed != NULL && strcmp(typed, there) != 0)
			term_note("%s stays \"%s\"; you typed \"%s\". To change it: pamoja edit "
			          "%s %s=...\n",
			    kinds_label(kinds_field(kind, name)), there, typed,
			    json_str(same, "short"), name);
	}
	if (json_object_size(more) > 0) {
		body = json_pack("{s:O}", "fields", more);
		rc = client_post(&cli->client, &answer, path, body, err);
	}
	if (rc == PMJ_OK && cli->json)
		print_json(same);
	else if (rc == PMJ_OK)
		term_say("Nobody new was added: it is %s. See it: pamoja show %s\n",
		    json_str(same, "title"), json_str(same, "short"));
	json_decref(answer);
	json_decref(body);
	json_decref(more);
	free(path);
	return rc;
}

void
alike_say(struct cli *cli, const json_t *answer)
{
	const json_t *items = json_arr(answer, "alike"), *item;
	size_t i;

	if (json_array_size(items) == 0 || cli->json)
		return;
	term_note("\nSomebody like that was here already:\n");
	json_array_foreach(items, i, item) say_alike(0, item);
	term_note("If it is the same: pamoja void %s \"entered twice\". If not, all is well (--new "
	          "says so).\n",
	    json_str(answer, "short"));
}
