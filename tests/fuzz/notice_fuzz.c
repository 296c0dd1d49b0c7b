/* notice_fuzz.c - notices and profiles of unknown origin: a whole one, or a message and a mend. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/notice.h"
#include "domain/profile.h"

/* What is kept about somebody is theirs to see, whatever a file says. */
static bool
shuts_the_person_out(const struct profile *profile)
{
	const struct profile_route *give = profile_route(profile, "give");

	return give != NULL && give->shut;
}

/* Fitting or not, it must end cleanly; what fits is laid over the kinds, again and again. */
static void
lay_over(const struct profile *profile)
{
	static struct kinds kinds;
	struct pmj_error err = {0};

	if (kinds.count == 0 &&
	    kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err) != PMJ_OK)
		abort();
	if (profile_fits(profile, &kinds, &err) == PMJ_OK)
		profile_lay_over(profile, &kinds);
	else if (*err.message == '\0' || *err.hint == '\0')
		abort();
}

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
	    profile_crosses(&profile, NULL, 0) || profile.look_back_years < 1 ||
	    (profile.least != 0 && profile.least < 11) || !kind_is_name(profile.notice) ||
	    !kind_is_name(profile.accounting) || shuts_the_person_out(&profile) ||
	    profile_crosses(&profile, (const char *const *)profile.crosses,
	        profile.crosses_count) != (profile.crosses_count > 0))
		abort();
	lay_over(&profile);
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
