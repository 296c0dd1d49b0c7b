#include "log/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log/chain.h"
#include "log/segment_inner.h"

enum {
	AT_MAGIC = 0,
	AT_SUITE = 8,
	AT_LANE = 9,
	AT_FLAGS = 10,
	AT_SEGNO = 16,
	AT_MAILBOX = 24,
	AT_INCARNATION = 40,
	AT_WRITER = 56,
	AT_READER = 64,
	AT_EPK = 72,
	AT_PREV = 104,
	AT_COMMIT = 136, /* the key is derived from everything before it */
	AT_NONCE = 168,
	AT_CT_LEN = 192,
	AT_ZERO = 196
};
#define SUITE 1
#define PADDED_MIN 4096u
#define FILE_MIN (SEGMENT_OVERHEAD_BYTES + PADDED_MIN + PRIM_TAG_BYTES)

static const char file_magic[8] = {'P', 'M', 'J', 'S', 'E', 'G', '0', '1'};
static const uint8_t zeros[PRIM_SIGNATURE_BYTES];

static const char *const fault_names[] = {
    [SEGMENT_OK] = "ok",
    [SEGMENT_BAD_SIZE] = "bad_size",
    [SEGMENT_BAD_FORM] = "bad_form",
    [SEGMENT_WRONG_LANE] = "wrong_lane",
    [SEGMENT_FOREIGN_WRITER] = "foreign_writer",
    [SEGMENT_BAD_PADDED_SIZE] = "bad_padded_size",
    [SEGMENT_REPLAYED] = "replayed",
    [SEGMENT_OUT_OF_ORDER] = "out_of_order",
    [SEGMENT_BAD_SIGNATURE] = "bad_signature",
    [SEGMENT_EPOCH_GONE] = "epoch_gone",
    [SEGMENT_BAD_SEAL] = "bad_seal",
    [SEGMENT_BAD_PLAINTEXT] = "bad_plaintext",
    [SEGMENT_BAD_PADDING] = "bad_padding",
    [SEGMENT_BAD_COMPRESSION] = "bad_compression",
    [SEGMENT_BAD_COUNT] = "bad_count",
    [SEGMENT_BAD_CHAIN] = "bad_chain",
    [SEGMENT_NO_MEMORY] = "no_memory",
};

const char *
segment_fault_name(enum segment_fault fault)
{
	assert((size_t)fault < sizeof(fault_names) / sizeof(fault_names[0]));
	return fault_names[fault];
}

bool
segment_fault_is_signed(enum segment_fault fault)
{
	return fault >= SEGMENT_EPOCH_GONE && fault <= SEGMENT_BAD_CHAIN;
}

static unsigned
log2_floor(uint32_t v)
{
	unsigned log = 0;

	while (v >>= 1)
		log++;
	return log;
}

/* Few sizes, so that a carrier learns little: 4 KiB, then at most about 6 % above what is used. */
uint32_t
segment_padded(uint32_t used)
{
	unsigned e;
	unsigned s;
	uint32_t step;

	if (used <= PADDED_MIN)
		return PADDED_MIN;
	e = log2_floor(used);
	s = log2_floor(e) + 1;
	assert(s < e);
	step = 1u << (e - s);
	assert(used <= UINT32_MAX - step);
	return (used + step - 1) / step * step;
}

bool
segment_padded_legal(uint32_t padded)
{
	return padded >= PADDED_MIN && padded <= PMJ_SEGMENT_FILE_MAX &&
	       segment_padded(padded) == padded;
}

void
segment_id(uint8_t out[static 32], const uint8_t *bytes, size_t len)
{
	prim_hash(out, "pmj seg id v1", PRIM_PARTS({bytes, len}));
}

/* okm = key || commitment. Both ends' full keys are bound: no re-signing as another writer, no
 * forwarding to another reader. */
static void
derive(uint8_t okm[static 64], const uint8_t shared[static 32], const uint8_t *header,
    const uint8_t writer_pk[static 32], const uint8_t reader_pk[static 32])
{
	prim_kdf(okm, 64, "pmj seg key v1", shared,
	    PRIM_PARTS({header, AT_COMMIT}, {writer_pk, 32}, {reader_pk, 32}));
}

