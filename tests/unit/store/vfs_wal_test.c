/* How the sealed VFS writes and reads its log: in one piece, ahead, and with sums put right. */
#include "vfs_lab.h"

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
	assert_int_equal(handle_put(&wal, page, 4096, FRAME_AT(2) + 24), SQLITE_OK);
	assert_int_equal(writes, 6);
	memset(header, 'a' + 2, sizeof(header));
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(2)), SQLITE_OK);
	assert_int_equal(writes, 6);
	expect_frame(&wal, 3);
	assert_int_equal(writes, 7);
	expect_frame(&wal, 2);
	/* And by each of the others that may look. */
	memset(header, 'z', sizeof(header));
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(handle_size(&wal), FRAME_AT(5)); /* a header without a page is no frame */
	assert_int_equal(writes, 8);
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(writes, 9);
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(5)), SQLITE_OK);
	assert_int_equal(handle_put(&wal, page, 4096, FRAME_AT(4) + 24), SQLITE_OK);
	assert_int_equal(writes, 11);
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(1)), SQLITE_OK);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, FRAME_AT(3)), SQLITE_OK);
	assert_int_equal(writes, 12);
	assert_int_equal(handle_size(&wal), FRAME_AT(3));
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(0)), SQLITE_OK);
	handle_shut(&wal);
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
	rc = handle_put(wal, header, 24, FRAME_AT(k));
	return rc == SQLITE_OK ? handle_put(wal, page, 4096, FRAME_AT(k) + 24) : rc;
}

