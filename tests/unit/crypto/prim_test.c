/* The primitives give the known answers of the format specification, section 14. */
#include "check.h"
#include "crypto/prim.h"

static void
test_ids(void **state)
{
	uint8_t seed[32], pk[32], sk[64], id[16];

	(void)state;
	memset(seed, 1, sizeof(seed));
	prim_sign_pair(pk, sk, seed);
	prim_device_id(id, pk);
	check_hex(id, sizeof(id), "45cc9abb896d0db41b97e68fe1596a13");
}

static void
test_hash(void **state)
{
	static const char line[] = "{\"v\":1,\"kind\":\"note\"}";
	uint8_t mailbox[16], incarnation[16], e[32], chain[32];

	(void)state;
	memset(mailbox, 0xa1, sizeof(mailbox));
	memset(incarnation, 0xb2, sizeof(incarnation));
	prim_hash(chain, "pmj seg start v1", PRIM_PARTS({mailbox, 16}, {incarnation, 16}));
	check_hex(chain, 32, "5f0b7c974f1b183e5cb3808ff10a6b703d58d48f54b16f51685d86412c3742aa");
	prim_hash(e, "pmj entry v1", PRIM_PARTS({line, strlen(line)}));
	check_hex(e, 32, "256f0a6a290c1bbafd743219bd37cd3430a49481db872cf49aec193402474d9a");
	prim_hash(chain, "pmj chain 0 v1", PRIM_PARTS({mailbox, 16}, {incarnation, 16}));
	prim_hash(chain, "pmj chain v1", PRIM_PARTS({chain, 32}, {e, 32}));
	check_hex(chain, 32, "b84205f26b5528dfa749f0b7dde3bc7a6b6ea97fdc7c70c5ec76f47274943e66");
}

static void
test_kdf(void **state)
{
	uint8_t dek[32], file_id[8], key[32];

	(void)state;
	memset(dek, 8, sizeof(dek));
	memset(file_id, 9, sizeof(file_id));
	prim_kdf(key, 32, "pmj vfs page v1", dek, PRIM_PARTS({file_id, 8}));
	check_hex(key, 32, "12a28d519334064ba037f07e361458e6515ed3750739ef5315185c6ac404155c");
	prim_kdf(key, 32, "pmj vfs wal v1", dek, PRIM_PARTS({file_id, 8}));
	check_hex(key, 32, "c56ee5c51285d258aab50267270d76861a089868b55c7bb63e1d165c2ebefbf6");
}

static void
test_seal(void **state)
{
	uint8_t key[32] = {1}, nonce[24] = {2}, sealed[21], tag[16], opened[5];

	(void)state;
	prim_seal(sealed, (const uint8_t *)"hello", 5, (const uint8_t *)"aad", 3, nonce, key);
	assert_int_equal(prim_open(opened, sealed, 21, (const uint8_t *)"aad", 3, nonce, key), 0);
	assert_memory_equal(opened, "hello", 5);
	assert_int_not_equal(
	    prim_open(opened, sealed, 21, (const uint8_t *)"aae", 3, nonce, key), 0);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		assert_int_not_equal(
		    prim_open(opened, sealed, 21, (const uint8_t *)"aad", 3, nonce, key), 0);
		sealed[i] ^= 1;
	}
	prim_seal_detached(opened, tag, (const uint8_t *)"hello", 5, NULL, 0, nonce, key);
	assert_int_equal(prim_open_detached(opened, opened, 5, tag, NULL, 0, nonce, key), 0);
	assert_memory_equal(opened, "hello", 5);
	tag[0] ^= 1;
	assert_int_not_equal(prim_open_detached(opened, opened, 5, tag, NULL, 0, nonce, key), 0);
}

