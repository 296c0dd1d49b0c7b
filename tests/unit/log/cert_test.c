/* Section 7.1: certificates, what may follow the pinned one, the root on paper, seal epochs of the
 * hub. */
#include "check.h"
#include "log/cert.h"
#include "test_ring.h"

static struct cert_root root;
static struct cert_root next; /* its seed is root.next_seed */
static uint8_t op_pk[32];

static int
setup(void **state)
{
	(void)state;
	prim_start();
	memset(root.seed, 0x11, 32);
	memset(root.next_seed, 0x22, 32);
	memset(next.seed, 0x22, 32);
	memset(next.next_seed, 0x33, 32);
	memset(op_pk, 0x44, 32);
	return 0;
}

/* Made, read, and pinned as at enrolment. */
static void
pin_first(struct ring_pin *pin)
{
	static const uint8_t none[32];
	struct cert cert;
	struct buf b;

	buf_init(&b, 0);
	cert_make(&b, &root, 5, 1000, 2000, op_pk, none);
	assert_int_equal(cert_read(&cert, b.bytes, b.len, NULL), PMJ_OK);
	*pin = (struct ring_pin){.set = true, .serial = cert.serial};
	memcpy(pin->root_pk, cert.root_pk, 32);
	memcpy(pin->next_root_hash, cert.next_root_hash, 32);
	memcpy(pin->cert_hash, cert.hash, 32);
	buf_close(&b);
}

static enum pmj_code
accept(const struct buf *b, const struct ring_pin *pin)
{
	struct pmj_error err;
	struct cert cert;

	check_ok(cert_read(&cert, b->bytes, b->len, &err), &err);
	return cert_accept(&cert, b->bytes, b->len, pin, &err);
}

static void
shape(void **state)
{
	static const uint8_t previous[32] = {7};
	struct cert cert;
	uint8_t pk[32];
	uint8_t hash[32];
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	cert_make(&b, &root, 3, 1000, 2000, op_pk, previous);
	assert_int_equal(b.len, 220);
	assert_memory_equal(b.bytes, "PMJHUB01\3\0\0\0", 12);
	assert_int_equal(cert_read(&cert, b.bytes, b.len, NULL), PMJ_OK);
	assert_int_equal(cert.serial, 3);
	assert_int_equal(cert.not_before_ms, 1000);
	assert_int_equal(cert.not_after_ms, 2000);
	assert_memory_equal(cert.op_pk, op_pk, 32);
	assert_memory_equal(cert.previous_hash, previous, 32);
	cert_root_public(pk, &root);
	assert_memory_equal(cert.root_pk, pk, 32);
	cert_root_public(pk, &next);
	prim_hash(hash, "pmj root v1", PRIM_PARTS({pk, 32}));
	assert_memory_equal(cert.next_root_hash, hash, 32);
	buf_clear(&b);
	cert_make_root_change(&b, &root, &next, 4, 1000, 2000, op_pk, cert.hash);
	assert_int_equal(b.len, 284);
	assert_int_equal(cert_read(&cert, b.bytes, b.len, NULL), PMJ_OK);
	buf_close(&b);
}

