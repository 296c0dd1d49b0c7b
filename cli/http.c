#include "cli/http.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "pamoja/api.h"

static enum pmj_code
bad_answer(struct pmj_error *err, const char *what)
{
	(void)pmj_fail(err, PMJ_IO, "Pamoja's background program answered strangely (%s)", what);
	pmj_hint(err, "stop and start it again; if it stays, report this message");
	return PMJ_IO;
}

/* One header line without its end; only the length and what we refuse matter. */
static enum pmj_code
take_header(
    struct http_head *out, bool *has_length, const char *line, size_t len, struct pmj_error *err)
{
	static const char length[] = "content-length:", encoding[] = "transfer-encoding:";
	size_t value = 0, at = sizeof(length) - 1;

	if (len >= sizeof(encoding) - 1 && strncasecmp(line, encoding, sizeof(encoding) - 1) == 0)
		return bad_answer(err, "chunked");
	if (len < at || strncasecmp(line, length, at) != 0)
		return PMJ_OK;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (*has_length || at == len)
		return bad_answer(err, "length");
	for (; at < len; at++) {
		if (!isdigit((unsigned char)line[at]) || value > HTTP_ANSWER_MAX)
			return bad_answer(err, "length");
		value = value * 10 + (size_t)(line[at] - '0');
	}
	if (value > HTTP_ANSWER_MAX)
		return bad_answer(err, "too long");
	*has_length = true;
	out->length = value;
	return PMJ_OK;
}

enum pmj_code
http_head_read(struct http_head *out, const char *bytes, size_t len, struct pmj_error *err)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	const char *at, *line_end;
	bool has_length = false;
	enum pmj_code rc;

	*out = (struct http_head){0};
	if (end == NULL)
		return len > HTTP_HEAD_MAX ? bad_answer(err, "head too long") : PMJ_UNREACHED;
	if (end - bytes < 12 || strncmp(bytes, "HTTP/1.1 ", 9) != 0)
		return bad_answer(err, "not HTTP");
	for (int i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)bytes[i]))
			return bad_answer(err, "status");
		out->status = out->status * 10 + (bytes[i] - '0');
	}
	if (bytes[12] != ' ' && bytes[12] != '\r')
		return bad_answer(err, "status");
	out->bytes = (size_t)(end - bytes) + 4;
	at = memmem(bytes, out->bytes, "\r\n", 2);
	for (at += 2; at < end; at = line_end + 2) {
		line_end = memmem(at, (size_t)(end + 2 - at), "\r\n", 2);
		rc = take_header(out, &has_length, at, (size_t)(line_end - at), err);
		if (rc != PMJ_OK)
			return rc;
	}
	return has_length ? PMJ_OK : bad_answer(err, "no length");
}

static enum pmj_code
send_all(int fd, const struct buf *out, struct pmj_error *err)
{
	size_t at = 0;

	while (at < out->len) {
		ssize_t n = send(fd, out->bytes + at, out->len - at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return pmj_fail_errno(
			    err, errno, "cannot speak to", "Pamoja's background program");
		at += (size_t)n;
	}
	return PMJ_OK;
}

/* Read some more; 0 bytes is the end of the connection. */
static enum pmj_code
receive_some(
    int fd, struct buf *in, const struct http_request *request, size_t *got, struct pmj_error *err)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char chunk[16384];
	ssize_t n;
	int wait_ms = request->wait_ms > 0 ? request->wait_ms : HTTP_WAIT_SECONDS * 1000;
	int most_ms = !request->patient ? wait_ms : request->look != NULL ? request->look_ms : -1;
	int polled;

	for (;;) {
		polled = poll(&ready, 1, most_ms);
		if (polled > 0 || (polled < 0 && errno != EINTR) ||
		    (polled == 0 && !request->patient))
			break;
		if (request->patient && request->look != NULL)
			request->look(request->look_ctx);
	}
	if (polled == 0)
		return pmj_fail(err, PMJ_BUSY,
		    "Pamoja's background program gave no answer for %d s", wait_ms / 1000);
	do
		n = recv(fd, chunk, sizeof(chunk), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return pmj_fail_errno(err, errno, "cannot hear", "Pamoja's background program");
	buf_put(in, chunk, (size_t)n);
	explicit_bzero(chunk, sizeof(chunk));
	*got = (size_t)n;
	return buf_check(in, err);
}

static enum pmj_code
receive(int fd, const struct http_request *request, int *status, struct buf *answer,
    struct pmj_error *err)
{
	struct http_head head = {0};
	enum pmj_code rc;
	struct buf in;
	size_t got = 0;

	buf_init(&in, HTTP_ANSWER_MAX + HTTP_HEAD_MAX);
	rc = PMJ_UNREACHED;
	while (rc == PMJ_UNREACHED || (rc == PMJ_OK && in.len < head.bytes + head.length)) {
		if ((rc = receive_some(fd, &in, request, &got, err)) != PMJ_OK)
			break;
		if (got == 0) {
			rc = pmj_fail(
			    err, PMJ_IO, "Pamoja's background program stopped before it answered");
			pmj_hint(
			    err, "look at what was saved with `pamoja status`, then try again");
			break;
		}
		if (head.bytes == 0)
			rc = http_head_read(&head, (const char *)in.bytes, in.len, err);
	}
	if (rc == PMJ_OK) {
		*status = head.status;
		buf_put(answer, in.bytes + head.bytes, head.length);
		rc = buf_check(answer, err);
	}
	buf_wipe(&in);
	return rc;
}

enum pmj_code
http_exchange(int fd, const struct http_request *request, int *status, struct buf *answer,
    struct pmj_error *err)
{
	enum pmj_code rc;
	struct buf out;

	buf_init(&out, 0);
	buf_putf(&out, "%s %s HTTP/1.1\r\nHost: pamoja\r\n" PMJ_API_COOKIE_HEADER ": %s\r\n",
	    request->method, request->path, request->cookie);
	buf_putf(&out, "Accept-Language: %s\r\n", request->language);
	if (request->body != NULL)
		buf_putf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		    request->body_len);
	buf_put_text(&out, "\r\n");
	if (request->body != NULL)
		buf_put(&out, request->body, request->body_len);
	if ((rc = buf_check(&out, err)) == PMJ_OK && (rc = send_all(fd, &out, err)) == PMJ_OK)
		rc = receive(fd, request, status, answer, err);
	buf_wipe(&out);
	return rc;
}

void
http_escape(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
			buf_put(out, text, 1);
		else
			buf_putf(out, "%%%02X", (unsigned char)*text);
	}
}
