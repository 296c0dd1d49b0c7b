/* device.c - the worker's end of its one mailbox. */
#include "sync/device.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/sql.h"
#include "sync/device_inner.h"
#include "sync/inner.h"
#include "sync/photo.h"

/* A hub says something each week, so what is older was kept from us, or never said. */
#define STALE_DAYS 14

#define DEVICE_NEXT_EPOCH_DAYS 30 /* a key is published so long before it is used (7.4) */

bool
device_enrolled(struct journal *journal)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	return journal_blob(journal, DEVICE_MAILBOX, mailbox, sizeof(mailbox));
}

enum pmj_code
device_mailbox(
    struct journal *journal, uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	enum pmj_code rc;

	if (journal_blob(journal, DEVICE_MAILBOX, mailbox, PMJ_MAILBOX_BYTES))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_NOT_ENROLLED, "this device is not enrolled with a hub yet");
	pmj_hint(err, "run: pamoja enrol request");
	return rc;
}

enum pmj_code
device_new(struct device **out, struct journal *journal, struct pmj_error *err)
{
	(void)err;
	*out = mem_new(sizeof(**out));
	(*out)->journal = journal;
	return PMJ_OK;
}

void
device_free(struct device *device)
{
	if (device != NULL)
		photo_sum_close(&device->photo);
	free(device);
}

/* The hub's key that is in use now, judged by the hub's own time: the highest one published long
 * enough ago, never below what the hub says is its least. */
static bool
device_hub_key(struct journal *journal, uint8_t pk[static 32])
{
	int64_t least = journal_int(journal, DEVICE_MIN_EPOCH, 0);
	int64_t hub_ms = (int64_t)ring_hub_time(journal_ring(journal));
	char *text = journal_text(journal, DEVICE_EPOCHS);
	json_t *list = NULL;
	const json_t *item;
	int64_t best = -1;
	int64_t lowest = INT64_MAX;
	bool found = false;
	size_t at;

	if (text != NULL &&
	    json_read(&list, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK)
		list = NULL;
	json_array_foreach(list, at, item)
	{
		int64_t epoch = json_int(item, "epoch", -1);
		int64_t from_ms = json_int(item, "from", 0);
		bool due = from_ms + DEVICE_NEXT_EPOCH_DAYS * DAY_MS <= hub_ms;

		if (epoch < least || (due ? epoch < best : best >= 0 || epoch > lowest))
			continue;
		if (!json_unhex(item, "pk", pk, 32))
			continue;
		found = true;
		if (due)
			best = epoch;
		lowest = epoch < lowest ? epoch : lowest;
	}
	json_decref(list);
	free(text);
	return found;
}

static enum pmj_code
device_peer(void *ctx, struct sync_peer *out, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct pmj_error *err)
{
	struct journal *journal = ((struct device *)ctx)->journal;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = device_mailbox(journal, out->mailbox, err)) != PMJ_OK)
		return rc;
	if (memcmp(out->mailbox, mailbox, sizeof(out->mailbox)) != 0)
		return pmj_fail(err, PMJ_NOT_FOUND, "this mailbox is not ours");
	memcpy(out->device, ring_device_id(journal_ring(journal)), sizeof(out->device));
	out->reads = LANE_DOWN;
	out->writes = LANE_UP;
	out->signs = RING_KEY_DEVICE;
	if (!journal_blob(journal, DEVICE_OP_PK, out->writer_pk, sizeof(out->writer_pk)))
		return pmj_fail(err, PMJ_NOT_ENROLLED, "the hub's key is not known");
	/* Nothing is sealed before the first beacon said to which key. */
	out->closed = !device_hub_key(journal, out->reader_pk);
	return PMJ_OK;
}

static enum pmj_code
device_mailboxes(
    void *ctx, uint8_t (**out)[PMJ_MAILBOX_BYTES], size_t *count, struct pmj_error *err)
{
	struct journal *journal = ((struct device *)ctx)->journal;

	(void)err;
	*out = mem_new(sizeof(**out));
	*count = journal_blob(journal, DEVICE_MAILBOX, **out, sizeof(**out)) ? 1 : 0;
	return PMJ_OK;
}

