#include "carry/smart.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/smart_inner.h"
#include "carry/store.h"

/* Where the tips of a mailbox are kept as git's, they are of another place than the gate's. */
static char *
place_name(const char *url)
{
	return mem_printf("git %s", url);
}

bool
smart_known(const char *store, const char *url, const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	char *place = place_name(url);
	struct tipfile tips;
	bool known;

	tipfile_open(&tips, store, place, mailbox);
	known = tips.known;
	tipfile_close(&tips);
	free(place);
	return known;
}

/* ---- asking ---- */

static enum pmj_code
stopped(const struct smart *smart, struct pmj_error *err)
{
	if (err != NULL)
		*err = smart->stop;
	return smart->stop.code == PMJ_INTEGRITY ? PMJ_FAILED : smart->stop.code;
}

enum pmj_code
smart_fail_answer(struct smart *smart, struct pmj_error *err)
{
	if (err->code == PMJ_PARTIAL && smart->failures + 1 < SMART_FAILURES_MAX) {
		smart->failures++;
		step_failed(smart->way->step);
		return err->code = PMJ_UNREACHED;
	}
	pmj_context(err, "what the host answers is not git's");
	err->code = err->code == PMJ_PARTIAL ? PMJ_UNREACHED : PMJ_INTEGRITY;
	pmj_hint(err, "nothing is lost; is the address right? tell your coordinator");
	smart->stop = *err;
	return stopped(smart, err);
}

/* What a request came to: whether it is worth to go on. */
static enum pmj_code
heard(struct smart *smart, enum pmj_code rc, struct pmj_error *err)
{
	bool broke = rc != PMJ_OK && smart->way->broke(smart->way->ctx);

	if (rc == PMJ_OK)
		return PMJ_OK;
	/* A link that could not be made says nothing about what it would let through. */
	if (broke)
		step_failed(smart->way->step);
	if (rc != PMJ_UNREACHED || !broke || ++smart->failures >= SMART_FAILURES_MAX)
		smart->stop = *err;
	return smart->stop.code != PMJ_OK ? stopped(smart, err) : rc;
}

enum pmj_code
smart_ask(struct smart *smart, enum pkt_service service, struct pmj_error *err)
{
	enum pmj_code rc;

	if (smart->stop.code != PMJ_OK)
		return stopped(smart, err);
	if ((rc = buf_check(&smart->request, err)) != PMJ_OK)
		return rc;
	rc = smart->way->ask(smart->way->ctx, service, &smart->request, &smart->answer, err);
	if ((rc = heard(smart, rc, err)) != PMJ_OK)
		return rc;
	return PMJ_OK;
}

void
smart_good(struct smart *smart)
{
	smart->failures = 0;
	step_survived(smart->way->step, smart->request.len + smart->answer.len);
}

static enum pmj_code
look_once(struct smart *smart, enum pkt_service service, struct pmj_error *err)
{
	struct pkt_refs refs;
	enum pmj_code rc;

	if (smart->stop.code != PMJ_OK)
		return stopped(smart, err);
	rc = smart->way->refs(smart->way->ctx, service, &smart->answer, err);
	if ((rc = heard(smart, rc, err)) != PMJ_OK)
		return rc;
	rc = pkt_read_refs(
	    &refs, service, smart->way->announced, smart->mailbox, &smart->answer, err);
	if (rc == PMJ_PARTIAL || rc == PMJ_INVALID)
		return smart_fail_answer(smart, err);
	if (rc != PMJ_OK) {
		smart->stop = *err;
		return stopped(smart, err);
	}
	/* What takes a push does not say what can be fetched. */
	refs.depth |= smart->refs.depth || service == PKT_RECEIVE;
	refs.reachable |= smart->refs.reachable;
	pkt_refs_close(&smart->refs);
	smart->refs = refs;
	smart->fresh = smart->git = true;
	smart->service = service;
	smart->failures = 0;
	return PMJ_OK;
}

enum pmj_code
smart_look(struct smart *smart, enum pkt_service service, struct pmj_error *err)
{
	enum pmj_code rc = PMJ_OK;

	while (!smart->fresh) {
		rc = look_once(smart, service, err);
		if (rc != PMJ_OK && (rc != PMJ_UNREACHED || smart->stop.code != PMJ_OK))
			break;
	}
	return rc;
}

const git_oid *
smart_shown(const struct smart *smart, const struct shape_place *run)
{
	for (size_t i = 0; i < smart->refs.tips.count; i++)
		if (shape_same_run(&smart->refs.tips.items[i].run, run))
			return &smart->refs.tips.items[i].commit;
	return NULL;
}

/* ---- the lane we write ---- */

