#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/loop_inner.h"
#include "base/mem.h"

enum { PRIORITY_REQUESTS = 0, PRIORITY_WORK = 1, PRIORITIES = 2 };

#define TURN_MS 12 /* so long requests may come before work that waits */

#define FAR_S (100LL * 366 * 86400)

struct loop {
	struct { /* of the clock that people set */
		int fd;
		struct loop_io *io;
		void (*fn)(void *ctx);
		void *ctx;
	} jumps;
	struct event_base *base;
	struct event *signals[8];
	int signal_count;
	struct off_thread *jobs; /* on their threads */
	struct loop_work *works;
};
struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	void (*fn)(void *ctx, int what);
	void *ctx;
};
struct loop_timer {
	struct event *event;
	void (*fn)(void *ctx);
	void *ctx;
};
struct loop_work {
	struct loop *loop;
	struct loop_work *next;
	struct event *event;
	bool (*fn)(void *ctx);
	void *ctx;
	int64_t waits_since_ms; /* while it is pending */
};

struct loop *
loop_new(void)
{
	struct loop *loop = mem_new(sizeof(*loop));

	loop->jumps.fd = -1;
	loop->base = event_base_new();
	if (loop->base == NULL)
		abort();
	(void)event_base_priority_init(loop->base, PRIORITIES);
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	assert(loop->jobs == NULL);
	loop_io_free(loop->jumps.io);
	if (loop->jumps.fd >= 0)
		(void)close(loop->jumps.fd);
	for (int i = 0; i < loop->signal_count; i++) {
		free(event_get_callback_arg(loop->signals[i]));
		event_free(loop->signals[i]);
	}
	event_base_free(loop->base);
	free(loop);
}

struct off_thread **
loop_jobs(struct loop *loop)
{
	return &loop->jobs;
}

void
loop_run(struct loop *loop)
{
	(void)event_base_dispatch(loop->base);
}

void
loop_stop(struct loop *loop)
{
	(void)event_base_loopbreak(loop->base);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
work_run(struct loop_work *work)
{
	(void)event_del(work->event);
	if (work->fn(work->ctx))
		loop_work_wake(work);
}

/* A client whose next request is there before the answer to the last was written would keep work
 * from ever running: every TURN_MS it has a turn. */
static void
work_turn(struct loop *loop)
{
	for (struct loop_work *work = loop->works; work != NULL; work = work->next)
		if (event_pending(work->event, EV_TIMEOUT, NULL) &&
		    now_ms() - work->waits_since_ms >= TURN_MS) {
			work_run(work);
			return;
		}
}

static void
io_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_io *io = ctx;
	struct loop *loop = io->loop;

	(void)fd;
	io->fn(io->ctx, (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0));
	work_turn(loop); /* io may be gone */
}

static short
io_flags(int what)
{
	return (short)((what & LOOP_READ ? EV_READ : 0) | (what & LOOP_WRITE ? EV_WRITE : 0) |
	               EV_PERSIST);
}

struct loop_io *
loop_io_new(struct loop *loop, int fd, int what, void (*fn)(void *ctx, int what), void *ctx)
{
	struct loop_io *io = mem_new(sizeof(*io));

	io->loop = loop;
	io->fd = fd;
	io->fn = fn;
	io->ctx = ctx;
	io->event = event_new(loop->base, fd, io_flags(what), io_ready, io);
	(void)event_priority_set(io->event, PRIORITY_REQUESTS);
	if (what != 0)
		(void)event_add(io->event, NULL);
	return io;
}

void
loop_io_set(struct loop_io *io, int what)
{
	(void)event_del(io->event);
	if (what == 0)
		return;
	(void)event_assign(io->event, io->loop->base, io->fd, io_flags(what), io_ready, io);
	(void)event_priority_set(io->event, PRIORITY_REQUESTS);
	(void)event_add(io->event, NULL);
}

void
loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	event_free(io->event);
	free(io);
}

static void
timer_due(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_timer *timer = ctx;

	(void)fd;
	(void)what;
	timer->fn(timer->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *timer = mem_new(sizeof(*timer));

	timer->fn = fn;
	timer->ctx = ctx;
	timer->event = event_new(loop->base, -1, 0, timer_due, timer);
	(void)event_priority_set(timer->event, PRIORITY_REQUESTS);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t after_ms)
{
	struct timeval tv = {.tv_sec = after_ms / 1000, .tv_usec = (after_ms % 1000) * 1000};

	(void)event_add(timer->event, &tv);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	(void)event_del(timer->event);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

/* A timer that is never due, and ends early when its clock jumps: what sleep adds to it is a jump.
 */
static bool
jumps_arm(struct loop *loop)
{
	struct timespec now = {0};
	struct itimerspec far = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	far.it_value.tv_sec = now.tv_sec + FAR_S;
	return timerfd_settime(
	           loop->jumps.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) == 0;
}

static void
jumped(void *ctx, int what)
{
	struct loop *loop = ctx;
	uint64_t times;

	(void)what;
	if (read(loop->jumps.fd, &times, sizeof(times)) < 0 && errno == EAGAIN)
		return;
	if (!jumps_arm(loop))
		loop_io_set(loop->jumps.io, 0);
	loop->jumps.fn(loop->jumps.ctx);
}

bool
loop_clock_jumps(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
	loop->jumps.fn = fn;
	loop->jumps.ctx = ctx;
	loop->jumps.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->jumps.fd < 0 || !jumps_arm(loop))
		return false;
	loop->jumps.io = loop_io_new(loop, loop->jumps.fd, LOOP_READ, jumped, loop);
	return true;
}

struct signal_call {
	void (*fn)(void *ctx);
	void *ctx;
};

static void
signal_came(evutil_socket_t signum, short what, void *ctx)
{
	struct signal_call *call = ctx;

	(void)signum;
	(void)what;
	call->fn(call->ctx);
}

void
loop_signal(struct loop *loop, int signum, void (*fn)(void *ctx), void *ctx)
{
	struct signal_call *call;

	if (loop->signal_count == (int)(sizeof(loop->signals) / sizeof(*loop->signals)))
		return;
	call = mem_new(sizeof(*call));
	call->fn = fn;
	call->ctx = ctx;
	loop->signals[loop->signal_count] = evsignal_new(loop->base, signum, signal_came, call);
	(void)event_add(loop->signals[loop->signal_count], NULL);
	loop->signal_count++;
}

/* Between two steps every waiting request is served: low priority events run only when no other is
 * active, and the zero timeout sends the loop through the kernel once more first. */
static void
work_step(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_work *work = ctx;

	(void)fd;
	(void)what;
	work_run(work);
}

struct loop_work *
loop_work_new(struct loop *loop, bool (*fn)(void *ctx), void *ctx)
{
	struct loop_work *work = mem_new(sizeof(*work));

	work->loop = loop;
	work->next = loop->works;
	loop->works = work;
	work->fn = fn;
	work->ctx = ctx;
	work->event = event_new(loop->base, -1, 0, work_step, work);
	(void)event_priority_set(work->event, PRIORITY_WORK);
	return work;
}

void
loop_work_wake(struct loop_work *work)
{
	struct timeval now = {0, 0};

	if (event_pending(work->event, EV_TIMEOUT, NULL))
		return;
	work->waits_since_ms = now_ms();
	(void)event_add(work->event, &now);
}

void
loop_work_free(struct loop_work *work)
{
	struct loop_work **at;

	if (work == NULL)
		return;
	for (at = &work->loop->works; *at != work; at = &(*at)->next)
		;
	*at = work->next;
	event_free(work->event);
	free(work);
}
