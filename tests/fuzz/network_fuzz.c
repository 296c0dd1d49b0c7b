/* The kernel's texts of routes and neighbours, or of routes of IPv4 and IPv6, one behind the other
 * with a NUL between them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/chain.h"
#include "carry/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool ready;
	char *routes = mem_array(len + 2, 1);
	char way[NETWORK_WAY_CHARS];
	const char *neighbours;

	if (!ready && chain_setup(NULL) != PMJ_OK)
		abort();
	ready = true;
	memcpy(routes, bytes, len);
	neighbours = routes + strlen(routes) + (strlen(routes) < len);
	if (network_of(routes, neighbours) != network_of(routes, neighbours))
		abort();
	network_way(way, routes, neighbours);
	if (memchr(way, '\0', sizeof(way)) == NULL)
		abort();
	network_way(way, neighbours, routes);
	if (memchr(way, '\0', sizeof(way)) == NULL)
		abort();
	free(routes);
	return 0;
}
