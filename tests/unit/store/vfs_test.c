/* The sealed VFS at its own level, rule by rule of section 6 of the format specification, over the
 * simulated disk: the bytes on it are looked at from outside, with AAD and offsets written down
 * here once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../simulation/lower_disk.h"
#include "crypto/prim.h"
#include "pamoja/pmjvfs.h"
#include "store/vfs_file.h"

/* The disk is the simulator's; a unit test is one source. */
#include "../../simulation/lower_disk.c" /* NOLINT(bugprone-suspicious-include) */

#define FRAME_AT(k) (32 + 4120 * (k))
#define DISK_AT(k) (72 + 4208 * (k))
#define NAME "journal"
#define LOG "journal-wal"

static struct disk *disk;
static uint8_t dek[32], file_id[8];
static uint8_t page_key[32], wal_key[32];
static uint8_t salts[8] = {'s', 'a', 'l', 't', '1', '2', '3', '4'};

static int
group_setup(void **state)
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

static int
group_teardown(void **state)
{
	(void)state;
	if (pmjvfs_unregister("sealed") != SQLITE_OK)
		return -1;
	disk_free(disk);
	return 0;
}

static int
fresh(void **state)
{
	(void)state;
	disk_clear(disk);
	disk_watch(disk, NULL, NULL);
	return 0;
}

/* One open file by its methods. */

struct handle {
	sqlite3_filename name;
	sqlite3_file *file;
};

static int
try_open(struct handle *h, const char *path, int flags)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("sealed");
	const char *nolock[] = {"nolock", "1"};

	h->file = sqlite3_malloc(vfs->szOsFile);
	h->file->pMethods = NULL;
	h->name = strcmp(path, "nolock") == 0 ? sqlite3_create_filename(NAME, "", "", 1, nolock)
	                                      : sqlite3_create_filename(path, "", "", 0, NULL);
	return vfs->xOpen(vfs, h->name, h->file, flags | SQLITE_OPEN_READWRITE, NULL);
}

static void
shut(struct handle *h)
{
	if (h->file->pMethods != NULL)
		assert_int_equal(h->file->pMethods->xClose(h->file), SQLITE_OK);
	sqlite3_free(h->file);
	sqlite3_free_filename(h->name);
}

static struct handle
open_db(void)
{
	struct handle h;

	assert_int_equal(try_open(&h, NAME, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_CREATE), SQLITE_OK);
	return h;
}

static struct handle
open_wal(void)
{
	struct handle h;

	assert_int_equal(try_open(&h, LOG, SQLITE_OPEN_WAL | SQLITE_OPEN_CREATE), SQLITE_OK);
	return h;
}

static int
put(struct handle *h, const void *bytes, int len, sqlite3_int64 at)
{
	return h->file->pMethods->xWrite(h->file, bytes, len, at);
}

static int
get(struct handle *h, void *bytes, int len, sqlite3_int64 at)
{
	memset(bytes, 0xee, (size_t)len);
	return h->file->pMethods->xRead(h->file, bytes, len, at);
}

static int
sync_it(struct handle *h)
{
	return h->file->pMethods->xSync(h->file, SQLITE_SYNC_NORMAL);
}

static sqlite3_int64
size_of(struct handle *h)
{
	sqlite3_int64 size = -1;

	assert_int_equal(h->file->pMethods->xFileSize(h->file, &size), SQLITE_OK);
	return size;
}

/* The bytes on the disk. */
static uint8_t *
raw(const char *name, size_t *count)
{
	size_t ignored;
	struct name *found = look_up(disk->now, name);

	assert_non_null(found);
	settle(&disk->inodes[found->inode]);
	return disk_bytes(disk, name, count != NULL ? count : &ignored);
}

static bool
is_all(const uint8_t *bytes, size_t count, uint8_t value)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static void
page_1(uint8_t page[static 4096], uint8_t fill)
{
	static const uint8_t head[24] = "SQLite format 3\0\x10\x00\x02\x02\x28\x40\x20\x20";

	memset(page, fill, 4096);
	memcpy(page, head, sizeof(head));
}

/* AAD written down a second time, from the specification. */
static void
aad_36(uint8_t out[static 36], const char *label, const uint8_t *salt, uint32_t n)
{
	memset(out, 0, 36);
	memcpy(out, label, strlen(label));
	memcpy(out + 16, file_id, 8);
	if (salt != NULL)
		memcpy(out + 24, salt, 8);
	out[32] = (uint8_t)n;
	out[33] = (uint8_t)(n >> 8);
}

static void
log_header(struct handle *wal)
{
	uint8_t header[32];

	memset(header, 'h', sizeof(header));
	memcpy(header + 16, salts, 8);
	assert_int_equal(put(wal, header, 32, 0), SQLITE_OK);
}

/* Header filled with 'a' + k, page with 'A' + k. */
static void
log_frame(struct handle *wal, int k)
{
	uint8_t header[24];
	uint8_t page[4096];

	memset(header, 'a' + k, sizeof(header));
	memset(page, 'A' + k, sizeof(page));
	assert_int_equal(put(wal, header, 24, FRAME_AT(k)), SQLITE_OK);
	assert_int_equal(put(wal, page, 4096, FRAME_AT(k) + 24), SQLITE_OK);
}

static void
expect_frame(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
	assert_true(is_all(frame, 24, (uint8_t)('a' + k)));
	assert_true(is_all(frame + 24, 4096, (uint8_t)('A' + k)));
}

static void
expect_end(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
	assert_true(is_all(frame, sizeof(frame), 0));
}

static void
expect_damage(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(get(wal, frame, 4120, FRAME_AT(k)), SQLITE_IOERR_DATA);
	assert_true(is_all(frame, sizeof(frame), 0));
}

/* ---- section 14 and 6.2 ---- */

