/* places.h - sorted lists of places: how far each run is known, what lies in a folder. */
#ifndef CARRY_PLACES_H
#define CARRY_PLACES_H
#include "carry/shape.h"

struct places {
	struct shape_place *items; /* sorted by shape_compare once places_sort was called */
	size_t count;
	size_t room;
};

void places_close(struct places *list);
void places_add(struct places *list, const struct shape_place *place);
/** Sort, and keep only the greatest of each run. */
void places_sort(struct places *list);
/** The first that is not before a place; count when there is none. The list is sorted. */
size_t places_first(const struct places *list, const struct shape_place *place);
/** The greatest segno listed for the run of `run`; 0 when it is not listed. The list is sorted. */
uint64_t places_upto(const struct places *list, const struct shape_place *run);

#endif
