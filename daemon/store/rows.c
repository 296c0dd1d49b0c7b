/* rows.c - rows of the projections as bytes. */
#include "store/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal_inner.h"

enum { TYPE_INT = 'i', TYPE_TEXT = 't', TYPE_BLOB = 'b' };

/* ---- sums ---- */

static void
add_to(uint8_t *sum, const uint8_t *hash, size_t len)
{
	unsigned carry = 0;

	for (size_t i = 0; i < len; i++) {
		carry += (unsigned)sum[i] + hash[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void
take_from(uint8_t *sum, const uint8_t *hash, size_t len)
{
	unsigned borrow = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned from = (unsigned)sum[i] + 256 - hash[i] - borrow;
		sum[i] = (uint8_t)from;
		borrow = from < 256 ? 1 : 0;
	}
}

void
rows_sum_add(struct rows_sum *sum, const uint8_t hash[static PRIM_HASH_BYTES])
{
	add_to(sum->bytes, hash, PRIM_HASH_BYTES);
}

void
rows_sum_take(struct rows_sum *sum, const uint8_t hash[static PRIM_HASH_BYTES])
{
	take_from(sum->bytes, hash, PRIM_HASH_BYTES);
}

void
rows_total_record(struct rows_total *total, const uint8_t digest[static PRIM_HASH_BYTES],
    int64_t entries, bool add)
{
	uint8_t wide[sizeof(total->digests)];

	prim_kdf(wide, sizeof(wide), "pmj digest sm v1", digest, PRIM_PARTS({NULL, 0}));
	(add ? add_to : take_from)(total->digests, wide, sizeof(wide));
	total->entries += add ? entries : -entries;
}

/* ---- rows ---- */

void
row_set_close(struct row_set *set)
{
	buf_close(&set->bytes);
	free(set->list);
	memset(set, 0, sizeof(*set));
}

void
row_begin(struct row_set *set, const struct rows_table *table)
{
	if (set->count == set->room) {
		set->room = set->room * 2 + 16;
		set->list = mem_grow(set->list, set->room, sizeof(*set->list));
	}
	set->list[set->count] = (struct row){.table = table, .at = set->bytes.len};
}

static void
put_head(struct row_set *set, const char *column, uint8_t type)
{
	size_t len = strlen(column);

	buf_put_u8(&set->bytes, (uint8_t)len);
	buf_put(&set->bytes, column, len);
	buf_put_u8(&set->bytes, type);
}

static void
put_run(struct row_set *set, const char *column, uint8_t type, const void *bytes, size_t len)
{
	put_head(set, column, type);
	buf_put_u32(&set->bytes, (uint32_t)len);
	buf_put(&set->bytes, bytes, len);
}

void
row_int(struct row_set *set, const char *column, int64_t value)
{
	put_head(set, column, TYPE_INT);
	buf_put_u64(&set->bytes, (uint64_t)value);
}

void
row_text(struct row_set *set, const char *column, const char *value)
{
	if (value != NULL)
		put_run(set, column, TYPE_TEXT, value, strlen(value));
}

void
row_blob(struct row_set *set, const char *column, const void *bytes, size_t len)
{
	if (bytes != NULL)
		put_run(set, column, TYPE_BLOB, bytes, len);
}

void
row_end(struct row_set *set)
{
	set->list[set->count].len = set->bytes.len - set->list[set->count].at;
	set->count++;
}

const uint8_t *
row_column(const struct row_set *set, const struct row *row, const char *column, size_t *len)
{
	struct bytes_in in = {.at = set->bytes.bytes + row->at, .left = row->len};

	while (in.left > 0 && !in.bad) {
		size_t name_len = in_u8(&in);
		const char *name = (const char *)in_bytes(&in, name_len);
		uint8_t type = in_u8(&in);
		const uint8_t *bytes;

		*len = type == TYPE_INT ? 8 : in_u32(&in);
		bytes = in_bytes(&in, *len);
		if (strlen(column) == name_len && memcmp(column, name, name_len) == 0)
			return bytes;
	}
	*len = 0;
	return NULL;
}

static void
put_column(struct row_set *set, const char *column, sqlite3_stmt *statement, int col)
{
	switch (sqlite3_column_type(statement, col)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
		row_int(set, column, sqlite3_column_int64(statement, col));
		break;
	case SQLITE_TEXT:
		put_run(set, column, TYPE_TEXT, sqlite3_column_text(statement, col),
		    (size_t)sqlite3_column_bytes(statement, col));
		break;
	default: /* blobs; a float is none of ours and differs from whatever it should be */
		put_run(set, column, TYPE_BLOB, sqlite3_column_blob(statement, col),
		    (size_t)sqlite3_column_bytes(statement, col));
		break;
	}
}

enum pmj_code
row_set_read(
    struct row_set *set, const struct rows_table *table, struct sql *sql, struct pmj_error *err)
{
	enum pmj_code rc;
	bool row = false;

	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		row_begin(set, table);
		for (size_t i = 0; i < table->column_count; i++)
			put_column(set, table->columns[i], sql_handle(sql), (int)i);
		row_end(set);
	}
	return rc == PMJ_OK ? buf_check(&set->bytes, err) : rc;
}

static bool
same_row(const struct row_set *a, const struct row *x, const struct row_set *b, const struct row *y)
{
	return x->table == y->table && x->len == y->len &&
	       memcmp(a->bytes.bytes + x->at, b->bytes.bytes + y->at, x->len) == 0;
}

/* Rows of one record: few, and mostly in the same order. */
size_t
row_set_compare(struct row_set *a, struct row_set *b)
{
	size_t same = 0, from = 0;

	for (size_t i = 0; i < b->count; i++)
		b->list[i].same = false;
	for (size_t i = 0; i < a->count; i++) {
		a->list[i].same = false;
		for (size_t k = 0; k < b->count && !a->list[i].same; k++) {
			struct row *other = &b->list[(from + k) % b->count];
			if (other->same || !same_row(a, &a->list[i], b, other))
				continue;
			a->list[i].same = other->same = true;
			from = (from + k + 1) % b->count;
			same++;
		}
	}
	return a->count - same + b->count - same;
}

void
row_hash(uint8_t out[static PRIM_HASH_BYTES], const struct row_set *set, const struct row *row,
    const uint8_t key[static PRIM_KEY_BYTES])
{
	const char *name = row->table->name;
	uint8_t len = (uint8_t)strlen(name);

	prim_kdf(out, PRIM_HASH_BYTES, "pmj row hash v1", key,
	    PRIM_PARTS({&len, 1}, {name, len}, {set->bytes.bytes + row->at, row->len}));
}

/* Bind the columns of a row that are among the first `count` of its table. Our own bytes: nothing
 * to be checked, and they stand where they are until the statement has run. */
static void
bind_row(struct sql *sql, const struct row_set *set, const struct row *row, size_t count)
{
	struct bytes_in in = {.at = set->bytes.bytes + row->at, .left = row->len};
	size_t column = 0;

	while (in.left > 0 && !in.bad) {
		size_t name_len = in_u8(&in);
		const char *name = (const char *)in_bytes(&in, name_len);
		uint8_t type = in_u8(&in);
		size_t len = type == TYPE_INT ? 8 : in_u32(&in);
		const uint8_t *bytes = in_bytes(&in, len);

		while (column < row->table->column_count &&
		       (strlen(row->table->columns[column]) != name_len ||
		           memcmp(row->table->columns[column], name, name_len) != 0))
			column++;
		assert(column < row->table->column_count && bytes != NULL);
		if (column >= count)
			break;
		column++;
		if (type == TYPE_INT)
			(void)sql_int(sql, (int)column, (int64_t)get_le64(bytes));
		else if (type == TYPE_TEXT)
			(void)sqlite3_bind_text64(sql_handle(sql), (int)column, (const char *)bytes,
			    len, SQLITE_STATIC, SQLITE_UTF8);
		else
			(void)sqlite3_bind_blob64(
			    sql_handle(sql), (int)column, bytes, len, SQLITE_STATIC);
	}
}

enum pmj_code
row_insert(struct journal *journal, const struct row_set *set, const struct row *row,
    int64_t number, struct pmj_error *err)
{
	const struct rows_table *table = row->table;
	struct sql *sql = sql_get(journal, table->insert);

	bind_row(sql, set, row, table->column_count);
	if (table->by_number)
		(void)sql_int(sql, (int)table->column_count + 1, number);
	return sql_run(sql, err);
}

enum pmj_code
row_remove(struct journal *journal, const struct row_set *set, const struct row *row,
    int64_t number, struct pmj_error *err)
{
	const struct rows_table *table = row->table;
	struct sql *sql = sql_get(journal, table->remove);

	bind_row(sql, set, row, table->key_count);
	if (table->by_number)
		(void)sql_int(sql, (int)table->column_count + 1, number);
	return sql_run(sql, err);
}
