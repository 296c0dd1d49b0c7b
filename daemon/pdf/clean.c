#include "pdf/clean.h"

#include <stdlib.h>
#include <string.h>

#include "pdf/drawn.h"

#define DEPTH_MAX 100
#define TIMES_MAX 4

/* ---- pages ---- */

static const char *const of_page[] = {"/Type", "/Parent", "/Resources", "/Contents", "/MediaBox",
    "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/Group", "/UserUnit", NULL};
static const char *const drawn[] = {"/Resources", "/Contents", "/Group", NULL};

/* What lies over a page is not part of it: a link goes, what shows something cannot be told from
 * what does not. */
static enum pmj_code
check_over(const struct cleaner *c, qpdf_oh page)
{
	static const char *const plain[] = {"/Link", "/Popup", NULL};
	qpdf_oh list = qpdf_oh_get_key(c->qpdf, page, "/Annots");

	for (int i = 0;
	     qpdf_oh_is_array(c->qpdf, list) && i < qpdf_oh_get_array_n_items(c->qpdf, list); i++) {
		qpdf_oh subtype = qpdf_oh_get_key_if_dict(
		    c->qpdf, qpdf_oh_get_array_item(c->qpdf, list, i), "/Subtype");

		if (!qpdf_oh_is_name(c->qpdf, subtype) ||
		    !drawn_keeps(plain, qpdf_oh_get_name(c->qpdf, subtype))) {
			(void)pmj_fail(c->err, PMJ_INVALID,
			    "page %d of the PDF holds fields, notes or drawings that lie over it",
			    c->page);
			return drawn_mend(c);
		}
	}
	return PMJ_OK;
}

static enum pmj_code
clean_page(struct cleaner *c, qpdf_oh page)
{
	enum pmj_code rc;

	if ((rc = check_over(c, page)) != PMJ_OK)
		return rc;
	drawn_drop_keys(c, page, of_page, true);
	for (size_t i = 0; drawn[i] != NULL && rc == PMJ_OK; i++)
		rc = drawn_walk(c, qpdf_oh_get_key(c->qpdf, page, drawn[i]));
	return rc;
}

/* The nodes between the root and a page say nothing but where it stands. */
static void
clean_above(const struct cleaner *c, qpdf_oh page)
{
	static const char *const of_node[] = {"/Type", "/Kids", "/Count", "/Parent", NULL};
	qpdf_oh node = qpdf_oh_get_key(c->qpdf, page, "/Parent");

	for (int i = 0; i < DEPTH_MAX && qpdf_oh_is_dictionary(c->qpdf, node); i++) {
		drawn_drop_keys(c, node, of_node, true);
		node = qpdf_oh_get_key(c->qpdf, node, "/Parent");
	}
}

static enum pmj_code
clean_all(struct cleaner *c)
{
	static const char *const of_root[] = {"/Type", "/Pages", NULL};
	static const char *const of_trailer[] = {"/Root", "/Size", NULL};
	int count = qpdf_get_num_pages(c->qpdf);
	enum pmj_code rc = PMJ_OK;

	if (count < 1) {
		rc = pmj_fail(c->err, PMJ_INVALID, "the PDF has no pages that can be read");
		pmj_hint(c->err, "scan the paper again, or take a photo of it");
		return rc;
	}
	(void)qpdf_push_inherited_attributes_to_page(c->qpdf);
	for (int i = 0; i < count && rc == PMJ_OK; i++) {
		qpdf_oh page = qpdf_get_page_n(c->qpdf, (size_t)i);

		c->page = i + 1;
		rc = clean_page(c, page);
		clean_above(c, page);
		qpdf_oh_release_all(c->qpdf);
	}
	drawn_drop_keys(c, qpdf_get_root(c->qpdf), of_root, true);
	drawn_drop_keys(c, qpdf_get_trailer(c->qpdf), of_trailer, true);
	return rc;
}

static enum pmj_code
write_clean(const struct cleaner *c, struct buf *out)
{
	QPDF_ERROR_CODE failed = qpdf_init_write_memory(c->qpdf);

	if ((failed & QPDF_ERRORS) == 0) {
		qpdf_set_deterministic_ID(c->qpdf, QPDF_TRUE);
		qpdf_set_object_stream_mode(c->qpdf, qpdf_o_generate);
		qpdf_set_decode_level(c->qpdf, qpdf_dl_none);
		qpdf_set_preserve_encryption(c->qpdf, QPDF_FALSE);
		failed = qpdf_write(c->qpdf);
	}
	if ((failed & QPDF_ERRORS) != 0) {
		(void)pmj_fail(c->err, PMJ_INVALID, "the PDF is broken");
		pmj_hint(c->err, "scan the paper again, or take a photo of it");
		return PMJ_INVALID;
	}
	buf_put(out, qpdf_get_buffer(c->qpdf), qpdf_get_buffer_length(c->qpdf));
	return buf_check(out, c->err);
}

static enum pmj_code
open_failed(const struct cleaner *c)
{
	qpdf_error error = qpdf_has_error(c->qpdf) ? qpdf_get_error(c->qpdf) : NULL;

	if (error != NULL && qpdf_get_error_code(c->qpdf, error) == qpdf_e_password) {
		(void)pmj_fail(c->err, PMJ_INVALID, "the PDF opens with a password only");
		pmj_hint(c->err, "open it, and save or print it without one; then name that file");
		return PMJ_INVALID;
	}
	(void)pmj_fail(c->err, PMJ_INVALID, "the PDF is broken, or ends in the middle");
	pmj_hint(
	    c->err, "copy it again; if it stays so, scan the paper again or take a photo of it");
	return PMJ_INVALID;
}

static enum pmj_code
clean_once(struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct cleaner c = {.qpdf = qpdf_init(), .err = err};
	enum pmj_code rc;

	qpdf_set_suppress_warnings(c.qpdf, QPDF_TRUE);
	qpdf_silence_errors(c.qpdf);
	if ((qpdf_read_memory(c.qpdf, "paper", (const char *)bytes, len, NULL) & QPDF_ERRORS) != 0)
		rc = open_failed(&c);
	else if ((rc = clean_all(&c)) == PMJ_OK)
		rc = write_clean(&c, out);
	qpdf_cleanup(&c.qpdf);
	free(c.seen);
	return rc;
}

/* The library may put its objects into another order the second time, and then no more. */
enum pmj_code
clean_pdf(struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct buf before, after;
	enum pmj_code rc;
	bool same = false;

	buf_init(&before, 0);
	rc = clean_once(&before, bytes, len, err);
	for (int again = 0; again < TIMES_MAX && rc == PMJ_OK && !same; again++) {
		buf_init(&after, 0);
		rc = clean_once(&after, before.bytes, before.len, err);
		same = rc == PMJ_OK && after.len == before.len &&
		       memcmp(after.bytes, before.bytes, after.len) == 0;
		buf_wipe(&before);
		before = after;
	}
	if (rc == PMJ_OK) {
		buf_put(out, before.bytes, before.len);
		rc = buf_check(out, err);
	}
	buf_wipe(&before);
	return rc;
}
