#include "crypto/image.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/prim.h"

_Static_assert(IMAGE_AT_SLOTS + IMAGE_SLOTS * SLOT_BYTES == IMAGE_AT_RING_LEN, "slots");
_Static_assert(IMAGE_AT_RING + IMAGE_RING_MAX <= IMAGE_BYTES, "ring");

static const char magic[8] = {'P', 'M', 'J', 'K', 'E', 'Y', 'S', '1'};

uint8_t *
image_slot(uint8_t image[static IMAGE_AT_RING_LEN], unsigned index)
{
	return image + IMAGE_AT_SLOTS + (size_t)index * SLOT_BYTES;
}

const uint8_t *
image_slot_at(const uint8_t image[static IMAGE_AT_RING_LEN], unsigned index)
{
	return image + IMAGE_AT_SLOTS + (size_t)index * SLOT_BYTES;
}

int
image_find(const uint8_t image[static IMAGE_AT_RING_LEN], enum slot_type type)
{
	for (unsigned i = 0; i < IMAGE_SLOTS; i++)
		if (image_slot_at(image, i)[SLOT_AT_TYPE] == type)
			return (int)i;
	return -1;
}

void
image_begin(uint8_t image[static IMAGE_BYTES], const uint8_t store_uuid[static 16])
{
	memset(image, 0, IMAGE_BYTES);
	memcpy(image, magic, sizeof(magic));
	put_le16(image + IMAGE_AT_VERSION, 1);
	memcpy(image + IMAGE_AT_UUID, store_uuid, 16);
	put_le32(image + IMAGE_AT_SLOT_COUNT, IMAGE_SLOTS);
}

int
image_cost_ok(uint32_t ops, uint32_t mem_kib)
{
	return ops >= IMAGE_OPS_MIN && ops <= IMAGE_OPS_MAX && mem_kib >= IMAGE_MEM_KIB_MIN &&
	       mem_kib <= IMAGE_MEM_KIB_MAX;
}

static int
all_zero(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != 0)
			return 0;
	return 1;
}

static enum pmj_code
damaged(struct pmj_error *err, const char *what)
{
	(void)pmj_fail(err, PMJ_DAMAGED_KEYS, "the key file is damaged: %s", what);
	pmj_hint(err, "it was left as it is; try `pamoja recover` with the paper code, or `pamoja "
	              "restore` a backup with it");
	return PMJ_DAMAGED_KEYS;
}

/* What is wrong with one slot, or NULL. */
static const char *
slot_fault(const uint8_t *slot)
{
	uint32_t ops = get_le32(slot + SLOT_AT_OPS);

	if (slot[SLOT_AT_TYPE] == SLOT_EMPTY)
		return all_zero(slot, SLOT_BYTES) ? NULL : "an empty slot is not empty";
	if (slot[SLOT_AT_TYPE] > SLOT_ESCROW)
		return "a slot of unknown type";
	if (slot[SLOT_AT_ALG] != 1)
		return "a slot of unknown algorithm";
	if (!all_zero(slot + 2, 2) || !all_zero(slot + 12, 4) ||
	    !all_zero(slot + SLOT_AT_ZERO, SLOT_BYTES - SLOT_AT_ZERO))
		return "a slot's zero bytes are not zero";
	if (slot[SLOT_AT_TYPE] == SLOT_PASSPHRASE &&
	    !image_cost_ok(ops, get_le32(slot + SLOT_AT_MEM_KIB)))
		return "the cost of the passphrase is out of range (3 to 16 passes, 64 MiB to 1 "
		       "GiB)";
	return NULL;
}

