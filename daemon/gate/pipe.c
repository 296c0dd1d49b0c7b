#include "gate/pipe.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* A web server that had all of the request before it began would not let us wait so long. */
#define PART_MS 20

static bool
waits(int fd, int for_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, for_ms) != 0;
}

/* Exactly count bytes; the serving, which may be NULL, does what is whole of them whenever nothing
 * more has come yet, and when it ends before. */
static enum pmj_code
read_count(struct buf *out, int fd, size_t count, struct serving *serving, bool *in_parts,
    struct pmj_error *err)
{
	uint8_t chunk[16384];

	buf_clear(out);
	while (out->len < count) {
		size_t want = count - out->len < sizeof(chunk) ? count - out->len : sizeof(chunk);
		ssize_t got;

		if (serving != NULL && !waits(fd, 0)) {
			serve_more(serving, out->bytes, out->len);
			if (in_parts != NULL && out->len > 0 && !waits(fd, PART_MS))
				*in_parts = true;
		}
		got = read(fd, chunk, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pmj_fail_errno(err, errno, "cannot read", "the request");
		if (got == 0 && serving != NULL)
			serve_more(serving, out->bytes, out->len);
		if (got == 0)
			return pmj_fail(err, PMJ_UNREACHED,
			    "the request broke off after %zu of %zu", out->len, count);
		buf_put(out, chunk, (size_t)got);
	}
	return buf_check(out, err);
}

static enum pmj_code
write_all(int fd, const uint8_t *bytes, size_t count, struct pmj_error *err)
{
	while (count > 0) {
		ssize_t put = write(fd, bytes, count);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return pmj_fail_errno(err, errno, "cannot write", "the answer");
		bytes += put;
		count -= (size_t)put;
	}
	return PMJ_OK;
}

/* *more is false at the end between two requests, which is as it should be. */
static enum pmj_code
read_length(struct buf *out, int in, uint32_t *len, bool *more, struct pmj_error *err)
{
	enum pmj_code rc;

	rc = read_count(out, in, 4, NULL, NULL, err);
	*more = rc == PMJ_OK;
	if (rc != PMJ_OK)
		return rc == PMJ_UNREACHED && out->len == 0 ? PMJ_OK : rc;
	*len = get_le32(out->bytes);
	if (*len > WIRE_REQUEST_MAX)
		return pmj_fail(
		    err, PMJ_TOO_BIG, "a request of %u bytes; at most %u", *len, WIRE_REQUEST_MAX);
	return PMJ_OK;
}

enum pmj_code
pipe_request(struct serve_box *box, struct buf *request, struct buf *answer, bool *in_parts, int fd,
    uint32_t len, struct pmj_error *err)
{
	struct serving *serving = serve_begin(box, answer);
	enum pmj_code rc = read_count(request, fd, len, serving, in_parts, err);
	enum pmj_code done =
	    serve_end(serving, request->bytes, request->len, rc == PMJ_OK ? err : NULL);

	return rc == PMJ_OK ? done : rc;
}

enum pmj_code
pipe_serve(struct serve_box *box, int in, int out, struct pmj_error *err)
{
	struct buf request, answer;
	uint8_t head[4];
	uint32_t len = 0;
	bool more = true;
	enum pmj_code rc;

	buf_init(&request, WIRE_REQUEST_MAX);
	buf_init(&answer, WIRE_ANSWER_MAX);
	while ((rc = read_length(&request, in, &len, &more, err)) == PMJ_OK && more) {
		rc = pipe_request(box, &request, &answer, NULL, in, len, err);
		if (rc != PMJ_OK)
			break;
		put_le32(head, (uint32_t)answer.len);
		if ((rc = write_all(out, head, sizeof(head), err)) != PMJ_OK ||
		    (rc = write_all(out, answer.bytes, answer.len, err)) != PMJ_OK)
			break;
	}
	buf_close(&request);
	buf_close(&answer);
	return rc;
}
