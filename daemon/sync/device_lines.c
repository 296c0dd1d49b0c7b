/* device_lines.c - what the hub's lines mean on a worker's device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/chain.h"
#include "log/roster.h"
#include "store/records.h"
#include "store/sql.h"
#include "sync/device_inner.h"
#include "sync/queue.h"

struct device_at { /* one line being taken */
	struct journal *journal;
	const struct sync_peer *peer;
	const struct sync_line *line;
	const json_t *json;
};

static enum pmj_code
device_refuse(const struct device_at *at, const char *why, struct pmj_error *err)
{
	char message[96];

	(void)snprintf(message, sizeof(message), "%s of the hub was not taken: %s",
	    at->line->entry->kind, why);
	return journal_event(at->journal, "line_refused", "invalid", message, err);
}

/* ---- entries of others, and our own that come back ---- */

static enum pmj_code
device_standing_hold(
    struct journal *journal, const uint8_t *e, char **reason, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT reason FROM pmj_hold WHERE e=?1 LIMIT 1");
	bool row = false;
	enum pmj_code rc;

	*reason = NULL;
	sql_blob(sql, 1, e, PMJ_ENTRY_BYTES);
	rc = sql_row(sql, &row, err);
	if (rc == PMJ_OK && row)
		*reason = mem_strdup(sql_col_text(sql, 0));
	sql_done(sql);
	return rc;
}

static enum pmj_code
device_append_inner(const struct device_at *at, const struct entry *entry, const char *text,
    size_t len, struct pmj_error *err)
{
	const json_t *recv = json_arr(at->json, "recv");
	bool own =
	    memcmp(entry->by, ring_device_id(journal_ring(at->journal)), PMJ_DEVICE_BYTES) == 0;
	struct entries_new new = {.entry = entry,
	    .line = text,
	    .len = len,
	    .origin = own ? ENTRY_OWN : ENTRY_RECEIVED,
	    .status = ENTRY_ADMITTED,
	    .recv_ms = json_integer_value(json_array_get(recv, 0)),
	    .recv_counter = (uint16_t)json_integer_value(json_array_get(recv, 1))};
	char *reason = NULL;
	int64_t n;
	bool known;
	enum pmj_code rc;

	if ((rc = device_standing_hold(at->journal, entry->e, &reason, err)) != PMJ_OK)
		return rc;
	if (reason != NULL) {
		new.status = ENTRY_HELD;
		new.reason = reason;
	}
	rc = entries_append(at->journal, &new, &n, &known, err);
	free(reason);
	if (rc == PMJ_OK && own)
		rc = queue_came_back(at->journal, at->peer->mailbox, n, err);
	return rc;
}

static enum pmj_code
device_fwd(const struct device_at *at, struct pmj_error *err)
{
	const json_t *value = json_object_get(at->json, "line");
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	struct pmj_error unread = {0};
	struct entry entry = {0};
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc;

	if (text == NULL)
		return device_refuse(at, "it wraps no line", err);
	chain_entry(e, text, len);
	if (line_read(&entry, text, len, e, &unread) != PMJ_OK)
		return device_refuse(at, "the line inside is no line", err);
	if (entry.control)
		rc = device_refuse(at, "it wraps a control line", err);
	else
		rc = device_append_inner(at, &entry, text, len, err);
	entry_close(&entry);
	return rc;
}

/* ---- holds ---- */

static enum pmj_code
device_set_held(struct journal *journal, const uint8_t *e, enum entry_status from,
    enum entry_status to, const char *reason, struct pmj_error *err)
{
	struct pmj_error missing = {0};
	struct entry_row row;
	enum pmj_code rc = entries_find(journal, &row, e, &missing);

	if (rc == PMJ_NOT_FOUND)
		return PMJ_OK; /* it is not here yet: the hold stands and waits for it */
	if (rc != PMJ_OK) {
		*err = missing;
		return rc;
	}
	if (row.status == from)
		rc = entries_set_status(journal, row.n, to, reason, err);
	entry_row_close(&row);
	return rc;
}

