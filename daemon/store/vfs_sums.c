/* vfs_sums.c - the running checksum in WAL frame headers, where SQLite forgets to put it right.
 *
 * A transaction larger than the cache writes frames before its commit, and overwrites some of them
 * in place. From then on SQLite leaves sums and salts of new frames zero, and at commit puts them
 * right from the first overwritten frame on. ROLLBACK TO takes the log back, possibly to before
 * that frame, but (in 3.40.1) not the mark: the frames written between the two keep their zeros,
 * recovery takes the first of them for the end of the log, and a committed transaction is lost. The
 * simulator found this, with plain SQLite as well.
 *
 * There is one moment when it can be mended: SQLite, about to put sums right, reads the sums of the
 * frame before its mark, and goes on from what it is told. */
#include <string.h>

#include "store/vfs_file.h"

#define SALTS_AT 8 /* in a frame header; the sums follow */
#define SUMS_AT 16
#define HEADER_SUMS_AT 24 /* in the WAL header */

struct sums {
	uint32_t a, b;
	bool big_endian; /* how the words of the data are taken; the WAL's magic tells */
};

static uint32_t
word(const uint8_t *at, bool big_endian)
{
	if (big_endian)
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* As SQLite's file format describes it (section 4.2 there). count is a multiple of 8. */
static void
sums_add(struct sums *sums, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i += 8) {
		sums->a += word(bytes + i, sums->big_endian) + sums->b;
		sums->b += word(bytes + i + 4, sums->big_endian) + sums->a;
	}
}

static void
sums_get(struct sums *sums, const uint8_t *at)
{
	sums->a = word(at, true);
	sums->b = word(at + 4, true);
}

static void
sums_put(const struct sums *sums, uint8_t *at)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] = (uint8_t)(sums->a >> (24 - 8 * i));
		at[4 + i] = (uint8_t)(sums->b >> (24 - 8 * i));
	}
}

/* Zero sums and salts: "to be put right at commit". */
static bool
is_unsummed(const uint8_t *header)
{
	static const uint8_t zeros[VFS_SALTS_BYTES + 8];

	return memcmp(header + SALTS_AT, zeros, sizeof(zeros)) == 0;
}

/* The first of the unsummed frames that end with frame k, and the sums before it. */
static int
find_start(struct vfs_file *file, struct sums *sums, uint32_t *k)
{
	uint8_t header[FRAME_HEADER_PLAIN];
	uint8_t log[WAL_HEADER];
	int rc = vfs_wal_header_read(file, log);

	if (rc != SQLITE_OK)
		return rc;
	sums->big_endian = (log[3] & 1) != 0;
	sums_get(sums, log + HEADER_SUMS_AT);
	for (; *k > 0; (*k)--) {
		if ((rc = vfs_frame_header_read(file, header, *k - 1)) != SQLITE_OK)
			return rc;
		if (!is_unsummed(header)) {
			sums_get(sums, header + SUMS_AT);
			break;
		}
	}
	return SQLITE_OK;
}

static int
mend(struct vfs_file *file, uint32_t last)
{
	uint8_t header[FRAME_HEADER_PLAIN];
	uint8_t page[VFS_PAGE];
	struct sums sums;
	uint32_t k = last;
	int rc = find_start(file, &sums, &k);

	for (; rc == SQLITE_OK && k <= last; k++) {
		rc = vfs_frame_header_read(file, header, k);
		if (rc == SQLITE_OK)
			rc = vfs_frame_page_read(file, page, k);
		if (rc != SQLITE_OK)
			break;
		sums_add(&sums, header, SALTS_AT);
		sums_add(&sums, page, VFS_PAGE);
		memcpy(header + SALTS_AT, file->wal.salts, VFS_SALTS_BYTES);
		sums_put(&sums, header + SUMS_AT);
		rc = vfs_frame_header_write(file, header, k);
	}
	prim_wipe(page, sizeof(page));
	return rc;
}

int
vfs_sums_read(struct vfs_file *file, uint8_t out[static 8], uint32_t k)
{
	uint8_t header[FRAME_HEADER_PLAIN];
	bool mends = VFS_RULE(VFS_RULE_SUMS) && file->wal.written;
	int rc;

	/* A mark past the end: SQLite will put nothing right, and go on after the last frame there
	 * is. */
	if (mends && file->wal.next > 0 && k >= file->wal.next)
		k = file->wal.next - 1;
	rc = vfs_frame_header_read(file, header, k);
	if (rc == SQLITE_OK && mends && is_unsummed(header)) {
		rc = mend(file, k);
		if (rc == SQLITE_OK)
			rc = vfs_frame_header_read(file, header, k);
	}
	if (rc == SQLITE_OK && VFS_RULE(VFS_RULE_SHORT_READ))
		memcpy(out, header + SUMS_AT, 8);
	return rc;
}
