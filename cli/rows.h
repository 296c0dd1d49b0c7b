/* rows.h - what is imported: rows of a file with references among them, cut into requests the
 * daemon takes. Of a row only its place in the file is kept, and what became of it: a file of a
 * million rows is read on a small laptop. Pure. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H
#include "base/json.h"
#include "cli/csv.h"
#include "cli/mapping.h"

#define ROWS_BATCH_MAX 500u
#define ROWS_DRY_MAX 50u /* the daemon checks them in one go */
#define ROWS_BATCH_BYTES_MAX (900u * 1024)
#define ROWS_MAX 4000000u

enum row_state { ROW_WAITS, ROW_DONE, ROW_FAILED, ROW_SKIPPED };
struct row {
	size_t at;     /* in the text */
	unsigned line; /* of the file, from 1; of a form's submissions: which of them */
	unsigned bytes;
	enum row_state state;
	bool before;   /* it was there already: saved by an import that broke off, or by its id */
	char id[17];   /* once done, unless it was only checked */
	json_t *saved; /* the answer, where it has "new_words" or "alike" */
	json_t *error; /* once failed: {"code","message","hint","column"?,"head"?} */
};
struct rows {
	struct row *list;
	size_t count;
	size_t room;
	json_t *by_ref;        /* ref -> index in list */
	json_t *refused;       /* what forms.h would not take: its rows are empty */
	json_t *repeats;       /* what is repeated in the file and in no row: {"group/repeat":12} */
	const json_t *kinds;   /* all; borrowed */
	const json_t *kind;    /* of the rows that name none, or NULL */
	struct buf lines;      /* JSON lines, or ... */
	struct csv_reader csv; /* ... a table */
	struct csv_row header;
	struct mapping map;
	struct rows_main *main; /* the table whose rows these are repeated in, or NULL */
	bool numbered;          /* rows are submissions, told by their number */
};
void rows_init(struct rows *rows, const json_t *kinds);
void rows_close(struct rows *rows);

/**
 * Read one JSON object a line: {"kind","ref"?,"fields"}. Empty lines are left out, and what an
 * export says beside its records. A line that cannot be taken is a row that failed.
 *
 * kind    for rows that name none; NULL: each must.
 * Errors  PMJ_INVALID for a file without any line.
 */
PMJ_MUST_CHECK enum pmj_code rows_read_lines(
    struct rows *rows, const char *text, size_t len, const json_t *kind, struct pmj_error *err);
/**
 * Read a table; its header holds names or labels of the kind's fields, or "ref", or what a mapping
 * names. Empty cells are left out. A row that cannot be read is one that failed.
 *
 * map       taken over; NULL: by the header alone.
 * numbered  the rows are submissions, and told by their number, not by a line.
 */
PMJ_MUST_CHECK enum pmj_code rows_read_csv(struct rows *rows, const char *text, size_t len,
    const json_t *kind, struct mapping *map, bool numbered, struct pmj_error *err);
/**
 * The main table of a form, for one of what it repeats (the mapping's main = OWN is THEIRS): its
 * columns stand behind those of each row. Before rows_read_csv.
 *
 * Errors  PMJ_INVALID: as csv_open and csv_next, with its line; it has no such column, or a key
 * twice.
 */
PMJ_MUST_CHECK enum pmj_code rows_use_main(struct rows *rows, const struct mapping *map,
    const char *text, size_t len, struct pmj_error *err);
/** What is sent for a row; a link to another row is {"ref":R}. A new reference, or NULL: then the
 * row has failed, and says why. */
json_t *rows_request(struct rows *rows, size_t at);
/** The column that a field of a table comes from, counted from 1; 0: none. */
size_t rows_column(const struct rows *rows, const char *field);

struct batch {
	json_t *rows; /* for the request */
	size_t index[ROWS_BATCH_MAX];
	size_t count;
	size_t bytes;
};
/**
 * The next rows to send, at most ROWS_BATCH_MAX or ROWS_DRY_MAX, from *next on; *next is moved
 * behind them. An empty batch is the end.
 * References to rows already saved become ids. With dry_run nothing was saved, so the rows they
 * mean are sent along again.
 */
void rows_batch(struct batch *out, struct rows *rows, size_t *next, bool dry_run);
/** Take the answer's items, in the batch's order. PMJ_IO when they do not match. */
PMJ_MUST_CHECK enum pmj_code rows_take(
    struct rows *rows, const struct batch *batch, const json_t *items, struct pmj_error *err);
void batch_close(struct batch *batch);

/** The header, and each row as it is read, with the main table's columns; only for rows*.c.
 * PMJ_INVALID: it has no such column; PMJ_NOT_FOUND: it has no such row. */
PMJ_MUST_CHECK enum pmj_code rows_join_header(struct rows *rows, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code rows_join(
    struct rows *rows, struct csv_row *cells, struct pmj_error *err);
/** The rows' own column that holds the main table's key, from 1. */
size_t rows_column_of_main(const struct rows *rows);
void rows_main_close(struct rows_main *main);
/** The row failed: by err, at this column (0: none). Only for rows*.c. */
void row_fail(struct rows *rows, struct row *row, const struct pmj_error *err, size_t column);

#endif
