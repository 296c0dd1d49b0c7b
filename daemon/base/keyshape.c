#include "base/keyshape.h"

#include <string.h>

#include "base/buf.h"

_Static_assert(
    KEYSHAPE_AT_SLOTS + KEYSHAPE_SLOTS * KEYSHAPE_SLOT_BYTES == KEYSHAPE_AT_RING_LEN, "slots");

bool
keyshape_cost_ok(uint32_t ops, uint32_t mem_kib)
{
	return ops >= KEYSHAPE_OPS_MIN && ops <= KEYSHAPE_OPS_MAX &&
	       mem_kib >= KEYSHAPE_MEM_KIB_MIN && mem_kib <= KEYSHAPE_MEM_KIB_MAX;
}

static const uint8_t *
slot_at(const uint8_t *bytes, unsigned index)
{
	return bytes + KEYSHAPE_AT_SLOTS + (size_t)index * KEYSHAPE_SLOT_BYTES;
}

/* What is wrong with one slot, or NULL. */
static const char *
slot_fault(const uint8_t *slot)
{
	uint32_t ops = get_le32(slot + SLOT_AT_OPS);

	if (slot[SLOT_AT_TYPE] == SLOT_EMPTY)
		return bytes_zero(slot, KEYSHAPE_SLOT_BYTES) ? NULL : "an empty slot is not empty";
	if (slot[SLOT_AT_TYPE] > SLOT_ESCROW)
		return "a slot of unknown type";
	if (slot[SLOT_AT_ALG] != 1)
		return "a slot of unknown algorithm";
	if (!bytes_zero(slot + 2, 2) || !bytes_zero(slot + 12, 4) ||
	    !bytes_zero(slot + SLOT_AT_ZERO, KEYSHAPE_SLOT_BYTES - SLOT_AT_ZERO))
		return "a slot's zero bytes are not zero";
	if (slot[SLOT_AT_TYPE] == SLOT_PASSPHRASE &&
	    !keyshape_cost_ok(ops, get_le32(slot + SLOT_AT_MEM_KIB)))
		return "the cost of the passphrase is out of range (3 to 16 passes, 64 MiB to 1 "
		       "GiB)";
	return NULL;
}

const char *
keyshape_fault(const uint8_t *bytes, size_t len, bool *newer)
{
	unsigned of_type[SLOT_ESCROW + 1] = {0};
	const char *fault;
	uint32_t ring_len;

	*newer = false;
	if (len != KEYSHAPE_BYTES)
		return "it is not 16384 bytes long";
	if (memcmp(bytes, KEYSHAPE_MAGIC, sizeof(KEYSHAPE_MAGIC) - 1) != 0)
		return "it does not begin with " KEYSHAPE_MAGIC;
	*newer = get_le16(bytes + KEYSHAPE_AT_VERSION) > 1;
	if (get_le16(bytes + KEYSHAPE_AT_VERSION) != 1 || get_le16(bytes + KEYSHAPE_AT_FLAGS) != 0)
		return "its version is not 1 (or a newer program wrote it)";
	if (get_le32(bytes + KEYSHAPE_AT_SLOT_COUNT) != KEYSHAPE_SLOTS)
		return "it does not have 8 slots";
	if (!bytes_zero(bytes + KEYSHAPE_AT_ZERO, KEYSHAPE_AT_SLOTS - KEYSHAPE_AT_ZERO))
		return "its zero bytes are not zero";
	for (unsigned i = 0; i < KEYSHAPE_SLOTS; i++) {
		if ((fault = slot_fault(slot_at(bytes, i))) != NULL)
			return fault;
		of_type[slot_at(bytes, i)[SLOT_AT_TYPE]]++;
	}
	/* A second passphrase could not be carried over when MK changes: only one KEK is kept. */
	if (of_type[SLOT_PASSPHRASE] != 1 || of_type[SLOT_RECOVERY] > 1)
		return "it must have one passphrase and at most one recovery code";
	ring_len = get_le32(bytes + KEYSHAPE_AT_RING_LEN);
	if (ring_len < KEYSHAPE_TAG_BYTES || ring_len > KEYSHAPE_RING_MAX)
		return "the length of its ring is out of range";
	return NULL;
}

bool
keyshape_has(const uint8_t *bytes, enum slot_type type)
{
	for (unsigned i = 0; i < KEYSHAPE_SLOTS; i++)
		if (slot_at(bytes, i)[SLOT_AT_TYPE] == type)
			return true;
	return false;
}
