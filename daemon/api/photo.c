/* photo.c - a photo of the signed paper of a consent: taken from the person in pieces, kept in the
 * journal in parts, sealed like all else there, and given back in pieces. The record names it by
 * its hash first, so that parts without a record are never kept. */
#include "sync/photo.h"

#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "log/chain.h"
#include "log/photo_clean.h"

#define PIECE_MAX (256u * 1024)
#define ROOM_MB 8      /* of the disk stay for records */
#define PARTS_A_STEP 8 /* kept, or told, in one request */

/* One at a time: another that begins takes the place of one whose client went away. */
struct photo {
	char id[33];
	struct buf bytes;
	struct photo_part part; /* the next to be kept; parts 0: its bytes still come */
	char given[2 * PRIM_HASH_BYTES + 1]; /* hash of the file as it came */
	size_t left_out;                     /* bytes of it that were no picture */
	json_t *answer;
};

void
core_photo_drop(struct core *core)
{
	if (core->photo == NULL)
		return;
	buf_wipe(&core->photo->bytes);
	json_decref(core->photo->answer);
	free(core->photo);
	core->photo = NULL;
}

static void
photo_begin(struct core *core)
{
	uint8_t id[16];

	core_photo_drop(core);
	core->photo = mem_new(sizeof(*core->photo));
	buf_init(&core->photo->bytes, PHOTO_BYTES_MAX);
	core->os->random(core->os->ctx, id, sizeof(id));
	(void)text_hex(core->photo->id, id, sizeof(id));
}

static enum pmj_code
photo_too_big(struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_TOO_BIG, "the photo has more than %d MB, which is the most",
	    PHOTO_BYTES_MAX / (1024 * 1024));
	pmj_hint(err,
	    "make it smaller: set the camera to a smaller picture, or scan in grey at 150 "
	    "dpi; or send it to yourself as \"small\" and save that");
	return PMJ_TOO_BIG;
}

static enum pmj_code
photo_add(const struct call *call, struct pmj_error *err)
{
	struct photo *photo = call->core->photo;
	bool first = photo->bytes.len == 0;
	const char *text;
	struct buf bytes;
	enum pmj_code rc = call_text(call, &text, "bytes", err);

	if (rc != PMJ_OK)
		return rc;
	buf_init(&bytes, PIECE_MAX);
	if (!text_unbase64_buf(&bytes, text) || bytes.failed != PMJ_OK) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "\"bytes\" is not base64, or more than %u bytes", PIECE_MAX);
	} else if (first && photo_type(bytes.bytes, bytes.len) == NULL) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "the file is no photo or scan: neither JPEG, PNG nor PDF");
		pmj_hint(err, "save it as JPEG or PDF, then name that file");
	} else if (photo->bytes.len + bytes.len > PHOTO_BYTES_MAX) {
		rc = photo_too_big(err);
	} else {
		buf_put(&photo->bytes, bytes.bytes, bytes.len);
		rc = buf_check(&photo->bytes, err);
	}
	buf_wipe(&bytes);
	return rc;
}

void
photo_hash_text(char out[static 2 * PRIM_HASH_BYTES + 1], const struct buf *bytes)
{
	struct prim_digest *digest = prim_digest_new();
	uint8_t hash[PRIM_HASH_BYTES];

	prim_digest_add(digest, bytes->bytes, bytes->len);
	prim_digest_end(digest, hash);
	prim_digest_free(digest);
	(void)text_hex(out, hash, sizeof(hash));
}

/* The picture alone takes the place of the file. */
static enum pmj_code
photo_cleaned(struct photo *photo, struct pmj_error *err)
{
	struct buf clean;
	enum pmj_code rc;

	photo_hash_text(photo->given, &photo->bytes);
	buf_init(&clean, PHOTO_BYTES_MAX + PHOTO_CLEAN_MORE);
	if ((rc = photo_clean(&clean, photo->bytes.bytes, photo->bytes.len, err)) != PMJ_OK) {
		buf_wipe(&clean);
		return rc;
	}
	if (clean.len < photo->bytes.len)
		photo->left_out = photo->bytes.len - clean.len;
	buf_wipe(&photo->bytes);
	photo->bytes = clean;
	return PMJ_OK;
}

