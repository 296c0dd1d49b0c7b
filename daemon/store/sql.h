/* sql.h - prepared statements for the folders above, which may not know SQLite. A statement is
 * cached by where its text stands; an error while preparing or binding is remembered and told by
 * the next sql_row / sql_run. */
#ifndef STORE_SQL_H
#define STORE_SQL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pamoja/error.h"

struct journal;
struct sql;

/** A cached statement, reset and with nothing bound. `text` must be a string literal (cached by
 * its address). A statement that is in use (between sql_row and sql_done) must not be asked
 * for again: use another text. */
struct sql *sql_get(struct journal *journal, const char *text);
/** A statement built at run time, of a text that lives until sql_free ends it: before the caller's
 * step ends, for a table may be made anew. */
struct sql *sql_new(struct journal *journal, const char *text);
void sql_free(struct sql *sql);
/* Bind parameter `at` (from 1). Each returns the statement, so that calls read in a row. Bytes are
 * copied. */
struct sql *sql_int(struct sql *sql, int at, int64_t value);
struct sql *sql_text(struct sql *sql, int at, const char *value);             /* NULL binds NULL */
struct sql *sql_blob(struct sql *sql, int at, const void *bytes, size_t len); /* NULL binds NULL */
struct sql *sql_null(struct sql *sql, int at);
/** Next row. *row false: no more (and the statement is done). */
PMJ_MUST_CHECK enum pmj_code sql_row(struct sql *sql, bool *row, struct pmj_error *err);
/** Run to the end, for statements that give no rows. */
PMJ_MUST_CHECK enum pmj_code sql_run(struct sql *sql, struct pmj_error *err);
/** Is there a row? `unknown` when that could not be asked. Ends the statement. */
bool sql_any(struct sql *sql, bool unknown);
/** Column 0 of the first row; `none` when there is no row, or it could not be asked. Ends the
 * statement. */
int64_t sql_first_int(struct sql *sql, int64_t none);
/** End a statement before its last row was read. Harmless at any time. */
void sql_done(struct sql *sql);
/* Columns of the present row (from 0). Pointers live until the next sql_row or sql_done. */
int64_t sql_col_int(struct sql *sql, int col);
const char *sql_col_text(struct sql *sql, int col); /* NULL for NULL */
const uint8_t *sql_col_blob(struct sql *sql, int col, size_t *len);
bool sql_col_null(struct sql *sql, int col);
/** Copy a blob column of exactly len bytes; zeros when it is not. */
bool sql_col_copy(struct sql *sql, int col, uint8_t *out, size_t len);
int64_t sql_changes(struct journal *journal);
int64_t sql_last_id(struct journal *journal);

#endif
