/* A line as pamojad would say it, and worse ones. */
#include <stdint.h>

#include "carry/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct order order;
	struct pmj_error err;

	if (order_read(&order, (const char *)bytes, len, &err) == PMJ_OK)
		order_close(&order);
	return 0;
}
