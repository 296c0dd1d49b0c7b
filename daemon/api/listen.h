/* listen.h - a Unix socket for our own user alone: api.sock and carry.sock. */
#ifndef API_LISTEN_H
#define API_LISTEN_H
#include <stdbool.h>

#include "pamoja/error.h"

/** Bind a listening socket at path (unlinking a dead one first), mode 0600. Paths over 107 bytes go
 * through /proc/self/fd. -1 with err. */
int listen_unix(const char *path, struct pmj_error *err);
/** Is the other end of this socket our own user? */
bool listen_peer_is_us(int fd);

#endif
