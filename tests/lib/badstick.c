/* badstick.c - preloaded into pamojad and so into pamoja-carry: a folder that is slow, or keeps
 * less than it takes, as a stick does that lies about its size.
 *
 * PAMOJA_STICK names the folder. How it is now stands in its file `.badly`, two numbers: how many
 * bytes a process gets kept there (what it writes beyond comes back as zeros; -1: all), and how
 * many milliseconds each sync takes. Without that file it is as good as any.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long kept;

static int
is_there(int fd, long long *keeps, long *sync_ms)
{
	const char *stick = getenv("PAMOJA_STICK");
	char link[40], path[PATH_MAX], text[64];
	ssize_t n;
	int badly;

	if (stick == NULL)
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || (size_t)n < strlen(stick) || memcmp(path, stick, strlen(stick)) != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/.badly", stick);
	badly = open(path, O_RDONLY | O_CLOEXEC);
	n = badly < 0 ? -1 : read(badly, text, sizeof(text) - 1);
	if (badly >= 0)
		(void)close(badly);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%lld %ld", keeps, sync_ms) == 2;
}

ssize_t
write(int fd, const void *bytes, size_t count)
{
	ssize_t (*real)(int, const void *, size_t);
	long long keeps;
	long sync_ms;
	char *lost;
	ssize_t n;

	*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (!is_there(fd, &keeps, &sync_ms) || keeps < 0)
		return real(fd, bytes, count);
	if (kept + (long long)count <= keeps) {
		kept += (long long)count;
		return real(fd, bytes, count);
	}
	lost = calloc(1, count);
	if (lost == NULL)
		return -1;
	if (kept < keeps)
		memcpy(lost, bytes, (size_t)(keeps - kept));
	kept += (long long)count;
	n = real(fd, lost, count);
	free(lost);
	return n;
}

static void
linger(int fd)
{
	struct timespec pause;
	long long keeps;
	long sync_ms;

	if (!is_there(fd, &keeps, &sync_ms))
		return;
	pause.tv_sec = sync_ms / 1000;
	pause.tv_nsec = sync_ms % 1000 * 1000000;
	(void)nanosleep(&pause, NULL);
}

int
fsync(int fd)
{
	int (*real)(int);

	*(void **)&real = dlsym(RTLD_NEXT, "fsync");
	linger(fd);
	return real(fd);
}

int
fdatasync(int fd)
{
	int (*real)(int);

	*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	linger(fd);
	return real(fd);
}
