/* project.c - one record from its admitted entries to rows; only rows that differ are written. */
#include "store/project.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/value.h"
#include "store/digest.h"
#include "store/entries.h"
#include "store/picture.h"
#include "store/records.h"
#include "store/search.h"

/* A record as it stands in the tables. */
struct standing {
	struct row_set rows;
	int64_t number;                  /* 0: it has no row */
	uint8_t digest[PRIM_HASH_BYTES]; /* that it was counted with */
};

static enum pmj_code
read_table(struct journal *journal, struct standing *out, const struct rows_table *table,
    const uint8_t *rec, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, table->select);

	if (table->by_number)
		(void)sql_int(sql, 1, out->number);
	else
		(void)sql_blob(sql, 1, rec, PMJ_RECORD_BYTES);
	return row_set_read(&out->rows, table, sql, err);
}

/* Its rows, its number, and so which kind's table it lies in. */
static enum pmj_code
read_rows(struct journal *journal, struct standing *out, const uint8_t *rec, const char *kind_now,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT num, pmj_long(kind) FROM pmj_record WHERE rec = ?1");
	const struct rows_table *was = NULL,
	                        *is = kind_now != NULL ? schema_table(journal, kind_now) : NULL;
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_blob(sql, 1, rec, PMJ_RECORD_BYTES), &row, err)) != PMJ_OK)
		return rc;
	if (!row) /* and so nothing under its number */
		return PMJ_OK;
	out->number = sql_col_int(sql, 0);
	was = schema_table(journal, sql_col_text(sql, 1));
	sql_done(sql);
	for (size_t i = 0; rc == PMJ_OK && i < JOURNAL_OWN_TABLES; i++)
		rc = read_table(journal, out, &journal->tables[i], rec, err);
	if (rc == PMJ_OK && was != NULL)
		rc = read_table(journal, out, was, rec, err);
	if (rc == PMJ_OK && is != NULL && is != was)
		rc = read_table(journal, out, is, rec, err);
	return rc;
}

void
project_count(struct journal *journal, struct rows_total *total, const struct row_set *set,
    const struct row *row, const uint8_t *digest, bool add)
{
	uint8_t hash[PRIM_HASH_BYTES];
	const uint8_t *entries, *private;
	size_t len;

	row_hash(hash, set, row, journal->row_key);
	(add ? rows_sum_add : rows_sum_take)(&total->rows, hash);
	if (row->table != &journal->tables[0] || digest == NULL)
		return;
	private = row_column(set, row, "private", &len);
	entries = row_column(set, row, "entries", &len);
	if (entries != NULL && private != NULL && get_le64(private) == 0)
		rows_total_record(total, digest, (int64_t)get_le64(entries), add);
}

/* Both the total of all rows and that of a check that has passed this record already. */
static void
count_row(struct journal *journal, const struct row_set *set, const struct row *row,
    const uint8_t *rec, const uint8_t *digest, bool add)
{
	struct journal_live *live = &journal->live;

	project_count(journal, &live->total, set, row, digest, add);
	if (live->checking && memcmp(rec, live->check_at, PMJ_RECORD_BYTES) <= 0)
		project_count(journal, &live->check_total, set, row, digest, add);
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

/* Bring the rows from `old` to `new`. A row that stays under its key is updated in place. The
 * number of a new record is told where its row was put. */
static enum pmj_code
hang_rows(struct journal *journal, struct standing *old, const struct picture *picture,
    const uint8_t *rec, struct pmj_error *err)
{
	const struct row_set *was = &old->rows, *new = &picture->rows;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; rc == PMJ_OK && i < was->count; i++) {
		if (was->list[i].same)
			continue;
		count_row(journal, was, &was->list[i], rec, old->digest, false);
		if (!same_key(was, &was->list[i], new))
			rc = row_remove(journal, was, &was->list[i], old->number, err);
	}
	for (size_t i = 0; rc == PMJ_OK && i < new->count; i++) {
		if (new->list[i].same)
			continue;
		count_row(journal, new, &new->list[i], rec, picture->digest, true);
		rc = put_row(journal, new, &new->list[i], rec, &old->number, err);
	}
	return rc;
}

static void
own_differs(struct journal *journal, struct row_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].table == &journal->tables[0])
			set->list[i].same = false;
}

/* A record's own row is counted with its digest, and so is another one with another digest: that
 * is when a stub and the line that takes its place do not set the same fields. */
static bool
rows_differ(struct journal *journal, struct standing *old, struct picture *picture)
{
	bool differ = row_set_compare(&old->rows, &picture->rows) > 0;

	if (old->rows.count == 0 || picture->rows.count == 0 ||
	    memcmp(old->digest, picture->digest, sizeof(old->digest)) == 0)
		return differ;
	own_differs(journal, &old->rows);
	own_differs(journal, &picture->rows);
	return true;
}

