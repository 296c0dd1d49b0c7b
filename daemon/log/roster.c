#include "log/roster.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SIGNATURES_MAX 8
#define SIG_LABEL "pmj rost sig v1"
#define NAME_BYTES_MAX 256

/* Members of the operations of 7.2. What is not named here may be there too, and operations of a
 * newer hub are taken as they are: the chain must go on. */
enum member_type {
	MEMBER_HEX16,
	MEMBER_HEX32,
	MEMBER_RECORD,
	MEMBER_ROLE,
	MEMBER_NUMBER,
	MEMBER_TEXT
};
struct member {
	const char *op;
	const char *name;
	enum member_type type;
};
static const struct member members[] = {
    {"enrol", "device", MEMBER_HEX16},
    {"enrol", "sign_pk", MEMBER_HEX32},
    {"enrol", "role", MEMBER_ROLE},
    {"enrol", "name", MEMBER_TEXT},
    {"seal", "device", MEMBER_HEX16},
    {"seal", "epoch", MEMBER_NUMBER},
    {"seal", "pk", MEMBER_HEX32},
    {"role", "device", MEMBER_HEX16},
    {"role", "role", MEMBER_ROLE},
    {"assign", "person", MEMBER_RECORD},
    {"assign", "device", MEMBER_HEX16},
    {"unassign", "person", MEMBER_RECORD},
    {"unassign", "device", MEMBER_HEX16},
    {"supervise", "worker", MEMBER_HEX16},
    {"supervise", "supervisor", MEMBER_HEX16},
    {"revoke", "device", MEMBER_HEX16},
    {"suspend", "device", MEMBER_HEX16},
    {"resume", "device", MEMBER_HEX16},
    {"same", "device", MEMBER_HEX16},
    {"same", "of", MEMBER_HEX16},
    {"erase", "person", MEMBER_RECORD},
    {"erase", "cause", MEMBER_TEXT},
    {"release", "worker", MEMBER_TEXT},
    {"release", "count", MEMBER_NUMBER},
    {"end", "cause", MEMBER_TEXT},
    {"end", "until", MEMBER_TEXT},
};

static bool
role_known(const char *role)
{
	static const char *const roles[] = {
	    "peer", "ally", "volunteer", "supervisor", "coordinator"};

	for (size_t i = 0; role != NULL && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(role, roles[i]) == 0)
			return true;
	return false;
}

static bool
member_fits(const json_t *p, const struct member *member)
{
	const char *text = json_str(p, member->name);
	uint8_t bytes[32];

	switch (member->type) {
	case MEMBER_HEX16:
		return json_unhex(p, member->name, bytes, 16);
	case MEMBER_HEX32:
		return json_unhex(p, member->name, bytes, 32);
	case MEMBER_RECORD:
		return text != NULL && text_unbase32(bytes, PMJ_RECORD_BYTES, text, strlen(text));
	case MEMBER_ROLE:
		return role_known(text);
	case MEMBER_NUMBER:
		return json_int(p, member->name, -1) >= 0;
	case MEMBER_TEXT:
		return text != NULL && strlen(text) <= NAME_BYTES_MAX;
	}
	return false;
}

static bool
op_is_word(const char *op)
{
	size_t len = op != NULL ? strlen(op) : 0;

	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)op[i]) && op[i] != '_')
			return false;
	return len > 0 && len <= 32;
}

/* A device is known by its key. */
static bool
device_is_of_key(const json_t *p)
{
	uint8_t device[PMJ_DEVICE_BYTES], derived[PMJ_DEVICE_BYTES], sign_pk[32];

	if (!json_unhex(p, "device", device, sizeof(device)) ||
	    !json_unhex(p, "sign_pk", sign_pk, sizeof(sign_pk)))
		return false;
	prim_device_id(derived, sign_pk);
	return memcmp(device, derived, sizeof(device)) == 0;
}

bool
roster_members_fit(const char *op, const json_t *p)
{
	if (!op_is_word(op))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(op, members[i].op) == 0 && !member_fits(p, &members[i]))
			return false;
	return strcmp(op, "enrol") != 0 || device_is_of_key(p);
}

static enum pmj_code
members_check(const struct roster_statement *statement, struct pmj_error *err)
{

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(statement->op, members[i].op) == 0 &&
		    !member_fits(statement->p, &members[i]))
			return pmj_fail(err, PMJ_INVALID,
			    "roster statement %llu (%s): \"%s\" is missing or not of its form",
			    (unsigned long long)statement->ver, members[i].op, members[i].name);
	if (strcmp(statement->op, "enrol") == 0 && !device_is_of_key(statement->p))
		return pmj_fail(err, PMJ_INVALID,
		    "roster statement %llu (enrol): \"device\" is not the id of \"sign_pk\"",
		    (unsigned long long)statement->ver);
	return PMJ_OK;
}

static int
signature_add(
    json_t *list, struct ring *ring, enum ring_key which, const uint8_t *pk, const char *text)
{
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	uint8_t kid[PRIM_KEY_ID_BYTES];
	char sig_text[PRIM_SIGNATURE_BYTES * 2];
	json_t *one = json_object();

	ring_sign(ring, which, sig, SIG_LABEL, PRIM_PARTS({text, strlen(text)}));
	prim_sign_key_id(kid, pk);
	(void)json_object_set_new(one, "k", json_hex(kid, sizeof(kid)));
	(void)json_object_set_new(one, "g", json_string(text_base64(sig_text, sig, sizeof(sig))));
	if (json_object_size(one) != 2) {
		json_decref(one);
		return -1;
	}
	return json_array_append_new(list, one);
}