/* The way for pages gives the same bytes as libsodium's own call, and refuses what it refuses. */
static void
test_seal_page(void **state)
{
	static const size_t lens[] = {0, 1, 15, 16, 63, 64, 65, 512, 4055, 4056, 4095, 4096};
	static uint8_t plain[4096], out[4096], opened[4096], wanted[4096];
	uint8_t key[32], nonce[24], aad[36], tag[16], wanted_tag[16];

	(void)state;
	prim_random(plain, sizeof(plain));
	prim_random(key, sizeof(key));
	prim_random(nonce, sizeof(nonce));
	prim_random(aad, sizeof(aad));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i];
		size_t aad_len = i * 3;

		prim_seal_detached(wanted, wanted_tag, plain, len, aad, aad_len, nonce, key);
		prim_seal_page(out, tag, plain, len, aad, aad_len, nonce, key);
		assert_memory_equal(tag, wanted_tag, 16);
		if (len > 0)
			assert_memory_equal(out, wanted, len);
		memset(out + len, 0x55, sizeof(out) - len); /* means nothing */
		assert_int_equal(
		    prim_open_page(opened, out, len, tag, aad, aad_len, nonce, key), 0);
		if (len > 0)
			assert_memory_equal(opened, plain, len);
	}
	for (size_t at = 0; at < 4096; at += 41) {
		out[at] ^= 8;
		assert_int_not_equal(
		    prim_open_page(opened, out, 4096, tag, aad, 33, nonce, key), 0);
		out[at] ^= 8;
	}
	assert_int_equal(prim_open_page(opened, out, 4096, tag, aad, 33, nonce, key), 0);
	assert_int_not_equal(prim_open_page(opened, out, 4095, tag, aad, 33, nonce, key), 0);
	assert_int_not_equal(prim_open_page(opened, out, 4096, tag, aad, 32, nonce, key), 0);
	aad[0] ^= 1;
	assert_int_not_equal(prim_open_page(opened, out, 4096, tag, aad, 33, nonce, key), 0);
	aad[0] ^= 1;
	tag[15] ^= 1;
	assert_int_not_equal(prim_open_page(opened, out, 4096, tag, aad, 33, nonce, key), 0);
	tag[15] ^= 1;
	nonce[23] ^= 1;
	assert_int_not_equal(prim_open_page(opened, out, 4096, tag, aad, 33, nonce, key), 0);
	/* In place, as the journal's pages are. */
	nonce[23] ^= 1;
	assert_int_equal(prim_open_page(out, out, 4096, tag, aad, 33, nonce, key), 0);
	assert_memory_equal(out, plain, 4096);
}

static void
test_sign(void **state)
{
	uint8_t seed[32] = {3}, pk[32], sk[64], sig[64];

	(void)state;
	prim_sign_pair(pk, sk, seed);
	prim_sign(sig, "pmj test v1", sk, PRIM_PARTS({"ab", 2}, {"c", 1}));
	assert_int_equal(prim_verify(sig, "pmj test v1", pk, PRIM_PARTS({"abc", 3})), 0);
	assert_int_not_equal(prim_verify(sig, "pmj test v2", pk, PRIM_PARTS({"abc", 3})), 0);
	assert_int_not_equal(prim_verify(sig, "pmj test v1", pk, PRIM_PARTS({"abd", 3})), 0);
}

static void
test_dh(void **state)
{
	uint8_t a[32] = {4}, b[32] = {5}, pk_a[32], pk_b[32], one[32], two[32], low[32] = {0};

	(void)state;
	prim_dh_public(pk_a, a);
	prim_dh_public(pk_b, b);
	assert_int_equal(prim_dh(one, a, pk_b), 0);
	assert_int_equal(prim_dh(two, b, pk_a), 0);
	assert_memory_equal(one, two, 32);
	assert_int_not_equal(prim_dh(one, a, low), 0);
	low[0] = 1;
	assert_int_not_equal(prim_dh(one, a, low), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_kdf),
	    cmocka_unit_test(test_seal),
	    cmocka_unit_test(test_seal_page),
	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_dh),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
