/* enlist.c - enrolment at the hub (10.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "domain/value.h"
#include "hub/hub_inner.h"
#include "log/cert.h"
#include "log/enrol.h"

#define INVITATION_DAYS 30

enum pmj_code
enlist_request(struct enrol_request *out, const char *text, struct pmj_error *err)
{
	struct buf bytes;
	enum pmj_code rc;

	buf_init(&bytes, 4096);
	rc = enrol_text_read(&bytes, text, strlen(text), err);
	if (rc == PMJ_OK)
		rc = enrol_request_read(out, bytes.bytes, bytes.len, err);
	buf_close(&bytes);
	if (rc != PMJ_OK)
		pmj_hint(err,
		    "ask the worker to run `pamoja enrol request` again and send the whole text");
	return rc;
}

enum pmj_code
hub_request_key(const char *request, uint8_t out[static 64], struct pmj_error *err)
{
	struct enrol_request read;
	enum pmj_code rc = enlist_request(&read, request, err);

	if (rc == PMJ_OK) {
		memcpy(out, read.sign_pk, 32);
		memcpy(out + 32, read.seal_pk, 32);
	}
	return rc;
}

enum pmj_code
enlist_check_role(const char *role, const char *until, struct pmj_error *err)
{
	static const char *const roles[] = {"peer", "ally", "volunteer"};
	enum pmj_code rc;

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (strcmp(role, roles[i]) != 0)
			continue;
		if (i == 2 && (until == NULL || !date_is_day(until))) {
			rc = pmj_fail(err, PMJ_USAGE, "a volunteer is enrolled until a date");
			pmj_hint(err, "add --until YYYY-MM-DD");
			return rc;
		}
		return PMJ_OK;
	}
	if (office_is_office(role))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_USAGE, "%.30s is not a role", role);
	pmj_hint(err, "roles: peer, ally, volunteer, supervisor, coordinator");
	return rc;
}

/* A day that is past would suspend a laptop at work with its next exchange. */
enum pmj_code
enlist_check_day(const struct hub *hub, const char *until, struct pmj_error *err)
{
	char today[11];
	enum pmj_code rc;

	leave_today(hub, today);
	if (until == NULL || strcmp(until, today) >= 0)
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_USAGE, "\"%.40s\" is no day to come", until);
	pmj_hint(err, "write the last day as YYYY-MM-DD");
	return rc;
}

static enum pmj_code
enter_device(
    struct hub *hub, const struct hub_device *device, const char *until, struct pmj_error *err)
{
	struct sql *q = sql_get(hub->journal, "INSERT INTO pmj_device(device, sign_pk, seal_pk, "
	                                      "mailbox, role, name, until, state, enrolled_ms)"
	                                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 'live', ?8)");

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, device->sign_pk, 32);
	(void)sql_blob(q, 3, device->seal_pk, 32);
	(void)sql_blob(q, 4, device->mailbox, PMJ_MAILBOX_BYTES);
	(void)sql_text(q, 5, device->role);
	(void)sql_text(q, 6, device->name);
	(void)sql_text(q, 7, until);
	return sql_run(sql_int(q, 8, os_now(hub->os)), err);
}

static enum pmj_code
queue_control(struct hub *hub, const struct hub_device *device, const char *kind, json_t *more,
    struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n;

	rc = decide_control(hub, kind, more, &n, NULL, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, device->mailbox, n, true, err) : rc;
}

static enum pmj_code
queue_statement(
    struct hub *hub, const struct hub_device *device, json_t *fields, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t n, ver;

	rc = decide_statement(hub, fields, &n, &ver, err);
	return rc == PMJ_OK ? sync_queue(hub->sync, device->mailbox, n, true, err) : rc;
}

/* The first lines of the down lane: what the invitation carries. */
static enum pmj_code
enrol_lines(struct hub *hub, const struct hub_device *device, const uint8_t nonce[32],
    const char *until, json_t *agreed, struct pmj_error *err)
{
	char *cert = journal_text(hub->journal, "hub.cert");
	json_t *enrol;
	json_int_t expires = os_now(hub->os) + INVITATION_DAYS * DAY_MS;
	enum pmj_code rc;

	rc = queue_control(hub, device, "ctl.invite",
	    json_pack("{s:o,s:I,s:o}", "nonce", json_hex(nonce, 32), "expires", expires, "mailbox",
	        json_hex(device->mailbox, PMJ_MAILBOX_BYTES)),
	    err);
	if (rc == PMJ_OK)
		rc = queue_control(hub, device, "ctl.cert", json_pack("{s:s}", "cert", cert), err);
	enrol = json_pack("{s:s,s:o,s:o,s:o,s:s,s:s}", "op", "enrol", "device",
	    json_hex(device->device, PMJ_DEVICE_BYTES), "sign_pk", json_hex(device->sign_pk, 32),
	    "mailbox", json_hex(device->mailbox, PMJ_MAILBOX_BYTES), "role", device->role, "name",
	    device->name);
	if (until != NULL)
		(void)json_object_set_new(enrol, "until", json_string(until));
	if (agreed != NULL)
		(void)json_object_update(enrol, agreed);
	json_decref(agreed);
	if (rc == PMJ_OK)
		rc = queue_statement(hub, device, json_incref(enrol), err);
	json_decref(enrol);
	if (rc == PMJ_OK)
		rc = queue_statement(hub, device,
		    json_pack("{s:s,s:o,s:i,s:o}", "op", "seal", "device",
		        json_hex(device->device, PMJ_DEVICE_BYTES), "epoch", 1, "pk",
		        json_hex(device->seal_pk, 32)),
		    err);
	free(cert);
	return rc == PMJ_OK ? reach_tell(hub, device, err) : rc;
}

