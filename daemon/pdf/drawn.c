#include "pdf/drawn.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/photo_clean.h"

#define OBJECTS_MAX (1 << 22)
#define INSIDE_MAX 100

/* What is to be done about such a page. */
enum pmj_code
drawn_mend(const struct cleaner *c)
{
	pmj_hint(c->err, "open it and print it into a new PDF, or save the page as a JPEG; then "
	                 "name that file");
	return PMJ_INVALID;
}

/* ---- keys of a dictionary ---- */

struct keys {
	char **list;
	size_t count;
};

/* The library has one place for going through a dictionary, so it is gone through at once. */
static void
keys_of(const struct cleaner *c, struct keys *out, qpdf_oh dict)
{
	*out = (struct keys){.list = NULL};
	qpdf_oh_begin_dict_key_iter(c->qpdf, dict);
	while (qpdf_oh_dict_more_keys(c->qpdf)) {
		out->list = mem_grow(out->list, out->count + 1, sizeof(*out->list));
		out->list[out->count++] = mem_strdup(qpdf_oh_dict_next_key(c->qpdf));
	}
}

static void
keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->list[i]);
	free(keys->list);
}

bool
drawn_keeps(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

void
drawn_drop_keys(const struct cleaner *c, qpdf_oh dict, const char *const *names, bool others)
{
	struct keys keys;

	keys_of(c, &keys, dict);
	for (size_t i = 0; i < keys.count; i++)
		if (drawn_keeps(names, keys.list[i]) != others)
			qpdf_oh_remove_key(c->qpdf, dict, keys.list[i]);
	keys_free(&keys);
}

/* ---- what is drawn ---- */

static const char *const of_image[] = {"/Type", "/Subtype", "/Width", "/Height", "/ColorSpace",
    "/BitsPerComponent", "/Decode", "/DecodeParms", "/Filter", "/ImageMask", "/Mask", "/SMask",
    "/SMaskInData", "/Matte", "/Interpolate", "/Intent", "/Name", "/Length", NULL};
static const char *const of_form[] = {"/Type", "/Subtype", "/FormType", "/BBox", "/Matrix",
    "/Resources", "/Group", "/Filter", "/DecodeParms", "/Length", NULL};
/* Anywhere else below a page. */
static const char *const never[] = {"/Metadata", "/PieceInfo", "/LastModified", "/StructParents",
    "/StructParent", "/AA", "/A", "/JS", "/OPI", "/Alternates", "/Measure", "/PtData",
    "/Properties", "/Parent", "/P", "/AF", "/OC", NULL};

/* Its last filter is that one? *alone: there is no other. */
static bool
is_filtered_by(const struct cleaner *c, qpdf_oh filter, const char *name, bool *alone)
{
	int count =
	    qpdf_oh_is_array(c->qpdf, filter) ? qpdf_oh_get_array_n_items(c->qpdf, filter) : 1;
	qpdf_oh last = qpdf_oh_is_array(c->qpdf, filter) && count > 0
	                   ? qpdf_oh_get_array_item(c->qpdf, filter, count - 1)
	                   : filter;

	*alone = count == 1;
	return qpdf_oh_is_name(c->qpdf, last) && strcmp(qpdf_oh_get_name(c->qpdf, last), name) == 0;
}

static enum pmj_code
clean_jpeg(const struct cleaner *c, qpdf_oh image, qpdf_oh dict, qpdf_oh filter)
{
	unsigned char *bytes = NULL;
	size_t len = 0;
	struct buf out;
	enum pmj_code rc;

	if ((qpdf_oh_get_stream_data(c->qpdf, image, qpdf_dl_none, NULL, &bytes, &len) &
	        QPDF_ERRORS) != 0 ||
	    bytes == NULL) {
		(void)pmj_fail(c->err, PMJ_INVALID,
		    "page %d of the PDF holds a picture that cannot be read", c->page);
		return drawn_mend(c);
	}
	buf_init(&out, len + PHOTO_CLEAN_MORE);
	if (photo_type(bytes, len) == NULL || strcmp(photo_type(bytes, len), "JPEG") != 0 ||
	    (rc = photo_clean(&out, bytes, len, c->err)) != PMJ_OK) {
		(void)pmj_fail(c->err, PMJ_INVALID,
		    "page %d of the PDF holds a picture that is broken", c->page);
		rc = drawn_mend(c);
	} else {
		qpdf_oh_replace_stream_data(c->qpdf, image, out.bytes, out.len, filter,
		    qpdf_oh_get_key(c->qpdf, dict, "/DecodeParms"));
	}
	mem_wipe(bytes, len);
	free(bytes);
	buf_wipe(&out);
	return rc;
}

static enum pmj_code
clean_image(const struct cleaner *c, qpdf_oh image, qpdf_oh dict)
{
	qpdf_oh filter = qpdf_oh_get_key(c->qpdf, dict, "/Filter");
	bool alone;

	drawn_drop_keys(c, dict, of_image, true);
	if (is_filtered_by(c, filter, "/JPXDecode", &alone)) {
		(void)pmj_fail(c->err, PMJ_INVALID,
		    "page %d of the PDF holds a picture of JPEG 2000, which may tell more than it "
		    "shows",
		    c->page);
		return drawn_mend(c);
	}
	if (!is_filtered_by(c, filter, "/DCTDecode", &alone))
		return PMJ_OK;
	if (alone)
		return clean_jpeg(c, image, dict, filter);
	(void)pmj_fail(c->err, PMJ_INVALID,
	    "page %d of the PDF holds a picture that is packed twice", c->page);
	return drawn_mend(c);
}

static bool
was_seen(struct cleaner *c, qpdf_oh oh)
{
	int id = qpdf_oh_is_indirect(c->qpdf, oh) ? qpdf_oh_get_object_id(c->qpdf, oh) : 0;
	size_t at = (size_t)id / 8;
	uint8_t bit = (uint8_t)(1u << (id % 8));
	bool seen;

	if (id <= 0 || id > OBJECTS_MAX)
		return id > OBJECTS_MAX;
	if (at >= c->seen_bytes) {
		c->seen = mem_grow(c->seen, at + 1024, 1);
		memset(c->seen + c->seen_bytes, 0, at + 1024 - c->seen_bytes);
		c->seen_bytes = at + 1024;
	}
	seen = (c->seen[at] & bit) != 0;
	c->seen[at] |= bit;
	return seen;
}

static enum pmj_code
walk_keys(struct cleaner *c, qpdf_oh dict)
{
	struct keys keys;
	enum pmj_code rc = PMJ_OK;

	keys_of(c, &keys, dict);
	for (size_t i = 0; i < keys.count && rc == PMJ_OK; i++)
		rc = drawn_walk(c, qpdf_oh_get_key(c->qpdf, dict, keys.list[i]));
	keys_free(&keys);
	return rc;
}

static enum pmj_code
walk_dict(struct cleaner *c, qpdf_oh dict)
{
	drawn_drop_keys(c, dict, never, false);
	return walk_keys(c, dict);
}

static enum pmj_code
walk_stream(struct cleaner *c, qpdf_oh stream)
{
	qpdf_oh dict = qpdf_oh_get_dict(c->qpdf, stream);
	qpdf_oh subtype = qpdf_oh_get_key(c->qpdf, dict, "/Subtype");
	enum pmj_code rc = PMJ_OK;

	if (qpdf_oh_is_name_and_equals(c->qpdf, subtype, "/Image"))
		rc = clean_image(c, stream, dict);
	else if (qpdf_oh_is_name_and_equals(c->qpdf, subtype, "/Form"))
		drawn_drop_keys(c, dict, of_form, true);
	return rc == PMJ_OK ? walk_dict(c, dict) : rc;
}

static enum pmj_code
walk_array(struct cleaner *c, qpdf_oh array)
{
	enum pmj_code rc = PMJ_OK;

	for (int i = 0; i < qpdf_oh_get_array_n_items(c->qpdf, array) && rc == PMJ_OK; i++)
		rc = drawn_walk(c, qpdf_oh_get_array_item(c->qpdf, array, i));
	return rc;
}

enum pmj_code
drawn_walk(struct cleaner *c, qpdf_oh oh)
{
	enum pmj_code rc = PMJ_OK;

	if (!qpdf_oh_is_stream(c->qpdf, oh) && !qpdf_oh_is_dictionary(c->qpdf, oh) &&
	    !qpdf_oh_is_array(c->qpdf, oh))
		return PMJ_OK;
	if (was_seen(c, oh))
		return PMJ_OK;
	if (++c->depth > INSIDE_MAX) {
		(void)pmj_fail(c->err, PMJ_INVALID,
		    "page %d of the PDF holds things inside of things without end", c->page);
		return drawn_mend(c);
	}
	if (qpdf_oh_is_stream(c->qpdf, oh))
		rc = walk_stream(c, oh);
	else if (qpdf_oh_is_dictionary(c->qpdf, oh))
		rc = walk_dict(c, oh);
	else
		rc = walk_array(c, oh);
	c->depth--;
	return rc;
}
