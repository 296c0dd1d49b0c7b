/* vfs_lab.c - handles, pages and frames for the tests of the sealed VFS. */
#include "vfs_lab.h"

struct disk *disk;
uint8_t dek[32], file_id[8];
uint8_t page_key[32], wal_key[32];
uint8_t salts[8] = {'s', 'a', 'l', 't', '1', '2', '3', '4'};

int
vfs_lab_setup(void **state)
{
	(void)state;
	memset(dek, 8, sizeof(dek));
	memset(file_id, 9, sizeof(file_id));
	disk = disk_new("disk");
	if (pmjvfs_register("sealed", "disk", dek, file_id) != SQLITE_OK)
		return -1;
	prim_kdf(page_key, 32, "pmj vfs page v1", dek, PRIM_PARTS({file_id, 8}));
	prim_kdf(wal_key, 32, "pmj vfs wal v1", dek, PRIM_PARTS({file_id, 8}));
	return 0;
}

int
vfs_lab_teardown(void **state)
{
	(void)state;
	if (pmjvfs_unregister("sealed") != SQLITE_OK)
		return -1;
	disk_free(disk);
	return 0;
}

int
vfs_lab_fresh(void **state)
{
	(void)state;
	disk_clear(disk);
	disk_watch(disk, NULL, NULL);
	return 0;
}

int
handle_open(struct handle *h, const char *path, int flags)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("sealed");
	const char *nolock[] = {"nolock", "1"};

	h->file = sqlite3_malloc(vfs->szOsFile);
	h->file->pMethods = NULL;
	h->name = strcmp(path, "nolock") == 0 ? sqlite3_create_filename(NAME, "", "", 1, nolock)
	                                      : sqlite3_create_filename(path, "", "", 0, NULL);
	return vfs->xOpen(vfs, h->name, h->file, flags | SQLITE_OPEN_READWRITE, NULL);
}

void
handle_shut(struct handle *h)
{
	if (h->file->pMethods != NULL)
		assert_int_equal(h->file->pMethods->xClose(h->file), SQLITE_OK);
	sqlite3_free(h->file);
	sqlite3_free_filename(h->name);
}

struct handle
open_db(void)
{
	struct handle h;

	assert_int_equal(
	    handle_open(&h, NAME, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_CREATE), SQLITE_OK);
	return h;
}

struct handle
open_wal(void)
{
	struct handle h;

	assert_int_equal(handle_open(&h, LOG, SQLITE_OPEN_WAL | SQLITE_OPEN_CREATE), SQLITE_OK);
	return h;
}

int
handle_put(struct handle *h, const void *bytes, int len, sqlite3_int64 at)
{
	return h->file->pMethods->xWrite(h->file, bytes, len, at);
}

int
handle_get(struct handle *h, void *bytes, int len, sqlite3_int64 at)
{
	memset(bytes, 0xee, (size_t)len);
	return h->file->pMethods->xRead(h->file, bytes, len, at);
}

int
handle_sync(struct handle *h)
{
	return h->file->pMethods->xSync(h->file, SQLITE_SYNC_NORMAL);
}

sqlite3_int64
handle_size(struct handle *h)
{
	sqlite3_int64 size = -1;

	assert_int_equal(h->file->pMethods->xFileSize(h->file, &size), SQLITE_OK);
	return size;
}

/* The bytes on the disk. */
uint8_t *
raw(const char *name, size_t *count)
{
	size_t ignored;

	assert_true(disk_has(disk, name));
	disk_settle(disk, name);
	return disk_bytes(disk, name, count != NULL ? count : &ignored);
}

bool
is_all(const uint8_t *bytes, size_t count, uint8_t value)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

void
page_1(uint8_t page[static 4096], uint8_t fill)
{
	static const uint8_t head[24] = "SQLite format 3\0\x10\x00\x02\x02\x28\x40\x20\x20";

	memset(page, fill, 4096);
	memcpy(page, head, sizeof(head));
}

void
log_header(struct handle *wal)
{
	uint8_t header[32];

	memset(header, 'h', sizeof(header));
	memcpy(header + 16, salts, 8);
	assert_int_equal(handle_put(wal, header, 32, 0), SQLITE_OK);
}

/* Header filled with 'a' + k, page with 'A' + k. */
void
log_frame(struct handle *wal, int k)
{
	uint8_t header[24];
	uint8_t page[4096];

	memset(header, 'a' + k, sizeof(header));
	memset(page, 'A' + k, sizeof(page));
	assert_int_equal(handle_put(wal, header, 24, FRAME_AT(k)), SQLITE_OK);
	assert_int_equal(handle_put(wal, page, 4096, FRAME_AT(k) + 24), SQLITE_OK);
}

void
expect_frame(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(handle_get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
	assert_true(is_all(frame, 24, (uint8_t)('a' + k)));
	assert_true(is_all(frame + 24, 4096, (uint8_t)('A' + k)));
}

void
expect_end(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(handle_get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
	assert_true(is_all(frame, sizeof(frame), 0));
}

void
expect_damage(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(handle_get(wal, frame, 4120, FRAME_AT(k)), SQLITE_IOERR_DATA);
	assert_true(is_all(frame, sizeof(frame), 0));
}
