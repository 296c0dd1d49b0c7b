/* rows.h - what is imported: rows of a file with references among them, cut into requests the
 * daemon takes. Pure. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H
#include "base/json.h"
#include "cli/csv.h"

#define ROWS_BATCH_MAX 50u
#define ROWS_BATCH_MIN 5u
#define ROWS_BATCH_FIRST 20u
#define ROWS_BATCH_BYTES_MAX (900u * 1024)
#define ROWS_MAX 100000u

enum row_state { ROW_WAITS, ROW_DONE, ROW_FAILED };
struct row {
	size_t line;
	json_t *request; /* {"kind","ref"?,"fields"}; a link to another row is {"ref":R} */
	size_t bytes;    /* of its text */
	enum row_state state;
	char *id;      /* once done, unless it was only checked */
	bool before;   /* it was saved by an import that broke off */
	json_t *saved; /* the answer, where it has "new_words" */
	json_t *error; /* once failed */
};
struct rows {
	struct row *list;
	size_t count;
	size_t room;
	json_t *by_ref; /* ref -> index in list */
};
void rows_init(struct rows *rows);
void rows_close(struct rows *rows);

/**
 * Read one JSON object a line: {"kind","ref"?,"fields"}. Empty lines are left out.
 *
 * kind    for rows that name none; NULL: each must.
 * Errors  PMJ_INVALID naming the line.
 */
PMJ_MUST_CHECK enum pmj_code rows_read_lines(
    struct rows *rows, const char *text, size_t len, const char *kind, struct pmj_error *err);
/** Take the rows of a table; its header holds names or labels of the kind's fields, or "ref". Empty
 * cells are left out. */
PMJ_MUST_CHECK enum pmj_code rows_read_csv(
    struct rows *rows, const struct csv *csv, const json_t *kind, struct pmj_error *err);
/**
 * Turn "@ref" in link fields into {"ref":R}.
 *
 * kinds   the list of all kinds; what it does not know is left to the daemon.
 * Errors  PMJ_INVALID naming the line: the row meant must stand above.
 */
PMJ_MUST_CHECK enum pmj_code rows_link(
    struct rows *rows, const json_t *kinds, struct pmj_error *err);

struct batch {
	json_t *rows; /* for the request */
	size_t index[ROWS_BATCH_MAX];
	size_t count;
	size_t bytes;
};
/**
 * The next rows to send, at most so many (1 to ROWS_BATCH_MAX), from *next on; *next is moved
 * behind them. An empty batch is the end.
 * References to rows already saved become ids. With dry_run nothing was saved, so the rows they
 * mean are sent along again.
 */
void rows_batch(struct batch *out, struct rows *rows, size_t *next, size_t most, bool dry_run);
/** Take the answer's items, in the batch's order. PMJ_IO when they do not match. */
PMJ_MUST_CHECK enum pmj_code rows_take(
    struct rows *rows, const struct batch *batch, const json_t *items, struct pmj_error *err);
void batch_close(struct batch *batch);

#endif
