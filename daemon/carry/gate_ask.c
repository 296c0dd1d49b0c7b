/* gate_ask.c - one request to a gate and its answer: puts, then the tips, then what is new. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "carry/gate_inner.h"
#include "carry/room.h"

/* Runs whose next segments are asked for before we know that there are any. */
#define GUESSES_MAX 2

/* ---- an answer ---- */

static enum pmj_code
fail_answer(struct gate *gate, struct pmj_error *err)
{
	if (gate->partial) /* it says no more than that it broke off */
		return PMJ_UNREACHED;
	pmj_context(err, "what the host answers is not the gate's");
	err->code = PMJ_INTEGRITY;
	pmj_hint(err, "nothing is lost; is the address right? tell your coordinator");
	gate->stop = *err;
	return PMJ_INTEGRITY;
}

enum pmj_code
gate_fail_refused(enum wire_outcome outcome, const char *doing, struct pmj_error *err)
{
	enum pmj_code code = outcome == WIRE_FULL            ? PMJ_FULL
	                     : outcome == WIRE_BROKEN        ? PMJ_INTEGRITY
	                     : outcome == WIRE_BUSY          ? PMJ_BUSY
	                     : outcome == WIRE_GAP           ? PMJ_BUSY
	                     : outcome == WIRE_FORKED        ? PMJ_BUSY
	                     : outcome == WIRE_WRONG_LANE    ? PMJ_REFUSED
	                     : outcome == WIRE_BAD_SIGNATURE ? PMJ_REFUSED
	                                                     : PMJ_FAILED;

	if (outcome == WIRE_NO_ROOM)
		return room_fail(err);
	(void)pmj_fail(
	    err, code, "the mailbox did not %s a segment: %s", doing, wire_outcome_text(outcome));
	pmj_hint(err, "%s",
	    code == PMJ_FULL ? "nothing is lost; whoever runs the host must make room"
	                     : "nothing is lost; tell your coordinator if it stays so");
	return code;
}

static enum pmj_code
take_tips(struct gate *gate, const struct gate_batch *batch, const struct wire_item *item,
    struct pmj_error *err)
{
	const uint8_t *bytes = item->bytes;
	size_t len = item->len;
	bool less = false;
	git_oid now;
	enum pmj_code rc;

	if (item->kind == WIRE_OUTCOME)
		return gate_fail_refused((enum wire_outcome)item->bytes[0], "show", err);
	if (item->kind == WIRE_SAME) {
		if (!gate->tips.known)
			return pmj_fail(err, PMJ_INVALID, "says \"the same\" of nothing");
		bytes = batch->expected_list.bytes;
		len = batch->expected_list.len;
		now = batch->expected;
	} else if (item->kind == WIRE_TIPS) {
		chain_blob_id(&now, bytes, len);
	} else {
		return pmj_fail(err, PMJ_INVALID, "tells no tips");
	}
	if (!git_oid_equal(&now, &batch->expected))
		gate->surprised = true;
	rc = PMJ_OK;
	if (!gate->tips.known || !git_oid_equal(&now, &gate->tips.seen))
		rc = tipfile_take(&gate->tips, bytes, len, &less, err);
	gate->less = gate->less || less;
	gate->fresh = rc == PMJ_OK;
	return rc;
}

/* A segment of a get: the next of its run, and nothing else. */
static enum pmj_code
take_segment(struct gate *gate, struct gate_batch *batch, struct wire_get *get,
    const struct wire_item *item, struct pmj_error *err)
{
	struct shape_place place;
	struct chain_link link;
	struct buf bytes;
	bool wrote = false;
	char *in = NULL;
	enum pmj_code rc = shape_read(&place, item->bytes, item->len, err);

	if (rc == PMJ_OK && shape_compare(&place, &get->from) != 0)
		rc = pmj_fail(err, PMJ_INVALID, "sends another segment than was asked for");
	if (rc != PMJ_OK)
		return fail_answer(gate, err);
	buf_init(&bytes, 0);
	buf_put(&bytes, item->bytes, item->len);
	if ((rc = buf_check(&bytes, err)) != PMJ_OK)
		goto out;
	if (batch->sink == GATE_SINK_OWN) {
		rc = chain_add(gate->own, &link,
		    git_oid_is_zero(&batch->parent) ? NULL : &batch->parent, place.segno, &bytes,
		    err);
		batch->parent = link.commit;
	} else {
		in = exchange_in(gate->ex);
		rc = spool_put(&wrote, gate->ex->os, in, &place, &bytes, err);
		gate->arrived += wrote ? 1 : 0;
		gate->ex->count.came += wrote ? 1 : 0;
		places_add(&gate->got, &place);
		places_sort(&gate->got);
	}
	get->from.segno++;
	batch->came++;
out:
	buf_close(&bytes);
	free(in);
	return rc;
}

