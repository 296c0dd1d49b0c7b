/* line.c - the line of 5.1, read strictly and written once. */
#include "domain/line.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "domain/kind.h"
#include "domain/value.h"

#define STAMP_MAX ((INT64_C(1) << 48) - 1)
#define NONCE_BYTES 16
#define VOUCH_BYTES 16

/* Members of the line of a record; a control line has more, which its reader judges. `vouch` is a
 * word of the hub to itself, in lines of its own (log/vouch). */
static const char *const members[] = {
    "v", "n", "kind", "kv", "rec", "by", "at", "rv", "set", "was", "do", "knows", "vouch", NULL};

bool
line_is_control(const char *kind)
{
	return strncmp(kind, "ctl.", 4) == 0 || strncmp(kind, "bak.", 4) == 0;
}

static bool
wraps(const char *kind)
{
	return strcmp(kind, "ctl.fwd") == 0 || strcmp(kind, "ctl.return") == 0;
}

static enum pmj_code
bad(struct pmj_error *err, const char *what)
{
	return pmj_fail(err, PMJ_INVALID, "not a line: %s", what);
}

static bool
is_count(const json_t *value, int64_t least, int64_t most)
{
	return json_is_integer(value) && json_integer_value(value) >= least &&
	       json_integer_value(value) <= most;
}

static bool
is_version(const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == 2 * (size_t)PMJ_VERSION_BYTES &&
	       strspn(text, "0123456789abcdef") == 2 * (size_t)PMJ_VERSION_BYTES;
}

static bool
are_versions(const json_t *list)
{
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!is_version(json_array_get(list, i)))
			return false;
	return true;
}

static bool
is_vouch(const json_t *value)
{
	const char *text = json_string_value(value);
	uint8_t bytes[VOUCH_BYTES];

	return value == NULL || (text != NULL && text_unbase64(bytes, sizeof(bytes), text));
}

