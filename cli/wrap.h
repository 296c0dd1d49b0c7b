/* wrap.h - lines as wide as the person's screen. Pure: no terminal, no language.
 *
 * A terminal breaks a long line in the middle of a word. Here it is broken between words instead:
 * what stands behind a gap goes on below itself, a command goes on behind a backslash, so that it
 * may be copied, and lines of a paragraph of which one is too wide are filled anew. A text that
 * fits stays as it is, to the byte. */
#ifndef CLI_WRAP_H
#define CLI_WRAP_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/** Where a stream stands; all zero at the beginning of a line. */
struct wrap {
	size_t column, hang; /* where the next word goes; where a further line begins */
	bool command;        /* the line is something to type */
	char quote;          /* within these quotation marks of it */
};

/** The text, or the next piece of a line, for a screen of so many columns. What others wrote was
 * made harmless before: no character moves the cursor but the end of a line. */
void wrap_put(struct wrap *wrap, struct buf *out, const char *text, size_t screen);

#endif
