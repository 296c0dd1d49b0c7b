/* loop_inner.h - what the files of the loop share. */
#ifndef BASE_LOOP_INNER_H
#define BASE_LOOP_INNER_H

struct loop;
struct off_thread;

/** The first of the jobs that are on their threads. */
struct off_thread **loop_jobs(struct loop *loop);

#endif
