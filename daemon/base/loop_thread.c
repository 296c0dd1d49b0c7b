/* loop_thread.c - a job on a thread of its own, and what follows it on the loop. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/loop_inner.h"
#include "base/mem.h"

struct off_thread {
	struct loop *loop;
	struct off_thread *next;
	struct loop_io *io;
	int fd;
	pthread_t thread;
	void (*job)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static void *
off_thread_main(void *arg)
{
	struct off_thread *off = arg;

	off->job(off->ctx);
	(void)eventfd_write(off->fd, 1);
	return NULL;
}

/* It is on no list any more. */
static void
off_thread_end(struct off_thread *off)
{
	(void)pthread_join(off->thread, NULL);
	loop_io_free(off->io);
	(void)close(off->fd);
	off->done(off->ctx);
	free(off);
}

static void
off_thread_done(void *arg, int what)
{
	struct off_thread *off = arg;
	struct off_thread **at = loop_jobs(off->loop);

	(void)what;
	while (*at != off)
		at = &(*at)->next;
	*at = off->next;
	off_thread_end(off);
}

void
loop_off_thread(struct loop *loop, void (*job)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct off_thread *off = mem_new(sizeof(*off));

	off->loop = loop;
	off->next = *loop_jobs(loop);
	*loop_jobs(loop) = off;
	off->job = job;
	off->done = done;
	off->ctx = ctx;
	off->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	off->io = loop_io_new(loop, off->fd, LOOP_READ, off_thread_done, off);
	if (off->fd < 0 || pthread_create(&off->thread, NULL, off_thread_main, off) != 0)
		abort();
}

void
loop_off_thread_wait(struct loop *loop)
{
	struct off_thread **first = loop_jobs(loop), *off;

	while ((off = *first) != NULL) {
		*first = off->next;
		off_thread_end(off);
	}
}
