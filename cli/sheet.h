/* sheet.h - what is handed over on paper or as a file: plain text, or one HTML page that needs
 * nothing else and prints well. A file is the person's: 0600, and never over another. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/args.h"

struct sheet; /* being written */

/** --out and --format of a command; the format is also seen by the file's name. */
#define SHEET_OPTIONS                                                                              \
	{"out", "FILE", "into this new file, not onto the screen"},                                \
	{                                                                                          \
		"format", "text|html", "plain text (usual) or a page to print; a packet: pdf too"  \
	}

/**
 * Begin one. The file is made here, so that a place where nobody may write is said before anything
 * is told.
 *
 * out     the caller frees it with sheet_free; what was not put away by then is gone.
 * Errors  PMJ_USAGE of --format; PMJ_REFUSED when the file is there; of making it.
 */
PMJ_MUST_CHECK enum pmj_code sheet_new(
    struct sheet **out, const struct args *args, const char *lang, struct pmj_error *err);
/** The same, or a PDF: --format pdf, --locked, or a file of that name. */
PMJ_MUST_CHECK enum pmj_code sheet_new_pdf(
    struct sheet **out, const struct args *args, const char *lang, struct pmj_error *err);
/** These words open it. */
void sheet_lock(struct sheet *sheet, const char *words);
void sheet_free(struct sheet *sheet);
/** en or sw: of what stands on it. */
void sheet_language(struct sheet *sheet, const char *lang);
bool sheet_is_html(const struct sheet *sheet);
/** Onto the screen, or durable in its file. */
PMJ_MUST_CHECK enum pmj_code sheet_put(struct sheet *sheet, struct pmj_error *err);
/** The file's name, or NULL for the screen. */
const char *sheet_path(const struct sheet *sheet);

void sheet_title(struct sheet *sheet, const char *text);
void sheet_heading(struct sheet *sheet, const char *text);
void sheet_text(struct sheet *sheet, const char *text);
void sheet_strong(struct sheet *sheet, const char *text);
/** "Label: text"; nothing for an empty text. */
void sheet_pair(struct sheet *sheet, const char *label, const char *text);
/** A little room before what follows. */
void sheet_gap(struct sheet *sheet);
/** A notice from an answer, as the title of the paper. */
void sheet_put_notice(struct sheet *sheet, const json_t *notice);
/** As it is, in the form that this paper has. */
void sheet_raw(struct sheet *sheet, const char *text);

#endif
