/* start.h - starting pamojad when it does not run. */
#ifndef CLI_START_H
#define CLI_START_H
#include "pamoja/error.h"

#define START_WAIT_MS 10000

/**
 * Run `pamojad --home HOME`, found beside this program or in PATH, and wait until its socket
 * answers.
 *
 * out      the connection.
 * connect  tries once: a connection or -1.
 * Errors   what pamojad said last, with the code of its exit status; PMJ_BUSY after START_WAIT_MS.
 */
PMJ_MUST_CHECK enum pmj_code start_daemon(
    int *out, const char *home, int (*connect)(const char *home), struct pmj_error *err);

/** The path of one of our programs beside this one; NULL when it cannot be told. Caller frees. */
char *start_beside(const char *name);

#endif
