/* The sealed VFS at its own level, rule by rule of section 6 of the format specification, over the
 * simulated disk: the bytes on it are looked at from outside, with AAD and offsets written down
 * here once more. */
#include "vfs_lab.h"

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
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_OK);
	memset(page, 'y', sizeof(page));
	assert_int_equal(handle_put(&db, page, 4096, 4096), SQLITE_OK);
	bytes = raw(NAME, &count);
	assert_int_equal(count, 8192);
	aad_36(aad, "pmj page v1", NULL, 2);
	assert_int_equal(prim_open_detached(plain, bytes + 4096, 4056, bytes + 8176, aad, 36,
	                     bytes + 8152, page_key),
	    0);
	assert_true(is_all(plain, 4056, 'y'));
	/* The 40 reserved bytes come back as zeros, whatever was given. */
	assert_int_equal(handle_get(&db, plain, 4096, 4096), SQLITE_OK);
	assert_true(is_all(plain, 4056, 'y') && is_all(plain + 4056, 40, 0));
	/* The same page again: a fresh nonce. */
	memcpy(first, bytes + 4096, 4096);
	assert_int_equal(handle_put(&db, page, 4096, 4096), SQLITE_OK);
	bytes = raw(NAME, NULL);
	assert_memory_not_equal(first + 4056, bytes + 8152, 24);
	assert_memory_not_equal(first, bytes + 4096, 4056);
	handle_shut(&db);
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
	assert_int_equal(handle_size(&wal), 0);
	log_header(&wal);
	assert_int_equal(handle_size(&wal), 32);
	log_frame(&wal, 0);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	log_frame(&wal, 1);
	assert_int_equal(handle_size(&wal), 32 + 2 * 4120);
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
	handle_shut(&wal);
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
		    handle_open(&h, NAME, refused[i] | SQLITE_OPEN_CREATE), SQLITE_CANTOPEN);
		assert_null(h.file->pMethods);
		handle_shut(&h);
	}
	assert_int_equal(
	    handle_open(&h, "nolock", SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_CREATE), SQLITE_CANTOPEN);
	assert_int_equal(vfs->xOpen(vfs, NULL, h.file, SQLITE_OPEN_MAIN_DB, NULL), SQLITE_CANTOPEN);
	handle_shut(&h);
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
		handle_shut(&h[i]);
	}
}

static void
test_emptied_file_is_not_new(void **state)
{
	struct handle db = open_db();
	struct handle again;

	(void)state;
	handle_shut(&db);
	assert_int_equal(handle_open(&again, NAME, SQLITE_OPEN_MAIN_DB), SQLITE_IOERR_DATA);
	handle_shut(&again);
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
	assert_int_equal(handle_put(&db, bytes, 4096, 0), SQLITE_OK);
	log_header(&wal);
	log_frame(&wal, 0);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		assert_int_equal(
		    handle_get(&db, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(
		    handle_put(&db, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(
		    handle_get(&wal, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
		assert_int_equal(
		    handle_put(&wal, bytes, shapes[i].bytes, shapes[i].at), SQLITE_IOERR);
	}
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 100), SQLITE_IOERR);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, 4120), SQLITE_IOERR);
	expect_frame(&wal, 0);
	handle_shut(&db);
	handle_shut(&wal);
}

static void
test_frames_need_a_header(void **state)
{
	struct handle wal = open_wal();
	uint8_t bytes[4120] = {0};

	(void)state;
	assert_int_equal(handle_put(&wal, bytes, 24, FRAME_AT(0)), SQLITE_IOERR);
	assert_int_equal(handle_put(&wal, bytes, 4096, FRAME_AT(0) + 24), SQLITE_IOERR);
	assert_int_equal(handle_get(&wal, bytes, 4120, FRAME_AT(0)), SQLITE_IOERR);
	handle_shut(&wal);
}

static void
test_page_1_must_have_size_and_reserve(void **state)
{
	struct handle db = open_db();
	uint8_t page[4096];

	(void)state;
	page_1(page, 0);
	page[20] = 0;
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_IOERR);
	page_1(page, 0);
	page[16] = 0x20;
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_IOERR);
	assert_int_equal(handle_size(&db), 0);
	handle_shut(&db);
}

