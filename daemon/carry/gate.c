#include "carry/gate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "carry/gate_inner.h"
#include "carry/store.h"

/* Tips, and what is new of what we read: as often as it takes, while something comes. */
static enum pmj_code
look(struct gate *gate, struct pmj_error *err)
{
	size_t barren = 0; /* requests that brought nothing of what is shown */

	for (;;) {
		struct gate_batch *batch = gate_batch_new(gate, NULL, NULL);
		bool known = gate->fresh;
		size_t came;
		enum pmj_code rc;

		gate_want_news(gate, batch, !known);
		if (known && batch->get_count == 0) {
			gate_batch_close(batch);
			return PMJ_OK;
		}
		wire_begin(&gate->request, WIRE_REQUEST);
		rc = gate_ask(gate, batch, err);
		came = batch->came;
		gate_batch_close(batch);
		if (rc != PMJ_OK && (rc != PMJ_UNREACHED || gate->stop.code != PMJ_OK))
			return rc;
		barren = came > 0 || !known ? 0 : barren + 1;
		if (barren == GATE_FAILURES_MAX)
			return pmj_fail(
			    err, PMJ_PARTIAL, "the mailbox shows segments that it does not give");
	}
}

/* ---- the lane we write ---- */

static bool
has_commit(git_repository *repo, const uint8_t *commit)
{
	git_odb *odb = NULL;
	git_oid id;
	bool there;

	git_oid_fromraw(&id, commit);
	there = git_repository_odb(&odb, repo) == 0 && git_odb_exists(odb, &id);
	git_odb_free(odb);
	return there;
}

/* Make the far commits of one of our runs here, from its segments. */
static enum pmj_code
fetch_from(struct gate *gate, const struct wire_tip *tip, uint64_t from, const git_oid *parent,
    struct pmj_error *err)
{
	struct wire_get get = {.from = tip->run};
	git_oid at = *parent;
	enum pmj_code rc = PMJ_OK;
	int failures = 0;

	memcpy(get.from.mailbox, gate->mailbox, sizeof(get.from.mailbox));
	get.from.segno = from;
	while (get.from.segno <= tip->run.segno) {
		struct gate_batch *batch = gate_batch_new(gate, NULL, NULL);
		size_t came;

		batch->sink = GATE_SINK_OWN;
		batch->parent = at;
		get.limit = step_bytes(&gate->way->step);
		batch->gets[batch->get_count++] = get;
		wire_begin(&gate->request, WIRE_REQUEST);
		rc = gate_ask(gate, batch, err);
		at = batch->parent;
		get.from.segno = batch->gets[0].from.segno;
		came = batch->came;
		gate_batch_close(batch);
		failures = came > 0 ? 0 : failures + 1;
		if ((rc != PMJ_OK && (rc != PMJ_UNREACHED || gate->stop.code != PMJ_OK)) ||
		    failures == GATE_FAILURES_MAX)
			break;
	}
	return rc;
}

/* Nothing, where we have it. Where it is not on top of ours, all of it is needed to see where both
 * part. */
static enum pmj_code
fetch_own(struct gate *gate, const struct shape_place *run, struct pmj_error *err)
{
	const struct wire_tip *found = tipfile_find(&gate->tips, run);
	struct chain_link link = {.segno = 0};
	struct wire_tip tip;
	git_oid ours;
	git_oid zero = {{0}};
	enum pmj_code rc;

	if (found == NULL || has_commit(gate->own, found->commit))
		return PMJ_OK;
	tip = *found; /* the list may change while we fetch */
	rc = branch_tip(gate->own, &ours, run, err);
	if (rc == PMJ_OK && !git_oid_is_zero(&ours))
		rc = chain_look(gate->own, &link, &ours, err);
	if (rc == PMJ_OK && link.segno < tip.run.segno)
		rc = fetch_from(gate, &tip, link.segno + 1, &ours, err);
	if (rc == PMJ_OK && link.segno > 0 && !has_commit(gate->own, tip.commit))
		rc = fetch_from(gate, &tip, 1, &zero, err);
	return rc;
}

