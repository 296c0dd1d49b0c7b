/* hub_desk.c - `hub today`: everything that a coordinator has to look after, in one place, and what
 * to type for each. */
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define SILENT_MS (INT64_C(7) * 86400000) /* a week without a word of a laptop */

struct desk {
	json_t *status, *load, *roster;
	json_t *items; /* [{"what","how","type"}…]: what there is to do */
};

/* The texts are stolen. */
static void
put_task(struct desk *desk, const char *what, char *how, char *type)
{
	(void)json_array_append_new(desk->items,
	    json_pack("{s:s,s:s,s:s}", "what", lang_text(what), "how", how, "type", type));
	free(how);
	free(type);
}

/* What waits in the queue of merging. */
static void
put_queue(struct desk *desk)
{
	static const struct {
		const char *count, *what, *how, *type;
	} queue[] = {
	    {"conflicts", LANG_N("to settle"), LANG_N("what two people wrote differently"),
	        "pamoja hub conflicts"},
	    {"held", LANG_N("held back"), LANG_N("entries that wait for your word"),
	        "pamoja hub held"},
	    {"pending", LANG_N("to agree to"), LANG_N("decisions that wait for a second person"),
	        "pamoja hub pending"},
	};

	for (size_t i = 0; i < COUNT(queue); i++) {
		long long count = (long long)json_int(desk->status, queue[i].count, 0);

		if (count > 0)
			put_task(desk, queue[i].what,
			    mem_printf("%s: %lld", lang_text(queue[i].how), count),
			    mem_strdup(queue[i].type));
	}
}

static void
put_people(struct desk *desk)
{
	const json_t *item;
	long long more = (long long)json_int(desk->load, "nobodys", 0) -
	                 (long long)json_array_size(json_arr(desk->load, "without"));
	size_t i;

	json_array_foreach(json_arr(desk->load, "without"), i, item)
	    put_task(desk, LANG_N("without a worker"), mem_strdup(json_str(item, "person")),
	        mem_printf("pamoja hub match %s", json_str(item, "short")));
	if (more > 0)
		put_task(desk, LANG_N("without a worker"),
		    mem_printf(lang_text("and %lld more"), more), mem_strdup(""));
	json_array_foreach(json_arr(desk->load, "consents"), i, item)
	    put_task(desk, LANG_N("consent runs out"),
	        mem_printf("%s, %s", json_str(item, "person"), json_str(item, "expires")),
	        mem_printf("pamoja show %s", json_str(item, "short")));
}

static void
put_workers(struct desk *desk)
{
	json_int_t week = json_int(json_obj(desk->load, "expects"), "week", 0);
	const json_t *item;
	size_t i;

	json_array_foreach(json_arr(desk->load, "items"), i, item)
	{
		const char *name = json_str(item, "name"), *until = json_str(item, "until");
		long long overdue = (long long)json_int(item, "overdue", 0);

		if (json_int(item, "boundaries", 0) > 0)
			put_task(desk, LANG_N("boundary"),
			    mem_printf(lang_text("%s knows somebody they have: decide"), name),
			    mem_strdup("pamoja boundary list"));
		if (overdue > 0)
			put_task(desk, LANG_N("overdue"),
			    mem_printf(lang_text("with %s: %lld"), name, overdue),
			    mem_strdup("pamoja hub caseload"));
		if (json_int(item, "certificates", 0) > 0)
			put_task(desk, LANG_N("certificate"),
			    mem_printf(lang_text("one of %s runs out, or has"), name),
			    mem_strdup("pamoja training list"));
		if (json_int(json_obj(item, "supervision"), "week", 0) < week)
			put_task(desk, LANG_N("supervision"),
			    mem_printf(lang_text("%s: none in the last seven days"), name),
			    mem_strdup("pamoja supervision add"));
		if (until != NULL)
			put_task(desk, LANG_N("volunteer"),
			    mem_printf(lang_text("%s: until %s"), name, until),
			    mem_printf("pamoja hub roster %s", name));
	}
}

/* A laptop that is off the roster for good is nobody's task any more. */
static void
put_laptop(struct desk *desk, const json_t *device)
{
	const json_t *seen = json_object_get(device, "last_seen");
	const char *state = json_str(device, "state"), *why = NULL;
	char ago[PRINT_WHEN_MAX], *how;

	if (json_object_get(device, "arrived") == NULL ||
	    (state != NULL && strcmp(state, "revoked") == 0 && json_flag(device, "told")))
		return;
	if (state != NULL && strcmp(state, "suspended") == 0)
		why = lang_text("suspended; what the laptop sends waits");
	else if (state != NULL && strcmp(state, "revoked") == 0)
		why = lang_text("revoked; the laptop has not read it yet");
	else if (json_int(device, "missing", 0) > 0)
		why = lang_text("something that it sent has not arrived");
	else if (json_array_size(json_arr(device, "doubts")) > 0)
		why = lang_text("something about it is in doubt");
	if (why == NULL && json_is_integer(seen) &&
	    os_now(&os_real) - json_integer_value(seen) <= SILENT_MS)
		return;
	how = why != NULL ? mem_printf("%s: %s", json_str(device, "name"), why)
	                  : mem_printf(lang_text("%s: last heard of %s"), json_str(device, "name"),
	                        print_ago(ago, seen));
	put_task(desk, LANG_N("laptop"), how,
	    mem_printf("pamoja hub roster %s", json_str(device, "name")));
}

static void
print_desk(const struct desk *desk)
{
	static const char *const heads[] = {
	    LANG_N("WHAT"), LANG_N("HOW IT STANDS"), LANG_N("TYPE")};
	const json_t *item, *warning;
	struct table *table;
	size_t i;

	if (json_array_size(desk->items) == 0) {
		term_say("Nothing waits for the office.\n");
	} else {
		table = table_new(heads, COUNT(heads));
		json_array_foreach(desk->items, i, item)
		{
			const char *cells[] = {
			    json_str(item, "what"), json_str(item, "how"), json_str(item, "type")};

			table_row(table, cells);
		}
		table_print(table);
	}
	json_array_foreach(json_arr(desk->status, "warnings"), i, warning)
	{
		char *text = lang_message(json_string_value(warning));

		term_say("Careful: %s\n", text);
		free(text);
	}
	term_say("\nWhat is due with people: pamoja today\n");
}

enum pmj_code
hub_desk(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	struct desk desk = {NULL, NULL, NULL, NULL};
	const json_t *device;
	enum pmj_code rc;
	size_t i;

	(void)args;
	desk.items = json_array();
	if ((rc = client_get_patient(&cli->client, &desk.load, "/v1/hub/caseload", err)) !=
	        PMJ_OK ||
	    (rc = client_get(&cli->client, &desk.status, "/v1/status", err)) != PMJ_OK ||
	    (rc = client_get(&cli->client, &desk.roster, "/v1/hub/roster", err)) != PMJ_OK)
		goto out;
	put_queue(&desk);
	put_people(&desk);
	json_array_foreach(json_arr(desk.roster, "items"), i, device) put_laptop(&desk, device);
	put_workers(&desk);
	if (cli->json) {
		json_t *answer = json_pack("{s:O,s:O*}", "items", desk.items, "warnings",
		    json_object_get(desk.status, "warnings"));

		print_json(answer);
		json_decref(answer);
	} else {
		print_desk(&desk);
	}
out:
	json_decref(desk.items);
	json_decref(desk.status);
	json_decref(desk.load);
	json_decref(desk.roster);
	return rc;
}
