#include "log/cert.h"

#include <string.h>

#include "base/text.h"
#include "log/enrol.h"

enum {
	AT_MAGIC = 0,
	AT_SERIAL = 8,
	AT_NOT_BEFORE = 12,
	AT_NOT_AFTER = 20,
	AT_ROOT = 28,
	AT_NEXT_ROOT = 60,
	AT_OP = 92,
	AT_PREVIOUS = 124,
	AT_SIGNATURE = 156,      /* by the root; when the root changes, by the old one */
	AT_SIGNATURE_NEXT = 220, /* only when the root changes: by the new one */
};
#define BODY_BYTES AT_SIGNATURE
#define SIG_LABEL "pmj hub cert v1"
#define ROOT_TITLE "PAMOJA ROOT KEY 1"

_Static_assert(CERT_BYTES == AT_SIGNATURE_NEXT, "one signature");
_Static_assert(CERT_BYTES_ROOT_CHANGE == AT_SIGNATURE_NEXT + PRIM_SIGNATURE_BYTES, "two");

static const char cert_magic[8] = {'P', 'M', 'J', 'H', 'U', 'B', '0', '1'};

void
cert_root_new(struct cert_root *out)
{
	prim_random(out->seed, sizeof(out->seed));
	prim_random(out->next_seed, sizeof(out->next_seed));
}

static void
seed_public(uint8_t pk[static 32], const uint8_t seed[static 32])
{
	uint8_t sk[PRIM_SIGN_SK_BYTES];

	prim_sign_pair(pk, sk, seed);
	prim_wipe(sk, sizeof(sk));
}

static void
seed_sign(uint8_t sig[static 64], const uint8_t seed[static 32], const uint8_t *body)
{
	uint8_t pk[PRIM_SIGN_PK_BYTES];
	uint8_t sk[PRIM_SIGN_SK_BYTES];

	prim_sign_pair(pk, sk, seed);
	prim_sign(sig, SIG_LABEL, sk, PRIM_PARTS({body, BODY_BYTES}));
	prim_wipe(sk, sizeof(sk));
}

static void
root_hash(uint8_t out[static 32], const uint8_t root_pk[static 32])
{
	prim_hash(out, "pmj root v1", PRIM_PARTS({root_pk, 32}));
}

void
cert_root_public(uint8_t pk[static 32], const struct cert_root *root)
{
	seed_public(pk, root->seed);
}

void
cert_root_put(struct buf *out, const struct cert_root *root)
{
	uint8_t both[64];

	memcpy(both, root->seed, 32);
	memcpy(both + 32, root->next_seed, 32);
	buf_put_text(out, ROOT_TITLE "\n");
	enrol_text_put(out, both, sizeof(both));
	prim_wipe(both, sizeof(both));
}

enum pmj_code
cert_root_read(struct cert_root *out, const char *text, size_t len, struct pmj_error *err)
{
	const size_t title = strlen(ROOT_TITLE);
	struct buf both;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	buf_init(&both, 4096);
	while (len > 0 && strchr(" \t\r\n", text[0]) != NULL && text[0] != '\0') {
		text++;
		len--;
	}
	if (len < title || memcmp(text, ROOT_TITLE, title) != 0) {
		rc = pmj_fail(err, PMJ_INVALID,
		    "this is not a root key: it does not begin with \"%s\"", ROOT_TITLE);
		goto out;
	}
	if ((rc = enrol_text_read(&both, text + title, len - title, err)) != PMJ_OK) {
		pmj_context(err, "reading the root key, below its title");
		goto out;
	}
	if (both.len != 64) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "a root key has 64 bytes; this text gives %zu", both.len);
		pmj_hint(err, "see whether a line is missing at the end");
		goto out;
	}
	memcpy(out->seed, both.bytes, 32);
	memcpy(out->next_seed, both.bytes + 32, 32);
out:
	buf_wipe(&both);
	return rc;
}

struct cert_terms {
	uint32_t serial;
	uint64_t not_before_ms, not_after_ms;
	const uint8_t *op_pk;
	const uint8_t *previous_hash;
};

static void
body_put(
    uint8_t body[static BODY_BYTES], const struct cert_root *root, const struct cert_terms *terms)
{
	uint8_t next_pk[32];

	seed_public(next_pk, root->next_seed);
	memcpy(body + AT_MAGIC, cert_magic, sizeof(cert_magic));
	put_le32(body + AT_SERIAL, terms->serial);
	put_le64(body + AT_NOT_BEFORE, terms->not_before_ms);
	put_le64(body + AT_NOT_AFTER, terms->not_after_ms);
	seed_public(body + AT_ROOT, root->seed);
	root_hash(body + AT_NEXT_ROOT, next_pk);
	memcpy(body + AT_OP, terms->op_pk, 32);
	memcpy(body + AT_PREVIOUS, terms->previous_hash, 32);
}

