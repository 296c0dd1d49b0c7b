/* device_inner.h - what the files of the worker's side share. Private to daemon/sync. */
#ifndef SYNC_DEVICE_INNER_H
#define SYNC_DEVICE_INNER_H
#include "log/cert.h"
#include "sync/device.h"
#include "sync/photo_judge.h"

struct device {
	struct journal *journal;
	struct photo_sum photo; /* what was read of the one that came last */
};

/* Keys in the journal's own settings. */
#define DEVICE_MAILBOX "device.mailbox"
#define DEVICE_OP_PK "device.op_pk"
#define DEVICE_NONCE "device.nonce"
#define DEVICE_EPOCHS "device.epochs" /* the hub's, verified: JSON list */
#define DEVICE_MIN_EPOCH "device.min_epoch"
#define DEVICE_REMOTE "device.remote"
#define DEVICE_PLACES "device.remotes"       /* all that was said of it and the old ones: JSON */
#define DEVICE_HOST "device.remote.host"     /* of before: what was said of the one place */
#define DEVICE_PLACES_AT "device.remotes.at" /* the stamp of the line that said so */
#define DEVICE_PLACES_E "device.remotes.e"   /* ... and its hash */
#define DEVICE_CAME_BY "device.came_by"      /* the hash of the line by whose place it came */
#define DEVICE_PLACES_MAX 4
#define DEVICE_ROSTER_VERSION "device.roster_version"
#define DEVICE_BEACON_E "device.beacon_e"
#define DEVICE_BEACON_TIME "device.beacon_time"
#define DEVICE_STALE_SINCE "device.stale_since" /* exchanges go well, and bring an old beacon */
#define DEVICE_KINDS "device.kinds"             /* the list of files that the office published */
#define DEVICE_KINDS_AT "device.kinds.at"       /* the stamp of the line that said so */
#define DEVICE_PUBLISHED "sync.published"       /* how often a file of it became whole here */
#define DEVICE_PHOTOS "device.photos"           /* bytes of photos that it takes at once */
#define DEVICE_WITHDRAWING                                                                         \
	"device.withdrawing" /* e of the line, and the number of the last record done */
#define DEVICE_NOT_AFTER "device.not_after"
#define DEVICE_SUSPENDED "device.suspended" /* since when, by the hub; 0: it is not */
#define DEVICE_ENDED "device.ended"         /* revoked because the programme ends */
#define DEVICE_REVOKED "device.revoked"     /* when, by the hub's clock */

/** One line of the hub being taken. */
struct device_at {
	struct device *device;
	struct journal *journal;
	const struct sync_peer *peer;
	const struct sync_line *line;
	const json_t *json;
};
/** The line has no effect; the log says why. The lane goes on. */
PMJ_MUST_CHECK enum pmj_code device_refuse(
    const struct device_at *at, const char *why, struct pmj_error *err);

/* What the hub says of itself and its team: device_hub.c. */
PMJ_MUST_CHECK enum pmj_code device_beacon_line(const struct device_at *at, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code device_cert(const struct device_at *at, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code device_roster(const struct device_at *at, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code device_remotes(const struct device_at *at, struct pmj_error *err);
/* What the office published: device_published.c. */
PMJ_MUST_CHECK enum pmj_code device_kinds(const struct device_at *at, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code device_file(const struct device_at *at, struct pmj_error *err);

/* What it asks people here to agree to: device_asks.c. */
PMJ_MUST_CHECK enum pmj_code device_asked(
    const struct device_at *at, const json_t *ask, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code device_settled(
    const struct device_at *at, const json_t *settled, struct pmj_error *err);
/** A control line of our own, journaled and queued to the hub, before what is routine. `more` is
 * stolen. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code device_say(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *kind, json_t *more,
    struct pmj_error *err);

/** The line hook: what each line of the hub does here. */
PMJ_MUST_CHECK enum pmj_code device_line(
    void *ctx, const struct sync_peer *peer, const struct sync_line *line, struct pmj_error *err);
/** Keep what a certificate that may be believed says. The pin is the caller's. */
PMJ_MUST_CHECK enum pmj_code device_keep_cert(
    struct journal *journal, const struct cert *cert, struct pmj_error *err);

#endif
