/* device_published.c - what the office published: the list that the hub signed, and the files of it
 * whose parts have all come. A file stays as it was until the next of its name is whole. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/published.h"
#include "store/sql.h"
#include "sync/device_inner.h"

/* The list as it was last taken; of no file where there is none yet. It was verified when it came.
 */
static void
known_list(const struct device_at *at, struct published *out)
{
	char *text = journal_text(at->journal, DEVICE_KINDS);
	json_t *line = NULL;

	memset(out, 0, sizeof(*out));
	if (text != NULL &&
	    json_read(&line, text, strlen(text), &json_limits_entry, NULL) == PMJ_OK &&
	    published_read_kept(out, json_obj(line, "statement"), NULL) != PMJ_OK)
		memset(out, 0, sizeof(*out));
	json_decref(line);
	free(text);
}

/* Materials may be withdrawn; of kinds and notices the last one stays, for records speak of it. */
static enum pmj_code
drop_withdrawn(const struct device_at *at, const struct published *list, struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    at->journal, "SELECT name FROM pmj_file WHERE name GLOB 'materials/*' ORDER BY name");
	char *names[PUBLISHED_FILES_MAX];
	size_t count = 0;
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
		if (!published_names(list, sql_col_text(sql, 0)) && count < COUNT(names))
			names[count++] = mem_strdup(sql_col_text(sql, 0));
	sql_done(sql);
	for (size_t i = 0; i < count; i++) {
		sql = sql_get(at->journal, "DELETE FROM pmj_file WHERE name=?1");
		if (rc == PMJ_OK)
			rc = sql_run(sql_text(sql, 1, names[i]), err);
		free(names[i]);
	}
	return rc;
}

/* The hub's stamps only grow: what is older came by a slow way. */
enum pmj_code
device_kinds(const struct device_at *at, struct pmj_error *err)
{
	int64_t stamp = (int64_t)((uint64_t)at->line->entry->pt << 16 | at->line->entry->counter);
	struct published list;
	enum pmj_code rc;
	char *text;

	if (stamp < journal_int(at->journal, DEVICE_KINDS_AT, 0))
		return PMJ_OK;
	if (published_read(&list, json_obj(at->json, "statement"), at->peer->writer_pk, NULL) !=
	    PMJ_OK)
		return device_refuse(
		    at, "its list is not signed by the hub, or of another form", err);
	text = json_text(at->json);
	rc = journal_put_text(at->journal, DEVICE_KINDS, text, err);
	free(text);
	if (rc == PMJ_OK)
		rc = drop_withdrawn(at, &list, err);
	return rc == PMJ_OK ? journal_put_int(at->journal, DEVICE_KINDS_AT, stamp, err) : rc;
}

static const struct published_file *
wanted(const struct published *list, const uint8_t *hash)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(list->files[i].hash, hash, PRIM_HASH_BYTES) == 0)
			return &list->files[i];
	return NULL;
}

static bool
is_whole(const struct device_at *at, const struct published_file *file)
{
	struct sql *sql = sql_get(at->journal, "SELECT 1 FROM pmj_file WHERE name=?1 AND hash=?2");

	return sql_any(
	    sql_blob(sql_text(sql, 1, file->name), 2, file->hash, sizeof(file->hash)), false);
}

static enum pmj_code
put_part(const struct device_at *at, const uint8_t *hash, int64_t part, const struct buf *bytes,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(
	    at->journal, "INSERT OR REPLACE INTO pmj_file_part(hash,part,bytes) VALUES(?1,?2,?3)");

	(void)sql_int(sql_blob(sql, 1, hash, PRIM_HASH_BYTES), 2, part);
	return sql_run(sql_blob(sql, 3, bytes->bytes, bytes->len), err);
}

static size_t
parts_here(const struct device_at *at, const struct published_file *file)
{
	struct sql *sql = sql_get(at->journal, "SELECT count(*) FROM pmj_file_part WHERE hash=?1");

	return (size_t)sql_first_int(sql_blob(sql, 1, file->hash, sizeof(file->hash)), 0);
}

/* All of its parts, in order. */
static enum pmj_code
join_parts(const struct device_at *at, const struct published_file *file, struct buf *out,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(at->journal, "SELECT bytes FROM pmj_file_part WHERE hash=?1 ORDER BY part");
	enum pmj_code rc;
	bool row = false;

	(void)sql_blob(sql, 1, file->hash, sizeof(file->hash));
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		size_t len;
		const uint8_t *bytes = sql_col_blob(sql, 0, &len);

		buf_put(out, bytes, len);
	}
	return rc;
}

