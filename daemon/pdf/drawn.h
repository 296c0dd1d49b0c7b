/* drawn.h - of a PDF, what a page draws and all that this needs: what tells more than it shows
 * goes.
 */
#ifndef PDF_DRAWN_H
#define PDF_DRAWN_H
#include <qpdf/qpdf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

struct cleaner {
	qpdf_data qpdf;
	uint8_t *seen; /* a bit for each object that was walked; its owner frees it */
	size_t seen_bytes;
	int depth, page;
	struct pmj_error *err;
};

/** Is the name in the list, which ends with NULL? */
bool drawn_keeps(const char *const *names, const char *name);
/** Those keys of a dictionary, or all others, go. */
void drawn_drop_keys(const struct cleaner *c, qpdf_oh dict, const char *const *names, bool others);
/** What is to be done about a page that is refused; PMJ_INVALID. */
enum pmj_code drawn_mend(const struct cleaner *c);
/** All that can be reached from here is cleaned. PMJ_INVALID, with the mend. */
PMJ_MUST_CHECK enum pmj_code drawn_walk(struct cleaner *c, qpdf_oh oh);

#endif
