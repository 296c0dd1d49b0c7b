/* tally.h - counting for the report: how much there is of each sort, about how many people; and
 * who was seen. */
#ifndef HUB_TALLY_H
#define HUB_TALLY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/kind.h"

/* How many there are of each value of a field. */
struct tally_cell {
	char *key;    /* the value, folded where it is a word of somebody's own */
	char *value;  /* as it was first met; "" : not said */
	size_t order; /* in the list of choices; those of nobody's list come after them */
	int64_t n;
	int64_t *people; /* different ones, up to `least` */
	size_t people_count;
};
struct tally {
	struct tally_cell *cells; /* by key */
	size_t count;
	size_t least;
	bool has_people;
};
/** All that the field's list has, with 0. field NULL: the states of the kind. */
void tally_init(struct tally *tally, const struct kind *kind, const struct field *field,
    int64_t least, bool has_people);
void tally_close(struct tally *tally);
/** n more of this value (NULL: not said), about this person. */
void tally_add(struct tally *tally, const char *value, int64_t n, int64_t person);
/** In the order of the list, then by key, then what was not said: it tells nothing of the counts.
 */
void tally_sort(struct tally *tally);

/* People, by the number of their record, with the first and the last value of each. */
struct seen_person {
	int64_t person;
	char first_on[11], last_on[11];
	int64_t first, last;
	int64_t times;
};
struct seen {
	struct seen_person *list;
	size_t count;
	uint32_t *slots; /* index + 1 in the list */
	size_t slot_count;
};
void seen_close(struct seen *seen);
/** Nothing when the person is in it. */
void seen_add(struct seen *seen, int64_t person);
/** NULL: not in it. */
struct seen_person *seen_find(const struct seen *seen, int64_t person);

#endif
