#include "gate/cgi.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/bare.h"
#include "carry/bell.h"
#include "carry/chain.h"
#include "gate/fence.h"
#include "gate/pipe.h"
#include "gate/serve.h"

#define HEX_CHARS (2 * PMJ_MAILBOX_BYTES)
#define ROOT_VARIABLE "PAMOJA_GATE_ROOT"
#define HOOKS_VARIABLE "PAMOJA_GATE_HOOKS"

enum cgi_door
cgi_path(uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *path_info)
{
	static const char *const git[] = {
	    "/info/refs", "/git-upload-pack", "/git-receive-pack", "/HEAD"};
	char hex[HEX_CHARS + 1];

	if (path_info == NULL || path_info[0] != '/' ||
	    strspn(path_info + 1, "0123456789abcdef") != HEX_CHARS)
		return CGI_NONE;
	memcpy(hex, path_info + 1, HEX_CHARS);
	hex[HEX_CHARS] = '\0';
	if (!text_unhex(mailbox, PMJ_MAILBOX_BYTES, hex))
		return CGI_NONE;
	path_info += 1 + HEX_CHARS;
	if (*path_info == '\0')
		return CGI_GATE;
	if (strncmp(path_info, ".git", 4) != 0)
		return CGI_NONE;
	for (size_t i = 0; i < sizeof(git) / sizeof(*git); i++)
		if (strcmp(path_info + 4, git[i]) == 0)
			return CGI_GIT;
	return CGI_NONE;
}

bool
cgi_length(uint32_t *out, const char *text, uint32_t most)
{
	uint64_t value = 0;
	size_t n = text != NULL ? strspn(text, "0123456789") : 0;

	if (n == 0 || n > 10 || text[n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*out = (uint32_t)value;
	return value <= most;
}

/* Short, and the same whether there is such a mailbox or not. */
static int
refuse(const char *status, const char *more)
{
	(void)printf("Status: %s\r\n%sContent-Length: 0\r\n\r\n", status, more);
	return 0;
}

/* The lane that the asker may write; 0 for everyone who has no token of this mailbox. Without a
 * mailbox the same work is done on an empty list. */
static uint8_t
let_in(const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	uint8_t token[TOKEN_BYTES] = {0};
	struct access_list tokens;
	struct pmj_error err;
	bool bearer = access_bearer(token, getenv("HTTP_AUTHORIZATION"));
	char *path = bare_path(root, mailbox);
	uint8_t lane;

	if (access_read(&tokens, path, ACCESS_TOKENS, &err) != PMJ_OK) {
		diag_error("nobody is let in", &err);
		memset(&tokens, 0, sizeof(tokens));
	}
	lane = access_lane(&tokens, token);
	mem_wipe(token, sizeof(token));
	free(path);
	return bearer ? lane : 0;
}

static int
run_gate(const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane)
{
	const char *length = getenv("CONTENT_LENGTH");
	struct serve_box box = {0};
	struct buf request, answer;
	struct pmj_error err = {0};
	uint32_t len;
	enum pmj_code rc;
	bool in_parts = false;
	int bell;
	int status = 0;

	buf_init(&request, WIRE_REQUEST_MAX);
	buf_init(&answer, WIRE_ANSWER_MAX);
	if (length == NULL || *length == '\0') {
		status = refuse("411 Length Required", "");
		goto out;
	}
	if (!cgi_length(&len, length, WIRE_REQUEST_MAX)) {
		status = refuse("413 Content Too Large", "");
		goto out;
	}
	/* A web server whose client went away ends us; but what came is to be finished first. */
	(void)signal(SIGTERM, SIG_IGN);
	bell = bell_reach(root);
	rc = fence_mailbox(root, mailbox, &err);
	if (rc == PMJ_OK)
		rc = chain_setup(&err);
	if (rc == PMJ_OK)
		rc = serve_open(&box, root, mailbox, lane, &err);
	box.bell = bell;
	if (rc == PMJ_OK)
		rc = pipe_request(&box, &request, &answer, &in_parts, STDIN_FILENO, len, &err);
	if (rc != PMJ_OK) {
		diag_error("a request", &err);
		status =
		    refuse(rc == PMJ_INVALID || rc == PMJ_TOO_BIG ? "400 Bad Request"
		                                                  : "500 Internal Server Error",
		        "");
		goto out;
	}
	(void)printf("Status: 200 OK\r\n%sContent-Length: %zu\r\n\r\n",
	    in_parts ? WIRE_STREAMS ": 1\r\n" : "", answer.len);
	(void)fwrite(answer.bytes, 1, answer.len, stdout);
	status = fflush(stdout) == 0 ? 0 : 1;
out:
	serve_close(&box);
	buf_close(&request);
	buf_close(&answer);
	return status;
}

/* ---- plain git ---- */

struct environment {
	char *items[40];
	size_t count;
};

static void
set(struct environment *to, const char *name, const char *value)
{
	if (value != NULL && to->count + 1 < sizeof(to->items) / sizeof(*to->items))
		to->items[to->count++] = mem_printf("%s=%s", name, value);
}

static void
configure(struct environment *to, size_t *count, const char *key, const char *value)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "GIT_CONFIG_KEY_%zu", *count);
	set(to, name, key);
	(void)snprintf(name, sizeof(name), "GIT_CONFIG_VALUE_%zu", *count);
	set(to, name, value);
	(*count)++;
}

