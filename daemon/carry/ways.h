/* ways.h - is there a way out of this machine, and did it become another? The kernel says when its
 * routes change; which they are then is read from its texts, not from what it said. */
#ifndef CARRY_WAYS_H
#define CARRY_WAYS_H
#include <stdbool.h>
#include <stdint.h>

#include "carry/network.h"

struct ways {
	int routes;   /* a netlink socket, or -1 */
	int texts[2]; /* /proc/net/route and ipv6_route, open */
	int64_t
	    look_ms; /* monotonic: when the routes that changed are looked at; 0: they did not */
	char way[NETWORK_WAY_CHARS]; /* as of the last look; "" for none */
};

void ways_open(struct ways *ways);
void ways_close(struct ways *ways);
/** The socket has something: the routes are changing. They are looked at in a moment. */
void ways_heard(struct ways *ways, int64_t now_ms);
/** Look, if it is time. True when there is a way now that is not the one of before. */
bool ways_look(struct ways *ways, int64_t now_ms);

#endif
