#include "carry/ways.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"

#define TEXT_MAX (64u * 1024)
#define SETTLE_MS 500 /* routes come in numbers, and by two sorts of addresses */

static void
read_way(const struct ways *ways, char out[static NETWORK_WAY_CHARS])
{
	struct buf routes, routes_of_ipv6;

	buf_init(&routes, 0);
	buf_init(&routes_of_ipv6, 0);
	fs_read_again(&routes, ways->texts[0], TEXT_MAX);
	fs_read_again(&routes_of_ipv6, ways->texts[1], TEXT_MAX);
	network_way(out, buf_text(&routes), buf_text(&routes_of_ipv6));
	buf_close(&routes);
	buf_close(&routes_of_ipv6);
}

void
ways_open(struct ways *ways)
{
	/* Addresses are not listened for: those of IPv6 are told anew with each word of a router.
	 */
	struct sockaddr_nl of = {
	    .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};

	*ways = (struct ways){
	    .routes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE),
	    .texts = {open("/proc/self/net/route", O_RDONLY | O_CLOEXEC),
	        open("/proc/self/net/ipv6_route", O_RDONLY | O_CLOEXEC)}};
	if (ways->routes >= 0 &&
	    bind(ways->routes, (const struct sockaddr *)&of, sizeof(of)) != 0) {
		(void)close(ways->routes);
		ways->routes = -1;
	}
	if (ways->routes < 0)
		diag("the kernel does not say when its routes change: the clock must do");
	read_way(ways, ways->way);
}

void
ways_close(struct ways *ways)
{
	const int fds[] = {ways->routes, ways->texts[0], ways->texts[1]};

	for (size_t i = 0; i < COUNT(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	ways->routes = -1;
}

void
ways_heard(struct ways *ways, int64_t now_ms)
{
	char bytes[8192];

	/* What was too much for the socket's room is lost, and its failure says so once: no more is
	 * asked of it. */
	while (recv(ways->routes, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	if (ways->look_ms == 0)
		ways->look_ms = now_ms + SETTLE_MS;
}

bool
ways_look(struct ways *ways, int64_t now_ms)
{
	char way[NETWORK_WAY_CHARS];
	bool other;

	if (ways->look_ms == 0 || now_ms < ways->look_ms)
		return false;
	ways->look_ms = 0;
	read_way(ways, way);
	other = strcmp(way, ways->way) != 0;
	memcpy(ways->way, way, sizeof(way));
	return other && way[0] != '\0';
}
