/* Answers of the daemon: heads read strictly, bodies whole, a broken connection said. */
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "cli/client.h"
#include "cli/http.h"

static enum pmj_code
head(struct http_head *out, const char *text)
{
	struct pmj_error err;

	return http_head_read(out, text, strlen(text), &err);
}

static void
reads_heads(void **state)
{
	struct http_head out;

	(void)state;
	check_code(head(&out, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\nbody"), PMJ_OK);
	assert_int_equal(out.status, 200);
	assert_int_equal(out.length, 12);
	assert_int_equal(out.bytes, 45);
	check_code(head(&out, "HTTP/1.1 423 Locked\r\ncontent-length:0\r\n\r\n"), PMJ_OK);
	assert_int_equal(out.status, 423);
	check_code(head(&out, "HTTP/1.1 200 OK\r\nContent-Len"), PMJ_UNREACHED);
	check_code(head(&out, ""), PMJ_UNREACHED);
}

static void
refuses_what_is_no_answer(void **state)
{
	static const char *const bad[] = {
	    "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 2x0 OK\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "\r\n\r\n",
	};
	struct http_head out;
	char *flood = malloc(HTTP_HEAD_MAX + 2);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_code(head(&out, bad[i]), PMJ_IO);
	assert_non_null(flood);
	memset(flood, 'a', HTTP_HEAD_MAX + 1);
	flood[HTTP_HEAD_MAX + 1] = '\0';
	check_code(head(&out, flood), PMJ_IO);
	free(flood);
}

/* A whole exchange over a pair of sockets; the answer lies ready. */
static enum pmj_code
exchange(const char *answer, int *status, struct buf *body, char *sent, size_t room)
{
	struct http_request request = {.method = "POST",
	    .path = "/v1/notes",
	    .cookie = "c0ffee",
	    .language = "sw",
	    .body = "{}",
	    .body_len = 2};
	struct pmj_error err;
	enum pmj_code rc;
	int pair[2];
	ssize_t got;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], answer, strlen(answer)), strlen(answer));
	assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
	rc = http_exchange(pair[0], &request, status, body, &err);
	got = read(pair[1], sent, room - 1);
	sent[got > 0 ? got : 0] = '\0';
	(void)close(pair[0]);
	(void)close(pair[1]);
	return rc;
}

static void
exchanges(void **state)
{
	char sent[1024];
	struct buf body;
	int status = 0;

	(void)state;
	buf_init(&body, 0);
	check_code(exchange("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", &status, &body, sent,
	               sizeof(sent)),
	    PMJ_OK);
	assert_int_equal(status, 200);
	assert_string_equal(buf_text(&body), "abc");
	assert_string_equal(sent,
	    "POST /v1/notes HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: c0ffee\r\n"
	    "Accept-Language: sw\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	buf_close(&body);
	check_code(exchange("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", &status, &body, sent,
	               sizeof(sent)),
	    PMJ_IO);
	buf_close(&body);
}

static void
takes_the_daemons_error(void **state)
{
	json_t *answer = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", "locked", "message",
	    "the records are locked", "hint", "pamoja unlock");
	json_t *strange = json_pack("{s:{s:s}}", "error", "code", "no_such_code");
	struct pmj_error err;

	(void)state;
	check_code(client_error(answer, 423, &err), PMJ_LOCKED);
	assert_string_equal(err.message, "the records are locked");
	assert_string_equal(err.hint, "pamoja unlock");
	check_code(client_error(answer, 200, &err), PMJ_LOCKED);
	check_code(client_error(strange, 500, &err), PMJ_FAILED);
	(void)json_object_set_new(json_object_get(strange, "error"), "code", json_string("ok"));
	check_code(client_error(strange, 500, &err), PMJ_FAILED);
	check_code(client_error(NULL, 200, &err), PMJ_OK);
	check_code(client_error(NULL, 500, &err), PMJ_FAILED);
	json_decref(answer);
	json_decref(strange);
}

static void
escapes_paths(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	http_escape(&out, "Juma K./\xc3\xa9&=");
	assert_string_equal(buf_text(&out), "Juma%20K.%2F%C3%A9%26%3D");
	buf_close(&out);
}

static void
finds_home_and_language(void **state)
{
	struct client client;
	struct pmj_error err;

	(void)state;
	(void)setenv("PAMOJA_HOME", "/a", 1);
	check_ok(client_init(&client, "/b", &err), &err);
	assert_string_equal(client.home, "/b");
	client_close(&client);
	check_ok(client_init(&client, NULL, &err), &err);
	assert_string_equal(client.home, "/a");
	client_close(&client);
	(void)unsetenv("PAMOJA_HOME");
	(void)setenv("XDG_DATA_HOME", "/data", 1);
	check_ok(client_init(&client, NULL, &err), &err);
	assert_string_equal(client.home, "/data/pamoja");
	client_close(&client);
	(void)unsetenv("XDG_DATA_HOME");
	(void)setenv("HOME", "/h", 1);
	check_ok(client_init(&client, NULL, &err), &err);
	assert_string_equal(client.home, "/h/.local/share/pamoja");
	client_close(&client);
	(void)unsetenv("HOME");
	check_code(client_init(&client, NULL, &err), PMJ_USAGE);
	client_close(&client);
	(void)unsetenv("LC_ALL");
	(void)unsetenv("LANGUAGE");
	(void)unsetenv("LC_MESSAGES");
	(void)setenv("LANG", "sw_KE.UTF-8", 1);
	assert_string_equal(client_language(), "sw");
	(void)setenv("LANGUAGE", "fr:sw", 1);
	assert_string_equal(client_language(), "en");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_heads),
	    cmocka_unit_test(refuses_what_is_no_answer),
	    cmocka_unit_test(exchanges),
	    cmocka_unit_test(takes_the_daemons_error),
	    cmocka_unit_test(escapes_paths),
	    cmocka_unit_test(finds_home_and_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
