/* device_lines.c - what the hub's lines mean on a worker's device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/chain.h"
#include "store/records.h"
#include "store/sql.h"
#include "sync/device_inner.h"
#include "sync/erase.h"
#include "sync/photo.h"
#include "sync/queue.h"

enum pmj_code
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
	bool known, gone;
	enum pmj_code rc;

	if ((rc = erase_refuses(at->journal, entry, &gone, err)) != PMJ_OK)
		return rc;
	if (gone)
		return entries_append_erased(at->journal, entry, new.origin, &n, &known, err);
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

/* A part of the photo of a paper. */
static enum pmj_code
device_photo(const struct device_at *at, const struct entry *entry, const char *text, size_t len,
    struct pmj_error *err)
{
	const json_t *recv = json_arr(at->json, "recv");
	bool own =
	    memcmp(entry->by, ring_device_id(journal_ring(at->journal)), PMJ_DEVICE_BYTES) == 0;
	struct photo_new new = {.entry = entry,
	    .line = text,
	    .len = len,
	    .origin = own ? ENTRY_OWN : ENTRY_RECEIVED,
	    .recv_ms = json_integer_value(json_array_get(recv, 0)),
	    .recv_counter = (uint16_t)json_integer_value(json_array_get(recv, 1)),
	    .sum = &at->device->photo,
	    .until_ms = at->line->until_ms};
	struct photo_taken taken;
	enum pmj_code rc = photo_take(at->journal, &new, &taken, err);

	if (rc != PMJ_OK || taken.refused != NULL)
		return rc != PMJ_OK ? rc : device_refuse(at, taken.refused, err);
	*at->line->again = taken.more;
	if (own && taken.n != 0)
		rc = queue_came_back(at->journal, at->peer->mailbox, taken.n, err);
	return rc;
}

/* A file of the office; or, of a record, what the hub says of its photo. */
static enum pmj_code
device_file_line(const struct device_at *at, struct pmj_error *err)
{
	const char *refused = NULL;
	enum pmj_code rc;

	if (!at->line->entry->has_rec)
		return device_file(at, err);
	rc = photo_answered(at->journal, at->line->entry, &refused, err);
	return rc == PMJ_OK && refused != NULL ? device_refuse(at, refused, err) : rc;
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
	if (photo_is(entry.kind, entry.has_rec))
		rc = device_photo(at, &entry, text, len, err);
	else if (entry.control)
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
	return rc == PMJ_OK ? photo_withdraw(journal, rec, err) : rc;
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

/* The records of a person above this number, which is moved on: by it the index gives the next one
 * by itself. */
static enum pmj_code
device_stub_some(const struct device_at *at, const uint8_t *person, int64_t *number, bool *over,
    struct pmj_error *err)
{
	const struct os *os = journal_os(at->journal);
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;
	bool row;

	do {
		struct sql *sql = sql_get(at->journal,
		    "SELECT r.rec,s._num FROM pmj_subject s CROSS JOIN pmj_record r ON"
		    " r.num=s._num WHERE s.person=?1 AND s._num>?2 ORDER BY s._num LIMIT 1");

		sql_int(sql_blob(sql, 1, person, PMJ_RECORD_BYTES), 2, *number);
		rc = sql_row(sql, &row, err);
		if (rc == PMJ_OK && row) {
			(void)sql_col_copy(sql, 0, rec, PMJ_RECORD_BYTES);
			*number = sql_col_int(sql, 1);
		}
		sql_done(sql);
		*over = !row;
		if (rc == PMJ_OK && row)
			rc = device_stub_record(at->journal, rec, err);
	} while (rc == PMJ_OK && !*over && os->mono_ms(os->ctx) < at->line->until_ms);
	return rc;
}

#define WITHDRAWING_BYTES (PMJ_ENTRY_BYTES + 8)

/* A long history goes in several steps: how far it is stands in the journal, and the line comes
 * again until it is done. */
static bool
device_withdrawing(const struct device_at *at, uint8_t *state)
{
	if (journal_blob(at->journal, DEVICE_WITHDRAWING, state, WITHDRAWING_BYTES) &&
	    memcmp(state, at->line->entry->e, PMJ_ENTRY_BYTES) == 0)
		return true;
	memset(state, 0, WITHDRAWING_BYTES);
	memcpy(state, at->line->entry->e, PMJ_ENTRY_BYTES);
	return false;
}

static enum pmj_code
device_withdraw(const struct device_at *at, struct pmj_error *err)
{
	const char *to = json_str(at->json, "to");
	uint8_t person[PMJ_RECORD_BYTES], state[WITHDRAWING_BYTES];
	bool over = false, begun = device_withdrawing(at, state);
	int64_t number = (int64_t)get_le64(state + PMJ_ENTRY_BYTES);
	struct sql *sql;
	enum pmj_code rc;

	if (!device_record_of(at->json, person))
		return device_refuse(at, "it names no person", err);
	if ((rc = device_stub_some(at, person, &number, &over, err)) != PMJ_OK)
		return rc;
	put_le64(state + PMJ_ENTRY_BYTES, (uint64_t)number);
	*at->line->again = !over;
	if (over) /* the line has had its effect, and is never done again */
		memset(state, 0, sizeof(state));
	if ((begun || !over) && (rc = journal_put_blob(at->journal, DEVICE_WITHDRAWING, state,
	                             sizeof(state), err)) != PMJ_OK)
		return rc;
	if (!over)
		return PMJ_OK;
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

/* Its receipts were taken by the engine. */
static enum pmj_code
device_ack(const struct device_at *at, struct pmj_error *err)
{
	return photo_hub_said(at->journal, at->json, err);
}

/* An invitation was judged when it was checked. */
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
    {"ctl.ack", device_ack, false},
    {"ctl.hold", device_hold, true},
    {"ctl.release", device_release, true},
    {"ctl.withdraw", device_withdraw, true},
    {"ctl.cert", device_cert, true},
    {"ctl.roster", device_roster, true},
    {"ctl.remotes", device_remotes, true},
    {"ctl.kinds", device_kinds, true},
    {"ctl.file", device_file_line, false},
    {"ctl.invite", device_ignore, true},
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

/* Known because an earlier step began with it? */
static bool
device_goes_on(const struct device_at *at, size_t kind)
{
	uint8_t state[PMJ_ENTRY_BYTES + PMJ_RECORD_BYTES];

	return device_table[kind].take == device_withdraw && device_withdrawing(at, state);
}

enum pmj_code
device_line(
    void *ctx, const struct sync_peer *peer, const struct sync_line *line, struct pmj_error *err)
{
	struct device_at at = {.device = ctx,
	    .journal = ((struct device *)ctx)->journal,
	    .peer = peer,
	    .line = line,
	    .json = line->entry->json};
	bool known = false;
	enum pmj_code rc;

	for (size_t i = 0; i < sizeof(device_table) / sizeof(device_table[0]); i++) {
		if (strcmp(line->entry->kind, device_table[i].kind) != 0)
			continue;
		if (device_table[i].journaled &&
		    ((rc = device_journal(&at, &known, err)) != PMJ_OK ||
		        (known && !device_goes_on(&at, i))))
			return rc;
		return device_table[i].take(&at, err);
	}
	return device_refuse(&at, "this version does not know it", err);
}
