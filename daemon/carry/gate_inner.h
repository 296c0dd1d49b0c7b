/* gate_inner.h - what the files of the way to a gate share: one mailbox while it is exchanged, and
 * a request to it. */
#ifndef CARRY_GATE_INNER_H
#define CARRY_GATE_INNER_H
#include "carry/gate.h"
#include "carry/tipfile.h"
#include "carry/wire.h"

/* Broken requests in a row before it is left for another time. */
#define GATE_FAILURES_MAX 5

/* Where segments of a get go. */
enum gate_sink { GATE_SINK_IN, GATE_SINK_OWN };

struct gate {
	struct exchange *ex;
	struct gate_way *way;
	const struct gate_host *host;
	const uint8_t *mailbox;
	git_repository *own; /* of the lane we write */
	struct tipfile tips;
	bool fresh;     /* tips were told in this exchange, after whatever we sent */
	bool surprised; /* they were not what we thought */
	bool less;      /* they show less than they did before */
	struct places got;
	struct places bad;        /* runs that the mailbox could not give */
	struct pmj_error reading; /* why */
	/* Why nothing more is asked: the link is not there, or whoever answers is not our gate.
	 * Apart from what exchange_send hears, which takes PMJ_INTEGRITY for a branch that is
	 * spoiled. */
	struct pmj_error stop;
	int failures;
	bool partial;       /* the answer at hand broke off: what is whole of it counts */
	struct step before; /* the step before it was made small for the last failure */
	size_t arrived;
	struct buf request;
	struct buf answer;
};

/* One request: puts, then tips, then gets. */
struct gate_batch {
	size_t puts;
	enum wire_outcome *outcomes; /* of the puts */
	git_oid expected;            /* the list of tips after the puts, as we think */
	struct buf expected_list;
	struct wire_get gets[WIRE_ITEMS_MAX / 16];
	size_t get_count;
	bool waits; /* for the answer to its puts */
	enum gate_sink sink;
	git_oid parent; /* SINK_OWN: the commit that the next segment follows; zero for the first */
	size_t came;
};

/** A batch for the state that the mailbox will show when `last` (NULL: nothing) was put to run. */
struct gate_batch *gate_batch_new(
    struct gate *gate, const struct shape_place *run, const struct chain_link *last);
void gate_batch_close(struct gate_batch *batch);
/** Ask for what we lack of the lane we read; with `guess` also where we know of nothing. */
void gate_want_news(struct gate *gate, struct gate_batch *batch, bool guess);
/** The request that broke brought so many bytes of its segments: so the host takes what comes, and
 * the step need not be small. */
void gate_spared(struct gate *gate, size_t bytes);
/**
 * Add the tips and the gets behind what is put already; send it, and take the answer as far as it
 * is good.
 *
 * Errors   PMJ_UNREACHED: it broke; unless gate->stop is set, asking again may go well.
 */
PMJ_MUST_CHECK enum pmj_code gate_ask(
    struct gate *gate, struct gate_batch *batch, struct pmj_error *err);
/** What the gate said of a segment, as an error. */
enum pmj_code gate_fail_refused(
    enum wire_outcome outcome, const char *doing, struct pmj_error *err);

#endif