static void
damaged(void **state)
{
	static const uint8_t none[32];
	struct cert cert;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	cert_make(&b, &root, 3, 1000, 2000, op_pk, none);
	for (size_t i = 0; i < b.len; i++) {
		b.bytes[i] ^= (uint8_t)(1u << (i % 8));
		check_code(cert_read(&cert, b.bytes, b.len, NULL), PMJ_INTEGRITY);
		b.bytes[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t len = 0; len < b.len; len++)
		check_code(cert_read(&cert, b.bytes, len, NULL), PMJ_INTEGRITY);
	buf_put_zeros(&b, 64);
	check_code(cert_read(&cert, b.bytes, b.len, NULL), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make(&b, &root, 0, 1000, 2000, op_pk, none);
	check_code(cert_read(&cert, b.bytes, b.len, NULL), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make(&b, &root, 1, 2000, 2000, op_pk, none);
	check_code(cert_read(&cert, b.bytes, b.len, NULL), PMJ_INTEGRITY);
	buf_close(&b);
}

static void
following(void **state)
{
	static const uint8_t other[32] = {9};
	struct ring_pin pin;
	struct ring_pin unset = {.set = false};
	struct buf b;

	(void)state;
	pin_first(&pin);
	buf_init(&b, 0);
	cert_make(&b, &root, 5, 1000, 2000, op_pk, (const uint8_t[32]){0}); /* the same again */
	check_code(accept(&b, &pin), PMJ_OK);
	check_code(accept(&b, &unset), PMJ_NOT_CONFIRMED);
	buf_clear(&b);
	cert_make(&b, &root, 5, 1000, 2001, op_pk, (const uint8_t[32]){0}); /* another fifth */
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make(&b, &root, 4, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_REFUSED);
	buf_clear(&b);
	cert_make(&b, &root, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_OK);
	buf_clear(&b);
	cert_make(&b, &root, 6, 1000, 9000, op_pk, other);
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make(&b, &root, 8, 1000, 9000, op_pk, other); /* 6 and 7 were missed */
	check_code(accept(&b, &pin), PMJ_OK);
	buf_close(&b);
}

static void
next_root(void **state)
{
	struct cert_root stranger;
	struct cert_root swapped = root;
	struct ring_pin pin;
	struct cert cert;
	struct buf b;

	(void)state;
	pin_first(&pin);
	cert_root_new(&stranger);
	buf_init(&b, 0);
	cert_make_root_change(&b, &root, &next, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_OK);
	/* Once it is pinned, the same bytes may come again by a slow courier. */
	assert_int_equal(cert_read(&cert, b.bytes, b.len, NULL), PMJ_OK);
	memcpy(pin.root_pk, cert.root_pk, 32);
	memcpy(pin.next_root_hash, cert.next_root_hash, 32);
	memcpy(pin.cert_hash, cert.hash, 32);
	pin.serial = 6;
	check_code(accept(&b, &pin), PMJ_OK);

	pin_first(&pin);
	b.bytes[156] ^= 1; /* the old root's signature */
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make_root_change(&b, &stranger, &next, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	/* A stolen root alone changes neither itself nor its successor. */
	buf_clear(&b);
	cert_make_root_change(&b, &root, &stranger, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	memcpy(swapped.next_seed, stranger.seed, 32);
	buf_clear(&b);
	cert_make(&b, &swapped, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	buf_clear(&b);
	cert_make(&b, &stranger, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_INTEGRITY);
	/* The root is lost: the next one alone needs people. */
	buf_clear(&b);
	cert_make(&b, &next, 6, 1000, 9000, op_pk, pin.cert_hash);
	check_code(accept(&b, &pin), PMJ_NOT_CONFIRMED);
	/* Other bytes than were read. */
	assert_int_equal(cert_read(&cert, b.bytes, b.len, NULL), PMJ_OK);
	b.bytes[219] ^= 1;
	check_code(cert_accept(&cert, b.bytes, b.len, &pin, NULL), PMJ_INTEGRITY);
	buf_close(&b);
}

static void
root_on_paper(void **state)
{
	struct cert_root fresh;
	struct cert_root back;
	struct pmj_error err;
	struct buf b;
	char *at;

	(void)state;
	cert_root_new(&fresh);
	buf_init(&b, 0);
	cert_root_put(&b, &fresh);
	check_ok(cert_root_read(&back, buf_text(&b), b.len, &err), &err);
	assert_memory_equal(&back, &fresh, sizeof(back));
	at = strchr((char *)b.bytes, '\n') + 1; /* line 1 */
	at = strchr(at, '\n') + 1;              /* line 2 */
	at[4] = at[4] == '7' ? '8' : '7';
	check_code(cert_root_read(&back, buf_text(&b), b.len, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "line 2"));
	assert_memory_equal(back.seed, (const uint8_t[32]){0}, 32);
	check_code(cert_root_read(&back, "PAMOJA ROOT KEY 2\n", 18, &err), PMJ_INVALID);
	check_code(cert_root_read(&back, "", 0, &err), PMJ_INVALID);
	buf_wipe(&b);
}

static void
seal_epochs(void **state)
{
	struct ring *hub = test_ring(1, 2, 3);
	struct ring_epoch epoch;
	struct pmj_error err;
	json_t *statement;
	uint32_t number;
	uint8_t pk[32];

	(void)state;
	ring_epoch_current(hub, &epoch);
	statement = cert_epoch_statement(hub, &epoch);
	check_ok(cert_epoch_read(&number, pk, statement, ring_op_pk(hub), &err), &err);
	assert_int_equal(number, epoch.epoch);
	assert_memory_equal(pk, epoch.pk, 32);
	check_code(cert_epoch_read(&number, pk, statement, ring_sign_pk(hub), &err), PMJ_INTEGRITY);
	json_object_set_new(statement, "epoch", json_integer(2));
	check_code(cert_epoch_read(&number, pk, statement, ring_op_pk(hub), &err), PMJ_INTEGRITY);
	json_object_set_new(statement, "epoch", json_integer(1));
	json_object_set_new(statement, "from", json_integer(1001));
	check_code(cert_epoch_read(&number, pk, statement, ring_op_pk(hub), &err), PMJ_INTEGRITY);
	json_object_set_new(statement, "from", json_integer(-1));
	check_code(cert_epoch_read(&number, pk, statement, ring_op_pk(hub), &err), PMJ_INVALID);
	json_object_del(statement, "g");
	check_code(cert_epoch_read(&number, pk, statement, ring_op_pk(hub), &err), PMJ_INVALID);
	check_code(cert_epoch_read(&number, pk, NULL, ring_op_pk(hub), &err), PMJ_INVALID);
	json_decref(statement);
	ring_free(hub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shape),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(following),
	    cmocka_unit_test(next_root),
	    cmocka_unit_test(root_on_paper),
	    cmocka_unit_test(seal_epochs),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