static enum pmj_code
device_hold(const struct device_at *at, struct pmj_error *err)
{
	const char *reason = json_str(at->json, "reason");
	uint8_t e[PMJ_ENTRY_BYTES];
	struct sql *sql;
	enum pmj_code rc;

	if (!json_unhex(at->json, "e", e, sizeof(e)))
		return device_refuse(at, "it names no entry", err);
	if (reason == NULL)
		reason = "";
	sql =
	    sql_get(at->journal, "INSERT OR IGNORE INTO pmj_hold(hold,e,reason) VALUES(?1,?2,?3)");
	sql_blob(sql, 1, at->line->entry->e, PMJ_ENTRY_BYTES);
	sql_blob(sql, 2, e, sizeof(e));
	sql_text(sql, 3, reason);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return device_set_held(at->journal, e, ENTRY_ADMITTED, ENTRY_HELD, reason, err);
}

/* The hold that a release names; an older form names it by `e`. */
static enum pmj_code
device_release(const struct device_at *at, struct pmj_error *err)
{
	uint8_t hold[PMJ_ENTRY_BYTES];
	uint8_t e[PMJ_ENTRY_BYTES];
	char *reason = NULL;
	struct sql *sql;
	enum pmj_code rc;
	bool row = false;

	if (!json_unhex(at->json, "hold", hold, sizeof(hold)) &&
	    !json_unhex(at->json, "e", hold, sizeof(hold)))
		return device_refuse(at, "it names no hold", err);
	sql = sql_get(at->journal, "SELECT e FROM pmj_hold WHERE hold=?1");
	sql_blob(sql, 1, hold, sizeof(hold));
	rc = sql_row(sql, &row, err);
	if (rc == PMJ_OK && row)
		row = sql_col_copy(sql, 0, e, sizeof(e));
	sql_done(sql);
	if (rc != PMJ_OK || !row)
		return rc;
	sql = sql_get(at->journal, "DELETE FROM pmj_hold WHERE hold=?1");
	sql_blob(sql, 1, hold, sizeof(hold));
	if ((rc = sql_run(sql, err)) != PMJ_OK ||
	    (rc = device_standing_hold(at->journal, e, &reason, err)) != PMJ_OK)
		return rc;
	if (reason == NULL)
		rc = device_set_held(at->journal, e, ENTRY_HELD, ENTRY_ADMITTED, NULL, err);
	free(reason);
	return rc;
}

/* ---- a person goes to somebody else ---- */

