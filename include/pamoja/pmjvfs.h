/* pmjvfs.h - the sealed SQLite VFS as a unit of its own: link libpmjvfs, call pmjvfs_register, open the
 * database with sqlite3_open_v2(path, &db, flags, NAME), then pmjvfs_prepare(db). */
#ifndef PAMOJA_PMJVFS_H
#define PAMOJA_PMJVFS_H
#include <stdint.h>

struct sqlite3;

#define PMJVFS_KEY_BYTES 32
#define PMJVFS_FILE_ID_BYTES 8
#define PMJVFS_PAGE_BYTES 4096
#define PMJVFS_RESERVED_BYTES 40

/**
 * Register a VFS of this name over the lower VFS (NULL: SQLite's default at this moment).
 *
 * key      the journal's DEK; copied into guarded memory, page and WAL key are derived from it.
 * file_id  binds every page to this file.
 * Returns  an SQLite result code. Registering a name again replaces key and file id, when no file is open.
 * Source   the format specification, section 6.
 */
int pmjvfs_register(const char *name, const char *lower, const uint8_t key[PMJVFS_KEY_BYTES],
                    const uint8_t file_id[PMJVFS_FILE_ID_BYTES]);
/** Take the VFS away and wipe its keys. SQLITE_BUSY while a file is open. */
int pmjvfs_unregister(const char *name);
/**
 * Set a fresh connection up as section 6.1 asks, in its order, each step checked: page size, reserve,
 * exclusive locking, WAL and the rest. A new (empty) file gets one table so that page 1 exists.
 * The caller has opened a new database under a temporary name, and renames it after closing.
 */
int pmjvfs_prepare(struct sqlite3 *db);
/** wal_checkpoint(TRUNCATE); SQLITE_OK only when the WAL is empty after it. */
int pmjvfs_checkpoint(struct sqlite3 *db);

#endif
