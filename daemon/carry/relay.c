#include "carry/relay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/diag.h"
#include "base/fs.h"
#include "carry/parcel.h"

static char *
path_of(const char *folder, const struct spool_item *item)
{
	char name[SHAPE_NAME_ROOM];

	shape_name(name, &item->place, item->tag[0] != '\0' ? item->tag : NULL);
	return fs_join(folder, name);
}

/* Two people write to each other: only these lanes travel. */
static bool
travels(const struct job *job, const struct spool_item *item)
{
	return (item->place.lane == SHAPE_LANE_UP || item->place.lane == SHAPE_LANE_DOWN) &&
	       !parcel_is_ours(job, &item->place);
}

/* Drop what is old, or ours by now. How many bytes are left there. */
static int64_t
sweep(struct job *job, const char *relay, const struct spool_list *kept)
{
	int64_t now = os_now(job->ex.os), bytes = 0;

	for (size_t i = 0; i < kept->count; i++) {
		char *path = path_of(relay, &kept->items[i]);
		struct stat st;

		if (lstat(path, &st) == 0) {
			if (!travels(job, &kept->items[i]) ||
			    now - (int64_t)st.st_mtim.tv_sec * 1000 > RELAY_DAYS * DAY_MS)
				(void)unlink(path);
			else
				bytes += st.st_size;
		}
		free(path);
	}
	return bytes;
}

/* False: the next would fail, too. shared: `to` is the stick. */
static bool
copy_one(struct job *job, const char *to, bool shared, const char *from,
    const struct spool_item *item, int64_t *bytes, struct pmj_error *err)
{
	struct buf segment;
	bool fresh = false;
	enum pmj_code rc;

	buf_init(&segment, 0);
	rc = spool_load(&segment, job->ex.os, from, item, err);
	if (rc == PMJ_OK && *bytes + (int64_t)segment.len > RELAY_BYTES_MAX)
		rc = pmj_fail(err, PMJ_FULL, "no more of others' files fit here");
	if (rc == PMJ_OK)
		rc = spool_put(&fresh, job->ex.os, to, &item->place, &segment, err);
	if (rc == PMJ_OK && shared)
		parcel_open_to_all(to, &item->place, &segment);
	if (rc == PMJ_OK && fresh)
		*bytes += (int64_t)segment.len;
	buf_close(&segment);
	exchange_beat(&job->ex);
	return rc == PMJ_OK || rc == PMJ_INVALID || rc == PMJ_TOO_BIG || rc == PMJ_NOT_FOUND;
}

/* From the stick: damaged and strange ones are passed over. */
static void
keep(struct job *job, const char *relay, const char *folder, const struct spool_list *there,
    const struct spool_list *kept, int64_t bytes)
{
	struct pmj_error why;

	for (size_t i = 0; i < there->count; i++) {
		const struct spool_item *item = &there->items[i];

		if (!travels(job, item) || spool_has(kept, item))
			continue;
		if (!copy_one(job, relay, false, folder, item, &bytes, &why)) {
			diag_error("keeping what others left on the stick", &why);
			return;
		}
	}
}

/* To the stick: what was not on it. The first refusal ends it, for the next would be one, too. */
static void
leave(struct job *job, const char *relay, const char *folder, const struct spool_list *there,
    const struct spool_list *kept)
{
	struct pmj_error why;
	int64_t bytes = 0;

	for (size_t i = 0; i < kept->count; i++) {
		const struct spool_item *item = &kept->items[i];

		if (!travels(job, item) || spool_has(there, item))
			continue;
		if (parcel_make_folder(job, folder, &why) != PMJ_OK ||
		    !copy_one(job, folder, true, relay, item, &bytes, &why)) {
			diag_error("leaving what others sent", &why);
			return;
		}
	}
}

void
relay_exchange(struct job *job, const char *folder, const struct spool_list *there)
{
	char *relay = fs_join(job->ex.spool, "relay");
	struct spool_list kept = {0};
	struct pmj_error why;
	enum pmj_code rc = fs_make_dir(job->ex.os, relay, &why);

	if (rc == PMJ_OK)
		rc = spool_scan(&kept, relay, &why);
	if (rc == PMJ_OK) {
		int64_t bytes = sweep(job, relay, &kept);

		leave(job, relay, folder, there, &kept);
		keep(job, relay, folder, there, &kept, bytes);
	} else {
		diag_error("taking along what others left", &why);
	}
	spool_list_close(&kept);
	free(relay);
}
