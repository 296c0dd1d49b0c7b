#include "check.h"
#include "crypto/ring.h"
#include "test_ring.h"

#define RING_ROOM 14224 /* what the key file holds, without the tag */

static struct pmj_error err;

static struct ring *
new_ring(bool hub)
{
	struct ring *ring;

	check_ok(ring_new(&ring, hub, 1700000000000, &err), &err);
	return ring;
}

static struct buf
encode(struct ring *ring)
{
	static uint8_t packed[RING_ROOM];
	struct buf b;
	size_t len;

	buf_init(&b, 0);
	check_ok(ring_pack(packed, sizeof(packed), &len, ring, &err), &err);
	buf_put(&b, packed, len);
	return b;
}

static struct ring *
decode(const struct buf *b)
{
	struct ring *ring;

	check_ok(ring_decode(&ring, b->bytes, b->len, &err), &err);
	return ring;
}

static void
fill_anchor(struct ring_anchor *anchor, size_t lanes)
{
	memset(anchor, 0, sizeof(*anchor));
	anchor->count = 77;
	memset(anchor->j, 3, sizeof(anchor->j));
	anchor->lanes = lanes;
	for (size_t i = 0; i < lanes; i++) {
		anchor->lane[i].lane = 2;
		anchor->lane[i].segno = i + 1;
		anchor->lane[i].seq = i * 100;
		memset(anchor->lane[i].incarnation, (int)i, 16);
		memset(anchor->lane[i].segment_id, (int)i + 1, 32);
		memset(anchor->lane[i].chain, (int)i + 2, 32);
	}
}

static void
test_all_records_survive(void **state)
{
	static const uint8_t head[32] = {6}, inc[16] = {7}, file_id[8] = {8}, dek[32] = {9};
	struct ring *ring = new_ring(true), *back;
	static struct ring_pin pin, pin_back; /* static: compared with their padding */
	static struct ring_anchor anchor, anchor_back;
	uint8_t tombstone[32], out[32];
	struct buf one, two;
	uint64_t version;

	(void)state;
	fill_anchor(&anchor, RING_ANCHOR_LANES_MAX);
	pin.set = true;
	pin.root_pk[0] = 1;
	pin.next_root_hash[0] = 2;
	pin.serial = 3;
	pin.cert_hash[31] = 4;
	ring_set_anchor(ring, &anchor);
	ring_set_pin(ring, &pin);
	ring_set_roster(ring, 5, head);
	ring_set_incarnation(ring, inc);
	ring_set_journal(ring, file_id, dek);
	ring_set_hub_time(ring, 1234);
	ring_tombstone_key(ring, tombstone);
	one = encode(ring);
	back = decode(&one);
	two = encode(back);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.bytes, two.bytes, one.len);
	ring_anchor(back, &anchor_back);
	assert_memory_equal(&anchor, &anchor_back, sizeof(anchor));
	ring_pin(back, &pin_back);
	assert_memory_equal(&pin, &pin_back, sizeof(pin));
	ring_roster(back, &version, out);
	assert_int_equal(version, 5);
	assert_memory_equal(out, head, 32);
	assert_memory_equal(ring_incarnation(back), inc, 16);
	assert_memory_equal(ring_file_id(back), file_id, 8);
	ring_dek(back, out);
	assert_memory_equal(out, dek, 32);
	assert_int_equal(ring_hub_time(back), 1234);
	ring_tombstone_key(back, out);
	assert_memory_equal(out, tombstone, 32);
	assert_true(ring_is_hub(back));
	assert_memory_equal(ring_op_pk(back), ring_op_pk(ring), 32);
	assert_memory_equal(ring_device_id(back), ring_device_id(ring), 16);
	buf_wipe(&one);
	buf_wipe(&two);
	ring_free(ring);
	ring_free(back);
	ring_free(NULL);
}

/* Record 2 of section 4.2, byte by byte. */
static void
test_layout(void **state)
{
	struct ring *ring = new_ring(false);
	struct buf b = encode(ring);

	(void)state;
	assert_int_equal(get_le16(b.bytes), 1);
	assert_int_equal(get_le16(b.bytes + 2), 32);
	assert_int_equal(get_le16(b.bytes + 36), 2);
	assert_int_equal(get_le16(b.bytes + 38), 45);
	assert_int_equal(get_le32(b.bytes + 40), 1);
	assert_int_equal(get_le64(b.bytes + 76), 1700000000000);
	assert_int_equal(b.bytes[84], 2);
	assert_int_equal(get_le16(b.bytes + 85), 3);
	assert_int_equal(get_le16(b.bytes + 87), 40);
	assert_memory_equal(b.bytes + 89, ring_file_id(ring), 8);
	buf_wipe(&b);
	ring_free(ring);
}

