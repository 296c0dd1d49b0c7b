/* device_asks.c - what the hub asks a coordinator or supervisor to agree to (7.2), and their word,
 * which goes up as ctl.sign. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "log/act.h"
#include "log/chain.h"
#include "store/sql.h"
#include "sync/device_inner.h"
#include "sync/lines.h"

#define ID_CHARS 8
#define ID_CHARS_MIN 4

/* ---- the hub's lines ---- */

enum pmj_code
device_asked(const struct device_at *at, const json_t *ask, struct pmj_error *err)
{
	const char *text = json_str(ask, "act");
	struct pmj_error no = {0};
	struct act act;
	struct sql *sql;
	enum pmj_code rc;

	if (text == NULL || act_read(&act, text, strlen(text), &no) != PMJ_OK)
		return device_refuse(at, "what it asks for cannot be read", err);
	sql = sql_get(at->journal,
	    "INSERT INTO pmj_ask(id, act, at_ms, answer, state) VALUES(?1, ?2, ?3, NULL, 'waits')"
	    " ON CONFLICT DO NOTHING");
	sql_blob(sql, 1, act.hash, sizeof(act.hash));
	sql_int(sql_text(sql, 2, text), 3, at->line->entry->pt);
	rc = sql_run(sql, err);
	act_close(&act);
	return rc == PMJ_OK ? journal_event(at->journal, "asked", "ok",
	                          "the office asks for your approval: pamoja approve", err)
	                    : rc;
}

enum pmj_code
device_settled(const struct device_at *at, const json_t *settled, struct pmj_error *err)
{
	const char *state = json_str(settled, "state");
	uint8_t hash[ACT_HASH_BYTES];
	struct sql *sql;

	if (state == NULL || !json_unhex(settled, "act", hash, sizeof(hash)))
		return device_refuse(at, "it names nothing that was asked", err);
	sql = sql_get(at->journal, "UPDATE pmj_ask SET state = ?2 WHERE id = ?1");
	return sql_run(sql_text(sql_blob(sql, 1, hash, sizeof(hash)), 2, state), err);
}

/* ---- what waits for this person ---- */

static void
ask_id(char out[static ID_CHARS + 1], const uint8_t hash[static ACT_HASH_BYTES])
{
	char all[2 * ACT_HASH_BYTES + 1];

	(void)text_base32(all, hash, ACT_HASH_BYTES);
	memcpy(out, all, ID_CHARS);
	out[ID_CHARS] = '\0';
}

static json_t *
ask_item(struct sql *sql)
{
	uint8_t hash[ACT_HASH_BYTES];
	const char *text = sql_col_text(sql, 1), *answer = sql_col_text(sql, 2);
	char id[ID_CHARS + 1];
	struct act act;
	json_t *item;

	if (!sql_col_copy(sql, 0, hash, sizeof(hash)) || text == NULL ||
	    act_read(&act, text, strlen(text), NULL) != PMJ_OK)
		return NULL;
	ask_id(id, hash);
	item = json_pack("{s:s,s:I,s:o,s:s?}", "id", id, "asked_at", (json_int_t)act.asked_ms,
	    "what", act_about(&act), "answer", answer);
	act_close(&act);
	return item;
}

enum pmj_code
device_asks(struct journal *journal, json_t **out, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT id, act, answer FROM pmj_ask WHERE state = 'waits' ORDER BY at_ms, id");
	json_t *items = json_array();
	enum pmj_code rc;
	bool row;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		json_t *item = ask_item(sql);

		if (item != NULL)
			(void)json_array_append_new(items, item);
	}
	if (rc == PMJ_OK)
		*out = json_pack("{s:O}", "items", items);
	json_decref(items);
	return rc;
}

int64_t
device_asks_open(struct journal *journal)
{
	return sql_first_int(
	    sql_get(
	        journal, "SELECT count(*) FROM pmj_ask WHERE state = 'waits' AND answer IS NULL"),
	    0);
}

