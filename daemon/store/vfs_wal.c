/* vfs_wal.c - the write-ahead log: each header and page sealed apart, so that all grow by 40 bytes
 * and offsets are translated. What is done with a frame is in vfs_frame.c. */
#include <string.h>

#include "store/vfs_file.h"

/* Which piece of the logical WAL a read or write is about. */
enum piece {
	PIECE_NONE,
	PIECE_HEADER,
	PIECE_HEADER_SUMS,
	PIECE_FRAME_HEADER,
	PIECE_FRAME_SUMS,
	PIECE_PAGE,
	PIECE_FRAME
};

static enum piece
piece_of(int bytes, sqlite3_int64 offset, uint32_t *k)
{
	static const struct {
		int bytes;
		int at;
		enum piece piece;
	} frame_pieces[] = {
	    {WAL_FRAME_HEADER, 0, PIECE_FRAME_HEADER},
	    {8, 16, PIECE_FRAME_SUMS},
	    {VFS_PAGE, WAL_FRAME_HEADER, PIECE_PAGE},
	    {WAL_FRAME, 0, PIECE_FRAME},
	};
	sqlite3_int64 frame = (offset - WAL_HEADER) / WAL_FRAME;
	int at = (int)((offset - WAL_HEADER) % WAL_FRAME);

	*k = 0;
	if (bytes == WAL_HEADER && offset == 0)
		return PIECE_HEADER;
	if (bytes == 8 && offset == 24)
		return PIECE_HEADER_SUMS;
	if (offset < WAL_HEADER || frame >= UINT32_MAX)
		return PIECE_NONE;
	*k = (uint32_t)frame;
	for (size_t i = 0; i < sizeof(frame_pieces) / sizeof(frame_pieces[0]); i++)
		if (frame_pieces[i].bytes == bytes && frame_pieces[i].at == at)
			return frame_pieces[i].piece;
	return PIECE_NONE;
}

struct vfs_binding
vfs_wal_binding(const struct vfs_file *file, enum vfs_kind kind, uint32_t k)
{
	return (struct vfs_binding){.kind = kind,
	    .file_id = file->vfs->file_id,
	    .salts = kind == VFS_KIND_WAL_HEADER ? NULL : file->wal.salts,
	    .n = k};
}

/* A header that does not open: an empty log if nothing can follow it, else damage. */
static int
wal_header_read(struct vfs_file *file, uint8_t plain[static WAL_HEADER])
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_WAL_HEADER, 0);
	sqlite3_int64 size = 0;
	int rc = vfs_lower_size(file, &size);

	memset(plain, 0, WAL_HEADER);
	if (rc == SQLITE_OK && size >= DISK_HEADER)
		rc = vfs_lower_read(file, file->sealed, DISK_HEADER, 0);
	if (rc != SQLITE_OK || size < DISK_HEADER)
		return rc;
	if (vfs_open_run(plain, file->sealed, WAL_HEADER, file->vfs->keys, &at) != 0) {
		memset(plain, 0, WAL_HEADER);
		return size >= DISK_HEADER + DISK_FRAME ? SQLITE_IOERR_DATA : SQLITE_OK;
	}
	memcpy(file->wal.salts, plain + WAL_SALTS_AT, VFS_SALTS_BYTES);
	file->wal.salts_known = true;
	return SQLITE_OK;
}

int
vfs_wal_header_read(struct vfs_file *file, uint8_t plain[static WAL_HEADER])
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_WAL_HEADER, 0);
	int rc = vfs_lower_read(file, file->sealed, DISK_HEADER, 0);

	if (rc == SQLITE_OK &&
	    vfs_open_run(plain, file->sealed, WAL_HEADER, file->vfs->keys, &at) != 0)
		rc = SQLITE_IOERR_DATA;
	return rc;
}

/* SQLite reads back the running checksum it goes on from. These bytes are our own, so they must
 * open. */
static int
header_sums_read(struct vfs_file *file, uint8_t *out)
{
	uint8_t plain[WAL_HEADER];
	int rc = vfs_wal_header_read(file, plain);

	if (rc == SQLITE_OK && VFS_RULE(VFS_RULE_SHORT_READ))
		memcpy(out, plain + 24, 8);
	return rc;
}

static int
wal_read(sqlite3_file *base, void *out, int bytes, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;
	uint32_t k;
	enum piece piece = piece_of(bytes, offset, &k);
	int rc;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	if (piece == PIECE_NONE || (piece != PIECE_HEADER && !file->wal.salts_known))
		return SQLITE_IOERR;
	if ((rc = vfs_wal_flush(file)) != SQLITE_OK)
		return rc;
	if (piece != PIECE_HEADER && piece != PIECE_HEADER_SUMS && vfs_frame_is_lost(file, k))
		return SQLITE_IOERR_READ;
	switch (piece) {
	case PIECE_HEADER:
		return wal_header_read(file, out);
	case PIECE_HEADER_SUMS:
		return header_sums_read(file, out);
	case PIECE_FRAME_SUMS:
		return vfs_sums_read(file, out, k);
	case PIECE_PAGE:
		return vfs_frame_page_read(file, out, k);
	case PIECE_FRAME:
		return vfs_frame_read(file, out, k);
	default:
		return SQLITE_IOERR;
	}
}

