/* segment_form.h - the outside of a segment, byte for byte, for the three sources that read and
 * write it. Private to log/segment*.c. */
#ifndef LOG_SEGMENT_FORM_H
#define LOG_SEGMENT_FORM_H
#include "log/segment.h"

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
#define SEGMENT_SUITE 1
#define SEGMENT_PADDED_MIN 4096u
#define SEGMENT_FILE_MIN (SEGMENT_OVERHEAD_BYTES + SEGMENT_PADDED_MIN + PRIM_TAG_BYTES)

extern const char segment_magic[8];
extern const uint8_t
    segment_zeros[PRIM_SIGNATURE_BYTES]; /* for whatever a locked note leaves out */

/** okm = key || commitment, from the secret that both ends share. Both ends' full keys are bound:
 * no re-signing as another writer, no forwarding to another reader. */
void segment_derive(uint8_t okm[static 64], const uint8_t shared[static 32], const uint8_t *header,
    const uint8_t writer_pk[static 32], const uint8_t reader_pk[static 32]);

#endif
