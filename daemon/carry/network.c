#include "carry/network.h"

#include <net/route.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fs.h"
#include "carry/chain.h"

#define NETWORKS_MAX 64
#define LINE_ROOM 32
#define FILE_MAX (NETWORKS_MAX * LINE_ROOM)
#define PROC_MAX (64u * 1024)
#define STEP_MAX (1024u * 1024)

struct route {
	char interface[32];
	unsigned gateway; /* as the kernel writes it: in network order, read as a number */
	int metric;
};

static const char *
next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text == '\n' ? text + 1 : NULL;
}

/* Interface Destination Gateway Flags RefCnt Use Metric …; the first line is a head. */
static bool
default_route(struct route *out, const char *routes)
{
	bool found = false;

	for (const char *line = next_line(routes); line != NULL; line = next_line(line)) {
		struct route route;
		unsigned to;

		/* NOLINTNEXTLINE(cert-err34-c): what does not read is passed over. */
		if (sscanf(line, "%31s %8x %8x %*x %*d %*d %9d", route.interface, &to,
		        &route.gateway, &route.metric) != 4 ||
		    to != 0)
			continue;
		if (!found || route.metric < out->metric)
			*out = route;
		found = true;
	}
	return found;
}

/* Address HWtype Flags HWaddress Mask Device; the first line is a head. */
static bool
hardware_of(char out[static 20], const char *neighbours, const struct route *route)
{
	for (const char *line = next_line(neighbours); line != NULL; line = next_line(line)) {
		char hardware[20], interface[32];
		unsigned a, b, c, d;

		/* NOLINTNEXTLINE(cert-err34-c): the same. */
		if (sscanf(line, "%3u.%3u.%3u.%3u %*x %*x %19s %*s %31s", &a, &b, &c, &d, hardware,
		        interface) != 6 ||
		    (a | b << 8 | c << 16 | d << 24) != route->gateway ||
		    strcmp(interface, route->interface) != 0 ||
		    strcmp(hardware, "00:00:00:00:00:00") == 0)
			continue;
		memcpy(out, hardware, sizeof(hardware));
		return true;
	}
	return false;
}

network_id
network_of(const char *routes, const char *neighbours)
{
	struct route route;
	char hardware[20], name[80];
	git_oid hash;
	network_id id;

	if (!default_route(&route, routes))
		return NETWORK_NONE;
	if (!hardware_of(hardware, neighbours, &route))
		(void)snprintf(hardware, sizeof(hardware), "%08x", route.gateway);
	(void)snprintf(name, sizeof(name), "%s %s", route.interface, hardware);
	chain_blob_id(&hash, (const uint8_t *)name, strlen(name));
	id = (network_id)(hash.id[0] | hash.id[1] << 8);
	return id == NETWORK_NONE ? 1 : id;
}

network_id
network_now(void)
{
	struct buf routes, neighbours;
	network_id id = NETWORK_NONE;

	buf_init(&routes, 0);
	buf_init(&neighbours, 0);
	if (fs_read(&routes, &os_real, "/proc/net/route", PROC_MAX, NULL) == PMJ_OK) {
		if (fs_read(&neighbours, &os_real, "/proc/net/arp", PROC_MAX, NULL) != PMJ_OK)
			buf_clear(&neighbours);
		id = network_of(buf_text(&routes), buf_text(&neighbours));
	}
	buf_close(&routes);
	buf_close(&neighbours);
	return id;
}

/* ---- the way out ---- */

/* The first route of IPv4 that leads to others by an interface. */
static bool
near_route(struct route *out, const char *routes)
{
	for (const char *line = next_line(routes); line != NULL; line = next_line(line))
		/* NOLINTNEXTLINE(cert-err34-c): what does not read is passed over. */
		if (sscanf(line, "%31s %8x", out->interface, &out->gateway) == 2 &&
		    strcmp(out->interface, "lo") != 0)
			return true;
	return false;
}

