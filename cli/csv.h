/* csv.h - tables as spreadsheets write them: RFC 4180, and what Excel makes of it (BOM, ';',
 * Windows-1252). Pure. */
#ifndef CLI_CSV_H
#define CLI_CSV_H
#include "base/buf.h"

#define CSV_COLUMNS_MAX 128u
#define CSV_CELL_MAX (16u * 1024)

struct csv_row {
	size_t line;  /* where it begins in the file, from 1 */
	char **cells; /* UTF-8 */
	size_t count;
};
struct csv {
	struct csv_row *rows; /* the first is the header */
	size_t count;
	size_t room;
	char separator; /* ',', ';' or tab: the one the header has most of */
};

/**
 * Read a whole file. Empty lines are left out; a quote doubled by an export ('=) is taken off.
 *
 * out     left empty on failure.
 * Errors  PMJ_INVALID naming the line: an open quote, text after a closing quote, more cells than
 * the header, a NUL; PMJ_TOO_BIG over the limits above.
 */
PMJ_MUST_CHECK enum pmj_code csv_read(
    struct csv *out, const char *bytes, size_t len, struct pmj_error *err);
void csv_close(struct csv *csv);

#endif