json_t *
roster_make(struct ring *ring, uint64_t ver, const uint8_t prev[static 32], int64_t time_ms,
    const json_t *fields)
{
	json_t *p = json_object();
	json_t *list = json_array();
	json_t *line = json_object();
	char *text = NULL;
	bool good;

	good = json_object_set_new(p, "v", json_integer(1)) == 0 &&
	       json_object_set_new(p, "ver", json_integer((json_int_t)ver)) == 0 &&
	       json_object_set_new(p, "prev", json_hex(prev, 32)) == 0 &&
	       json_object_set_new(p, "time", json_integer(time_ms)) == 0 &&
	       json_object_update_missing(p, (json_t *)fields) == 0;
	text = good ? json_text(p) : NULL;
	good = text != NULL && strlen(text) <= PMJ_STATEMENT_MAX &&
	       signature_add(list, ring, RING_KEY_OP, ring_op_pk(ring), text) == 0 &&
	       signature_add(list, ring, RING_KEY_DEVICE, ring_sign_pk(ring), text) == 0 &&
	       json_object_set_new(line, "p", json_string(text)) == 0 &&
	       json_object_set(line, "s", list) == 0;
	free(text);
	json_decref(p);
	json_decref(list);
	if (!good) {
		json_decref(line);
		return NULL;
	}
	return line;
}

/* Did this key sign text? */
static bool
signed_by(const json_t *signatures, const char *text, size_t len, const uint8_t pk[static 32])
{
	uint8_t kid[PRIM_KEY_ID_BYTES];
	uint8_t named[PRIM_KEY_ID_BYTES];
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	const json_t *one;
	size_t i;

	prim_sign_key_id(kid, pk);
	json_array_foreach(signatures, i, one)
	{
		const char *g = json_str(one, "g");

		if (g != NULL && json_unhex(one, "k", named, sizeof(named)) &&
		    memcmp(named, kid, sizeof(kid)) == 0 && text_unbase64(sig, sizeof(sig), g) &&
		    prim_verify(sig, SIG_LABEL, pk, PRIM_PARTS({text, len})) == 0)
			return true;
	}
	return false;
}

bool
roster_signed_by(const struct roster_statement *statement, const uint8_t sign_pk[static 32])
{
	return signed_by(statement->signatures, statement->text, strlen(statement->text), sign_pk);
}

bool
roster_follows(
    const struct roster_statement *statement, uint64_t ver, const uint8_t head[static 32])
{
	return statement->ver == ver + 1 && memcmp(statement->prev, head, 32) == 0;
}

static enum pmj_code
text_take(struct roster_statement *out, struct pmj_error *err)
{
	enum pmj_code rc;
	int64_t ver;

	if ((rc = json_read(&out->p, out->text, strlen(out->text), &json_limits_entry, err)) !=
	    PMJ_OK)
		return rc;
	ver = json_int(out->p, "ver", -1);
	out->time_ms = json_int(out->p, "time", -1);
	out->op = json_str(out->p, "op");
	if (json_int(out->p, "v", -1) != 1 || ver < 1 || out->time_ms < 0 || !op_is_word(out->op) ||
	    !json_unhex(out->p, "prev", out->prev, sizeof(out->prev)))
		return pmj_fail(
		    err, PMJ_INVALID, "v, ver, prev, time or op is missing or not of its form");
	out->ver = (uint64_t)ver;
	prim_hash(out->hash, "pmj roster v1", PRIM_PARTS({out->text, strlen(out->text)}));
	return members_check(out, err);
}

enum pmj_code
roster_read(struct roster_statement *out, const json_t *line, const uint8_t op_pk[static 32],
    struct pmj_error *err)
{
	static const char *const known[] = {"p", "s", NULL};
	const json_t *p = json_object_get(line, "p");
	const json_t *s = json_arr(line, "s");
	size_t len = json_string_length(p);
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (!json_is_string(p) || s == NULL || json_stranger(line, known) != NULL ||
	    json_array_size(s) > SIGNATURES_MAX)
		return pmj_fail(err, PMJ_INVALID,
		    "a roster line needs p and s, and at most %d signatures", SIGNATURES_MAX);
	if (len > PMJ_STATEMENT_MAX)
		return pmj_fail(err, PMJ_TOO_BIG, "a roster statement of %zu bytes; at most %u",
		    len, PMJ_STATEMENT_MAX);
	if (strlen(json_string_value(p)) != len)
		return pmj_fail(err, PMJ_INVALID, "a roster statement holds a NUL");
	/* Nothing is parsed before it is known to be the hub's. */
	if (!signed_by(s, json_string_value(p), len, op_pk))
		return pmj_fail(
		    err, PMJ_INTEGRITY, "the roster statement is not signed by the hub");
	out->text = strndup(json_string_value(p), len);
	out->signatures = json_deep_copy(s);
	if (out->text == NULL || out->signatures == NULL) {
		rc = pmj_fail(err, PMJ_NO_MEMORY, "out of memory");
		goto out;
	}
	rc = text_take(out, err);
out:
	if (rc != PMJ_OK) {
		pmj_context(err, "reading the roster");
		roster_statement_close(out);
	}
	return rc;
}

void
roster_statement_close(struct roster_statement *statement)
{
	json_decref(statement->p);
	json_decref(statement->signatures);
	free(statement->text);
	memset(statement, 0, sizeof(*statement));
}
