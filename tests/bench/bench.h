/* bench.h - what the programs of this folder share: giving up, and the clocks. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pamoja/error.h"

static struct pmj_error err;

/* A bench that cannot do its work measures nothing: the message, and out. */
static void
must(enum pmj_code rc, const char *what)
{
	if (rc == PMJ_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, err.message);
	exit(1);
}

/* Seconds of CLOCK_MONOTONIC (wall) or CLOCK_PROCESS_CPUTIME_ID (processor). */
static inline double
clock_now(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
