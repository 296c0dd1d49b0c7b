/* json_plain.h - JSON without anything odd, read several times as fast as jansson reads it. */
#ifndef BASE_JSON_PLAIN_H
#define BASE_JSON_PLAIN_H
#include "base/json.h"

/**
 * The value, if all of it is plain: no escape, no control character, keys of ASCII, whole numbers
 * of at most 15 digits, UTF-8 whole, no key twice, within the limits, nothing after it. NULL for
 * anything else, right or wrong: jansson says what it is, or what is the matter.
 */
json_t *json_plain(const char *bytes, size_t len, const struct json_limits *limits);

#endif