static const uint8_t *
writer_pk_of(const struct segment_draft *draft, const struct ring *ring)
{
	if (draft->unsigned_note)
		return zeros;
	return draft->writer == RING_KEY_OP ? ring_op_pk(ring) : ring_sign_pk(ring);
}

/* What the derivation of the key covers, but epk. The file begins as zeros, which is all a locked
 * note needs. */
static void
header_put(uint8_t *header, const struct segment_draft *draft, const uint8_t *writer_pk)
{
	memcpy(header + AT_MAGIC, file_magic, sizeof(file_magic));
	header[AT_SUITE] = SUITE;
	header[AT_LANE] = draft->lane;
	prim_seal_key_id(header + AT_READER, draft->reader_pk);
	if (draft->unsigned_note)
		return;
	put_le64(header + AT_SEGNO, draft->segno);
	memcpy(header + AT_MAILBOX, draft->mailbox, 16);
	memcpy(header + AT_INCARNATION, draft->incarnation, 16);
	prim_sign_key_id(header + AT_WRITER, writer_pk);
	memcpy(header + AT_PREV, draft->prev, 32);
}

/* Seal the padded plaintext behind the header in place; the file has room for tag and signature. */
static enum pmj_code
seal_in_place(
    struct buf *file, const struct segment_draft *draft, struct ring *ring, struct pmj_error *err)
{
	uint8_t *header = file->bytes;
	const uint8_t *writer_pk = writer_pk_of(draft, ring);
	size_t ct_len = file->len - SEGMENT_OVERHEAD_BYTES;
	uint8_t esk[32];
	uint8_t shared[32];
	uint8_t okm[64];
	enum pmj_code rc = PMJ_OK;

	if (draft->test_esk != NULL)
		memcpy(esk, draft->test_esk, sizeof(esk));
	else
		prim_random(esk, sizeof(esk));
	header_put(header, draft, writer_pk);
	prim_dh_public(header + AT_EPK, esk);
	if (prim_dh(shared, esk, draft->reader_pk) != 0) {
		rc = pmj_fail(
		    err, PMJ_INTEGRITY, "the reader's seal key cannot be used (low order)");
		goto out;
	}
	derive(okm, shared, header, writer_pk, draft->reader_pk);
	memcpy(header + AT_COMMIT, okm + 32, 32);
	if (draft->test_nonce != NULL)
		memcpy(header + AT_NONCE, draft->test_nonce, PRIM_NONCE_BYTES);
	else
		prim_random(header + AT_NONCE, PRIM_NONCE_BYTES);
	put_le32(header + AT_CT_LEN, (uint32_t)ct_len);
	prim_seal(header + SEGMENT_HEADER_BYTES, header + SEGMENT_HEADER_BYTES,
	    ct_len - PRIM_TAG_BYTES, header, SEGMENT_HEADER_BYTES, header + AT_NONCE, okm);
	if (!draft->unsigned_note)
		ring_sign(ring, draft->writer, header + SEGMENT_HEADER_BYTES + ct_len,
		    "pmj seg sig v1", PRIM_PARTS({header, SEGMENT_HEADER_BYTES + ct_len}));
out:
	prim_wipe(esk, sizeof(esk));
	prim_wipe(shared, sizeof(shared));
	prim_wipe(okm, sizeof(okm));
	return rc;
}