static enum pmj_code
far_tip(void *ctx, git_oid *out, const struct shape_place *run, struct pmj_error *err)
{
	struct gate *gate = ctx;
	const struct wire_tip *tip;
	enum pmj_code rc = PMJ_OK;

	memset(out, 0, sizeof(*out));
	if (!gate->fresh)
		rc = look(gate, err);
	if (rc == PMJ_OK)
		rc = fetch_own(gate, run, err);
	tip = tipfile_find(&gate->tips, run);
	if (rc == PMJ_OK && tip != NULL)
		git_oid_fromraw(out, tip->commit);
	return rc;
}

/* Put as many as fit a step; *done counts those that are there now. */
static enum pmj_code
put_step(struct gate *gate, git_repository *own, const struct shape_place *run,
    const struct chain_links *links, size_t *done, struct pmj_error *err)
{
	size_t last = *done;
	struct gate_batch *batch;
	struct buf bytes;
	size_t puts = 0;
	enum pmj_code rc = PMJ_OK;

	buf_init(&bytes, 0);
	wire_begin(&gate->request, WIRE_REQUEST);
	while (last < links->count && puts < WIRE_ITEMS_MAX / 2) {
		rc = chain_segment(own, &bytes, run, &links->items[last], err);
		if (rc != PMJ_OK ||
		    (puts > 0 && gate->request.len + bytes.len > step_bytes(&gate->way->step)))
			break;
		wire_put_item(&gate->request, WIRE_PUT, bytes.bytes, bytes.len);
		puts++;
		last++;
	}
	buf_close(&bytes);
	if (rc != PMJ_OK)
		return rc;
	batch = gate_batch_new(gate, run, &links->items[last - 1]);
	batch->puts = puts;
	batch->outcomes = mem_array(puts, sizeof(*batch->outcomes));
	for (size_t i = 0; i < puts; i++)
		batch->outcomes[i] = WIRE_OUTCOME_END;
	if (last == links->count) {
		batch->waits = gate->way->wait_s > 0;
		gate_want_news(gate, batch, true);
	}
	rc = gate_ask(gate, batch, err);
	for (size_t i = 0; i < puts && batch->outcomes[i] <= WIRE_HAVE; i++)
		(*done)++;
	if (rc == PMJ_OK && *done < last)
		rc = gate_fail_refused(batch->outcomes[puts - (last - *done)], "take", err);
	gate_batch_close(batch);
	return rc;
}

static size_t
bytes_of(git_repository *own, const struct chain_link *links, size_t count)
{
	git_odb *odb = NULL;
	git_object_t type;
	size_t size = 0, sum = 0;

	for (size_t i = 0; i < count && (i > 0 || git_repository_odb(&odb, own) == 0); i++)
		if (git_odb_read_header(&size, &type, odb, &links[i].blob) == 0)
			sum += size;
	git_odb_free(odb);
	return sum;
}

static enum pmj_code
push(void *ctx, git_repository *own, const struct shape_place *run, const struct chain_links *links,
    const git_oid *was, struct pmj_error *err)
{
	struct gate *gate = ctx;
	size_t done = 0;
	int failures = 0, tries = 0;

	(void)was; /* the gate puts a segment only behind the one that it follows */
	while (done < links->count) {
		size_t before = done;
		int broken = gate->failures;
		enum pmj_code rc = put_step(gate, own, run, links, &done, err);
		const struct wire_tip *tip;

		tries = done > before ? 0 : tries + (gate->failures > broken);
		if (done > before)
			gate->ex->stuck_tries = 0;
		exchange_stuck(gate->ex, run, links, done, tries);
		exchange_there(gate->ex, done - before);
		failures = done > before ? 0 : failures + 1;
		if (rc == PMJ_OK)
			continue;
		if (rc != PMJ_UNREACHED || gate->stop.code != PMJ_OK ||
		    failures == GATE_FAILURES_MAX)
			return rc;
		/* The answer may have been lost and not the segments: read how far they came. */
		if ((rc = look(gate, err)) != PMJ_OK)
			return rc;
		before = done;
		tip = tipfile_find(&gate->tips, run);
		while (tip != NULL && done < links->count &&
		       links->items[done].segno <= tip->run.segno)
			done++;
		if (done > before) {
			exchange_there(gate->ex, done - before);
			gate_spared(gate, bytes_of(own, links->items + before, done - before));
			failures = tries = gate->ex->stuck_tries = 0;
		}
	}
	return PMJ_OK;
}