static enum pmj_code
next_item(struct wire_in *in, struct wire_item *item, struct pmj_error *err)
{
	bool more;
	enum pmj_code rc = wire_next(in, item, &more, err);

	return rc == PMJ_OK && !more ? pmj_fail(err, PMJ_INVALID, "is too short") : rc;
}

static enum pmj_code
take_gets(struct gate *gate, struct gate_batch *batch, struct wire_in *in, struct pmj_error *err)
{
	struct wire_item item;
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < batch->get_count; i++) {
		for (;;) {
			if (next_item(in, &item, err) != PMJ_OK)
				return fail_answer(gate, err);
			if (item.kind != WIRE_SEGMENT)
				break;
			if ((rc = take_segment(gate, batch, &batch->gets[i], &item, err)) != PMJ_OK)
				return rc;
		}
		if (item.kind != WIRE_OUTCOME) {
			(void)pmj_fail(err, PMJ_INVALID, "ends a run with something else");
			return fail_answer(gate, err);
		}
		if (item.bytes[0] == WIRE_DONE || item.bytes[0] == WIRE_MORE)
			continue;
		if (batch->sink == GATE_SINK_OWN)
			return gate_fail_refused((enum wire_outcome)item.bytes[0], "give", err);
		/* One bad branch must not keep the others from coming. */
		places_add(&gate->bad, &batch->gets[i].from);
		places_sort(&gate->bad);
		(void)gate_fail_refused((enum wire_outcome)item.bytes[0], "give", &gate->reading);
	}
	return PMJ_OK;
}

/* In the order of the request. What is good before something bad is kept. */
static enum pmj_code
take_answer(struct gate *gate, struct gate_batch *batch, struct pmj_error *err)
{
	struct wire_item item;
	struct wire_in in;
	bool more;
	enum pmj_code rc;

	if (wire_open(&in, WIRE_ANSWER, gate->answer.bytes, gate->answer.len, err) != PMJ_OK)
		return fail_answer(gate, err);
	for (size_t i = 0; i < batch->puts; i++) {
		rc = next_item(&in, &item, err);
		if (rc == PMJ_OK && item.kind != WIRE_OUTCOME)
			rc = pmj_fail(err, PMJ_INVALID, "does not say what came of a segment");
		if (rc != PMJ_OK)
			return fail_answer(gate, err);
		batch->outcomes[i] = (enum wire_outcome)item.bytes[0];
	}
	if (next_item(&in, &item, err) != PMJ_OK)
		return fail_answer(gate, err);
	if ((rc = take_tips(gate, batch, &item, err)) != PMJ_OK)
		return rc == PMJ_INVALID ? fail_answer(gate, err) : rc;
	if ((rc = take_gets(gate, batch, &in, err)) != PMJ_OK)
		return rc;
	rc = wire_next(&in, &item, &more, err);
	if (rc == PMJ_OK && (!more || item.kind != WIRE_END))
		rc = pmj_fail(err, PMJ_INVALID, "says more than was asked");
	return rc == PMJ_OK ? PMJ_OK : fail_answer(gate, err);
}

/* ---- a request ---- */

/* The list of tips that we shall see if nobody but us was there: so it need not be sent. */
static void
expect(struct gate *gate, struct gate_batch *batch, const struct shape_place *run,
    const struct chain_link *last)
{
	struct wire_tip *tips = mem_array(gate->tips.count + 1, sizeof(*tips));
	size_t count = 0;
	bool placed = last == NULL;

	for (size_t i = 0; i <= gate->tips.count; i++) {
		struct wire_tip mine = {.run.lane = run->lane};
		int order = -1;

		if (!placed) {
			memcpy(mine.run.incarnation, run->incarnation, sizeof(run->incarnation));
			mine.run.segno = last->segno;
			memcpy(mine.commit, last->commit.id, sizeof(mine.commit));
			order = i == gate->tips.count ? 1
			        : shape_same_run(&gate->tips.tips[i].run, &mine.run)
			            ? 0
			            : shape_compare(&gate->tips.tips[i].run, &mine.run);
			if (order >= 0) {
				tips[count++] = mine;
				placed = true;
			}
		}
		if (i < gate->tips.count && order != 0)
			tips[count++] = gate->tips.tips[i];
	}
	buf_init(&batch->expected_list, 0);
	wire_put_tips(&batch->expected_list, tips, count);
	/* Without the item's head: the list alone. */
	memmove(batch->expected_list.bytes, batch->expected_list.bytes + WIRE_HEAD_BYTES,
	    batch->expected_list.len - WIRE_HEAD_BYTES);
	batch->expected_list.len -= WIRE_HEAD_BYTES;
	chain_blob_id(&batch->expected, batch->expected_list.bytes, batch->expected_list.len);
	free(tips);
}

/* Under the first of them the link may break each time, and behind it lies the same in smaller
 * ones: so after a break another one is asked for first. */
