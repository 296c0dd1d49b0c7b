/* published.h - what the office publishes: the hub's signed list of files in force (`ctl.kinds`),
 * and their bytes in parts (`ctl.file`). Pure: no clock, no disk.
 *
 * List   {"p": JSON text, "g": base64url}; p = {"v":1,"time":ms,"files":[{"name","version","hash",
 *        "parts"}]}; g = SIG("pmj hub stmt v1", "files" || 00 || p) by op_sign.
 * Bytes  one zstd frame, cut into parts of at most PUBLISHED_PART_BYTES.
 * hash   H("pmj file v1", name || 00 || the file's bytes). */
#ifndef LOG_PUBLISHED_H
#define LOG_PUBLISHED_H
#include "base/buf.h"
#include "base/json.h"
#include "crypto/ring.h"

#define PUBLISHED_FILES_MAX 100
#define PUBLISHED_NAME_MAX 64 /* bytes of "kinds/NAME.ini" */
#define PUBLISHED_FILE_MAX (512 * 1024)
#define PUBLISHED_PART_BYTES 12000
#define PUBLISHED_PARTS_MAX 48 /* of so much that would not compress, and some room */

struct published_file {
	char name[PUBLISHED_NAME_MAX + 1];
	int64_t version;
	uint8_t hash[PRIM_HASH_BYTES];
	size_t parts;
};
struct published {
	struct published_file files[PUBLISHED_FILES_MAX];
	size_t count;
	int64_t time_ms;
};

/** "kinds/" or another folder of the office, then a plain name: no path leads out of it. */
bool published_name_fits(const char *name);
/** Is there one of this name? */
bool published_names(const struct published *list, const char *name);
void published_hash(
    uint8_t out[static PRIM_HASH_BYTES], const char *name, const uint8_t *bytes, size_t len);
/** The signed list; a new reference, NULL without memory. */
json_t *published_make(struct ring *ring, const struct published *list);
/** PMJ_INTEGRITY: not signed by op_pk; PMJ_INVALID: not of its form. */
PMJ_MUST_CHECK enum pmj_code published_read(struct published *out, const json_t *statement,
    const uint8_t op_pk[static 32], struct pmj_error *err);
/** The same of one that was verified when it came. */
PMJ_MUST_CHECK enum pmj_code published_read_kept(
    struct published *out, const json_t *statement, struct pmj_error *err);
/** Bytes into one frame, and back: at most PUBLISHED_FILE_MAX of them. PMJ_TOO_BIG, PMJ_INVALID. */
PMJ_MUST_CHECK enum pmj_code published_pack(
    struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code published_unpack(
    struct buf *out, const uint8_t *packed, size_t len, struct pmj_error *err);

#endif
