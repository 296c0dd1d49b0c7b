/* smart.h - mailboxes behind git's own protocol, at a host without pamoja-gate. Both ways go in
 * small steps, since a pack that is cut is lost whole; nothing counts as sent that the far side did
 * not say it took and does not show afterwards. */
#ifndef CARRY_SMART_H
#define CARRY_SMART_H
#include "carry/exchange.h"
#include "carry/pkt.h"
#include "carry/step.h"

/* An answer is never longer than that. */
#define SMART_ANSWER_MAX ((size_t)64 * 1024 * 1024)

/** How one repository is asked. */
struct smart_way {
	/* What it has, as the service shows it. */
	enum pmj_code (*refs)(
	    void *ctx, enum pkt_service service, struct buf *answer, struct pmj_error *err);
	enum pmj_code (*ask)(void *ctx, enum pkt_service service, const struct buf *request,
	    struct buf *answer, struct pmj_error *err);
	/* Did the last failure come in the middle, so that the same may go well at once? */
	bool (*broke)(void *ctx);
	void *ctx;
	bool announced; /* its lists begin with the service's name */
	bool talks;     /* who looks by a service goes on with it: so what is sent is looked for by
	                   the one that takes it */
	struct step *step;
};

/** Was plain git what answered at this url the last time? */
bool smart_known(
    const char *store, const char *url, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);

/**
 * Exchange one mailbox. As folder_exchange; both directions are tried.
 *
 * git      true when what answered was git, whatever came of it then.
 * Errors   those of the way; PMJ_INTEGRITY: what answers is not git, or the mailbox shows less than
 *          it did; PMJ_PARTIAL and others as the mailbox has it.
 */
PMJ_MUST_CHECK enum pmj_code smart_exchange(struct exchange *ex, const struct smart_way *way,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *url, bool *git,
    struct pmj_error *err);

#endif
