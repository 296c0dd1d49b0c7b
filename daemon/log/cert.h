/* cert.h - the hub certificate (7.1) and the root key that leaves the machine. Pure. */
#ifndef LOG_CERT_H
#define LOG_CERT_H
#include "base/buf.h"
#include "base/json.h"
#include "crypto/ring.h"

#define CERT_BYTES 220
#define CERT_BYTES_ROOT_CHANGE 284 /* a second signature */

struct cert {
	uint32_t serial;
	uint64_t not_before_ms, not_after_ms;
	uint8_t root_pk[32];
	uint8_t next_root_hash[32];
	uint8_t op_pk[32];
	uint8_t previous_hash[32];
	uint8_t hash[32]; /* H("pmj cert id v1", whole) */
};
struct cert_root { /* goes to paper or stick, then wiped here */
	uint8_t seed[32];
	uint8_t next_seed[32];
};
void cert_root_new(struct cert_root *out);
/** Text form for the root file: lines a person can keep: "PAMOJA ROOT KEY 1", base32 with check
 * characters. Wipe the buf. */
void cert_root_put(struct buf *out, const struct cert_root *root);
PMJ_MUST_CHECK enum pmj_code cert_root_read(
    struct cert_root *out, const char *text, size_t len, struct pmj_error *err);
/** The public key people compare words of. */
void cert_root_public(uint8_t pk[static 32], const struct cert_root *root);
/** Sign a certificate with the root. */
void cert_make(struct buf *out, const struct cert_root *root, uint32_t serial,
    uint64_t not_before_ms, uint64_t not_after_ms, const uint8_t op_pk[static 32],
    const uint8_t previous_hash[static 32]);
/** The certificate that changes the root: root->seed is old->next_seed; signed by both. */
void cert_make_root_change(struct buf *out, const struct cert_root *old,
    const struct cert_root *root, uint32_t serial, uint64_t not_before_ms, uint64_t not_after_ms,
    const uint8_t op_pk[static 32], const uint8_t previous_hash[static 32]);
/** Parse and verify the signature by the root_pk it names. PMJ_INTEGRITY otherwise. */
PMJ_MUST_CHECK enum pmj_code cert_read(
    struct cert *out, const uint8_t *bytes, size_t len, struct pmj_error *err);
/**
 * May this certificate follow the pin (serial, previous hash, root or pre-committed next root)?
 *
 * Errors PMJ_REFUSED   older than the pinned one: a late courier; ignore it.
 *        PMJ_NOT_CONFIRMED  by the pre-committed next root alone (the root was lost or stolen):
 * people must compare the new root's words; then pin it as at enrolment. Also when nothing is
 * pinned. PMJ_INTEGRITY another root, two with one serial, not the next of the pinned one, another
 * next root under the same root.
 */
PMJ_MUST_CHECK enum pmj_code cert_accept(const struct cert *cert, const uint8_t *bytes, size_t len,
    const struct ring_pin *pin, struct pmj_error *err);

/* A hub seal epoch statement: SIG("pmj hub stmt v1") by op_sign, JSON {"epoch","pk","from","g"}. */
json_t *cert_epoch_statement(struct ring *ring, const struct ring_epoch *epoch);
PMJ_MUST_CHECK enum pmj_code cert_epoch_read(uint32_t *epoch, uint8_t pk[static 32],
    const json_t *statement, const uint8_t op_pk[static 32], struct pmj_error *err);

#endif
