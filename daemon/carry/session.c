#include "carry/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "carry/errand.h"
#include "carry/order.h"

#define QUEUE_MAX 16
/* A cut link or a full share is often back within minutes; one that stays away should cost nothing.
 */
#define BACKOFF_FIRST_MS (60 * 1000LL)
#define BACKOFF_LAST_MS (6 * 3600 * 1000LL)
/* A socket appears a moment before somebody listens at it. */
#define RETRY_FIRST_MS 20
#define RETRY_LAST_MS 60000
#define SILENCE_MS (120 * 1000LL)

struct session {
	char *home;
	char *run;
	int fd;     /* carry.sock, or -1 */
	int watch;  /* inotify on HOME/run, for the socket to come */
	int signal; /* signalfd */
	bool ending;
	int retry_ms; /* while the socket is there and nobody answers */
	struct buf in;
	struct buf out;
	uint8_t write_lane;
	struct job_remote *remotes;
	size_t remote_count;
	struct places have;
	struct places acked;
	struct order queue[QUEUE_MAX];
	size_t queued;
	struct errand errand;
	bool waking;           /* something waits to be exchanged at a chance */
	bool urgent;           /* at once, whatever the last exchange came to */
	int64_t due_ms;        /* of the next chance, monotonic */
	int64_t backoff_ms;    /* 0: the last exchange went well */
	bool errand_exchanges; /* with the mailboxes, so its end tells of the next chance */
	bool errand_was_waking;
};

static int64_t
now_ms(void)
{
	return os_real.mono_ms(os_real.ctx);
}

static void
hang_up(struct session *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	buf_clear(&s->in);
	buf_clear(&s->out);
}

/* Through the folder's descriptor, because a socket's path may have only 107 bytes. */
static void
try_connect(struct session *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int dir = open(s->run, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		/* Without the folder no pamojad can ever come: the home is gone. */
		s->ending = s->ending || (errno == ENOENT && !fs_exists(&os_real, s->home));
		return;
	}
	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/carry.sock", dir);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && connect(s->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(s->fd);
		s->fd = -1;
	}
	(void)close(dir);
	if (s->fd < 0) {
		s->retry_ms = s->retry_ms * 2 < RETRY_LAST_MS ? s->retry_ms * 2 : RETRY_LAST_MS;
		return;
	}
	(void)fcntl(s->fd, F_SETFL, O_NONBLOCK);
	s->retry_ms = RETRY_FIRST_MS;
	order_put_hello(&s->out);
}

static void
flush_out(struct session *s)
{
	while (s->fd >= 0 && s->out.len > 0) {
		ssize_t n = send(s->fd, s->out.bytes, s->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			hang_up(s);
			return;
		}
		memmove(s->out.bytes, s->out.bytes + n, s->out.len - (size_t)n);
		s->out.len -= (size_t)n;
	}
	if (s->fd < 0)
		buf_clear(&s->out); /* nobody to tell; the next exchange says it again */
}

static void
fill_job(const struct session *s, struct job *job, const struct order *order)
{
	const char *url = order != NULL ? order->url : NULL;
	const struct places *have = order != NULL ? &order->places : &s->have;

	job->ex.os = &os_real;
	job->ex.lock = -1;
	job->ex.spool = fs_join(s->home, "spool");
	job->ex.store = fs_join(s->home, "carry");
	job->ex.write_lane = s->write_lane;
	job->ex.create = order != NULL && order->create;
	for (size_t i = 0; i < have->count; i++)
		places_add(&job->ex.have, &have->items[i]);
	for (size_t i = 0; i < s->acked.count; i++)
		places_add(&job->ex.acked, &s->acked.items[i]);
	for (size_t i = 0; i < s->remote_count; i++)
		job_add_remote(job, s->remotes[i].mailbox, url != NULL ? url : s->remotes[i].url);
	if (order != NULL && order->what == ORDER_PARCEL)
		job->parcel = mem_strdup(order->dir);
}

static enum pmj_code
check_job(const struct job *job, struct pmj_error *err)
{
	enum pmj_code rc;

	if (job->ex.write_lane == 0) {
		rc = pmj_fail(err, PMJ_UNREACHED, "the mailboxes are not known yet");
		pmj_hint(err, "unlock first; a new laptop is enrolled first");
		return rc;
	}
	/* These must be there before the errand's fence is put up around them. */
	if ((rc = fs_make_dir(&os_real, job->ex.spool, err)) != PMJ_OK ||
	    (rc = fs_make_dir(&os_real, job->ex.store, err)) != PMJ_OK)
		return rc;
	return job->parcel != NULL && job->parcel[0] != '/'
	           ? pmj_fail(err, PMJ_INVALID, "%.80s is not a full path", job->parcel)
	           : PMJ_OK;
}

