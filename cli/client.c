#include "cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/start.h"
#include "pamoja/api.h"

static const char *
set_and_not_empty(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

enum pmj_code
client_init(struct client *client, const char *given, struct pmj_error *err)
{
	const char *home = given != NULL ? given : set_and_not_empty(PMJ_ENV_HOME);
	const char *data = set_and_not_empty("XDG_DATA_HOME"), *user = set_and_not_empty("HOME");
	char *relative;
	char *here;

	*client = (struct client){.lang = client_language(),
	    .fd = -1,
	    .may_start = set_and_not_empty(PMJ_ENV_NO_AUTOSTART) == NULL};
	if (home != NULL)
		client->home = mem_strdup(home);
	else if (data != NULL)
		client->home = fs_join(data, "pamoja");
	else if (user != NULL)
		client->home = fs_join(user, ".local/share/pamoja");
	if (client->home == NULL || client->home[0] == '\0') {
		(void)pmj_fail(err, PMJ_USAGE, "no place for your records is known");
		pmj_hint(err, "say where with --home DIR");
		return PMJ_USAGE;
	}
	if (client->home[0] != '/' && (here = getcwd(NULL, 0)) != NULL) {
		relative = client->home;
		client->home = fs_join(here, relative);
		free(relative);
		free(here);
	}
	return PMJ_OK;
}

void
client_close(struct client *client)
{
	if (client->fd >= 0)
		(void)close(client->fd);
	client->fd = -1;
	free(client->home);
	client->home = NULL;
	mem_wipe(client->cookie, sizeof(client->cookie));
}

const char *
client_language(void)
{
	static const char *const names[] = {"LC_ALL", "LANGUAGE", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = set_and_not_empty(names[i]);

		if (value != NULL)
			return strncmp(value, "sw", 2) == 0 ? "sw" : "en";
	}
	return "en";
}

/* A socket's name has 107 bytes; a deep home is reached through its folder's file descriptor
 * instead. */
static int
connect_within(const char *home, int wait_ms)
{
	struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char *path = fs_join(home, PMJ_API_SOCKET);
	char *run = fs_dirname(path);
	int dir = -1, fd = -1, saved = ENOENT;

	if (strlen(path) < sizeof(to.sun_path)) {
		memcpy(to.sun_path, path, strlen(path) + 1);
	} else if ((dir = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		(void)snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/%s", dir,
		    strrchr(PMJ_API_SOCKET, '/') + 1);
	} else {
		saved = errno;
		goto out;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Where many wait for a daemon that takes nobody, connecting waits, too. */
	if (fd >= 0 && wait_ms > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		saved = errno;
		(void)close(fd);
		fd = -1;
	}
out:
	if (dir >= 0)
		(void)close(dir);
	free(path);
	free(run);
	errno = saved;
	return fd;
}

static int
connect_at(const char *home)
{
	return connect_within(home, 0);
}

static enum pmj_code
read_cookie(struct client *client, struct pmj_error *err)
{
	char *path = fs_join(client->home, PMJ_API_COOKIE_FILE);
	enum pmj_code rc;
	struct buf bytes;

	buf_init(&bytes, 0);
	rc = fs_read(&bytes, &os_real, path, 128, err);
	if (rc == PMJ_OK && bytes.len == 32)
		(void)text_hex(client->cookie, bytes.bytes, 32);
	else if (rc == PMJ_OK && bytes.len >= 64)
		(void)snprintf(client->cookie, sizeof(client->cookie), "%.64s", buf_text(&bytes));
	else if (rc == PMJ_OK)
		rc = pmj_fail(err, PMJ_FAILED, "%s is not what pamojad writes", path);
	buf_wipe(&bytes);
	free(path);
	return rc;
}

static enum pmj_code
connect_or_start(struct client *client, struct pmj_error *err)
{
	enum pmj_code rc;

	if (client->fd >= 0)
		return PMJ_OK;
	client->fd = connect_within(client->home, client->wait_ms);
	if (client->fd < 0 && errno != ENOENT && errno != ECONNREFUSED && errno != ENOTDIR) {
		rc = pmj_fail_errno(err, errno, "cannot reach Pamoja in", client->home);
		if (rc == PMJ_PERMISSION)
			pmj_hint(err, "these records belong to another user; choose your own with "
			              "--home DIR");
		return rc == PMJ_NOT_FOUND ? PMJ_IO : rc;
	}
	if (client->fd < 0 && !client->may_start) {
		(void)pmj_fail(err, PMJ_FAILED, "Pamoja is not running for %s", client->home);
		pmj_hint(err, "start it with `pamojad --home %s`, or unset PAMOJA_NO_AUTOSTART",
		    client->home);
		return PMJ_FAILED;
	}
	if (client->fd < 0 &&
	    (rc = start_daemon(&client->fd, client->home, connect_at, err)) != PMJ_OK)
		return rc;
	if ((rc = read_cookie(client, err)) != PMJ_OK) {
		(void)close(client->fd);
		client->fd = -1;
	}
	return rc;
}

bool
client_is_up(struct client *client)
{
	bool may_start = client->may_start;
	enum pmj_code rc;

	client->may_start = false;
	rc = connect_or_start(client, NULL);
	client->may_start = may_start;
	return rc == PMJ_OK;
}

enum pmj_code
client_error(const json_t *answer, int status, struct pmj_error *err)
{
	const json_t *error = json_obj(answer, "error");
	const char *code = json_str(error, "code"), *message = json_str(error, "message");
	const char *hint = json_str(error, "hint");
	enum pmj_code rc;

	if (error == NULL && status >= 200 && status < 300)
		return PMJ_OK;
	rc = code != NULL ? pmj_code_from_name(code) : PMJ_FAILED;
	if (rc == PMJ_OK)
		rc = PMJ_FAILED;
	(void)pmj_fail(err, rc, "%s", message != NULL ? message : "the request failed");
	if (hint != NULL)
		pmj_hint(err, "%s", hint);
	return rc;
}

static enum pmj_code
call(struct client *client, json_t **out, struct http_request *request, struct pmj_error *err)
{
	enum pmj_code rc;
	struct buf answer;
	int status = 0;

	*out = NULL;
	if ((rc = connect_or_start(client, err)) != PMJ_OK)
		return rc;
	buf_init(&answer, HTTP_ANSWER_MAX);
	request->cookie = client->cookie;
	request->language = client->lang;
	rc = http_exchange(client->fd, request, &status, &answer, err);
	if (rc == PMJ_OK)
		rc = json_read(out, buf_text(&answer), answer.len, &json_limits_api, err);
	if (rc == PMJ_OK) {
		rc = client_error(*out, status, err);
	} else {
		(void)close(client->fd);
		client->fd = -1;
	}
	if (rc != PMJ_OK && rc != PMJ_PARTIAL) {
		json_decref(*out);
		*out = NULL;
	}
	buf_wipe(&answer);
	return rc;
}

static enum pmj_code
post(struct client *client, json_t **out, struct http_request *request, const json_t *body,
    struct pmj_error *err)
{
	enum pmj_code rc;
	struct buf text;

	buf_init(&text, 0);
	json_put(&text, body);
	request->method = "POST";
	request->body = buf_text(&text);
	request->body_len = text.len;
	rc = call(client, out, request, err);
	buf_wipe(&text);
	return rc;
}

enum pmj_code
client_get(struct client *client, json_t **out, const char *path, struct pmj_error *err)
{
	struct http_request request = {.method = "GET", .path = path};

	return call(client, out, &request, err);
}

enum pmj_code
client_look(struct client *client, json_t **out, const char *path, int wait_ms, pid_t *pid,
    struct pmj_error *err)
{
	struct http_request request = {.method = "GET", .path = path, .wait_ms = wait_ms};
	bool may_start = client->may_start;
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	enum pmj_code rc;

	*out = NULL;
	client->may_start = false;
	client->wait_ms = wait_ms;
	if ((rc = connect_or_start(client, err)) == PMJ_OK) {
		/* Who listened, whoever answers: asked before, because a failed call hangs up. */
		if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		    peer.pid > 0)
			*pid = peer.pid;
		rc = call(client, out, &request, err);
	}
	client->may_start = may_start;
	client->wait_ms = 0;
	return rc;
}

enum pmj_code
client_get_patient(struct client *client, json_t **out, const char *path, struct pmj_error *err)
{
	struct http_request request = {.method = "GET", .path = path, .patient = true};

	return call(client, out, &request, err);
}

enum pmj_code
client_post(struct client *client, json_t **out, const char *path, const json_t *body,
    struct pmj_error *err)
{
	struct http_request request = {.path = path};

	return post(client, out, &request, body, err);
}

enum pmj_code
client_post_patient(struct client *client, json_t **out, const char *path, const json_t *body,
    struct pmj_error *err)
{
	struct http_request request = {.path = path, .patient = true};

	return post(client, out, &request, body, err);
}

enum pmj_code
client_post_watched(struct client *client, json_t **out, const char *path, const json_t *body,
    void (*look)(void *ctx), void *ctx, int look_ms, struct pmj_error *err)
{
	struct http_request request = {
	    .path = path, .patient = true, .look = look, .look_ctx = ctx, .look_ms = look_ms};

	return post(client, out, &request, body, err);
}
