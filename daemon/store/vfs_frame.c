/* vfs_frame.c - frames of the WAL: a header waits for its page, a frame for its neighbours, and a
 * frame that does not open is a torn tail or damage. */
#include <string.h>

#include "store/vfs_file.h"

sqlite3_int64
vfs_frame_at(uint32_t k)
{
	return DISK_HEADER + (sqlite3_int64)k * DISK_FRAME;
}

static void
frame_put_le32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t
frame_get_le32(const uint8_t *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	       (uint32_t)in[3] << 24;
}

static void
seal_frame_header(struct vfs_file *file, uint8_t *run, const uint8_t *header, uint32_t k)
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_FRAME_HEADER, k);
	uint8_t plain[FRAME_HEADER_PLAIN] = {0};

	memcpy(plain, header, WAL_FRAME_HEADER);
	frame_put_le32(plain + WAL_FRAME_HEADER, file->wal.synced);
	vfs_nonce(file, run);
	vfs_seal_run(run, plain, sizeof(plain), file->vfs->keys, &at);
}

static void
seal_frame_page(struct vfs_file *file, uint8_t *run, const uint8_t *page, uint32_t k)
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_FRAME_PAGE, k);

	vfs_nonce(file, run);
	vfs_seal_run(run, page, VFS_PAGE, file->vfs->keys, &at);
}

/* Frames that waited and could not be written are gone, though SQLite was told that they are there.
 * Nothing may be read from there on or written behind them, until SQLite comes back to the first of
 * them or below: it has undone the transaction. */
static int
write_waiting(struct vfs_file *file)
{
	struct vfs_wal *wal = &file->wal;
	uint32_t at = file->run.at;
	int rc = vfs_run_write(file);

	if (rc == SQLITE_OK)
		return rc;
	vfs_run_drop(file);
	if (!wal->lost || at < wal->lost_at)
		wal->lost_at = at;
	wal->lost = true;
	if (wal->next > at)
		wal->next = at;
	if (wal->synced > at)
		wal->synced = at;
	return rc;
}

bool
vfs_frame_is_lost(const struct vfs_file *file, uint32_t k)
{
	return file->wal.lost && k >= file->wal.lost_at;
}

int
vfs_frame_header_write(
    struct vfs_file *file, const uint8_t plain[static WAL_FRAME_HEADER], uint32_t k)
{
	uint8_t *waiting = vfs_run_waiting(file, k);

	if (vfs_frame_is_lost(file, k))
		return SQLITE_IOERR_WRITE;
	seal_frame_header(file, waiting != NULL ? waiting : file->sealed, plain, k);
	if (waiting != NULL)
		return SQLITE_OK;
	return vfs_lower_write(file, file->sealed, DISK_FRAME_HEADER, vfs_frame_at(k));
}

/* Write a held header that got no page of its own: SQLite only put its checksum right. */
static int
flush_header(struct vfs_file *file)
{
	if (!file->wal.held)
		return SQLITE_OK;
	file->wal.held = false;
	return vfs_frame_header_write(file, file->wal.header, file->wal.held_at);
}

int
vfs_wal_flush(struct vfs_file *file)
{
	int rc = VFS_RULE(VFS_RULE_FLUSH) ? flush_header(file) : SQLITE_OK;

	return rc == SQLITE_OK ? write_waiting(file) : rc;
}

static int
open_frame_header(
    struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], const uint8_t *run, uint32_t k)
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_FRAME_HEADER, k);

	return vfs_open_run(plain, run, FRAME_HEADER_PLAIN, file->vfs->keys, &at);
}

static int
open_frame_page(struct vfs_file *file, uint8_t *page, const uint8_t *run, uint32_t k)
{
	struct vfs_binding at = vfs_wal_binding(file, VFS_KIND_FRAME_PAGE, k);

	return vfs_open_run(page, run, VFS_PAGE, file->vfs->keys, &at);
}

int
vfs_frame_header_read(struct vfs_file *file, uint8_t plain[static FRAME_HEADER_PLAIN], uint32_t k)
{
	int rc = vfs_lower_read(file, file->sealed, DISK_FRAME_HEADER, vfs_frame_at(k));

	if (rc == SQLITE_OK && open_frame_header(file, plain, file->sealed, k) != 0)
		rc = SQLITE_IOERR_DATA;
	return rc;
}

