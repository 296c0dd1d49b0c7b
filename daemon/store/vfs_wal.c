/* vfs_wal.c - the write-ahead log: each header and page sealed apart, so that all grow by 40 bytes
 * and offsets are translated. A frame header waits for its page and both go out in one write. */
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

static sqlite3_int64
disk_frame_at(uint32_t k)
{
	return DISK_HEADER + (sqlite3_int64)k * DISK_FRAME;
}

static struct vfs_binding
binding(const struct vfs_file *file, enum vfs_kind kind, uint32_t k)
{
	return (struct vfs_binding){.kind = kind,
	    .file_id = file->vfs->file_id,
	    .salts = kind == VFS_KIND_WAL_HEADER ? NULL : file->wal.salts,
	    .n = k};
}

static int
lower_read(struct vfs_file *file, uint8_t *out, int bytes, sqlite3_int64 offset)
{
	return file->lower->pMethods->xRead(file->lower, out, bytes, offset);
}

static int
lower_write(struct vfs_file *file, const uint8_t *in, int bytes, sqlite3_int64 offset)
{
	return file->lower->pMethods->xWrite(file->lower, in, bytes, offset);
}

static void
put_le32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t
get_le32(const uint8_t *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	       (uint32_t)in[3] << 24;
}

/* A frame header sealed into run; its nonce is already there. */
static void
seal_frame_header(struct vfs_file *file, uint8_t *run, const uint8_t *header, uint32_t k)
{
	struct vfs_binding at = binding(file, VFS_KIND_FRAME_HEADER, k);
	uint8_t plain[FRAME_HEADER_PLAIN] = {0};

	memcpy(plain, header, WAL_FRAME_HEADER);
	put_le32(plain + WAL_FRAME_HEADER, file->wal.synced);
	vfs_seal_run(run, plain, sizeof(plain), file->vfs->keys, &at);
}

int
vfs_frame_header_write(
    struct vfs_file *file, const uint8_t plain[static WAL_FRAME_HEADER], uint32_t k)
{
	prim_random(file->sealed, PRIM_NONCE_BYTES);
	seal_frame_header(file, file->sealed, plain, k);
	return lower_write(file, file->sealed, DISK_FRAME_HEADER, disk_frame_at(k));
}

/* Write a held header that got no page of its own: SQLite only put its checksum right. */
static int
flush(struct vfs_file *file)
{
	if (!file->wal.held || !VFS_RULE(VFS_RULE_FLUSH))
		return SQLITE_OK;
	file->wal.held = false;
	return vfs_frame_header_write(file, file->wal.header, file->wal.held_at);
}

static int
open_frame_header(
    struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], const uint8_t *run, uint32_t k)
{
	struct vfs_binding at = binding(file, VFS_KIND_FRAME_HEADER, k);

	return vfs_open_run(plain, run, FRAME_HEADER_PLAIN, file->vfs->keys, &at);
}

static int
open_frame_page(struct vfs_file *file, uint8_t *page, const uint8_t *run, uint32_t k)
{
	struct vfs_binding at = binding(file, VFS_KIND_FRAME_PAGE, k);

	return vfs_open_run(page, run, VFS_PAGE, file->vfs->keys, &at);
}

/* A header that does not open: an empty log if nothing can follow it, else damage. */
static int
header_read(struct vfs_file *file, uint8_t plain[static WAL_HEADER])
{
	struct vfs_binding at = binding(file, VFS_KIND_WAL_HEADER, 0);
	sqlite3_int64 size = 0;
	int rc = file->lower->pMethods->xFileSize(file->lower, &size);

	memset(plain, 0, WAL_HEADER);
	if (rc == SQLITE_OK && size >= DISK_HEADER)
		rc = lower_read(file, file->sealed, DISK_HEADER, 0);
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
	struct vfs_binding at = binding(file, VFS_KIND_WAL_HEADER, 0);
	int rc = lower_read(file, file->sealed, DISK_HEADER, 0);

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

int
vfs_frame_header_read(struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], uint32_t k)
{
	int rc = lower_read(file, file->sealed, DISK_FRAME_HEADER, disk_frame_at(k));

	if (rc == SQLITE_OK && open_frame_header(file, plain, file->sealed, k) != 0)
		rc = SQLITE_IOERR_DATA;
	return rc;
}

