/* test_segment.h - a lane from one writer to one reader: seal as asked, and forge what a hostile
 * writer could send. */
#ifndef TEST_SEGMENT_H
#define TEST_SEGMENT_H
#include <stdio.h>

#include "log/chain.h"
#include "log/segment.h"
#include "test_ring.h"

struct test_lane {
	struct ring *writer;
	struct ring *reader;
	uint8_t reader_pk[32];
	uint8_t mailbox[16];
	uint8_t incarnation[16];
	uint64_t segno; /* of the next segment */
	uint64_t seq;   /* of the next line */
	uint8_t prev[32];
	uint8_t chain[32];
};

static inline void
test_lane_open(struct test_lane *lane)
{
	memset(lane, 0, sizeof(*lane));
	lane->writer = test_ring(1, 9, 0);
	lane->reader = test_ring(8, 2, 0);
	test_ring_seal_pk(lane->reader, lane->reader_pk);
	memset(lane->mailbox, 0xa1, 16);
	memset(lane->incarnation, 0xb2, 16);
	lane->segno = 1;
	lane->seq = 1;
	chain_segment_start(lane->prev, lane->mailbox, lane->incarnation);
	chain_lane_start(lane->chain, lane->mailbox, lane->incarnation);
}

static inline void
test_lane_close(struct test_lane *lane)
{
	ring_free(lane->writer);
	ring_free(lane->reader);
}

static inline struct segment_draft
test_lane_draft(const struct test_lane *lane, const struct segment_line *lines, size_t count)
{
	return (struct segment_draft){
	    .lane = LANE_UP,
	    .segno = lane->segno,
	    .mailbox = lane->mailbox,
	    .incarnation = lane->incarnation,
	    .prev = lane->prev,
	    .reader_pk = lane->reader_pk,
	    .first_seq = lane->seq,
	    .chain_before = lane->chain,
	    .lines = lines,
	    .count = count,
	    .writer = RING_KEY_DEVICE,
	};
}

static inline struct segment_expect
test_lane_expect(const struct test_lane *lane)
{
	return (struct segment_expect){
	    .lane = LANE_UP,
	    .mailbox = lane->mailbox,
	    .incarnation = lane->incarnation,
	    .writer_pk = ring_sign_pk(lane->writer),
	    .segno = lane->segno,
	    .prev = lane->prev,
	    .first_seq = lane->seq,
	    .chain = lane->chain,
	};
}

/** What a writer with the right key, but hostile, can send: any padded plaintext, sealed and
 * signed; commit_flip is xored into the commitment, which everything after it then covers. */
static inline void
test_forge(struct buf *out, const struct test_lane *lane, const uint8_t *plain, size_t padded,
    uint8_t commit_flip)
{
	uint8_t esk[32];
	uint8_t shared[32];
	uint8_t okm[64];
	uint8_t *h;
	size_t at = out->len;

	memset(esk, 3, sizeof(esk));
	buf_put(out, "PMJSEG01\1\1\0\0\0\0\0\0", 16);
	buf_put_u64(out, lane->segno);
	buf_put(out, lane->mailbox, 16);
	buf_put(out, lane->incarnation, 16);
	buf_put_zeros(out, 16 + 32);
	buf_put(out, lane->prev, 32);
	buf_put_zeros(out, 32 + 24);
	buf_put_u32(out, (uint32_t)padded + 16);
	buf_put_zeros(out, 4 + padded + 16 + 64);
	if (out->failed != PMJ_OK)
		abort();
	h = out->bytes + at;
	prim_sign_key_id(h + 56, ring_sign_pk(lane->writer));
	prim_seal_key_id(h + 64, lane->reader_pk);
	prim_dh_public(h + 72, esk);
	if (prim_dh(shared, esk, lane->reader_pk) != 0)
		abort();
	prim_kdf(okm, 64, "pmj seg key v1", shared,
	    PRIM_PARTS({h, 136}, {ring_sign_pk(lane->writer), 32}, {lane->reader_pk, 32}));
	memcpy(h + 136, okm + 32, 32);
	h[136] ^= commit_flip;
	prim_seal(h + 200, plain, padded, h, 200, h + 168, okm);
	ring_sign(lane->writer, RING_KEY_DEVICE, h + 200 + padded + 16, "pmj seg sig v1",
	    PRIM_PARTS({h, 200 + padded + 16}));
}

/** Sign again after a change of the bytes: the writer's own hostile doing. */
static inline void
test_resign(struct buf *file, const struct test_lane *lane)
{
	ring_sign(lane->writer, RING_KEY_DEVICE, file->bytes + file->len - 64, "pmj seg sig v1",
	    PRIM_PARTS({file->bytes, file->len - 64}));
}

/** count made-up lines of about the length and sort of real ones; free lines[i].bytes with
 * test_lines_free. */
static inline void
test_lines(struct segment_line *lines, size_t count, unsigned seed)
{
	static const char *const notes[] = {
	    "met at the chief's office, wants to join the Tuesday group",
	    "phone call, missed the clinic date, will try again on market day",
	    "walked to the shelter together; bed until Friday", "sober 40 days, sister visits"};
	for (size_t i = 0; i < count; i++) {
		uint32_t x = seed * 2654435761u + (uint32_t)i * 40503u + 1;
		char *text = NULL;
		unsigned r[12];
		int n;

		for (size_t k = 0; k < 12; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			r[k] = x;
		}
		n = asprintf(&text,
		    "{\"v\":1,\"n\":\"%08x%08x%06x\",\"kind\":\"contact\",\"kv\":1,\"by\":"
		    "\"45cc9abb896d0db41b97e68fe1596a13\","
		    "\"at\":[%llu,0],\"rv\":%u,\"set\":{\"person\":\"%08x%08x\",\"kind\":\"one-on-"
		    "one\",\"on\":\"2026-11-%02u\","
		    "\"minutes\":%u,\"place\":\"Loitokitok\",\"note\":\"%s\",\"state\":\"done\"}}",
		    r[0], r[1], r[2] & 0xffffff, 1795000000000ULL + r[3], r[4] % 40, r[5], r[6],
		    1 + r[7] % 28, 10 + r[8] % 80, notes[r[9] % 4]);
		if (n < 0)
			abort();
		lines[i] = (struct segment_line){text, (size_t)n};
	}
}

static inline void
test_lines_free(struct segment_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)lines[i].bytes);
}

#endif
