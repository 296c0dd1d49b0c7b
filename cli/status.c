#include "cli/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/backup_key.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

#define BACKUP_OLD_DAYS 30

/* Columns of the longest label that every worker sees, in their language. */
static size_t
label_columns(void)
{
	static const char *const labels[] = {"To be sent", "Photos", "On the way", "Last exchange",
	    "Next exchange", "Hub confirmed", "Merged", "Last backup", "Backup key"};
	size_t most = 0;

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		size_t columns = text_columns(lang_text(labels[i]));

		most = columns > most ? columns : most;
	}
	return most;
}

/* "in 12 minutes …"; what comes of itself at its usual time needs no line. */
static void
say_waits(const json_t *waits)
{
	const char *why = json_str(waits, "for");
	int64_t minutes = (json_int(waits, "s", 0) + 59) / 60;
	char *text;

	if (why == NULL)
		return;
	if (strcmp(why, "network") == 0)
		text = mem_strdup(lang_text("when there is a network"));
	else
		text = mem_printf(lang_text(strcmp(why, "metered") == 0
		                                ? LANG_N("in %lld min, since this link costs "
		                                         "money (at once: pamoja sync)")
		                                : LANG_N("in %lld min (at once: pamoja sync)")),
		    (long long)minutes);
	print_pair("Next exchange", text, label_columns());
	free(text);
}

#define PHOTO_PART_KB 12 /* about so much each */

static void
say_outbox(const json_t *status)
{
	const json_t *outbox = json_obj(status, "outbox"), *last = json_obj(status, "last_sync");
	const json_t *receipt = json_obj(status, "receipt");
	int64_t under_way = json_int(outbox, "carried", 0) + json_int(outbox, "delivered", 0);
	int64_t waits = json_int(outbox, "entries", 0) - under_way;
	char ago[PRINT_WHEN_MAX];
	char *text, *message, *many;

	text = waits == 0 ? mem_strdup(lang_text("nothing")) : print_count(PRINT_ENTRIES, waits);
	print_pair("To be sent", text, label_columns());
	free(text);
	if (under_way > 0) {
		text = print_count(PRINT_ENTRIES, under_way);
		print_pair("On the way", text, label_columns());
		free(text);
	}
	if (json_int(outbox, "deferred", 0) > 0) {
		many = print_count(PRINT_ENTRIES, json_int(outbox, "deferred", 0));
		text = mem_printf(lang_text("%s, at the hub; merged another day"), many);
		print_pair("Put off", text, label_columns());
		free(text);
		free(many);
	}
	if (json_int(outbox, "photo_parts", 0) > 0) {
		text = mem_printf(lang_text("%lld KB not at the hub yet (at once: pamoja sync "
		                            "--photos)"),
		    (long long)json_int(outbox, "photo_parts", 0) * PHOTO_PART_KB);
		print_pair("Photos", text, label_columns());
		free(text);
	}
	message = lang_message(json_str(last, "message") != NULL ? json_str(last, "message") : "");
	text = mem_printf("%s%s%s%s", print_ago(ago, json_object_get(last, "at")),
	    last != NULL && !json_flag(last, "ok") ? lang_text(", it did not work") : "",
	    *message != '\0' ? ": " : "", message);
	/* What the hub confirmed stays known; that this daemon has not exchanged yet does not mean
	 * that nobody ever has. */
	if (receipt == NULL || json_is_integer(json_object_get(last, "at")))
		print_pair("Last exchange", text, label_columns());
	free(message);
	free(text);
	say_waits(json_obj(status, "waits"));
	if (receipt != NULL)
		print_pair("Hub confirmed", print_ago(ago, json_object_get(receipt, "at")),
		    label_columns());
	if (json_int(outbox, "merged", 0) > 0) {
		text = print_count(PRINT_ENTRIES, json_int(outbox, "merged", 0));
		print_pair("Merged", text, label_columns());
		free(text);
	}
}

