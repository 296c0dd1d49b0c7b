/* rows.h - rows of the projections as bytes: compared, hashed and written without knowing what they
 * mean. Private to the folder.
 *
 * Shape of a row: for each column that is not NULL, in the table's order: u8 length of its name,
 * name, u8 type, then i: 8 bytes little-endian, t and b: le32 length, bytes. NULLs are left out, so
 * a column that a kind gains changes no row that does not use it. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H
#include "base/buf.h"
#include "crypto/prim.h"
#include "pamoja/limits.h"
#include "store/sql.h"

struct rows_table {
	char *name;
	char **columns;
	size_t column_count;
	size_t key_count; /* the first columns, which name a row among a record's; 0: it has one */
	bool by_number;   /* its rows lie under the record's number, else under its id */
	char *select;     /* rows of one record, in key order */
	char *range;      /* rows of records above ?1, up to ?2 */
	char *insert;     /* or replace; one parameter a column, then the number */
	char *remove;     /* by key */
	char *numbers;    /* by number: above ?1, at most ?2 of them, and whose record it is not */
	char *drop;       /* by number: all rows of one */
};
/** Fill in the statements of a table; name and columns are copied. by_number: before its columns
 * stands `_num`, which no row's bytes hold: numbers are this machine's own. */
void rows_table_init(struct rows_table *table, const char *name, const char *const *columns,
    size_t column_count, size_t key_count, bool by_number);
void rows_table_close(struct rows_table *table);

/** A sum of row hashes modulo 2^256, little-endian: rows come and go in any order. */
struct rows_sum {
	uint8_t bytes[PRIM_HASH_BYTES];
};
void rows_sum_add(struct rows_sum *sum, const uint8_t hash[static PRIM_HASH_BYTES]);
void rows_sum_take(struct rows_sum *sum, const uint8_t hash[static PRIM_HASH_BYTES]);

/** What is kept of all rows: that sum, and of the records the sum that the journal's digest is made
 * of: modulo 2^512, for its summands are no secret. */
struct rows_total {
	struct rows_sum rows;
	uint8_t digests[2 * PRIM_HASH_BYTES];
	int64_t entries; /* admitted ones of those records */
};
/** A record, by its digest, comes or goes. */
void rows_total_record(struct rows_total *total, const uint8_t digest[static PRIM_HASH_BYTES],
    int64_t entries, bool add);

struct row {
	const struct rows_table *table;
	size_t at, len; /* in `bytes` of its set */
	bool same;      /* the other set has it too */
};
struct row_set {
	struct buf bytes;
	struct row *list;
	size_t count, room;
};
void row_set_close(struct row_set *set);

/* Building a row: begin, put what is not NULL in the table's column order, end. */
void row_begin(struct row_set *set, const struct rows_table *table);
void row_int(struct row_set *set, const char *column, int64_t value);
void row_text(struct row_set *set, const char *column, const char *value); /* NULL: left out */
void row_blob(struct row_set *set, const char *column, const void *bytes, size_t len);
void row_end(struct row_set *set);
/** The bytes of one column of a row (of an integer its 8), or NULL where it is NULL. */
const uint8_t *row_column(
    const struct row_set *set, const struct row *row, const char *column, size_t *len);

/** Add what a statement gives, whose columns are the table's. */
PMJ_MUST_CHECK enum pmj_code row_set_read(
    struct row_set *set, const struct rows_table *table, struct sql *sql, struct pmj_error *err);
/** Mark rows that are in both sets. Returns how many are in one only. */
size_t row_set_compare(struct row_set *a, struct row_set *b);
void row_hash(uint8_t out[static PRIM_HASH_BYTES], const struct row_set *set, const struct row *row,
    const uint8_t key[static PRIM_KEY_BYTES]);
/** Insert, or remove by key; number of the record whose row it is. */
PMJ_MUST_CHECK enum pmj_code row_insert(struct journal *journal, const struct row_set *set,
    const struct row *row, int64_t number, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code row_remove(struct journal *journal, const struct row_set *set,
    const struct row *row, int64_t number, struct pmj_error *err);

#endif
