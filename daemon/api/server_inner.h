/* server_inner.h - the server from inside. Private to server.c and connection.c. */
#ifndef API_SERVER_INNER_H
#define API_SERVER_INNER_H
#include "api/server.h"

struct connection;

struct server {
	struct server_setup setup;
	char *socket_path;
	char cookie[65];
	int fd;
	struct loop_io *io;
	struct connection *connections;
	size_t count;
};

/** A client was let in: from now on its requests are read and handed over. Takes fd. */
void connection_begin(struct server *server, int fd);
/** Whoever still works on a request of theirs answers nobody. */
void connection_end_all(struct server *server);

#endif
