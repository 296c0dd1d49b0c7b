/* pry.c - preloaded into pamoja-carry: what somebody who got into its processes by what a host, a
 * stick or a share sends could open. Once a process it tries the files that PRY_AT names (parted by
 * colons), from inside a call that the process makes when its fence should stand, and writes a line
 * into PRY_REPORT, opened before any fence: the process, the call, the file, "open" or the error.
 * With PRY_NO_LANDLOCK the kernel seems to have no Landlock: what can be opened then shows that the
 * trying is real. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static int report = -1;

__attribute__((constructor)) static void
open_report(void)
{
	const char *path = getenv("PRY_REPORT");

	if (path != NULL && strcmp(program_invocation_short_name, "pamoja-carry") == 0)
		report = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void
pry(const char *call)
{
	static pid_t pried;
	const char *at = getenv("PRY_AT");

	if (report < 0 || at == NULL || pried == getpid())
		return;
	pried = getpid();
	for (size_t n; *at != '\0'; at += n + (at[n] == ':')) {
		char path[4096];
		int fd;

		n = strcspn(at, ":");
		(void)snprintf(path, sizeof(path), "%.*s", (int)n, at);
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		(void)dprintf(report, "%d %s %s %s\n", (int)getpid(), call, path,
		    fd >= 0 ? "open" : strerror(errno));
		if (fd >= 0)
			(void)close(fd);
	}
}

/* The session waits for lines by it; the launcher does, too, and may open what it wants. */
int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static int (*real)(struct pollfd *, nfds_t, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "poll");
	pry("poll");
	return real(fds, count, timeout);
}

/* An errand, and --once, begin with the lock of their folder. */
int
flock(int fd, int how)
{
	static int (*real)(int, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "flock");
	pry("flock");
	return real(fd, how);
}

long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	va_list args;
	long a[6];

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_landlock_create_ruleset && getenv("PRY_NO_LANDLOCK") != NULL) {
		errno = ENOSYS;
		return -1;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
