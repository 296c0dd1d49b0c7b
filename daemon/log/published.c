#include "log/published.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/text.h"

#define LABEL "pmj hub stmt v1"
#define PACK_LEVEL 12
#define PACK_LEVEL_LARGE                                                                           \
	3 /* of more than 64 KiB: mostly packed already, and no step may be long                   \
	   */
/* Keeps it apart from the statements of seal epochs under the same label. */
static const char signs[] = "files";

bool
published_name_fits(const char *name)
{
	const char *slash = strchr(name, '/'), *dot = strrchr(name, '.');

	if (strlen(name) > PUBLISHED_NAME_MAX || slash == NULL || slash == name || dot == NULL ||
	    dot <= slash + 1 || dot[1] == '\0')
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_' &&
		    *at != '-' && at != slash && at != dot)
			return false;
	return true;
}

bool
published_names(const struct published *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->files[i].name, name) == 0)
			return true;
	return false;
}

void
published_hash(
    uint8_t out[static PRIM_HASH_BYTES], const char *name, const uint8_t *bytes, size_t len)
{
	prim_hash(out, "pmj file v1", PRIM_PARTS({name, strlen(name) + 1}, {bytes, len}));
}

static json_t *
files_json(const struct published *list)
{
	json_t *files = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct published_file *file = &list->files[i];

		(void)json_array_append_new(files,
		    json_pack("{s:s,s:I,s:o,s:I}", "name", file->name, "version",
		        (json_int_t)file->version, "hash", json_hex(file->hash, sizeof(file->hash)),
		        "parts", (json_int_t)file->parts));
	}
	return files;
}

json_t *
published_make(struct ring *ring, const struct published *list)
{
	json_t *p = json_pack("{s:i,s:I,s:o}", "v", 1, "time", (json_int_t)list->time_ms, "files",
	           files_json(list)),
	       *statement;
	char *text = json_text(p), sig_text[PRIM_SIGNATURE_BYTES * 2];
	uint8_t sig[PRIM_SIGNATURE_BYTES];

	json_decref(p);
	if (text == NULL)
		return NULL;
	ring_sign(ring, RING_KEY_OP, sig, LABEL,
	    PRIM_PARTS({signs, sizeof(signs)}, {text, strlen(text)}));
	statement = json_pack("{s:s,s:s}", "p", text, "g", text_base64(sig_text, sig, sizeof(sig)));
	free(text);
	return statement;
}

static bool
read_file(struct published_file *out, const json_t *item)
{
	const char *name = json_str(item, "name");
	int64_t parts = json_int(item, "parts", 0);

	if (name == NULL || !published_name_fits(name) || parts < 1 ||
	    parts > PUBLISHED_PARTS_MAX || !json_unhex(item, "hash", out->hash, sizeof(out->hash)))
		return false;
	memcpy(out->name, name, strlen(name) + 1);
	out->version = json_int(item, "version", 0);
	out->parts = (size_t)parts;
	return true;
}

static enum pmj_code
read_list(struct published *out, const json_t *p, struct pmj_error *err)
{
	const json_t *files = json_arr(p, "files"), *item;
	size_t i;

	out->count = 0;
	out->time_ms = json_int(p, "time", 0);
	if (json_int(p, "v", 0) != 1 || json_array_size(files) > PUBLISHED_FILES_MAX)
		return pmj_fail(err, PMJ_INVALID, "the list of files is of a form not known here");
	json_array_foreach(files, i, item)
	{
		if (!read_file(&out->files[i], item))
			return pmj_fail(
			    err, PMJ_INVALID, "file %zu of the list is not of its form", i + 1);
		out->count++;
	}
	return PMJ_OK;
}

enum pmj_code
published_read_kept(struct published *out, const json_t *statement, struct pmj_error *err)
{
	const char *text = json_str(statement, "p");
	json_t *p = NULL;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (text == NULL)
		return pmj_fail(err, PMJ_INVALID, "a list of files needs p and g");
	if ((rc = json_read(&p, text, strlen(text), &json_limits_entry, err)) == PMJ_OK)
		rc = read_list(out, p, err);
	json_decref(p);
	return rc;
}

enum pmj_code
published_read(struct published *out, const json_t *statement, const uint8_t op_pk[static 32],
    struct pmj_error *err)
{
	const char *text = json_str(statement, "p"), *signature = json_str(statement, "g");
	uint8_t sig[PRIM_SIGNATURE_BYTES];

	memset(out, 0, sizeof(*out));
	if (text == NULL || signature == NULL || !text_unbase64(sig, sizeof(sig), signature))
		return pmj_fail(err, PMJ_INVALID, "a list of files needs p and g");
	if (prim_verify(
	        sig, LABEL, op_pk, PRIM_PARTS({signs, sizeof(signs)}, {text, strlen(text)})) != 0)
		return pmj_fail(err, PMJ_INTEGRITY, "the list of files is not signed by the hub");
	return published_read_kept(out, statement, err);
}

enum pmj_code
published_pack(struct buf *out, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	size_t from = out->len, bound = ZSTD_compressBound(len), packed;
	enum pmj_code rc;

	if (len > PUBLISHED_FILE_MAX)
		return pmj_fail(
		    err, PMJ_TOO_BIG, "a published file may have %d bytes", PUBLISHED_FILE_MAX);
	buf_put_zeros(out, bound);
	if ((rc = buf_check(out, err)) != PMJ_OK)
		return rc;
	packed = ZSTD_compress(out->bytes + from, bound, bytes, len,
	    len > (size_t)64 * 1024 ? PACK_LEVEL_LARGE : PACK_LEVEL);
	if (ZSTD_isError(packed))
		return pmj_fail(err, PMJ_NO_MEMORY, "compressing: %s", ZSTD_getErrorName(packed));
	out->len = from + packed;
	return PMJ_OK;
}

/* The frame says its size; no more is believed than a file may have. */
enum pmj_code
published_unpack(struct buf *out, const uint8_t *packed, size_t len, struct pmj_error *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed, len);
	size_t from = out->len, got;
	enum pmj_code rc;

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
	    size > PUBLISHED_FILE_MAX)
		return pmj_fail(err, PMJ_INVALID, "its bytes are not those of a published file");
	buf_put_zeros(out, (size_t)size);
	if ((rc = buf_check(out, err)) != PMJ_OK)
		return rc;
	got = ZSTD_decompress(out->bytes + from, (size_t)size, packed, len);
	if (ZSTD_isError(got) || got != size) {
		out->len = from;
		return pmj_fail(err, PMJ_INVALID, "its bytes do not unpack");
	}
	return PMJ_OK;
}
