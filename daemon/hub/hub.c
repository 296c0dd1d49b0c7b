/* hub.c - the hub as the other end of every mailbox: its certificate, its clock, its beacon, and
 * what the lanes ask of it. */
#include "hub/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"
#include "log/cert.h"

#define CERT_DAYS 400      /* root is used about once a year; a month to be late in */
#define SHARE_COMMIT_MS 12 /* with its sync */

static enum pmj_code
read_cert(struct journal *journal, struct cert *out, struct buf *bytes, struct pmj_error *err)
{
	char *text = journal_text(journal, "hub.cert");
	enum pmj_code rc;

	if (text == NULL)
		return pmj_fail(err, PMJ_NOT_INITIALISED, "this home is not a hub");
	if (!text_unbase64_buf(bytes, text))
		rc = pmj_fail(err, PMJ_INTEGRITY, "the hub certificate cannot be read");
	else
		rc = cert_read(out, bytes->bytes, bytes->len, err);
	free(text);
	return rc;
}

/* The coordinator's own device: first in the roster, without a mailbox. */
static enum pmj_code
enter_self(struct journal *journal, const char *name, struct pmj_error *err)
{
	struct ring *ring = journal_ring(journal);
	struct sql *q = sql_get(journal,
	    "INSERT INTO pmj_device(device, sign_pk, seal_pk, mailbox, role, name,"
	    " state, enrolled_ms) VALUES(?1, ?2, ?3, NULL, 'coordinator', ?4, 'live', ?5)");
	struct ring_epoch epoch;

	ring_epoch_current(ring, &epoch);
	(void)sql_blob(q, 1, ring_device_id(ring), PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, ring_sign_pk(ring), 32);
	(void)sql_blob(q, 3, epoch.pk, 32);
	(void)sql_text(q, 4, name);
	return sql_run(sql_int(q, 5, os_now(journal_os(journal))), err);
}

enum pmj_code
hub_init(struct journal *journal, const char *name, const char *mailboxes, struct buf *root_text,
    struct pmj_error *err)
{
	struct ring *ring = journal_ring(journal);
	int64_t now = os_now(journal_os(journal));
	struct cert_root root;
	struct ring_pin pin = {.set = true};
	struct cert cert;
	struct buf bytes;
	uint8_t none[32] = {0};
	char *text = NULL;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_CERT_MAX);
	cert_root_new(&root);
	cert_make(&bytes, &root, 1, (uint64_t)(now - DAY_MS), (uint64_t)(now + CERT_DAYS * DAY_MS),
	    ring_op_pk(ring), none);
	cert_root_put(root_text, &root);
	prim_wipe(&root, sizeof(root));
	if ((rc = cert_read(&cert, bytes.bytes, bytes.len, err)) != PMJ_OK)
		goto out;
	memcpy(pin.root_pk, cert.root_pk, 32);
	memcpy(pin.next_root_hash, cert.next_root_hash, 32);
	memcpy(pin.cert_hash, cert.hash, 32);
	pin.serial = cert.serial;
	text = mem_new(bytes.len * 2 + 4);
	(void)text_base64(text, bytes.bytes, bytes.len);
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		goto out;
	if ((rc = journal_put_text(journal, "hub.cert", text, err)) != PMJ_OK ||
	    (rc = journal_put_text(journal, "hub.mailboxes", mailboxes, err)) != PMJ_OK ||
	    (rc = journal_put_text(journal, "name", name, err)) != PMJ_OK ||
	    (rc = enter_self(journal, name, err)) != PMJ_OK ||
	    (rc = journal_commit(journal, err)) != PMJ_OK)
		journal_rollback(journal);
	else
		ring_set_pin(ring, &pin);
out:
	free(text);
	buf_close(&bytes);
	return rc;
}

struct hlc
hub_last_stamp(struct hub *hub)
{
	/* One value, for it is written with every line that comes in: 48 bits and 16. */
	uint64_t stamp = (uint64_t)journal_int(hub->journal, "clock", 0);

	return (struct hlc){.pt = (int64_t)(stamp >> 16), .counter = (uint16_t)stamp};
}

/* Before what was already written, or outside the certificate's dates, it cannot be right. */
static enum pmj_code
check_clock(struct hub *hub, int64_t now, const struct hlc *last, struct pmj_error *err)
{
	int64_t not_after = hub->not_after;
	enum pmj_code rc;

	if (now + DAY_MS >= last->pt && now >= hub->not_before && now <= not_after)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "this machine's clock cannot be right (%s)",
	    now > not_after && now >= last->pt ? "past the hub certificate's end"
	                                       : "before what was already written");
	pmj_hint(err, "set the clock, then try again; what arrives is kept meanwhile");
	return rc;
}

enum pmj_code
hub_clock(struct hub *hub, struct pmj_error *err)
{
	struct hlc last = hub_last_stamp(hub);

	return check_clock(hub, os_now(hub->os), &last, err);
}

int64_t
hub_certificate_end(struct hub *hub)
{
	return hub->not_after;
}

enum pmj_code
hub_stamp(struct hub *hub, int64_t *pt, uint16_t *counter, struct pmj_error *err)
{
	struct hlc last = hub_last_stamp(hub);
	int64_t now = os_now(hub->os);
	enum pmj_code rc;

	if ((rc = check_clock(hub, now, &last, err)) != PMJ_OK)
		return rc;
	hlc_next(&last, now, 0, hub->not_after);
	*pt = last.pt;
	*counter = last.counter;
	return journal_put_int(
	    hub->journal, "clock", (int64_t)((uint64_t)last.pt << 16 | last.counter), err);
}

