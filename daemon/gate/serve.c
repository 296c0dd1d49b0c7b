#include "gate/serve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mem.h"
#include "carry/bare.h"
#include "carry/chain.h"
#include "gate/numbered.h"

#define LOCK_WAIT_MS 10000

/* Segments put one after the other into one run: their objects are there, the branch is moved once,
 * behind the last of them. */
struct pending {
	bool open;
	struct shape_place run;
	git_oid was; /* the tip when it began */
	git_oid made;
	uint64_t was_segno;
	uint64_t segno;          /* of `made` */
	struct chain_links held; /* what stood there, from the first segno asked for */
	size_t *marks;           /* where in the answer the outcomes of those not yet moved stand */
	size_t count;
	size_t room;
};

struct serving {
	struct serve_box *box;
	struct buf *answer;
	struct pending put;
	struct wire_in in;
	size_t done; /* bytes of the request */
	enum pmj_code rc;
	struct pmj_error err; /* where rc is none */
};

enum pmj_code
serve_open(struct serve_box *out, const char *root, const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    uint8_t lane, struct pmj_error *err)
{
	struct stat st;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	memcpy(out->mailbox, mailbox, PMJ_MAILBOX_BYTES);
	out->lane = lane;
	out->path = bare_path(root, mailbox);
	rc = bare_open(&out->repo, out->path, err);
	if (rc == PMJ_OK)
		rc = access_read(&out->writers, out->path, ACCESS_WRITERS, err);
	if (rc == PMJ_OK)
		out->shared = stat(out->path, &st) == 0 && (st.st_mode & S_IWGRP) != 0;
	else
		serve_close(out);
	return rc;
}

void
serve_close(struct serve_box *box)
{
	git_repository_free(box->repo);
	free(box->path);
	memset(box, 0, sizeof(*box));
}

/* What went wrong, for the asker; in full for the log of whoever runs the host. */
static enum wire_outcome
outcome_of(enum pmj_code rc, const struct pmj_error *err)
{
	if (rc == PMJ_OK)
		return WIRE_DONE;
	if (rc == PMJ_BUSY)
		return WIRE_BUSY;
	diag_error("a mailbox", err);
	return rc == PMJ_FULL ? WIRE_FULL : rc == PMJ_INTEGRITY ? WIRE_BROKEN : WIRE_FAILED;
}

/* ---- put ---- */

/* Does the branch of `upper` go through `lower`? */
static bool
goes_through(git_repository *repo, const git_oid *upper, const git_oid *lower, uint64_t segno)
{
	struct chain_links links;
	bool through = false;

	if (chain_walk(repo, &links, upper, segno - 1, NULL) != PMJ_OK)
		return false;
	if (links.count > 0 && links.items[0].segno == segno)
		through = git_oid_equal(&links.items[0].commit, lower);
	chain_links_close(&links);
	return through;
}

/* Another was here since we looked. A segment determines its commit: where he put the same, as what
 * is left of a request that was cut does, what we made follows his or is there. */
static enum pmj_code
move_after(struct serving *s, struct pmj_error *err)
{
	struct pending *put = &s->put;
	git_repository *repo = s->box->repo;
	struct chain_link tip;
	git_oid now;
	enum pmj_code rc;

	if ((rc = branch_tip(repo, &now, &put->run, err)) != PMJ_OK)
		return rc;
	if (git_oid_is_zero(&now))
		return pmj_fail(err, PMJ_BUSY, "another removed the branch meanwhile");
	if ((rc = chain_look(repo, &tip, &now, err)) != PMJ_OK)
		return rc;
	if (tip.segno >= put->segno && goes_through(repo, &now, &put->made, put->segno))
		return PMJ_OK;
	if (tip.segno < put->segno && goes_through(repo, &put->made, &now, tip.segno))
		return branch_move(repo, &put->run, &put->made, &now, err);
	return pmj_fail(err, PMJ_BUSY, "another moved the branch meanwhile");
}

static enum pmj_code
move(struct serving *s, struct pmj_error *err)
{
	struct pending *put = &s->put;
	enum pmj_code rc;
	int lock = -1;

	if ((rc = bare_lock(&lock, s->box->path, LOCK_WAIT_MS, err)) != PMJ_OK)
		return rc;
	rc = branch_move(s->box->repo, &put->run, &put->made, &put->was, err);
	if (rc == PMJ_BUSY)
		rc = move_after(s, err);
	(void)close(lock);
	return rc;
}

/* Move the branch, and say of all that it was moved for what came of it. */
static void
finish_put(struct serving *s)
{
	struct pending *put = &s->put;
	struct pmj_error err;

	if (put->count > 0) {
		enum wire_outcome outcome = outcome_of(move(s, &err), &err);

		for (size_t i = 0; i < put->count && s->answer->failed == PMJ_OK; i++)
			s->answer->bytes[put->marks[i]] = (uint8_t)outcome;
	}
	chain_links_close(&put->held);
	free(put->marks);
	memset(put, 0, sizeof(*put));
}

