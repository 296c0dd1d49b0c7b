/* parcel_leave.c - what is left on a stick, and whether the stick has it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "carry/chain.h"
#include "carry/job.h"
#include "carry/parcel.h"

enum left { LEFT_NOT, LEFT_BEFORE, LEFT_NOW };

struct leaving {
	struct job *job;
	const char *folder;
	char *out;
	enum left *left; /* of each file of spool/out */
	size_t wanted;
	size_t put;
	size_t damaged;
};

/* Leave copies. Stops at the first refusal of the medium: the next would be refused too. */
static enum pmj_code
put_all(struct leaving *l, struct pmj_error *err)
{
	struct exchange *ex = &l->job->ex;
	struct buf bytes;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < ex->out.count; i++)
		ex->count.left += parcel_is_acked(l->job, &ex->out.items[i].place) ? 0 : 1;
	buf_init(&bytes, 0);
	for (size_t i = 0; i < ex->out.count; i++) {
		const struct spool_item *item = &ex->out.items[i];
		struct pmj_error why;
		bool fresh = false;

		if (parcel_is_acked(l->job, &item->place))
			continue;
		if (spool_load(&bytes, ex->os, l->out, item, &why) != PMJ_OK) {
			diag_error("reading the spool", &why);
			continue;
		}
		l->wanted++;
		if (rc != PMJ_OK)
			continue;
		rc = spool_put(&fresh, ex->os, l->folder, &item->place, &bytes, err);
		if (rc != PMJ_OK)
			continue;
		parcel_open_to_all(l->folder, &item->place, &bytes);
		l->left[i] = fresh ? LEFT_NOW : LEFT_BEFORE;
		ex->count.moved += bytes.len;
		exchange_there(ex, 1);
	}
	buf_close(&bytes);
	return rc;
}

/* The kernel would answer from its memory. */
static void
forget_cached(const char *folder, const char *name)
{
	char *path = fs_join(folder, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		(void)close(fd);
	}
	free(path);
}

/* Under one name. *same: it is what was put there. */
static enum pmj_code
load_again(
    bool *same, const struct leaving *l, const struct spool_item *there, const struct buf *bytes)
{
	char name[SHAPE_NAME_ROOM];
	struct buf back;
	enum pmj_code rc;

	shape_name(name, &there->place, there->tag[0] != '\0' ? there->tag : NULL);
	forget_cached(l->folder, name);
	buf_init(&back, 0);
	rc = spool_load(&back, l->job->ex.os, l->folder, there, NULL);
	*same = rc == PMJ_OK && back.len == bytes->len &&
	        memcmp(back.bytes, bytes->bytes, back.len) == 0;
	buf_close(&back);
	return rc;
}

/* Nobody should take for a segment what we put there and is none. */
static void
drop(const struct leaving *l, const struct spool_item *there)
{
	char name[SHAPE_NAME_ROOM];

	shape_name(name, &there->place, there->tag[0] != '\0' ? there->tag : NULL);
	fs_drop(&os_real, l->folder, name);
}

/* False: it is gone, and with it the stick. */
static bool
read_back(struct leaving *l, size_t i, const struct buf *bytes)
{
	struct spool_item plain = {.place = l->job->ex.out.items[i].place}, tagged = plain;
	enum pmj_code rc, beside;
	bool same, same_beside = false;

	rc = load_again(&same, l, &plain, bytes);
	if (!same && rc != PMJ_OK && rc != PMJ_INVALID && rc != PMJ_TOO_BIG)
		return false;
	if (!same) { /* another one has its name, or it is damaged */
		chain_blob_tag(tagged.tag, bytes->bytes, bytes->len);
		beside = load_again(&same_beside, l, &tagged, bytes);
		if (!same_beside && l->left[i] == LEFT_NOW)
			drop(l, beside == PMJ_NOT_FOUND ? &plain : &tagged);
	}
	if (same || same_beside) {
		l->put++;
		l->job->ex.sent += l->left[i] == LEFT_NOW ? 1 : 0;
		l->job->ex.tell(
		    l->job->ex.ctx, EXCHANGE_CARRIED, &l->job->ex.out.items[i].place, 0);
	} else {
		l->damaged++;
	}
	return true;
}

/* Some sticks take more than they have room for. Looked at when all is written, because what comes
 * last may have gone over what came first. */
static bool
read_all_back(struct leaving *l)
{
	const struct exchange *ex = &l->job->ex;
	struct buf bytes;
	bool there = true;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < ex->out.count && there; i++) {
		if (l->left[i] != LEFT_NOT &&
		    spool_load(&bytes, ex->os, l->out, &ex->out.items[i], NULL) == PMJ_OK)
			there = read_back(l, i, &bytes);
		exchange_beat(ex);
	}
	buf_close(&bytes);
	return there;
}

static void
hint(enum pmj_code rc, struct pmj_error *err)
{
	if (rc == PMJ_READ_ONLY || rc == PMJ_PERMISSION)
		pmj_hint(
		    err, "the stick cannot be written: unlock its switch, or take another one");
	else if (rc == PMJ_FULL)
		pmj_hint(err, "free some space on the stick, or take another one");
	else if (rc == PMJ_NOT_FOUND || rc == PMJ_IO)
		parcel_hint_pulled(err);
}

static enum pmj_code
leave(struct leaving *l, struct pmj_error *err)
{
	enum pmj_code rc = put_all(l, err);
	bool there = read_all_back(l);

	if (l->damaged > 0) {
		rc = pmj_fail(err, PMJ_INTEGRITY,
		    "the stick does not keep what is written on it: %zu of %zu files came back "
		    "damaged",
		    l->damaged, l->damaged + l->put);
		pmj_hint(err, "it has less room than it says, or is worn out: take another one; "
		              "nothing is lost");
		return rc;
	}
	if (rc == PMJ_OK && !there)
		rc = pmj_fail(err, PMJ_NOT_FOUND, "what was left on the stick is gone");
	hint(rc, err);
	if (rc != PMJ_OK && l->put > 0) {
		if (err != NULL)
			err->code = PMJ_PARTIAL;
		pmj_context(err, "%zu of %zu were left there", l->put, l->wanted);
		return PMJ_PARTIAL;
	}
	return rc;
}

enum pmj_code
parcel_leave(struct job *job, const char *folder, struct pmj_error *err)
{
	struct leaving l = {.job = job, .folder = folder};
	enum pmj_code rc;

	if (job->ex.out.count == 0)
		return PMJ_OK;
	if ((rc = parcel_make_folder(job, folder, err)) != PMJ_OK) {
		hint(rc, err);
		return rc;
	}
	l.out = fs_join(job->ex.spool, "out");
	l.left = mem_array(job->ex.out.count, sizeof(*l.left));
	rc = leave(&l, err);
	free(l.left);
	free(l.out);
	return rc;
}
