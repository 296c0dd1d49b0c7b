#include "carry/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/bare.h"
#include "carry/branch.h"

/* After so many commits the branch is moved, so that a stop costs only these. */
#define STEP_COMMITS 64

/* Can every branch be read, and its last commit? By the names of the files, since libgit2's list
 * leaves out what it cannot read. */
static enum pmj_code
check_branches(git_repository *store, const char *path, uint8_t lane, struct pmj_error *err)
{
	char *dir = mem_printf("%s/refs/heads/l%u", path, lane);
	char **names = NULL;
	size_t count = 0;
	enum pmj_code rc = PMJ_OK;

	if (fs_list(&names, &count, dir, NULL) != PMJ_OK)
		count = 0;
	for (size_t i = 0; i < count && rc == PMJ_OK; i++) {
		struct shape_place run = {.lane = lane};
		struct chain_link link;
		git_oid tip;

		if (!text_unhex(run.incarnation, sizeof(run.incarnation), names[i]))
			continue;
		rc = branch_tip(store, &tip, &run, err);
		if (rc == PMJ_OK)
			rc = chain_look(store, &link, &tip, err);
	}
	fs_list_free(names, count);
	free(dir);
	return rc;
}

static enum pmj_code
open_whole(git_repository **out, const char *path, struct pmj_error *err)
{
	enum pmj_code rc;

	rc = bare_make(path, err);
	if (rc != PMJ_OK)
		return rc;
	bare_sweep_own(path);
	rc = bare_open(out, path, err);
	for (uint8_t lane = SHAPE_LANE_UP; lane <= SHAPE_LANE_DOWN && rc == PMJ_OK; lane++)
		rc = check_branches(*out, path, lane, err);
	if (rc != PMJ_OK) {
		git_repository_free(*out);
		*out = NULL;
	}
	return rc;
}

/* What cannot be read is of no use, and all of it can be had again. path is ours to free. */
static enum pmj_code
open_path(git_repository **out, char *path, struct pmj_error *err)
{
	struct pmj_error why;
	enum pmj_code rc;

	*out = NULL;
	rc = open_whole(out, path, &why);
	if (rc == PMJ_INTEGRITY || rc == PMJ_NOT_FOUND || rc == PMJ_IO) {
		diag_error("a store is made again", &why);
		bare_remove(path);
		rc = open_whole(out, path, &why);
	}
	if (rc != PMJ_OK && err != NULL)
		*err = why;
	free(path);
	return rc;
}

enum pmj_code
store_open(git_repository **out, const char *folder,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint8_t lane, struct pmj_error *err)
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1];

	return open_path(out,
	    mem_printf("%s/%s-%u.git", folder, text_hex(hex, mailbox, PMJ_MAILBOX_BYTES), lane),
	    err);
}

enum pmj_code
store_open_run(
    git_repository **out, const char *folder, const struct shape_place *run, struct pmj_error *err)
{
	char mailbox[2 * PMJ_MAILBOX_BYTES + 1];
	char incarnation[2 * PMJ_INCARNATION_BYTES + 1];

	return open_path(out,
	    mem_printf("%s/%s-%u-%s.git", folder,
	        text_hex(mailbox, run->mailbox, sizeof(run->mailbox)), run->lane,
	        text_hex(incarnation, run->incarnation, sizeof(run->incarnation))),
	    err);
}

/* The spool's file at a segno that the chain has already: is it the same segment? */
static void
compare_held(struct store_run *out, const struct chain_links *held, const struct spool_item *item,
    const struct buf *bytes)
{
	git_oid blob;

	chain_blob_id(&blob, bytes->bytes, bytes->len);
	if (!git_oid_equal(&blob, &held->items[item->place.segno - held->items[0].segno].blob) &&
	    out->differs == 0)
		out->differs = item->place.segno;
}

/* One file of the spool: compare it with the chain, or put it on top of it. */
static enum pmj_code
take_one(struct store_run *out, git_repository *store, const struct chain_links *held,
    const struct spool_item *item, const struct buf *bytes, git_oid *made, struct pmj_error *err)
{
	struct chain_link link;
	enum pmj_code rc;

	if (held->count > 0 && item->place.segno <= held->items[held->count - 1].segno) {
		compare_held(out, held, item, bytes);
		return PMJ_OK;
	}
	if (item->place.segno != out->tip_segno + 1) {
		out->gap = true;
		return PMJ_OK;
	}
	rc = chain_add(
	    store, &link, out->tip_segno > 0 ? made : NULL, item->place.segno, bytes, err);
	if (rc == PMJ_OK) {
		*made = link.commit;
		out->tip_segno = link.segno;
	}
	return rc;
}

static enum pmj_code
take_all(struct store_run *out, git_repository *store, const struct os *os, const char *spool_out,
    const struct spool_item *items, size_t count, struct pmj_error *err)
{
	struct chain_links held = {0};
	git_oid made = out->tip;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, 0);
	if (!git_oid_is_zero(&out->tip))
		rc = chain_walk(store, &held, &out->tip, items[0].place.segno - 1, err);
	for (size_t i = 0; i < count && rc == PMJ_OK && !out->gap; i++) {
		struct pmj_error why;

		if (items[i].tag[0] != '\0')
			continue;
		rc = spool_load(&bytes, os, spool_out, &items[i], &why);
		if (rc != PMJ_OK) { /* acked and gone since we listed it, or no segment */
			if (rc != PMJ_NOT_FOUND)
				diag_error("reading the spool", &why);
			rc = PMJ_OK;
			continue;
		}
		rc = take_one(out, store, &held, &items[i], &bytes, &made, err);
		if (rc == PMJ_OK && !git_oid_equal(&made, &out->tip) &&
		    out->tip_segno % STEP_COMMITS == 0) {
			rc = branch_move(store, &out->run, &made, &out->tip, err);
			out->tip = made;
		}
	}
	if (rc == PMJ_OK && !git_oid_equal(&made, &out->tip)) {
		rc = branch_move(store, &out->run, &made, &out->tip, err);
		out->tip = made;
	}
	chain_links_close(&held);
	buf_close(&bytes);
	return rc;
}

enum pmj_code
store_take(struct store_run *out, git_repository *store, const struct os *os, const char *spool_out,
    const struct shape_place *run, const struct spool_item *items, size_t count,
    struct pmj_error *err)
{
	struct chain_link link;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	out->run = *run;
	out->run.segno = 0;
	rc = branch_tip(store, &out->tip, &out->run, err);
	if (rc == PMJ_OK && !git_oid_is_zero(&out->tip)) {
		rc = chain_look(store, &link, &out->tip, err);
		out->tip_segno = link.segno;
	}
	if (count == 0 || rc != PMJ_OK)
		return rc;
	out->waiting = items[count - 1].place.segno;
	return take_all(out, store, os, spool_out, items, count, err);
}
