/* photo.c - photos of papers: parts taken in, counted, put together, and gone again. */
#include "sync/photo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"
#include "sync/erase.h"
#include "sync/inner.h"
#include "sync/photo_judge.h"
#include "sync/queue.h"

/* ---- a part comes ---- */

int64_t
photo_number(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct photo_part *part, const uint8_t by[static PMJ_DEVICE_BYTES])
{
	struct sql *sql = sql_get(
	    journal, "SELECT n FROM pmj_photo WHERE rec=?1 AND hash=?2 AND by=?3 AND part=?4");

	sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, part->hash, sizeof(part->hash));
	return sql_first_int(sql_int(sql_blob(sql, 3, by, PMJ_DEVICE_BYTES), 4, part->part), 0);
}

/* Does the journal hold anything of this record? What comes before it is of nothing. */
static bool
record_is_here(struct journal *journal, const uint8_t *rec)
{
	struct sql *sql = sql_get(journal, "SELECT 1 FROM pmj_entry WHERE rec=?1 LIMIT 1");

	return sql_any(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), false);
}

/* Of this author: what one pours out must not keep another's away. */
static int64_t
parts_of_record(struct journal *journal, const struct entry *entry)
{
	struct sql *sql = sql_get(journal, "SELECT count(*) FROM pmj_photo WHERE rec=?1 AND by=?2");

	sql_blob(sql_blob(sql, 1, entry->rec, PMJ_RECORD_BYTES), 2, entry->by, PMJ_DEVICE_BYTES);
	return sql_first_int(sql, 0);
}

enum pmj_code
photo_copy(struct journal *journal, struct photo_copy *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT count(*),max(parts),min(whole) FROM pmj_photo"
	                                   " WHERE rec=?1 AND hash=?2 AND by=?3");
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, hash, PRIM_HASH_BYTES);
	rc = sql_row(sql_blob(sql, 3, by, PMJ_DEVICE_BYTES), &row, err);
	if (rc == PMJ_OK && row) {
		out->here = sql_col_int(sql, 0);
		out->parts = sql_col_int(sql, 1);
		out->whole = sql_col_int(sql, 2) != 0 && out->here == out->parts;
	}
	sql_done(sql);
	return rc;
}

static enum pmj_code
keep_part(struct journal *journal, const struct photo_new *new, const struct photo_part *part,
    size_t bytes, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "INSERT OR IGNORE INTO pmj_photo(n,rec,hash,by,part,parts,bytes,own,whole)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,0)");

	sql_blob(sql_int(sql, 1, n), 2, new->entry->rec, PMJ_RECORD_BYTES);
	sql_blob(sql, 3, part->hash, sizeof(part->hash));
	sql_blob(sql, 4, new->entry->by, PMJ_DEVICE_BYTES);
	sql_int(sql_int(sql, 5, part->part), 6, part->parts);
	return sql_run(sql_int(sql_int(sql, 7, (int64_t)bytes), 8, new->origin == ENTRY_OWN), err);
}

enum pmj_code
photo_part_bytes(struct journal *journal, struct buf *out, int64_t n, struct pmj_error *err)
{
	struct photo_part part;
	struct entry_raw raw;
	json_t *line = NULL;
	enum pmj_code rc;

	if ((rc = entries_raw(journal, &raw, n, err)) != PMJ_OK)
		return rc;
	if (raw.line == NULL)
		rc = pmj_fail(err, PMJ_NOT_FOUND, "a part of the photo is not here");
	else if ((rc = json_read(&line, raw.line, raw.len, &json_limits_entry, err)) == PMJ_OK)
		rc = photo_read(&part, out, line, err);
	json_decref(line);
	free(raw.line);
	return rc;
}

enum pmj_code
photo_bytes_of(struct journal *journal, struct buf *out, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t hash[static PRIM_HASH_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    int64_t from, int64_t count, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	bool row = true;

	for (int64_t part = from; part < from + count && rc == PMJ_OK && row; part++) {
		struct sql *sql = sql_get(journal,
		    "SELECT n FROM pmj_photo WHERE rec=?1 AND hash=?2 AND by=?3 AND part=?4");
		int64_t n = 0;

		sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, hash, PRIM_HASH_BYTES);
		sql_int(sql_blob(sql, 3, by, PMJ_DEVICE_BYTES), 4, part);
		if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row)
			n = sql_col_int(sql, 0);
		sql_done(sql);
		if (rc == PMJ_OK && row)
			rc = photo_part_bytes(journal, out, n, err);
	}
	return rc;
}

