/* pmjvfs.h - the sealed SQLite VFS as a unit of its own: link libpmjvfs, call pmjvfs_register, open
 * the database with sqlite3_open_v2(path, &db, flags, NAME), then pmjvfs_prepare(db). */
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
 * Registering a name again replaces key and file id, when no file is open; `lower` then stays what
 * it was.
 *
 * name     copied. It does not become the default.
 * key      the journal's DEK. Page and WAL key are derived from it into guarded memory; it is not
 *          kept.
 * file_id  binds every page to this file.
 * Returns  an SQLite result code: BUSY while a file is open under this name, MISUSE when the name
 *          is another VFS's, ERROR when there is no such lower VFS or it is one of these.
 * Aborts   when libsodium cannot start.
 * Source   the format specification, section 6.
 */
int pmjvfs_register(const char *name, const char *lower, const uint8_t key[PMJVFS_KEY_BYTES],
    const uint8_t file_id[PMJVFS_FILE_ID_BYTES]);
/** Take the VFS away and wipe its keys. SQLITE_BUSY while a file is open, NOTFOUND if there is
 * none. */
int pmjvfs_unregister(const char *name);
/**
 * Set a fresh connection up as section 6.1 asks, in its order, each step checked: page size,
 * reserve, exclusive locking, WAL and the rest. A new (empty) file gets one table so that page 1
 * exists. What a WAL of an earlier run holds is recovered and checkpointed.
 *
 * The caller opens a new database with SQLITE_OPEN_CREATE under a temporary name, closes it,
 * renames it and syncs the folder; an existing one without CREATE (an emptied file is then refused,
 * not taken for new).
 *
 * Errors   IOERR_DATA: damage, or the wrong key or file id. MISUSE: the connection runs on another
 * VFS. Close the connection after any error. After a later IOERR_FSYNC the connection is of no more
 * use either: close, open and prepare again, and look what is there.
 */
int pmjvfs_prepare(struct sqlite3 *db);
/**
 * wal_checkpoint(TRUNCATE); SQLITE_OK only when the WAL is empty after it. Due every 1,000 frames,
 * and before closing. LOCKED inside a transaction or while a statement reads.
 */
int pmjvfs_checkpoint(struct sqlite3 *db);
/**
 * Rekey (section 6.7): checkpoint, then copy page by page into a new file under another registered
 * name, that is another key and file id, and sync it. The old file stays as it is.
 *
 * db       prepared, outside any transaction.
 * to_path  must not exist. After an error the caller removes what there is of it.
 * to_vfs   a name of pmjvfs_register.
 * Then     the caller syncs the folder, rewrites its key file, and overwrites and removes the old
 *          journal.
 */
int pmjvfs_copy(struct sqlite3 *db, const char *to_path, const char *to_vfs);
/**
 * The same, some pages at a time; then all are read back and compared. Nothing may be written
 * through db from the beginning to the end. done: the copy is whole, the same and on the disk.
 * Always ended.
 */
struct pmjvfs_copying;
int pmjvfs_copy_begin(
    struct pmjvfs_copying **out, struct sqlite3 *db, const char *to_path, const char *to_vfs);
int pmjvfs_copy_some(struct pmjvfs_copying *copying, int pages, int *done);
void pmjvfs_copy_end(struct pmjvfs_copying *copying);

#endif