static void
test_partial_reads_of_page_1(void **state)
{
	static const uint8_t header[24] = "SQLite format 3\0\x10\x00\x02\x02\x28\x40\x20\x20";
	struct handle db = open_db();
	uint8_t page[4096];
	uint8_t out[4096];

	(void)state;
	assert_int_equal(handle_get(&db, out, 100, 0), SQLITE_IOERR_SHORT_READ); /* a new file */
	assert_int_equal(handle_get(&db, out, 4096, 0), SQLITE_IOERR_SHORT_READ);
	assert_true(is_all(out, 100, 0));
	page_1(page, 'p');
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_OK);
	/* The read at opening sees what is constant, and no more. */
	assert_int_equal(handle_get(&db, out, 100, 0), SQLITE_OK);
	assert_memory_equal(out, header, 24);
	assert_true(is_all(out + 24, 76, 0));
	assert_int_equal(handle_get(&db, out, 16, 24), SQLITE_OK);
	assert_memory_equal(out, page + 24, 16);
	/* Torn: the constant header in part, damage as a whole. */
	raw(NAME, NULL)[2000] ^= 1;
	assert_int_equal(handle_get(&db, out, 100, 0), SQLITE_OK);
	assert_memory_equal(out, header, 24);
	assert_true(is_all(out + 24, 76, 0));
	assert_int_equal(handle_get(&db, out, 16, 24), SQLITE_OK);
	assert_true(is_all(out, 16, 0));
	assert_int_equal(handle_get(&db, out, 4096, 0), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	handle_shut(&db);
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
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_OK);
	assert_int_equal(handle_get(&db, out, 4096, 4096), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	/* A hole is no page of zeros; nor is a page moved to another place, nor half a page. */
	assert_int_equal(handle_put(&db, page, 4096, 4 * 4096), SQLITE_OK);
	assert_int_equal(handle_size(&db), 5 * 4096);
	assert_int_equal(handle_get(&db, out, 4096, 2 * 4096), SQLITE_IOERR_DATA);
	assert_true(is_all(out, 4096, 0));
	memcpy(raw(NAME, NULL) + 4096, raw(NAME, NULL) + 4 * 4096, 4096);
	assert_int_equal(handle_get(&db, out, 4096, 4096), SQLITE_IOERR_DATA);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_OK);
	assert_int_equal(handle_get(&db, out, 4096, 4 * 4096), SQLITE_IOERR_DATA);
	(void)raw(NAME, &count);
	disk_cut_short(disk, NAME, count - 1000);
	assert_int_equal(handle_get(&db, out, 4096, 2 * 4096), SQLITE_IOERR_DATA);
	handle_shut(&db);
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
	assert_int_equal(handle_get(&wal, out, 32, 0), SQLITE_OK);
	assert_memory_equal(out + 16, salts, 8);
	assert_int_equal(handle_get(&wal, out, 8, 24), SQLITE_OK);
	assert_true(is_all(out, 8, 'h'));
	assert_int_equal(handle_get(&wal, out, 8, FRAME_AT(1) + 16), SQLITE_OK);
	assert_true(is_all(out, 8, 'b'));
	assert_int_equal(handle_get(&wal, out, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	assert_true(is_all(out, 4096, 'B'));
	expect_frame(&wal, 0);
	/* Damage in what this handle wrote is never the end of the log. */
	raw(LOG, NULL)[DISK_AT(1) + 30] ^= 1;
	expect_damage(&wal, 1);
	assert_int_equal(handle_get(&wal, out, 8, FRAME_AT(1) + 16), SQLITE_IOERR_DATA);
	assert_int_equal(handle_get(&wal, out, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	raw(LOG, NULL)[DISK_AT(0) + 4000] ^= 1;
	assert_int_equal(handle_get(&wal, out, 4096, FRAME_AT(0) + 24), SQLITE_IOERR_DATA);
	raw(LOG, NULL)[40] ^= 1;
	assert_int_equal(handle_get(&wal, out, 8, 24), SQLITE_IOERR_DATA);
	assert_int_equal(handle_get(&wal, out, 4096, FRAME_AT(7) + 24), SQLITE_IOERR_DATA);
	handle_shut(&wal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_known_keys, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_page_layout, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_wal_layout, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_fails_closed, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_methods_offered, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_emptied_file_is_not_new, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_other_shapes_are_refused, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_frames_need_a_header, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_page_1_must_have_size_and_reserve, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_partial_reads_of_page_1, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_ends_and_holes_of_the_journal, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_wal_reads, vfs_lab_fresh),
	};

	return cmocka_run_group_tests(tests, vfs_lab_setup, vfs_lab_teardown);
}
