#include "carry/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define HEARD_MAX 1024
#define LINE_BYTES (2 * PMJ_MAILBOX_BYTES + 1) /* written at once, so never in part */

void
bell_init(struct bell *bell)
{
	*bell = (struct bell){.fd = -1};
}

void
bell_close(struct bell *bell)
{
	if (bell->fd >= 0)
		(void)close(bell->fd);
	free(bell->heard);
	free(bell->folder);
	bell_init(bell);
}

/* Only a pipe: whatever else stands there under that name is none of ours. */
static int
open_pipe(const char *path, int how)
{
	int fd = open(path, how | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

int
bell_make(void *ctx, const char *folder)
{
	char *path = fs_join(folder, BELL_NAME);
	struct stat st;
	int fd = -1;

	(void)ctx;
	if (stat(folder, &st) == 0 && (mkfifo(path, 0600) == 0 || errno == EEXIST)) {
		/* For writing, too: else it would end whenever the last who rang goes away. */
		fd = open_pipe(path, O_RDWR);
		/* Whoever may write into the folder, as the gate's account may, may ring. */
		if (fd >= 0 && (st.st_mode & S_IWGRP) != 0)
			(void)fchmod(fd, 0660);
	}
	free(path);
	return fd;
}

void
bell_hang(
    struct bell *bell, const char *folder, int (*make)(void *ctx, const char *folder), void *ctx)
{
	if (bell->fd >= 0 && strcmp(bell->folder, folder) == 0)
		return;
	bell_close(bell);
	bell->folder = mem_strdup(folder);
	bell->fd = make(ctx, folder);
	if (bell->fd < 0)
		diag("%s cannot be listened at: what comes is found by looking", folder);
}

static void
add(struct bell *bell, const char *line)
{
	char hex[LINE_BYTES];
	uint8_t mailbox[PMJ_MAILBOX_BYTES];

	memcpy(hex, line, LINE_BYTES - 1);
	hex[LINE_BYTES - 1] = '\0';
	if (!text_unhex(mailbox, sizeof(mailbox), hex) || bell_heard(bell, mailbox))
		return;
	if (bell->count == HEARD_MAX) {
		bell->more = true;
		return;
	}
	if (bell->heard == NULL)
		bell->heard = mem_array(HEARD_MAX, sizeof(*bell->heard));
	memcpy(bell->heard[bell->count++], mailbox, sizeof(mailbox));
}

bool
bell_listen(struct bell *bell)
{
	char bytes[64 * LINE_BYTES];
	bool any = false;
	ssize_t n;

	while ((n = read(bell->fd, bytes, sizeof(bytes))) > 0) {
		any = true;
		/* Somebody wrote what is no line of ours: something may have come anywhere. */
		bell->more |= n % LINE_BYTES != 0;
		for (ssize_t at = 0; at + LINE_BYTES <= n; at += LINE_BYTES)
			add(bell, bytes + at);
	}
	return any;
}

bool
bell_heard(const struct bell *bell, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	for (size_t i = 0; i < bell->count; i++)
		if (memcmp(bell->heard[i], mailbox, PMJ_MAILBOX_BYTES) == 0)
			return true;
	return bell->more;
}

void
bell_forget(struct bell *bell)
{
	bell->count = 0;
	bell->more = false;
}

int
bell_reach(const char *folder)
{
	char *path = fs_join(folder, BELL_NAME);
	int fd = open_pipe(path, O_WRONLY);

	free(path);
	return fd;
}

void
bell_ring(int fd, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	char line[LINE_BYTES];

	if (fd < 0)
		return;
	(void)text_hex(line, mailbox, PMJ_MAILBOX_BYTES);
	line[LINE_BYTES - 1] = '\n';
	/* A full one is heard in any case; and whoever listened may be gone. */
	if (write(fd, line, sizeof(line)) != (ssize_t)sizeof(line) && errno != EAGAIN)
		diag("the hub's carrier does not listen any more");
}
