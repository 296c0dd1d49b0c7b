/* segment_open.c - a file checked in the order of section 5 and opened, in pieces. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log/chain.h"
#include "log/segment_form.h"
#include "log/segment_inner.h"

static enum segment_fault
check_order(const struct segment_header *header, const struct segment_expect *expect)
{
	uint8_t start[32];

	if (expect->unsigned_note)
		return header->segno == 0 && memcmp(header->prev, segment_zeros, 32) == 0
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
	const uint8_t *mailbox = expect->unsigned_note ? segment_zeros : expect->mailbox;
	const uint8_t *incarnation = expect->unsigned_note ? segment_zeros : expect->incarnation;
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
		good = memcmp(signature, segment_zeros, PRIM_SIGNATURE_BYTES) == 0;
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
	segment_derive(okm, shared, bytes,
	    expect->unsigned_note ? segment_zeros : expect->writer_pk, reader_pk);
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
