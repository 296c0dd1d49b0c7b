/* packed_fuzz.c - a packed line of a damaged journal: refused, or no longer than a line may be; and
 * any bytes packed come back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/line_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static const uint8_t id[PMJ_DEVICE_BYTES] = {1, 2, 3};
	struct line_beside beside = {.by = id, .rec = id, .pt = 1795000000123};
	struct buf packed, out;
	bool good;

	buf_init(&packed, 0);
	buf_init(&out, 0);
	good = line_unpack(&out, bytes, count, &beside);
	if (out.len > LINE_PLAIN_MAX && out.len > count)
		abort();
	if (!good && out.len > 0)
		abort();
	out.len = 0;
	line_pack(&packed, (const char *)bytes, count, &beside);
	if (!line_unpack(&out, packed.bytes, packed.len, &beside) || out.len != count ||
	    (count > 0 && memcmp(out.bytes, bytes, count) != 0))
		abort();
	buf_close(&packed);
	buf_close(&out);
	return 0;
}