static bool
is_line_verb(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	return len > 0 && len <= KIND_NAME_MAX && text[0] >= 'a' && text[0] <= 'z' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* v, n, kind, by, at: what every line has. */
static enum pmj_code
read_entry_head(struct entry *out, struct pmj_error *err)
{
	const json_t *json = out->json;
	const json_t *at = json_object_get(json, "at");
	const char *n = json_str(json, "n");
	const char *by = json_str(json, "by");
	uint8_t nonce[NONCE_BYTES];

	if (!is_count(json_object_get(json, "v"), 1, 1))
		return bad(err, "v must be 1");
	if (n == NULL || !text_unbase64(nonce, sizeof(nonce), n))
		return bad(err, "n must be 16 bytes in base64url");
	if (by == NULL || strlen(by) != 2 * (size_t)PMJ_DEVICE_BYTES ||
	    strspn(by, "0123456789abcdef") != strlen(by) ||
	    !text_unhex(out->by, PMJ_DEVICE_BYTES, by))
		return bad(err, "by must be a device id, 32 lower-case hex digits");
	if (!json_is_array(at) || json_array_size(at) != 2 ||
	    !is_count(json_array_get(at, 0), 0, STAMP_MAX) ||
	    !is_count(json_array_get(at, 1), 0, UINT16_MAX))
		return bad(err, "at must be [milliseconds, counter]");
	out->pt = json_integer_value(json_array_get(at, 0));
	out->counter = (uint16_t)json_integer_value(json_array_get(at, 1));
	out->rv = json_int(json, "rv", 0);
	out->kv = json_int(json, "kv", 0);
	return PMJ_OK;
}

static enum pmj_code
read_rec(struct entry *out, struct pmj_error *err)
{
	const json_t *rec = json_object_get(out->json, "rec");

	out->makes = rec == NULL && !out->control;
	out->has_rec = rec != NULL || out->makes;
	if (rec == NULL) {
		if (out->makes)
			memcpy(out->rec, out->e, PMJ_RECORD_BYTES);
		return PMJ_OK;
	}
	if (!value_is_id(rec))
		return bad(err, "rec must be a record id, 16 lower-case characters");
	if (!text_unbase32(out->rec, PMJ_RECORD_BYTES, json_string_value(rec), PMJ_RECORD_CHARS))
		return bad(err, "rec must be a record id");
	return PMJ_OK;
}

static enum pmj_code
read_set(struct entry *out, struct pmj_error *err)
{
	json_t *set = json_object_get(out->json, "set");
	json_t *value;
	const char *name;

	if (!json_is_object(set) || json_object_size(set) == 0)
		return bad(err, "set must hold at least one field");
	json_object_foreach(set, name, value)
	{
		if (!kind_is_name(name))
			return bad(err, "a field's name in set is not one");
		if (!value_is_legal(value))
			return bad(err, "a value in set is of no kind that a line may hold");
		if (strcmp(name, "state") == 0 &&
		    (!json_is_string(value) || !kind_is_name(json_string_value(value))))
			return bad(err, "state must be the name of a state");
		if (strcmp(name, "voided") == 0 && !json_is_boolean(value))
			return bad(err, "voided must be true or false");
	}
	out->set = set;
	return PMJ_OK;
}

static enum pmj_code
read_was(struct entry *out, struct pmj_error *err)
{
	json_t *was = json_object_get(out->json, "was");
	json_t *list;
	const char *name;

	if (was == NULL)
		return PMJ_OK;
	if (!json_is_object(was) || (out->makes && json_object_size(was) > 0))
		return bad(err, "was must be an object, and empty where a record is made");
	json_object_foreach(was, name, list)
	{
		if (json_object_get(out->set, name) == NULL)
			return bad(err, "was names a field that is not set");
		if (!are_versions(list))
			return bad(err, "was must list versions, 32 hex digits each");
	}
	out->was = was;
	return PMJ_OK;
}

/* What only the line of a record has. */
static enum pmj_code
read_record(struct entry *out, struct pmj_error *err)
{
	const json_t *json = out->json;
	const json_t *verb = json_object_get(json, "do");
	const char *stranger = json_stranger(json, members);
	enum pmj_code rc;

	if (stranger != NULL)
		return pmj_fail(err, PMJ_INVALID, "not a line: it has no member %.40s", stranger);
	if (!is_count(json_object_get(json, "kv"), 1, INT32_MAX))
		return bad(err, "kv must be the version of a kind, from 1");
	if (!is_count(json_object_get(json, "rv"), 0, PMJ_JSON_INT_MAX))
		return bad(err, "rv must be a roster version, from 0");
	if ((rc = read_set(out, err)) != PMJ_OK || (rc = read_was(out, err)) != PMJ_OK)
		return rc;
	if (verb != NULL) {
		out->verb = json_string_value(verb);
		if (!is_line_verb(out->verb))
			return bad(err, "do must be the name of a move");
		if (out->makes || json_object_get(out->set, "state") == NULL)
			return bad(
			    err, "do must come with a state, and not where a record is made");
	}
	if (!is_vouch(json_object_get(json, "vouch")))
		return bad(err, "vouch must be 16 bytes in base64url");
	out->knows = json_object_get(json, "knows");
	if (out->knows != NULL && !are_versions(out->knows))
		return bad(err, "knows must list versions, 32 hex digits each");
	return PMJ_OK;
}

static enum pmj_code
read_kind(struct entry *out, size_t len, struct pmj_error *err)
{
	if (!json_is_object(out->json))
		return bad(err, "it is no JSON object");
	out->kind = json_str(out->json, "kind");
	if (out->kind == NULL)
		return bad(err, "it has no kind");
	out->control = line_is_control(out->kind);
	if (!kind_is_name(out->control ? out->kind + 4 : out->kind))
		return bad(err, "its kind has no possible name");
	if (len > (wraps(out->kind) ? PMJ_LINE_WRAPPED_MAX : PMJ_LINE_MAX))
		return pmj_fail(err, PMJ_INVALID, "not a line: %zu bytes are too many", len);
	return PMJ_OK;
}

enum pmj_code
line_read(struct entry *out, const char *bytes, size_t len, const uint8_t e[static PMJ_ENTRY_BYTES],
    struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	memcpy(out->e, e, PMJ_ENTRY_BYTES);
	if (len > PMJ_LINE_WRAPPED_MAX)
		return pmj_fail(err, PMJ_INVALID, "not a line: %zu bytes are too many", len);
	if (memchr(bytes, '\n', len) != NULL)
		return bad(err, "it holds a line end");
	if ((rc = json_read(&out->json, bytes, len, &json_limits_entry, err)) != PMJ_OK)
		return rc;
	if ((rc = read_kind(out, len, err)) == PMJ_OK &&
	    (rc = read_entry_head(out, err)) == PMJ_OK && (rc = read_rec(out, err)) == PMJ_OK &&
	    !out->control)
		rc = read_record(out, err);
	if (rc != PMJ_OK)
		entry_close(out);
	return rc;
}

void
entry_close(struct entry *entry)
{
	json_decref(entry->json);
	memset(entry, 0, sizeof(*entry));
}

void
entry_stub(struct entry *out, const uint8_t e[static PMJ_ENTRY_BYTES], const char *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    int64_t pt, uint16_t counter, json_t *was)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->e, e, PMJ_ENTRY_BYTES);
	memcpy(out->rec, rec, PMJ_RECORD_BYTES);
	memcpy(out->by, by, PMJ_DEVICE_BYTES);
	out->json = json_object();
	(void)json_object_set_new(out->json, "kind", json_string(kind));
	(void)json_object_set_new(out->json, "was", was);
	out->kind = json_str(out->json, "kind");
	out->was = json_object_get(out->json, "was");
	out->makes = memcmp(e, rec, PMJ_RECORD_BYTES) == 0;
	out->has_rec = true;
	out->pt = pt;
	out->counter = counter;
	out->stub = true;
}

