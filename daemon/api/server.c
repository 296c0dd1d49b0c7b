#include "api/server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/listen.h"
#include "api/server_inner.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/api.h"
#include "pamoja/limits.h"

static void
server_accept(void *ctx, int what)
{
	struct server *server = ctx;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0)
		return;
	if (server->count >= PMJ_HTTP_CONNECTIONS_MAX || !listen_peer_is_us(fd)) {
		(void)close(fd);
		return;
	}
	connection_begin(server, fd);
}

static enum pmj_code
write_cookie(struct server *server, const char *run, struct pmj_error *err)
{
	uint8_t bytes[32];
	char *path = fs_join(run, "cookie");
	enum pmj_code rc;

	server->setup.os->random(server->setup.os->ctx, bytes, sizeof(bytes));
	(void)text_hex(server->cookie, bytes, sizeof(bytes));
	rc = fs_write(server->setup.os, path, bytes, sizeof(bytes), err);
	mem_wipe(bytes, sizeof(bytes));
	free(path);
	return rc;
}

enum pmj_code
server_new(struct server **out, const struct server_setup *setup, struct pmj_error *err)
{
	struct server *server = mem_new(sizeof(*server));
	char *run = fs_join(setup->home, "run");
	enum pmj_code rc;

	*out = NULL;
	server->setup = *setup;
	server->fd = -1;
	server->socket_path = fs_join(setup->home, PMJ_API_SOCKET);
	if ((rc = fs_make_dir(setup->os, run, err)) != PMJ_OK ||
	    (rc = fs_check_private(setup->os, run, err)) != PMJ_OK ||
	    (rc = write_cookie(server, run, err)) != PMJ_OK)
		goto out;
	server->fd = listen_unix(server->socket_path, err);
	if (server->fd < 0) {
		rc = err->code;
		goto out;
	}
	server->io = loop_io_new(setup->loop, server->fd, LOOP_READ, server_accept, server);
	*out = server;
	server = NULL;
out:
	server_free(server);
	free(run);
	return rc;
}

void
server_shut(struct server *server)
{
	if (server == NULL || server->fd < 0)
		return;
	loop_io_free(server->io);
	server->io = NULL;
	(void)close(server->fd);
	server->fd = -1;
	(void)unlink(server->socket_path);
}

void
server_free(struct server *server)
{
	if (server == NULL)
		return;
	server_shut(server);
	connection_end_all(server);
	free(server->socket_path);
	mem_wipe(server->cookie, sizeof(server->cookie));
	free(server);
}
