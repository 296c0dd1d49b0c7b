/* segment_seal.c - lines into one sealed and signed file. */
#include <assert.h>
#include <string.h>

#include "log/chain.h"
#include "log/segment_form.h"
#include "log/segment_inner.h"

static const uint8_t *
writer_pk_of(const struct segment_draft *draft, const struct ring *ring)
{
	if (draft->unsigned_note)
		return segment_zeros;
	return draft->writer == RING_KEY_OP ? ring_op_pk(ring) : ring_sign_pk(ring);
}

/* What the derivation of the key covers, but epk. The file begins as segment_zeros, which is all a
 * locked note needs. */
static void
header_put(uint8_t *header, const struct segment_draft *draft, const uint8_t *writer_pk)
{
	memcpy(header + AT_MAGIC, segment_magic, sizeof(segment_magic));
	header[AT_SUITE] = SEGMENT_SUITE;
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
	segment_derive(okm, shared, header, writer_pk, draft->reader_pk);
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
		chain_lane_start(chain, segment_zeros, segment_zeros);
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
