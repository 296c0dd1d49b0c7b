/* session.h - the long-lived side: a client of pamojad's carry.sock that does errands in processes
 * of their own, so that a hanging disk or share can be given up. */
#ifndef CARRY_SESSION_H
#define CARRY_SESSION_H
#include "pamoja/error.h"

/** Serve until told to end (SIGTERM, SIGINT). Idle costs nothing: it sleeps until something
 * happens. */
PMJ_MUST_CHECK enum pmj_code session_run(const char *home, struct pmj_error *err);

#endif
