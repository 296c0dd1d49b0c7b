/* clean.h - a PDF that is its pages and nothing else: who made it, when and with what, scripts,
 * attached files, notes and links stay behind, and of the pictures in it what a photo tells besides
 * the picture (base/photo_clean). */
#ifndef PDF_CLEAN_H
#define PDF_CLEAN_H
#include "base/buf.h"

/**
 * out     receives the PDF. The same file gives the same, and a clean one itself, byte for byte.
 * Stays   of a page its size, which way is up, what is drawn and what that needs.
 * Errors  PMJ_INVALID, with the mend: it opens with a password only, is broken, has no pages, or
 *         holds what cannot be told apart: fields and notes that lie over a page (a signature may
 *         be one), pictures of JPEG 2000.
 * Source  ISO 32000-2, 7.7.3 (pages), 8.9.5 and 8.10 (what they draw); libqpdf.
 */
PMJ_MUST_CHECK enum pmj_code clean_pdf(
    struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err);

#endif
