#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
real_now_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_REALTIME);
}

static int64_t
real_mono_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_MONOTONIC);
}

static int64_t
real_boot_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_BOOTTIME);
}

static int64_t
real_cpu_us(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
real_offset_minutes(void *ctx, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm local;

	(void)ctx;
	if (localtime_r(&seconds, &local) == NULL)
		return 0;
	return (int)(local.tm_gmtoff / 60);
}

static void
real_random(void *ctx, void *out, size_t count)
{
	unsigned char *at = out;

	(void)ctx;
	while (count > 0) {
		ssize_t got = getrandom(at, count, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			perror("pamoja: no randomness");
			abort();
		}
		at += got;
		count -= (size_t)got;
	}
}

static int
real_open(void *ctx, const char *path, int flags, mode_t mode)
{
	(void)ctx;
	return open(path, flags | O_CLOEXEC, mode);
}

static ssize_t
real_read(void *ctx, int fd, void *out, size_t count)
{
	(void)ctx;
	return read(fd, out, count);
}

static ssize_t
real_write(void *ctx, int fd, const void *bytes, size_t count)
{
	(void)ctx;
	return write(fd, bytes, count);
}

static int
real_fsync(void *ctx, int fd)
{
	(void)ctx;
	return fsync(fd);
}

static int
real_close(void *ctx, int fd)
{
	(void)ctx;
	return close(fd);
}

static int
real_rename(void *ctx, const char *from, const char *to)
{
	(void)ctx;
	return rename(from, to);
}

static int
real_unlink(void *ctx, const char *path)
{
	(void)ctx;
	return unlink(path);
}

static int
real_mkdir(void *ctx, const char *path, mode_t mode)
{
	(void)ctx;
	return mkdir(path, mode);
}

static int
real_stat(void *ctx, const char *path, struct stat *st)
{
	(void)ctx;
	return lstat(path, st);
}

const struct os os_real = {
    .now_ms = real_now_ms,
    .mono_ms = real_mono_ms,
    .boot_ms = real_boot_ms,
    .cpu_us = real_cpu_us,
    .offset_minutes = real_offset_minutes,
    .random = real_random,
    .open = real_open,
    .read = real_read,
    .write = real_write,
    .fsync = real_fsync,
    .close = real_close,
    .rename = real_rename,
    .unlink = real_unlink,
    .mkdir = real_mkdir,
    .stat = real_stat,
};
