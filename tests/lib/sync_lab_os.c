/* sync_lab_os.c - the outside world of an end of the lab: its own clock, and a disk that may end
 * the process at a call. */
#include "sync_lab.h"

#include <sys/stat.h>

static void
lab_tick(void *ctx)
{
	struct lab_os *os = ctx;

	if (os->until >= 0 && os->until-- == 0)
		_exit(77);
}

static int64_t
lab_now(void *ctx)
{
	return ((struct lab_os *)ctx)->now_ms;
}

static int64_t
lab_mono(void *ctx)
{
	struct lab_os *os = ctx;

	os->mono_ms += os->mono_step;
	return os->mono_ms;
}

static int
lab_offset(void *ctx, int64_t ms)
{
	(void)ctx;
	(void)ms;
	return 0;
}

static void
lab_random(void *ctx, void *out, size_t count)
{
	(void)ctx;
	os_real.random(os_real.ctx, out, count);
}

static int
lab_open(void *ctx, const char *path, int flags, mode_t mode)
{
	lab_tick(ctx);
	return os_real.open(NULL, path, flags, mode);
}

static ssize_t
lab_read(void *ctx, int fd, void *out, size_t count)
{
	lab_tick(ctx);
	return os_real.read(NULL, fd, out, count);
}

static ssize_t
lab_write(void *ctx, int fd, const void *bytes, size_t count)
{
	lab_tick(ctx);
	return os_real.write(NULL, fd, bytes, count);
}

static int
lab_fsync(void *ctx, int fd)
{
	struct lab_os *os = ctx;
	struct stat st;

	lab_tick(ctx); /* the cut is of the process, not of the power: nothing is synced */
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		os->folder_syncs++;
		os->names = 0;
	}
	return 0;
}

static int
lab_close_fd(void *ctx, int fd)
{
	lab_tick(ctx);
	return os_real.close(NULL, fd);
}

static int
lab_rename(void *ctx, const char *from, const char *to)
{
	struct lab_os *os = ctx;

	lab_tick(ctx);
	os->names++;
	return os_real.rename(NULL, from, to);
}

static int
lab_unlink(void *ctx, const char *path)
{
	lab_tick(ctx);
	return os_real.unlink(NULL, path);
}

static int
lab_mkdir(void *ctx, const char *path, mode_t mode)
{
	lab_tick(ctx);
	return os_real.mkdir(NULL, path, mode);
}

static int
lab_stat(void *ctx, const char *path, struct stat *st)
{
	lab_tick(ctx);
	return os_real.stat(NULL, path, st);
}

void
lab_os_init(struct lab_os *os)
{
	*os = (struct lab_os){.now_ms = LAB_START_MS, .mono_ms = 1000, .until = -1};
	os->os = (struct os){.ctx = os,
	    .now_ms = lab_now,
	    .mono_ms = lab_mono,
	    .boot_ms = lab_mono,
	    .cpu_us = os_real.cpu_us,
	    .offset_minutes = lab_offset,
	    .random = lab_random,
	    .open = lab_open,
	    .read = lab_read,
	    .write = lab_write,
	    .fsync = lab_fsync,
	    .close = lab_close_fd,
	    .rename = lab_rename,
	    .unlink = lab_unlink,
	    .mkdir = lab_mkdir,
	    .stat = lab_stat};
}