/* Destination (32) length source (32) length gateway (32) metric count use flags interface, all in
 * hexadecimal; no head. */
static bool
default_route_of_ipv6(char out[static NETWORK_WAY_CHARS], const char *routes)
{
	unsigned least = 0;
	bool found = false;

	for (const char *line = routes; line != NULL && *line != '\0'; line = next_line(line)) {
		char gateway[33], interface[32];
		unsigned bits, metric, flags;

		/* NOLINTNEXTLINE(cert-err34-c): the same. */
		if (sscanf(line, "%*32s %2x %*32s %*2x %32s %8x %*x %*x %8x %31s", &bits, gateway,
		        &metric, &flags, interface) != 5 ||
		    bits != 0 || (flags & RTF_UP) == 0 || (flags & RTF_REJECT) != 0 ||
		    (found && metric >= least))
			continue;
		(void)snprintf(out, NETWORK_WAY_CHARS, "%s %s", interface, gateway);
		least = metric;
		found = true;
	}
	return found;
}

void
network_way(char out[static NETWORK_WAY_CHARS], const char *routes, const char *routes_of_ipv6)
{
	struct route route;

	out[0] = '\0';
	if (default_route(&route, routes) ||
	    (!default_route_of_ipv6(out, routes_of_ipv6) && near_route(&route, routes)))
		(void)snprintf(out, NETWORK_WAY_CHARS, "%s %08x", route.interface, route.gateway);
}

/* ---- what is kept ---- */

static bool
read_line(network_id *id, struct network_steps *steps, const char *line)
{
	unsigned number, step, ceiling, share = 0;

	/* NOLINTNEXTLINE(cert-err34-c): widths are given, and the values checked below. */
	if (sscanf(line, "%4x %7u %7u %7u\n", &number, &step, &ceiling, &share) < 3 ||
	    step > STEP_MAX || ceiling > STEP_MAX || share > STEP_MAX || step > ceiling ||
	    step == 0)
		return false;
	*id = (network_id)number;
	*steps = (struct network_steps){step, ceiling, share};
	return true;
}

static void
read_kept(struct buf *text, const char *path)
{
	buf_init(text, 0);
	if (fs_read(text, &os_real, path, FILE_MAX, NULL) != PMJ_OK)
		buf_clear(text);
}

void
network_recall(struct network_steps *out, const char *folder, network_id network)
{
	char *path = fs_join(folder, "steps");
	struct buf text;

	*out = (struct network_steps){0, 0, 0};
	read_kept(&text, path);
	for (const char *line = buf_text(&text); line != NULL && *line != '\0';
	     line = next_line(line)) {
		struct network_steps steps;
		network_id id;

		if (!read_line(&id, &steps, line) || id != network)
			continue;
		*out = steps;
		break;
	}
	buf_close(&text);
	free(path);
}

void
network_keep(const char *folder, network_id network, const struct network_steps *steps)
{
	char *path = fs_join(folder, "steps");
	struct buf was, now;
	struct pmj_error why;
	size_t kept = 1;

	read_kept(&was, path);
	buf_init(&now, 0);
	buf_putf(&now, "%04x %u %u %u\n", network, steps->step, steps->ceiling, steps->share);
	for (const char *line = buf_text(&was);
	     line != NULL && *line != '\0' && kept < NETWORKS_MAX; line = next_line(line)) {
		struct network_steps old;
		network_id id;

		if (!read_line(&id, &old, line) || id == network)
			continue;
		buf_putf(&now, "%04x %u %u %u\n", id, old.step, old.ceiling, old.share);
		kept++;
	}
	if (strcmp(buf_text(&was), buf_text(&now)) != 0 && now.failed == PMJ_OK &&
	    fs_write(&os_real, path, now.bytes, now.len, &why) != PMJ_OK)
		diag_error("keeping what this network lets through", &why);
	buf_close(&was);
	buf_close(&now);
	free(path);
}
