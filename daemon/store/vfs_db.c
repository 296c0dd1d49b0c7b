/* vfs_db.c - the database file: every page sealed in its place, nonce and tag in the 40 reserved
 * bytes. */
#include <string.h>

#include "store/vfs_file.h"

#define NONCE_AT VFS_PAGE_PLAIN
#define TAG_AT (VFS_PAGE_PLAIN + PRIM_NONCE_BYTES)
#define HEADER_BYTES 100 /* of an SQLite file; all that is ever read of page 1 in part */

/* What a page 1 says to the reads at opening, which come before recovery: after a cut inside a
 * checkpoint it cannot be opened, while the WAL still holds the good page. Magic, 4096, versions
 * 2/2, 40 reserved, 64/32/32. */
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
	int rc = vfs_lower_size(file, &size);

	if (rc != SQLITE_OK)
		return rc;
	return offset == 0 && size == 0 ? SQLITE_IOERR_SHORT_READ : SQLITE_IOERR_DATA;
}

/* Whatever looks at the file, or changes more than pages of it, first writes what waits. */
static int
nothing_waits(struct vfs_file *file)
{
	return file->dead ? SQLITE_IOERR_FSYNC : vfs_run_write(file);
}

/* Of the header's constants: page size, versions, reserve. */
static bool
is_page1(const uint8_t *page)
{
	return memcmp(page + 16, constant_header + 16, 5) == 0;
}

static int
sealed_read(struct vfs_file *file, uint8_t *page, sqlite3_int64 offset)
{
	int rc = vfs_lower_read(file, page, VFS_PAGE, offset);

	return rc == SQLITE_IOERR_SHORT_READ ? short_page(file, offset) : rc;
}

/* Read a whole page to where SQLite wants it and open it there; zeros on every failure. */
static int
page_read(struct vfs_file *file, uint8_t *page, sqlite3_int64 offset)
{
	struct vfs_binding at = page_binding(file, offset);
	const uint8_t *sealed = vfs_run_read(file, at.n - 1);
	uint8_t ends[VFS_RESERVED];
	int rc = SQLITE_OK;

	if (sealed == NULL) {
		rc = sealed_read(file, page, offset);
		sealed = page;
	}
	memcpy(ends, sealed + NONCE_AT, sizeof(ends));
	if (rc == SQLITE_OK &&
	    vfs_open_page(page, sealed, ends + PRIM_NONCE_BYTES, ends, file->vfs->keys, &at) != 0)
		rc = SQLITE_IOERR_DATA;
	if (rc == SQLITE_OK)
		memset(page + NONCE_AT, 0, VFS_RESERVED);
	else
		memset(page, 0, VFS_PAGE);
	if (offset == 0)
		file->page1_good = rc == SQLITE_OK && is_page1(page);
	return rc;
}

/* The 100 bytes at opening: SQLite takes from them only what is constant, and asks before it
 * knows of the WAL. Page 1 is opened when it is read whole. */
static int
header_read(struct vfs_file *file, uint8_t *out)
{
	sqlite3_int64 size = 0;
	int rc = vfs_lower_size(file, &size);

	memset(out, 0, HEADER_BYTES);
	if (rc != SQLITE_OK || size == 0)
		return rc != SQLITE_OK ? rc : SQLITE_IOERR_SHORT_READ;
	memcpy(out, constant_header, HEADER_BYTES);
	return VFS_RULE(VFS_RULE_PAGE1) ? SQLITE_OK : page_read(file, file->sealed, 0);
}

/* The change counter and what follows it: zeros stand for any that is not known. */
static int
counter_read(struct vfs_file *file, uint8_t *out, int bytes, sqlite3_int64 offset)
{
	int rc = page_read(file, file->sealed, 0);

	memcpy(out, file->sealed + offset, (size_t)bytes);
	prim_wipe(file->sealed, VFS_PAGE);
	return rc == SQLITE_IOERR_DATA && VFS_RULE(VFS_RULE_PAGE1) ? SQLITE_OK : rc;
}

