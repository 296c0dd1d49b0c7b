/* Tokens, writers, paths and headers: who is let in, and that the rest learn nothing. */
#include "carry/bare.h"
#include "carry_lab.h"
#include "gate/access.h"
#include "gate/cgi.h"
#include "gate/serve.h"

#define HEX32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX64 HEX32 HEX32

static void
lists_are_read_strictly(void **state)
{
	static const char *const bad[] = {"1", "1 " HEX32, "3 " HEX64, "1  " HEX64, "1 " HEX64 " ",
	    "1 " HEX64 "\n\n", "1 " HEX64 "\n1", "1 " HEX32 "g" HEX32, "\n", "1\t" HEX64,
	    "1 " HEX64 "\r\n"};
	struct access_list list;
	struct pmj_error err;
	struct buf many;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_code(access_parse(&list, bad[i], strlen(bad[i]), &err), PMJ_INVALID);
	check_ok(access_parse(&list, "", 0, &err), &err);
	assert_true(list.there && list.count == 0);
	check_ok(access_parse(&list, "1 " HEX64 "\n2 " HEX64, 2 * 66 + 1, &err), &err);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[1].lane, 2);
	buf_init(&many, 0);
	for (int i = 0; i < ACCESS_LINES_MAX; i++)
		buf_put_text(&many, "1 " HEX64 "\n");
	check_ok(access_parse(&list, buf_text(&many), many.len, &err), &err);
	buf_put_text(&many, "1 " HEX64 "\n");
	check_code(access_parse(&list, buf_text(&many), many.len, &err), PMJ_TOO_BIG);
	buf_close(&many);
}

static void
a_token_opens_its_own_lane_only(void **state)
{
	struct access_list list = {.count = 2, .there = true};
	uint8_t token[TOKEN_BYTES] = {1, 2, 3};
	uint8_t other[TOKEN_BYTES] = {1, 2, 4};

	(void)state;
	list.items[0].lane = 2;
	prim_hash(list.items[0].bytes, "pmj gate tok v1", PRIM_PARTS({other, sizeof(other)}));
	list.items[1].lane = 1;
	prim_hash(list.items[1].bytes, "pmj gate tok v1", PRIM_PARTS({token, sizeof(token)}));
	assert_int_equal(access_lane(&list, token), 1);
	assert_int_equal(access_lane(&list, other), 2);
	other[0] = 9;
	assert_int_equal(access_lane(&list, other), 0);
	list.count = 1; /* what stands behind the count is not listed */
	assert_int_equal(access_lane(&list, token), 0);
}

