#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_plain.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"

const struct json_limits json_limits_entry = {
    PMJ_JSON_DEPTH_MAX, PMJ_JSON_KEYS_MAX, PMJ_JSON_STRING_MAX, PMJ_LINE_WRAPPED_MAX};
const struct json_limits json_limits_api = {
    PMJ_JSON_DEPTH_MAX, 4096, PMJ_HTTP_BODY_MAX, PMJ_HTTP_BODY_MAX};

/* Depth is checked before jansson recurses into what came from outside. */
static enum pmj_code
check_depth(const char *bytes, size_t len, size_t most, struct pmj_error *err)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > most)
				return pmj_fail(err, PMJ_INVALID,
				    "JSON nested deeper than %zu at byte %zu", most, i);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return PMJ_OK;
}

static enum pmj_code check_value(
    const json_t *value, const char *key, const struct json_limits *limits, struct pmj_error *err);

static enum pmj_code
check_members(const json_t *value, const struct json_limits *limits, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	json_t *member;
	const char *key;
	size_t index;

	if (json_is_object(value)) {
		if (json_object_size(value) > limits->keys)
			return pmj_fail(
			    err, PMJ_INVALID, "JSON object with more than %zu keys", limits->keys);
		json_object_foreach((json_t *)value, key, member)
		{
			if ((rc = check_value(member, key, limits, err)) != PMJ_OK)
				return rc;
		}
		return PMJ_OK;
	}
	json_array_foreach(value, index, member)
	{
		if ((rc = check_value(member, "", limits, err)) != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}

static enum pmj_code
check_value(
    const json_t *value, const char *key, const struct json_limits *limits, struct pmj_error *err)
{
	size_t most;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return check_members(value, limits, err);
	case JSON_STRING:
		most = strcmp(key, "line") == 0 ? limits->line : limits->string;
		if (json_string_length(value) > most)
			return pmj_fail(err, PMJ_INVALID,
			    "JSON string longer than %zu bytes under \"%.40s\"", most, key);
		return PMJ_OK;
	case JSON_INTEGER:
		if (json_integer_value(value) > PMJ_JSON_INT_MAX ||
		    json_integer_value(value) < -PMJ_JSON_INT_MAX)
			return pmj_fail(
			    err, PMJ_INVALID, "JSON number out of range under \"%.40s\"", key);
		return PMJ_OK;
	case JSON_REAL:
		return pmj_fail(
		    err, PMJ_INVALID, "JSON number with a fraction under \"%.40s\"", key);
	default:
		return PMJ_OK;
	}
}

enum pmj_code
json_read(json_t **out, const char *bytes, size_t len, const struct json_limits *limits,
    struct pmj_error *err)
{
	json_error_t at;
	enum pmj_code rc;
	json_t *value;

	if ((*out = json_plain(bytes, len, limits)) != NULL)
		return PMJ_OK;
	if ((rc = check_depth(bytes, len, limits->depth, err)) != PMJ_OK)
		return rc;
	value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (value == NULL)
		return pmj_fail(
		    err, PMJ_INVALID, "not JSON at byte %d: %.100s", at.position, at.text);
	if ((rc = check_value(value, "", limits, err)) != PMJ_OK) {
		json_decref(value);
		return rc;
	}
	*out = value;
	return PMJ_OK;
}

enum pmj_code
json_read_foreign(json_t **out, const char *bytes, size_t len, struct pmj_error *err)
{
	json_error_t at;
	enum pmj_code rc = check_depth(bytes, len, 32, err);

	*out = NULL;
	if (rc != PMJ_OK)
		return rc;
	if ((*out = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &at)) != NULL)
		return PMJ_OK;
	return pmj_fail(err, PMJ_INVALID, "not JSON at byte %d, line %d: %.100s", at.position,
	    at.line, at.text);
}

static int
put_chunk(const char *bytes, size_t len, void *ctx)
{
	buf_put(ctx, bytes, len);
	return 0;
}

static void
put_dumped(struct buf *out, const json_t *value)
{
	(void)json_dump_callback(value, put_chunk, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* What needs an escape is left to jansson. */
static void
put_string(struct buf *out, const char *text, size_t len)
{
	size_t plain = 0;
	json_t *value;

	while (plain < len && (uint8_t)text[plain] >= 0x20 && text[plain] != '"' &&
	       text[plain] != '\\')
		plain++;
	if (plain == len) {
		buf_put_u8(out, '"');
		buf_put(out, text, len);
		buf_put_u8(out, '"');
		return;
	}
	value = json_stringn_nocheck(text, len);
	put_dumped(out, value);
	json_decref(value);
}

static void
put_object(struct buf *out, const json_t *value)
{
	const char *before = "";
	json_t *member;
	const char *key;

	buf_put_u8(out, '{');
	json_object_foreach((json_t *)value, key, member)
	{
		buf_put_text(out, before);
		put_string(out, key, strlen(key));
		buf_put_u8(out, ':');
		json_put(out, member);
		before = ",";
	}
	buf_put_u8(out, '}');
}

/* By hand: jansson's own writer looks for loops at every object and array, which costs more than
 * the writing. Nothing of ours is a loop: it was read, or was made member by member. */
void
json_put(struct buf *out, const json_t *value)
{
	if (value == NULL) /* nothing to be said */
		return;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(out, value);
		break;
	case JSON_ARRAY:
		buf_put_u8(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++) {
			buf_put_text(out, i > 0 ? "," : "");
			json_put(out, json_array_get(value, i));
		}
		buf_put_u8(out, ']');
		break;
	case JSON_STRING:
		put_string(out, json_string_value(value), json_string_length(value));
		break;
	default:
		put_dumped(out, value);
		break;
	}
}

char *
json_text(const json_t *value)
{
	struct buf out;

	buf_init(&out, 0);
	json_put(&out, value);
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}

char *
json_text_indented(const json_t *value)
{
	struct buf out;

	buf_init(&out, 0);
	(void)json_dump_callback(value, put_chunk, &out, JSON_INDENT(2) | JSON_ENCODE_ANY);
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}

const char *
json_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t
json_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool
json_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const json_t *
json_obj(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_object(value) ? value : NULL;
}

const json_t *
json_arr(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_array(value) ? value : NULL;
}

json_t *
json_hex(const uint8_t *bytes, size_t count)
{
	char *text = mem_new(2 * count + 1);
	json_t *value = json_string(text_hex(text, bytes, count));

	free(text);
	return value;
}

bool
json_unhex(const json_t *object, const char *key, uint8_t *out, size_t count)
{
	const char *text = json_str(object, key);

	return text != NULL && text_unhex(out, count, text);
}

const char *
json_stranger(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)object, key, member)
	{
		const char *const *at = known;

		while (*at != NULL && strcmp(*at, key) != 0)
			at++;
		if (*at == NULL)
			return key;
	}
	return NULL;
}
