/* reach.c - how laptops reach their mailboxes: in the folder where we make them, or at a host where
 * pamoja-gate stands before that folder. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/token_ssh.h"
#include "hub/hub_inner.h"

#define GATE_KEY "hub.gate_key"
#define REACH_TOLD "hub.reach_told" /* address and pin that laptops were told last */

void
hub_set_reach(struct hub *hub, const char *url, const char *pin)
{
	free(hub->url);
	free(hub->pin);
	hub->url = url != NULL ? mem_strdup(url) : NULL;
	hub->pin = pin != NULL ? mem_strdup(pin) : NULL;
}

static bool
by_ssh(const struct hub *hub)
{
	struct address at;

	return hub->url != NULL && address_read(&at, hub->url, NULL) == PMJ_OK &&
	       at.way == ADDRESS_SSH;
}

/* One secret, made once, from which every device's token follows. */
static enum pmj_code
gate_key(struct hub *hub, uint8_t key[static PRIM_KEY_BYTES], struct pmj_error *err)
{
	if (journal_blob(hub->journal, GATE_KEY, key, PRIM_KEY_BYTES))
		return PMJ_OK;
	prim_random(key, PRIM_KEY_BYTES);
	return journal_put_blob(hub->journal, GATE_KEY, key, PRIM_KEY_BYTES, err);
}

enum pmj_code
reach_for_device(
    struct hub *hub, const struct hub_device *device, json_t **out, struct pmj_error *err)
{
	uint8_t key[PRIM_KEY_BYTES], token[TOKEN_BYTES];
	char text[TOKEN_CHARS + 1];
	char *folder = hub_mailboxes(hub);
	enum pmj_code rc = PMJ_OK;

	*out = json_pack("{s:s}", "url",
	    hub->url != NULL ? hub->url
	    : folder != NULL ? folder
	                     : "");
	if (hub->url != NULL && (rc = gate_key(hub, key, err)) == PMJ_OK) {
		token_make(token, key, device->mailbox);
		(void)json_object_set_new(
		    *out, "token", json_string(text_base64(text, token, sizeof(token))));
		if (hub->pin != NULL)
			(void)json_object_set_new(*out, "pin", json_string(hub->pin));
		prim_wipe(key, sizeof(key));
		prim_wipe(token, sizeof(token));
		prim_wipe(text, sizeof(text));
	}
	free(folder);
	return rc;
}

void
reach_for_host(struct hub *hub, const struct hub_device *device, json_t *remote)
{
	uint8_t key[PRIM_KEY_BYTES], token[TOKEN_BYTES], hash[PRIM_HASH_BYTES];
	char hash_hex[65], device_hex[65], hub_hex[65];
	struct buf ssh;

	/* Without a key no device was ever given a token. */
	if (hub->url == NULL || !journal_blob(hub->journal, GATE_KEY, key, sizeof(key)))
		return;
	token_make(token, key, device->mailbox);
	token_hash(hash, token);
	buf_init(&ssh, 0);
	token_ssh_public(&ssh, token);
	/* A revoked laptop is let in until it has read that it is one; then it is shut out of
	 * whatever way it was ever told. */
	if (leave_was_read(hub, device)) {
		(void)json_object_set_new(remote, "tokens", json_string(""));
		(void)json_object_set_new(remote, "shut", json_string(buf_text(&ssh)));
	} else if (by_ssh(hub)) {
		(void)json_object_set_new(remote, "keys", json_string(buf_text(&ssh)));
	} else {
		(void)json_object_set_new(remote, "tokens",
		    json_sprintf("1 %s\n", text_hex(hash_hex, hash, sizeof(hash))));
	}
	buf_close(&ssh);
	(void)json_object_set_new(remote, "writers",
	    json_sprintf("1 %s\n2 %s\n", text_hex(device_hex, device->sign_pk, 32),
	        text_hex(hub_hex, ring_op_pk(hub->ring), 32)));
	prim_wipe(key, sizeof(key));
	prim_wipe(token, sizeof(token));
}

/* ---- an address that is another than it was ---- */

static enum pmj_code
tell_all(struct hub *hub, const char *told, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t count = 0;
	enum pmj_code rc = office_devices(hub, &devices, &count, err);

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		json_t *remote = NULL;
		int64_t n;

		rc = reach_for_device(hub, &devices[i], &remote, err);
		if (rc == PMJ_OK)
			rc = decide_follow(hub, "ctl.remotes",
			    json_pack("{s:[O]}", "remotes", remote), &n, NULL, err);
		if (rc == PMJ_OK)
			rc = sync_queue(hub->sync, devices[i].mailbox, n, true, err);
		json_decref(remote);
	}
	free(devices);
	return rc == PMJ_OK ? journal_put_text(hub->journal, REACH_TOLD, told, err) : rc;
}

enum pmj_code
hub_tell_reach(struct hub *hub, struct pmj_error *err)
{
	char *was = journal_text(hub->journal, REACH_TOLD);
	char *now =
	    mem_printf("%s %s", hub->url != NULL ? hub->url : "", hub->pin != NULL ? hub->pin : "");
	enum pmj_code rc = PMJ_OK;

	if (strcmp(was != NULL ? was : " ", now) != 0 &&
	    (rc = journal_begin(hub->journal, err)) == PMJ_OK) {
		rc = tell_all(hub, now, err);
		if (rc == PMJ_OK)
			rc = journal_commit(hub->journal, err);
		else
			journal_rollback(hub->journal);
	}
	free(was);
	free(now);
	return rc;
}
