/* inner.h - what the files of the engine share. Private to daemon/sync. */
#ifndef SYNC_INNER_H
#define SYNC_INNER_H
#include "base/date.h"
#include "base/pace.h"
#include "log/chain.h"
#include "sync/sync.h"

#define SYNC_RAW_MAX (200 * 1024) /* lines of a segment, before they are packed, in one step */
/* ... and over several: 4,096 lines of 1 KiB. They lie in memory twice while they are packed. */
#define SYNC_RAW_MOST (4 * 1024 * 1024)
#define SYNC_RAW_BEGIN (128 * 1024) /* ... of the first one */
#define SYNC_RAW_SLOW                                                                              \
	(128 * 1024)       /* where numbering is slow, or the machine has other work: 7 ms, or 20 */
#define SYNC_NUMBERS 128   /* lines that leave the queue together, after their segment was sealed */
#define SYNC_AGAIN 512     /* lines that go back to it together, of a run that was left */
#define SYNC_AGAIN_TIMES 4 /* ... and how often, at most, in one step */
#define SYNC_SEAL_MS 12    /* numbering and committing them, in one step */
#define SYNC_CHAIN_LINES 512 /* whose chain is found in one step ... */
#define SYNC_CHAIN_BYTES (1024 * 1024)
#define SYNC_PIECE                                                                                 \
	(24 * 1024) /* packed in one step: 4 ms, or 12; smaller ones pack worse and worse */
#define SYNC_PIECE_MOST (64 * 1024) /* ... where that takes no longer than SYNC_PIECE_MS */
/* Of a segment: what a link that is cut every few seconds lets through; and where one is not. */
#define SYNC_FILE_MOST (16 * 1024)
#define SYNC_FILE_GOOD (256 * 1024)
/* Of its file what is not padded: the header, the tag, the signature. */
#define LINK_OUTSIDE (SEGMENT_OVERHEAD_BYTES + PRIM_TAG_BYTES)
#define SYNC_FITS_MAX 3        /* times that one is packed anew, to fill its file */
#define SYNC_SHARED_MAX 64     /* small segments in one transaction */
#define SYNC_PIECE_MS 8        /* of PMJ_STEP_MS: of what comes in; its commit is another step */
#define SYNC_SHARED_MS 20      /* of taking in, at most, share a commit */
#define SYNC_SHARED_FRAMES 150 /* ... and so many pages, about */
#define SYNC_COMMIT_MS 12      /* what one commit of it may take, with its sync */
#define SYNC_WEEK_MS (7 * DAY_MS)
#define SYNC_CLOSED_HAVE ((int64_t)PMJ_JSON_INT_MAX) /* `have` of a lane that is read no more */

struct take_list;
struct take_open;
struct take_opening;
struct files_pass;
struct seal_packing;
struct seal_due;

/* How a segment is made that is too much for one step. */
enum seal_haste {
	HASTE_NONE,
	HASTE_SOME, /* so small that its last step can look at all of it again; once */
	HASTE_GREAT /* all of it in one step */
};

struct sync {
	struct journal *journal;
	const struct os *os;
	char *home;
	char *in;    /* HOME/spool/in */
	char *out;   /* HOME/spool/out */
	char *aside; /* HOME/aside */
	struct sync_hooks hooks;
	struct take_list *list;       /* names still to look at, or NULL */
	struct take_open *open;       /* a big segment half taken in, or NULL */
	struct take_opening *opening; /* a big segment half opened, or NULL */
	struct pace share;            /* lines that share a commit */
	size_t raw_max;               /* bytes of lines that lately made a file of that size */
	struct pace raw_pace;         /* ... and that lately were numbered in a step */
	struct pace piece_pace;       /* ... and packed */
	size_t file_most;             /* of a segment (link.c) ... */
	int64_t link_step;            /* ... and what the carrier said; 0: nothing */
	bool link_least;              /* ... no more than goes by any way */
	bool fills;                   /* files are made as full as padding lets them be */
	int64_t photo_room;           /* of a device: bytes of photos that may be sealed now */
	struct sync_fit {             /* of the next segment of a lane, by how the last try went */
		int64_t lane;
		uint64_t segno;
		size_t count; /* lines; 0: as many as there is room for */
		int tries;
	} fit;
	struct sync_stuck { /* of a lane, the first that is not there, and how often it broke off */
		int64_t lane;
		uint64_t segno;
		int64_t tries;
	} stuck;
	struct seal_packing *packing; /* a segment half packed, or NULL */
	struct seal_due *due;         /* mailboxes still to seal for, as listed before, or NULL */
	size_t due_count, due_at;
	enum seal_haste haste;   /* of what is made next */
	bool numbers;            /* lines of a sealed segment may still stand in the queue */
	bool again;              /* lines of a run that was left may still not be back in it */
	struct pace number_pace; /* how many of them leave it in a step */
	bool spool_dirty;        /* spool/out may differ from the journal */
	struct files_pass *pass; /* spool/out half looked through, or NULL */
	struct timespec in_seen; /* mtime of spool/in when it was last listed */
	bool tell;               /* hooks.incarnated is due after the commit */
	uint8_t tell_mailbox[PMJ_MAILBOX_BYTES];
	int64_t ended_ms;   /* when nothing more was found that ended long ago; 0: look */
	int64_t epochs_ms;  /* when the seal keys were last looked at, by the hub's time */
	int64_t duplicates; /* files dropped because their very bytes were read before */
};

/** Where one file of the spool belongs, as its name says. */
struct sync_place_of {
	uint8_t mailbox[PMJ_MAILBOX_BYTES];
	uint8_t lane;
	uint8_t inc[PMJ_INCARNATION_BYTES];
	uint64_t segno;
};

/** What sync_link said last. */
void link_recall(struct sync *sync);
/** At the hub: how big what is made next for this mailbox may be. At a device it is always the
 * same.
 */
void link_for(struct sync *sync, const uint8_t mailbox[static PMJ_MAILBOX_BYTES]);
/** Into our ack: what our network lately let through in one piece, for the hub seals to that. */
void link_tell(struct sync *sync, json_t *ack);
/** That ack is sealed now. Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code link_told(struct sync *sync, const json_t *ack, struct pmj_error *err);
/** A device's ack, at the hub, behind the receipts in it. Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code link_take(
    struct sync *sync, const struct sync_peer *peer, const json_t *ack, struct pmj_error *err);
struct lane;
/** What of a run stands at `from` and behind it goes again in smaller ones (section 9, cause size),
 * unless that was so in the last hour. Inside the transaction. */
PMJ_MUST_CHECK enum pmj_code link_smaller(struct sync *sync, const struct sync_peer *peer,
    struct lane *lane, uint64_t from, struct pmj_error *err);
/** How big a file such a step lets be. */
size_t link_most(int64_t step);
/** The biggest file of at most so many bytes that padding lets be. */
size_t link_legal(size_t most);
/** End the transaction: commit when rc is PMJ_OK, and hooks.incarnated when it is due; else roll
 * back. Returns the outcome of all. */
PMJ_MUST_CHECK enum pmj_code sync_end(struct sync *sync, enum pmj_code rc, struct pmj_error *err);
/** hooks.incarnated after a commit, when one is due. */
void sync_tell(struct sync *sync);

struct sql;
/** [mailbox, lane, incarnation, segno] of a row that begins with the first three. */
json_t *report_place(struct sql *sql, int64_t segno);

/** Such a run is dropped: it is not asked for again. */
PMJ_MUST_CHECK enum pmj_code ended_gone(struct sync *sync, const uint8_t *mailbox, int lane,
    const uint8_t *incarnation, struct pmj_error *err);

#endif
