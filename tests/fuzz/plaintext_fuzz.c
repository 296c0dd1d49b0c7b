/* The plaintext of a segment whose author is enrolled, and hostile. The input is the plaintext up
 * to its padding; the first byte says whether the chain after is put right, so that a good one is
 * reached. */
#include "test_inner.h"
#include "test_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct segment_expect expect = {.lane = LANE_UP};
	struct segment_open opened;
	enum segment_fault fault;
	struct buf plain;

	prim_start();
	if (len < 1 + SEGMENT_INNER_HEAD_BYTES || len > (1u << 20))
		return 0;
	buf_init(&plain, 0);
	buf_put(&plain, bytes + 1, len - 1);
	if (bytes[0] & 1)
		put_le32(plain.bytes + 8, (uint32_t)(plain.len - SEGMENT_INNER_HEAD_BYTES));
	buf_put_zeros(&plain, segment_padded((uint32_t)plain.len) - plain.len);
	fault = test_inner_read(&opened, plain.bytes, plain.len, &expect);
	if (fault == SEGMENT_OK) {
		for (size_t i = 0; i < opened.count; i++)
			if (memchr(opened.lines[i].bytes, '\n', opened.lines[i].len) != NULL)
				abort();
	} else if (opened.lines != NULL || opened.body.bytes != NULL) {
		abort();
	}
	segment_open_close(&opened);
	buf_close(&plain);
	return 0;
}
