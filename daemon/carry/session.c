#include "carry/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "carry/bell.h"
#include "carry/carrysock.h"
#include "carry/errand.h"
#include "carry/fence.h"
#include "carry/launch.h"
#include "carry/order.h"

#define QUEUE_MAX 16
/* A cut link or a full share is often back within minutes; one that stays away should cost nothing.
 */
#define BACKOFF_FIRST_MS (60 * 1000LL)
#define BACKOFF_LAST_MS (6 * 3600 * 1000LL)
#define SILENCE_MS (120 * 1000LL)

struct session {
	const char *home;
	struct carrysock sock;
	int signal; /* signalfd */
	bool ending;
	uint8_t write_lane;
	struct job_remote *remotes;
	size_t remote_count;
	struct places have;
	struct places acked;
	struct order queue[QUEUE_MAX];
	size_t queued;
	struct errand errand;
	struct bell bell;
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

/* Which of the mailboxes a hub exchanges with for the sake of news: those that the bell told of,
 * and those that get something. */
static bool
concerned(const struct session *s, const struct spool_list *out, const uint8_t *mailbox)
{
	for (size_t i = 0; i < out->count; i++)
		if (memcmp(out->items[i].place.mailbox, mailbox, PMJ_MAILBOX_BYTES) == 0)
			return true;
	return bell_heard(&s->bell, mailbox);
}

static void
add_remotes(struct session *s, struct job *job, const char *url)
{
	char *dir = mem_printf("%s/spool/out", s->home);
	struct spool_list out = {0};

	if (job->news && spool_scan(&out, dir, NULL) != PMJ_OK)
		bell_forget(&s->bell); /* the next look of the hub finds it */
	for (size_t i = 0; i < s->remote_count; i++)
		if (!job->news || concerned(s, &out, s->remotes[i].mailbox))
			job_add_remote(job, &s->remotes[i], url);
	/* Whatever is heard from now on may come too late for this one. */
	if (job->parcel == NULL)
		bell_forget(&s->bell);
	spool_list_close(&out);
	free(dir);
}

static void
fill_job(struct session *s, struct job *job, const struct order *order)
{
	const char *url = order != NULL ? order->url : NULL;
	const struct places *have = order != NULL ? &order->places : &s->have;

	job->ex.write_lane = s->write_lane;
	job->ex.create = order != NULL && order->create;
	for (size_t i = 0; i < have->count; i++)
		places_add(&job->ex.have, &have->items[i]);
	for (size_t i = 0; i < s->acked.count; i++)
		places_add(&job->ex.acked, &s->acked.items[i]);
	if (order != NULL && order->what == ORDER_PARCEL)
		job->parcel = mem_strdup(order->dir);
	job->news = order != NULL && order->news;
	job->wait_s = order != NULL ? order->wait_s : 0;
	add_remotes(s, job, url);
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
		order_put_done(&s->sock.out, id, rc, &err, NULL);
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

static int
ask_for_bell(void *ctx, const char *folder)
{
	return launch_bell(((struct session *)ctx)->errand.launcher, folder);
}

/* Where a hub has its mailboxes, if laptops come there by the network. */
static void
hang_bell(struct session *s)
{
	const struct job_remote *first = s->remote_count > 0 ? &s->remotes[0] : NULL;
	bool wanted =
	    first != NULL && first->url[0] == '/' && (first->tokens != NULL || first->keys != NULL);

	if (!wanted)
		bell_close(&s->bell);
	else
		bell_hang(&s->bell, first->url, ask_for_bell, s);
}

static void
on_remotes(struct session *s, struct order *order)
{
	for (size_t i = 0; i < s->remote_count; i++)
		job_remote_close(&s->remotes[i]);
	free(s->remotes);
	s->remotes = order->remotes;
	s->remote_count = order->remote_count;
	s->write_lane = order->write_lane;
	order->remotes = NULL;
	order->remote_count = 0;
	hang_bell(s);
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
	order_put_done(&s->sock.out, order->id, PMJ_BUSY, &err, NULL);
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

/* It is ended like one whose link was cut: what it did stands, and the next goes on from there. One
 * that has not begun is over before it does. */
static void
on_stop(struct session *s, struct order *order)
{
	struct pmj_error err;

	if (s->errand.pid != 0 && s->errand.id == order->id)
		errand_kill(&s->errand);
	for (size_t i = 0; i < s->queued; i++) {
		if (s->queue[i].id != order->id)
			continue;
		(void)pmj_fail(&err, PMJ_UNREACHED, "the exchange was stopped");
		order_put_done(&s->sock.out, order->id, PMJ_UNREACHED, &err, NULL);
		order_close(&s->queue[i]);
		s->queued--;
		memmove(s->queue + i, s->queue + i + 1, (s->queued - i) * sizeof(*s->queue));
		break;
	}
	order_close(order);
}

static void
obey(void *ctx, const char *bytes, size_t len)
{
	static void (*const on[])(struct session *, struct order *) = {
	    [ORDER_REMOTES] = on_remotes,
	    [ORDER_SYNC] = on_queue,
	    [ORDER_PARCEL] = on_queue,
	    [ORDER_WAKE] = on_wake,
	    [ORDER_ACKED] = on_acked,
	    [ORDER_STOP] = on_stop,
	};
	struct order order;
	struct pmj_error err;

	if (order_read(&order, bytes, len, &err) != PMJ_OK) {
		diag_error("a line from pamojad", &err);
		return;
	}
	on[order.what](ctx, &order);
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
		return s->sock.fd < 0 ? s->sock.retry_ms : -1;
	until -= now_ms();
	return until < 0 ? 0 : until > 3600000 ? 3600000 : (int)until;
}

static void
wait_and_serve(struct session *s)
{
	struct carrysock *sock = &s->sock;
	short socket_events = (short)(POLLIN | (sock->out.len > 0 ? POLLOUT : 0));
	struct pollfd fds[] = {
	    {.fd = s->signal, .events = POLLIN},
	    {.fd = sock->fd, .events = socket_events},
	    {.fd = sock->fd < 0 ? sock->watch : -1, .events = POLLIN},
	    {.fd = s->errand.pid != 0 ? s->errand.fd : -1, .events = POLLIN},
	    {.fd = s->bell.fd, .events = POLLIN},
	};
	bool good;

	if (poll(fds, COUNT(fds), sleep_ms(s)) < 0)
		return;
	if (fds[0].revents != 0)
		s->ending = true;
	if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		carrysock_read(sock, obey, s);
	if (fds[2].revents != 0)
		carrysock_read_watch(sock);
	if (fds[3].revents != 0 && !errand_read(&s->errand, &sock->out, &good))
		errand_ended(s, good);
	if (fds[4].revents != 0 && bell_listen(&s->bell))
		order_put_news(&sock->out);
	if (s->errand.pid != 0 && now_ms() > s->errand.heard_ms + SILENCE_MS)
		errand_kill(&s->errand);
	s->ending = s->ending || !carrysock_connect(sock);
	start_next(s);
	carrysock_flush(sock);
}

static void
session_close(struct session *s)
{
	errand_kill(&s->errand);
	bell_close(&s->bell);
	carrysock_close(&s->sock);
	if (s->signal >= 0)
		(void)close(s->signal);
	for (size_t i = 0; i < s->remote_count; i++)
		job_remote_close(&s->remotes[i]);
	free(s->remotes);
	for (size_t i = 0; i < s->queued; i++)
		order_close(&s->queue[i]);
	places_close(&s->have);
	places_close(&s->acked);
}

/* The session's own process, which was forked from the launcher at the other end. */
static enum pmj_code
serve(const char *home, int launcher, struct pmj_error *err)
{
	struct session s = {.home = home, .signal = -1, .errand.launcher = launcher};
	bool in_force;
	enum pmj_code rc;
	sigset_t ends;

	bell_init(&s.bell);
	if ((rc = fence_session(&in_force, home, err)) != PMJ_OK)
		return rc;
	if (!in_force)
		diag("this kernel has no Landlock, so the carrier may open more than it should");
	carrysock_init(&s.sock, home, in_force);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	s.signal = signalfd(-1, &ends, SFD_CLOEXEC);
	if (s.signal < 0) {
		rc = pmj_fail_errno(err, errno, "cannot wait for", "signals");
		goto out;
	}
	s.ending = !carrysock_connect(&s.sock);
	while (!s.ending)
		wait_and_serve(&s);
out:
	session_close(&s);
	return rc;
}

static _Noreturn void
become_session(const char *home, int launcher, pid_t parent)
{
	struct pmj_error err;
	enum pmj_code rc;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(PMJ_FAILED);
	if ((rc = serve(home, launcher, &err)) != PMJ_OK)
		diag_error("the carrier", &err);
	_exit((int)rc);
}

enum pmj_code
session_run(const char *home, struct pmj_error *err)
{
	char *full = realpath(home, NULL);
	int pair[2] = {-1, -1};
	pid_t self = getpid(), pid;
	sigset_t signals;
	enum pmj_code rc;

	if (full == NULL)
		return pmj_fail_errno(err, errno, "cannot find", home);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	pid = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? fork() : -1;
	if (pid == 0) {
		(void)close(pair[0]);
		become_session(full, pair[1], self);
	}
	if (pid < 0)
		rc = pmj_fail_errno(err, errno, "cannot start", "the carrier's session");
	if (pair[1] >= 0)
		(void)close(pair[1]);
	if (pid > 0)
		rc = launch_serve(pair[0], full, pid, err);
	else if (pair[0] >= 0)
		(void)close(pair[0]);
	free(full);
	return rc;
}
