#include "carry/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sandbox.h"
#include "carry/chain.h"
#include "carry/order.h"

#define LINE_OUT_MAX 4096

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

	buf_init(&line, LINE_OUT_MAX);
	order_put_event(&line, what, place, count);
	say(end->fd, &line);
	buf_close(&line);
}

/* A sign of life, and how far it is where that is news. */
static void
beat(void *ctx)
{
	struct pipe_end *end = ctx;
	const struct exchange_count *now = &end->ex->count;
	struct buf line;

	buf_init(&line, LINE_OUT_MAX);
	if (now->there == end->told.there && now->left == end->told.left &&
	    now->came == end->told.came && now->moved == end->told.moved)
		buf_put_text(&line, "\n");
	else
		order_put_progress(&line, end->id, now);
	end->told = *now;
	say(end->fd, &line);
	buf_close(&line);
}

/* Only the job's own folders from now on, and the network only where the job goes there. */
static enum pmj_code
fence(const struct job *job, struct pmj_error *err)
{
	/* The last is where /etc/resolv.conf leads to, and is of use only for names of hosts. */
	static const char *const readable[] = {"/usr", "/lib", "/etc", "/run/systemd/resolve"};
	bool network = job_by_network(job);
	const char **writable = mem_array(job->remote_count + 3, sizeof(*writable));
	size_t count = 0;
	bool in_force = false;
	enum pmj_code rc;

	writable[count++] = job->ex.spool;
	writable[count++] = job->ex.store;
	if (job->parcel != NULL)
		writable[count++] = job->parcel;
	for (size_t i = 0; i < job->remote_count && job->parcel == NULL; i++)
		if (job->remotes[i].url[0] == '/' &&
		    (i == 0 || strcmp(job->remotes[i].url, job->remotes[i - 1].url) != 0))
			writable[count++] = job->remotes[i].url;
	rc = sandbox_folders(
	    &in_force, writable, count, readable, COUNT(readable) - (network ? 0 : 1), err);
	free(writable);
	if (rc == PMJ_OK)
		rc = network ? sandbox_no_programs(err) : sandbox_no_network(err);
	return rc;
}

static bool
only_folders(const struct job *job)
{
	for (size_t i = 0; i < job->remote_count; i++)
		if (job->remotes[i].url[0] != '/')
			return false;
	return true;
}

/* Before the first errand, and not sooner: a carrier that waits for work needs none of it. */
static enum pmj_code
libgit2_once(struct pmj_error *err)
{
	static bool started;

	if (!started && chain_setup(err) != PMJ_OK)
		return err->code;
	started = true;
	return PMJ_OK;
}

static _Noreturn void
child(struct job *job, int fd, int64_t id)
{
	struct pipe_end end = {.fd = fd, .id = id, .ex = &job->ex};
	struct pmj_error err = {0};
	struct buf line;
	enum pmj_code rc;

	job->ex.tell = tell;
	job->ex.beat = beat;
	job->ex.ctx = &end;
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	rc = job_prepare(job, &err);
	if (rc == PMJ_OK)
		rc = fence(job, &err);
	if (rc == PMJ_OK && !only_folders(job))
		rc = chain_setup_anew(&err);
	if (rc == PMJ_OK)
		rc = job_run(job, &err);
	buf_init(&line, LINE_OUT_MAX);
	order_put_done(&line, id, rc, &err, &job->ex);
	say(fd, &line);
	_exit(pmj_code_exit(rc));
}

enum pmj_code
errand_start(struct errand *out, struct job *job, int64_t id, struct pmj_error *err)
{
	int pipes[2];
	enum pmj_code rc;

	if ((rc = libgit2_once(err)) != PMJ_OK)
		return rc;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return pmj_fail_errno(err, errno, "cannot make", "a pipe");
	/* The folders must stand before the fence: what is not there cannot be let in. */
	out->pid = fork();
	if (out->pid < 0) {
		int why = errno;

		out->pid = 0;
		(void)close(pipes[0]);
		(void)close(pipes[1]);
		return pmj_fail_errno(err, why, "cannot start", "the exchange");
	}
	if (out->pid == 0) {
		(void)close(pipes[0]);
		child(job, pipes[1], id);
	}
	(void)close(pipes[1]);
	out->fd = pipes[0];
	out->id = id;
	out->heard_ms = os_real.mono_ms(os_real.ctx);
	buf_init(&out->partial, LINE_OUT_MAX);
	buf_init(&out->done, LINE_OUT_MAX);
	return PMJ_OK;
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
	int status = 0;
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
	if (waitpid(errand->pid, &status, errand->done.len > 0 ? 0 : WNOHANG) == errand->pid)
		*good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
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
errand_kill(struct errand *errand)
{
	if (errand->pid > 0)
		(void)kill(errand->pid, SIGKILL);
}