void
hub_stamp_or_last(struct hub *hub, int64_t *pt, uint16_t *counter)
{
	struct hlc last;

	if (hub_stamp(hub, pt, counter, NULL) == PMJ_OK)
		return;
	last = hub_last_stamp(hub);
	*pt = last.pt;
	*counter = last.counter;
}

/* What devices may take for the time: never a clock in doubt, which they could not unlearn. */
static int64_t
beacon_time(struct hub *hub)
{
	struct hlc last = hub_last_stamp(hub);
	int64_t now = os_now(hub->os);

	return check_clock(hub, now, &last, NULL) == PMJ_OK ? now : last.pt;
}

json_t *
hub_beacon(struct hub *hub)
{
	struct ring_epoch epochs[16];
	struct ring_pin pin;
	size_t count = ring_epochs(hub->ring, epochs, 16);
	json_t *list = json_array();
	uint64_t version;
	uint8_t head[32];
	uint32_t least = UINT32_MAX;

	ring_pin(hub->ring, &pin);
	ring_roster(hub->ring, &version, head);
	for (size_t i = 0; i < count; i++) {
		if (epochs[i].state == 3)
			continue;
		least = epochs[i].epoch < least ? epochs[i].epoch : least;
		(void)json_array_append_new(list, cert_epoch_statement(hub->ring, &epochs[i]));
	}
	return json_pack("{s:I,s:I,s:o,s:I,s:o,s:I,s:o}", "hub_time", (json_int_t)beacon_time(hub),
	    "serial", (json_int_t)pin.serial, "cert", json_hex(pin.cert_hash, 32), "rv",
	    (json_int_t)version, "head", json_hex(head, 32), "min_epoch", (json_int_t)least,
	    "epochs", list);
}

static enum pmj_code
read_cert_dates(struct hub *hub, struct pmj_error *err)
{
	struct cert cert = {.serial = 0};
	struct buf bytes;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_CERT_MAX);
	if ((rc = read_cert(hub->journal, &cert, &bytes, err)) == PMJ_OK)
		renew_pin(hub, &cert);
	buf_close(&bytes);
	return rc;
}

enum pmj_code
hub_new(struct hub **out, struct journal *journal, const char *home, struct pmj_error *err)
{
	struct hub *hub = mem_new(sizeof(*hub));
	struct sync_hooks hooks;
	enum pmj_code rc;

	*out = NULL;
	hub_hooks(hub, &hooks);
	hub->journal = journal;
	hub->ring = journal_ring(journal);
	hub->os = journal_os(journal);
	hub->home = mem_strdup(home);
	hub->waiting = hub->sharing = hub->pending_news = true; /* a crash may have left some */
	reach_load(hub);
	hub->returning = returned_waits(hub);
	hub->share_pace = (struct pace){200, 50, 2000, SHARE_COMMIT_MS};
	if ((rc = read_cert_dates(hub, err)) != PMJ_OK ||
	    (rc = sync_new(&hub->sync, journal, home, &hooks, err)) != PMJ_OK) {
		hub_free(hub);
		return rc;
	}
	*out = hub;
	return PMJ_OK;
}

void
hub_free(struct hub *hub)
{
	if (hub == NULL)
		return;
	sync_free(hub->sync);
	free(hub->home);
	json_decref(hub->places);
	photo_sum_close(&hub->photo);
	free(hub);
}

int64_t
hub_holds_made(const struct hub *hub)
{
	return hub->holds_made;
}

struct sync *
hub_sync(struct hub *hub)
{
	return hub->sync;
}

enum pmj_code
hub_shared(struct hub *hub, int64_t n, const uint8_t rec[static PMJ_RECORD_BYTES], bool urgent,
    struct pmj_error *err)
{
	struct entry_row row = {.n = 0};
	enum pmj_code rc;

	if ((rc = entries_get(hub->journal, &row, n, err)) != PMJ_OK)
		return rc;
	if (row.entry.makes && strcmp(row.entry.kind, "person") == 0)
		rc = office_join_team(hub, rec, row.entry.by, 0, err);
	if (rc == PMJ_OK)
		rc = share_record(
		    hub, rec, kinds_get(journal_kinds(hub->journal), row.entry.kind), urgent, err);
	entry_row_close(&row);
	return rc;
}

enum pmj_code
hub_root_pk(struct hub *hub, uint8_t out[static 32], struct pmj_error *err)
{
	struct cert cert;
	struct buf bytes;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_CERT_MAX);
	if ((rc = read_cert(hub->journal, &cert, &bytes, err)) == PMJ_OK)
		memcpy(out, cert.root_pk, 32);
	buf_close(&bytes);
	return rc;
}

static const struct {
	const char *what;
	const char *text;
} counts[] = {
    {"held", "SELECT (SELECT count(*) FROM pmj_hold_line WHERE released IS NULL)"
             " + (SELECT count(*) FROM pmj_back)"},
    {"waiting", "SELECT (SELECT count(*) FROM pmj_entry WHERE " ENTRY_IS_WAITING ")"
                " - (SELECT count(*) FROM pmj_back)"},
    {"deferred", "SELECT count(*) FROM pmj_deferred WHERE device NOT IN"
                 " (SELECT device FROM pmj_device WHERE state = 'suspended')"},
    {"conflicts", "SELECT count(*) FROM pmj_record WHERE conflict = 1"},
    {"pending", "SELECT count(*) FROM pmj_pending WHERE state = 0"},
    {"devices", "SELECT count(*) FROM pmj_device WHERE mailbox IS NOT NULL AND state = 'live'"},
};

int64_t
hub_count(struct hub *hub, const char *what)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (strcmp(counts[i].what, what) == 0)
			return sql_first_int(sql_get(hub->journal, counts[i].text), 0);
	return 0;
}
