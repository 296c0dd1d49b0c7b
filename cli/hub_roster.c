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

/* What speaks against a laptop's clock, or against what it is told of this hub. */
static void
say_doubt(const json_t *device, const char *doubt)
{
	char at[PRINT_WHEN_MAX], saw[PRINT_WHEN_MAX];

	(void)print_when(at, json_object_get(json_obj(device, "heard"), "at"));
	(void)print_when(saw, json_object_get(device, "beacon_seen"));
	if (strcmp(doubt, "clock_ahead") == 0)
		term_say("its clock is ahead: by that, its last segment was sealed %s\n", at);
	else if (strcmp(doubt, "clock_behind") == 0)
		term_say("its clock is far behind: by that, its last segment was sealed %s\n", at);
	else if (strcmp(doubt, "beacon_stale") == 0)
		term_say("it sends, but has seen nothing of this hub since %s. Something keeps the "
		         "hub's word from it: exchange by another way, such as a stick (pamoja "
		         "carry DIR)\n",
		    saw);
	else if (strcmp(doubt, "roster_unknown") == 0)
		term_say("it has seen a roster that this hub never made. Another machine may speak "
		         "in this hub's name: compare the hub's six words with the worker, face to "
		         "face\n");
}

/* Also what only says that it was not heard of for long. */
static void
say_doubts(const json_t *device)
{
	const json_t *doubt, *saw = json_object_get(device, "beacon_seen");
	char ago[PRINT_WHEN_MAX];
	size_t i;

	if (json_is_integer(saw) && os_now(&os_real) - json_integer_value(saw) > OLD_WORD_MS)
		term_say("%s: the newest word of this hub that it has seen was given %s\n",
		    json_str(device, "name"), print_ago(ago, saw));
	json_array_foreach(json_arr(device, "doubts"), i, doubt)
	{
		term_say("%s: ", json_str(device, "name"));
		say_doubt(device, json_string_value(doubt));
	}
}

/* How many are held, and since when the oldest is. */
static char *
held_words(const json_t *device)
{
	long long held = (long long)json_int(device, "held", 0);
	char ago[PRINT_WHEN_MAX];

	return held == 0 ? mem_strdup("0")
	                 : mem_printf("%lld, %s", held,
	                       print_ago(ago, json_object_get(device, "held_since")));
}

/* Whether all that it had written when it last sealed is here. */
static const char *
arrived_word(const json_t *device)
{
	if (json_object_get(device, "arrived") == NULL) /* the office itself */
		return "";
	if (json_int(device, "missing", 0) > 0)
		return lang_text("some missing");
	return json_flag(device, "arrived") ? lang_text("all") : lang_text("not all");
}

static void
list_row(struct table *table, const json_t *device)
{
	char seen[PRINT_WHEN_MAX], until[PRINT_WHEN_MAX], people[24], id[9];
	char *held = held_words(device);
	const char *cells[] = {id, json_str(device, "name"), json_str(device, "role"),
	    json_flag(device, "told") ? lang_text("revoked, knows it") : json_str(device, "state"),
	    print_ago(seen, json_object_get(device, "last_seen")), arrived_word(device), people,
	    held, print_when(until, json_object_get(device, "until"))};

	(void)snprintf(id, sizeof(id), "%s",
	    json_str(device, "device") != NULL ? json_str(device, "device") : "");
	(void)snprintf(people, sizeof(people), "%lld", (long long)json_int(device, "people", 0));
	table_row(table, cells);
	free(held);
}

static void
say_people(const json_t *items)
{
	static const char *const heads[] = {LANG_N("DEVICE"), LANG_N("NAME"), LANG_N("ROLE"),
	    LANG_N("STATE"), LANG_N("LAST SEEN"), LANG_N("ARRIVED"), LANG_N("PEOPLE"),
	    LANG_N("HELD"), LANG_N("UNTIL")};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(*heads));
	const json_t *device;
	size_t i;

	json_array_foreach(items, i, device) list_row(table, device);
	table_print(table);
	json_array_foreach(items, i, device) say_doubts(device);
}

/* What is known to be somewhere else. */
static void
say_against(const json_t *device)
{
	const json_t *reason, *gap;
	long long waits = (long long)json_int(json_obj(device, "heard"), "waits", 0);
	size_t i, g;

	json_array_foreach(json_arr(device, "against"), i, reason)
	{
		const char *why = json_string_value(reason);

		if (strcmp(why, "waits") == 0)
			term_say("  %lld more entries waited on it when it sealed its last "
			         "segment.\n",
			    waits);
		else if (strcmp(why, "unsaid") == 0)
			term_say("  It has not said yet how much waits on it; its next exchange "
			         "tells.\n");
		else if (strcmp(why, "reading") == 0)
			term_say("  Some of it is being merged just now: pamoja hub merge\n");
		else if (strcmp(why, "stopped") == 0)
			term_say("  A segment of it could not be read here (%s). The laptop learns "
			         "so, and sends it anew by itself.\n",
			    json_str(json_obj(device, "merged"), "stopped"));
	}
	json_array_foreach(json_arr(device, "gaps"), g, gap)
	    term_say("  Segments %lld to %lld are not here, though later ones are: look for a "
	             "stick or a courier on the way.\n",
	        (long long)json_int(gap, "from", 0), (long long)json_int(gap, "to", 0));
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
	long long held = (long long)json_int(device, "held", 0),
	          deferred = (long long)json_int(device, "deferred", 0);
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
	say_against(device);
	say_proof(merged);
	if (heard != NULL)
		term_say("Nothing newer than %s has been heard (it came here %s), so what was "
		         "written since cannot be known.\n",
		    at, came);
	if (held > 0)
		term_say("%lld of its entries are held back, the oldest %s: pamoja hub held\n",
		    held, print_ago(since, json_object_get(device, "held_since")));
	if (deferred > 0)
		term_say("%lld of its entries are here and not merged yet.\n", deferred);
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
