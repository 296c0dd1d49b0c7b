/* hub_inner.h - what the files of hub/ share. */
#ifndef HUB_HUB_INNER_H
#define HUB_HUB_INNER_H
#include "base/date.h"
#include "base/pace.h"
#include "domain/line.h"
#include "hub/hub.h"
#include "sync/photo_judge.h"

struct roster_statement;

/* What a clock may be off when it writes (7.3). */
#define CLOCK_AHEAD_MS DAY_MS
#define CLOCK_BEHIND_MS (400 * DAY_MS)

struct hub_device {
	uint8_t device[PMJ_DEVICE_BYTES];
	uint8_t sign_pk[32];
	uint8_t seal_pk[32];
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	bool has_mailbox; /* the hub's own device has none */
	char role[16];
	char name[128];
	char state[16]; /* live, suspended, revoked */
	char until[11]; /* of a volunteer, else "" */
};

struct hub_intake { /* of a device, on a day */
	uint8_t device[PMJ_DEVICE_BYTES];
	int64_t day, entries, bytes;
};

struct hub {
	struct journal *journal;
	struct ring *ring;
	const struct os *os;
	struct sync *sync;
	char *home;
	int64_t not_before, not_after; /* of the certificate in force */
	bool waiting;   /* what came since the last look may let a waiting entry in (rejudge.c) */
	bool looking;   /* that look is under way ... */
	bool backwards; /* ... from the newest to the oldest */
	int64_t looked; /* ... and is at this entry */
	bool sharing;   /* there may be something in pmj_share */
	int64_t share_pending;  /* lines of it that no commit covers yet */
	struct pace share_pace; /* lines that share a commit */
	int64_t holds_made;     /* since it was opened */
	bool returning;         /* restored, and not all laptops were heard since (returned.c) */
	int64_t noted_ms;       /* of the clock, when a note of what came was last made: this one */
	struct hlc noted;
	int64_t room_mb;        /* of a mailbox; 0: no limit */
	int64_t intake_entries; /* of one device a day; 0: as the format specification says */
	bool pending_news;      /* what waits for people may be ready (pending_do.c) */
	int64_t pending_due_ms; /* ... or will be then, by time alone; 0: nothing will */
	struct {
		size_t table;
		int64_t at;
	} letting;      /* how far what was agreed to is let in (release_many.c) */
	json_t *places; /* where laptops reach their mailboxes: now, and before (reach.c) */
	/* Asked once for all entries of a device that one transaction takes in; 0: not known. */
	uint64_t writer_in, intake_in;
	struct hub_device writer;
	struct hub_intake intake;
	/* Of the records that are sealed for a device, the last: most lines are of the same one. */
	struct hub_may_have {
		uint64_t in; /* this transaction; 0: not known */
		uint8_t mailbox[PMJ_MAILBOX_BYTES], rec[PMJ_RECORD_BYTES];
		struct hub_device device;
		bool live, record;
		uint8_t photo_rec[PMJ_RECORD_BYTES], photo_hash[32];
		bool photo; /* that record names that file */
	} may_have;
	struct photo_sum photo; /* what was read of the one that came last (photo.c) */
};

/* hooks.c */
void hub_hooks(struct hub *hub, struct sync_hooks *out);
/* hub.c */
/** Members of a ctl.beacon. New reference. */
json_t *hub_beacon(struct hub *hub);

/* office.c */
PMJ_MUST_CHECK enum pmj_code office_device(struct hub *hub, struct hub_device *out,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code office_by_mailbox(struct hub *hub, struct hub_device *out,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], struct pmj_error *err);
/** Devices (with a mailbox, live) that are on the present team of every one of these persons.
 * Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code office_team(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t (*persons)[PMJ_RECORD_BYTES], size_t person_count, struct pmj_error *err);
/** All live devices with a mailbox. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code office_devices(
    struct hub *hub, struct hub_device **out, size_t *count, struct pmj_error *err);
/** Is it a coordinator's or a supervisor's? */
bool office_is_office(const char *role);
/** The live devices of the worker who had `first` (same.c), and those of supervisors, if asked for.
 * Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code office_files(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t first[static PMJ_DEVICE_BYTES], bool supervisors, struct pmj_error *err);
/** All that have a mailbox, revoked ones too: what they still send is read. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code office_mailboxes(
    struct hub *hub, struct hub_device **out, size_t *count, struct pmj_error *err);
/** Is what it sends put off until its suspension ends? */
bool office_is_suspended(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES]);
/** The persons this entry's record would belong to: the record's own, and those the entry sets; at
 * most `room`. How many. */
