#include "carry/launch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carry/bell.h"
#include "carry/chain.h"
#include "carry/errand.h"

#define FDS_MAX 2

enum request_what { REQUEST_ERRAND, REQUEST_STOP, REQUEST_KILL, REQUEST_BELL };

struct request {
	enum request_what what;
	char folder[PATH_MAX]; /* of a bell */
};

enum reply_what { REPLY_STARTED, REPLY_BELL, REPLY_ENDED };

struct reply {
	enum reply_what what;
	pid_t errand;
	bool good;            /* it ended with 0 */
	struct pmj_error err; /* of what could not be started */
};

/* ---- messages, each whole or not at all ---- */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static bool
send_with(int fd, const void *bytes, size_t len, const int *fds, size_t fd_count)
{
	struct iovec part = {(void *)(uintptr_t)bytes, len};
	union control control;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (fd_count > 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, fd_count * sizeof(int));
	}
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* fds: FDS_MAX of them; those that did not come are -1. False: nothing (more) comes. */
static bool
receive_with(int fd, void *bytes, size_t len, int *fds, int flags)
{
	struct iovec part = {bytes, len};
	union control control;
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n;

	for (size_t i = 0; i < FDS_MAX; i++)
		fds[i] = -1;
	memset(&control, 0, sizeof(control));
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	if (message.msg_controllen >= sizeof(control.head) && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(&control.head),
		    control.head.cmsg_len - CMSG_LEN(0) <= FDS_MAX * sizeof(int)
		        ? control.head.cmsg_len - CMSG_LEN(0)
		        : 0);
	return n == (ssize_t)len;
}

static void
close_all(const int *fds)
{
	for (size_t i = 0; i < FDS_MAX; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* ---- in the session ---- */

/* The answer to a request: words of errands that ended before it are old. */
static bool
await(int fd, enum reply_what what, struct reply *reply, int *fds)
{
	while (receive_with(fd, reply, sizeof(*reply), fds, 0)) {
		if (reply->what == what)
			return true;
		close_all(fds);
	}
	return false;
}

enum pmj_code
launch_errand(pid_t *out, int fd, int job, int out_fd, struct pmj_error *err)
{
	const struct request request = {.what = REQUEST_ERRAND};
	struct reply reply;
	int none[FDS_MAX];

	if (!send_with(fd, &request, sizeof(request), (const int[]){job, out_fd}, 2) ||
	    !await(fd, REPLY_STARTED, &reply, none))
		return pmj_fail(err, PMJ_FAILED, "the carrier is ending");
	*out = reply.errand;
	if (err != NULL)
		*err = reply.err;
	return reply.err.code;
}

bool
launch_ended(bool *good, int fd, pid_t errand, bool wait)
{
	struct reply reply;
	int none[FDS_MAX];

	*good = false;
	while (receive_with(fd, &reply, sizeof(reply), none, wait ? 0 : MSG_DONTWAIT)) {
		close_all(none);
		if (reply.what != REPLY_ENDED || reply.errand != errand)
			continue;
		*good = reply.good;
		return true;
	}
	return false;
}

void
launch_stop(int fd)
{
	const struct request request = {.what = REQUEST_STOP};

	(void)send_with(fd, &request, sizeof(request), NULL, 0);
}

void
launch_kill(int fd)
{
	const struct request request = {.what = REQUEST_KILL};

	(void)send_with(fd, &request, sizeof(request), NULL, 0);
}

int
launch_bell(int fd, const char *folder)
{
	struct request request = {.what = REQUEST_BELL};
	struct reply reply;
	int fds[FDS_MAX];

	(void)snprintf(request.folder, sizeof(request.folder), "%s", folder);
	if (!send_with(fd, &request, sizeof(request), NULL, 0) ||
	    !await(fd, REPLY_BELL, &reply, fds))
		return -1;
	return fds[0];
}

/* ---- in the launcher ---- */

struct launcher {
	int fd;
	int signal;
	const char *home;
	pid_t session;
	pid_t errand; /* the last one, while it runs */
	struct ticket_shelf *tickets;
	enum pmj_code rc; /* what the session ended with */
	bool over;
};

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

static enum pmj_code
start_errand(struct launcher *launcher, const int *fds, struct pmj_error *err)
{
	sigset_t child;

	if (fds[0] < 0 || fds[1] < 0)
		return pmj_fail(err, PMJ_FAILED, "an errand without an order");
	if (libgit2_once(err) != PMJ_OK)
		return err->code;
	launcher->errand = fork();
	if (launcher->errand < 0) {
		int why = errno;

		launcher->errand = 0;
		return pmj_fail_errno(err, why, "cannot start", "the exchange");
	}
	if (launcher->errand > 0)
		return PMJ_OK;
	(void)close(launcher->fd);
	(void)close(launcher->signal);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_UNBLOCK, &child, NULL);
	errand_work(fds[0], fds[1], launcher->home, launcher->tickets);
}

static void
serve_request(struct launcher *launcher)
{
	struct request request;
	struct reply reply;
	int fds[FDS_MAX];
	int pipe = -1;

	memset(&reply, 0, sizeof(reply));
	if (!receive_with(launcher->fd, &request, sizeof(request), fds, 0)) {
		launcher->over = true;
		return;
	}
	if (request.what == REQUEST_STOP && launcher->errand > 0)
		(void)kill(launcher->errand, SIGTERM);
	if (request.what == REQUEST_KILL && launcher->errand > 0)
		(void)kill(launcher->errand, SIGKILL);
	if (request.what == REQUEST_ERRAND) {
		reply.what = REPLY_STARTED;
		(void)start_errand(launcher, fds, &reply.err);
		reply.errand = launcher->errand;
		(void)send_with(launcher->fd, &reply, sizeof(reply), NULL, 0);
	}
	if (request.what == REQUEST_BELL) {
		request.folder[sizeof(request.folder) - 1] = '\0';
		reply.what = REPLY_BELL;
		pipe = bell_make(NULL, request.folder);
		(void)send_with(launcher->fd, &reply, sizeof(reply), &pipe, pipe >= 0 ? 1 : 0);
	}
	if (pipe >= 0)
		(void)close(pipe);
	close_all(fds);
}

static void
reap(struct launcher *launcher)
{
	struct reply reply;
	int status;
	pid_t pid;

	memset(&reply, 0, sizeof(reply));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == launcher->session) {
			launcher->rc =
			    WIFEXITED(status) ? (enum pmj_code)WEXITSTATUS(status) : PMJ_FAILED;
			launcher->session = 0;
			launcher->over = true;
			continue;
		}
		if (pid == launcher->errand)
			launcher->errand = 0;
		reply.what = REPLY_ENDED;
		reply.errand = pid;
		reply.good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		(void)send_with(launcher->fd, &reply, sizeof(reply), NULL, 0);
	}
}

