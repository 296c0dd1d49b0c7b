/* page.h - plain text as the pages of a PDF, in one fixed-width font, as it would come out of a
 * printer. */
#ifndef PDF_PAGE_H
#define PDF_PAGE_H
#include "base/buf.h"

#define PAGE_COLUMNS 78 /* no line is longer; what is, runs out of the page */

/** PMJ_UNSUPPORTED-like refusal (PMJ_INVALID) where the font has no sign for a letter: nobody is to
 * get boxes in place of a name. */
PMJ_MUST_CHECK enum pmj_code page_make(
    struct buf *pdf, const char *title, const char *text, struct pmj_error *err);

#endif