static void
test_known_keys(void **state)
{
	static const uint8_t page[32] = {0x12, 0xa2, 0x8d, 0x51, 0x93, 0x34, 0x06, 0x4b, 0xa0, 0x37,
	    0xf0, 0x7e, 0x36, 0x14, 0x58, 0xe6, 0x51, 0x5e, 0xd3, 0x75, 0x07, 0x39, 0xef, 0x53,
	    0x15, 0x18, 0x5c, 0x6a, 0xc4, 0x04, 0x15, 0x5c};
	static const uint8_t wal[32] = {0xc5, 0x6e, 0xe5, 0xc5, 0x12, 0x85, 0xd2, 0x58, 0xaa, 0xb5,
	    0x02, 0x67, 0x27, 0x0d, 0x76, 0x86, 0x1a, 0x08, 0x98, 0x68, 0xb5, 0x5c, 0x7b, 0xb6,
	    0x3e, 0x1d, 0x16, 0x5c, 0x2e, 0xbe, 0xfb, 0xf6};
	struct vfs_keys keys;

	(void)state;
	vfs_derive(&keys, dek, file_id);
	assert_memory_equal(keys.page, page, 32);
	assert_memory_equal(keys.wal, wal, 32);
}

static void
test_page_layout(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];
	uint8_t plain[4096];
	uint8_t aad[36];
	uint8_t first[4096];
	size_t count;
	const uint8_t *bytes;

	(void)state;
	page_1(page, 'x');
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_OK);
	memset(page, 'y', sizeof(page));
	assert_int_equal(put(&db, page, 4096, 4096), SQLITE_OK);
	bytes = raw(NAME, &count);
	assert_int_equal(count, 8192);
	aad_36(aad, "pmj page v1", NULL, 2);
	assert_int_equal(prim_open_detached(plain, bytes + 4096, 4056, bytes + 8176, aad, 36,
	                     bytes + 8152, page_key),
	    0);
	assert_true(is_all(plain, 4056, 'y'));
	/* The 40 reserved bytes come back as zeros, whatever was given. */
	assert_int_equal(get(&db, plain, 4096, 4096), SQLITE_OK);
	assert_true(is_all(plain, 4056, 'y') && is_all(plain + 4056, 40, 0));
	/* The same page again: a fresh nonce. */
	memcpy(first, bytes + 4096, 4096);
	assert_int_equal(put(&db, page, 4096, 4096), SQLITE_OK);
	bytes = raw(NAME, NULL);
	assert_memory_not_equal(first + 4056, bytes + 8152, 24);
	assert_memory_not_equal(first, bytes + 4096, 4056);
	shut(&db);
}

static void
test_wal_layout(void **state)
{
	struct handle wal = open_wal();
	uint8_t plain[4096];
	uint8_t aad[36];
	size_t count;
	const uint8_t *bytes;

	(void)state;
	assert_int_equal(size_of(&wal), 0);
	log_header(&wal);
	assert_int_equal(size_of(&wal), 32);
	log_frame(&wal, 0);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	log_frame(&wal, 1);
	assert_int_equal(size_of(&wal), 32 + 2 * 4120);
	bytes = raw(LOG, &count);
	assert_int_equal(count, 72 + 2 * 4208);
	aad_36(aad, "pmj walhead v1", NULL, 0);
	assert_int_equal(prim_open(plain, bytes + 24, 48, aad, 36, bytes, wal_key), 0);
	assert_memory_equal(plain + 16, salts, 8);
	aad_36(aad, "pmj walfh v1", salts, 1);
	bytes += 72 + 4208;
	assert_int_equal(prim_open(plain, bytes + 24, 48, aad, 36, bytes, wal_key), 0);
	assert_true(is_all(plain, 24, 'b'));
	assert_true(plain[24] == 1 && is_all(plain + 25, 7, 0)); /* synced = 1 */
	aad_36(aad, "pmj walpg v1", salts, 1);
	assert_int_equal(prim_open(plain, bytes + 72 + 24, 4112, aad, 36, bytes + 72, wal_key), 0);
	assert_true(is_all(plain, 4096, 'B'));
	shut(&wal);
}

/* ---- section 6.1: what is offered, and what is refused ---- */

static void
test_fails_closed(void **state)
{
	static const int refused[] = {SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_TEMP_DB,
	    SQLITE_OPEN_TRANSIENT_DB, SQLITE_OPEN_TEMP_JOURNAL, SQLITE_OPEN_SUBJOURNAL,
	    SQLITE_OPEN_SUPER_JOURNAL, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_DELETEONCLOSE,
	    SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL, 0};
	sqlite3_vfs *vfs = sqlite3_vfs_find("sealed");
	struct handle h;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(
		    try_open(&h, NAME, refused[i] | SQLITE_OPEN_CREATE), SQLITE_CANTOPEN);
		assert_null(h.file->pMethods);
		shut(&h);
	}
	assert_int_equal(
	    try_open(&h, "nolock", SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_CREATE), SQLITE_CANTOPEN);
	assert_int_equal(vfs->xOpen(vfs, NULL, h.file, SQLITE_OPEN_MAIN_DB, NULL), SQLITE_CANTOPEN);
	shut(&h);
	assert_false(disk_has(disk, NAME));
	assert_null(vfs->xDlOpen(vfs, "anything.so"));
}

static void
test_methods_offered(void **state)
{
	struct handle h[2] = {open_db(), open_wal()};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const sqlite3_io_methods *m = h[i].file->pMethods;
		void volatile *map = &map;
		sqlite3_int64 mmap = 1 << 20;

		assert_int_equal(m->iVersion, 2);
		assert_int_equal(
		    m->xDeviceCharacteristics(h[i].file), SQLITE_IOCAP_POWERSAFE_OVERWRITE);
		assert_int_equal(m->xShmMap(h[i].file, 0, 32768, 1, &map), SQLITE_IOERR);
		assert_null(map);
		assert_int_equal(m->xShmLock(h[i].file, 0, 1, 0), SQLITE_IOERR);
		assert_int_equal(
		    m->xFileControl(h[i].file, SQLITE_FCNTL_MMAP_SIZE, &mmap), SQLITE_OK);
		assert_int_equal(mmap, 0);
		assert_int_equal(m->xFileControl(h[i].file, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, NULL),
		    SQLITE_NOTFOUND);
		assert_int_equal(m->xFileControl(h[i].file, 12345, NULL), SQLITE_NOTFOUND);
		shut(&h[i]);
	}
}

static void
test_emptied_file_is_not_new(void **state)
{
	struct handle db = open_db();
	struct handle again;

	(void)state;
	shut(&db);
	assert_int_equal(try_open(&again, NAME, SQLITE_OPEN_MAIN_DB), SQLITE_IOERR_DATA);
	shut(&again);
	assert_int_equal(
	    pmjvfs_unregister("sealed"), SQLITE_OK); /* the refused one was counted out */
	assert_int_equal(pmjvfs_register("sealed", "disk", dek, file_id), SQLITE_OK);
}

