/* bootjump.c - a preloaded clock: CLOCK_BOOTTIME runs ahead by ten minutes while the file named by
 * $BOOTJUMP exists, as after a suspend. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	const char *path = getenv("BOOTJUMP");
	int rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(clock, ts);
	if (rc == 0 && clock == CLOCK_BOOTTIME && path != NULL && access(path, F_OK) == 0)
		ts->tv_sec += 600;
	return rc;
}
