#include "api/http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "pamoja/api.h"
#include "pamoja/limits.h"

struct span {
	const char *at;
	size_t len;
};

static enum http_result
bad(struct http_request *out, int status, const char *why)
{
	out->status = status;
	out->why = why;
	return HTTP_BAD;
}

static bool
is_token(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)at[i]) && strchr("!#$%&'*+-.^_`|~", at[i]) == NULL)
			return false;
	return len > 0;
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* NULL when malformed or when it would hold a NUL or bytes that are not UTF-8. */
static char *
percent_decode(const char *at, size_t len, bool plus_is_space)
{
	char *out = mem_new(len + 1);
	size_t put = 0;

	for (size_t i = 0; i < len; i++) {
		char c = at[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_value(at[i + 1]) : -1;
			int low = high >= 0 ? hex_value(at[i + 2]) : -1;

			if (low < 0 || (high == 0 && low == 0)) {
				free(out);
				return NULL;
			}
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[put++] = c;
	}
	out[put] = '\0';
	if (!text_is_utf8(out, put)) {
		free(out);
		return NULL;
	}
	return out;
}

static enum http_result
read_query(struct http_request *out, const char *at, size_t len)
{
	while (len > 0) {
		const char *end = memchr(at, '&', len);
		size_t pair = end != NULL ? (size_t)(end - at) : len;
		const char *equals = memchr(at, '=', pair);
		size_t name_len = equals != NULL ? (size_t)(equals - at) : pair;
		char *name = percent_decode(at, name_len, true);
		char *value = equals != NULL ? percent_decode(equals + 1, pair - name_len - 1, true)
		                             : mem_strdup("");
		bool good =
		    name != NULL && value != NULL && json_object_get(out->query, name) == NULL;

		if (good)
			(void)json_object_set_new(out->query, name, json_string(value));
		free(name);
		free(value);
		if (!good)
			return bad(out, 400, "the query cannot be read");
		at += pair + (end != NULL);
		len -= pair + (end != NULL);
	}
	return HTTP_DONE;
}

static enum http_result
read_request_line(struct http_request *out, struct span line)
{
	const char *space = memchr(line.at, ' ', line.len);
	size_t method_len = space != NULL ? (size_t)(space - line.at) : 0;
	const char *target, *second, *question;
	size_t target_len, path_len;

	if (method_len == 0 || method_len >= sizeof(out->method) || !is_token(line.at, method_len))
		return bad(out, 400, "the request line cannot be read");
	memcpy(out->method, line.at, method_len);
	target = space + 1;
	second = memchr(target, ' ', line.len - method_len - 1);
	if (second == NULL)
		return bad(out, 400, "the request line cannot be read");
	target_len = (size_t)(second - target);
	if ((size_t)(line.at + line.len - second) != 9 || memcmp(second + 1, "HTTP/1.1", 8) != 0)
		return bad(out, 505, "only HTTP/1.1 is spoken here");
	if (target_len == 0 || target[0] != '/')
		return bad(out, 400, "the path must begin with /");
	for (size_t i = 0; i < target_len; i++)
		if ((unsigned char)target[i] <= ' ' || (unsigned char)target[i] >= 127)
			return bad(out, 400, "the path has a byte that must be percent-encoded");
	question = memchr(target, '?', target_len);
	path_len = question != NULL ? (size_t)(question - target) : target_len;
	out->path = percent_decode(target, path_len, false);
	if (out->path == NULL)
		return bad(out, 400, "the path cannot be read");
	return question != NULL ? read_query(out, question + 1, target_len - path_len - 1)
	                        : HTTP_DONE;
}

/* What the headers of one request said. */
struct header_state {
	bool has_length;
	bool has_host;
	bool has_cookie;
	size_t length;
};

static enum http_result
read_length(struct http_request *out, struct header_state *state, struct span value)
{
	if (state->has_length)
		return bad(out, 400, "Content-Length twice");
	if (value.len == 0 || value.len > 9)
		return bad(out, value.len > 9 ? 413 : 400, "Content-Length cannot be read");
	for (size_t i = 0; i < value.len; i++) {
		if (!isdigit((unsigned char)value.at[i]))
			return bad(out, 400, "Content-Length cannot be read");
		state->length = state->length * 10 + (size_t)(value.at[i] - '0');
	}
	state->has_length = true;
	if (state->length > PMJ_HTTP_BODY_MAX)
		return bad(out, 413, "the body is larger than 1 MiB");
	return HTTP_DONE;
}

static bool
header_is(struct span name, const char *wanted)
{
	return name.len == strlen(wanted) && strncasecmp(name.at, wanted, name.len) == 0;
}

static enum http_result
read_header(struct http_request *out, struct header_state *state, struct span line)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct span name = {line.at, colon != NULL ? (size_t)(colon - line.at) : 0};
	struct span value;

	if (!is_token(name.at, name.len))
		return bad(out, 400, "a header cannot be read");
	value.at = colon + 1;
	value.len = line.len - name.len - 1;
	while (value.len > 0 && (value.at[0] == ' ' || value.at[0] == '\t')) {
		value.at++;
		value.len--;
	}
	while (value.len > 0 && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
		value.len--;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < ' ' && value.at[i] != '\t')
			return bad(out, 400, "a header holds a control character");
	if (header_is(name, "Transfer-Encoding") || header_is(name, "Expect") ||
	    header_is(name, "Upgrade"))
		return bad(out, 400, "only Content-Length bodies are taken");
	if (header_is(name, "Content-Length"))
		return read_length(out, state, value);
	if (header_is(name, "Host")) {
		if (state->has_host)
			return bad(out, 400, "Host twice");
		state->has_host = true;
	} else if (header_is(name, PMJ_API_COOKIE_HEADER)) {
		if (state->has_cookie || value.len != 64)
			return bad(out, 403, "the cookie header cannot be read");
		state->has_cookie = true;
		memcpy(out->cookie, value.at, 64);
	} else if (header_is(name, "Accept-Language") && value.len < sizeof(out->language)) {
		memcpy(out->language, value.at, value.len);
		out->language[value.len] = '\0';
	}
	return HTTP_DONE;
}

