/* vfs_file.h - one open file of the sealed VFS, and what its sources share. Private to the
 * VFS. */
#ifndef STORE_VFS_FILE_H
#define STORE_VFS_FILE_H
#include <sqlite3.h>
#include <stdbool.h>

#include "store/vfs_seal.h"

/* Switched off one by one by the simulator, which must then find the loss; never built into the
 * product. */
enum vfs_rule {
	VFS_RULE_SHORT_READ = 1,     /* the 8-byte reads of a header see its plaintext (6.3) */
	VFS_RULE_PAGE1 = 2,          /* a torn page 1 shows a constant header (6.3) */
	VFS_RULE_TORN_TAIL = 4,      /* a frame nobody knows as synced ends the log (6.4) */
	VFS_RULE_SYNCED = 8,         /* a frame known as synced is damage, not the end (6.4) */
	VFS_RULE_TRUNCATE_SYNC = 16, /* truncating to 0 is synced at once (6.4) */
	VFS_RULE_FINAL_FSYNC = 32,   /* a failed fsync is final for the handle (6.5) */
	VFS_RULE_FLUSH = 64,         /* a held frame header is written before anything looks */
	VFS_RULE_SUMS = 128, /* sums that SQLite forgets to put right are put right (vfs_sums.c) */
};
#ifdef PMJVFS_RULES_SWITCHED
extern unsigned vfs_rules_off;
#define VFS_RULE(rule) ((vfs_rules_off & (unsigned)(rule)) == 0)
#else
#define VFS_RULE(rule) true
#endif

/* One registered name. */
struct vfs {
	sqlite3_vfs base; /* first: SQLite hands this back */
	sqlite3_vfs *lower;
	struct vfs_keys *keys; /* guarded memory */
	uint8_t file_id[PMJVFS_FILE_ID_BYTES];
	int open_files;
	struct vfs *next;
};

/* Invariant: no authentic frame header at an index >= synced carries a `synced` above its own
 * index's lowest rewritten frame, so "synced > k" in a later header proves that frame k once was
 * durable. */
struct vfs_wal {
	bool salts_known;
	bool emptied; /* that the log is empty is on the disk: a header may be written */
	bool written; /* this handle wrote: no recovery can be going on any more */
	bool lost;    /* frames from lost_at on were not written, though SQLite was told so */
	uint32_t lost_at;
	bool held; /* header of frame held_at waits for its page */
	uint32_t held_at;
	uint32_t next;   /* one above the last frame header written, or read whole in recovery */
	uint32_t synced; /* first frame not known to be on the disk */
	uint8_t salts[VFS_SALTS_BYTES];
	uint8_t header[WAL_FRAME_HEADER]; /* the held one */
};

/* Frames of the WAL or pages of the database that lie side by side, as they are on the disk: never
 * plaintext. Either they wait to be written, or they were read ahead. */
#define VFS_RUN_PIECES 16
#define VFS_RUN_STARTS 2 /* neighbours read one after the other before the next are read ahead */
_Static_assert(VFS_RUN_PIECES *DISK_FRAME <= 0x1ffff, "what SQLite's unix VFS takes at once");

struct vfs_run {
	int piece_bytes;
	sqlite3_int64 head; /* where piece 0 lies */
	uint8_t *bytes;     /* room for VFS_RUN_PIECES; NULL until the first use */
	uint32_t at, count;
	bool unwritten;
	uint32_t read_next, in_order; /* to see a reader who goes from neighbour to neighbour */
};

/* A call to the kernel for each nonce would cost a fifth of a page's sealing. Whatever is left of
 * a draw is dropped when a burst of writes ends (commit, sync): none outlives a fork or a snapshot
 * of the machine between transactions. */
#define VFS_NONCES 10

struct vfs_nonces {
	uint8_t bytes[VFS_NONCES * PRIM_NONCE_BYTES];
	unsigned left;
};

struct vfs_file {
	sqlite3_file base; /* first: SQLite hands this back */
	struct vfs *vfs;
	sqlite3_file *lower; /* in the same allocation, behind this struct */
	bool dead;           /* a failed fsync is final */
	bool unsynced;       /* something may not be on the disk yet */
	bool gathers;        /* of a database: a checkpoint goes on, writes may wait */
	int gathered;        /* of a database: what became of the last that waited */
	bool page1_good;     /* of a database: page 1 was read, or written, and is ours */
	struct vfs_wal wal;  /* of a WAL only */
	struct vfs_run run;
	struct vfs_nonces nonces;
	uint8_t sealed[DISK_FRAME]; /* one piece: nothing is allocated a page */
};

extern const sqlite3_io_methods vfs_db_methods;
extern const sqlite3_io_methods vfs_wal_methods;

/** Sync the lower file, unless nothing was written since it last was; a failure makes the handle
 * dead. */
