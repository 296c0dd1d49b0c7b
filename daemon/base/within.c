#include "base/within.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

static _Noreturn void
child(int write_end, int (*work)(void *ctx), void *ctx)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(write_end, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	_exit(work(ctx));
}

/* Until the end of what it writes; false when the time is over first. */
static bool
hear(struct buf *out, int fd, int64_t until_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char chunk[4096];
	ssize_t got;

	for (;;) {
		int64_t left = until_ms - os_real.mono_ms(os_real.ctx);

		if (left <= 0)
			return false;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		buf_put(out, chunk, (size_t)got);
	}
}

int
within(struct buf *out, int wait_ms, int (*work)(void *ctx), void *ctx)
{
	int64_t until_ms = os_real.mono_ms(os_real.ctx) + wait_ms;
	int ends[2], status = 0;
	bool ended;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		child(ends[1], work, ctx);
	(void)close(ends[1]);
	ended = pid > 0 && hear(out, ends[0], until_ms);
	(void)close(ends[0]);
	if (pid < 0)
		return -1;
	if (!ended) {
		(void)kill(pid, SIGKILL);
		/* What hangs in the kernel cannot even be killed: it is left behind. */
		(void)waitpid(pid, &status, WNOHANG);
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
run_program(void *ctx)
{
	(void)execvp(((char *const *)ctx)[0], ctx);
	return 127;
}

int
within_program(struct buf *out, int wait_ms, const char *const *argv)
{
	return within(out, wait_ms, run_program, (void *)(uintptr_t)argv);
}
