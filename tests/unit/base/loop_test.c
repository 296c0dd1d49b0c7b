#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_off_thread),
	    cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