/* ---- section 6.3: shapes ---- */

static void
test_other_shapes_are_refused(void **state)
{
	static const struct {
		int bytes, at;
	} shapes[] = {{1, 0}, {512, 0}, {100, 4096}, {16, 0}, {16, 25}, {4095, 0}, {8192, 0},
	    {4096, 1}, {24, 0}, {32, 1}, {8, 0}, {8, 32}, {8, FRAME_AT(0) + 15}, {4120, 33},
	    {4096, FRAME_AT(0)}, {24, FRAME_AT(0) + 24}, {2048, FRAME_AT(0) + 24}, {8240, 32}};
	struct handle db = open_db();
	struct handle wal = open_wal();
	uint8_t bytes[8240] = {0};

	(void)state;
	page_1(bytes, 0);
	assert_int_equal(put(&db, bytes, 4096, 0), SQLITE_OK);
	log_header(&wal);
	log_frame(&wal, 0);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		assert_int_equal(get(&db, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(put(&db, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(get(&wal, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(put(&wal, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
	}
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 100), SQLITE_IOERR);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, 4120), SQLITE_IOERR);
	expect_frame(&wal, 0);
	shut(&db);
	shut(&wal);
}

static void
test_frames_need_a_header(void **state)
{
	struct handle wal = open_wal();
	uint8_t bytes[4120] = {0};

	(void)state;
	assert_int_equal(put(&wal, bytes, 24, FRAME_AT(0)), SQLITE_IOERR);
	assert_int_equal(put(&wal, bytes, 4096, FRAME_AT(0) + 24), SQLITE_IOERR);
	assert_int_equal(get(&wal, bytes, 4120, FRAME_AT(0)), SQLITE_IOERR);
	shut(&wal);
}

static void
test_page_1_must_have_size_and_reserve(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];

	(void)state;
	page_1(page, 0);
	page[20] = 0;
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_IOERR);
	page_1(page, 0);
	page[16] = 0x20;
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_IOERR);
	assert_int_equal(size_of(&db), 0);
	shut(&db);
}

static void
test_partial_reads_of_page_1(void **state)
{
	static const uint8_t header[24] = "SQLite format 3\0\x10\x00\x02\x02\x28\x40\x20\x20";
	struct handle db = open_db();
	uint8_t page[4096];
	uint8_t out[4096];

	(void)state;
	assert_int_equal(get(&db, out, 100, 0), SQLITE_IOERR_SHORT_READ); /* a new file */
	assert_int_equal(get(&db, out, 4096, 0), SQLITE_IOERR_SHORT_READ);
	assert_true(is_all(out, 100, 0));
	page_1(page, 'p');
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_OK);
	/* The read at opening sees what is constant, and no more. */
	assert_int_equal(get(&db, out, 100, 0), SQLITE_OK);
	assert_memory_equal(out, header, 24);
	assert_true(is_all(out + 24, 76, 0));
	assert_int_equal(get(&db, out, 16, 24), SQLITE_OK);
	assert_memory_equal(out, page + 24, 16);
	/* Torn: the constant header in part, damage as a whole. */
	raw(NAME, NULL)[2000] ^= 1;
	assert_int_equal(get(&db, out, 100, 0), SQLITE_OK);
	assert_memory_equal(out, header, 24);
	assert_true(is_all(out + 24, 76, 0));
	assert_int_equal(get(&db, out, 16, 24), SQLITE_OK);
	assert_true(is_all(out, 16, 0));
	assert_int_equal(get(&db, out, 4096, 0), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	shut(&db);
}

static void
test_ends_and_holes_of_the_journal(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];
	uint8_t out[4096];
	size_t count;

	(void)state;
	page_1(page, 'p');
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_OK);
	assert_int_equal(get(&db, out, 4096, 4096), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	/* A hole is no page of zeros; nor is a page moved to another place, nor half a page. */
	assert_int_equal(put(&db, page, 4096, 4 * 4096), SQLITE_OK);
	assert_int_equal(size_of(&db), 5 * 4096);
	assert_int_equal(get(&db, out, 4096, 2 * 4096), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	memcpy(raw(NAME, NULL) + 4096, raw(NAME, NULL) + 4 * 4096, 4096);
	assert_int_equal(get(&db, out, 4096, 4096), SQLITE_IOERR_DATA);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_OK);
	assert_int_equal(get(&db, out, 4096, 4 * 4096), SQLITE_IOERR_DATA);
	(void)raw(NAME, &count);
	disk->inodes[look_up(disk->now, NAME)->inode].now.count = count - 1000;
	assert_int_equal(get(&db, out, 4096, 2 * 4096), SQLITE_IOERR_DATA);
	shut(&db);
}

