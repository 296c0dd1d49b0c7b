/* text.h - bytes as text and back, folding for search, and distances between names. Pure. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/** Lower-case hex; out has room for 2*count+1. Returns out. */
char *text_hex(char *out, const uint8_t *bytes, size_t count);
/** False unless text is exactly 2*count hex digits (either case). */
bool text_unhex(uint8_t *out, size_t count, const char *text);
/** Crockford base32, lower case, big-endian bits; out has room for (count*8+4)/5 + 1. Returns out.
 */
char *text_base32(char *out, const uint8_t *bytes, size_t count);
/** Takes upper and lower case, o=0, i=l=1. False for other characters or nonzero spare bits.
 * `chars` of text are read. */
bool text_unbase32(uint8_t *out, size_t count, const char *text, size_t chars);
/** base64url without padding; out has room for (count*4+2)/3 + 1. Returns out. */
char *text_base64(char *out, const uint8_t *bytes, size_t count);
/** Strict: no padding, no spare bits. False when it is not exactly count bytes. */
bool text_unbase64(uint8_t *out, size_t count, const char *text);
/** base64url of any length into a buf; false when malformed. What does not fit is the buf's to
 * tell.
 */
bool text_unbase64_buf(struct buf *out, const char *text);

/** Strict UTF-8 (no surrogates, no overlong forms), no NUL inside count bytes. */
bool text_is_utf8(const char *text, size_t count);
/** Characters (code points) of valid UTF-8. */
size_t text_chars(const char *text);
/** Bytes of the character that begins here if a terminal would obey it or a reader be misled by it:
 * C0 but for line end and tab, DEL, C1, and what reorders or breaks a line unseen (U+061C, U+200E,
 * U+200F, U+2028 to U+202E, U+2066 to U+2069). 0 for all others, ZWJ and ZWNJ among them: scripts
 * need them. */
size_t text_steers(const char *at);
/** Columns on a terminal. */
size_t text_columns(const char *text);
/** Fold for comparison and search: NFKD, marks dropped, case folded, runs of space to one, trimmed.
 * Caller frees. */
char *text_fold(const char *text);
/** Do two texts mean the same after folding? */
bool text_same(const char *a, const char *b);
/** Edit distance (Damerau-Levenshtein on bytes) of two short names. */
size_t text_distance(const char *a, const char *b);
/** Nearest of count names: the best with distance <= 1 + strlen/3, or one that `word` is a prefix
 * of; NULL when none. */
const char *text_nearest(const char *word, const char *const *names, size_t count);
/** The name that was most likely meant where any word may be typed: of six letters one may be
 * wrong, of eleven two, of more three; or the first three and more of it were typed. NULL: a word
 * of its own. */
const char *text_meant(const char *word, const char *const *names, size_t count);

#endif