static enum pmj_code
far_push(void *ctx, git_repository *own, const struct shape_place *run,
    const struct chain_links *links, const git_oid *was, struct pmj_error *err)
{
	return smart_push(ctx, own, run, links, was, err);
}

static enum pmj_code
far_tip(void *ctx, git_oid *out, const struct shape_place *run, struct pmj_error *err)
{
	struct smart *smart = ctx;
	const git_oid *tip;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = smart_look(smart, PKT_UPLOAD, err)) != PMJ_OK)
		return rc;
	tip = smart_shown(smart, run);
	if (tip != NULL) {
		git_oid_cpy(out, tip);
		rc = smart_fetch_own(smart, run, out, err);
	}
	return rc;
}

/* Of our own lane what we do not know is fetched, to see where both part. */
static enum pmj_code
send(struct smart *smart, struct pmj_error *err)
{
	const struct exchange_far far = {smart->own, far_push, far_tip, smart};
	struct branch_tips tips = {0};
	enum pmj_code rc = PMJ_OK;

	tips.items = mem_array(smart->refs.tips.count + 1, sizeof(*tips.items));
	for (size_t i = 0; i < smart->refs.tips.count; i++)
		if (smart->refs.tips.items[i].run.lane == smart->ex->write_lane)
			tips.items[tips.count++] = smart->refs.tips.items[i];
	for (size_t i = 0; i < tips.count && rc == PMJ_OK; i++)
		rc = smart_fetch_own(smart, &tips.items[i].run, &tips.items[i].commit, err);
	if (rc == PMJ_OK)
		rc = exchange_send(smart->ex, &far, smart->mailbox, &tips, err);
	branch_tips_close(&tips);
	return rc;
}

/* ---- the lane we read ---- */

static enum pmj_code
receive_run(
    struct smart *smart, const struct branch_tip *tip, uint64_t *segno, struct pmj_error *err)
{
	uint64_t above = exchange_known_upto(smart->ex, &smart->got, &tip->run);
	const struct wire_tip *known = tipfile_find(&smart->tips, &tip->run);
	git_repository *store = NULL;
	struct chain_link link;
	size_t fresh = 0;
	enum pmj_code rc;

	*segno = known != NULL && memcmp(known->commit, tip->commit.id, GIT_OID_RAWSZ) == 0
	             ? known->run.segno
	             : 0;
	if (*segno != 0 && *segno <= above)
		return PMJ_OK;
	rc = store_open_run(&store, smart->ex->store, &tip->run, err);
	if (rc == PMJ_OK)
		rc = smart_fetch(smart, store, NULL, &tip->commit, above, err);
	if (store != NULL && chain_look(store, &link, &tip->commit, NULL) == PMJ_OK)
		*segno = link.segno;
	if (rc == PMJ_OK)
		rc = exchange_take(smart->ex, store, tip, above, &fresh, err);
	smart->ex->got += fresh;
	if (fresh > 0)
		smart->ex->tell(smart->ex->ctx, EXCHANGE_ARRIVED, NULL, fresh);
	if (rc == PMJ_OK)
		smart_drop(store);
	else
		git_repository_free(store);
	return rc;
}

/* Which number the tip of our own lane has. */
static uint64_t
own_segno(const struct smart *smart, const struct branch_tip *tip)
{
	struct chain_link link;

	return chain_look(smart->own, &link, &tip->commit, NULL) == PMJ_OK ? link.segno : 0;
}

/* What is shown, for the next time. *less: of a run less than the last time. */
static void
remember(struct smart *smart, const uint64_t *segnos, bool *less)
{
	size_t count = smart->refs.tips.count;
	struct wire_tip *tips = mem_array(count + 1, sizeof(*tips));
	struct pmj_error why;
	struct buf list;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct branch_tip *shown = &smart->refs.tips.items[i];
		const struct wire_tip *known = tipfile_find(&smart->tips, &shown->run);

		if (segnos[i] == 0 && known == NULL)
			continue;
		if (segnos[i] == 0) { /* not read yet */
			tips[n++] = *known;
			continue;
		}
		tips[n].run = shown->run;
		tips[n].run.segno = segnos[i];
		memcpy(tips[n++].commit, shown->commit.id, GIT_OID_RAWSZ);
	}
	buf_init(&list, 0);
	wire_put_tips(&list, tips, n);
	if (tipfile_take(&smart->tips, list.bytes + WIRE_HEAD_BYTES, list.len - WIRE_HEAD_BYTES,
	        less, &why) != PMJ_OK)
		*less = false;
	buf_close(&list);
	free(tips);
}

