/* starter.h - a small process that holds nothing and keeps pamoja-carry running; forked before any
 * key is near and before the doors are shut. */
#ifndef STARTER_H
#define STARTER_H
#include <stdbool.h>

#include "pamoja/error.h"

struct starter;
/** quiet: it leaves the terminal or pipe that pamojad was started from, so that nobody waits for
 * it. */
PMJ_MUST_CHECK enum pmj_code starter_new(
    struct starter **out, const char *home, bool quiet, struct pmj_error *err);
/** Ends it and the carrier it runs. NULL is fine. */
void starter_free(struct starter *starter);

#endif