/* The tips of our lane, as exchange_send wants them. */
static void
own_tips(const struct gate *gate, struct branch_tips *out)
{
	out->items = mem_array(gate->tips.count + 1, sizeof(*out->items));
	out->count = 0;
	for (size_t i = 0; i < gate->tips.count; i++) {
		struct branch_tip *tip = &out->items[out->count];

		if (gate->tips.tips[i].run.lane != gate->ex->write_lane)
			continue;
		tip->run = gate->tips.tips[i].run;
		tip->run.segno = 0;
		memcpy(tip->run.mailbox, gate->mailbox, sizeof(tip->run.mailbox));
		git_oid_fromraw(&tip->commit, gate->tips.tips[i].commit);
		out->count++;
	}
}

static enum pmj_code
send(struct gate *gate, struct pmj_error *err)
{
	const struct exchange_far far = {gate->own, push, far_tip, gate};
	struct branch_tips tips;
	enum pmj_code rc = PMJ_OK;

	own_tips(gate, &tips);
	for (size_t i = 0; i < tips.count && rc == PMJ_OK; i++)
		rc = fetch_own(gate, &tips.items[i].run, err);
	if (rc == PMJ_OK)
		rc = exchange_send(gate->ex, &far, gate->mailbox, &tips, err);
	branch_tips_close(&tips);
	return rc;
}

/* May we go by what we knew? Then what waits is sent with the first request. */
static bool
all_known(const struct gate *gate)
{
	bool all = gate->tips.known;

	for (size_t i = 0; i < gate->tips.count && all; i++)
		all = gate->tips.tips[i].run.lane != gate->ex->write_lane ||
		      has_commit(gate->own, gate->tips.tips[i].commit);
	return all;
}

static enum pmj_code
both_ways(struct gate *gate, struct pmj_error *err)
{
	struct pmj_error why;
	enum pmj_code rc = PMJ_OK;
	enum pmj_code got;
	bool tried = all_known(gate);

	if (tried)
		rc = send(gate, err);
	if (rc == PMJ_UNREACHED)
		return rc;
	/* Whatever hinders us from sending, what is there for us comes. */
	got = look(gate, &why);
	if (got == PMJ_OK && rc == PMJ_OK && (!tried || gate->surprised)) {
		rc = send(gate, err);
		if (rc != PMJ_UNREACHED)
			got = look(gate, &why);
	}
	if (rc == PMJ_OK && got != PMJ_OK) {
		rc = got;
		if (err != NULL)
			*err = why;
	}
	return rc;
}

enum pmj_code
gate_exchange(struct exchange *ex, struct gate_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct gate_host *host,
    struct pmj_error *err)
{
	struct gate gate = {.ex = ex, .way = way, .host = host, .mailbox = mailbox};
	enum pmj_code rc;

	step_begin(&way->step);
	rc = store_open(&gate.own, ex->store, mailbox, ex->write_lane, err);
	if (rc != PMJ_OK)
		return rc;
	buf_init(&gate.request, WIRE_REQUEST_MAX);
	buf_init(&gate.answer, WIRE_ANSWER_MAX);
	tipfile_open(&gate.tips, ex->store, host->url, mailbox);
	rc = exchange_spooled(ex, &gate.got, mailbox, err);
	if (rc == PMJ_OK)
		rc = both_ways(&gate, err);
	ex->got += gate.arrived;
	if (gate.arrived > 0)
		ex->tell(ex->ctx, EXCHANGE_ARRIVED, NULL, gate.arrived);
	if (gate.stop.code != PMJ_OK) {
		rc = gate.stop.code;
		*err = gate.stop;
	} else if (rc == PMJ_OK && gate.reading.code != PMJ_OK) {
		rc = gate.reading.code;
		*err = gate.reading;
	} else if (rc == PMJ_OK && gate.less) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the mailbox shows less than it did");
		pmj_hint(err,
		    "it was put back, or an old state is shown; nothing is lost here, and "
		    "what it lacks of ours was sent again. Tell your coordinator");
	}
	tipfile_close(&gate.tips);
	places_close(&gate.got);
	places_close(&gate.bad);
	buf_close(&gate.request);
	buf_close(&gate.answer);
	git_repository_free(gate.own);
	return rc;
}
