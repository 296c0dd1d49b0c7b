/* json.h - the one door to jansson. Everything from outside is read by json_read, with the limits
 * of section 13. */
#ifndef BASE_JSON_H
#define BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_limits {
	size_t depth;  /* nesting of objects and arrays */
	size_t keys;   /* of one object */
	size_t string; /* bytes of one string */
	size_t line;   /* bytes of a string under the key "line" */
};
extern const struct json_limits json_limits_entry; /* 8, 128, 16 KiB, 130 KiB */
extern const struct json_limits json_limits_api;   /* the same, 4096 keys, strings up to 1 MiB */

/**
 * Read one JSON document strictly: UTF-8, no NUL, no duplicate key, integers |n| < 2^53 only (no
 * reals), within the limits; nothing may follow. Any JSON value is taken at top level when any_top.
 * Errors PMJ_INVALID, with the byte position. The caller decrefs *out.
 */
PMJ_MUST_CHECK enum pmj_code json_read(json_t **out, const char *bytes, size_t len,
    const struct json_limits *limits, struct pmj_error *err);
/** A document that others wrote for others, with all that JSON allows: fractions, any names. Nested
 * at most 32 deep, no key twice. */
PMJ_MUST_CHECK enum pmj_code json_read_foreign(
    json_t **out, const char *bytes, size_t len, struct pmj_error *err);
/** Compact text in insertion order, UTF-8 kept, into out. */
void json_put(struct buf *out, const json_t *value);
/** Caller frees. */
char *json_text(const json_t *value);
/** Pretty, for people and `--json`. Caller frees. */
char *json_text_indented(const json_t *value);

/** NULL or default when the key is absent or of another type. */
const char *json_str(const json_t *object, const char *key);
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);
bool json_flag(const json_t *object, const char *key);
const json_t *json_obj(const json_t *object, const char *key);
const json_t *json_arr(const json_t *object, const char *key);
/** Hex of bytes as a string value, and back (exactly count bytes). */
json_t *json_hex(const uint8_t *bytes, size_t count);
bool json_unhex(const json_t *object, const char *key, uint8_t *out, size_t count);
/** Only these keys may be there (NULL ended list); else the name of the first stranger, or NULL. */
const char *json_stranger(const json_t *object, const char *const *known);

#endif
