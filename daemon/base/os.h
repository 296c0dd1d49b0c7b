/* os.h - the outside world in one table: clock, randomness, disk. The real one is os_real; tests
 * and the simulator wrap it (a fake clock, the n-th call fails). All calls return 0 or -1 with
 * errno unless said. */
#ifndef BASE_OS_H
#define BASE_OS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct os {
	void *ctx;
	int64_t (*now_ms)(void *ctx);  /* wall clock, ms since 1970 UTC: may lie, may jump */
	int64_t (*mono_ms)(void *ctx); /* CLOCK_MONOTONIC */
	int64_t (*boot_ms)(void *ctx); /* CLOCK_BOOTTIME: also runs during suspend */
	int64_t (*cpu_us)(void *ctx);  /* processor time of the calling thread */
	int (*offset_minutes)(void *ctx, int64_t ms); /* local time minus UTC */
	void (*random)(void *ctx, void *out, size_t count);
	int (*open)(void *ctx, const char *path, int flags, mode_t mode);
	ssize_t (*read)(void *ctx, int fd, void *out, size_t count);
	ssize_t (*write)(void *ctx, int fd, const void *bytes, size_t count);
	int (*fsync)(void *ctx, int fd);
	int (*close)(void *ctx, int fd);
	int (*rename)(void *ctx, const char *from, const char *to);
	int (*unlink)(void *ctx, const char *path);
	int (*mkdir)(void *ctx, const char *path, mode_t mode);
	int (*stat)(
	    void *ctx, const char *path, struct stat *st); /* lstat: links are not followed */
};
extern const struct os os_real;

static inline int64_t
os_now(const struct os *os)
{
	return os->now_ms(os->ctx);
}

#endif
