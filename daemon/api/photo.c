/* photo.c - a photo of the signed paper of a consent: taken from the person in pieces, kept in the
 * journal in parts, sealed like all else there, and given back in pieces. The record names it by
 * its hash first, so that parts without a record are never kept. */
#include "sync/photo.h"

#include <stdlib.h>
#include <string.h>

#include "api/record_inner.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/photo_clean.h"
#include "base/text.h"
#include "log/chain.h"
#include "sync/photo_judge.h"

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
	struct photo_sum sum;                /* all are kept: what was read of them again */
	bool whole;                          /* ... and they give the hash */
	json_t *answer;
};

void
core_photo_drop(struct core *core)
{
	if (core->photo == NULL)
		return;
	buf_wipe(&core->photo->bytes);
	json_decref(core->photo->answer);
	photo_sum_close(&core->photo->sum);
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
	core->photo->whole = taken.whole;
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
		        .origin = ENTRY_OWN,
		        .sum = &core->photo->sum},
		    err);
out:
	json_decref(more);
	entry_close(&entry);
	buf_wipe(&text);
	return rc;
}

static int64_t
photo_step_end(const struct core *core)
{
	return core->os->mono_ms(core->os->ctx) + PMJ_STEP_MS / 2;
}

/* The next one. *later: the others are read first, so that whoever is stopped here has all of it,
 * read, or knows that it is not whole. */
static enum pmj_code
photo_next_part(struct core *core, const uint8_t *rec, bool *later, struct pmj_error *err)
{
	struct photo *photo = core->photo;
	const uint8_t *by = ring_device_id(core->ring);
	size_t from = (size_t)(photo->part.part - 1) * PHOTO_PART_BYTES;
	size_t left = photo->bytes.len - from;
	int64_t n = photo_number(core->journal, rec, &photo->part, by);
	enum pmj_code rc;

	*later = false;
	/* An earlier try was cut off behind it; or the hub is to have it again. */
	if (n != 0)
		return core->hub == NULL ? device_photo_again(core->journal, core->sync, n, err)
		                         : PMJ_OK;
	if (photo->part.part == photo->part.parts &&
	    ((rc = photo_read_ahead(core->journal, &photo->sum, rec, photo->part.hash, by,
	          photo->part.parts - 1, photo_step_end(core), later, err)) != PMJ_OK ||
	        *later))
		return rc;
	return photo_put_part(core, rec, &photo->part, photo->bytes.bytes + from,
	    left < PHOTO_PART_BYTES ? left : PHOTO_PART_BYTES, err);
}

static enum pmj_code
photo_some_parts(struct core *core, const uint8_t *rec, struct pmj_error *err)
{
	struct photo *photo = core->photo;
	enum pmj_code rc = PMJ_OK;
	bool later = false;

	for (int put = 0; photo->part.part <= photo->part.parts && put < PARTS_A_STEP; put++) {
		/* In a step of its own. */
		if (photo->part.part == photo->part.parts && put > 0)
			break;
		if ((rc = photo_next_part(core, rec, &later, err)) != PMJ_OK || later)
			break;
		photo->part.part++;
	}
	return rc;
}

/* All are kept, by an earlier try: are they read? */
static enum pmj_code
photo_some_read(struct core *core, const uint8_t *rec, struct pmj_error *err)
{
	struct photo *photo = core->photo;
	const uint8_t *by = ring_device_id(core->ring);
	struct photo_copy copy;
	enum pmj_code rc;
	bool more;

	if ((rc = photo_copy(core->journal, &copy, rec, photo->part.hash, by, err)) != PMJ_OK)
		return rc;
	if ((photo->whole = copy.whole))
		return PMJ_OK;
	if (copy.here == photo->part.parts &&
	    ((rc = photo_judge(core->journal, &photo->sum, rec, photo->part.hash, by,
	          photo->part.parts, photo_step_end(core), &more, &photo->whole, err)) != PMJ_OK ||
	        photo->whole || more))
		return rc == PMJ_OK && photo->whole && core->hub != NULL
		           ? hub_photo_taken(core->hub, rec, err)
		           : rc;
	/* What does not give its hash was dropped. */
	(void)pmj_fail(
	    err, PMJ_INTEGRITY, "the photo came out of the journal otherwise than it was kept");
	pmj_hint(err, "keep it once more; if it stays so, the disk may be failing: pamoja verify");
	photo->part.parts = 0;
	return PMJ_OK;
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
	rc = photo->part.part <= photo->part.parts ? photo_some_parts(core, rec, err)
	                                           : photo_some_read(core, rec, err);
	if (rc != PMJ_OK) {
		journal_rollback(core->journal);
		return rc;
	}
	if ((rc = journal_commit(core->journal, err)) != PMJ_OK)
		return rc;
	if (photo->part.parts == 0)
		return err->code;
	if (!photo->whole) {
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
