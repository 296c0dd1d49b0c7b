#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "check.h"

struct job {
	pthread_t on;
	atomic_bool let_go, over;
	bool done;
};

static void
work(void *ctx)
{
	const struct timespec moment = {0, 1000000};
	struct job *job = ctx;

	job->on = pthread_self();
	while (!job->let_go)
		(void)nanosleep(&moment, NULL);
	(void)nanosleep(&(struct timespec){0, 50000000}, NULL);
	job->over = true;
}

static void
finished(void *ctx)
{
	struct job *job = ctx;

	assert_true(job->over);
	job->done = true;
}

static void
finished_and_stop(void *ctx)
{
	struct {
		struct job job;
		struct loop *loop;
	} *both = ctx;

	finished(&both->job);
	loop_stop(both->loop);
}

/* A job runs on a thread of its own, and what follows it on the loop. */
static void
test_off_thread(void **state)
{
	struct {
		struct job job;
		struct loop *loop;
	} both = {.job = {.let_go = true}, .loop = loop_new()};

	(void)state;
	loop_off_thread(both.loop, work, finished_and_stop, &both);
	assert_false(both.job.done);
	loop_run(both.loop);
	assert_true(both.job.done);
	assert_false(pthread_equal(both.job.on, pthread_self()));
	loop_off_thread_wait(both.loop);
	loop_free(both.loop);
}

/* Whoever ends waits for the jobs under way: what they work with must not go before they do. */
static void
test_wait(void **state)
{
	struct job one = {.done = false}, two = {.done = false};
	struct loop *loop = loop_new();

	(void)state;
	loop_off_thread(loop, work, finished, &one);
	loop_off_thread(loop, work, finished, &two);
	one.let_go = two.let_go = true;
	loop_off_thread_wait(loop);
	assert_true(one.done && two.done);
	loop_free(loop);
}

struct turns {
	struct loop *loop;
	int requests, steps;
};

static void
another_request(void *ctx, int what)
{
	const struct timespec moment = {0, 1000000};
	struct turns *turns = ctx;

	assert_int_equal(what, LOOP_READ);
	(void)nanosleep(&moment, NULL);
	if (++turns->requests == 5000)
		loop_stop(turns->loop);
}

static bool
a_step(void *ctx)
{
	struct turns *turns = ctx;

	if (++turns->steps == 3)
		loop_stop(turns->loop);
	return true;
}

/* Requests that never end keep work waiting, but not for ever. */
static void
test_work_has_its_turn(void **state)
{
	struct turns turns = {.loop = loop_new()};
	struct loop_work *steps;
	struct loop_io *io;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1); /* never read: there is always more */
	io = loop_io_new(turns.loop, ends[0], LOOP_READ, another_request, &turns);
	steps = loop_work_new(turns.loop, a_step, &turns);
	loop_work_wake(steps);
	loop_run(turns.loop);
	assert_int_equal(turns.steps, 3);
	assert_true(turns.requests > turns.steps);
	loop_work_free(steps);
	loop_io_free(io);
	loop_free(turns.loop);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_off_thread),
	    cmocka_unit_test(test_wait),
	    cmocka_unit_test(test_work_has_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