int
vfs_frame_page_read(struct vfs_file *file, uint8_t page[static VFS_PAGE], uint32_t k)
{
	int rc =
	    lower_read(file, file->sealed, DISK_FRAME_PAGE, disk_frame_at(k) + DISK_FRAME_HEADER);

	if (rc == SQLITE_IOERR_SHORT_READ ||
	    (rc == SQLITE_OK && open_frame_page(file, page, file->sealed, k) != 0))
		rc = SQLITE_IOERR_DATA;
	if (rc != SQLITE_OK)
		memset(page, 0, VFS_PAGE);
	return rc;
}

/* Frame k does not open. Torn tail or damage? If any later header was written when k was known to
 * be on the disk, k had been durable: damage. Else the log ends here, which zeros say. */
static int
bad_frame(struct vfs_file *file, uint32_t k)
{
	uint8_t plain[FRAME_HEADER_PLAIN];
	sqlite3_int64 size = 0;
	int rc = file->lower->pMethods->xFileSize(file->lower, &size);

	if (!VFS_RULE(VFS_RULE_TORN_TAIL) || file->wal.written)
		return SQLITE_IOERR_DATA;
	if (!VFS_RULE(VFS_RULE_SYNCED))
		return SQLITE_OK;
	for (uint32_t later = k + 1; rc == SQLITE_OK; later++) {
		if (disk_frame_at(later) + DISK_FRAME_HEADER > size)
			return SQLITE_OK;
		rc = lower_read(file, file->sealed, DISK_FRAME_HEADER, disk_frame_at(later));
		if (rc == SQLITE_OK && open_frame_header(file, plain, file->sealed, later) == 0 &&
		    get_le32(plain + WAL_FRAME_HEADER) > k)
			return SQLITE_IOERR_DATA;
	}
	return rc;
}

/* Header and page at once: recovery, or a checksum being put right in this transaction's own
 * frames. */
static int
frame_read(struct vfs_file *file, uint8_t *out, uint32_t k)
{
	uint8_t plain[FRAME_HEADER_PLAIN];
	int rc = lower_read(file, file->sealed, DISK_FRAME, disk_frame_at(k));

	if (rc != SQLITE_OK) {
		memset(out, 0, WAL_FRAME);
		return rc;
	}
	if (open_frame_header(file, plain, file->sealed, k) != 0 ||
	    open_frame_page(file, out + WAL_FRAME_HEADER, file->sealed + DISK_FRAME_HEADER, k) !=
	        0) {
		memset(out, 0, WAL_FRAME);
		return bad_frame(file, k);
	}
	memcpy(out, plain, WAL_FRAME_HEADER);
	if (!file->wal.written)
		file->wal.next = k + 1;
	return SQLITE_OK;
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
	if ((rc = flush(file)) != SQLITE_OK)
		return rc;
	switch (piece) {
	case PIECE_HEADER:
		return header_read(file, out);
	case PIECE_HEADER_SUMS:
		return header_sums_read(file, out);
	case PIECE_FRAME_SUMS:
		return vfs_sums_read(file, out, k);
	case PIECE_PAGE:
		return vfs_frame_page_read(file, out, k);
	case PIECE_FRAME:
		return frame_read(file, out, k);
	default:
		return SQLITE_IOERR;
	}
}

static int
truncate_to_zero(struct vfs_file *file)
{
	int rc;

	file->wal.held = false;
	file->wal.salts_known = false;
	file->wal.next = 0;
	file->wal.synced = 0;
	rc = file->lower->pMethods->xTruncate(file->lower, 0);
	/* Without this sync a cut can leave the old length under a half-written new header, which
	 * must be called damage. */
	if (rc == SQLITE_OK && VFS_RULE(VFS_RULE_TRUNCATE_SYNC))
		rc = vfs_sync_lower(file, SQLITE_SYNC_FULL);
	return rc;
}