static void
expect_inner_frame(struct handle *wal, int k)
{
	uint8_t frame[4120];

	assert_int_equal(handle_get(wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
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
	assert_int_equal(handle_put(&wal, page, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	memset(header, 'z', sizeof(header));
	assert_int_equal(handle_put(&wal, header, 24, FRAME_AT(2)), SQLITE_OK);
	assert_int_equal(writes, 0);
	log_frame(&wal, 5);
	assert_int_equal(writes, 1);
	assert_int_equal(syncs, 0);
	expect_inner_frame(&wal, 0);
	assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(1) + 24), SQLITE_OK);
	assert_true(is_all(page, 4096, 'Z'));
	assert_int_equal(handle_get(&wal, page, 4120, FRAME_AT(2)), SQLITE_OK);
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
			assert_int_equal(handle_size(&wal), FRAME_AT(23));
		if (i == 1)
			assert_int_equal(handle_sync(&wal), SQLITE_OK);
		if (i == 2)
			expect_inner_frame(&wal, 24);
	}
	assert_int_equal(log_inner_frame(&wal, 20), SQLITE_OK); /* no neighbour of frame 25 */
	assert_int_equal(writes, 6);
	handle_shut(&wal);
	assert_int_equal(writes, 7);
	disk_watch(disk, NULL, NULL);
}

/* A sync is asked of the disk when there is something to sync: what an earlier handle wrote, too.
 */
static void
test_what_is_synced_is_not_synced_again(void **state)
{
	struct handle wal = open_wal();

	(void)state;
	log_header(&wal);
	log_frame(&wal, 0);
	disk_watch(disk, count_writes, NULL);
	syncs = 0;
	for (int i = 0; i < 3; i++)
		assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(syncs, 1);
	assert_int_equal(log_inner_frame(&wal, 1), SQLITE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(syncs, 2);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, FRAME_AT(1)), SQLITE_OK);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(syncs, 3);
	handle_shut(&wal);
	wal = open_wal();
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(syncs, 4);
	handle_shut(&wal);
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
	assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_FULL);
	assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_IOERR_READ);
	assert_int_equal(handle_get(&wal, page, 4120, FRAME_AT(2)), SQLITE_IOERR_READ);
	assert_int_equal(handle_get(&wal, page, 8, FRAME_AT(2) + 16), SQLITE_IOERR_READ);
	assert_int_equal(log_inner_frame(&wal, 5), SQLITE_IOERR_WRITE);
	assert_int_equal(handle_put(&wal, page, 4096, FRAME_AT(3) + 24), SQLITE_IOERR_WRITE);
	/* What lies before them is there, and a checkpoint may sync it. */
	expect_frame(&wal, 1);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	assert_int_equal(log_inner_frame(&wal, 2), SQLITE_OK);
	log_frame(&wal, 3);
	expect_inner_frame(&wal, 2);
	expect_frame(&wal, 3);
	log_frame(&wal, 4);
	/* The same on the last of a transaction; then a new log. */
	assert_int_equal(log_inner_frame(&wal, 5), SQLITE_OK);
	disk_fail(disk, 0, SQLITE_IOERR);
	memset(page, 'f', sizeof(page));
	assert_int_equal(handle_put(&wal, page, 24, FRAME_AT(6)), SQLITE_OK);
	assert_int_not_equal(handle_put(&wal, page, 4096, FRAME_AT(6) + 24), SQLITE_OK);
	assert_int_equal(log_inner_frame(&wal, 7), SQLITE_IOERR_WRITE);
	log_header(&wal);
	log_frame(&wal, 0);
	expect_frame(&wal, 0);
	handle_shut(&wal);
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
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	bytes = raw(LOG, NULL);
	for (int k = 0; k < FRAMES; k++) {
		nonces[2 * k] = bytes + DISK_AT(k);
		nonces[2 * k + 1] = bytes + DISK_AT(k) + 72;
	}
	for (int i = 0; i < 2 * FRAMES; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(nonces[i], nonces[j], 24);
	handle_shut(&wal);
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
		assert_int_equal(handle_put(&db, page, 4096, 4096 * k), SQLITE_OK);
		log_frame(&wal, k);
	}
	assert_int_equal(handle_sync(&db), SQLITE_OK);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	for (int k = 0; k < 6; k++) {
		assert_int_equal(handle_get(&db, page, 4096, 4096 * k), SQLITE_OK);
		assert_int_equal(page[2000], '0' + k);
		assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(k) + 24), SQLITE_OK);
		assert_int_equal(page[2000], 'A' + k);
	}
	/* Frames and pages 6 and 7 are at hand now: the disk does not matter for them. */
	disk_freeze(disk, true);
	assert_int_equal(handle_get(&db, page, 4096, 4096 * 6), SQLITE_OK);
	assert_int_equal(page[2000], '0' + 6);
	assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(6) + 24), SQLITE_OK);
	assert_int_equal(page[2000], 'A' + 6);
	disk_freeze(disk, false);
	page_1(page, 'n');
	assert_int_equal(handle_put(&db, page, 4096, 4096 * 7), SQLITE_OK);
	memset(page, 'n', sizeof(page));
	assert_int_equal(handle_put(&wal, page, 4096, FRAME_AT(7) + 24), SQLITE_OK);
	assert_int_equal(handle_get(&db, page, 4096, 4096 * 7), SQLITE_OK);
	assert_int_equal(page[2000], 'n');
	assert_int_equal(handle_get(&wal, page, 4096, FRAME_AT(7) + 24), SQLITE_OK);
	assert_int_equal(page[2000], 'n');
	/* Each is checked on its own, and the journal's end stays its end. */
	raw(NAME, NULL)[4096 * 10 + 5] ^= 1;
	for (int k = 4; k < 12; k++)
		assert_int_equal(
		    handle_get(&db, page, 4096, 4096 * k), k == 10 ? SQLITE_IOERR_DATA : SQLITE_OK);
	assert_int_equal(handle_get(&db, page, 4096, 4096 * 12), SQLITE_IOERR_DATA);
	handle_shut(&db);
	handle_shut(&wal);
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
		assert_int_equal(handle_put(&db, page, 4096, 4096 * k), SQLITE_OK);
	}
	assert_int_equal(writes, 1);
	assert_int_equal(handle_put(&db, page, 4096, 4096 * 30), SQLITE_OK); /* no neighbour */
	assert_int_equal(writes, 2);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	assert_int_equal(writes, 3);
	assert_int_equal(handle_put(&db, page, 4096, 4096 * 29), SQLITE_OK);
	assert_int_equal(writes, 4);
	for (int k = 0; k < VFS_RUN_PIECES + 3; k++) {
		assert_int_equal(handle_get(&db, page, 4096, 4096 * k), SQLITE_OK);
		assert_int_equal(page[2000], '0' + k);
	}
	disk_watch(disk, NULL, NULL);
	handle_shut(&db);
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
	assert_int_equal(handle_put(&db, page, 4096, 0), SQLITE_OK);
	assert_int_equal(handle_put(&db, page, 4096, 4096), SQLITE_OK);
	control(&db, SQLITE_FCNTL_CKPT_START);
	assert_int_equal(handle_put(&db, page, 4096, 2 * 4096), SQLITE_OK);
	disk_fail(disk, 0, SQLITE_FULL);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	disk_watch(disk, count_writes, NULL); /* a full disk must not be in the way of readers */
	writes = 0;
	assert_int_equal(handle_get(&db, page, 4096, 4096), SQLITE_OK);
	assert_int_equal(writes, 0);
	disk_watch(disk, NULL, NULL);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_FULL);
	assert_int_equal(handle_sync(&db), SQLITE_FULL);
	control(&db, SQLITE_FCNTL_CKPT_START);
	assert_int_equal(handle_put(&db, page, 4096, 2 * 4096), SQLITE_OK);
	control(&db, SQLITE_FCNTL_CKPT_DONE);
	assert_int_equal(db.file->pMethods->xTruncate(db.file, 3 * 4096), SQLITE_OK);
	assert_int_equal(handle_sync(&db), SQLITE_OK);
	assert_int_equal(handle_get(&db, page, 4096, 2 * 4096), SQLITE_OK);
	handle_shut(&db);
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
	assert_int_equal(handle_put(&wal, header, 32, 0), SQLITE_OK);
	memset(frame, 'o', 24);
	memset(frame + 24, 'A', 4096);
	assert_int_equal(handle_put(&wal, frame, 24, FRAME_AT(0)), SQLITE_OK);
	assert_int_equal(handle_put(&wal, frame + 24, 4096, FRAME_AT(0) + 24), SQLITE_OK);
	for (int k = 1; k <= 3; k++) {
		memset(frame, k, 8);
		memset(frame + 8, 0, 16);
		assert_int_equal(handle_put(&wal, frame, 24, FRAME_AT(k)), SQLITE_OK);
		assert_int_equal(handle_put(&wal, frame + 24, 4096, FRAME_AT(k) + 24), SQLITE_OK);
	}
	assert_int_equal(handle_get(&wal, out, 8, FRAME_AT((int)asked) + 16), SQLITE_OK);
	for (int k = 1; k <= last; k++) {
		assert_int_equal(handle_get(&wal, frame, 4120, FRAME_AT(k)), SQLITE_OK);
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
	handle_shut(&wal);
}

static void
test_forgotten_sums_are_mended(void **state)
{
	check_mended(2, 2); /* SQLite's mark stands at frame 3: it does the rest itself */
	(void)vfs_lab_fresh(state);
	check_mended(3, 3);
	(void)vfs_lab_fresh(state);
	check_mended(9, 3); /* its mark stands past the end: nobody else will */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_one_write_a_frame, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_frames_go_out_together, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_what_is_synced_is_not_synced_again, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_frames_that_were_lost, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_no_nonce_comes_twice, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_read_ahead, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_checkpoint_gathers, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_checkpoint_that_could_not_write, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_forgotten_sums_are_mended, vfs_lab_fresh),
	};

	return cmocka_run_group_tests(tests, vfs_lab_setup, vfs_lab_teardown);
}