int vfs_sync_lower(struct vfs_file *file, int flags);
/** A nonce that was never used. */
void vfs_nonce(struct vfs_file *file, uint8_t out[static PRIM_NONCE_BYTES]);
void vfs_nonces_drop(struct vfs_file *file);
/** Close the lower file and count the handle out of its VFS. */
int vfs_close_lower(struct vfs_file *file);
/** Is this VFS one of ours? */
bool vfs_is_sealed(const sqlite3_vfs *vfs);
/** The part of a connection that is ours, or NULL when it runs on another VFS. */
struct vfs_file *vfs_main_file(sqlite3 *db);

/** Does piece i lie in what waits, or next to its end? True when nothing waits. */
bool vfs_run_takes(const struct vfs_file *file, uint32_t i);
/** Where piece i, which the run takes, is to be sealed; it waits from now on. The run must not be
 * full. NULL when there is no memory. */
uint8_t *vfs_run_slot(struct vfs_file *file, uint32_t i);
/** Piece i while it waits to be written, or NULL. */
uint8_t *vfs_run_waiting(struct vfs_file *file, uint32_t i);
bool vfs_run_full(const struct vfs_file *file);
/** Write what waits, if anything. It stays when it cannot be written. */
int vfs_run_write(struct vfs_file *file);
/** Forget it, or what was read ahead. */
void vfs_run_drop(struct vfs_file *file);
/** Piece i as it lies on the disk, when the reader goes from neighbour to neighbour; NULL when it
 * is to be read alone. */
const uint8_t *vfs_run_read(struct vfs_file *file, uint32_t i);
void vfs_run_close(struct vfs_file *file);

static inline int
vfs_lower_read(struct vfs_file *file, uint8_t *out, int bytes, sqlite3_int64 offset)
{
	return file->lower->pMethods->xRead(file->lower, out, bytes, offset);
}

static inline int
vfs_lower_write(struct vfs_file *file, const uint8_t *in, int bytes, sqlite3_int64 offset)
{
	file->unsynced = true;
	return file->lower->pMethods->xWrite(file->lower, in, bytes, offset);
}

static inline int
vfs_lower_truncate(struct vfs_file *file, sqlite3_int64 size)
{
	file->unsynced = true;
	return file->lower->pMethods->xTruncate(file->lower, size);
}

static inline int
vfs_lower_size(struct vfs_file *file, sqlite3_int64 *size)
{
	return file->lower->pMethods->xFileSize(file->lower, size);
}

/** What a piece of the WAL is bound to; k is its frame. */
struct vfs_binding vfs_wal_binding(const struct vfs_file *file, enum vfs_kind kind, uint32_t k);
/* The WAL as pieces. A frame header is SQLite's 24 bytes. What does not open is IOERR_DATA. */
int vfs_wal_header_read(struct vfs_file *file, uint8_t plain[static WAL_HEADER]);
sqlite3_int64 vfs_frame_at(uint32_t k); /* on the disk */
int vfs_frame_header_read(
    struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], uint32_t k);
int vfs_frame_header_write(
    struct vfs_file *file, const uint8_t plain[static WAL_FRAME_HEADER], uint32_t k);
int vfs_frame_page_read(struct vfs_file *file, uint8_t page[static VFS_PAGE], uint32_t k);
/** Header and page at once: recovery, or a checksum being put right in this transaction's own
 * frames. A torn tail is zeros. */
int vfs_frame_read(struct vfs_file *file, uint8_t *out, uint32_t k);
/** Hold a frame header: its page comes next, and the two are neighbours on the disk. */
int vfs_frame_hold(struct vfs_file *file, const uint8_t *plain, uint32_t k);
/** The page of the held header k. The frame waits for its neighbours; the last of a transaction,
 * whose header tells the size of the database, takes all of them to the disk: from then on they may
 * be acknowledged. */
int vfs_frame_write(struct vfs_file *file, const uint8_t *page, uint32_t k);
/** A page alone: SQLite writes over one of its own frames. */
int vfs_frame_page_write(struct vfs_file *file, const uint8_t *page, uint32_t k);
/** Could frame k not be written after SQLite was told that it was? */
bool vfs_frame_is_lost(const struct vfs_file *file, uint32_t k);
/** Whatever looks at the WAL first writes what is held back. */
int vfs_wal_flush(struct vfs_file *file);

/** The sums in the header of frame k, from which SQLite is about to go on, into out; mended where
 * it must. */
int vfs_sums_read(struct vfs_file *file, uint8_t out[static 8], uint32_t k);

/* Methods that do the same for both files. */
int vfs_lock(sqlite3_file *base, int level);
int vfs_unlock(sqlite3_file *base, int level);
int vfs_check_reserved(sqlite3_file *base, int *held);
int vfs_control(sqlite3_file *base, int op, void *arg);
int vfs_sector_bytes(sqlite3_file *base);
int vfs_characteristics(sqlite3_file *base);
int vfs_shm_map(sqlite3_file *base, int page, int bytes, int extend, void volatile **out);
int vfs_shm_lock(sqlite3_file *base, int offset, int count, int flags);
void vfs_shm_barrier(sqlite3_file *base);
int vfs_shm_unmap(sqlite3_file *base, int remove);

#endif
