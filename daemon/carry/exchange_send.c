/* exchange_send.c - one run of ours to the far side: how its branch stands to ours, what goes, and
 * what is foreign. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "carry/exchange.h"
#include "carry/store.h"

#define CAS_TRIES 3

/* How the far branch stands to ours. */
enum relation { RELATION_SAME, RELATION_BEHIND, RELATION_AHEAD, RELATION_FORKED };

struct standing {
	enum relation relation;
	uint64_t far_segno;
	uint64_t common; /* up to here both are one chain */
};

static bool
link_at(const struct chain_links *links, uint64_t segno, const git_oid *commit)
{
	return links->count > 0 && segno >= links->items[0].segno &&
	       segno <= links->items[links->count - 1].segno &&
	       git_oid_equal(&links->items[segno - links->items[0].segno].commit, commit);
}

/* Go down both chains to the last commit they share. */
static enum pmj_code
find_common(struct standing *out, git_repository *own, const git_oid *own_tip, git_repository *far,
    const git_oid *far_tip, struct pmj_error *err)
{
	struct chain_links ours = {0};
	struct chain_links theirs = {0};
	enum pmj_code rc;

	rc = chain_walk(own, &ours, own_tip, 0, err);
	if (rc == PMJ_OK)
		rc = chain_walk(far, &theirs, far_tip, 0, err);
	for (size_t i = 0; rc == PMJ_OK && i < theirs.count; i++)
		if (link_at(&ours, theirs.items[i].segno, &theirs.items[i].commit))
			out->common = theirs.items[i].segno;
	chain_links_close(&ours);
	chain_links_close(&theirs);
	return rc;
}

static enum pmj_code
relate(struct standing *out, git_repository *own, const struct store_run *ours, git_repository *far,
    const git_oid *far_tip, struct pmj_error *err)
{
	struct chain_links links = {0};
	struct chain_link tip;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if (git_oid_is_zero(far_tip)) {
		out->relation = ours->tip_segno == 0 ? RELATION_SAME : RELATION_BEHIND;
		return PMJ_OK;
	}
	if ((rc = chain_look(far, &tip, far_tip, err)) != PMJ_OK)
		return rc;
	out->far_segno = tip.segno;
	if (git_oid_equal(far_tip, &ours->tip)) {
		out->relation = RELATION_SAME;
		out->common = tip.segno;
	} else if (tip.segno < ours->tip_segno) {
		rc = chain_walk(own, &links, &ours->tip, tip.segno - 1, err);
		out->relation =
		    link_at(&links, tip.segno, far_tip) ? RELATION_BEHIND : RELATION_FORKED;
		out->common = tip.segno;
	} else {
		uint64_t from = ours->tip_segno > 0 ? ours->tip_segno - 1 : 0;

		rc = chain_walk(far, &links, far_tip, from, err);
		out->relation = ours->tip_segno == 0 || link_at(&links, ours->tip_segno, &ours->tip)
		                    ? RELATION_AHEAD
		                    : RELATION_FORKED;
		out->common = ours->tip_segno;
	}
	chain_links_close(&links);
	if (rc == PMJ_OK && out->relation == RELATION_FORKED) {
		out->common = 0;
		rc = find_common(out, own, &ours->tip, far, far_tip, err);
	}
	return rc;
}

/* One run of ours while it is sent. */
struct sending {
	struct exchange *ex;
	const struct exchange_far *far;
	git_repository *own;
	struct store_run ours;
	git_oid far_tip;
	const struct spool_item *items; /* of this run in the spool; may be none */
	size_t count;
};

/* The far side shows segments of our lane that we did not know: whoever holds the keys must see
 * them, and judges by their ids whether they are news. */
static enum pmj_code
show_foreign(struct sending *s, uint64_t above, uint64_t far_segno, struct pmj_error *err)
{
	struct branch_tip tip = {.run = s->ours.run, .commit = s->far_tip};
	struct shape_place place = s->ours.run;
	size_t fresh = 0;
	enum pmj_code rc;

	rc = exchange_take(s->ex, s->far->repo, &tip, above, &fresh, err);
	if (rc != PMJ_OK)
		return rc;
	place.segno = far_segno;
	s->ex->tell(s->ex->ctx, EXCHANGE_FOREIGN, &place, fresh);
	if (fresh > 0)
		s->ex->tell(s->ex->ctx, EXCHANGE_ARRIVED, NULL, fresh);
	return PMJ_OK;
}

/* Take the far chain into our store, so that ours can go on from there. */
static enum pmj_code
adopt(struct sending *s, struct pmj_error *err)
{
	struct chain_links links = {0};
	enum pmj_code rc;

	rc = chain_walk(s->far->repo, &links, &s->far_tip, s->ours.tip_segno, err);
	for (size_t i = 0; i < links.count && rc == PMJ_OK; i++)
		rc = chain_copy(s->own, s->far->repo, &links.items[i], err);
	chain_links_close(&links);
	if (rc == PMJ_OK)
		rc = branch_move(s->own, &s->ours.run, &s->far_tip, &s->ours.tip, err);
	return rc;
}

