#include "base/json_plain.h"

#include <string.h>

#define DIGITS_MAX 15 /* below 2^53 whatever they are */

struct plain {
	const char *at, *end;
	const struct json_limits *limits;
	size_t depth;
};

static json_t *read_value(struct plain *in, size_t string_max);

static void
skip_space(struct plain *in)
{
	while (in->at < in->end &&
	       (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r'))
		in->at++;
}

static bool
take(struct plain *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool
take_word(struct plain *in, const char *word, size_t len)
{
	if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
		return false;
	in->at += len;
	return true;
}

/* Between two quotes, the first of which was taken. *ascii: no byte above it. */
static const char *
take_string(struct plain *in, size_t *len, bool *ascii)
{
	const char *text = in->at;
	uint8_t all = 0;

	while (in->at < in->end && *in->at != '"') {
		uint8_t c = (uint8_t)*in->at++;

		if (c < 0x20 || c == '\\')
			return NULL;
		all |= c;
	}
	*len = (size_t)(in->at - text);
	*ascii = (all & 0x80) == 0;
	return take(in, '"') ? text : NULL;
}

static json_t *
read_string(struct plain *in, size_t most)
{
	const char *text;
	size_t len;
	bool ascii;

	if ((text = take_string(in, &len, &ascii)) == NULL || len > most)
		return NULL;
	return ascii ? json_stringn_nocheck(text, len) : json_stringn(text, len);
}

static json_t *
read_integer(struct plain *in)
{
	bool minus = take(in, '-');
	const char *from = in->at;
	json_int_t value = 0;
	size_t digits = 0;

	while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
		if (++digits > DIGITS_MAX)
			return NULL;
		value = value * 10 + (*in->at++ - '0');
	}
	if (digits == 0 || (*from == '0' && (digits > 1 || minus)))
		return NULL;
	if (in->at < in->end && (*in->at == '.' || *in->at == 'e' || *in->at == 'E'))
		return NULL;
	return json_integer(minus ? -value : value);
}

static bool
read_member(struct plain *in, json_t *object)
{
	size_t len, count = json_object_size(object);
	const char *key;
	json_t *value;
	bool ascii;

	if (!take(in, '"') || (key = take_string(in, &len, &ascii)) == NULL || !ascii)
		return false;
	skip_space(in);
	if (!take(in, ':'))
		return false;
	skip_space(in);
	value = read_value(
	    in, len == 4 && memcmp(key, "line", 4) == 0 ? in->limits->line : in->limits->string);
	return value != NULL && json_object_setn_new_nocheck(object, key, len, value) == 0 &&
	       json_object_size(object) == count + 1 && count < in->limits->keys;
}

static json_t *
read_object(struct plain *in)
{
	json_t *object = json_object();

	skip_space(in);
	if (take(in, '}'))
		return object;
	do {
		skip_space(in);
		if (!read_member(in, object))
			goto odd;
		skip_space(in);
	} while (take(in, ','));
	if (take(in, '}'))
		return object;
odd:
	json_decref(object);
	return NULL;
}

static json_t *
read_array(struct plain *in)
{
	json_t *array = json_array();

	skip_space(in);
	if (take(in, ']'))
		return array;
	do {
		skip_space(in);
		if (json_array_append_new(array, read_value(in, in->limits->string)) != 0)
			goto odd;
		skip_space(in);
	} while (take(in, ','));
	if (take(in, ']'))
		return array;
odd:
	json_decref(array);
	return NULL;
}

static json_t *
read_nested(struct plain *in, json_t *(*read)(struct plain *))
{
	json_t *value;

	in->at++;
	if (++in->depth > in->limits->depth)
		return NULL;
	value = read(in);
	in->depth--;
	return value;
}

static json_t *
read_value(struct plain *in, size_t string_max)
{
	if (in->at == in->end)
		return NULL;
	switch (*in->at) {
	case '"':
		in->at++;
		return read_string(in, string_max);
	case '{':
		return read_nested(in, read_object);
	case '[':
		return read_nested(in, read_array);
	case 't':
		return take_word(in, "true", 4) ? json_true() : NULL;
	case 'f':
		return take_word(in, "false", 5) ? json_false() : NULL;
	case 'n':
		return take_word(in, "null", 4) ? json_null() : NULL;
	default:
		return read_integer(in);
	}
}

json_t *
json_plain(const char *bytes, size_t len, const struct json_limits *limits)
{
	struct plain in = {.at = bytes, .end = bytes + len, .limits = limits};
	json_t *value;

	skip_space(&in);
	value = read_value(&in, limits->string);
	skip_space(&in);
	if (value != NULL && in.at != in.end) {
		json_decref(value);
		return NULL;
	}
	return value;
}