enum pmj_code
segment_seal(struct buf *out, uint8_t chain_after[static 32], uint8_t id[static 32],
    const struct segment_draft *draft, struct ring *ring, struct pmj_error *err)
{
	uint8_t chain[32];
	struct buf file;
	enum pmj_code rc;

	assert(draft->count >= 1 && draft->count <= PMJ_SEGMENT_ENTRIES_MAX);
	assert(draft->unsigned_note == (draft->lane == LANE_LOCKED_NOTE));
	if (draft->unsigned_note)
		chain_lane_start(chain, zeros, zeros);
	else
		memcpy(chain, draft->chain_before, sizeof(chain));
	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	buf_put_zeros(&file, SEGMENT_HEADER_BYTES);
	if ((rc = segment_inner_write(
	         &file, chain, draft, draft->unsigned_note ? 1 : draft->first_seq, err)) != PMJ_OK)
		goto out;
	buf_put_zeros(&file, PRIM_TAG_BYTES + PRIM_SIGNATURE_BYTES);
	if ((rc = buf_check(&file, err)) != PMJ_OK)
		goto out;
	if ((rc = seal_in_place(&file, draft, ring, err)) != PMJ_OK)
		goto out;
	buf_put(out, file.bytes, file.len);
	if ((rc = buf_check(out, err)) != PMJ_OK)
		goto out;
	memcpy(chain_after, chain, sizeof(chain));
	segment_id(id, file.bytes, file.len);
out:
	if (rc != PMJ_OK)
		pmj_context(err, "sealing a segment");
	buf_wipe(&file);
	return rc;
}

enum segment_fault
segment_peek(struct segment_header *out, const uint8_t *bytes, size_t len)
{
	memset(out, 0, sizeof(*out));
	if (len < FILE_MIN || len > PMJ_SEGMENT_FILE_MAX)
		return SEGMENT_BAD_SIZE;
	if (memcmp(bytes + AT_MAGIC, file_magic, sizeof(file_magic)) != 0 ||
	    bytes[AT_SUITE] != SUITE || bytes[AT_LANE] < LANE_UP || bytes[AT_LANE] > LANE_BACKUP ||
	    memcmp(bytes + AT_FLAGS, zeros, AT_SEGNO - AT_FLAGS) != 0 ||
	    memcmp(bytes + AT_ZERO, zeros, SEGMENT_HEADER_BYTES - AT_ZERO) != 0)
		return SEGMENT_BAD_FORM;
	out->lane = bytes[AT_LANE];
	out->segno = get_le64(bytes + AT_SEGNO);
	memcpy(out->mailbox, bytes + AT_MAILBOX, 16);
	memcpy(out->incarnation, bytes + AT_INCARNATION, 16);
	memcpy(out->writer_kid, bytes + AT_WRITER, 8);
	memcpy(out->reader_kid, bytes + AT_READER, 8);
	memcpy(out->prev, bytes + AT_PREV, 32);
	out->ct_len = get_le32(bytes + AT_CT_LEN);
	return SEGMENT_OK;
}

static enum segment_fault
check_order(const struct segment_header *header, const struct segment_expect *expect)
{
	uint8_t start[32];

	if (expect->unsigned_note)
		return header->segno == 0 && memcmp(header->prev, zeros, 32) == 0
		           ? SEGMENT_OK
		           : SEGMENT_OUT_OF_ORDER;
	if (expect->segno != 0 && header->segno < expect->segno)
		return SEGMENT_REPLAYED;
	if (header->segno == 0 || (expect->segno != 0 && header->segno != expect->segno))
		return SEGMENT_OUT_OF_ORDER;
	if (expect->prev != NULL && memcmp(header->prev, expect->prev, 32) != 0)
		return SEGMENT_OUT_OF_ORDER;
	chain_segment_start(start, header->mailbox, header->incarnation);
	if (header->segno == 1 && memcmp(header->prev, start, 32) != 0)
		return SEGMENT_OUT_OF_ORDER;
	return SEGMENT_OK;
}

static enum segment_fault
check_outside(const struct segment_header *header, size_t len, const struct segment_expect *expect)
{
	const uint8_t *mailbox = expect->unsigned_note ? zeros : expect->mailbox;
	const uint8_t *incarnation = expect->unsigned_note ? zeros : expect->incarnation;
	uint8_t kid[PRIM_KEY_ID_BYTES] = {0};

	if (header->lane != expect->lane || memcmp(header->mailbox, mailbox, 16) != 0 ||
	    (incarnation != NULL && memcmp(header->incarnation, incarnation, 16) != 0))
		return SEGMENT_WRONG_LANE;
	if (!expect->unsigned_note)
		prim_sign_key_id(kid, expect->writer_pk);
	if (memcmp(header->writer_kid, kid, sizeof(kid)) != 0)
		return SEGMENT_FOREIGN_WRITER;
	if (header->ct_len != len - SEGMENT_OVERHEAD_BYTES)
		return SEGMENT_BAD_SIZE;
	if (!segment_padded_legal(header->ct_len - PRIM_TAG_BYTES))
		return SEGMENT_BAD_PADDED_SIZE;
	return check_order(header, expect);
}

