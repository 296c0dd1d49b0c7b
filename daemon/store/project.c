/* project.c - one record from its admitted entries to rows; only rows that differ are written. */
#include "store/project.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/value.h"
#include "store/entries.h"
#include "store/picture.h"
#include "store/records.h"
#include "store/search.h"

static enum pmj_code
read_table(struct journal *journal, struct row_set *out, const struct rows_table *table,
    const uint8_t *rec, int64_t number, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, table->select);

	if (table->by_number)
		(void)sql_int(sql, 1, number);
	else
		(void)sql_blob(sql, 1, rec, PMJ_RECORD_BYTES);
	return row_set_read(out, table, sql, err);
}

/* The rows as they stand; *number of the record (0: it has no row), and which kind's table it lies
 * in. */
static enum pmj_code
read_rows(struct journal *journal, struct row_set *out, int64_t *number, const uint8_t *rec,
    const char *kind_now, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT num, pmj_long(kind) FROM pmj_record WHERE rec = ?1");
	const struct rows_table *was = NULL,
	                        *is = kind_now != NULL ? schema_table(journal, kind_now) : NULL;
	enum pmj_code rc;
	bool row;

	*number = 0;
	if ((rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err)) != PMJ_OK)
		return rc;
	if (!row) /* and so nothing under its number */
		return PMJ_OK;
	*number = sql_col_int(sql, 0);
	was = schema_table(journal, sql_col_text(sql, 1));
	sql_done(sql);
	for (size_t i = 0; rc == PMJ_OK && i < JOURNAL_OWN_TABLES; i++)
		rc = read_table(journal, out, &journal->tables[i], rec, *number, err);
	if (rc == PMJ_OK && was != NULL)
		rc = read_table(journal, out, was, rec, *number, err);
	if (rc == PMJ_OK && is != NULL && is != was)
		rc = read_table(journal, out, is, rec, *number, err);
	return rc;
}

void
project_count(struct journal *journal, struct rows_total *total, const struct row_set *set,
    const struct row *row, bool add)
{
	uint8_t hash[PRIM_HASH_BYTES];
	const uint8_t *digest, *entries, *private;
	size_t len, int_len;

	row_hash(hash, set, row, journal->row_key);
	(add ? rows_sum_add : rows_sum_take)(&total->rows, hash);
	if (row->table != &journal->tables[0])
		return;
	private = row_column(set, row, "private", &int_len);
	entries = row_column(set, row, "entries", &int_len);
	digest = row_column(set, row, "digest", &len);
	if (digest != NULL && len == PRIM_HASH_BYTES && entries != NULL && private != NULL &&
	    get_le64(private) == 0)
		rows_total_record(total, digest, (int64_t)get_le64(entries), add);
}

/* Both the total of all rows and that of a check that has passed this record already. */
static void
count_row(struct journal *journal, const struct row_set *set, const struct row *row,
    const uint8_t *rec, bool add)
{
	struct journal_live *live = &journal->live;

	project_count(journal, &live->total, set, row, add);
	if (live->checking && memcmp(rec, live->check_at, PMJ_RECORD_BYTES) <= 0)
		project_count(journal, &live->check_total, set, row, add);
	live->dirty = true;
}

static bool
same_key(const struct row_set *a, const struct row *x, const struct row_set *b)
{
	struct bytes_in in = {.at = a->bytes.bytes + x->at, .left = x->len};
	size_t len;

	/* Key columns come first and are never NULL. */
	for (size_t i = 0; i < x->table->key_count; i++) {
		uint8_t type;
		(void)in_bytes(&in, in_u8(&in));
		type = in_u8(&in);
		(void)in_bytes(&in, type == 'i' ? 8 : in_u32(&in));
	}
	len = x->len - in.left;
	for (size_t i = 0; i < b->count; i++)
		if (b->list[i].table == x->table && b->list[i].len >= len &&
		    memcmp(a->bytes.bytes + x->at, b->bytes.bytes + b->list[i].at, len) == 0)
			return true;
	return false;
}

static enum pmj_code
number_of(struct journal *journal, int64_t *number, const uint8_t *rec, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT num FROM pmj_record WHERE rec = ?1");
	enum pmj_code rc;
	bool row;

	rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err);
	*number = rc == PMJ_OK && row ? sql_col_int(sql, 0) : 0;
	sql_done(sql);
	return rc;
}

/* A row that goes under its record's number comes after the record's own, which gives it. */
static enum pmj_code
put_row(struct journal *journal, const struct row_set *set, const struct row *row,
    const uint8_t *rec, int64_t *number, struct pmj_error *err)
{
	enum pmj_code rc;

	if (*number == 0)
		sqlite3_set_last_insert_rowid(journal->db, 0);
	if ((rc = row_insert(journal, set, row, *number, err)) != PMJ_OK || *number != 0)
		return rc;
	*number = sql_last_id(journal);
	/* A row that was there against all expectation keeps its number. */
	return *number != 0 ? PMJ_OK : number_of(journal, number, rec, err);
}