void
cert_make(struct buf *out, const struct cert_root *root, uint32_t serial, uint64_t not_before_ms,
    uint64_t not_after_ms, const uint8_t op_pk[static 32], const uint8_t previous_hash[static 32])
{
	const struct cert_terms terms = {serial, not_before_ms, not_after_ms, op_pk, previous_hash};
	uint8_t bytes[CERT_BYTES];

	body_put(bytes, root, &terms);
	seed_sign(bytes + AT_SIGNATURE, root->seed, bytes);
	buf_put(out, bytes, sizeof(bytes));
}

void
cert_make_root_change(struct buf *out, const struct cert_root *old, const struct cert_root *root,
    uint32_t serial, uint64_t not_before_ms, uint64_t not_after_ms, const uint8_t op_pk[static 32],
    const uint8_t previous_hash[static 32])
{
	const struct cert_terms terms = {serial, not_before_ms, not_after_ms, op_pk, previous_hash};
	uint8_t bytes[CERT_BYTES_ROOT_CHANGE];

	body_put(bytes, root, &terms);
	seed_sign(bytes + AT_SIGNATURE, old->seed, bytes);
	seed_sign(bytes + AT_SIGNATURE_NEXT, root->seed, bytes);
	buf_put(out, bytes, sizeof(bytes));
}

enum pmj_code
cert_read(struct cert *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	const uint8_t *own_signature;

	memset(out, 0, sizeof(*out));
	if ((len != CERT_BYTES && len != CERT_BYTES_ROOT_CHANGE) ||
	    memcmp(bytes, cert_magic, sizeof(cert_magic)) != 0)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "these %zu bytes are not a hub certificate", len);
	own_signature = bytes + (len == CERT_BYTES ? AT_SIGNATURE : AT_SIGNATURE_NEXT);
	if (prim_verify(
	        own_signature, SIG_LABEL, bytes + AT_ROOT, PRIM_PARTS({bytes, BODY_BYTES})) != 0)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "the hub certificate is not signed by the root it names");
	out->serial = get_le32(bytes + AT_SERIAL);
	out->not_before_ms = get_le64(bytes + AT_NOT_BEFORE);
	out->not_after_ms = get_le64(bytes + AT_NOT_AFTER);
	memcpy(out->root_pk, bytes + AT_ROOT, 32);
	memcpy(out->next_root_hash, bytes + AT_NEXT_ROOT, 32);
	memcpy(out->op_pk, bytes + AT_OP, 32);
	memcpy(out->previous_hash, bytes + AT_PREVIOUS, 32);
	prim_hash(out->hash, "pmj cert id v1", PRIM_PARTS({bytes, len}));
	if (out->serial == 0 || out->not_before_ms >= out->not_after_ms ||
	    out->not_after_ms > PMJ_JSON_INT_MAX) {
		memset(out, 0, sizeof(*out));
		return pmj_fail(err, PMJ_INTEGRITY,
		    "the hub certificate has serial 0, or ends before it begins");
	}
	return PMJ_OK;
}

/* A root that is not the pinned one: only the pre-committed next, and only with the old one's word.
 */
static enum pmj_code
accept_new_root(const struct cert *cert, const uint8_t *bytes, size_t len,
    const struct ring_pin *pin, struct pmj_error *err)
{
	uint8_t hash[32];

	root_hash(hash, cert->root_pk);
	if (!prim_equal(hash, pin->next_root_hash, 32))
		return pmj_fail(err, PMJ_INTEGRITY,
		    "hub certificate %u comes from another root key than the one checked at "
		    "enrolment",
		    cert->serial);
	if (len == CERT_BYTES) {
		(void)pmj_fail(err, PMJ_NOT_CONFIRMED,
		    "hub certificate %u is signed by the next root key alone", cert->serial);
		pmj_hint(err, "let your coordinator read the new root words to you in person");
		return PMJ_NOT_CONFIRMED;
	}
	if (prim_verify(bytes + AT_SIGNATURE, SIG_LABEL, pin->root_pk,
	        PRIM_PARTS({bytes, BODY_BYTES})) != 0)
		return pmj_fail(err, PMJ_INTEGRITY,
		    "hub certificate %u changes the root key without the old one's signature",
		    cert->serial);
	return PMJ_OK;
}

