/* spool.h - segment files in a flat folder: the spool's `out` and `in`, and the folder of a parcel.
 */
#ifndef CARRY_SPOOL_H
#define CARRY_SPOOL_H
#include "base/buf.h"
#include "base/os.h"
#include "carry/shape.h"

struct spool_item {
	struct shape_place place;
	char tag[SHAPE_TAG_CHARS + 1]; /* "" but for a second file of the same place */
};

struct spool_list {
	struct spool_item *items; /* sorted by place, then tag */
	size_t count;
};

/**
 * List the segment files of a folder by their names; other names are left out.
 * A missing folder is an empty list.
 */
PMJ_MUST_CHECK enum pmj_code spool_scan(
    struct spool_list *out, const char *dir, struct pmj_error *err);
/** Is a file of this name in the list? */
bool spool_has(const struct spool_list *list, const struct spool_item *item);
/** The first item that is not before a place; count when there is none. */
size_t spool_first(const struct spool_list *list, const struct shape_place *place);
void spool_list_close(struct spool_list *list);

/**
 * Read one file and check that it is a whole segment of the place its name says.
 *
 * Errors   PMJ_NOT_FOUND when it went away; PMJ_INVALID, PMJ_TOO_BIG when it is not a segment.
 */
PMJ_MUST_CHECK enum pmj_code spool_load(struct buf *out, const struct os *os, const char *dir,
    const struct spool_item *item, struct pmj_error *err);

/**
 * Put a segment into a folder so that a power cut leaves it whole or not there. The same bytes
 * already there: nothing to do. Other bytes under its name: written beside it, with a tag. What is
 * there but no whole segment of that place is replaced.
 *
 * fresh    true when a file was written.
 */
PMJ_MUST_CHECK enum pmj_code spool_put(bool *fresh, const struct os *os, const char *dir,
    const struct shape_place *place, const struct buf *bytes, struct pmj_error *err);

#endif
