/* The outside of a segment, as a spool file or a parcel brings it. An odd first byte: as it came.
 * An even one: signed anew, so that what lies behind the signature is reached too. */
#include "test_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct test_lane lane;
	struct segment_expect expect;
	struct segment_header header;
	struct segment_open opened;
	enum segment_fault fault;
	struct buf file;

	if (lane.writer == NULL)
		test_lane_open(&lane);
	if (len == 0)
		return 0;
	buf_init(&file, 0);
	buf_put(&file, bytes + 1, len - 1);
	if (bytes[0] % 2 == 0 && file.len > SEGMENT_OVERHEAD_BYTES)
		test_resign(&file, &lane);
	fault = segment_peek(&header, file.bytes, file.len);
	expect = test_lane_expect(&lane);
	if (bytes[0] & 2) {
		expect.segno = 0;
		expect.prev = NULL;
		expect.first_seq = 0;
		expect.chain = NULL;
		expect.incarnation = NULL;
	}
	if (segment_open(&opened, file.bytes, file.len, &expect, lane.reader) == SEGMENT_OK &&
	    (fault != SEGMENT_OK || opened.count == 0))
		abort();
	segment_open_close(&opened);
	if (bytes[0] & 4) {
		expect = (struct segment_expect){.lane = LANE_LOCKED_NOTE, .unsigned_note = true};
		(void)segment_open(&opened, file.bytes, file.len, &expect, lane.reader);
		segment_open_close(&opened);
	}
	buf_close(&file);
	return 0;
}