/* A new log. Frames of an old one may stand below only until here, for the reason above. */
static int
header_write(struct vfs_file *file, const uint8_t *plain)
{
	struct vfs_binding at = binding(file, VFS_KIND_WAL_HEADER, 0);
	sqlite3_int64 size = 0;
	int rc = file->lower->pMethods->xFileSize(file->lower, &size);

	if (rc == SQLITE_OK && (size > 0 || file->wal.held))
		rc = truncate_to_zero(file);
	if (rc != SQLITE_OK)
		return rc;
	prim_random(file->sealed, PRIM_NONCE_BYTES);
	vfs_seal_run(file->sealed, plain, WAL_HEADER, file->vfs->keys, &at);
	file->wal.next = 0;
	file->wal.synced = 0;
	file->wal.salts_known = true;
	memcpy(file->wal.salts, plain + WAL_SALTS_AT, VFS_SALTS_BYTES);
	return lower_write(file, file->sealed, DISK_HEADER, 0);
}

/* Hold it: its page comes next, and the two are neighbours on the disk. */
static int
frame_header_write(struct vfs_file *file, const uint8_t *plain, uint32_t k)
{
	struct vfs_wal *wal = &file->wal;
	int rc = wal->held && wal->held_at == k ? SQLITE_OK : flush(file);

	if (rc != SQLITE_OK)
		return rc;
	memcpy(wal->header, plain, sizeof(wal->header));
	wal->held = true;
	wal->held_at = k;
	wal->next = k + 1;
	if (k < wal->synced)
		wal->synced = k;
	return SQLITE_OK;
}

static int
frame_page_write(struct vfs_file *file, const uint8_t *page, uint32_t k)
{
	struct vfs_binding at = binding(file, VFS_KIND_FRAME_PAGE, k);
	uint8_t *run = file->sealed + DISK_FRAME_HEADER;
	uint8_t nonces[2 * PRIM_NONCE_BYTES];
	int rc;

	if (!file->wal.held || file->wal.held_at != k) {
		if ((rc = flush(file)) != SQLITE_OK)
			return rc;
		prim_random(run, PRIM_NONCE_BYTES);
		vfs_seal_run(run, page, VFS_PAGE, file->vfs->keys, &at);
		return lower_write(
		    file, run, DISK_FRAME_PAGE, disk_frame_at(k) + DISK_FRAME_HEADER);
	}
	prim_random(nonces, sizeof(nonces));
	memcpy(file->sealed, nonces, PRIM_NONCE_BYTES);
	memcpy(run, nonces + PRIM_NONCE_BYTES, PRIM_NONCE_BYTES);
	seal_frame_header(file, file->sealed, file->wal.header, k);
	file->wal.held = false;
	vfs_seal_run(run, page, VFS_PAGE, file->vfs->keys, &at);
	return lower_write(file, file->sealed, DISK_FRAME, disk_frame_at(k));
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
	if (piece == PIECE_HEADER)
		return header_write(file, in);
	if (!file->wal.salts_known)
		return SQLITE_IOERR;
	if (piece == PIECE_FRAME_HEADER)
		return frame_header_write(file, in, k);
	if (piece == PIECE_PAGE)
		return frame_page_write(file, in, k);
	return SQLITE_IOERR;
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
		return truncate_to_zero(file);
	if (size < WAL_HEADER || (size - WAL_HEADER) % WAL_FRAME != 0 || frames > UINT32_MAX)
		return SQLITE_IOERR;
	if ((rc = flush(file)) != SQLITE_OK)
		return rc;
	file->wal.next = (uint32_t)frames;
	file->wal.synced = 0;
	return file->lower->pMethods->xTruncate(file->lower, disk_frame_at((uint32_t)frames));
}

static int
wal_sync(sqlite3_file *base, int flags)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int rc = file->dead ? SQLITE_IOERR_FSYNC : flush(file);

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
	int rc = file->dead ? SQLITE_IOERR_FSYNC : flush(file);

	if (rc == SQLITE_OK)
		rc = file->lower->pMethods->xFileSize(file->lower, size);
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
	int rc = file->dead ? SQLITE_OK : flush(file);
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
