/* A mapping of any bytes up to a NUL, and behind it a table that it is used on. */
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
	if (nul != NULL && rows_read_csv(&rows, (const char *)nul + 1, len - first - 1, kind, &map,
	                       true, &err) == PMJ_OK)
		for (size_t i = 0; i < rows.count; i++)
			if (rows.list[i].state == ROW_WAITS)
				json_decref(rows_request(&rows, i));
	rows_close(&rows);
	mapping_close(&map);
	return 0;
}
