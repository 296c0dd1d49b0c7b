/* pending.c - operations that need more than one person (7.2): asked for at the hub, answered by
 * coordinators and supervisors from their own laptops (ctl.sign). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/pending.h"

#define ID_CHARS_MIN 4

static void
pending_of_row(struct pending *out, struct sql *q, struct pmj_error *err, enum pmj_code *rc)
{
	const char *text = sql_col_text(q, 0);

	memset(out, 0, sizeof(*out));
	out->n = sql_col_int(q, 2);
	out->state = (enum pending_state)sql_col_int(q, 3);
	if (sql_col_text(q, 1) != NULL)
		out->extra = mem_strdup(sql_col_text(q, 1));
	*rc = act_read(&out->act, text != NULL ? text : "", text != NULL ? strlen(text) : 0, err);
}

enum pmj_code
pending_get(struct hub *hub, struct pending *out, const uint8_t hash[static ACT_HASH_BYTES],
    struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT act, extra, n, state FROM pmj_pending WHERE id = ?1");
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	if ((rc = sql_row(sql_blob(q, 1, hash, ACT_HASH_BYTES), &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(err, PMJ_NOT_FOUND, "nothing of the kind was asked for");
	pending_of_row(out, q, err, &rc);
	sql_done(q);
	return rc;
}

void
pending_close(struct pending *pending)
{
	act_close(&pending->act);
	free(pending->extra);
	memset(pending, 0, sizeof(*pending));
}

enum pmj_code
pending_waiting(
    struct hub *hub, uint8_t (**out)[ACT_HASH_BYTES], size_t *count, struct pmj_error *err)
{
	struct sql *q =
	    sql_int(sql_get(hub->journal, "SELECT id FROM pmj_pending WHERE state = ?1 ORDER BY n"),
	        1, PENDING_WAITS);
	enum pmj_code rc;
	bool row;

	*out = NULL;
	*count = 0;
	while ((rc = sql_row(q, &row, err)) == PMJ_OK && row) {
		*out = mem_grow(*out, *count + 1, sizeof(**out));
		(void)sql_col_copy(q, 0, (*out)[(*count)++], ACT_HASH_BYTES);
	}
	return rc;
}

void
pending_id(char out[static PENDING_ID_CHARS + 1], const uint8_t hash[static ACT_HASH_BYTES])
{
	char all[2 * ACT_HASH_BYTES + 1];

	(void)text_base32(all, hash, ACT_HASH_BYTES);
	memcpy(out, all, PENDING_ID_CHARS);
	out[PENDING_ID_CHARS] = '\0';
}

enum pmj_code
pending_find(struct hub *hub, struct pending *out, const char *typed, struct pmj_error *err)
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL;
	size_t count, found = 0, at = 0;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = pending_waiting(hub, &ids, &count, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < count; i++) {
		char id[PENDING_ID_CHARS + 1];

		pending_id(id, ids[i]);
		if (strlen(typed) >= ID_CHARS_MIN && strncmp(id, typed, strlen(typed)) == 0) {
			at = i;
			found++;
		}
	}
	if (found == 1)
		rc = pending_get(hub, out, ids[at], err);
	else
		rc = pmj_fail(err, found == 0 ? PMJ_NOT_FOUND : PMJ_AMBIGUOUS,
		    found == 0 ? "nothing that waits has the id \"%.40s\""
		               : "more than one that waits begins with \"%.40s\"",
		    typed);
	if (found != 1)
		pmj_hint(err, "`pamoja hub pending` lists what waits");
out:
	free(ids);
	return rc;
}

/* Queue this line to every coordinator's and supervisor's laptop. */
static enum pmj_code
pending_tell(struct hub *hub, int64_t n, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count;
	enum pmj_code rc = office_devices(hub, &devices, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (office_is_office(devices[i].role))
			rc = sync_queue(hub->sync, devices[i].mailbox, n, true, err);
	free(devices);
	return rc;
}

static enum pmj_code
keep_asked(
    struct hub *hub, const struct act *act, const char *extra, int64_t n, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "INSERT INTO pmj_pending(id, n, act, extra, "
	                                      "asked_ms, state) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");

	(void)sql_int(sql_blob(q, 1, act->hash, ACT_HASH_BYTES), 2, n);
	(void)sql_text(sql_text(q, 3, act->text), 4, extra);
	return sql_run(sql_int(sql_int(q, 5, act->asked_ms), 6, PENDING_WAITS), err);
}

enum pmj_code
pending_ask(struct hub *hub, json_t *fields, const char *extra, uint8_t hash[static ACT_HASH_BYTES],
    struct pmj_error *err)
{
	uint8_t random[16];
	struct act act = {.p = NULL};
	char *text;
	enum pmj_code rc;
	int64_t n;

	hub->os->random(hub->os->ctx, random, sizeof(random));
	text = act_make(fields, os_now(hub->os), random);
	if (text == NULL)
		return pmj_fail(err, PMJ_TOO_BIG, "this is too long to be signed");
	if ((rc = act_read(&act, text, strlen(text), err)) == PMJ_OK &&
	    (rc = decide_control(hub, "ctl.roster", json_pack("{s:{s:s}}", "ask", "act", act.text),
	         &n, NULL, err)) == PMJ_OK &&
	    (rc = keep_asked(hub, &act, extra, n, err)) == PMJ_OK)
		rc = pending_tell(hub, n, err);
	if (rc == PMJ_OK)
		rc = journal_event(hub->journal, "asked", "ok",
		    "something was asked for that needs more than one person", err);
	memcpy(hash, act.hash, ACT_HASH_BYTES);
	hub->pending_news = true;
	act_close(&act);
	free(text);
	return rc;
}

