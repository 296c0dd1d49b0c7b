/* sync.h - the lanes: lines to segments to spool and back, receipts, incarnations. The same engine
 * serves a device (one mailbox, writes up, reads down) and the hub (every mailbox, writes down,
 * reads up); what a line means is the hooks' business. Nothing here waits: each step is short and
 * durable, and whatever was cut off is finished by the next step. */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H
#include "log/segment.h"
#include "store/entries.h"

struct sync;

struct sync_peer { /* the other end of one mailbox */
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t device[PMJ_DEVICE_BYTES]; /* the device of this mailbox (on a device: its own) */
	enum segment_lane reads;          /* LANE_DOWN on a device, LANE_UP at the hub */
	enum segment_lane writes;
	uint8_t writer_pk[32]; /* Ed25519: signs the lane we read */
	uint8_t reader_pk[32]; /* X25519 of the reader's present epoch: what we seal to */
	enum ring_key signs;   /* our key for the lane we write */
	bool closed;           /* nothing is sealed to it (yet) */
	bool gone;             /* ... and never will be: what waits for it goes too */
};
struct sync_line { /* one line of the peer, verified, in order */
	const struct entry *entry;
	const char *bytes;
	size_t len;
	const uint8_t *incarnation; /* 16 */
	uint64_t seq;               /* its number there */
	bool newest;                /* of the writer's newest incarnation */
	int64_t until_ms;           /* mono: what cannot be done by then ... */
	bool *again; /* ... is for a later step: set, the same line comes once more */
};
struct sync_hooks {
	void *ctx;
	/** The peer of a mailbox. PMJ_NOT_FOUND: not one of ours (its segments are set aside). */
	enum pmj_code (*peer)(void *ctx, struct sync_peer *out,
	    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
	/** All mailboxes; caller frees. */
	enum pmj_code (*mailboxes)(
	    void *ctx, uint8_t (**out)[PMJ_MAILBOX_BYTES], size_t *count, struct pmj_error *err);
	/** A line that is not the engine's own business (all but ctl.ack's receipt part, ctl.nack,
	 * ctl.incarnate). Called inside the transaction that also moves the lane. A bad line is
	 * held or noted by the hook itself; an error return rolls the step back. */
	enum pmj_code (*line)(void *ctx, const struct sync_peer *peer, const struct sync_line *line,
	    struct pmj_error *err);
	/** Lines made anew for each segment besides the ack: the hub's ctl.beacon. *fields: members
	 * of the line beyond v,n,kind,by,at, or NULL. */
	json_t *(*beacon)(void *ctx, const struct sync_peer *peer);
	/** That line has this hash, which the peer will echo; inside the transaction that seals it.
	 * May be NULL. */
	enum pmj_code (*beaconed)(void *ctx, const struct sync_peer *peer,
	    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err);
	/** Members to add to the ack: a device echoes beacon hash and roster, a hub says from where
	 * on it deferred. May add nothing. */
	void (*ack_more)(void *ctx, const struct sync_peer *peer, json_t *ack);
	/** Asked again when a forwarded entry is sealed: may this peer still have it? (8.4: decided
	 * at seal time.) */
	bool (*may_have)(void *ctx, const struct sync_peer *peer, int64_t n);
	/** Stamp for own control lines: fills pt and counter. */
	void (*stamp)(void *ctx, int64_t *pt, uint16_t *counter);
	/** The peer was found to be a copy, or asked for everything (ctl.incarnate cause copy,
	 * ctl.resend): queue its whole state anew. */
	enum pmj_code (*resend)(void *ctx, const struct sync_peer *peer, struct pmj_error *err);
	/** Own incarnation changed (a device: keep it in the ring). May be NULL. */
	void (*incarnated)(void *ctx, const struct sync_peer *peer,
	    const uint8_t incarnation[static PMJ_INCARNATION_BYTES]);
	/** Called by sync_free when ctx belongs to the sync. May be NULL. */
	void (*close)(void *ctx);
};
extern const char *const sync_schema[]; /* for journal_setup.schema */

/** The engine over an open journal with sync_schema; its spool and what it sets aside lie in
 * `home`. The hooks are copied, the journal must outlive it. Where the folders cannot be made, *out
 * is NULL and hooks->ctx is still the caller's. */
PMJ_MUST_CHECK enum pmj_code sync_new(struct sync **out, struct journal *journal, const char *home,
    const struct sync_hooks *hooks, struct pmj_error *err);
void sync_free(struct sync *sync);

/** Put a journaled line in the queue of a mailbox as it is (a device's entries; control lines).
 * Inside a transaction. Idempotent. */
PMJ_MUST_CHECK enum pmj_code sync_queue(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, bool urgent, struct pmj_error *err);
/** The same, to be wrapped in ctl.fwd when sealed (hub). Idempotent. */
PMJ_MUST_CHECK enum pmj_code sync_queue_forward(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, bool urgent, struct pmj_error *err);
/** Did this peer ever get (or is it queued to get) entry n by forward in a live or closed
 * incarnation since the last withdraw? */
bool sync_was_sent(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n);
/** This peer gave entry n back, so it need not be sent it. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code sync_has(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, struct pmj_error *err);
/** After a withdraw: what was sent of these entries may be sent again later. Inside a transaction.
 */
PMJ_MUST_CHECK enum pmj_code sync_forget_sent(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, struct pmj_error *err);

/** Give segment 1 of the lane we write (the invitation's); seal the queue of the mailbox into it at
 * once when nothing was sealed there yet. Its own transaction. PMJ_NOT_FOUND: a receipt has covered
 * it. */
PMJ_MUST_CHECK enum pmj_code sync_seal_first(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct buf *segment, struct pmj_error *err);
/** Make at most one segment of what waits (for any mailbox; urgent first), durable in the journal,
 * or a step towards one (DESIGN.md); sync_spool_step makes the file. *more: call again. Its file
 * has at most 16 KiB, or what sync_link said, unless one line alone has more. Also makes one when
 * an ack or the weekly one is due (5.4). */
PMJ_MUST_CHECK enum pmj_code sync_seal_step(struct sync *sync, bool *more, struct pmj_error *err);
/** What the seal step does after a big segment was made: some of its lines leave the queue; and
 * after a run began anew: some of the lines of the last one go back there. *left false: there are
 * none. */
PMJ_MUST_CHECK enum pmj_code sync_number_step(struct sync *sync, bool *left, struct pmj_error *err);
/** carry's word of what the network lately let through in one piece (its `step`): segments that are
 * made from now on are no bigger, 4 KiB at least, and up to 256 KiB where it is 64 KiB and more.
 * Kept. A transaction of its own, where it changes anything. */
PMJ_MUST_CHECK enum pmj_code sync_link(struct sync *sync, int64_t step, struct pmj_error *err);
struct sync_stopped { /* a segment under which the link broke, and how often, by carry's word */
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t incarnation[PMJ_INCARNATION_BYTES];
	uint64_t segno; /* those before it are at the mailbox */
	int64_t tries;
};
/** carry's word of such a one, behind its sync_link: where it broke off three times and is bigger
 * than what goes through, it and what follows is re-issued in smaller ones (section 9, cause size),
 * at most once an hour. A transaction of its own, where it changes anything. */
PMJ_MUST_CHECK enum pmj_code sync_link_stopped(
    struct sync *sync, const struct sync_stopped *at, struct pmj_error *err);
/** At a device, behind its sync_link: an exchange broke off. Where the hub was told that more goes
 * through it is told anew, and makes what is unread and too big smaller. A transaction of its own,
 * where it changes anything. */
PMJ_MUST_CHECK enum pmj_code sync_link_broke(struct sync *sync, struct pmj_error *err);
/** Is so much sealed that what becomes of it tells more of the network than is known, and more
 * waits? Then what was made is sent first: the rest is made as big as sync_link then says. */
bool sync_link_to_learn(struct sync *sync);
/** What is sealed from now on may go by any way: at most 16 KiB, until the next sync_link. */
void sync_link_unknown(struct sync *sync);
/** Take at most PMJ_STEP_MS of what lies in spool/in: verify, open, apply, move the lanes, delete
 * the file. *more: call again. *taken counts lines. */
PMJ_MUST_CHECK enum pmj_code sync_take_step(
    struct sync *sync, bool *more, int64_t *taken, struct pmj_error *err);
/** The bytes of a segment of ours that no receipt covers yet, of the present incarnation.
 * PMJ_NOT_FOUND. */
PMJ_MUST_CHECK enum pmj_code sync_segment(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], uint64_t segno, struct buf *out,
    struct pmj_error *err);
