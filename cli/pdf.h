/* pdf.h - a PDF by pamoja-pdf, which lies beside this program. */
#ifndef CLI_PDF_H
#define CLI_PDF_H
#include "base/buf.h"

/** Is it there? PMJ_FAILED says what to do. */
PMJ_MUST_CHECK enum pmj_code pdf_there(struct pmj_error *err);
struct pdf_text {
	const char *words; /* that open it, or NULL: it is open */
	const char *title, *text;
};
PMJ_MUST_CHECK enum pmj_code pdf_make(
    struct buf *out, const struct pdf_text *text, struct pmj_error *err);

#endif