static enum pmj_code
device_stub_record(struct journal *journal, const uint8_t *rec, struct pmj_error *err)
{
	struct entry_row *rows = NULL;
	size_t count = 0;
	enum pmj_code rc = entries_of_record(journal, &rows, &count, rec, false, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (rows[i].origin == ENTRY_RECEIVED && rows[i].line != NULL)
			rc = entries_stub(journal, rows[i].n, err);
	entry_rows_free(rows, count);
	return rc;
}

static bool
device_record_of(const json_t *json, uint8_t *rec)
{
	const char *text = json_str(json, "record");

	if (text == NULL)
		return false;
	if (strlen(text) == PMJ_RECORD_CHARS)
		return text_unbase32(rec, PMJ_RECORD_BYTES, text, PMJ_RECORD_CHARS);
	return text_unhex(rec, PMJ_RECORD_BYTES, text);
}

static enum pmj_code
device_withdraw(const struct device_at *at, struct pmj_error *err)
{
	const char *to = json_str(at->json, "to");
	uint8_t person[PMJ_RECORD_BYTES];
	uint8_t(*records)[PMJ_RECORD_BYTES] = NULL;
	size_t count = 0;
	struct sql *sql;
	enum pmj_code rc;

	if (!device_record_of(at->json, person))
		return device_refuse(at, "it names no person", err);
	rc = records_of_person(at->journal, &records, &count, person, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = device_stub_record(at->journal, records[i], err);
	free(records);
	if (rc != PMJ_OK)
		return rc;
	sql = sql_get(
	    at->journal, "INSERT OR REPLACE INTO pmj_handed(record,name,at) VALUES(?1,?2,?3)");
	sql_blob(sql, 1, person, sizeof(person));
	sql_text(sql, 2, to != NULL ? to : "");
	sql_int(sql, 3, at->line->entry->pt);
	if ((rc = sql_run(sql, err)) != PMJ_OK)
		return rc;
	return journal_event(
	    at->journal, "withdrawn", "ok", "a person was handed over to somebody else", err);
}

/* ---- the hub itself ---- */

enum pmj_code
device_keep_cert(struct journal *journal, const struct cert *cert, struct pmj_error *err)
{
	enum pmj_code rc =
	    journal_put_blob(journal, DEVICE_OP_PK, cert->op_pk, sizeof(cert->op_pk), err);

	if (rc != PMJ_OK)
		return rc;
	return journal_put_int(journal, DEVICE_NOT_AFTER, (int64_t)cert->not_after_ms, err);
}

static enum pmj_code
device_cert_bytes(const struct device_at *at, const struct buf *bytes, struct pmj_error *err)
{
	struct ring *ring = journal_ring(at->journal);
	struct pmj_error no = {0};
	struct ring_pin pin;
	struct cert cert;
	enum pmj_code rc;

	if (cert_read(&cert, bytes->bytes, bytes->len, &no) != PMJ_OK)
		return device_refuse(at, "its signature is wrong", err);
	ring_pin(ring, &pin);
	rc = cert_accept(&cert, bytes->bytes, bytes->len, &pin, &no);
	if (rc == PMJ_REFUSED)
		return PMJ_OK; /* an older one, by a slow courier */
	if (rc == PMJ_NOT_CONFIRMED)
		return device_refuse(at, "a new root: its words must be compared first", err);
	if (rc != PMJ_OK)
		return device_refuse(at, "it does not follow the pinned one", err);
	if ((rc = device_keep_cert(at->journal, &cert, err)) != PMJ_OK)
		return rc;
	pin.set = true;
	memcpy(pin.root_pk, cert.root_pk, sizeof(pin.root_pk));
	memcpy(pin.next_root_hash, cert.next_root_hash, sizeof(pin.next_root_hash));
	pin.serial = cert.serial;
	memcpy(pin.cert_hash, cert.hash, sizeof(pin.cert_hash));
	ring_set_pin(ring, &pin);
	return PMJ_OK;
}

static enum pmj_code
device_cert(const struct device_at *at, struct pmj_error *err)
{
	const char *text = json_str(at->json, "cert");
	struct buf bytes;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_CERT_MAX);
	if (text == NULL || !text_unbase64_buf(&bytes, text))
		rc = device_refuse(at, "it holds no certificate", err);
	else
		rc = device_cert_bytes(at, &bytes, err);
	buf_close(&bytes);
	return rc;
}

static enum pmj_code
device_saw_roster(struct journal *journal, int64_t version, struct pmj_error *err)
{
	if (version <= device_roster_version(journal))
		return PMJ_OK;
	return journal_put_int(journal, DEVICE_ROSTER_VERSION, version, err);
}

static enum pmj_code
device_put_who(struct journal *journal, const json_t *who, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "INSERT INTO pmj_who(device,name,role,until) VALUES(?1,?2,?3,?4)"
	    " ON CONFLICT(device) DO UPDATE SET name=CASE excluded.name WHEN '' THEN name ELSE"
	    " excluded.name END,role=excluded.role,until=excluded.until");
	uint8_t device[PMJ_DEVICE_BYTES];
	const char *name = json_str(who, "name");
	const char *role = json_str(who, "role");

	if (!json_unhex(who, "device", device, sizeof(device)) || role == NULL)
		return PMJ_OK;
	sql_blob(sql, 1, device, sizeof(device));
	sql_text(sql, 2, name != NULL ? name : "");
	sql_text(sql, 3, role);
	sql_text(sql, 4, json_str(who, "until"));
	return sql_run(sql, err);
}

