/* http.h - one HTTP/1.1 exchange over a connected Unix socket. Content-Length only, as the daemon
 * answers. */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define HTTP_HEAD_MAX (16u * 1024)
#define HTTP_ANSWER_MAX (64u * 1024 * 1024)
/* For an answer that waits for nothing outside; stretching a key may take long. */
#define HTTP_WAIT_SECONDS 180

struct http_head {
	int status;
	size_t length; /* of the body */
	size_t bytes;  /* of the head, with the empty line */
};

/**
 * Read the head of an answer: pure.
 *
 * Errors  PMJ_IO for what is no HTTP/1.1 answer, is chunked, states no length, or is too big;
 *         PMJ_UNREACHED when more bytes are needed (never shown to a person).
 */
PMJ_MUST_CHECK enum pmj_code http_head_read(
    struct http_head *out, const char *bytes, size_t len, struct pmj_error *err);

struct http_request {
	const char *method;
	const char *path; /* already escaped */
	const char *cookie;
	const char *language;
	const char *body; /* NULL for none */
	size_t body_len;
	bool patient; /* wait without an end: sync, carry, merge */
	int wait_ms;  /* 0: HTTP_WAIT_SECONDS */
	/* Called while a patient one waits: every look_ms, and when a signal came. */
	void (*look)(void *ctx);
	void *look_ctx;
	int look_ms;
};
/** Send and wait for the whole answer. Errors PMJ_IO, PMJ_BUSY after HTTP_WAIT_SECONDS of silence.
 */
PMJ_MUST_CHECK enum pmj_code http_exchange(int fd, const struct http_request *request, int *status,
    struct buf *answer, struct pmj_error *err);
/** Put text percent-escaped, for a path or a query. */
void http_escape(struct buf *out, const char *text);

#endif
