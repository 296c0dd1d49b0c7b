/* exchange_carrier.c - what an exchange asks of the carrier, and what it hears. */
#include <string.h>

#include "api/exchange_inner.h"
#include "api/handlers.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"

#define CARRIER_WAIT_MS 8000 /* the starter needs a moment after the daemon began */
#define CARRIER_LOOK_MS 200
#define RECEIPT_WAIT_S 4

/* What a revoked laptop left of it. A new reference. */
static json_t *
left_mark(struct core *core, const char *key)
{
	json_t *mark = core_revoked_mark(core), *out = json_incref(json_object_get(mark, key));

	json_decref(mark);
	return out;
}

/* How far the lanes were read. */
static enum pmj_code
what_is_had(struct core *core, json_t **have, struct pmj_error *err)
{
	if (core->sync != NULL)
		return sync_have(core->sync, have, err);
	*have = left_mark(core, "have");
	return PMJ_OK;
}

/* What nobody needs any more. */
static enum pmj_code
tell_acked(struct core *core, struct pmj_error *err)
{
	json_t *acked = NULL;
	enum pmj_code rc = PMJ_OK;

	if (core->sync == NULL)
		acked = left_mark(core, "acked");
	else
		rc = sync_acked(core->sync, &acked, err);
	if (rc == PMJ_OK)
		(void)carrylink_send(
		    core->carry, json_pack("{s:s,s:o?}", "do", "acked", "upto", acked));
	return rc;
}

/* *more: a part of it was told, which took the step. */
static enum pmj_code
tell_before(struct core *core, struct exchange *exchange, bool *more, struct pmj_error *err)
{
	*more = exchange->asked < 2;
	switch (exchange->asked++) {
	case 0:
		carrylink_remotes(core);
		return PMJ_OK;
	case 1:
		return tell_acked(core, err);
	default:
		exchange->asked = 0;
		return PMJ_OK;
	}
}

/* What a laptop sends first asks for a receipt: where the hub hears of it at once, it is there
 * before the link is given up. */
static int
wait_for_receipt(const struct core *core, const struct exchange *exchange)
{
	json_t *outbox;
	int64_t entries;

	if (core->is_hub || core->sync == NULL || exchange->round > 0 || exchange->learns ||
	    exchange->photo.room > 0)
		return 0;
	outbox = sync_outbox(core->sync);
	entries = json_int(outbox, "entries", 0);
	json_decref(outbox);
	return entries > 0 ? RECEIPT_WAIT_S : 0;
}

/* Not by a clock that cannot be right. */
static void
add_ended(struct core *core, json_t *line)
{
	struct pmj_error err;
	json_t *ended = NULL;

	if (hub_clock(core->hub, &err) != PMJ_OK)
		return;
	if (sync_ended(core->sync, &ended, &err) != PMJ_OK)
		diag_error("looking for what ended long ago", &err);
	else if (json_array_size(ended) > 0)
		(void)json_object_set(line, "ended", ended);
	json_decref(ended);
}

bool
exchange_ask_carrier(struct core *core, struct exchange *exchange)
{
	bool parcel = exchange->kind == EXCHANGE_CARRY;
	json_t *have = NULL, *line;
	struct pmj_error err;
	bool more;

	if (!carrylink_up(core->carry)) {
		if (core->os->mono_ms(core->os->ctx) - exchange->started_ms < CARRIER_WAIT_MS) {
			loop_timer_set(core->carrier_timer, CARRIER_LOOK_MS);
			return false;
		}
		(void)pmj_fail(&err, PMJ_UNREACHED,
		    "the carrier (pamoja-carry) is not running; nothing was lost");
		pmj_hint(&err, "start it: pamoja-carry --home HOME, or restart pamojad");
		return exchange_give_up(core, exchange, &err);
	}
	if (tell_before(core, exchange, &more, &err) != PMJ_OK)
		return exchange_give_up(core, exchange, &err);
	if (more)
		return true;
	if (what_is_had(core, &have, &err) != PMJ_OK)
		return exchange_give_up(core, exchange, &err);
	/* From the first of these lines on a carrier found dead breaks this exchange. */
	exchange->phase = PHASE_WAIT;
	exchange->job = core->next_job++;
	exchange->seen = (struct exchange_seen){0};
	exchange->places = core->journal != NULL ? device_places_mark(core->journal) : 0;
	line = json_pack("{s:s,s:I,s:o?,s:b}", "do", parcel ? "parcel" : "sync", "id",
	    (json_int_t)exchange->job, "have", have, "create", core->is_hub);
	if (core->hub != NULL && !parcel && exchange->kind != EXCHANGE_NEWS &&
	    exchange->where == NULL)
		add_ended(core, line);
	if (exchange->kind == EXCHANGE_NEWS)
		(void)json_object_set_new(line, "news", json_true());
	if (!parcel)
		(void)json_object_set_new(
		    line, "wait", json_integer(wait_for_receipt(core, exchange)));
	if (exchange->where != NULL)
		(void)json_object_set_new(
		    line, parcel ? "dir" : "url", json_string(exchange->where));
	(void)carrylink_send(core->carry, line);
	return false;
}

/* What a person may be told of a place that cannot be used: it was not reached. */
static enum pmj_code
broken_code(const char *code)
{
	enum pmj_code broken = pmj_code_from_name(code != NULL ? code : "unreached");

	return broken == PMJ_IO || broken == PMJ_PERMISSION || broken == PMJ_NOT_FOUND
	           ? PMJ_UNREACHED
	           : broken;
}