static enum pmj_code
take_spool(struct sending *s, struct pmj_error *err)
{
	char *out = fs_join(s->ex->spool, "out");
	struct shape_place run = s->ours.run;
	enum pmj_code rc;

	rc = store_take(&s->ours, s->own, s->ex->os, out, &run, s->items, s->count, err);
	free(out);
	return rc;
}

/* The spool against the far chain that we are about to adopt: every file must be the one there. */
static enum pmj_code
spool_agrees(struct sending *s, bool *agrees, struct pmj_error *err)
{
	char *out = fs_join(s->ex->spool, "out");
	struct chain_links links = {0};
	struct buf bytes;
	git_oid blob;
	enum pmj_code rc;

	*agrees = true;
	buf_init(&bytes, 0);
	rc = chain_walk(s->far->repo, &links, &s->far_tip, s->ours.tip_segno, err);
	for (size_t i = 0; rc == PMJ_OK && i < s->count && links.count > 0; i++) {
		uint64_t segno = s->items[i].place.segno;

		if (segno < links.items[0].segno || segno > links.items[links.count - 1].segno ||
		    s->items[i].tag[0] != '\0' ||
		    spool_load(&bytes, s->ex->os, out, &s->items[i], NULL) != PMJ_OK)
			continue;
		chain_blob_id(&blob, bytes.bytes, bytes.len);
		if (!git_oid_equal(&blob, &links.items[segno - links.items[0].segno].blob))
			*agrees = false;
	}
	chain_links_close(&links);
	buf_close(&bytes);
	free(out);
	return rc;
}

static enum pmj_code
fail_forked(const struct sending *s, uint64_t segno, struct pmj_error *err)
{
	enum pmj_code rc;

	if (s->count == 0) /* nothing of it waits any more: the writer went on elsewhere */
		return PMJ_OK;
	rc = pmj_fail(err, PMJ_PARTIAL,
	    "the mailbox holds another segment %" PRIu64 " than ours, so this run cannot go there",
	    segno);
	pmj_hint(err, "the next exchange sends it as a new run");
	return rc;
}

static uint64_t
waits_upto(const struct sending *s)
{
	return s->count > 0 ? s->items[s->count - 1].place.segno : 0;
}

/* Push what the far side lacks, and read its tip back before saying that it is there. */
static enum pmj_code
push_run(struct sending *s, const struct standing *standing, struct pmj_error *err)
{
	struct chain_links links = {0};
	struct shape_place place = s->ours.run;
	struct exchange_count *count = &s->ex->count;
	size_t before = count->there;
	git_oid back;
	enum pmj_code rc;

	rc = chain_walk(s->own, &links, &s->ours.tip, standing->far_segno, err);
	/* What its writer gave up lies in our store, and in the spool no more. */
	while (links.count > 0 && links.items[links.count - 1].segno > waits_upto(s))
		links.count--;
	count->left = rc == PMJ_OK ? links.count : 0;
	if (rc == PMJ_OK && links.count > 0)
		rc = s->far->push(s->far->ctx, s->own, &s->ours.run, &links, &s->far_tip, err);
	if (rc == PMJ_OK)
		rc = s->far->tip(s->far->ctx, &back, &s->ours.run, err);
	if (rc == PMJ_OK &&
	    !git_oid_equal(
	        &back, links.count > 0 ? &links.items[links.count - 1].commit : &s->far_tip))
		rc = pmj_fail(err, PMJ_BUSY, "the mailbox does not show what was sent");
	if (rc == PMJ_OK) {
		s->ex->sent += links.count;
		exchange_there(s->ex, links.count - (count->there - before));
		place.segno =
		    links.count > 0 ? links.items[links.count - 1].segno : standing->far_segno;
		if (s->count > 0 && place.segno >= s->items[0].place.segno)
			s->ex->tell(s->ex->ctx, EXCHANGE_DELIVERED, &place, 0);
	}
	chain_links_close(&links);
	return rc;
}

