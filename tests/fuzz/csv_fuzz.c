/* A table of any bytes, read and made into rows of a kind; the first line may be a mapping's. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static json_t *kind, *kinds;
	struct csv_reader in;
	struct pmj_error err;
	struct csv_row row;
	struct rows rows;
	bool more = true;

	if (kind == NULL) {
		kind = json_pack("{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s}]}", "name", "person",
		    "fields", "name", "name", "type", "text", "label", "Full name", "name",
		    "languages", "type", "choices");
		kinds = json_pack("[O]", kind);
	}
	if (csv_open(&in, &row, (const char *)bytes, len, &err) != PMJ_OK)
		return 0;
	while (more) {
		for (size_t j = 0; j < row.count; j++)
			if (!text_is_utf8(row.cells[j], strlen(row.cells[j])))
				abort();
		csv_row_close(&row);
		while (csv_next(&in, &row, &more, &err) != PMJ_OK)
			if (row.count != 0 || row.line == 0)
				abort();
		if (row.count > in.columns)
			abort();
	}
	csv_close(&in);
	rows_init(&rows, kinds);
	if (rows_read_csv(&rows, (const char *)bytes, len, kind, NULL, false, &err) == PMJ_OK)
		for (size_t i = 0; i < rows.count; i++)
			if (rows.list[i].state == ROW_WAITS)
				json_decref(rows_request(&rows, i));
	rows_close(&rows);
	return 0;
}
