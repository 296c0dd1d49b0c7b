#include "carry/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum pmj_code
shape_read(struct shape_place *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	memset(out, 0, sizeof(*out));
	if (len > PMJ_SEGMENT_FILE_MAX)
		return pmj_fail(err, PMJ_TOO_BIG, "%zu bytes; a segment has at most 4194304", len);
	if (len < SHAPE_HEADER_BYTES + SHAPE_SIGNATURE_BYTES)
		return pmj_fail(err, PMJ_INVALID, "%zu bytes are too few for a segment", len);
	if (memcmp(bytes, "PMJSEG01", 8) != 0)
		return pmj_fail(err, PMJ_INVALID, "does not begin with PMJSEG01");
	if (bytes[8] != 1)
		return pmj_fail(err, PMJ_INVALID, "suite %u is not known", bytes[8]);
	if (bytes[9] < 1 || bytes[9] > 5)
		return pmj_fail(err, PMJ_INVALID, "lane %u is not 1 to 5", bytes[9]);
	if (!bytes_zero(bytes + 10, 6) || !bytes_zero(bytes + 196, 4))
		return pmj_fail(err, PMJ_INVALID, "flags or spare bytes are not zero");
	if (get_le32(bytes + 192) != len - SHAPE_HEADER_BYTES - SHAPE_SIGNATURE_BYTES)
		return pmj_fail(err, PMJ_INVALID, "says %u bytes of ciphertext, has %zu",
		    get_le32(bytes + 192), len - SHAPE_HEADER_BYTES - SHAPE_SIGNATURE_BYTES);
	out->lane = bytes[9];
	out->segno = get_le64(bytes + 16);
	memcpy(out->mailbox, bytes + 24, sizeof(out->mailbox));
	memcpy(out->incarnation, bytes + 40, sizeof(out->incarnation));
	/* segno is the commit's time too, so it must be one that fits there. */
	if (out->segno == 0 || out->segno > (uint64_t)PMJ_JSON_INT_MAX)
		return pmj_fail(err, PMJ_INVALID, "segno %" PRIu64 " is out of range", out->segno);
	return PMJ_OK;
}

void
shape_name(char out[static SHAPE_NAME_ROOM], const struct shape_place *place, const char *tag)
{
	char mailbox[2 * PMJ_MAILBOX_BYTES + 1];
	char incarnation[2 * PMJ_INCARNATION_BYTES + 1];

	(void)snprintf(out, SHAPE_NAME_ROOM, "%s-%u-%s-%" PRIu64 "%s%s.seg",
	    text_hex(mailbox, place->mailbox, sizeof(place->mailbox)), place->lane,
	    text_hex(incarnation, place->incarnation, sizeof(place->incarnation)), place->segno,
	    tag != NULL ? "." : "", tag != NULL ? tag : "");
}

/* Exactly 2*count lower-case hex digits at the front of text. */
static bool
hex_front(uint8_t *out, size_t count, const char *text)
{
	char digits[2 * PMJ_MAILBOX_BYTES + 1];

	if (strspn(text, "0123456789abcdef") < 2 * count)
		return false;
	memcpy(digits, text, 2 * count);
	digits[2 * count] = '\0';
	return text_unhex(out, count, digits);
}

bool
shape_of_name(struct shape_place *out, char tag[static SHAPE_TAG_CHARS + 1], const char *name)
{
	static const char digits[] = "0123456789";
	uint64_t segno = 0;
	size_t n;

	memset(out, 0, sizeof(*out));
	tag[0] = '\0';
	if (!hex_front(out->mailbox, sizeof(out->mailbox), name) || name[32] != '-' ||
	    name[33] < '1' || name[33] > '5' || name[34] != '-' ||
	    !hex_front(out->incarnation, sizeof(out->incarnation), name + 35) || name[67] != '-')
		return false;
	out->lane = (uint8_t)(name[33] - '0');
	name += 68;
	n = strspn(name, digits);
	if (n == 0 || n > 16 || name[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++)
		segno = segno * 10 + (uint64_t)(name[i] - '0');
	if (segno > (uint64_t)PMJ_JSON_INT_MAX)
		return false;
	out->segno = segno;
	name += n;
	if (strcmp(name, ".seg") == 0)
		return true;
	if (name[0] != '.' || strspn(name + 1, "0123456789abcdef") != SHAPE_TAG_CHARS ||
	    strcmp(name + 1 + SHAPE_TAG_CHARS, ".seg") != 0)
		return false;
	memcpy(tag, name + 1, SHAPE_TAG_CHARS);
	tag[SHAPE_TAG_CHARS] = '\0';
	return true;
}

static int
compare_run(const struct shape_place *a, const struct shape_place *b)
{
	int order = memcmp(a->mailbox, b->mailbox, sizeof(a->mailbox));

	if (order != 0)
		return order;
	if (a->lane != b->lane)
		return a->lane < b->lane ? -1 : 1;
	return memcmp(a->incarnation, b->incarnation, sizeof(a->incarnation));
}

int
shape_compare(const struct shape_place *a, const struct shape_place *b)
{
	int order = compare_run(a, b);

	if (order != 0 || a->segno == b->segno)
		return order;
	return a->segno < b->segno ? -1 : 1;
}

bool
shape_same_run(const struct shape_place *a, const struct shape_place *b)
{
	return compare_run(a, b) == 0;
}
