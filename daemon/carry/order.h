/* order.h - the lines of JSON spoken with pamojad: orders in, events out. */
#ifndef CARRY_ORDER_H
#define CARRY_ORDER_H
#include "base/buf.h"
#include "carry/exchange.h"
#include "carry/job.h"

#define ORDER_BYTES_MAX (4u * 1024 * 1024) /* a hub's `have` of many thousand runs */
#define ORDER_OUT_MAX 4096                 /* of one event */

enum order_do { ORDER_REMOTES, ORDER_SYNC, ORDER_PARCEL, ORDER_WAKE, ORDER_ACKED, ORDER_STOP };

/* One order. Only the fields of its kind are filled. */
struct order {
	enum order_do what;
	int64_t id;
	uint8_t write_lane;
	struct job_remote *remotes;
	size_t remote_count;
	char *url; /* or NULL */
	char *dir;
	bool create;
	bool news; /* only with mailboxes that the bell told of, and those that get something */
	uint8_t wait_s; /* for the answer to what is sent */
	bool urgent;
	bool no_sticks; /* what is plugged in is left alone unless it is named */
	bool metered;   /* the person says that the network costs money */
	bool locked;    /* pamojad is: what lies in spool/out is the carrier's to bring away */
	bool has_have;
	struct places places; /* have, or upto; sorted */
	struct places ended;  /* sorted */
};

/**
 * Read one order. Unknown keys are passed over, so that a newer pamojad can say more.
 *
 * Errors   PMJ_INVALID naming what is wrong with it.
 */
PMJ_MUST_CHECK enum pmj_code order_read(
    struct order *out, const char *bytes, size_t len, struct pmj_error *err);
void order_close(struct order *order);

/** One event as a line, with its "\n". place may be NULL for EXCHANGE_ARRIVED. */
void order_put_event(
    struct buf *out, enum exchange_event what, const struct shape_place *place, size_t count);
/** folders_only: the kernel keeps us to our folders. */
void order_put_hello(struct buf *out, bool folders_only);
void order_put_news(struct buf *out);
void order_put_chance(struct buf *out);
/** A stick with a parcel folder was plugged in. */
void order_put_stick(struct buf *out, const char *dir);
/** Why it may not, and in how many seconds perhaps (0: when something happens). */
void order_put_waits(struct buf *out, const char *why, int64_t seconds);
/** How far the job of an order is. */
void order_put_progress(struct buf *out, int64_t id, const struct exchange_count *count);
/** err is read only when rc is a failure; ex, which may be NULL, tells what went and came. */
void order_put_done(struct buf *out, int64_t id, enum pmj_code rc, const struct pmj_error *err,
    const struct exchange *ex);

#endif
