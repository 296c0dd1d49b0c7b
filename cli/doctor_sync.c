/* doctor_sync.c - what the daemon knows while unlocked: the journal's inside, the way to the hub
 * and what waits there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/doctor_inner.h"

/* Is there a hub to speak of: enrolled, and unlocked so that it is known? */
static bool
is_enrolled(const struct doctor *d)
{
	return doctor_open(d) && json_flag(d->status, "enrolled") && !doctor_is_hub(d);
}

void
doctor_inside(struct doctor *d)
{
	const json_t *journal = json_obj(d->inner, "journal");
	const char *warning = json_str(journal, "warning");

	if (d->inner == NULL)
		return;
	if (!doctor_open(d))
		doctor_tell(d, DOCTOR_OK, mem_printf("%s unlock", d->command),
		    mem_strdup(
		        "locked: the journal's inside and the way to the hub were not looked "
		        "at"));
	else if (warning != NULL && *warning != '\0')
		doctor_tell(d, DOCTOR_FAIL, mem_printf("%s verify --rebuild", d->command),
		    mem_strdup(warning));
	else if (json_flag(journal, "mending"))
		doctor_say(d, DOCTOR_WARN, "leave it unlocked for a while",
		    "records are being made anew from what was written");
	else if (json_flag(journal, "checking"))
		doctor_say(d, DOCTOR_OK, "", "the journal is being checked since it was unlocked");
	else
		doctor_say(d, DOCTOR_OK, "", "the journal was checked since it was unlocked");
}

/* ---- exchange ---- */

/* Whole days since a time of an answer (ms); -1 for none. */
static int64_t
days_since(const json_t *at)
{
	int64_t ms = json_is_integer(at) ? (int64_t)json_integer_value(at) : 0;
	int64_t now = os_now(&os_real);

	return ms <= 0 ? -1 : now < ms ? 0 : (now - ms) / DAY_MS;
}

/* Where it was to go, and by which command it goes there once more. */
static void
say_broke_off(struct doctor *d, const json_t *last)
{
	const char *message = json_str(last, "message"), *dir = json_str(last, "carry");
	const char *to = json_str(last, "to"), *where = dir != NULL ? dir : to;
	char *quoted = where != NULL ? doctor_quoted(where) : NULL;

	message = message != NULL ? message : "";
	if (where == NULL)
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("%s %s", d->command, doctor_is_hub(d) ? "hub merge" : "sync"),
		    mem_printf("the last exchange did not work: %s", message));
	else
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("%s %s %s", d->command, dir != NULL ? "carry" : "sync --to", quoted),
		    mem_printf("the last exchange, with %s, did not work: %s", where, message));
	free(quoted);
}

#define WAITS_DAYS 14 /* as the beacon's first notice */

void
doctor_exchange(struct doctor *d)
{
	const json_t *last = json_obj(d->status, "last_sync");
	int64_t waits = json_int(json_obj(d->status, "outbox"), "entries", 0);
	int64_t days = days_since(json_object_get(json_obj(d->status, "receipt"), "at"));

	if (!doctor_open(d))
		return;
	if (json_flag(d->status, "practice"))
		doctor_say(d, DOCTOR_OK, "", "a practice home exchanges nothing");
	else if (!json_flag(d->status, "enrolled"))
		doctor_tell(d, DOCTOR_OK, mem_printf("%s enrol request", d->command),
		    mem_strdup("not joined to a hub yet"));
	else if (last != NULL && !json_flag(last, "ok"))
		say_broke_off(d, last);
	else if (!doctor_is_hub(d) && waits > 0 && days >= WAITS_DAYS)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s sync", d->command),
		    mem_printf(
		        waits == 1
		            ? "%lld entry waits, and the hub's last receipt is %lld days old"
		            : "%lld entries wait, and the hub's last receipt is %lld days old",
		        (long long)waits, (long long)days));
	else if (doctor_is_hub(d))
		doctor_say(d, DOCTOR_OK, "", "the hub looks into the mailboxes by itself");
	else
		doctor_say(d, DOCTOR_OK, "", "%lld entr%s for a receipt of the hub",
		    (long long)waits, waits == 1 ? "y waits" : "ies wait");
}

void
doctor_hub(struct doctor *d)
{
	const json_t *beacon = json_obj(d->status, "beacon");
	const char *level = json_str(beacon, "level");
	long long days = (long long)json_int(beacon, "age_days", 0);
	char *sync = mem_printf("%s sync", d->command);

	if (!is_enrolled(d))
		goto out;
	if (level == NULL)
		doctor_say(d, DOCTOR_WARN, sync, "nothing was heard of the hub yet");
	else if (json_flag(beacon, "stale"))
		doctor_say(d, DOCTOR_FAIL, "tell your coordinator",
		    "the mailbox answers, but the newest of the hub that it shows is %lld days "
		    "old: the hub is off, or an old state is shown",
		    days);
	else if (strcmp(level, "cut_off") == 0)
		doctor_say(d, DOCTOR_FAIL, "reach your coordinator",
		    "nothing was heard of the hub for %lld days: you may be cut off or revoked",
		    days);
	else if (*level != '\0')
		doctor_say(d, DOCTOR_WARN, sync, "nothing was heard of the hub for %lld days%s",
		    days, strcmp(level, "warning") == 0 ? "; after 90 you may be cut off" : "");
	else
		doctor_say(d, DOCTOR_OK, "", "last heard of %s",
		    days == 0   ? "today"
		    : days == 1 ? "yesterday"
		                : "within two weeks");
out:
	free(sync);
}

