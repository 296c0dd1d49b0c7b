/* core.h - the daemon's one home: keys, journal, lanes, and what is done with them between
 * requests. One thread; only key stretching is elsewhere. */
#ifndef API_CORE_H
#define API_CORE_H
#include "api/server.h"
#include "base/loop.h"
#include "base/pace.h"
#include "crypto/keyfile.h"
#include "crypto/words.h"
#include "hub/hub.h"
#include "sync/device.h"

#define CORE_PIECE_MS 8 /* of a background step that only reads */
/* Of a check, of merging the full-text table: whoever asks in pieces waits for one at each. */
#define CORE_CHECK_MS 3

struct carrylink;
struct backup;
struct restore;

struct core_settings {        /* HOME/pamoja.ini */
	int64_t unlock_ms;    /* [keys] unlock_ms, 200 to 3000 */
	int64_t idle_minutes; /* [lock] idle_minutes, 0 (never) to 600 */
	int64_t sync_minutes; /* [sync] every_minutes: routine entries wait at most so long for
	                         company */
	bool metered;         /* [sync] metered: what is not urgent waits longer */
	bool photos;          /* [sync] photos: those of papers go by themselves */
	bool sticks; /* [sync] sticks: one with a parcel folder is used when it is plugged in */
	int64_t look_seconds;  /* [hub] look_every_seconds: mailboxes are looked at so often */
	int64_t room_mb;       /* [hub] mailbox_mb: so much a laptop's mailbox may hold */
	int64_t intake;        /* [hub] entries_a_day: so many of one device are merged a day */
	int64_t report_months; /* [report] months: length of what a report is about: 1, 3 or 12 */
	int64_t report_least;  /* [report] least: smaller counts are never shown, 11 or more */
	char *country; /* [programme] country: of its profile; NULL: as the office published */
	char *url;     /* [hub] url: where laptops reach their mailboxes; NULL: in the folder */
	char *pin;     /* [hub] pin: of that host's key */
};

enum core_state {
	CORE_EMPTY,
	CORE_LOCKED,
	CORE_LOCKING,  /* what is unsent is being sealed, in steps; requests find it locked */
	CORE_RENEWING, /* unlocked: the journal is made new for this version, in steps */
	CORE_OPEN
};

/* Until the journal was checked since the unlock, nothing is told to anybody (6.6). */
enum core_proof { PROOF_CHECKING, PROOF_GOOD, PROOF_BAD };
struct import;
struct proof_waiter;

enum core_lock_phase {
	LOCK_SEAL,
	LOCK_SPOOL,
	LOCK_CHECKPOINT,
	LOCK_REKEY,
	LOCK_ANCHOR,
	LOCK_CLOSE
};