static enum segment_fault
check_signature(const uint8_t *bytes, size_t len, const struct segment_expect *expect)
{
	const uint8_t *signature = bytes + len - PRIM_SIGNATURE_BYTES;
	bool good;

	if (expect->unsigned_note)
		good = memcmp(signature, zeros, PRIM_SIGNATURE_BYTES) == 0;
	else
		good = prim_verify(signature, "pmj seg sig v1", expect->writer_pk,
		           PRIM_PARTS({bytes, len - PRIM_SIGNATURE_BYTES})) == 0;
	return good ? SEGMENT_OK : SEGMENT_BAD_SIGNATURE;
}

static enum segment_fault
unseal(struct buf *plain, const uint8_t *bytes, const struct segment_header *header,
    const struct segment_expect *expect, struct ring *ring)
{
	enum segment_fault fault = SEGMENT_BAD_SEAL;
	uint8_t reader_pk[32];
	uint8_t shared[32] = {0};
	uint8_t okm[64] = {0};
	enum pmj_code rc;

	if (!ring_reader_pk(ring, header->reader_kid, reader_pk))
		return SEGMENT_EPOCH_GONE;
	if ((rc = ring_dh(ring, header->reader_kid, shared, bytes + AT_EPK, NULL)) != PMJ_OK) {
		fault = rc == PMJ_NOT_FOUND ? SEGMENT_EPOCH_GONE : SEGMENT_BAD_SEAL;
		goto out;
	}
	derive(okm, shared, bytes, expect->unsigned_note ? zeros : expect->writer_pk, reader_pk);
	if (!prim_equal(okm + 32, bytes + AT_COMMIT, 32))
		goto out;
	buf_put_zeros(plain, header->ct_len - PRIM_TAG_BYTES);
	if (plain->failed != PMJ_OK) {
		fault = SEGMENT_NO_MEMORY;
		goto out;
	}
	if (prim_open(plain->bytes, bytes + SEGMENT_HEADER_BYTES, header->ct_len, bytes,
	        SEGMENT_HEADER_BYTES, bytes + AT_NONCE, okm) == 0)
		fault = SEGMENT_OK;
out:
	prim_wipe(shared, sizeof(shared));
	prim_wipe(okm, sizeof(okm));
	return fault;
}

/* ---- opened in pieces ---- */

struct segment_opening {
	const uint8_t *bytes;
	size_t len;
	struct ring *ring;
	struct segment_expect expect; /* its pointers into what follows */
	uint8_t mailbox[16], incarnation[16], writer_pk[32], prev[32], chain[32];
	struct segment_header header;
	uint8_t id[32];
	uint8_t start[32]; /* chain 0, of a first segment */
	enum { OPENING_OUTSIDE, OPENING_SEAL, OPENING_INSIDE } phase;
	struct buf plain;
	struct segment_inner *inner;
};

static const uint8_t *
copied(uint8_t *to, const uint8_t *from, size_t len)
{
	if (from == NULL)
		return NULL;
	memcpy(to, from, len);
	return to;
}

struct segment_opening *
segment_opening_new(
    const uint8_t *bytes, size_t len, const struct segment_expect *expect, struct ring *ring)
{
	struct segment_opening *opening = calloc(1, sizeof(*opening));

	assert(expect->unsigned_note == (expect->lane == LANE_LOCKED_NOTE));
	if (opening == NULL)
		return NULL;
	opening->bytes = bytes;
	opening->len = len;
	opening->ring = ring;
	opening->expect = *expect;
	opening->expect.mailbox = copied(opening->mailbox, expect->mailbox, 16);
	opening->expect.incarnation = copied(opening->incarnation, expect->incarnation, 16);
	opening->expect.writer_pk = copied(opening->writer_pk, expect->writer_pk, 32);
	opening->expect.prev = copied(opening->prev, expect->prev, 32);
	opening->expect.chain = copied(opening->chain, expect->chain, 32);
	buf_init(&opening->plain, PMJ_SEGMENT_FILE_MAX);
	return opening;
}

