/* photo.h - photographs of signed papers, as their parts come: lines of the journal (`ctl.file` of
 * a record, log/photo) with a row each in pmj_photo. Both ends. What is lowest in the queue, and
 * goes only where there is room for it: behind every record, and some at a time. */
#ifndef SYNC_PHOTO_H
#define SYNC_PHOTO_H
#include "log/photo.h"
#include "store/entries.h"

struct sync;
struct photo_sum; /* photo_judge.h */

#define PHOTO_SCHEMA                                                                                                                                                                \
	"CREATE TABLE IF NOT EXISTS pmj_photo(n INTEGER PRIMARY KEY,rec BLOB NOT NULL,"                                                                                             \
	"hash BLOB NOT NULL,by BLOB NOT NULL,part INTEGER NOT NULL,parts INTEGER NOT NULL,"                                                                                         \
	"bytes INTEGER NOT NULL,own INTEGER NOT NULL,whole INTEGER NOT NULL)",                                                                                                      \
	    "CREATE UNIQUE INDEX IF NOT EXISTS pmj_photo_part ON pmj_photo(rec,hash,by,part)", /* Of a run that was left: where the parts stood that may have come all the same. */ \
	    "CREATE TABLE IF NOT EXISTS pmj_photo_left(lane INTEGER NOT NULL,seq INTEGER NOT "                                                                                      \
	    "NULL,"                                                                                                                                                                 \
	    "n INTEGER NOT NULL,PRIMARY KEY(lane,seq)) WITHOUT ROWID",                                                                                                              \
	    "CREATE TABLE IF NOT EXISTS pmj_photo_room(mailbox BLOB PRIMARY KEY,bytes INTEGER NOT"                                                                                  \
	    " NULL) WITHOUT ROWID",                                                                                                                                                 \
	    "CREATE INDEX IF NOT EXISTS pmj_photo_whole ON pmj_photo(own,rec) WHERE part=1 AND"                                                                                     \
	    " whole=1", /* Of a laptop: what the hub said of each (enum photo_told). */                                                                                             \
	    "CREATE TABLE IF NOT EXISTS pmj_photo_told(rec BLOB NOT NULL,hash BLOB NOT NULL,by "                                                                                    \
	    "BLOB"                                                                                                                                                                  \
	    " NOT NULL,state INTEGER NOT NULL,asked_ms INTEGER NOT NULL,gave_ms INTEGER NOT NULL,"                                                                                  \
	    "lacks BLOB,PRIMARY KEY(rec,hash,by)) WITHOUT ROWID"

enum photo_told {
	PHOTO_TO_ASK, /* is it there? No row says the same of what is this laptop's own */
	PHOTO_AT_HUB, /* whole, and gives the hash */
	PHOTO_LACKS   /* parts of it */
};

/* In a hub's ack: it knows what they are. And in a laptop's journal, once it said so. */
#define PHOTO_TAKES "takes_photos"
#define PHOTO_HUB_TAKES "photo.hub_takes"
/* ... and that it answers whether it has one whole. */
#define PHOTO_TELLS "tells_photos"
#define PHOTO_HUB_TELLS "photo.hub_tells"

/* Of a record and an author: that many whole files, or what a device pours out. */
#define PHOTO_RECORD_PARTS (4 * PHOTO_PARTS_MAX)

struct photo_new {
	const struct entry *entry; /* the line, read */
	const char *line;
	size_t len;
	enum entry_origin origin;
	int64_t recv_ms;
	uint16_t recv_counter;
	struct photo_sum *sum; /* where what is read is kept between steps; NULL: all in this one */
	int64_t until_ms;      /* mono, with sum */
};
struct photo_taken {
	int64_t n;           /* its number; 0: it was not taken in now */
	bool whole;          /* all parts are here, and give the hash: seen just now */
	bool more;           /* all are here, and not read through yet: the same line once more */
	const char *refused; /* why not, or NULL: it was here already, or of somebody erased */
	struct photo_part part;
};
/** One line of the journal's own or of another. Inside a transaction. Where all parts came and do
 * not give the hash, they are dropped: who sends the file again begins anew. */
PMJ_MUST_CHECK enum pmj_code photo_take(struct journal *journal, const struct photo_new *new,
    struct photo_taken *out, struct pmj_error *err);

struct photo_copy { /* what is here of one author's */
	int64_t here, parts;
	bool whole;
};
PMJ_MUST_CHECK enum pmj_code photo_copy(struct journal *journal, struct photo_copy *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], struct pmj_error *err);
/** The bytes of the part with this number; appended. */
PMJ_MUST_CHECK enum pmj_code photo_part_bytes(
    struct journal *journal, struct buf *out, int64_t n, struct pmj_error *err);
