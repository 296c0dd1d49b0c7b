/* JSON lines of any bytes, linked and cut into requests, dry and real. */
#include <stdlib.h>

#include "cli/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
run(struct rows *rows, bool dry_run)
{
	struct pmj_error err;
	struct batch batch;
	size_t next = 0;

	for (;;) {
		json_t *items = json_array();

		rows_batch(&batch, rows, &next, dry_run);
		if (batch.count > ROWS_BATCH_MAX || json_array_size(batch.rows) != batch.count)
			abort();
		for (size_t i = 0; i < batch.count; i++)
			(void)json_array_append_new(items, json_pack("{s:s}", "id", "x"));
		if (rows_take(rows, &batch, items, &err) != PMJ_OK)
			abort();
		json_decref(items);
		batch_close(&batch);
		if (next == rows->count)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static json_t *kinds;
	struct pmj_error err;
	struct rows rows;

	if (kinds == NULL)
		kinds = json_pack("[{s:s, s:[{s:s, s:s, s:s}]}]", "name", "contact", "fields",
		    "name", "person", "type", "link", "link", "person");
	for (int dry_run = 0; dry_run < 2; dry_run++) {
		rows_init(&rows, kinds);
		if (rows_read_lines(&rows, (const char *)bytes, len, NULL, &err) == PMJ_OK)
			run(&rows, dry_run != 0);
		rows_close(&rows);
	}
	return 0;
}
