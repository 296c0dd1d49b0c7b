/* enrol_device.c - request, invitation, acceptance (10.1) on the worker's side. */
#include <string.h>

#include "log/enrol.h"
#include "sync/device_inner.h"
#include "sync/lines.h"
#include "sync/photo.h"
#include "sync/take.h"

static enum pmj_code
enrol_nonce(struct journal *journal, uint8_t nonce[static 32], struct pmj_error *err)
{
	const struct os *os = journal_os(journal);
	enum pmj_code rc;

	if (journal_blob(journal, DEVICE_NONCE, nonce, 32))
		return PMJ_OK;
	os->random(os->ctx, nonce, 32);
	if ((rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	rc = journal_put_blob(journal, DEVICE_NONCE, nonce, 32, err);
	if (rc == PMJ_OK)
		rc = journal_commit(journal, err);
	if (rc != PMJ_OK)
		journal_rollback(journal);
	return rc;
}

enum pmj_code
device_request(struct journal *journal, struct buf *text, struct pmj_error *err)
{
	uint8_t bytes[ENROL_REQUEST_BYTES];
	uint8_t nonce[32];
	enum pmj_code rc;

	if (device_enrolled(journal))
		return pmj_fail(err, PMJ_REFUSED, "this device is enrolled already");
	if ((rc = enrol_nonce(journal, nonce, err)) != PMJ_OK)
		return rc;
	enrol_request_make(bytes, nonce, journal_ring(journal));
	enrol_text_put(text, bytes, sizeof(bytes));
	return buf_check(text, err);
}

struct enrol_read { /* an invitation that was read; the parts point into bytes */
	struct buf bytes;
	struct enrol_invitation parts;
	struct cert cert;
	struct segment_header header;
};

static enum pmj_code
enrol_parts(struct enrol_read *read, const char *text, size_t len, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = enrol_text_read(&read->bytes, text, len, err)) != PMJ_OK ||
	    (rc = enrol_invitation_read(&read->parts, read->bytes.bytes, read->bytes.len, err)) !=
	        PMJ_OK ||
	    (rc = cert_read(&read->cert, read->parts.cert, read->parts.cert_len, err)) != PMJ_OK)
		return rc;
	if (segment_peek(&read->header, read->parts.segment, read->parts.segment_len) != SEGMENT_OK)
		return pmj_fail(err, PMJ_INTEGRITY, "the invitation is damaged");
	return PMJ_OK;
}

/* The line that answers our request: our nonce, not too old. */
static enum pmj_code
enrol_invite_line(struct journal *journal, const json_t *line, bool *found, struct pmj_error *err)
{
	const char *kind = json_str(line, "kind");
	uint8_t ours[32];
	uint8_t nonce[32];
	enum pmj_code rc;

	if (kind == NULL || strcmp(kind, "ctl.invite") != 0)
		return PMJ_OK;
	*found = true;
	if (!journal_blob(journal, DEVICE_NONCE, ours, sizeof(ours)) ||
	    !json_unhex(line, "nonce", nonce, sizeof(nonce)) ||
	    memcmp(ours, nonce, sizeof(ours)) != 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "this invitation answers another request");
		pmj_hint(err, "give the coordinator the text of: pamoja enrol request");
		return rc;
	}
	if (json_int(line, "expires", 0) < os_now(journal_os(journal))) {
		rc = pmj_fail(err, PMJ_REFUSED, "this invitation has expired");
		pmj_hint(err, "check this machine's clock, or ask the hub for a new one");
		return rc;
	}
	return PMJ_OK;
}

static enum pmj_code
enrol_lines(struct journal *journal, const struct segment_open *opened, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	bool found = false;

	for (size_t i = 0; i < opened->count && rc == PMJ_OK; i++) {
		struct pmj_error unread = {0};
		json_t *line = NULL;

		if (json_read(&line, opened->lines[i].bytes, opened->lines[i].len,
		        &json_limits_entry, &unread) != PMJ_OK)
			continue;
		rc = enrol_invite_line(journal, line, &found, err);
		json_decref(line);
	}
	if (rc == PMJ_OK && !found)
		rc = pmj_fail(err, PMJ_INTEGRITY, "the invitation holds no ctl.invite");
	return rc;
}

static enum pmj_code
enrol_check(struct journal *journal, struct enrol_read *read, const char *text, size_t len,
    struct pmj_error *err)
{
	struct segment_open opened = {0};
	struct segment_expect expect = {.lane = LANE_DOWN, .segno = 1};
	enum segment_fault fault;
	enum pmj_code rc;

	if ((rc = enrol_parts(read, text, len, err)) != PMJ_OK)
		return rc;
	expect.mailbox = read->header.mailbox;
	expect.writer_pk = read->cert.op_pk;
	fault = segment_open(
	    &opened, read->parts.segment, read->parts.segment_len, &expect, journal_ring(journal));
	if (fault == SEGMENT_EPOCH_GONE) {
		rc = pmj_fail(err, PMJ_REFUSED, "this invitation is for another device");
		pmj_hint(err, "give the coordinator the text of: pamoja enrol request");
	} else if (fault != SEGMENT_OK) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the invitation is damaged or forged (%s)",
		    segment_fault_name(fault));
	} else {
		rc = enrol_lines(journal, &opened, err);
	}
	segment_open_close(&opened);
	return rc;
}

