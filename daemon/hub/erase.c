/* erase.c - a person is erased (security 11): asked for, ordered by a statement that two people
 * signed, and who has confirmed it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "hub/kept.h"
#include "hub/pending.h"
#include "sync/erase.h"

/* ---- retention ---- */

/* When the newest record of a kind that is about the person, or links to them, was made or changed;
 * 0: there is none. */
static enum pmj_code
newest_of(struct hub *hub, int64_t *newest, const struct retain_rule *rule, const uint8_t *person,
    struct pmj_error *err)
{
	const struct kind *kind = kinds_get(journal_kinds(hub->journal), rule->kind);
	int64_t made = 0, changed = 0;
	enum pmj_code rc = PMJ_OK;

	if (kind != NULL)
		rc = records_newest(hub->journal, &made, &changed, kind, person, err);
	*newest = rule->changed ? changed : made;
	return rc;
}

/* Until when a rule keeps what there is of this person; 0: it does not. */
static enum pmj_code
rule_until(struct hub *hub, int64_t *until, const struct retain_rule *rule, const uint8_t *person,
    const char *cause, struct pmj_error *err)
{
	int64_t newest;
	enum pmj_code rc = newest_of(hub, &newest, rule, person, err);

	*until = rc != PMJ_OK || newest == 0 || !retain_holds(rule, cause)
	             ? 0
	             : newest + rule->days * DAY_MS;
	return rc;
}

static enum pmj_code
fail_kept(const struct kept_rule *kept, int64_t until, struct pmj_error *err)
{
	const struct retain_rule *rule = kept->rule;
	char day[11];

	date_of_days(day, until / DAY_MS + 1);
	(void)pmj_fail(err, PMJ_REFUSED, "what is kept of this person (%s) must be kept until %s",
	    rule->kind, day);
	if (rule->but != NULL)
		pmj_hint(err, "so says %s; but not for: %.80s", kept->where, rule->but);
	else
		pmj_hint(err, "so says %s", kept->where);
	return PMJ_REFUSED;
}

/* Of several rules the one that keeps longest is named: nobody comes back to hear of the next. */
static enum pmj_code
check_retention(struct hub *hub, const uint8_t *person, const char *typed, char cause[static 40],
    struct pmj_error *err)
{
	const struct kept_rule *longest = NULL;
	int64_t last = os_now(hub->os), until;
	struct kept kept;
	enum pmj_code rc = kept_read(&kept, hub, err);

	if (rc != PMJ_OK)
		return rc;
	rc = retain_cause(&kept.own, typed, cause, err);
	for (size_t i = 0; i < kept.count && rc == PMJ_OK; i++) {
		rc = rule_until(hub, &until, kept.rules[i].rule, person, cause, err);
		if (rc == PMJ_OK && until > last) {
			last = until;
			longest = &kept.rules[i];
		}
	}
	if (rc == PMJ_OK && longest != NULL)
		rc = fail_kept(longest, last, err);
	kept_close(&kept);
	return rc;
}

/* ---- asked for ---- */

static bool
person_of(const struct act *act, uint8_t person[static PMJ_RECORD_BYTES])
{
	const char *text = json_str(act->p, "person");

	return text != NULL && strlen(text) == PMJ_RECORD_CHARS &&
	       text_unbase32(person, PMJ_RECORD_BYTES, text, PMJ_RECORD_CHARS);
}

/* Was it asked for before, and waits? */
static bool
is_asked(struct hub *hub, uint8_t *out, const uint8_t *person)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL, named[PMJ_RECORD_BYTES];
	size_t count = 0;
	bool found = false;

	if (pending_waiting(hub, &ids, &count, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct pending pending;

		found = pending_get(hub, &pending, ids[i], NULL) == PMJ_OK &&
		        strcmp(pending.act.op, "erase") == 0 && person_of(&pending.act, named) &&
		        memcmp(named, person, sizeof(named)) == 0;
		if (found)
			memcpy(out, ids[i], ACT_HASH_BYTES);
		pending_close(&pending);
	}
	free(ids);
	return found;
}

