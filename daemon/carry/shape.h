/* shape.h - the outer shape of a segment: all that a carrier needs to know, and all it can. Pure.
 */
#ifndef CARRY_SHAPE_H
#define CARRY_SHAPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"
#include "pamoja/limits.h"

#define SHAPE_HEADER_BYTES 200
#define SHAPE_SIGNATURE_BYTES 64
#define SHAPE_LANE_UP 1
#define SHAPE_LANE_DOWN 2
#define SHAPE_TAG_CHARS 8   /* of the blob id, for a second file of the same place */
#define SHAPE_NAME_ROOM 112 /* 32-1-32-20.8.seg and NUL */

/* Where a segment stands: who writes to whom, in which history, and which one it is. */
struct shape_place {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t incarnation[PMJ_INCARNATION_BYTES];
	uint8_t lane;
	uint64_t segno; /* from 1 */
};

/**
 * Read the place from the outer header, and check that the bytes have the shape of a whole segment.
 * Nothing is proved by it: signatures are for those who hold keys.
 *
 * Shape    header 200 | ciphertext as long as the header says | signature 64; at most 4 MiB.
 * Errors   PMJ_TOO_BIG; PMJ_INVALID naming the field.
 * Source   the format specification, section 5.
 */
PMJ_MUST_CHECK enum pmj_code shape_read(
    struct shape_place *out, const uint8_t *bytes, size_t len, struct pmj_error *err);

/** MAILBOX-LANE-INCARNATION-SEGNO.seg, or with .TAG before .seg; tag is 8 hex digits or NULL. */
void shape_name(char out[static SHAPE_NAME_ROOM], const struct shape_place *place, const char *tag);

/** Strict inverse: false for any other name (and for .part files). tag gets "" or its 8 digits. */
bool shape_of_name(struct shape_place *out, char tag[static SHAPE_TAG_CHARS + 1], const char *name);

/** Order: mailbox, lane, incarnation, segno. */
int shape_compare(const struct shape_place *a, const struct shape_place *b);
/** The same run of segments: all but segno equal. */
bool shape_same_run(const struct shape_place *a, const struct shape_place *b);

#endif
