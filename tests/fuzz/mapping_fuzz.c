/* A mapping of any bytes up to a NUL, behind it a table that it is used on, and perhaps, behind
 * another, the main table that it is repeated in. */
#include <stdlib.h>
#include <string.h>

#include "cli/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static json_t *kind, *kinds;
	const uint8_t *nul = memchr(bytes, '\0', len);
	size_t first = nul != NULL ? (size_t)(nul - bytes) : len;
	const uint8_t *second =
	    nul != NULL ? memchr(nul + 1, '\0', len - first - 1) : NULL; /* the main table */
	size_t table = nul == NULL      ? 0
	               : second != NULL ? (size_t)(second - nul - 1)
	                                : len - first - 1;
	const char *named = NULL;
	struct mapping map;
	struct pmj_error err;
	struct rows rows;

	if (kind == NULL) {
		kind = json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s, s:s}]}",
		    "name", "contact", "fields", "name", "note", "type", "text", "name", "on",
		    "type", "date", "name", "signs", "type", "choices", "name", "person", "type",
		    "link", "link", "person");
		kinds = json_pack("[O]", kind);
	}
	if (mapping_read_text(&map, &named, "map", (const char *)bytes, first, &err) != PMJ_OK)
		return 0;
	rows_init(&rows, kinds);
	if (second != NULL && mapping_says(&map, "main") != NULL &&
	    rows_use_main(&rows, &map, (const char *)second + 1, len - (size_t)(second - bytes) - 1,
	        &err) != PMJ_OK)
		nul = NULL;
	if (nul != NULL &&
	    rows_read_csv(&rows, (const char *)nul + 1, table, kind, &map, true, &err) == PMJ_OK)
		for (size_t i = 0; i < rows.count; i++)
			if (rows.list[i].state == ROW_WAITS)
				json_decref(rows_request(&rows, i));
	rows_close(&rows);
	mapping_close(&map);
	return 0;
}
