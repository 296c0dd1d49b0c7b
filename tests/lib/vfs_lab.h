/* vfs_lab.h - the sealed VFS over the simulated disk, at the level of its methods, for the tests of
 * unit/store/vfs*: one database, one log, and the bytes below them. */
#ifndef TESTS_VFS_LAB_H
#define TESTS_VFS_LAB_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../simulation/lower_disk.h"
#include "crypto/prim.h"
#include "pamoja/pmjvfs.h"
#include "store/vfs_file.h"

#define FRAME_AT(k) (32 + 4120 * (k)) /* as SQLite sees the log */
#define DISK_AT(k) (72 + 4208 * (k))  /* as it lies on the disk */
#define NAME "journal"
#define LOG "journal-wal"

extern struct disk *disk;
extern uint8_t dek[32], file_id[8];
extern uint8_t page_key[32], wal_key[32]; /* derived here once more */
extern uint8_t salts[8];

/* Of a group: the VFS "sealed" over a new disk. Of each test: an empty one. */
int vfs_lab_setup(void **state);
int vfs_lab_teardown(void **state);
int vfs_lab_fresh(void **state);

struct handle {
	sqlite3_filename name;
	sqlite3_file *file;
};

/* Result codes of SQLite, where a test may want a failure; open_db, open_wal and the log_ ones must
 * succeed. */
int handle_open(struct handle *h, const char *path, int flags);
void handle_shut(struct handle *h);
struct handle open_db(void);
struct handle open_wal(void);
int handle_put(struct handle *h, const void *bytes, int len, sqlite3_int64 at);
int handle_get(struct handle *h, void *bytes, int len, sqlite3_int64 at);
int handle_sync(struct handle *h);
sqlite3_int64 handle_size(struct handle *h);

/** The bytes of a file as they lie on the disk; count may be NULL. */
uint8_t *raw(const char *name, size_t *count);
bool is_all(const uint8_t *bytes, size_t count, uint8_t value);
/** A page 1 that has page size and reserve as they must be, and else this byte. */
void page_1(uint8_t page[static 4096], uint8_t fill);

/* The log: its header, and frame k, the last of a transaction, written or looked at. */
void log_header(struct handle *wal);
void log_frame(struct handle *wal, int k);
void expect_frame(struct handle *wal, int k);
/** No frame k: the log ends before it. */
void expect_end(struct handle *wal, int k);
void expect_damage(struct handle *wal, int k);

#endif
