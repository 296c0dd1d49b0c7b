/* What a gate may be sent, what a carrier may be answered, and the two files beside a mailbox. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/wire.h"
#include "gate/access.h"
#include "gate/cgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
read_item(const struct wire_item *item, struct buf *again)
{
	struct wire_tip *tips;
	struct wire_get get;
	size_t count;

	if (item->kind == WIRE_GET && wire_read_get(&get, item, NULL) == PMJ_OK) {
		assert(get.from.segno > 0 && get.limit <= WIRE_LIMIT_MAX);
		wire_put_get(again, &get);
		return;
	}
	if (item->kind == WIRE_TIPS) {
		tips = mem_array(item->len / WIRE_TIP_BYTES + 1, sizeof(*tips));
		if (wire_read_tips(tips, &count, item->bytes, item->len, NULL) == PMJ_OK) {
			/* What was read says the same bytes. */
			buf_clear(again);
			wire_put_tips(again, tips, count);
			assert(again->len == item->len + WIRE_HEAD_BYTES);
			assert(item->len == 0 ||
			       memcmp(again->bytes + WIRE_HEAD_BYTES, item->bytes, item->len) == 0);
		}
		free(tips);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct access_list list;
	uint8_t token[TOKEN_BYTES], mailbox[PMJ_MAILBOX_BYTES];
	char *text = mem_strndup((const char *)bytes, len);
	uint32_t number;
	struct buf again;

	buf_init(&again, 0);
	assert(wire_whole(bytes, len) <= len);
	for (int side = WIRE_REQUEST; side <= WIRE_ANSWER; side++) {
		struct wire_item item;
		struct wire_in in;
		bool more = true;

		if (wire_open(&in, (enum wire_side)side, bytes, len, NULL) != PMJ_OK)
			continue;
		while (wire_next(&in, &item, &more, NULL) == PMJ_OK && more)
			read_item(&item, &again);
	}
	if (access_parse(&list, (const char *)bytes, len, NULL) == PMJ_OK)
		assert(list.count <= ACCESS_LINES_MAX);
	(void)access_bearer(token, text);
	(void)cgi_path(mailbox, text);
	if (cgi_length(&number, text, 1000))
		assert(number <= 1000);
	buf_close(&again);
	free(text);
	return 0;
}
