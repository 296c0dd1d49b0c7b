#include "log/enrol.h"

#include <string.h>

#include "base/text.h"

static const char request_magic[8] = {'P', 'M', 'J', 'R', 'E', 'Q', '0', '1'};
static const char invitation_magic[8] = {'P', 'M', 'J', 'I', 'N', 'V', '0', '1'};
enum { REQUEST_NONCE = 8, REQUEST_SIGN = 40, REQUEST_SEAL = 72, REQUEST_SIGNATURE = 104 };

void
enrol_request_make(
    uint8_t out[static ENROL_REQUEST_BYTES], const uint8_t nonce[static 32], struct ring *ring)
{
	struct ring_epoch epoch;

	ring_epoch_current(ring, &epoch);
	memcpy(out, request_magic, sizeof(request_magic));
	memcpy(out + REQUEST_NONCE, nonce, 32);
	memcpy(out + REQUEST_SIGN, ring_sign_pk(ring), 32);
	memcpy(out + REQUEST_SEAL, epoch.pk, 32);
	ring_sign(ring, RING_KEY_DEVICE, out + REQUEST_SIGNATURE, "pmj request v1",
	    PRIM_PARTS({out, REQUEST_SIGNATURE}));
}

/* Nothing could be sealed to a key of low order; any scalar shows it. */
static bool
seal_pk_usable(const uint8_t pk[static 32])
{
	static const uint8_t any_scalar[32] = {8};
	uint8_t shared[32];

	return prim_dh(shared, any_scalar, pk) == 0;
}

enum pmj_code
enrol_request_read(
    struct enrol_request *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	memset(out, 0, sizeof(*out));
	if (len < sizeof(request_magic) || memcmp(bytes, request_magic, sizeof(request_magic)) != 0)
		return pmj_fail(err, PMJ_INVALID, "this is not an enrolment request");
	if (len != ENROL_REQUEST_BYTES) {
		(void)pmj_fail(err, PMJ_INVALID, "an enrolment request has %d bytes; this has %zu",
		    ENROL_REQUEST_BYTES, len);
		pmj_hint(err, "see whether a line is missing at the end");
		return PMJ_INVALID;
	}
	if (prim_verify(bytes + REQUEST_SIGNATURE, "pmj request v1", bytes + REQUEST_SIGN,
	        PRIM_PARTS({bytes, REQUEST_SIGNATURE})) != 0 ||
	    !seal_pk_usable(bytes + REQUEST_SEAL))
		return pmj_fail(
		    err, PMJ_INTEGRITY, "the enrolment request is not signed by the key in it");
	memcpy(out->nonce, bytes + REQUEST_NONCE, 32);
	memcpy(out->sign_pk, bytes + REQUEST_SIGN, 32);
	memcpy(out->seal_pk, bytes + REQUEST_SEAL, 32);
	return PMJ_OK;
}

/* The text: lines of 20 bytes as 32 characters and 2 that check them and the line's number. */
#define LINE_BYTES 20
#define LINE_CHARS 32
#define CHECK_CHARS 2
#define GROUP_CHARS 8

/* Prime and just below 32 * 32: finds every wrong character, every swap of neighbours, and every
 * line in another line's place. */
#define CHECK_MODULUS 1021u

static uint32_t
line_check(size_t number, const uint8_t *bytes, size_t count)
{
	uint32_t rest = (uint32_t)(number % CHECK_MODULUS);

	for (size_t i = 0; i < count; i++)
		rest = (rest * 256 + bytes[i]) % CHECK_MODULUS;
	return rest;
}

void
enrol_text_put(struct buf *out, const uint8_t *bytes, size_t len)
{
	char text[LINE_CHARS + 2];
	char check[8];
	uint8_t sum[2];

	for (size_t at = 0, number = 1; at < len; at += LINE_BYTES, number++) {
		size_t count = len - at < LINE_BYTES ? len - at : LINE_BYTES;
		uint32_t rest = line_check(number, bytes + at, count);

		(void)text_base32(text, bytes + at, count);
		for (size_t i = 0; text[i] != '\0'; i++) {
			if (i > 0 && i % GROUP_CHARS == 0)
				buf_put_u8(out, ' ');
			buf_put_u8(out, (uint8_t)text[i]);
		}
		sum[0] = (uint8_t)(rest >> 2);
		sum[1] = (uint8_t)(rest << 6);
		(void)text_base32(check, sum, sizeof(sum));
		check[CHECK_CHARS] = '\0';
		buf_putf(out, " %s\n", check);
	}
	prim_wipe(text, sizeof(text));
}

struct text_line {
	char chars[LINE_CHARS + CHECK_CHARS];
	size_t count;  /* characters of it that are not spaces; may be more than fit */
	size_t number; /* from 1; lines that are blank or begin with '#' do not count */
};

/* The next line with characters in it; false at the end. */
static bool
line_next(struct text_line *line, const char **at, const char *end)
{
	line->count = 0;
	while (*at < end && line->count == 0) {
		bool comment = **at == '#';

		for (; *at < end && **at != '\n'; (*at)++) {
			if (comment || **at == ' ' || **at == '\t' || **at == '\r' || **at == '-')
				continue;
			if (line->count < sizeof(line->chars))
				line->chars[line->count] = **at;
			line->count++;
		}
		if (*at < end)
			(*at)++;
	}
	line->number++;
	return line->count > 0;
}

