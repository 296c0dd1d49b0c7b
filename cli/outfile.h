/* outfile.h - a file for the person: under another name until it is whole and durable, readable by
 * its owner alone. "-" is standard output. */
#ifndef CLI_OUTFILE_H
#define CLI_OUTFILE_H
#include <stdbool.h>

#include "base/buf.h"

struct outfile {
	char *path, *part; /* absolute; part: the name it has until it is whole */
	int fd;            /* -1: none */
	bool stdout_too;   /* it is standard output */
};
/** PMJ_REFUSED: there is a file of that name, which stays as it is. */
PMJ_MUST_CHECK enum pmj_code outfile_open(
    struct outfile *out, const char *typed, struct pmj_error *err);
/** Writes what the buffer holds and empties it. */
PMJ_MUST_CHECK enum pmj_code outfile_put(
    struct outfile *out, struct buf *bytes, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code outfile_finish(struct outfile *out, struct pmj_error *err);
/** What was not finished is taken away. */
void outfile_close(struct outfile *out);

#endif
