/* lock.h - a PDF that opens with a passphrase in every reader: AES-256, the standard security
 * handler of ISO 32000-2 (revision 6), by libqpdf. */
#ifndef PDF_LOCK_H
#define PDF_LOCK_H
#include "base/buf.h"

PMJ_MUST_CHECK enum pmj_code lock_pdf(
    struct buf *out, const struct buf *pdf, const char *words, struct pmj_error *err);

#endif