static void
test_sign(void **state)
{
	struct ring *ring = new_ring(true);
	uint8_t sig[64];

	(void)state;
	ring_sign(ring, RING_KEY_DEVICE, sig, "pmj test v1", PRIM_PARTS({"m", 1}));
	assert_int_equal(
	    prim_verify(sig, "pmj test v1", ring_sign_pk(ring), PRIM_PARTS({"m", 1})), 0);
	ring_sign(ring, RING_KEY_OP, sig, "pmj test v1", PRIM_PARTS({"m", 1}));
	assert_int_equal(
	    prim_verify(sig, "pmj test v1", ring_op_pk(ring), PRIM_PARTS({"m", 1})), 0);
	assert_int_not_equal(
	    prim_verify(sig, "pmj test v1", ring_sign_pk(ring), PRIM_PARTS({"m", 1})), 0);
	ring_free(ring);
	ring = new_ring(false);
	assert_null(ring_op_pk(ring));
	ring_free(ring);
}

static void
test_epochs(void **state)
{
	struct ring *ring = new_ring(false);
	struct ring_epoch e[4], current;
	uint8_t esk[32], epk[32], ours[32], theirs[32], low[32] = {0};

	(void)state;
	ring_epoch_add(ring, 5);
	ring_epoch_add(ring, 6);
	assert_int_equal(ring_epochs(ring, e, 4), 3);
	assert_int_equal(e[2].epoch, 3);
	assert_int_equal(e[2].state, 1);
	ring_epoch_current(ring, &current);
	assert_int_equal(current.epoch, 1);
	prim_random(esk, sizeof(esk));
	prim_dh_public(epk, esk);
	ring_epoch_destroy(ring, 1);
	for (int i = 1; i < 3; i++) {
		check_ok(ring_dh(ring, e[i].key_id, ours, epk, &err), &err);
		assert_int_equal(prim_dh(theirs, esk, e[i].pk), 0);
		assert_memory_equal(ours, theirs, 32);
	}
	check_code(ring_dh(ring, e[0].key_id, ours, epk, &err), PMJ_NOT_FOUND);
	check_code(ring_dh(ring, e[1].key_id, ours, low, &err), PMJ_INTEGRITY);
	ring_epoch_state(ring, 2, 2);
	ring_epoch_current(ring, &current);
	assert_int_equal(current.epoch, 2);
	ring_epoch_state(ring, 2, 3); /* between end and begin */
	ring_epoch_current(ring, &current);
	assert_int_equal(current.epoch, 3);
	ring_epoch_destroy(ring, 99);
	assert_int_equal(ring_epochs(ring, e, 4), 2);
	ring_free(ring);
}

/* A record of a newer program comes back byte for byte, after the known ones. */
/* The X25519 key that a signing key stands for; known answers of another program. */
static void
test_image(void **state)
{
	struct ring *ring = test_ring(1, 9, 2), *device = test_ring(1, 9, 0);
	uint8_t pk[32], found[32], kid[PRIM_KEY_ID_BYTES], sk[32], epk[32], a[32], b[32];

	(void)state;
	assert_int_equal(prim_sign_image_pk(pk, ring_sign_pk(ring)), 0);
	check_hex(pk, 32, "1b1b58dd50ea14b60da17b790cd02754d970c9bab864ebb3c0f3016fe51d3f57");
	prim_seal_key_id(kid, pk);
	assert_true(ring_reader_pk(ring, kid, found));
	assert_memory_equal(found, pk, 32);
	memset(sk, 3, sizeof(sk));
	prim_dh_public(epk, sk);
	assert_int_equal(prim_dh(a, sk, pk), 0);
	check_ok(ring_dh(ring, kid, b, epk, &err), &err);
	assert_memory_equal(a, b, 32);
	/* a hub's operating key has one too; a device has none */
	assert_int_equal(prim_sign_image_pk(pk, ring_op_pk(ring)), 0);
	prim_seal_key_id(kid, pk);
	assert_int_equal(prim_dh(a, sk, pk), 0);
	check_ok(ring_dh(ring, kid, b, epk, &err), &err);
	assert_memory_equal(a, b, 32);
	assert_false(ring_reader_pk(device, kid, found));
	check_code(ring_dh(device, kid, b, epk, &err), PMJ_NOT_FOUND);
	memset(epk, 0, sizeof(epk)); /* a point of low order */
	check_code(ring_dh(ring, kid, b, epk, &err), PMJ_INTEGRITY);
	ring_free(ring);
	ring_free(device);
}

