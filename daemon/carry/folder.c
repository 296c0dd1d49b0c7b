#include "carry/folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "carry/bare.h"
#include "carry/room.h"
#include "carry/tipfile.h"

#define LOCK_WAIT_MS 10000
#define LITTER_AGE_S 3600
/* The branch is moved after so many commits: a stop or a full disk costs only these. */
#define STEP_COMMITS 64

struct folder {
	struct exchange *ex;
	git_repository *repo;
	char *path;
	bool shared; /* its group may write */
	struct room room;
};

/* Only the move is done under our lock: it tells a lock of git's that lives from one that was left.
 * Objects may be written by any number at once. */
static enum pmj_code
move(struct folder *folder, const struct shape_place *run, const git_oid *to, const git_oid *was,
    struct pmj_error *err)
{
	enum pmj_code rc;
	int lock = -1;

	if ((rc = bare_lock(&lock, folder->path, LOCK_WAIT_MS, err)) != PMJ_OK)
		return rc;
	rc = branch_move(folder->repo, run, to, was, err);
	(void)close(lock);
	return rc;
}

static size_t
blob_bytes(git_repository *repo, const git_oid *blob)
{
	git_odb *odb = NULL;
	git_object_t type;
	size_t bytes = 0;

	if (git_repository_odb(&odb, repo) == 0 &&
	    git_odb_read_header(&bytes, &type, odb, blob) != 0)
		bytes = 0; /* copying it will say what is wrong */
	git_odb_free(odb);
	return bytes;
}

/* Whoever may write into the folder keeps to what its hub allows: the disk is everybody's. */
static bool
fits(struct folder *folder, size_t bytes)
{
	if (folder->room.limit == 0)
		return true;
	if (!room_has(&folder->room, folder->path, bytes))
		return false;
	room_take(&folder->room, bytes);
	return true;
}

static enum pmj_code
push(void *ctx, git_repository *own, const struct shape_place *run, const struct chain_links *links,
    const git_oid *was, struct pmj_error *err)
{
	struct folder *folder = ctx;
	git_oid from = *was, made = *was;
	size_t bytes, fresh = 0;
	bool full = false;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < links->count && rc == PMJ_OK && !full; i++) {
		const struct chain_link *link = &links->items[i];

		exchange_beat(folder->ex);
		bytes = blob_bytes(own, &link->blob);
		full = !fits(folder, bytes);
		if (!full && (rc = chain_copy(folder->repo, own, link, err)) == PMJ_OK) {
			made = link->commit;
			folder->ex->count.moved += bytes;
			fresh++;
		}
		if (rc == PMJ_OK && !git_oid_equal(&made, &from) &&
		    (full || (i + 1) % STEP_COMMITS == 0 || i + 1 == links->count)) {
			rc = move(folder, run, &made, &from, err);
			from = made;
			if (rc == PMJ_OK)
				exchange_there(folder->ex, fresh);
			fresh = 0;
		}
	}
	room_keep(&folder->room, folder->path);
	return rc == PMJ_OK && full ? room_fail(err) : rc;
}

static enum pmj_code
far_tip(void *ctx, git_oid *out, const struct shape_place *run, struct pmj_error *err)
{
	struct folder *folder = ctx;

	return branch_tip(folder->repo, out, run, err);
}

static enum pmj_code
folder_open(struct folder *out, const struct exchange *ex, const char *hex, const char *dir,
    struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc = PMJ_OK;

	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
		(void)pmj_fail(err, PMJ_UNREACHED, "there is no folder %s", dir);
		pmj_hint(err, "plug in the disk or connect the share, then try again");
		return PMJ_UNREACHED;
	}
	out->path = mem_printf("%s/%s.git", dir, hex);
	if (lstat(out->path, &st) != 0 && !ex->create) {
		(void)pmj_fail(err, PMJ_UNREACHED, "%s has no mailbox %s", dir, hex);
		pmj_hint(
		    err, "check the folder; the hub makes the mailbox when it exchanges there");
		return PMJ_UNREACHED;
	}
	if (ex->create)
		rc = bare_make(out->path, err);
	if (rc == PMJ_OK)
		rc = bare_open(&out->repo, out->path, err);
	if (rc == PMJ_OK && ex->write_lane == SHAPE_LANE_UP)
		rc = room_open(&out->room, out->path, err);
	if (rc == PMJ_OK)
		out->shared = stat(out->path, &st) == 0 && (st.st_mode & S_IWGRP) != 0;
	return rc;
}

