#include "carry/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "carry/handover.h"
#include "carry/launch.h"
#include "carry/order.h"

#define STOP_MS 2000 /* for the file at hand, or for a host that says nothing */

/* The order in memory that goes over with its descriptor: no disk has a token or key. */
static enum pmj_code
write_order(int *out, const struct job *job, int64_t id, struct pmj_error *err)
{
	struct buf bytes;
	enum pmj_code rc;

	*out = -1;
	buf_init(&bytes, HANDOVER_BYTES_MAX);
	handover_put(&bytes, job, id);
	rc = buf_check(&bytes, err);
	if (rc == PMJ_OK) {
		*out = memfd_create("order", MFD_CLOEXEC);
		if (*out < 0 || write(*out, bytes.bytes, bytes.len) != (ssize_t)bytes.len)
			rc = pmj_fail_errno(err, errno, "cannot write", "an order into memory");
	}
	buf_wipe(&bytes);
	return rc;
}

enum pmj_code
errand_start(struct errand *out, const struct job *job, int64_t id, struct pmj_error *err)
{
	int pipes[2] = {-1, -1};
	int order;
	enum pmj_code rc;

	if ((rc = write_order(&order, job, id, err)) != PMJ_OK)
		goto out;
	if (pipe2(pipes, O_CLOEXEC) != 0) {
		rc = pmj_fail_errno(err, errno, "cannot make", "a pipe");
		goto out;
	}
	if ((rc = launch_errand(&out->pid, out->launcher, order, pipes[1], err)) != PMJ_OK) {
		out->pid = 0;
		goto out;
	}
	out->fd = pipes[0];
	pipes[0] = -1; /* the errand's now */
	out->id = id;
	out->heard_ms = os_real.mono_ms(os_real.ctx);
	out->stop_ms = 0;
	buf_init(&out->partial, ORDER_OUT_MAX);
	buf_init(&out->done, ORDER_OUT_MAX);
out:
	if (order >= 0)
		(void)close(order);
	for (int i = 0; i < 2; i++)
		if (pipes[i] >= 0)
			(void)close(pipes[i]);
	return rc;
}

/* Pass whole lines on; signs of life end here. */
static void
pass_lines(struct errand *errand, const char *bytes, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			buf_put(&errand->partial, bytes + i, 1);
			continue;
		}
		if (errand->partial.len > 0 && errand->partial.failed == PMJ_OK) {
			bool last =
			    strstr(buf_text(&errand->partial), "\"event\":\"done\"") != NULL;
			struct buf *to = last ? &errand->done : out;

			buf_put(to, errand->partial.bytes, errand->partial.len);
			buf_put_text(to, "\n");
		}
		buf_clear(&errand->partial);
	}
}

bool
errand_read(struct errand *errand, struct buf *out, bool *good)
{
	char bytes[4096];
	struct pmj_error err;
	ssize_t n;

	*good = false;
	n = read(errand->fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	errand->heard_ms = os_real.mono_ms(os_real.ctx);
	if (n > 0) {
		pass_lines(errand, bytes, (size_t)n, out);
		return true;
	}
	(void)close(errand->fd);
	/* It has closed its end, so it is ending; one stuck in the kernel is left to itself. */
	(void)launch_ended(good, errand->launcher, errand->pid, errand->done.len > 0);
	if (errand->done.len > 0) {
		buf_put(out, errand->done.bytes, errand->done.len);
	} else {
		(void)pmj_fail(&err, PMJ_UNREACHED, "the exchange broke off");
		pmj_hint(&err, "nothing is lost; try again");
		order_put_done(out, errand->id, PMJ_UNREACHED, &err, NULL);
	}
	buf_close(&errand->partial);
	buf_close(&errand->done);
	errand->pid = 0;
	return false;
}

void
errand_stop(struct errand *errand)
{
	if (errand->pid <= 0 || errand->stop_ms != 0)
		return;
	launch_stop(errand->launcher);
	errand->stop_ms = os_real.mono_ms(os_real.ctx) + STOP_MS;
}

void
errand_kill(struct errand *errand)
{
	if (errand->pid > 0)
		launch_kill(errand->launcher);
}
