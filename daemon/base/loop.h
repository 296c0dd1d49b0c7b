/* loop.h - the one thread's event loop, over libevent: sockets, timers, and steps of long work
 * between requests. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;

struct loop *loop_new(void);
/** No job may be under way any more: loop_off_thread_wait. */
void loop_free(struct loop *loop);
/** Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#define LOOP_READ 1
#define LOOP_WRITE 2
/** Call fn while fd is ready for `what`; stays until freed. */
struct loop_io *loop_io_new(
    struct loop *loop, int fd, int what, void (*fn)(void *ctx, int what), void *ctx);
void loop_io_set(struct loop_io *io, int what); /* 0 pauses */
void loop_io_free(struct loop_io *io);
/** One shot; set again to go on. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx);
void loop_timer_set(struct loop_timer *timer, int64_t after_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);
void loop_signal(struct loop *loop, int signum, void (*fn)(void *ctx), void *ctx);

/** Call fn when the clock was set, and when the machine comes back from sleep: no timer says so.
 * False where the kernel does not tell. Once a loop. */
bool loop_clock_jumps(struct loop *loop, void (*fn)(void *ctx), void *ctx);

/** Long work in steps: fn is called at low priority, after requests were served (but for a turn now
 * and then while they never end), until it returns false (nothing left now). It must return within
 * PMJ_STEP_MS. loop_work_wake makes a resting one run again. */
struct loop_work;
struct loop_work *loop_work_new(struct loop *loop, bool (*fn)(void *ctx), void *ctx);
void loop_work_wake(struct loop_work *work);
void loop_work_free(struct loop_work *work);

/** Run job(ctx) on the one worker thread (for stretching keys), then done(ctx) on the loop. */
void loop_off_thread(struct loop *loop, void (*job)(void *ctx), void (*done)(void *ctx), void *ctx);
/** Wait for every job that is under way and call its done; before anything that a job works with is
 * freed. */
void loop_off_thread_wait(struct loop *loop);

#endif