enum pmj_code
enlist_enter(struct hub *hub, const struct hub_device *device, const uint8_t nonce[static 32],
    const char *until, json_t *agreed, struct pmj_error *err)
{
	enum pmj_code rc = enter_device(hub, device, until, err);

	if (rc == PMJ_OK)
		return enrol_lines(hub, device, nonce, until, agreed, err);
	json_decref(agreed);
	return rc;
}

/* The invitation around the first segment of the down lane. */
static enum pmj_code
put_invitation(
    struct hub *hub, const struct buf *segment, struct buf *invitation, struct pmj_error *err)
{
	struct buf cert, whole;
	char *cert_text = journal_text(hub->journal, "hub.cert");
	enum pmj_code rc;

	buf_init(&cert, PMJ_CERT_MAX);
	buf_init(&whole, 0);
	if (cert_text == NULL || !text_unbase64_buf(&cert, cert_text)) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the hub certificate cannot be read");
		goto out;
	}
	enrol_invitation_put(&whole, cert.bytes, cert.len, segment->bytes, segment->len);
	enrol_text_put(invitation, whole.bytes, whole.len);
	rc = buf_check(invitation, err);
out:
	free(cert_text);
	buf_close(&cert);
	buf_close(&whole);
	return rc;
}

static enum pmj_code
seal_invitation(
    struct hub *hub, const struct hub_device *device, struct buf *invitation, struct pmj_error *err)
{
	struct buf segment;
	enum pmj_code rc;

	buf_init(&segment, PMJ_SEGMENT_FILE_MAX);
	rc = sync_seal_first(hub->sync, device->mailbox, &segment, err);
	if (rc == PMJ_OK)
		rc = put_invitation(hub, &segment, invitation, err);
	buf_close(&segment);
	return rc;
}

/* What is shared follows the invitation, which stays small: the programme's own records, and to a
 * laptop that was enrolled before and begins anew everything it may have. */
enum pmj_code
enlist_invite(
    struct hub *hub, const struct hub_device *device, struct buf *invitation, struct pmj_error *err)
{
	enum pmj_code rc;

	if ((rc = seal_invitation(hub, device, invitation, err)) != PMJ_OK ||
	    (rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	rc = sync_began_anew(hub->sync, device->mailbox) ? share_everything(hub, device, err)
	                                                 : share_programme(hub, device, err);
	if (rc == PMJ_OK && !sync_began_anew(hub->sync, device->mailbox))
		rc = share_roster(hub, device, err);
	if (rc == PMJ_OK)
		return journal_commit(hub->journal, err);
	journal_rollback(hub->journal);
	return rc;
}

/* The same request again. An invitation that was lost on its way, and that no receipt covers yet,
 * is given once more as it was: only that laptop can open it, and only once. And an enrolment that
 * was cut off is finished: whatever of `enlist_invite` was not done is done now. */
static enum pmj_code
invite_again(
    struct hub *hub, const struct hub_device *device, struct buf *invitation, struct pmj_error *err)
{
	struct sql *q =
	    sql_get(hub->journal, "SELECT enrolled_ms FROM pmj_device WHERE device = ?1");
	enum pmj_code rc;
	bool row;
	int64_t until;

	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	if ((rc = sql_row(q, &row, err)) != PMJ_OK)
		return rc;
	until = row ? sql_col_int(q, 0) + INVITATION_DAYS * DAY_MS : 0;
	sql_done(q);
	if (os_now(hub->os) >= until ||
	    (rc = enlist_invite(hub, device, invitation, err)) == PMJ_NOT_FOUND)
		rc = pmj_fail(
		    err, PMJ_REFUSED, "this laptop is already enrolled, as %s", device->name);
	return rc;
}

/* A laptop that is known, with a key that is not: it came out of a backup that was made before it
 * was enrolled, so it knows no hub. It stays who it was; the words that were compared are those of
 * its new key. What it was sent so far nobody can read any more: it is sent all of it anew. */
static enum pmj_code
enrol_restored(struct hub *hub, struct hub_device *device, const struct enrol_request *request,
    struct buf *invitation, struct pmj_error *err)
{
	struct sql *q = sql_get(
	    hub->journal, "UPDATE pmj_device SET seal_pk = ?2, enrolled_ms = ?3 WHERE device = ?1");
	enum pmj_code rc;

	memcpy(device->seal_pk, request->seal_pk, sizeof(device->seal_pk));
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	(void)sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES);
	(void)sql_blob(q, 2, device->seal_pk, sizeof(device->seal_pk));
	if ((rc = sql_run(sql_int(q, 3, os_now(hub->os)), err)) == PMJ_OK &&
	    (rc = sync_begin_anew(hub->sync, device->mailbox, err)) == PMJ_OK &&
	    (rc = enrol_lines(hub, device, request->nonce, NULL, NULL, err)) == PMJ_OK &&
	    (rc = journal_event(hub->journal, "enrolled_again", "ok",
	         "a laptop that came out of a backup was enrolled again", err)) == PMJ_OK)
		rc = journal_commit(hub->journal, err);
	else
		journal_rollback(hub->journal);
	return rc == PMJ_OK ? enlist_invite(hub, device, invitation, err) : rc;
}

/* Known already: the same request again, or one with a new key. */
static enum pmj_code
enrol_known(struct hub *hub, struct hub_device *device, const struct enrol_request *request,
    struct buf *invitation, struct pmj_error *err)
{
	enum pmj_code rc;