/* The record names it from now on, as any other change of it. */
static enum pmj_code
photo_named(const struct call *call, const struct record_full *record, struct pmj_error *err)
{
	struct photo *photo = call->core->photo;
	const char *before = json_string_value(merge_shown(&record->merged, PHOTO_FIELD));
	char hash[2 * PRIM_HASH_BYTES + 1];
	struct call edit = *call;
	enum pmj_code rc = PMJ_OK;
	bool same;

	if ((rc = paper_fits(call->core, photo->bytes.len, err)) != PMJ_OK)
		return rc;
	photo_hash_text(hash, &photo->bytes);
	(void)text_unhex(photo->part.hash, sizeof(photo->part.hash), hash);
	same = before != NULL && strcmp(before, hash) == 0;
	edit.body = json_pack("{s:{s:s}}", "fields", PHOTO_FIELD, hash);
	if (same)
		photo->answer = call_id(call, record->merged.rec);
	else
		rc = record_edit(&edit, &photo->answer, err);
	json_decref((json_t *)edit.body);
	if (rc != PMJ_OK)
		return rc;
	photo->part.part = 1;
	photo->part.parts = photo_parts(photo->bytes.len);
	(void)json_object_set_new(photo->answer, PHOTO_FIELD, json_string(hash));
	(void)json_object_set_new(photo->answer, "another",
	    json_boolean(before != NULL && *before != '\0' && !same &&
	                 strcmp(before, photo->given) != 0)); /* `consent paper` of the same file */
	(void)json_object_set_new(
	    photo->answer, "left_out", json_integer((json_int_t)photo->left_out));
	return PMJ_OK;
}

static enum pmj_code
photo_put(struct core *core, const struct photo_new *new, struct pmj_error *err)
{
	struct photo_taken taken;
	enum pmj_code rc = photo_take(core->journal, new, &taken, err);

	if (rc == PMJ_OK && taken.refused != NULL) {
		rc = pmj_fail(err, PMJ_REFUSED, "the photo cannot be kept: %s", taken.refused);
		pmj_hint(err, "record a new consent, with the photo of its paper");
	}
	if (rc != PMJ_OK || taken.n == 0)
		return rc;
	if (core->hub != NULL)
		return taken.whole ? hub_photo_taken(core->hub, new->entry->rec, err) : PMJ_OK;
	return device_queue_photo(core->journal, core->sync, taken.n, err);
}

/* One part, as a line of ours. */
static enum pmj_code
photo_put_part(struct core *core, const uint8_t *rec, const struct photo_part *part,
    const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct line_draft line = {
	    .kind = PHOTO_KIND, .rec = rec, .by = ring_device_id(core->ring), .rv = -1};
	struct entry entry = {.json = NULL};
	json_t *more = photo_line(part, bytes, len);
	uint8_t e[PMJ_ENTRY_BYTES];
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, PMJ_LINE_MAX);
	core->os->random(core->os->ctx, line.n, sizeof(line.n));
	line.more = more;
	if ((rc = core_stamp(core, &line.pt, &line.counter, err)) != PMJ_OK)
		goto out;
	line_write(&text, &line);
	if ((rc = buf_check(&text, err)) != PMJ_OK)
		goto out;
	chain_entry(e, text.bytes, text.len);
	if ((rc = line_read(&entry, buf_text(&text), text.len, e, err)) == PMJ_OK)
		rc = photo_put(core,
		    &(struct photo_new){.entry = &entry,
		        .line = buf_text(&text),
		        .len = text.len,
		        .origin = ENTRY_OWN},
		    err);
out:
	json_decref(more);
	entry_close(&entry);
	buf_wipe(&text);
	return rc;
}

static enum pmj_code
photo_some_parts(struct core *core, const uint8_t *rec, struct pmj_error *err)
{
	struct photo *photo = core->photo;
	const uint8_t *by = ring_device_id(core->ring);
	enum pmj_code rc = PMJ_OK;

	for (int put = 0;
	     photo->part.part <= photo->part.parts && put < PARTS_A_STEP && rc == PMJ_OK;
	     photo->part.part++) {
		size_t from = (size_t)(photo->part.part - 1) * PHOTO_PART_BYTES;
		size_t left = photo->bytes.len - from;

		int64_t n = photo_number(core->journal, rec, &photo->part, by);

		/* An earlier try was cut off behind it; or the hub is to have it again. */
		if (n != 0 && core->hub == NULL)
			rc = device_photo_again(core->journal, core->sync, n, err);
		else if (n == 0)
			rc = photo_put_part(core, rec, &photo->part, photo->bytes.bytes + from,
			    left < PHOTO_PART_BYTES ? left : PHOTO_PART_BYTES, err);
		put++;
	}
	return rc;
}

