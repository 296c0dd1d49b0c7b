/* entries.c - appended, chained, admitted or held. */
#include "store/entries.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/entries_inner.h"
#include "store/project.h"
#include "store/shorts.h"

/* ---- the part of an entry that no hash chain covers ---- */

struct entry_note {
	int64_t n, status, origin, recv, recv_counter;
	const char *reason, *mark;
	bool stub;
};

static void
put_note_text(struct buf *out, const char *text)
{
	size_t len = text != NULL ? strlen(text) + 1 : 0;

	buf_put_u32(out, (uint32_t)len);
	buf_put(out, text, len);
}

static void
hash_note(uint8_t out[static PRIM_HASH_BYTES], const struct journal *journal,
    const struct entry_note *note)
{
	struct buf b;

	buf_init(&b, 0);
	buf_put_u64(&b, (uint64_t)note->n);
	buf_put_u8(&b, (uint8_t)note->status);
	buf_put_u8(&b, (uint8_t)note->origin);
	buf_put_u8(&b, note->stub);
	buf_put_u64(&b, (uint64_t)note->recv);
	buf_put_u64(&b, (uint64_t)note->recv_counter);
	put_note_text(&b, note->reason);
	put_note_text(&b, note->mark);
	prim_kdf(out, PRIM_HASH_BYTES, "pmj entry nt v1", journal->row_key,
	    PRIM_PARTS({b.bytes, b.len}));
	buf_close(&b);
}

static void
count_note(struct journal *journal, const struct entry_note *note, bool add)
{
	struct journal_live *live = &journal->live;
	uint8_t hash[PRIM_HASH_BYTES];

	hash_note(hash, journal, note);
	(add ? rows_sum_add : rows_sum_take)(&live->entry_sum, hash);
	if (live->entry_checking && (uint64_t)note->n <= live->entry_at)
		(add ? rows_sum_add : rows_sum_take)(&live->entry_check_sum, hash);
	live->dirty = true;
}

static void
read_note(struct entry_note *out, struct sql *sql, int from)
{
	out->n = sql_col_int(sql, from);
	out->status = sql_col_int(sql, from + 1);
	out->origin = sql_col_int(sql, from + 2);
	out->recv = sql_col_int(sql, from + 3);
	out->recv_counter = sql_col_int(sql, from + 4);
	out->reason = sql_col_text(sql, from + 5);
	out->mark = sql_col_text(sql, from + 6);
	out->stub = sql_col_int(sql, from + 7) != 0;
}

void
entry_note_hash(
    uint8_t out[static PRIM_HASH_BYTES], const struct journal *journal, struct sql *sql, int from)
{
	struct entry_note note;

	read_note(&note, sql, from);
	hash_note(out, journal, &note);
}

enum pmj_code
entries_count(struct journal *journal, int64_t n, bool add, uint8_t *rec, bool *has_rec,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT " ENTRY_NOTE_COLUMNS ", rec FROM pmj_entry WHERE n = ?1");
	struct entry_note note;
	enum pmj_code rc;
	bool row;

	if ((rc = sql_row(sql_int(sql, 1, n), &row, err)) != PMJ_OK)
		return rc;
	if (!row)
		return pmj_fail(err, PMJ_NOT_FOUND, "there is no entry %lld", (long long)n);
	read_note(&note, sql, 0);
	count_note(journal, &note, add);
	*has_rec = sql_col_copy(sql, 8, rec, PMJ_RECORD_BYTES);
	sql_done(sql);
	return PMJ_OK;
}

/* ---- append ---- */

/* What is here of an entry that comes. */
struct known {
	int64_t n; /* 0: not here */
	bool stub;
	bool first; /* no entry of its record is here; only told of one that makes a record */
};

static enum pmj_code
find_erased(struct journal *journal, struct known *out, const uint8_t *e, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal, "SELECT n FROM pmj_entry WHERE " ENTRY_FOUND_BY("?1"));
	enum pmj_code rc;
	bool row;

	rc = sql_row(sql_blob(sql, 1, e, PMJ_ENTRY_BYTES), &row, err);
	if (rc == PMJ_OK && row)
		*out = (struct known){.n = sql_col_int(sql, 0)};
	sql_done(sql);
	return rc;
}

static bool
makes_record(const struct entries_new *new)
{
	const struct entry *entry = new->entry;

	return entry->has_rec &&
	       new->status != ENTRY_CONTROL &&memcmp(entry->e, entry->rec, PMJ_RECORD_BYTES) == 0;
}

/* One that makes a record is found among the entries of that record, the oldest of which it mostly
 * is; any other by its hash. */
