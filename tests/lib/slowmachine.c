/* slowmachine.c - preloaded into the scenarios' daemons: a machine that seems slow at stretching a
 * passphrase. Each stretching moves the clocks that only count on by 300 ms, so a new key file gets
 * the least that is allowed (64 MiB x 3, the floor of security 4.4), not what this machine can do
 * in the moments when no other test runs beside it, found out by several tries. Else that is a
 * quarter of all the work that the scenarios make. 02_keys and unit/crypto test the fitting itself.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define SEEMS_MS 300

static atomic_long late_ms;

int crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
    unsigned long long pass_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int alg);

int
crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
    unsigned long long pass_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int alg)
{
	int (*real)(unsigned char *, unsigned long long, const char *, unsigned long long,
	    const unsigned char *, unsigned long long, size_t, int);
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash");
	rc = real(out, out_len, pass, pass_len, salt, ops, bytes, alg);
	(void)atomic_fetch_add(&late_ms, SEEMS_MS);
	return rc;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	long ms = atomic_load(&late_ms);
	int rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(clock, ts);
	if (rc != 0 || (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE &&
	                   clock != CLOCK_BOOTTIME))
		return rc;
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
	return 0;
}
