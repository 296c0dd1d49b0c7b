/* diag.h - the daemon's messages: ids and counts, never payload, names or search words. To HOME/log
 * (rotated at 1 MiB, one older kept) and, in the foreground, to standard error. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H
#include <stdbool.h>

#include "pamoja/error.h"

/** program is put on each line; file may be NULL. */
void diag_open(const char *program, const char *file, bool to_stderr);
void diag_close(void);
void diag(const char *fmt, ...) PMJ_PRINTF(1, 2);
void diag_error(const char *doing, const struct pmj_error *err);

#endif
