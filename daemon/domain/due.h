/* due.h - from which day on a record stands in `today`, and why. Pure, and of its entries alone, so
 * that it is the same on every machine. */
#ifndef DOMAIN_DUE_H
#define DOMAIN_DUE_H
#include "domain/kind.h"
#include "domain/merge.h"

struct due {
	char from[11];           /* it stands in `today` from here on; "" never */
	char day[11];            /* the day it is about: overdue when that is past */
	const struct texts *why; /* NULL: how far it is, as its state is called */
};
/** Of a kind's `due`, of the days before it (`due_before`), and of the silence that its state
 * bears (`silent_days`). A day that somebody chose after the state began comes before silence. */
void due_of(struct due *out, const struct kind *kind, const struct merge_record *record);

#endif