enum pmj_code
hub_forget(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES], const char *typed,
    uint8_t id[static 32], struct pmj_error *err)
{
	char cause[40], text[PMJ_RECORD_CHARS + 1];
	enum pmj_code rc;

	if ((rc = team_need_person(hub, person, err)) != PMJ_OK || is_asked(hub, id, person) ||
	    (rc = check_retention(hub, person, typed, cause, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(hub,
	    pending_ask(hub,
	        json_pack("{s:s,s:s,s:s}", "op", "erase", "person",
	            text_base32(text, person, PMJ_RECORD_BYTES), "cause", cause),
	        NULL, id, err),
	    err);
}

/* ---- agreed ---- */

/* Who ever had anything of the person: on the team once, or wrote of them; and the hub. */
static enum pmj_code
note_holders(struct hub *hub, const uint8_t *act, const uint8_t *person, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT OR IGNORE INTO pmj_erased(act, device) SELECT ?1, device FROM pmj_device WHERE"
	    " device = ?3 OR device IN (SELECT device FROM pmj_team WHERE person = ?2) OR device IN"
	    " (SELECT pmj_long(x.by) FROM pmj_entry x WHERE x.rec = ?2) OR device IN (SELECT "
	    "pmj_long(x.by) FROM"
	    " pmj_subject s JOIN pmj_record r ON r.num = s._num JOIN pmj_entry x ON x.rec = r.rec "
	    "WHERE"
	    " s.person = ?2)");

	(void)sql_blob(sql_blob(q, 1, act, ACT_HASH_BYTES), 2, person, PMJ_RECORD_BYTES);
	return sql_run(sql_blob(q, 3, ring_device_id(hub->ring), PMJ_DEVICE_BYTES), err);
}

/* All laptops: whoever had it erases it, and the others keep the order for a hub that is put back
 * from an older backup. It names a person by a number that says nothing without their records. */
static enum pmj_code
tell_everybody(struct hub *hub, int64_t n, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count;
	enum pmj_code rc = office_mailboxes(hub, &devices, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (strcmp(devices[i].state, "revoked") != 0)
			rc = sync_queue(hub->sync, devices[i].mailbox, n, true, err);
	free(devices);
	return rc;
}

static enum pmj_code
drop_team(struct hub *hub, const uint8_t *person, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "DELETE FROM pmj_team WHERE person = ?1");
	enum pmj_code rc = sql_run(sql_blob(q, 1, person, PMJ_RECORD_BYTES), err);

	if (rc != PMJ_OK)
		return rc;
	q = sql_get(hub->journal, "DELETE FROM pmj_share WHERE person = ?1");
	return sql_run(sql_blob(q, 1, person, PMJ_RECORD_BYTES), err);
}

/* The order is here: whatever it was that brought it. Inside a transaction. */
enum pmj_code
erase_ordered(struct hub *hub, const struct act *act, struct pmj_error *err)
{
	uint8_t person[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if (!person_of(act, person))
		return PMJ_OK;
	if ((rc = note_holders(hub, act->hash, person, err)) != PMJ_OK ||
	    (rc = drop_team(hub, person, err)) != PMJ_OK ||
	    (rc = erase_begin(hub->journal, person, act->hash, os_now(hub->os), err)) != PMJ_OK)
		return rc;
	return journal_event(hub->journal, "erased", "ok", "a person is erased", err);
}

enum pmj_code
erase_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	uint8_t person[PMJ_RECORD_BYTES];
	char cause[40];
	enum pmj_code rc = PMJ_OK;
	int64_t n, ver;

	if (!person_of(&pending->act, person) || erase_is_gone(hub->journal, person) ||
	    (rc = check_retention(hub, person, json_str(pending->act.p, "cause"), cause, err)) !=
	        PMJ_OK) {
		json_decref(by);
		return rc;
	}
	rc = decide_statement(hub, act_statement(&pending->act, by), &n, &ver, err);
	if (rc == PMJ_OK)
		rc = tell_everybody(hub, n, err);
	return rc == PMJ_OK ? erase_ordered(hub, &pending->act, err) : rc;
}

/* ---- confirmed ---- */

/* A holder's word. One that nobody thought of had something, too. */
enum pmj_code
erase_said(struct hub *hub, const uint8_t act[static ACT_HASH_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES], const char *done, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "UPDATE pmj_erased SET removed_ms = coalesce(removed_ms, ?3), unreadable_ms ="
	    " coalesce(unreadable_ms, CASE WHEN ?4 THEN ?3 END) WHERE act = ?1 AND device = ?2");
	bool unreadable = strcmp(done, "unreadable") == 0;

	if (!unreadable && strcmp(done, "removed") != 0)
		return PMJ_OK; /* of a later program */
	(void)sql_blob(sql_blob(q, 1, act, ACT_HASH_BYTES), 2, device, PMJ_DEVICE_BYTES);
	return sql_run(sql_int(sql_int(q, 3, os_now(hub->os)), 4, unreadable), err);
}

enum pmj_code
hub_erased(struct hub *hub, const uint8_t act[static 32], const char *done, struct pmj_error *err)
{
	/* What waited for its author waits no more. */
	struct sql *q = sql_get(hub->journal,
	    "DELETE FROM pmj_back WHERE (SELECT status FROM pmj_entry x WHERE x.n = pmj_back.n) ="
	    " ?1");
	enum pmj_code rc = sql_run(sql_int(q, 1, ENTRY_ERASED), err);

	return rc == PMJ_OK ? erase_said(hub, act, ring_device_id(hub->ring), done, err) : rc;
}