static enum pmj_code
find_known(struct journal *journal, struct known *out, const struct entries_new *new,
    struct pmj_error *err)
{
	const uint8_t *e = new->entry->e;
	bool makes = makes_record(new);
	struct sql *sql = sql_get(journal,
	    makes
	        ? "SELECT n, line IS NULL AND status <> 4, " ENTRY_HASH
	          " = ?1 FROM pmj_entry WHERE rec = ?2"
	        : "SELECT n, line IS NULL AND status <> 4, 1 FROM pmj_entry WHERE " ENTRY_FOUND_BY(
	              "?1"));
	enum pmj_code rc;
	bool row;

	*out = (struct known){.first = makes};
	(void)sql_blob(sql, 1, e, PMJ_ENTRY_BYTES);
	if (makes)
		(void)sql_blob(sql, 2, e, PMJ_RECORD_BYTES);
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		out->first = false;
		if (sql_col_int(sql, 2) == 0)
			continue;
		out->n = sql_col_int(sql, 0);
		out->stub = sql_col_int(sql, 1) != 0;
		sql_done(sql);
		break;
	}
	/* An erased one is not found by its record, which it no longer names. */
	return rc == PMJ_OK && out->first && entries_were_erased(journal)
	           ? find_erased(journal, out, e, err)
	           : rc;
}

/* Numbers of its kind and author. */
struct entry_shorts {
	int64_t kind, by;
};

static enum pmj_code
shorts_for(struct journal *journal, struct entry_shorts *out, const struct entry *entry,
    struct pmj_error *err)
{
	const char *kind = entry->kind != NULL ? entry->kind : "";
	enum pmj_code rc = shorts_number(journal, &out->kind, kind, strlen(kind), true, err);

	return rc != PMJ_OK
	           ? rc
	           : shorts_number(journal, &out->by, entry->by, PMJ_DEVICE_BYTES, false, err);
}

#define PACKED "pmj_packed(?11, ?5, ?6, ?4)"

static void
bind_new(struct sql *sql, const struct entries_new *new, int64_t n, struct entry_shorts shorts)
{
	const struct entry *entry = new->entry;

	(void)sql_int(sql, 1, n);
	if (new->line == NULL || !makes_record(new))
		(void)sql_blob(sql, 2, entry->e, new->line == NULL ? PMJ_ENTRY_BYTES : ENTRY_KEPT);
	(void)sql_int(sql, 3, shorts.kind);
	if (entry->has_rec && new->status != ENTRY_CONTROL)
		(void)sql_blob(sql, 4, entry->rec, PMJ_RECORD_BYTES);
	(void)sql_int(sql, 5, shorts.by);
	(void)sql_int(sql, 6, entry->pt);
	(void)sql_int(sql, 7, entry->counter);
	(void)sql_int(sql, 8, entry->rv);
	(void)sql_int(sql, 9, new->status);
	(void)sql_int(sql, 10, new->origin);
	(void)sql_blob(sql, 11, new->line, new->len);
	if (new->recv_ms != 0) {
		(void)sql_int(sql, 12, new->recv_ms);
		(void)sql_int(sql, 13, new->recv_counter);
	}
	(void)sql_text(sql, 14, new->reason);
	(void)sql_text(sql, 15, new->mark);
}

static enum pmj_code
insert(struct journal *journal, const struct entries_new *new, int64_t n, const uint8_t *j,
    struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "INSERT INTO pmj_entry (n, e, kind, rec, by, pt, counter, rv, status, origin, line, "
	    "recv, recv_counter, reason, mark, j, was)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, " PACKED
	    ", ?12, ?13, ?14, ?15, ?16, ?17)");
	struct entry_shorts shorts;
	enum pmj_code rc;

	if ((rc = shorts_for(journal, &shorts, new->entry, err)) != PMJ_OK)
		return rc;
	bind_new(sql, new, n, shorts);
	(void)sql_text(sql, 17, new->line == NULL ? new->stub_was : NULL);
	if (n % ENTRY_CHAINED == 0)
		(void)sql_blob(sql, 16, j, PRIM_HASH_BYTES);
	return sql_run(sql, err);
}

/* A full line takes the place of its stub: same number, same chain, the judgement of now. */
static enum pmj_code
replace_stub(
    struct journal *journal, const struct entries_new *new, int64_t n, struct pmj_error *err)
{
	struct sql *sql = sql_get(journal,
	    "UPDATE pmj_entry SET was = NULL, e = ?2, kind = ?3, rec = ?4, by = "
	    "?5, pt = ?6, counter = ?7, rv = ?8, status = ?9,"
	    " origin = ?10, line = " PACKED ", recv = ?12, recv_counter = ?13, reason = "
	    "?14, mark = ?15 WHERE n = ?1");
	struct entry_shorts shorts;
	enum pmj_code rc;