/* The numbers of what is here of a record; hash and by NULL: all of it. Caller frees *out. */
static enum pmj_code
photo_numbers(struct journal *journal, int64_t **out, size_t *count, const uint8_t *rec,
    const uint8_t *hash, const uint8_t *by, bool others, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT n FROM pmj_photo WHERE rec=?1 AND (?2 IS NULL OR hash=?2)"
	                     " AND (?3 IS NULL OR by=?3) AND own<=?4 ORDER BY n");
	enum pmj_code rc;
	bool row;

	*out = NULL;
	*count = 0;
	sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, hash, PRIM_HASH_BYTES);
	sql_int(sql_blob(sql, 3, by, PMJ_DEVICE_BYTES), 4, others ? 0 : 1);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		if (*count % 64 == 0)
			*out = mem_grow(*out, *count + 64, sizeof(**out));
		(*out)[(*count)++] = sql_col_int(sql, 0);
	}
	sql_done(sql);
	return rc;
}

/* What was taken in goes again; the journal's chain keeps number and hash. */
static enum pmj_code
photo_drop(struct journal *journal, const int64_t *numbers, size_t count,
    enum pmj_code (*drop)(struct journal *, int64_t, struct pmj_error *), struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct sql *sql = sql_get(journal, "DELETE FROM pmj_photo WHERE n=?1");

		if ((rc = sql_run(sql_int(sql, 1, numbers[i]), err)) == PMJ_OK)
			rc = drop(journal, numbers[i], err);
	}
	return rc;
}

enum pmj_code
photo_spoilt(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t hash[static PRIM_HASH_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	int64_t *numbers = NULL;
	size_t count;
	enum pmj_code rc;

	rc = photo_numbers(journal, &numbers, &count, rec, hash, by, false, err);
	if (rc == PMJ_OK) /* stubs, so that the same lines are taken when they are sent once
	                     more */
		rc = photo_drop(journal, numbers, count, entries_stub, err);
	free(numbers);
	return rc == PMJ_OK ? journal_event(journal, "photo", "integrity",
	                          "the parts of a photo do not give what its mark says", err)
	                    : rc;
}

enum pmj_code
photo_set_whole(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    const uint8_t hash[static PRIM_HASH_BYTES], const uint8_t by[static PMJ_DEVICE_BYTES],
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "UPDATE pmj_photo SET whole=1 WHERE rec=?1 AND hash=?2 AND by=?3");

	sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, hash, PRIM_HASH_BYTES);
	return sql_run(sql_blob(sql, 3, by, PMJ_DEVICE_BYTES), err);
}

static enum pmj_code
photo_append(struct journal *journal, const struct photo_new *new, int64_t *n, bool *known,
    struct pmj_error *err)
{
	struct entries_new entry = {.entry = new->entry,
	    .line = new->line,
	    .len = new->len,
	    .origin = new->origin,
	    .status = ENTRY_CONTROL,
	    .recv_ms = new->recv_ms,
	    .recv_counter = new->recv_counter};

	return entries_append(journal, &entry, n, known, err);
}

/* With this one all of them are here? In a step of its own: what is read of them stands then. */
static enum pmj_code
judge_if_all(struct journal *journal, const struct photo_new *new, const struct photo_copy *copy,
    bool came, struct photo_taken *out, struct pmj_error *err)
{
	if (copy->whole || copy->here < copy->parts)
		return PMJ_OK;
	out->more = came && new->sum != NULL &&
	            !photo_was_read(
	                new->sum, new->entry->rec, out->part.hash, new->entry->by, copy->parts - 1);
	if (out->more)
		return PMJ_OK;
	return photo_judge(journal, new->sum, new->entry->rec, out->part.hash, new->entry->by,
	    copy->parts, new->until_ms, &out->more, &out->whole, err);
}

