/* forgotten.c - the certificate of an erasure (security 11.4), in two stages: who has removed it,
 * and when the last key that opens a copy was destroyed. It names nobody who was erased. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "hub/pending.h"

#define AT_LATEST_DAYS 190 /* of the second stage, when papers and laptops do what they should */

struct forgotten {
	struct act act;
	uint8_t hash[ACT_HASH_BYTES];
	int64_t begun_ms;  /* here */
	json_t *confirmed; /* of the first stage */
	json_t *missing;
	json_t *waits;   /* of the second: what still opens a copy */
	int64_t last_ms; /* the last word of either stage */
};

static json_t *
holder_item(struct sql *q, int at)
{
	return json_pack("{s:s,s:s,s:s,s:o}", "name", sql_col_text(q, 0), "role",
	    sql_col_text(q, 1), "state", sql_col_text(q, 2), "at",
	    sql_col_null(q, at) ? json_null() : json_integer((json_int_t)sql_col_int(q, at)));
}

static void
note_last(struct forgotten *out, int64_t ms)
{
	if (ms > out->last_ms)
		out->last_ms = ms;
}

/* A laptop that never comes back is listed, and not counted. */
static enum pmj_code
read_holders(struct hub *hub, struct forgotten *out, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT d.name, d.role, d.state, r.removed_ms, r.unreadable_ms FROM pmj_erased r JOIN"
	    " pmj_device d ON d.device = r.device WHERE r.act = ?1 ORDER BY d.name, d.device");
	enum pmj_code rc;
	bool row;

	(void)sql_blob(q, 1, out->hash, sizeof(out->hash));
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		(void)json_array_append_new(
		    sql_col_null(q, 3) ? out->missing : out->confirmed, holder_item(q, 3));
		note_last(out, sql_col_int(q, 3));
		note_last(out, sql_col_int(q, 4));
		if (sql_col_null(q, 4))
			(void)json_array_append_new(out->waits,
			    json_pack("{s:s,s:s}", "what", "seal_key", "of", sql_col_text(q, 0)));
	}
	return rc;
}

/* Backups of before open with the papers of the backup keys of before. */
static enum pmj_code
read_papers(struct hub *hub, struct forgotten *out, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "SELECT number, destroyed_ms FROM pmj_backup_key WHERE made_ms <= ?1 ORDER BY number");
	enum pmj_code rc;
	bool row;

	(void)sql_int(q, 1, out->begun_ms);
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		if (sql_col_null(q, 1))
			(void)json_array_append_new(
			    out->waits, json_pack("{s:s,s:I}", "what", "backup_key", "number",
			                    (json_int_t)sql_col_int(q, 0)));
		else
			note_last(out, sql_col_int(q, 1));
	}
	return rc;
}

static json_t *
certificate(const struct forgotten *f)
{
	char id[PENDING_ID_CHARS + 1];
	bool removed = json_array_size(f->missing) == 0 && json_array_size(f->confirmed) > 0;
	bool unreadable = removed && json_array_size(f->waits) == 0;

	pending_id(id, f->hash);
	return json_pack("{s:s,s:s?,s:I,s:I,s:{s:b,s:O,s:O},s:{s:b,s:o,s:I,s:O}}", "id", id,
	    "cause", json_str(f->act.p, "cause"), "asked_at", (json_int_t)f->act.asked_ms, "at",
	    (json_int_t)f->begun_ms, "removed", "whole", (int)removed, "confirmed", f->confirmed,
	    "missing", f->missing, "unreadable", "whole", (int)unreadable, "at",
	    unreadable ? json_integer((json_int_t)f->last_ms) : json_null(), "latest",
	    (json_int_t)f->begun_ms + (json_int_t)(AT_LATEST_DAYS * DAY_MS), "waits", f->waits);
}

/* The text that was signed: it was asked for here, or came back in the order. */
static enum pmj_code
read_act(struct hub *hub, struct forgotten *out, struct pmj_error *err)
{
	struct pending pending;
	enum pmj_code rc = pending_get(hub, &pending, out->hash, err);

	if (rc == PMJ_OK) {
		out->act = pending.act;
		memset(&pending.act, 0, sizeof(pending.act));
	}
	pending_close(&pending);
	return rc == PMJ_NOT_FOUND ? PMJ_OK : rc;
}

static enum pmj_code
certificate_of(
    struct hub *hub, json_t *items, const uint8_t *hash, int64_t begun_ms, struct pmj_error *err)
{
	struct forgotten f = {.begun_ms = begun_ms,
	    .confirmed = json_array(),
	    .missing = json_array(),
	    .waits = json_array()};
	enum pmj_code rc;

	memcpy(f.hash, hash, sizeof(f.hash));
	if ((rc = read_act(hub, &f, err)) == PMJ_OK &&
	    (rc = read_holders(hub, &f, err)) == PMJ_OK &&
	    (rc = read_papers(hub, &f, err)) == PMJ_OK)
		(void)json_array_append_new(items, certificate(&f));
	act_close(&f.act);
	json_decref(f.confirmed);
	json_decref(f.missing);
	json_decref(f.waits);
	return rc;
}

enum pmj_code
hub_forgotten(struct hub *hub, json_t **out, const char *typed, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "SELECT act, begun_ms FROM pmj_erase ORDER BY begun_ms DESC LIMIT 1000");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		uint8_t hash[ACT_HASH_BYTES];
		char id[PENDING_ID_CHARS + 1];

		(void)sql_col_copy(q, 0, hash, sizeof(hash));
		pending_id(id, hash);
		if (typed != NULL && strncmp(id, typed, strlen(typed)) != 0)
			continue;
		if ((rc = certificate_of(hub, items, hash, sql_col_int(q, 1), err)) != PMJ_OK)
			break;
	}
	sql_done(q);
	if (rc == PMJ_OK && typed != NULL && json_array_size(items) == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "nobody was forgotten under %.40s", typed);
		pmj_hint(err, "all certificates: pamoja forget --certificate");
	}
	if (rc == PMJ_OK)
		*out = json_pack("{s:O}", "items", items);
	json_decref(items);
	return rc;
}
