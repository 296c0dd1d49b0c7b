/* end.c - the programme ends (practice 2.4): asked for, agreed to by two people, told to every
 * laptop; and which of them have handed in what they had. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "hub/kept.h"
#include "hub/pending.h"
#include "store/sql.h"

#define END_LINE "hub.end" /* the statement's line */
#define END_AT "hub.end.at"
#define END_UNTIL "hub.end.until" /* what is sealed is kept until then, or "" */
#define END_OPENER "hub.end.opener"
#define TEXT_MAX 120

/* ---- what a law keeps ---- */

/* Until when a rule keeps what there is of its kind; 0: there is none. */
static int64_t
kind_until(struct hub *hub, const struct retain_rule *rule)
{
	struct sql *q = sql_get(hub->journal, "SELECT max(CASE WHEN ?2 THEN changed_pt ELSE "
	                                      "changed_pt - coalesce(made_ago, 0) END) FROM"
	                                      " pmj_record WHERE kind = pmj_short(?1)");
	int64_t newest = sql_first_int(sql_int(sql_text(q, 1, rule->kind), 2, rule->changed), 0);

	return newest > 0 ? newest + rule->days * DAY_MS : 0;
}

/* Until the day that was named, or now where nothing is to be sealed: what must be kept longest is
 * told. */
static enum pmj_code
check_rules(struct hub *hub, const char *named, struct pmj_error *err)
{
	int64_t last = named != NULL ? date_days(named) * DAY_MS : os_now(hub->os), until;
	const struct kept_rule *longest = NULL;
	struct kept kept;
	char day[11];
	enum pmj_code rc = kept_read(&kept, hub, err);

	if (rc != PMJ_OK)
		return rc;
	for (size_t i = 0; i < kept.count; i++)
		if ((until = kind_until(hub, kept.rules[i].rule)) > last) {
			last = until;
			longest = &kept.rules[i];
		}
	if (longest != NULL) {
		date_of_days(day, last / DAY_MS + 1);
		rc = pmj_fail(err, PMJ_REFUSED, "what is kept here (%s) must be kept until %s",
		    longest->rule->kind, day);
		pmj_hint(
		    err, "so says %s; have it sealed until then: --until %s", longest->where, day);
	}
	kept_close(&kept);
	return rc;
}

/* ---- asked for ---- */

/* Was it asked for before, and waits? */
static bool
end_is_asked(struct hub *hub, uint8_t *out)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	size_t count = 0;
	bool found = false;

	if (pending_waiting(hub, &ids, &count, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct pending pending;

		found = pending_get(hub, &pending, ids[i], NULL) == PMJ_OK &&
		        strcmp(pending.act.op, "end") == 0;
		if (found)
			memcpy(out, ids[i], ACT_HASH_BYTES);
		pending_close(&pending);
	}
	free(ids);
	return found;
}

static enum pmj_code
check_end(struct hub *hub, const struct hub_end *end, struct pmj_error *err)
{
	enum pmj_code rc;

	if (hub_ending(hub)) {
		rc = pmj_fail(err, PMJ_REFUSED, "this programme is ending already");
		pmj_hint(err, "how far it is: pamoja programme end --status");
		return rc;
	}
	if ((end->until == NULL) != (end->opener == NULL)) {
		rc = pmj_fail(err, PMJ_USAGE,
		    "what must be kept takes a date and who may open it until then");
		pmj_hint(err, "for example: --until 2032-06-30 --opened-by \"county archive\"");
		return rc;
	}
	if (end->until == NULL)
		return PMJ_OK;
	if (!date_is_day(end->until) || date_days(end->until) * DAY_MS <= os_now(hub->os)) {
		rc = pmj_fail(err, PMJ_USAGE, "\"%.40s\" is no day to come", end->until);
		pmj_hint(err, "a day such as 2032-06-30");
		return rc;
	}
	if (end->opener[0] == '\0' || strlen(end->opener) > TEXT_MAX)
		return pmj_fail(err, PMJ_USAGE, "who may open it: 1 to %d characters", TEXT_MAX);
	return PMJ_OK;
}

enum pmj_code
hub_end_ask(
    struct hub *hub, const struct hub_end *end, uint8_t id[static 32], struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = check_end(hub, end, err)) != PMJ_OK || end_is_asked(hub, id) ||
	    (rc = check_rules(hub, end->until, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(hub,
	    pending_ask(hub,
	        json_pack("{s:s,s:s,s:s,s:s}", "op", "end", "cause", "programme", "until",
	            end->until != NULL ? end->until : "", "opener",
	            end->opener != NULL ? end->opener : ""),
	        NULL, id, err),
	    err);
}

bool
hub_ending(struct hub *hub)
{
	return journal_int(hub->journal, END_LINE, 0) != 0;
}

enum pmj_code
end_refuses(struct hub *hub, struct pmj_error *err)
{
	if (!hub_ending(hub))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_REFUSED, "this programme is ending: nobody is taken in any more");
	pmj_hint(err, "how far it is: pamoja programme end --status");
	return PMJ_REFUSED;
}