static int
truncate_to_zero(struct vfs_file *file)
{
	struct vfs_wal *wal = &file->wal;
	int rc;

	wal->held = false;
	wal->salts_known = false;
	wal->lost = false;
	wal->next = 0;
	wal->synced = 0;
	vfs_run_drop(file);
	rc = vfs_lower_truncate(file, 0);
	/* Without this sync a cut can leave the old length under a half-written new header, which
	 * must be called damage. */
	if (rc == SQLITE_OK && VFS_RULE(VFS_RULE_TRUNCATE_SYNC))
		rc = vfs_sync_lower(file, SQLITE_SYNC_FULL);
	wal->emptied = rc == SQLITE_OK;
	return rc;
}

/* Truncating what is empty changes nothing, so its sync can wait for the first header. */
static int
empty(struct vfs_file *file)
{
	sqlite3_int64 size = 0;
	int rc = vfs_lower_size(file, &size);

	if (rc != SQLITE_OK)
		return rc;
	return size == 0 && !file->wal.salts_known ? SQLITE_OK : truncate_to_zero(file);
}

/* A new log. Frames of an old one may stand below only until here, for the reason above. */
static int
header_write(struct vfs_file *file, const uint8_t *plain)
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_WAL_HEADER, 0);
	struct vfs_wal *wal = &file->wal;
	int rc = wal->emptied ? SQLITE_OK : truncate_to_zero(file);

	if (rc != SQLITE_OK)
		return rc;
	vfs_nonce(file, file->sealed);
	vfs_seal_run(file->sealed, plain, WAL_HEADER, file->vfs->keys, &at);
	wal->emptied = false;
	wal->salts_known = true;
	memcpy(wal->salts, plain + WAL_SALTS_AT, VFS_SALTS_BYTES);
	return vfs_lower_write(file, file->sealed, DISK_HEADER, 0);
}

static int
wal_write(sqlite3_file *base, const void *in, int bytes, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;
	uint32_t k;
	enum piece piece = piece_of(bytes, offset, &k);

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	file->wal.written = true;
	if (!file->run.unwritten)
		vfs_run_drop(file); /* what was read ahead may be old now */
	if (piece == PIECE_HEADER)
		return header_write(file, in);
	if (!file->wal.salts_known)
		return SQLITE_IOERR;
	if (piece == PIECE_FRAME_HEADER)
		return vfs_frame_hold(file, in, k);
	if (piece != PIECE_PAGE)
		return SQLITE_IOERR;
	return file->wal.held && file->wal.held_at == k ? vfs_frame_write(file, in, k)
	                                                : vfs_frame_page_write(file, in, k);
}

static int
wal_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct vfs_file *file = (struct vfs_file *)base;
	sqlite3_int64 frames = (size - WAL_HEADER) / WAL_FRAME;
	int rc;

	if (file->dead)
		return SQLITE_IOERR_FSYNC;
	file->wal.written = true;
	if (size == 0)
		return empty(file);
	if (size < WAL_HEADER || (size - WAL_HEADER) % WAL_FRAME != 0 || frames > UINT32_MAX)
		return SQLITE_IOERR;
	if ((rc = vfs_wal_flush(file)) != SQLITE_OK)
		return rc;
	vfs_run_drop(file);
	file->wal.next = (uint32_t)frames;
	file->wal.synced = 0;
	return vfs_lower_truncate(file, vfs_frame_at((uint32_t)frames));
}

static int
wal_sync(sqlite3_file *base, int flags)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = file->dead ? SQLITE_IOERR_FSYNC : vfs_wal_flush(file);

	if (rc == SQLITE_OK)
		rc = vfs_sync_lower(file, flags);
	if (rc == SQLITE_OK)
		file->wal.synced = file->wal.next;
	return rc;
}

static int
wal_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = file->dead ? SQLITE_IOERR_FSYNC : vfs_wal_flush(file);

	if (rc == SQLITE_OK)
		rc = vfs_lower_size(file, size);
	if (rc != SQLITE_OK)
		return rc;
	*size =
	    *size < DISK_HEADER ? 0 : WAL_HEADER + (*size - DISK_HEADER) / DISK_FRAME * WAL_FRAME;
	return SQLITE_OK;
}

static int
wal_close(sqlite3_file *base)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = file->dead ? SQLITE_OK : vfs_wal_flush(file);
	int closed;

	prim_wipe(&file->wal, sizeof(file->wal)); /* the held header has a checksum of plaintext */
	closed = vfs_close_lower(file);
	return rc == SQLITE_OK ? closed : rc;
}

const sqlite3_io_methods vfs_wal_methods = {
    .iVersion = 2,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
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
