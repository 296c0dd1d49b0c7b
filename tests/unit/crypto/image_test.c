/* The key file's bytes: every bit of them flipped. x, the stretched passphrase, is made once:
 * stretching 130,000 times would only show that Argon2 is slow. */
#include "check.h"
#include "crypto/image.h"
#include "crypto/prim.h"

static struct pmj_error err;
static uint8_t image[IMAGE_BYTES], x[32], before[14224];
static size_t before_len;

static void
seal_anew(struct ring *ring)
{
	static struct image_work work;
	uint8_t uuid[16] = {0xc3}, *slot;

	prim_random(x, sizeof(x));
	image_begin(image, uuid);
	put_le32(image + IMAGE_AT_GENERATION, 41);
	slot = image_slot(image, 0);
	slot_begin(slot, SLOT_PASSPHRASE, 3, 65536);
	memcpy(work.slot.x, x, 32);
	slot_keys(&work.slot, uuid, 0, slot);
	memcpy(slot + SLOT_AT_COMMIT, work.slot.kek_commit + 32, 32);
	prim_random(work.mk, sizeof(work.mk));
	slot_seal(slot, uuid, work.slot.kek_commit, work.mk);
	slot = image_slot(image, 1);
	slot_begin(slot, SLOT_RECOVERY, 0, 0);
	prim_random(work.slot_sk, 32);
	prim_dh_public(slot + SLOT_AT_PK, work.slot_sk);
	assert_int_equal(slot_seal_public(slot, uuid, 1, work.mk, &work.slot), 0);
	check_ok(image_seal(image, ring, &work, &err), &err);
	check_ok(ring_pack(before, sizeof(before), &before_len, ring, &err), &err);
	prim_wipe(&work, sizeof(work));
}

/* Check and open as keyfile_unlock does; the ring must then be the one that was sealed. */
static enum pmj_code
open_image(void)
{
	static struct image_work work;
	static uint8_t after[14224];
	struct ring *ring = NULL;
	enum pmj_code rc;
	size_t len;

	if ((rc = image_check(image, IMAGE_BYTES, &err)) != PMJ_OK)
		return rc;
	memcpy(work.slot.x, x, 32);
	rc = image_open(&ring, image, (unsigned)image_find(image, SLOT_PASSPHRASE), &work, &err);
	if (rc != PMJ_OK) {
		assert_null(ring);
		return rc;
	}
	check_ok(ring_pack(after, sizeof(after), &len, ring, &err), &err);
	assert_int_equal(len, before_len);
	assert_memory_equal(after, before, len);
	ring_free(ring);
	return PMJ_OK;
}

static int
setup(void **state)
{
	struct ring *ring;

	(void)state;
	check_ok(ring_new(&ring, true, 5, &err), &err);
	seal_anew(ring);
	ring_free(ring);
	return 0;
}

static void
test_opens(void **state)
{
	(void)state;
	check_ok(open_image(), &err);
	assert_int_equal(get_le32(image + IMAGE_AT_RING_LEN), before_len + 16);
}

static void
test_every_bit(void **state)
{
	size_t ring_end = IMAGE_AT_RING + before_len + 16, wrong = 0, damaged = 0;

	(void)state;
	for (size_t i = 0; i < IMAGE_BYTES; i++) {
		/* The random tail means nothing: one bit a byte there. */
		for (int bit = 0; bit < (i < ring_end ? 8 : 1); bit++) {
			enum pmj_code rc;

			image[i] ^= (uint8_t)(1 << bit);
			rc = open_image();
			image[i] ^= (uint8_t)(1 << bit);
			wrong += rc == PMJ_WRONG_PASSPHRASE;
			damaged += rc == PMJ_DAMAGED_KEYS;
			if (i >= ring_end ? rc == PMJ_OK
			                  : rc == PMJ_WRONG_PASSPHRASE || rc == PMJ_DAMAGED_KEYS)
				continue;
			fail_msg("byte %zu bit %d: %s", i, bit, pmj_code_name(rc));
		}
	}
	/* "Wrong passphrase" can come of store_uuid, salt, the unused key fields and the commitment
	 * of slot 0, nothing else. */
	assert_in_range(wrong, 1, 8 * (16 + 16 + 64 + 32 + 8));
	assert_true(damaged > 8 * 2000);
	check_ok(open_image(), &err);
}

