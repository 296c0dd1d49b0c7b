/* Torn tails, damage, and what was synced: sections 6.4 and 6.5 of the format specification. */
#include "vfs_lab.h"

/* ---- section 6.4 ---- */

/* Frames of three transactions, 0-1, 2-3 and 4, each synced; then opened anew as recovery does. */
static struct handle
three_transactions(void)
{
	struct handle wal = open_wal();
	uint8_t header[32];

	log_header(&wal);
	assert_int_equal(handle_sync(&wal), SQLITE_OK);
	for (int k = 0; k < 5; k++) {
		log_frame(&wal, k);
		if (k % 2 == 1 || k == 4)
			assert_int_equal(handle_sync(&wal), SQLITE_OK);
	}
	handle_shut(&wal);
	wal = open_wal();
	assert_int_equal(handle_get(&wal, header, 32, 0), SQLITE_OK);
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
	handle_shut(&wal);
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
	handle_shut(&wal);
	wal = open_wal();
	memset(header, 'h', sizeof(header)); /* other salts */
	assert_int_equal(handle_put(&wal, header, 32, 0), SQLITE_OK);
	for (int k = 0; k < 5; k++)
		log_frame(&wal, k);
	handle_shut(&wal);
	wal = open_wal();
	assert_int_equal(handle_get(&wal, header, 32, 0), SQLITE_OK);
	expect_frame(&wal, 4);
	memcpy(raw(LOG, NULL) + DISK_AT(4), old, sizeof(old));
	expect_end(&wal, 4);
	handle_shut(&wal);
}

static void
test_bad_log_header(void **state)
{
	struct handle wal = three_transactions();
	uint8_t out[32];

	(void)state;
	raw(LOG, NULL)[30] ^= 1;
	assert_int_equal(handle_get(&wal, out, 32, 0), SQLITE_IOERR_DATA);
	disk_cut_short(disk, LOG, 4280);
	assert_int_equal(handle_get(&wal, out, 32, 0), SQLITE_IOERR_DATA);
	/* not one whole frame: the log was about to begin */
	disk_cut_short(disk, LOG, 4279);
	assert_int_equal(handle_get(&wal, out, 32, 0), SQLITE_OK);
	assert_true(is_all(out, 32, 0));
	disk_cut_short(disk, LOG, 71);
	assert_int_equal(handle_get(&wal, out, 32, 0), SQLITE_OK);
	assert_true(is_all(out, 32, 0));
	assert_int_equal(handle_size(&wal), 0);
	handle_shut(&wal);
}

static unsigned synced_at_zero;

static void
see_truncation(void *arg, struct disk *which, enum disk_op op)
{
	(void)arg;
	if (op == DISK_SYNC && disk_size(which, LOG) == 0)
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
	assert_int_equal(handle_size(&wal), 32);
	disk_watch(disk, NULL, NULL);
	handle_shut(&wal);
}

/* That an old log is gone may still be on its way to the disk when it is found empty: the first
 * header waits for that, opening does not. */
static void
test_empty_log_is_synced_before_its_header(void **state)
{
	struct handle wal = three_transactions();

	(void)state;
	disk_cut_short(disk, LOG, 0);
	handle_shut(&wal);
	wal = open_wal();
	synced_at_zero = 0;
	disk_watch(disk, see_truncation, NULL);
	assert_int_equal(wal.file->pMethods->xTruncate(wal.file, 0), SQLITE_OK);
	assert_int_equal(synced_at_zero, 0);
	log_header(&wal);
	assert_int_equal(synced_at_zero, 1);
	disk_watch(disk, NULL, NULL);
	handle_shut(&wal);
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
	assert_int_equal(handle_sync(&wal), SQLITE_OK); /* read whole in recovery, and now synced */
	log_frame(&wal, 5);
	log_frame(&wal, 3); /* written over */
	log_frame(&wal, 4);
	handle_shut(&wal);
	wal = open_wal();
	assert_int_equal(handle_get(&wal, header, 32, 0), SQLITE_OK);
	raw(LOG, NULL)[DISK_AT(4) + 9] ^= 1;
	expect_damage(&wal, 4); /* frame 5 had seen it synced */
	raw(LOG, NULL)[DISK_AT(5) + 9] ^= 1;
	raw(LOG, NULL)[DISK_AT(3) + 9] ^= 1;
	expect_end(&wal, 3); /* frame 4 was written when 3 was not */
	handle_shut(&wal);
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
		assert_int_equal(handle_sync(&h[i]), SQLITE_IOERR_FSYNC);
		assert_int_equal(handle_sync(&h[i]), SQLITE_IOERR_FSYNC);
		page_1(bytes, 0);
		assert_int_equal(
		    handle_put(&h[i], bytes, i == 0 ? 4096 : 32, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(
		    handle_get(&h[i], bytes, i == 0 ? 4096 : 32, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(h[i].file->pMethods->xTruncate(h[i].file, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(
		    h[i].file->pMethods->xFileSize(h[i].file, &size), SQLITE_IOERR_FSYNC);
		handle_shut(&h[i]);
	}
	h[1] = open_wal(); /* a new handle is alive */
	log_header(&h[1]);
	handle_shut(&h[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_torn_tail_and_damage, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_old_and_moved_frames, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_bad_log_header, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_truncation_is_synced, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_empty_log_is_synced_before_its_header, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_synced_is_lowered, vfs_lab_fresh),
	    cmocka_unit_test_setup(test_failed_fsync_is_final, vfs_lab_fresh),
	};

	return cmocka_run_group_tests(tests, vfs_lab_setup, vfs_lab_teardown);
}
