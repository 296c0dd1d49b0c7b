/* session_inner.h - what a carrier that runs has at hand. Private to session.c and
 * session_orders.c. */
#ifndef CARRY_SESSION_INNER_H
#define CARRY_SESSION_INNER_H
#include "carry/bell.h"
#include "carry/carrysock.h"
#include "carry/chance.h"
#include "carry/errand.h"
#include "carry/mounts.h"
#include "carry/order.h"
#include "carry/ways.h"

#define QUEUE_MAX 16

struct session {
	const char *home;
	struct carrysock sock;
	int signal; /* signalfd */
	bool ending;
	uint8_t write_lane;
	struct job_remote *remotes;
	size_t remote_count;
	struct places have;
	struct places acked;
	struct order queue[QUEUE_MAX];
	size_t queued;
	struct errand errand;
	struct bell bell;
	struct ways ways;
	struct mounts mounts;
	bool no_sticks;
	struct chance chance;
	struct { /* what pamojad was told of what waits */
		const char *why;
		int64_t at_ms;
	} said;
	bool near;             /* some mailbox is reached without a network, or none is known */
	bool locked;           /* pamojad is: we exchange what it left in the spool */
	bool anew;             /* this pamojad was not told yet how all mailboxes are */
	bool errand_exchanges; /* with the mailboxes, so its end tells of the next chance */
};

/** Monotonic milliseconds. */
int64_t session_now(void);
/** Put an order of ours or of pamojad's behind those that wait; it is taken over. */
void session_queue(struct session *s, struct order *order);
/** A line of pamojad's; ctx is the session. */
void session_obey(void *ctx, const char *bytes, size_t len);

#endif
