/* notice_fuzz.c - notices and profiles of unknown origin: a whole one, or a message and a mend. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/notice.h"
#include "domain/profile.h"

static void
read_profile(const char *text, size_t count)
{
	struct profile profile;
	struct pmj_error err = {0};

	if (profile_read_text(&profile, "fuzz.ini", text, count, &err) != PMJ_OK) {
		if (profile.name != NULL || *err.message == '\0' || *err.hint == '\0')
			abort();
		return;
	}
	if (profile.version < 1 || !kind_is_name(profile.name) ||
	    profile_crosses(&profile, NULL, 0) ||
	    profile_crosses(&profile, (const char *const *)profile.crosses,
	        profile.crosses_count) != (profile.crosses_count > 0))
		abort();
	profile_close(&profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct notice notice;
	struct pmj_error err = {0};
	char id[NOTICE_ID_MAX];

	read_profile((const char *)bytes, count);
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