/* Nothing that the web server or the asker set reaches git but what its protocol needs; and of the
 * branches it may push only those of the asker's lane. */
static _Noreturn void
become_git(const char *root, uint8_t lane)
{
	static const char *const passed[] = {"PATH_INFO", "REQUEST_METHOD", "QUERY_STRING",
	    "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_CONTENT_ENCODING", "REMOTE_ADDR"};
	char *const arguments[] = {(char *)"git", (char *)"http-backend", NULL};
	const char *hooks = getenv(HOOKS_VARIABLE);
	struct environment to = {.count = 0};
	size_t settings = 0;
	char number[16];

	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		set(&to, passed[i], getenv(passed[i]));
	set(&to, "PATH", "/usr/bin:/bin");
	set(&to, "LC_ALL", "C");
	set(&to, "GIT_PROTOCOL", getenv("HTTP_GIT_PROTOCOL"));
	set(&to, "GIT_PROJECT_ROOT", root);
	set(&to, "GIT_HTTP_EXPORT_ALL", "1");
	set(&to, "REMOTE_USER", lane == SHAPE_LANE_UP ? "device" : "hub");
	set(&to, "GIT_CONFIG_NOSYSTEM", "1");
	set(&to, "GIT_CONFIG_GLOBAL", "/dev/null");
	configure(&to, &settings, "safe.directory", "*"); /* it may be the hub's, not ours */
	configure(&to, &settings, "http.receivepack", "true");
	/* The host's own, which ask what we would; never those that stand in a mailbox. */
	configure(&to, &settings, "core.hooksPath",
	    hooks != NULL && hooks[0] == '/' ? hooks : "/dev/null");
	configure(&to, &settings, "receive.hideRefs", "refs");
	configure(&to, &settings, "receive.hideRefs",
	    lane == SHAPE_LANE_UP ? "!refs/heads/l1" : "!refs/heads/l2");
	(void)snprintf(number, sizeof(number), "%zu", settings);
	set(&to, "GIT_CONFIG_COUNT", number);
	(void)execve("/usr/bin/git", arguments, to.items);
	diag("cannot run git: %s", strerror(errno));
	_exit(refuse("500 Internal Server Error", ""));
}

static bool
is_push(const char *path)
{
	static const char end[] = "/git-receive-pack";
	size_t n = path != NULL ? strlen(path) : 0;

	return n > sizeof(end) - 1 && strcmp(path + n - (sizeof(end) - 1), end) == 0;
}

static int
run_git(const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane)
{
	struct serve_box box;
	struct pmj_error err = {0};
	enum pmj_code rc = chain_setup(&err);

	/* git must not see what we would not: hooks, includes, alternates. */
	if (rc == PMJ_OK)
		rc = serve_open(&box, root, mailbox, lane, &err);
	if (rc != PMJ_OK) {
		diag_error("a mailbox", &err);
		return refuse("500 Internal Server Error", "");
	}
	/* How much comes is git's to say: where there is none for the smallest segment, nothing
	 * does. */
	if (is_push(getenv("PATH_INFO")) && !room_has(&box.room, box.path, 1)) {
		serve_close(&box);
		return refuse("507 Insufficient Storage", "");
	}
	if (box.shared)
		(void)umask(007);
	serve_close(&box);
	become_git(root, lane);
}

int
cgi_run(void)
{
	const char *root = getenv(ROOT_VARIABLE);
	const char *method = getenv("REQUEST_METHOD");
	uint8_t mailbox[PMJ_MAILBOX_BYTES] = {0};
	enum cgi_door door = cgi_path(mailbox, getenv("PATH_INFO"));
	uint8_t lane;

	if (root == NULL || root[0] != '/') {
		diag("%s must name the folder of mailboxes, from / on", ROOT_VARIABLE);
		return refuse("500 Internal Server Error", "");
	}
	lane = let_in(root, mailbox);
	if (lane == 0 || door == CGI_NONE)
		return refuse("401 Unauthorized", "WWW-Authenticate: Bearer\r\n");
	if (door == CGI_GIT)
		return run_git(root, mailbox, lane);
	if (method == NULL || strcmp(method, "POST") != 0)
		return refuse("405 Method Not Allowed", "Allow: POST\r\n");
	return run_gate(root, mailbox, lane);
}