	if (strcmp(device->state, "suspended") == 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "the laptop of %s is suspended", device->name);
		pmj_hint(err, "if it is in the right hands: pamoja hub suspend \"%.60s\" --end",
		    device->name);
		return rc;
	}
	if (!device->has_mailbox || strcmp(device->state, "live") != 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "this laptop was taken off the roster");
		pmj_hint(err, "make a new home on it (pamoja init), and enrol that");
		return rc;
	}
	if (memcmp(device->seal_pk, request->seal_pk, sizeof(device->seal_pk)) == 0)
		return invite_again(hub, device, invitation, err);
	return enrol_restored(hub, device, request, invitation, err);
}

/* The name given, or until somebody gives one: role and first digits of the device. */
static enum pmj_code
take_name(struct hub_device *device, const struct hub_enrol *enrol, struct pmj_error *err)
{
	char hex[2 * PMJ_DEVICE_BYTES + 1];
	enum pmj_code rc;

	if (enrol->name == NULL) {
		(void)snprintf(device->name, sizeof(device->name), "%s-%.6s", enrol->role,
		    text_hex(hex, device->device, PMJ_DEVICE_BYTES));
		return PMJ_OK;
	}
	if ((rc = value_worker_name(enrol->name, sizeof(device->name) - 1, err)) != PMJ_OK)
		return rc;
	memcpy(device->name, enrol->name, strlen(enrol->name) + 1);
	return PMJ_OK;
}

enum pmj_code
hub_enrol(struct hub *hub, const struct hub_enrol *enrol, struct buf *invitation,
    uint8_t device_id[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct enrol_request request;
	struct hub_device device = {.has_mailbox = true}, other;
	enum pmj_code rc;

	if ((rc = end_refuses(hub, err)) != PMJ_OK ||
	    (rc = enlist_check_role(enrol->role, enrol->until, err)) != PMJ_OK ||
	    (rc = enlist_request(&request, enrol->request, err)) != PMJ_OK)
		return rc;
	prim_device_id(device.device, request.sign_pk);
	if ((rc = take_name(&device, enrol, err)) != PMJ_OK)
		return rc;
	memcpy(device_id, device.device, PMJ_DEVICE_BYTES);
	if (office_device(hub, &other, device.device, NULL) == PMJ_OK)
		return enrol_known(hub, &other, &request, invitation, err);
	if ((rc = enlist_check_day(hub, enrol->until, err)) != PMJ_OK)
		return rc;
	if (hub_worker(hub, other.device, device.name, NULL) == PMJ_OK) {
		rc = pmj_fail(err, PMJ_REFUSED, "there is already a worker called %s", device.name);
		pmj_hint(err, "give a name that tells them apart: --name \"%.40s 2\"", device.name);
		return rc;
	}
	memcpy(device.sign_pk, request.sign_pk, 32);
	memcpy(device.seal_pk, request.seal_pk, 32);
	hub->os->random(hub->os->ctx, device.mailbox, sizeof(device.mailbox));
	memcpy(device.role, enrol->role, strlen(enrol->role) + 1);
	if (office_is_office(device.role))
		return enlist_office(hub, enrol, &request, &device, invitation, err);
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	rc = decide_end(
	    hub, enlist_enter(hub, &device, request.nonce, enrol->until, NULL, err), err);
	return rc == PMJ_OK ? enlist_invite(hub, &device, invitation, err) : rc;
}
