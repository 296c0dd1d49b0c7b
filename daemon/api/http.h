/* http.h - a strict reader of HTTP/1.1 requests (security 12): Content-Length only, one request at
 * a time, CRLF, nothing folded, nothing twice. Pure; fuzzed. */
#ifndef API_HTTP_H
#define API_HTTP_H
#include <stdbool.h>

#include "base/json.h"

enum http_result { HTTP_MORE, HTTP_DONE, HTTP_BAD };

struct http_request {
	char method[8];
	char *path;        /* percent-decoded, begins with '/' */
	json_t *query;     /* object name -> string */
	char cookie[65];   /* X-Pamoja-Cookie, or "" */
	char language[16]; /* Accept-Language, or "" */
	const char *body;  /* inside the bytes given */
	size_t body_len;
	size_t used; /* bytes of the whole request */
	/* of HTTP_BAD: */
	int status;
	const char *why;
};
/** Look at the first len bytes of a connection. On HTTP_DONE and HTTP_BAD *out must be closed. */
enum http_result http_read(struct http_request *out, const char *bytes, size_t len);
void http_request_close(struct http_request *request);
/** Status line, headers and body. */
void http_answer(struct buf *out, int status, const char *body, size_t len, bool close);

#endif
