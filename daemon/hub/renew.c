/* renew.c - the hub's certificate is made anew with the root key, which comes to this machine for
 * that moment only (7.1). Laptops take it up by themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"
#include "log/cert.h"

#define CERT_MS (400 * DAY_MS)    /* a year, and a month to be late in */
#define CERT_LINE "hub.cert_line" /* number of the line that told it last */

/* Beside the pin in the key file: a crash between the two is found at the next start. */
void
renew_pin(struct hub *hub, const struct cert *cert)
{
	struct ring_pin pin = {.set = true, .serial = cert->serial};

	memcpy(pin.root_pk, cert->root_pk, sizeof(pin.root_pk));
	memcpy(pin.next_root_hash, cert->next_root_hash, sizeof(pin.next_root_hash));
	memcpy(pin.cert_hash, cert->hash, sizeof(pin.cert_hash));
	ring_set_pin(hub->ring, &pin);
	hub->not_before = (int64_t)cert->not_before_ms;
	hub->not_after = (int64_t)cert->not_after_ms;
}

static char *
text_of(const struct buf *bytes)
{
	char *text = mem_new(bytes->len * 2 + 4);

	(void)text_base64(text, bytes->bytes, bytes->len);
	return text;
}

static enum pmj_code
tell_renewed(struct hub *hub, const char *text, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count = 0;
	enum pmj_code rc;
	int64_t n;

	rc = decide_control(hub, "ctl.cert", json_pack("{s:s}", "cert", text), &n, NULL, err);
	if (rc == PMJ_OK)
		rc = journal_put_int(hub->journal, CERT_LINE, n, err);
	if (rc == PMJ_OK)
		rc = office_mailboxes(hub, &devices, &count, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		if (strcmp(devices[i].state, "revoked") != 0)
			rc = sync_queue(hub->sync, devices[i].mailbox, n, false, err);
	free(devices);
	return rc;
}

enum pmj_code
renew_tell(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	int64_t n = journal_int(hub->journal, CERT_LINE, 0);

	return n == 0 ? PMJ_OK : sync_queue(hub->sync, device->mailbox, n, false, err);
}

/* Is it the root that laptops know, and the next one that it is bound to? */
static enum pmj_code
check_root(struct hub *hub, const struct cert *cert, struct pmj_error *err)
{
	struct ring_pin pin;
	enum pmj_code rc;

	ring_pin(hub->ring, &pin);
	if (prim_equal(cert->root_pk, pin.root_pk, 32) &&
	    prim_equal(cert->next_root_hash, pin.next_root_hash, 32))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "this is not the root key of this hub");
	pmj_hint(err, "it was written when the hub was made: pamoja init --hub --root-key FILE");
	return rc;
}

/* Nothing is stamped before the new one is in force, for the old one may have ended. */
static enum pmj_code
renew_inside(struct hub *hub, const struct cert *cert, const char *text, struct pmj_error *err)
{
	enum pmj_code rc;

	hub->not_after = (int64_t)cert->not_after_ms;
	if ((rc = journal_put_text(hub->journal, "hub.cert", text, err)) != PMJ_OK ||
	    (rc = tell_renewed(hub, text, err)) != PMJ_OK)
		return rc;
	return journal_event(
	    hub->journal, "renewed", "ok", "the hub's certificate was renewed", err);
}

static enum pmj_code
renew_by(struct hub *hub, const struct cert_root *root, struct pmj_error *err)
{
	int64_t now = os_now(hub->os), old_end = hub->not_after;
	struct ring_pin pin;
	struct cert cert;
	struct buf bytes;
	char *text = NULL;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_CERT_MAX);
	ring_pin(hub->ring, &pin);
	cert_make(&bytes, root, pin.serial + 1, (uint64_t)hub->not_before,
	    (uint64_t)(now + CERT_MS), ring_op_pk(hub->ring), pin.cert_hash);
	if ((rc = cert_read(&cert, bytes.bytes, bytes.len, err)) != PMJ_OK ||
	    (rc = check_root(hub, &cert, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK)
		goto out;
	text = text_of(&bytes);
	if ((rc = renew_inside(hub, &cert, text, err)) == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	if (rc == PMJ_OK)
		renew_pin(hub, &cert);
	else
		hub->not_after = old_end;
out:
	free(text);
	buf_close(&bytes);
	return rc;
}

enum pmj_code
hub_renew(struct hub *hub, const char *root_text, struct pmj_error *err)
{
	struct hlc last = hub_last_stamp(hub);
	struct cert_root root;
	enum pmj_code rc;

	if (os_now(hub->os) < last.pt - CLOCK_AHEAD_MS) {
		rc = pmj_fail(
		    err, PMJ_REFUSED, "this machine's clock is before what was already written");
		pmj_hint(err, "set the clock, then try again");
		return rc;
	}
	if ((rc = cert_root_read(&root, root_text, strlen(root_text), err)) == PMJ_OK)
		rc = renew_by(hub, &root, err);
	prim_wipe(&root, sizeof(root));
	return rc;
}

/* From a laptop, after a restore from before the renewal. The root's word is all it takes. */
enum pmj_code
renew_returned(struct hub *hub, const json_t *line, struct pmj_error *err)
{
	const char *text = json_str(line, "cert");
	struct pmj_error no = {0};
	struct ring_pin pin;
	struct cert cert;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, PMJ_CERT_MAX);
	ring_pin(hub->ring, &pin);
	if (text != NULL && text_unbase64_buf(&bytes, text) &&
	    cert_read(&cert, bytes.bytes, bytes.len, &no) == PMJ_OK &&
	    cert_accept(&cert, bytes.bytes, bytes.len, &pin, &no) == PMJ_OK &&
	    cert.serial > pin.serial && prim_equal(cert.op_pk, ring_op_pk(hub->ring), 32) &&
	    (rc = journal_put_text(hub->journal, "hub.cert", text, err)) == PMJ_OK)
		renew_pin(hub, &cert);
	buf_close(&bytes);
	return rc;
}
