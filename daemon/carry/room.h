/* room.h - how much a mailbox may hold, as its hub allows it, and how much it holds: so that one
 * laptop, or whoever has it, cannot fill the disk of all. Honest writers into a folder ask it, too.
 */
#ifndef CARRY_ROOM_H
#define CARRY_ROOM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

/* Two files of a mailbox: bytes that its hub allows; and how many there are and when (seconds) they
 * were counted, which is a cache. */
#define ROOM_LIMIT "limit"
#define ROOM_USED "used"

struct room {
	uint64_t limit; /* 0: none is set */
	uint64_t used;
	int64_t counted_s; /* 0: never */
	bool took;
};

/** A missing limit is none. PMJ_INVALID: it is no number, so nobody knows what was meant. */
PMJ_MUST_CHECK enum pmj_code room_open(
    struct room *out, const char *mailbox, struct pmj_error *err);
/** May a segment of so many bytes be put there? Counted anew where it seems not. */
bool room_has(struct room *room, const char *mailbox, size_t bytes);
/** It was. */
void room_take(struct room *room, size_t bytes);
/** Keep how many there are, where something was put. */
void room_keep(struct room *room, const char *mailbox);
/** What is said where there is none: PMJ_REFUSED. */
enum pmj_code room_fail(struct pmj_error *err);

/** The text of a limit, strictly: digits and a line end. Pure. */
bool room_parse(uint64_t *out, const char *text, size_t len);

#endif
