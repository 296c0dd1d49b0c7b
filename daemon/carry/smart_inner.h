/* smart_inner.h - one mailbox behind git's protocol while it is exchanged; smart*.c only. */
#ifndef CARRY_SMART_INNER_H
#define CARRY_SMART_INNER_H
#include "carry/smart.h"
#include "carry/tipfile.h"

/* Broken requests in a row before it is left for another time. */
#define SMART_FAILURES_MAX 5

struct smart {
	struct exchange *ex;
	const struct smart_way *way;
	const uint8_t *mailbox;
	git_repository *own; /* of the lane we write */
	struct tipfile tips; /* what was shown the last time, and which number it has */
	struct pkt_refs refs;
	bool fresh;               /* refs are from after whatever we sent */
	enum pkt_service service; /* that refs are from */
	bool git;                 /* it is git that answers */
	bool less;                /* it shows less than the last time */
	struct places got;        /* what lies in the spool */
	/* Why nothing more is asked, apart from what exchange_send hears, which takes PMJ_INTEGRITY
	 * for a branch that is spoiled. */
	struct pmj_error stop;
	int failures; /* in a row */
	struct buf request;
	struct buf answer;
};

/** Look at what is there, unless that was done since anything was sent. */
PMJ_MUST_CHECK enum pmj_code smart_look(
    struct smart *smart, enum pkt_service service, struct pmj_error *err);
/** The tip that it shows of a run; NULL. */
const git_oid *smart_shown(const struct smart *smart, const struct shape_place *run);
/** Send a request that is made already; what the link let through is learned from it. */
PMJ_MUST_CHECK enum pmj_code smart_ask(
    struct smart *smart, enum pkt_service service, struct pmj_error *err);
/** An answer that does not read: whole, it is not git's, and nothing more is asked; cut off, it is
 * PMJ_UNREACHED. */
enum pmj_code smart_fail_answer(struct smart *smart, struct pmj_error *err);

/** An answer that read well. */
void smart_good(struct smart *smart);

/** Bring the commits of a run into a store, from the tip down to what is numbered `above`, or to
 * one that `own` has. */
PMJ_MUST_CHECK enum pmj_code smart_fetch(struct smart *smart, git_repository *store,
    git_repository *own, const git_oid *tip, uint64_t above, struct pmj_error *err);
/** The same for a run that we write: into our own store, which has a commit only with all that are
 * before it. One that is no chain of segments is there, too, to be seen as that. */
PMJ_MUST_CHECK enum pmj_code smart_fetch_own(
    struct smart *smart, const struct shape_place *run, const git_oid *tip, struct pmj_error *err);
/** A store of which nothing is needed any more. */
void smart_drop(git_repository *store);
/** Send links (ascending, the first follows `was`) to the branch of a run, step by step. */
PMJ_MUST_CHECK enum pmj_code smart_push(struct smart *smart, git_repository *own,
    const struct shape_place *run, const struct chain_links *links, const git_oid *was,
    struct pmj_error *err);

#endif