/* What we saw of the hub goes back with each ack: a device that is kept from news shows (7.3). */
static void
device_ack_more(void *ctx, const struct sync_peer *peer, json_t *ack)
{
	struct journal *journal = ((struct device *)ctx)->journal;
	uint8_t e[PMJ_ENTRY_BYTES];
	uint8_t head[32];
	uint64_t version;

	(void)peer;
	if (journal_blob(journal, DEVICE_BEACON_E, e, sizeof(e)))
		json_object_set_new(ack, "beacon", json_hex(e, sizeof(e)));
	ring_roster(journal_ring(journal), &version, head);
	json_object_set_new(ack, "rv", json_integer(device_roster_version(journal)));
	json_object_set_new(ack, "head", json_hex(head, sizeof(head)));
	json_object_set_new(ack, "photos", json_integer(journal_int(journal, DEVICE_PHOTOS, 0)));
}

static bool
device_may_have(void *ctx, const struct sync_peer *peer, int64_t n)
{
	(void)ctx;
	(void)peer;
	(void)n;
	return true;
}

static void
device_stamp_hook(void *ctx, int64_t *pt, uint16_t *counter)
{
	device_stamp(((struct device *)ctx)->journal, pt, counter);
}

static enum pmj_code
device_resend(void *ctx, const struct sync_peer *peer, struct pmj_error *err)
{
	(void)ctx;
	(void)peer;
	return pmj_fail(err, PMJ_FAILED, "a device sends its state to nobody");
}

static void
device_incarnated(void *ctx, const struct sync_peer *peer,
    const uint8_t incarnation[static PMJ_INCARNATION_BYTES])
{
	(void)peer;
	ring_set_incarnation(journal_ring(((struct device *)ctx)->journal), incarnation);
}

void
device_hooks(struct device *device, struct sync_hooks *out)
{
	memset(out, 0, sizeof(*out));
	out->ctx = device;
	out->peer = device_peer;
	out->mailboxes = device_mailboxes;
	out->line = device_line;
	out->ack_more = device_ack_more;
	out->may_have = device_may_have;
	out->stamp = device_stamp_hook;
	out->resend = device_resend;
	out->incarnated = device_incarnated;
}

void
device_stamp(struct journal *journal, int64_t *pt, uint16_t *counter)
{
	struct hlc last = {.pt = device_stamped(journal),
	    .counter = (uint16_t)journal_int(journal, "device.counter", 0)};
	struct pmj_error err = {0};

	hlc_next(&last, os_now(journal_os(journal)), (int64_t)ring_hub_time(journal_ring(journal)),
	    journal_int(journal, DEVICE_NOT_AFTER, INT64_MAX));
	*pt = last.pt;
	*counter = last.counter;
	/* A stamp that cannot be kept fails the transaction it is for; nothing orders by it. */
	if (journal_put_int(journal, "device.pt", last.pt, &err) != PMJ_OK ||
	    journal_put_int(journal, "device.counter", last.counter, &err) != PMJ_OK)
		return;
}

int64_t
device_stamped(struct journal *journal)
{
	return journal_int(journal, "device.pt", 0);
}

enum pmj_code
device_queue(struct journal *journal, struct sync *sync, int64_t n, const struct kind *kind,
    bool urgent, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	/* A kind that is private to its author, or not known, stays here. */
	if (sync == NULL || kind == NULL || kind->scope == SCOPE_AUTHOR ||
	    !journal_blob(journal, DEVICE_MAILBOX, mailbox, sizeof(mailbox)))
		return PMJ_OK;
	return sync_queue(sync, mailbox, n, urgent, err);
}

enum pmj_code
device_photos_wanted(struct journal *journal, int64_t bytes, struct pmj_error *err)
{
	enum pmj_code rc;

	if (journal_int(journal, DEVICE_PHOTOS, 0) == bytes)
		return PMJ_OK;
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = journal_put_int(journal, DEVICE_PHOTOS, bytes, err)) == PMJ_OK)
		return journal_commit(journal, err);
	journal_rollback(journal);
	return rc;
}

enum pmj_code
device_queue_photo(struct journal *journal, struct sync *sync, int64_t n, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	if (sync == NULL || !journal_blob(journal, DEVICE_MAILBOX, mailbox, sizeof(mailbox)))
		return PMJ_OK;
	return photo_queue(sync, mailbox, n, false, err);
}

enum pmj_code
device_photo_again(struct journal *journal, struct sync *sync, int64_t n, struct pmj_error *err)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct sql *sql;
	enum pmj_code rc;

	if (sync == NULL || !journal_blob(journal, DEVICE_MAILBOX, mailbox, sizeof(mailbox)))
		return PMJ_OK;
	/* Who keeps it again may know that it is not there. */
	sql = sql_get(
	    journal, "DELETE FROM pmj_photo_told WHERE rec=(SELECT rec FROM pmj_photo WHERE n=?1)");
	if ((rc = sql_run(sql_int(sql, 1, n), err)) != PMJ_OK)
		return rc;
	return photo_again(sync, mailbox, n, err);
}

