/* small.h - small cells of a table of counts: what of it may be shown so that no count of 1 to
 * least - 1 stands there, or can be worked out. Pure. */
#ifndef DOMAIN_SMALL_H
#define DOMAIN_SMALL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMALL_LEAST 11 /* CMS's rule: 1 to 10 are never shown */

/* One of several that divide a whole: each thing counted is in one cell, and in one only. */
struct small_cell {
	int64_t n;
	/* Whom the count is about, each once; NULL: as many as n. Once there are `least`
	 * of them, others may be left out. */
	const int64_t *people;
	size_t people_count;
	bool shown; /* result */
};

/* What of the whole may be shown. -1: not even that. */
struct small_whole {
	int64_t total;
	int64_t rest; /* of the cells that are not shown, together; 0: each of them is 0 */
};

/**
 * Decide which cells are shown by themselves.
 *
 * cells    in an order that tells nothing of the counts, such as that of a list of choices; the
 *          last are hidden first where hiding the small ones is not enough.
 * least    2 < least; SMALL_LEAST or more.
 * Holds    a cell is shown when it counts `least` or more, about as many people; the others are
 *          shown as one rest, which is 0, or at least twice `least` and about that many people.
 *          Whoever knows this rule and the outcome finds for each cell that hides 1 to least - 1
 *          another count that would have given the same (unit/domain/small tries all tables).
 */
void small_cells(struct small_whole *out, struct small_cell *cells, size_t count, int64_t least);

#endif