static enum pmj_code
send(struct exchange *ex, struct folder *folder, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    struct pmj_error *err)
{
	const struct exchange_far far = {folder->repo, push, far_tip, folder};
	struct branch_tips tips = {0};
	enum pmj_code rc;

	if (ex->write_lane == SHAPE_LANE_DOWN)
		(void)bare_sweep(folder->path, LITTER_AGE_S);
	rc = branch_tips(folder->repo, &tips, mailbox, ex->write_lane, err);
	if (rc == PMJ_OK)
		rc = exchange_send(ex, &far, mailbox, &tips, err);
	branch_tips_close(&tips);
	return rc;
}

static enum pmj_code
receive(struct exchange *ex, const struct folder *folder,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err)
{
	struct branch_tips tips = {0};
	enum pmj_code rc;

	rc = branch_tips(folder->repo, &tips, mailbox, exchange_read_lane(ex), err);
	if (rc == PMJ_OK)
		rc = exchange_receive(ex, folder->repo, &tips, err);
	branch_tips_close(&tips);
	return rc;
}

/* What the mailbox shows, of both lanes, as a gate would tell it. What is no chain is left out. */
static void
list_tips(const struct folder *folder, struct buf *out, const uint8_t *mailbox)
{
	struct wire_tip *list = NULL;
	size_t count = 0;

	for (uint8_t lane = SHAPE_LANE_UP; lane <= SHAPE_LANE_DOWN; lane++) {
		struct branch_tips tips = {0};
		struct chain_link link;

		if (branch_tips(folder->repo, &tips, mailbox, lane, NULL) != PMJ_OK)
			tips.count = 0;
		list = mem_grow(list, count + tips.count + 1, sizeof(*list));
		for (size_t i = 0; i < tips.count; i++) {
			if (chain_look(folder->repo, &link, &tips.items[i].commit, NULL) != PMJ_OK)
				continue;
			list[count].run = tips.items[i].run;
			list[count].run.segno = link.segno;
			memcpy(list[count++].commit, link.commit.id, GIT_OID_RAWSZ);
		}
		branch_tips_close(&tips);
	}
	wire_put_tips(out, list, count);
	free(list);
}

/* Kept for the next time, where it is news. *less: of a run it is less than the last time. */
static void
note_tips(const struct folder *folder, struct tipfile *file, const uint8_t *mailbox, bool *less)
{
	struct buf list;
	git_oid now;
	bool lost = false;

	buf_init(&list, 0);
	list_tips(folder, &list, mailbox);
	chain_blob_id(&now, list.bytes + WIRE_HEAD_BYTES, list.len - WIRE_HEAD_BYTES);
	if ((!file->known || !git_oid_equal(&now, &file->seen)) &&
	    tipfile_take(file, list.bytes + WIRE_HEAD_BYTES, list.len - WIRE_HEAD_BYTES, &lost,
	        NULL) == PMJ_OK)
		*less = *less || lost;
	buf_close(&list);
}

static enum pmj_code
both_ways(struct folder *folder, const uint8_t *mailbox, const char *dir, struct pmj_error *err)
{
	bool ours =
	    folder->ex->write_lane == SHAPE_LANE_UP; /* a hub has thousands, and owns them */
	struct tipfile tips = {0};
	bool less = false;
	struct pmj_error why;
	enum pmj_code rc, got;

	if (ours) {
		tipfile_open(&tips, folder->ex->store, dir, mailbox);
		note_tips(folder, &tips, mailbox, &less);
	}
	rc = send(folder->ex, folder, mailbox, err);
	got = receive(folder->ex, folder, mailbox, &why);
	if (rc == PMJ_OK && got != PMJ_OK) {
		rc = got;
		if (err != NULL)
			*err = why;
	}
	if (ours)
		note_tips(folder, &tips, mailbox, &less);
	tipfile_close(&tips);
	if (rc == PMJ_OK && less) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the mailbox shows less than it did");
		pmj_hint(err,
		    "it was put back, or an old state is shown; nothing is lost here, and "
		    "what it lacks of ours was sent again. Tell your coordinator");
	}
	return rc;
}

enum pmj_code
folder_exchange(struct exchange *ex, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const char *dir, struct pmj_error *err)
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1];
	struct folder folder = {.ex = ex};
	enum pmj_code rc;
	mode_t mask = 077;

	(void)text_hex(hex, mailbox, PMJ_MAILBOX_BYTES);
	rc = folder_open(&folder, ex, hex, dir, err);
	if (rc != PMJ_OK)
		goto out;
	if (folder.shared)
		mask = umask(007);
	rc = both_ways(&folder, mailbox, dir, err);
	if (folder.shared)
		(void)umask(mask);
out:
	git_repository_free(folder.repo);
	free(folder.path);
	return rc;
}
