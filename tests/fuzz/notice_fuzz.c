/* notice_fuzz.c - notices of unknown origin: a whole one, or a message and a mend. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct notice notice;
	struct pmj_error err = {0};
	char id[NOTICE_ID_MAX];

	if (notice_read_text(&notice, "fuzz.ini", (const char *)bytes, count, &err) != PMJ_OK) {
		if (notice.name != NULL || *err.message == '\0' || *err.hint == '\0')
			abort();
		return 0;
	}
	notice_id(&notice, id);
	json_decref(notice_json(&notice, LANG_SW));
	(void)notice_has_word(&notice, id);
	if (notice.count == 0 || strlen(id) < 3)
		abort();
	notice_close(&notice);
	return 0;
}
