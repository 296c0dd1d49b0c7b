/* publish.c - kinds and other files of the office: a list that the hub signs, and each file in
 * parts behind it, in every laptop's lane. What is in force stands in the journal by the numbers of
 * these lines. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "hub/hub_inner.h"
#include "log/published.h"

#define PUBLISHED "hub.published" /* {"n","files":[{"name","version","hash","n":[...]}]} */

/* New reference; without files before the first. */
static json_t *
in_force(struct journal *journal)
{
	char *text = journal_text(journal, PUBLISHED);
	json_t *out = NULL;

	if (text == NULL || json_read(&out, text, strlen(text), &json_limits_entry, NULL) != PMJ_OK)
		out = json_pack("{s:i,s:[]}", "n", 0, "files");
	free(text);
	return out;
}

json_t *
hub_published(struct journal *journal)
{
	json_t *state = in_force(journal), *files = json_incref(json_object_get(state, "files"));

	json_decref(state);
	return files;
}

int64_t
hub_published_mark(struct journal *journal)
{
	json_t *state = in_force(journal);
	int64_t n = json_int(state, "n", 0);

	json_decref(state);
	return n;
}

static json_t *
file_of(json_t *files, const char *name)
{
	json_t *file;
	size_t i;

	json_array_foreach(
	    files, i, file) if (strcmp(json_str(file, "name"), name) == 0) return file;
	return NULL;
}

int64_t
hub_published_version(struct journal *journal, const char *name)
{
	json_t *files = hub_published(journal);
	const json_t *file = file_of(files, name);
	int64_t version = file != NULL ? json_int(file, "version", 0) : 0;

	json_decref(files);
	return version;
}

/* The bytes of one file as lines, from which `file` gets their numbers. */
static enum pmj_code
put_parts(struct hub *hub, json_t *file, const struct buf *packed, struct pmj_error *err)
{
	size_t parts = (packed->len + PUBLISHED_PART_BYTES - 1) / PUBLISHED_PART_BYTES;
	char *text = mem_new(PUBLISHED_PART_BYTES * 2);
	enum pmj_code rc = PMJ_OK;

	for (size_t part = 0; part < parts && rc == PMJ_OK; part++) {
		size_t from = part * PUBLISHED_PART_BYTES, left = packed->len - from;
		int64_t n;

		(void)text_base64(text, packed->bytes + from,
		    left < PUBLISHED_PART_BYTES ? left : PUBLISHED_PART_BYTES);
		rc = decide_control(hub, "ctl.file",
		    json_pack("{s:O,s:I,s:I,s:s}", "hash", json_object_get(file, "hash"), "part",
		        (json_int_t)part + 1, "parts", (json_int_t)parts, "bytes", text),
		    &n, NULL, err);
		if (rc == PMJ_OK)
			(void)json_array_append_new(
			    json_object_get(file, "n"), json_integer((json_int_t)n));
	}
	free(text);
	return rc;
}

static enum pmj_code
put_file(struct hub *hub, json_t *files, const struct hub_file *new, struct pmj_error *err)
{
	json_t *file = file_of(files, new->name);
	uint8_t hash[PRIM_HASH_BYTES];
	struct buf packed;
	enum pmj_code rc;

	if (file == NULL) {
		file = json_pack("{s:s}", "name", new->name);
		(void)json_array_append_new(files, file);
	}
	published_hash(hash, new->name, new->bytes, new->len);
	(void)json_object_set_new(file, "version", json_integer((json_int_t) new->version));
	(void)json_object_set_new(file, "hash", json_hex(hash, sizeof(hash)));
	(void)json_object_set_new(file, "bytes", json_integer((json_int_t) new->len));
	(void)json_object_set_new(file, "n", json_array());
	buf_init(&packed, 0);
	if ((rc = published_pack(&packed, new->bytes, new->len, err)) == PMJ_OK)
		rc = put_parts(hub, file, &packed, err);
	buf_close(&packed);
	return rc;
}

/* The list as it is signed. */
static enum pmj_code
put_list(struct hub *hub, json_t *state, struct pmj_error *err)
{
	struct published *list = mem_new(sizeof(*list));
	const json_t *file;
	json_t *statement;
	int64_t n = 0;
	enum pmj_code rc;
	size_t i;

	list->time_ms = os_now(hub->os);
	json_array_foreach(json_object_get(state, "files"), i, file)
	{
		struct published_file *to = &list->files[list->count++];
		const char *name = json_str(file, "name");

		memcpy(to->name, name, strlen(name) + 1);
		to->version = json_int(file, "version", 0);
		(void)json_unhex(file, "hash", to->hash, sizeof(to->hash));
		to->parts = json_array_size(json_arr(file, "n"));
	}
	statement = published_make(hub->ring, list);
	free(list);
	rc = decide_control(
	    hub, "ctl.kinds", json_pack("{s:o}", "statement", statement), &n, NULL, err);
	(void)json_object_set_new(state, "n", json_integer((json_int_t)n));
	return rc;
}

static enum pmj_code
queue_file(
    struct hub *hub, const struct hub_device *device, const json_t *file, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	const json_t *n;
	size_t i;

	json_array_foreach(json_arr(file, "n"), i, n) if (rc == PMJ_OK) rc =
	    sync_queue(hub->sync, device->mailbox, json_integer_value(n), false, err);
	return rc;
}

