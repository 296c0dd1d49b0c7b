/* http_test.c - the strict reader of requests (security 12). */
#include "check.h"
#include <string.h>

#include "api/http.h"
#include "pamoja/limits.h"

static enum http_result
read_text(struct http_request *out, const char *text)
{
	return http_read(out, text, strlen(text));
}

static void
assert_bad(const char *text, int status)
{
	struct http_request request;

	if (read_text(&request, text) != HTTP_BAD || request.status != status)
		fail_msg("wanted %d for: %s", status, text);
	assert_non_null(request.why);
	http_request_close(&request);
}

static void
test_good(void **state)
{
	struct http_request request;
	const char *text = "POST /v1/record/ab%20c?limit=5&q=ju%C3%AD+ma HTTP/1.1\r\nhost: x\r\n"
	                   "accept-language: sw\r\nContent-Length: 4\r\n\r\n{\"a\"";

	(void)state;
	assert_int_equal(read_text(&request, text), HTTP_DONE);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.path, "/v1/record/ab c");
	assert_string_equal(json_str(request.query, "limit"), "5");
	assert_string_equal(json_str(request.query, "q"), "ju\xc3\xad ma");
	assert_string_equal(request.language, "sw");
	assert_int_equal(request.body_len, 4);
	assert_int_equal(request.used, strlen(text));
	http_request_close(&request);
}

/* Whatever is cut off the end: never taken for whole, never refused. */
static void
test_every_prefix_waits(void **state)
{
	const char *text = "GET /v1/status?a=b HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\r\n";
	struct http_request request;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++)
		assert_int_equal(http_read(&request, text, len), HTTP_MORE);
	assert_int_equal(read_text(&request, text), HTTP_DONE);
	http_request_close(&request);
}

static void
test_refused(void **state)
{
	(void)state;
	assert_bad("GET /a HTTP/1.1\nHost: x\n\n", 400);
	assert_bad("GET /a HTTP/1.0\r\nHost: x\r\n\r\n", 505);
	assert_bad("GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", 505);
	assert_bad("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET /a%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET /a%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET /a HTTP/1.1\r\n\r\n", 400);
	assert_bad("GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400);
	assert_bad("GET /a HTTP/1.1\r\nHost : x\r\n\r\n", 400);
	assert_bad("GET /a HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400);
	assert_bad("PUT /a HTTP/1.1\r\nHost: x\r\n\r\n", 405);
	assert_bad("POST /a HTTP/1.1\r\nHost: x\r\n\r\n", 411);
	assert_bad("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
	assert_bad(
	    "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
	    400);
	assert_bad(
	    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400);
	assert_bad("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\nx", 400);
	assert_bad("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", 413);
	assert_bad("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413);
	assert_bad("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	assert_bad("GET /a HTTP/1.1\r\nHost: x\r\nX-Pamoja-Cookie: short\r\n\r\n", 403);
	assert_bad("GET /a?x=1&x=2 HTTP/1.1\r\nHost: x\r\n\r\n", 400);
}

static void
test_limits(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 0);
	buf_put_text(&text, "GET /");
	for (int i = 0; i < 5000; i++)
		buf_put_u8(&text, 'a');
	assert_bad(buf_text(&text), 414);
	buf_clear(&text);
	buf_put_text(&text, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 0; i < PMJ_HTTP_HEADER_LINES_MAX; i++)
		buf_putf(&text, "X-%u: a\r\n", i);
	buf_put_text(&text, "\r\n");
	assert_bad(buf_text(&text), 431);
	buf_clear(&text);
	buf_put_text(&text, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
	for (unsigned i = 0; i < PMJ_HTTP_HEADERS_MAX; i++)
		buf_put_u8(&text, 'a');
	assert_bad(buf_text(&text), 431);
	buf_close(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
	    cmocka_unit_test(test_every_prefix_waits), cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