static void
put_member(json_t *line, const char *key, const json_t *value)
{
	if (value != NULL)
		(void)json_object_set(line, key, (json_t *)value);
}

void
line_write(struct buf *out, const struct line_draft *draft)
{
	json_t *line = json_object();
	bool control = line_is_control(draft->kind);
	char text[PMJ_RECORD_CHARS * 2];
	json_t *value;
	const char *key;

	(void)json_object_set_new(line, "v", json_integer(1));
	(void)json_object_set_new(
	    line, "n", json_string(text_base64(text, draft->n, sizeof(draft->n))));
	(void)json_object_set_new(line, "kind", json_string(draft->kind));
	if (!control)
		(void)json_object_set_new(line, "kv", json_integer(draft->kv));
	if (draft->rec != NULL)
		(void)json_object_set_new(
		    line, "rec", json_string(text_base32(text, draft->rec, PMJ_RECORD_BYTES)));
	(void)json_object_set_new(line, "by", json_hex(draft->by, PMJ_DEVICE_BYTES));
	(void)json_object_set_new(
	    line, "at", json_pack("[I, i]", (json_int_t)draft->pt, (int)draft->counter));
	if (draft->rv >= 0)
		(void)json_object_set_new(line, "rv", json_integer(draft->rv));
	put_member(line, "set", draft->set);
	if (json_object_size(draft->was) > 0)
		put_member(line, "was", draft->was);
	if (draft->verb != NULL)
		(void)json_object_set_new(line, "do", json_string(draft->verb));
	if (json_array_size(draft->knows) > 0)
		put_member(line, "knows", draft->knows);
	json_object_foreach((json_t *)draft->more, key, value) put_member(line, key, value);
	json_put(out, line);
	json_decref(line);
}

void
hlc_next(struct hlc *last, int64_t wall_ms, int64_t hub_time_ms, int64_t not_after_ms)
{
	int64_t heard = hub_time_ms < not_after_ms ? hub_time_ms : not_after_ms;
	int64_t pt = wall_ms;

	if (!(wall_ms < last->pt - DAY_MS && wall_ms >= hub_time_ms)) {
		pt = pt > last->pt ? pt : last->pt;
		pt = pt > heard ? pt : heard;
	}
	pt = pt < 0 ? 0 : pt > STAMP_MAX ? STAMP_MAX : pt;
	if (pt != last->pt) {
		last->pt = pt;
		last->counter = 0;
	} else if (last->counter < UINT16_MAX) {
		last->counter++;
	} else if (last->pt < STAMP_MAX) {
		last->pt++;
		last->counter = 0;
	}
}
