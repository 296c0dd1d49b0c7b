/* vfs_file.h - one open file of the sealed VFS, and what its three sources share. Private to the
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
	bool written; /* this handle wrote: no recovery can be going on any more */
	bool held;    /* header of frame held_at waits for its page */
	uint32_t held_at;
	uint32_t next;   /* one above the last frame header written, or read whole in recovery */
	uint32_t synced; /* first frame not known to be on the disk */
	uint8_t salts[VFS_SALTS_BYTES];
	uint8_t header[WAL_FRAME_HEADER]; /* the held one */
};

struct vfs_file {
	sqlite3_file base; /* first: SQLite hands this back */
	struct vfs *vfs;
	sqlite3_file *lower;        /* in the same allocation, behind this struct */
	bool dead;                  /* a failed fsync is final */
	struct vfs_wal wal;         /* of a WAL only */
	uint8_t sealed[DISK_FRAME]; /* the one buffer: nothing is allocated a page */
};

extern const sqlite3_io_methods vfs_db_methods;
extern const sqlite3_io_methods vfs_wal_methods;

/** Sync the lower file; a failure makes the handle dead. */
int vfs_sync_lower(struct vfs_file *file, int flags);
/** Close the lower file and count the handle out of its VFS. */
int vfs_close_lower(struct vfs_file *file);
/** Is this VFS one of ours? */
bool vfs_is_sealed(const sqlite3_vfs *vfs);
/** The part of a connection that is ours, or NULL when it runs on another VFS. */
struct vfs_file *vfs_main_file(sqlite3 *db);

/* Frames of the WAL as pieces, for vfs_sums.c. A header is SQLite's 24 bytes; what does not open is
 * IOERR_DATA. Nothing may be held. */
int vfs_wal_header_read(struct vfs_file *file, uint8_t plain[static WAL_HEADER]);
int vfs_frame_header_read(
    struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], uint32_t k);
int vfs_frame_header_write(
    struct vfs_file *file, const uint8_t plain[static WAL_FRAME_HEADER], uint32_t k);
int vfs_frame_page_read(struct vfs_file *file, uint8_t page[static VFS_PAGE], uint32_t k);

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