static void
test_unknown_kept(void **state)
{
	static const uint8_t strange[] = {0x34, 0x12, 3, 0, 'n', 'e', 'w', 0x99, 0x77, 0, 0};
	struct ring *ring = new_ring(false), *back;
	struct buf b = encode(ring), again;

	(void)state;
	buf_put(&b, strange, sizeof(strange));
	back = decode(&b);
	again = encode(back);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.bytes, b.bytes, b.len);
	buf_wipe(&b);
	buf_wipe(&again);
	ring_free(ring);
	ring_free(back);
}

static void
refuse(const uint8_t *bytes, size_t len)
{
	struct ring *ring;

	check_code(ring_decode(&ring, bytes, len, &err), PMJ_DAMAGED_KEYS);
	assert_null(ring);
}

static void
test_bad(void **state)
{
	static const uint8_t bad_state[] = {2, 0, 45, 0, 9, 0, 0, 0, [48] = 4};
	static const uint8_t long_record[] = {8, 0, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	static const uint8_t short_record[] = {8, 0, 7, 0, 1, 2, 3, 4, 5, 6, 7};
	static const uint8_t odd_anchor[4 + 41] = {4, 0, 41, 0};
	static uint8_t wide_anchor[4 + 40 + 65 * 97] = {4, 0};
	struct ring *ring = new_ring(false);
	struct buf b = encode(ring), c;
	struct ring *cut;

	(void)state;
	for (size_t len = 0; len < b.len; len++) {
		/* Cut anywhere: refused, or (between records) lacking one that is needed; the
		 * anchor alone may be missing. */
		if (ring_decode(&cut, b.bytes, len, &err) == PMJ_OK) {
			fail_msg("%zu of %zu bytes were taken", len, b.len);
			ring_free(cut);
		}
	}
	buf_init(&c, 0);
	buf_put(&c, b.bytes, b.len);
	buf_put(&c, b.bytes, 36);
	refuse(c.bytes, c.len); /* record 1 twice */
	buf_clear(&c);
	buf_put(&c, b.bytes, b.len);
	buf_put(&c, b.bytes + 36, 49);
	refuse(c.bytes, c.len); /* epoch 1 twice */
	put_le16(wide_anchor + 2, sizeof(wide_anchor) - 4);
	for (int i = 0; i < 5; i++) {
		static const struct {
			const uint8_t *bytes;
			size_t len;
		} bad[] = {{bad_state, sizeof(bad_state)}, {long_record, sizeof(long_record)},
		    {short_record, sizeof(short_record)}, {odd_anchor, sizeof(odd_anchor)},
		    {wide_anchor, sizeof(wide_anchor)}};

		buf_clear(&c);
		buf_put(&c, b.bytes, b.len);
		if (bad[i].bytes[0] == 4)
			memset(
			    c.bytes + 129, 0x55, 2); /* the anchor's type becomes an unknown one */
		buf_put(&c, bad[i].bytes, bad[i].len);
		refuse(c.bytes, c.len);
	}
	buf_wipe(&b);
	buf_wipe(&c);
	ring_free(ring);
}

static void
test_too_big(void **state)
{
	static uint8_t filler[14200], room[RING_ROOM];
	struct ring *ring = new_ring(false), *full;
	struct buf b = encode(ring);
	static struct ring_anchor anchor;
	uint8_t out[100];
	size_t len;

	(void)state;
	check_code(ring_pack(out, sizeof(out), &len, ring, &err), PMJ_TOO_BIG);
	put_le16(filler, 500);
	put_le16(filler + 2, (uint16_t)(13000 - 4));
	buf_put(&b, filler, 13000);
	full = decode(&b);
	fill_anchor(&anchor, 64);
	ring_set_anchor(full, &anchor);
	check_code(ring_pack(room, sizeof(room), &len, full, &err), PMJ_TOO_BIG);
	buf_wipe(&b);
	ring_free(ring);
	ring_free(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_records_survive),
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_epochs),
	    cmocka_unit_test(test_image),
	    cmocka_unit_test(test_unknown_kept),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_too_big),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