static enum wire_outcome
begin_put(struct serving *s, const struct shape_place *place)
{
	struct pending *put = &s->put;
	struct chain_link tip;
	struct pmj_error err;
	enum pmj_code rc;

	if (put->open && shape_same_run(&put->run, place))
		return WIRE_DONE;
	finish_put(s);
	put->run = *place;
	put->run.segno = 0;
	rc = branch_tip(s->box->repo, &put->was, &put->run, &err);
	if (rc == PMJ_OK && !git_oid_is_zero(&put->was)) {
		rc = chain_look(s->box->repo, &tip, &put->was, &err);
		put->was_segno = rc == PMJ_OK ? tip.segno : 0;
	}
	put->made = put->was;
	put->segno = put->was_segno;
	put->open = rc == PMJ_OK;
	return outcome_of(rc, &err);
}

/* A segno that the branch has: is it this segment? */
static enum wire_outcome
compare_held(struct serving *s, const struct shape_place *place, const struct buf *bytes)
{
	struct chain_links *held = &s->put.held;
	struct pmj_error err;
	git_oid blob;

	/* Twice in one request: the first of them is not on disk before the branch is moved. */
	if (place->segno > s->put.was_segno)
		return WIRE_BUSY;
	if (held->count == 0 || held->items[0].segno > place->segno) {
		enum pmj_code rc;

		chain_links_close(held);
		rc = chain_walk(s->box->repo, held, &s->put.was, place->segno - 1, &err);
		if (rc != PMJ_OK)
			return outcome_of(rc, &err);
	}
	chain_blob_id(&blob, bytes->bytes, bytes->len);
	return git_oid_equal(&blob, &held->items[place->segno - held->items[0].segno].blob)
	           ? WIRE_HAVE
	           : WIRE_FORKED;
}

/* Everything that can be said of it without looking into the mailbox. */
static enum wire_outcome
check_segment(const struct serve_box *box, struct shape_place *place, const struct wire_item *item)
{
	enum pmj_code rc = shape_read(place, item->bytes, item->len, NULL);

	if (rc != PMJ_OK)
		return rc == PMJ_TOO_BIG ? WIRE_TOO_BIG : WIRE_BAD_FORM;
	if (memcmp(place->mailbox, box->mailbox, sizeof(box->mailbox)) != 0)
		return WIRE_WRONG_MAILBOX;
	if (place->lane != box->lane)
		return WIRE_WRONG_LANE;
	return access_signed(&box->writers, item->bytes, item->len) ? WIRE_DONE
	                                                            : WIRE_BAD_SIGNATURE;
}

static enum wire_outcome
add_segment(struct serving *s, const struct shape_place *place, const struct buf *bytes)
{
	struct pending *put = &s->put;
	struct chain_link link;
	struct pmj_error err;
	enum pmj_code rc;

	if (place->segno <= put->segno)
		return compare_held(s, place, bytes);
	if (place->segno != put->segno + 1)
		return WIRE_GAP;
	rc = chain_add(
	    s->box->repo, &link, put->segno > 0 ? &put->made : NULL, place->segno, bytes, &err);
	if (rc != PMJ_OK)
		return outcome_of(rc, &err);
	put->made = link.commit;
	put->segno = link.segno;
	if (put->count == put->room) {
		put->room = put->room == 0 ? 64 : put->room * 2;
		put->marks = mem_grow(put->marks, put->room, sizeof(*put->marks));
	}
	put->marks[put->count++] = s->answer->len + WIRE_HEAD_BYTES;
	return WIRE_DONE;
}

static void
do_put(struct serving *s, const struct wire_item *item)
{
	struct shape_place place;
	enum wire_outcome outcome = check_segment(s->box, &place, item);
	struct buf bytes;

	buf_init(&bytes, 0);
	if (outcome == WIRE_DONE)
		outcome = begin_put(s, &place);
	if (outcome == WIRE_DONE) {
		buf_put(&bytes, item->bytes, item->len);
		outcome = bytes.failed == PMJ_OK ? add_segment(s, &place, &bytes) : WIRE_FAILED;
	}
	wire_put_outcome(s->answer, outcome);
	buf_close(&bytes);
}

/* ---- get ---- */

static void
do_get(struct serving *s, const struct wire_item *item)
{
	enum wire_outcome outcome = WIRE_BAD_FORM;
	struct chain_links links = {0};
	struct pmj_error err = {0};
	struct wire_get get;
	struct buf bytes;
	enum pmj_code rc;
	size_t total = 0;
	bool others = false;

	buf_init(&bytes, 0);
	rc = wire_read_get(&get, item, &err);
	if (rc != PMJ_OK)
		goto out;
	memcpy(get.from.mailbox, s->box->mailbox, sizeof(get.from.mailbox));
	rc = numbered_links(s->box, &links, &others, &get.from, get.from.segno, &err);
	for (size_t i = 0; i < links.count && rc == PMJ_OK; i++) {
		rc = chain_segment(s->box->repo, &bytes, &get.from, &links.items[i], &err);
		if (rc != PMJ_OK)
			break;
		/* One in any case, or a link that is too slow for it would never get any. */
		if ((total > 0 && total + bytes.len > get.limit) ||
		    s->answer->len + bytes.len > WIRE_ANSWER_MAX / 2) {
			outcome = WIRE_MORE;
			goto out;
		}
		wire_put_item(s->answer, WIRE_SEGMENT, bytes.bytes, bytes.len);
		total += bytes.len;
	}
	outcome = rc == PMJ_OK && others ? WIRE_MORE : outcome_of(rc, &err);
out:
	wire_put_outcome(s->answer, outcome);
	chain_links_close(&links);
	buf_close(&bytes);
}

