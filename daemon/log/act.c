/* act.c - the text of an operation that needs more than one person, and what they sign. */
#include "log/act.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SIG_LABEL "pmj act sig v1"
#define SIGNERS_MAX 8

/* Members that are no operation's own. */
static bool
is_frame(const char *name)
{
	static const char *const names[] = {"v", "asked", "n"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

char *
act_make(json_t *fields, int64_t asked_ms, const uint8_t n[static 16])
{
	json_t *p = json_object();
	char random[32];
	char *text = NULL;

	(void)json_object_set_new(p, "v", json_integer(1));
	(void)json_object_set_new(p, "asked", json_integer((json_int_t)asked_ms));
	(void)json_object_set_new(p, "n", json_string(text_base64(random, n, 16)));
	(void)json_object_update_missing(p, fields);
	text = json_text(p);
	json_decref(p);
	json_decref(fields);
	if (text != NULL && strlen(text) > ACT_TEXT_MAX) {
		free(text);
		text = NULL;
	}
	return text;
}

enum pmj_code
act_read(struct act *out, const char *text, size_t len, struct pmj_error *err)
{
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (len > ACT_TEXT_MAX)
		return pmj_fail(
		    err, PMJ_TOO_BIG, "an operation of %zu bytes; at most %u", len, ACT_TEXT_MAX);
	if ((rc = json_read(&out->p, text, len, &json_limits_entry, err)) != PMJ_OK)
		return rc;
	out->op = json_str(out->p, "op");
	out->asked_ms = json_int(out->p, "asked", -1);
	if (json_int(out->p, "v", -1) != 1 || out->asked_ms < 0 || out->op == NULL ||
	    !roster_members_fit(out->op, out->p)) {
		act_close(out);
		return pmj_fail(
		    err, PMJ_INVALID, "an operation without its members, or of another form");
	}
	out->text = strndup(text, len);
	if (out->text == NULL) {
		act_close(out);
		return pmj_fail(err, PMJ_NO_MEMORY, "out of memory");
	}
	prim_hash(out->hash, "pmj act v1", PRIM_PARTS({text, len}));
	return PMJ_OK;
}

void
act_close(struct act *act)
{
	json_decref(act->p);
	free(act->text);
	memset(act, 0, sizeof(*act));
}

void
act_sign(uint8_t sig[static PRIM_SIGNATURE_BYTES], struct ring *ring, const struct act *act)
{
	ring_sign(
	    ring, RING_KEY_DEVICE, sig, SIG_LABEL, PRIM_PARTS({act->text, strlen(act->text)}));
}

void
act_sign_root(
    uint8_t sig[static PRIM_SIGNATURE_BYTES], const struct cert_root *root, const struct act *act)
{
	uint8_t pk[PRIM_SIGN_PK_BYTES], sk[PRIM_SIGN_SK_BYTES];

	prim_sign_pair(pk, sk, root->seed);
	prim_sign(sig, SIG_LABEL, sk, PRIM_PARTS({act->text, strlen(act->text)}));
	prim_wipe(sk, sizeof(sk));
}

bool
act_signed_by(const struct act *act, const uint8_t sig[static PRIM_SIGNATURE_BYTES],
    const uint8_t sign_pk[static 32])
{
	return prim_verify(sig, SIG_LABEL, sign_pk, PRIM_PARTS({act->text, strlen(act->text)})) ==
	       0;
}

json_t *
act_signature(const uint8_t sign_pk[static 32], const uint8_t sig[static PRIM_SIGNATURE_BYTES])
{
	char text[PRIM_SIGNATURE_BYTES * 2];
	uint8_t kid[PRIM_KEY_ID_BYTES];

	prim_sign_key_id(kid, sign_pk);
	return json_pack("{s:o,s:s}", "k", json_hex(kid, sizeof(kid)), "g",
	    text_base64(text, sig, PRIM_SIGNATURE_BYTES));
}

json_t *
act_about(const struct act *act)
{
	json_t *fields = json_object(), *value;
	const char *name;

	json_object_foreach(act->p, name, value) if (!is_frame(name))(void)
	    json_object_set(fields, name, value);
	return fields;
}

json_t *
act_statement(const struct act *act, json_t *by)
{
	json_t *fields = act_about(act);

	(void)json_object_set_new(fields, "act", json_string(act->text));
	(void)json_object_set_new(fields, "by", by);
	return fields;
}

/* What the people signed is what the hub states. */
static bool
says_the_same(const struct act *act, const json_t *p)
{
	json_t *value;
	const char *name;

	json_object_foreach(
	    act->p, name, value) if (!is_frame(name) &&
	                             !json_equal(value, json_object_get(p, name))) return false;
	return true;
}

enum pmj_code
act_of_statement(struct act *out, const struct roster_statement *statement, struct pmj_error *err)
{
	const char *text = json_str(statement->p, "act");
	size_t signers = json_array_size(json_arr(statement->p, "by"));
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (text == NULL || signers == 0 || signers > SIGNERS_MAX)
		return pmj_fail(err, PMJ_INVALID,
		    "a statement that needs several people, without what they signed");
	if ((rc = act_read(out, text, strlen(text), err)) != PMJ_OK)
		return rc;
	if (says_the_same(out, statement->p))
		return PMJ_OK;
	act_close(out);
	return pmj_fail(err, PMJ_INVALID, "a statement that is not what people signed");
}

bool
act_agreed_by(const struct act *act, const struct roster_statement *statement,
    const uint8_t sign_pk[static 32])
{
	uint8_t kid[PRIM_KEY_ID_BYTES], named[PRIM_KEY_ID_BYTES], sig[PRIM_SIGNATURE_BYTES];
	const json_t *one;
	size_t i;

	prim_sign_key_id(kid, sign_pk);
	json_array_foreach(json_arr(statement->p, "by"), i, one)
	{
		const char *g = json_str(one, "g");

		if (g != NULL && json_unhex(one, "k", named, sizeof(named)) &&
		    memcmp(kid, named, sizeof(kid)) == 0 && text_unbase64(sig, sizeof(sig), g) &&
		    act_signed_by(act, sig, sign_pk))
			return true;
	}
	return false;
}
