#include "carry/parcel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "carry/branch.h"
#include "carry/chain.h"
#include "carry/job.h"
#include "carry/relay.h"
#include "carry/store.h"

#define PARCEL_FOLDER "PAMOJA"

static char *
parcel_folder(const char *dir)
{
	size_t n = strlen(dir);
	const char *last;
	char *plain;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	plain = mem_strndup(dir, n);
	last = strrchr(plain, '/');
	if (strcmp(last != NULL ? last + 1 : plain, PARCEL_FOLDER) != 0) {
		char *inner = fs_join(plain, PARCEL_FOLDER);

		free(plain);
		plain = inner;
	}
	return plain;
}

bool
parcel_is_there(const char *dir)
{
	char *folder = parcel_folder(dir);
	struct stat st;
	bool there = lstat(folder, &st) == 0 && S_ISDIR(st.st_mode);

	free(folder);
	return there;
}

bool
parcel_is_ours(const struct job *job, const struct shape_place *place)
{
	for (size_t i = 0; i < job->remote_count; i++)
		if (memcmp(job->remotes[i].mailbox, place->mailbox, sizeof(place->mailbox)) == 0)
			return true;
	return false;
}

bool
parcel_is_acked(const struct job *job, const struct shape_place *place)
{
	return place->lane == job->ex.write_lane &&
	       place->segno <= places_upto(&job->ex.acked, place);
}

/* Whoever carries the stick may have another user's number; what lies there is sealed anyway. FAT
 * has no modes, and says so. */
void
parcel_open_to_all(const char *folder, const struct shape_place *place, const struct buf *bytes)
{
	char tag[SHAPE_TAG_CHARS + 1];
	char name[SHAPE_NAME_ROOM];

	chain_blob_tag(tag, bytes->bytes, bytes->len);
	for (int i = 0; i < 2; i++) {
		char *path;

		shape_name(name, place, i == 0 ? NULL : tag);
		path = fs_join(folder, name);
		(void)chmod(path, 0644);
		free(path);
	}
}

/* Is this segment of our own lane one that we made? It is in the spool, or in our store's chain. */
static bool
is_known(const struct job *job, const struct spool_item *item, const struct buf *bytes)
{
	git_repository *store = NULL;
	struct chain_links links = {0};
	char *out = fs_join(job->ex.spool, "out");
	struct buf waiting;
	git_oid tip;
	git_oid blob;
	bool known;

	buf_init(&waiting, 0);
	known = spool_load(&waiting, job->ex.os, out, item, NULL) == PMJ_OK &&
	        waiting.len == bytes->len && memcmp(waiting.bytes, bytes->bytes, bytes->len) == 0;
	buf_close(&waiting);
	free(out);
	if (known)
		return true;
	chain_blob_id(&blob, bytes->bytes, bytes->len);
	if (store_open(&store, job->ex.store, item->place.mailbox, item->place.lane, NULL) !=
	    PMJ_OK)
		return false;
	if (branch_tip(store, &tip, &item->place, NULL) == PMJ_OK && !git_oid_is_zero(&tip) &&
	    chain_walk(store, &links, &tip, item->place.segno - 1, NULL) == PMJ_OK &&
	    links.count > 0)
		known = git_oid_equal(&links.items[0].blob, &blob);
	chain_links_close(&links);
	git_repository_free(store);
	return known;
}

/* One file of the stick. Damaged and strange ones are passed over: a stick is anybody's. */
static enum pmj_code
take_one(struct job *job, const char *folder, const struct spool_item *item, size_t *fresh,
    struct pmj_error *err)
{
	bool own = item->place.lane == job->ex.write_lane;
	char *in = exchange_in(&job->ex);
	struct pmj_error why;
	struct buf bytes;
	bool wrote = false;
	enum pmj_code rc;

	buf_init(&bytes, 0);
	rc = spool_load(&bytes, job->ex.os, folder, item, &why);
	if (rc != PMJ_OK) {
		diag_error("reading the parcel", &why);
		rc = PMJ_OK;
		goto out;
	}
	if (own && is_known(job, item, &bytes))
		goto out;
	rc = spool_put(&wrote, job->ex.os, in, &item->place, &bytes, err);
	if (rc == PMJ_OK && own)
		job->ex.tell(job->ex.ctx, EXCHANGE_FOREIGN, &item->place, wrote ? 1 : 0);
	*fresh += wrote ? 1 : 0;
	job->ex.count.came += wrote ? 1 : 0;
	job->ex.count.moved += bytes.len;
out:
	exchange_beat(&job->ex);
	buf_close(&bytes);
	free(in);
	return rc;
}

/* Names prove nothing: of our own lane and of a worker's, another file of a place that was read can
 * be a copy's, and the stick may be all that is left of it. What is known is dropped by whoever
 * knows it. A reader of a down lane has no use for a second file of one place. */
