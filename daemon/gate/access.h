/* access.h - who may write what into a mailbox, by two files in its folder. */
#ifndef GATE_ACCESS_H
#define GATE_ACCESS_H
#include <stdbool.h>

#include "carry/bare.h"
#include "carry/shape.h"
#include "crypto/token.h"

#define ACCESS_TOKENS BARE_TOKENS   /* "LANE HEX" a line: the lane a token may write, its hash */
#define ACCESS_WRITERS BARE_WRITERS /* "LANE HEX" a line: who writes a lane, as sign_pk */
#define ACCESS_LINES_MAX 64

struct access_line {
	uint8_t lane;
	uint8_t bytes[32];
};

struct access_list {
	struct access_line items[ACCESS_LINES_MAX];
	size_t count;
	bool there; /* the file is */
};

/**
 * Read such a file, strictly; a missing one is an empty list.
 *
 * Errors   PMJ_INVALID naming the line; PMJ_TOO_BIG.
 */
PMJ_MUST_CHECK enum pmj_code access_read(
    struct access_list *out, const char *mailbox, const char *name, struct pmj_error *err);
/** The same from text, pure. */
PMJ_MUST_CHECK enum pmj_code access_parse(
    struct access_list *out, const char *text, size_t len, struct pmj_error *err);

/** The lane that a token may write; 0 for one that is not listed. Takes as long for any token. */
uint8_t access_lane(const struct access_list *tokens, const uint8_t token[static TOKEN_BYTES]);
/** The token of "Bearer TOKEN". */
bool access_bearer(uint8_t out[static TOKEN_BYTES], const char *header);

/** May these bytes, a whole segment, be of one of the writers of their lane? A list that is not
 * there knows none and lets every one through. */
bool access_signed(const struct access_list *writers, const uint8_t *segment, size_t len);

#endif
