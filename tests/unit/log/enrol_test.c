/* Section 10.1: request and invitation, and the text that people carry. */
#include <ctype.h>

#include "check.h"
#include "log/enrol.h"
#include "test_ring.h"

static void
request(void **state)
{
	struct ring *ring = test_ring(1, 2, 0);
	struct enrol_request read;
	uint8_t bytes[ENROL_REQUEST_BYTES];
	uint8_t nonce[32];
	uint8_t pk[32];

	(void)state;
	memset(nonce, 0x5a, sizeof(nonce));
	enrol_request_make(bytes, nonce, ring);
	check_code(enrol_request_read(&read, bytes, sizeof(bytes), NULL), PMJ_OK);
	test_ring_seal_pk(ring, pk);
	assert_memory_equal(read.nonce, nonce, 32);
	assert_memory_equal(read.sign_pk, ring_sign_pk(ring), 32);
	assert_memory_equal(read.seal_pk, pk, 32);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= (uint8_t)(1u << (i % 8));
		check_code(enrol_request_read(&read, bytes, sizeof(bytes), NULL),
		    i < 8 ? PMJ_INVALID : PMJ_INTEGRITY);
		bytes[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t len = 0; len < sizeof(bytes); len++)
		check_code(enrol_request_read(&read, bytes, len, NULL), PMJ_INVALID);
	memset(bytes + 72, 0, 32); /* a seal key of low order, duly signed */
	ring_sign(ring, RING_KEY_DEVICE, bytes + 104, "pmj request v1", PRIM_PARTS({bytes, 104}));
	check_code(enrol_request_read(&read, bytes, sizeof(bytes), NULL), PMJ_INTEGRITY);
	ring_free(ring);
}

static void
text_round_trip(void **state)
{
	struct pmj_error err;
	uint8_t bytes[170];

	(void)state;
	prim_start();
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		struct buf text;
		struct buf back;

		prim_random(bytes, len);
		buf_init(&text, 0);
		buf_init(&back, 0);
		enrol_text_put(&text, bytes, len);
		check_ok(enrol_text_read(&back, buf_text(&text), text.len, &err), &err);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.bytes, bytes, len);
		buf_close(&text);
		buf_close(&back);
	}
}

static struct buf
sample(void)
{
	static uint8_t bytes[168];
	struct buf text;

	prim_start();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 89 + 3);
	buf_init(&text, 0);
	enrol_text_put(&text, bytes, sizeof(bytes));
	return text;
}

/* As people retype it: capitals, other spacing, o for 0, CRLF, blank lines and remarks. */
static void
text_is_forgiving(void **state)
{
	struct buf text = sample();
	struct buf plain;
	struct buf other;
	struct buf typed;
	struct pmj_error err;

	(void)state;
	buf_init(&typed, 0);
	buf_init(&plain, 0);
	buf_init(&other, 0);
	buf_put_text(&typed, "# request of Asha\r\n\r\n");
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.bytes[i];

		if (c == ' ')
			buf_put_text(&typed, i % 2 ? "" : "-");
		else if (c == '\n')
			buf_put_text(&typed, " \r\n\n");
		else
			buf_put_u8(&typed, (uint8_t)(c == '0' ? 'O' : c == '1' ? 'l' : toupper(c)));
	}
	check_ok(enrol_text_read(&plain, buf_text(&text), text.len, &err), &err);
	check_ok(enrol_text_read(&other, buf_text(&typed), typed.len, &err), &err);
	assert_int_equal(other.len, plain.len);
	assert_memory_equal(other.bytes, plain.bytes, plain.len);
	/* The last line need not be ended. */
	buf_clear(&other);
	check_ok(enrol_text_read(&other, buf_text(&text), text.len - 1, &err), &err);
	buf_close(&other);
	buf_close(&typed);
	buf_close(&plain);
	buf_close(&text);
}

static void
refused_naming(const char *text, size_t len, size_t line)
{
	struct pmj_error err;
	char word[32];
	struct buf out;

	buf_init(&out, 0);
	check_code(enrol_text_read(&out, text, len, &err), PMJ_INVALID);
	assert_int_equal(out.len, 0);
	(void)snprintf(word, sizeof(word), "line %zu ", line);
	if (strstr(err.message, word) == NULL)
		fail_msg("%s, not %s", err.message, word);
	assert_string_not_equal(err.hint, "");
	buf_close(&out);
}

/* Every character changed into every other of the alphabet, and into one outside it. */
static void
text_mistyped(void **state)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz!";
	struct buf text = sample();
	size_t line = 1;

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t was = text.bytes[i];

		if (was == '\n')
			line++;
		if (was == '\n' || was == ' ')
			continue;
		for (size_t d = 0; digits[d] != '\0'; d++) {
			text.bytes[i] = (uint8_t)digits[d];
			if (text.bytes[i] != was)
				refused_naming(buf_text(&text), text.len, line);
		}
		text.bytes[i] = was;
	}
	buf_close(&text);
}