/* ---- tips ---- */

static int
by_run(const void *a, const void *b)
{
	const struct wire_tip *x = a;
	const struct wire_tip *y = b;

	return shape_compare(&x->run, &y->run);
}

static enum pmj_code
collect_tips(struct serve_box *box, struct wire_tip *tips, size_t *count, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	*count = 0;
	for (uint8_t lane = SHAPE_LANE_UP; lane <= SHAPE_LANE_DOWN && rc == PMJ_OK; lane++) {
		struct branch_tips found = {0};

		rc = branch_tips(box->repo, &found, box->mailbox, lane, err);
		for (size_t i = 0; i < found.count && *count < WIRE_TIPS_MAX; i++) {
			struct chain_link link;

			/* One that is no chain of segments is left out: it cannot be gone on with,
			 * and a put to it says that it is broken. */
			if (chain_look(box->repo, &link, &found.items[i].commit, NULL) != PMJ_OK)
				continue;
			tips[*count].run = found.items[i].run;
			memset(tips[*count].run.mailbox, 0, PMJ_MAILBOX_BYTES);
			tips[*count].run.segno = link.segno;
			memcpy(tips[*count].commit, found.items[i].commit.id, WIRE_COMMIT_BYTES);
			(*count)++;
		}
		branch_tips_close(&found);
	}
	if (*count > 1)
		qsort(tips, *count, sizeof(*tips), by_run);
	return rc;
}

static void
do_tips(struct serving *s, const struct wire_item *item)
{
	struct wire_tip *tips = mem_array(WIRE_TIPS_MAX, sizeof(*tips));
	struct pmj_error err = {0};
	size_t count = 0;
	enum pmj_code rc = collect_tips(s->box, tips, &count, &err);
	size_t at = s->answer->len;
	git_oid seen;

	if (rc != PMJ_OK) {
		wire_put_outcome(s->answer, outcome_of(rc, &err));
		goto out;
	}
	wire_put_tips(s->answer, tips, count);
	if (item->len == 0 || s->answer->failed != PMJ_OK)
		goto out;
	chain_blob_id(
	    &seen, s->answer->bytes + at + WIRE_HEAD_BYTES, s->answer->len - at - WIRE_HEAD_BYTES);
	if (memcmp(seen.id, item->bytes, WIRE_SEEN_BYTES) == 0) {
		s->answer->len = at;
		wire_put_item(s->answer, WIRE_SAME, NULL, 0);
	}
out:
	free(tips);
}

/* ---- the batch ---- */

struct serving *
serve_begin(struct serve_box *box, struct buf *answer)
{
	struct serving *s = mem_new(sizeof(*s));

	s->box = box;
	s->answer = answer;
	wire_begin(answer, WIRE_ANSWER);
	return s;
}

static enum pmj_code
do_items(struct serving *s, struct pmj_error *err)
{
	struct wire_item item;
	bool more = true;
	enum pmj_code rc;

	while ((rc = wire_next(&s->in, &item, &more, err)) == PMJ_OK && more) {
		if (item.kind == WIRE_PUT) {
			do_put(s, &item);
			continue;
		}
		finish_put(s);
		if (item.kind == WIRE_GET)
			do_get(s, &item);
		else
			do_tips(s, &item);
	}
	finish_put(s);
	return rc;
}

/* The bytes up to len, of which some may be none of a whole item. */
static void
do_until(struct serving *s, const uint8_t *request, size_t len)
{
	mode_t mask = 077;

	if (s->rc == PMJ_OK && s->done == 0) {
		s->rc = wire_open(&s->in, WIRE_REQUEST, request, len, &s->err);
		s->done = WIRE_MAGIC_BYTES;
	}
	if (s->rc != PMJ_OK)
		return;
	s->in.in.at = request + s->done;
	s->in.in.left = len - s->done;
	if (s->box->shared)
		mask = umask(007);
	s->rc = do_items(s, &s->err);
	if (s->box->shared)
		(void)umask(mask);
	s->done = len;
}

void
serve_more(struct serving *serving, const uint8_t *request, size_t len)
{
	size_t whole = wire_whole(request, len);

	if (whole > serving->done)
		do_until(serving, request, whole);
}

enum pmj_code
serve_end(struct serving *serving, const uint8_t *request, size_t len, struct pmj_error *err)
{
	enum pmj_code rc;

	do_until(serving, request, len);
	rc = serving->rc;
	if (rc != PMJ_OK && err != NULL)
		*err = serving->err;
	wire_put_item(serving->answer, WIRE_END, NULL, 0);
	if (rc == PMJ_OK)
		rc = buf_check(serving->answer, err);
	free(serving);
	return rc;
}
