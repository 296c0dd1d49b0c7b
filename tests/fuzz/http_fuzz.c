/* http_fuzz.c - requests as bytes: whatever comes is answered, never trusted. */
#include <stddef.h>
#include <stdint.h>

#include "api/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request;
	enum http_result result = http_read(&request, (const char *)data, size);

	if (result == HTTP_DONE && (request.used != size || request.path[0] != '/'))
		__builtin_trap();
	if (result != HTTP_MORE)
		http_request_close(&request);
	return 0;
}