static enum pmj_code
hang_both(struct journal *journal, struct standing *old, struct search_new *search,
    struct picture *picture, const uint8_t *rec, bool *differed, struct pmj_error *err)
{
	bool search_differed = false;
	enum pmj_code rc;

	*differed = rows_differ(journal, old, picture);
	if (*differed && (rc = hang_rows(journal, old, picture, rec, err)) != PMJ_OK)
		return rc;
	search->number = old->number;
	if (search->fresh && picture->search == NULL)
		return PMJ_OK;
	rc = search_put(journal, search, &search_differed, err);
	*differed = *differed || search_differed;
	return rc;
}

static enum pmj_code
hang(struct journal *journal, struct standing *old, struct picture *picture, const uint8_t *rec,
    bool *differed, struct pmj_error *err)
{
	struct search_new search = {
	    .text = picture->search, .fresh = old->number == 0, .told = picture->words != 0};
	enum pmj_code rc = PMJ_OK;

	if (old->number != 0)
		rc = search_there(journal, old->number, &search.old, &search.kept, err);
	if (rc == PMJ_OK)
		rc = hang_both(journal, old, &search, picture, rec, differed, err);
	free(search.old);
	return rc;
}

enum pmj_code
project_first(struct journal *journal, const struct entry *entry, struct pmj_error *err)
{
	struct picture picture = {0};
	struct standing none = {0};
	bool differed;
	enum pmj_code rc;

	if ((rc = picture_paint(&picture, journal, &entry, 1, err)) == PMJ_OK)
		rc = hang(journal, &none, &picture, entry->rec, &differed, err);
	picture_close(&picture);
	return rc;
}

enum pmj_code
project_ask(struct journal *journal, struct project_was *was,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err)
{
	memset(was, 0, sizeof(*was));
	return digest_read(journal, was->digest, &was->known, rec, err);
}

static enum pmj_code
paint_rows(struct picture *out, struct journal *journal, const struct entry_row *rows, size_t count,
    struct pmj_error *err)
{
	const struct entry **entries = mem_array(count, sizeof(*entries));
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < count; i++)
		entries[i] = &rows[i].entry;
	if (count > 0)
		rc = picture_paint(out, journal, entries, count, err);
	free(entries);
	return rc;
}

static enum pmj_code
renew_record(struct journal *journal, const uint8_t *rec, const struct project_was *was,
    bool *differed, struct pmj_error *err)
{
	struct entry_row *rows = NULL;
	struct picture picture = {0};
	struct standing old = {0};
	size_t count = 0;
	enum pmj_code rc;

	*differed = false;
	if ((rc = entries_of_record(journal, &rows, &count, rec, true, err)) != PMJ_OK ||
	    (rc = paint_rows(&picture, journal, rows, count, err)) != PMJ_OK)
		goto out;
	if (was->known)
		memcpy(old.digest, was->digest, sizeof(old.digest));
	else if (was->but != 0)
		(void)digest_of_rows(old.digest, rows, count, was->but);
	else
		memcpy(old.digest, picture.digest, sizeof(old.digest));
	if ((rc = read_rows(journal, &old, rec, picture_kind(&picture, journal), err)) == PMJ_OK)
		rc = hang(journal, &old, &picture, rec, differed, err);
out:
	row_set_close(&old.rows);
	picture_close(&picture);
	entry_rows_free(rows, count);
	return rc;
}

enum pmj_code
project_renew(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], bool *differed,
    struct pmj_error *err)
{
	struct project_was unchanged = {0};

	return renew_record(journal, rec, &unchanged, differed, err);
}

enum pmj_code
project_record(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct project_was *was, struct pmj_error *err)
{
	bool differed;

	return renew_record(journal, rec, was, &differed, err);
}

enum pmj_code
project_kind(struct journal *journal, const char *kind, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT rec FROM pmj_record WHERE kind = pmj_short(?1)");
	struct buf recs;
	enum pmj_code rc;
	bool row = false, differed;

	buf_init(&recs, 0);
	(void)sql_text(sql, 1, kind);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		uint8_t rec[PMJ_RECORD_BYTES];
		if (sql_col_copy(sql, 0, rec, sizeof(rec)))
			buf_put(&recs, rec, sizeof(rec));
	}
	for (size_t at = 0; rc == PMJ_OK && at < recs.len; at += PMJ_RECORD_BYTES)
		rc = project_renew(journal, recs.bytes + at, &differed, err);
	buf_close(&recs);
	return rc;
}
