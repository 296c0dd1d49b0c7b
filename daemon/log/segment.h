/* segment.h - lines to one sealed, signed file and back (security section 5). Pure: no clock, no
 * disk. */
#ifndef LOG_SEGMENT_H
#define LOG_SEGMENT_H
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/ring.h"
#include "pamoja/limits.h"

enum segment_lane {
	LANE_UP = 1,
	LANE_DOWN = 2,
	LANE_HUB = 3,
	LANE_LOCKED_NOTE = 4,
	LANE_BACKUP = 5
};
#define SEGMENT_HEADER_BYTES 200
#define SEGMENT_OVERHEAD_BYTES 264
#define SEGMENT_HEAD_BYTES 96 /* of the plaintext, before its lines */

struct segment_header { /* what the outside of a file says; nothing of it is proved before
	                   segment_open */
	uint8_t lane;
	uint64_t segno;
	uint8_t mailbox[16];
	uint8_t incarnation[16];
	uint8_t writer_kid[8];
	uint8_t reader_kid[8];
	uint8_t prev[32];
	uint32_t ct_len;
};
struct segment_line {
	const char *bytes; /* without "\n" */
	size_t len;
};
struct segment_draft {
	uint8_t lane;
	uint64_t segno;
	const uint8_t *mailbox;     /* 16 */
	const uint8_t *incarnation; /* 16 */
	const uint8_t *prev;        /* 32 */
	const uint8_t *reader_pk;   /* 32: X25519 */
	uint64_t first_seq;
	const uint8_t *chain_before; /* 32 */
	const struct segment_line *lines;
	size_t count;                    /* 1 to PMJ_SEGMENT_ENTRIES_MAX */
	const struct segment_pack *pack; /* the same lines, packed before; NULL: packed now */
	const uint8_t (*chains)[32];     /* after each of them, found before; NULL: found now */
	enum ring_key writer;            /* which of our keys signs */
	bool unsigned_note;              /* lane 4: writer id, prev and signature all zero */
	const uint8_t *test_esk;         /* 32, 24: only for known answers; NULL otherwise */
	const uint8_t *test_nonce;
	bool test_store; /* no compression; only for known answers */
};
/** Encode, seal and sign; appended to *out, which is left as it was on failure. For an unsigned
 * note only reader_pk, lines and count are read and ring may be NULL (a locked daemon has none).
 * PMJ_INVALID for a line that is empty or holds "\n"; PMJ_INTEGRITY for a reader key of low order.
 * chain_after and segment_id receive 32 bytes each. PMJ_TOO_BIG past PMJ_SEGMENT_FILE_MAX. */
PMJ_MUST_CHECK enum pmj_code segment_seal(struct buf *out, uint8_t chain_after[static 32],
    uint8_t segment_id[static 32], const struct segment_draft *draft, struct ring *ring,
    struct pmj_error *err);

/* Lines packed in pieces before they are sealed: better than segment_seal packs by itself, which
 * has to be over soon. */
struct segment_pack;
/** The lines are copied. Errors as segment_seal's for a line that is none. */
PMJ_MUST_CHECK enum pmj_code segment_pack_new(struct segment_pack **out,
    const struct segment_line *lines, size_t count, struct pmj_error *err);
/** One piece: so many bytes more of the lines. *done: all are packed. */
PMJ_MUST_CHECK enum pmj_code segment_pack_step(
    struct segment_pack *pack, size_t bytes, bool *done, struct pmj_error *err);
/** How many bytes of the lines were packed so far, to how many, and how big a file of these would
 * be. */
size_t segment_pack_taken(const struct segment_pack *pack);
size_t segment_pack_bytes(const struct segment_pack *pack);
size_t segment_pack_file_bytes(const struct segment_pack *pack);
void segment_pack_free(struct segment_pack *pack);