/* Counts that want somebody: one line each, with the command that shows them. */
static void
say_queues(const json_t *status)
{
	static const struct {
		const char *key, *label, *words, *command;
	} queues[] = {
	    {"held", LANG_N("Held"), LANG_N("held back"), "pamoja hub held"},
	    {"conflicts", LANG_N("Conflicts"), LANG_N("to be settled"), "pamoja hub conflicts"},
	    {"running_out", LANG_N("Consents"), LANG_N("running out within 30 days"),
	        "pamoja today"},
	    {"waiting", LANG_N("Waiting"), LANG_N("waiting for what is missing"), "pamoja log"},
	    {"pending", LANG_N("Decisions"), LANG_N("waiting for a second person"),
	        "pamoja hub pending"},
	    {"pending", LANG_N("Decisions"), LANG_N("waiting for your word"), "pamoja approve"},
	    {"notes_waiting", LANG_N("Notes"), LANG_N("written while locked"),
	        "pamoja note --waiting"},
	};
	bool hub = json_flag(status, "hub");

	for (size_t i = 0; i < sizeof(queues) / sizeof(*queues); i++) {
		int64_t n = json_int(status, queues[i].key, 0);
		bool of_hub = strncmp(queues[i].command, "pamoja hub", 10) == 0;
		bool command = hub || !of_hub;
		char *text;

		if (n == 0 || (strcmp(queues[i].key, "pending") == 0 && hub != of_hub))
			continue;
		text = mem_printf("%lld %s%s%s%s", (long long)n, lang_text(queues[i].words),
		    command ? " (" : "", command ? queues[i].command : "", command ? ")" : "");
		print_pair(queues[i].label, text, label_columns());
		free(text);
	}
}

/* A word when there are records and no copy of them, or only an old one. */
static void
say_backup_age(const json_t *status)
{
	const json_t *last = json_obj(status, "last_backup");
	int64_t entries = json_int(json_obj(status, "journal"), "entries", 0);
	int64_t age = os_now(&os_real) - json_int(last, "at", 0);
	char ago[PRINT_WHEN_MAX], *text;

	if (entries == 0 || json_flag(status, "practice") ||
	    (age > -DAY_MS && age < BACKUP_OLD_DAYS * DAY_MS)) /* nor of days to come */
		return;
	text = mem_printf("%s (pamoja backup FILE)",
	    last != NULL ? print_ago(ago, json_object_get(last, "at")) : lang_text("none yet"));
	print_pair("Last backup", text, label_columns());
	free(text);
}

/* Of a hub: its backup key, and papers that are to be destroyed. */
static void
say_backup_key(const json_t *status)
{
	const json_t *key = json_obj(status, "backup_key"), *number;
	char *advice = backup_key_advice(key), *text;
	size_t i;

	if (json_int(json_obj(status, "journal"), "entries", 0) > 0)
		print_pair("Backup key", advice, label_columns());
	json_array_foreach(json_arr(key, "destroy"), i, number)
	{
		long long n = (long long)json_integer_value(number);

		text = mem_printf(
		    lang_text(
		        "destroy both of key %lld, then: pamoja hub backup-key --destroyed %lld"),
		    n, n);
		print_pair("Papers", text, label_columns());
		free(text);
	}
	free(advice);
}

static void
say_warnings(const json_t *status)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_arr(status, "warnings"), i, warning)
	{
		const char *said = json_is_string(warning) ? json_string_value(warning)
		                                           : json_str(warning, "message");
		char *text = lang_message(said != NULL ? said : "");

		term_say("  ");
		term_put(stdout, PAINT_WARN, lang_text("Careful: "));
		term_say("%s\n", text);
		free(text);
	}
}

static void
say_journal_state(const json_t *status, bool locked)
{
	const json_t *renewing = json_obj(status, "renewing");
	const char *how = locked                          ? lang_text("locked")
	                  : json_flag(status, "checking") ? lang_text("unlocked, being checked")
	                                                  : lang_text("unlocked");
	char *text = renewing != NULL && json_obj(renewing, "failed") == NULL
	                 ? mem_printf(lang_text("being made new for this version: %lld of %lld"),
	                       (long long)json_int(renewing, "done", 0),
	                       (long long)json_int(renewing, "of", 0))
	                 : mem_strdup(how);

	print_pair("Journal", text, label_columns());
	free(text);
}

