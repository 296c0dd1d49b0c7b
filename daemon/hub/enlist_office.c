/* enlist_office.c - supervisors and coordinators are enrolled by two supervisors; by the root key
 * while there are fewer (7.2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/pending.h"
#include "log/enrol.h"

static json_t *
fields_of(const struct hub_device *device, const char *until)
{
	return json_pack("{s:s,s:o,s:o,s:o,s:s,s:s,s:s*}", "op", "enrol", "device",
	    json_hex(device->device, PMJ_DEVICE_BYTES), "sign_pk", json_hex(device->sign_pk, 32),
	    "seal_pk", json_hex(device->seal_pk, 32), "role", device->role, "name", device->name,
	    "until", until);
}

/* ---- by the root key ---- */

static enum pmj_code
read_root(struct hub *hub, struct cert_root *root, const char *text, struct pmj_error *err)
{
	struct ring_pin pin;
	uint8_t pk[32];
	enum pmj_code rc;

	if ((rc = cert_root_read(root, text, strlen(text), err)) != PMJ_OK)
		return rc;
	ring_pin(hub->ring, &pin);
	cert_root_public(pk, root);
	if (prim_equal(pk, pin.root_pk, sizeof(pk)))
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_REFUSED, "this is not the root key of this hub");
	pmj_hint(err, "it was written when the hub was made: pamoja init --hub --root-key FILE");
	return rc;
}

/* fields: stolen. */
static enum pmj_code
act_by_root(struct hub *hub, json_t **out, json_t *fields, const struct cert_root *root,
    struct pmj_error *err)
{
	uint8_t random[16], sig[PRIM_SIGNATURE_BYTES], pk[32];
	struct act act = {.p = NULL};
	char *text;
	enum pmj_code rc;

	hub->os->random(hub->os->ctx, random, sizeof(random));
	text = act_make(fields, os_now(hub->os), random);
	if (text == NULL)
		return pmj_fail(err, PMJ_TOO_BIG, "this is too long to be signed");
	if ((rc = act_read(&act, text, strlen(text), err)) == PMJ_OK) {
		act_sign_root(sig, root, &act);
		cert_root_public(pk, root);
		*out = act_statement(&act, json_pack("[o]", act_signature(pk, sig)));
	}
	act_close(&act);
	free(text);
	return rc;
}

enum pmj_code
enlist_by_root(
    struct hub *hub, json_t **out, json_t *fields, const char *text, struct pmj_error *err)
{
	struct cert_root root = {.seed = {0}};
	enum pmj_code rc = read_root(hub, &root, text, err);

	if (rc == PMJ_OK)
		rc = act_by_root(hub, out, fields, &root, err);
	else
		json_decref(fields);
	prim_wipe(&root, sizeof(root));
	return rc;
}

static enum pmj_code
enrol_by_root(struct hub *hub, const struct hub_enrol *enrol, const uint8_t nonce[static 32],
    const struct hub_device *device, struct buf *invitation, struct pmj_error *err)
{
	json_t *agreed = NULL;
	enum pmj_code rc;

	if ((rc = enlist_by_root(
	         hub, &agreed, fields_of(device, enrol->until), enrol->root, err)) == PMJ_OK) {
		if ((rc = journal_begin(hub->journal, err)) == PMJ_OK)
			rc = decide_end(hub,
			    enlist_enter(
			        hub, device, nonce, enrol->until, json_incref(agreed), err),
			    err);
	}
	json_decref(agreed);
	return rc == PMJ_OK ? enlist_invite(hub, device, invitation, err) : rc;
}

/* ---- by two supervisors ---- */

bool
hub_enrol_waits(
    struct hub *hub, uint8_t id[static 32], const uint8_t device[static PMJ_DEVICE_BYTES])
{
	uint8_t(*ids)[ACT_HASH_BYTES] = NULL, named[PMJ_DEVICE_BYTES];
	size_t count = 0;
	bool found = false;