/* The next parts, in one transaction; after the last, the answer. */
static enum pmj_code
photo_go_on(const struct call *call, json_t **out, const uint8_t *rec, struct pmj_error *err)
{
	struct core *core = call->core;
	struct photo *photo = core->photo;
	enum pmj_code rc;

	if ((rc = journal_begin(core->journal, err)) != PMJ_OK)
		return rc;
	if ((rc = photo_some_parts(core, rec, err)) != PMJ_OK) {
		journal_rollback(core->journal);
		return rc;
	}
	if ((rc = journal_commit(core->journal, err)) != PMJ_OK)
		return rc;
	if (photo->part.part <= photo->part.parts) {
		*out = json_pack("{s:s,s:I,s:I}", "photo", photo->id, "kept",
		    (json_int_t)photo->part.part - 1, "parts", (json_int_t)photo->part.parts);
		return PMJ_OK;
	}
	*out = json_incref(photo->answer);
	(void)json_object_set_new(*out, "bytes", json_integer((json_int_t)photo->bytes.len));
	(void)json_object_set_new(
	    *out, "type", json_string(photo_type(photo->bytes.bytes, photo->bytes.len)));
	(void)json_object_set_new(*out, "parts", json_integer((json_int_t)photo->part.parts));
	(void)json_object_set_new(*out, "waits", json_boolean(core->sync != NULL && !core->is_hub));
	return PMJ_OK;
}

/* Which one it goes on with; one that begins has no name yet. */
static enum pmj_code
photo_find(struct core *core, const char *id, struct pmj_error *err)
{
	if (id == NULL) {
		photo_begin(core);
		return PMJ_OK;
	}
	if (core->photo != NULL && strcmp(core->photo->id, id) == 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_NOT_FOUND, "taking in this photo was given up meanwhile");
	pmj_hint(err, "begin again: pamoja consent photo ID FILE");
	return PMJ_NOT_FOUND;
}

enum pmj_code
record_photo(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct record_full record = {.row_count = 0};
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if ((rc = record_open(call, &record, &kind, rec, err)) != PMJ_OK)
		goto out;
	if (kind_field(kind, PHOTO_FIELD) == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "a %s has no signed paper", kind->name);
		pmj_hint(err, "name a consent: pamoja consent list shows the ids");
		goto out;
	}
	if ((rc = photo_find(core, json_str(call->body, "photo"), err)) != PMJ_OK)
		goto out;
	if (core->photo->part.parts == 0 && (rc = photo_add(call, err)) == PMJ_OK &&
	    json_flag(call->body, "end") && (rc = photo_cleaned(core->photo, err)) == PMJ_OK)
		rc = photo_named(call, &record, err);
	if (rc == PMJ_OK && core->photo->part.parts == 0)
		*out = json_pack("{s:s}", "photo", core->photo->id);
	else if (rc == PMJ_OK)
		rc = photo_go_on(call, out, rec, err);
	if (rc != PMJ_OK || json_object_get(*out, "photo") == NULL)
		core_photo_drop(core);
out:
	record_full_close(&record);
	return rc;
}

/* ---- looked at ---- */

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
	return json_pack("{s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:b}", "hub_takes",
	    photo_hub_takes(call->core->journal), "hub",
	    call->core->is_hub || call->core->sync == NULL, "whole", state.whole, "parts",
	    (json_int_t)state.parts, "here", (json_int_t)state.here, "bytes",
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

	buf_init(&bytes, (size_t)PARTS_A_STEP * PHOTO_PART_BYTES);
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
	if ((rc = photo_bytes_of(call->core->journal, &bytes, rec, hash, state.by, from,
	         PARTS_A_STEP, err)) != PMJ_OK)
		goto out;
	text = mem_new(bytes.len * 4 / 3 + 8);
	*out = json_pack("{s:s,s:I,s:b,s:I}", "bytes", text_base64(text, bytes.bytes, bytes.len),
	    "size", (json_int_t)state.bytes, "more", from + PARTS_A_STEP <= state.parts, "next",
	    (json_int_t)from + PARTS_A_STEP);
	if (from == 1)
		(void)json_object_set_new(
		    *out, "type", json_string(photo_type(bytes.bytes, bytes.len)));
out:
	free(text);
	buf_wipe(&bytes);
	record_full_close(&record);
	return rc;
}