/* The next chance after a failure: doubling, and never all laptops in the same second. */
static void
back_off(struct session *s)
{
	uint32_t noise = 0;

	s->backoff_ms = s->backoff_ms == 0 ? BACKOFF_FIRST_MS : s->backoff_ms * 2;
	if (s->backoff_ms > BACKOFF_LAST_MS)
		s->backoff_ms = BACKOFF_LAST_MS;
	os_real.random(os_real.ctx, &noise, sizeof(noise));
	s->due_ms = now_ms() + s->backoff_ms * 3 / 4 + (int64_t)noise % (s->backoff_ms / 2);
}

static void
errand_ended(struct session *s, bool good)
{
	if (!s->errand_exchanges)
		return;
	if (good) {
		s->backoff_ms = 0;
		return;
	}
	s->waking = s->waking || s->errand_was_waking;
	if (s->waking && !s->urgent)
		back_off(s);
}

/* order is NULL for a wake. */
static void
start(struct session *s, const struct order *order)
{
	struct job job = {0};
	struct pmj_error err = {0};
	int64_t id = order != NULL ? order->id : 0;
	enum pmj_code rc;

	fill_job(s, &job, order);
	s->errand_exchanges = order == NULL || order->what == ORDER_SYNC;
	if (s->errand_exchanges) {
		/* What wakes us from now on may have come too late for this one. */
		s->errand_was_waking = s->waking;
		s->waking = false;
		s->urgent = false;
	}
	rc = check_job(&job, &err);
	if (rc == PMJ_OK)
		rc = errand_start(&s->errand, &job, id, &err);
	if (rc != PMJ_OK) {
		order_put_done(&s->out, id, rc, &err, 0, 0);
		errand_ended(s, false);
	}
	job_close(&job);
}

static void
start_next(struct session *s)
{
	if (s->errand.pid != 0)
		return;
	if (s->queued > 0) {
		struct order order = s->queue[0];

		s->queued--;
		memmove(s->queue, s->queue + 1, s->queued * sizeof(*s->queue));
		start(s, &order);
		order_close(&order);
	} else if (s->waking && now_ms() >= s->due_ms) {
		start(s, NULL);
	}
}

static void
on_remotes(struct session *s, struct order *order)
{
	for (size_t i = 0; i < s->remote_count; i++)
		free(s->remotes[i].url);
	free(s->remotes);
	s->remotes = order->remotes;
	s->remote_count = order->remote_count;
	s->write_lane = order->write_lane;
	order->remotes = NULL;
	order->remote_count = 0;
	/* New ways: what failed before says nothing about them. */
	s->backoff_ms = 0;
	s->due_ms = now_ms();
	order_close(order);
}

static void
on_queue(struct session *s, struct order *order)
{
	struct pmj_error err;

	if (s->queued < QUEUE_MAX) {
		s->queue[s->queued++] = *order;
		return;
	}
	(void)pmj_fail(&err, PMJ_BUSY, "too many exchanges are waiting");
	pmj_hint(&err, "try again in a minute");
	order_put_done(&s->out, order->id, PMJ_BUSY, &err, 0, 0);
	order_close(order);
}

static void
on_wake(struct session *s, struct order *order)
{
	if (order->has_have) {
		struct places old = s->have;

		s->have = order->places;
		order->places = old;
	}
	if (order->urgent || (!s->waking && s->backoff_ms == 0))
		s->due_ms = now_ms();
	s->waking = true;
	s->urgent = s->urgent || order->urgent;
	order_close(order);
}

static void
on_acked(struct session *s, struct order *order)
{
	for (size_t i = 0; i < order->places.count; i++)
		places_add(&s->acked, &order->places.items[i]);
	places_sort(&s->acked);
	order_close(order);
}

static void
obey(struct session *s, const char *bytes, size_t len)
{
	static void (*const on[])(struct session *, struct order *) = {
	    [ORDER_REMOTES] = on_remotes,
	    [ORDER_SYNC] = on_queue,
	    [ORDER_PARCEL] = on_queue,
	    [ORDER_WAKE] = on_wake,
	    [ORDER_ACKED] = on_acked,
	};
	struct order order;
	struct pmj_error err;

	if (order_read(&order, bytes, len, &err) != PMJ_OK) {
		diag_error("a line from pamojad", &err);
		return;
	}
	on[order.what](s, &order);
}

