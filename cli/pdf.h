/* pdf.h - a PDF by pamoja-pdf, which lies beside this program. */
#ifndef CLI_PDF_H
#define CLI_PDF_H
#include <stdio.h>

#include "base/buf.h"

/** Is it there? PMJ_FAILED says what to do. */
PMJ_MUST_CHECK enum pmj_code pdf_there(struct pmj_error *err);
struct pdf_text {
	const char *words; /* that open it, or NULL: it is open */
	const char *title, *text;
};
PMJ_MUST_CHECK enum pmj_code pdf_make(
    struct buf *out, const struct pdf_text *text, struct pmj_error *err);
/** Does it begin as one? It is read from its beginning again. */
bool pdf_is(FILE *file);
/** Its pages and nothing else. less: it held more than that. PMJ_INVALID, with the mend. */
PMJ_MUST_CHECK enum pmj_code pdf_clean(
    struct buf *out, bool *less, FILE *file, struct pmj_error *err);

#endif
