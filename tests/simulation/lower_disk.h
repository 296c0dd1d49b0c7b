/* lower_disk.h - a disk in memory, as an sqlite3_vfs to stand under the sealed one. It remembers
 * what was written since the last sync, so that a power cut can leave any mix of it behind. */
#ifndef SIMULATION_LOWER_DISK_H
#define SIMULATION_LOWER_DISK_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR 512

/** A small seeded generator (splitmix64): a run is repeated by its seed. */
struct rng {
	uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/** 0 to below - 1; below at least 1. */
uint32_t rng_below(struct rng *rng, uint32_t below);

enum disk_op { DISK_READ, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_SIZE, DISK_OPEN, DISK_DELETE };

struct disk;
/** Called with the call already pending, before it returns (a sync: before it takes effect). */
typedef void disk_hook(void *arg, struct disk *disk, enum disk_op op);

/** Make a disk and register it under this name, which must outlive it. */
struct disk *disk_new(const char *vfs_name);
void disk_free(struct disk *disk);
/** As new, capacity kept. No file may be open. */
void disk_clear(struct disk *disk);
/** Writes, truncations, syncs and deletions call the hook; NULL for none. */
void disk_watch(struct disk *disk, disk_hook *hook, void *arg);

/** Call number `call` from now (0 is the next) fails with rc, once. A write leaves part of itself,
 * a sync loses part of what was pending for good, as kernels do. -1 for none. */
void disk_fail(struct disk *disk, int call, int rc);
/** The call that failed, once it did. */
bool disk_failed(const struct disk *disk, enum disk_op *op);
/** A killed process: while frozen every call fails and changes nothing; what was written stays
 * pending. */
void disk_freeze(struct disk *disk, bool frozen);

bool disk_has(const struct disk *disk, const char *name);
/** Atomic for the living; not durable before disk_sync_folder. */
void disk_rename(struct disk *disk, const char *from, const char *to);
void disk_sync_folder(struct disk *disk);

/** What a cut leaves of the pending: each 512-byte sector, each size and each name by its own coin.
 */
struct disk_cut {
	struct rng *rng;
	unsigned keep_of_256; /* the chance of a piece to have arrived: 0 none, 256 all */
	bool tear;            /* one sector may be cut at any byte */
};
/** Make `to` the disk that `from` would be after a power cut now. */
void disk_cut(struct disk *to, const struct disk *from, const struct disk_cut *how);

/* From outside, for tests: without the hook, without a failure. The file must be there. */

/** Everything pending of the folder and of this file is on the disk for certain. */
void disk_settle(struct disk *disk, const char *name);
/** The whole file anew, settled; made when it is not there. */
void disk_put(struct disk *disk, const char *name, const uint8_t *bytes, size_t count);
/** As the living see it now. */
size_t disk_size(struct disk *disk, const char *name);
/** The living see only so many bytes of it; its room stays as it is. */
void disk_cut_short(struct disk *disk, const char *name, size_t count);
/** The bytes of a file, to be flipped; everything on the disk must be synced. NULL if there is
 * none. */
uint8_t *disk_bytes(struct disk *disk, const char *name, size_t *count);

#endif
