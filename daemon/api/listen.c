#include "api/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"

bool
listen_peer_is_us(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

/* A socket path is at most 107 bytes: longer ones go through the folder's descriptor. */
static int
socket_address(struct sockaddr_un *out, const char *path, struct pmj_error *err)
{
	char *dir;
	int fd;

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (strlen(path) < sizeof(out->sun_path)) {
		memcpy(out->sun_path, path, strlen(path));
		return -1;
	}
	dir = fs_dirname(path);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		(void)pmj_fail_errno(err, errno, "cannot open", dir);
	free(dir);
	(void)snprintf(
	    out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d%s", fd, strrchr(path, '/'));
	return fd;
}

int
listen_unix(const char *path, struct pmj_error *err)
{
	struct sockaddr_un address;
	int dir_fd = socket_address(&address, path, err);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0177);

	/* The folder is ours alone (0700) and the home's lock is held: whatever is there is dead.
	 */
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 64) != 0) {
		(void)pmj_fail_errno(err, errno, "cannot listen on", path);
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
	}
	(void)umask(before);
	if (dir_fd >= 0)
		(void)close(dir_fd);
	return fd;
}
