/* receive.h - what plain git asks before it moves branches (its pre-receive): the same that the
 * gate itself asks of a put. */
#ifndef GATE_RECEIVE_H
#define GATE_RECEIVE_H
#include <stdio.h>

#include "pamoja/error.h"

/**
 * Judge a push into the mailbox that is the current folder, as git's pre-receive hook is run: lines
 * "OLD NEW REF", objects aside in GIT_QUARANTINE_PATH, who pushes in REMOTE_USER (device or hub;
 * anybody else may push both lanes). All or nothing.
 *
 * Errors  PMJ_REFUSED, PMJ_INTEGRITY and others: what is said to whoever pushes.
 */
PMJ_MUST_CHECK enum pmj_code receive_judge(FILE *lines, struct pmj_error *err);

#endif
