#include "crypto/image.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/prim.h"

_Static_assert(SLOT_BYTES == KEYSHAPE_SLOT_BYTES, "slots");
_Static_assert(PRIM_TAG_BYTES == KEYSHAPE_TAG_BYTES, "tag");
_Static_assert(IMAGE_AT_RING + IMAGE_RING_MAX <= IMAGE_BYTES, "ring");

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
	memcpy(image, KEYSHAPE_MAGIC, sizeof(KEYSHAPE_MAGIC) - 1);
	put_le16(image + IMAGE_AT_VERSION, 1);
	memcpy(image + IMAGE_AT_UUID, store_uuid, 16);
	put_le32(image + IMAGE_AT_SLOT_COUNT, IMAGE_SLOTS);
}

int
image_cost_ok(uint32_t ops, uint32_t mem_kib)
{
	return keyshape_cost_ok(ops, mem_kib);
}

static enum pmj_code
damaged(struct pmj_error *err, const char *what)
{
	(void)pmj_fail(err, PMJ_DAMAGED_KEYS, "the key file is damaged: %s", what);
	pmj_hint(err, "it was left as it is; try `pamoja recover` with the paper code, or `pamoja "
	              "restore` a backup with it");
	return PMJ_DAMAGED_KEYS;
}

enum pmj_code
image_check(const uint8_t *image, size_t len, struct pmj_error *err)
{
	bool newer;
	const char *fault = keyshape_fault(image, len, &newer);

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
	return image_open_ring(out, image, work, err);
}

enum pmj_code
image_open_ring(struct ring **out, const uint8_t image[static IMAGE_BYTES], struct image_work *work,
    struct pmj_error *err)
{
	size_t len = get_le32(image + IMAGE_AT_RING_LEN);

	*out = NULL;
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
