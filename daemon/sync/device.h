/* device.h - the worker's side of the lanes: enrolment, and what the hub's lines mean here. */
#ifndef SYNC_DEVICE_H
#define SYNC_DEVICE_H
#include "sync/sync.h"

/** A request text to carry to the hub (10.1). The nonce is kept in the journal; asking again gives
 * the same request until it is accepted. */
PMJ_MUST_CHECK enum pmj_code device_request(
    struct journal *journal, struct buf *text, struct pmj_error *err);
/** Check an invitation against our request: certificate, signature, nonce, expiry. root_pk receives
 * what the words are made of. Changes nothing. */
PMJ_MUST_CHECK enum pmj_code device_invitation_check(struct journal *journal, const char *text,
    size_t len, uint8_t root_pk[static 32], struct pmj_error *err);
/** Accept it (words were compared): pin, mailbox, roster, remotes, hub epochs; every own entry that
 * may leave is queued. One transaction; the caller saves the ring after. *sync_out (may be NULL)
 * receives a new sync that owns its device: it takes the place of one the caller may have. */
PMJ_MUST_CHECK enum pmj_code device_accept(struct journal *journal, struct sync **sync_out,
    const char *home, const char *text, size_t len, struct pmj_error *err);
bool device_enrolled(struct journal *journal);
/** The hooks of a device; ctx must outlive the sync. */
struct device;
PMJ_MUST_CHECK enum pmj_code device_new(
    struct device **out, struct journal *journal, struct pmj_error *err);
void device_free(struct device *device);
void device_hooks(struct device *device, struct sync_hooks *out);
/** Own mailbox; PMJ_NOT_ENROLLED. */
PMJ_MUST_CHECK enum pmj_code device_mailbox(
    struct journal *journal, uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** Where the mailbox is (ctl.remotes): a folder or URL; NULL when not enrolled. Caller frees. */
char *device_remote(struct journal *journal);
/** The same as the carrier is told it: [{"mailbox","url", and for a host "token" or "key", "pin",
 * "ca" where the hub said them}…], while the hub moves the old places after it, with "old": true;
 * NULL when not enrolled. New reference. */
json_t *device_remote_lines(struct journal *journal);
/** Stands for these places: another after the hub said others. */
int64_t device_places_mark(struct journal *journal);
/** An exchange by the first of these went well, which was begun at this mark: while the hub moves,
 * it is told so once. A transaction of its own. */
PMJ_MUST_CHECK enum pmj_code device_came(
    struct journal *journal, struct sync *sync, int64_t mark, struct pmj_error *err);
/** Next own stamp (8.1), kept in the journal. */
void device_stamp(struct journal *journal, int64_t *pt, uint16_t *counter);
/** The time of the last own stamp, ms; 0: none yet. */
int64_t device_stamped(struct journal *journal);
/** An own entry was appended as number n: queue it unless its kind's scope keeps it here. Inside
 * the transaction. Before enrolment it does nothing (device_accept queues everything). */
PMJ_MUST_CHECK enum pmj_code device_queue(struct journal *journal, struct sync *sync, int64_t n,
    const struct kind *kind, bool urgent, struct pmj_error *err);
/** The same of a part of a photo, which goes behind all else. */
PMJ_MUST_CHECK enum pmj_code device_queue_photo(
    struct journal *journal, struct sync *sync, int64_t n, struct pmj_error *err);
/** One that it has goes once more (photo_again). */
PMJ_MUST_CHECK enum pmj_code device_photo_again(
    struct journal *journal, struct sync *sync, int64_t n, struct pmj_error *err);
/** So many bytes of photos it is sent at once, the hub is told with the next ack. A transaction of
 * its own, where that changes. */
PMJ_MUST_CHECK enum pmj_code device_photos_wanted(
    struct journal *journal, int64_t bytes, struct pmj_error *err);
/** Name and role of a device as the roster tells ("", "" when unknown). Caller frees both. */
void device_who(struct journal *journal, const uint8_t device[static PMJ_DEVICE_BYTES], char **name,
    char **role);
/** Whom a person was handed over to, and when; false when it was not (or came back). Caller frees
 * *name. */
bool device_handed_over(struct journal *journal, const uint8_t person[static PMJ_RECORD_BYTES],
    char **name, int64_t *at_ms);
/** Each file that the office published and that is whole here, by name; of those whose name begins
 * with `folder`. */
struct published_got {
	const char *name;
	int64_t version;
	const uint8_t *bytes;
	size_t len;
};
typedef void published_use(void *ctx, const struct published_got *got);
PMJ_MUST_CHECK enum pmj_code device_published_each(struct journal *journal, const char *folder,
    published_use *use, void *ctx, struct pmj_error *err);
/** Another after one of them came. */
int64_t device_published_mark(struct journal *journal);
/** Highest roster version seen. */
int64_t device_roster_version(struct journal *journal);
/** When the hub took this device off its roster, ms; 0: it did not. */
int64_t device_revoked(struct journal *journal);
/** Was that because the programme ends? */
bool device_ended(struct journal *journal);
/** Since when it is suspended, ms; 0: it is not. */
int64_t device_suspended(struct journal *journal);
/** When the certificate of the hub ends, ms; 0 when not enrolled. */
int64_t device_certificate_end(struct journal *journal);
/** An exchange with the mailbox went well: note since when such bring nothing of the hub that is
 * younger than two weeks, though it says something each week. */
PMJ_MUST_CHECK enum pmj_code device_answered(
    struct journal *journal, struct sync *sync, int64_t now_ms, struct pmj_error *err);
/** Since more than a day it is so: how old the hub's last word is, in days; else 0. The hub is off,
 * or an old state of the mailbox is shown. */
/** The last day of this device's access (of a volunteer), YYYY-MM-DD; "" without one. */
void device_last_day(struct journal *journal, char out[static 11]);
int64_t device_stale_days(struct journal *journal, int64_t now_ms);
/** {"age_days","level":""|"notice"|"warning"|"cut_off","stale":bool} of the last beacon, or NULL.
 * New reference.
 */
json_t *device_beacon(struct journal *journal, int64_t now_ms);

/* What needs more than one person (7.2), on the laptop of one of them. */
/** {"items":[{"id","asked_at","what":{"op",…},"answer"}…]}: what the hub asks for. New reference.
 */
PMJ_MUST_CHECK enum pmj_code device_asks(
    struct journal *journal, json_t **out, struct pmj_error *err);
/** This device's word on an order that it has carried out: removed, unreadable. Inside a
 * transaction.
 */
PMJ_MUST_CHECK enum pmj_code device_done(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const uint8_t act[static 32], const char *done,
    struct pmj_error *err);
/** How many of these were not answered. */
int64_t device_asks_open(struct journal *journal);
/** This person's word on one, by the beginning of its id: {"id","what","answer"}. A refusal after
 * an approval counts. A transaction of its own. */
PMJ_MUST_CHECK enum pmj_code device_answer(
    struct sync *sync, const char *typed, bool approve, json_t **out, struct pmj_error *err);

/* Locked notes (4.5): lane 4, unsigned, sealed to our own seal key. */
PMJ_MUST_CHECK enum pmj_code locked_note_write(const struct os *os, const char *home,
    const uint8_t seal_pk[static 32], const char *text, struct pmj_error *err);
/** {"items":[{"file","at","text"}…]}; damaged ones are listed with "fault" and kept. New reference.
 */
PMJ_MUST_CHECK enum pmj_code locked_note_list(
    json_t **out, const struct os *os, const char *home, struct ring *ring, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code locked_note_remove(
    const struct os *os, const char *home, const char *file, struct pmj_error *err);

#endif