/* The text of the one that is meant, and whether it was answered before. Caller frees. */
static enum pmj_code
find_ask(struct journal *journal, struct act *out, char answer[static 16], const char *typed,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    journal, "SELECT id, act, coalesce(answer, '') FROM pmj_ask WHERE state = 'waits'");
	size_t found = 0;
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t hash[ACT_HASH_BYTES];
		char id[ID_CHARS + 1];

		(void)sql_col_copy(sql, 0, hash, sizeof(hash));
		ask_id(id, hash);
		if (strlen(typed) < ID_CHARS_MIN || strncmp(id, typed, strlen(typed)) != 0)
			continue;
		act_close(out);
		(void)snprintf(answer, 16, "%s", sql_col_text(sql, 2));
		if ((rc = act_read(out, sql_col_text(sql, 1), strlen(sql_col_text(sql, 1)), err)) !=
		    PMJ_OK)
			break;
		found++;
	}
	sql_done(sql);
	if (rc != PMJ_OK || found == 1)
		return rc;
	act_close(out);
	rc = found == 0
	         ? pmj_fail(err, PMJ_NOT_FOUND, "nothing waits here under the id \"%.40s\"", typed)
	         : pmj_fail(err, PMJ_AMBIGUOUS, "more than one begins with \"%.40s\"", typed);
	pmj_hint(err, "`pamoja approve` lists what waits for you");
	return rc;
}

/* ---- the answer ---- */

static json_t *
answer_line(struct journal *journal, const struct act *act, bool approve)
{
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	char text[2 * PRIM_SIGNATURE_BYTES];
	json_t *more = json_pack("{s:o}", "statement", json_hex(act->hash, ACT_HASH_BYTES));

	if (approve) {
		act_sign(sig, journal_ring(journal), act);
		(void)json_object_set_new(
		    more, "g", json_string(text_base64(text, sig, sizeof(sig))));
	} else {
		(void)json_object_set_new(more, "refuse", json_true());
	}
	return more;
}

static enum pmj_code
put_answer(struct sync *sync, const struct act *act, bool approve, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(sync->journal, "UPDATE pmj_ask SET answer = ?2, state = ?3 WHERE id = ?1");

	sql_blob(sql, 1, act->hash, ACT_HASH_BYTES);
	sql_text(sql, 2, approve ? "approved" : "refused");
	return sql_run(sql_text(sql, 3, approve ? "waits" : "refused"), err);
}

static enum pmj_code
answer_inside(struct sync *sync, const struct act *act, bool approve, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	enum pmj_code rc;

	if ((rc = device_mailbox(sync->journal, mailbox, err)) != PMJ_OK ||
	    (rc = device_say(sync, mailbox, "ctl.sign", answer_line(sync->journal, act, approve),
	         err)) != PMJ_OK)
		return rc;
	return put_answer(sync, act, approve, err);
}

enum pmj_code
device_say(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *kind,
    json_t *more, struct pmj_error *err)
{
	struct entry entry = {.json = NULL};
	struct entries_new new = {.entry = &entry, .origin = ENTRY_OWN, .status = ENTRY_CONTROL};
	uint8_t e[PMJ_ENTRY_BYTES];
	struct buf line;
	enum pmj_code rc;
	int64_t n;
	bool known;

	buf_init(&line, PMJ_LINE_MAX);
	if ((rc = lines_own(sync, &line, kind, more, err)) == PMJ_OK) {
		chain_entry(e, line.bytes, line.len);
		rc = line_read(&entry, buf_text(&line), line.len, e, err);
	}
	new.line = buf_text(&line);
	new.len = line.len;
	if (rc == PMJ_OK && (rc = entries_append(sync->journal, &new, &n, &known, err)) == PMJ_OK)
		rc = sync_queue(sync, mailbox, n, true, err);
	entry_close(&entry);
	buf_close(&line);
	return rc;
}

enum pmj_code
device_done(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const uint8_t act[static 32], const char *done, struct pmj_error *err)
{
	return device_say(sync, mailbox, "ctl.sign",
	    json_pack("{s:o,s:s}", "statement", json_hex(act, ACT_HASH_BYTES), "done", done), err);
}

enum pmj_code
device_answer(
    struct sync *sync, const char *typed, bool approve, json_t **out, struct pmj_error *err)
{
	char answer[16] = "", id[ID_CHARS + 1];
	struct act act;
	enum pmj_code rc;

	if ((rc = find_ask(sync->journal, &act, answer, typed, err)) != PMJ_OK)
		return rc;
	/* Asking twice is no error, and a second thought stops what the first agreed to. */
	if (!approve || answer[0] == '\0') {
		if ((rc = journal_begin(sync->journal, err)) != PMJ_OK)
			goto out;
		rc = answer_inside(sync, &act, approve, err);
		if (rc == PMJ_OK)
			rc = journal_commit(sync->journal, err);
		else
			journal_rollback(sync->journal);
	}
	if (rc == PMJ_OK) {
		ask_id(id, act.hash);
		*out = json_pack("{s:s,s:o,s:s}", "id", id, "what", act_about(&act), "answer",
		    approve ? "approved" : "refused");
	}
out:
	act_close(&act);
	return rc;
}