static void
bearer_headers(void **state)
{
	static const char *const bad[] = {"", "Bearer", "Bearer ", "Basic AAAAAAAAAAAAAAAAAAAAAA",
	    "Bearer AAAAAAAAAAAAAAAAAAAAA", "Bearer AAAAAAAAAAAAAAAAAAAAAAA",
	    "Bearer  AAAAAAAAAAAAAAAAAAAAA", "Bearer AAAAAAAAAAAAAAAAAAAA=="};
	uint8_t token[TOKEN_BYTES];

	(void)state;
	assert_false(access_bearer(token, NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(access_bearer(token, bad[i]));
	assert_true(access_bearer(token, "Bearer AQAAAAAAAAAAAAAAAAAAAA"));
	assert_int_equal(token[0], 1);
	assert_true(access_bearer(token, "bearer AQAAAAAAAAAAAAAAAAAAAA"));
}

static void
paths_and_lengths(void **state)
{
	static const char *const none[] = {"", "/", HEX32, "/" HEX32 "/", "/" HEX32 "a",
	    "/" HEX32 ".git", "/" HEX32 ".git/", "/" HEX32 ".git/config", "/" HEX32 ".git/tokens",
	    "/" HEX32 ".git/../x", "/" HEX32 ".git/objects/info/packs", "/../" HEX32,
	    "/" HEX32 ".git/info/refs/", "//" HEX32};
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint32_t len;

	(void)state;
	assert_int_equal(cgi_path(mailbox, NULL), CGI_NONE);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(cgi_path(mailbox, none[i]), CGI_NONE);
	assert_int_equal(cgi_path(mailbox, "/" HEX32), CGI_GATE);
	assert_int_equal(mailbox[15], 0xaa);
	assert_int_equal(cgi_path(mailbox, "/" HEX32 ".git/info/refs"), CGI_GIT);
	assert_int_equal(cgi_path(mailbox, "/" HEX32 ".git/git-receive-pack"), CGI_GIT);
	assert_true(cgi_length(&len, "0", 10) && len == 0);
	assert_true(cgi_length(&len, "10", 10) && len == 10);
	assert_false(cgi_length(&len, "11", 10));
	assert_false(cgi_length(&len, NULL, 10));
	assert_false(cgi_length(&len, "", 10));
	assert_false(cgi_length(&len, "-1", 10));
	assert_false(cgi_length(&len, "1 ", 10));
	assert_false(cgi_length(&len, "4294967297", 10)); /* not cut to 1 */
	assert_false(cgi_length(&len, "18446744073709551617", 10));
}

/* ---- the whole of it, as a web server calls it ---- */

struct asked {
	const char *root;
	const char *method;
	const char *path;
	const char *token;
	const char *length;
	const char *body;
	size_t body_len;
};

/* Its whole output; the status line is the first. */
static void
call(const struct asked *asked, struct buf *out)
{
	char chunk[4096];
	int in[2], from[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(from[1], 1);
		(void)close(2); /* the web server's log */
		(void)close(in[1]);
		(void)clearenv();
		(void)setenv("PAMOJA_GATE_ROOT", asked->root, 1);
		(void)setenv("REQUEST_METHOD", asked->method, 1);
		(void)setenv("PATH_INFO", asked->path, 1);
		if (asked->token != NULL)
			(void)setenv("HTTP_AUTHORIZATION", asked->token, 1);
		if (asked->length != NULL)
			(void)setenv("CONTENT_LENGTH", asked->length, 1);
		_exit(cgi_run() + 40 * (fflush(stdout) != 0));
	}
	(void)close(in[0]);
	(void)close(from[1]);
	/* Who is refused by the first words may be answered, and the pipe closed, before this. */
	n = write(in[1], asked->body, asked->body_len);
	assert_true(n == (ssize_t)asked->body_len || (n < 0 && errno == EPIPE));
	(void)close(in[1]);
	buf_clear(out);
	while ((n = read(from[0], chunk, sizeof(chunk))) > 0)
		buf_put(out, chunk, (size_t)n);
	(void)close(from[0]);
	assert_int_equal(lab_wait(pid), 0);
}

static bool
begins(const struct buf *out, const char *status)
{
	return strncmp(buf_text(out), status, strlen(status)) == 0;
}

static void
strangers_learn_nothing(void **state)
{
	const uint8_t token[TOKEN_BYTES] = {1};
	uint8_t hash[32], mailbox[PMJ_MAILBOX_BYTES];
	struct asked asked = {
	    .method = "POST", .length = "8", .body = "PMQ1\1\0\0\0", .body_len = 8};
	char hex[65], root[96];
	struct pmj_error err;
	struct buf no, out;
	struct lab lab;
	char *path;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	lab_open(&lab);
	buf_init(&no, 0);
	buf_init(&out, 0);
	(void)snprintf(root, sizeof(root), "%s/mail", lab.dir);
	asked.root = root;
	lab_sh("mkdir %s", root);
	memset(mailbox, 0xaa, sizeof(mailbox));
	path = bare_path(root, mailbox);
	check_ok(bare_make(path, &err), &err);
	free(path);
	prim_hash(hash, "pmj gate tok v1", PRIM_PARTS({token, sizeof(token)}));

	/* No such mailbox; one without tokens; no token; a wrong one; no such path: all the same.
	 */
	asked.token = "Bearer AQAAAAAAAAAAAAAAAAAAAA";
	asked.path = "/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	call(&asked, &no);
	assert_true(begins(&no, "Status: 401 "));
	asked.path = "/" HEX32;
	call(&asked, &out);
	assert_string_equal(buf_text(&out), buf_text(&no));
	lab_sh("echo '1 %s' >%s/" HEX32 ".git/tokens", text_hex(hex, hash, 32), root);
	asked.token = NULL;
	call(&asked, &out);
	assert_string_equal(buf_text(&out), buf_text(&no));
	asked.token = "Bearer BQAAAAAAAAAAAAAAAAAAAA";
	call(&asked, &out);
	assert_string_equal(buf_text(&out), buf_text(&no));
	asked.token = "Bearer AQAAAAAAAAAAAAAAAAAAAA";
	asked.path = "/" HEX32 ".git/config";
	call(&asked, &out);
	assert_string_equal(buf_text(&out), buf_text(&no));

	asked.path = "/" HEX32;
	call(&asked, &out);
	assert_true(begins(&out, "Status: 200 OK\r\nContent-Length: 12\r\n\r\nPMA1"));
	asked.method = "GET";
	call(&asked, &out);
	assert_true(begins(&out, "Status: 405 "));
	asked.method = "POST";
	asked.length = NULL;
	call(&asked, &out);
	assert_true(begins(&out, "Status: 411 "));
	asked.length = "8388609";
	call(&asked, &out);
	assert_true(begins(&out, "Status: 413 "));
	asked.length = "8";
	asked.body = "PMQ1\2\0\0\0";
	call(&asked, &out);
	assert_true(begins(&out, "Status: 400 "));
	asked.length = "9"; /* more than comes */
	call(&asked, &out);
	assert_true(begins(&out, "Status: 500 "));
	lab_sh("echo nonsense >>%s/" HEX32 ".git/tokens", root);
	asked.length = "8";
	call(&asked, &out);
	assert_string_equal(buf_text(&out), buf_text(&no));
	buf_close(&no);
	buf_close(&out);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_are_read_strictly),
	    cmocka_unit_test(a_token_opens_its_own_lane_only),
	    cmocka_unit_test(bearer_headers),
	    cmocka_unit_test(paths_and_lengths),
	    cmocka_unit_test(strangers_learn_nothing),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
