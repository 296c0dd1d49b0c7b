/* around.c - what there is about a person, for whoever takes over from another. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/text.h"

/* item["uncovered"]: why no consent of the person covers what it would tell its recipient, where
 * that is still to be sent. Nothing while the journal is still being checked. */
enum pmj_code
record_put_uncovered(const struct call *call, json_t *item,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	const char *name = json_str(item, "kind"), *state = json_str(item, "state");
	const struct kind *kind = name != NULL ? kinds_get(&call->core->kinds, name) : NULL;
	struct record_full record = {.row_count = 0};
	struct pmj_error why;
	struct told told;
	enum pmj_code rc;

	if (kind == NULL || !kind_sends(kind) || !record_unsent(kind, state) ||
	    json_flag(item, "handed_over") || json_flag(item, "voided"))
		return PMJ_OK;
	rc = records_load(call->core->journal, &record, rec, err);
	if (rc == PMJ_OK &&
	    record_covered(call, &told, kind, &record.merged, NULL, &why) == PMJ_REFUSED)
		(void)json_object_set_new(item, "uncovered", json_string(why.message));
	record_full_close(&record);
	return rc;
}

static char *
name_of(const struct call *call, const char *device)
{
	uint8_t by[PMJ_DEVICE_BYTES];
	char *name, *role;

	if (!text_unhex(by, sizeof(by), device))
		return NULL;
	core_who(call->core, by, &name, &role);
	free(role);
	return name;
}

/* Who else wrote about them, and until when that has come here. */
static json_t *
others_heard(const struct call *call, json_t *heard)
{
	char own[2 * PMJ_DEVICE_BYTES + 1];
	json_t *list = json_array(), *at;
	const char *device;

	text_hex(own, ring_device_id(call->core->ring), PMJ_DEVICE_BYTES);
	json_object_foreach(heard, device, at)
	{
		char *name = strcmp(device, own) != 0 ? name_of(call, device) : NULL;

		if (name != NULL && *name != '\0')
			(void)json_array_append_new(
			    list, json_pack("{s:s,s:O}", "name", name, "at", at));
		free(name);
	}
	return list;
}

enum pmj_code
record_around(const struct call *call, json_t **out, struct pmj_error *err)
{
	const struct os *os = call->core->os;
	struct records_beside asked = {.from = json_str(call->query, "from"),
	    .until_ms = os->mono_ms(os->ctx) + CORE_PIECE_MS / 2};
	json_t *items = NULL, *heard = NULL, *left = NULL, *item;
	uint8_t rec[PMJ_RECORD_BYTES];
	char date[11];
	enum pmj_code rc;
	size_t i;

	record_date(call, date);
	asked.on = date;
	if ((rc = call_record(call, rec, call->part[0], err)) != PMJ_OK ||
	    (rc = records_around(call->core->journal, &items, &heard, &left, rec, &asked,
	         call->lang, err)) != PMJ_OK)
		return rc;
	json_array_foreach(items, i, item)
	{
		char *name =
		    json_str(item, "by") != NULL ? name_of(call, json_str(item, "by")) : NULL;

		if (name != NULL)
			(void)json_object_set_new(item, "by", json_string(name));
		if (rc == PMJ_OK &&
		    text_unbase32(rec, sizeof(rec), json_str(item, "id"), PMJ_RECORD_CHARS))
			rc = record_put_uncovered(call, item, rec, err);
		free(name);
	}
	if (rc == PMJ_OK)
		rc = record_mark_taken_back(call, items, err);
	if (rc == PMJ_OK)
		*out = json_pack("{s:O,s:o,s:O}", "items", items, "heard",
		    others_heard(call, heard), "left", left);
	if (rc == PMJ_OK && asked.next[0] != '\0')
		(void)json_object_set_new(*out, "next", json_string(asked.next));
	json_decref(items);
	json_decref(heard);
	json_decref(left);
	return rc;
}
