/* photo_look.c - the photo of a signed paper: what is here of it, and its bytes, in pieces. */
#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/text.h"
#include "sync/photo.h"

#define PARTS_TOLD 8 /* told in one request */

/* The photo that the record names; of hashes in conflict the one that is shown. */
static enum pmj_code
photo_of(const struct call *call, struct photo_state *out, uint8_t hash[static PRIM_HASH_BYTES],
    const struct record_full *record, struct pmj_error *err)
{
	const char *text = json_string_value(merge_shown(&record->merged, PHOTO_FIELD));

	memset(out, 0, sizeof(*out));
	if (text == NULL || !text_unhex(hash, PRIM_HASH_BYTES, text))
		return PMJ_OK;
	return photo_state(call->core->journal, out, record->merged.rec, hash, err);
}

json_t *
record_photo_said(const struct call *call, const struct record_full *record)
{
	uint8_t hash[PRIM_HASH_BYTES];
	struct photo_state state;

	if (photo_of(call, &state, hash, record, NULL) != PMJ_OK || state.parts == 0)
		return NULL;
	return json_pack("{s:b,s:b,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:b}", "hub_takes",
	    photo_hub_takes(call->core->journal), "hub_tells", photo_hub_tells(call->core->journal),
	    "at_hub", state.at_hub, "hub", call->core->is_hub || call->core->sync == NULL, "whole",
	    state.whole, "parts", (json_int_t)state.parts, "here", (json_int_t)state.here, "bytes",
	    (json_int_t)state.bytes, "sent", (json_int_t)state.sent, "own",
	    memcmp(state.by, ring_device_id(call->core->ring), sizeof(state.by)) == 0);
}

enum pmj_code
record_photo_part(const struct call *call, json_t **out, struct pmj_error *err)
{
	const char *typed = json_str(call->query, "from");
	int64_t from = typed != NULL ? strtoll(typed, NULL, 10) : 1;
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES], hash[PRIM_HASH_BYTES];
	struct photo_state state;
	struct buf bytes;
	char *text = NULL;
	enum pmj_code rc;

	buf_init(&bytes, (size_t)PARTS_TOLD * PHOTO_PART_BYTES);
	if ((rc = record_look(call, &record, &kind, rec, err)) != PMJ_OK ||
	    (rc = photo_of(call, &state, hash, &record, err)) != PMJ_OK)
		goto out;
	if (state.parts == 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND, "there is no photo of this paper here");
		pmj_hint(err, "keep one: pamoja consent photo %s FILE", call->part[0]);
		goto out;
	}
	if (!state.whole || from < 1 || from > state.parts) {
		rc = pmj_fail(err, PMJ_PARTIAL, "only %lld of %lld parts of the photo are here yet",
		    (long long)state.here, (long long)state.parts);
		pmj_hint(err, "the rest comes with the next exchanges: pamoja sync --photos");
		goto out;
	}
	if ((rc = photo_bytes_of(call->core->journal, &bytes, rec, hash, state.by, from, PARTS_TOLD,
	         err)) != PMJ_OK)
		goto out;
	text = mem_new(bytes.len * 4 / 3 + 8);
	*out = json_pack("{s:s,s:I,s:b,s:I}", "bytes", text_base64(text, bytes.bytes, bytes.len),
	    "size", (json_int_t)state.bytes, "more", from + PARTS_TOLD <= state.parts, "next",
	    (json_int_t)from + PARTS_TOLD);
	if (from == 1)
		(void)json_object_set_new(
		    *out, "type", json_string(photo_type(bytes.bytes, bytes.len)));
out:
	free(text);
	buf_wipe(&bytes);
	record_full_close(&record);
	return rc;
}
