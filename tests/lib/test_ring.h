/* test_ring.h - rings with keys that a test chooses, made the way a key file's plaintext is read
 * (security 4.2). */
#ifndef TEST_RING_H
#define TEST_RING_H
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/ring.h"

static inline void
test_ring_record(struct buf *b, uint16_t type, const void *value, size_t len)
{
	buf_put_u16(b, type);
	buf_put_u16(b, (uint16_t)len);
	buf_put(b, value, len);
}

/** Signing seed and seal secret are one byte, 32 times; op is the operating seed's byte, 0 for a
 * device. Stops the test on failure. */
static inline struct ring *
test_ring(uint8_t sign, uint8_t seal, uint8_t op)
{
	struct ring *ring = NULL;
	uint8_t value[64];
	struct buf b;

	prim_start();
	buf_init(&b, 4096);
	memset(value, sign, sizeof(value));
	test_ring_record(&b, 1, value, 32);
	memset(value, 0, sizeof(value));
	put_le32(value, 1);
	memset(value + 4, seal, 32);
	put_le64(value + 36, 1000);
	value[44] = 2;
	test_ring_record(&b, 2, value, 45);
	memset(value, 0x77, sizeof(value));
	test_ring_record(&b, 3, value, 40);
	memset(value, 0xb2, 16);
	test_ring_record(&b, 7, value, 16);
	if (op != 0) {
		memset(value, op, sizeof(value));
		test_ring_record(&b, 9, value, 32);
	}
	if (buf_check(&b, NULL) != PMJ_OK || ring_decode(&ring, b.bytes, b.len, NULL) != PMJ_OK)
		abort();
	buf_wipe(&b);
	return ring;
}

static inline void
test_ring_seal_pk(const struct ring *ring, uint8_t pk[32])
{
	struct ring_epoch epoch;

	ring_epoch_current(ring, &epoch);
	memcpy(pk, epoch.pk, 32);
}

#endif