/* A person who was handed over came back to this device. */
static enum pmj_code
device_came_back(const struct device_at *at, const json_t *statement, struct pmj_error *err)
{
	struct sql *sql = sql_get(at->journal, "DELETE FROM pmj_handed WHERE record=?1");
	const char *text = json_str(statement, "person");
	uint8_t device[PMJ_DEVICE_BYTES];
	uint8_t person[PMJ_RECORD_BYTES];

	if (text == NULL || strlen(text) != PMJ_RECORD_CHARS ||
	    !text_unbase32(person, sizeof(person), text, PMJ_RECORD_CHARS) ||
	    !json_unhex(statement, "device", device, sizeof(device)) ||
	    memcmp(device, ring_device_id(journal_ring(at->journal)), sizeof(device)) != 0)
		return PMJ_OK;
	return sql_run(sql_blob(sql, 1, person, sizeof(person)), err);
}

static enum pmj_code
device_roster(const struct device_at *at, struct pmj_error *err)
{
	const json_t *who = json_obj(at->json, "who");
	const json_t *line = json_obj(at->json, "statement");
	struct roster_statement statement;
	struct pmj_error no = {0};
	enum pmj_code rc;

	if (who != NULL)
		return device_put_who(at->journal, who, err);
	if (line == NULL || roster_read(&statement, line, at->peer->writer_pk, &no) != PMJ_OK)
		return device_refuse(at, "the statement is not signed by the hub", err);
	rc = device_saw_roster(at->journal, (int64_t)statement.ver, err);
	if (rc == PMJ_OK &&
	    (strcmp(statement.op, "enrol") == 0 || strcmp(statement.op, "role") == 0))
		rc = device_put_who(at->journal, statement.p, err);
	if (rc == PMJ_OK && strcmp(statement.op, "assign") == 0)
		rc = device_came_back(at, statement.p, err);
	roster_statement_close(&statement);
	return rc;
}

static enum pmj_code
device_remotes(const struct device_at *at, struct pmj_error *err)
{
	const json_t *first = json_array_get(json_arr(at->json, "remotes"), 0);
	const char *url = json_is_string(first) ? json_string_value(first) : json_str(first, "url");

	if (url == NULL)
		return device_refuse(at, "it names no place", err);
	return journal_put_text(at->journal, DEVICE_REMOTE, url, err);
}

static enum pmj_code
device_kinds(const struct device_at *at, struct pmj_error *err)
{
	char *text = json_text(at->json);
	enum pmj_code rc = journal_put_text(at->journal, DEVICE_KINDS, text, err);

	free(text);
	return rc;
}

static enum pmj_code
device_invite(const struct device_at *at, struct pmj_error *err)
{
	(void)at;
	(void)err;
	return PMJ_OK; /* judged when the invitation was checked */
}

/* ---- beacon ---- */

