/* faulty.h - an outside world in which the n-th call fails, once or from then on. Header only. */
#ifndef TESTS_FAULTY_H
#define TESTS_FAULTY_H
#include <errno.h>
#include <stdbool.h>

#include "base/os.h"

struct faulty {
	struct os os;  /* hand &faulty.os to the code under test */
	int until;     /* calls that still succeed */
	bool for_good; /* after it every call fails, not one */
	int errnum;
	int hits; /* calls that failed */
};

static inline bool
faulty_now(void *ctx)
{
	struct faulty *f = ctx;
	bool hit = f->for_good ? f->until <= 0 : f->until == 0;

	f->until--;
	if (!hit)
		return false;
	f->hits++;
	errno = f->errnum;
	return true;
}

static inline int64_t
faulty_now_ms(void *ctx)
{
	(void)ctx;
	return os_real.now_ms(os_real.ctx);
}

static inline int64_t
faulty_mono_ms(void *ctx)
{
	(void)ctx;
	return os_real.mono_ms(os_real.ctx);
}

static inline int64_t
faulty_boot_ms(void *ctx)
{
	(void)ctx;
	return os_real.boot_ms(os_real.ctx);
}

static inline int
faulty_offset(void *ctx, int64_t ms)
{
	(void)ctx;
	return os_real.offset_minutes(os_real.ctx, ms);
}

static inline void
faulty_random(void *ctx, void *out, size_t count)
{
	(void)ctx;
	os_real.random(os_real.ctx, out, count);
}

static inline int
faulty_open(void *ctx, const char *path, int flags, mode_t mode)
{
	return faulty_now(ctx) ? -1 : os_real.open(os_real.ctx, path, flags, mode);
}

static inline ssize_t
faulty_read(void *ctx, int fd, void *out, size_t count)
{
	return faulty_now(ctx) ? -1 : os_real.read(os_real.ctx, fd, out, count);
}

/* A write that fails has written half of it. */
static inline ssize_t
faulty_write(void *ctx, int fd, const void *bytes, size_t count)
{
	if (!faulty_now(ctx))
		return os_real.write(os_real.ctx, fd, bytes, count);
	if (os_real.write(os_real.ctx, fd, bytes, count / 2) < 0)
		return -1;
	errno = ((struct faulty *)ctx)->errnum;
	return -1;
}

static inline int
faulty_fsync(void *ctx, int fd)
{
	return faulty_now(ctx) ? -1 : os_real.fsync(os_real.ctx, fd);
}

/* A close that fails has closed all the same, as Linux does. */
static inline int
faulty_close(void *ctx, int fd)
{
	int rc = os_real.close(os_real.ctx, fd);

	return faulty_now(ctx) ? -1 : rc;
}

static inline int
faulty_rename(void *ctx, const char *from, const char *to)
{
	return faulty_now(ctx) ? -1 : os_real.rename(os_real.ctx, from, to);
}

static inline int
faulty_unlink(void *ctx, const char *path)
{
	return faulty_now(ctx) ? -1 : os_real.unlink(os_real.ctx, path);
}

static inline int
faulty_mkdir(void *ctx, const char *path, mode_t mode)
{
	return faulty_now(ctx) ? -1 : os_real.mkdir(os_real.ctx, path, mode);
}

static inline int
faulty_stat(void *ctx, const char *path, struct stat *st)
{
	return faulty_now(ctx) ? -1 : os_real.stat(os_real.ctx, path, st);
}

/** Call number n (from 0) fails with errnum; with for_good every later one does too. */
static inline void
faulty_init(struct faulty *f, int n, bool for_good, int errnum)
{
	*f = (struct faulty){.until = n, .for_good = for_good, .errnum = errnum};
	f->os = (struct os){.ctx = f,
	    .now_ms = faulty_now_ms,
	    .mono_ms = faulty_mono_ms,
	    .boot_ms = faulty_boot_ms,
	    .cpu_us = os_real.cpu_us,
	    .offset_minutes = faulty_offset,
	    .random = faulty_random,
	    .open = faulty_open,
	    .read = faulty_read,
	    .write = faulty_write,
	    .fsync = faulty_fsync,
	    .close = faulty_close,
	    .rename = faulty_rename,
	    .unlink = faulty_unlink,
	    .mkdir = faulty_mkdir,
	    .stat = faulty_stat};
}

#endif