/* What section 4.2 has checked before any key is derived: every bit of it. */
static void
test_checked_without_a_key(void **state)
{
	static const struct {
		size_t from, to;
	} fixed[] = {{0, 12}, {32, 65}, {65, 68}, {76, 80}, {64 + 216, 64 + 256},
	    {64 + 257, 64 + 260}, {64 + 268, 64 + 272}, {64 + 256 + 216, 64 + 512},
	    {64 + 512, 2112}, {2114, 2116}};

	(void)state;
	for (size_t k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++) {
		for (size_t bit = fixed[k].from * 8; bit < fixed[k].to * 8; bit++) {
			image[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (image_check(image, IMAGE_BYTES, &err) != PMJ_DAMAGED_KEYS)
				fail_msg("byte %zu bit %zu was not refused", bit / 8, bit % 8);
			image[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* The formulas of section 4.2, written out once more: ring key, associated data, place. */
static void
test_ring_by_hand(void **state)
{
	static const char label[16] = "pmj ring key v1";
	static uint8_t plain[14224];
	struct slot_work work;
	uint8_t mk[32], key[32], info[20];

	(void)state;
	memcpy(work.x, x, 32);
	slot_keys(&work, image + 16, 0, image + 64);
	assert_int_equal(slot_open(mk, image + 64, image + 16, work.kek_commit), 0);
	memcpy(info, image + 16, 16);
	put_le32(info + 16, 41);
	prim_kdf(key, 32, label, mk, PRIM_PARTS({info, 20}));
	assert_int_equal(
	    prim_open(plain, image + 2140, get_le32(image + 2112), image, 2140, image + 2116, key),
	    0);
	assert_memory_equal(plain, before, before_len);
}

/* The ring of an older generation, put back into the newer file, does not open. */
static void
test_old_ring_put_back(void **state)
{
	static uint8_t old[IMAGE_BYTES];
	struct ring *ring;

	(void)state;
	memcpy(old, image, sizeof(old));
	put_le32(image + IMAGE_AT_GENERATION, 42);
	check_code(open_image(), PMJ_DAMAGED_KEYS);
	check_ok(ring_new(&ring, true, 5, &err), &err);
	seal_anew(ring);
	ring_free(ring);
	memcpy(image + IMAGE_AT_RING_LEN, old + IMAGE_AT_RING_LEN, IMAGE_BYTES - IMAGE_AT_RING_LEN);
	check_code(open_image(), PMJ_DAMAGED_KEYS);
}

static void
test_sizes_and_costs(void **state)
{
	static uint8_t longer[IMAGE_BYTES + 1];

	(void)state;
	(void)setup(NULL);
	for (size_t len = 0; len < IMAGE_BYTES; len += 997)
		check_code(image_check(image, len, &err), PMJ_DAMAGED_KEYS);
	memcpy(longer, image, IMAGE_BYTES);
	check_code(image_check(longer, IMAGE_BYTES + 1, &err), PMJ_DAMAGED_KEYS);
	assert_true(image_cost_ok(3, 65536));
	assert_true(image_cost_ok(16, 1048576));
	assert_false(image_cost_ok(2, 65536));
	assert_false(image_cost_ok(17, 65536));
	assert_false(image_cost_ok(3, 65535));
	assert_false(image_cost_ok(3, 1048577));
	/* A cost below the floor is refused before any key is made. */
	put_le32(image_slot(image, 0) + SLOT_AT_OPS, 2);
	check_code(image_check(image, IMAGE_BYTES, &err), PMJ_DAMAGED_KEYS);
	assert_non_null(strstr(err.message, "cost"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_checked_without_a_key),
	    cmocka_unit_test(test_ring_by_hand),
	    cmocka_unit_test(test_old_ring_put_back),
	    cmocka_unit_test(test_sizes_and_costs),
	};

	prim_start();
	return cmocka_run_group_tests(tests, setup, NULL);
}