	if (pending_waiting(hub, &ids, &count, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && !found; i++) {
		struct pending pending;

		found = pending_get(hub, &pending, ids[i], NULL) == PMJ_OK &&
		        strcmp(pending.act.op, "enrol") == 0 &&
		        json_unhex(pending.act.p, "device", named, sizeof(named)) &&
		        memcmp(named, device, sizeof(named)) == 0;
		if (found)
			memcpy(id, ids[i], ACT_HASH_BYTES);
		pending_close(&pending);
	}
	free(ids);
	return found;
}

static enum pmj_code
ask_supervisors(struct hub *hub, const struct hub_enrol *enrol, const struct hub_device *device,
    struct pmj_error *err)
{
	uint8_t id[ACT_HASH_BYTES];
	enum pmj_code rc;

	if (hub_enrol_waits(hub, id, device->device))
		return PMJ_OK; /* asked twice */
	if ((rc = journal_begin(hub->journal, err)) != PMJ_OK)
		return rc;
	return decide_end(
	    hub, pending_ask(hub, fields_of(device, enrol->until), enrol->request, id, err), err);
}

enum pmj_code
enlist_who_decides(
    struct hub *hub, const char *does, const char *what, const char *root, struct pmj_error *err)
{
	int64_t there = pending_supervisors(hub);
	enum pmj_code rc = PMJ_OK;

	if (there < 2 && root == NULL) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "while there are fewer than two supervisors, the root key %s %.60s", does,
		    what);
		pmj_hint(err, "bring the stick or paper with it: add --root-key FILE");
	} else if (there >= 2 && root != NULL) {
		rc = pmj_fail(err, PMJ_REFUSED,
		    "there are %lld supervisors: two of them decide, not the root key",
		    (long long)there);
		pmj_hint(err, "leave out --root-key; they approve it on their laptops");
	}
	return rc;
}

enum pmj_code
enlist_office(struct hub *hub, const struct hub_enrol *enrol, const struct enrol_request *request,
    const struct hub_device *device, struct buf *invitation, struct pmj_error *err)
{
	char what[40];
	enum pmj_code rc;

	(void)snprintf(what, sizeof(what), "a %.30s", device->role);
	if ((rc = enlist_who_decides(hub, "enrols", what, enrol->root, err)) != PMJ_OK)
		return rc;
	return enrol->root != NULL
	           ? enrol_by_root(hub, enrol, request->nonce, device, invitation, err)
	           : ask_supervisors(hub, enrol, device, err);
}

/* ---- they have agreed ---- */

static enum pmj_code
agreed_device(struct hub_device *out, const struct enrol_request *request, const struct act *act,
    struct pmj_error *err)
{
	const char *role = json_str(act->p, "role"), *name = json_str(act->p, "name");

	*out = (struct hub_device){.has_mailbox = true};
	memcpy(out->sign_pk, request->sign_pk, 32);
	memcpy(out->seal_pk, request->seal_pk, 32);
	if (!json_unhex(act->p, "device", out->device, sizeof(out->device)) ||
	    strlen(role) >= sizeof(out->role) || strlen(name) >= sizeof(out->name))
		return pmj_fail(err, PMJ_INVALID, "what was agreed to is no enrolment");
	memcpy(out->role, role, strlen(role) + 1);
	memcpy(out->name, name, strlen(name) + 1);
	return PMJ_OK;
}

/* The invitation is had by asking once more with the same request. */
enum pmj_code
enlist_agreed(struct hub *hub, const struct pending *pending, json_t *by, struct pmj_error *err)
{
	struct enrol_request request;
	struct hub_device device, other;
	enum pmj_code rc;

	if ((rc = enlist_request(&request, pending->extra != NULL ? pending->extra : "", err)) !=
	        PMJ_OK ||
	    (rc = agreed_device(&device, &request, &pending->act, err)) != PMJ_OK ||
	    office_device(hub, &other, device.device, NULL) == PMJ_OK) {
		json_decref(by);
		return rc; /* known: it was done before a crash, or by the root key */
	}
	if (hub_worker(hub, other.device, device.name, NULL) == PMJ_OK) {
		json_decref(by);
		return pmj_fail(
		    err, PMJ_REFUSED, "there is already a worker called %s", device.name);
	}
	hub->os->random(hub->os->ctx, device.mailbox, sizeof(device.mailbox));
	return enlist_enter(hub, &device, request.nonce, json_str(pending->act.p, "until"),
	    act_statement(&pending->act, by), err);
}
