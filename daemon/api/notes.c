/* notes.c - notes taken while locked: listed, added, kept or thrown away. */
#include <string.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "domain/value.h"

enum pmj_code
notes_list(const struct call *call, json_t **out, struct pmj_error *err)
{
	return locked_note_list(out, call->core->os, call->core->home, call->core->ring, err);
}

enum pmj_code
notes_add(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	const char *text;
	enum pmj_code rc;

	if ((rc = call_text(call, &text, "text", err)) != PMJ_OK)
		return rc;
	if (text[strspn(text, " \t\r\n")] == '\0')
		return pmj_fail(err, PMJ_USAGE, "the note is empty");
	if (!core->note_pk_known) {
		rc = pmj_fail(err, PMJ_LOCKED,
		    "no note can be taken before the first unlock since the start");
		pmj_hint(err, "unlock once: pamoja unlock");
		return rc;
	}
	if ((rc = locked_note_write(core->os, core->home, core->note_pk, text, err)) != PMJ_OK)
		return rc;
	*out = json_pack("{s:b}", "saved", 1);
	return PMJ_OK;
}

static const char *
note_text(const json_t *list, const char *file)
{
	size_t index;
	json_t *item;

	json_array_foreach(json_arr(list, "items"), index, item)
	{
		if (json_str(item, "file") != NULL && strcmp(json_str(item, "file"), file) == 0)
			return json_str(item, "text");
	}
	return NULL;
}

enum pmj_code
notes_settle(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	json_t *list = NULL;
	const char *text;
	enum pmj_code rc;

	if (!json_is_boolean(json_object_get(call->body, "keep")))
		return pmj_fail(err, PMJ_USAGE, "\"keep\" must be true or false");
	if ((rc = locked_note_list(&list, core->os, core->home, core->ring, err)) != PMJ_OK)
		return rc;
	text = note_text(list, call->part[0]);
	if (text == NULL) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "there is no such note");
	} else if (json_flag(call->body, "keep")) {
		struct call add = *call;
		char *plain = mem_strdup(text);
		json_t *body;

		/* Written when nobody could say what is wrong with it; now it cannot be typed
		 * again. */
		value_note_plain(plain);
		body = json_pack("{s:{s:s}}", "fields", "text", plain);
		mem_free_wiped(plain);

		add.part[0] = "memo";
		add.body = body;
		rc = record_add(&add, out, err);
		json_decref(body);
	}
	if (rc == PMJ_OK)
		rc = locked_note_remove(core->os, core->home, call->part[0], err);
	json_decref(list);
	return rc;
}
