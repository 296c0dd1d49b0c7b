/* exchange.h - one exchange: what is in the spool goes out, what is new comes in. Every step may be
 * repeated, and a stop at any instant is finished by the next exchange. */
#ifndef CARRY_EXCHANGE_H
#define CARRY_EXCHANGE_H
#include <git2.h>

#include "base/os.h"
#include "carry/branch.h"
#include "carry/chain.h"
#include "carry/places.h"
#include "carry/spool.h"

enum exchange_event {
	EXCHANGE_ARRIVED,   /* count new files are in spool/in */
	EXCHANGE_CARRIED,   /* the place is on a stick or share */
	EXCHANGE_DELIVERED, /* everything up to the place is at the mailbox; read back */
	EXCHANGE_FOREIGN,   /* the far tip of a lane we write is not of our chain; segno 0: it is no
	                       chain of segments */
	EXCHANGE_ENDED,     /* the run is not there any more, as was asked for */
};

struct exchange_count { /* what a person is told while it goes on */
	size_t there;   /* segments of ours: the mailbox said that it has them */
	size_t left;    /* ... not yet, of the run at hand */
	size_t came;
	uint64_t moved; /* bytes both ways: over the network, or of segments */
};

struct exchange {
	const struct os *os;
	char *spool;         /* the folder that has `out` and `in` */
	char *store;         /* our own repositories */
	uint8_t write_lane;  /* 1 or 2; the other one is read */
	bool create;         /* make missing mailboxes */
	struct places have;  /* durably taken in, per run of the lane we read; sorted */
	struct places ended; /* a hub: runs to drop, each up to its last segno; sorted */
	struct places acked; /* covered by receipts, per run of the lane we write; sorted */
	void (*tell)(
	    void *ctx, enum exchange_event what, const struct shape_place *place, size_t count);
	void (*beat)(void *ctx); /* called often while it goes on; may be NULL */
	void *ctx;
	size_t sent; /* segments that were not there before */
	size_t got;
	size_t ahead; /* segments that the mailboxes showed above what is taken in */
	uint64_t up;  /* bytes over the network, above TCP */
	uint64_t down;
	uint32_t step; /* what the network lately let through in one piece; 0: none was used */
	struct shape_place
	    stuck;       /* the first segment that is not there, where the link broke under it */
	int stuck_tries; /* ... so often; 0: it did not */
	struct exchange_count count;
	struct pmj_error instead; /* why an old place was used; code PMJ_OK: none was */
	struct spool_list out;    /* what is in spool/out; filled by exchange_begin */
	int lock;
};

/** Take the lock of the store's folder and list the spool. exchange_end also after a failure. */
PMJ_MUST_CHECK enum pmj_code exchange_begin(struct exchange *ex, struct pmj_error *err);
void exchange_end(struct exchange *ex);

/** Say that the exchange is alive. */
void exchange_beat(const struct exchange *ex);
/** So many segments more are at the mailbox, by its own word. */
void exchange_there(struct exchange *ex, size_t segments);

/** The link broke so often under the first of these, and it is not there. */
void exchange_stuck(struct exchange *ex, const struct shape_place *run,
    const struct chain_links *links, size_t first, int tries);

/** The lane we read. */
uint8_t exchange_read_lane(const struct exchange *ex);
/** What came of a mailbox before and was not taken in yet need not come again: how far that goes on
 * from what we have, into `got`. */
PMJ_MUST_CHECK enum pmj_code exchange_spooled(const struct exchange *ex, struct places *got,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** How far a run of the lane we read is here, by that. */
uint64_t exchange_known_upto(
    const struct exchange *ex, const struct places *got, const struct shape_place *run);
/** Where segments that come in are put. Caller frees. */
char *exchange_in(const struct exchange *ex);

/** How the far side is moved: a branch from `was` (zero: not there) to the last of links. */
struct exchange_far {
	git_repository *repo; /* where far commits can be read */
	enum pmj_code (*push)(void *ctx, git_repository *own, const struct shape_place *run,
	    const struct chain_links *links, const git_oid *was, struct pmj_error *err);
	/* Read the far branch again; zero when there is none. */
	enum pmj_code (*tip)(
	    void *ctx, git_oid *out, const struct shape_place *run, struct pmj_error *err);
	void *ctx;
};

/** Send the runs of one mailbox that wait in the spool; look at far tips of our lane. */
PMJ_MUST_CHECK enum pmj_code exchange_send(struct exchange *ex, const struct exchange_far *far,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const struct branch_tips *tips,
    struct pmj_error *err);

/** Put everything of one far branch above `above` into spool/in. */
PMJ_MUST_CHECK enum pmj_code exchange_take(struct exchange *ex, git_repository *from,
    const struct branch_tip *tip, uint64_t above, size_t *fresh, struct pmj_error *err);
/** exchange_take for each tip of the lane we read, above what we have; then tells what arrived. */
PMJ_MUST_CHECK enum pmj_code exchange_receive(struct exchange *ex, git_repository *from,
    const struct branch_tips *tips, struct pmj_error *err);

#endif
