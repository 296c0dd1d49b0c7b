/* term.h - the person's terminal: questions, answers that are not shown, colour. Questions go to
 * standard error. */
#ifndef CLI_TERM_H
#define CLI_TERM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"

#define TERM_LINE_MAX (16u * 1024)

/** Settle once what the terminal can do: colour only on a terminal and without NO_COLOR; UTF-8
 * whatever the locale says. */
void term_init(bool no_input);
/** May we ask? Standard input and standard error are a terminal and --no-input was not given. */
bool term_can_ask(void);
/** Columns of standard output; 0 when it is no terminal. */
size_t term_columns(void);

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_GOOD, PAINT_WARN, PAINT_BAD };
/** The escape that begins a colour on this stream (stdout or stderr), or "". */
const char *term_paint(FILE *stream, enum paint paint);
/** A copy in which every character that would steer a terminal is '?'. Caller frees. */
char *term_harmless(const char *text);
/** Words in a colour, made harmless. */
void term_put(FILE *stream, enum paint paint, const char *text);
/** The same formatted, plain, to standard output and to standard error. */
void term_say(const char *fmt, ...) PMJ_PRINTF(1, 2);
void term_note(const char *fmt, ...) PMJ_PRINTF(1, 2);
/** How far something is, on standard error, in place of what this said last; term_note("\n") ends
 * it.
 */
void term_progress(const char *fmt, ...) PMJ_PRINTF(1, 2);

/** Ask for one line; spaces around it are dropped. False at the end of input (Ctrl-D). */
bool term_ask(struct buf *out, const char *fmt, ...) PMJ_PRINTF(2, 3);
/** The same without showing what is typed; spaces stay. The caller wipes. */
bool term_ask_hidden(struct buf *out, const char *prompt);
/** A screen of its own, of which nothing stays to be scrolled back to; and away from it, also at
 * Ctrl-C. Only where term_can_ask. */
void term_private(bool begin);
void term_clear(void);
/** Yes or no; Enter means `otherwise`. The end of input is no. */
bool term_yes(bool otherwise, const char *fmt, ...) PMJ_PRINTF(2, 3);

/** From here on a first Ctrl-C (SIGTERM, SIGHUP) is only remembered, so that what is under way can
 * be ended and told; a second one ends the program at once. */
void term_hold_stop(void);
/** Was one remembered? */
bool term_stopped(void);
/** Die of it, if one was: a shell that runs several commands in a row stops, too. */
void term_obey_stop(void);

/** A whole file, or standard input for "-", at most limit bytes. PMJ_NOT_FOUND, PMJ_TOO_BIG. */
PMJ_MUST_CHECK enum pmj_code term_slurp(
    struct buf *out, const char *path, size_t limit, struct pmj_error *err);

#endif
