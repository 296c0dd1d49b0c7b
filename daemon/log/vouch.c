#include "log/vouch.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/ring.h"

#define VOUCH_BEFORE ",\"vouch\":\""
#define VOUCH_AFTER "\"}"
#define VOUCH_CHARS 22 /* of 16 bytes in base64url */
#define VOUCH_TAIL (sizeof(VOUCH_BEFORE) - 1 + VOUCH_CHARS + sizeof(VOUCH_AFTER) - 1)

/* What stands in the place of the line's closing brace; made from all that is before it. */
static void
put_tail(char tail[static VOUCH_TAIL + 1], struct ring *ring, const void *before, size_t len)
{
	uint8_t word[RING_VOUCH_BYTES];
	char *at = tail;

	ring_vouch(ring, word, before, len);
	memcpy(at, VOUCH_BEFORE, sizeof(VOUCH_BEFORE) - 1);
	at += sizeof(VOUCH_BEFORE) - 1;
	(void)text_base64(at, word, sizeof(word));
	memcpy(at + VOUCH_CHARS, VOUCH_AFTER, sizeof(VOUCH_AFTER));
}

void
vouch_put(struct buf *line, struct ring *ring)
{
	char tail[VOUCH_TAIL + 1];

	if (line->failed != PMJ_OK || line->len == 0)
		return;
	line->len--;
	put_tail(tail, ring, line->bytes, line->len);
	buf_put(line, tail, VOUCH_TAIL);
}

bool
vouch_holds(struct ring *ring, const char *line, size_t len)
{
	char tail[VOUCH_TAIL + 1];

	if (len <= VOUCH_TAIL)
		return false;
	put_tail(tail, ring, line, len - VOUCH_TAIL);
	return prim_equal(tail, line + len - VOUCH_TAIL, VOUCH_TAIL) != 0;
}
