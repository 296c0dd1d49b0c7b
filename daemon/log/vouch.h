/* vouch.h - a hub's word for a line of its own (security 9). Whoever holds the line can give it
 * back to a hub that lost it, and nobody else can make one: the last member of the line, `vouch`,
 * is made with the hub's operating key, and only the hub can check it. Pure. */
#ifndef LOG_VOUCH_H
#define LOG_VOUCH_H
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct ring;

/** Into a line as line_write made it; the hub's. */
void vouch_put(struct buf *line, struct ring *ring);
/** Of bytes of unknown origin: did this hub put it there, and is no byte changed since? */
bool vouch_holds(struct ring *ring, const char *line, size_t len);

#endif
