/* export_photo.c - the photo of a signed paper inside a person's own page: a picture is shown, a
 * PDF is there to be saved. In the page itself, so that it is one file and nothing of it gets lost.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/export_inner.h"
#include "cli/http.h"
#include "cli/lang.h"

#define PUT_BYTES (256u * 1024)

/* base64url as the daemon tells it, into base64 as a page wants it. All but the last of a photo's
 * answers hold a multiple of three bytes, so only that one is filled up. */
static void
put_base64(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		buf_put_u8(out, text[i] == '-' ? '+' : text[i] == '_' ? '/' : (uint8_t)text[i]);
	for (; len % 4 != 0; len++)
		buf_put_u8(out, '=');
}

static void
begin_photo(struct buf *out, const char *type)
{
	bool pdf = type != NULL && strcmp(type, "PDF") == 0;

	if (pdf)
		buf_putf(out, "<p><a download=\"%s.pdf\" href=\"data:application/pdf;base64,",
		    lang_text("signed paper"));
	else
		buf_putf(out, "<p><img alt=\"%s\" src=\"data:image/%s;base64,",
		    lang_text("signed paper"),
		    type != NULL && strcmp(type, "PNG") == 0 ? "png" : "jpeg");
}

/* An exchange took it, or its record, while it was read. */
static enum pmj_code
went_away(struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_FAILED, "a photo was withdrawn while the copy was made");
	pmj_hint(err, "make the copy again");
	return PMJ_FAILED;
}

static enum pmj_code
photo_into_page(struct export *e, const char *id, struct pmj_error *err)
{
	long long from = 1;
	bool pdf = false;
	enum pmj_code rc = PMJ_OK;

	while (rc == PMJ_OK && from > 0) {
		char *path = mem_printf("/v1/record/%s/photo?from=%lld", id, from);
		json_t *answer = NULL;

		rc = client_get(&e->cli->client, &answer, path, err);
		free(path);
		if (from > 1 && (rc == PMJ_NOT_FOUND || rc == PMJ_PARTIAL))
			rc = went_away(err);
		if (rc == PMJ_OK && json_str(answer, "bytes") == NULL)
			rc = pmj_fail(err, PMJ_FAILED, "the daemon's answer holds no photo");
		if (rc == PMJ_OK && from == 1) {
			pdf = json_str(answer, "type") != NULL &&
			      strcmp(json_str(answer, "type"), "PDF") == 0;
			begin_photo(&e->bytes, json_str(answer, "type"));
		}
		if (rc == PMJ_OK)
			put_base64(&e->bytes, json_str(answer, "bytes"));
		if (rc == PMJ_OK && e->bytes.len > PUT_BYTES)
			rc = outfile_put(&e->file, &e->bytes, err);
		from = json_flag(answer, "more") ? json_int(answer, "next", 0) : 0;
		json_decref(answer);
	}
	if (rc == PMJ_OK && pdf)
		buf_putf(&e->bytes, "\">%s</a></p>\n", lang_text("save the signed paper (PDF)"));
	else if (rc == PMJ_OK)
		buf_put_text(&e->bytes, "\"></p>\n");
	return rc;
}

void
export_photo(struct export *e, const json_t *item)
{
	const char *hash = json_str(json_obj(item, "fields"), "form_hash");
	struct pmj_error err = {0};
	enum pmj_code rc;

	if (hash == NULL || *hash == '\0' || e->failed.code != PMJ_OK)
		return;
	rc = photo_into_page(e, json_str(item, "id"), &err);
	if (rc == PMJ_PARTIAL)
		buf_putf(&e->bytes, "<p>%s</p>\n",
		    lang_text("There is a photo of the signed paper; it was not whole here yet "
		              "when this was made. Ask for it."));
	if (rc == PMJ_PARTIAL)
		e->photos_missing++;
	else if (rc != PMJ_OK && rc != PMJ_NOT_FOUND) /* its mark alone was noted */
		e->failed = err;
}