enum pmj_code
cert_accept(const struct cert *cert, const uint8_t *bytes, size_t len, const struct ring_pin *pin,
    struct pmj_error *err)
{
	uint8_t hash[32];

	prim_hash(hash, "pmj cert id v1", PRIM_PARTS({bytes, len}));
	if ((len != CERT_BYTES && len != CERT_BYTES_ROOT_CHANGE) ||
	    !prim_equal(hash, cert->hash, 32))
		return pmj_fail(err, PMJ_INTEGRITY, "these are not the bytes of this certificate");
	if (!pin->set)
		return pmj_fail(err, PMJ_NOT_CONFIRMED, "no root key has been checked here yet");
	if (cert->serial < pin->serial)
		return pmj_fail(err, PMJ_REFUSED,
		    "hub certificate %u is older than %u, which is in force", cert->serial,
		    pin->serial);
	if (cert->serial == pin->serial) {
		if (prim_equal(cert->hash, pin->cert_hash, 32))
			return PMJ_OK;
		return pmj_fail(err, PMJ_INTEGRITY, "two different hub certificates have serial %u",
		    cert->serial);
	}
	if (cert->serial == pin->serial + 1 && !prim_equal(cert->previous_hash, pin->cert_hash, 32))
		return pmj_fail(err, PMJ_INTEGRITY, "hub certificate %u does not follow number %u",
		    cert->serial, pin->serial);
	if (!prim_equal(cert->root_pk, pin->root_pk, 32))
		return accept_new_root(cert, bytes, len, pin, err);
	/* Else a stolen root could choose its successor, against which the commitment stands. */
	if (len != CERT_BYTES || !prim_equal(cert->next_root_hash, pin->next_root_hash, 32))
		return pmj_fail(err, PMJ_INTEGRITY,
		    "hub certificate %u names another next root key without changing the root",
		    cert->serial);
	return PMJ_OK;
}

/* What is signed: "epoch", NUL, the number, the key, the time. */
#define EPOCH_BYTES (6 + 4 + 32 + 8)
static void
epoch_bytes(uint8_t out[static EPOCH_BYTES], uint32_t epoch, const uint8_t *pk, uint64_t from_ms)
{
	memcpy(out, "epoch", 6);
	put_le32(out + 6, epoch);
	memcpy(out + 10, pk, 32);
	put_le64(out + 42, from_ms);
}

json_t *
cert_epoch_statement(struct ring *ring, const struct ring_epoch *epoch)
{
	uint8_t bytes[EPOCH_BYTES];
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	char text[PRIM_SIGNATURE_BYTES * 2];
	json_t *statement = json_object();

	epoch_bytes(bytes, epoch->epoch, epoch->pk, epoch->created_ms);
	ring_sign(ring, RING_KEY_OP, sig, "pmj hub stmt v1", PRIM_PARTS({bytes, sizeof(bytes)}));
	if (json_object_set_new(statement, "epoch", json_integer(epoch->epoch)) != 0 ||
	    json_object_set_new(statement, "pk", json_hex(epoch->pk, 32)) != 0 ||
	    json_object_set_new(statement, "from", json_integer((json_int_t)epoch->created_ms)) !=
	        0 ||
	    json_object_set_new(statement, "g", json_string(text_base64(text, sig, sizeof(sig)))) !=
	        0) {
		json_decref(statement);
		return NULL;
	}
	return statement;
}

enum pmj_code
cert_epoch_read(uint32_t *epoch, uint8_t pk[static 32], const json_t *statement,
    const uint8_t op_pk[static 32], struct pmj_error *err)
{
	int64_t number = json_int(statement, "epoch", -1);
	int64_t from = json_int(statement, "from", -1);
	const char *signature = json_str(statement, "g");
	uint8_t bytes[EPOCH_BYTES];
	uint8_t sig[PRIM_SIGNATURE_BYTES];
	uint8_t key[32];

	if (number < 1 || number > UINT32_MAX || from < 0 || signature == NULL ||
	    !json_unhex(statement, "pk", key, sizeof(key)) ||
	    !text_unbase64(sig, sizeof(sig), signature))
		return pmj_fail(
		    err, PMJ_INVALID, "a seal epoch statement needs epoch, pk, from and g");
	epoch_bytes(bytes, (uint32_t)number, key, (uint64_t)from);
	if (prim_verify(sig, "pmj hub stmt v1", op_pk, PRIM_PARTS({bytes, sizeof(bytes)})) != 0)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "seal epoch %u is not signed by the hub", (unsigned)number);
	*epoch = (uint32_t)number;
	memcpy(pk, key, sizeof(key));
	return PMJ_OK;
}
