/* profile.h - what holds for a programme in its country: conf/profiles/NAME.ini, in versions. Pure,
 * but for reading the file through `base`. */
#ifndef DOMAIN_PROFILE_H
#define DOMAIN_PROFILE_H
#include "domain/kind.h"

struct os;

struct profile {
	char *name; /* the country: "ke" */
	int version;
	struct texts title;
	char **crosses; /* words of a consent's information that may cross a border anyway */
	size_t crosses_count;
};
/**
 * Read one.
 *
 * out      the caller ends it with profile_close; left empty on failure.
 * Errors   PMJ_INVALID with file, line and mend; of reading.
 */
PMJ_MUST_CHECK enum pmj_code profile_read(
    struct profile *out, const struct os *os, const char *path, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code profile_read_text(
    struct profile *out, const char *name, const char *text, size_t len, struct pmj_error *err);
void profile_close(struct profile *profile);
/** May all of these words cross a border without the consent saying so? None: whatever the consent
 * describes, which may be anything. */
bool profile_crosses(
    const struct profile *profile, const char *const *information, size_t information_count);

#endif
