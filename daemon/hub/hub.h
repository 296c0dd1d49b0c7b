/* hub.h - merging many workers' records: admission, sharing, enrolment, and the coordinator's
 * decisions. Every decision is a line of the journal first; what a device must know of it is queued
 * in the same transaction. */
#ifndef HUB_HUB_H
#define HUB_HUB_H
#include "log/cert.h"
#include "store/records.h"
#include "sync/device.h"
#include "sync/sync.h"

struct hub;

extern const char *const hub_schema[]; /* for journal_setup.schema */

/** First start: certificate by a new root (valid 400 days from now), the coordinator's own device
 * in the roster. root_text receives the root key as text; show it once and wipe it. One
 * transaction; the caller saves the ring (pin) after. */
PMJ_MUST_CHECK enum pmj_code hub_init(struct journal *journal, const char *name,
    const char *mailboxes, struct buf *root_text, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code hub_new(
    struct hub **out, struct journal *journal, const char *home, struct pmj_error *err);
void hub_free(struct hub *hub);
struct sync *hub_sync(struct hub *hub);
/** Next own stamp (8.1): PMJ_REFUSED while the clock is before the last stamp or outside the
 * certificate's dates. */
PMJ_MUST_CHECK enum pmj_code hub_stamp(
    struct hub *hub, int64_t *pt, uint16_t *counter, struct pmj_error *err);
/** The hub's own photo of a record's paper is whole: it goes to whoever has the record. */
PMJ_MUST_CHECK enum pmj_code hub_photo_taken(
    struct hub *hub, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** An own entry was appended (the coordinator's record, edit, move): share it with who may have it.
 * Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code hub_shared(struct hub *hub, int64_t n,
    const uint8_t rec[static PMJ_RECORD_BYTES], bool urgent, struct pmj_error *err);
/** Judge entries again that waited for another, until mono ms until_ms, at least one, in a
 * transaction of its own. *more: call again. Cheap when none waits. */
PMJ_MUST_CHECK enum pmj_code hub_rejudge_step(
    struct hub *hub, int64_t until_ms, bool *more, struct pmj_error *err);
/** Send on what assignments and the like left to be sent: some of it until mono ms until_ms, or a
 * commit. *more: call again. Costs next to nothing when there is nothing. After a failure nothing
 * is done before hub_share_again. */
PMJ_MUST_CHECK enum pmj_code hub_share_step(
    struct hub *hub, int64_t until_ms, bool *more, struct pmj_error *err);
void hub_share_again(struct hub *hub);
/** Entries held since the hub was opened, released ones among them. */
int64_t hub_holds_made(const struct hub *hub);
/** How many entries of one device are merged a day (8.5); 0: 20,000. */
void hub_set_intake(struct hub *hub, int64_t entries);
/** How many MB of disk a laptop's mailbox may take; 0: as many as there are. */
void hub_set_room(struct hub *hub, int64_t mb);
/** Where laptops reach their mailboxes by pamoja.ini ([hub] url), and the pin of that host; both
 * may be NULL: in the folder. Where that is another than it said last, the hub moves there. */
PMJ_MUST_CHECK enum pmj_code hub_reach_settings(
    struct hub *hub, const char *url, const char *pin, struct pmj_error *err);
/** Where to (hub move). */
struct hub_move {
	const char *url;    /* https://…, ssh://… or a folder's full path */
	const char *pin;    /* of that host, or NULL */
	const char *folder; /* where we find the mailboxes behind that host; NULL: as before */
};
/** All laptops are told, and follow with their next exchange by whatever way; the old places are
 * told them, too, and looked into here, until hub_move_end. Twice is no error. */
PMJ_MUST_CHECK enum pmj_code hub_move(
    struct hub *hub, const struct hub_move *to, struct pmj_error *err);
/** Only the new one counts from now on. PMJ_REFUSED while a laptop has not come by it; not when
 * `sure`. */
PMJ_MUST_CHECK enum pmj_code hub_move_end(struct hub *hub, bool sure, struct pmj_error *err);
/** Where it is and who has followed (daemon/api/DESIGN.md). New reference. */
PMJ_MUST_CHECK enum pmj_code hub_move_state(struct hub *hub, json_t **out, struct pmj_error *err);
/** Merge deferred entries of devices that have room today (all: of any) until mono ms until_ms, in
 * a transaction of its own. *more: call again. Cheap when there are none. */
PMJ_MUST_CHECK enum pmj_code hub_deferred_step(
    struct hub *hub, bool all, int64_t until_ms, bool *more, struct pmj_error *err);
/** This hub's journal came out of a backup: every mailbox is told, in a new down incarnation, how
 * far its device was read, so that the rest is offered again. Once, before anything is exchanged.
 */
PMJ_MUST_CHECK enum pmj_code hub_restored(struct hub *hub, struct pmj_error *err);
/** What a hub that was restored lately may still lack: {"since","unheard" (laptops that do not know
 * of it yet),"decisions" (that were made after the backup and are not here again),"returned"
 * (entries that laptops gave back, for which their author or the coordinator is waited),"moved"
 * (url where laptops say that it moved to, or null)}; NULL: it was not. New reference. */
json_t *hub_lacks(struct hub *hub);
/** Seal to keys of laptops that were published 30 days ago (7.4), some at a time. Cheap when none
 * is due. Transactions of its own. */
PMJ_MUST_CHECK enum pmj_code hub_keys_due(struct hub *hub, struct pmj_error *err);
/** Root key the words are made of (32 bytes). */
PMJ_MUST_CHECK enum pmj_code hub_root_pk(
    struct hub *hub, uint8_t out[static 32], struct pmj_error *err);
/** When the certificate ends, ms. */
int64_t hub_certificate_end(struct hub *hub);
/** May the hub stamp with the clock as it is? PMJ_REFUSED says why not. Changes nothing. */
PMJ_MUST_CHECK enum pmj_code hub_clock(struct hub *hub, struct pmj_error *err);
/** A new certificate for 400 days by the root key (its text; the caller wipes it), also when the
 * old one has ended; all laptops are told. The caller saves the ring after. PMJ_REFUSED: another
 * root. */
PMJ_MUST_CHECK enum pmj_code hub_renew(
    struct hub *hub, const char *root_text, struct pmj_error *err);
struct hub_file {
	const char *name; /* kinds/NAME.ini */
	int64_t version;
	const uint8_t *bytes;
	size_t len;
};
/** These files are in force from now on, in place of those of their names, and `withdrawn` (or
 * NULL) no more; all laptops are told. They were checked. A transaction of its own. PMJ_REFUSED:
 * too many, or the clock. */
PMJ_MUST_CHECK enum pmj_code hub_publish(struct hub *hub, const struct hub_file *files,
    size_t count, const char *withdrawn, struct pmj_error *err);
/** What is published: a list of {"name","version","hash","bytes"}. New reference. */
json_t *hub_published(struct journal *journal);
/** Which version of this file is in force; 0: none. */
int64_t hub_published_version(struct journal *journal, const char *name);
/** Another after each publication; 0 before the first. */
int64_t hub_published_mark(struct journal *journal);
/** ... and each with its bytes. */
PMJ_MUST_CHECK enum pmj_code hub_published_each(struct journal *journal, const char *folder,
    published_use *use, void *ctx, struct pmj_error *err);
/** The folder where the mailboxes are. Caller frees. */
char *hub_mailboxes(struct hub *hub);
/** Whose a mailbox (in hex) is: a name. New reference. */
json_t *hub_mailbox_of(struct hub *hub, const char *mailbox);
/** `remotes` of the carry protocol. New reference. */
PMJ_MUST_CHECK enum pmj_code hub_remotes(struct hub *hub, json_t **out, struct pmj_error *err);

/* Enrolment (10.1). */
struct hub_enrol {
	const char *request; /* text as carried */
	const char *role;    /* peer, ally, volunteer; supervisor, coordinator */
	const char *name;
	const char *until; /* YYYY-MM-DD of a volunteer, or NULL */
	const char *root;  /* text of the root key, or NULL: while there are fewer than two
	                      supervisors it enrols one, or a coordinator (7.2) */
};
/** The bytes the words of a request are made of: sign_pk || seal_pk (64). Checks the request and
 * its signature. */
PMJ_MUST_CHECK enum pmj_code hub_request_key(
    const char *request, uint8_t out[static 64], struct pmj_error *err);
/** Words were compared: roster statements, mailbox, first down segment; the invitation as text. A
 * request whose invitation no receipt covers yet gives the same one again; one enrolled PMJ_BUSY. A
 * known laptop with a new key came out of a backup: it keeps its name, role and people. A
 * supervisor or coordinator whom other people have to agree to: the invitation stays empty, and
 * hub_enrol_waits tells what for. */
PMJ_MUST_CHECK enum pmj_code hub_enrol(struct hub *hub, const struct hub_enrol *enrol,
    struct buf *invitation, uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
/** Does the enrolment of this device wait for people? id receives it. */
bool hub_enrol_waits(
    struct hub *hub, uint8_t id[static 32], const uint8_t device[static PMJ_DEVICE_BYTES]);

struct hub_role {
	const char *role;
	const char *until; /* YYYY-MM-DD of a volunteer, or NULL */
	const char *root;  /* as of an enrolment */
};
/** Somebody has another role from now on, or (*waits) once two supervisors agree; id receives what
 * that is known by. PMJ_REFUSED: of a supervisor or coordinator, whose laptop would keep what it
 * has. */
PMJ_MUST_CHECK enum pmj_code hub_change_role(struct hub *hub,
    const uint8_t device[static PMJ_DEVICE_BYTES], const struct hub_role *to, uint8_t id[static 32],
    bool *waits, struct pmj_error *err);

/* Operations that need more than one person (7.2). */
/** {"items":[{"id","asked_at","what":{"op",…},"signed":[{"name","role","at"}…],"missing":N,"root",
 * "all","not_before"}…]}: what waits. New reference. */
PMJ_MUST_CHECK enum pmj_code hub_pending(struct hub *hub, json_t **out, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code hub_pending_one(
    struct hub *hub, json_t **out, const uint8_t hash[static 32], struct pmj_error *err);
/** Take one back, by the beginning of its id. */
PMJ_MUST_CHECK enum pmj_code hub_refuse(struct hub *hub, const char *typed, struct pmj_error *err);
/** Why that is not done at the hub, which asked. Never PMJ_OK. */
PMJ_MUST_CHECK enum pmj_code hub_approve(struct hub *hub, const char *typed, struct pmj_error *err);
/** Ask that a person be erased (security 11), for a cause of retention.ini (NULL: the first there).
 * id receives what it is known by. PMJ_REFUSED: something must be kept. */
PMJ_MUST_CHECK enum pmj_code hub_forget(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const char *cause, uint8_t id[static 32],
    struct pmj_error *err);
/** The hub's own word: removed, or unreadable. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code hub_erased(
    struct hub *hub, const uint8_t act[static 32], const char *done, struct pmj_error *err);
/** {"items":[certificate…]}: what was erased, the newest first; no name is in it. typed: the
 * beginning of one's id, or NULL. New reference. */
PMJ_MUST_CHECK enum pmj_code hub_forgotten(
    struct hub *hub, json_t **out, const char *typed, struct pmj_error *err);
/* The programme ends (end.c). */
struct hub_end {
	const char *until;  /* what a law keeps is sealed until that day; or NULL: nothing is */
	const char *opener; /* who may open it */
};
/** Ask for it; id receives what it is known by. */
PMJ_MUST_CHECK enum pmj_code hub_end_ask(
    struct hub *hub, const struct hub_end *end, uint8_t id[static 32], struct pmj_error *err);
/** Did two people agree to it? */
bool hub_ending(struct hub *hub);
/** {"ending"}, and when it is: "at","until","opener","missing","laptops":[{"device","name","role",
 * "state","confirmed","last_seen"}…]. New reference. */
PMJ_MUST_CHECK enum pmj_code hub_end_state(struct hub *hub, json_t **out, struct pmj_error *err);
/** May something be done that waited? Cheap. */
bool hub_pending_due(struct hub *hub);
/** Do what enough people have agreed to, what is long of it until mono ms until_ms; *done:
 * something was. Transactions of its own. */
PMJ_MUST_CHECK enum pmj_code hub_pending_step(
    struct hub *hub, int64_t until_ms, bool *done, struct pmj_error *err);

/* The monthly backup key (11.5): the hub keeps its public half, two people a half each of the
 * secret. */
#define HUB_BACKUP_KEY_DUE_DAYS 31 /* then a new one is asked for */
#define HUB_BACKUP_KEY_DAYS 100    /* then nothing is sealed to it, and its papers are destroyed */
struct hub_backup_key {
	uint32_t number; /* 1, 2, 3 … at this hub */
	int64_t made_ms;
	uint8_t pk[32];
};
/** The number that the next key will have. */
uint32_t hub_backup_key_next(struct hub *hub);
/** Both halves are on paper: from now on backups are sealed to this key too. */
PMJ_MUST_CHECK enum pmj_code hub_backup_key_put(
    struct hub *hub, const struct hub_backup_key *key, struct pmj_error *err);
/** The key that a backup made now is sealed to: the newest, unless it is too old, was used or
 * destroyed. False: there is none. */
bool hub_backup_key(struct hub *hub, struct hub_backup_key *out);
/** Both papers of this key are destroyed. PMJ_NOT_FOUND, PMJ_USAGE when it is known already. */
PMJ_MUST_CHECK enum pmj_code hub_backup_key_destroyed(
    struct hub *hub, uint32_t number, struct pmj_error *err);
/** Both halves were typed into one machine, which knows the key since: it is written to no more.
 * Inside the caller's transaction. */
PMJ_MUST_CHECK enum pmj_code hub_backup_key_used(
    struct journal *journal, uint32_t number, struct pmj_error *err);
/** How it stands: {"state": none, good, due, old, used or destroyed, "number","made" (of the
 * newest), "destroy": [numbers whose papers are older than 100 days]}. */
json_t *hub_backup_key_state(struct hub *hub);
/** {"items":[{"number","made","until","state","destroyed"}…]}: state in_use, kept, destroy or
 * destroyed. */
PMJ_MUST_CHECK enum pmj_code hub_backup_keys(struct hub *hub, json_t **out, struct pmj_error *err);

/** A worker by device id (hex, or 6 and more of its first digits) or unambiguous name. */
PMJ_MUST_CHECK enum pmj_code hub_worker(struct hub *hub, uint8_t device[static PMJ_DEVICE_BYTES],
    const char *typed, struct pmj_error *err);
/** The same of those whose laptop was revoked. */
PMJ_MUST_CHECK enum pmj_code hub_worker_gone(struct hub *hub,
    uint8_t device[static PMJ_DEVICE_BYTES], const char *typed, struct pmj_error *err);
/** Take a laptop off the roster (10.3): it is sealed one more segment that says so, and what it
 * sends from now on is held. Twice is no error. */
PMJ_MUST_CHECK enum pmj_code hub_revoke(
    struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
/** Put off all that a laptop sends and make nothing ready for it, or end that: it is told, and
 * locks. Twice is no error. */
PMJ_MUST_CHECK enum pmj_code hub_suspend(struct hub *hub,
    const uint8_t device[static PMJ_DEVICE_BYTES], bool end, struct pmj_error *err);
/** Suspend those whose last day is over (a volunteer's `until`). Cheap when there are none. */
PMJ_MUST_CHECK enum pmj_code hub_ended_due(struct hub *hub, struct pmj_error *err);
/** Before a suspension ends: until which day from now on (NULL: as it was, PMJ_REFUSED when that is
 * over). */
PMJ_MUST_CHECK enum pmj_code hub_extend(struct hub *hub,
    const uint8_t device[static PMJ_DEVICE_BYTES], const char *until, struct pmj_error *err);
/** How many people a device has. */
int64_t hub_people_of(struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES]);
/** A revoked laptop and the one in its place are of one and the same worker: what is between them
 * and the office comes to the new one. PMJ_REFUSED where they have two names, unless `sure`. Twice
 * is no error. */
PMJ_MUST_CHECK enum pmj_code hub_same(struct hub *hub, const uint8_t from[static PMJ_DEVICE_BYTES],
    const uint8_t to[static PMJ_DEVICE_BYTES], bool sure, struct pmj_error *err);
/** Some people of a revoked device to another one: *moved of them, *left to do; again until 0 are.
 */
PMJ_MUST_CHECK enum pmj_code hub_replace(struct hub *hub,
    const uint8_t from[static PMJ_DEVICE_BYTES], const uint8_t to[static PMJ_DEVICE_BYTES],
    int64_t *moved, int64_t *left, struct pmj_error *err);
/** Durable when PMJ_OK; what the devices get or lose by it follows in steps (hub_share_step). */
PMJ_MUST_CHECK enum pmj_code hub_assign(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t (*devices)[PMJ_DEVICE_BYTES],
    size_t count, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code hub_unassign(struct hub *hub,
    const uint8_t person[static PMJ_RECORD_BYTES], const uint8_t (*devices)[PMJ_DEVICE_BYTES],
    size_t count, struct pmj_error *err);

/* Documents of daemon/api/DESIGN.md. New references. */
PMJ_MUST_CHECK enum pmj_code hub_roster(struct hub *hub, json_t **out, struct pmj_error *err);
/** Has everything of this laptop arrived? Its item of the roster, with the proof. */
PMJ_MUST_CHECK enum pmj_code hub_arrived(struct hub *hub, json_t **out,
    const uint8_t device[static PMJ_DEVICE_BYTES], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code hub_held(struct hub *hub, json_t **out, struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code hub_conflicts(
    struct hub *hub, json_t **out, enum lang lang, struct pmj_error *err);
/** keep: from 1, or 0 when value is given (typed text). id: of hub_conflicts: RECORD.FIELD, or a
 * record with one conflict. rec receives the record. */
PMJ_MUST_CHECK enum pmj_code hub_resolve(struct hub *hub, const char *id, int keep,
    const json_t *value, uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** id: of hub_held. */
PMJ_MUST_CHECK enum pmj_code hub_release(struct hub *hub, const char *id, struct pmj_error *err);
#define HUB_RELEASE_ALONE 100 /* more than these in a day need a second person (7.2) */
/** How many one person may let in now. */
int64_t hub_release_alone(struct hub *hub);
/** Ask that all that is held of a worker, by name, be let in; id receives what that is known by.
 * PMJ_USAGE: there is no more than one person may. */
PMJ_MUST_CHECK enum pmj_code hub_release_many(
    struct hub *hub, const char *worker, uint8_t id[static 32], struct pmj_error *err);
/* The programme's report (report.c): counts of whole periods that are over, of `months` 1, 3 or 12;
 * none of 1 to least - 1. */
struct hub_report;
/** {"every","least","items":[{"period","from","to","published","unheard"?}…]}, the newest first. */
PMJ_MUST_CHECK enum pmj_code hub_report_list(
    struct hub *hub, json_t **out, int64_t months, int64_t least, struct pmj_error *err);
/** What was published of a period. PMJ_NOT_CONFIRMED: nothing yet. */
PMJ_MUST_CHECK enum pmj_code hub_report_kept(struct hub *hub, json_t **out, const char *typed,
    int64_t months, enum lang lang, struct pmj_error *err);
/** Publish one, in steps. PMJ_REFUSED: it is not over, or of another length than those before. */
PMJ_MUST_CHECK enum pmj_code hub_report_new(struct hub *hub, struct hub_report **out,
    const char *typed, int64_t months, int64_t least, enum lang lang, struct pmj_error *err);
void hub_report_free(struct hub_report *report);
/** Go on until mono ms until_ms. *out: what is published, a new reference; NULL: there is more. */
PMJ_MUST_CHECK enum pmj_code hub_report_step(
    struct hub_report *report, json_t **out, int64_t until_ms, struct pmj_error *err);
/* How much each worker carries, what runs out soon (caseload.c); or, with a match, who could take a
 * person, best first. */
struct hub_caseload;
struct hub_match {
	uint8_t person[PMJ_RECORD_BYTES];
	const char *tag, *language; /* NULL: what the person's record says */
};
PMJ_MUST_CHECK enum pmj_code hub_caseload_new(struct hub *hub, struct hub_caseload **out,
    const struct hub_match *match, enum lang lang, struct pmj_error *err);
void hub_caseload_free(struct hub_caseload *load);
/** As hub_report_step. Documents of daemon/api/DESIGN.md. */
PMJ_MUST_CHECK enum pmj_code hub_caseload_step(
    struct hub_caseload *load, json_t **out, int64_t until_ms, struct pmj_error *err);
/** Name and role of a device. Caller frees both. */
void hub_who(
    struct hub *hub, const uint8_t device[static PMJ_DEVICE_BYTES], char **name, char **role);
int64_t hub_roster_version(struct hub *hub);
int64_t hub_count(
    struct hub *hub, const char *what); /* "held", "waiting", "conflicts", "devices", "pending" */

#endif
