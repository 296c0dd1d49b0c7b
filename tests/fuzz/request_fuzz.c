/* What people carry: the text, and the request or invitation it stands for. */
#include <stdlib.h>
#include <string.h>

#include "log/enrol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct enrol_request request;
	struct enrol_invitation invitation;
	struct pmj_error err;
	struct buf read;
	struct buf text;
	struct buf again;

	prim_start();
	buf_init(&read, 1u << 20);
	buf_init(&text, 0);
	buf_init(&again, 0);
	if (enrol_text_read(&read, (const char *)bytes, len, &err) == PMJ_OK) {
		(void)!enrol_request_read(&request, read.bytes, read.len, &err);
		(void)!enrol_invitation_read(&invitation, read.bytes, read.len, &err);
		/* What is read is written, and read, the same. */
		enrol_text_put(&text, read.bytes, read.len);
		if (enrol_text_read(&again, buf_text(&text), text.len, &err) != PMJ_OK ||
		    again.len != read.len || memcmp(again.bytes, read.bytes, read.len) != 0)
			abort();
	}
	(void)!enrol_request_read(&request, bytes, len, &err);
	if (enrol_invitation_read(&invitation, bytes, len, &err) == PMJ_OK &&
	    (invitation.segment + invitation.segment_len != bytes + len ||
	        invitation.cert + invitation.cert_len != invitation.segment))
		abort();
	buf_close(&read);
	buf_close(&text);
	buf_close(&again);
	return 0;
}