/** They were read, and give the hash; or not, and are dropped. */
PMJ_MUST_CHECK enum pmj_code photo_set_whole(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], struct pmj_error *err);
PMJ_MUST_CHECK enum pmj_code photo_spoilt(struct journal *journal,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], struct pmj_error *err);

struct photo_state {
	int64_t parts, here; /* of whoever's copy has most; parts 0: there is none */
	int64_t bytes;       /* of those that are here */
	int64_t sent;        /* parts that the other end has */
	bool whole;          /* all are here, and give the hash */
	bool at_hub;         /* ... and there, by its own word */
	uint8_t by[PMJ_DEVICE_BYTES];
};
PMJ_MUST_CHECK enum pmj_code photo_state(struct journal *journal, struct photo_state *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    struct pmj_error *err);
/** The bytes of parts from..from + count - 1 of the copy that photo_state told of; appended. */
PMJ_MUST_CHECK enum pmj_code photo_bytes_of(struct journal *journal, struct buf *out,
    const uint8_t rec[static PMJ_RECORD_BYTES], const uint8_t hash[static PRIM_HASH_BYTES],
    const uint8_t by[static PMJ_DEVICE_BYTES], int64_t from, int64_t count, struct pmj_error *err);

/** What others wrote of a record's photos is made a stub: it was handed over. */
PMJ_MUST_CHECK enum pmj_code photo_withdraw(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** All of them are erased (security 11). */
PMJ_MUST_CHECK enum pmj_code photo_erase(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);

/** Into the queue of a mailbox, behind all records. Idempotent. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code photo_queue(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, bool forward,
    struct pmj_error *err);
/** A part of ours goes once more where it does not wait and is not on its way: that it was read
 * does not say that it was taken. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code photo_again(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t n, struct pmj_error *err);
/** The number of a part that is here; 0: it is not. */
int64_t photo_number(struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES],
    const struct photo_part *part, const uint8_t by[static PMJ_DEVICE_BYTES]);
/** A worker's device: did its hub say that it takes photos? Nothing of them is sealed before. */
bool photo_hub_takes(struct journal *journal);
/** ... and that it tells whether it has them? */
bool photo_hub_tells(struct journal *journal);
/** Its ack says so, or does not: an office may go back to an older program. Inside a transaction.
 */
PMJ_MUST_CHECK enum pmj_code photo_hub_said(
    struct journal *journal, const json_t *ack, struct pmj_error *err);
/** A worker's device: what the hub is to be asked of photos, and what it said that it lacks, goes
 * into the queue; some of it, few bytes. *queued: something did. A transaction of its own, where
 * there is any. */
PMJ_MUST_CHECK enum pmj_code photo_ask(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool *queued, struct pmj_error *err);
/** The hub's answer, as it came. A refused one says why. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code photo_answered(struct journal *journal, const struct entry *entry,
    const char **refused, struct pmj_error *err);
/** What was said of the photos of a record counts no more. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code photo_untold(
    struct journal *journal, const uint8_t rec[static PMJ_RECORD_BYTES], struct pmj_error *err);
/** A worker's device: so many bytes of photos may be sealed from now on; 0: none. */
void photo_room_set(struct sync *sync, int64_t bytes);
/** A hub: this device says how much more of them it takes. Inside a transaction. */
PMJ_MUST_CHECK enum pmj_code photo_room_say(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t bytes, struct pmj_error *err);
/** How much may be sealed for a mailbox; and that so much of it was. */
int64_t photo_room(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
PMJ_MUST_CHECK enum pmj_code photo_room_used(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], int64_t bytes, struct pmj_error *err);
/** Photos that are sealed and not at the mailbox go back into the queue where records wait behind
 * them, or all: they came off another way (a stick), or the last exchange broke off under them. A
 * transaction of its own, where there are any; then a new run, cause size. */
PMJ_MUST_CHECK enum pmj_code photo_stand_back(struct sync *sync,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES], bool all, struct pmj_error *err);
struct lane;
/** A part goes back into the queue; it stood there in the lane that is left. */
PMJ_MUST_CHECK enum pmj_code photo_left(
    struct sync *sync, const struct lane *lane, uint64_t seq, int64_t n, struct pmj_error *err);
bool photo_left_any(struct sync *sync, const struct lane *lane);
/** They came all the same, up to that line: a stick reached the hub. */
PMJ_MUST_CHECK enum pmj_code photo_left_came(
    struct sync *sync, const struct lane *lane, uint64_t seq, struct pmj_error *err);
/** Does a photo wait for which there is room? */
bool photo_due(struct sync *sync);
/** Parts that wait for the other end, or are on their way. */
int64_t photo_waiting(struct sync *sync);

#endif
