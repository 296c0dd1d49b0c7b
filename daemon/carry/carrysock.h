/* carrysock.h - HOME/run/carry.sock, where pamojad listens, as its client sees it: it may not be
 * there, go, and come again. */
#ifndef CARRY_CARRYSOCK_H
#define CARRY_CARRYSOCK_H
#include <stdbool.h>

#include "base/buf.h"

struct carrysock {
	int fd;            /* of the socket, or -1 */
	int watch;         /* inotify on HOME/run while there is no socket, or -1 */
	int retry_ms;      /* when to try again though nothing happened in the folder */
	const char *home;  /* the caller's; full path */
	bool folders_only; /* for the first line */
	char *run;
	struct buf in;
	struct buf out; /* lines for pamojad: sent when flushed, dropped where nobody is */
};

/** home must outlive the socket. Nothing is opened yet. */
void carrysock_init(struct carrysock *sock, const char *home, bool folders_only);
void carrysock_close(struct carrysock *sock);
/** Connect if it is not connected; puts the first line into out. False: the home is gone, and
 * nobody will ever come. */
bool carrysock_connect(struct carrysock *sock);
/** Send what may be sent now. */
void carrysock_flush(struct carrysock *sock);
/** When fd is ready: read, and hand over each whole line without its end. */
void carrysock_read(
    struct carrysock *sock, void (*line)(void *ctx, const char *bytes, size_t len), void *ctx);
/** When watch is ready. */
void carrysock_read_watch(struct carrysock *sock);

#endif
