/* The head of an answer on the API socket. */
#include <stdlib.h>

#include "cli/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct http_head head;
	struct pmj_error err;

	if (http_head_read(&head, (const char *)bytes, len, &err) != PMJ_OK)
		return 0;
	if (head.bytes > len || head.length > HTTP_ANSWER_MAX || head.status < 0 ||
	    head.status > 999)
		abort();
	return 0;
}
