/* device_hub.c - what the hub says of itself and of its team: certificate, roster, beacon, place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/act.h"
#include "log/roster.h"
#include "store/sql.h"
#include "sync/device_inner.h"
#include "sync/erase.h"

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

enum pmj_code
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
	enum pmj_code rc;

	if (!json_unhex(who, "device", device, sizeof(device)) || role == NULL)
		return PMJ_OK;
	sql_blob(sql, 1, device, sizeof(device));
	sql_text(sql, 2, name != NULL ? name : "");
	sql_text(sql, 3, role);
	sql_text(sql, 4, json_str(who, "until"));
	if ((rc = sql_run(sql, err)) != PMJ_OK ||
	    memcmp(device, ring_device_id(journal_ring(journal)), sizeof(device)) != 0)
		return rc;
	/* What it is here is the hub's word, not what it called itself when it was made. */
	return journal_put_text(journal, "role", role, err);
}

/* What somebody is changes by the word of several people, or the root key's. */
static enum pmj_code
device_takes_role(
    const struct device_at *at, const struct roster_statement *statement, struct pmj_error *err)
{
	struct pmj_error no = {0};
	struct act act;

	if (act_of_statement(&act, statement, &no) != PMJ_OK)
		return device_refuse(at, "nobody signed what it says", err);
	act_close(&act);
	return device_put_who(at->journal, statement->p, err);
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

/* A person is erased. What several people decided takes their signatures; whose keys those are only
 * the hub's word says to a worker. */
static enum pmj_code
device_erases(
    const struct device_at *at, const struct roster_statement *statement, struct pmj_error *err)
{
	const char *text = json_str(statement->p, "person");
	uint8_t person[PMJ_RECORD_BYTES];
	struct pmj_error no = {0};
	struct act act;
	enum pmj_code rc;

	if (act_of_statement(&act, statement, &no) != PMJ_OK)
		return device_refuse(at, "nobody signed what it says", err);
	if (text == NULL || strlen(text) != PMJ_RECORD_CHARS ||
	    !text_unbase32(person, sizeof(person), text, PMJ_RECORD_CHARS))
		rc = device_refuse(at, "it names no person", err);
	else
		rc = erase_begin(
		    at->journal, person, act.hash, os_now(journal_os(at->journal)), err);
	act_close(&act);
	return rc;
}

/* The programme ends: the same follows as for a laptop that is taken off the roster (10.3). */
static enum pmj_code
device_ends(
    const struct device_at *at, const struct roster_statement *statement, struct pmj_error *err)
{
	int64_t since_ms = statement->time_ms > 0 ? statement->time_ms : 1;
	struct pmj_error no = {0};
	struct act act;
	enum pmj_code rc;

	if (act_of_statement(&act, statement, &no) != PMJ_OK)
		return device_refuse(at, "nobody signed what it says", err);
	act_close(&act);
	if ((rc = journal_put_int(at->journal, DEVICE_ENDED, 1, err)) != PMJ_OK)
		return rc;
	return journal_put_int(at->journal, DEVICE_REVOKED, since_ms, err);
}

/* What follows from it is the daemon's to do, once everything that came with it is taken. */
static enum pmj_code
device_stands(
    const struct device_at *at, const struct roster_statement *statement, struct pmj_error *err)
{
	int64_t since_ms = statement->time_ms > 0 ? statement->time_ms : 1;
	uint8_t device[PMJ_DEVICE_BYTES];

	if (!json_unhex(statement->p, "device", device, sizeof(device)) ||
	    memcmp(device, ring_device_id(journal_ring(at->journal)), sizeof(device)) != 0)
		return PMJ_OK;
	if (strcmp(statement->op, "revoke") == 0)
		return journal_put_int(at->journal, DEVICE_REVOKED, since_ms, err);
	if (strcmp(statement->op, "suspend") == 0)
		return journal_put_int(at->journal, DEVICE_SUSPENDED, since_ms, err);
	if (strcmp(statement->op, "resume") != 0)
		return PMJ_OK;
	if (json_str(statement->p, "until") != NULL) {
		struct sql *q =
		    sql_get(at->journal, "UPDATE pmj_who SET until = ?2 WHERE device = ?1");
		enum pmj_code rc;

		(void)sql_blob(q, 1, device, sizeof(device));
		rc = sql_run(sql_text(q, 2, json_str(statement->p, "until")), err);
		if (rc != PMJ_OK)
			return rc;
	}
	return journal_put_int(at->journal, DEVICE_SUSPENDED, 0, err);
}

enum pmj_code
device_roster(const struct device_at *at, struct pmj_error *err)
{
	const json_t *who = json_obj(at->json, "who");
	const json_t *line = json_obj(at->json, "statement");
	struct roster_statement statement;
	struct pmj_error no = {0};
	enum pmj_code rc;

	if (who != NULL)
		return device_put_who(at->journal, who, err);
	if (json_obj(at->json, "ask") != NULL)
		return device_asked(at, json_obj(at->json, "ask"), err);
	if (json_obj(at->json, "settled") != NULL)
		return device_settled(at, json_obj(at->json, "settled"), err);
	if (line == NULL || roster_read(&statement, line, at->peer->writer_pk, &no) != PMJ_OK)
		return device_refuse(at, "the statement is not signed by the hub", err);
	rc = device_saw_roster(at->journal, (int64_t)statement.ver, err);
	if (rc == PMJ_OK && strcmp(statement.op, "enrol") == 0)
		rc = device_put_who(at->journal, statement.p, err);
	if (rc == PMJ_OK && strcmp(statement.op, "role") == 0)
		rc = device_takes_role(at, &statement, err);
	if (rc == PMJ_OK && strcmp(statement.op, "assign") == 0)
		rc = device_came_back(at, statement.p, err);
	if (rc == PMJ_OK && strcmp(statement.op, "erase") == 0)
		rc = device_erases(at, &statement, err);
	if (rc == PMJ_OK && strcmp(statement.op, "end") == 0)
		rc = device_ends(at, &statement, err);
	if (rc == PMJ_OK)
		rc = device_stands(at, &statement, err);
	roster_statement_close(&statement);
	return rc;
}

/* The first place is where the mailbox is; the others where it was before, for as long as the hub
 * moves. New reference; NULL: it names none. */
static json_t *
device_places(const struct device_at *at)
{
	json_t *out = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(json_arr(at->json, "remotes"), i, item)
	{
		if (json_array_size(out) == DEVICE_PLACES_MAX)
			break;
		if (json_is_string(item))
			(void)json_array_append_new(out, json_pack("{s:O}", "url", item));
		else if (json_str(item, "url") != NULL)
			(void)json_array_append(out, (json_t *)(uintptr_t)item);
	}
	if (json_array_size(out) > 0)
		return out;
	json_decref(out);
	return NULL;
}

/* The hub's stamps only grow, so an older line is one that a slow way, or a hub that was put back,
 * brought late. */
static bool
device_is_late(const struct device_at *at, int64_t *stamp)
{
	*stamp = (int64_t)((uint64_t)at->line->entry->pt << 16 | at->line->entry->counter);
	return *stamp < journal_int(at->journal, DEVICE_PLACES_AT, 0);
}

enum pmj_code
device_remotes(const struct device_at *at, struct pmj_error *err)
{
	json_t *places = device_places(at);
	int64_t stamp;
	char *text;
	enum pmj_code rc;

	if (places == NULL)
		return device_refuse(at, "it names no place", err);
	if (device_is_late(at, &stamp)) {
		json_decref(places);
		return device_refuse(at, "the hub has said another address since", err);
	}
	text = json_text(places);
	rc = journal_put_text(at->journal, DEVICE_PLACES, text, err);
	mem_wipe(text, strlen(text));
	free(text);
	if (rc == PMJ_OK)
		rc = journal_put_text(
		    at->journal, DEVICE_REMOTE, json_str(json_array_get(places, 0), "url"), err);
	json_decref(places);
	if (rc == PMJ_OK)
		rc = journal_put_int(at->journal, DEVICE_PLACES_AT, stamp, err);
	return rc == PMJ_OK ? journal_put_blob(at->journal, DEVICE_PLACES_E, at->line->entry->e,
	                          PMJ_ENTRY_BYTES, err)
	                    : rc;
}

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

enum pmj_code
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
