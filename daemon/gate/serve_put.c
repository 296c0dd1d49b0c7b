/* serve_put.c - segments that come: checked, their commits made, and the branch moved behind the
 * last of those that come together. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "carry/bare.h"
#include "gate/serve_inner.h"

#define LOCK_WAIT_MS 10000

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
void
serve_put_finish(struct serving *s)
{
	struct pending *put = &s->put;
	struct pmj_error err;

	if (put->count > 0) {
		enum wire_outcome outcome;

		if (s->box->bell >= 0 && !s->brought)
			serve_tips_hash(s, &s->other_was, serve_other_lane(s->box));
		outcome = serve_outcome(move(s, &err), &err);
		s->brought = s->brought || outcome == WIRE_DONE;

		for (size_t i = 0; i < put->count && s->answer->failed == PMJ_OK; i++)
			s->answer->bytes[put->marks[i]] = (uint8_t)outcome;
	}
	room_keep(&s->box->room, s->box->path);
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
	serve_put_finish(s);
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
	return serve_outcome(rc, &err);
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
			return serve_outcome(rc, &err);
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
	if (!room_has(&s->box->room, s->box->path, bytes->len))
		return WIRE_NO_ROOM;
	rc = chain_add(
	    s->box->repo, &link, put->segno > 0 ? &put->made : NULL, place->segno, bytes, &err);
	if (rc != PMJ_OK)
		return serve_outcome(rc, &err);
	room_take(&s->box->room, bytes->len);
	put->made = link.commit;
	put->segno = link.segno;
	if (put->count == put->room) {
		put->room = put->room == 0 ? 64 : put->room * 2;
		put->marks = mem_grow(put->marks, put->room, sizeof(*put->marks));
	}
	put->marks[put->count++] = s->answer->len + WIRE_HEAD_BYTES;
	return WIRE_DONE;
}

void
serve_put(struct serving *s, const struct wire_item *item)
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