struct core {
	const struct os *os;
	struct loop *loop;
	char *home;
	char *conf; /* where kinds/ and words/ are */
	struct core_settings settings;
	struct kinds kinds;
	struct kinds *retired; /* that were in force before, since the start */
	size_t retired_count;
	int64_t published;       /* stands for what of the office is in force; 0: nothing */
	char kinds_warning[480]; /* why conf/kinds is not in force, or "" */
	bool consents_in_doubt;  /* what the office or the country asks of one is not in force */
	enum core_state state;
	enum core_lock_phase lock_phase; /* while CORE_LOCKING */
	enum core_proof proof;           /* what that check has found so far */
	struct journal_rekey *rekey;     /* while LOCK_REKEY, or NULL */
	bool unseen; /* just made: nobody is known to have seen its recovery code (fresh.c) */
	bool is_hub;
	bool stretching; /* a passphrase is being stretched: one at a time */
	bool ending;     /* core_end waits for it: nobody will come and use what it opens */
	bool note_pk_known;
	bool jumps_told;   /* the loop says when the machine slept */
	bool was_hub;      /* it was destroyed */
	bool end_now;      /* this hub is to be destroyed; it is marked so */
	bool ended;        /* suspended or revoked because the programme ends */
	bool urgent_waits; /* something urgent was queued since the last exchange that went well */
	bool erase_failed; /* forgetting a person met an error: not tried again before the next
	                      unlock */
	bool hold_request; /* the one in work is to wait for it */
	bool kinds_owed;   /* what a changed kind shows is still to be made anew */
	bool carrier_fenced; /* it said that the kernel keeps it to its folders */
	bool checking;       /* the journal, since the unlock */
	bool mending;        /* the check found rows that no entry made: they are made anew */
	bool disk_full;   /* an entry met a full disk; until there is room for the reserve again */
	bool news_missed; /* something came while there was an exchange */
	bool exchange_missed;   /* one was due while there was no carrier */
	bool chance_asked;      /* the carrier looks out for a chance for it */
	bool left_to_carrier;   /* it goes on with what is sealed while we are locked */
	char waits_for[16];     /* by the carrier's word: network, metered, later; "" for nothing */
	int64_t waits_until_ms; /* mono; 0: until something happens */
	struct keyfile_tries tries;
	struct words_last words_last;
	struct keyfile *keys;
	struct ring *ring;
	struct journal *journal;
	struct hub *hub;        /* of a hub */
	struct device *device;  /* of a worker */
	struct sync *sync;      /* the hub's, or an enrolled device's; else NULL */
	uint8_t note_pk[32];    /* for locked notes: known after the first unlock since start */
	int64_t last_person_ms; /* mono: the last request by a person */
	int64_t suspend_gap_ms; /* boot clock minus mono clock when last looked */
	uint64_t checked;       /* how far the journal chain was checked since unlock */
	struct pace checkpoint_pace; /* frames */
	struct pace search_pace;     /* pages of the full-text table that are merged in a step */
	char warning[200];           /* what the anchor or the checks found, or "" */
	int64_t twins_looked; /* up to which record the hub has looked for reminders made twice */
	int64_t suspended;    /* since when the hub has this laptop suspended, ms; 0: it does not */
	int64_t revoked;      /* when the hub took this laptop off its roster, ms; 0: it did not */
	struct loop_work *work;
	int64_t steps;                  /* of background work since the start */
	int64_t longest_step_ms;        /* of them */
	int64_t longest_step_cpu_us;    /* of processor time; the rest is waiting for the disk */
	int64_t longest_request_cpu_us; /* of what is done for one at once */
	const char *step_name;          /* what the present step is about, for the log */
	bool marks_rest; /* of what the carrier says now, some rests in a transaction */
	struct loop_timer *tick;
	int64_t tick_at_ms; /* mono; 0: it is not set */
	struct loop_timer *exchange_timer;
	struct loop_timer *carrier_timer; /* an exchange waits for the carrier to come up */
	int64_t exchange_at_ms; /* mono: when the next exchange begins by itself; 0: none */
	int64_t last_look_ms;
	struct carrylink *carry;
	struct exchange *exchanges;   /* sync, carry and merge under way, first come first served */
	struct verify *verify;        /* under way, or NULL */
	struct find *finds;           /* under way, first come first served */
	struct import *imports;       /* the same */
	struct pace import_share;     /* rows that share a commit */
	struct office_work *office;   /* the same */
	struct backup *backup;        /* being made: exchanges wait; or NULL */
	struct restore *restore;      /* being read, or NULL */
	struct proof_waiter *waiters; /* requests that do, first come first served */
	struct paper *paper;          /* a signed paper being read, or NULL */
	bool photos_asked;            /* the next exchange is to bring photos, too */
	struct photo *photo;          /* ... and its photo being kept, or NULL */
	struct hub_backup_key key_draft; /* shown, and not known to be on paper; number 0: none */
	struct request *lock_request;    /* who waits for the lock, or NULL */
	int64_t next_job;
	struct pmj_error
	    renew_failed;  /* why that was not finished; PMJ_OK: it was, or is under way */
	json_t *last_sync; /* of this run; the journal keeps it too */
};

/** Look at the home and read kinds and settings. Errors: PMJ_PERMISSION with the chmod, a bad
 * settings or kind file with file and line. */
PMJ_MUST_CHECK enum pmj_code core_start(struct core *core, struct loop *loop, const struct os *os,
    const char *home, struct pmj_error *err);
/** Wait for a passphrase that is being stretched, for its thread works with what is here; lock if
 * open, and free. Whoever waits for an answer gets one. */
