/* vfs_db.c - the database file: every page sealed in its place, nonce and tag in the 40 reserved
 * bytes. */
#include <string.h>

#include "store/vfs_file.h"

#define NONCE_AT VFS_PAGE_PLAIN
#define TAG_AT (VFS_PAGE_PLAIN + PRIM_NONCE_BYTES)
#define HEADER_BYTES 100 /* of an SQLite file; all that is ever read of page 1 in part */

/* What a page 1 that cannot be read says to the reads at opening, which come before recovery: after
 * a cut inside a checkpoint the WAL still holds the good page. Magic, 4096, versions 2/2, 40
 * reserved, 64/32/32. */
static const uint8_t constant_header[HEADER_BYTES] =
    "SQLite format 3\0\x10\x00\x02\x02\x28\x40\x20\x20";

static struct vfs_binding
page_binding(const struct vfs_file *file, sqlite3_int64 offset)
{
	return (struct vfs_binding){.kind = VFS_KIND_PAGE,
	    .file_id = file->vfs->file_id,
	    .n = (uint32_t)(offset / VFS_PAGE + 1)};
}

static bool
is_page(int bytes, sqlite3_int64 offset)
{
	return bytes == VFS_PAGE && offset >= 0 && offset % VFS_PAGE == 0 &&
	       offset / VFS_PAGE < UINT32_MAX;
}

/* Nothing that SQLite asks for lies past the end of a journal that is whole: every page of it was
 * written, secure_delete sees to that. So only an empty file has an end; else a piece was cut off,
 * which zeros would hide while the WAL still tells the old length. */
static int
short_page(struct vfs_file *file, sqlite3_int64 offset)
{
	sqlite3_int64 size = 0;
	int rc = file->lower->pMethods->xFileSize(file->lower, &size);

	if (rc != SQLITE_OK)
		return rc;
	return offset == 0 && size == 0 ? SQLITE_IOERR_SHORT_READ : SQLITE_IOERR_DATA;
}

/* Read a whole page and open it where it lies; zeros on every failure. */
static int
page_read(struct vfs_file *file, uint8_t *page, sqlite3_int64 offset)
{
	struct vfs_binding at = page_binding(file, offset);
	uint8_t ends[VFS_RESERVED];
	int rc = file->lower->pMethods->xRead(file->lower, page, VFS_PAGE, offset);

	if (rc == SQLITE_IOERR_SHORT_READ)
		rc = short_page(file, offset);
	if (rc != SQLITE_OK) {
		memset(page, 0, VFS_PAGE);
		return rc;
	}
	memcpy(ends, page + NONCE_AT, sizeof(ends));
	memset(page + NONCE_AT, 0, sizeof(ends));
	if (vfs_open_sealed(page, page, VFS_PAGE_PLAIN, ends + PRIM_NONCE_BYTES, ends,
	        file->vfs->keys, &at) != 0) {
		memset(page, 0, VFS_PAGE);
		return SQLITE_IOERR_DATA;
	}
	return SQLITE_OK;
}

static int
header_read(struct vfs_file *file, uint8_t *out, int bytes, sqlite3_int64 offset)
{
	int rc = page_read(file, file->sealed, 0);

	if (rc == SQLITE_IOERR_DATA && VFS_RULE(VFS_RULE_PAGE1)) {
		memcpy(out, constant_header + offset, (size_t)bytes);
		return SQLITE_OK;
	}
	memcpy(out, file->sealed + offset, (size_t)bytes);
	prim_wipe(file->sealed, VFS_PAGE);
	return rc;
}

static int
db_read(sqlite3_file *base, void *out, int bytes, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	if (is_page(bytes, offset))
		return page_read(file, out, offset);
	if ((bytes == HEADER_BYTES && offset == 0) || (bytes == 16 && offset == 24))
		return header_read(file, out, bytes, offset);
	return SQLITE_IOERR;
}

static int
page_write(struct vfs_file *file, const uint8_t *page, sqlite3_int64 offset)
{
	struct vfs_binding at = page_binding(file, offset);
	uint8_t *sealed = file->sealed;

	prim_random(sealed + NONCE_AT, PRIM_NONCE_BYTES);
	vfs_seal(
	    sealed, sealed + TAG_AT, page, VFS_PAGE_PLAIN, sealed + NONCE_AT, file->vfs->keys, &at);
	return file->lower->pMethods->xWrite(file->lower, sealed, VFS_PAGE, offset);
}

static int
db_write(sqlite3_file *base, const void *in, int bytes, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;
	const uint8_t *page = in;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	if (!is_page(bytes, offset))
		return SQLITE_IOERR;
	/* Of the header's constants only page size and reserve matter: a file without them cannot
	 * be sealed. */
	if (offset == 0 &&
	    (memcmp(page + 16, constant_header + 16, 2) != 0 || page[20] != VFS_RESERVED))
		return SQLITE_IOERR;
	return page_write(file, page, offset);
}

static int
db_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	if (size < 0 || size % VFS_PAGE != 0)
		return SQLITE_IOERR;
	return file->lower->pMethods->xTruncate(file->lower, size);
}

static int
db_sync(sqlite3_file *base, int flags)
{
	return vfs_sync_lower((struct vfs_file *)base, flags);
}

static int
db_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	return file->lower->pMethods->xFileSize(file->lower, size);
}

static int
db_close(sqlite3_file *base)
{
	return vfs_close_lower((struct vfs_file *)base);
}

const sqlite3_io_methods vfs_db_methods = {
    .iVersion = 2,
    .xClose = db_close,
    .xRead = db_read,
    .xWrite = db_write,
    .xTruncate = db_truncate,
    .xSync = db_sync,
    .xFileSize = db_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector_bytes,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};
