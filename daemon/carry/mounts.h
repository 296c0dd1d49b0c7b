/* mounts.h - sticks and shares that come and go, where a desktop mounts them: below /media,
 * /run/media or /mnt. The kernel says when the mounts change. */
#ifndef CARRY_MOUNTS_H
#define CARRY_MOUNTS_H
#include <stdbool.h>
#include <stddef.h>

#define MOUNTS_MAX 32 /* of such places at once */

struct mounts {
	int table; /* /proc/self/mountinfo, which poll knows; or -1 */
	struct mounts_place {
		char *point; /* its full path */
		bool seen;   /* looked at since it came */
	} places[MOUNTS_MAX];
	size_t count;
};

/** What is mounted already has just come, too. */
void mounts_open(struct mounts *mounts);
void mounts_close(struct mounts *mounts);
/** Read the table anew. True when something came. */
bool mounts_heard(struct mounts *mounts);
/** The next that came and holds a parcel folder, or is one; NULL when there is none. */
const char *mounts_parcel(struct mounts *mounts);

#endif
