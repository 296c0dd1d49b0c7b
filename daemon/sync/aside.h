/* aside.h - files that prove nothing are moved to HOME/aside, 64 a lane, the oldest dropped; signed
 * ones that could not be read are kept. */
#ifndef SYNC_ASIDE_H
#define SYNC_ASIDE_H
#include "sync/inner.h"

/**
 * Note a refused file, inside the caller's transaction; aside_move puts it away after the commit.
 *
 * name   of the file in spool/in.
 * fault  the stable name of the reason.
 * kept   validly signed: never dropped for its age.
 */
PMJ_MUST_CHECK enum pmj_code aside_note(struct sync *sync, const struct sync_place_of *place,
    const char *name, const char *fault, bool kept, struct pmj_error *err);
/** Move it out of spool/in and drop what is over the limit. Best effort: a file that stays is
 * looked at again. */
void aside_move(struct sync *sync, const char *name);

#endif
