/* packages.h - versions of Debian packages: which is older, and which are too old. Pure. */
#ifndef CLI_PACKAGES_H
#define CLI_PACKAGES_H
#include <stdbool.h>
#include <stddef.h>

/** Below 0, 0 or above, as dpkg orders versions (deb-version(7)). */
int packages_compare(const char *a, const char *b);

struct package_need {
	const char *name;    /* what a person calls it */
	const char *pattern; /* of its Debian packages, for dpkg-query */
	const char *prefix;  /* with which their names begin */
	const char *least;   /* security 12 */
};
extern const struct package_need packages_needed[];
extern const size_t packages_needed_count;

#define PACKAGES_FORMAT "${db:Status-Abbrev} ${Package} ${Version}\n"
/** The newest installed version that dpkg-query lists for a need, in out; false when none is. */
bool packages_find(char *out, size_t room, const char *list, const struct package_need *need);
/** The version before the Debian revision and without epoch: what a library says of itself. */
void packages_upstream(char *out, size_t room, const char *version);

#endif
