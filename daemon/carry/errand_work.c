/* errand_work.c - the errand's own process: its order read, its fence put up, the job done. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "carry/chain.h"
#include "carry/errand.h"
#include "carry/fence.h"
#include "carry/handover.h"
#include "carry/order.h"
#include "carry/seen.h"

static void
say(int fd, const struct buf *line)
{
	size_t done = 0;

	while (done < line->len) {
		ssize_t n = write(fd, line->bytes + done, line->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* nobody listens any more; what is done is done */
			return;
		done += (size_t)n;
	}
}

struct pipe_end { /* what an errand says goes there */
	int fd;
	int64_t id;
	const struct exchange *ex;
	struct exchange_count told;
};

static void
tell(void *ctx, enum exchange_event what, const struct shape_place *place, size_t count)
{
	const struct pipe_end *end = ctx;
	struct buf line;

	buf_init(&line, ORDER_OUT_MAX);
	order_put_event(&line, what, place, count);
	say(end->fd, &line);
	buf_close(&line);
}

/* Was it asked to end? The signal is blocked in the launcher, and so here. */
static bool
is_to_stop(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

/* A sign of life, and how far it is where that is news. Nothing is half done then: whoever wants it
 * to stop leaves nothing behind. */
static void
beat(void *ctx)
{
	struct pipe_end *end = ctx;
	const struct exchange_count *now = &end->ex->count;
	struct buf line;

	buf_init(&line, ORDER_OUT_MAX);
	if (now->there == end->told.there && now->left == end->told.left &&
	    now->came == end->told.came && now->moved == end->told.moved)
		buf_put_text(&line, "\n");
	else
		order_put_progress(&line, end->id, now);
	end->told = *now;
	say(end->fd, &line);
	buf_close(&line);
	if (is_to_stop())
		_exit(PMJ_UNREACHED);
}

static bool
only_folders(const struct job *job)
{
	for (size_t i = 0; i < job->remote_count; i++)
		if (job->remotes[i].url[0] != '/')
			return false;
	return true;
}

/* It holds tokens and keys, so it is wiped. */
static enum pmj_code
read_order(struct job *job, int64_t *id, int order, struct pmj_error *err)
{
	struct stat st;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, HANDOVER_BYTES_MAX);
	if (fstat(order, &st) != 0 || st.st_size > HANDOVER_BYTES_MAX)
		rc = pmj_fail(err, PMJ_TOO_BIG, "the order for this exchange is too long");
	else
		buf_put_zeros(&bytes, (size_t)st.st_size);
	if (rc == PMJ_OK)
		rc = buf_check(&bytes, err);
	if (rc == PMJ_OK && pread(order, bytes.bytes, bytes.len, 0) != (ssize_t)bytes.len)
		rc = pmj_fail_errno(err, errno, "cannot read", "the order for this exchange");
	if (rc == PMJ_OK)
		rc = handover_read(job, id, bytes.bytes, bytes.len, err);
	buf_wipe(&bytes);
	return rc;
}

/* What is not there cannot be let in by a fence, so the folders are made before it. */
static enum pmj_code
prepare(struct job *job, const char *home, struct pmj_error *err)
{
	enum pmj_code rc;

	job->ex.os = &os_real;
	job->ex.lock = -1;
	job->ex.spool = fs_join(home, "spool");
	job->ex.store = fs_join(home, "carry");
	if (job->anew) /* before anything else can fail: it is asked for once */
		seen_forget(job->ex.store);
	if ((rc = fs_make_dir(&os_real, job->ex.spool, err)) == PMJ_OK &&
	    (rc = fs_make_dir(&os_real, job->ex.store, err)) == PMJ_OK &&
	    (rc = job_prepare(job, err)) == PMJ_OK)
		rc = fence_check(job, home, err);
	return rc;
}

void
errand_work(int order, int out, const char *home, struct ticket_shelf *tickets)
{
	struct job job = {0};
	struct pipe_end end = {.fd = out, .ex = &job.ex};
	struct pmj_error err = {0};
	struct buf line;
	enum pmj_code rc = read_order(&job, &end.id, order, &err);

	(void)close(order);
	job.tickets = tickets;
	job.ex.tell = tell;
	job.ex.beat = beat;
	job.ex.ctx = &end;
	if (rc == PMJ_OK)
		rc = prepare(&job, home, &err);
	if (rc == PMJ_OK)
		rc = fence_job(&job, &err);
	if (rc == PMJ_OK && !only_folders(&job))
		rc = chain_setup_anew(&err);
	if (rc == PMJ_OK)
		rc = job_run(&job, &err);
	buf_init(&line, ORDER_OUT_MAX);
	order_put_done(&line, end.id, rc, &err, &job.ex);
	say(out, &line);
	_exit(pmj_code_exit(rc));
}