/* New seal epochs of the hub beside those known; an epoch once seen never changes its key. */
static enum pmj_code
device_keep_epochs(const struct device_at *at, struct pmj_error *err)
{
	char *text = journal_text(at->journal, DEVICE_EPOCHS);
	json_t *known = NULL;
	const json_t *statement;
	size_t i;
	bool news = false;
	enum pmj_code rc = PMJ_OK;

	if (text == NULL ||
	    json_read(&known, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK)
		known = json_array();
	free(text);
	json_array_foreach(json_arr(at->json, "epochs"), i, statement)
	{
		struct pmj_error no = {0};
		uint32_t epoch;
		uint8_t pk[32];
		const json_t *old;
		size_t k;
		bool there = false;

		if (cert_epoch_read(&epoch, pk, statement, at->peer->writer_pk, &no) != PMJ_OK)
			continue;
		json_array_foreach(known, k, old) there =
		    there || json_int(old, "epoch", -1) == (int64_t)epoch;
		if (there || json_array_size(known) >= RING_EPOCHS_MAX)
			continue;
		json_array_append_new(known, json_pack("{s:I,s:o,s:I}", "epoch", (json_int_t)epoch,
		                                 "pk", json_hex(pk, sizeof(pk)), "from",
		                                 (json_int_t)json_int(statement, "from", 0)));
		news = true;
	}
	if (news) {
		text = json_text(known);
		rc = journal_put_text(at->journal, DEVICE_EPOCHS, text, err);
		free(text);
	}
	json_decref(known);
	return rc;
}

static enum pmj_code
device_beacon_line(const struct device_at *at, struct pmj_error *err)
{
	struct ring *ring = journal_ring(at->journal);
	int64_t time_ms = json_int(at->json, "hub_time", 0);
	int64_t version = json_int(at->json, "rv", 0);
	int64_t least = json_int(at->json, "min_epoch", 0);
	uint8_t head[32];
	uint8_t old[32];
	uint64_t known;
	enum pmj_code rc;

	if ((rc = device_keep_epochs(at, err)) != PMJ_OK)
		return rc;
	if (time_ms <= journal_int(at->journal, DEVICE_BEACON_TIME, 0))
		return PMJ_OK; /* couriers deliver late */
	if ((uint64_t)time_ms > ring_hub_time(ring))
		ring_set_hub_time(ring, (uint64_t)time_ms);
	ring_roster(ring, &known, old);
	if (version > (int64_t)known && json_unhex(at->json, "head", head, sizeof(head)))
		ring_set_roster(ring, (uint64_t)version, head);
	if ((rc = device_saw_roster(at->journal, version, err)) != PMJ_OK)
		return rc;
	if (least > journal_int(at->journal, DEVICE_MIN_EPOCH, 0) &&
	    (rc = journal_put_int(at->journal, DEVICE_MIN_EPOCH, least, err)) != PMJ_OK)
		return rc;
	rc = journal_put_blob(
	    at->journal, DEVICE_BEACON_E, at->line->entry->e, PMJ_ENTRY_BYTES, err);
	if (rc != PMJ_OK)
		return rc;
	return journal_put_int(at->journal, DEVICE_BEACON_TIME, time_ms, err);
}

static enum pmj_code
device_ignore(const struct device_at *at, struct pmj_error *err)
{
	(void)at;
	(void)err;
	return PMJ_OK;
}

/* journaled: the line is an entry of the journal, and has its effect when it is first appended - a
 * second arrival (re-issued after a lost receipt) must not undo what came after the first. */
static const struct {
	const char *kind;
	enum pmj_code (*take)(const struct device_at *at, struct pmj_error *err);
	bool journaled;
} device_table[] = {
    {"ctl.fwd", device_fwd, false},
    {"ctl.beacon", device_beacon_line, false},
    {"ctl.ack", device_ignore, false}, /* its receipts were taken by the engine */
    {"ctl.hold", device_hold, true},
    {"ctl.release", device_release, true},
    {"ctl.withdraw", device_withdraw, true},
    {"ctl.cert", device_cert, true},
    {"ctl.roster", device_roster, true},
    {"ctl.remotes", device_remotes, true},
    {"ctl.kinds", device_kinds, true},
    {"ctl.invite", device_invite, true},
};

static enum pmj_code
device_journal(const struct device_at *at, bool *known, struct pmj_error *err)
{
	struct entries_new new = {.entry = at->line->entry,
	    .line = at->line->bytes,
	    .len = at->line->len,
	    .origin = ENTRY_RECEIVED,
	    .status = ENTRY_CONTROL};
	int64_t n;

	return entries_append(at->journal, &new, &n, known, err);
}

enum pmj_code
device_line(
    void *ctx, const struct sync_peer *peer, const struct sync_line *line, struct pmj_error *err)
{
	struct device_at at = {.journal = ((struct device *)ctx)->journal,
	    .peer = peer,
	    .line = line,
	    .json = line->entry->json};
	bool known = false;
	enum pmj_code rc;

	for (size_t i = 0; i < sizeof(device_table) / sizeof(device_table[0]); i++) {
		if (strcmp(line->entry->kind, device_table[i].kind) != 0)
			continue;
		if (device_table[i].journaled &&
		    ((rc = device_journal(&at, &known, err)) != PMJ_OK || known))
			return rc;
		return device_table[i].take(&at, err);
	}
	return device_refuse(&at, "this version does not know it", err);
}
