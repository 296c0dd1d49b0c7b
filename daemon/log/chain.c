#include "log/chain.h"

#include <string.h>

#include "crypto/prim.h"

/* H(label, a || b): every hash here has this shape. */
static void
hash_two(uint8_t out[static 32], const char *label, const void *a, size_t a_len, const void *b,
    size_t b_len)
{
	prim_hash(out, label, PRIM_PARTS({a, a_len}, {b, b_len}));
}

void
chain_entry(uint8_t e[static 32], const void *line, size_t len)
{
	prim_hash(e, "pmj entry v1", PRIM_PARTS({line, len}));
}

void
chain_lane_start(uint8_t chain[static 32], const uint8_t mailbox[static 16],
    const uint8_t incarnation[static 16])
{
	hash_two(chain, "pmj chain 0 v1", mailbox, 16, incarnation, 16);
}

void
chain_lane_next(uint8_t chain[static 32], const uint8_t e[static 32])
{
	uint8_t next[32];

	hash_two(next, "pmj chain v1", chain, 32, e, 32);
	memcpy(chain, next, sizeof(next));
}

void
chain_journal_start(uint8_t j[static 32], const uint8_t store_uuid[static 16])
{
	prim_hash(j, "pmj jrnl 0 v1", PRIM_PARTS({store_uuid, 16}));
}

void
chain_journal_next(uint8_t j[static 32], const uint8_t e[static 32])
{
	uint8_t next[32];

	hash_two(next, "pmj jrnl v1", j, 32, e, 32);
	memcpy(j, next, sizeof(next));
}

void
chain_segment_start(
    uint8_t prev[static 32], const uint8_t mailbox[static 16], const uint8_t incarnation[static 16])
{
	hash_two(prev, "pmj seg start v1", mailbox, 16, incarnation, 16);
}

void
chain_fork(uint8_t out[static 16], const uint8_t incarnation[static 16],
    const uint8_t segment_id[static 32])
{
	uint8_t hash[32];

	hash_two(hash, "pmj fork v1", incarnation, 16, segment_id, 32);
	memcpy(out, hash, 16);
}