enum pmj_code
pending_settle(
    struct hub *hub, const struct pending *pending, enum pending_state state, struct pmj_error *err)
{
	static const char *const names[] = {
	    [PENDING_DONE] = "done", [PENDING_REFUSED] = "refused", [PENDING_DOING] = "done"};
	struct sql *q =
	    sql_get(hub->journal, "UPDATE pmj_pending SET state = ?2, extra = NULL WHERE id = ?1");
	enum pmj_code rc;
	int64_t n;

	(void)sql_blob(q, 1, pending->act.hash, ACT_HASH_BYTES);
	if ((rc = sql_run(sql_int(q, 2, state), err)) != PMJ_OK ||
	    (rc = decide_follow(hub, "ctl.roster",
	         json_pack("{s:{s:o,s:s}}", "settled", "act",
	             json_hex(pending->act.hash, ACT_HASH_BYTES), "state", names[state]),
	         &n, NULL, err)) != PMJ_OK)
		return rc;
	return pending_tell(hub, n, err);
}

enum pmj_code
pending_is_over(struct hub *hub, const struct pending *pending, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "UPDATE pmj_pending SET state = ?2 WHERE id = ?1");

	(void)sql_blob(q, 1, pending->act.hash, ACT_HASH_BYTES);
	return sql_run(sql_int(q, 2, PENDING_DONE), err);
}

/* ---- answers ---- */

static enum pmj_code
keep_word(struct hub *hub, const struct pending *pending, const uint8_t *device, const uint8_t *sig,
    struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal,
	    "INSERT OR IGNORE INTO pmj_pending_sign(id, device, g, at_ms) VALUES(?1, ?2, ?3, ?4)");

	(void)sql_blob(q, 1, pending->act.hash, ACT_HASH_BYTES);
	(void)sql_blob(sql_blob(q, 2, device, PMJ_DEVICE_BYTES), 3, sig, PRIM_SIGNATURE_BYTES);
	hub->pending_news = true;
	return sql_run(sql_int(q, 4, os_now(hub->os)), err);
}

static enum pmj_code
take_word(struct hub *hub, const struct pending *pending, const struct hub_device *signer,
    const json_t *line, struct pmj_error *err)
{
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	const char *g = json_str(line, "g");

	if (pending->state != PENDING_WAITS)
		return PMJ_OK; /* it came too late */
	if (strcmp(signer->state, "live") != 0 || !office_is_office(signer->role))
		return journal_event(hub->journal, "line_refused", "refused",
		    "a laptop answered what only coordinators and supervisors answer", err);
	if (json_flag(line, "refuse"))
		return pending_settle(hub, pending, PENDING_REFUSED, err);
	if (g == NULL || !text_unbase64(sig, sizeof(sig), g) ||
	    !act_signed_by(&pending->act, sig, signer->sign_pk))
		return journal_event(hub->journal, "line_refused", "integrity",
		    "an approval came that its laptop did not sign", err);
	return keep_word(hub, pending, signer->device, sig, err);
}

static enum pmj_code
keep_sign(struct hub *hub, const struct sync_line *line, bool *known, struct pmj_error *err)
{
	struct entries_new entry = {.entry = line->entry,
	    .line = line->bytes,
	    .len = line->len,
	    .origin = ENTRY_RECEIVED,
	    .status = ENTRY_CONTROL};
	int64_t n;

	return entries_append(hub->journal, &entry, &n, known, err);
}

enum pmj_code
pending_sign(struct hub *hub, const struct sync_peer *peer, const struct sync_line *line,
    struct pmj_error *err)
{
	const json_t *json = line->entry->json;
	uint8_t hash[ACT_HASH_BYTES];
	struct hub_device signer;
	struct pending pending;
	enum pmj_code rc;
	bool known;

	if (!json_unhex(json, "statement", hash, sizeof(hash)))
		return journal_event(hub->journal, "line_refused", "invalid",
		    "an answer came that names no statement", err);
	if ((rc = keep_sign(hub, line, &known, err)) != PMJ_OK || known ||
	    (rc = office_device(hub, &signer, peer->device, err)) != PMJ_OK)
		return rc;
	if (json_str(json, "done") != NULL)
		return erase_said(hub, hash, peer->device, json_str(json, "done"), err);
	rc = pending_get(hub, &pending, hash, err);
	if (rc == PMJ_NOT_FOUND) /* asked for after the backup that this hub came out of */
		return journal_event(hub->journal, "line_refused", "not_found",
		    "an answer came to something that this hub has not asked", err);
	if (rc == PMJ_OK)
		rc = take_word(hub, &pending, &signer, json, err);
	pending_close(&pending);
	return rc;
}

enum pmj_code
hub_refuse(struct hub *hub, const char *typed, struct pmj_error *err)
{
	struct pending pending;
	enum pmj_code rc;

	if ((rc = pending_find(hub, &pending, typed, err)) == PMJ_OK &&
	    (rc = journal_begin(hub->journal, err)) == PMJ_OK)
		rc = decide_end(hub, pending_settle(hub, &pending, PENDING_REFUSED, err), err);
	pending_close(&pending);
	return rc;
}