static bool
is_wanted(const struct job *job, const struct shape_place *place)
{
	if (!parcel_is_ours(job, place))
		return false;
	if (place->lane == job->ex.write_lane || place->lane == SHAPE_LANE_UP)
		return true;
	return place->lane == exchange_read_lane(&job->ex) &&
	       place->segno > places_upto(&job->ex.have, place);
}

static enum pmj_code
take(struct job *job, const char *folder, const struct spool_list *there, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;
	size_t arrived = 0;

	for (size_t i = 0; i < there->count && rc == PMJ_OK; i++) {
		const struct shape_place *place = &there->items[i].place;
		size_t fresh = 0;

		if (!is_wanted(job, place))
			continue;
		rc = take_one(job, folder, &there->items[i], &fresh, err);
		arrived += fresh;
		if (place->segno > places_upto(&job->ex.have, place))
			job->ex.got += fresh;
	}
	if (arrived > 0)
		job->ex.tell(job->ex.ctx, EXCHANGE_ARRIVED, NULL, arrived);
	return rc;
}

/* Is it, byte for byte, what the receipt covers? A copy's file may have the same name. */
static bool
is_covered(struct job *job, const char *folder, const struct spool_item *item)
{
	struct buf bytes;
	bool covered;

	if (!parcel_is_acked(job, &item->place))
		return false;
	buf_init(&bytes, 0);
	covered = spool_load(&bytes, job->ex.os, folder, item, NULL) == PMJ_OK &&
	          is_known(job, item, &bytes);
	buf_close(&bytes);
	return covered;
}

/* What a signed receipt covers need not travel any more. Best effort: a stick may be read-only. */
static void
tidy(struct job *job, const char *folder, const struct spool_list *there)
{
	for (size_t i = 0; i < there->count; i++) {
		const struct spool_item *item = &there->items[i];
		char name[SHAPE_NAME_ROOM];

		if (!is_covered(job, folder, item))
			continue;
		shape_name(name, &item->place, item->tag[0] != '\0' ? item->tag : NULL);
		fs_drop(&os_real, folder, name);
	}
}

/* The chains of what goes out are made now, while the spool still has all of it. */
static void
keep_chains(struct job *job)
{
	const struct spool_list *list = &job->ex.out;
	char *out = fs_join(job->ex.spool, "out");
	git_repository *store = NULL;
	struct store_run run;
	struct pmj_error why;

	for (size_t i = 0; i < list->count;) {
		const struct shape_place *place = &list->items[i].place;
		size_t n = 1;

		while (i + n < list->count && shape_same_run(&list->items[i + n].place, place))
			n++;
		if (store_open(&store, job->ex.store, place->mailbox, place->lane, &why) !=
		        PMJ_OK ||
		    store_take(&run, store, job->ex.os, out, place, &list->items[i], n, &why) !=
		        PMJ_OK)
			diag_error("keeping the chain of what is carried", &why);
		git_repository_free(store);
		store = NULL;
		i += n;
		exchange_beat(&job->ex);
	}
	free(out);
}

enum pmj_code
parcel_make_folder(const struct job *job, const char *folder, struct pmj_error *err)
{
	if (mkdir(folder, 0777) == 0) {
		char *parent = fs_dirname(folder);
		enum pmj_code rc;

		(void)chmod(folder, 0777);
		rc = fs_sync_dir(job->ex.os, parent, err);
		free(parent);
		return rc;
	}
	return errno == EEXIST ? PMJ_OK : pmj_fail_errno(err, errno, "cannot make", folder);
}

void
parcel_hint_pulled(struct pmj_error *err)
{
	pmj_hint(err, "is the stick still plugged in? nothing is lost; try again with it");
}

enum pmj_code
parcel_exchange(struct job *job, struct pmj_error *err)
{
	char *folder = parcel_folder(job->parcel);
	struct spool_list there = {0};
	struct pmj_error why;
	struct stat st;
	enum pmj_code rc;
	enum pmj_code got;

	if (stat(job->parcel, &st) != 0 || !S_ISDIR(st.st_mode)) {
		rc = pmj_fail(err, PMJ_UNREACHED, "there is no folder %s", job->parcel);
		pmj_hint(err, "plug in the stick and name its folder");
		goto out;
	}
	keep_chains(job);
	rc = parcel_leave(job, folder, err);
	got = spool_scan(&there, folder, &why);
	if (got == PMJ_OK)
		got = take(job, folder, &there, &why);
	if (got == PMJ_OK)
		tidy(job, folder, &there);
	/* What is enrolled carries for others; their hub is where things end. */
	if (got == PMJ_OK && job->ex.write_lane == SHAPE_LANE_UP)
		relay_exchange(job, folder, &there);
	else if (rc == PMJ_OK) {
		rc = got;
		if (err != NULL)
			*err = why;
	}
	if ((rc == PMJ_READ_ONLY || rc == PMJ_FULL || rc == PMJ_PERMISSION) && job->ex.got > 0) {
		rc = PMJ_PARTIAL;
		if (err != NULL)
			err->code = PMJ_PARTIAL;
	}
out:
	spool_list_close(&there);
	free(folder);
	return rc;
}
