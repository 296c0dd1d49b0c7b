#include "pdf/lock.h"

#include <qpdf/qpdf-c.h>

/* Whoever has the words may read, copy and print: they are the one key, so the owner's are the
 * same. All of it is encrypted, metadata too. */
static void
lock_settings(qpdf_data qpdf, const char *words)
{
	qpdf_set_object_stream_mode(qpdf, qpdf_o_generate);
	qpdf_set_r6_encryption_parameters2(qpdf, words, words, QPDF_TRUE, QPDF_TRUE, QPDF_TRUE,
	    QPDF_TRUE, QPDF_TRUE, QPDF_TRUE, qpdf_r3p_full, QPDF_TRUE);
}

enum pmj_code
lock_pdf(struct buf *out, const struct buf *pdf, const char *words, struct pmj_error *err)
{
	qpdf_data qpdf = qpdf_init();
	QPDF_ERROR_CODE failed;

	qpdf_set_suppress_warnings(qpdf, QPDF_TRUE);
	failed = qpdf_read_memory(qpdf, "packet", (const char *)pdf->bytes, pdf->len, NULL);
	failed |= qpdf_init_write_memory(qpdf);
	if ((failed & QPDF_ERRORS) == 0) {
		lock_settings(qpdf, words);
		failed |= qpdf_write(qpdf);
	}
	if ((failed & QPDF_ERRORS) == 0)
		buf_put(out, qpdf_get_buffer(qpdf), qpdf_get_buffer_length(qpdf));
	qpdf_cleanup(&qpdf);
	return (failed & QPDF_ERRORS) == 0
	           ? buf_check(out, err)
	           : pmj_fail(err, PMJ_FAILED, "the PDF could not be locked");
}
