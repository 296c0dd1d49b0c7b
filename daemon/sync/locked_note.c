/* locked_note.c - notes taken while locked (4.5): sealed to our own key, unsigned, confirmed one by
 * one at unlock. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "sync/device.h"

#define LOCKED_NAME_CHARS 20 /* 16 hex digits and ".seg" */

static bool
locked_note_is_name(const char *name)
{
	uint8_t id[8];
	char hex[17];

	if (strlen(name) != LOCKED_NAME_CHARS || strcmp(name + 16, ".seg") != 0)
		return false;
	memcpy(hex, name, 16);
	hex[16] = '\0';
	return text_unhex(id, sizeof(id), hex);
}

/* One line, so that the reader is the segment's own. */
static void
locked_note_line(struct buf *line, const struct os *os, const char *text)
{
	json_t *json = json_object();

	json_object_set_new(json, "v", json_integer(1));
	json_object_set_new(json, "at", json_integer(os_now(os)));
	json_object_set_new(json, "text", json_string(text));
	json_put(line, json);
	json_decref(json);
}

enum pmj_code
locked_note_write(const struct os *os, const char *home, const uint8_t seal_pk[static 32],
    const char *text, struct pmj_error *err)
{
	struct segment_line line;
	struct segment_draft draft = {.lane = LANE_LOCKED_NOTE,
	    .reader_pk = seal_pk,
	    .lines = &line,
	    .count = 1,
	    .unsigned_note = true};
	struct buf bytes;
	struct buf file;
	uint8_t chain[32];
	uint8_t id[32];
	uint8_t name[8];
	char hex[17];
	char *dir = fs_join(home, "locked");
	char *path = NULL;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_LINE_MAX);
	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	if (!text_is_utf8(text, strlen(text)) || strlen(text) > PMJ_JSON_STRING_MAX) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "a note is text of at most %d bytes", PMJ_JSON_STRING_MAX);
		goto out;
	}
	locked_note_line(&bytes, os, text);
	if ((rc = buf_check(&bytes, err)) != PMJ_OK)
		goto out;
	line.bytes = buf_text(&bytes);
	line.len = bytes.len;
	if ((rc = segment_seal(&file, chain, id, &draft, NULL, err)) != PMJ_OK ||
	    (rc = fs_make_dir(os, dir, err)) != PMJ_OK)
		goto out;
	os->random(os->ctx, name, sizeof(name));
	path = mem_printf("%s/%s.seg", dir, text_hex(hex, name, sizeof(name)));
	rc = fs_write(os, path, file.bytes, file.len, err);
out:
	buf_wipe(&bytes);
	buf_close(&file);
	free(dir);
	free(path);
	return rc;
}

/* What one file says; *fault names why not. */
static enum pmj_code
locked_note_read(json_t *item, const struct os *os, const char *path, struct ring *ring)
{
	static const uint8_t zero[32];
	struct segment_expect expect = {.lane = LANE_LOCKED_NOTE,
	    .mailbox = zero,
	    .incarnation = zero,
	    .writer_pk = zero,
	    .unsigned_note = true};
	struct segment_open opened = {0};
	struct pmj_error err = {0};
	struct buf bytes;
	json_t *line = NULL;
	enum segment_fault fault;
	enum pmj_code rc;

	buf_init(&bytes, PMJ_SEGMENT_FILE_MAX);
	rc = fs_read(&bytes, os, path, PMJ_SEGMENT_FILE_MAX, &err);
	if (rc != PMJ_OK) {
		json_object_set_new(item, "fault", json_string(pmj_code_name(rc)));
		buf_close(&bytes);
		return rc;
	}
	fault = segment_open(&opened, bytes.bytes, bytes.len, &expect, ring);
	if (fault == SEGMENT_OK)
		rc = json_read(
		    &line, opened.lines[0].bytes, opened.lines[0].len, &json_limits_entry, &err);
	if (fault != SEGMENT_OK || rc != PMJ_OK || json_str(line, "text") == NULL) {
		rc = PMJ_INTEGRITY;
		json_object_set_new(item, "fault",
		    json_string(fault != SEGMENT_OK ? segment_fault_name(fault) : "unreadable"));
	} else {
		json_object_set_new(item, "at", json_integer(json_int(line, "at", 0)));
		json_object_set_new(item, "text", json_string(json_str(line, "text")));
	}
	json_decref(line);
	segment_open_close(&opened);
	buf_wipe(&bytes);
	return rc;
}

enum pmj_code
locked_note_list(
    json_t **out, const struct os *os, const char *home, struct ring *ring, struct pmj_error *err)
{
	char *dir = fs_join(home, "locked");
	char **names = NULL;
	size_t count = 0;
	json_t *items = json_array();
	enum pmj_code rc = PMJ_OK;

	*out = NULL;
	if (fs_exists(os, dir))
		rc = fs_list(&names, &count, dir, err);
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		json_t *item;
		char *path;

		if (!locked_note_is_name(names[i]))
			continue;
		item = json_object();
		json_object_set_new(item, "file", json_string(names[i]));
		path = fs_join(dir, names[i]);
		if (locked_note_read(item, os, path, ring) == PMJ_NO_MEMORY)
			rc = pmj_fail(err, PMJ_NO_MEMORY, "no memory to open a note");
		free(path);
		json_array_append_new(items, item);
	}
	fs_list_free(names, count);
	free(dir);
	if (rc == PMJ_OK) {
		*out = json_object();
		json_object_set(*out, "items", items);
	}
	json_decref(items);
	return rc;
}

enum pmj_code
locked_note_remove(const struct os *os, const char *home, const char *file, struct pmj_error *err)
{
	char *path;
	enum pmj_code rc;

	if (!locked_note_is_name(file))
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no note %.40s", file);
	path = mem_printf("%s/locked/%s", home, file);
	if (!fs_exists(os, path))
		rc = pmj_fail(err, PMJ_NOT_FOUND, "there is no note %.40s", file);
	else
		rc = fs_shred(os, path, err);
	free(path);
	return rc;
}
