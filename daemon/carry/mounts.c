#include "carry/mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/within.h"
#include "carry/parcel.h"

#define LOOK_MS 2000 /* at a stick, before it is taken for one that hangs */

static bool
is_for_sticks(const char *point)
{
	static const char *const below[] = {"/media/", "/run/media/", "/mnt/"};

	for (size_t i = 0; i < COUNT(below); i++)
		if (strncmp(point, below[i], strlen(below[i])) == 0)
			return true;
	return strcmp(point, "/mnt") == 0;
}

static const struct mounts_place *
find(const struct mounts *mounts, const char *point)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->places[i].point, point) == 0)
			return &mounts->places[i];
	return NULL;
}

static void
forget(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		free(mounts->places[i].point);
	mounts->count = 0;
}

bool
mounts_heard(struct mounts *mounts)
{
	struct mounts now = {.table = mounts->table};
	struct machine_mount mount;
	bool came = false;
	struct buf text;
	const char *at;

	buf_init(&text, 0);
	fs_read_again(&text, mounts->table, MACHINE_TEXT_MAX);
	at = buf_text(&text);

	while (now.count < MOUNTS_MAX && machine_mounts_next(&mount, &at)) {
		const struct mounts_place *before = find(mounts, mount.point);

		if (!is_for_sticks(mount.point) || find(&now, mount.point) != NULL)
			continue;
		now.places[now.count++] =
		    (struct mounts_place){mem_strdup(mount.point), before != NULL && before->seen};
		came = came || before == NULL;
	}
	forget(mounts);
	*mounts = now;
	buf_close(&text);
	return came;
}

void
mounts_open(struct mounts *mounts)
{
	*mounts = (struct mounts){.table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)};
	(void)mounts_heard(mounts);
}

void
mounts_close(struct mounts *mounts)
{
	if (mounts->table >= 0)
		(void)close(mounts->table);
	mounts->table = -1;
	forget(mounts);
}

static int
look(void *ctx)
{
	return parcel_is_there(ctx) ? 0 : 1;
}

const char *
mounts_parcel(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		struct mounts_place *place = &mounts->places[i];
		struct buf none;
		int found;

		if (place->seen)
			continue;
		place->seen = true;
		buf_init(&none, 1);
		found = within(&none, LOOK_MS, look, place->point);
		buf_close(&none);
		if (found == 0)
			return place->point;
		if (found < 0)
			diag("%s gives no answer", place->point);
	}
	return NULL;
}
