#include "cli/fields.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "cli/term.h"

/* field=value, len bytes of it. */
static enum pmj_code
put_pair(json_t *to, const char *pair, size_t len, struct pmj_error *err)
{
	const char *equals = memchr(pair, '=', len);
	json_t *value, *old;
	char name[64];
	size_t name_len;

	if (equals == NULL || equals == pair || (size_t)(equals - pair) >= sizeof(name)) {
		(void)pmj_fail(
		    err, PMJ_USAGE, "\"%.*s\" is not FIELD=VALUE", len < 60 ? (int)len : 60, pair);
		pmj_hint(err, "write for example name=\"Juma K.\"; add --help to see the fields");
		return PMJ_USAGE;
	}
	name_len = (size_t)(equals - pair);
	memcpy(name, pair, name_len);
	name[name_len] = '\0';
	if (!text_is_utf8(pair, len)) {
		(void)pmj_fail(err, PMJ_INVALID, "this text is not UTF-8");
		return PMJ_INVALID;
	}
	value = json_stringn(equals + 1, len - name_len - 1);
	old = json_object_get(to, name);
	if (old == NULL)
		(void)json_object_set_new(to, name, value);
	else if (json_is_array(old))
		(void)json_array_append_new(old, value);
	else
		(void)json_object_set_new(to, name, json_pack("[o, o]", json_incref(old), value));
	return PMJ_OK;
}

enum pmj_code
fields_read(json_t **out, const char *text, size_t len, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	size_t at = 0, end;

	*out = NULL;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3; /* which some editors write first */
	while (at < len && isspace((unsigned char)text[at]))
		at++;
	if (at < len && text[at] == '{')
		return json_read(out, text + at, len - at, &json_limits_entry, err);
	*out = json_object();
	for (; at < len && rc == PMJ_OK; at = end + 1) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t stop;

		end = newline != NULL ? (size_t)(newline - text) : len;
		while (at < end && isspace((unsigned char)text[at]))
			at++;
		stop = end;
		while (stop > at && isspace((unsigned char)text[stop - 1]))
			stop--;
		if (stop > at)
			rc = put_pair(*out, text + at, stop - at, err);
	}
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum pmj_code
fields_take(json_t **out, const struct args *args, size_t from, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	struct buf input;

	if (args->count == from + 1 && strcmp(args->words[from], "-") == 0) {
		*out = NULL;
		buf_init(&input, 0);
		rc = term_slurp(&input, "-", FIELDS_INPUT_MAX, err);
		if (rc == PMJ_OK)
			rc = fields_read(out, buf_text(&input), input.len, err);
		buf_wipe(&input);
		return rc;
	}
	*out = json_object();
	for (size_t i = from; i < args->count && rc == PMJ_OK; i++)
		rc = put_pair(*out, args->words[i], strlen(args->words[i]), err);
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