static const char *
image_fault(const uint8_t *image, size_t len)
{
	unsigned of_type[SLOT_ESCROW + 1] = {0};
	const char *fault;
	uint32_t ring_len;

	if (len != IMAGE_BYTES)
		return "it is not 16384 bytes long";
	if (memcmp(image, magic, sizeof(magic)) != 0)
		return "it does not begin with PMJKEYS1";
	if (get_le16(image + IMAGE_AT_VERSION) != 1 || get_le16(image + IMAGE_AT_FLAGS) != 0)
		return "its version is not 1 (or a newer program wrote it)";
	if (get_le32(image + IMAGE_AT_SLOT_COUNT) != IMAGE_SLOTS)
		return "it does not have 8 slots";
	if (!all_zero(image + IMAGE_AT_ZERO, IMAGE_AT_SLOTS - IMAGE_AT_ZERO))
		return "its zero bytes are not zero";
	for (unsigned i = 0; i < IMAGE_SLOTS; i++) {
		if ((fault = slot_fault(image_slot_at(image, i))) != NULL)
			return fault;
		of_type[image_slot_at(image, i)[SLOT_AT_TYPE]]++;
	}
	/* A second passphrase could not be carried over when MK changes: only one KEK is kept. */
	if (of_type[SLOT_PASSPHRASE] != 1 || of_type[SLOT_RECOVERY] > 1)
		return "it must have one passphrase and at most one recovery code";
	ring_len = get_le32(image + IMAGE_AT_RING_LEN);
	if (ring_len < PRIM_TAG_BYTES || ring_len > IMAGE_RING_MAX)
		return "the length of its ring is out of range";
	return NULL;
}

enum pmj_code
image_check(const uint8_t *image, size_t len, struct pmj_error *err)
{
	const char *fault = image_fault(image, len);

	return fault != NULL ? damaged(err, fault) : PMJ_OK;
}

/* work->ring_key = KDF(32, "pmj ring key v1", MK, store_uuid || le32(generation)) */
static void
ring_key(struct image_work *work, const uint8_t *image)
{
	prim_kdf(work->ring_key, sizeof(work->ring_key), "pmj ring key v1", work->mk,
	    PRIM_PARTS({image + IMAGE_AT_UUID, 16}, {image + IMAGE_AT_GENERATION, 4}));
}

enum pmj_code
image_open(struct ring **out, const uint8_t image[static IMAGE_BYTES], unsigned index,
    struct image_work *work, struct pmj_error *err)
{
	const uint8_t *slot = image_slot_at(image, index);
	size_t len = get_le32(image + IMAGE_AT_RING_LEN);

	*out = NULL;
	slot_keys(&work->slot, image + IMAGE_AT_UUID, index, slot);
	if (!slot_commits(&work->slot, slot)) {
		(void)pmj_fail(err, PMJ_WRONG_PASSPHRASE, "wrong passphrase");
		pmj_hint(err,
		    "try again; if you are sure of it, use `pamoja recover` with the paper code");
		return PMJ_WRONG_PASSPHRASE;
	}
	if (slot_open(work->mk, slot, image + IMAGE_AT_UUID, work->slot.kek_commit) != 0)
		return damaged(err, "its slot does not open");
	ring_key(work, image);
	if (prim_open(work->plain, image + IMAGE_AT_RING, len, image, IMAGE_AT_RING,
	        image + IMAGE_AT_RING_NONCE, work->ring_key) != 0)
		return damaged(err, "its ring does not open");
	return ring_decode(out, work->plain, len - PRIM_TAG_BYTES, err);
}

enum pmj_code
image_seal(uint8_t image[static IMAGE_BYTES], struct ring *ring, struct image_work *work,
    struct pmj_error *err)
{
	enum pmj_code rc;
	size_t len;

	if ((rc = ring_pack(work->plain, sizeof(work->plain), &len, ring, err)) != PMJ_OK)
		return rc;
	put_le32(image + IMAGE_AT_RING_LEN, (uint32_t)(len + PRIM_TAG_BYTES));
	prim_random(image + IMAGE_AT_RING_NONCE, PRIM_NONCE_BYTES);
	ring_key(work, image);
	prim_seal(image + IMAGE_AT_RING, work->plain, len, image, IMAGE_AT_RING,
	    image + IMAGE_AT_RING_NONCE, work->ring_key);
	len += IMAGE_AT_RING + PRIM_TAG_BYTES;
	prim_random(image + len, IMAGE_BYTES - len);
	return PMJ_OK;
}