static int
db_read(sqlite3_file *base, void *out, int bytes, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = nothing_waits(file);

	if (rc != SQLITE_OK)
		return rc;
	if (is_page(bytes, offset))
		return page_read(file, out, offset);
	if (bytes == HEADER_BYTES && offset == 0)
		return header_read(file, out);
	if (bytes == 16 && offset == 24)
		return counter_read(file, out, bytes, offset);
	return SQLITE_IOERR;
}

static void
page_seal(struct vfs_file *file, uint8_t *sealed, const uint8_t *page, sqlite3_int64 offset)
{
	struct vfs_binding at = page_binding(file, offset);
	uint8_t nonce[PRIM_NONCE_BYTES];

	vfs_nonce(file, nonce);
	vfs_seal_page(sealed, sealed + TAG_AT, page, nonce, file->vfs->keys, &at);
	memcpy(sealed + NONCE_AT, nonce, sizeof(nonce));
}

/* While a checkpoint goes on, pages that are neighbours go out in one write: they come in order,
 * and the journal is truncated and synced before SQLite lets go of the WAL. */
static int
page_gather(struct vfs_file *file, const uint8_t *page, sqlite3_int64 offset)
{
	uint32_t i = (uint32_t)(offset / VFS_PAGE);
	int rc = vfs_run_takes(file, i) ? SQLITE_OK : vfs_run_write(file);
	uint8_t *slot = rc == SQLITE_OK ? vfs_run_slot(file, i) : NULL;

	if (slot != NULL) {
		page_seal(file, slot, page, offset);
		if (vfs_run_full(file))
			rc = vfs_run_write(file);
	} else if (rc == SQLITE_OK) {
		rc = SQLITE_NOMEM;
	}
	if (rc != SQLITE_OK)
		file->gathered = rc;
	return rc;
}

/* Nobody listens at the end of a checkpoint. What could not be written then is told to the
 * truncation that follows; the pages themselves are still in the WAL. */
static void
gather_end(struct vfs_file *file)
{
	if (file->gathers && file->gathered == SQLITE_OK && !file->dead)
		file->gathered = vfs_run_write(file);
	file->gathers = false;
	vfs_run_drop(file);
}

static int
page_write(struct vfs_file *file, const uint8_t *page, sqlite3_int64 offset)
{
	int rc = nothing_waits(file);

	if (rc != SQLITE_OK)
		return rc;
	vfs_run_drop(file); /* what was read ahead may be old now */
	page_seal(file, file->sealed, page, offset);
	return vfs_lower_write(file, file->sealed, VFS_PAGE, offset);
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
	/* A page 1 without this size and reserve cannot be sealed. */
	if (offset == 0 &&
	    (memcmp(page + 16, constant_header + 16, 2) != 0 || page[20] != VFS_RESERVED))
		return SQLITE_IOERR;
	if (offset == 0)
		file->page1_good = is_page1(page);
	return file->gathers ? page_gather(file, page, offset) : page_write(file, page, offset);
}

static int
db_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = nothing_waits(file);

	if (rc != SQLITE_OK || file->gathered != SQLITE_OK)
		return rc != SQLITE_OK ? rc : file->gathered;
	if (size < 0 || size % VFS_PAGE != 0)
		return SQLITE_IOERR;
	vfs_run_drop(file);
	return vfs_lower_truncate(file, size);
}

static int
db_sync(sqlite3_file *base, int flags)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = nothing_waits(file);

	if (rc == SQLITE_OK)
		rc = file->gathered;
	return rc == SQLITE_OK ? vfs_sync_lower(file, flags) : rc;
}

static int
db_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = nothing_waits(file);

	return rc == SQLITE_OK ? vfs_lower_size(file, size) : rc;
}

static int
db_control(sqlite3_file *base, int op, void *arg)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (op == SQLITE_FCNTL_CKPT_START) {
		file->gathers = true;
		file->gathered = SQLITE_OK;
	}
	if (op == SQLITE_FCNTL_CKPT_DONE)
		gather_end(file);
	return vfs_control(base, op, arg);
}

static int
db_close(sqlite3_file *base)
{
	struct vfs_file *file = (struct vfs_file *)base;

	gather_end(file);
	return vfs_close_lower(file);
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
    .xFileControl = db_control,
    .xSectorSize = vfs_sector_bytes,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};
