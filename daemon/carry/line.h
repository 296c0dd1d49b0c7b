/* line.h - the lines of JSON spoken with pamojad: orders in, events out. */
#ifndef CARRY_LINE_H
#define CARRY_LINE_H
#include "base/buf.h"
#include "carry/exchange.h"
#include "carry/job.h"

#define LINE_BYTES_MAX (4u * 1024 * 1024) /* a hub's `have` of many thousand runs */

enum line_do { LINE_REMOTES, LINE_SYNC, LINE_PARCEL, LINE_WAKE, LINE_ACKED };

/* One order. Only the fields of its kind are filled. */
struct line_order {
	enum line_do what;
	int64_t id;
	uint8_t write_lane;
	struct job_remote *remotes;
	size_t remote_count;
	char *url; /* or NULL */
	char *dir;
	bool create;
	bool urgent;
	bool has_have;
	struct places places; /* have, or upto; sorted */
};

/**
 * Read one order. Unknown keys are passed over, so that a newer pamojad can say more.
 *
 * Errors   PMJ_INVALID naming what is wrong with it.
 */
PMJ_MUST_CHECK enum pmj_code line_read(
    struct line_order *out, const char *bytes, size_t len, struct pmj_error *err);
void line_order_close(struct line_order *order);

/** One event as a line, with its "\n". place may be NULL for EXCHANGE_ARRIVED. */
void line_put_event(
    struct buf *out, enum exchange_event what, const struct shape_place *place, size_t count);
void line_put_hello(struct buf *out);
/** err is read only when rc is a failure. */
void line_put_done(struct buf *out, int64_t id, enum pmj_code rc, const struct pmj_error *err,
    size_t sent, size_t got);

#endif