/* One line up to CRLF; a bare CR or LF, or a NUL, is wrong. *more: not all here yet. */
static bool
next_line(struct span *line, const char *bytes, size_t len, size_t *at, bool *more)
{
	const char *start = bytes + *at;
	const char *feed = memchr(start, '\n', len - *at);

	*more = feed == NULL;
	if (feed == NULL)
		return memchr(start, '\0', len - *at) == NULL;
	line->at = start;
	line->len = (size_t)(feed - start);
	if (line->len == 0 || feed[-1] != '\r')
		return false;
	line->len--;
	*at += line->len + 2;
	return memchr(line->at, '\r', line->len) == NULL &&
	       memchr(line->at, '\0', line->len) == NULL;
}

static enum http_result
read_head(
    struct http_request *out, struct header_state *state, const char *bytes, size_t len, size_t *at)
{
	struct span line;
	enum http_result result;
	size_t lines = 0, first;
	bool more;

	if (!next_line(&line, bytes, len, at, &more) && !more)
		return bad(out, 400, "lines end with CR LF");
	if (more)
		return len > PMJ_HTTP_REQUEST_LINE_MAX
		           ? bad(out, 414, "the request line is too long")
		           : HTTP_MORE;
	if (line.len > PMJ_HTTP_REQUEST_LINE_MAX)
		return bad(out, 414, "the request line is too long");
	first = *at;
	if ((result = read_request_line(out, line)) != HTTP_DONE)
		return result;
	for (;;) {
		if (!next_line(&line, bytes, len, at, &more) && !more)
			return bad(out, 400, "lines end with CR LF");
		if (*at - first > PMJ_HTTP_HEADERS_MAX ||
		    (more && len - first > PMJ_HTTP_HEADERS_MAX))
			return bad(out, 431, "the headers are too long");
		if (more)
			return HTTP_MORE;
		if (line.len == 0)
			return HTTP_DONE;
		if (++lines > PMJ_HTTP_HEADER_LINES_MAX)
			return bad(out, 431, "too many headers");
		if ((result = read_header(out, state, line)) != HTTP_DONE)
			return result;
	}
}

enum http_result
http_read(struct http_request *out, const char *bytes, size_t len)
{
	struct header_state state = {.length = 0};
	enum http_result result;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	out->query = json_object();
	result = read_head(out, &state, bytes, len, &at);
	if (result == HTTP_DONE && !state.has_host)
		result = bad(out, 400, "no Host");
	if (result == HTTP_DONE && strcmp(out->method, "GET") != 0 &&
	    strcmp(out->method, "POST") != 0)
		result = bad(out, 405, "only GET and POST");
	if (result == HTTP_DONE && strcmp(out->method, "POST") == 0 && !state.has_length)
		result = bad(out, 411, "a POST needs Content-Length");
	if (result == HTTP_DONE && len - at < state.length)
		result = HTTP_MORE;
	if (result == HTTP_DONE && len - at > state.length)
		result = bad(out, 400, "one request at a time");
	if (result == HTTP_MORE)
		http_request_close(out);
	if (result == HTTP_DONE) {
		out->body = bytes + at;
		out->body_len = state.length;
		out->used = at + state.length;
	}
	return result;
}

void
http_request_close(struct http_request *request)
{
	free(request->path);
	request->path = NULL;
	json_decref(request->query);
	request->query = NULL;
	mem_wipe(request->cookie, sizeof(request->cookie));
}

static const char *
status_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} list[] = {{200, "OK"}, {400, "Bad Request"}, {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"},
	    {411, "Length Required"}, {413, "Content Too Large"}, {414, "URI Too Long"},
	    {423, "Locked"}, {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"},
	    {505, "HTTP Version Not Supported"}, {507, "Insufficient Storage"}};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].status == status)
			return list[i].words;
	return "Status";
}

void
http_answer(struct buf *out, int status, const char *body, size_t len, bool close)
{
	buf_putf(out,
	    "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
	    "Content-Length: %zu\r\n%s\r\n",
	    status, status_words(status), len, close ? "Connection: close\r\n" : "");
	buf_put(out, body, len);
}
