/* The slot's known answer of the format specification, section 14. Its cost (ops 2) is below the
 * floor of a real key file, so it is asked of the slot itself. */
#include "check.h"
#include "crypto/prim.h"
#include "crypto/slot.h"

static struct pmj_error err;

static void
known_slot(uint8_t *slot)
{
	slot_begin(slot, SLOT_PASSPHRASE, 2, 65536);
	memset(slot + SLOT_AT_SALT, 6, 16);
	memset(slot + SLOT_AT_NONCE, 7, 24);
	assert_true(text_unhex(slot + SLOT_AT_COMMIT, 32,
	    "23547a4631047aae57417e68b3166d89689a2931d73157aded1c4e19103e19ba"));
	assert_true(text_unhex(slot + SLOT_AT_CT, 48,
	    "1085a192feedcf13d18999deeb7a9911c62373a283647a5c28e4898d5a2e05b0"
	    "e50d024802bcffa63162bbc01d0a5f86"));
}

static void
test_known_answer(void **state)
{
	uint8_t slot[SLOT_BYTES], uuid[16], mk[32], want[32];
	struct slot_work work;

	(void)state;
	memset(uuid, 0xc3, sizeof(uuid));
	memset(want, 5, sizeof(want));
	known_slot(slot);
	check_ok(slot_stretch(work.x, slot, "correct horse", &err), &err);
	slot_keys(&work, uuid, 0, slot);
	check_hex(work.kek_commit + 32, 32,
	    "23547a4631047aae57417e68b3166d89689a2931d73157aded1c4e19103e19ba");
	assert_true(slot_commits(&work, slot));
	/* AEAD has one ciphertext per key, nonce and text: that this one opens to MK is the known
	 * answer. */
	assert_int_equal(slot_open(mk, slot, uuid, work.kek_commit), 0);
	assert_memory_equal(mk, want, 32);
	slot_keys(&work, uuid, 1, slot);
	assert_false(slot_commits(&work, slot));
}

static void
test_public(void **state)
{
	uint8_t slot[SLOT_BYTES], uuid[16] = {9}, sk[32], mk[32], out[32], epk[32];
	struct slot_work work;

	(void)state;
	prim_random(sk, sizeof(sk));
	prim_random(mk, sizeof(mk));
	slot_begin(slot, SLOT_ESCROW, 0, 0);
	prim_dh_public(slot + SLOT_AT_PK, sk);
	assert_int_equal(slot_seal_public(slot, uuid, 4, mk, &work), 0);
	assert_int_equal(slot_x_public(&work, slot, sk), 0);
	slot_keys(&work, uuid, 4, slot);
	assert_true(slot_commits(&work, slot));
	assert_int_equal(slot_open(out, slot, uuid, work.kek_commit), 0);
	assert_memory_equal(out, mk, 32);
	/* A fresh nonce each time. */
	memcpy(epk, slot + SLOT_AT_NONCE, 24);
	slot_seal(slot, uuid, work.kek_commit, mk);
	assert_memory_not_equal(epk, slot + SLOT_AT_NONCE, 24);
	/* A fresh epk each time; another key does not fit. */
	memcpy(epk, slot + SLOT_AT_EPK, 32);
	assert_int_equal(slot_seal_public(slot, uuid, 4, mk, &work), 0);
	assert_memory_not_equal(epk, slot + SLOT_AT_EPK, 32);
	sk[5] ^= 1;
	assert_int_equal(slot_x_public(&work, slot, sk), 0);
	slot_keys(&work, uuid, 4, slot);
	assert_false(slot_commits(&work, slot));
	/* Low-order points are refused both ways. */
	memset(slot + SLOT_AT_EPK, 0, 32);
	assert_int_not_equal(slot_x_public(&work, slot, sk), 0);
	memset(slot + SLOT_AT_PK, 0, 32);
	assert_int_not_equal(slot_seal_public(slot, uuid, 4, mk, &work), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answer),
	    cmocka_unit_test(test_public),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
