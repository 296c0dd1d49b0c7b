/* backup_key.c - which backup keys there were, and what is to be done with them (11.5). The secret
 * was never here: two people hold a half each, on paper. Who they are is theirs to note. */
#include <string.h>

#include "base/date.h"
#include "hub/hub_inner.h"

struct kept_key {
	struct hub_backup_key key;
	bool used;
	int64_t destroyed_ms; /* 0: its papers are still there */
};

/* The newest; false when none was ever made. */
static bool
newest(struct hub *hub, struct kept_key *out)
{
	struct sql *q = sql_get(hub->journal, "SELECT number, made_ms, pk, used, destroyed_ms FROM "
	                                      "pmj_backup_key ORDER BY number DESC LIMIT 1");
	bool row = false;

	memset(out, 0, sizeof(*out));
	if (sql_row(q, &row, NULL) != PMJ_OK || !row)
		return false;
	out->key.number = (uint32_t)sql_col_int(q, 0);
	out->key.made_ms = sql_col_int(q, 1);
	row = sql_col_copy(q, 2, out->key.pk, sizeof(out->key.pk));
	out->used = sql_col_int(q, 3) != 0;
	out->destroyed_ms = sql_col_int(q, 4);
	sql_done(q);
	return row;
}

static bool
is_past(struct hub *hub, int64_t made_ms, int days)
{
	return os_now(hub->os) - made_ms >= days * DAY_MS;
}

static const char *
state_of(struct hub *hub, const struct kept_key *kept)
{
	if (kept->destroyed_ms != 0)
		return "destroyed";
	if (kept->used)
		return "used";
	if (is_past(hub, kept->key.made_ms, HUB_BACKUP_KEY_DAYS))
		return "old";
	return is_past(hub, kept->key.made_ms, HUB_BACKUP_KEY_DUE_DAYS) ? "due" : "good";
}

uint32_t
hub_backup_key_next(struct hub *hub)
{
	struct kept_key kept;

	return newest(hub, &kept) ? kept.key.number + 1 : 1;
}

bool
hub_backup_key(struct hub *hub, struct hub_backup_key *out)
{
	struct kept_key kept;
	bool there = newest(hub, &kept);
	const char *state = state_of(hub, &kept);

	*out = kept.key;
	return there && (strcmp(state, "good") == 0 || strcmp(state, "due") == 0);
}

/* One statement and the event that tells of it, in one transaction. */
static enum pmj_code
change(struct hub *hub, struct sql *statement, const char *what, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	if ((rc = sql_run(statement, err)) == PMJ_OK &&
	    (rc = journal_event(hub->journal, "backup_key", "ok", what, err)) == PMJ_OK)
		return journal_commit(hub->journal, err);
	journal_rollback(hub->journal);
	return rc;
}

enum pmj_code
hub_backup_key_put(struct hub *hub, const struct hub_backup_key *key, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "INSERT INTO pmj_backup_key(number, made_ms, pk) VALUES(?1, ?2, ?3)");

	(void)sql_int(sql_int(q, 1, key->number), 2, key->made_ms);
	(void)sql_blob(q, 3, key->pk, sizeof(key->pk));
	return change(hub, q, "a new backup key was made, for two people", err);
}

enum pmj_code
hub_backup_key_destroyed(struct hub *hub, uint32_t number, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT destroyed_ms FROM pmj_backup_key WHERE number = ?1");
	enum pmj_code rc;
	bool row = false, known;

	if ((rc = sql_row(sql_int(q, 1, number), &row, err)) != PMJ_OK)
		return rc;
	known = row && !sql_col_null(q, 0);
	sql_done(q);
	if (!row || known) {
		rc = row ? pmj_fail(err, PMJ_USAGE,
		               "the papers of backup key %u are noted as destroyed already", number)
		         : pmj_fail(err, PMJ_NOT_FOUND, "there is no backup key %u", number);
		pmj_hint(err, "`pamoja hub backup-key --list` shows them all");
		return rc;
	}
	q = sql_get(hub->journal, "UPDATE pmj_backup_key SET destroyed_ms = ?2 WHERE number = ?1");
	(void)sql_int(sql_int(q, 1, number), 2, os_now(hub->os));
	return change(hub, q, "the papers of a backup key were destroyed", err);
}

enum pmj_code
hub_backup_key_used(struct journal *journal, uint32_t number, struct pmj_error *err)
{
	struct sql *q = sql_get(journal, "UPDATE pmj_backup_key SET used = 1 WHERE number = ?1");

	return sql_run(sql_int(q, 1, number), err);
}

/* ---- told to people ---- */

/* Whose papers are still there. */
static struct sql *
select_papers(struct hub *hub)
{
	return sql_get(hub->journal, "SELECT number, made_ms FROM pmj_backup_key WHERE "
	                             "destroyed_ms IS NULL ORDER BY number");
}

json_t *
hub_backup_key_state(struct hub *hub)
{
	json_t *destroy = json_array(), *out;
	struct sql *q = select_papers(hub);
	struct kept_key kept;
	bool row = false;

	while (sql_row(q, &row, NULL) == PMJ_OK && row)
		if (is_past(hub, sql_col_int(q, 1), HUB_BACKUP_KEY_DAYS))
			(void)json_array_append_new(destroy, json_integer(sql_col_int(q, 0)));
	if (!newest(hub, &kept))
		return json_pack("{s:s,s:o}", "state", "none", "destroy", destroy);
	out = json_pack("{s:s,s:I,s:I,s:o}", "state", state_of(hub, &kept), "number",
	    (json_int_t)kept.key.number, "made", (json_int_t)kept.key.made_ms, "destroy", destroy);
	return out;
}

static json_t *
item_of(struct hub *hub, struct sql *q, const struct hub_backup_key *in_use)
{
	int64_t number = sql_col_int(q, 0), made = sql_col_int(q, 1), gone = sql_col_int(q, 2);
	const char *state = gone != 0                                    ? "destroyed"
	                    : is_past(hub, made, HUB_BACKUP_KEY_DAYS)    ? "destroy"
	                    : in_use != NULL && number == in_use->number ? "in_use"
	                                                                 : "kept";

	return json_pack("{s:I,s:I,s:I,s:s,s:o}", "number", (json_int_t)number, "made",
	    (json_int_t)made, "until", (json_int_t)made + HUB_BACKUP_KEY_DAYS * DAY_MS, "state",
	    state, "destroyed", gone != 0 ? json_integer(gone) : json_null());
}

enum pmj_code
hub_backup_keys(struct hub *hub, json_t **out, struct pmj_error *err)
{
	struct hub_backup_key key;
	bool row = false, in_use = hub_backup_key(hub, &key);
	struct sql *q = sql_get(hub->journal,
	    "SELECT number, made_ms, destroyed_ms FROM pmj_backup_key ORDER BY number");
	json_t *items = json_array();
	enum pmj_code rc;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row)
		(void)json_array_append_new(items, item_of(hub, q, in_use ? &key : NULL));
	*out = rc == PMJ_OK ? json_pack("{s:O}", "items", items) : NULL;
	json_decref(items);
	return rc;
}