int
vfs_frame_page_read(struct vfs_file *file, uint8_t page[static VFS_PAGE], uint32_t k)
{
	const uint8_t *frame = vfs_run_read(file, k);
	const uint8_t *sealed = frame != NULL ? frame + DISK_FRAME_HEADER : file->sealed;
	int rc = SQLITE_OK;

	if (frame == NULL)
		rc = vfs_lower_read(
		    file, file->sealed, DISK_FRAME_PAGE, vfs_frame_at(k) + DISK_FRAME_HEADER);
	if (rc == SQLITE_IOERR_SHORT_READ ||
	    (rc == SQLITE_OK && open_frame_page(file, page, sealed, k) != 0))
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
	int rc = vfs_lower_size(file, &size);

	if (!VFS_RULE(VFS_RULE_TORN_TAIL) || file->wal.written)
		return SQLITE_IOERR_DATA;
	if (!VFS_RULE(VFS_RULE_SYNCED))
		return SQLITE_OK;
	for (uint32_t later = k + 1; rc == SQLITE_OK; later++) {
		if (vfs_frame_at(later) + DISK_FRAME_HEADER > size)
			return SQLITE_OK;
		rc = vfs_lower_read(file, file->sealed, DISK_FRAME_HEADER, vfs_frame_at(later));
		if (rc == SQLITE_OK && open_frame_header(file, plain, file->sealed, later) == 0 &&
		    frame_get_le32(plain + WAL_FRAME_HEADER) > k)
			return SQLITE_IOERR_DATA;
	}
	return rc;
}

int
vfs_frame_read(struct vfs_file *file, uint8_t *out, uint32_t k)
{
	uint8_t plain[FRAME_HEADER_PLAIN];
	int rc = vfs_lower_read(file, file->sealed, DISK_FRAME, vfs_frame_at(k));

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

int
vfs_frame_hold(struct vfs_file *file, const uint8_t *plain, uint32_t k)
{
	struct vfs_wal *wal = &file->wal;
	int rc = wal->held && wal->held_at == k ? SQLITE_OK : flush_header(file);

	if (rc == SQLITE_OK && wal->lost && k > wal->lost_at)
		rc = SQLITE_IOERR_WRITE;
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

int
vfs_frame_write(struct vfs_file *file, const uint8_t *page, uint32_t k)
{
	static const uint8_t not_last[4];
	struct vfs_wal *wal = &file->wal;
	bool last = memcmp(wal->header + FRAME_COMMIT_AT, not_last, sizeof(not_last)) != 0;
	uint8_t *slot;
	int rc;

	wal->held = false;
	wal->lost = false; /* k is not behind lost_at: the header would not have been taken */
	if (!vfs_run_takes(file, k) && (rc = write_waiting(file)) != SQLITE_OK)
		return rc;
	slot = vfs_run_slot(file, k);
	if (slot == NULL)
		return SQLITE_NOMEM;
	seal_frame_header(file, slot, wal->header, k);
	seal_frame_page(file, slot + DISK_FRAME_HEADER, page, k);
	if (last)
		vfs_nonces_drop(file);
	return last || vfs_run_full(file) ? write_waiting(file) : SQLITE_OK;
}

int
vfs_frame_page_write(struct vfs_file *file, const uint8_t *page, uint32_t k)
{
	uint8_t *waiting;
	int rc = flush_header(file);

	if (rc != SQLITE_OK)
		return rc;
	if (vfs_frame_is_lost(file, k))
		return SQLITE_IOERR_WRITE;
	waiting = vfs_run_waiting(file, k);
	seal_frame_page(
	    file, waiting != NULL ? waiting + DISK_FRAME_HEADER : file->sealed, page, k);
	if (waiting != NULL)
		return SQLITE_OK;
	return vfs_lower_write(
	    file, file->sealed, DISK_FRAME_PAGE, vfs_frame_at(k) + DISK_FRAME_HEADER);
}