/* Why a segment is not taken; names are stable and shown to people and in ctl.nack. */
enum segment_fault {
	SEGMENT_OK,
	SEGMENT_BAD_SIZE,
	SEGMENT_BAD_FORM /* magic, suite, zero fields */,
	SEGMENT_WRONG_LANE /* lane or mailbox not as expected */,
	SEGMENT_FOREIGN_WRITER,
	SEGMENT_BAD_PADDED_SIZE,
	SEGMENT_REPLAYED /* segno below the one expected */,
	SEGMENT_OUT_OF_ORDER /* segno above it, or another prev */,
	SEGMENT_BAD_SIGNATURE,
	/* from here on the signature was good: kept, lane stops, NACK */
	SEGMENT_EPOCH_GONE,
	SEGMENT_BAD_SEAL /* low order, commitment or AEAD */,
	SEGMENT_BAD_PLAINTEXT,
	SEGMENT_BAD_PADDING,
	SEGMENT_BAD_COMPRESSION,
	SEGMENT_BAD_COUNT /* line count, seq run */,
	SEGMENT_BAD_CHAIN,
	/* says nothing about the segment: leave it where it is and try again later */
	SEGMENT_NO_MEMORY
};
const char *segment_fault_name(enum segment_fault fault); /* "bad_signature" ... */
bool segment_fault_is_signed(enum segment_fault fault);   /* was the signature good? */

struct segment_expect {
	uint8_t lane;
	const uint8_t *mailbox;     /* 16 */
	const uint8_t *incarnation; /* 16; NULL: any */
	const uint8_t *writer_pk;   /* 32: Ed25519 of this mailbox and lane */
	uint64_t segno;             /* last + 1; 0: any */
	const uint8_t *prev;        /* 32: last id; NULL: any */
	uint64_t first_seq;         /* last seq + 1; 0: any */
	const uint8_t *chain;       /* 32: chain before; NULL: any */
	bool unsigned_note;
};
struct segment_open {
	struct segment_header header;
	uint8_t id[32];
	uint64_t first_seq;
	uint8_t chain_before[32], chain_after[32];
	struct segment_line *lines; /* point into body */
	uint8_t (*e)[32];           /* of each line */
	size_t count;
	struct buf body;
};
/** Only the outside: size, magic, suite, zero fields. */
enum segment_fault segment_peek(struct segment_header *out, const uint8_t *bytes, size_t len);
/** Segment id = H("pmj seg id v1", whole file). */
void segment_id(uint8_t out[static 32], const uint8_t *bytes, size_t len);
/**
 * Check and open in the order of section 5. *out is left empty on a fault.
 *
 * Segment 1 of an incarnation must begin its chains whatever `expect` says: prev, first_seq 1 and
 * chain 0 follow from mailbox and incarnation. A file whose ct_len is not its size less 264 (cut,
 * or something appended) is SEGMENT_BAD_SIZE.
 */
enum segment_fault segment_open(struct segment_open *out, const uint8_t *bytes, size_t len,
    const struct segment_expect *expect, struct ring *ring);
void segment_open_close(struct segment_open *opened);
/* The same in pieces, for up to 4 MiB that may unpack to 16. `bytes` stay until the end. NULL: no
 * memory. */
struct segment_opening;
struct segment_opening *segment_opening_new(
    const uint8_t *bytes, size_t len, const struct segment_expect *expect, struct ring *ring);
/** One piece: the signature, the seal, or some of what is in it. True when it is over: *fault tells
 * how, and *out is filled when it is SEGMENT_OK. Until then *out is the opening's to use, and is
 * left empty by a fault. */
bool segment_opening_step(
    struct segment_opening *opening, struct segment_open *out, enum segment_fault *fault);
/** Is it what would be opened by these expectations? */
bool segment_opening_expects(
    const struct segment_opening *opening, const struct segment_expect *expect);
void segment_opening_free(struct segment_opening *opening);
/** Is P a padded length that the rule can give? And the rule itself. */
bool segment_padded_legal(uint32_t padded);
uint32_t segment_padded(uint32_t used);

#endif
