/* unzip.h - files inside a packed one (.zip), by their names, into memory and within a bound.
 * Nothing is written anywhere, and no name from inside is used but to be compared. Pure. */
#ifndef CLI_UNZIP_H
#define CLI_UNZIP_H
#include "base/buf.h"

struct unzip {
	const uint8_t *bytes;
	size_t len;
	size_t list; /* where the list of what is inside begins */
	size_t list_end;
	size_t count;
	size_t room; /* bytes that may still come out of it */
};

/** Does it begin as one? So does a spreadsheet (.xlsx). */
bool unzip_is(const uint8_t *bytes, size_t len);
/**
 * Find the list of what is inside.
 *
 * most    bytes that may come out of it, of all files together.
 * Errors  PMJ_INVALID: cut off, in several parts, or of a sort that is not read here (Zip64).
 */
PMJ_MUST_CHECK enum pmj_code unzip_open(
    struct unzip *in, const uint8_t *bytes, size_t len, size_t most, struct pmj_error *err);
/**
 * The file of this name, in whatever folder inside. *found is false when there is none.
 *
 * out     empty; left so on failure.
 * Errors  PMJ_INVALID: damaged (its sum is looked at), locked with a password, packed otherwise
 * than by deflate, there twice; PMJ_TOO_BIG past `most`, whatever size it says.
 */
PMJ_MUST_CHECK enum pmj_code unzip_file(
    struct unzip *in, struct buf *out, bool *found, const char *name, struct pmj_error *err);

#endif
