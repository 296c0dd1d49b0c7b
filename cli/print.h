/* print.h - answers for people and for programs. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H
#include "base/json.h"

/** The one document of --json, indented, to standard output. */
void print_json(const json_t *document);
/** For people: the message, and the hint on the next line. With json: {"error":{...}} as one line.
 * Both to standard error. */
void print_failure(const struct pmj_error *err, bool json);
/** What the daemon says of work that it did, in the language of the person; nothing for NULL or "".
 */
void print_said(const char *message);

struct table;
/** A table for standard output; heads are shown when it is a terminal or has rows. */
struct table *table_new(const char *const *heads, size_t count);
/** What stands in this column is never cut; where the screen is too narrow it goes on in a further
 * line. Before the first row. */
void table_keep_whole(struct table *table, size_t at);
/** One row of `count` cells; NULL is an empty one. The texts are copied. */
void table_row(struct table *table, const char *const *cells);
/** Print to standard output, fitted to the terminal, and free. */
void table_print(struct table *table);

/** "Label   text", labels in one column of `width`; further lines of the text are indented. Nothing
 * for an empty text. */
void print_pair(const char *label, const char *text, size_t width);
/** Words from this column on, broken at spaces before the terminal's edge; the cursor stands at the
 * line's beginning. */
void print_wrapped(size_t indent, const char *text);
/** The same where the cursor stands at column `indent` already. */
void print_wrapped_after(size_t indent, const char *text);
/** A time from an answer - milliseconds or text - as "2026-11-23 14:05", local. Returns out. */
#define PRINT_WHEN_MAX 40
char *print_when(char out[static PRINT_WHEN_MAX], const json_t *at);
/** How long ago, in words: "just now", "3 hours ago"; "never" for null. Returns out. */
char *print_ago(char out[static PRINT_WHEN_MAX], const json_t *at);
/** A value of an answer as words: text as it is, lists with commas, true as "yes". Caller frees. */
char *print_value(const json_t *value);
/** The same of one of several values in conflict: as the daemon words it. Caller frees. */
char *print_conflicting(const json_t *one);
/** So many of these, in words: "1 entry", "12 entries". Caller frees. */
enum print_thing { PRINT_ENTRIES, PRINT_RECORDS };
char *print_count(enum print_thing what, int64_t n);
/** What the sync word of a record means to a person. */
const char *print_sync(const char *sync);

#endif