void
segment_opening_free(struct segment_opening *opening)
{
	if (opening == NULL)
		return;
	segment_inner_free(opening->inner);
	buf_wipe(&opening->plain);
	free(opening);
}

static bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
	return a == NULL || b == NULL ? a == b : memcmp(a, b, len) == 0;
}

bool
segment_opening_expects(const struct segment_opening *opening, const struct segment_expect *expect)
{
	const struct segment_expect *own = &opening->expect;

	return own->lane == expect->lane && own->segno == expect->segno &&
	       own->first_seq == expect->first_seq && own->unsigned_note == expect->unsigned_note &&
	       same_bytes(own->mailbox, expect->mailbox, 16) &&
	       same_bytes(own->incarnation, expect->incarnation, 16) &&
	       same_bytes(own->writer_pk, expect->writer_pk, 32) &&
	       same_bytes(own->prev, expect->prev, 32) && same_bytes(own->chain, expect->chain, 32);
}

/* What the plaintext is held to: the first segment of an incarnation begins its chains. */
static struct segment_inner *
inside(struct segment_opening *opening)
{
	struct segment_expect expect = opening->expect;
	const struct segment_header *header = &opening->header;

	if (header->segno <= 1) {
		chain_lane_start(opening->start, header->mailbox, header->incarnation);
		expect.first_seq = 1;
		expect.chain = opening->start;
	}
	return segment_inner_new(opening->plain.bytes, opening->plain.len, &expect);
}

static enum segment_fault
check_whole_outside(struct segment_opening *opening)
{
	enum segment_fault fault;

	if ((fault = segment_peek(&opening->header, opening->bytes, opening->len)) != SEGMENT_OK ||
	    (fault = check_outside(&opening->header, opening->len, &opening->expect)) != SEGMENT_OK)
		return fault;
	return check_signature(opening->bytes, opening->len, &opening->expect);
}

static enum segment_fault
check_seal(struct segment_opening *opening)
{
	enum segment_fault fault = unseal(
	    &opening->plain, opening->bytes, &opening->header, &opening->expect, opening->ring);

	if (fault == SEGMENT_OK) {
		segment_id(opening->id, opening->bytes, opening->len);
		if ((opening->inner = inside(opening)) == NULL)
			fault = SEGMENT_NO_MEMORY;
	}
	return fault;
}

bool
segment_opening_step(
    struct segment_opening *opening, struct segment_open *out, enum segment_fault *fault)
{
	bool over = true;

	switch (opening->phase) {
	case OPENING_OUTSIDE:
		memset(out, 0, sizeof(*out));
		*fault = check_whole_outside(opening);
		opening->phase = OPENING_SEAL;
		return *fault != SEGMENT_OK;
	case OPENING_SEAL:
		*fault = check_seal(opening);
		opening->phase = OPENING_INSIDE;
		return *fault != SEGMENT_OK;
	case OPENING_INSIDE:
		over = segment_inner_step(opening->inner, out, fault);
		if (over && *fault == SEGMENT_OK) {
			out->header = opening->header;
			memcpy(out->id, opening->id, sizeof(out->id));
		}
		break;
	}
	return over;
}

enum segment_fault
segment_open(struct segment_open *out, const uint8_t *bytes, size_t len,
    const struct segment_expect *expect, struct ring *ring)
{
	struct segment_opening *opening = segment_opening_new(bytes, len, expect, ring);
	enum segment_fault fault = SEGMENT_NO_MEMORY;

	memset(out, 0, sizeof(*out));
	while (opening != NULL && !segment_opening_step(opening, out, &fault))
		;
	segment_opening_free(opening);
	return fault;
}

void
segment_open_close(struct segment_open *opened)
{
	free(opened->lines);
	free(opened->e);
	buf_wipe(&opened->body);
	memset(opened, 0, sizeof(*opened));
}
