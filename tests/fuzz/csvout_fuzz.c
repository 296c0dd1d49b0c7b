/* Any text as a cell of an exported table: no formula to a spreadsheet, and read back as it was. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/csv.h"
#include "cli/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct csv_reader in;
	struct csv_row header, row;
	struct pmj_error err;
	struct buf table, text;
	const char *first;
	bool more;

	if (len == 0 || len > CSV_CELL_MAX / 2 || !text_is_utf8((const char *)bytes, len))
		return 0;
	buf_init(&text, 0);
	buf_init(&table, 0);
	buf_put(&text, bytes, len);
	buf_put_text(&table, "\"a\",\"b\"\r\n");
	export_cell(&table, buf_text(&text));
	first = buf_text(&table) + strlen("\"a\",\"b\"\r\n\"");
	if (strchr("=+-@\t\r", first[strspn(first, " ")]) != NULL)
		abort();
	buf_put_text(&table, ",\"x\"\r\n");
	if (csv_open(&in, &header, buf_text(&table), table.len, &err) != PMJ_OK ||
	    csv_next(&in, &row, &more, &err) != PMJ_OK || !more || row.count != 2 ||
	    strcmp(row.cells[0], buf_text(&text)) != 0)
		abort();
	csv_row_close(&header);
	csv_row_close(&row);
	csv_close(&in);
	buf_close(&table);
	buf_close(&text);
	return 0;
}