static enum pmj_code
drop_parts(const struct device_at *at, const uint8_t *hash, struct pmj_error *err)
{
	struct sql *sql = sql_get(at->journal, "DELETE FROM pmj_file_part WHERE hash=?1");

	return sql_run(sql_blob(sql, 1, hash, PRIM_HASH_BYTES), err);
}

static enum pmj_code
put_file(const struct device_at *at, const struct published_file *file, const struct buf *bytes,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(at->journal,
	    "INSERT OR REPLACE INTO pmj_file(name,hash,version,bytes) VALUES(?1,?2,?3,?4)");
	enum pmj_code rc;

	(void)sql_blob(sql_text(sql, 1, file->name), 2, file->hash, sizeof(file->hash));
	(void)sql_int(sql, 3, file->version);
	if ((rc = sql_run(sql_blob(sql, 4, bytes->bytes, bytes->len), err)) != PMJ_OK)
		return rc;
	return journal_put_int(
	    at->journal, DEVICE_PUBLISHED, journal_int(at->journal, DEVICE_PUBLISHED, 0) + 1, err);
}

/* All of them are here: are they what the list says? */
static enum pmj_code
take_whole(const struct device_at *at, const struct published_file *file, const struct buf *packed,
    struct pmj_error *err)
{
	uint8_t hash[PRIM_HASH_BYTES];
	struct buf bytes;
	enum pmj_code rc;

	buf_init(&bytes, PUBLISHED_FILE_MAX);
	if (published_unpack(&bytes, packed->bytes, packed->len, NULL) == PMJ_OK)
		published_hash(hash, file->name, bytes.bytes, bytes.len);
	else
		memset(hash, 0, sizeof(hash));
	if (memcmp(hash, file->hash, sizeof(hash)) != 0)
		rc = device_refuse(at, "its bytes are not those of the list", err);
	else
		rc = put_file(at, file, &bytes, err);
	buf_close(&bytes);
	return rc == PMJ_OK ? drop_parts(at, file->hash, err) : rc;
}

static enum pmj_code
take_part(const struct device_at *at, const struct published_file *file, int64_t part,
    const struct buf *bytes, struct pmj_error *err)
{
	struct buf packed;
	enum pmj_code rc;

	if ((rc = put_part(at, file->hash, part, bytes, err)) != PMJ_OK ||
	    parts_here(at, file) < file->parts)
		return rc;
	buf_init(&packed, 0);
	if ((rc = join_parts(at, file, &packed, err)) == PMJ_OK)
		rc = take_whole(at, file, &packed, err);
	buf_close(&packed);
	return rc;
}

enum pmj_code
device_file(const struct device_at *at, struct pmj_error *err)
{
	const char *text = json_str(at->json, "bytes");
	int64_t part = json_int(at->json, "part", 0);
	const struct published_file *file;
	uint8_t hash[PRIM_HASH_BYTES];
	struct published list;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	if (text == NULL || !json_unhex(at->json, "hash", hash, sizeof(hash)))
		return device_refuse(at, "it holds no part of a file", err);
	known_list(at, &list);
	file = wanted(&list, hash);
	/* Of a list that came late, or here already: nothing is missing. */
	if (file == NULL || is_whole(at, file))
		return PMJ_OK;
	buf_init(&bytes, PUBLISHED_PART_BYTES);
	if (part < 1 || part > (int64_t)file->parts || !text_unbase64_buf(&bytes, text))
		rc = device_refuse(at, "it is no part of that file", err);
	else
		rc = take_part(at, file, part, &bytes, err);
	buf_close(&bytes);
	return rc;
}

int64_t
device_published_mark(struct journal *journal)
{
	return journal_int(journal, DEVICE_PUBLISHED, 0);
}

enum pmj_code
device_published_each(struct journal *journal, const char *folder, published_use *use, void *ctx,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "SELECT name,version,bytes FROM pmj_file WHERE substr(name,1,length(?1))=?1"
	    " ORDER BY name");
	enum pmj_code rc;
	bool row = false;

	(void)sql_text(sql, 1, folder);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		struct published_got got = {
		    .name = sql_col_text(sql, 0), .version = sql_col_int(sql, 1)};

		got.bytes = sql_col_blob(sql, 2, &got.len);
		use(ctx, &got);
	}
	return rc;
}
