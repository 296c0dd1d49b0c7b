/* status_log.c - what happened, and whether all of it is still there. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/status.h"
#include "cli/term.h"

const struct option status_log_options[] = {
    {"since", "DATE", "from this day on"},
    {"limit", "N", "the newest N (usually 50)"},
    {NULL, NULL, NULL},
};
const struct option status_verify_options[] = {
    {"rebuild", NULL, "make all records anew from the journal's entries and compare"},
    {NULL, NULL, NULL},
};

enum pmj_code
status_log(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	char when[PRINT_WHEN_MAX], since[11], *path;
	json_t *answer = NULL, *event;
	enum pmj_code rc;
	long limit;
	size_t i;

	if ((rc = args_number(&limit, args, "limit", 50, err)) != PMJ_OK ||
	    (rc = args_date(since, args, "since", err)) != PMJ_OK)
		return rc;
	path = mem_printf("/v1/log?limit=%ld%s%s", limit, since[0] != '\0' ? "&since=" : "", since);
	rc = client_get(&cli->client, &answer, path, err);
	free(path);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK && json_array_size(json_object_get(answer, "items")) == 0)
		term_say("Nothing happened yet.\n");
	else if (rc == PMJ_OK)
		json_array_foreach(json_object_get(answer, "items"), i, event)
		{
			const char *message = json_str(event, "message");

			term_put(stdout, PAINT_DIM, print_when(when, json_object_get(event, "at")));
			term_say("  %-9s %s\n", json_str(event, "event"),
			    message != NULL ? message : "");
		}
	json_decref(answer);
	return rc;
}

enum pmj_code
status_verify(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	bool rebuild = args_has(args, "rebuild");
	char *typed = args_join(args, 0), *id = NULL, *path;
	json_t *answer = NULL;
	enum pmj_code rc = PMJ_OK;

	if (*typed != '\0')
		rc = record_resolve(cli, &id, NULL, typed, err);
	free(typed);
	if (rc != PMJ_OK)
		return rc;
	path = mem_printf("/v1/verify%s%s%s", id != NULL || rebuild ? "?" : "",
	    id != NULL ? "person=" : "", id != NULL ? id : "");
	if (rebuild) {
		char *longer = mem_printf("%s%srebuild=1", path, id != NULL ? "&" : "");

		free(path);
		path = longer;
	}
	rc = client_get_patient(&cli->client, &answer, path, err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		char *entries = print_count(PRINT_ENTRIES, json_int(answer, "entries", 0));

		term_say("Whole: %s checked%s.\n", entries,
		    json_flag(answer, "rebuilt") ? lang_text(", all records made anew and equal")
		                                 : "");
		free(entries);
		term_say("  digest %s\n", json_str(answer, "digest"));
		if (id != NULL)
			term_say(
			    "  The same digest on another laptop means the same records there.\n");
	}
	if (rc == PMJ_OK && json_is_false(json_object_get(answer, "ok"))) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the records and their entries do not agree");
		pmj_hint(err, "run `pamoja verify --rebuild`; if it stays, ask your coordinator");
	}
	json_decref(answer);
	free(path);
	free(id);
	return rc;
}
