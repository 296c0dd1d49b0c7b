/* connection.c - one client of the socket: its request read, checked and handed over, its answer
 * written. One request at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/server_inner.h"
#include "base/mem.h"
#include "pamoja/limits.h"

struct connection {
	struct server *server;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer; /* until the headers are here */
	struct buf in;
	struct buf out;
	size_t sent;
	struct request *request; /* in work: nothing is read meanwhile */
	bool close_after;
	struct connection *next;
};

struct request {
	struct connection *connection; /* NULL once the client has gone */
	struct http_request http;
	json_t *body;
};

static void
request_free(struct request *request)
{
	http_request_close(&request->http);
	json_decref(request->body);
	free(request);
}

static void
connection_end(struct connection *connection)
{
	struct connection **at = &connection->server->connections;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	connection->server->count--;
	if (connection->request != NULL)
		connection->request->connection = NULL;
	loop_io_free(connection->io);
	loop_timer_free(connection->timer);
	(void)close(connection->fd);
	buf_wipe(&connection->in);
	buf_wipe(&connection->out);
	free(connection);
}

/* Write what is left; false when the connection has ended. */
static bool
connection_flush(struct connection *connection)
{
	while (connection->sent < connection->out.len) {
		ssize_t put = send(connection->fd, connection->out.bytes + connection->sent,
		    connection->out.len - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			loop_io_set(connection->io, LOOP_WRITE);
			return true;
		}
		if (put < 0) {
			connection_end(connection);
			return false;
		}
		connection->sent += (size_t)put;
	}
	buf_wipe(&connection->out);
	connection->sent = 0;
	if (connection->close_after) {
		connection_end(connection);
		return false;
	}
	loop_io_set(connection->io, LOOP_READ);
	return true;
}

static void
connection_answer(struct connection *connection, int status, const char *body, bool close)
{
	connection->close_after = connection->close_after || close;
	http_answer(&connection->out, status, body, strlen(body), connection->close_after);
	(void)connection_flush(connection);
}

static char *
error_body(enum pmj_code code, const char *message, const char *hint)
{
	json_t *document = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", pmj_code_name(code),
	    "message", message, "hint", hint);
	char *text;

	if (document == NULL)
		document = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", pmj_code_name(code),
		    "message", "something that cannot be shown", "hint", "");
	text = json_text(document);
	json_decref(document);
	return text;
}

static void
refuse(struct connection *connection, int status, const char *why)
{
	char *body = error_body(status == 403 ? PMJ_PERMISSION : PMJ_USAGE, why, "");

	connection_answer(connection, status, body, true);
	free(body);
}

static void
reply_text(struct request *request, int status, const char *body)
{
	struct connection *connection = request->connection;

	request_free(request);
	if (connection == NULL)
		return;
	connection->request = NULL;
	connection_answer(connection, status, body, false);
}

void
server_reply(struct request *request, json_t *document)
{
	char *body;

	if (document == NULL)
		document = json_object();
	body = json_text(document);
	reply_text(request, 200, body);
	mem_free_wiped(body);
	json_decref(document);
}

void
server_fail(struct request *request, const struct pmj_error *err)
{
	char *body = error_body(err->code, err->message, err->hint);

	reply_text(request, pmj_code_http(err->code), body);
	free(body);
}

static bool
body_is_good(struct request *request, struct pmj_error *err)
{
	if (request->http.body_len == 0) {
		request->body = json_object();
		return true;
	}
	if (json_read(&request->body, request->http.body, request->http.body_len, &json_limits_api,
	        err) != PMJ_OK)
		return false;
	if (!json_is_object(request->body)) {
		(void)pmj_fail(err, PMJ_INVALID, "the body must be a JSON object");
		return false;
	}
	return true;
}

/* A whole request is here: check the cookie, read the body, hand it over. */
static void
connection_dispatch(struct connection *connection, struct http_request *http)
{
	struct server *server = connection->server;
	struct request *request = mem_new(sizeof(*request));
	struct pmj_error err = {.code = PMJ_OK};
	unsigned differ = 0;

	for (size_t i = 0; i < sizeof(server->cookie); i++)
		differ |= (unsigned)(server->cookie[i] ^ http->cookie[i]);
	request->http = *http;
	request->connection = connection;
	if (differ != 0) {
		request_free(request);
		refuse(connection, 403, "the cookie is not the one of this daemon");
		return;
	}
	connection->request = request;
	loop_timer_stop(connection->timer);
	loop_io_set(connection->io, LOOP_READ); /* to notice that the client has gone */
	if (!body_is_good(request, &err)) {
		buf_wipe(&connection->in);
		server_fail(request, &err);
		return;
	}
	buf_wipe(&connection->in);
	request->http.body = NULL;
	server->setup.handle(server->setup.ctx, request);
}

static void
connection_read(struct connection *connection)
{
	struct http_request http;
	char chunk[16384];
	ssize_t got = recv(connection->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		connection_end(connection);
		return;
	}
	if (connection->request != NULL) { /* pipelining, or noise */
		connection_end(connection);
		return;
	}
	if (connection->in.len == 0)
		loop_timer_set(connection->timer, PMJ_HTTP_HEADER_SECONDS * 1000);
	buf_put(&connection->in, chunk, (size_t)got);
	mem_wipe(chunk, sizeof(chunk));
	if (connection->in.failed != PMJ_OK) {
		refuse(connection, 413, "the request is too large");
		return;
	}
	switch (http_read(&http, buf_text(&connection->in), connection->in.len)) {
	case HTTP_MORE:
		return;
	case HTTP_BAD:
		refuse(connection, http.status, http.why);
		http_request_close(&http);
		return;
	case HTTP_DONE:
		connection_dispatch(connection, &http);
		return;
	}
}

static void
connection_ready(void *ctx, int what)
{
	struct connection *connection = ctx;

	if (what & LOOP_WRITE)
		(void)connection_flush(connection);
	else
		connection_read(connection);
}

static void
connection_late(void *ctx)
{
	refuse(ctx, 408, "the request did not arrive in time");
}

void
connection_begin(struct server *server, int fd)
{
	struct connection *connection = mem_new(sizeof(*connection));

	connection->server = server;
	connection->fd = fd;
	buf_init(&connection->in,
	    PMJ_HTTP_REQUEST_LINE_MAX + PMJ_HTTP_HEADERS_MAX + PMJ_HTTP_BODY_MAX + 1024);
	buf_init(&connection->out, 0);
	connection->io =
	    loop_io_new(server->setup.loop, fd, LOOP_READ, connection_ready, connection);
	connection->timer = loop_timer_new(server->setup.loop, connection_late, connection);
	loop_timer_set(connection->timer, PMJ_HTTP_HEADER_SECONDS * 1000);
	connection->next = server->connections;
	server->connections = connection;
	server->count++;
}

void
connection_end_all(struct server *server)
{
	for (struct connection *at = server->connections, *next; at != NULL; at = next) {
		next = at->next;
		connection_end(at);
	}
}

const char *
request_method(const struct request *request)
{
	return request->http.method;
}

const char *
request_path(const struct request *request)
{
	return request->http.path;
}

const json_t *
request_query(const struct request *request)
{
	return request->http.query;
}

const json_t *
request_body(const struct request *request)
{
	return request->body;
}

enum lang
request_lang(const struct request *request)
{
	return strncmp(request->http.language, "sw", 2) == 0 ? LANG_SW : LANG_EN;
}
