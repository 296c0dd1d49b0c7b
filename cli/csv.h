/* csv.h - tables as spreadsheets write them: RFC 4180, and what Excel makes of it (BOM, ';',
 * Windows-1252). Pure. */
#ifndef CLI_CSV_H
#define CLI_CSV_H
#include "base/buf.h"

#define CSV_COLUMNS_MAX 512u
#define CSV_CELL_MAX (16u * 1024)

struct csv_row {
	size_t line;  /* where it begins in the file, from 1 */
	size_t at;    /* the same as a byte of the text */
	char **cells; /* UTF-8 */
	size_t count;
};
struct csv_reader {
	struct buf text; /* the whole, in UTF-8 */
	size_t at, line;
	char separator; /* ',', ';' or tab */
	size_t columns; /* of the header */
	size_t column;  /* from 1: where the row that could not be read went wrong */
	struct buf cell;
};

/**
 * Begin to read a whole file. Empty lines are left out, and a row of one cell above a wider header;
 * a quote put before a formula by an export ('=) is taken off.
 *
 * header  the caller closes it. Empty on failure, as *in.
 * Errors  PMJ_INVALID naming the line: as csv_next; a NUL; an empty file.
 */
PMJ_MUST_CHECK enum pmj_code csv_open(struct csv_reader *in, struct csv_row *header,
    const char *bytes, size_t len, struct pmj_error *err);
/**
 * The next row. *more is false at the end.
 *
 * Errors  PMJ_INVALID: an open quote, text after a closing quote, more cells than
 * the header; PMJ_TOO_BIG over the limits above. in->column says where; the next call goes on with
 * the next line.
 */
PMJ_MUST_CHECK enum pmj_code csv_next(
    struct csv_reader *in, struct csv_row *row, bool *more, struct pmj_error *err);
/** The next row read is this one again. */
void csv_seek(struct csv_reader *in, const struct csv_row *row);
/** Would a spreadsheet take it for a formula, perhaps behind spaces, or behind the ' that is put
 * before one? */
bool csv_is_formula(const char *text);
void csv_row_close(struct csv_row *row);
void csv_close(struct csv_reader *in);

#endif
