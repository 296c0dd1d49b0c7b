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
#include "base/mem.h"
#include "carry/fence.h"
#include "carry/launch.h"
#include "carry/session_inner.h"

#define SILENCE_MS (120 * 1000LL)

int64_t
session_now(void)
{
	return os_real.mono_ms(os_real.ctx);
}

/* Which of the mailboxes a hub exchanges with for the sake of news: those that the bell told of,
 * and those that get something. */
static bool
concerned(const struct session *s, const struct spool_list *out, const uint8_t *mailbox)
{
	struct shape_place from = {.lane = 0};
	size_t at;

	memcpy(from.mailbox, mailbox, sizeof(from.mailbox));
	at = spool_first(out, &from);
	return (at < out->count &&
	           memcmp(out->items[at].place.mailbox, mailbox, PMJ_MAILBOX_BYTES) == 0) ||
	       bell_heard(&s->bell, mailbox);
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
	for (size_t i = 0; order != NULL && i < order->ended.count; i++)
		places_add(&job->ex.ended, &order->ended.items[i]);
	if (order != NULL && order->what == ORDER_PARCEL)
		job->parcel = mem_strdup(order->dir);
	job->news = order != NULL && order->news;
	job->anew = s->anew && order != NULL && order->what == ORDER_SYNC;
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

static uint32_t
noise(void)
{
	uint32_t bits = 0;

	os_real.random(os_real.ctx, &bits, sizeof(bits));
	return bits;
}

static void
errand_ended(struct session *s, bool good)
{
	if (s->errand_exchanges)
		chance_ended(&s->chance, good, session_now(), noise());
	else if (good) /* another place, or a stick */
		chance_anew(&s->chance, session_now(), 0);
}

/* order is NULL for what pamojad left in the spool when it was locked. */
static void
start(struct session *s, const struct order *order)
{
	struct job job = {0};
	struct pmj_error err = {0};
	int64_t id = order != NULL ? order->id : 0;
	enum pmj_code rc;

	fill_job(s, &job, order);
	s->errand_exchanges = order == NULL || (order->what == ORDER_SYNC && order->url == NULL);
	if (s->errand_exchanges)
		chance_began(&s->chance);
	rc = check_job(&job, &err);
	if (rc == PMJ_OK)
		rc = errand_start(&s->errand, &job, id, &err);
	s->anew = s->anew && (rc != PMJ_OK || !job.anew);
	if (rc != PMJ_OK) {
		order_put_done(&s->sock.out, id, rc, &err, NULL);
		errand_ended(s, false);
	}
	job_close(&job);
}

/* A chance is there: while pamojad is open it has more to do than we know of. */
static void
take_chance(struct session *s)
{
	if (s->locked) {
		start(s, NULL);
	} else if (s->sock.fd >= 0) {
		order_put_chance(&s->sock.out);
		s->chance.told = true;
	}
}

static void
start_next(struct session *s)
{
	int64_t at = chance_at(&s->chance);

	if (s->errand.pid != 0)
		return;
	if (s->queued > 0) {
		struct order order = s->queue[0];

		s->queued--;
		memmove(s->queue, s->queue + 1, s->queued * sizeof(*s->queue));
		start(s, &order);
		order_close(&order);
	} else if (at != CHANCE_NEVER && session_now() >= at) {
		take_chance(s);
	}
}

static void
see_ways(struct session *s)
{
	s->chance.no_way = !s->near && s->ways.routes >= 0 && s->ways.way[0] == '\0';
}

/* Another network: what waits is tried soon, and a laptop asks there what there is for it. */
static void
look_at_ways(struct session *s)
{
	int64_t now = session_now();
	bool other = ways_look(&s->ways, now);

	see_ways(s);
	if (!other)
		return;
	if (!s->locked && s->write_lane == SHAPE_LANE_UP && chance_is_old(&s->chance, now))
		chance_wanted(&s->chance, false, now);
	chance_anew(&s->chance, now, noise());
}

/* A stick with a parcel folder was plugged in: it is used at once, by pamojad while it is open. */
static void
look_at_mounts(struct session *s)
{
	const char *dir;

	if (s->write_lane == 0 || s->no_sticks || (!s->locked && s->sock.fd < 0))
		return;
	while ((dir = mounts_parcel(&s->mounts)) != NULL) {
		struct order order = {.what = ORDER_PARCEL};

		if (!s->locked) {
			order_put_stick(&s->sock.out, dir);
			continue;
		}
		order.dir = mem_strdup(dir);
		for (size_t i = 0; i < s->have.count; i++)
			places_add(&order.places, &s->have.items[i]);
		session_queue(s, &order);
	}
}

/* For `status`: what waits, and for what. */
static void
say_what_for(struct session *s)
{
	int64_t at = chance_at(&s->chance), now = session_now();
	const char *why = chance_waits_for(&s->chance, now);

	if (s->sock.fd < 0)
		s->said.why = "";
	else if (strcmp(why, s->said.why) != 0 || (why[0] != '\0' && at != s->said.at_ms)) {
		order_put_waits(&s->sock.out, why, at > now ? (at - now) / 1000 : 0);
		s->said.why = why;
		s->said.at_ms = at;
	}
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* An errand that hangs is given up, sooner where it was asked to end. */
static int64_t
errand_until(const struct errand *errand)
{
	return sooner(
	    errand->heard_ms + SILENCE_MS, errand->stop_ms != 0 ? errand->stop_ms : CHANCE_NEVER);
}

/* How long poll may sleep: -1 is until something happens. */
static int
sleep_ms(const struct session *s)
{
	int64_t until = s->ways.look_ms != 0 ? s->ways.look_ms : -1;

	if (s->errand.pid != 0)
		until = sooner(until, errand_until(&s->errand));
	else if (s->locked || s->sock.fd >= 0)
		until = sooner(until, chance_at(&s->chance));
	if (until >= 0)
		until = until > session_now() ? until - session_now() : 0;
	if (s->sock.fd < 0)
		until = sooner(until, s->sock.retry_ms);
	return (int)(until < 3600000 ? until : 3600000);
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
	    {.fd = s->ways.routes, .events = POLLIN},
	    {.fd = s->mounts.table, .events = POLLPRI},
	};
	bool good;

	if (poll(fds, COUNT(fds), sleep_ms(s)) < 0)
		return;
	if (fds[0].revents != 0)
		s->ending = true;
	if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		carrysock_read(sock, session_obey, s);
	if (fds[2].revents != 0)
		carrysock_read_watch(sock);
	if (fds[3].revents != 0 && !errand_read(&s->errand, &sock->out, &good))
		errand_ended(s, good);
	if (fds[4].revents != 0 && bell_listen(&s->bell))
		order_put_news(&sock->out);
	if (s->errand.pid != 0 && session_now() > errand_until(&s->errand))
		errand_kill(&s->errand);
	if (fds[5].revents != 0)
		ways_heard(&s->ways, session_now());
	look_at_ways(s);
	/* A share that came back may be where the mailboxes are. */
	if (fds[6].revents != 0 && mounts_heard(&s->mounts) && s->near)
		chance_anew(&s->chance, session_now(), 0);
	look_at_mounts(s);
	s->anew = s->anew || sock->fd < 0;
	s->ending = s->ending || !carrysock_connect(sock);
	start_next(s);
	say_what_for(s);
	carrysock_flush(sock);
}

static void
session_close(struct session *s)
{
	errand_kill(&s->errand);
	bell_close(&s->bell);
	ways_close(&s->ways);
	mounts_close(&s->mounts);
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
	struct session s = {.home = home,
	    .signal = -1,
	    .errand.launcher = launcher,
	    .near = true,
	    .anew = true,
	    .said = {.why = ""}};
	bool in_force;
	enum pmj_code rc;
	sigset_t ends;

	bell_init(&s.bell);
	/* Behind the fence nothing can be opened any more. */
	ways_open(&s.ways);
	mounts_open(&s.mounts);
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