/** A device that came out of a backup reads its down lane from nothing: a new incarnation, sealed
 * to its key as it is now, that asks for no earlier one; nothing waits for it any more. Inside a
 * transaction. */
PMJ_MUST_CHECK enum pmj_code sync_begin_anew(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** Did sync_begin_anew begin what this device is sent now, or any other new incarnation? */
bool sync_began_anew(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
/** Queue a line that serves the lane only and is not journaled (ctl.hello). Inside a transaction.
 */
PMJ_MUST_CHECK enum pmj_code sync_queue_line(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *line, size_t len, bool urgent,
    struct pmj_error *err);
/** Such a line, of ours; more (its members beyond v, n, kind, by, at) is taken over. */
PMJ_MUST_CHECK enum pmj_code sync_line_own(
    struct sync *sync, struct buf *out, const char *kind, json_t *more, struct pmj_error *err);
/* A laptop that was revoked (10.3). */
/** Nothing waits for this mailbox any more. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code sync_drop_queue(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** Is this line still to be sealed? */
bool sync_is_queued(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n);
/** Does a receipt cover this line? */
bool sync_was_read(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n);
/** A copy of the laptop may not have heard this line, whoever's receipt covers it. Inside a
 * transaction. */
PMJ_MUST_CHECK enum pmj_code sync_tell_again(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, struct pmj_error *err);
/** How far the newest lane of this mailbox was read; seq 0: nothing was. */
PMJ_MUST_CHECK enum pmj_code sync_last_read(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    uint8_t incarnation[static PMJ_INCARNATION_BYTES], int64_t *seq, struct pmj_error *err);
/** The files in spool/out that the carrier delivered go; the others are left for a courier. */
PMJ_MUST_CHECK enum pmj_code sync_leave_files(struct sync *sync, struct pmj_error *err);
/** Those of a lane up to a segment, of a home that has no journal any more. */
void sync_leave_delivered(const struct os *os, const char *home,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int lane,
    const uint8_t inc[static PMJ_INCARNATION_BYTES], uint64_t segno);
/** What the last ack of a mailbox's lanes said no longer holds: the next segment says it anew.
 * Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code sync_ack_again(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** carry finished an exchange and its segments were taken: notices a down segment that stays
 * missing (section 9: two exchanges a day apart). */
PMJ_MUST_CHECK enum pmj_code sync_exchanged(struct sync *sync, struct pmj_error *err);
/** Put every unacked segment back into spool/out that is not there (the spool is a cache); remove
 * acked ones. */
PMJ_MUST_CHECK enum pmj_code sync_spool_step(struct sync *sync, bool *more, struct pmj_error *err);
/** Something may wait: cheap question for the loop. */
bool sync_has_work(struct sync *sync);
/** ... and for another end, not only for the spool. */
bool sync_has_answers(struct sync *sync);
/** `have` of the carry protocol: [[mailbox,lane,inc,segno]…] of the lanes we read. New reference.
 */
PMJ_MUST_CHECK enum pmj_code sync_have(struct sync *sync, json_t **out, struct pmj_error *err);
/** `acked` of the carry protocol. New reference. */
PMJ_MUST_CHECK enum pmj_code sync_acked(struct sync *sync, json_t **out, struct pmj_error *err);

/** `ended` of the carry protocol, for a hub: runs that others followed, that were taken in whole,
 * and whose last segment is 180 days old (11.6); some of them, once a day none. New reference. */
PMJ_MUST_CHECK enum pmj_code sync_ended(struct sync *sync, json_t **out, struct pmj_error *err);

enum sync_place { SYNC_CARRIED = 1, SYNC_DELIVERED = 2, SYNC_ENDED = 3 };
/** carry's word about a segment of ours; SYNC_ENDED: the run, whoever wrote it, is not at the
 * mailboxes any more, as sync_ended asked. */
PMJ_MUST_CHECK enum pmj_code sync_mark(struct sync *sync, enum sync_place place,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int lane,
    const uint8_t incarnation[static PMJ_INCARNATION_BYTES], uint64_t segno, struct pmj_error *err);
/** A new incarnation of the lane we write, re-issuing every line not acked, byte for byte (section
 * 9). cause: copy, epoch, nack, size. A transaction of its own. The engine calls for one itself:
 * after a NACK, a new epoch of the reader, and when a segment or receipt of our writing is seen
 * that we do not hold ("I am a copy"), be it a file in spool/in (carry's `foreign` leads there) or
 * an ack. */
PMJ_MUST_CHECK enum pmj_code sync_incarnate(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *cause, struct pmj_error *err);

/** The last stamp (ms) in the backup that a hub was restored from: set before sync_restored. */
#define SYNC_RESTORED_POINT "sync.restored_point"
/** Is there a mailbox that has not been told yet that this end was restored? */
bool sync_restore_untold(struct sync *sync);
/** This journal came out of a backup: every lane we write goes on under a new incarnation (a
 * device's: cause copy; a hub's: cause restore), and what no receipt in the backup covers is sent
 * again. Once, before anything is exchanged. A transaction of its own. */
PMJ_MUST_CHECK enum pmj_code sync_restored(struct sync *sync, struct pmj_error *err);

/** carry's word that the far branch of a lane we write is no chain of segments (its `foreign` with
 * segno 0). If that is our present incarnation, we go on under a new one, at most once a day. A
 * transaction of its own. */
PMJ_MUST_CHECK enum pmj_code sync_spoiled(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES],
    const uint8_t incarnation[static PMJ_INCARNATION_BYTES], struct pmj_error *err);

/** saved, carried, delivered, deferred, merged or refused, of one entry of ours (on the hub
 * everything is merged). */
const char *sync_entry_state(struct sync *sync, int64_t n);
/** {"entries","bytes","saved","carried","delivered"} of what no receipt covers yet; of a device
 * also what the hub has of its entries: "deferred" (to be merged another day), "refused", "merged".
 * New reference. */
json_t *sync_outbox(struct sync *sync);
/** {"seq","at"} of the newest receipt, or NULL. New reference. */
json_t *sync_receipt(struct sync *sync);
/** Segments refused and why, for `status`: [{"mailbox","lane","segno","fault"}…]. New reference. */
json_t *sync_refused(struct sync *sync);
struct sync_gap { /* segments that must be somewhere, and are not here */
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t incarnation[PMJ_INCARNATION_BYTES];
	uint64_t from, to;
};
/** Those of the lanes we read: a later one that its writer signed lies in spool/in. Caller frees
 * *out. */
PMJ_MUST_CHECK enum pmj_code sync_gaps(
    struct sync *sync, struct sync_gap **out, size_t *count, struct pmj_error *err);
/** {"incarnation","segno","seq","chain","stopped","reading"}: how far the newest lane of a mailbox
 * is written (ours) or read; reading: a segment is half in. NULL: not at all. New reference. */
json_t *sync_standing(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool ours);
struct sync_epochs {   /* what became of our own seal keys */
	uint32_t made; /* the next one, to be told; 0: none was */
	bool turned;   /* another is in use */
	bool destroyed;
};
/** One look at our own seal keys (7.4), at most once an hour of now_ms, which is the hub's time.
 * The ring changes: whoever called saves it before anything is sealed (with a new MK when one was
 * destroyed). may_destroy: nothing else is sealed to them. A transaction of its own. */
PMJ_MUST_CHECK enum pmj_code sync_epochs(struct sync *sync, int64_t now_ms, bool may_destroy,
    struct sync_epochs *out, struct pmj_error *err);
/** The present key ends as early as it may: the next is made with the next look, and in use 30 days
 * after that. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code sync_epochs_early(struct journal *journal, struct pmj_error *err);
/** The ring could not be saved: a key that was made is none. */
void sync_epochs_undo(struct sync *sync, const struct sync_epochs *done);
/** A device: tell the hub which keys it has (ctl.hello). A transaction of its own. */
PMJ_MUST_CHECK enum pmj_code sync_say_key(
    struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** Live lane heads for the ring's anchor. */
void sync_anchor(struct sync *sync, struct ring_anchor *anchor);
/** The hub: per mailbox {"last_seen","last_merged"} (ms or null). New reference. */
json_t *sync_peer_state(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);

#endif