	if ((rc = shorts_for(journal, &shorts, new->entry, err)) != PMJ_OK)
		return rc;
	bind_new(sql, new, n, shorts);
	return sql_run(sql, err);
}

static enum pmj_code
is_first(struct journal *journal, const struct entry *entry, int64_t n, bool *first,
    struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT 1 FROM pmj_entry WHERE rec = ?1 AND n <> ?2 LIMIT 1");
	enum pmj_code rc;
	bool row;

	*first = false;
	rc = sql_row(sql_int(sql_blob(sql, 1, entry->rec, PMJ_RECORD_BYTES), 2, n), &row, err);
	*first = rc == PMJ_OK && !row;
	sql_done(sql);
	return rc;
}

static enum pmj_code
project_appended(struct journal *journal, const struct entry *entry, int64_t n, bool stub,
    bool first, struct pmj_error *err)
{
	struct project_was was = {.but = n};
	enum pmj_code rc;

	if (!stub && !first && (rc = is_first(journal, entry, n, &first, err)) != PMJ_OK)
		return rc;
	return first ? project_first(journal, entry, err)
	             : project_record(journal, entry->rec, &was, err);
}

static enum pmj_code
append_new(struct journal *journal, const struct entries_new *new, int64_t n, struct pmj_error *err)
{
	struct entry_note note = {n, new->status, new->origin, new->recv_ms,
	    new->recv_ms != 0 ? new->recv_counter : 0, new->reason, new->mark, new->line == NULL};
	uint8_t j[PRIM_HASH_BYTES];
	enum pmj_code rc;

	memcpy(j, journal->live.j, sizeof(j));
	journal_chain_next(j, new->entry->e);
	if ((rc = insert(journal, new, n, j, err)) != PMJ_OK)
		return rc;
	memcpy(journal->live.j, j, sizeof(j));
	journal->live.count = (uint64_t)n;
	count_note(journal, &note, true);
	return PMJ_OK;
}

/* Its line to a stub. */
static enum pmj_code
give_back(struct journal *journal, const struct entries_new *new, int64_t n, struct pmj_error *err)
{
	const struct entry *entry = new->entry;
	uint8_t rec[PMJ_RECORD_BYTES];
	struct project_was was;
	bool has_rec;
	enum pmj_code rc;

	if (entry->has_rec && (rc = project_ask(journal, &was, entry->rec, err)) != PMJ_OK)
		return rc;
	if ((rc = entries_count(journal, n, false, rec, &has_rec, err)) != PMJ_OK ||
	    (rc = replace_stub(journal, new, n, err)) != PMJ_OK ||
	    (rc = entries_count(journal, n, true, rec, &has_rec, err)) != PMJ_OK)
		return rc;
	return entry->has_rec ? project_record(journal, entry->rec, &was, err) : PMJ_OK;
}

enum pmj_code
entries_renew(
    struct journal *journal, const struct entry_row *row, const char *was, struct pmj_error *err)
{
	struct entries_new new = {.entry = &row->entry,
	    .line = row->line,
	    .len = row->len,
	    .stub_was = was,
	    .origin = row->origin,
	    .status = row->status,
	    .reason = row->reason,
	    .mark = row->mark,
	    .recv_ms = row->recv_ms,
	    .recv_counter = row->recv_counter};
	enum pmj_code rc = append_new(journal, &new, row->n, err);

	if (rc != PMJ_OK || !row->entry.has_rec || row->status != ENTRY_ADMITTED)
		return rc;
	return project_appended(journal, &row->entry, row->n, row->line == NULL, false, err);
}

enum pmj_code
entries_append(struct journal *journal, const struct entries_new *new, int64_t *n, bool *known,
    struct pmj_error *err)
{
	struct known here;
	bool stub = new->line == NULL;
	enum pmj_code rc;

	assert(journal->in_transaction);
	*known = false;
	if (new->status == ENTRY_ERASED && (rc = entries_note_erased(journal, err)) != PMJ_OK)
		return rc;
	if ((rc = find_known(journal, &here, new, err)) != PMJ_OK)
		return rc;
	*n = here.n;
	if (here.n != 0 && (!here.stub || new->line == NULL)) {
		*known = true;
		return PMJ_OK;
	}
	if (here.stub)
		return give_back(journal, new, *n, err);
	*n = (int64_t)journal->live.count + 1;
	if ((rc = append_new(journal, new, *n, err)) != PMJ_OK)
		return rc;
	if (!new->entry->has_rec || new->status != ENTRY_ADMITTED)
		return PMJ_OK;
	return project_appended(journal, new->entry, *n, stub, here.first && !stub, err);
}
