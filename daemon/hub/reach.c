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

	/* Without a key no device was ever given a token. */
	if (hub->url == NULL || !journal_blob(hub->journal, GATE_KEY, key, sizeof(key)))
		return;
	token_make(token, key, device->mailbox);
	/* A revoked laptop is let in until it has read that it is one. */
	if (leave_was_read(hub, device)) {
		(void)json_object_set_new(remote, by_ssh(hub) ? "keys" : "tokens", json_string(""));
	} else if (by_ssh(hub)) {
		struct buf text;

		buf_init(&text, 0);
		token_ssh_public(&text, token);
		(void)json_object_set_new(remote, "keys", json_string(buf_text(&text)));
		buf_close(&text);
	} else {
		token_hash(hash, token);
		(void)json_object_set_new(remote, "tokens",
		    json_sprintf("1 %s\n", text_hex(hash_hex, hash, sizeof(hash))));
	}
	(void)json_object_set_new(remote, "writers",
	    json_sprintf("1 %s\n2 %s\n", text_hex(device_hex, device->sign_pk, 32),
	        text_hex(hub_hex, ring_op_pk(hub->ring), 32)));
	prim_wipe(key, sizeof(key));
	prim_wipe(token, sizeof(token));
}