void
exchange_progress(struct core *core, const json_t *event)
{
	struct exchange *exchange = core->exchanges;

	if (exchange == NULL || exchange->phase != PHASE_WAIT ||
	    exchange->job != json_int(event, "id", 0))
		return;
	exchange->seen.there = json_int(event, "there", 0);
	exchange->seen.left = json_int(event, "left", 0);
	exchange->seen.came = json_int(event, "came", 0);
	exchange->seen.moved = json_int(event, "moved", 0);
}

json_t *
exchange_seen(const struct core *core)
{
	const struct exchange *exchange = core->exchanges;

	if (exchange == NULL || exchange->phase != PHASE_WAIT)
		return NULL;
	return json_pack("{s:I,s:I,s:I,s:I}", "there", (json_int_t)exchange->seen.there, "left",
	    (json_int_t)exchange->seen.left, "came", (json_int_t)exchange->seen.came, "moved",
	    (json_int_t)exchange->seen.moved);
}

/* What was begun is left as a cut would leave it; what came is still taken in. */
enum pmj_code
exchange_stop(const struct call *call, json_t **out, struct pmj_error *err)
{
	struct core *core = call->core;
	struct exchange *exchange = core->exchanges;

	(void)err;
	*out = json_object();
	while (exchange != NULL && (exchange->request == NULL || exchange->stopped))
		exchange = exchange->next;
	if (exchange == NULL)
		return PMJ_OK;
	exchange->stopped = true;
	if (exchange == core->exchanges && exchange->phase == PHASE_WAIT)
		(void)carrylink_send(core->carry,
		    json_pack("{s:s,s:I}", "do", "stop", "id", (json_int_t)exchange->job));
	core_wake(core);
	return PMJ_OK;
}

enum pmj_code
exchange_fail_stopped(struct pmj_error *err)
{
	(void)pmj_fail(err, PMJ_UNREACHED, "the exchange was stopped; nothing was lost");
	pmj_hint(err, "the next one goes on from there");
	return err->code;
}

/* A segment that is too big for the link. */
static void
note_stopped(struct core *core, const json_t *done)
{
	const json_t *place = json_arr(done, "stuck");
	struct sync_stopped at = {.tries = json_int(done, "tries", 0)};
	struct pmj_error why;

	if (core->sync == NULL || json_array_size(place) != 4 ||
	    !text_unhex(
	        at.mailbox, sizeof(at.mailbox), json_string_value(json_array_get(place, 0))) ||
	    !text_unhex(at.incarnation, sizeof(at.incarnation),
	        json_string_value(json_array_get(place, 2))))
		return;
	at.segno = (uint64_t)json_integer_value(json_array_get(place, 3));
	if (sync_link_stopped(core->sync, &at, &why) != PMJ_OK)
		diag_error("making smaller what the network does not let through", &why);
}

void
exchange_carried(struct core *core, int64_t id, const json_t *done)
{
	struct exchange *exchange = core->exchanges;
	const char *code = json_str(done, "code");
	struct pmj_error why;

	if (exchange == NULL || exchange->phase != PHASE_WAIT || exchange->job != id)
		return;
	if (core->sync != NULL && sync_link(core->sync, json_int(done, "step", 0), &why) != PMJ_OK)
		diag_error("noting what the network lets through", &why);
	if (core->sync != NULL && !core->is_hub && code != NULL && strcmp(code, "ok") != 0 &&
	    sync_link_broke(core->sync, &why) != PMJ_OK)
		diag_error("telling the hub what the network lets through", &why);
	note_stopped(core, done);
	exchange->sent += json_int(done, "sent", 0);
	exchange->got += json_int(done, "got", 0);
	if (json_str(done, "instead") != NULL && exchange->instead == NULL)
		exchange->instead = mem_strdup(json_str(done, "instead"));
	exchange->came = exchange->kind == EXCHANGE_SYNC && exchange->where == NULL &&
	                 json_str(done, "instead") == NULL;
	exchange->failed_away =
	    exchange->failed_away ||
	    (exchange->kind != EXCHANGE_CARRY && exchange->where == NULL && !exchange->stopped &&
	        (code == NULL || strcmp(code, "ok") != 0));
	/* The first that went wrong is told; a second round may fail of the same. */
	if (exchange->stopped && (code == NULL || strcmp(code, "ok") != 0))
		(void)exchange_fail_stopped(&exchange->failed);
	else if (exchange->failed.code == PMJ_OK && (code == NULL || strcmp(code, "ok") != 0)) {
		const char *message = json_str(done, "message");
		const char *hint = json_str(done, "hint");

		(void)pmj_fail(&exchange->failed, broken_code(code), "%s",
		    message != NULL ? message : "the carrier did not say why");
		pmj_hint(&exchange->failed, "%s",
		    hint != NULL && hint[0] != '\0'
		        ? hint
		        : "nothing was lost; mend that, then try again");
	}
	exchange->phase = PHASE_TAKE; /* what did come is taken in even when it broke off */
	core_wake(core);
}

void
exchange_broken(struct core *core)
{
	struct exchange *exchange = core->exchanges;

	if (exchange == NULL || (exchange->phase != PHASE_WAIT &&
	                            !(exchange->phase == PHASE_CARRY && exchange->asked > 0)))
		return;
	exchange->asked = 0;
	(void)pmj_fail(&exchange->failed, PMJ_UNREACHED, "the carrier broke off; nothing was lost");
	pmj_hint(&exchange->failed, "try again; what was under way is finished then");
	exchange->phase = PHASE_TAKE;
	core_wake(core);
}
