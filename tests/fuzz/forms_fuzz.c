/* A form server's or a directory's document of any bytes: what is made of it is a table. */
#include <stdlib.h>

#include "cli/csv.h"
#include "cli/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_table(const struct buf *table)
{
	struct csv_reader in;
	struct csv_row row;
	struct pmj_error err;
	bool more = true;

	if (csv_open(&in, &row, buf_text(table), table->len, &err) != PMJ_OK)
		return; /* a cell may be too long */
	for (;;) {
		csv_row_close(&row);
		if (csv_next(&in, &row, &more, &err) != PMJ_OK && err.code != PMJ_TOO_BIG)
			abort();
		if (!more)
			break;
	}
	csv_close(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct pmj_error err;
	struct buf table, text;

	buf_init(&text, 0);
	buf_put(&text, bytes, len);
	for (int hsds = 0; hsds < 2; hsds++) {
		buf_init(&table, 0);
		if ((hsds != 0 ? hsds_to_table(&table, buf_text(&text), len, &err)
		               : forms_to_table(&table, buf_text(&text), len, &err)) == PMJ_OK)
			check_table(&table);
		buf_close(&table);
	}
	buf_close(&text);
	return 0;
}