static void
serve_signals(struct launcher *launcher)
{
	struct signalfd_siginfo info;

	while (read(launcher->signal, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD && launcher->session > 0)
			(void)kill(launcher->session, SIGTERM); /* it ends, and then so do we */
	reap(launcher);
}

static void
end_children(struct launcher *launcher)
{
	int status;

	if (launcher->errand > 0)
		(void)kill(launcher->errand, SIGKILL);
	if (launcher->session <= 0)
		return;
	(void)close(launcher->fd); /* so that it waits for nothing */
	launcher->fd = -1;
	if (waitpid(launcher->session, &status, 0) == launcher->session)
		launcher->rc = WIFEXITED(status) ? (enum pmj_code)WEXITSTATUS(status) : PMJ_FAILED;
}

enum pmj_code
launch_serve(int fd, const char *home, pid_t session, struct pmj_error *err)
{
	struct launcher launcher = {.fd = fd, .home = home, .session = session};
	sigset_t all;

	(void)sigemptyset(&all);
	(void)sigaddset(&all, SIGTERM);
	(void)sigaddset(&all, SIGINT);
	(void)sigaddset(&all, SIGCHLD);
	launcher.signal = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (launcher.signal < 0)
		return pmj_fail_errno(err, errno, "cannot wait for", "signals");
	launcher.tickets = ticket_shelf_new();
	while (!launcher.over) {
		struct pollfd fds[] = {
		    {.fd = launcher.signal, .events = POLLIN},
		    {.fd = launcher.fd, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			serve_signals(&launcher);
		if (fds[1].revents != 0 && !launcher.over)
			serve_request(&launcher);
	}
	end_children(&launcher);
	ticket_shelf_free(launcher.tickets);
	(void)close(launcher.signal);
	if (launcher.fd >= 0)
		(void)close(launcher.fd);
	return launcher.rc == PMJ_OK
	           ? PMJ_OK
	           : pmj_fail(err, launcher.rc, "the session of the carrier ended too soon");
}
