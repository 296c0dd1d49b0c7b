/* What git at a host says: what it has, what came of a push, and where a pack begins. The first
 * byte tells which of these is read. */
#include <stdlib.h>
#include <string.h>

#include "carry/pkt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
look_at_words(const struct pmj_error *err, enum pmj_code rc)
{
	if (rc != err->code || rc == PMJ_OK)
		abort();
	for (const char *at = err->message; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			abort();
}

/* No two alike, in order, and only what can be a branch of ours. */
static void
look_at_refs(const struct pkt_refs *refs)
{
	for (size_t i = 0; i < refs->tips.count; i++) {
		const struct branch_tip *tip = &refs->tips.items[i];

		if (tip->run.lane < 1 || tip->run.lane > 2 || tip->run.mailbox[0] != 0xaa ||
		    (i > 0 && shape_compare(&refs->tips.items[i - 1].run, &tip->run) >= 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct shape_place run = {.lane = 1, .segno = 1};
	struct pkt_refs refs;
	struct pmj_error err = {0};
	const uint8_t *pack;
	size_t pack_len;
	struct buf text;
	enum pmj_code rc;
	bool bad;

	if (len == 0)
		return 0;
	memset(run.mailbox, 0xaa, sizeof(run.mailbox));
	memset(run.incarnation, 0xb2, sizeof(run.incarnation));
	buf_init(&text, 0);
	buf_put(&text, bytes + 1, len - 1);
	switch (bytes[0] % 4) {
	case 0:
	case 1:
		rc = pkt_read_refs(&refs, PKT_UPLOAD, bytes[0] % 4 == 1, run.mailbox, &text, &err);
		if (rc == PMJ_OK)
			look_at_refs(&refs);
		else
			look_at_words(&err, rc);
		pkt_refs_close(&refs);
		if (pkt_list_bytes(text.bytes, text.len, &bad) > text.len)
			abort();
		break;
	case 2:
		rc = pkt_read_report(&run, &text, &err);
		if (rc != PMJ_OK)
			look_at_words(&err, rc);
		break;
	default:
		rc = pkt_read_pack(&pack, &pack_len, &text, &err);
		if (rc != PMJ_OK)
			look_at_words(&err, rc);
		else if (pack < text.bytes || pack + pack_len != text.bytes + text.len ||
		         pack_len < 12)
			abort();
	}
	buf_close(&text);
	return 0;
}