static void
test_wal_reads(void **state)
{
	struct handle wal = open_wal();
	uint8_t out[4120];

	(void)state;
	log_header(&wal);
	log_frame(&wal, 0);
	log_frame(&wal, 1);
	assert_int_equal(get(&wal, out, 32, 0), SQLITE_OK);
	assert_memory_equal(out + 16, salts, 8);
	assert_int_equal(get(&wal, out, 8, 24), SQLITE_OK);
	assert_true(is_all(out, 8, 'h'));
	assert_int_equal(get(&wal, out, 8, FRAME_AT(1) + 16), SQLITE_OK);
	assert_true(is_all(out, 8, 'b'));
	assert_int_equal(get(&wal, out, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	assert_true(is_all(out, 4096, 'B'));
	expect_frame(&wal, 0);
	/* Damage in what this handle wrote is never the end of the log. */
	raw(LOG, NULL)[DISK_AT(1) + 30] ^= 1;
	expect_damage(&wal, 1);
	assert_int_equal(get(&wal, out, 8, FRAME_AT(1) + 16), SQLITE_IOERR_DATA);
	assert_int_equal(get(&wal, out, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	raw(LOG, NULL)[DISK_AT(0) + 4000] ^= 1;
	assert_int_equal(get(&wal, out, 4096, FRAME_AT(0) + 24), SQLITE_IOERR_DATA);
	raw(LOG, NULL)[40] ^= 1;
	assert_int_equal(get(&wal, out, 8, 24), SQLITE_IOERR_DATA);
	assert_int_equal(get(&wal, out, 4096, FRAME_AT(7) + 24), SQLITE_IOERR_DATA);
	shut(&wal);
}

static unsigned writes, syncs;

static void
count_writes(void *arg, struct disk *which, enum disk_op op)
{
	(void)arg, (void)which;
	writes += op == DISK_WRITE;
	syncs += op == DISK_SYNC;
}

/* The held header: one write a frame; but written before anybody looks. */
static void
test_one_write_a_frame(void **state)
{
	struct handle wal = open_wal();
	uint8_t header[24];
	uint8_t page[4096];

	(void)state;
	disk_watch(disk, count_writes, NULL);
	log_header(&wal);
	writes = 0;
	for (int k = 0; k < 5; k++)
		log_frame(&wal, k);
	assert_int_equal(writes, 5);
	/* A page alone, then a header alone, as when sums are put right. */
	memset(page, 'A' + 2, sizeof(page));
	assert_int_equal(put(&wal, page, 4096, FRAME_AT(2) + 24), SQLITE_OK);
	assert_int_equal(writes, 6);
	memset(header, 'a' + 2, sizeof(header));
	assert_int_equal(put(&wal, header, 24, FRAME_AT(2)), SQLITE_OK);
	assert_int_equal(writes, 6);
	expect_frame(&wal, 3);
	assert_int_equal(writes, 7);
	expect_frame(&wal, 2);
	/* And by each of the others that may look. */
	memset(header, 'z', sizeof(header));
	assert_int_equal(put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(size_of(&wal), FRAME_AT(5)); /* a header without a page is no frame */
	assert_int_equal(writes, 8);
	assert_int_equal(put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	assert_int_equal(writes, 9);
	assert_int_equal(put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(put(&wal, page, 4096, FRAME_AT(4) + 24), SQLITE_OK);
	assert_int_equal(writes, 11);
	assert_int_equal(put(&wal, header, 24, FRAME_AT(1)), SQLITE_OK);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, FRAME_AT(3)), SQLITE_OK);
	assert_int_equal(writes, 12);
	assert_int_equal(size_of(&wal), FRAME_AT(3));
	assert_int_equal(put(&wal, header, 24, FRAME_AT(0)), SQLITE_OK);
	shut(&wal);
	assert_int_equal(writes, 13);
	disk_watch(disk, NULL, NULL);
}

/* A frame that is not the last of its transaction: no size of the database in its header. */
static int
log_inner_frame(struct handle *wal, int k)
{
	uint8_t header[24];
	uint8_t page[4096];
	int rc;

	memset(header, 'a' + k, sizeof(header));
	memset(header + 4, 0, 4);
	memset(page, 'A' + k, sizeof(page));
	rc = put(wal, header, 24, FRAME_AT(k));
	return rc == SQLITE_OK ? put(wal, page, 4096, FRAME_AT(k) + 24) : rc;
}

static void
expect_inner_frame(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
	assert_true(is_all(frame, 4, (uint8_t)('a' + k)) && is_all(frame + 4, 4, 0));
	assert_true(is_all(frame + 8, 16, (uint8_t)('a' + k)));
	assert_true(is_all(frame + 24, 4096, (uint8_t)('A' + k)));
}

/* Frames of one transaction wait for its last, which takes them to the disk without any sync. */
static void
test_frames_go_out_together(void **state)
{
	struct handle wal = open_wal();
	uint8_t header[24];
	uint8_t page[4120];

	(void)state;
	log_header(&wal);
	disk_watch(disk, count_writes, NULL);
	writes = syncs = 0;
	for (int k = 0; k < 5; k++)
		assert_int_equal(log_inner_frame(&wal, k), SQLITE_OK);
	/* Written over while they wait: one whole, one page, one header. */
	assert_int_equal(log_inner_frame(&wal, 3), SQLITE_OK);
	memset(page, 'Z', sizeof(page));
	assert_int_equal(put(&wal, page, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	memset(header, 'z', sizeof(header));
	assert_int_equal(put(&wal, header, 24, FRAME_AT(2)), SQLITE_OK);
	assert_int_equal(writes, 0);
	log_frame(&wal, 5);
	assert_int_equal(writes, 1);
	assert_int_equal(syncs, 0);
	expect_inner_frame(&wal, 0);
	assert_int_equal(get(&wal, page, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	assert_true(is_all(page, 4096, 'Z'));
	assert_int_equal(get(&wal, page, 4120, FRAME_AT(2)), SQLITE_OK);
	assert_true(is_all(page, 24, 'z'));
	expect_inner_frame(&wal, 3);
	expect_frame(&wal, 5);
	/* As many as there is room for; and before anybody looks. */
	for (int k = 6; k < 6 + VFS_RUN_PIECES; k++)
		assert_int_equal(log_inner_frame(&wal, k), SQLITE_OK);
	assert_int_equal(writes, 2);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(log_inner_frame(&wal, 22 + i), SQLITE_OK);
		assert_int_equal(writes, 2 + (unsigned)i);
		if (i == 0)
			assert_int_equal(size_of(&wal), FRAME_AT(23));
		if (i == 1)
			assert_int_equal(sync_it(&wal), SQLITE_OK);
		if (i == 2)
			expect_inner_frame(&wal, 24);
	}
	assert_int_equal(log_inner_frame(&wal, 20), SQLITE_OK); /* no neighbour of frame 25 */
	assert_int_equal(writes, 6);
	shut(&wal);
	assert_int_equal(writes, 7);
	disk_watch(disk, NULL, NULL);
}

/* SQLite was told that frames 2 to 4 are written, and then they cannot be: nothing may follow them
 * or be read from them until it comes back to frame 2. */
static void
test_frames_that_were_lost(void **state)
{
	struct handle wal = open_wal();
	uint8_t page[4120];

	(void)state;
	log_header(&wal);
	log_frame(&wal, 0);
	log_frame(&wal, 1);
	for (int k = 2; k < 5; k++)
		assert_int_equal(log_inner_frame(&wal, k), SQLITE_OK);
	disk_fail(disk, 0, SQLITE_FULL);
	assert_int_equal(get(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_FULL);
	assert_int_equal(get(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_IOERR_READ);
	assert_int_equal(get(&wal, page, 4120, FRAME_AT(2)), SQLITE_IOERR_READ);
	assert_int_equal(get(&wal, page, 8, FRAME_AT(2) + 16), SQLITE_IOERR_READ);
	assert_int_equal(log_inner_frame(&wal, 5), SQLITE_IOERR_WRITE);
	assert_int_equal(put(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_IOERR_WRITE);
	/* What lies before them is there, and a checkpoint may sync it. */
	expect_frame(&wal, 1);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	assert_int_equal(log_inner_frame(&wal, 2), SQLITE_OK);
	log_frame(&wal, 3);
	expect_inner_frame(&wal, 2);
	expect_frame(&wal, 3);
	log_frame(&wal, 4);
	/* The same on the last of a transaction; then a new log. */
	assert_int_equal(log_inner_frame(&wal, 5), SQLITE_OK);
	disk_fail(disk, 0, SQLITE_IOERR);
	memset(page, 'f', sizeof(page));
	assert_int_equal(put(&wal, page, 24, FRAME_AT(6)), SQLITE_OK);
	assert_int_not_equal(put(&wal, page, 4096, FRAME_AT(6) + 24), SQLITE_OK);
	assert_int_equal(log_inner_frame(&wal, 7), SQLITE_IOERR_WRITE);
	log_header(&wal);
	log_frame(&wal, 0);
	expect_frame(&wal, 0);
	shut(&wal);
}

/* Nonces are drawn in blocks; none may come twice. */
static void
test_no_nonce_comes_twice(void **state)
{
	struct handle wal = open_wal();
	enum { FRAMES = 24 };
	const uint8_t *nonces[2 * FRAMES];
	const uint8_t *bytes;

	(void)state;
	log_header(&wal);
	for (int k = 0; k < FRAMES; k++)
		assert_int_equal(log_inner_frame(&wal, k), SQLITE_OK);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	bytes = raw(LOG, NULL);
	for (int k = 0; k < FRAMES; k++) {
		nonces[2 * k] = bytes + DISK_AT(k);
		nonces[2 * k + 1] = bytes + DISK_AT(k) + 72;
	}
	for (int i = 0; i < 2 * FRAMES; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(nonces[i], nonces[j], 24);
	shut(&wal);
}

/* Whoever reads neighbours one by one gets them many at a time, and never what is old. */
static void
test_read_ahead(void **state)
{
	struct handle db = open_db();
	struct handle wal = open_wal();
	uint8_t page[4096];

	(void)state;
	log_header(&wal);
	for (int k = 0; k < 12; k++) {
		page_1(page, (uint8_t)('0' + k));
		assert_int_equal(put(&db, page, 4096, 4096 * k), SQLITE_OK);
		log_frame(&wal, k);
	}
	assert_int_equal(sync_it(&db), SQLITE_OK);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	for (int k = 0; k < 6; k++) {
		assert_int_equal(get(&db, page, 4096, 4096 * k), SQLITE_OK);
		assert_int_equal(page[2000], '0' + k);
		assert_int_equal(get(&wal, page, 4096, FRAME_AT(k) + 24), SQLITE_OK);
		assert_int_equal(page[2000], 'A' + k);
	}
	/* Frames and pages 6 and 7 are at hand now: the disk does not matter for them. */
	disk_freeze(disk, true);
	assert_int_equal(get(&db, page, 4096, 4096 * 6), SQLITE_OK);
	assert_int_equal(page[2000], '0' + 6);
	assert_int_equal(get(&wal, page, 4096, FRAME_AT(6) + 24), SQLITE_OK);
	assert_int_equal(page[2000], 'A' + 6);
	disk_freeze(disk, false);
	page_1(page, 'n');
	assert_int_equal(put(&db, page, 4096, 4096 * 7), SQLITE_OK);
	memset(page, 'n', sizeof(page));
	assert_int_equal(put(&wal, page, 4096, FRAME_AT(7) + 24), SQLITE_OK);
	assert_int_equal(get(&db, page, 4096, 4096 * 7), SQLITE_OK);
	assert_int_equal(page[2000], 'n');
	assert_int_equal(get(&wal, page, 4096, FRAME_AT(7) + 24), SQLITE_OK);
	assert_int_equal(page[2000], 'n');
	/* Each is checked on its own, and the journal's end stays its end. */
	raw(NAME, NULL)[4096 * 10 + 5] ^= 1;
	for (int k = 4; k < 12; k++)
		assert_int_equal(
		    get(&db, page, 4096, 4096 * k), k == 10 ? SQLITE_IOERR_DATA : SQLITE_OK);
	assert_int_equal(get(&db, page, 4096, 4096 * 12), SQLITE_IOERR_DATA);
	shut(&db);
	shut(&wal);
}

static void
control(struct handle *h, int op)
{
	(void)h->file->pMethods->xFileControl(h->file, op, NULL);
}

/* Pages of a checkpoint go out together, and are there before it is over. */
static void
test_checkpoint_gathers(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];

	(void)state;
	disk_watch(disk, count_writes, NULL);
	writes = 0;
	control(&db, SQLITE_FCNTL_CKPT_START);
	for (int k = 0; k < VFS_RUN_PIECES + 3; k++) {
		page_1(page, (uint8_t)('0' + k));
		assert_int_equal(put(&db, page, 4096, 4096 * k), SQLITE_OK);
	}
	assert_int_equal(writes, 1);
	assert_int_equal(put(&db, page, 4096, 4096 * 30), SQLITE_OK); /* no neighbour */
	assert_int_equal(writes, 2);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	assert_int_equal(writes, 3);
	assert_int_equal(put(&db, page, 4096, 4096 * 29), SQLITE_OK);
	assert_int_equal(writes, 4);
	for (int k = 0; k < VFS_RUN_PIECES + 3; k++) {
		assert_int_equal(get(&db, page, 4096, 4096 * k), SQLITE_OK);
		assert_int_equal(page[2000], '0' + k);
	}
	disk_watch(disk, NULL, NULL);
	shut(&db);
}

/* Nobody listens when a checkpoint is over: what could not be written then is told to what comes
 * next, so that the WAL stays; the pages that are there can be read all the while. */
static void
test_checkpoint_that_could_not_write(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];

	(void)state;
	page_1(page, 'o');
	assert_int_equal(put(&db, page, 4096, 0), SQLITE_OK);
	assert_int_equal(put(&db, page, 4096, 4096), SQLITE_OK);
	control(&db, SQLITE_FCNTL_CKPT_START);
	assert_int_equal(put(&db, page, 4096, 2 * 4096), SQLITE_OK);
	disk_fail(disk, 0, SQLITE_FULL);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	disk_watch(disk, count_writes, NULL); /* a full disk must not be in the way of readers */
	writes = 0;
	assert_int_equal(get(&db, page, 4096, 4096), SQLITE_OK);
	assert_int_equal(writes, 0);
	disk_watch(disk, NULL, NULL);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_FULL);
	assert_int_equal(sync_it(&db), SQLITE_FULL);
	control(&db, SQLITE_FCNTL_CKPT_START);
	assert_int_equal(put(&db, page, 4096, 2 * 4096), SQLITE_OK);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_OK);
	assert_int_equal(sync_it(&db), SQLITE_OK);
	assert_int_equal(get(&db, page, 4096, 2 * 4096), SQLITE_OK);
	shut(&db);
}

/* The file format's running checksum over little-endian words, written down a second time. */
static void
sum_on(uint32_t s[static 2], const uint8_t *bytes, size_t count)
{
	uint32_t words[2];

	for (size_t i = 0; i < count; i += 8) {
		memcpy(words, bytes + i, 8); /* the machines this test runs on are little-endian */
		s[0] += words[0] + s[1];
		s[1] += words[1] + s[0];
	}
}

/* Frames 1 to 3 without sums, as SQLite leaves them; then it asks for the sums of frame `asked`. */
static void
check_mended(uint32_t asked, int last)
{
	struct handle wal = open_wal();
	uint8_t header[32] = {0x37, 0x7f, 0x06, 0x82};
	uint8_t frame[4120];
	uint8_t out[8];
	uint32_t s[2] = {0x6f6f6f6f, 0x6f6f6f6f};
	uint32_t stored[2];

	memcpy(header + 16, salts, 8);
	assert_int_equal(put(&wal, header, 32, 0), SQLITE_OK);
	memset(frame, 'o', 24);
	memset(frame + 24, 'A', 4096);
	assert_int_equal(put(&wal, frame, 24, FRAME_AT(0)), SQLITE_OK);
	assert_int_equal(put(&wal, frame + 24, 4096, FRAME_AT(0) + 24), SQLITE_OK);
	for (int k = 1; k <= 3; k++) {
		memset(frame, k, 8);
		memset(frame + 8, 0, 16);
		assert_int_equal(put(&wal, frame, 24, FRAME_AT(k)), SQLITE_OK);
		assert_int_equal(put(&wal, frame + 24, 4096, FRAME_AT(k) + 24), SQLITE_OK);
	}
	assert_int_equal(get(&wal, out, 8, FRAME_AT((int)asked) + 16), SQLITE_OK);
	for (int k = 1; k <= last; k++) {
		assert_int_equal(get(&wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
		sum_on(s, frame, 8);
		sum_on(s, frame + 24, 4096);
		assert_memory_equal(frame + 8, salts, 8);
		for (int i = 0; i < 2; i++)
			stored[i] = (uint32_t)frame[16 + 4 * i] << 24 |
			            (uint32_t)frame[17 + 4 * i] << 16 |
			            (uint32_t)frame[18 + 4 * i] << 8 | frame[19 + 4 * i];
		assert_true(stored[0] == s[0] && stored[1] == s[1]);
	}
	assert_memory_equal(out, frame + 16, 8);
	shut(&wal);
}

static void
test_forgotten_sums_are_mended(void **state)
{
	check_mended(2, 2); /* SQLite's mark stands at frame 3: it does the rest itself */
	(void)fresh(state);
	check_mended(3, 3);
	(void)fresh(state);
	check_mended(9, 3); /* its mark stands past the end: nobody else will */
}

/* ---- section 6.4 ---- */

/* Frames of three transactions, 0-1, 2-3 and 4, each synced; then opened anew as recovery does. */
static struct handle
three_transactions(void)
{
	struct handle wal = open_wal();
	uint8_t header[32];

	log_header(&wal);
	assert_int_equal(sync_it(&wal), SQLITE_OK);
	for (int k = 0; k < 5; k++) {
		log_frame(&wal, k);
		if (k % 2 == 1 || k == 4)
			assert_int_equal(sync_it(&wal), SQLITE_OK);
	}
	shut(&wal);
	wal = open_wal();
	assert_int_equal(get(&wal, header, 32, 0), SQLITE_OK);
	return wal;
}

static void
test_torn_tail_and_damage(void **state)
{
	struct handle wal = three_transactions();
	uint8_t *bytes = raw(LOG, NULL);

	(void)state;
	for (int k = 0; k < 5; k++)
		expect_frame(&wal, k);
	bytes[DISK_AT(4) + 100] ^= 1; /* the last transaction: nothing later knows it as synced */
	expect_end(&wal, 4);
	bytes[DISK_AT(4) + 100] ^= 1;
	for (int k = 0; k < 4; k++) {
		bytes[DISK_AT(k) + 5] ^= 1;
		expect_damage(&wal, k);
		bytes[DISK_AT(k) + 5] ^= 1;
		bytes[DISK_AT(k) + 4000] ^= 1;
		expect_damage(&wal, k);
		bytes[DISK_AT(k) + 4000] ^= 1;
	}
	/* Both frames of the second transaction unsynced, as seen by the third only through frame
	 * 4: with that one gone too, it is a tail. */
	bytes[DISK_AT(4) + 5] ^= 1;
	bytes[DISK_AT(2) + 5] ^= 1;
	expect_end(&wal, 2);
	shut(&wal);
}

static void
test_old_and_moved_frames(void **state)
{
	struct handle wal = three_transactions();
	static uint8_t old[4208];
	uint8_t header[32];

	(void)state;
	memcpy(old, raw(LOG, NULL) + DISK_AT(4), sizeof(old));
	memcpy(raw(LOG, NULL) + DISK_AT(3), old, sizeof(old)); /* another index */
	expect_damage(&wal, 3);
	shut(&wal);
	wal = open_wal();
	memset(header, 'h', sizeof(header)); /* other salts */
	assert_int_equal(put(&wal, header, 32, 0), SQLITE_OK);
	for (int k = 0; k < 5; k++)
		log_frame(&wal, k);
	shut(&wal);
	wal = open_wal();
	assert_int_equal(get(&wal, header, 32, 0), SQLITE_OK);
	expect_frame(&wal, 4);
	memcpy(raw(LOG, NULL) + DISK_AT(4), old, sizeof(old));
	expect_end(&wal, 4);
	shut(&wal);
}

static void
test_bad_log_header(void **state)
{
	struct handle wal = three_transactions();
	struct name *name = look_up(disk->now, LOG);
	uint8_t out[32];

	(void)state;
	raw(LOG, NULL)[30] ^= 1;
	assert_int_equal(get(&wal, out, 32, 0), SQLITE_IOERR_DATA);
	disk->inodes[name->inode].now.count = 4280;
	assert_int_equal(get(&wal, out, 32, 0), SQLITE_IOERR_DATA);
	disk->inodes[name->inode].now.count =
	    4279; /* not one whole frame: the log was about to begin */
	assert_int_equal(get(&wal, out, 32, 0), SQLITE_OK);
	assert_true(is_all(out, 32, 0));
	disk->inodes[name->inode].now.count = 71;
	assert_int_equal(get(&wal, out, 32, 0), SQLITE_OK);
	assert_true(is_all(out, 32, 0));
	assert_int_equal(size_of(&wal), 0);
	shut(&wal);
}

static unsigned synced_at_zero;

static void
see_truncation(void *arg, struct disk *which, enum disk_op op)
{
	struct name *name = look_up(which->now, LOG);

	(void)arg;
	if (op == DISK_SYNC && which->inodes[name->inode].now.count == 0)
		synced_at_zero++;
}

static void
test_truncation_is_synced(void **state)
{
	struct handle wal = three_transactions();

	(void)state;
	synced_at_zero = 0;
	disk_watch(disk, see_truncation, NULL);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, 0), SQLITE_OK);
	assert_int_equal(synced_at_zero, 1);
	log_header(&wal);
	log_frame(&wal, 0);
	log_header(&wal); /* a log begun over an old one: the old one goes first */
	assert_int_equal(synced_at_zero, 2);
	assert_int_equal(size_of(&wal), 32);
	disk_watch(disk, NULL, NULL);
	shut(&wal);
}

/* That an old log is gone may still be on its way to the disk when it is found empty: the first
 * header waits for that, opening does not. */
static void
test_empty_log_is_synced_before_its_header(void **state)
{
	struct handle wal = three_transactions();

	(void)state;
	disk->inodes[look_up(disk->now, LOG)->inode].now.count = 0;
	shut(&wal);
	wal = open_wal();
	synced_at_zero = 0;
	disk_watch(disk, see_truncation, NULL);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, 0), SQLITE_OK);
	assert_int_equal(synced_at_zero, 0);
	log_header(&wal);
	assert_int_equal(synced_at_zero, 1);
	disk_watch(disk, NULL, NULL);
	shut(&wal);
}

/* `synced` goes down again when frames that were synced are written over. */
static void
test_synced_is_lowered(void **state)
{
	struct handle wal = three_transactions();
	uint8_t header[32];

	(void)state;
	for (int k = 0; k < 5; k++)
		expect_frame(&wal, k);
	assert_int_equal(sync_it(&wal), SQLITE_OK); /* read whole in recovery, and now synced */
	log_frame(&wal, 5);
	log_frame(&wal, 3); /* written over */
	log_frame(&wal, 4);
	shut(&wal);
	wal = open_wal();
	assert_int_equal(get(&wal, header, 32, 0), SQLITE_OK);
	raw(LOG, NULL)[DISK_AT(4) + 9] ^= 1;
	expect_damage(&wal, 4); /* frame 5 had seen it synced */
	raw(LOG, NULL)[DISK_AT(5) + 9] ^= 1;
	raw(LOG, NULL)[DISK_AT(3) + 9] ^= 1;
	expect_end(&wal, 3); /* frame 4 was written when 3 was not */
	shut(&wal);
}

/* ---- section 6.5 ---- */

static void
test_failed_fsync_is_final(void **state)
{
	struct handle h[2] = {open_db(), open_wal()};
	uint8_t bytes[4096];
	sqlite3_int64 size;

	(void)state;
	for (int i = 0; i < 2; i++) {
		disk_fail(disk, 0, SQLITE_IOERR);
		assert_int_equal(sync_it(&h[i]), SQLITE_IOERR_FSYNC);
		assert_int_equal(sync_it(&h[i]), SQLITE_IOERR_FSYNC);
		page_1(bytes, 0);
		assert_int_equal(put(&h[i], bytes, i == 0 ? 4096 : 32, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(get(&h[i], bytes, i == 0 ? 4096 : 32, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(h[i].file->pMethods->xTruncate(h[i].file, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(
		    h[i].file->pMethods->xFileSize(h[i].file, &size), SQLITE_IOERR_FSYNC);
		shut(&h[i]);
	}
	h[1] = open_wal(); /* a new handle is alive */
	log_header(&h[1]);
	shut(&h[1]);
}

/* ---- a connection ---- */

static sqlite3 *
connect(int flags)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(NAME, &db, flags, "sealed"), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db, 1);
	return db;
}

static sqlite3 *
journal_new(void)
{
	sqlite3 *db = connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	assert_int_equal(pmjvfs_prepare(db), SQLITE_OK);
	return db;
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void
expect_answer(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static void
test_prepare_sets_all_of_it(void **state)
{
	static const char *const settings[][2] = {{"page_size", "4096"},
	    {"locking_mode", "exclusive"}, {"temp_store", "2"}, {"journal_mode", "wal"},
	    {"synchronous", "2"}, {"wal_autocheckpoint", "0"}, {"secure_delete", "1"},
	    {"mmap_size", "0"}, {"cell_size_check", "1"}, {"trusted_schema", "0"},
	    {"foreign_keys", "1"}};
	sqlite3 *db = journal_new();
	char sql[64];
	int on = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "PRAGMA %s", settings[i][0]);
		expect_answer(db, sql, settings[i][1]);
	}
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on), SQLITE_OK);
	assert_int_equal(on, 1);
	assert_int_equal(
	    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &on), SQLITE_OK);
	assert_int_equal(on, 0);
	assert_int_not_equal(run(db, "ATTACH 'other' AS o"), SQLITE_OK);
	assert_int_not_equal(run(db, "VACUUM INTO 'other'"), SQLITE_OK);
	/* Another journal mode would need a file that is refused: it is not entered, or nothing is
	 * written. */
	(void)run(db, "PRAGMA journal_mode=DELETE");
	expect_answer(db, "PRAGMA journal_mode", "wal");
	assert_int_equal(run(db, "PRAGMA mmap_size=1000000"), SQLITE_OK);
	expect_answer(db, "PRAGMA mmap_size", "0");
	assert_false(disk_has(disk, "other"));
	assert_false(disk_has(disk, NAME "-journal"));
	assert_false(disk_has(disk, NAME "-shm"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Sorting, temporary tables, statement rollback: all in memory, with a cache of a few pages. */
static void
test_nothing_else_is_opened(void **state)
{
	sqlite3 *db = journal_new();

	(void)state;
	assert_int_equal(
	    run(db,
	        "PRAGMA cache_size=5; CREATE TABLE t (a, b);"
	        "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000)"
	        " INSERT INTO t SELECT i, zeroblob(200) FROM c;"
	        "CREATE TEMP TABLE u AS SELECT * FROM t ORDER BY b, a DESC;"
	        "SAVEPOINT s; UPDATE t SET a = -a; ROLLBACK TO s; RELEASE s;"
	        "INSERT OR ABORT INTO t SELECT a, b FROM t ORDER BY b"),
	    SQLITE_OK);
	expect_answer(db, "SELECT count(*) FROM t", "4000");
	expect_answer(db, "PRAGMA integrity_check", "ok");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_checkpoint(void **state)
{
	sqlite3 *db = journal_new();
	size_t count;

	(void)state;
	assert_int_equal(run(db, "CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)"), SQLITE_OK);
	assert_int_equal(pmjvfs_checkpoint(db), SQLITE_LOCKED);
	assert_int_equal(run(db, "COMMIT"), SQLITE_OK);
	(void)raw(LOG, &count);
	assert_true(count > 0);
	assert_int_equal(pmjvfs_checkpoint(db), SQLITE_OK);
	(void)raw(LOG, &count);
	assert_int_equal(count, 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_plain_database_is_refused(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(
	    sqlite3_open_v2(NAME, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "disk"),
	    SQLITE_OK);
	assert_int_equal(run(db, "CREATE TABLE t (a)"), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	db = connect(SQLITE_OPEN_READWRITE);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_IOERR_DATA);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- section 6.7 ---- */

static void
test_copy_under_a_new_key(void **state)
{
	static const uint8_t new_dek[32] = {1};
	static const uint8_t new_id[8] = {2};
	sqlite3 *db = journal_new();
	uint8_t *before;
	size_t count;

	(void)state;
	assert_int_equal(run(db, "CREATE TABLE t (a); INSERT INTO t VALUES ('kept')"), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, "rekeyed", "disk"), SQLITE_MISUSE);
	assert_int_equal(pmjvfs_register("new", "disk", new_dek, new_id), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, NAME, "new"), SQLITE_CANTOPEN); /* exists */
	assert_int_equal(run(db, "BEGIN; SELECT * FROM t"), SQLITE_OK);
	assert_int_not_equal(pmjvfs_copy(db, "rekeyed", "new"), SQLITE_OK);
	assert_int_equal(run(db, "COMMIT"), SQLITE_OK);
	assert_int_equal(pmjvfs_copy(db, "rekeyed", "new"), SQLITE_OK);
	expect_answer(db, "SELECT a FROM t", "kept");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	assert_int_equal(sqlite3_open_v2("rekeyed", &db, SQLITE_OPEN_READWRITE, "new"), SQLITE_OK);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_OK);
	expect_answer(db, "SELECT a FROM t", "kept");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	before = raw("rekeyed", &count);
	assert_true(count >= 8192 && count % 4096 == 0);
	assert_memory_not_equal(before, raw(NAME, NULL), 4056);
	assert_int_equal(
	    sqlite3_open_v2("rekeyed", &db, SQLITE_OPEN_READWRITE, "sealed"), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db, 1);
	assert_int_equal(pmjvfs_prepare(db), SQLITE_IOERR_DATA); /* the old key is of no use */
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(pmjvfs_unregister("new"), SQLITE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_known_keys, fresh),
	    cmocka_unit_test_setup(test_page_layout, fresh),
	    cmocka_unit_test_setup(test_wal_layout, fresh),
	    cmocka_unit_test_setup(test_fails_closed, fresh),
	    cmocka_unit_test_setup(test_methods_offered, fresh),
	    cmocka_unit_test_setup(test_emptied_file_is_not_new, fresh),
	    cmocka_unit_test_setup(test_other_shapes_are_refused, fresh),
	    cmocka_unit_test_setup(test_frames_need_a_header, fresh),
	    cmocka_unit_test_setup(test_page_1_must_have_size_and_reserve, fresh),
	    cmocka_unit_test_setup(test_partial_reads_of_page_1, fresh),
	    cmocka_unit_test_setup(test_ends_and_holes_of_the_journal, fresh),
	    cmocka_unit_test_setup(test_wal_reads, fresh),
	    cmocka_unit_test_setup(test_one_write_a_frame, fresh),
	    cmocka_unit_test_setup(test_frames_go_out_together, fresh),
	    cmocka_unit_test_setup(test_frames_that_were_lost, fresh),
	    cmocka_unit_test_setup(test_no_nonce_comes_twice, fresh),
	    cmocka_unit_test_setup(test_read_ahead, fresh),
	    cmocka_unit_test_setup(test_checkpoint_gathers, fresh),
	    cmocka_unit_test_setup(test_checkpoint_that_could_not_write, fresh),
	    cmocka_unit_test_setup(test_forgotten_sums_are_mended, fresh),
	    cmocka_unit_test_setup(test_torn_tail_and_damage, fresh),
	    cmocka_unit_test_setup(test_old_and_moved_frames, fresh),
	    cmocka_unit_test_setup(test_bad_log_header, fresh),
	    cmocka_unit_test_setup(test_truncation_is_synced, fresh),
	    cmocka_unit_test_setup(test_empty_log_is_synced_before_its_header, fresh),
	    cmocka_unit_test_setup(test_synced_is_lowered, fresh),
	    cmocka_unit_test_setup(test_failed_fsync_is_final, fresh),
	    cmocka_unit_test_setup(test_prepare_sets_all_of_it, fresh),
	    cmocka_unit_test_setup(test_nothing_else_is_opened, fresh),
	    cmocka_unit_test_setup(test_checkpoint, fresh),
	    cmocka_unit_test_setup(test_plain_database_is_refused, fresh),
	    cmocka_unit_test_setup(test_copy_under_a_new_key, fresh),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
