/* hub_release.c - what is held is let in after all: one entry, or all of a worker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/pending.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option hub_release_options[] = {
    {"by", "WORKER",
        "all that is held of this worker; more than 100 in a day need a second person"},
    {NULL, NULL, NULL},
};

/* The full id of the held entry whose id begins so. */
static enum pmj_code
find_held(struct cli *cli, char **out, const char *typed, struct pmj_error *err)
{
	json_t *answer = NULL, *held;
	size_t count = 0, i;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/held", err)) != PMJ_OK)
		return rc;
	json_array_foreach(json_object_get(answer, "items"), i, held)
	{
		const char *id = json_str(held, "id");

		if (id == NULL || strncmp(id, typed, strlen(typed)) != 0)
			continue;
		free(*out);
		*out = mem_strdup(id);
		count++;
	}
	json_decref(answer);
	if (count == 1)
		return PMJ_OK;
	free(*out);
	*out = NULL;
	rc = count == 0 ? pmj_fail(err, PMJ_NOT_FOUND, "nothing held has the id \"%.40s\"", typed)
	                : pmj_fail(err, PMJ_AMBIGUOUS, "\"%.40s\" begins %zu ids", typed, count);
	pmj_hint(err, "`pamoja hub held` lists them");
	return rc;
}

static enum pmj_code
release_one(struct cli *cli, json_t **answer, const char *id, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "id", id);
	enum pmj_code rc = client_post(&cli->client, answer, "/v1/hub/release", body, err);

	json_decref(body);
	return rc;
}

/* More than this needs a second pair of eyes (security 7.2). */
#define RELEASE_MAX 100

/* Of a person who was forgotten: nothing is left to let in. */
static bool
is_of_erased(const json_t *held)
{
	const char *reason = json_str(held, "reason");

	return reason != NULL && strcmp(reason, "erased") == 0;
}

static enum pmj_code
ask_for_many(struct cli *cli, const char *worker, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "by", worker), *answer = NULL;
	enum pmj_code rc = client_post(&cli->client, &answer, "/v1/hub/release", body, err);

	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		term_say("More than %d in a day need a second person. Asked for; nothing is let in "
		         "yet.\n\n",
		    RELEASE_MAX);
		pending_say(json_obj(answer, "pending"));
		term_say("\nHow far it is: pamoja hub pending\nTo take it back: pamoja refuse %s\n",
		    json_str(json_obj(answer, "pending"), "id"));
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* All that is held of one worker, oldest first. */
static enum pmj_code
release_by(struct cli *cli, const char *worker, struct pmj_error *err)
{
	json_t *answer = NULL, *held, *ids = json_array(), *id;
	enum pmj_code rc;
	size_t i, done = 0;

	if ((rc = client_get(&cli->client, &answer, "/v1/hub/held", err)) != PMJ_OK)
		goto out;
	json_array_foreach(json_object_get(answer, "items"), i, held)
	{
		const char *by = json_str(held, "by");

		if (by != NULL && text_same(by, worker) && !is_of_erased(held))
			(void)json_array_append(ids, json_object_get(held, "id"));
	}
	if (json_array_size(ids) == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "nothing is held of \"%.60s\"", worker);
		pmj_hint(err, "`pamoja hub held` lists what is");
	} else if ((json_int_t)json_array_size(ids) > json_int(answer, "alone", RELEASE_MAX)) {
		rc = ask_for_many(cli, worker, err);
		goto out;
	}
	json_array_foreach(ids, i, id)
	{
		json_t *one = NULL;

		if (rc == PMJ_OK &&
		    (rc = release_one(cli, &one, json_string_value(id), err)) == PMJ_OK)
			done++;
		json_decref(one);
	}
	if (rc != PMJ_OK && done > 0)
		pmj_context(
		    err, done == 1 ? "%zu was released, then" : "%zu were released, then", done);
	if (rc == PMJ_OK && cli->json) {
		held = json_pack("{s:I}", "released", (json_int_t)done);
		print_json(held);
		json_decref(held);
	} else if (rc == PMJ_OK) {
		term_say(done == 1 ? LANG_N("Released: %zu entry counts from now on.\n")
		                   : LANG_N("Released: %zu entries count from now on.\n"),
		    done);
	}
out:
	json_decref(ids);
	json_decref(answer);
	return rc;
}

enum pmj_code
hub_release(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *worker = args_value(args, "by");
	json_t *answer = NULL;
	enum pmj_code rc;
	char *id = NULL;

	if ((args->count == 0) == (worker == NULL)) {
		rc = pmj_fail(err, PMJ_USAGE, "say one of ID and --by WORKER");
		pmj_hint(err, "`pamoja hub held` lists what is held");
		return rc;
	}
	if (worker != NULL)
		return release_by(cli, worker, err);
	if ((rc = find_held(cli, &id, args->words[0], err)) != PMJ_OK)
		return rc;
	rc = release_one(cli, &answer, id, err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say("Released: it counts from now on.\n");
	json_decref(answer);
	free(id);
	return rc;
}
