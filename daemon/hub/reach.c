/* reach.c - how laptops reach their mailboxes: in the folder where we make them, or at a host where
 * pamoja-gate stands before that folder. Of a hub that is moving there is more than one place: the
 * first is where it goes, the others are where laptops may still come (move.c). */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/token_ssh.h"
#include "hub/hub_inner.h"

#define GATE_KEY "hub.gate_key"
#define PLACES "hub.places" /* JSON: [{"url","pin","folder","since","said"}…] */

/* ---- the places ---- */

json_t *
reach_place(
    const char *url, const char *pin, const char *folder, const char *said, int64_t since_ms)
{
	return json_pack("{s:s,s:s*,s:s,s:I,s:s}", "url", url, "pin", pin, "folder", folder,
	    "since", (json_int_t)since_ms, "said", said);
}

/* A journal from before a hub could move: the folder, or what pamoja.ini said last. */
static json_t *
places_of_old(struct hub *hub)
{
	char *folder = journal_text(hub->journal, "hub.mailboxes");
	char *told = journal_text(hub->journal, REACH_SETTINGS);
	char *pin = told != NULL ? strchr(told, ' ') : NULL;
	json_t *out;

	if (folder == NULL)
		folder = mem_strdup("");
	if (pin != NULL)
		*pin++ = '\0';
	if (told != NULL && told[0] != '\0')
		out = reach_place(
		    told, pin != NULL && pin[0] != '\0' ? pin : NULL, folder, REACH_BY_SETTINGS, 0);
	else
		out = reach_place(folder, NULL, folder, REACH_BY_SETTINGS, 0);
	free(folder);
	free(told);
	return json_pack("[o]", out);
}

