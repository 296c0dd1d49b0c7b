/* hub_roster.c - who is enrolled, how far what they wrote has come; and of one worker, whether
 * everything has arrived. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/hub.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define OLD_WORD_MS (14 * DAY_MS) /* a laptop itself speaks of it then (7.3) */

/* A line about one laptop, with its worker's name before it. The text is stolen. */
static void
say_of(const json_t *device, char *text)
{
	char *line = mem_printf("%s: %s", json_str(device, "name"), text);

	print_wrapped(2, line);
	free(line);
	free(text);
}

/* Off the roster, for a while or for good; or only there until a day. */
static void
say_standing(const json_t *device)
{
	const char *state = json_str(device, "state"), *until = json_str(device, "until");
	bool told = json_flag(device, "told");

	if (state != NULL && strcmp(state, "revoked") == 0)
		say_of(device,
		    mem_strdup(told ? lang_text("revoked, and the laptop knows it")
		                    : lang_text("revoked; the laptop has not read it yet")));
	else if (state != NULL && strcmp(state, "suspended") == 0)
		say_of(device, mem_strdup(lang_text("suspended; what the laptop sends waits")));
	if (until != NULL)
		say_of(device, mem_printf(lang_text("a volunteer until %s"), until));
}

/* What is known to be somewhere else. */
static void
say_against(const json_t *device)
{
	const json_t *reason, *gap;
	long long waits = (long long)json_int(json_obj(device, "heard"), "waits", 0), from, to;
	size_t i, g;

	json_array_foreach(json_arr(device, "against"), i, reason)
	{
		const char *why = json_string_value(reason);

		if (strcmp(why, "waits") == 0)
			say_of(device,
			    waits == 1
			        ? mem_strdup(lang_text("1 more entry waited on the laptop when it "
			                               "sealed its last segment"))
			        : mem_printf(lang_text("%lld more entries waited on the laptop "
			                               "when it sealed its last segment"),
			              waits));
		else if (strcmp(why, "unheard") == 0)
			say_of(device,
			    mem_strdup(lang_text("nothing has been heard of the laptop yet")));
		else if (strcmp(why, "unsaid") == 0)
			say_of(device,
			    mem_strdup(lang_text("the laptop has not said yet how much waits "
			                         "on it; its next exchange tells")));
		else if (strcmp(why, "reading") == 0)
			say_of(
			    device, mem_strdup(lang_text(
			                "some of it is being merged just now: pamoja hub merge")));
		else if (strcmp(why, "stopped") == 0)
			say_of(device,
			    mem_printf(lang_text("a segment of it could not be read here (%s). The "
			                         "laptop learns so, and sends it anew by itself"),
			        json_str(json_obj(device, "merged"), "stopped")));
	}
	json_array_foreach(json_arr(device, "gaps"), g, gap)
	{
		from = (long long)json_int(gap, "from", 0);
		to = (long long)json_int(gap, "to", 0);
		say_of(device,
		    from == to
		        ? mem_printf(lang_text("segment %lld is not here, though later ones are: "
		                               "look for a stick or a courier on the way"),
		              from)
		        : mem_printf(lang_text("segments %lld to %lld are not here, though later "
		                               "ones are: look for a stick or a courier on the "
		                               "way"),
		              from, to));
	}
}

/* Of what is here, what does not count yet. */
static void
say_kept_back(const json_t *device)
{
	long long deferred = (long long)json_int(device, "deferred", 0),
	          waiting = (long long)json_int(device, "waiting", 0) - deferred;
	char ago[PRINT_WHEN_MAX], *many;
	const json_t *hold;
	size_t i;

	json_array_foreach(json_arr(device, "holds"), i, hold)
	{
		many = print_count(PRINT_ENTRIES, json_int(hold, "entries", 0));
		say_of(device,
		    mem_printf(lang_text("%s held back (%s), the oldest %s: pamoja hub held"), many,
		        hub_reason_words(json_str(hold, "reason")),
		        print_ago(ago, json_object_get(hold, "since"))));
		free(many);
	}
	if (deferred > 0) {
		many = print_count(PRINT_ENTRIES, deferred);
		say_of(device, mem_printf(lang_text("%s here and not merged yet"), many));
		free(many);
	}
	if (waiting > 0) {
		many = print_count(PRINT_ENTRIES, waiting);
		say_of(device, mem_printf(lang_text("%s waiting for what is missing"), many));
		free(many);
	}
}

/* What speaks against a laptop's clock, or against what it is told of this hub. Caller frees. */
static char *
doubt_text(const json_t *device, const char *doubt)
{
	char at[PRINT_WHEN_MAX], saw[PRINT_WHEN_MAX];

	(void)print_when(at, json_object_get(json_obj(device, "heard"), "at"));
	(void)print_when(saw, json_object_get(device, "beacon_seen"));
	if (strcmp(doubt, "clock_ahead") == 0)
		return mem_printf(
		    lang_text("its clock is ahead: by that, its last segment was sealed %s"), at);
	if (strcmp(doubt, "clock_behind") == 0)
		return mem_printf(
		    lang_text("its clock is far behind: by that, its last segment was sealed %s"),
		    at);
	if (strcmp(doubt, "beacon_stale") == 0)
		return mem_printf(
		    lang_text(
		        "it sends, but has seen nothing of this hub since %s. Something keeps the "
		        "hub's word from it: exchange by another way, such as a stick (pamoja "
		        "carry DIR)"),
		    saw);
	return mem_strdup(lang_text(
	    "it has seen a roster that this hub never made. Another machine may speak in "
	    "this hub's name: compare the hub's six words with the worker, face to face"));
}

