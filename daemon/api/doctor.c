/* doctor.c - what only the daemon can look at for `pamoja doctor`. Everything else the client sees
 * from outside, because a doctor must also work on the dead. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"

/* {"ok","message","hint"} of something that was tried. */
static json_t *
tried(enum pmj_code rc, const struct pmj_error *err)
{
	return rc == PMJ_OK ? json_pack("{s:b}", "ok", 1)
	                    : json_pack("{s:b,s:s,s:s}", "ok", 0, "message", err->message, "hint",
	                          err->hint);
}

/* Where the mailboxes are, and which there should be: the client, which may look there, compares.
 */
static json_t *
mailboxes(struct core *core)
{
	json_t *names = json_array(), *whose = json_array(), *remotes = NULL, *remote;
	uint8_t own[PMJ_MAILBOX_BYTES];
	char *url = NULL;
	size_t i;

	if (core->hub != NULL) {
		url = hub_mailboxes(core->hub);
		if (hub_remotes(core->hub, &remotes, NULL) == PMJ_OK)
			json_array_foreach(remotes, i, remote)
			{
				(void)json_array_append(names, json_object_get(remote, "mailbox"));
				(void)json_array_append_new(
				    whose, hub_mailbox_of(core->hub, json_str(remote, "mailbox")));
			}
	} else if (device_mailbox(core->journal, own, NULL) == PMJ_OK) {
		url = device_remote(core->journal);
		(void)json_array_append_new(names, json_hex(own, sizeof(own)));
	}
	json_decref(remotes);
	if (url == NULL) {
		json_decref(names);
		json_decref(whose);
		return json_null();
	}
	remote = json_pack("{s:s,s:o,s:o}", "url", url, "names", names, "whose", whose);
	free(url);
	return remote;
}

static void
add_opened(json_t *out, struct core *core)
{
	struct pmj_error err = {0};
	int64_t end = core->hub != NULL ? hub_certificate_end(core->hub)
	                                : device_certificate_end(core->journal);
	enum pmj_code rc = keyfile_check_file(core->keys, &err);

	if (rc != PMJ_REFUSED) /* opened by the recovery code: nothing to try it with */
		(void)json_object_set_new(out, "keys", tried(rc, &err));
	(void)json_object_set_new(out, "journal",
	    json_pack("{s:b,s:b,s:s}", "checking", core->checking, "mending", core->mending,
	        "warning", core->warning));
	(void)json_object_set_new(out, "mailboxes", mailboxes(core));
	(void)json_object_set_new(out, "certificate_end", json_integer(end));
	(void)json_object_set_new(
	    out, "hub_time", json_integer((json_int_t)ring_hub_time(core->ring)));
	if (core->hub != NULL) {
		rc = hub_clock(core->hub, &err);
		(void)json_object_set_new(out, "clock", tried(rc, &err));
	}
}

enum pmj_code
doctor_get(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;

	(void)err;
	*out = json_pack(
	    "{s:b,s:s}", "open", core->state == CORE_OPEN, "kinds_warning", core->kinds_warning);
	if (core->state == CORE_OPEN)
		add_opened(*out, core);
	return PMJ_OK;
}