void core_end(struct core *core);
/** Read the kinds; a bad file leaves the last good set in force and says so in kinds_warning. */
PMJ_MUST_CHECK enum pmj_code core_read_kinds(struct core *core, struct pmj_error *err);
/** Of a journal that is being opened: what the office published lies over them from now on. */
void core_kinds_in(void *core, struct journal *journal);
/** Something was published, or came: it is in force from now on. */
void core_kinds_news(struct core *core);
/** The kinds in force once more, to be tried with others. The caller ends them with kinds_close. */
PMJ_MUST_CHECK enum pmj_code core_kinds_now(
    struct core *core, struct kinds *out, struct pmj_error *err);
void core_kinds_end(struct core *core);
/** Files that the office published, of those whose names begin with `folder` (officefiles.c). */
PMJ_MUST_CHECK enum pmj_code published_files(struct journal *journal, const char *folder,
    published_use *use, void *ctx, struct pmj_error *err);
/** The notice of this name that is in force; the caller ends it with notice_close. */
struct notice;
struct profile;
/** The profile of the programme's country, read anew: the one pamoja.ini names, else the one that
 * the office published; name NULL: it has none. To be ended with profile_close. */
PMJ_MUST_CHECK enum pmj_code office_profile(
    const struct core *core, struct profile *out, struct pmj_error *err);
/** The same of a journal that is being opened. */
PMJ_MUST_CHECK enum pmj_code office_profile_in(
    const struct core *core, struct journal *journal, struct profile *out, struct pmj_error *err);
/** Does a profile name only what there is: kinds, fields, ways, notices? */
struct kinds;
PMJ_MUST_CHECK enum pmj_code country_fits(const struct core *core, const struct profile *profile,
    const struct kinds *kinds, struct pmj_error *err);
/** Said to a volunteer two weeks before the last day, not by a locked laptop; else NULL. The caller
 * frees it. */
char *core_last_day(const struct core *core);
/** Said at a hub whose country is named and its profile never published; else NULL. The caller
 * frees it. */
char *country_unpublished(const struct core *core);
PMJ_MUST_CHECK enum pmj_code office_notice(
    const struct core *core, struct notice *out, const char *name, struct pmj_error *err);
/** Keep a copy of the kinds in force in HOME/kinds. */
void core_keep_kinds(struct core *core);
char *core_path(const struct core *core, const char *name); /* HOME/name; caller frees */

/** What the worker thread did: opens the journal and starts the lanes. Takes keys and ring over,
 * also on failure. CORE_RENEWING afterwards: it is open when steps have made the journal new. */
PMJ_MUST_CHECK enum pmj_code core_open(
    struct core *core, struct keyfile *keys, struct ring *ring, bool fresh, struct pmj_error *err);
/** {"done","of"} of a journal that is made new, or {"failed":{"message","hint"}}; NULL: neither.
 * New reference. */
json_t *core_renewing(const struct core *core);
/** A home in the making (fresh.c): begin before its keys are written; seen once what is shown only
 * once was, from then on it counts; sweep makes one that nobody saw empty again. */