#define CERTIFICATE_WARN_DAYS 30

void
doctor_certificate(struct doctor *d)
{
	int64_t end = json_int(d->inner, "certificate_end", 0), now = os_now(&os_real);
	long long days = (long long)((end - now) / DAY_MS);
	char *renew = mem_printf("%s hub renew --root-key /media/stick/root.key", d->command);
	const char *mend = doctor_is_hub(d) ? renew : "tell your coordinator";
	char day[17];

	(void)date_stamp(day, end, os_real.offset_minutes(NULL, end));
	day[10] = '\0';

	if (end == 0)
		goto out;
	if (now > end)
		doctor_say(d, doctor_is_hub(d) ? DOCTOR_FAIL : DOCTOR_WARN, mend,
		    doctor_is_hub(d) ? "the hub's certificate ended on %s; bring its root key"
		                     : "the hub's certificate ended on %s",
		    day);
	else if (days < CERTIFICATE_WARN_DAYS)
		doctor_say(d, DOCTOR_WARN, mend,
		    doctor_is_hub(d) ? "the hub's certificate ends on %s; bring its root key"
		                     : "the hub's certificate ends on %s",
		    day);
	else
		doctor_say(d, DOCTOR_OK, "", "the hub's is good for %lld days", days);
out:
	free(renew);
}

/* ---- what waits for somebody ---- */

void
doctor_queues(struct doctor *d)
{
	static const struct {
		const char *key, *what, *hub, *worker;
	} queues[] = {
	    {"held", "held back", "hub held", NULL},
	    {"conflicts", "in conflict", "hub conflicts", NULL},
	    {"notes_waiting", "written while locked", "note --waiting", "note --waiting"},
	};
	size_t refused = json_array_size(json_arr(d->status, "refused_segments"));
	bool any = refused > 0;

	if (!doctor_open(d))
		return;
	for (size_t i = 0; i < sizeof(queues) / sizeof(*queues); i++) {
		long long n = (long long)json_int(d->status, queues[i].key, 0);
		const char *command = doctor_is_hub(d) ? queues[i].hub : queues[i].worker;

		if (n == 0)
			continue;
		any = true;
		doctor_tell(d, DOCTOR_WARN,
		    command != NULL ? mem_printf("%s %s", d->command, command)
		                    : mem_strdup("ask your coordinator"),
		    mem_printf("%lld %s", n, queues[i].what));
	}
	if (refused > 0)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s log", d->command),
		    mem_printf("%zu sealed file%s refused: damaged, or not meant for us", refused,
		        refused == 1 ? " was" : "s were"));
	if (!any)
		doctor_say(d, DOCTOR_OK, "", "nothing waits for a person");
}

#define BACKUP_DAYS 35 /* monthly, and a few days */

void
doctor_backup(struct doctor *d)
{
	const json_t *last = json_object_get(d->status, "last_backup");
	int64_t days;

	if (last == NULL || !doctor_open(d) || json_flag(d->status, "practice"))
		return; /* a daemon that does not say */
	if (json_is_object(last))
		last = json_object_get(last, "at");
	days = days_since(last);
	if (json_integer_value(last) > os_now(&os_real) + DAY_MS)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s backup FILE", d->command),
		    mem_strdup("the last backup bears a date to come: the clock was wrong then"));
	else if (days < 0 || days > BACKUP_DAYS)
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s backup FILE", d->command),
		    days < 0 ? mem_strdup("no backup was made yet")
		             : mem_printf("the last backup is %lld days old", (long long)days));
	else
		doctor_say(
		    d, DOCTOR_OK, "", "made %lld day%s ago", (long long)days, days == 1 ? "" : "s");
}

/* Of a hub: a new key each month, and old papers destroyed. */
void
doctor_backup_key(struct doctor *d)
{
	const json_t *key = json_obj(d->status, "backup_key"), *number;
	const char *state = json_str(key, "state");
	char *make = mem_printf("%s hub backup-key", d->command);
	long long which = (long long)json_int(key, "number", 0);
	int64_t days = days_since(json_object_get(key, "made"));
	bool papers = false;
	size_t i;

	if (state == NULL || !doctor_open(d) || json_flag(d->status, "practice"))
		goto out;
	json_array_foreach(json_arr(key, "destroy"), i, number)
	{
		papers = true;
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("%s --destroyed %lld", make, (long long)json_integer_value(number)),
		    mem_printf("destroy both papers of backup key %lld, and say so: it is over 100 "
		               "days old",
		        (long long)json_integer_value(number)));
	}
	if (strcmp(state, "none") == 0)
		doctor_say(d, DOCTOR_WARN, make, "no backup key was made yet, for two people");
	else if (strcmp(state, "used") == 0)
		doctor_say(d, DOCTOR_WARN, make,
		    "backup key %lld was typed into a machine: nothing more is sealed to it",
		    which);
	else if (strcmp(state, "destroyed") == 0)
		doctor_say(
		    d, DOCTOR_WARN, make, "the papers of backup key %lld are destroyed", which);
	else if (strcmp(state, "old") == 0)
		doctor_say(d, DOCTOR_WARN, make,
		    "backup key %lld is %lld days old: backups are not sealed to it any more",
		    which, (long long)days);
	else if (strcmp(state, "due") == 0)
		doctor_say(d, DOCTOR_WARN, make,
		    "backup key %lld is %lld days old: make the next one", which, (long long)days);
	else if (!papers)
		doctor_say(d, DOCTOR_OK, "", "key %lld, made %lld day%s ago", which,
		    (long long)days, days == 1 ? "" : "s");
out:
	free(make);
}
