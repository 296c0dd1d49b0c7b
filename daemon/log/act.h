/* act.h - an operation that needs more than one person (7.2): its text, which each of them signs,
 * and the statement that it becomes. Pure: who may sign is the caller's to know. */
#ifndef LOG_ACT_H
#define LOG_ACT_H
#include "log/cert.h"
#include "log/roster.h"

#define ACT_HASH_BYTES 32
#define ACT_TEXT_MAX (4u * 1024)

/* A statement has its place in the roster's chain, which goes on while people make up their minds.
 * So they sign the operation alone, and the statement carries it with their signatures. */
struct act {
	json_t *p;  /* parsed: v, op, asked, n and the operation's members; owned */
	char *text; /* the bytes that are signed; owned */
	const char *op;
	int64_t asked_ms;
	uint8_t hash[ACT_HASH_BYTES]; /* H("pmj act v1", text): it is known by this */
};
/** The text of an operation; `fields` (op and its members) is stolen, n is 16 random bytes. Caller
 * frees; NULL when it is longer than ACT_TEXT_MAX. */
char *act_make(json_t *fields, int64_t asked_ms, const uint8_t n[static 16]);
/** PMJ_INVALID, PMJ_TOO_BIG: not of its form. *out is empty then. */
PMJ_MUST_CHECK enum pmj_code act_read(
    struct act *out, const char *text, size_t len, struct pmj_error *err);
void act_close(struct act *act);
/** What it is about, for people: op and its members. New reference. */
json_t *act_about(const struct act *act);
/** A person's word for it, by the key of their device. */
void act_sign(uint8_t sig[static PRIM_SIGNATURE_BYTES], struct ring *ring, const struct act *act);
/** The same by the root key. */
void act_sign_root(
    uint8_t sig[static PRIM_SIGNATURE_BYTES], const struct cert_root *root, const struct act *act);
bool act_signed_by(const struct act *act, const uint8_t sig[static PRIM_SIGNATURE_BYTES],
    const uint8_t sign_pk[static 32]);
/** {"k","g"} of a signature, as they stand in the "by" of a statement. New reference. */
json_t *act_signature(
    const uint8_t sign_pk[static 32], const uint8_t sig[static PRIM_SIGNATURE_BYTES]);
/** The statement's fields: the operation's members, "act" and "by" (stolen). New reference. */
json_t *act_statement(const struct act *act, json_t *by);
/** The operation that a statement carries. PMJ_INVALID: it has none, its members are not those of
 * the statement, or nobody signed it. *out is empty then. */
PMJ_MUST_CHECK enum pmj_code act_of_statement(
    struct act *out, const struct roster_statement *statement, struct pmj_error *err);
/** Is this key's signature among those of the statement? */
bool act_agreed_by(const struct act *act, const struct roster_statement *statement,
    const uint8_t sign_pk[static 32]);

#endif
