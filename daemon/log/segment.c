#include "log/segment.h"

#include <assert.h>
#include <string.h>

#include "log/segment_form.h"

const char segment_magic[8] = {'P', 'M', 'J', 'S', 'E', 'G', '0', '1'};
const uint8_t segment_zeros[PRIM_SIGNATURE_BYTES];

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

	if (used <= SEGMENT_PADDED_MIN)
		return SEGMENT_PADDED_MIN;
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
	return padded >= SEGMENT_PADDED_MIN && padded <= PMJ_SEGMENT_FILE_MAX &&
	       segment_padded(padded) == padded;
}

void
segment_id(uint8_t out[static 32], const uint8_t *bytes, size_t len)
{
	prim_hash(out, "pmj seg id v1", PRIM_PARTS({bytes, len}));
}

void
segment_derive(uint8_t okm[static 64], const uint8_t shared[static 32], const uint8_t *header,
    const uint8_t writer_pk[static 32], const uint8_t reader_pk[static 32])
{
	prim_kdf(okm, 64, "pmj seg key v1", shared,
	    PRIM_PARTS({header, AT_COMMIT}, {writer_pk, 32}, {reader_pk, 32}));
}

enum segment_fault
segment_peek(struct segment_header *out, const uint8_t *bytes, size_t len)
{
	memset(out, 0, sizeof(*out));
	if (len < SEGMENT_FILE_MIN || len > PMJ_SEGMENT_FILE_MAX)
		return SEGMENT_BAD_SIZE;
	if (memcmp(bytes + AT_MAGIC, segment_magic, sizeof(segment_magic)) != 0 ||
	    bytes[AT_SUITE] != SEGMENT_SUITE || bytes[AT_LANE] < LANE_UP ||
	    bytes[AT_LANE] > LANE_BACKUP ||
	    memcmp(bytes + AT_FLAGS, segment_zeros, AT_SEGNO - AT_FLAGS) != 0 ||
	    memcmp(bytes + AT_ZERO, segment_zeros, SEGMENT_HEADER_BYTES - AT_ZERO) != 0)
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
