/* picture.h - what a record has to look like in the tables. Private to the folder. It depends on
 * the record's admitted entries and the kinds in force, and on nothing else. */
#ifndef STORE_PICTURE_H
#define STORE_PICTURE_H
#include "domain/merge.h"
#include "store/journal_inner.h"

/** Held by value; zeroed before it is painted. */
struct picture {
	struct row_set rows; /* of pmj_record, pmj_subject and the kind's table */
	char *search;        /* what it is found by; NULL: the record is not there */
	int64_t words;       /* the recipe that tells that of its one line; 0: none does */
	uint8_t digest[PRIM_HASH_BYTES]; /* in no row */
};
/**
 * Merge the entries and paint the record they make.
 *
 * entries  admitted ones of one record, count of them; only read.
 * Errors   PMJ_TOO_BIG. End with picture_close, also after an error.
 */
PMJ_MUST_CHECK enum pmj_code picture_paint(struct picture *out, struct journal *journal,
    const struct entry *const *entries, size_t count, struct pmj_error *err);
void picture_close(struct picture *picture);
/** The kind that the entries of a record are read by, or NULL. */
const struct kind *picture_kind_of(
    const struct journal *journal, const struct entry *const *entries, size_t count);
/** The kind whose table the picture has a row in, or NULL. */
const char *picture_kind(const struct picture *picture, const struct journal *journal);

#endif