static void
read_socket(struct session *s)
{
	char bytes[16384];
	ssize_t n = recv(s->fd, bytes, sizeof(bytes), 0);
	size_t from = 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		hang_up(s);
		return;
	}
	buf_put(&s->in, bytes, (size_t)n);
	if (s->in.failed != PMJ_OK) {
		diag("a line from pamojad is too long");
		hang_up(s);
		return;
	}
	for (size_t i = 0; i < s->in.len; i++)
		if (s->in.bytes[i] == '\n') {
			obey(s, (const char *)s->in.bytes + from, i - from);
			from = i + 1;
		}
	if (from > 0) {
		memmove(s->in.bytes, s->in.bytes + from, s->in.len - from);
		s->in.len -= from;
	}
}

static void
read_watch(struct session *s)
{
	_Alignas(struct inotify_event) char events[4096];

	/* Whatever happened in the folder, the way to find out is to try. */
	while (read(s->watch, events, sizeof(events)) > 0)
		;
	s->retry_ms = RETRY_FIRST_MS;
}

static void
watch_run(struct session *s)
{
	if (s->watch >= 0)
		(void)close(s->watch);
	s->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->watch < 0)
		return;
	if (inotify_add_watch(s->watch, s->run, IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
		(void)inotify_add_watch(
		    s->watch, s->home, IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
}

/* How long poll may sleep: -1 is until something happens. */
static int
sleep_ms(const struct session *s)
{
	int64_t until = -1;

	if (s->errand.pid != 0)
		until = s->errand.heard_ms + SILENCE_MS;
	else if (s->waking)
		until = s->due_ms;
	if (until < 0)
		return s->fd < 0 ? s->retry_ms : -1;
	until -= now_ms();
	return until < 0 ? 0 : until > 3600000 ? 3600000 : (int)until;
}

static void
wait_and_serve(struct session *s)
{
	short socket_events = (short)(POLLIN | (s->out.len > 0 ? POLLOUT : 0));
	struct pollfd fds[] = {
	    {.fd = s->signal, .events = POLLIN},
	    {.fd = s->fd, .events = socket_events},
	    {.fd = s->fd < 0 ? s->watch : -1, .events = POLLIN},
	    {.fd = s->errand.pid != 0 ? s->errand.fd : -1, .events = POLLIN},
	};
	bool good;

	if (poll(fds, 4, sleep_ms(s)) < 0)
		return;
	if (fds[0].revents != 0)
		s->ending = true;
	if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		read_socket(s);
	if (fds[2].revents != 0)
		read_watch(s);
	if (fds[3].revents != 0 && !errand_read(&s->errand, &s->out, &good))
		errand_ended(s, good);
	if (s->errand.pid != 0 && now_ms() > s->errand.heard_ms + SILENCE_MS)
		errand_kill(&s->errand);
	if (s->fd < 0) {
		watch_run(s);
		try_connect(s);
	}
	start_next(s);
	flush_out(s);
}

static void
session_close(struct session *s)
{
	errand_kill(&s->errand);
	hang_up(s);
	if (s->watch >= 0)
		(void)close(s->watch);
	if (s->signal >= 0)
		(void)close(s->signal);
	for (size_t i = 0; i < s->remote_count; i++)
		free(s->remotes[i].url);
	free(s->remotes);
	for (size_t i = 0; i < s->queued; i++)
		order_close(&s->queue[i]);
	places_close(&s->have);
	places_close(&s->acked);
	buf_close(&s->in);
	buf_close(&s->out);
	free(s->home);
	free(s->run);
}

enum pmj_code
session_run(const char *home, struct pmj_error *err)
{
	struct session s = {.fd = -1, .watch = -1, .signal = -1, .retry_ms = RETRY_FIRST_MS};
	enum pmj_code rc = PMJ_OK;
	sigset_t ends;

	s.home = realpath(home, NULL);
	if (s.home == NULL)
		return pmj_fail_errno(err, errno, "cannot find", home);
	s.run = fs_join(s.home, "run");
	buf_init(&s.in, ORDER_BYTES_MAX);
	buf_init(&s.out, 0);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	s.signal = signalfd(-1, &ends, SFD_CLOEXEC);
	if (s.signal < 0) {
		rc = pmj_fail_errno(err, errno, "cannot wait for", "signals");
		goto out;
	}
	watch_run(&s);
	try_connect(&s);
	while (!s.ending)
		wait_and_serve(&s);
out:
	session_close(&s);
	return rc;
}