PMJ_MUST_CHECK enum pmj_code core_fresh_begin(struct core *core, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code core_fresh_seen(struct core *core, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code core_fresh_sweep(struct core *core, struct pmj_error *err);
/** How this home's journal is made and opened with these keys. */
struct journal_setup core_setup(
    const struct core *core, struct ring *ring, const uint8_t store_uuid[static 16]);
/** Seal what is unsent, save the anchor, close and wipe; all of it now, or what a lock in steps has
 * not done yet. */
void core_lock(struct core *core);
/** The same in background steps; from now on nobody is let in. Answers the request (or NULL) when
 * nothing is open any more. */
void core_lock_begin(struct core *core, struct request *request);
/** Begin the lanes of a device that has just been enrolled, or is at unlock. */
PMJ_MUST_CHECK enum pmj_code core_begin_sync(struct core *core, struct pmj_error *err);
/** Begin the hub's work and its lanes. */
PMJ_MUST_CHECK enum pmj_code core_begin_hub(struct core *core, struct pmj_error *err);
/** Seal keys may have been destroyed: is what was erased unreadable by that? Then it is said. */
void core_erase_keys(struct core *core);
/** Rewrite the key file with the present anchor. */
PMJ_MUST_CHECK enum pmj_code core_save_anchor(struct core *core, struct pmj_error *err);

struct core_draft { /* an own entry */
	const struct kind *kind;
	const uint8_t *rec; /* NULL: makes the record */
	const json_t *set;
	const json_t *was;   /* or NULL */
	const char *verb;    /* or NULL */
	const json_t *knows; /* or NULL */
	const char *about;   /* or NULL: the field of it that names the first record of the call */
};
/** Stamp, write, append and queue entries in one transaction; durable when PMJ_OK. recs receives
 * the record id of each (count x 10 bytes). On a full disk the reserve is given up once, so that
 * what is being recorded can still be saved. */
PMJ_MUST_CHECK enum pmj_code core_append(struct core *core, const struct core_draft *drafts,
    size_t count, uint8_t (*recs)[PMJ_RECORD_BYTES], struct pmj_error *err);
/** One of them, inside a transaction of the caller's. *urgent is set when it is; else left. */
PMJ_MUST_CHECK enum pmj_code core_append_inside(struct core *core, const struct core_draft *draft,
    uint8_t rec[static PMJ_RECORD_BYTES], bool *urgent, struct pmj_error *err);
/** Something was queued: start an exchange within the setting's time, urgent ones at once. */
void core_queued(struct core *core, bool urgent);
/** An exchange took everything along that waited for the timer. */
void core_exchange_none_due(struct core *core);
/** A device asks again within the setting's time, also when it has nothing to send; after an
 * exchange that `failed` on its way, as soon as the carrier sees a chance. */
void core_exchange_next(struct core *core, bool failed);
/** The carrier sees a chance. */
void core_chance(struct core *core);
/** A stick with a parcel folder was plugged in. */
void core_stick(struct core *core, const char *dir);
/** The carrier says what it waits for: {"for","s"}. */
void core_waits(struct core *core, const json_t *event);
/** Our own seal keys, after an exchange: made, used, destroyed in their time. */
void core_epochs(struct core *core);
/** The carrier is there: an exchange that was due meanwhile begins. */
void core_carrier_up(struct core *core);
/** Something came to a mailbox of this hub, by the gate's word. */
void core_news(struct core *core);
/** Can this machine's clock be right, by what was heard of the hub and written here? */
PMJ_MUST_CHECK enum pmj_code core_clock(const struct core *core, struct pmj_error *err);
/** Something was done that may make something due: see that the tick comes in time. */
void core_tick_arm(struct core *core);
/** The machine slept: a laptop that was open is being locked. */
bool core_slept(struct core *core);
/** Own entries were committed: queue the exchange, and see to a WAL that has grown. */
void core_written(struct core *core, bool urgent);
void core_wake(struct core *core); /* background steps have something to do */
/** What one step takes, for `status`: between the two, whoever makes it. */
struct core_step {
	int64_t began_ms, began_cpu_us;
};
void core_step_begin(struct core *core, struct core_step *step, const char *name);
void core_step_end(struct core *core, const struct core_step *step);
/** Is the WAL so long that the next step brings it into the journal? */
bool core_owes_checkpoint(const struct core *core);
void core_who(
    struct core *core, const uint8_t device[static PMJ_DEVICE_BYTES], char **name, char **role);

/* A laptop that was taken off the roster (revoked.c). */
/** Of a home with HOME/revoked: what was begun there is finished. */
PMJ_MUST_CHECK enum pmj_code core_revoked_start(struct core *core, struct pmj_error *err);
/** What is unsent is sealed and in the spool: destroy the keys and what they open. */
void core_revoked_end(struct core *core);
/** A hub that is marked so is destroyed; true: it was. */
bool core_end_step(struct core *core);
/** PMJ_REFUSED, and what it means. */
enum pmj_code core_revoked_refuse(const struct core *core, struct pmj_error *err);
/** The same of a laptop that is suspended. */
enum pmj_code core_suspended_refuse(const struct core *core, struct pmj_error *err);
/** {"at","remotes","have","acked"} of such a home, or NULL. New reference. */
json_t *core_revoked_mark(const struct core *core);
/** Files in the spool that the office has not. */
int64_t core_revoked_left(const struct core *core);
/** A new home is to be made here: PMJ_REFUSED while there are such files. */
PMJ_MUST_CHECK enum pmj_code core_revoked_make_way(struct core *core, struct pmj_error *err);

/* Exchanges (exchange.c). */
enum exchange_kind {
	EXCHANGE_SYNC,
	EXCHANGE_CARRY,
	EXCHANGE_MERGE,
	EXCHANGE_MERGE_ALL, /* also what was put off until tomorrow */
	EXCHANGE_LOOK,      /* by itself: nobody waits */
	EXCHANGE_NEWS       /* the same, only where something came to */
};
struct exchange;
/** where: a folder or NULL. request NULL for EXCHANGE_LOOK. Answers the request when done. */
void exchange_start(
    struct core *core, enum exchange_kind kind, const char *where, struct request *request);
/** One background step of the exchange under way; false when it waits for the carrier or there is
 * none. */
bool exchange_step(struct core *core);
/** The carrier said how a job ended. */
void exchange_carried(struct core *core, int64_t id, const json_t *done);
/** ... and how far it is. */
void exchange_progress(struct core *core, const json_t *event);
/** {"there","left","came","moved"} while the carrier is at it: sealed files that the mailbox said
 * it has, those that it has not yet, those that came, and bytes over the link; NULL otherwise. New
 * reference. */
json_t *exchange_seen(const struct core *core);
/** The carrier went away. */
void exchange_broken(struct core *core);
void exchange_drop_all(struct core *core, const struct pmj_error *err);
bool exchange_running(const struct core *core);

/** May something be told about a person by now (proof.c)? PMJ_BUSY: the request waits for that, and
 * is served again by itself; PMJ_INTEGRITY: the check found damage. */
PMJ_MUST_CHECK enum pmj_code core_may_tell(struct core *core, struct pmj_error *err);
/** Did the request that was just refused ask to wait? Then it is kept. */
bool core_hold(struct core *core, struct request *request);
/** Serve one that waited, if it is time; false when there is none to serve. */
bool core_waiter_step(struct core *core);
/** Nobody will come any more. */
void core_waiters_drop(struct core *core, const struct pmj_error *err);
/** What the check found: who waited for it goes on. */
void core_proven(struct core *core, enum core_proof proof);
/** A step's worth of checking the rows (and the sum of the digests), or of making them what the
 * entries say. */
PMJ_MUST_CHECK enum pmj_code core_check_rows(
    struct core *core, bool digests, bool *done, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code core_mend_rows(
    struct core *core, bool *done, int64_t *records, int64_t *differed, struct pmj_error *err);
/** A step's worth of the journal's chain from *checked on. */
PMJ_MUST_CHECK enum pmj_code core_check_chain(
    struct core *core, uint64_t *checked, struct pmj_error *err);
/** One step of the first find under way (record_find.c); false when there is none. */
bool core_find_step(struct core *core);
bool core_import_step(struct core *core);
void core_import_drop(struct core *core, const struct pmj_error *err);
void core_find_drop(struct core *core, const struct pmj_error *err);
/** The same of what the office asks. */
bool core_office_step(struct core *core);
void core_office_drop(struct core *core, const struct pmj_error *err);
/** One step of the verify under way (verify.c); false when there is none. */
bool core_verify_step(struct core *core);
void core_verify_drop(struct core *core, const struct pmj_error *err);

/* Backup and restore (backup.c, restore.c): give up what is under way. */
void core_backup_drop(struct core *core);
void core_restore_drop(struct core *core);
void core_paper_drop(struct core *core);
void core_photo_drop(struct core *core);
/** Of what is written now. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code core_stamp(
    struct core *core, int64_t *pt, uint16_t *counter, struct pmj_error *err);
/** This home is made by somebody else: a restore into it is given up, not one that only looks. */
void core_restore_yield(struct core *core);

/* The link to pamoja-carry (carrylink.c): daemon/carry/DESIGN.md. */
PMJ_MUST_CHECK enum pmj_code carrylink_new(
    struct carrylink **out, struct core *core, struct pmj_error *err);
void carrylink_free(struct carrylink *link);
bool carrylink_up(const struct carrylink *link);
/** Send one line (stolen). False when the carrier is not there. */
bool carrylink_send(struct carrylink *link, json_t *line);
/** Tell the carrier its remotes anew. */
void carrylink_remotes(struct core *core);

/* Every route (routes.c). */
void core_handle(void *ctx, struct request *request);

#endif
