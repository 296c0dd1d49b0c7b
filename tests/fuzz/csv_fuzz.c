/* A table of any bytes, read and made into rows of a kind. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static json_t *kind;
	struct pmj_error err;
	struct rows rows;
	struct csv csv;

	if (kind == NULL)
		kind = json_pack("{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s}]}", "name", "person",
		    "fields", "name", "name", "type", "text", "label", "Full name", "name",
		    "languages", "type", "choices");
	if (csv_read(&csv, (const char *)bytes, len, &err) != PMJ_OK)
		return 0;
	for (size_t i = 0; i < csv.count; i++) {
		if (csv.rows[i].count == 0 || csv.rows[i].count > csv.rows[0].count ||
		    csv.rows[i].line == 0)
			abort();
		for (size_t j = 0; j < csv.rows[i].count; j++)
			if (!text_is_utf8(csv.rows[i].cells[j], strlen(csv.rows[i].cells[j])))
				abort();
	}
	rows_init(&rows);
	(void)!rows_read_csv(&rows, &csv, kind, &err);
	rows_close(&rows);
	csv_close(&csv);
	return 0;
}