static enum pmj_code
send_step(struct sending *s, struct pmj_error *err)
{
	struct standing standing;
	bool agrees = true;
	enum pmj_code rc;

	if ((rc = relate(&standing, s->own, &s->ours, s->far->repo, &s->far_tip, err)) != PMJ_OK)
		return rc;
	if (standing.relation == RELATION_AHEAD) {
		if ((rc = spool_agrees(s, &agrees, err)) != PMJ_OK ||
		    (rc = show_foreign(s, standing.common, standing.far_segno, err)) != PMJ_OK)
			return rc;
		if (!agrees)
			return fail_forked(s, standing.far_segno, err);
		if ((rc = adopt(s, err)) != PMJ_OK || (rc = take_spool(s, err)) != PMJ_OK ||
		    (rc = relate(&standing, s->own, &s->ours, s->far->repo, &s->far_tip, err)) !=
		        PMJ_OK)
			return rc;
	}
	if (standing.relation == RELATION_FORKED) {
		if ((rc = show_foreign(s, standing.common, standing.far_segno, err)) != PMJ_OK)
			return rc;
		return fail_forked(s, standing.common + 1, err);
	}
	if (s->ours.differs != 0)
		return fail_forked(s, s->ours.differs, err);
	if (s->count == 0 && git_oid_is_zero(&s->far_tip))
		return PMJ_OK;
	rc = push_run(s, &standing, err);
	if (rc == PMJ_OK && s->ours.gap) {
		rc = pmj_fail(
		    err, PMJ_PARTIAL, "segments before %" PRIu64 " are missing", s->ours.waiting);
		pmj_hint(err, "the mailbox lost its history; a new run will be begun");
	}
	return rc;
}

/* What the far branch shows is no chain of segments, or ours cannot be read any more: our run can
 * never go on there. Place 0 says so; whoever holds the keys begins another. */
static enum pmj_code
fail_spoiled(const struct sending *s, struct pmj_error *err)
{
	struct shape_place place = s->ours.run;

	if (s->count == 0) /* as in fail_forked */
		return PMJ_OK;
	place.segno = 0;
	s->ex->tell(s->ex->ctx, EXCHANGE_FOREIGN, &place, 0);
	pmj_hint(err, "the next exchange sends what waits as a new run");
	return PMJ_INTEGRITY;
}

static enum pmj_code
send_run(struct sending *s, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	if ((rc = take_spool(s, err)) != PMJ_OK)
		return rc;
	for (int tries = 0; tries < CAS_TRIES; tries++) {
		rc = send_step(s, err);
		if (rc != PMJ_BUSY)
			break;
		/* Another moved the branch between our look and our move: look again. */
		if (s->far->tip(s->far->ctx, &s->far_tip, &s->ours.run, err) != PMJ_OK)
			break;
	}
	return rc == PMJ_INTEGRITY ? fail_spoiled(s, err) : rc;
}

/* The items of the spool that belong to a run. */
static size_t
items_of(
    const struct spool_list *list, const struct shape_place *run, const struct spool_item **first)
{
	struct shape_place start = *run;
	size_t from;
	size_t count = 0;

	start.segno = 0;
	from = spool_first(list, &start);
	while (from + count < list->count && shape_same_run(&list->items[from + count].place, run))
		count++;
	*first = count > 0 ? &list->items[from] : NULL;
	return count;
}

/* Every run to look at: those in the spool, and those the far side shows of our lane. */
static void
runs_of(struct places *out, const struct exchange *ex,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct branch_tips *tips)
{
	struct shape_place start = {.lane = ex->write_lane};
	struct shape_place last = {0};
	const struct spool_item *first;

	memcpy(start.mailbox, mailbox, PMJ_MAILBOX_BYTES);
	for (size_t i = spool_first(&ex->out, &start); i < ex->out.count; i++) {
		const struct shape_place *place = &ex->out.items[i].place;

		if (memcmp(place->mailbox, mailbox, PMJ_MAILBOX_BYTES) != 0 ||
		    place->lane != ex->write_lane)
			break;
		if (!shape_same_run(place, &last))
			places_add(out, place);
		last = *place;
	}
	for (size_t i = 0; i < tips->count; i++)
		if (items_of(&ex->out, &tips->items[i].run, &first) == 0)
			places_add(out, &tips->items[i].run);
}

enum pmj_code
exchange_send(struct exchange *ex, const struct exchange_far *far,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct branch_tips *tips,
    struct pmj_error *err)
{
	struct sending s = {.ex = ex, .far = far};
	struct places runs = {0};
	enum pmj_code first = PMJ_OK;

	runs_of(&runs, ex, mailbox, tips);
	if (runs.count > 0 &&
	    (first = store_open(&s.own, ex->store, mailbox, ex->write_lane, err)) != PMJ_OK)
		goto out;
	for (size_t i = 0; i < runs.count; i++) {
		struct pmj_error why;
		enum pmj_code rc;

		memset(&s.far_tip, 0, sizeof(s.far_tip));
		for (size_t t = 0; t < tips->count; t++)
			if (shape_same_run(&tips->items[t].run, &runs.items[i]))
				s.far_tip = tips->items[t].commit;
		memset(&s.ours, 0, sizeof(s.ours));
		s.ours.run = runs.items[i];
		s.ours.run.segno = 0;
		s.count = items_of(&ex->out, &runs.items[i], &s.items);
		rc = send_run(&s, &why);
		if (rc != PMJ_OK && first == PMJ_OK) {
			first = rc;
			if (err != NULL)
				*err = why;
		}
	}
out:
	git_repository_free(s.own);
	places_close(&runs);
	return first;
}
