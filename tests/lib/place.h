/* place.h - where tests make their folders: in memory where there is plenty, since they wait for
 * the disk and ask nothing of it. */
#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H
#include <sys/statvfs.h>
#include <unistd.h>

#define PLACE_PLENTY (1ull << 30)

static inline const char *
place_for_tests(void)
{
	struct statvfs room;

	if (access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0 &&
	    (unsigned long long)room.f_bavail * room.f_frsize >= PLACE_PLENTY)
		return "/dev/shm";
	return "/tmp";
}

#endif
