/* relay.h - others' segments, taken along from one stick to the next. They are sealed, and nothing
 * here can tell whether they are what their names say: their readers can. A cache like the rest of
 * the spool: who wrote them keeps them until a receipt. */
#ifndef CARRY_RELAY_H
#define CARRY_RELAY_H
#include "carry/job.h"

#define RELAY_BYTES_MAX (32LL << 20) /* of a small laptop's disk */
#define RELAY_DAYS 60                /* whoever waits longer has sent it again by another way */

/** Take what is on the stick for others into spool/relay, and leave there what is not on it yet.
 *  there: what was found on the stick. Best effort: others' files are no reason to fail. */
void relay_exchange(struct job *job, const char *folder, const struct spool_list *there);

#endif