static void
say_next(const json_t *status)
{
	const json_t *outbox = json_obj(status, "outbox");
	const char *next = LANG_N("pamoja today                  what is due");

	if (!json_flag(status, "initialised"))
		next = LANG_N(
		    "pamoja init                   make a home for your records\n"
		    "  pamoja init --practice        or try things out first, with made-up people");
	else if (json_obj(json_obj(status, "renewing"), "failed") == NULL &&
	         json_obj(status, "renewing") != NULL)
		next = LANG_N("pamoja unlock                 wait until the journal is made new");
	else if (json_flag(status, "locked"))
		next = LANG_N("pamoja unlock                 open it with your passphrase\n"
		              "  pamoja note --locked          or keep a thought without opening");
	else if (json_flag(status, "hub") && json_int(status, "conflicts", 0) > 0)
		next = LANG_N(
		    "pamoja hub conflicts          settle what two people wrote differently");
	else if (json_flag(status, "hub"))
		next = LANG_N("pamoja hub today              what the office has to look after");
	else if (json_flag(status, "practice"))
		next = LANG_N("pamoja guide                  the first hour, lesson by lesson");
	else if (!json_flag(status, "enrolled"))
		next = LANG_N(
		    "pamoja enrol request          join your programme's hub\n"
		    "  pamoja person add             or record somebody first; nothing is lost");
	else if (json_int(outbox, "saved", 0) > 0)
		next = LANG_N("pamoja sync                   send when there is a link\n"
		              "  pamoja carry DIR              or take it by a stick");
	term_say("\nNext:\n  %s\n", lang_text(next));
}

/* Of a laptop that was taken off the roster: nothing is here any more but what waits for the
 * office.
 */
static void
say_cut_off(const json_t *revoked)
{
	char when[PRINT_WHEN_MAX];
	long long left = (long long)json_int(revoked, "left", 0);

	if (json_flag(revoked, "hub")) {
		term_say("This programme ended (%s). What was here is destroyed; the certificate "
		         "is the file \"ended\".\n",
		    print_when(when, json_object_get(revoked, "at")));
		return;
	}
	if (json_flag(revoked, "ended"))
		term_say("Your programme ended (%s). Its records can no longer be read here.\n",
		    print_when(when, json_object_get(revoked, "at")));
	else
		term_say("This laptop was taken off your programme's roster (%s).\n"
		         "Its records can no longer be read here. Speak with your coordinator.\n",
		    print_when(when, json_object_get(revoked, "at")));
	if (left > 0)
		term_say(
		    left == 1
		        ? LANG_N("What was unsent lies here, sealed for the office, in %lld file.\n"
		                 "Bring it away: pamoja sync, or pamoja carry DIR\n")
		        : LANG_N(
		              "What was unsent lies here, sealed for the office, in %lld files.\n"
		              "Bring it away: pamoja sync, or pamoja carry DIR\n"),
		    left);
}

static void
say_suspended(const json_t *status)
{
	char when[PRINT_WHEN_MAX];

	term_say("Your office has suspended this laptop (%s). Speak with your coordinator, then: "
	         "pamoja sync\n",
	    print_when(when, json_object_get(status, "suspended")));
}

static void
say_status(struct cli *cli, const json_t *status)
{
	bool made = json_flag(status, "initialised"), locked = json_flag(status, "locked");
	const char *name = json_str(status, "name"), *role = json_str(status, "role");
	const json_t *journal = json_obj(status, "journal");
	char *text;

	if (json_obj(status, "revoked") != NULL) {
		say_cut_off(json_obj(status, "revoked"));
		return;
	}
	if (!made) {
		term_say("There are no records in %s yet.\n", cli->client.home);
		say_warnings(status);
		say_next(status);
		return;
	}
	if (json_int(status, "suspended", 0) != 0)
		say_suspended(status);
	text = mem_printf("%s%s%s%s%s%s", name != NULL ? name : "", role != NULL ? " (" : "",
	    role != NULL ? lang_text(role) : "", role != NULL ? ")" : "",
	    json_flag(status, "hub") ? lang_text(", the hub") : "",
	    json_flag(status, "practice") ? lang_text(", practice only") : "");
	if (name != NULL)
		print_pair("You", text, label_columns());
	free(text);
	say_journal_state(status, locked);
	if (journal != NULL) {
		text = print_count(PRINT_ENTRIES, json_int(journal, "entries", 0));
		print_pair("Holds", text, label_columns());
		free(text);
	}
	if (!locked && !json_flag(status, "hub") && !json_flag(status, "practice"))
		print_pair("Hub",
		    json_flag(status, "enrolled") ? lang_text("enrolled")
		                                  : lang_text("not joined yet"),
		    label_columns());
	if (!locked && json_flag(status, "enrolled") && !json_flag(status, "hub"))
		say_outbox(status);
	if (!locked)
		say_backup_age(status);
	say_backup_key(status);
	say_queues(status);
	say_warnings(status);
	say_next(status);
}

enum pmj_code
status_run(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *status = NULL;
	enum pmj_code rc;

	(void)args;
	rc = client_get(&cli->client, &status, "/v1/status", err);
	if (rc == PMJ_OK && cli->json)
		print_json(status);
	else if (rc == PMJ_OK)
		say_status(cli, status);
	json_decref(status);
	return rc;
}