void
gate_want_news(struct gate *gate, struct gate_batch *batch, bool guess)
{
	uint8_t lane = exchange_read_lane(gate->ex);
	size_t count = gate->tips.count, runs = 0;

	for (size_t i = 0; i < count; i++)
		runs += gate->tips.tips[i].run.lane == lane;
	for (size_t i = 0; i < count && batch->get_count < COUNT(batch->gets); i++) {
		struct wire_get *get = &batch->gets[batch->get_count];
		struct shape_place run = gate->tips.tips[(i + (size_t)gate->failures) % count].run;

		memcpy(run.mailbox, gate->mailbox, sizeof(run.mailbox));
		if (run.lane != lane || places_upto(&gate->bad, &run) > 0)
			continue;
		get->from = run;
		get->from.segno = exchange_known_upto(gate->ex, &gate->got, &run) + 1;
		get->limit = step_bytes(&gate->way->step);
		if (get->from.segno <= run.segno || (guess && runs <= GUESSES_MAX))
			batch->get_count++;
	}
}

static enum pmj_code
stopped(const struct gate *gate, struct pmj_error *err)
{
	if (err != NULL)
		*err = gate->stop;
	return gate->stop.code == PMJ_INTEGRITY ? PMJ_FAILED : gate->stop.code;
}

static enum pmj_code
send_request(struct gate *gate, struct pmj_error *err)
{
	const struct gate_host *host = gate->host;
	char hex[2 * PMJ_MAILBOX_BYTES + 1];

	if (host->by_ssh)
		return ssh_ask(
		    gate->way->ssh, host->which, host->url, &gate->request, &gate->answer, err);
	return https_ask(gate->way->https, &host->https,
	    &(struct https_message){
	        .name = text_hex(hex, gate->mailbox, PMJ_MAILBOX_BYTES), .body = &gate->request},
	    &gate->answer, err);
}

static bool
broke(const struct gate *gate)
{
	return gate->host->by_ssh ? ssh_broke(gate->way->ssh) : https_broke(gate->way->https);
}

static void
failed(struct gate *gate)
{
	gate->before = gate->way->step;
	step_failed(&gate->way->step);
}

void
gate_spared(struct gate *gate, size_t bytes)
{
	step_spared(&gate->way->step, &gate->before, bytes);
	gate->failures = 0;
}

/* What is whole of an answer that broke off is as good as any. */
static void
salvage(struct gate *gate, struct gate_batch *batch)
{
	struct pmj_error why;

	gate->answer.len = wire_whole(gate->answer.bytes, gate->answer.len);
	if (gate->answer.len == 0 || gate->answer.failed != PMJ_OK)
		return;
	gate->partial = true;
	(void)take_answer(gate, batch, &why);
	gate->partial = false;
	if (batch->came > 0)
		gate_spared(gate, gate->answer.len);
}

enum pmj_code
gate_ask(struct gate *gate, struct gate_batch *batch, struct pmj_error *err)
{
	struct pmj_error why;
	enum pmj_code rc;

	if (gate->stop.code != PMJ_OK)
		return stopped(gate, err);
	if (batch->waits)
		wire_put_wait(&gate->request, gate->way->wait_s);
	wire_put_ask_tips(&gate->request, gate->tips.known ? batch->expected.id : NULL);
	for (size_t i = 0; i < batch->get_count; i++)
		wire_put_get(&gate->request, &batch->gets[i]);
	gate->fresh = false;
	rc = buf_check(&gate->request, err);
	gate->partial = false;
	if (rc == PMJ_OK)
		rc = send_request(gate, err);
	if (rc != PMJ_OK) {
		/* A link that could not be made says nothing about what it would let through. */
		if (broke(gate)) {
			failed(gate);
			salvage(gate, batch);
		}
		if (rc != PMJ_UNREACHED || !broke(gate) || ++gate->failures == GATE_FAILURES_MAX)
			gate->stop = *err;
		return gate->stop.code != PMJ_OK ? stopped(gate, err) : rc;
	}
	gate->failures = 0;
	if (batch->waits)
		gate->way->wait_s = 0;
	if (!gate->host->by_ssh && https_mended(gate->way->https))
		failed(gate);
	gate->way->step.streams |= gate->host->by_ssh || https_says(gate->way->https, WIRE_STREAMS);
	rc = take_answer(gate, batch, &why);
	if (rc == PMJ_OK)
		step_survived(&gate->way->step, gate->request.len + gate->answer.len);
	else if (err != NULL)
		*err = why;
	return gate->stop.code != PMJ_OK ? stopped(gate, err) : rc;
}

void
gate_batch_close(struct gate_batch *batch)
{
	free(batch->outcomes);
	buf_close(&batch->expected_list);
	free(batch);
}

struct gate_batch *
gate_batch_new(struct gate *gate, const struct shape_place *run, const struct chain_link *last)
{
	struct gate_batch *batch = mem_new(sizeof(*batch));
	struct shape_place none = {0};

	expect(gate, batch, run != NULL ? run : &none, last);
	return batch;
}
