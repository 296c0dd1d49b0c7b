/* network.h - which network this is, as far as the carrier needs to know: one that it has met
 * before, or another; and the steps that each of them let through. */
#ifndef CARRY_NETWORK_H
#define CARRY_NETWORK_H
#include <stddef.h>
#include <stdint.h>

/* So few bits that nobody can tell from them which network it was. */
typedef uint16_t network_id;
#define NETWORK_NONE 0 /* there is no way out */

/** By the default route with the least metric: its interface and the hardware address of its
 * gateway, or, where none is known, the gateway's own. The texts of /proc/net/route and
 * /proc/net/arp. Pure. */
network_id network_of(const char *routes, const char *neighbours);
/** The same of this machine, now. */
network_id network_now(void);

#define NETWORK_WAY_CHARS 80

/** The way out of this machine, for comparing: interface and gateway of the default route with the
 * least metric, of IPv4 or else of IPv6; without one any route to a network that is not our own, as
 * an office without the Internet has it; "" when there is none. The texts of /proc/net/route and
 * /proc/net/ipv6_route. Pure. For memory only: it tells where a laptop is. */
void network_way(
    char out[static NETWORK_WAY_CHARS], const char *routes, const char *routes_of_ipv6);
/* What a network let through last. */
struct network_steps {
	uint32_t step;
	uint32_t ceiling;
	uint32_t share; /* as struct step has them */
};

/** What FOLDER/steps says of a network; zeros, where it says nothing or is not of our making. */
void network_recall(struct network_steps *out, const char *folder, network_id network);
/** Say it there, the newest first; 64 networks are kept. Best effort: without it the next exchange
 * begins as if this network were new. */
void network_keep(const char *folder, network_id network, const struct network_steps *steps);

#endif
