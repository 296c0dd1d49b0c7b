/* Section 11.5: what of a ring travels in a backup, and the ring that comes out of one. */
#include <unistd.h>

#include "check.h"
#include "crypto/keyfile.h"
#include "crypto/recovery.h"
#include "crypto/restored.h"
#include "test_ring.h"

static struct pmj_error err;

static bool
holds(const struct buf *b, uint8_t byte, size_t run)
{
	for (size_t i = 0, same = 0; i < b->len; i++) {
		same = b->bytes[i] == byte ? same + 1 : 0;
		if (same == run)
			return true;
	}
	return false;
}

static void
test_no_seal_secret(void **state)
{
	struct ring *ring = test_ring(0x11, 0x22, 0x33);
	struct ring_pin pin = {.set = true, .serial = 4};
	uint8_t tombstone[32];
	struct buf records;

	(void)state;
	memset(pin.root_pk, 0x44, sizeof(pin.root_pk));
	ring_set_pin(ring, &pin);
	ring_tombstone_key(ring, tombstone);
	buf_init(&records, 0);
	check_ok(restored_records(&records, ring, &err), &err);
	assert_true(holds(&records, 0x11, 32)); /* signing seeds and pins */
	assert_true(holds(&records, 0x33, 32));
	assert_true(holds(&records, 0x44, 32));
	assert_non_null(memmem(records.bytes, records.len, tombstone, sizeof(tombstone)));
	assert_false(holds(&records, 0x22, 8)); /* no seal secret */
	assert_false(holds(&records, 0x77, 8)); /* no journal key */
	assert_false(holds(&records, 0xb2, 8)); /* no incarnation */
	buf_wipe(&records);
	ring_free(ring);
}

static void
test_same_device_new_keys(void **state)
{
	struct ring *ring = test_ring(0x11, 0x22, 0x33), *one = NULL, *two = NULL;
	struct ring_epoch old, first, second;
	uint8_t a[32], b[32];
	struct buf records;

	(void)state;
	buf_init(&records, 0);
	check_ok(restored_records(&records, ring, &err), &err);
	check_ok(restored_ring(
	             &one, records.bytes, records.len, restored_last_epoch(ring), 5000000, &err),
	    &err);
	check_ok(restored_ring(&two, records.bytes, records.len, 9000, 5001000, &err), &err);
	assert_memory_equal(ring_sign_pk(one), ring_sign_pk(ring), 32);
	assert_memory_equal(ring_op_pk(one), ring_op_pk(ring), 32);
	ring_epoch_current(ring, &old);
	ring_epoch_current(one, &first);
	ring_epoch_current(two, &second);
	assert_int_equal(first.epoch, 5000);
	assert_int_equal(second.epoch, 9001); /* always above what was */
	assert_memory_not_equal(first.pk, old.pk, 32);
	assert_memory_not_equal(first.pk, second.pk, 32);
	ring_dek(one, a);
	ring_dek(two, b);
	assert_memory_not_equal(a, b, 32);
	assert_memory_not_equal(ring_file_id(one), ring_file_id(ring), 8);
	assert_memory_not_equal(ring_incarnation(one), ring_incarnation(ring), 16);
	ring_free(one);
	/* only what a backup may hold */
	check_code(restored_ring(&one, (const uint8_t *)"\7\0\1\0x", 5, 1, 1, &err), PMJ_INTEGRITY);
	check_code(
	    restored_ring(&one, (const uint8_t *)"\1\0\40\0x", 5, 1, 1, &err), PMJ_INTEGRITY);
	check_code(restored_ring(&one, NULL, 0, 1, 1, &err), PMJ_INTEGRITY);
	for (size_t len = 0; len < records.len; len++)
		if (restored_ring(&one, records.bytes, len, 1, 1, NULL) == PMJ_OK)
			ring_free(one); /* whole records, and the seed among them */
	buf_wipe(&records);
	ring_free(two);
	ring_free(ring);
}

static void
test_key_file(void **state)
{
	static const struct keyfile_cost cheap = {.ops = 3, .mem_kib = 65536};
	static const uint8_t bytes[RECOVERY_BYTES] = {7, 7, 7}, uuid[16] = {5};
	char path[] = "/tmp/pamoja-restored-XXXXXX", code[RECOVERY_CHARS + 1];
	char other[RECOVERY_CHARS + 1] = "?";
	struct keyfile_restored what = {.passphrase = "a herd of goats at noon",
	    .code = code,
	    .new_code = other,
	    .store_uuid = uuid};
	struct ring *ring = test_ring(0x11, 0x22, 0), *back = NULL, *reader = NULL;
	struct keyfile *keys = NULL;
	struct ring_epoch slot;
	uint8_t pk[32];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	recovery_text(code, bytes);
	check_code(keyfile_restore(&keys, &os_real, path, ring, &what, &cheap, &err), PMJ_BUSY);
	assert_int_equal(unlink(path), 0);
	check_ok(keyfile_restore(&keys, &os_real, path, ring, &what, &cheap, &err), &err);
	assert_memory_equal(keyfile_store_uuid(keys), uuid, 16);
	assert_string_equal(other, "");
	/* the next backup is for the same code */
	check_ok(keyfile_recovery_pk(keys, pk, &err), &err);
	check_ok(restored_reader(&reader, code, uuid, &err), &err);
	ring_epoch_current(reader, &slot);
	assert_memory_equal(pk, slot.pk, 32);
	keyfile_free(keys);
	check_ok(keyfile_unlock(&keys, &back, &os_real, path, what.passphrase, &err), &err);
	assert_memory_equal(ring_sign_pk(back), ring_sign_pk(ring), 32);
	keyfile_free(keys);
	ring_free(back);
	check_ok(keyfile_recover(&keys, &back, &os_real, path, code, &err), &err);
	keyfile_free(keys);
	ring_free(back);
	ring_free(reader);
	/* opened with the halves of a backup key: a new code, which opens it */
	assert_int_equal(unlink(path), 0);
	what.code = NULL;
	check_ok(keyfile_restore(&keys, &os_real, path, ring, &what, &cheap, &err), &err);
	keyfile_free(keys);
	check_code(keyfile_recover(&keys, &back, &os_real, path, code, &err), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_recover(&keys, &back, &os_real, path, other, &err), &err);
	assert_memory_equal(ring_sign_pk(back), ring_sign_pk(ring), 32);
	keyfile_free(keys);
	ring_free(back);
	ring_free(ring);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_seal_secret),
	    cmocka_unit_test(test_same_device_new_keys),
	    cmocka_unit_test(test_key_file),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