void
device_who(struct journal *journal, const uint8_t device[static PMJ_DEVICE_BYTES], char **name,
    char **role)
{
	struct sql *sql = sql_get(journal, "SELECT name,role FROM pmj_who WHERE device=?1");
	bool row = false;

	*name = NULL;
	*role = NULL;
	sql_blob(sql, 1, device, PMJ_DEVICE_BYTES);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		*name = mem_strdup(sql_col_text(sql, 0));
		*role = mem_strdup(sql_col_text(sql, 1));
	}
	sql_done(sql);
	if (*name == NULL)
		*name = mem_strdup("");
	if (*role == NULL)
		*role = mem_strdup("");
}

bool
device_handed_over(struct journal *journal, const uint8_t person[static PMJ_RECORD_BYTES],
    char **name, int64_t *at_ms)
{
	struct sql *sql = sql_get(journal, "SELECT name,at FROM pmj_handed WHERE record=?1");
	bool row = false;

	*name = NULL;
	sql_blob(sql, 1, person, PMJ_RECORD_BYTES);
	if (sql_row(sql, &row, NULL) == PMJ_OK && row) {
		*name = mem_strdup(sql_col_text(sql, 0));
		*at_ms = sql_col_int(sql, 1);
	}
	sql_done(sql);
	return *name != NULL;
}

int64_t
device_roster_version(struct journal *journal)
{
	return journal_int(journal, DEVICE_ROSTER_VERSION, 0);
}

int64_t
device_revoked(struct journal *journal)
{
	return journal_int(journal, DEVICE_REVOKED, 0);
}

bool
device_ended(struct journal *journal)
{
	return journal_int(journal, DEVICE_ENDED, 0) != 0;
}

int64_t
device_suspended(struct journal *journal)
{
	return journal_int(journal, DEVICE_SUSPENDED, 0);
}

int64_t
device_certificate_end(struct journal *journal)
{
	return journal_int(journal, DEVICE_NOT_AFTER, 0);
}

static int64_t
beacon_days(struct journal *journal, int64_t now_ms)
{
	int64_t time_ms = journal_int(journal, DEVICE_BEACON_TIME, 0);

	return time_ms != 0 && now_ms > time_ms ? (now_ms - time_ms) / DAY_MS : 0;
}

enum pmj_code
device_answered(struct journal *journal, struct sync *sync, int64_t now_ms, struct pmj_error *err)
{
	bool stale = beacon_days(journal, now_ms) >= STALE_DAYS;
	int64_t since_ms = journal_int(journal, DEVICE_STALE_SINCE, 0);
	enum pmj_code rc;

	if (stale == (since_ms != 0))
		return PMJ_OK;
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	rc = journal_put_int(journal, DEVICE_STALE_SINCE, stale ? now_ms : 0, err);
	return sync_end(sync, rc, err);
}

int64_t
device_stale_days(struct journal *journal, int64_t now_ms)
{
	int64_t since_ms = journal_int(journal, DEVICE_STALE_SINCE, 0);
	int64_t days = beacon_days(journal, now_ms);

	return since_ms != 0 && now_ms - since_ms >= DAY_MS && days >= STALE_DAYS ? days : 0;
}

void
device_last_day(struct journal *journal, char out[static 11])
{
	struct sql *q = sql_blob(sql_get(journal, "SELECT until FROM pmj_who WHERE device=?1"), 1,
	    ring_device_id(journal_ring(journal)), PMJ_DEVICE_BYTES);
	bool row = false;

	out[0] = '\0';
	if (sql_row(q, &row, NULL) == PMJ_OK && row && !sql_col_null(q, 0) &&
	    date_is_day(sql_col_text(q, 0)))
		memcpy(out, sql_col_text(q, 0), 11);
	sql_done(q);
}

json_t *
device_beacon(struct journal *journal, int64_t now_ms)
{
	int64_t days = beacon_days(journal, now_ms);
	const char *level = "";

	if (journal_int(journal, DEVICE_BEACON_TIME, 0) == 0)
		return NULL;
	if (days >= 90)
		level = "cut_off";
	else if (days >= 45)
		level = "warning";
	else if (days >= STALE_DAYS)
		level = "notice";
	return json_pack("{s:I,s:s,s:b}", "age_days", (json_int_t)days, "level", level, "stale",
	    (int)(device_stale_days(journal, now_ms) > 0));
}