enum pmj_code
publish_tell(struct hub *hub, const struct hub_device *device, struct pmj_error *err)
{
	json_t *state = in_force(hub->journal);
	int64_t n = json_int(state, "n", 0);
	enum pmj_code rc = PMJ_OK;
	const json_t *file;
	size_t i;

	if (n != 0)
		rc = sync_queue(hub->sync, device->mailbox, n, false, err);
	json_array_foreach(json_arr(state, "files"), i, file) if (rc == PMJ_OK) rc =
	    queue_file(hub, device, file, err);
	json_decref(state);
	return rc;
}

/* The list first, then only what is new: the rest they have. */
static enum pmj_code
tell_published(struct hub *hub, json_t *state, const struct hub_file *files, size_t count,
    struct pmj_error *err)
{
	struct hub_device *devices = NULL;
	size_t devices_count = 0;
	enum pmj_code rc = office_mailboxes(hub, &devices, &devices_count, err);

	for (size_t i = 0; i < devices_count && rc == PMJ_OK; i++) {
		if (strcmp(devices[i].state, "revoked") == 0)
			continue;
		rc = sync_queue(hub->sync, devices[i].mailbox, json_int(state, "n", 0), false, err);
		for (size_t k = 0; k < count && rc == PMJ_OK; k++)
			rc = queue_file(hub, &devices[i],
			    file_of(json_object_get(state, "files"), files[k].name), err);
	}
	free(devices);
	return rc;
}

/* Afterwards the list names it no more; its lines stay where they were. */
static void
take_out(json_t *list, const char *name)
{
	json_t *file;
	size_t i;

	json_array_foreach(list, i, file) if (strcmp(json_str(file, "name"), name) == 0)
	{
		(void)json_array_remove(list, i);
		break;
	}
}

static enum pmj_code
publish_inside(struct hub *hub, json_t *state, const struct hub_file *files, size_t count,
    struct pmj_error *err)
{
	json_t *list = json_object_get(state, "files");
	enum pmj_code rc = PMJ_OK;
	char *text;

	for (size_t i = 0; i < count && rc == PMJ_OK; i++)
		rc = put_file(hub, list, &files[i], err);
	if (rc == PMJ_OK && json_array_size(list) > PUBLISHED_FILES_MAX) {
		rc = pmj_fail(
		    err, PMJ_REFUSED, "a hub publishes at most %d files", PUBLISHED_FILES_MAX);
		pmj_hint(err, "put what belongs together into one kind");
	}
	if (rc != PMJ_OK || (rc = put_list(hub, state, err)) != PMJ_OK ||
	    (rc = tell_published(hub, state, files, count, err)) != PMJ_OK)
		return rc;
	text = json_text(state);
	rc = journal_put_text(hub->journal, PUBLISHED, text, err);
	free(text);
	return rc == PMJ_OK ? journal_event(hub->journal, "published", "ok",
	                          "files of the office were published", err)
	                    : rc;
}

enum pmj_code
hub_publish(struct hub *hub, const struct hub_file *files, size_t count, const char *withdrawn,
    struct pmj_error *err)
{
	enum pmj_code rc = journal_begin(hub->journal, err);
	json_t *state;

	if (rc != PMJ_OK)
		return rc;
	state = in_force(hub->journal);
	if (withdrawn != NULL)
		take_out(json_object_get(state, "files"), withdrawn);
	rc = decide_end(hub, publish_inside(hub, state, files, count, err), err);
	json_decref(state);
	return rc;
}

/* ---- read back ---- */

static enum pmj_code
add_part(struct journal *journal, struct buf *packed, int64_t n, struct pmj_error *err)
{
	struct entry_raw raw;
	json_t *line = NULL;
	enum pmj_code rc;

	if ((rc = entries_raw(journal, &raw, n, err)) != PMJ_OK)
		return rc;
	if (raw.line != NULL)
		rc = json_read(&line, raw.line, raw.len, &json_limits_entry, err);
	if (rc == PMJ_OK && (json_str(line, "bytes") == NULL ||
	                        !text_unbase64_buf(packed, json_str(line, "bytes"))))
		rc = pmj_fail(err, PMJ_INTEGRITY, "a published file cannot be read");
	json_decref(line);
	free(raw.line);
	return rc;
}

static enum pmj_code
use_file(struct journal *journal, const json_t *file, published_use *use, void *ctx,
    struct pmj_error *err)
{
	struct buf packed, bytes;
	enum pmj_code rc = PMJ_OK;
	const json_t *n;
	size_t i;

	buf_init(&packed, 0);
	buf_init(&bytes, PUBLISHED_FILE_MAX);
	json_array_foreach(json_arr(file, "n"), i, n) if (rc == PMJ_OK) rc =
	    add_part(journal, &packed, json_integer_value(n), err);
	if (rc == PMJ_OK &&
	    (rc = published_unpack(&bytes, packed.bytes, packed.len, err)) == PMJ_OK)
		use(ctx, &(struct published_got){.name = json_str(file, "name"),
		             .version = json_int(file, "version", 0),
		             .bytes = bytes.bytes,
		             .len = bytes.len});
	buf_close(&packed);
	buf_close(&bytes);
	return rc;
}

enum pmj_code
hub_published_each(struct journal *journal, const char *folder, published_use *use, void *ctx,
    struct pmj_error *err)
{
	json_t *files = hub_published(journal);
	enum pmj_code rc = PMJ_OK;
	const json_t *file;
	size_t i;

	json_array_foreach(files, i,
	    file) if (rc == PMJ_OK && strncmp(json_str(file, "name"), folder, strlen(folder)) == 0)
	    rc = use_file(journal, file, use, ctx, err);
	json_decref(files);
	return rc;
}