enum pmj_code
photo_take(struct journal *journal, const struct photo_new *new, struct photo_taken *out,
    struct pmj_error *err)
{
	const struct entry *entry = new->entry;
	struct photo_part *part = &out->part;
	struct pmj_error unread = {0};
	struct photo_copy copy;
	struct buf bytes;
	size_t len;
	int64_t n;
	enum pmj_code rc;
	bool known;

	memset(out, 0, sizeof(*out));
	if (erase_is_gone(journal, entry->rec))
		return PMJ_OK;
	buf_init(&bytes, PHOTO_PART_BYTES);
	rc = photo_read(part, &bytes, entry->json, &unread);
	len = bytes.len;
	buf_wipe(&bytes);
	if (rc != PMJ_OK)
		out->refused = "it is no part of a photo";
	else if (!record_is_here(journal, entry->rec))
		out->refused = "its record is not here";
	if (out->refused != NULL)
		return PMJ_OK;
	if ((rc = photo_copy(journal, &copy, entry->rec, part->hash, entry->by, err)) != PMJ_OK)
		return rc;
	if (photo_number(journal, entry->rec, part, entry->by) != 0)
		return judge_if_all(journal, new, &copy, false, out, err);
	if (copy.here > 0 && copy.parts != part->parts)
		out->refused = "it is of another photo than the parts before it";
	else if (parts_of_record(journal, entry) >= PHOTO_RECORD_PARTS)
		out->refused = "there are too many photos of its record";
	if (out->refused != NULL)
		return PMJ_OK;
	/* Known, and no row: it was dropped, as one that spoilt its photo. */
	if ((rc = photo_append(journal, new, &n, &known, err)) != PMJ_OK || known ||
	    (rc = keep_part(journal, new, part, len, n, err)) != PMJ_OK)
		return rc;
	out->n = n;
	copy.here++;
	copy.parts = part->parts;
	return judge_if_all(journal, new, &copy, true, out, err);
}

/* ---- what is here ---- */

enum pmj_code
photo_state(struct journal *journal, struct photo_state *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    struct pmj_error *err)
{
	/* An end that sends to one mailbox only asks what that one has. */
	struct sql *sql = sql_get(journal,
	    "SELECT count(*) AS c,max(parts),sum(bytes),min(whole) AS w,by,sum(EXISTS(SELECT 1"
	    " FROM pmj_done d WHERE d.n=p.n AND d.forward=0)),EXISTS(SELECT 1 FROM pmj_photo_told t"
	    " WHERE t.rec=?1 AND t.hash=?2 AND t.state=?3) FROM pmj_photo p WHERE rec=?1"
	    " AND hash=?2 GROUP BY by ORDER BY w DESC,c DESC LIMIT 1");
	enum pmj_code rc;
	bool row;

	memset(out, 0, sizeof(*out));
	sql_blob(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), 2, hash, PRIM_HASH_BYTES);
	(void)sql_int(sql, 3, PHOTO_AT_HUB);
	if ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		out->here = sql_col_int(sql, 0);
		out->parts = sql_col_int(sql, 1);
		out->bytes = sql_col_int(sql, 2);
		out->whole = sql_col_int(sql, 3) != 0 && out->here == out->parts;
		(void)sql_col_copy(sql, 4, out->by, sizeof(out->by));
		out->sent = sql_col_int(sql, 5);
		out->at_hub = sql_col_int(sql, 6) != 0;
	}
	sql_done(sql);
	return rc;
}

/* ---- and gone ---- */

enum pmj_code
photo_withdraw(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	int64_t *numbers = NULL;
	size_t count;
	enum pmj_code rc;

	rc = photo_numbers(journal, &numbers, &count, rec, NULL, NULL, true, err);
	if (rc == PMJ_OK)
		rc = photo_drop(journal, numbers, count, entries_stub, err);
	free(numbers);
	return rc == PMJ_OK ? photo_untold(journal, rec, err) : rc;
}

enum pmj_code
photo_erase(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	int64_t *numbers = NULL;
	size_t count;
	enum pmj_code rc;

	rc = photo_numbers(journal, &numbers, &count, rec, NULL, NULL, false, err);
	if (rc == PMJ_OK)
		rc = photo_drop(journal, numbers, count, entries_erase, err);
	free(numbers);
	return rc == PMJ_OK ? photo_untold(journal, rec, err) : rc;
}
