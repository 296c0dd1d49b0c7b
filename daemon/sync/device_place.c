/* device_place.c - where the worker's device finds its hub, and by which place it came. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/prim.h"
#include "crypto/token_ssh.h"
#include "sync/device_inner.h"
#include "sync/lines.h"

char *
device_remote(struct journal *journal)
{
	return journal_text(journal, DEVICE_REMOTE);
}

/* Over ssh the token stands for a key pair. */
static void
token_to_key(json_t *remote)
{
	const char *text = json_str(remote, "token");
	uint8_t token[TOKEN_BYTES];
	struct buf key;

	if (text == NULL || !text_unbase64(token, sizeof(token), text))
		return;
	buf_init(&key, 0);
	token_ssh_private(&key, token);
	(void)json_object_set_new(remote, "key", json_string(buf_text(&key)));
	(void)json_object_del(remote, "token");
	buf_wipe(&key);
	prim_wipe(token, sizeof(token));
}

/* All places that the hub said. New reference; empty when it said none. */
static json_t *
said_places(struct journal *journal)
{
	char *text = journal_text(journal, DEVICE_PLACES);
	json_t *out = NULL;

	if (text == NULL)
		text = journal_text(journal, DEVICE_HOST);
	if (text == NULL || json_read(&out, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK)
		out = json_array();
	if (json_is_object(out))
		out = json_pack("[o]", out);
	if (text != NULL)
		mem_wipe(text, strlen(text));
	free(text);
	return out;
}

json_t *
device_remote_lines(struct journal *journal)
{
	static const char *const passed[] = {"token", "pin", "ca"};
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	struct address at;
	json_t *out, *places;
	const json_t *place;
	size_t which;

	if (device_mailbox(journal, mailbox, NULL) != PMJ_OK)
		return NULL;
	out = json_array();
	places = said_places(journal);
	json_array_foreach(places, which, place)
	{
		const char *url = json_str(place, "url");
		json_t *remote = json_pack(
		    "{s:o,s:s}", "mailbox", json_hex(mailbox, sizeof(mailbox)), "url", url);

		for (size_t i = 0; i < COUNT(passed); i++)
			if (json_str(place, passed[i]) != NULL)
				(void)json_object_set(
				    remote, passed[i], json_object_get(place, passed[i]));
		if (address_read(&at, url, NULL) == PMJ_OK && at.way == ADDRESS_SSH)
			token_to_key(remote);
		if (which > 0)
			(void)json_object_set_new(remote, "old", json_true());
		(void)json_array_append_new(out, remote);
	}
	json_decref(places);
	return out;
}

int64_t
device_places_mark(struct journal *journal)
{
	return journal_int(journal, DEVICE_PLACES_AT, 0);
}

enum pmj_code
device_came(struct journal *journal, struct sync *sync, int64_t mark, struct pmj_error *err)
{
	uint8_t said[PMJ_ENTRY_BYTES], came[PMJ_ENTRY_BYTES], mailbox[PMJ_MAILBOX_BYTES];
	json_t *places = said_places(journal);
	bool moving = json_array_size(places) > 1;
	enum pmj_code rc;

	json_decref(places);
	if (!moving || mark != device_places_mark(journal) ||
	    !journal_blob(journal, DEVICE_PLACES_E, said, sizeof(said)) ||
	    (journal_blob(journal, DEVICE_CAME_BY, came, sizeof(came)) &&
	        memcmp(came, said, sizeof(came)) == 0))
		return PMJ_OK;
	if ((rc = device_mailbox(journal, mailbox, err)) != PMJ_OK ||
	    (rc = journal_begin(journal, err)) != PMJ_OK)
		return rc;
	rc = journal_put_blob(journal, DEVICE_CAME_BY, said, sizeof(said), err);
	if (rc == PMJ_OK)
		rc = lines_queue_hello(sync, mailbox, false, err);
	return sync_end(sync, rc, err);
}
