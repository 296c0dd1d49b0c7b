/* roster.h - the hub-signed chain of statements about devices, roles, assignments (7.2). Pure: it
 * reads, signs and checks; what is in force is kept by the store. */
#ifndef LOG_ROSTER_H
#define LOG_ROSTER_H
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "crypto/ring.h"

/* One statement in force order: p is JSON text {v, ver, prev, time, op, ...}; line = {"p": text,
 * "s": [{"k","g"}]}. */
struct roster_statement {
	json_t *p;          /* parsed; owned */
	char *text;         /* the bytes of p as signed; owned */
	json_t *signatures; /* owned */
	uint64_t ver;
	uint8_t prev[32];
	uint8_t hash[32]; /* H("pmj roster v1", text): the next one's prev */
	int64_t time_ms;
	const char *op; /* enrol, seal, role, assign, unassign, supervise, revoke, erase */
};
/** Head before the first statement: 32 zero bytes, version 0. `fields`: op and its members (e.g.
 * {"op":"assign","person","device"}). New reference to the line object. signer2_*: a human signer's
 * device key (the coordinator at the hub: RING_KEY_DEVICE) is always added beside op_sign. NULL
 * when out of memory or past PMJ_STATEMENT_MAX. */
json_t *roster_make(struct ring *ring, uint64_t ver, const uint8_t prev[static 32], int64_t time_ms,
    const json_t *fields);
/** Check shape, size and the op signature; *out is left empty on failure. PMJ_INTEGRITY: not the
 * hub's. PMJ_INVALID / PMJ_TOO_BIG: the hub's, but not of the form of 7.2. Members of known
 * operations are checked; unknown operations are taken as they are. */
PMJ_MUST_CHECK enum pmj_code roster_read(struct roster_statement *out, const json_t *line,
    const uint8_t op_pk[static 32], struct pmj_error *err);
/** Did this key sign it too? For the second and third signers of 7.2; who may is the caller's to
 * know. */
bool roster_signed_by(const struct roster_statement *statement, const uint8_t sign_pk[static 32]);
/** Does this object have the members of a known operation, of their form? An unknown one needs
 * none. */
bool roster_members_fit(const char *op, const json_t *p);
/** Is it the next after version ver with this head (its prev)? */
bool roster_follows(
    const struct roster_statement *statement, uint64_t ver, const uint8_t head[static 32]);
void roster_statement_close(struct roster_statement *statement);

#endif