/* Bytes of a line, or 0 when it cannot be one. *check is what its last two characters say. */
static size_t
line_bytes(uint8_t out[static LINE_BYTES], uint32_t *check, const struct text_line *line)
{
	char last[4] = {0, 0, '0', '0'};
	uint8_t sum[2];
	size_t chars;
	size_t count;

	if (line->count <= CHECK_CHARS || line->count > sizeof(line->chars))
		return 0;
	chars = line->count - CHECK_CHARS;
	count = chars * 5 / 8;
	memcpy(last, line->chars + chars, CHECK_CHARS);
	if (count == 0 || !text_unbase32(out, count, line->chars, chars) ||
	    !text_unbase32(sum, sizeof(sum), last, sizeof(last)))
		return 0;
	*check = ((uint32_t)sum[0] << 8 | sum[1]) >> 6;
	return count;
}

static enum pmj_code
line_fail(const struct text_line *line, const uint8_t *bytes, size_t count, uint32_t check,
    struct pmj_error *err)
{
	for (size_t skipped = 1; count > 0 && skipped <= 3; skipped++)
		if (line_check(line->number + skipped, bytes, count) == check) {
			(void)pmj_fail(err, PMJ_INVALID, "line %zu is missing", line->number);
			pmj_hint(err, "put line %zu in its place and try again", line->number);
			return PMJ_INVALID;
		}
	if (line->count != LINE_CHARS + CHECK_CHARS)
		(void)pmj_fail(err, PMJ_INVALID,
		    "line %zu is mistyped: it has %zu characters (all but the last have %d)",
		    line->number, line->count, LINE_CHARS + CHECK_CHARS);
	else
		(void)pmj_fail(err, PMJ_INVALID, "line %zu is mistyped", line->number);
	pmj_hint(err,
	    "compare line %zu with the original; capitals, spaces, and o for 0 or l for 1 do not "
	    "matter",
	    line->number);
	return PMJ_INVALID;
}

enum pmj_code
enrol_text_read(struct buf *out, const char *text, size_t len, struct pmj_error *err)
{
	const char *end = text + len;
	struct text_line line = {.number = 0};
	uint8_t bytes[LINE_BYTES];
	size_t start = out->len;
	size_t count = LINE_BYTES;
	uint32_t check = 0;
	enum pmj_code rc = PMJ_OK;

	while (line_next(&line, &text, end)) {
		if (count < LINE_BYTES) {
			rc = pmj_fail(err, PMJ_INVALID,
			    "line %zu is too short, or lines follow the last", line.number - 1);
			pmj_hint(err, "compare line %zu and what follows it with the original",
			    line.number - 1);
			goto out;
		}
		count = line_bytes(bytes, &check, &line);
		if (count == 0 || line_check(line.number, bytes, count) != check) {
			rc = line_fail(&line, bytes, count, check, err);
			goto out;
		}
		buf_put(out, bytes, count);
		if ((rc = buf_check(out, err)) != PMJ_OK)
			goto out;
	}
	if (out->len == start)
		rc = pmj_fail(err, PMJ_INVALID, "there is no line in this text");
out:
	if (rc != PMJ_OK && out->len > start) {
		prim_wipe(out->bytes + start, out->len - start);
		out->len = start;
	}
	prim_wipe(bytes, sizeof(bytes));
	prim_wipe(&line, sizeof(line));
	return rc;
}

void
enrol_invitation_put(struct buf *out, const uint8_t *cert, size_t cert_len, const uint8_t *segment,
    size_t segment_len)
{
	buf_put(out, invitation_magic, sizeof(invitation_magic));
	buf_put_u16(out, (uint16_t)cert_len);
	buf_put(out, cert, cert_len);
	buf_put(out, segment, segment_len);
}

enum pmj_code
enrol_invitation_read(
    struct enrol_invitation *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct bytes_in in = {bytes, len, false};
	const uint8_t *magic = in_bytes(&in, sizeof(invitation_magic));

	memset(out, 0, sizeof(*out));
	if (magic == NULL || memcmp(magic, invitation_magic, sizeof(invitation_magic)) != 0)
		return pmj_fail(err, PMJ_INVALID, "this is not an invitation");
	out->cert_len = in_u16(&in);
	out->cert = in_bytes(&in, out->cert_len);
	out->segment = in.at;
	out->segment_len = in.left;
	if (in.bad || out->cert_len == 0 || out->cert_len > PMJ_CERT_MAX || out->segment_len == 0 ||
	    out->segment_len > PMJ_SEGMENT_FILE_MAX) {
		memset(out, 0, sizeof(*out));
		(void)pmj_fail(
		    err, PMJ_INVALID, "the invitation is cut short or damaged (%zu bytes)", len);
		pmj_hint(err, "see whether a line is missing at the end, or ask for it again");
		return PMJ_INVALID;
	}
	return PMJ_OK;
}