void
reach_load(struct hub *hub)
{
	char *text = journal_text(hub->journal, PLACES);

	json_decref(hub->places);
	hub->places = NULL;
	if (text == NULL ||
	    json_read(&hub->places, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK ||
	    json_array_size(hub->places) == 0) {
		json_decref(hub->places);
		hub->places = places_of_old(hub);
	}
	free(text);
}

enum pmj_code
reach_save(struct hub *hub, const json_t *places, struct pmj_error *err)
{
	char *text = json_text(places);
	enum pmj_code rc = journal_put_text(hub->journal, PLACES, text, err);

	free(text);
	return rc;
}

static enum address_way
way_of(const json_t *place)
{
	const char *url = json_str(place, "url");
	struct address at;

	return url != NULL && address_read(&at, url, NULL) == PMJ_OK ? at.way : ADDRESS_FOLDER;
}

static bool
is_host(const json_t *place)
{
	return way_of(place) != ADDRESS_FOLDER;
}

/* Is one of the places that lead to this folder reached in this way? */
static bool
folder_has(const struct hub *hub, const char *folder, enum address_way way)
{
	const json_t *place;
	size_t i;

	json_array_foreach(
	    hub->places, i, place) if (strcmp(json_str(place, "folder"), folder) == 0 &&
	                               way_of(place) == way) return true;
	return false;
}

char *
hub_mailboxes(struct hub *hub)
{
	const char *folder = json_str(json_array_get(hub->places, 0), "folder");

	return folder != NULL ? mem_strdup(folder) : NULL;
}

/* ---- what a laptop is told ---- */

/* One secret, made once, from which every device's token follows. */
static enum pmj_code
gate_key(struct hub *hub, uint8_t key[static PRIM_KEY_BYTES], struct pmj_error *err)
{
	if (journal_blob(hub->journal, GATE_KEY, key, PRIM_KEY_BYTES))
		return PMJ_OK;
	prim_random(key, PRIM_KEY_BYTES);
	return journal_put_blob(hub->journal, GATE_KEY, key, PRIM_KEY_BYTES, err);
}

static enum pmj_code
put_token(struct hub *hub, const struct hub_device *device, json_t *remote, struct pmj_error *err)
{
	uint8_t key[PRIM_KEY_BYTES], token[TOKEN_BYTES];
	char text[TOKEN_CHARS + 1];
	enum pmj_code rc;

	if ((rc = gate_key(hub, key, err)) != PMJ_OK)
		return rc;
	token_make(token, key, device->mailbox);
	(void)json_object_set_new(
	    remote, "token", json_string(text_base64(text, token, sizeof(token))));
	prim_wipe(key, sizeof(key));
	prim_wipe(token, sizeof(token));
	prim_wipe(text, sizeof(text));
	return PMJ_OK;
}

static enum pmj_code
remotes_of(struct hub *hub, const struct hub_device *device, json_t *remotes, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const json_t *place;
	size_t i;

	json_array_foreach(hub->places, i, place)
	{
		json_t *remote = json_pack("{s:s}", "url", json_str(place, "url"));
		const char *pin = json_str(place, "pin");

		if (rc == PMJ_OK && is_host(place))
			rc = put_token(hub, device, remote, err);
		if (pin != NULL)
			(void)json_object_set_new(remote, "pin", json_string(pin));
		(void)json_array_append_new(remotes, remote);
	}
	return rc;
}

enum pmj_code
reach_tell(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	struct sql *q;
	json_t *remotes = json_array();
	uint8_t e[PMJ_ENTRY_BYTES];
	enum pmj_code rc = remotes_of(hub, device, remotes, err);
	int64_t n;

	if (rc == PMJ_OK)
		rc = decide_follow(
		    hub, "ctl.remotes", json_pack("{s:O}", "remotes", remotes), &n, e, err);
	json_decref(remotes);
	if (rc != PMJ_OK || (rc = sync_queue(hub->sync, device->mailbox, n, true, err)) != PMJ_OK)
		return rc;
	q = sql_get(hub->journal,
	    "INSERT OR REPLACE INTO pmj_moved(device, n, e, came_ms) VALUES(?1, ?2, ?3, 0)");
	(void)sql_int(sql_blob(q, 1, device->device, PMJ_DEVICE_BYTES), 2, n);
	return sql_run(sql_blob(q, 3, e, sizeof(e)), err);
}

/* ---- what the host of a folder is told ---- */

static void
reach_for_host(struct hub *hub, const struct hub_device *device, json_t *remote)
{
	uint8_t key[PRIM_KEY_BYTES], token[TOKEN_BYTES], hash[PRIM_HASH_BYTES];
	char hash_hex[65], device_hex[65], hub_hex[65];
	const char *folder = json_str(remote, "url");
	bool by_ssh = folder_has(hub, folder, ADDRESS_SSH);
	bool by_https = folder_has(hub, folder, ADDRESS_HTTPS);
	struct buf ssh;

	/* Without a key no device was ever given a token. */
	if ((!by_ssh && !by_https) || !journal_blob(hub->journal, GATE_KEY, key, sizeof(key)))
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
	} else {
		if (by_ssh)
			(void)json_object_set_new(remote, "keys", json_string(buf_text(&ssh)));
		if (by_https)
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

void
hub_set_room(struct hub *hub, int64_t mb)
{
	hub->room_mb = mb;
}

/* Is this the first place that leads to its folder? */
static bool
is_first(const struct hub *hub, size_t which)
{
	const char *folder = json_str(json_array_get(hub->places, which), "folder");

	for (size_t i = 0; i < which; i++)
		if (strcmp(json_str(json_array_get(hub->places, i), "folder"), folder) == 0)
			return false;
	return true;
}

json_t *
hub_mailbox_of(struct hub *hub, const char *mailbox)
{
	struct hub_device device = {.name = ""};
	uint8_t id[PMJ_MAILBOX_BYTES];

	if (mailbox != NULL && strlen(mailbox) == 2 * sizeof(id) &&
	    text_unhex(id, sizeof(id), mailbox))
		(void)(office_by_mailbox(hub, &device, id, NULL) == PMJ_OK);
	return json_string(device.name);
}

enum pmj_code
hub_remotes(struct hub *hub, json_t **out, struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	const json_t *place;
	size_t count = 0, which;
	enum pmj_code rc;

	*out = NULL;
	if ((rc = office_mailboxes(hub, &devices, &count, err)) != PMJ_OK)
		return rc;
	*out = json_array();
	json_array_foreach(hub->places, which, place)
	{
		if (!is_first(hub, which))
			continue;
		for (size_t i = 0; i < count; i++) {
			json_t *remote = json_pack("{s:o,s:s}", "mailbox",
			    json_hex(devices[i].mailbox, PMJ_MAILBOX_BYTES), "url",
			    json_str(place, "folder"));

			reach_for_host(hub, &devices[i], remote);
			if (hub->room_mb > 0)
				(void)json_object_set_new(remote, "limit",
				    json_sprintf("%lld\n", (long long)hub->room_mb * 1000000));
			if (which > 0)
				(void)json_object_set_new(remote, "old", json_true());
			(void)json_array_append_new(*out, remote);
		}
	}
	free(devices);
	return PMJ_OK;
}