/* ---- agreed ---- */

/* Nothing else goes to any laptop from now on: what is not there need not be destroyed. */
static enum pmj_code
tell_the_end(struct hub *hub, int64_t n, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count;
	enum pmj_code rc = office_mailboxes(hub, &devices, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		if (strcmp(devices[i].state, "revoked") == 0)
			continue;
		if ((rc = sync_drop_queue(hub->sync, devices[i].mailbox, err)) == PMJ_OK)
			rc = sync_queue(hub->sync, devices[i].mailbox, n, true, err);
	}
	free(devices);
	if (rc != PMJ_OK)
		return rc;
	return sql_run(sql_get(hub->journal, "DELETE FROM pmj_share"), err);
}

enum pmj_code
end_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	const json_t *p = pending->act.p;
	const char *opener = json_str(p, "opener");
	enum pmj_code rc;
	int64_t n, ver;

	if (hub_ending(hub)) {
		json_decref(by);
		return PMJ_OK;
	}
	if ((rc = decide_statement(hub, act_statement(&pending->act, by), &n, &ver, err)) !=
	        PMJ_OK ||
	    (rc = tell_the_end(hub, n, err)) != PMJ_OK ||
	    (rc = journal_put_int(hub->journal, END_LINE, n, err)) != PMJ_OK ||
	    (rc = journal_put_int(hub->journal, END_AT, os_now(hub->os), err)) != PMJ_OK ||
	    (rc = journal_put_text(hub->journal, END_UNTIL, json_str(p, "until"), err)) != PMJ_OK ||
	    (rc = journal_put_text(hub->journal, END_OPENER, opener != NULL ? opener : "", err)) !=
	        PMJ_OK)
		return rc;
	return journal_event(hub->journal, "ending", "ok", "the programme ends", err);
}

/* ---- how far it is ---- */

/* It has heard of it, and nothing that it wrote is missing here. Of a revoked one: it heard that.
 */
static bool
has_handed_in(struct hub *hub, const json_t *item, int64_t line)
{
	struct hub_device who;
	uint8_t device[PMJ_DEVICE_BYTES];

	if (!json_unhex(item, "device", device, sizeof(device)) ||
	    office_device(hub, &who, device, NULL) != PMJ_OK)
		return false;
	if (strcmp(who.state, "revoked") == 0)
		return json_flag(item, "told");
	return json_flag(item, "arrived") && sync_was_read(hub->sync, who.mailbox, line);
}

static json_t *
end_laptops(struct hub *hub, const json_t *roster, int64_t line, int64_t *missing)
{
	json_t *out = json_array();
	const json_t *item;
	size_t i;

	*missing = 0;
	json_array_foreach(json_arr(roster, "items"), i, item)
	{
		bool done;

		if (json_object_get(item, "arrived") == NULL)
			continue; /* the office itself */
		done = has_handed_in(hub, item, line);
		*missing += !done;
		(void)json_array_append_new(
		    out, json_pack("{s:O,s:O,s:O,s:O,s:b,s:O}", "device",
		             json_object_get(item, "device"), "name", json_object_get(item, "name"),
		             "role", json_object_get(item, "role"), "state",
		             json_object_get(item, "state"), "confirmed", (int)done, "last_seen",
		             json_object_get(item, "last_seen")));
	}
	return out;
}

enum pmj_code
hub_end_state(struct hub *hub, json_t **out, struct pmj_error *err)
{
	int64_t line = journal_int(hub->journal, END_LINE, 0), missing;
	char *until = journal_text(hub->journal, END_UNTIL);
	char *opener = journal_text(hub->journal, END_OPENER);
	json_t *roster = NULL, *laptops;
	enum pmj_code rc;

	*out = NULL;
	if (line == 0) {
		*out = json_pack("{s:b}", "ending", 0);
		rc = PMJ_OK;
	} else if ((rc = hub_roster(hub, &roster, err)) == PMJ_OK) {
		laptops = end_laptops(hub, roster, line, &missing);
		*out = json_pack("{s:b,s:I,s:s,s:s,s:I,s:o}", "ending", 1, "at",
		    (json_int_t)journal_int(hub->journal, END_AT, 0), "until",
		    until != NULL ? until : "", "opener", opener != NULL ? opener : "", "missing",
		    (json_int_t)missing, "laptops", laptops);
	}
	json_decref(roster);
	free(until);
	free(opener);
	return rc;
}
