/* enrol.c - enrolment on both sides. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "base/text.h"

/* --- the worker's side --- */

enum pmj_code
enrol_ask(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct ring_epoch epoch;
	uint8_t key[64];
	struct buf text;
	char *words;
	enum pmj_code rc;

	if (journal_int(core->journal, "practice", 0) != 0) {
		rc = pmj_fail(err, PMJ_REFUSED, "a practice journal is never enrolled");
		pmj_hint(err, "make a real one in another home: pamoja --home DIR init ...");
		return rc;
	}
	buf_init(&text, 8192);
	rc = device_request(core->journal, &text, err);
	if (rc == PMJ_OK) {
		ring_epoch_current(core->ring, &epoch);
		memcpy(key, ring_sign_pk(core->ring), 32);
		memcpy(key + 32, epoch.pk, 32);
		words = words_text(core, call->lang, key, sizeof(key), err);
		if (words == NULL)
			rc = err->code;
		else
			*out = json_pack("{s:s,s:s}", "request", buf_text(&text), "words", words);
		free(words);
	}
	buf_close(&text);
	return rc;
}

enum pmj_code
enrol_take(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	const char *invitation;
	uint8_t root[32];
	char *words;
	bool asked;
	enum pmj_code rc;

	if ((rc = call_text(call, &invitation, "invitation", err)) != PMJ_OK)
		return rc;
	if (core->sync != NULL)
		return pmj_fail(err, PMJ_REFUSED, "this laptop is enrolled already");
	if ((rc = device_invitation_check(
	         core->journal, invitation, strlen(invitation), root, err)) != PMJ_OK ||
	    (rc = words_compare(call, root, sizeof(root), out, &asked, err)) != PMJ_OK || asked)
		return rc;
	if ((rc = device_accept(core->journal, &core->sync, core->home, invitation,
	         strlen(invitation), err)) != PMJ_OK)
		return rc;
	if ((rc = core_begin_sync(core, err)) != PMJ_OK ||
	    (rc = core_save_anchor(core, err)) != PMJ_OK)
		return rc;
	carrylink_remotes(core);
	core_queued(core, true);
	words = words_text(core, call->lang, root, sizeof(root), err);
	*out = json_pack("{s:b,s:s?}", "enrolled", 1, "hub_words", words);
	free(words);
	return PMJ_OK;
}

/* --- the coordinator's side --- */

enum pmj_code
office_enrol(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct hub_enrol enrol = {.role = json_str(call->body, "role"),
	    .name = json_str(call->body, "name"),
	    .until = json_str(call->body, "until"),
	    .root = json_str(call->body, "root")};
	uint8_t key[64], device[PMJ_DEVICE_BYTES], id[32];
	struct buf invitation;
	char *name = NULL, *role = NULL;
	bool asked;
	enum pmj_code rc;

	if ((rc = call_text(call, &enrol.request, "request", err)) != PMJ_OK ||
	    (rc = call_text(call, &enrol.role, "role", err)) != PMJ_OK ||
	    (rc = hub_request_key(enrol.request, key, err)) != PMJ_OK ||
	    (rc = words_compare(call, key, sizeof(key), out, &asked, err)) != PMJ_OK || asked)
		return rc;
	buf_init(&invitation, 0);
	rc = hub_enrol(call->core->hub, &enrol, &invitation, device, err);
	if (enrol.root != NULL)
		mem_wipe((char *)(uintptr_t)enrol.root, strlen(enrol.root));
	if (rc == PMJ_OK && invitation.len == 0) {
		json_t *item = NULL;

		if (hub_enrol_waits(call->core->hub, id, device) &&
		    (rc = hub_pending_one(call->core->hub, &item, id, err)) == PMJ_OK)
			*out = json_pack("{s:o}", "pending", item);
		core_queued(call->core, true);
	} else if (rc == PMJ_OK) {
		core_who(call->core, device, &name, &role);
		*out = json_pack("{s:s,s:o,s:s,s:s}", "invitation", buf_text(&invitation), "device",
		    json_hex(device, sizeof(device)), "name", name, "role", role);
		rc = core_save_anchor(call->core, err);
		exchange_start(call->core, EXCHANGE_LOOK, NULL, NULL); /* makes the mailbox */
	}
	free(name);
	free(role);
	buf_close(&invitation);
	return rc;
}
