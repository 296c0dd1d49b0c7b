/* photo.h - the photograph or scan of a signed paper, in parts: `ctl.file` of a record (5.1). Pure:
 * no clock, no disk.
 *
 * Line   rec; hash: BLAKE2b-256 of the whole file, hex; part: from 1; parts; bytes: base64url, at
 *        most PHOTO_PART_BYTES. All parts but the last are full.
 * Who wrote it says nothing: the parts of a file count where they give the hash that its record
 * names.
 *
 * Asked  by a laptop, of a hub whose acks say that it answers: no part, no bytes; of: who wrote the
 *        parts; ask true.
 * Told   by the hub: the same, and in place of ask lacks: the numbers of the parts that are not
 *        there, in their order; none: it has all of it, and they give the hash. */
#ifndef LOG_PHOTO_H
#define LOG_PHOTO_H
#include "base/buf.h"
#include "base/json.h"
#include "base/photo_clean.h"
#include "crypto/prim.h"
#include "pamoja/limits.h"

#define PHOTO_KIND "ctl.file"
#define PHOTO_FIELD "form_hash" /* of the record, that names it */
#define PHOTO_PART_BYTES 12000
#define PHOTO_BYTES_MAX (2 * 1024 * 1024)
#define PHOTO_PARTS_MAX ((PHOTO_BYTES_MAX + PHOTO_PART_BYTES - 1) / PHOTO_PART_BYTES)

struct photo_part {
	uint8_t hash[PRIM_HASH_BYTES];
	int64_t part, parts;
};

/** A line of one? Those without a record are files of the office (log/published). */
bool photo_is(const char *kind, bool has_rec);
/** The part that a line holds; its bytes are appended to `bytes`, which may be NULL. PMJ_INVALID.
 */
PMJ_MUST_CHECK enum pmj_code photo_read(
    struct photo_part *out, struct buf *bytes, const json_t *line, struct pmj_error *err);
/** The members of such a line; len at most PHOTO_PART_BYTES. New reference. */
json_t *photo_line(const struct photo_part *part, const uint8_t *bytes, size_t len);
/** One that is asked about, or what is told of it. */
struct photo_word {
	uint8_t hash[PRIM_HASH_BYTES], of[PMJ_DEVICE_BYTES];
	int64_t parts;
	bool asks;
	size_t lack_count;
	uint8_t lacks[PHOTO_PARTS_MAX]; /* numbers of parts */
};
/** Such a line, and no part? */
bool photo_is_word(const json_t *line);
/** PMJ_INVALID. */
PMJ_MUST_CHECK enum pmj_code photo_word_read(
    struct photo_word *out, const json_t *line, struct pmj_error *err);
/** The members of such a line, of this record. New reference. */
json_t *photo_word_line(const struct photo_word *word, const uint8_t rec[static PMJ_RECORD_BYTES]);
/** How many parts a file of so many bytes has. */
int64_t photo_parts(size_t bytes);

#endif