static enum pmj_code
receive(struct smart *smart, struct pmj_error *err)
{
	size_t count = smart->refs.tips.count;
	uint64_t *segnos = mem_array(count + 1, sizeof(*segnos));
	enum pmj_code first = PMJ_OK;
	bool less = false;

	for (size_t i = 0; i < count; i++) {
		const struct branch_tip *tip = &smart->refs.tips.items[i];
		struct pmj_error why;
		enum pmj_code rc = PMJ_OK;

		if (tip->run.lane == smart->ex->write_lane)
			segnos[i] = own_segno(smart, tip);
		else
			rc = receive_run(smart, tip, &segnos[i], &why);
		/* One bad branch must not keep the others from coming. */
		if (rc != PMJ_OK && first == PMJ_OK) {
			first = rc;
			*err = why;
		}
	}
	remember(smart, segnos, &less);
	free(segnos);
	if (first == PMJ_OK && (less || smart->less)) {
		first = pmj_fail(err, PMJ_INTEGRITY, "the mailbox shows less than it did");
		pmj_hint(err,
		    "it was put back, or an old state is shown; nothing is lost here, and "
		    "what it lacks of ours was sent again. Tell your coordinator");
	}
	return first;
}

/* Of what we write: looked at before what it lacks is sent again. */
static void
note_less(struct smart *smart)
{
	for (size_t i = 0; i < smart->refs.tips.count; i++) {
		const struct branch_tip *tip = &smart->refs.tips.items[i];
		const struct wire_tip *known = tipfile_find(&smart->tips, &tip->run);
		uint64_t segno = known != NULL && tip->run.lane == smart->ex->write_lane
		                     ? own_segno(smart, tip)
		                     : 0;

		smart->less = smart->less || (segno != 0 && segno < known->run.segno);
	}
}

/* Is there a branch of the lane we read that stands elsewhere than the last time? */
static bool
has_news(const struct smart *smart)
{
	for (size_t i = 0; i < smart->refs.tips.count; i++) {
		const struct branch_tip *tip = &smart->refs.tips.items[i];
		const struct wire_tip *known = tipfile_find(&smart->tips, &tip->run);

		if (tip->run.lane != smart->ex->write_lane &&
		    (known == NULL || memcmp(known->commit, tip->commit.id, GIT_OID_RAWSZ) != 0))
			return true;
	}
	return false;
}

/* ---- both ---- */

static bool
something_waits(const struct exchange *ex, const uint8_t *mailbox)
{
	for (size_t i = 0; i < ex->out.count; i++)
		if (memcmp(ex->out.items[i].place.mailbox, mailbox, PMJ_MAILBOX_BYTES) == 0)
			return true;
	return false;
}

static enum pmj_code
both_ways(struct smart *smart, struct pmj_error *err)
{
	bool sends = smart->way->talks && something_waits(smart->ex, smart->mailbox);
	struct pmj_error why;
	enum pmj_code rc = smart_look(smart, sends ? PKT_RECEIVE : PKT_UPLOAD, err);
	enum pmj_code got;

	if (rc != PMJ_OK)
		return rc;
	note_less(smart);
	rc = send(smart, err);
	if (rc == PMJ_UNREACHED)
		return rc;
	/* Whatever hinders us from sending, what is there for us comes. */
	smart->fresh = smart->fresh && (smart->service == PKT_UPLOAD || !has_news(smart));
	got = smart_look(smart, PKT_UPLOAD, &why);
	if (got == PMJ_OK)
		got = receive(smart, &why);
	if (rc == PMJ_OK && got != PMJ_OK) {
		rc = got;
		*err = why;
	}
	return rc;
}

enum pmj_code
smart_exchange(struct exchange *ex, const struct smart_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *url, bool *git,
    struct pmj_error *err)
{
	struct smart smart = {.ex = ex, .way = way, .mailbox = mailbox};
	char *place = place_name(url);
	enum pmj_code rc;

	*git = false;
	step_begin(way->step);
	tipfile_open(&smart.tips, ex->store, place, mailbox);
	buf_init(&smart.request, 0);
	buf_init(&smart.answer, SMART_ANSWER_MAX);
	rc = store_open(&smart.own, ex->store, mailbox, ex->write_lane, err);
	if (rc == PMJ_OK)
		rc = exchange_spooled(ex, &smart.got, mailbox, err);
	if (rc == PMJ_OK)
		rc = both_ways(&smart, err);
	if (smart.stop.code != PMJ_OK) {
		rc = smart.stop.code;
		*err = smart.stop;
	}
	*git = smart.git;
	tipfile_close(&smart.tips);
	pkt_refs_close(&smart.refs);
	places_close(&smart.got);
	buf_close(&smart.request);
	buf_close(&smart.answer);
	git_repository_free(smart.own);
	free(place);
	return rc;
}