static void
text_swapped(void **state)
{
	struct buf text = sample();
	const size_t line_len = (size_t)(strchr((char *)text.bytes, '\n') - (char *)text.bytes) + 1;
	struct buf bad;
	size_t line = 1;

	(void)state;
	for (size_t i = 0; i + 1 < text.len; i++) { /* neighbours */
		uint8_t a = text.bytes[i];
		uint8_t b = text.bytes[i + 1];

		if (a == '\n')
			line++;
		if (a == b || isspace(a) || isspace(b))
			continue;
		text.bytes[i] = b;
		text.bytes[i + 1] = a;
		refused_naming(buf_text(&text), text.len, line);
		text.bytes[i] = a;
		text.bytes[i + 1] = b;
	}
	buf_init(&bad, 0); /* lines 3 and 4 in each other's place */
	buf_put(&bad, text.bytes, 2 * line_len);
	buf_put(&bad, text.bytes + 3 * line_len, line_len);
	buf_put(&bad, text.bytes + 2 * line_len, line_len);
	buf_put(&bad, text.bytes + 4 * line_len, text.len - 4 * line_len);
	refused_naming(buf_text(&bad), bad.len, 3);
	buf_clear(&bad); /* line 2 left out */
	buf_put(&bad, text.bytes, line_len);
	buf_put(&bad, text.bytes + 2 * line_len, text.len - 2 * line_len);
	refused_naming(buf_text(&bad), bad.len, 2);
	buf_clear(&bad); /* a line more than it has, a character short, a character more */
	buf_put(&bad, text.bytes, text.len);
	buf_put(&bad, text.bytes, line_len);
	refused_naming(buf_text(&bad), bad.len, 9);
	buf_clear(&bad);
	buf_put(&bad, text.bytes + 1, text.len - 1);
	refused_naming(buf_text(&bad), bad.len, 1);
	buf_clear(&bad);
	buf_put_u8(&bad, '0');
	buf_put(&bad, text.bytes, text.len);
	refused_naming(buf_text(&bad), bad.len, 1);
	buf_close(&bad);
	buf_close(&text);
}

/* The last line missing cannot show in the text itself: the request says so. */
static void
text_cut(void **state)
{
	struct buf text = sample();
	struct enrol_request read;
	struct pmj_error err;
	struct buf bytes;

	(void)state;
	text.len -= 2;
	while (text.bytes[text.len - 1] != '\n')
		text.len--;
	buf_init(&bytes, 0);
	check_ok(enrol_text_read(&bytes, buf_text(&text), text.len, &err), &err);
	memcpy(bytes.bytes, "PMJREQ01", 8);
	check_code(enrol_request_read(&read, bytes.bytes, bytes.len, &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "missing"));
	buf_clear(&bytes);
	check_code(enrol_text_read(&bytes, "\n # \n", 5, &err), PMJ_INVALID);
	buf_close(&bytes);
	bytes.limit = 30; /* the caller's limit holds */
	check_code(enrol_text_read(&bytes, buf_text(&text), text.len, &err), PMJ_TOO_BIG);
	buf_close(&bytes);
	buf_close(&text);
}

static void
invitation(void **state)
{
	struct enrol_invitation read;
	struct pmj_error err;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	enrol_invitation_put(&b, (const uint8_t *)"certificate", 11, (const uint8_t *)"segment", 7);
	check_ok(enrol_invitation_read(&read, b.bytes, b.len, &err), &err);
	assert_int_equal(read.cert_len, 11);
	assert_memory_equal(read.cert, "certificate", 11);
	assert_int_equal(read.segment_len, 7);
	assert_memory_equal(read.segment, "segment", 7);
	for (size_t len = 0; len <= b.len - 7; len++) {
		check_code(enrol_invitation_read(&read, b.bytes, len, &err), PMJ_INVALID);
		assert_null(read.segment);
	}
	b.bytes[8] = 0;
	check_code(enrol_invitation_read(&read, b.bytes, b.len, &err), PMJ_INVALID);
	b.bytes[9] = 5; /* past 1 KiB, with so many bytes there */
	buf_put_zeros(&b, 4096);
	check_code(enrol_invitation_read(&read, b.bytes, b.len, &err), PMJ_INVALID);
	b.bytes[0] ^= 1;
	check_code(enrol_invitation_read(&read, b.bytes, b.len, &err), PMJ_INVALID);
	buf_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request),
	    cmocka_unit_test(text_round_trip),
	    cmocka_unit_test(text_is_forgiving),
	    cmocka_unit_test(text_mistyped),
	    cmocka_unit_test(text_swapped),
	    cmocka_unit_test(text_cut),
	    cmocka_unit_test(invitation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