enum pmj_code
device_invitation_check(struct journal *journal, const char *text, size_t len,
    uint8_t root_pk[static 32], struct pmj_error *err)
{
	struct enrol_read read = {0};
	enum pmj_code rc;

	if (device_enrolled(journal))
		return pmj_fail(err, PMJ_REFUSED, "this device is enrolled already");
	buf_init(&read.bytes, 2 * PMJ_SEGMENT_FILE_MAX);
	rc = enrol_check(journal, &read, text, len, err);
	if (rc == PMJ_OK)
		memcpy(root_pk, read.cert.root_pk, 32);
	buf_close(&read.bytes);
	return rc;
}

/* Every own entry so far that may leave, in its order. */
static enum pmj_code
enrol_queue_all(struct journal *journal, struct sync *sync, struct pmj_error *err)
{
	uint8_t j[32];
	uint64_t count;
	enum pmj_code rc = PMJ_OK;

	journal_head(journal, &count, j);
	for (int64_t n = 1; n <= (int64_t)count && rc == PMJ_OK; n++) {
		struct entry_row row;

		if ((rc = entries_get(journal, &row, n, err)) != PMJ_OK)
			return rc;
		if (row.origin == ENTRY_OWN && row.status != ENTRY_CONTROL && row.line != NULL)
			rc = device_queue(journal, sync, n,
			    kinds_get(journal_kinds(journal), row.entry.kind), false, err);
		else if (row.origin == ENTRY_OWN && row.line != NULL &&
		         photo_is(row.entry.kind, row.entry.has_rec))
			rc = device_queue_photo(journal, sync, n, err);
		entry_row_close(&row);
	}
	return rc;
}

static void
enrol_device_close(void *ctx)
{
	device_free(ctx);
}

static enum pmj_code
enrol_sync(struct sync **out, struct journal *journal, const char *home, struct pmj_error *err)
{
	struct device *device = NULL;
	struct sync_hooks hooks;
	enum pmj_code rc;

	if ((rc = device_new(&device, journal, err)) != PMJ_OK)
		return rc;
	device_hooks(device, &hooks);
	hooks.close = enrol_device_close;
	if ((rc = sync_new(out, journal, home, &hooks, err)) != PMJ_OK)
		device_free(device);
	return rc;
}

/* Inside the transaction. */
static enum pmj_code
enrol_take(struct journal *journal, struct sync *sync, const struct enrol_read *read,
    struct pmj_error *err)
{
	const uint8_t *mailbox = read->header.mailbox;
	enum pmj_code rc;

	if ((rc = journal_put_blob(journal, DEVICE_MAILBOX, mailbox, PMJ_MAILBOX_BYTES, err)) !=
	        PMJ_OK ||
	    (rc = device_keep_cert(journal, &read->cert, err)) != PMJ_OK ||
	    (rc = take_bytes(sync, read->parts.segment, read->parts.segment_len, err)) != PMJ_OK ||
	    (rc = lines_queue_hello(sync, mailbox, true, err)) != PMJ_OK ||
	    (rc = enrol_queue_all(journal, sync, err)) != PMJ_OK)
		return rc;
	/* Single use: the same invitation, or another for this nonce, answers nothing any more. */
	if ((rc = journal_put_blob(journal, DEVICE_NONCE, "", 0, err)) != PMJ_OK)
		return rc;
	return journal_event(journal, "enrolled", "ok", "this device was enrolled", err);
}

enum pmj_code
device_accept(struct journal *journal, struct sync **sync_out, const char *home, const char *text,
    size_t len, struct pmj_error *err)
{
	struct ring *ring = journal_ring(journal);
	struct enrol_read read = {0};
	struct ring_pin before;
	struct ring_pin pin = {.set = true};
	struct sync *sync = NULL;
	enum pmj_code rc;

	if (device_enrolled(journal))
		return pmj_fail(err, PMJ_REFUSED, "this device is enrolled already");
	ring_pin(ring, &before);
	buf_init(&read.bytes, 2 * PMJ_SEGMENT_FILE_MAX);
	if ((rc = enrol_check(journal, &read, text, len, err)) != PMJ_OK ||
	    (rc = enrol_sync(&sync, journal, home, err)) != PMJ_OK ||
	    (rc = journal_begin(journal, err)) != PMJ_OK)
		goto out;
	memcpy(pin.root_pk, read.cert.root_pk, sizeof(pin.root_pk));
	memcpy(pin.next_root_hash, read.cert.next_root_hash, sizeof(pin.next_root_hash));
	pin.serial = read.cert.serial;
	memcpy(pin.cert_hash, read.cert.hash, sizeof(pin.cert_hash));
	ring_set_pin(ring, &pin);
	if ((rc = enrol_take(journal, sync, &read, err)) == PMJ_OK)
		rc = journal_commit(journal, err);
	if (rc != PMJ_OK) {
		journal_rollback(journal);
		ring_set_pin(ring, &before);
		goto out;
	}
	sync_tell(sync);
	if (sync_out != NULL) {
		*sync_out = sync;
		sync = NULL;
	}
out:
	sync_free(sync);
	buf_close(&read.bytes);
	return rc;
}
