/* carrysock.c - the socket where pamojad listens: waited for, connected, its lines read and
 * written. */
#include "carry/carrysock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "carry/order.h"

/* A socket appears a moment before somebody listens at it. */
#define RETRY_FIRST_MS 20
#define RETRY_LAST_MS 60000

static void
hang_up(struct carrysock *sock)
{
	if (sock->fd >= 0)
		(void)close(sock->fd);
	sock->fd = -1;
	buf_clear(&sock->in);
	buf_clear(&sock->out);
}

/* The folder, for the socket to come; the home, for the folder to come. */
static void
watch_run(struct carrysock *sock)
{
	const uint32_t what = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF;

	if (sock->watch >= 0)
		(void)close(sock->watch);
	sock->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (sock->watch < 0)
		return;
	if (inotify_add_watch(sock->watch, sock->run, what) < 0)
		(void)inotify_add_watch(sock->watch, sock->home, what);
}

void
carrysock_init(struct carrysock *sock, const char *home, bool folders_only)
{
	*sock = (struct carrysock){.fd = -1,
	    .watch = -1,
	    .retry_ms = RETRY_FIRST_MS,
	    .home = home,
	    .folders_only = folders_only};
	sock->run = fs_join(home, "run");
	buf_init(&sock->in, ORDER_BYTES_MAX);
	buf_init(&sock->out, 0);
}

void
carrysock_close(struct carrysock *sock)
{
	hang_up(sock);
	if (sock->watch >= 0)
		(void)close(sock->watch);
	buf_close(&sock->in);
	buf_close(&sock->out);
	free(sock->run);
}

/* Through the folder's descriptor, because a socket's path may have only 107 bytes. */
static int
connect_in(int dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/carry.sock", dir);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

bool
carrysock_connect(struct carrysock *sock)
{
	int dir;

	if (sock->fd >= 0)
		return true;
	watch_run(sock);
	dir = open(sock->run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		/* Without the folder no pamojad can ever come: the home is gone. */
		return errno != ENOENT || fs_exists(&os_real, sock->home);
	sock->fd = connect_in(dir);
	(void)close(dir);
	if (sock->fd < 0) {
		sock->retry_ms =
		    sock->retry_ms * 2 < RETRY_LAST_MS ? sock->retry_ms * 2 : RETRY_LAST_MS;
		return true;
	}
	(void)fcntl(sock->fd, F_SETFL, O_NONBLOCK);
	sock->retry_ms = RETRY_FIRST_MS;
	order_put_hello(&sock->out, sock->folders_only);
	return true;
}

void
carrysock_flush(struct carrysock *sock)
{
	while (sock->fd >= 0 && sock->out.len > 0) {
		ssize_t n = send(sock->fd, sock->out.bytes, sock->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			hang_up(sock);
			return;
		}
		memmove(sock->out.bytes, sock->out.bytes + n, sock->out.len - (size_t)n);
		sock->out.len -= (size_t)n;
	}
	if (sock->fd < 0)
		buf_clear(&sock->out); /* nobody to tell; the next exchange says it again */
}

void
carrysock_read(
    struct carrysock *sock, void (*line)(void *ctx, const char *bytes, size_t len), void *ctx)
{
	char bytes[16384];
	ssize_t n = recv(sock->fd, bytes, sizeof(bytes), 0);
	size_t from = 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		hang_up(sock);
		return;
	}
	buf_put(&sock->in, bytes, (size_t)n);
	if (sock->in.failed != PMJ_OK) {
		diag("a line from pamojad is too long");
		hang_up(sock);
		return;
	}
	for (size_t i = 0; i < sock->in.len; i++)
		if (sock->in.bytes[i] == '\n') {
			line(ctx, (const char *)sock->in.bytes + from, i - from);
			from = i + 1;
		}
	if (from > 0) {
		memmove(sock->in.bytes, sock->in.bytes + from, sock->in.len - from);
		sock->in.len -= from;
	}
}

void
carrysock_read_watch(struct carrysock *sock)
{
	_Alignas(struct inotify_event) char events[4096];

	/* Whatever happened in the folder, the way to find out is to try. */
	while (read(sock->watch, events, sizeof(events)) > 0)
		;
	sock->retry_ms = RETRY_FIRST_MS;
}
