/* A line as pamojad would say it, and worse ones. */
#include <stdint.h>

#include "carry/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct line_order order;
	struct pmj_error err;

	if (line_read(&order, (const char *)bytes, len, &err) == PMJ_OK)
		line_order_close(&order);
	return 0;
}