/* Also what only says that it was not heard of for long. */
static void
say_doubts(const json_t *device)
{
	const json_t *doubt, *saw = json_object_get(device, "beacon_seen");
	char ago[PRINT_WHEN_MAX];
	size_t i;

	if (json_is_integer(saw) && os_now(&os_real) - json_integer_value(saw) > OLD_WORD_MS)
		say_of(device,
		    mem_printf(
		        lang_text("the newest word of this hub that it has seen was given %s"),
		        print_ago(ago, saw)));
	json_array_foreach(json_arr(device, "doubts"), i, doubt)
	    say_of(device, doubt_text(device, json_string_value(doubt)));
}

/* Whether all that it had written when it last sealed is here. */
static const char *
arrived_word(const json_t *device)
{
	if (json_object_get(device, "arrived") == NULL) /* the office itself */
		return "";
	if (json_int(device, "missing", 0) > 0)
		return lang_text("missing");
	return json_flag(device, "arrived") ? lang_text("all") : lang_text("not all");
}

#define ID_DIGITS 6 /* of a device: as many as name it (pamoja hub roster WORKER) */

static void
list_row(struct table *table, const json_t *device)
{
	const char *role = json_str(device, "role");
	char seen[PRINT_WHEN_MAX], merged[PRINT_WHEN_MAX], people[24], id[ID_DIGITS + 1];
	char *who =
	    mem_printf("%s, %s", json_str(device, "name"), role != NULL ? lang_text(role) : "");
	bool office = json_object_get(device, "arrived") == NULL;
	const char *cells[] = {id, who,
	    office ? "" : print_ago(seen, json_object_get(device, "last_seen")),
	    office ? "" : print_ago(merged, json_object_get(device, "last_merged")),
	    arrived_word(device), people};

	(void)snprintf(id, sizeof(id), "%s",
	    json_str(device, "device") != NULL ? json_str(device, "device") : "");
	(void)snprintf(people, sizeof(people), "%lld", (long long)json_int(device, "people", 0));
	table_row(table, cells);
	free(who);
}

/* Of each laptop with which something is, in the order of the table. */
static void
say_details(const json_t *items)
{
	const json_t *device;
	size_t i;

	json_array_foreach(items, i, device)
	{
		say_standing(device);
		say_against(device);
		say_kept_back(device);
		say_doubts(device);
	}
}

static void
say_people(const json_t *items)
{
	static const char *const heads[] = {LANG_N("DEVICE"), LANG_N("NAME"), LANG_N("LAST SEEN"),
	    LANG_N("LAST MERGED"), LANG_N("ARRIVED"), LANG_N("PEOPLE")};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(*heads));
	const json_t *device;
	size_t i;

	json_array_foreach(items, i, device) list_row(table, device);
	table_print(table);
	say_details(items);
}

/* Both chains stand still on the same number: nothing before it can be missing. */
static void
say_proof(const json_t *merged)
{
	const char *chain = json_str(merged, "chain");

	if (merged == NULL || chain == NULL)
		return;
	term_say("Merged here: up to segment %lld, line %lld, check %.4s %.4s.\n"
	         "  Each segment names the check of the one before it, so nothing below is "
	         "missing. On the laptop: pamoja --json status, under \"place\".\n",
	    (long long)json_int(merged, "segno", 0), (long long)json_int(merged, "seq", 0), chain,
	    chain + 4);
}

static void
say_one(const json_t *device)
{
	const json_t *heard = json_obj(device, "heard"), *merged = json_obj(device, "merged");
	char at[PRINT_WHEN_MAX], came[PRINT_WHEN_MAX], since[PRINT_WHEN_MAX];

	(void)print_when(at, json_object_get(heard, "at"));
	(void)print_ago(came, json_object_get(heard, "came"));
	if (merged == NULL)
		term_say(
		    "Nothing has been heard of the laptop of %s yet.\n", json_str(device, "name"));
	else if (json_flag(device, "arrived"))
		term_say("Everything that the laptop of %s had written by %s (its own clock) has "
		         "arrived.\n",
		    json_str(device, "name"), at);
	else
		term_say(
		    "Not everything of the laptop of %s has arrived.\n", json_str(device, "name"));
	say_standing(device);
	say_against(device);
	say_proof(merged);
	if (heard != NULL)
		term_say("Nothing newer than %s has been heard (it came here %s), so what was "
		         "written since cannot be known.\n",
		    at, came);
	say_kept_back(device);
	if (json_is_integer(json_object_get(device, "beacon_seen")))
		term_say("The newest word of this hub that it has seen is of %s.\n",
		    print_when(since, json_object_get(device, "beacon_seen")));
	say_doubts(device);
}

static enum pmj_code
one_worker(struct cli *cli, const char *worker, struct pmj_error *err)
{
	json_t *body = json_pack("{s:s}", "worker", worker), *answer = NULL;
	enum pmj_code rc = client_post(&cli->client, &answer, "/v1/hub/arrived", body, err);

	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say_one(answer);
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
hub_roster(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *answer = NULL;
	enum pmj_code rc;

	if (args->count > 0)
		return one_worker(cli, args->words[0], err);
	if ((rc = client_get(&cli->client, &answer, "/v1/hub/roster", err)) != PMJ_OK)
		return rc;
	if (cli->json)
		print_json(answer);
	else if (json_array_size(json_object_get(answer, "items")) == 0)
		term_say("Nobody is enrolled yet.\n  pamoja hub enrol REQUEST --role peer\n");
	else
		say_people(json_object_get(answer, "items"));
	json_decref(answer);
	return rc;
}
