/* paper.c - the signed paper of a consent: its file is read in pieces, and its hash is kept; of the
 * file itself nothing is. A photo that was kept is known again by the file it came of. */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/record_inner.h"
#include "base/mem.h"
#include "base/photo_clean.h"
#include "base/text.h"
#include "crypto/prim.h"
#include "sync/photo.h"

#define PAPER_FIELD "form_hash"
#define PAPER_PIECE_MAX (256u * 1024)

/* One at a time: another that begins takes the place of one whose client went away. */
struct paper {
	char id[33];
	struct prim_digest *digest;
	uint64_t bytes;
	struct buf held; /* what may be a photo: all of it */
};

void
core_paper_drop(struct core *core)
{
	if (core->paper == NULL)
		return;
	prim_digest_free(core->paper->digest);
	buf_wipe(&core->paper->held);
	free(core->paper);
	core->paper = NULL;
}

static void
paper_begin(struct core *core)
{
	uint8_t id[16];

	core_paper_drop(core);
	core->paper = mem_new(sizeof(*core->paper));
	core->paper->digest = prim_digest_new();
	buf_init(&core->paper->held, PHOTO_BYTES_MAX);
	core->os->random(core->os->ctx, id, sizeof(id));
	(void)text_hex(core->paper->id, id, sizeof(id));
}

static enum pmj_code
paper_add(const struct call *call, struct pmj_error *err)
{
	const char *text;
	struct buf bytes;
	enum pmj_code rc = call_text(call, &text, "bytes", err);

	if (rc != PMJ_OK)
		return rc;
	buf_init(&bytes, PAPER_PIECE_MAX);
	if (!text_unbase64_buf(&bytes, text) || bytes.failed != PMJ_OK)
		rc = pmj_fail(err, PMJ_INVALID, "\"bytes\" is not base64, or more than %u bytes",
		    PAPER_PIECE_MAX);
	else
		prim_digest_add(call->core->paper->digest, bytes.bytes, bytes.len);
	if (rc == PMJ_OK && json_flag(call->body, "check"))
		buf_put(&call->core->paper->held, bytes.bytes, bytes.len);
	call->core->paper->bytes += bytes.len;
	buf_wipe(&bytes);
	return rc;
}

/* The hash that `consent photo` of this file notes; "" where it would keep none. */
static void
paper_as_photo(char out[static 2 * PRIM_HASH_BYTES + 1], const struct buf *held)
{
	struct buf clean;

	*out = '\0';
	buf_init(&clean, PHOTO_BYTES_MAX + PHOTO_CLEAN_MORE);
	if (held->failed == PMJ_OK && photo_clean(&clean, held->bytes, held->len, NULL) == PMJ_OK)
		photo_hash_text(out, &clean);
	buf_wipe(&clean);
}

/* Is it the paper of the record? Of hashes in conflict each is. */
static enum pmj_code
paper_check(const struct call *call, json_t **out, const struct record_full *record,
    const char *hash, struct pmj_error *err)
{
	const struct merge_field *field = merge_field(&record->merged, PAPER_FIELD);
	char photo[2 * PRIM_HASH_BYTES + 1];
	bool any = false, same = false;

	paper_as_photo(photo, &call->core->paper->held);
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		const char *kept = json_string_value(field->values[i].value);

		any = any || (kept != NULL && *kept != '\0');
		same = same || (kept != NULL && *kept != '\0' &&
		                   (strcmp(kept, hash) == 0 || strcmp(kept, photo) == 0));
	}
	if (!any) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "no paper was noted for this consent");
		pmj_hint(err, "note it: pamoja consent paper %s FILE", call->part[0]);
		return PMJ_NOT_FOUND;
	}
	*out = call_id(call, record->merged.rec);
	(void)json_object_set_new(*out, PAPER_FIELD, json_string(hash));
	(void)json_object_set_new(*out, "same", json_boolean(same));
	return PMJ_OK;
}

/* As any other change of it. */
static enum pmj_code
paper_keep(const struct call *call, json_t **out, const struct record_full *record,
    const char *hash, struct pmj_error *err)
{
	const char *before = json_string_value(merge_shown(&record->merged, PAPER_FIELD));
	bool another = before != NULL && *before != '\0' && strcmp(before, hash) != 0;
	struct call edit = *call;
	enum pmj_code rc;

	edit.body = json_pack("{s:{s:s}}", "fields", PAPER_FIELD, hash);
	if ((rc = record_edit(&edit, out, err)) == PMJ_OK) {
		(void)json_object_set_new(*out, PAPER_FIELD, json_string(hash));
		(void)json_object_set_new(*out, "another", json_boolean(another));
	}
	json_decref((json_t *)edit.body);
	return rc;
}

static enum pmj_code
paper_end(
    const struct call *call, json_t **out, const struct record_full *record, struct pmj_error *err)
{
	uint8_t bytes[PRIM_HASH_BYTES];
	char hash[2 * PRIM_HASH_BYTES + 1];
	enum pmj_code rc;

	if (call->core->paper->bytes == 0) {
		rc = pmj_fail(err, PMJ_INVALID, "the file is empty");
		pmj_hint(err, "name the scan or photograph of the signed paper");
		return rc;
	}
	prim_digest_end(call->core->paper->digest, bytes);
	(void)text_hex(hash, bytes, sizeof(bytes));
	if (json_flag(call->body, "check"))
		return paper_check(call, out, record, hash, err);
	return paper_keep(call, out, record, hash, err);
}

enum pmj_code
record_paper(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct record_full record = {.row_count = 0};
	const char *id = json_str(call->body, "paper");
	const struct kind *kind;
	uint8_t rec[PMJ_RECORD_BYTES];
	enum pmj_code rc;

	if ((rc = record_open(call, &record, &kind, rec, err)) != PMJ_OK)
		goto out;
	if (kind_field(kind, PAPER_FIELD) == NULL) {
		rc = pmj_fail(err, PMJ_USAGE, "a %s has no signed paper", kind->name);
		pmj_hint(err, "name a consent: pamoja consent list shows the ids");
		goto out;
	}
	if (id == NULL) {
		paper_begin(core);
	} else if (core->paper == NULL || strcmp(core->paper->id, id) != 0) {
		rc = pmj_fail(err, PMJ_NOT_FOUND,
		    "reading this paper was given up meanwhile; nothing was changed");
		pmj_hint(err, "begin again: pamoja consent paper ID FILE");
		goto out;
	}
	if ((rc = paper_add(call, err)) != PMJ_OK || !json_flag(call->body, "end")) {
		if (rc == PMJ_OK)
			*out = json_pack("{s:s}", "paper", core->paper->id);
		else
			core_paper_drop(core);
		goto out;
	}
	rc = paper_end(call, out, &record, err);
	core_paper_drop(core);
out:
	record_full_close(&record);
	return rc;
}

#define ROOM_MB 8 /* of the disk stay for records */

enum pmj_code
paper_fits(const struct core *core, size_t bytes, struct pmj_error *err)
{
	int64_t needs = (int64_t)(3 * bytes) / 1000000 + 1 + ROOM_MB, has; /* in the WAL, too */
	struct statvfs disk;

	if (statvfs(core->home, &disk) != 0)
		return PMJ_OK;
	has = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize / 1000000;
	if (has >= needs)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_FULL,
	    "the photo asks for %lld MB of the disk, and %lld MB are free", (long long)needs,
	    (long long)has);
	pmj_hint(err, "make room on the disk, then try again; nothing was changed");
	return PMJ_FULL;
}