size_t office_subjects(struct hub *hub, uint8_t out[][PMJ_RECORD_BYTES], size_t room,
    const struct kind *kind, const struct entry *entry);
bool office_knows(struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES]);
/** Was the device on the person's team in roster version rv? rv < 0: is it now? */
PMJ_MUST_CHECK enum pmj_code office_on_team(struct hub *hub, bool *on,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t device[static PMJ_DEVICE_BYTES],
    int64_t rv, struct pmj_error *err);
/** Was it in roster version rv (*then), is it now? In one look. */
PMJ_MUST_CHECK enum pmj_code office_was_on_team(struct hub *hub, bool *then, bool *now,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t device[static PMJ_DEVICE_BYTES],
    int64_t rv, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code office_join_team(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t device[static PMJ_DEVICE_BYTES],
    int64_t from_ver, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code office_leave_team(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t device[static PMJ_DEVICE_BYTES],
    int64_t to_ver, struct pmj_error *err);

/* file.c */
/** Scope office or supervision: between who wrote it and the office. */
bool file_is(const struct kind *kind);
/** The live devices that have such a record. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code file_audience(struct hub *hub, struct hub_device **out, size_t *count,
    const struct kind *kind, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** May the device write this entry of such a kind? *known false: nothing of its record is here. */
PMJ_MUST_CHECK enum pmj_code file_may_write(struct hub *hub, bool *may, bool *known,
    const struct kind *kind, const struct entry *entry, const struct hub_device *writer,
    struct pmj_error *err);

/* end.c */
/** PMJ_REFUSED: the programme is ending. */
PMJ_MUST_CHECK enum pmj_code end_refuses(struct hub *hub, struct pmj_error *err);

/* same.c */
/* The devices of the worker who had ?1. */
#define SAME_WORKERS                                                                               \
	"WITH RECURSIVE after(device) AS (SELECT ?1 UNION SELECT s.device FROM pmj_same s"         \
	" JOIN after a ON s.of = a.device) SELECT device FROM after"
/** Is the device that of the worker who had `first`, or had it before one in its place? */
bool same_worker(struct hub *hub, const uint8_t first[static PMJ_DEVICE_BYTES],
    const uint8_t device[static PMJ_DEVICE_BYTES]);
/** Who may sign under whose session is asked of people, not of laptops: what a worker's later
 * laptop writes counts as written by the one that made the record. entry: a copy. */
void same_as_maker(
    struct hub *hub, struct entry *entry, const struct entry_row *rows, size_t count);
/** The worker of `of` has this device now, says line n. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code same_keep(struct hub *hub, const struct hub_device *device,
    const uint8_t of[static PMJ_DEVICE_BYTES], int64_t n, struct pmj_error *err);

/* reach.c */
#define REACH_SETTINGS "hub.reach_told" /* address and pin that pamoja.ini said last */
#define REACH_BY_SETTINGS "settings"    /* who said a place: pamoja.ini ... */
#define REACH_BY_MOVE "move"            /* ... or `hub move` */
/** hub->places as the journal has them. */
void reach_load(struct hub *hub);
PMJ_MUST_CHECK enum pmj_code reach_save(
    struct hub *hub, const json_t *places, struct pmj_error *err);
/** {"url","pin"?,"folder","since","said"}. New reference. */
json_t *reach_place(
    const char *url, const char *pin, const char *folder, const char *said, int64_t since_ms);
/** Tell a device where its mailbox is reached (ctl.remotes). Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code reach_tell(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);

/* move.c */
/** A device's ctl.hello: by the place of which line it came. */
PMJ_MUST_CHECK enum pmj_code move_heard(struct hub *hub,
    const uint8_t device[static PMJ_DEVICE_BYTES], const json_t *hello, struct pmj_error *err);

/* decide.c: lines of our own, in the journal first */
/** A control line of the hub, appended; `more` is stolen. n receives its number, e its hash (may be
 * NULL). */
PMJ_MUST_CHECK enum pmj_code decide_control(
    struct hub *hub, const char *kind, json_t *more, int64_t *n, uint8_t *e, struct pmj_error *err);
/** The same for what only follows from what arrived or was decided before (a hold, who an author
 * is, a withdraw said again): made also while the clock is in doubt, with the last stamp. */
PMJ_MUST_CHECK enum pmj_code decide_follow(
    struct hub *hub, const char *kind, json_t *more, int64_t *n, uint8_t *e, struct pmj_error *err);
/** The day it is here, as people write it. */
void leave_today(const struct hub *hub, char out[static 11]);
/** A roster statement (fields stolen), chained, signed, journaled as ctl.roster. */
PMJ_MUST_CHECK enum pmj_code decide_statement(
    struct hub *hub, json_t *fields, int64_t *n, int64_t *ver, struct pmj_error *err);
/** A statement that was read back, under the number of its line. */
PMJ_MUST_CHECK enum pmj_code roster_keep(
    struct hub *hub, const struct roster_statement *statement, int64_t n, struct pmj_error *err);
/** An entry of the hub's own device on a record, admitted. set and was are borrowed. */
PMJ_MUST_CHECK enum pmj_code decide_entry(struct hub *hub, const struct kind *kind,
    const uint8_t rec[static PMJ_RECORD_BYTES], const json_t *set, const json_t *was, int64_t *n,
    struct pmj_error *err);

/** End a decision's transaction: commit when rc is PMJ_OK, else roll back. The outcome of all. */
PMJ_MUST_CHECK enum pmj_code decide_end(struct hub *hub, enum pmj_code rc, struct pmj_error *err);

/* admit.c */
PMJ_MUST_CHECK enum pmj_code admit_line(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/** Judge an entry that waited as if it came now. *settled: it waits no longer. */
PMJ_MUST_CHECK enum pmj_code admit_again(
    struct hub *hub, int64_t n, bool *settled, struct pmj_error *err);
/** An entry of the hub's own that it lost and that came back, proven. *n: its number. */
PMJ_MUST_CHECK enum pmj_code admit_own(struct hub *hub, const struct entry *entry, const char *line,
    size_t len, int64_t *n, struct pmj_error *err);
/* held.c */
/** Hold this entry: a line of our own, which its author gets; its status is the caller's. */
PMJ_MUST_CHECK enum pmj_code hold_entry(struct hub *hub, int64_t held, const struct entry *entry,
    const char *reason, const struct hub_device *author, struct pmj_error *err);
/** One that waits for the coordinator: held by the hub, or given back by a laptop. */
PMJ_MUST_CHECK enum pmj_code held_let_in_any(struct hub *hub, int64_t n, struct pmj_error *err);
/** Let this held entry in, by a new line. *held: it was held. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code held_let_in(
    struct hub *hub, const struct entry_row *row, bool *held, struct pmj_error *err);
/** Only the row of the hold line number n, with hash e. */
PMJ_MUST_CHECK enum pmj_code hold_keep(struct hub *hub, int64_t n,
    const uint8_t e[static PMJ_ENTRY_BYTES], int64_t held, const char *reason,
    struct pmj_error *err);
/** Its author sends what was held because another sent it as its own: that hold is over. *was: it
 * stood. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code held_as_forged(
    struct hub *hub, int64_t n, bool *was, struct pmj_error *err);
/* pending.c */
/** A ctl.sign. */
PMJ_MUST_CHECK enum pmj_code pending_sign(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);

/* release_many.c */
/** One more is let in by one person alone: PMJ_REFUSED where that were too many in a day. Inside a
 * transaction. */
PMJ_MUST_CHECK enum pmj_code release_counts(struct hub *hub, struct pmj_error *err);

/* enlist.c */
struct enrol_request;
/** A new laptop is on the roster; `agreed` are the fields of its statement where more than one
 * person decided (stolen), else NULL. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code enlist_enter(struct hub *hub, const struct hub_device *device,
    const uint8_t nonce[static 32], const char *until, json_t *agreed, struct pmj_error *err);
/** Its invitation, and what follows. Transactions of its own. */
PMJ_MUST_CHECK enum pmj_code enlist_invite(struct hub *hub, const struct hub_device *device,
    struct buf *invitation, struct pmj_error *err);
/** What a worker handed over. */
PMJ_MUST_CHECK enum pmj_code enlist_request(
    struct enrol_request *out, const char *text, struct pmj_error *err);
/** peer, ally, volunteer (until a date), supervisor, coordinator. */
PMJ_MUST_CHECK enum pmj_code enlist_check_role(
    const char *role, const char *until, struct pmj_error *err);
/** The last day (NULL: there is none) is not over. */
PMJ_MUST_CHECK enum pmj_code enlist_check_day(
    const struct hub *hub, const char *until, struct pmj_error *err);
/* enlist_office.c */
/** Two supervisors decide, the root key while there are fewer: is what was brought (root, or NULL)
 * the right one? does, what: "enrols", "a supervisor". */
PMJ_MUST_CHECK enum pmj_code enlist_who_decides(
    struct hub *hub, const char *does, const char *what, const char *root, struct pmj_error *err);
/** The fields (stolen) of a statement by the root key, given as its text; out: with what it signed.
 */
PMJ_MUST_CHECK enum pmj_code enlist_by_root(
    struct hub *hub, json_t **out, json_t *fields, const char *text, struct pmj_error *err);
/** A supervisor or coordinator: by the root key at once, else it is asked for and waits, and the
 * invitation stays empty. */
PMJ_MUST_CHECK enum pmj_code enlist_office(struct hub *hub, const struct hub_enrol *enrol,
    const struct enrol_request *request, const struct hub_device *device, struct buf *invitation,
    struct pmj_error *err);

/* returned.c */
/** This hub was restored: from now on what came is noted, until all laptops were heard. */
PMJ_MUST_CHECK enum pmj_code returned_begin(struct hub *hub, struct pmj_error *err);
/** Is it so still? */
bool returned_waits(struct hub *hub);
PMJ_MUST_CHECK enum pmj_code returned_note(struct hub *hub, int64_t n, const struct sync_line *line,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
/** A laptop was heard; was it the last? */
PMJ_MUST_CHECK enum pmj_code returned_heard(struct hub *hub, struct pmj_error *err);
/** A ctl.return. */
PMJ_MUST_CHECK enum pmj_code returned_line(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/** How many laptops on the roster do not know yet that this hub was restored. */
int64_t returned_unheard(struct hub *hub);
/* returned_entry.c */
/** What a laptop gives back in a ctl.return, when it is an entry of a record. name: as it calls its
 * author, or NULL. Inside a transaction, as the next two. */
PMJ_MUST_CHECK enum pmj_code returned_entry(struct hub *hub, const struct sync_peer *peer,
    const struct entry *entry, const char *line, size_t len, const char *name,
    struct pmj_error *err);
/** Entry n is here by a better word than that of who gave it back. *was: it had no other. */
PMJ_MUST_CHECK enum pmj_code back_came(
    struct hub *hub, int64_t n, bool *was, struct pmj_error *err);
/** Those that wait for their author or the coordinator, behind `items` of hub_held. */
PMJ_MUST_CHECK enum pmj_code back_list(struct hub *hub, json_t *items, struct pmj_error *err);
int64_t back_count(struct hub *hub);
/** A ctl.release that a laptop gives back. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code returned_release(struct hub *hub, const struct entry *release,
    const char *line, size_t len, struct pmj_error *err);
/** Is it one that was let in after the backup, against a hold? */
bool back_let_in(struct hub *hub, const uint8_t e[static PMJ_ENTRY_BYTES]);
/* lacks.c */
/** Out of a backup just now. Inside the transaction, as the next two. */
PMJ_MUST_CHECK enum pmj_code lacks_begin(struct hub *hub, struct pmj_error *err);
/** A laptop has seen this version of the roster. */
PMJ_MUST_CHECK enum pmj_code lacks_seen(struct hub *hub, int64_t version, struct pmj_error *err);
/** A ctl.remotes came back. */
PMJ_MUST_CHECK enum pmj_code lacks_moved(
    struct hub *hub, const struct entry *remotes, struct pmj_error *err);
/* defer.c */
/** Has more come of the device today than is merged in a day? */
PMJ_MUST_CHECK enum pmj_code defer_full(struct hub *hub, bool *full,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code defer_count(struct hub *hub,
    const uint8_t device[static PMJ_DEVICE_BYTES], size_t bytes, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code defer_entry(struct hub *hub, int64_t n, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/** It waits for its day no longer. */
PMJ_MUST_CHECK enum pmj_code defer_forget(struct hub *hub, int64_t n, struct pmj_error *err);
/** Into the ack: from which number on each lane's lines are deferred. */
void defer_tell(struct hub *hub, const struct sync_peer *peer, json_t *ack);
/* share.c */
/** Queue the entries of a record of this kind (NULL: not declared here) to every device that may
 * have it and has not. */
PMJ_MUST_CHECK enum pmj_code share_record(struct hub *hub,
    const uint8_t rec[static PMJ_RECORD_BYTES], const struct kind *kind, bool urgent,
    struct pmj_error *err);
/** The same after one of its entries was admitted. */
PMJ_MUST_CHECK enum pmj_code share_entry(
    struct hub *hub, const struct kind *kind, const struct entry *entry, struct pmj_error *err);
/** May this device have this entry now, and does it lie in a record whose audience it is in? */
bool share_may_have(struct hub *hub, const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n);
/** ... for the device that share_may_have is asked about. */
bool share_may_have_known(struct hub *hub, const uint8_t rec[PMJ_RECORD_BYTES]);
/** The devices that a record goes to, of whatever kind it is. Caller frees *out. */
PMJ_MUST_CHECK enum pmj_code share_audience(struct hub *hub, struct hub_device **out, size_t *count,
    const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/* photo.c */
/** A part of a photo of a paper comes (ctl.file of a record). */
PMJ_MUST_CHECK enum pmj_code photo_came(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/** One that another wrote is given back. */
PMJ_MUST_CHECK enum pmj_code photo_returned(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *outer, const struct entry *entry, const char *line, size_t len,
    struct pmj_error *err);
/* photo_says.c */
/** A laptop asks whether one is whole here. */
PMJ_MUST_CHECK enum pmj_code photo_asked(struct hub *hub, const struct sync_peer *peer,
    const struct entry *entry, struct pmj_error *err);
/** Was this laptop asked for it? */
bool photo_may_return(
    struct hub *hub, const struct entry *entry, const uint8_t giver[static PMJ_DEVICE_BYTES]);
PMJ_MUST_CHECK enum pmj_code photo_not_wanted(
    struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/* photo.c */
/** Says in an ack that photos are taken, while they are. */
void photo_tell(struct hub *hub, const struct sync_peer *peer, json_t *ack);
/** How many bytes of them a laptop takes at once, by its ack. */
PMJ_MUST_CHECK enum pmj_code photo_heard(
    struct hub *hub, const struct sync_peer *peer, const json_t *ack, struct pmj_error *err);
/** What is whole and named by the record goes to whoever has it; only: to that one. */
PMJ_MUST_CHECK enum pmj_code photo_share(struct hub *hub,
    const uint8_t rec[static PMJ_RECORD_BYTES], const struct hub_device *only,
    struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code photo_forget_sent(struct hub *hub,
    const uint8_t rec[static PMJ_RECORD_BYTES], const struct hub_device *device,
    struct pmj_error *err);
bool photo_may_have(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], int64_t n);
/* share.c */
bool share_may_have_record(
    struct hub *hub, const struct hub_device *device, const uint8_t rec[static PMJ_RECORD_BYTES]);
struct share_lines { /* admitted ones of a record, in order; free `at` */
	struct share_line {
		int64_t n;
		uint8_t by[PMJ_DEVICE_BYTES];
	} * at;
	size_t count;
};
PMJ_MUST_CHECK enum pmj_code share_lines(struct hub *hub, struct share_lines *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], int64_t after, int64_t most, struct pmj_error *err);
/** Queue those that the device neither wrote nor was sent. */
PMJ_MUST_CHECK enum pmj_code share_to(struct hub *hub, const struct share_lines *lines,
    const struct hub_device *device, bool urgent, struct pmj_error *err);

/* share_note.c, share_work.c: what follows from one decision for one device may be long; it is only
 * noted inside the decision's transaction, and done by hub_share_step. */
enum work_kind {         /* in the file: never renumbered */
	WORK_FORGET = 1, /* of a person */
	WORK_PERSON = 2,
	WORK_KIND = 3,   /* all records of one kind of the programme */
	WORK_OWN = 4,    /* what the device wrote itself: a restored copy may lack some */
	WORK_PEOPLE = 5, /* each person it has or had */
	WORK_ROSTER = 6  /* every statement there was, to a coordinator or supervisor */
};
#define WORK_RECORD_DONE INT64_MAX /* how far in a record: all of it */
/** Everything of a person, who is on the device's list now. */
PMJ_MUST_CHECK enum pmj_code share_person(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const struct hub_device *device,
    struct pmj_error *err);
/** What was sent of a person may be sent again after a new assignment. */
PMJ_MUST_CHECK enum pmj_code share_forget(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const struct hub_device *device,
    struct pmj_error *err);
/** The programme's own records. */
PMJ_MUST_CHECK enum pmj_code share_programme(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** To a coordinator or supervisor: every statement, and what waits for people. */
PMJ_MUST_CHECK enum pmj_code share_roster(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** The worker files that it may have: all that its worker wrote (same.c). */
PMJ_MUST_CHECK enum pmj_code share_files(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** The whole state anew (9). */
PMJ_MUST_CHECK enum pmj_code share_everything(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);

/* team.c */
/** Is this a person's record, merged here? */
PMJ_MUST_CHECK enum pmj_code team_need_person(
    struct hub *hub, const uint8_t person[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** One more on the team (unless it is already), and one off it that is told nothing: it is revoked.
 * Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code team_hand_over(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t from[static PMJ_DEVICE_BYTES],
    const uint8_t to[static PMJ_DEVICE_BYTES], struct pmj_error *err);

/* boundary.c */
/** May they be brought together? PMJ_REFUSED where the worker declared to know the person in
 * another way, and no second person allowed it. */
PMJ_MUST_CHECK enum pmj_code boundary_allows(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const struct hub_device *device,
    struct pmj_error *err);

/* leave.c */
/** A revoked laptop and the one that takes over; PMJ_REFUSED where they are not that. */
PMJ_MUST_CHECK enum pmj_code leave_pair(struct hub *hub, struct hub_device *old,
    struct hub_device *new, const uint8_t from[static PMJ_DEVICE_BYTES],
    const uint8_t to[static PMJ_DEVICE_BYTES], struct pmj_error *err);
/** The number of the line that took the laptop off, for a while or for good; what came before it is
 * judged like anybody's. Only asked of one that is not live. */
int64_t leave_since(struct hub *hub, const struct hub_device *device);
/** What the others wrote while it was suspended is made ready for it. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code leave_share_again(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** It is off the roster: from now on nothing of the programme is made ready for it. */
PMJ_MUST_CHECK enum pmj_code leave_drop(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** Is its revocation sealed? Then nothing more is sealed to it. */
bool leave_is_told(struct hub *hub, const struct hub_device *device);
/** A copy of a suspended or revoked laptop turned up, that may not have heard: it is said once
 * more. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code leave_say_again(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** Has it read that? Then it reads and writes its mailbox no more. */
bool leave_was_read(struct hub *hub, const struct hub_device *device);

/* heard.c */
/** A beacon of this hash was sealed to a laptop. Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code heard_beaconed(struct hub *hub, const struct sync_peer *peer,
    const uint8_t e[static PMJ_ENTRY_BYTES], struct pmj_error *err);
/** A device's ack: what it says of itself, and what of us it echoes. */
PMJ_MUST_CHECK enum pmj_code heard_ack(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/** {"heard": {"at","came","incarnation","seq","waits"} or null, "beacon_seen": ms or null,
 * "doubts": [clock_ahead, clock_behind, beacon_stale, roster_unknown]}. New reference. */
json_t *heard_state(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES]);
/** What speaks against its having arrived whole: state of heard_state, merged of sync_standing,
 * missing runs. [] : everything that was written until `heard.at` is here. New reference. */
json_t *heard_against(const json_t *state, const json_t *merged, const json_t *missing);

/* renew.c */
struct cert;
/** This certificate is in force: pin and dates. */
void renew_pin(struct hub *hub, const struct cert *cert);
/** To a device that is told everything anew. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code renew_tell(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);
/** A ctl.cert that a laptop gives back. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code renew_returned(
    struct hub *hub, const json_t *line, struct pmj_error *err);

/* publish.c */
/** Everything that is published goes to this device. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code publish_tell(
    struct hub *hub, const struct hub_device *device, struct pmj_error *err);

/* device_keys.c */
/** A device's ctl.hello: the key of its newest incarnation is what it is sealed to. */
PMJ_MUST_CHECK enum pmj_code hub_hello(struct hub *hub, const struct sync_peer *peer,
    const struct sync_line *line, struct pmj_error *err);
/* restored.c */
/** The next statement's number is above this: a restored hub does not know its last ones. */
int64_t hub_roster_floor(struct hub *hub);

/** The last stamp that was given. */
struct hlc hub_last_stamp(struct hub *hub);
/** hub_stamp; with a clock in doubt the last stamp again, because that stops decisions, not
 * receiving. */
void hub_stamp_or_last(struct hub *hub, int64_t *pt, uint16_t *counter);

#endif
