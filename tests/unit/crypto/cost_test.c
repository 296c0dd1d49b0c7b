/* How hard a passphrase is stretched on this machine (security 4.4), by a clock that says what the
 * tries took. */
#include "check.h"
#include "crypto/cost.h"
#include "crypto/prim.h"

#define PASS "two goats on the hill"

static struct pmj_error err;

/* In place of libsodium's: which cost is chosen is the question here, not what it costs. Every
 * input is in what comes out. */
int crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
    unsigned long long pass_len, const unsigned char *salt, unsigned long long ops, size_t memory,
    int algorithm);

int
crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
    unsigned long long pass_len, const unsigned char *salt, unsigned long long ops, size_t memory,
    int algorithm)
{
	(void)algorithm;
	assert_int_equal(out_len, 32);
	prim_hash(out, "cost test",
	    PRIM_PARTS(
	        {pass, pass_len}, {salt, 16}, {&ops, sizeof(ops)}, {&memory, sizeof(memory)}));
	return 0;
}

static const int64_t *took; /* ms of the tries still to come */
static int calls;

static int64_t
told_ms(void *ctx)
{
	static int64_t now_ms;

	(void)ctx;
	if (calls++ % 2 == 1)
		now_ms += *took++;
	return now_ms;
}

/* Fit to unlock_ms when the tries take so long; how many were made, for this cost. */
static int
fit(const int64_t *times, uint32_t unlock_ms, uint32_t mib, uint32_t ops)
{
	uint8_t slot[SLOT_BYTES], x[32];
	struct slot_work work;
	struct os os = os_real;

	os.mono_ms = told_ms;
	took = times;
	calls = 0;
	check_ok(cost_fit(slot, &work, &os, PASS, unlock_ms, &err), &err);
	assert_int_equal(get_le32(slot + SLOT_AT_MEM_KIB), mib * 1024);
	assert_int_equal(get_le32(slot + SLOT_AT_OPS), ops);
	/* What came out is what the slot's salt and cost give. */
	check_ok(slot_stretch(x, slot, PASS, &err), &err);
	assert_memory_equal(x, work.x, 32);
	return calls / 2;
}

static void
test_floor(void **state)
{
	(void)state;
	/* Never quick enough: one try, which is the outcome. */
	assert_int_equal(fit((int64_t[]){5000}, 1000, 64, 3), 1);
	/* 96 MiB might fit by the floor's time, and does not: back to the floor, not made again. */
	assert_int_equal(fit((int64_t[]){700, 1010}, 1000, 64, 3), 2);
}

static void
test_steps_down(void **state)
{
	(void)state;
	/* By the floor's time 192 MiB takes 1.2 s and may fit; it takes 1.1 s, and 128 MiB fits. */
	assert_int_equal(fit((int64_t[]){400, 1100, 800}, 1000, 128, 3), 3);
	/* 256 MiB takes 900 ms by the floor's time, and the full second: that is not too long. */
	assert_int_equal(fit((int64_t[]){225, 1000}, 1000, 256, 3), 2);
}

static void
test_raises_passes(void **state)
{
	(void)state;
	/* 3 passes 300 ms, so 5 passes 500 ms */
	assert_int_equal(fit((int64_t[]){80, 300, 500}, 1000, 256, 5), 3);
	/* However quick: at most 16. */
	assert_int_equal(fit((int64_t[]){0, 0, 0}, 3000, 256, 16), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_floor),
	    cmocka_unit_test(test_steps_down),
	    cmocka_unit_test(test_raises_passes),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
