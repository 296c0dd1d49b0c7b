#include "gate/numbered.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

/* FOLDER/numbers-LANE-INCARNATION: the commits of segments 1, 2, …, of 20 bytes each. A commit
 * names all before it, so where the last one that is used is of the branch, all are that a writer
 * like us put there; that each is the parent of the next is looked at as they are read. */

/* A walk of so many commits is shorter than what a file is good for. */
#define WALK_MOST 32

static int
numbers_open(const struct serve_box *box, const struct shape_place *run)
{
	char hex[2 * PMJ_INCARNATION_BYTES + 1];
	char *path = mem_printf("%s/numbers-%u-%s", box->path, run->lane,
	    text_hex(hex, run->incarnation, sizeof(run->incarnation)));
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, box->shared ? 0660 : 0600);

	free(path);
	return fd;
}

static bool
numbers_get(int fd, git_oid *out, uint64_t segno)
{
	return pread(fd, out->id, GIT_OID_RAWSZ, (off_t)((segno - 1) * GIT_OID_RAWSZ)) ==
	       GIT_OID_RAWSZ;
}

static uint64_t
numbers_count(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
	           ? (uint64_t)st.st_size / GIT_OID_RAWSZ
	           : 0;
}

/* What was walked is written down; best effort, and not synced: what is lost is walked again. */
static void
numbers_put(int fd, const struct chain_links *links)
{
	struct buf bytes;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < links->count; i++)
		buf_put(&bytes, links->items[i].commit.id, GIT_OID_RAWSZ);
	if (bytes.failed == PMJ_OK && links->count > 0)
		(void)!pwrite(fd, bytes.bytes, bytes.len,
		    (off_t)((links->items[0].segno - 1) * GIT_OID_RAWSZ));
	buf_close(&bytes);
}

/* Down from the tip to where the file ends, or to its beginning where it speaks of another branch;
 * from there on it is told what was found. */
static enum pmj_code
numbers_complete(const struct serve_box *box, int fd, const struct chain_link *tip, bool *usable,
    struct pmj_error *err)
{
	uint64_t known = numbers_count(fd);
	struct chain_links links;
	git_oid last;
	enum pmj_code rc;

	*usable = false;
	if (known >= tip->segno)
		known = tip->segno - 1;
	if ((rc = chain_walk(box->repo, &links, &tip->commit, known, err)) != PMJ_OK)
		return rc;
	if (known > 0 &&
	    (!numbers_get(fd, &last, known) || !git_oid_equal(&last, &links.items[0].parent))) {
		chain_links_close(&links);
		if ((rc = chain_walk(box->repo, &links, &tip->commit, 0, err)) != PMJ_OK)
			return rc;
	}
	numbers_put(fd, &links);
	chain_links_close(&links);
	*usable = numbers_count(fd) >= tip->segno;
	return PMJ_OK;
}

/* By the file; *good false: it does not say what the commits say. */
static void
links_by_number(const struct serve_box *box, int fd, struct chain_links *out, uint64_t from,
    uint64_t count, bool *good)
{
	git_oid id;

	*good = true;
	out->items = mem_array(count, sizeof(*out->items));
	for (out->count = 0; out->count < count && *good; out->count++) {
		struct chain_link *link = &out->items[out->count];

		*good = numbers_get(fd, &id, from + out->count) &&
		        chain_look(box->repo, link, &id, NULL) == PMJ_OK &&
		        link->segno == from + out->count &&
		        (out->count == 0 || git_oid_equal(&link->parent, &link[-1].commit));
	}
	if (!*good)
		chain_links_close(out);
}

enum pmj_code
numbered_links(const struct serve_box *box, struct chain_links *out, bool *more,
    const struct shape_place *run, uint64_t from, struct pmj_error *err)
{
	struct chain_link tip = {.segno = 0};
	git_oid at;
	enum pmj_code rc;
	bool usable = false;
	int fd = -1;

	memset(out, 0, sizeof(*out));
	*more = false;
	rc = branch_tip(box->repo, &at, run, err);
	if (rc == PMJ_OK && !git_oid_is_zero(&at))
		rc = chain_look(box->repo, &tip, &at, err);
	if (rc != PMJ_OK || tip.segno < from)
		return rc;
	if (tip.segno - from >= WALK_MOST && (fd = numbers_open(box, run)) >= 0)
		rc = numbers_complete(box, fd, &tip, &usable, err);
	if (rc == PMJ_OK && usable) {
		uint64_t count = tip.segno - from + 1;

		*more = count > NUMBERED_AT_ONCE;
		links_by_number(box, fd, out, from, *more ? NUMBERED_AT_ONCE : count, &usable);
		if (!usable)
			(void)!ftruncate(fd, 0); /* it is made anew by the next */
	}
	if (rc == PMJ_OK && !usable) {
		*more = false;
		rc = chain_walk(box->repo, out, &at, from - 1, err);
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