/* Bring the rows from `old` to `new`. A row that stays under its key is updated in place. *number
 * of the record: of a new one, where its row was put. */
static enum pmj_code
hang_rows(struct journal *journal, const struct row_set *old, const struct row_set *new,
    const uint8_t *rec, int64_t *number, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; rc == PMJ_OK && i < old->count; i++) {
		if (old->list[i].same)
			continue;
		count_row(journal, old, &old->list[i], rec, false);
		if (!same_key(old, &old->list[i], new))
			rc = row_remove(journal, old, &old->list[i], *number, err);
	}
	for (size_t i = 0; rc == PMJ_OK && i < new->count; i++) {
		if (new->list[i].same)
			continue;
		count_row(journal, new, &new->list[i], rec, true);
		rc = put_row(journal, new, &new->list[i], rec, number, err);
	}
	return rc;
}

static enum pmj_code
hang_both(struct journal *journal, struct row_set *old, struct search_new *search,
    struct picture *picture, const uint8_t *rec, bool *differed, struct pmj_error *err)
{
	struct row_set none = {0};
	bool search_differed = false;
	enum pmj_code rc;

	*differed = row_set_compare(old != NULL ? old : &none, &picture->rows) > 0;
	if (*differed) {
		rc = hang_rows(
		    journal, old != NULL ? old : &none, &picture->rows, rec, &search->number, err);
		if (rc != PMJ_OK)
			return rc;
	}
	if (search->fresh && picture->search == NULL)
		return PMJ_OK;
	rc = search_put(journal, search, &search_differed, err);
	*differed = *differed || search_differed;
	return rc;
}

/* old NULL: nothing is there yet. */
static enum pmj_code
hang(struct journal *journal, struct row_set *old, int64_t number, struct picture *picture,
    const uint8_t *rec, bool *differed, struct pmj_error *err)
{
	struct search_new search = {.number = number,
	    .text = picture->search,
	    .fresh = number == 0,
	    .told = picture->words != 0};
	enum pmj_code rc = PMJ_OK;

	if (number != 0)
		rc = search_there(journal, number, &search.old, &search.kept, err);
	if (rc == PMJ_OK)
		rc = hang_both(journal, old, &search, picture, rec, differed, err);
	free(search.old);
	return rc;
}

enum pmj_code
project_first(struct journal *journal, const struct entry *entry, struct pmj_error *err)
{
	struct picture picture = {0};
	bool differed;
	enum pmj_code rc;

	if ((rc = picture_paint(&picture, journal, &entry, 1, err)) == PMJ_OK)
		rc = hang(journal, NULL, 0, &picture, entry->rec, &differed, err);
	picture_close(&picture);
	return rc;
}

enum pmj_code
project_renew(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], bool *differed,
    struct pmj_error *err)
{
	const struct entry **entries = NULL;
	struct entry_row *rows = NULL;
	struct picture picture = {0};
	struct row_set old = {0};
	int64_t number = 0;
	size_t count = 0;
	enum pmj_code rc;

	*differed = false;
	if ((rc = entries_of_record(journal, &rows, &count, rec, true, err)) != PMJ_OK)
		goto out;
	entries = mem_array(count, sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		entries[i] = &rows[i].entry;
	if (count > 0 && (rc = picture_paint(&picture, journal, entries, count, err)) != PMJ_OK)
		goto out;
	if ((rc = read_rows(journal, &old, &number, rec, picture_kind(&picture, journal), err)) ==
	    PMJ_OK)
		rc = hang(journal, &old, number, &picture, rec, differed, err);
out:
	row_set_close(&old);
	picture_close(&picture);
	free(entries);
	entry_rows_free(rows, count);
	return rc;
}

enum pmj_code
project_record(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	bool differed;

	return project_renew(journal, rec, &differed, err);
}

enum pmj_code
project_kind(struct journal *journal, const char *kind, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT rec FROM pmj_record WHERE kind = pmj_short(?1)");
	struct buf recs;
	enum pmj_code rc;
	bool row = false;

	buf_init(&recs, 0);
	(void)sql_text(sql, 1, kind);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];
		if (sql_col_copy(sql, 0, rec, sizeof(rec)))
			buf_put(&recs, rec, sizeof(rec));
	}
	for (size_t at = 0; rc == PMJ_OK && at < recs.len; at += PMJ_RECORD_BYTES)
		rc = project_record(journal, recs.bytes + at, err);
	buf_close(&recs);
	return rc;
}
